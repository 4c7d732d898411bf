//! Time and randomness as ports, so that tests own both.
#![allow(clippy::disallowed_methods)] // The port is where the machine's clock is asked.

use std::sync::OnceLock;
use std::time::Instant;

use tiande_core::ids::IdSource;
use tiande_core::time::{Millis, UnixMillis};

/// The clocks of the machine.
pub trait Clock: Send + Sync + 'static {
    /// What the wall clock shows.
    fn now(&self) -> UnixMillis;

    /// Time that has passed since some moment, which no setting of the wall clock changes.
    fn monotonic(&self) -> Millis {
        static BEGIN: OnceLock<Instant> = OnceLock::new();
        let passed = BEGIN.get_or_init(Instant::now).elapsed();
        Millis(u64::try_from(passed.as_millis()).unwrap_or(u64::MAX))
    }

    /// What another source of wall time shows, when there is one.
    fn second(&self) -> Option<UnixMillis> {
        None
    }
}

/// Makes sources of id randomness; each court gets its own.
pub trait Ids: Send + Sync + 'static {
    /// A fresh source.
    fn source(&self) -> Box<dyn IdSource>;
}
