//! Moments and spans as data. The core is told what time it is; it never asks.

use serde::{Deserialize, Serialize};

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixMillis(pub i64);

/// A span in milliseconds, never negative.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Millis(pub u64);

impl Millis {
    /// Whole seconds as a span.
    #[must_use]
    pub const fn from_secs(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000))
    }
}

impl UnixMillis {
    /// The moment `span` later; stops at the end of time instead of wrapping.
    #[must_use]
    pub fn plus(self, span: Millis) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// The moment `span` earlier.
    #[must_use]
    pub fn minus(self, span: Millis) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.0).unwrap_or(i64::MAX)))
    }

    /// How long ago `earlier` was; zero when it lies in the future.
    #[must_use]
    pub fn since(self, earlier: Self) -> Millis {
        Millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_to_the_future_is_zero() {
        assert_eq!(UnixMillis(5).since(UnixMillis(9)), Millis(0));
        assert_eq!(UnixMillis(9).since(UnixMillis(5)), Millis(4));
    }

    #[test]
    fn moments_saturate() {
        assert_eq!(UnixMillis(i64::MAX).plus(Millis(u64::MAX)), UnixMillis(i64::MAX));
        assert_eq!(UnixMillis(i64::MIN).minus(Millis(1)), UnixMillis(i64::MIN));
    }
}
