//! What the database need not remember for ever: deliveries, whose repetition gets the same answer for
//! 30 days.
//!
//! **Not here:** when it is swept (`housekeeping.rs`). The journal itself never forgets.

use tiande_core::time::{Millis, UnixMillis};

use super::job::StoreFault;
use super::sql::sql;
use super::store::Store;

/// A repeated delivery gets the same answer for so long.
pub const DELIVERY_KEPT: Millis = Millis(30 * 24 * 3_600_000);

impl Store {
    /// Forgets at most `most` deliveries that are older than [`DELIVERY_KEPT`] at `now`, the oldest
    /// first, and says how many it were. Runs between two groups of decisions, so `most` bounds how
    /// long a decision waits for it.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn sweep_deliveries(&self, now: UnixMillis, most: u32) -> Result<u64, StoreFault> {
        let before = now.0.saturating_sub_unsigned(DELIVERY_KEPT.0);
        self.write(move |mut conn| {
            Box::pin(async move {
                // Index delivery_by_age, then the primary key.
                conn.execute(
                    sql("DELETE FROM delivery WHERE (source_key, webhook_id) IN \
                         (SELECT source_key, webhook_id FROM delivery WHERE received_ms < $1 \
                          ORDER BY received_ms LIMIT $2)")
                    .bind(before)
                    .bind(most),
                )
                .await
            })
        })
        .await
    }
}
