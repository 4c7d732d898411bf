//! A source gets a new secret while the one before is still accepted for a while, so that nothing is
//! lost between two machines that change it at different moments.
//!
//! An old secret counts until its end by the clock and never again: rotating once more does not
//! lengthen it. All of a source's old secrets are over at once when it is rotated without grace, because
//! then one has become known and nobody says which, and when the source is ended.

use tiande_core::ids::CourtId;
use tiande_core::time::{Millis, UnixMillis};

use super::courts::{context, fresh_secret};
use super::{Doors, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;

/// Secrets beside the newest one that are accepted at once. More would make each wrong signature cost
/// more work than a source can need.
const OLD_SECRETS_MAX: i64 = 3;

/// Why a source has got no new secret. Nothing has changed then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotRotated {
    /// There is no such source that may deliver.
    Unknown,
    /// As many old ones as there may be are still accepted, and one more was to be.
    TooManyOld,
}

impl Doors {
    /// Gives a source a new secret and returns it, which is shown this once, with the end of the one
    /// before: that is accepted for `grace`. Without grace all secrets from before end at once.
    ///
    /// # Errors
    /// [`StoreFault`]; inside, [`NotRotated`].
    pub async fn rotate_source(
        &self,
        court: &CourtId,
        name: &str,
        grace: Millis,
    ) -> Result<Result<(String, UnixMillis), NotRotated>, StoreFault> {
        let secret = fresh_secret();
        let sealed = self.secrets.seal(&context(court.as_str(), name), secret.as_bytes());
        self.known_sources.change(name);
        let changed = name;
        let (court, name) = (court.to_string(), name.to_owned());
        let now = self.clock.now();
        let until = now.plus(grace);
        let rotated =
            self.journal.write(move |mut conn| {
                Box::pin(async move {
                    // Primary keys of `source_old_secret` and `source`. Without grace nothing from before
                    // stays, whatever its end.
                    let over = if until > now { now.0 } else { i64::MAX };
                    conn.execute(
                        sql("DELETE FROM source_old_secret \
                         WHERE court = $1 AND name = $2 AND until_ms <= $3")
                        .bind(&court)
                        .bind(&name)
                        .bind(over),
                    )
                    .await?;
                    if until > now {
                        let (live,): (i64,) = conn
                            .fetch_one(
                                sql("SELECT COUNT(*) FROM source_old_secret \
                                 WHERE court = $1 AND name = $2")
                                .bind(&court)
                                .bind(&name),
                            )
                            .await?;
                        if live >= OLD_SECRETS_MAX {
                            return Ok(Err(NotRotated::TooManyOld));
                        }
                        conn.execute(
                        sql("INSERT INTO source_old_secret (court, name, secret_sealed, until_ms) \
                             SELECT court, name, secret_sealed, $1 FROM source \
                             WHERE court = $2 AND name = $3 AND revoked_ms IS NULL")
                        .bind(until.0)
                        .bind(&court)
                        .bind(&name),
                    )
                    .await?;
                    }
                    let given = sql("UPDATE source SET secret_sealed = $1 \
                     WHERE court = $2 AND name = $3 AND revoked_ms IS NULL")
                    .bind(sealed)
                    .bind(court)
                    .bind(name);
                    let changed = conn.execute(given).await?;
                    Ok(if changed == 1 { Ok(()) } else { Err(NotRotated::Unknown) })
                })
            });
        let rotated = rotated.await;
        self.known_sources.changed(changed);
        Ok(rotated?.map(|()| (secret, until)))
    }

    /// Secrets a source had before that are still accepted, the one that ends last first.
    pub(super) async fn old_secrets(
        &self,
        court: &str,
        name: &str,
    ) -> Result<Vec<String>, StoreFault> {
        // Primary key of `source_old_secret`.
        let query = sql("SELECT secret_sealed FROM source_old_secret \
             WHERE court = $1 AND name = $2 AND until_ms > $3 ORDER BY until_ms DESC")
        .bind(court)
        .bind(name)
        .bind(self.clock.now().0);
        let rows: Vec<(Vec<u8>,)> = read(self.journal.readers().fetch_all(query)).await?;
        let open = |(sealed,): &(Vec<u8>,)| {
            let secret = self.secrets.open(&context(court, name), sealed);
            let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
            secret.ok_or(StoreFault::Unreadable("an old secret of a source"))
        };
        rows.iter().map(open).collect()
    }
}
