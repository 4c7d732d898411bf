//! The environment of a run by hand: `SIM_SEED=n` runs one seed and shows each step, `SIM_SEEDS=n`
//! sets how many are run.
#![allow(clippy::disallowed_methods)] // A test binary has no configuration file; this is its only one.

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

pub fn one_seed() -> Option<u64> {
    number("SIM_SEED")
}

pub fn seeds() -> u64 {
    number("SIM_SEEDS").unwrap_or(10_000)
}

/// For the summary only: the simulation itself has no clock.
pub fn stopwatch() -> std::time::Instant {
    std::time::Instant::now()
}
