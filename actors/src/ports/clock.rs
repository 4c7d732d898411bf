//! Time and randomness as ports, so that tests own both.

use tiande_core::ids::IdSource;
use tiande_core::time::UnixMillis;

/// The clock of the server.
pub trait Clock: Send + Sync + 'static {
    /// The wall clock as far as it is believed: everything that the server records and decides goes by it.
    /// It does not follow a wall clock that jumps.
    fn now(&self) -> UnixMillis;

    /// How far the wall clock is believed.
    fn standing(&self) -> ClockStanding {
        ClockStanding { wall: self.now(), second: None, suspect: false }
    }

    /// An operator says that the wall clock is right.
    fn confirm(&self) {}
}

/// How a wall clock stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockStanding {
    /// What it shows.
    pub wall: UnixMillis,
    /// What another source of wall time shows, when there is one.
    pub second: Option<UnixMillis>,
    /// It is not believed.
    pub suspect: bool,
}

/// Makes sources of id randomness; each court gets its own.
pub trait Ids: Send + Sync + 'static {
    /// A fresh source.
    fn source(&self) -> Box<dyn IdSource>;
}
