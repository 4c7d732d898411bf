//! What of an officer's positions goes into the track: everything that was measured on duty, good or
//! bad, in the order of the device, with no hole below what is acknowledged.

use std::sync::Arc;

use metrics::counter;
use tiande_core::ids::DeviceId;
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::track::{Gap, Order, TrackFix};

use crate::court::CourtRoom;
use crate::ports::tracks::{TrackBatch, TrackPart, TrackTeller};

use super::lane::{Link, Reported};
use super::positions::Judging;
use super::seat::Seat;

/// A fix is not kept when its device's clock runs further ahead than this: who knows when it was.
const AHEAD_MAX: Millis = Millis::from_secs(3_600);

/// A connection through which fixes come.
struct LinkState {
    link: Link,
    device: DeviceId,
    gap: Gap,
}

/// The connections of an officer's devices: the newest of each, so one or two.
#[derive(Default)]
pub(super) struct Links {
    links: Vec<LinkState>,
    count: u32,
}

impl Links {
    /// A new connection of that device; what still comes over an older one is not for the track: the
    /// device sends it again over this one.
    pub(super) fn open(&mut self, device: DeviceId) -> Link {
        self.links.retain(|link| link.device != device);
        self.count = self.count.wrapping_add(1);
        let link = Link(self.count);
        self.links.push(LinkState { link, device, gap: Gap::default() });
        link
    }

    fn of(&mut self, link: Link) -> Option<&mut LinkState> {
        self.links.iter_mut().find(|known| known.link == link)
    }

    /// From that fix on something is missing.
    pub(super) fn turned_away(&mut self, link: Link, first: Order) {
        if let Some(known) = self.of(link) {
            known.gap.turned_away(first);
        }
    }
}

/// Where a part of a batch for the store came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct From {
    /// Over which connection; `None` for a gateway's.
    pub(crate) link: Option<Link>,
    /// The least fix of the part.
    pub(crate) first: Order,
}

/// What of all that was judged together is to be kept; its room is used again and again.
#[derive(Default)]
pub(crate) struct Kept {
    parts: Vec<TrackPart>,
    from: Vec<From>,
    fixes: Vec<TrackFix>,
}

impl Kept {
    pub(crate) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.parts.clear();
        self.from.clear();
        self.fixes.clear();
    }

    /// How far it goes, to come back to.
    pub(crate) fn mark(&self) -> (usize, usize) {
        (self.parts.len(), self.fixes.len())
    }

    /// Lets go of everything since then. Whoever may be followed by that begins a part of its own.
    pub(crate) fn back_to(&mut self, (parts, fixes): (usize, usize)) {
        self.parts.truncate(parts);
        self.from.truncate(parts);
        self.fixes.truncate(fixes);
    }

    /// Adds a fix, or only its order where it is not to be kept: to the last part when it is of the same
    /// officer, device and connection, else as another.
    fn add(
        &mut self,
        seat: &Seat,
        device: DeviceId,
        link: Option<Link>,
        order: Order,
        fix: Option<TrackFix>,
    ) {
        let last = self.parts.last_mut().zip(self.from.last_mut());
        let same = last.filter(|(part, from)| {
            (part.number, part.device, from.link) == (seat.number, device, link)
        });
        let fixes = usize::from(fix.is_some());
        if let Some((part, from)) = same {
            part.fixes += fixes;
            part.upto = part.upto.max(order);
            from.first = from.first.min(order);
        } else {
            let (number, officer) = (seat.number, seat.officer());
            self.parts.push(TrackPart { number, officer, device, fixes, upto: order });
            self.from.push(From { link, first: order });
        }
        self.fixes.extend(fix);
    }

    /// Hands everything over; false when the store cannot take it now. Then it is not acknowledged.
    pub(crate) fn hand_over(&self, room: &CourtRoom, teller: Arc<dyn TrackTeller>) -> bool {
        let Self { parts, fixes, .. } = self;
        let taken = room.tracks.keep(TrackBatch { court: &room.profile.id, parts, fixes, teller });
        if taken.is_err() {
            counter!("tiande_track_batches_refused_total").increment(1);
        }
        taken.is_ok()
    }

    /// Whose parts these are, and where they came from.
    pub(crate) fn each(&self) -> impl Iterator<Item = (u32, From)> {
        self.parts.iter().zip(&self.from).map(|(part, from)| (part.number, *from))
    }
}

impl Seat {
    /// Puts a fix that was judged to those for the track, if that is where it belongs.
    pub(super) fn note_for_track(
        &mut self,
        reported: &Reported,
        verdict: FixVerdict,
        court: &mut Judging<'_>,
    ) {
        if reported.ahead {
            return;
        }
        let Some(link) = self.links.of(reported.link) else { return };
        let (order, device) = (reported.order(), link.device);
        if link.gap.admits(order) {
            let fix = reported.what.as_ref().ok();
            self.keep(device, Some(reported.link), order, fix, verdict, court);
        }
    }

    /// Puts a judged fix to those for the track: only what was measured on duty is kept (I18), and of
    /// everything else that it has come.
    pub(super) fn keep(
        &self,
        device: DeviceId,
        link: Option<Link>,
        order: Order,
        fix: Option<&Fix>,
        verdict: FixVerdict,
        court: &mut Judging<'_>,
    ) {
        let latest: UnixMillis = court.now.plus(AHEAD_MAX);
        let on_duty = |fix: &&Fix| self.duty_log.on_duty_at(fix.taken_at);
        let kept = fix.filter(|fix| fix.taken_at <= latest).filter(on_duty);
        // Measured on duty, but come in when that shift was over: too late to decide anything.
        let late = verdict == FixVerdict::OffDuty;
        let verdict = if late { FixVerdict::Stale } else { verdict };
        let fix = kept.map(|fix| TrackFix::of(fix, verdict));
        court.kept.add(self, device, link, order, fix);
    }

    /// The store could not take what came over that connection, from that fix on.
    pub(crate) fn turned_away(&mut self, link: Link, first: Order) {
        self.links.turned_away(link, first);
    }
}
