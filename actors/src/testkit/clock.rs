//! Time and ids that a test owns.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiande_core::ids::IdSource;
use tiande_core::nodes::CourtTime;
use tiande_core::time::{Millis, UnixMillis};

use crate::ports::clock::ClockStanding;
use crate::ports::{Clock, Ids};

/// A clock that stands still until a test moves it. Clones are one clock.
///
/// An actor's timers run on real time and only look at this one: a moment that time alone brings
/// about comes when both have passed. So a test takes short limits and moves the clock.
#[derive(Clone, Debug)]
pub struct ManualClock(Arc<Mutex<Hands>>);

#[derive(Debug)]
struct Hands {
    wall: UnixMillis,
    monotonic: Millis,
    time: CourtTime,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        let time = CourtTime::new(UnixMillis(0), now, Millis(0), None);
        Self(Arc::new(Mutex::new(Hands { wall: now, monotonic: Millis(0), time })))
    }

    fn hands(&self) -> MutexGuard<'_, Hands> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets time pass.
    pub fn advance(&self, span: Millis) {
        let mut hands = self.hands();
        hands.wall = hands.wall.plus(span);
        hands.monotonic = Millis(hands.monotonic.0.saturating_add(span.0));
    }

    /// Sets the wall clock, also backwards, while no time passes.
    pub fn set(&self, now: UnixMillis) {
        self.hands().wall = now;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        let hands = &mut *self.hands();
        hands.time.read(hands.wall, hands.monotonic, None).believed
    }

    fn standing(&self) -> ClockStanding {
        let hands = &mut *self.hands();
        let suspect = hands.time.read(hands.wall, hands.monotonic, None).clock_suspect;
        ClockStanding { wall: hands.wall, second: None, suspect }
    }

    fn confirm(&self) {
        let hands = &mut *self.hands();
        hands.time.confirm(hands.wall);
    }
}

/// Ids that are the same in every run, and never the same twice in one: each source made here, also
/// through a clone, gives other numbers.
#[derive(Clone, Debug)]
pub struct SeededIds {
    seed: u64,
    sources: Arc<AtomicU64>,
}

impl SeededIds {
    /// Ids of a seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self { seed, sources: Arc::default() }
    }
}

impl Ids for SeededIds {
    fn source(&self) -> Box<dyn IdSource> {
        let nth = self.sources.fetch_add(1, Ordering::Relaxed);
        Box::new(Counted { prefix: self.seed.wrapping_mul(1_000).wrapping_add(nth), next: 0 })
    }
}

struct Counted {
    prefix: u64,
    next: u32,
}

impl IdSource for Counted {
    fn random_bytes(&mut self) -> [u8; 10] {
        self.next += 1;
        let mut bytes = [0; 10];
        bytes[..6].copy_from_slice(&self.prefix.to_be_bytes()[2..]);
        bytes[6..].copy_from_slice(&self.next.to_be_bytes());
        bytes
    }
}
