//! What waits to happen, in the order of virtual time; and a network that is never kind.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::counters::Counters;
use super::faults::Faults;
use super::rng::Rng;

struct Entry<T> {
    at: i64,
    serial: u64,
    what: T,
}

impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.serial).cmp(&(other.at, other.serial))
    }
}
impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}
impl<T> Eq for Entry<T> {}

/// Things to come; of two at one moment the one that was entered first comes first.
pub struct Agenda<T> {
    entries: BinaryHeap<Reverse<Entry<T>>>,
    serial: u64,
}

impl<T> Agenda<T> {
    pub fn new() -> Self {
        Self { entries: BinaryHeap::new(), serial: 0 }
    }

    pub fn push(&mut self, at: i64, what: T) {
        self.serial += 1;
        self.entries.push(Reverse(Entry { at, serial: self.serial, what }));
    }

    pub fn pop(&mut self) -> Option<(i64, T)> {
        self.entries.pop().map(|Reverse(entry)| (entry.at, entry.what))
    }
}

/// When a message sent now arrives: never, once or twice, and not in the order of sending.
pub fn arrivals(now: i64, faults: &Faults, rng: &mut Rng, counters: &mut Counters) -> Vec<i64> {
    counters.messages += 1;
    if rng.chance(faults.lose) {
        counters.messages_lost += 1;
        return Vec::new();
    }
    let mut arrivals = vec![now + rng.range(1, 60)];
    if rng.chance(faults.delay) {
        counters.messages_delayed += 1;
        arrivals = vec![now + rng.range(60, faults.delay_max)];
    }
    if rng.chance(faults.double) {
        counters.messages_doubled += 1;
        arrivals.push(now + rng.range(1, faults.delay_max));
    }
    arrivals
}
