//! How unkind the world of one seed is. Chances are in a thousand.

use super::rng::Rng;

#[derive(Clone, Debug)]
pub struct Faults {
    /// A message is lost.
    pub lose: u64,
    /// It comes twice.
    pub double: u64,
    /// It comes late.
    pub delay: u64,
    /// So late at most, milliseconds.
    pub delay_max: i64,
    /// An append fails: nothing is written.
    pub append_fails: u64,
    /// Nobody knows whether it was written.
    pub append_unknown: u64,
    /// The disk refuses a sync: nobody knows what is on it.
    pub sync_fails: u64,
    /// The disk takes its time.
    pub append_slow: u64,
    /// The server dies at an append: before it, or after it and before anybody knows.
    pub crash_at_append: u64,
    /// A handheld loses its connection, each time it wakes.
    pub disconnect: u64,
    /// A fix is spoilt: a jump, vague, or from the future.
    pub spoilt_fix: u64,
    /// A handheld's receiver sees no sky for a while.
    pub no_sky: u64,
    /// Crashes of the server, by virtual time.
    pub crashes: Vec<i64>,
    /// Steps of the server's clock: when, by how much.
    pub clock_steps: Vec<(i64, i64)>,
}

impl Faults {
    /// A seed's faults until `end`; one seed in eight has a perfect network, so that the happy path is
    /// walked too.
    pub fn of(rng: &mut Rng, end: i64) -> Self {
        if rng.chance(125) {
            return Self::none();
        }
        let mut level = |most: i64| rng.range(0, most).unsigned_abs();
        let (lose, double, delay) = (level(150), level(100), level(250));
        let (append_fails, append_unknown, append_slow) = (level(40), level(25), level(100));
        let sync_fails = level(8);
        let crash_at_append = level(30);
        let (disconnect, spoilt_fix, no_sky) = (level(30), level(150), level(15));
        let crashes = (0..rng.below(4)).map(|_| rng.range(2_000, end)).collect();
        let mut clock_steps = Vec::new();
        for _ in 0..rng.below(3) {
            // A step, and sooner or later somebody sets the clock right.
            let (at, by) = (rng.range(2_000, end), rng.range(-40_000, 40_000));
            clock_steps.extend([(at, by), (at + rng.range(1_000, 30_000), -by)]);
        }
        let delay_max = rng.range(300, 6_000);
        Self {
            lose,
            double,
            delay,
            delay_max,
            append_fails,
            append_unknown,
            sync_fails,
            append_slow,
            crash_at_append,
            disconnect,
            spoilt_fix,
            no_sky,
            crashes,
            clock_steps,
        }
    }

    pub fn none() -> Self {
        Self {
            lose: 0,
            double: 0,
            delay: 0,
            delay_max: 61,
            append_fails: 0,
            append_unknown: 0,
            sync_fails: 0,
            append_slow: 0,
            crash_at_append: 0,
            disconnect: 0,
            spoilt_fix: 0,
            no_sky: 0,
            crashes: Vec::new(),
            clock_steps: Vec::new(),
        }
    }
}
