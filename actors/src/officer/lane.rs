//! The way of positions from a socket to the officer's seat: not a message each, but a short queue, and
//! the officer's number in the court's list of arrivals, however many have come.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::counter;
use tiande_core::officer::Fix;
use tiande_core::time::UnixMillis;
use tiande_core::track::Order;

use crate::court::Arrivals;
use crate::limits::FIXES_WAITING;

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

/// What waits to be judged.
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
}

impl Waiting {
    fn clear(&mut self) {
        // Each field by name: one that is added later must not be forgotten.
        let Self { fixes, newest, decides, shed, shed_first } = self;
        fixes.clear();
        // Who has sent what was saved up for hours does not keep room for as much again.
        fixes.shrink_to(FIXES_ROOM);
        (*newest, *decides, *shed) = (None, None, 0);
        shed_first.clear();
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

/// One officer's way in for positions. Shared by the seat and its socket.
pub struct FixLane {
    waiting: Mutex<Waiting>,
    /// The officer's small number.
    number: u32,
    /// The number is in the list of arrivals, and was not looked at since.
    rung: AtomicBool,
    arrivals: Arc<Arrivals>,
    heard: Arc<AtomicI64>,
}

impl FixLane {
    pub(crate) fn new(number: u32, heard: Arc<AtomicI64>, arrivals: Arc<Arrivals>) -> Self {
        let (waiting, rung) = (Mutex::default(), AtomicBool::new(false));
        Self { waiting, number, rung, arrivals, heard }
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
        if !self.rung.swap(true, Ordering::AcqRel) {
            self.arrivals.ring(self.number);
        }
    }

    /// Takes out what waits; `into` is emptied, and its room is what the lane fills next. What comes
    /// from here on rings again.
    pub(crate) fn take(&self, into: &mut Waiting) {
        into.clear();
        self.rung.store(false, Ordering::Release);
        std::mem::swap(into, &mut *self.waiting());
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
    fn however_often_something_comes_its_number_stands_in_the_list_once() {
        let arrivals = Arc::new(Arrivals::default());
        let lanes =
            [3, 5].map(|number| FixLane::new(number, Arc::default(), Arc::clone(&arrivals)));
        (1..4).for_each(|seq| lanes.iter().for_each(|l| l.report(Link(0), false, [Ok(fix(seq))])));
        assert_eq!(arrivals.rung(), [3, 5]);
        let mut waiting = Waiting::default();
        lanes[0].take(&mut waiting);
        assert_eq!(waiting.fixes.len(), 3);
        lanes.iter().for_each(|lane| lane.report(Link(0), false, [Ok(fix(4))]));
        assert_eq!(arrivals.rung(), [3, 5, 3], "who was looked at rings again");
    }

    #[test]
    fn what_is_let_go_is_never_the_newest_place() {
        let most = u32::try_from(FIXES_WAITING).expect("small");
        // First, last, in the middle, and twice.
        for live in [0, most / 2, most * 2] {
            let lane = FixLane::new(0, Arc::default(), Arc::default());
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
