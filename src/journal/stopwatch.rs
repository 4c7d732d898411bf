//! Durations for metrics. The one place of the journal that reads a raw clock.
#![allow(
    clippy::disallowed_methods,
    reason = "a duration that only a metric shows decides nothing, so no test needs to own it"
)]

use std::time::{Duration, Instant};

/// Measures from its start.
#[derive(Clone, Copy, Debug)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Time since the start.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}
