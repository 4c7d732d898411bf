//! A token bucket for one socket's messages (PROTOCOL §3: 20 a second, burst 60).

use tiande_core::time::UnixMillis;

/// Messages a second.
const RATE_PER_S: f64 = 20.0;
/// Messages at once.
const BURST: f64 = 60.0;

/// What one socket may still send now.
#[derive(Debug)]
pub struct Bucket {
    tokens: f64,
    at: UnixMillis,
}

impl Bucket {
    /// A full bucket.
    pub fn new(now: UnixMillis) -> Self {
        Self { tokens: BURST, at: now }
    }

    /// Takes one token; false when there is none.
    #[allow(clippy::cast_precision_loss)] // Milliseconds between two frames are small.
    pub fn take(&mut self, now: UnixMillis) -> bool {
        let refill = now.since(self.at).0 as f64 / 1_000.0 * RATE_PER_S;
        self.tokens = (self.tokens + refill).min(BURST);
        self.at = self.at.max(now);
        if self.tokens < 1.0 {
            return false;
        }
        self.tokens -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_only_the_rate() {
        let mut bucket = Bucket::new(UnixMillis(0));
        assert_eq!((0..100).filter(|_| bucket.take(UnixMillis(0))).count(), 60);
        assert_eq!((0..100).filter(|_| bucket.take(UnixMillis(1_000))).count(), 20);
        assert!(!bucket.take(UnixMillis(500)), "a clock that steps back refills nothing");
    }
}
