//! How many tips a source may send: a token bucket for each.
//!
//! Asked only after the signature was found right: so a stranger can use up nobody's share, and the
//! map has no more entries than there are sources.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use tiande_core::time::UnixMillis;

/// Tips a source may send each second, lastingly.
pub const TIPS_PER_S: u64 = 2_000;
/// Tips a source may send at once after a silence.
pub const TIPS_BURST: u64 = 4_000;

#[derive(Debug)]
struct Bucket {
    /// Thousandths of a tip: one of these times the rate comes in each millisecond.
    level: u64,
    at: UnixMillis,
}

/// The buckets of all sources of this process.
#[derive(Debug, Default)]
pub struct Rates(Mutex<BTreeMap<String, Bucket>>);

impl Rates {
    /// No source has sent anything yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Mutex::new(BTreeMap::new()))
    }

    /// Takes one tip's share; false when the source has none left now.
    pub fn take(&self, source: &str, now: UnixMillis) -> bool {
        const FULL: u64 = TIPS_BURST * 1_000;
        let mut buckets = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !buckets.contains_key(source) {
            buckets.insert(source.to_owned(), Bucket { level: FULL, at: now });
        }
        let Some(bucket) = buckets.get_mut(source) else { return false };
        let refill = now.since(bucket.at).0.saturating_mul(TIPS_PER_S);
        bucket.level = bucket.level.saturating_add(refill).min(FULL);
        // Also when the clock was set back: else nothing would come in until it has caught up.
        bucket.at = now;
        match bucket.level.checked_sub(1_000) {
            Some(rest) => {
                bucket.level = rest;
                true
            }
            None => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn taken(rates: &Rates, source: &str, now: i64) -> usize {
        (0..10_000).filter(|_| rates.take(source, UnixMillis(now))).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let rates = Rates::new();
        assert_eq!(taken(&rates, "hotline", 0), 4_000);
        assert_eq!(taken(&rates, "hotline", 1), 2);
        assert_eq!(taken(&rates, "hotline", 501), 1_000);
        assert_eq!(taken(&rates, "hotline", 1_000_000), 4_000);
    }

    #[test]
    fn each_source_has_its_own() {
        let rates = Rates::new();
        assert_eq!(taken(&rates, "hotline", 0), 4_000);
        assert_eq!(taken(&rates, "app", 0), 4_000);
    }

    #[test]
    fn a_clock_set_back_neither_gives_nor_blocks() {
        let rates = Rates::new();
        assert_eq!(taken(&rates, "hotline", 3_600_000), 4_000);
        assert_eq!(taken(&rates, "hotline", 0), 0);
        assert_eq!(taken(&rates, "hotline", 10), 20);
    }
}
