//! Waiting, always for a condition and always with a limit. The only file of these tests that asks
//! the clock.
#![allow(clippy::disallowed_methods)] // Another process is watched from outside: only asking tells.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Long enough for anything that should happen at once, on a busy machine.
pub const SOON: Duration = Duration::from_secs(15);
/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_millis(10);

/// A moment until which something may take.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    pub fn after(limit: Duration) -> Self {
        Self(Instant::now() + limit)
    }

    /// What is left; `None` when it is over.
    pub fn left(self) -> Option<Duration> {
        self.0.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    }
}

/// Measures how long something took.
#[derive(Debug, Clone, Copy)]
pub struct Stopwatch(Instant);

impl Stopwatch {
    pub fn start() -> Self {
        Self(Instant::now())
    }

    pub fn elapsed(self) -> Duration {
        self.0.elapsed()
    }
}

/// Looks again and again until there is something.
pub fn until<T>(limit: Duration, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Deadline::after(limit);
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(deadline.left().is_some(), "not within {limit:?}: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Lets time pass where time itself is the condition: a ticket that grows too old.
pub fn let_pass(time: Duration) {
    std::thread::sleep(time);
}

/// Unix time, milliseconds.
pub fn unix_ms() -> i64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("after 1970");
    i64::try_from(now.as_millis()).expect("before the year 292 million")
}

/// A number that grows each second, also across restarts of whatever counts.
pub fn seconds() -> u32 {
    u32::try_from(unix_ms() / 1_000).expect("before 2106")
}
