//! Rows of the read models for the API: lists and look-ups that no actor needs.
//!
//! **Not here:** who may see them; the API asks the access policy first.

use tiande_actors::ports::journal::ReadFault;
use tiande_core::ids::{CaseId, CourtId, IncidentId, TipId};
use tiande_core::time::UnixMillis;

use super::projection::TipMove;
use super::reader::{limited, parsed, unreadable};
use super::sql::{Statement, sql};
use super::store::Store;

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

impl Store {
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
        let text = if open_only {
            "SELECT id, year, number, kind, urgency, status, opened_ms, updated_ms, closed_ms, \
             outcome, exercise, tip FROM incident WHERE court = $1 AND closed_ms IS NULL \
             ORDER BY opened_ms DESC, id DESC LIMIT $2"
        } else {
            "SELECT id, year, number, kind, urgency, status, opened_ms, updated_ms, closed_ms, \
             outcome, exercise, tip FROM incident WHERE court = $1 \
             ORDER BY opened_ms DESC, id DESC LIMIT $2"
        };
        let query = sql(text).bind(court.as_str()).bind(limit.min(LIST_MAX));
        let rows = limited(WHAT, self.readers().fetch_all(query)).await?;
        rows.into_iter().map(incident).collect()
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
        let query = sql("SELECT t.source, t.received_ms, t.kind, t.urgency, l.incident \
             FROM tip AS t LEFT JOIN tip_incident AS l ON l.tip = t.id \
             WHERE t.id = $1 AND t.court = $2")
        .bind(tip.to_string())
        .bind(court.as_str());
        let row = limited(WHAT, self.readers().fetch_optional(query)).await?;
        let Some((source, received, kind, urgency, incident)) = row else { return Ok(None) };
        let incident: Option<String> = incident;
        Ok(Some(TipListed {
            id: tip,
            incident: incident.map(|id| parsed(WHAT, &id)).transpose()?,
            source,
            received_at: UnixMillis(received),
            kind,
            urgency,
        }))
    }

    /// Where a tip was before, oldest first: what its source was told stays true that way.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn tip_moves(&self, tip: TipId) -> Result<Vec<TipMove>, ReadFault> {
        const WHAT: &str = "moves of a tip";
        // Primary key of `tip_forward`. A split makes a new incident, so ids are in order of time.
        let query = sql("SELECT from_incident, to_incident, moved_ms FROM tip_forward \
             WHERE tip = $1 ORDER BY from_incident")
        .bind(tip.to_string());
        let rows = limited(WHAT, self.readers().fetch_all(query)).await?;
        let read = |(from, to, at): (String, String, i64)| {
            let (from, to) = (parsed(WHAT, &from)?, parsed(WHAT, &to)?);
            Ok(TipMove { from, to, at: UnixMillis(at) })
        };
        rows.into_iter().map(read).collect()
    }

    /// True when the tip became durable, in whatever court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn has_tip(&self, tip: TipId) -> Result<bool, ReadFault> {
        // Primary key of `tip`.
        let query = sql("SELECT EXISTS (SELECT 1 FROM tip WHERE id = $1)").bind(tip.to_string());
        self.is_there("a tip", query).await
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
        let query = sql("SELECT EXISTS (SELECT 1 FROM incident WHERE id = $1 AND court = $2)");
        let query = query.bind(incident.to_string()).bind(court.as_str());
        self.is_there("an incident's court", query).await
    }

    /// True when the case is of that court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn case_in(&self, court: &CourtId, case: CaseId) -> Result<bool, ReadFault> {
        // Primary key of `case_file`.
        let query = sql("SELECT EXISTS (SELECT 1 FROM case_file WHERE id = $1 AND court = $2)");
        let query = query.bind(case.to_string()).bind(court.as_str());
        self.is_there("a case's court", query).await
    }

    /// The court of a case; `None` when there is no such case.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn court_of(&self, case: CaseId) -> Result<Option<CourtId>, ReadFault> {
        const WHAT: &str = "a case's court";
        // Primary key of `case_file`.
        let query = sql("SELECT court FROM case_file WHERE id = $1").bind(case.to_string());
        let row: Option<(String,)> = limited(WHAT, self.readers().fetch_optional(query)).await?;
        row.map(|(court,)| CourtId::parse(&court).map_err(|_bad| unreadable(WHAT))).transpose()
    }

    async fn is_there(&self, what: &str, query: Statement) -> Result<bool, ReadFault> {
        let (there,): (bool,) = limited(what, self.readers().fetch_one(query)).await?;
        Ok(there)
    }
}

/// Columns of [`IncidentListed`], in its order but for `exercise` and `tip`, which are last.
type IncidentColumns = (
    String,
    i64,
    i64,
    String,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    Option<String>,
    i64,
    Option<String>,
);

fn incident(row: IncidentColumns) -> Result<IncidentListed, ReadFault> {
    const WHAT: &str = "an incident's row";
    let (id, year, number, kind, urgency, status, opened, updated, closed, outcome, exercise, tip) =
        row;
    Ok(IncidentListed {
        id: parsed(WHAT, &id)?,
        year: u16::try_from(year).map_err(|_| unreadable("the year of an incident"))?,
        number: u64::try_from(number).unwrap_or(0),
        kind,
        urgency,
        status,
        opened_at: UnixMillis(opened),
        updated_at: UnixMillis(updated),
        closed_at: closed.map(UnixMillis),
        outcome,
        exercise: exercise != 0,
        tip: tip.map(|id| parsed(WHAT, &id)).transpose()?,
    })
}
