//! Rows of the read models for the API: lists and look-ups that no actor needs.
//!
//! **Not here:** who may see them; the API asks the access policy first.

use sqlx::Row;
use sqlx::sqlite::SqliteRow;
use tiande_actors::ports::journal::ReadFault;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId, IncidentId, TipId};
use tiande_core::time::UnixMillis;

use super::sqlite::{SqliteJournal, fault, limited, parsed};

/// Most rows that one list holds.
pub const LIST_MAX: u32 = 1_000;

/// An incident in a list. Its fine status is a fold of its stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IncidentListed {
    /// Identity.
    pub id: IncidentId,
    /// Year of its number.
    pub year: u16,
    /// Number in that year.
    pub number: u64,
    /// Kind, by name.
    pub kind: String,
    /// Urgency, by name.
    pub urgency: String,
    /// `open`, `finished` or `cancelled`.
    pub status: String,
    /// When it was opened.
    pub opened_at: UnixMillis,
    /// When it last changed.
    pub updated_at: UnixMillis,
    /// When it ended.
    pub closed_at: Option<UnixMillis>,
    /// With what outcome, by name.
    pub outcome: Option<String>,
    /// A drill.
    pub exercise: bool,
    /// The tip it came from.
    pub tip: Option<TipId>,
}

/// A tip's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TipListed {
    /// Identity.
    pub id: TipId,
    /// Its incident.
    pub incident: Option<IncidentId>,
    /// Name of its source.
    pub source: String,
    /// When it was taken.
    pub received_at: UnixMillis,
    /// Kind, by name.
    pub kind: String,
    /// Urgency, by name.
    pub urgency: String,
}

impl SqliteJournal {
    /// Incidents of a court, newest first, at most [`LIST_MAX`].
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn incident_rows(
        &self,
        court: &CourtId,
        open_only: bool,
        limit: u32,
    ) -> Result<Vec<IncidentListed>, ReadFault> {
        const WHAT: &str = "the list of incidents";
        // Index incident_open for the one, incident_by_opening for the other.
        let sql = if open_only {
            "SELECT id, year, number, kind, urgency, status, opened_ms, updated_ms, closed_ms, \
             outcome, exercise, tip FROM incident WHERE court = ? AND closed_ms IS NULL \
             ORDER BY opened_ms DESC, id DESC LIMIT ?"
        } else {
            "SELECT id, year, number, kind, urgency, status, opened_ms, updated_ms, closed_ms, \
             outcome, exercise, tip FROM incident WHERE court = ? \
             ORDER BY opened_ms DESC, id DESC LIMIT ?"
        };
        let query = sqlx::query(sql).bind(court.as_str()).bind(limit.min(LIST_MAX));
        let rows = limited(WHAT, query.fetch_all(self.readers())).await?;
        rows.iter().map(incident).collect()
    }

    /// A tip of a court; `None` when it is unknown or another court's.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn tip_row(
        &self,
        court: &CourtId,
        tip: TipId,
    ) -> Result<Option<TipListed>, ReadFault> {
        const WHAT: &str = "a tip";
        // Primary keys of `tip` and `tip_incident`.
        let query = sqlx::query(
            "SELECT t.source, t.received_ms, t.kind, t.urgency, l.incident FROM tip AS t \
             LEFT JOIN tip_incident AS l ON l.tip = t.id WHERE t.id = ? AND t.court = ?",
        )
        .bind(tip.to_string())
        .bind(court.as_str());
        let Some(row) = limited(WHAT, query.fetch_optional(self.readers())).await? else {
            return Ok(None);
        };
        let get = |error| fault(WHAT, error);
        let incident: Option<String> = row.try_get(4).map_err(get)?;
        Ok(Some(TipListed {
            id: tip,
            incident: incident.map(|id| parsed(WHAT, &id)).transpose()?,
            source: row.try_get(0).map_err(get)?,
            received_at: UnixMillis(row.try_get(1).map_err(get)?),
            kind: row.try_get(2).map_err(get)?,
            urgency: row.try_get(3).map_err(get)?,
        }))
    }

    /// True when the tip became durable, in whatever court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn has_tip(&self, tip: TipId) -> Result<bool, ReadFault> {
        // Primary key of `tip`.
        let query = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM tip WHERE id = ?)");
        limited("a tip", query.bind(tip.to_string()).fetch_one(self.readers())).await
    }

    /// True when the incident is of that court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn incident_in(
        &self,
        court: &CourtId,
        incident: IncidentId,
    ) -> Result<bool, ReadFault> {
        // Primary key of `incident`.
        let sql = "SELECT EXISTS (SELECT 1 FROM incident WHERE id = ? AND court = ?)";
        let query = sqlx::query_scalar(sql).bind(incident.to_string()).bind(court.as_str());
        limited("an incident's court", query.fetch_one(self.readers())).await
    }

    /// True when the case is of that court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn case_in(&self, court: &CourtId, case: CaseId) -> Result<bool, ReadFault> {
        // Primary key of `case_file`.
        let sql = "SELECT EXISTS (SELECT 1 FROM case_file WHERE id = ? AND court = ?)";
        let query = sqlx::query_scalar(sql).bind(case.to_string()).bind(court.as_str());
        limited("a case's court", query.fetch_one(self.readers())).await
    }

    /// The case of that number.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn case_by_number(
        &self,
        court: &CourtId,
        number: &CaseNumber,
    ) -> Result<Option<CaseId>, ReadFault> {
        const WHAT: &str = "a case by its number";
        // UNIQUE (court, number) of `case_file`.
        let query = sqlx::query_scalar("SELECT id FROM case_file WHERE court = ? AND number = ?")
            .bind(court.as_str())
            .bind(number.as_str());
        let id: Option<String> = limited(WHAT, query.fetch_optional(self.readers())).await?;
        id.map(|id| parsed(WHAT, &id)).transpose()
    }
}

fn incident(row: &SqliteRow) -> Result<IncidentListed, ReadFault> {
    const WHAT: &str = "an incident's row";
    let get = |error| fault(WHAT, error);
    let tip: Option<String> = row.try_get(11).map_err(get)?;
    let closed: Option<i64> = row.try_get(8).map_err(get)?;
    Ok(IncidentListed {
        id: parsed(WHAT, row.try_get(0).map_err(get)?)?,
        year: row.try_get(1).map_err(get)?,
        number: u64::try_from(row.try_get::<i64, _>(2).map_err(get)?).unwrap_or(0),
        kind: row.try_get(3).map_err(get)?,
        urgency: row.try_get(4).map_err(get)?,
        status: row.try_get(5).map_err(get)?,
        opened_at: UnixMillis(row.try_get(6).map_err(get)?),
        updated_at: UnixMillis(row.try_get(7).map_err(get)?),
        closed_at: closed.map(UnixMillis),
        outcome: row.try_get(9).map_err(get)?,
        exercise: row.try_get::<i64, _>(10).map_err(get)? != 0,
        tip: tip.map(|id| parsed(WHAT, &id)).transpose()?,
    })
}
