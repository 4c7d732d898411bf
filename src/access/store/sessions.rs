//! Signing in, and the sessions that follow.
//!
//! Names that nobody has are counted and take as long as real ones. A try that has to wait is refused
//! before it takes a place or reaches the writer.
//!
//! **Not here:** counting of wrong passwords (`tries`), browsers that are known (`browsers`).

use tiande_core::ids::UserId;

use super::browsers::Browser;
use super::passwords::Overloaded;
use super::staff::{StaffColumns, StaffSession, staff_of};
use super::tries::Wait;
use super::{Doors, read};
use crate::access::peers::PeerNetwork;
use crate::journal::StoreFault;
use crate::journal::sql::sql;

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
    /// Too many wrong tries for this name lately; the next is taken after `wait_s` seconds.
    #[error("too many wrong tries")]
    Locked {
        /// Seconds, at least one.
        wait_s: u32,
    },
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

impl From<Wait> for SignInFault {
    fn from(Wait(ms): Wait) -> Self {
        let wait_s = u32::try_from(ms.saturating_add(999) / 1_000).unwrap_or(u32::MAX).max(1);
        Self::Locked { wait_s }
    }
}

impl Doors {
    /// Checks name and password, typed in a network, in a browser that may be known for that name.
    ///
    /// # Errors
    /// [`SignInFault`].
    pub async fn sign_in(
        &self,
        username: &str,
        password: &str,
        network: PeerNetwork,
        browser: Option<&Browser>,
    ) -> Result<StaffSession, SignInFault> {
        let tries = self.tries(username, network, browser);
        self.must_wait(&tries).await??;
        // The place first: a try that is not checked must not be counted either.
        let place = self.passwords.admit(Some(network))?;
        self.count_try(&tries).await??;
        // UNIQUE (username) of `staff`.
        let query = sql("SELECT id, court, username, name, roles_json, password_hash FROM staff \
             WHERE username = $1 AND disabled_ms IS NULL")
        .bind(username);
        let row: Option<(String, String, String, String, String, String)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        let (columns, hash) = match row {
            Some((id, court, username, name, roles, hash)) => {
                (Some((id, court, username, name, roles)), Some(hash))
            }
            None => (None, None),
        };
        let right = self.passwords.check(place, password.to_owned(), hash).await?;
        match columns.filter(|_| right) {
            Some(columns) => {
                self.forgive(tries).await?;
                Ok(staff_of(columns)?)
            }
            None => {
                self.lock_if_too_many(tries).await?;
                Err(SignInFault::Wrong)
            }
        }
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
            .write(move |mut conn| {
                Box::pin(async move {
                    // Index session_by_age.
                    conn.execute(
                        sql("DELETE FROM session WHERE created_ms <= $1")
                            .bind(now.saturating_sub(ABSOLUTE_MS)),
                    )
                    .await?;
                    conn.execute(
                        sql("INSERT INTO session (token_sha256, \"user\", created_ms, seen_ms) \
                         VALUES ($1, $2, $3, $4)")
                        .bind(token_sha256.to_vec())
                        .bind(user.to_string())
                        .bind(now)
                        .bind(now),
                    )
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
        let query = sql("SELECT s.seen_ms, p.id, p.court, p.username, p.name, p.roles_json \
             FROM session AS s JOIN staff AS p ON p.id = s.\"user\" \
             WHERE s.token_sha256 = $1 AND s.created_ms > $2 AND s.seen_ms > $3 \
             AND p.disabled_ms IS NULL")
        .bind(token_sha256.to_vec())
        .bind(now.saturating_sub(ABSOLUTE_MS))
        .bind(now.saturating_sub(IDLE_MS));
        let row: Option<(i64, String, String, String, String, String)> =
            read(self.journal.readers().fetch_optional(query)).await?;
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
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `session`.
                    conn.execute(
                        sql("UPDATE session SET seen_ms = $1 \
                         WHERE token_sha256 = $2 AND seen_ms < $1")
                        .bind(now)
                        .bind(token_sha256.to_vec()),
                    )
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
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `session`.
                    conn.execute(
                        sql("DELETE FROM session WHERE token_sha256 = $1")
                            .bind(token_sha256.to_vec()),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }
}
