//! A plan as the values of one call of `append.sql`.
//!
//! **Not here:** the statements, which stand there, and running it.

use serde::Serialize;
use serde_json::{Value, json};
use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;
use tiande_core::ids::IncidentId;
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use crate::journal::envelope::HashAlg;
use crate::journal::plan::Plan;
use crate::journal::projection::{
    Changes, Closing, RunningRow, audience_name, escalation_body, escalation_offices, of_incident,
    standing_body,
};

/// The call: one question and one answer for a whole group, whatever it holds.
pub const CALL: &str = "SELECT pg_temp.tiande_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
    $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, \
    $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, \
    $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60)";

/// Positions, sequences and numbers as PostgreSQL keeps integers.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// The values of [`CALL`].
pub fn values(
    plan: &Plan,
    epoch: u64,
    commit: i64,
    hash_alg: HashAlg,
) -> Result<PgArguments, sqlx::error::BoxDynError> {
    let rows = &plan.rows;
    let mut values = PgArguments::default();
    values.add(signed(epoch))?;
    values.add(commit)?;
    values.add(column(rows, |row| signed(row.position)))?;
    values.add(column(rows, |row| &*row.court))?;
    values.add(column(rows, |row| &*row.stream))?;
    values.add(column(rows, |row| signed(row.seq)))?;
    values.add(column(rows, |row| row.kind.as_str()))?;
    values.add(column(rows, |row| i64::from(row.schema_version)))?;
    values.add(column(rows, |row| row.at.0))?;
    values.add(column(rows, |row| &*row.by_json))?;
    values.add(column(rows, |row| row.why.as_deref()))?;
    values.add(hash_alg.name())?;
    values.add(column(rows, |row| row.prev_hash.as_slice()))?;
    values.add(column(rows, |row| row.hash.as_slice()))?;
    values.add(column(rows, |row| row.subject.as_ref().map(|s| s.0.as_bytes().as_slice())))?;
    values.add(column(rows, |row| row.body.as_slice()))?;
    values.add(column(rows, |row| row.sealed.as_deref()))?;
    let keys = &plan.new_keys;
    values.add(keys.iter().map(|(s, _, _)| s.0.as_bytes().as_slice()).collect::<Vec<_>>())?;
    values.add(keys.iter().map(|(_, wrapped, _)| wrapped.as_slice()).collect::<Vec<_>>())?;
    values.add(keys.iter().map(|(_, _, at)| at.0).collect::<Vec<_>>())?;
    often(&mut values, &plan.changes)?;
    values.add(Json(serde_json::to_string(&Seldom::of(&plan.changes))?))?;
    Ok(values)
}

/// Rows of the tables that nearly every group changes, a column a value.
fn often(values: &mut PgArguments, changes: &Changes) -> Result<(), sqlx::error::BoxDynError> {
    let rows = &changes.deliveries;
    values.add(column(rows, |(row, _)| row.source.as_str()))?;
    values.add(column(rows, |(row, _)| row.webhook_id.as_str()))?;
    values.add(column(rows, |(row, _)| row.body_sha256.as_slice()))?;
    values.add(column(rows, |(row, _)| Id::of(row.tip.0)))?;
    values.add(column(rows, |(row, _)| Id::of(row.incident.0)))?;
    values.add(column(rows, |(_, at)| at.0))?;

    let rows = &changes.incident_patches;
    values.add(column(rows, |(id, _)| Id::of(id.0)))?;
    values.add(column(rows, |(_, patch)| patch.updated.0))?;
    values.add(column(rows, |(_, patch)| closing(patch.closing).0))?;
    values.add(column(rows, |(_, patch)| closing(patch.closing).1))?;
    values.add(column(rows, |(_, patch)| closing(patch.closing).2))?;

    let rows = &changes.commitments;
    values.add(column(rows, |((officer, _), _)| Id::of(officer.0)))?;
    values.add(column(rows, |((_, incident), _)| Id::of(incident.0)))?;

    let rows = &changes.incidents;
    values.add(column(rows, |row| Id::of(row.id.0)))?;
    values.add(column(rows, |row| row.court.as_str()))?;
    values.add(column(rows, |row| i64::from(row.year)))?;
    values.add(column(rows, |row| signed(row.number)))?;
    values.add(column(rows, |row| row.kind))?;
    values.add(column(rows, |row| row.urgency))?;
    values.add(column(rows, |row| closing(row.closing).0.unwrap_or("open")))?;
    values.add(column(rows, |row| row.opened.0))?;
    values.add(column(rows, |row| row.updated.0))?;
    values.add(column(rows, |row| closing(row.closing).1))?;
    values.add(column(rows, |row| closing(row.closing).2))?;
    values.add(column(rows, |row| i64::from(row.exercise)))?;
    values.add(column(rows, |row| row.tip.map(|tip| Id::of(tip.0))))?;

    let rows = &changes.tips;
    values.add(column(rows, |row| Id::of(row.id.0)))?;
    values.add(column(rows, |row| row.court.as_str()))?;
    values.add(column(rows, |row| row.source.as_str()))?;
    values.add(column(rows, |row| row.received.0))?;
    values.add(column(rows, |row| row.kind))?;
    values.add(column(rows, |row| row.urgency))?;

    let rows = &changes.tip_links;
    values.add(column(rows, |(tip, _)| Id::of(tip.0)))?;
    values.add(column(rows, |(_, incident)| Id::of(incident.0)))?;

    let rows = || changes.commitments.iter().filter_map(|(key, row)| row.map(|row| (key, row)));
    values.add(column(rows(), |((officer, _), _)| Id::of(officer.0)))?;
    values.add(column(rows(), |((_, incident), _)| Id::of(incident.0)))?;
    values.add(column(rows(), |(_, row)| Id::of(row.offer.0)))?;
    values.add(column(rows(), |(_, row)| i64::from(row.stacked)))?;
    values.add(column(rows(), |(_, row)| row.since.0))
}

fn column<R, T>(rows: impl IntoIterator<Item = R>, of: impl Fn(R) -> T) -> Vec<T> {
    rows.into_iter().map(of).collect()
}

/// An identity as the read models keep it, written where it stands and not as a text on the heap.
struct Id([u8; Hyphenated::LENGTH]);

impl Id {
    fn of(uuid: Uuid) -> Self {
        let mut text = [0; Hyphenated::LENGTH];
        uuid.hyphenated().encode_lower(&mut text);
        Self(text)
    }
}

impl sqlx::Type<sqlx::Postgres> for Id {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        <&str as sqlx::Type<sqlx::Postgres>>::type_info()
    }
}

impl sqlx::postgres::PgHasArrayType for Id {
    fn array_type_info() -> sqlx::postgres::PgTypeInfo {
        <&str as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Id {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        buffer.extend_from_slice(&self.0);
        Ok(sqlx::encode::IsNull::No)
    }
}

/// A JSON text for a parameter of type `jsonb`. Its wire form is the text behind a version byte.
struct Json(String);

impl sqlx::Type<sqlx::Postgres> for Json {
    fn type_info() -> sqlx::postgres::PgTypeInfo {
        sqlx::postgres::PgTypeInfo::with_name("jsonb")
    }
}

impl sqlx::Encode<'_, sqlx::Postgres> for Json {
    fn encode_by_ref(
        &self,
        buffer: &mut sqlx::postgres::PgArgumentBuffer,
    ) -> Result<sqlx::encode::IsNull, sqlx::error::BoxDynError> {
        buffer.push(1);
        buffer.extend_from_slice(self.0.as_bytes());
        Ok(sqlx::encode::IsNull::No)
    }
}

/// Rows of the tables that few groups change, by table, under the names of their columns; tables
/// without any are left out.
#[derive(Serialize)]
struct Seldom<'p> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    duty: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    acknowledgement: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    settlement: Vec<Settlement<'p>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tip_forward: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    officer: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    case_file: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    case_handler: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    case_clock: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    case_clock_stopped: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    running_node: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    running_node_ended: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    escalation: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    case_standing: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    party_release: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    party_notice: Vec<Value>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    outbox: Vec<Value>,
}

/// Each end of an incident settles what was raised about it.
#[derive(Serialize)]
struct Settlement<'p> {
    court: &'p str,
    incident: IncidentId,
    settled_ms: UnixMillis,
}

impl<'p> Seldom<'p> {
    fn of(changes: &'p Changes) -> Self {
        Self {
            duty: column(&changes.duties, |(officer, duty)| json!({"id": officer, "duty": duty})),
            acknowledgement: column(&changes.acknowledgements, |(court, alarm, by, at)| {
                json!({
                    "court": court.as_str(), "id": alarm, "acknowledged_by": by,
                    "acknowledged_ms": at.0,
                })
            }),
            settlement: column(&changes.settlements, |(court, incident, at)| Settlement {
                court: court.as_str(),
                incident: *incident,
                settled_ms: *at,
            }),
            tip_forward: column(&changes.tip_moves, |(tip, moved)| {
                json!({
                    "tip": tip, "from_incident": moved.from, "to_incident": moved.to,
                    "moved_ms": moved.at.0,
                })
            }),
            officer: column(&changes.officers, |row| {
                json!({
                    "id": row.id, "court": row.court.as_str(), "registered_ms": row.registered.0,
                    "duty": row.duty,
                })
            }),
            case_file: column(
                &changes.cases,
                |row| {
                    json!({
                        "id": row.id, "court": row.court.as_str(), "number": row.number,
                        "handler": row.handler,
                    })
                },
            ),
            case_handler: column(
                &changes.handlers,
                |(case, handler)| json!({"id": case, "handler": handler}),
            ),
            case_clock: changes
                .clocks
                .iter()
                .filter_map(|(case, (court, next))| {
                    let next = (*next)?;
                    Some(json!({"case_id": case, "court": court.as_str(), "next_ms": next.0}))
                })
                .collect(),
            case_clock_stopped: changes
                .clocks
                .iter()
                .filter(|(_, (_, next))| next.is_none())
                .map(|(case, _)| json!(case))
                .collect(),
            running_node: changes
                .running
                .iter()
                .filter_map(|((case, node, round), (court, row))| {
                    let RunningRow { node: row, calendar } = row.as_ref()?;
                    Some(json!({
                        "case_id": case, "node": node.as_str(), "round": round,
                        "court": court.as_str(), "due_ms": moment(row.due),
                        "warned": i64::from(row.warned), "overdue": i64::from(row.overdue),
                        "provisional": i64::from(row.provisional), "calendar": calendar,
                    }))
                })
                .collect(),
            running_node_ended: changes
                .running
                .iter()
                .filter(|(_, (_, row))| row.is_none())
                .map(|((case, node, round), _)| {
                    json!({"case_id": case, "node": node.as_str(), "round": round})
                })
                .collect(),
            escalation: column(&changes.escalations, |((case, node, round), (court, known))| {
                json!({
                    "case_id": case, "node": node.as_str(), "round": round,
                    "court": court.as_str(), "body": escalation_body(known),
                    "offices": escalation_offices(known),
                    "raised_ms": known.raised.0,
                    "ended_ms": moment(known.ended.map(|ended| ended.at)),
                })
            }),
            case_standing: column(&changes.standings, |(case, (court, known))| {
                json!({
                    "case_id": case, "court": court.as_str(), "docketed_ms": moment(known.docketed),
                    "closed_ms": moment(known.closed.map(|(_, at)| at)),
                    "waiting_ms": moment(known.waits_since),
                    "meeting_ms": moment(known.appointment), "body": standing_body(known),
                })
            }),
            party_release: column(
                &changes.releases,
                |(case, at)| json!({"case_id": case, "released_ms": at.0}),
            ),
            party_notice: column(&changes.party_notices, |(court, case, notice, released)| {
                json!({
                    "case_id": case, "topic": notice.topic.name(), "code": notice.code,
                    "number": notice.number, "party": notice.party, "incident": of_incident(notice.incident),
                    "court": court.as_str(), "reached_ms": notice.reached.0,
                    "telling": notice.telling.name(), "documents": notice.documents.join(" "),
                    "released_ms": moment(*released),
                })
            }),
            outbox: column(&changes.alarms, |row| {
                let taken = row.acknowledged.as_ref();
                json!({
                    "id": row.id, "position": row.position, "court": row.court.as_str(),
                    "audience": audience_name(row.audience), "kind": row.kind,
                    "incident": row.incident, "officer": row.officer,
                    "node": row.node.as_ref().map(NodeCode::as_str), "raised_ms": row.raised.0,
                    "acknowledged_by": taken.map(|(by, _)| by.as_str()),
                    "acknowledged_ms": moment(taken.map(|(_, at)| *at)),
                    "settled_ms": moment(row.settled),
                })
            }),
        }
    }
}

/// Status, moment and outcome; all null for what is open.
fn closing(closing: Option<Closing>) -> (Option<&'static str>, Option<i64>, Option<&'static str>) {
    (
        closing.map(|c| c.status),
        moment(closing.map(|c| c.at)),
        closing.and_then(|c| c.outcome).map(|outcome| outcome.name()),
    )
}

fn moment(at: Option<UnixMillis>) -> Option<i64> {
    at.map(|at| at.0)
}
