//! Positions that a gateway reports for an officer: the same judgement, index, board and track as a
//! handheld's, and an answer for each record.
//!
//! A gateway's tracker is a device of its own, beside the officer's handheld. It does not speak for the
//! officer: that it reports does not mean that the officer can be reached, so it ends no silence.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use actix::prelude::*;
use metrics::counter;
use tiande_core::ids::DeviceId;
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::time::UnixMillis;
use tiande_core::track::{Gap, Order, TrackFix};

use crate::court::Bell;
use crate::limits::{FIXES_WAITING, GAP_PATIENCE, TRACKERS_MAX};
use crate::ports::tracks::{TrackBatch, TrackTeller};

use super::OfficerActor;
use super::batch::{Batch, RecordEnd};
use super::positions::Tally;

/// One officer's records of a batch.
#[derive(Debug)]
pub struct GatewayPart {
    /// The tracker that measured them.
    pub device: DeviceId,
    /// The records with their places in the batch; of what is no place on earth only its order.
    pub fixes: Vec<(usize, Result<Fix, Order>)>,
    /// Who is told what becomes of them.
    pub batch: Arc<Batch>,
}

/// What stands in line. That something is missing stands where it would have stood itself: what came
/// before it is kept, what comes after it is not, until it has come again.
enum Waits {
    Part(GatewayPart),
    Missing(DeviceId, Order),
}

#[derive(Default)]
struct Waiting {
    line: VecDeque<Waits>,
    fixes: usize,
    /// The newest place of what was let go: it decides all the same.
    decides: Option<(DeviceId, Fix)>,
    closed: bool,
}

impl Waiting {
    fn miss(&mut self, device: DeviceId, first: Order) {
        // Since the last part that was taken in, one word of each tracker is enough.
        let since = self.line.iter_mut().rev();
        for waits in since.take_while(|waits| matches!(waits, Waits::Missing(..))) {
            if let Waits::Missing(known, order) = waits
                && *known == device
            {
                *order = first.min(*order);
                return;
            }
        }
        self.line.push_back(Waits::Missing(device, first));
    }

    fn let_go(&mut self, part: &GatewayPart) {
        counter!("tiande_fixes_superseded_total").increment(part.fixes.len() as u64);
        if let Some(first) = part.fixes.iter().map(|(_, what)| order_of(what)).min() {
            self.miss(part.device, first);
        }
        let places = part.fixes.iter().filter_map(|(_, what)| what.as_ref().ok());
        if let Some(newest) = places.max_by_key(|fix| fix.taken_at)
            && self.decides.is_none_or(|(_, known)| known.taken_at <= newest.taken_at)
        {
            self.decides = Some((part.device, *newest));
        }
    }
}

/// One officer's way in for gateways. Lives as long as the officer's actor.
pub struct GatewayLane {
    waiting: Mutex<Waiting>,
    bell: Arc<Bell>,
}

fn order_of(what: &Result<Fix, Order>) -> Order {
    what.as_ref().map_or_else(|order| *order, Fix::order)
}

impl GatewayLane {
    pub(crate) fn new(bell: Arc<Bell>) -> Self {
        Self { waiting: Mutex::default(), bell }
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a part in. Never waits; when too many wait, this one is let go, and its gateway is told to
    /// send it again. So it is when the actor is gone. What waits already stays: a gateway that sends
    /// everything again at once gets on with each try.
    pub fn report(&self, part: GatewayPart) {
        {
            let mut waiting = self.waiting();
            if waiting.closed || part.fixes.is_empty() {
                return;
            }
            if waiting.fixes == 0 || waiting.fixes + part.fixes.len() <= FIXES_WAITING {
                waiting.fixes += part.fixes.len();
                waiting.line.push_back(Waits::Part(part));
            } else {
                waiting.let_go(&part);
            }
        }
        self.bell.pull();
    }

    /// A part was sent away before it came here, from that order on: what comes later is not kept
    /// above the hole until it has come again.
    pub fn miss(&self, device: DeviceId, first: Order) {
        let mut waiting = self.waiting();
        if !waiting.closed {
            waiting.miss(device, first);
        }
    }

    fn take(&self) -> Waiting {
        std::mem::take(&mut *self.waiting())
    }

    /// Lets go of what waits, and of whatever still comes. Runs also while a panic unwinds.
    pub(crate) fn close(&self) {
        let mut waiting = self.waiting();
        waiting.closed = true;
        waiting.line.clear();
    }
}

/// What is known of a tracker.
#[derive(Default)]
struct Tracker {
    gap: Gap,
    /// Since when something is missing.
    gap_since: Option<UnixMillis>,
    /// When it last reported.
    seen: Option<UnixMillis>,
}

/// The trackers that report for one officer.
#[derive(Default)]
pub(super) struct Trackers(BTreeMap<DeviceId, Tracker>);

impl Trackers {
    /// The tracker, after a look at the clock: who does not send again for [`GAP_PATIENCE`] what was
    /// turned away has given it up.
    fn of(&mut self, device: DeviceId, now: UnixMillis) -> &mut Tracker {
        if self.0.len() >= TRACKERS_MAX && !self.0.contains_key(&device) {
            let silent = self.0.iter().min_by_key(|(_, tracker)| tracker.seen);
            if let Some(silent) = silent.map(|(device, _)| *device) {
                self.0.remove(&silent);
            }
        }
        let tracker = self.0.entry(device).or_default();
        tracker.seen = Some(now);
        if tracker.gap_since.is_some_and(|since| now.since(since) > GAP_PATIENCE) {
            tracker.gap.close();
            tracker.gap_since = None;
        }
        tracker
    }
}

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

/// Tells a batch that its records are durable.
struct PartTeller {
    batch: Arc<Batch>,
    judged: Vec<(usize, FixVerdict)>,
}

impl TrackTeller for PartTeller {
    fn stored(&self, _: DeviceId, _: Order) {
        let judged = self.judged.iter();
        self.batch.end_all(judged.map(|(index, verdict)| (*index, RecordEnd::Judged(*verdict))));
    }
}

impl OfficerActor {
    fn take_part(&mut self, mut part: GatewayPart, tally: &mut Tally) {
        let (now, rules) = (self.room.now(), self.fix_rules());
        part.fixes.sort_by_key(|(_, what)| order_of(what));
        self.judge_by(part.device);
        let (mut fixes, mut judged) = (Vec::new(), Vec::with_capacity(part.fixes.len()));
        let mut ends: Option<(Order, Order)> = None;
        for (index, what) in &part.fixes {
            let order = order_of(what);
            let verdict = match what {
                Ok(fix) => self.take_fix(*fix, &rules),
                Err(_order) => FixVerdict::OutOfRange,
            };
            tally.note(verdict);
            if !self.trackers.of(part.device, now).admits(order) {
                continue; // It decides all the same; the track gets it when it comes again.
            }
            judged.push((*index, verdict));
            ends = Some((ends.map_or(order, |(first, _)| first), order));
            fixes.extend(what.as_ref().ok().and_then(|fix| self.for_track(fix, verdict)));
        }
        let Some((first, upto)) = ends else { return };
        self.keep(part, fixes, judged, (first, upto), now);
    }

    fn keep(
        &mut self,
        part: GatewayPart,
        fixes: Vec<TrackFix>,
        judged: Vec<(usize, FixVerdict)>,
        (first, upto): (Order, Order),
        now: UnixMillis,
    ) {
        let GatewayPart { device, batch, .. } = part;
        let batch = TrackBatch {
            court: self.room.profile.id.clone(),
            officer: self.id(),
            device,
            fixes,
            upto,
            teller: Arc::new(PartTeller { batch, judged }),
        };
        if self.room.tracks.keep(batch).is_err() {
            counter!("tiande_track_batches_refused_total").increment(1);
            self.trackers.of(device, now).turned_away(first, now);
        }
    }
}

impl OfficerActor {
    pub(super) fn take_parts(&mut self, ctx: &mut Context<Self>) {
        let waiting = self.gateway_lane.take();
        if waiting.line.is_empty() && waiting.decides.is_none() {
            return; // The bell was for the other lane.
        }
        let now = self.room.now();
        let before = self.known_fix();
        let mut tally = Tally::default();
        for waits in waiting.line {
            match waits {
                Waits::Part(part) => self.take_part(part, &mut tally),
                Waits::Missing(device, first) => {
                    self.trackers.of(device, now).turned_away(first, now);
                }
            }
        }
        if let Some((device, newest)) = waiting.decides {
            let rules = self.fix_rules();
            self.judge_by(device);
            tally.note(self.take_fix(newest, &rules));
        }
        self.room.fix_counters.add(&tally);
        self.show_place(before, ctx);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn part(device: DeviceId, seqs: std::ops::Range<u32>) -> (GatewayPart, impl Fn() -> bool) {
        let (batch, told) = Batch::of(seqs.len());
        let told = std::cell::RefCell::new(told);
        let fixes = seqs.map(|seq| Err((1, seq))).enumerate().collect();
        (GatewayPart { device, fixes, batch }, move || told.borrow_mut().try_recv().is_ok())
    }

    #[test]
    fn beyond_the_bound_newcomers_are_answered_and_remembered_as_missing() {
        let lane = GatewayLane::new(Bell::new(Arc::default()));
        let car: DeviceId = "00000000-0000-0000-0000-000000000077".parse().expect("an id");
        let mut answered = Vec::new();
        for first in [0, 400, 800] {
            let (part, told) = part(car, first..first + 400);
            lane.report(part);
            answered.push(told);
        }
        let told: Vec<bool> = answered.iter().map(|told| told()).collect();
        assert_eq!(told, [false, false, true], "1200 are too many");
        let waiting = lane.take();
        assert_eq!((waiting.fixes, waiting.line.len()), (800, 3));
        assert!(matches!(waiting.line[2], Waits::Missing(of, (1, 800)) if of == car));
        drop(waiting);
        assert!(answered[0]() && answered[1](), "whoever drops a part answers for it");
        lane.close();
        let (part, told) = part(car, 0..1);
        lane.report(part);
        assert!(told(), "a lane that is closed answers at once");
    }
}
