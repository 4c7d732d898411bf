//! The one place where an actor's future may sleep, and the pace of what may be done without haste.
#![allow(clippy::disallowed_methods)] // Bounded retries need a pause; all of them come through here.

use std::cell::Cell;
use std::time::{Duration, Instant};

use tiande_core::time::Millis;

/// Waits `span` without blocking the arbiter.
pub(crate) async fn pause(span: Millis) {
    actix::clock::sleep(Duration::from_millis(span.0)).await;
}

/// How often something may be done: so many a second, some more after a calm time.
pub(crate) struct Pace {
    per_s: f64,
    burst: f64,
    /// What is left, and when that was.
    left: Cell<(f64, Instant)>,
}

impl Pace {
    #[allow(clippy::cast_precision_loss)] // Rates are small.
    pub(crate) fn new(per_s: u64, burst: u64) -> Self {
        let burst = burst as f64;
        Self { per_s: per_s as f64, burst, left: Cell::new((burst, Instant::now())) }
    }

    /// Takes one; false when it has to wait.
    pub(crate) fn take(&self) -> bool {
        let (left, at) = self.left.get();
        let now = Instant::now();
        let refill = now.saturating_duration_since(at).as_secs_f64() * self.per_s;
        let left = (left + refill).min(self.burst);
        let may = left >= 1.0;
        self.left.set((if may { left - 1.0 } else { left }, now));
        may
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_pace() {
        let pace = Pace::new(1, 3);
        let taken = (0..10).filter(|_| pace.take()).count();
        assert_eq!(taken, 3);
    }
}
