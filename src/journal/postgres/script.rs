//! A plan as the values of one call of `append.sql`.
//!
//! **Not here:** the statements, which stand there, and running it.

use serde_json::{Map, Value, json};
use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;
use tiande_core::time::UnixMillis;

use crate::journal::envelope::HashAlg;
use crate::journal::plan::{JournalRow, Plan};
use crate::journal::projection::{Changes, Closing, audience_name};

/// The call: one question and one answer for a whole group, whatever it holds.
pub const CALL: &str = "SELECT pg_temp.tiande_append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, \
    $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)";

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
    values.add(Json(changes(&plan.changes).to_string()))?;
    Ok(values)
}

fn column<'p, T>(rows: &'p [JournalRow], of: impl Fn(&'p JournalRow) -> T) -> Vec<T> {
    rows.iter().map(of).collect()
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

/// Rows of the read models by table, under the names of their columns; tables without any are left
/// out.
fn changes(changes: &Changes) -> Value {
    let mut tables = Map::new();
    let mut table = |name: &str, rows: Vec<Value>| {
        if !rows.is_empty() {
            tables.insert(name.to_owned(), Value::Array(rows));
        }
    };
    table(
        "delivery",
        list(&changes.deliveries, |(delivery, at)| {
            json!({
                "source_key": delivery.source, "webhook_id": delivery.webhook_id,
                "body_sha256": bytes(&delivery.body_sha256), "tip": delivery.tip.to_string(),
                "incident": delivery.incident.to_string(), "received_ms": at.0,
            })
        }),
    );
    table(
        "incident_patch",
        list(&changes.incident_patches, |(id, patch)| {
            let (status, closed, outcome) = closing(patch.closing);
            json!({
                "id": id.to_string(), "updated_ms": patch.updated.0, "status": status,
                "closed_ms": closed, "outcome": outcome,
            })
        }),
    );
    table(
        "duty",
        list(&changes.duties, |(officer, duty)| json!({"id": officer.to_string(), "duty": duty})),
    );
    table(
        "commitment_end",
        list(
            changes.commitments.keys(),
            |(officer, incident)| json!({"officer": officer.to_string(), "incident": incident.to_string()}),
        ),
    );
    table(
        "acknowledgement",
        list(&changes.acknowledgements, |(court, alarm, by, at)| {
            json!({
                "court": court.as_str(), "id": alarm.to_string(), "acknowledged_by": by,
                "acknowledged_ms": at.0,
            })
        }),
    );
    table(
        "settlement",
        list(&changes.settlements, |(court, incident, at)| {
            json!({
                "court": court.as_str(), "incident": incident.to_string(), "settled_ms": at.0,
            })
        }),
    );
    table(
        "incident",
        list(&changes.incidents, |row| {
            let (status, closed, outcome) = closing(row.closing);
            json!({
                "id": row.id.to_string(), "court": row.court.as_str(), "year": row.year,
                "number": row.number, "kind": row.kind, "urgency": row.urgency, "status": status,
                "opened_ms": row.opened.0, "updated_ms": row.updated.0, "closed_ms": closed,
                "outcome": outcome, "exercise": u8::from(row.exercise),
                "tip": row.tip.map(|id| id.to_string()),
            })
        }),
    );
    table(
        "tip",
        list(&changes.tips, |row| {
            json!({
                "id": row.id.to_string(), "court": row.court.as_str(), "source": row.source,
                "received_ms": row.received.0, "kind": row.kind, "urgency": row.urgency,
            })
        }),
    );
    table(
        "tip_incident",
        list(
            &changes.tip_links,
            |(tip, incident)| json!({"tip": tip.to_string(), "incident": incident.to_string()}),
        ),
    );
    table(
        "tip_forward",
        list(&changes.tip_moves, |(tip, moved)| {
            json!({
                "tip": tip.to_string(), "from_incident": moved.from.to_string(),
                "to_incident": moved.to.to_string(), "moved_ms": moved.at.0,
            })
        }),
    );
    table(
        "officer",
        list(&changes.officers, |row| {
            json!({
                "id": row.id.to_string(), "court": row.court.as_str(),
                "registered_ms": row.registered.0, "duty": row.duty,
            })
        }),
    );
    let bound = changes.commitments.iter().filter_map(|(key, row)| row.map(|row| (key, row)));
    table(
        "commitment",
        list(bound, |((officer, incident), row)| {
            json!({
                "officer": officer.to_string(), "incident": incident.to_string(),
                "offer": row.offer.to_string(), "stacked": u8::from(row.stacked),
                "since_ms": row.since.0,
            })
        }),
    );
    table(
        "case_file",
        list(
            &changes.cases,
            |row| json!({"id": row.id.to_string(), "court": row.court.as_str(), "number": row.number}),
        ),
    );
    table(
        "outbox",
        list(&changes.alarms, |row| {
            let taken = row.acknowledged.as_ref();
            json!({
                "id": row.id.to_string(), "position": row.position, "court": row.court.as_str(),
                "audience": audience_name(row.audience), "kind": row.kind,
                "incident": row.incident.map(|id| id.to_string()),
                "officer": row.officer.map(|id| id.to_string()), "raised_ms": row.raised.0,
                "acknowledged_by": taken.map(|(by, _)| by.as_str()),
                "acknowledged_ms": moment(taken.map(|(_, at)| *at)), "settled_ms": moment(row.settled),
            })
        }),
    );
    Value::Object(tables)
}

fn list<T>(rows: impl IntoIterator<Item = T>, to_json: impl Fn(T) -> Value) -> Vec<Value> {
    rows.into_iter().map(to_json).collect()
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

/// Bytes as PostgreSQL reads them from a text.
fn bytes(bytes: &[u8]) -> String {
    format!("\\x{}", hex::encode(bytes))
}
