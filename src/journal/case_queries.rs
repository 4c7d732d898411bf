//! What supervisors see of sleeping cases: running nodes, escalations, the load of each handler.
//!
//! **Not here:** who may see it; the API asks the access policy first.

use std::collections::BTreeMap;

use tiande_actors::ports::journal::{Audience, ReadFault};
use tiande_core::calendar::Day;
use tiande_core::case::{CaseStanding, Escalation};
use tiande_core::ids::{AlarmId, CaseId, CourtId, IncidentId, UserId};
use tiande_core::journal::StreamId;
use tiande_core::procedure::Office;
use tiande_core::time::UnixMillis;

use super::projection::{audience_from_name, audience_name};
use super::queries::LIST_MAX;
use super::reader::{fault, limited, parsed, unreadable};
use super::sql::sql;
use super::store::Store;
use crate::portal::PartyNews;

/// A running node in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeListed {
    /// Its case.
    pub case: CaseId,
    /// The case's number.
    pub number: String,
    /// Who handles it.
    pub handler: Option<UserId>,
    /// Code of the node.
    pub node: String,
    /// Which opening or recurrence.
    pub round: i64,
    /// When it is due.
    pub due: UnixMillis,
    /// It was warned of.
    pub warned: bool,
    /// Its end has passed.
    pub overdue: bool,
    /// The calendar may still move it.
    pub provisional: bool,
}

/// An escalation in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EscalationListed {
    /// Its case.
    pub case: CaseId,
    /// The case's number.
    pub number: String,
    /// Who handles it.
    pub handler: Option<UserId>,
    /// The whole of it.
    pub escalation: Escalation,
}

/// A case in a list of files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingListed {
    /// Identity.
    pub case: CaseId,
    /// Its number.
    pub number: String,
    /// Who handles it.
    pub handler: Option<UserId>,
    /// How its file stands.
    pub standing: CaseStanding,
}

/// By which moment of the file a list is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingsBy {
    /// Closed then.
    Closed,
    /// Docketed then.
    Docketed,
    /// A party waits since then.
    Waiting,
    /// An appointment is then.
    Meeting,
}

macro_rules! standings_by {
    ($column:literal) => {
        concat!(
            "SELECT s.case_id, c.number, c.handler, s.body, ",
            $column,
            " FROM case_standing AS s JOIN case_file AS c ON c.id = s.case_id WHERE s.court = $1 AND ",
            $column,
            " IS NOT NULL AND ",
            $column,
            " >= $2 AND ",
            $column,
            " < $3 AND ($4 = '' OR c.handler = $4) ORDER BY 5, 1 LIMIT 20000"
        )
    };
}

/// An open alarm in a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AlarmListed {
    /// Identity.
    pub alarm: AlarmId,
    /// For whom.
    pub audience: Audience,
    /// What kind.
    pub kind: String,
    /// Code of the node, of a clock's.
    pub node: Option<String>,
    /// When it was raised.
    pub raised: UnixMillis,
    /// It is about a drill.
    pub exercise: bool,
    /// What it is about: incident, year and number, kind.
    pub incident: Option<(IncidentId, (i64, i64), String)>,
}

/// Alarm, audience, kind, node, raised, incident, its year, number, kind, and whether it is a drill.
type AlarmColumns = (
    String,
    String,
    String,
    Option<String>,
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<i64>,
);

fn alarm(row: AlarmColumns) -> Result<AlarmListed, ReadFault> {
    const WHAT: &str = "an open alarm";
    let (alarm, audience, kind, node, raised, incident, year, number, incident_kind, drill) = row;
    let incident = match (incident, year, number, incident_kind) {
        (Some(id), Some(year), Some(number), Some(kind)) => {
            Some((parsed(WHAT, &id)?, (year, number), kind))
        }
        _ => None,
    };
    Ok(AlarmListed {
        alarm: parsed(WHAT, &alarm)?,
        audience: audience_from_name(&audience).ok_or_else(|| unreadable(WHAT))?,
        kind,
        node,
        raised: UnixMillis(raised),
        exercise: drill == Some(1),
        incident,
    })
}

/// Case, number, handler, node, round, due, warned, overdue, provisional.
type NodeColumns = (String, String, Option<String>, String, i64, i64, i64, i64, i64);

fn node(row: NodeColumns) -> Result<NodeListed, ReadFault> {
    const WHAT: &str = "a running node";
    let (case, number, handler, node, round, due, warned, overdue, provisional) = row;
    Ok(NodeListed {
        case: parsed(WHAT, &case)?,
        number,
        handler: handler.map(|text| parsed(WHAT, &text)).transpose()?,
        node,
        round,
        due: UnixMillis(due),
        warned: warned != 0,
        overdue: overdue != 0,
        provisional: provisional != 0,
    })
}

impl Store {
    /// Running nodes of a court that are due from `from` on and before `before`, the earliest first, at
    /// most [`LIST_MAX`]; of one handler's cases when one is named.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn nodes_due(
        &self,
        court: &CourtId,
        from: UnixMillis,
        before: UnixMillis,
        handler: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<NodeListed>, ReadFault> {
        // Index running_node_by_due; primary key of `case_file`.
        let query = sql("SELECT r.case_id, c.number, c.handler, r.node, r.round, r.due_ms, r.warned, \
             r.overdue, r.provisional FROM running_node AS r JOIN case_file AS c ON c.id = r.case_id \
             WHERE r.court = $1 AND r.due_ms IS NOT NULL AND r.due_ms >= $2 AND r.due_ms < $3 \
             AND ($4 = '' OR c.handler = $4) \
             ORDER BY r.due_ms, r.case_id, r.node, r.round LIMIT $5")
        .bind(court.as_str())
        .bind(from.0)
        .bind(before.0)
        .bind(handler.map(|user| user.to_string()).unwrap_or_default())
        .bind(limit.min(LIST_MAX));
        let rows: Vec<NodeColumns> =
            limited("running nodes", self.readers().fetch_all(query)).await?;
        rows.into_iter().map(node).collect()
    }

    /// How many running nodes each handler has due on each day, from `from` on and before `before`.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn load_by_day(
        &self,
        court: &CourtId,
        from: UnixMillis,
        before: UnixMillis,
    ) -> Result<BTreeMap<(Option<UserId>, Day), u64>, ReadFault> {
        const WHAT: &str = "the load of handlers";
        /// Shanghai is so far ahead of UTC, milliseconds.
        const AHEAD_MS: i64 = 8 * 3_600_000;
        // Index running_node_by_due; primary key of `case_file`. Days are the court's; no moment here is
        // before 1970, so that the division rounds down in both databases.
        let query = sql("SELECT c.handler, (r.due_ms + $4) / 86400000, COUNT(*) \
             FROM running_node AS r JOIN case_file AS c ON c.id = r.case_id \
             WHERE r.court = $1 AND r.due_ms IS NOT NULL AND r.due_ms >= $2 AND r.due_ms < $3 \
             GROUP BY 1, 2")
        .bind(court.as_str())
        .bind(from.0)
        .bind(before.0)
        .bind(AHEAD_MS);
        let rows: Vec<(Option<String>, i64, i64)> =
            limited(WHAT, self.readers().fetch_all(query)).await?;
        let read = |(handler, day, count): (Option<String>, i64, i64)| {
            let handler = handler.map(|text| parsed(WHAT, &text)).transpose()?;
            let day = Day::of(UnixMillis(day * 86_400_000 - AHEAD_MS));
            Ok(((handler, day), u64::try_from(count).unwrap_or(0)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Files of a court by one of their moments, from `from` on and before `before`, the earliest first; of one
    /// handler when one is named.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn standings(
        &self,
        court: &CourtId,
        by: StandingsBy,
        from: UnixMillis,
        before: UnixMillis,
        handler: Option<UserId>,
    ) -> Result<Vec<StandingListed>, ReadFault> {
        const WHAT: &str = "how files stand";
        // One of the indexes of `case_standing`; primary key of `case_file`.
        let query = sql(match by {
            StandingsBy::Closed => standings_by!("s.closed_ms"),
            StandingsBy::Docketed => standings_by!("s.docketed_ms"),
            StandingsBy::Waiting => standings_by!("s.waiting_ms"),
            StandingsBy::Meeting => standings_by!("s.meeting_ms"),
        })
        .bind(court.as_str())
        .bind(from.0)
        .bind(before.0)
        .bind(handler.map(|user| user.to_string()).unwrap_or_default());
        let rows: Vec<(String, String, Option<String>, String, i64)> =
            limited(WHAT, self.readers().fetch_all(query)).await?;
        let read =
            |(case, number, handler, body, _): (String, String, Option<String>, String, i64)| {
                Ok(StandingListed {
                    case: parsed(WHAT, &case)?,
                    number,
                    handler: handler.map(|text| parsed(WHAT, &text)).transpose()?,
                    standing: serde_json::from_str(&body).map_err(|why| fault(WHAT, why))?,
                })
            };
        rows.into_iter().map(read).collect()
    }

    /// How many records a stream has. The cheapest thing that can be asked of it.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub(crate) async fn stream_length(&self, stream: StreamId) -> Result<u64, ReadFault> {
        // UNIQUE (stream, seq), at its end.
        let query = sql("SELECT seq FROM journal WHERE stream = $1 ORDER BY seq DESC LIMIT 1");
        let readers = self.readers();
        let rows = readers.fetch_all(query.bind(stream.to_string()));
        let rows: Vec<(i64,)> = limited("the length of a stream", rows).await?;
        Ok(rows.first().map_or(0, |(seq,)| u64::try_from(*seq).unwrap_or(0)))
    }

    /// What a party of a case was told, the newest first, at most [`LIST_MAX`]; with what is for all applicants
    /// when it is one. What a judge holds back is not among it.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub(crate) async fn party_news(
        &self,
        case: CaseId,
        party: u16,
        applicant: bool,
    ) -> Result<Vec<PartyNews>, ReadFault> {
        // Primary key of `party_notice`, by its beginning.
        let query = sql("SELECT topic, code, number, reached_ms, telling, documents FROM party_notice \
             WHERE case_id = $1 AND released_ms IS NOT NULL AND (party = $2 OR (party = 0 AND $3 = 1)) \
             ORDER BY reached_ms DESC, topic, code, number LIMIT $4")
        .bind(case.to_string())
        .bind(i64::from(party))
        .bind(i64::from(applicant))
        .bind(LIST_MAX);
        let rows: Vec<(String, String, i64, i64, String, String)> =
            limited("what a party was told", self.readers().fetch_all(query)).await?;
        let read = |(topic, code, number, reached, telling, documents)| {
            let reached = UnixMillis(reached);
            PartyNews { topic, code, number, reached, telling, documents }
        };
        Ok(rows.into_iter().map(read).collect())
    }

    /// How many cases each handler has that are not closed.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn cases_by_handler(
        &self,
        court: &CourtId,
    ) -> Result<BTreeMap<UserId, u64>, ReadFault> {
        const WHAT: &str = "the cases of handlers";
        // The index of `case_file` by court; primary key of `case_standing`.
        let query =
            sql("SELECT c.handler, COUNT(*) FROM case_file AS c LEFT JOIN case_standing AS s \
             ON s.case_id = c.id WHERE c.court = $1 AND c.handler IS NOT NULL \
             AND s.closed_ms IS NULL GROUP BY 1")
            .bind(court.as_str());
        let rows: Vec<(String, i64)> = limited(WHAT, self.readers().fetch_all(query)).await?;
        let read = |(handler, count): (String, i64)| {
            Ok((parsed(WHAT, &handler)?, u64::try_from(count).unwrap_or(0)))
        };
        rows.into_iter().map(read).collect()
    }

    /// Alarms of a court for these audiences that nobody has acknowledged, the oldest first, at most
    /// [`LIST_MAX`].
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn alarms_listed(
        &self,
        court: &CourtId,
        audiences: &[Audience],
        limit: u32,
    ) -> Result<Vec<AlarmListed>, ReadFault> {
        let name = |nth: usize| audiences.get(nth).map_or("", |audience| audience_name(*audience));
        // Index outbox_open; primary key of `incident`.
        let query =
            sql("SELECT o.id, o.audience, o.kind, o.node, o.raised_ms, o.incident, i.year, \
             i.number, i.kind, i.exercise FROM outbox AS o LEFT JOIN incident AS i ON i.id = o.incident \
             WHERE o.court = $1 AND o.acknowledged_ms IS NULL AND o.settled_ms IS NULL \
             AND o.audience IN ($2, $3, $4) ORDER BY o.raised_ms, o.id LIMIT $5")
            .bind(court.as_str())
            .bind(name(0))
            .bind(name(1))
            .bind(name(2))
            .bind(limit.min(LIST_MAX));
        let rows: Vec<AlarmColumns> =
            limited("open alarms", self.readers().fetch_all(query)).await?;
        rows.into_iter().map(alarm).collect()
    }

    /// Escalations of a court that are not over, the longest first, at most [`LIST_MAX`]: those that have
    /// reached one of up to three offices, and those of the handler's cases.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn open_escalations(
        &self,
        court: &CourtId,
        offices: &[Office],
        handler: Option<UserId>,
        limit: u32,
    ) -> Result<Vec<EscalationListed>, ReadFault> {
        const WHAT: &str = "an escalation";
        // An empty pattern is like no row: each has at least one blank.
        let reached = |nth: usize| {
            offices.get(nth).map(|office| format!("% {} %", office.name())).unwrap_or_default()
        };
        // Index escalation_open; primary key of `case_file`.
        let query = sql("SELECT e.case_id, c.number, c.handler, e.body \
             FROM escalation AS e JOIN case_file AS c ON c.id = e.case_id \
             WHERE e.court = $1 AND e.ended_ms IS NULL AND (e.offices LIKE $2 OR e.offices LIKE $3 \
             OR e.offices LIKE $4 OR c.handler = $5) ORDER BY e.raised_ms, e.case_id LIMIT $6")
        .bind(court.as_str())
        .bind(reached(0))
        .bind(reached(1))
        .bind(reached(2))
        .bind(handler.map(|user| user.to_string()).unwrap_or_default())
        .bind(limit.min(LIST_MAX));
        let rows: Vec<(String, String, Option<String>, String)> =
            limited(WHAT, self.readers().fetch_all(query)).await?;
        let read = |(case, number, handler, body): (String, String, Option<String>, String)| {
            Ok(EscalationListed {
                case: parsed(WHAT, &case)?,
                number,
                handler: handler.map(|text| parsed(WHAT, &text)).transpose()?,
                escalation: serde_json::from_str(&body).map_err(|why| fault(WHAT, why))?,
            })
        };
        rows.into_iter().map(read).collect()
    }
}
