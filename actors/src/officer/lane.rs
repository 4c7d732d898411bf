//! The way of positions from a socket to the officer's actor: not a message each, but a short queue
//! and one wake-up, however many have come. News of the track store comes the same way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;
use tiande_core::ids::DeviceId;
use tiande_core::officer::Fix;
use tiande_core::time::UnixMillis;
use tiande_core::track::Order;

use crate::court::Bell;
use crate::limits::FIXES_WAITING;
use crate::ports::tracks::TrackTeller;

/// Room for so many fixes is kept between two looks.
const FIXES_ROOM: usize = 8;

/// One connection of a device, by a number of the officer's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link(pub(crate) u32);

/// A fix as it waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reported {
    /// Over which connection it came.
    pub(crate) link: Link,
    /// Sent ahead of older ones that still wait in the device: it decides, and comes again in its turn
    /// for the track.
    pub(crate) ahead: bool,
    /// The fix; of what was no place on earth only its order.
    pub(crate) what: Result<Fix, Order>,
}

impl Reported {
    pub(crate) fn order(&self) -> Order {
        self.what.as_ref().map_or_else(|order| *order, Fix::order)
    }
}

/// What waits for the officer's actor.
#[derive(Debug, Default)]
pub(crate) struct Waiting {
    pub(crate) fixes: VecDeque<Reported>,
    /// Greatest (epoch, seq) seen, also of refused and shed ones: what the acknowledgement names.
    pub(crate) newest: Option<Order>,
    /// Greatest order of what waits and is a place: it decides, so it is never let go.
    decides: Option<Order>,
    /// Let go because too many waited: superseded by newer ones as positions, but missing in the track.
    pub(crate) shed: u32,
    /// The least that was let go, by connection.
    pub(crate) shed_first: BTreeMap<Link, Order>,
    /// What the track store has made durable, by device.
    pub(crate) stored: BTreeMap<DeviceId, Order>,
}

impl Waiting {
    fn clear(&mut self) {
        // Each field by name: one that is added later must not be forgotten.
        let Self { fixes, newest, decides, shed, shed_first, stored } = self;
        fixes.clear();
        // Who has sent what was saved up for hours does not keep room for as much again.
        fixes.shrink_to(FIXES_ROOM);
        (*newest, *decides, *shed) = (None, None, 0);
        shed_first.clear();
        stored.clear();
    }

    /// The oldest that something newer stands for. A live fix that came before a long queue of old
    /// ones stays, and goes to the end (I19).
    fn pop_superseded(&mut self) -> Option<Reported> {
        let oldest = self.fixes.pop_front()?;
        let decides = oldest.what.as_ref().ok().map(Fix::order);
        if decides.is_none() || decides != self.decides {
            return Some(oldest);
        }
        self.fixes.push_back(oldest);
        self.fixes.pop_front()
    }
}

/// One officer's way in for positions. Shared by the actor, its socket and the track store.
pub struct FixLane {
    waiting: Mutex<Waiting>,
    bell: Arc<Bell>,
    heard: Arc<AtomicI64>,
}

impl FixLane {
    pub(crate) fn new(heard: Arc<AtomicI64>, bell: Arc<Bell>) -> Self {
        Self { waiting: Mutex::default(), bell, heard }
    }

    /// Notes that the device was heard.
    pub fn heard(&self, now: UnixMillis) {
        self.heard.store(now.0, Ordering::Relaxed);
    }

    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a device's report in; `Err` stands for what is no place on earth. Never waits; when too
    /// many wait, the oldest are superseded.
    pub fn report(
        &self,
        link: Link,
        ahead: bool,
        fixes: impl IntoIterator<Item = Result<Fix, Order>>,
    ) {
        {
            let mut waiting = self.waiting();
            for what in fixes {
                let reported = Reported { link, ahead, what };
                waiting.newest = waiting.newest.max(Some(reported.order()));
                let place = reported.what.as_ref().ok().map(Fix::order);
                waiting.decides = waiting.decides.max(place);
                waiting.fixes.push_back(reported);
            }
            while waiting.fixes.len() > FIXES_WAITING
                && let Some(oldest) = waiting.pop_superseded()
            {
                waiting.shed += 1;
                let order = oldest.order();
                if !oldest.ahead {
                    let first = waiting.shed_first.entry(oldest.link).or_insert(order);
                    *first = order.min(*first);
                }
                counter!("tiande_fixes_superseded_total").increment(1);
            }
        }
        self.bell.pull();
    }

    /// Takes out what waits; `into` is emptied, and its room is what the lane fills next.
    pub(crate) fn take(&self, into: &mut Waiting) {
        into.clear();
        std::mem::swap(into, &mut *self.waiting());
    }
}

impl TrackTeller for FixLane {
    fn stored(&self, device: DeviceId, upto: Order) {
        {
            let mut waiting = self.waiting();
            let stored = waiting.stored.entry(device).or_insert(upto);
            *stored = upto.max(*stored);
        }
        self.bell.pull();
    }
}

#[cfg(test)]
mod tests {
    use tiande_core::geo::LatLon;

    use super::*;

    fn fix(seq: u32) -> Fix {
        let at = LatLon::new(35.2, 114.67).expect("a place");
        let (accuracy, speed_mps, heading_deg) = (None, None, None);
        let taken_at = UnixMillis(1_780_000_000_000 + i64::from(seq));
        Fix { epoch: 1, seq, taken_at, at, accuracy, speed_mps, heading_deg }
    }

    #[test]
    fn what_is_let_go_is_never_the_newest_place() {
        let most = u32::try_from(FIXES_WAITING).expect("small");
        // First, last, in the middle, and twice.
        for live in [0, most / 2, most * 2] {
            let lane = FixLane::new(Arc::default(), Bell::new(Arc::default()));
            for n in 0..=most * 2 {
                let seq = if n == live { 1_000_000 } else { n };
                lane.report(Link(0), false, [Ok(fix(seq)), Err((1, 2_000_000 + n))]);
                lane.report(Link(0), true, (n == live).then_some(Ok(fix(seq))));
            }
            let mut waiting = Waiting::default();
            lane.take(&mut waiting);
            let kept: Vec<u32> =
                waiting.fixes.iter().filter_map(|one| one.what.ok()).map(|fix| fix.seq).collect();
            assert_eq!(waiting.fixes.len(), FIXES_WAITING);
            assert!(kept.contains(&1_000_000), "live at {live}");
            assert!(waiting.shed > 0);
        }
    }
}
