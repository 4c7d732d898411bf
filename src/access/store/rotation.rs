//! A source gets a new secret while the one before is still accepted for a while, so that nothing is
//! lost between two machines that change it at different moments.
//!
//! An old secret counts until its end by the clock and never again: rotating once more does not
//! lengthen it, and when a source is ended all its old secrets are over with it.

use tiande_core::ids::CourtId;
use tiande_core::time::{Millis, UnixMillis};

use super::courts::{context, fresh_secret};
use super::{Doors, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;

/// Secrets beside the newest one that are accepted at once. More would make each wrong signature cost
/// more work than a source can need.
const OLD_MAX: i64 = 3;

impl Doors {
    /// Gives a source a new secret and returns it, which is shown this once. The one before is accepted
    /// for `grace`. `None` when there is no such source that may deliver.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn rotate_source(
        &self,
        court: &CourtId,
        name: &str,
        grace: Millis,
    ) -> Result<Option<(String, UnixMillis)>, StoreFault> {
        let secret = fresh_secret();
        let sealed = self.secrets.seal(&context(court.as_str(), name), secret.as_bytes());
        let (court, name) = (court.to_string(), name.to_owned());
        let now = self.clock.now();
        let until = now.plus(grace);
        let rotated = self.journal.write(move |mut conn| {
            Box::pin(async move {
                // Primary keys of `source_old_secret` and `source`.
                conn.execute(
                    sql("DELETE FROM source_old_secret \
                         WHERE court = $1 AND name = $2 AND until_ms <= $3")
                    .bind(&court)
                    .bind(&name)
                    .bind(now.0),
                )
                .await?;
                conn.execute(
                    sql("INSERT INTO source_old_secret (court, name, secret_sealed, until_ms) \
                         SELECT court, name, secret_sealed, $1 FROM source \
                         WHERE court = $2 AND name = $3 AND revoked_ms IS NULL")
                    .bind(until.0)
                    .bind(&court)
                    .bind(&name),
                )
                .await?;
                let given = sql("UPDATE source SET secret_sealed = $1 \
                     WHERE court = $2 AND name = $3 AND revoked_ms IS NULL")
                .bind(sealed)
                .bind(court)
                .bind(name);
                conn.execute(given).await.map(|changed| changed == 1)
            })
        });
        Ok(rotated.await?.then_some((secret, until)))
    }

    /// Secrets a source had before that are still accepted, newest first.
    pub(super) async fn old_secrets(
        &self,
        court: &str,
        name: &str,
    ) -> Result<Vec<String>, StoreFault> {
        // Primary key of `source_old_secret`.
        let query = sql("SELECT secret_sealed FROM source_old_secret \
             WHERE court = $1 AND name = $2 AND until_ms > $3 ORDER BY until_ms DESC LIMIT $4")
        .bind(court)
        .bind(name)
        .bind(self.clock.now().0)
        .bind(OLD_MAX);
        let rows: Vec<(Vec<u8>,)> = read(self.journal.readers().fetch_all(query)).await?;
        let open = |(sealed,): &(Vec<u8>,)| {
            let secret = self.secrets.open(&context(court, name), sealed);
            let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
            secret.ok_or(StoreFault::Unreadable("an old secret of a source"))
        };
        rows.iter().map(open).collect()
    }
}
