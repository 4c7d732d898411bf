//! The way of positions from a socket to the officer's actor: not a message each, but a short queue
//! and one wake-up, however many have come. News of the track store comes the same way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use actix::prelude::*;
use metrics::counter;
use tiande_core::ids::DeviceId;
use tiande_core::officer::Fix;
use tiande_core::time::UnixMillis;
use tiande_core::track::Order;

use crate::gate::Gate;
use crate::limits::FIXES_WAITING;
use crate::ports::tracks::TrackTeller;

use super::OfficerActor;

/// There are fixes to look at, or news of the track store.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct WakeForFixes;

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
    awake: AtomicBool,
    heard: Arc<AtomicI64>,
    actor: OnceLock<Gate<OfficerActor>>,
}

impl FixLane {
    pub(crate) fn new(heard: Arc<AtomicI64>) -> Self {
        Self {
            waiting: Mutex::default(),
            awake: AtomicBool::new(false),
            heard,
            actor: OnceLock::new(),
        }
    }

    pub(crate) fn set_actor(&self, gate: Gate<OfficerActor>) {
        // Set once, when the actor starts; a second try would be the same actor.
        self.actor.set(gate).ok();
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
        self.wake();
    }

    fn wake(&self) {
        if !self.awake.swap(true, Ordering::AcqRel) {
            let told = self.actor.get().is_some_and(|gate| gate.offer(WakeForFixes).is_ok());
            if !told {
                // The next report tries again; what waits is kept.
                self.awake.store(false, Ordering::Release);
            }
        }
    }

    pub(crate) fn take(&self) -> Waiting {
        self.awake.store(false, Ordering::Release);
        std::mem::take(&mut *self.waiting())
    }
}

impl TrackTeller for FixLane {
    fn stored(&self, device: DeviceId, upto: Order) {
        {
            let mut waiting = self.waiting();
            let stored = waiting.stored.entry(device).or_insert(upto);
            *stored = upto.max(*stored);
        }
        self.wake();
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
            let lane = FixLane::new(Arc::default());
            for n in 0..=most * 2 {
                let seq = if n == live { 1_000_000 } else { n };
                lane.report(Link(0), false, [Ok(fix(seq)), Err((1, 2_000_000 + n))]);
                lane.report(Link(0), true, (n == live).then_some(Ok(fix(seq))));
            }
            let waiting = lane.take();
            let kept: Vec<u32> =
                waiting.fixes.iter().filter_map(|one| one.what.ok()).map(|fix| fix.seq).collect();
            assert_eq!(waiting.fixes.len(), FIXES_WAITING);
            assert!(kept.contains(&1_000_000), "live at {live}");
            assert!(waiting.shed > 0);
        }
    }
}
