//! Signing in, and the sessions that follow.
//!
//! A try is counted before the password is checked, so that many tries at once cannot outrun the
//! count; a right one wipes it. Names that nobody has are counted and take as long as real ones.

use sqlx::SqliteConnection;
use tiande_core::ids::UserId;

use super::passwords::Overloaded;
use super::staff::{StaffColumns, StaffSession, staff_of};
use super::{Doors, read};
use crate::journal::StoreFault;
use crate::keys::keyed_hash;

/// Wrong tries until the name is locked.
const FAILURES_MAX: i64 = 5;
/// Time in which those are counted, and the time a name is then locked, milliseconds: 15 minutes.
const FAILURE_WINDOW_MS: i64 = 15 * 60 * 1_000;
/// A session without a request for so long is over, milliseconds: 12 hours, a shift in a guarded room.
const IDLE_MS: i64 = 12 * 3_600 * 1_000;
/// A session is over after so long whatever happens, milliseconds: 12 hours.
const ABSOLUTE_MS: i64 = 12 * 3_600 * 1_000;
/// Being seen is noted at most so often, milliseconds: a minute. Not each request is a write.
const SEEN_EVERY_MS: i64 = 60 * 1_000;

/// Why somebody could not sign in.
#[derive(Debug, thiserror::Error)]
pub enum SignInFault {
    /// Name or password is wrong; which of them is not said.
    #[error("name or password is wrong")]
    Wrong,
    /// Too many wrong tries for this name lately.
    #[error("too many wrong tries")]
    Locked,
    /// Too many sign-ins at the moment.
    #[error("too many passwords are being checked")]
    Overloaded,
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreFault),
}

impl From<Overloaded> for SignInFault {
    fn from(_full: Overloaded) -> Self {
        Self::Overloaded
    }
}

/// Counts a try; false when the name is locked.
async fn count_try(conn: &mut SqliteConnection, key: &[u8], now: i64) -> Result<bool, sqlx::Error> {
    // Index sign_in_failure_by_age: what is over leaves room for what is not.
    sqlx::query(
        "DELETE FROM sign_in_failure WHERE first_ms <= ? AND COALESCE(locked_until_ms, 0) <= ?",
    )
    .bind(now.saturating_sub(FAILURE_WINDOW_MS))
    .bind(now)
    .execute(&mut *conn)
    .await?;
    // Primary key of `sign_in_failure`. A locked name is not updated and so not returned.
    let counted: Option<i64> = sqlx::query_scalar(
        "INSERT INTO sign_in_failure (name_key, first_ms, failures) VALUES (?, ?, 1) \
         ON CONFLICT (name_key) DO UPDATE SET failures = sign_in_failure.failures + 1 \
         WHERE sign_in_failure.failures < ? AND sign_in_failure.locked_until_ms IS NULL \
         RETURNING failures",
    )
    .bind(key)
    .bind(now)
    .bind(FAILURES_MAX)
    .fetch_optional(conn)
    .await?;
    Ok(counted.is_some())
}

impl Doors {
    /// Checks name and password.
    ///
    /// # Errors
    /// [`SignInFault`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
    ) -> Result<StaffSession, SignInFault> {
        // The place first: a try that is not checked must not be counted either.
        let place = self.passwords.admit()?;
        let key = keyed_hash(&self.typed_names, &[username.as_bytes()]).to_vec();
        let (counted, now) = (key.clone(), self.clock.now().0);
        let open = self
            .journal
            .write(move |conn| Box::pin(async move { count_try(conn, &counted, now).await }))
            .await?;
        if !open {
            return Err(SignInFault::Locked);
        }
        // UNIQUE (username) of `staff`.
        let query = sqlx::query_as(
            "SELECT id, court, username, name, roles_json, password_hash FROM staff \
             WHERE username = ? AND disabled_ms IS NULL",
        )
        .bind(username);
        let row: Option<(String, String, String, String, String, String)> =
            read(query.fetch_optional(self.journal.readers())).await?;
        let (columns, hash) = match row {
            Some((id, court, username, name, roles, hash)) => {
                (Some((id, court, username, name, roles)), Some(hash))
            }
            None => (None, None),
        };
        let right = self.passwords.check(place, password.to_owned(), hash).await?;
        match columns.filter(|_| right) {
            Some(columns) => {
                self.wipe_tries(key).await?;
                Ok(staff_of(columns)?)
            }
            None => {
                self.lock_if_too_many(key).await?;
                Err(SignInFault::Wrong)
            }
        }
    }

    async fn wipe_tries(&self, key: Vec<u8>) -> Result<(), StoreFault> {
        self.journal
            .write(move |conn| {
                Box::pin(async move {
                    // Primary key of `sign_in_failure`.
                    sqlx::query("DELETE FROM sign_in_failure WHERE name_key = ?")
                        .bind(key)
                        .execute(conn)
                        .await
                        .map(drop)
                })
            })
            .await
    }

    async fn lock_if_too_many(&self, key: Vec<u8>) -> Result<(), StoreFault> {
        let until = self.clock.now().0.saturating_add(FAILURE_WINDOW_MS);
        self.journal
            .write(move |conn| {
                Box::pin(async move {
                    // Primary key of `sign_in_failure`.
                    sqlx::query(
                        "UPDATE sign_in_failure SET locked_until_ms = ? \
                         WHERE name_key = ? AND failures >= ? AND locked_until_ms IS NULL",
                    )
                    .bind(until)
                    .bind(key)
                    .bind(FAILURES_MAX)
                    .execute(conn)
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// Begins a session of somebody who has signed in, under the hash of its token.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_session(
        &self,
        token_sha256: [u8; 32],
        user: UserId,
    ) -> Result<(), StoreFault> {
        let now = self.clock.now().0;
        self.journal
            .write(move |conn| {
                Box::pin(async move {
                    // Index session_by_age.
                    sqlx::query("DELETE FROM session WHERE created_ms <= ?")
                        .bind(now.saturating_sub(ABSOLUTE_MS))
                        .execute(&mut *conn)
                        .await?;
                    sqlx::query(
                        "INSERT INTO session (token_sha256, user, created_ms, seen_ms) \
                         VALUES (?, ?, ?, ?)",
                    )
                    .bind(token_sha256.to_vec())
                    .bind(user.to_string())
                    .bind(now)
                    .bind(now)
                    .execute(conn)
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// Whose session it is; `None` when it is unknown, over, or its owner was disabled.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn session(
        &self,
        token_sha256: [u8; 32],
    ) -> Result<Option<StaffSession>, StoreFault> {
        let now = self.clock.now().0;
        // Primary keys of `session` and `staff`.
        let query = sqlx::query_as(
            "SELECT s.seen_ms, p.id, p.court, p.username, p.name, p.roles_json \
             FROM session AS s JOIN staff AS p ON p.id = s.user \
             WHERE s.token_sha256 = ? AND s.created_ms > ? AND s.seen_ms > ? \
             AND p.disabled_ms IS NULL",
        )
        .bind(token_sha256.to_vec())
        .bind(now.saturating_sub(ABSOLUTE_MS))
        .bind(now.saturating_sub(IDLE_MS));
        let row: Option<(i64, String, String, String, String, String)> =
            read(query.fetch_optional(self.journal.readers())).await?;
        let Some((seen, id, court, username, name, roles)) = row else { return Ok(None) };
        if now.saturating_sub(seen) >= SEEN_EVERY_MS {
            self.note_seen(token_sha256, now).await;
        }
        let columns: StaffColumns = (id, court, username, name, roles);
        staff_of(columns).map(Some)
    }

    /// Notes that a session was used. When that fails the session ends a little early, at worst.
    async fn note_seen(&self, token_sha256: [u8; 32], now: i64) {
        let noted = self
            .journal
            .write(move |conn| {
                Box::pin(async move {
                    // Primary key of `session`.
                    sqlx::query(
                        "UPDATE session SET seen_ms = MAX(seen_ms, ?) WHERE token_sha256 = ?",
                    )
                    .bind(now)
                    .bind(token_sha256.to_vec())
                    .execute(conn)
                    .await
                    .map(drop)
                })
            })
            .await;
        if let Err(fault) = noted {
            tracing::warn!(%fault, "could not note that a session was used");
        }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn end_session(&self, token_sha256: [u8; 32]) -> Result<(), StoreFault> {
        self.journal
            .write(move |conn| {
                Box::pin(async move {
                    // Primary key of `session`.
                    sqlx::query("DELETE FROM session WHERE token_sha256 = ?")
                        .bind(token_sha256.to_vec())
                        .execute(conn)
                        .await
                        .map(drop)
                })
            })
            .await
    }
}
