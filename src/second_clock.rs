//! A second source of wall time: the clock of the database, when the database is on another machine. Court
//! time holds the machine's own clock against it (I15).

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::time::Duration;

use tiande_actors::ports::Clock;
use tiande_core::time::{Millis, UnixMillis};
use tracing::warn;

use crate::journal::Store;
use crate::telemetry::SystemClock;

/// How often it is asked.
const EVERY: Duration = Duration::from_secs(20);
/// What is older says nothing any more.
const FRESH: u64 = 120_000;
/// An answer that took longer says too little about when it was.
const ANSWER_WITHIN: u64 = 1_000;

/// The machine's clocks, with a second source beside them.
#[derive(Debug, Default)]
pub struct MachineClock {
    /// The second source's wall time less the monotonic clock, milliseconds.
    offset: AtomicI64,
    /// When that was read, by the monotonic clock; 0: never.
    read_at: AtomicU64,
}

impl Clock for MachineClock {
    fn now(&self) -> UnixMillis {
        SystemClock.now()
    }

    fn monotonic(&self) -> Millis {
        SystemClock.monotonic()
    }

    fn second(&self) -> Option<UnixMillis> {
        let (now, read_at) = (self.monotonic().0, self.read_at.load(Ordering::Acquire));
        let fresh = read_at > 0 && now.saturating_sub(read_at) <= FRESH;
        fresh.then(|| UnixMillis(self.offset.load(Ordering::Relaxed) + signed(now)))
    }
}

impl MachineClock {
    /// Takes in that the second source showed `wall` between these two moments of the monotonic clock.
    fn note(&self, wall: UnixMillis, asked: Millis, answered: Millis) {
        let took = answered.0.saturating_sub(asked.0);
        if took <= ANSWER_WITHIN {
            self.offset.store(wall.0 - signed(asked.0 + took / 2), Ordering::Relaxed);
            self.read_at.store(answered.0.max(1), Ordering::Release);
        }
    }
}

fn signed(millis: u64) -> i64 {
    i64::try_from(millis).unwrap_or(i64::MAX)
}

/// Reads the second source once, and goes on in the background. Without one it does nothing.
pub async fn start(clock: Arc<MachineClock>, store: Arc<Store>) {
    if !store.has_a_clock_of_its_own() {
        return;
    }
    look(&clock, &store).await;
    actix::spawn(async move {
        let mut looks = actix_web::rt::time::interval(EVERY);
        looks.tick().await; // The first comes at once, and was just done.
        loop {
            looks.tick().await;
            look(&clock, &store).await;
        }
    });
}

async fn look(clock: &MachineClock, store: &Store) {
    let asked = clock.monotonic();
    match store.wall_clock().await {
        Ok(wall) => clock.note(wall, asked, clock.monotonic()),
        Err(fault) => warn!(%fault, "the clock of the database cannot be read"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_counts_for_the_middle_of_its_way_and_a_slow_one_not_at_all() {
        let clock = MachineClock::default();
        assert_eq!(clock.second(), None);
        let here = clock.monotonic();
        clock.note(UnixMillis(1_000_000), here, Millis(here.0 + ANSWER_WITHIN + 1));
        assert_eq!(clock.second(), None);
        clock.note(UnixMillis(1_000_000), here, Millis(here.0 + 100));
        let second = clock.second().expect("read");
        let passed = clock.monotonic().0 - here.0;
        assert!(second.0.abs_diff(1_000_000 - 50 + signed(passed)) <= 5, "{second:?}");
    }
}
