//! Time and randomness as ports, so that tests own both.

use tiande_core::ids::IdSource;
use tiande_core::time::UnixMillis;

/// The wall clock.
pub trait Clock: Send + Sync + 'static {
    /// Now.
    fn now(&self) -> UnixMillis;
}

/// Makes sources of id randomness; each court gets its own.
pub trait Ids: Send + Sync + 'static {
    /// A fresh source.
    fn source(&self) -> Box<dyn IdSource>;
}
