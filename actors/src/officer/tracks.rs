//! What of an officer's positions goes into the track: everything that was measured on duty, good or
//! bad, in the order of the device, with no hole below what is acknowledged.

use std::collections::BTreeMap;
use std::sync::Arc;

use metrics::counter;
use tiande_core::ids::DeviceId;
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::track::{Gap, Order, TrackFix};

use crate::ports::tracks::{TrackBatch, TrackTeller};

use super::actor::OfficerActor;
use super::lane::{Link, Reported, Waiting};

/// A fix is not kept when its device's clock runs further ahead than this: who knows when it was.
const AHEAD_MAX: Millis = Millis::from_secs(3_600);

/// A connection through which fixes come.
struct LinkState {
    device: DeviceId,
    gap: Gap,
}

/// The connections of an officer's devices.
#[derive(Default)]
pub(super) struct Links {
    links: BTreeMap<Link, LinkState>,
    count: u32,
}

impl Links {
    /// A new connection of that device; what still comes over an older one is not for the track: the
    /// device sends it again over this one.
    pub(super) fn open(&mut self, device: DeviceId) -> Link {
        self.links.retain(|_, link| link.device != device);
        self.count = self.count.wrapping_add(1);
        let link = Link(self.count);
        self.links.insert(link, LinkState { device, gap: Gap::default() });
        link
    }
}

/// What one wake-up hands to the store, by connection.
#[derive(Default)]
pub(super) struct TrackParts(BTreeMap<Link, Part>);

struct Part {
    fixes: Vec<TrackFix>,
    first: Order,
    upto: Order,
}

impl OfficerActor {
    /// Notes what was let go before it was looked at.
    pub(super) fn note_shed(&mut self, waiting: &Waiting) {
        for (link, first) in &waiting.shed_first {
            if let Some(link) = self.links.links.get_mut(link) {
                link.gap.turned_away(*first);
            }
        }
    }

    /// Puts a fix that was judged to those for the track, if that is where it belongs.
    pub(super) fn note_for_track(
        &mut self,
        parts: &mut TrackParts,
        reported: &Reported,
        verdict: FixVerdict,
    ) {
        if reported.ahead {
            return;
        }
        let kept = reported.what.as_ref().ok().and_then(|fix| self.for_track(fix, verdict));
        let Some(link) = self.links.links.get_mut(&reported.link) else { return };
        let order = reported.order();
        if !link.gap.admits(order) {
            return;
        }
        let part = parts.0.entry(reported.link);
        let part = part.or_insert(Part { fixes: Vec::new(), first: order, upto: order });
        part.first = part.first.min(order);
        part.upto = part.upto.max(order);
        part.fixes.extend(kept);
    }

    /// A judged fix as the track keeps it: only what was measured on duty (I18).
    pub(super) fn for_track(&self, fix: &Fix, verdict: FixVerdict) -> Option<TrackFix> {
        let latest: UnixMillis = self.room.now().plus(AHEAD_MAX);
        let kept = fix.taken_at <= latest && self.state.duty_log.on_duty_at(fix.taken_at);
        // Measured on duty, but come in when that shift was over: too late to decide anything.
        let late = verdict == FixVerdict::OffDuty;
        kept.then(|| TrackFix::of(fix, if late { FixVerdict::Stale } else { verdict }))
    }

    /// Hands over what came together. What the store cannot take now is not acknowledged.
    pub(super) fn hand_over(&mut self, parts: TrackParts) {
        for (link, part) in parts.0 {
            let Some(link) = self.links.links.get_mut(&link) else { continue };
            let teller: Arc<dyn TrackTeller> = Arc::<super::FixLane>::clone(&self.lane);
            let batch = TrackBatch {
                court: self.room.profile.id.clone(),
                officer: self.state.id,
                device: link.device,
                fixes: part.fixes,
                upto: part.upto,
                teller,
            };
            if self.room.tracks.keep(batch).is_err() {
                counter!("tiande_track_batches_refused_total").increment(1);
                link.gap.turned_away(part.first);
            }
        }
    }
}
