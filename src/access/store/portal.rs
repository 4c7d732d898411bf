//! Sessions of parties who came in by an access link. The link itself is in the case's file; who asks looks there
//! whether it still opens.

use tiande_core::ids::{CaseId, CourtId};

use super::{Doors, court_of, parsed, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;

/// A session without a request for so long is over, milliseconds: half an hour, on a telephone in a pocket.
const IDLE_MS: i64 = 30 * 60 * 1_000;
/// A session is over after so long whatever happens, milliseconds: 12 hours.
const ABSOLUTE_MS: i64 = 12 * 3_600 * 1_000;
/// Being seen is noted at most so often, milliseconds: a minute.
const SEEN_EVERY_MS: i64 = 60 * 1_000;

/// Whose session it is: a link of a case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PortalSession {
    /// Court.
    pub court: CourtId,
    /// Case.
    pub case: CaseId,
    /// Number of the link in the case.
    pub link: u16,
}

impl Doors {
    /// Begins a session under the hash of its token.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_portal_session(
        &self,
        token_sha256: [u8; 32],
        session: PortalSession,
    ) -> Result<(), StoreFault> {
        let now = self.clock.now().0;
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Index portal_session_by_age.
                    conn.execute(
                        sql("DELETE FROM portal_session WHERE created_ms <= $1")
                            .bind(now.saturating_sub(ABSOLUTE_MS)),
                    )
                    .await?;
                    conn.execute(
                        sql("INSERT INTO portal_session (token_sha256, court, case_id, link, \
                             created_ms, seen_ms) VALUES ($1, $2, $3, $4, $5, $6)")
                        .bind(token_sha256.to_vec())
                        .bind(session.court.to_string())
                        .bind(session.case.to_string())
                        .bind(i64::from(session.link))
                        .bind(now)
                        .bind(now),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// The session of a token; `None` when it is unknown or over.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn portal_session(
        &self,
        token_sha256: [u8; 32],
    ) -> Result<Option<PortalSession>, StoreFault> {
        let now = self.clock.now().0;
        // Primary key of `portal_session`.
        let query = sql("SELECT court, case_id, link, seen_ms FROM portal_session \
             WHERE token_sha256 = $1 AND created_ms > $2 AND seen_ms > $3")
        .bind(token_sha256.to_vec())
        .bind(now.saturating_sub(ABSOLUTE_MS))
        .bind(now.saturating_sub(IDLE_MS));
        let row: Option<(String, String, i64, i64)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        let Some((court, case, link, seen)) = row else { return Ok(None) };
        if now.saturating_sub(seen) >= SEEN_EVERY_MS {
            self.note_portal_seen(token_sha256, now).await;
        }
        let link = u16::try_from(link).map_err(|_| StoreFault::Unreadable("a link's number"))?;
        Ok(Some(PortalSession {
            court: court_of(&court)?,
            case: parsed("a case's id", &case)?,
            link,
        }))
    }

    async fn note_portal_seen(&self, token_sha256: [u8; 32], now: i64) {
        let noted = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `portal_session`.
                    conn.execute(
                        sql("UPDATE portal_session SET seen_ms = $1 \
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
    pub async fn end_portal_session(&self, token_sha256: [u8; 32]) -> Result<(), StoreFault> {
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `portal_session`.
                    conn.execute(
                        sql("DELETE FROM portal_session WHERE token_sha256 = $1")
                            .bind(token_sha256.to_vec()),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }
}
