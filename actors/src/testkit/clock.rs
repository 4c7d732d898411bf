//! Time and ids that a test owns.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use tiande_core::ids::IdSource;
use tiande_core::time::{Millis, UnixMillis};

use crate::ports::{Clock, Ids};

/// A wall clock that stands still until a test moves it. Clones are one clock.
///
/// An actor's timers run on real time and only look at this one: a moment that time alone brings
/// about comes when both have passed. So a test takes short limits and moves the clock.
#[derive(Clone, Debug)]
pub struct ManualClock {
    wall: Arc<AtomicI64>,
    monotonic: Arc<AtomicU64>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self { wall: Arc::new(AtomicI64::new(now.0)), monotonic: Arc::default() }
    }

    /// Lets time pass.
    pub fn advance(&self, span: Millis) {
        self.monotonic.fetch_add(span.0, Ordering::SeqCst);
        let span = i64::try_from(span.0).unwrap_or(i64::MAX);
        self.wall.fetch_add(span, Ordering::SeqCst);
    }

    /// Sets the wall clock, also backwards, while no time passes.
    pub fn set(&self, now: UnixMillis) {
        self.wall.store(now.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.wall.load(Ordering::SeqCst))
    }

    fn monotonic(&self) -> Millis {
        Millis(self.monotonic.load(Ordering::SeqCst))
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
