//! Time and randomness as ports, so that tests own both.

use tiande_core::ids::IdSource;
use tiande_core::time::{Millis, UnixMillis};

/// The clocks of the machine.
pub trait Clock: Send + Sync + 'static {
    /// What the wall clock shows.
    fn now(&self) -> UnixMillis;

    /// Time that has passed since some moment, which no setting of the wall clock changes. A clock that
    /// nobody sets may say the same as [`Clock::now`].
    fn monotonic(&self) -> Millis {
        Millis(self.now().0.unsigned_abs())
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
