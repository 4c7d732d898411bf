//! What one gateway may send: records a second, and batches under way.
//!
//! Asked only of gateways that are known: so the map has no more entries than there are gateways.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiande_core::ids::GatewayId;
use tiande_core::time::UnixMillis;

/// Records a gateway may send each second, lastingly: ten thousand officers, twice a second.
pub const RECORDS_PER_S: u64 = 20_000;
/// Records it may send at once after a silence.
pub const RECORDS_BURST: u64 = 60_000;
/// Batches of one gateway that may be under way: as many as come between two flushes of the track
/// store at the lasting rate, some times over.
pub const UNDER_WAY_MAX: usize = 64;
/// What a batch costs at least, in records: many small ones are no way around.
const BATCH_COST_MIN: usize = 10;

const FULL: u64 = RECORDS_BURST * 1_000;

#[derive(Debug)]
struct Share {
    /// Thousandths of a record: one of these times the rate comes in each millisecond.
    level: u64,
    at: UnixMillis,
    under_way: usize,
}

/// The shares of all gateways.
#[derive(Debug, Default)]
pub struct Budgets(Mutex<BTreeMap<GatewayId, Share>>);

/// A batch under way.
#[derive(Debug)]
pub struct Pass {
    budgets: Arc<Budgets>,
    gateway: GatewayId,
}

impl Budgets {
    fn shares(&self) -> MutexGuard<'_, BTreeMap<GatewayId, Share>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets a batch begin; `None` when too many of its gateway are under way.
    #[must_use]
    pub fn begin(self: &Arc<Self>, gateway: GatewayId, now: UnixMillis) -> Option<Pass> {
        let mut shares = self.shares();
        let full = Share { level: FULL, at: now, under_way: 0 };
        let share = shares.entry(gateway).or_insert(full);
        if share.under_way >= UNDER_WAY_MAX {
            return None;
        }
        share.under_way += 1;
        Some(Pass { budgets: Arc::clone(self), gateway })
    }
}

impl Pass {
    /// Takes the batch's records from what its gateway may send; false when that is not enough.
    #[must_use]
    pub fn charge(&self, records: usize, now: UnixMillis) -> bool {
        let mut shares = self.budgets.shares();
        let Some(share) = shares.get_mut(&self.gateway) else { return false };
        let refill = now.since(share.at).0.saturating_mul(RECORDS_PER_S);
        share.level = share.level.saturating_add(refill).min(FULL);
        // Also when the clock was set back: else nothing would come in until it has caught up.
        share.at = now;
        let cost = records.max(BATCH_COST_MIN) as u64 * 1_000;
        let enough = share.level >= cost;
        share.level -= if enough { cost } else { 0 };
        enough
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(share) = self.budgets.shares().get_mut(&self.gateway) {
            share.under_way = share.under_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const ONE: GatewayId = GatewayId(Uuid::from_u128(1));
    const OTHER: GatewayId = GatewayId(Uuid::from_u128(2));

    fn batches(budgets: &Arc<Budgets>, gateway: GatewayId, records: usize, now: i64) -> usize {
        let now = UnixMillis(now);
        let passes = || budgets.begin(gateway, now).expect("room").charge(records, now);
        (0..20_000).take_while(|_| passes()).count()
    }

    #[test]
    fn a_burst_passes_and_then_the_rate_for_each_gateway() {
        let budgets = Arc::new(Budgets::default());
        assert_eq!(batches(&budgets, ONE, 500, 0), 120);
        assert_eq!(batches(&budgets, ONE, 500, 1_000), 40);
        assert_eq!(batches(&budgets, OTHER, 500, 1_000), 120);
        assert_eq!(batches(&budgets, OTHER, 1, 2_000), 2_000, "small ones cost as much as ten");
        assert_eq!(batches(&budgets, OTHER, 1, 0), 0, "a clock set back gives nothing");
    }

    #[test]
    fn so_many_are_under_way_and_a_place_comes_back() {
        let budgets = Arc::new(Budgets::default());
        let take = || budgets.begin(ONE, UnixMillis(0));
        let mut held: Vec<_> = (0..UNDER_WAY_MAX).map(|_| take().expect("room")).collect();
        assert!(take().is_none());
        held.pop();
        assert!(take().is_some());
    }
}
