//! Positions that a gateway reports for an officer: the same judgement, index, board and track as a
//! handheld's, and an answer for each record.
//!
//! A gateway's tracker is a device of its own, beside the officer's handheld. It does not speak for the
//! officer: that it reports does not mean that the officer can be reached, so it ends no silence.

use std::ops::Range;

use tiande_core::ids::{DeviceId, GatewayId};
use tiande_core::officer::FixVerdict;
use tiande_core::time::UnixMillis;
use tiande_core::track::{Gap, Order};

use crate::court::CourtRoom;
use crate::limits::{GAP_PATIENCE, TRACKERS_MAX};

use super::batch::{Gateway, GatewayBatch, MissingOf, Record, RecordEnd, Reply, order_of};
use super::positions::Judging;
use super::seat::Seat;

/// What is known of a tracker.
struct Tracker {
    gateway: GatewayId,
    device: DeviceId,
    gap: Gap,
    /// Since when something is missing.
    gap_since: Option<UnixMillis>,
    /// When it last reported.
    seen: UnixMillis,
}

/// The trackers that report for one officer.
#[derive(Default)]
pub(super) struct Trackers(Vec<Tracker>);

impl Tracker {
    fn turned_away(&mut self, order: Order, now: UnixMillis) {
        self.gap.turned_away(order);
        self.gap_since.get_or_insert(now);
    }

    fn admits(&mut self, order: Order) -> bool {
        let admits = self.gap.admits(order);
        if admits {
            self.gap_since = None;
        }
        admits
    }
}

impl Seat {
    /// That gateway's tracker of this officer, after a look at the clock: who does not send again for
    /// [`GAP_PATIENCE`] what was turned away has given it up. Its identity is worked out once.
    fn tracker(&mut self, gateway: Gateway, now: UnixMillis) -> &mut Tracker {
        let officer = self.officer();
        let all = &mut self.trackers.0;
        let at = all.iter().position(|tracker| tracker.gateway == gateway.id);
        let at = at.unwrap_or_else(|| {
            let silent = all.iter().enumerate().min_by_key(|(_, tracker)| tracker.seen);
            let silent = silent.map(|(at, _)| at).filter(|_| all.len() >= TRACKERS_MAX);
            let device = (gateway.tracker)(gateway.id, officer);
            let (gap, gap_since) = (Gap::default(), None);
            let new = Tracker { gateway: gateway.id, device, gap, gap_since, seen: now };
            match silent {
                Some(at) => all[at] = new,
                None => all.push(new),
            }
            silent.unwrap_or(all.len() - 1)
        });
        let tracker = &mut all[at];
        tracker.seen = now;
        if tracker.gap_since.is_some_and(|since| now.since(since) > GAP_PATIENCE) {
            tracker.gap.close();
            tracker.gap_since = None;
        }
        tracker
    }

    /// Takes in this officer's records of a batch, in the order of the tracker.
    pub(crate) fn take_records(&mut self, batch: &mut OfBatch, court: &mut Judging<'_>) {
        if !self.registered {
            batch.say_all(RecordEnd::OfficerUnknown);
            return;
        }
        if self.is_closed() {
            return; // Its actor has died: the records come again.
        }
        let OfBatch { gateway, records, order, now, ends, .. } = batch;
        let before = self.known().map(|known| known.fix);
        let device = self.tracker(*gateway, court.now).device;
        self.judge_by(device);
        for (_, order, index) in &order[now.clone()] {
            let Some(Record::Of(_, what)) = records.get(*index) else { continue };
            let verdict = match what {
                Ok(fix) => self.take_fix(*fix, court),
                Err(_order) => FixVerdict::OutOfRange,
            };
            court.tally.note(verdict);
            if !self.tracker(*gateway, court.now).admits(*order) {
                continue; // It decides all the same; the track gets it when it comes again.
            }
            ends[*index] = RecordEnd::Judged(verdict);
            self.keep(device, None, *order, what.as_ref().ok(), verdict, court);
        }
        self.show_place(before, court.room);
    }

    /// Records were let go, or sent away: nothing that comes later is kept above them, until they have come
    /// again. The newest place among them decides all the same.
    pub(crate) fn miss(&mut self, word: &MissingOf, court: &mut Judging<'_>) {
        if self.is_closed() || !self.registered {
            return;
        }
        self.tracker(word.gateway, court.now).turned_away(word.first, court.now);
        let Some(fix) = word.decides else { return };
        let before = self.known().map(|known| known.fix);
        let device = self.tracker(word.gateway, court.now).device;
        self.judge_by(device);
        court.tally.note(self.take_fix(fix, court));
        self.show_place(before, court.room);
    }

    /// The store could not take that gateway's records, from that one on.
    pub(crate) fn not_kept(&mut self, gateway: Gateway, first: Order, now: UnixMillis) {
        self.tracker(gateway, now).turned_away(first, now);
    }
}

/// A batch while it is judged.
pub(crate) struct OfBatch {
    pub(crate) gateway: Gateway,
    records: Vec<Record>,
    /// Number of the officer, order and place of each record that has an officer: sorted, so that each
    /// officer's lie side by side.
    order: Vec<(u32, Order, usize)>,
    /// Those of the officer whose turn it is.
    now: Range<usize>,
    ends: Vec<RecordEnd>,
    reply: Reply,
}

impl OfBatch {
    /// Begins. `order` is room to use, and comes back from [`Self::end`].
    pub(crate) fn begin(
        batch: GatewayBatch,
        mut order: Vec<(u32, Order, usize)>,
        room: &CourtRoom,
    ) -> Self {
        let (gateway, records, reply) = batch.open();
        let mut ends = vec![RecordEnd::Again; records.len()];
        order.clear();
        let glances = room.glances.borrow();
        for (index, record) in records.iter().enumerate() {
            match record {
                Record::Of(whom, what) => match glances.number_for(*whom) {
                    Some(number) => order.push((number, order_of(what), index)),
                    None => ends[index] = RecordEnd::OfficerUnknown,
                },
                Record::Invalid => ends[index] = RecordEnd::Invalid,
            }
        }
        drop(glances);
        order.sort_unstable();
        Self { gateway, records, order, now: 0..0, ends, reply }
    }

    /// Goes on to the next officer.
    pub(crate) fn next_officer(&mut self) -> Option<u32> {
        let from = self.now.end;
        let number = self.order.get(from)?.0;
        let theirs = self.order[from..].iter().take_while(|(of, ..)| *of == number).count();
        self.now = from..from + theirs;
        Some(number)
    }

    /// All records of the officer whose turn it is end like that.
    pub(crate) fn say_all(&mut self, end: RecordEnd) {
        for (_, _, index) in &self.order[self.now.clone()] {
            self.ends[*index] = end;
        }
    }

    /// Everybody has had a turn. Gives back the room, who is answered, and with what.
    pub(crate) fn end(self) -> (Vec<(u32, Order, usize)>, Reply, Vec<RecordEnd>) {
        (self.order, self.reply, self.ends)
    }
}
