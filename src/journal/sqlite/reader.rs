//! Reading: streams, open work, deliveries. Never through the writer's connection.
//!
//! **Not here:** the rows that only the API shows (`journal::queries`).

use std::future::Future;
use std::sync::Arc;

use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqlitePool};
use tiande_actors::ports::journal::{Delivery, OpenAlarm, OpenWork, ReadFault, Stored};
use tiande_core::ids::CourtId;
use tiande_core::journal::{StreamId, Subject, decode};
use tiande_core::time::UnixMillis;
use tokio::time::timeout;
use uuid::Uuid;

use super::open::READ_LIMIT;
use crate::journal::projection::audience_from_name;
use crate::journal::seal::{Opened, SubjectKeys};

/// A fault of an attempt, with what went wrong.
pub fn fault(
    what: impl Into<String>,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ReadFault {
    ReadFault { what: what.into(), source: Some(Arc::new(source)) }
}

/// A fault without a cause beneath it: what is stored is not what was written.
pub fn unreadable(what: impl Into<String>) -> ReadFault {
    ReadFault { what: what.into(), source: None }
}

/// Runs a read within its limit.
pub async fn limited<T>(
    what: &str,
    read: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, ReadFault> {
    match timeout(READ_LIMIT, read).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(fault(what, error)),
        Err(elapsed) => Err(fault(what, elapsed)),
    }
}

/// Parses a stored text.
pub fn parsed<T: std::str::FromStr>(what: &str, text: &str) -> Result<T, ReadFault> {
    text.parse().map_err(|_| unreadable(format!("{what}: {text:?} is no id")))
}

/// Counts records read back, by whatever way.
pub fn count_read(records: usize) {
    metrics::counter!("tiande_journal_records_read_total").increment(records as u64);
}

/// The columns that [`record`] reads, of `journal AS j` and `subject_key AS k`.
pub const RECORD: &str = "j.seq, j.at_ms, j.by_json, j.why, j.kind, j.schema_version, j.subject, \
                          j.body, j.sealed, k.wrapped, j.court, j.stream";

/// A record of whatever stream, from a row of [`RECORD`].
pub fn record(
    row: &SqliteRow,
    keys: &SubjectKeys,
    generation: u64,
) -> Result<(StreamId, Stored), ReadFault> {
    const WHAT: &str = "a record";
    let name: &str = row.try_get(11).map_err(|error| fault(WHAT, error))?;
    let stored = stored(name, row, keys, generation).map_err(|unread| unread.at(name))?;
    Ok((parsed(WHAT, name)?, stored))
}

/// All events of a stream, in order.
pub async fn read_stream(
    readers: SqlitePool,
    keys: Arc<SubjectKeys>,
    stream: StreamId,
) -> Result<Vec<Stored>, ReadFault> {
    let name = stream.to_string();
    // Before the read: a key forgotten meanwhile must not be remembered again.
    let generation = keys.generation();
    // UNIQUE (stream, seq); primary key of `subject_key`.
    let rows = limited(
        "a stream",
        sqlx::query(
            "SELECT j.seq, j.at_ms, j.by_json, j.why, j.kind, j.schema_version, j.subject, j.body, \
             j.sealed, k.wrapped, j.court \
             FROM journal AS j LEFT JOIN subject_key AS k ON k.subject = j.subject \
             WHERE j.stream = ? ORDER BY j.seq",
        )
        .bind(&name)
        .fetch_all(&readers),
    )
    .await?;
    count_read(rows.len());
    let mut events = Vec::with_capacity(rows.len());
    for (seq, row) in (1_u64..).zip(&rows) {
        let stored = stored(&name, row, &keys, generation)
            .map_err(|unread| unread.at(&format!("{name} at {seq}")))?;
        if stored.seq != seq {
            return Err(unreadable(format!("{name} has no event {seq}")));
        }
        events.push(stored);
    }
    Ok(events)
}

enum Unread {
    Row(sqlx::Error),
    Event(tiande_core::journal::DecodeFault),
    Words(&'static str),
}

impl Unread {
    fn at(self, place: &str) -> ReadFault {
        match self {
            Self::Row(error) => fault(place, error),
            Self::Event(error) => fault(place, error),
            Self::Words(what) => unreadable(format!("{place}: {what}")),
        }
    }
}

impl From<sqlx::Error> for Unread {
    fn from(error: sqlx::Error) -> Self {
        Self::Row(error)
    }
}

fn stored(
    stream: &str,
    row: &SqliteRow,
    keys: &SubjectKeys,
    generation: u64,
) -> Result<Stored, Unread> {
    let seq = u64::try_from(row.try_get::<i64, _>(0)?).map_err(|_| Unread::Words("its number"))?;
    let by = serde_json::from_str(row.try_get(2)?).map_err(|_| Unread::Words("who caused it"))?;
    let kind: &str = row.try_get(4)?;
    let version = row.try_get::<i64, _>(5)?;
    let version = u16::try_from(version).map_err(|_| Unread::Words("its schema version"))?;
    let subject: Option<&[u8]> = row.try_get(6)?;
    let sealed: Option<&[u8]> = row.try_get(8)?;
    let wrapped: Option<&[u8]> = row.try_get(9)?;
    let mut personal = None;
    if let (Some(subject), Some(sealed), Some(wrapped)) = (subject, sealed, wrapped) {
        let subject = Uuid::from_slice(subject).map_err(|_| Unread::Words("its subject"))?;
        let subject = Subject(subject);
        let key = match keys.cached(subject) {
            Some(key) => key,
            None => {
                let key = keys.unwrap_stored(subject, wrapped);
                let key = key.ok_or(Unread::Words("the key of its subject"))?;
                keys.remember(subject, key, generation);
                key
            }
        };
        match key.open(stream, seq, kind, sealed) {
            Opened::Plain(plain) => personal = Some(plain),
            Opened::Forgotten => {}
            Opened::Damaged => return Err(Unread::Words("its personal part is damaged")),
        }
    }
    let court = CourtId::parse(row.try_get(10)?).map_err(|_| Unread::Words("its court"))?;
    Ok(Stored {
        court,
        seq,
        at: UnixMillis(row.try_get(1)?),
        by,
        why: row.try_get(3)?,
        event: decode(kind, version, row.try_get(7)?, personal.as_deref())
            .map_err(Unread::Event)?,
    })
}

/// Index outbox_open.
const OPEN_ALARMS: &str = "SELECT id, audience, kind, incident, officer, raised_ms FROM outbox \
     WHERE court = ? AND acknowledged_ms IS NULL AND settled_ms IS NULL ORDER BY raised_ms, id";

/// Alarms of a court that nobody has acknowledged.
pub async fn open_alarms(readers: SqlitePool, court: CourtId) -> Result<Vec<OpenAlarm>, ReadFault> {
    let read = sqlx::query(OPEN_ALARMS).bind(court.as_str()).fetch_all(&readers);
    limited("open alarms", read).await?.iter().map(alarm).collect()
}

/// What a court has to wake up, all of one moment.
pub async fn open_work(readers: SqlitePool, court: CourtId) -> Result<OpenWork, ReadFault> {
    const WHAT: &str = "the open work of a court";
    let court = court.as_str().to_owned();
    let (incidents, officers, alarms, last) = limited(WHAT, async {
        let mut tx = readers.begin().await?;
        // Index incident_open.
        let incidents: Vec<String> = sqlx::query_scalar(
            "SELECT id FROM incident WHERE court = ? AND closed_ms IS NULL ORDER BY opened_ms, id",
        )
        .bind(&court)
        .fetch_all(&mut *tx)
        .await?;
        // Index officer_by_court.
        let officers: Vec<String> =
            sqlx::query_scalar("SELECT id FROM officer WHERE court = ? ORDER BY id")
                .bind(&court)
                .fetch_all(&mut *tx)
                .await?;
        let alarms = sqlx::query(OPEN_ALARMS).bind(&court).fetch_all(&mut *tx).await?;
        // UNIQUE (court, year, number) of `incident`, from its end.
        let last: Option<(u16, i64)> = sqlx::query_as(
            "SELECT year, number FROM incident WHERE court = ? \
             ORDER BY year DESC, number DESC LIMIT 1",
        )
        .bind(&court)
        .fetch_optional(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok((incidents, officers, alarms, last))
    })
    .await?;
    Ok(OpenWork {
        incidents: incidents.iter().map(|id| parsed(WHAT, id)).collect::<Result<_, _>>()?,
        officers: officers.iter().map(|id| parsed(WHAT, id)).collect::<Result<_, _>>()?,
        alarms: alarms.iter().map(alarm).collect::<Result<_, _>>()?,
        incident_number_last: last.map(|(year, n)| (year, u64::try_from(n).unwrap_or(0))),
    })
}

fn alarm(row: &SqliteRow) -> Result<OpenAlarm, ReadFault> {
    const WHAT: &str = "an open alarm";
    let id = |text: Option<&str>| text.map(str::to_owned);
    let incident = id(row.try_get(3).map_err(|e| fault(WHAT, e))?);
    let officer = id(row.try_get(4).map_err(|e| fault(WHAT, e))?);
    Ok(OpenAlarm {
        alarm: parsed(WHAT, row.try_get(0).map_err(|e| fault(WHAT, e))?)?,
        audience: audience_from_name(row.try_get(1).map_err(|e| fault(WHAT, e))?)
            .ok_or_else(|| unreadable("the audience of an alarm"))?,
        kind: row.try_get(2).map_err(|e| fault(WHAT, e))?,
        incident: incident.map(|text| parsed(WHAT, &text)).transpose()?,
        officer: officer.map(|text| parsed(WHAT, &text)).transpose()?,
        at: UnixMillis(row.try_get(5).map_err(|e| fault(WHAT, e))?),
    })
}

/// The delivery of that id, if it was taken before.
pub async fn delivery(
    readers: SqlitePool,
    source: String,
    webhook_id: String,
) -> Result<Option<Delivery>, ReadFault> {
    const WHAT: &str = "a delivery";
    // Primary key of `delivery`.
    let row: Option<(Vec<u8>, String, String)> = limited(
        WHAT,
        sqlx::query_as(
            "SELECT body_sha256, tip, incident FROM delivery WHERE source_key = ? AND webhook_id = ?",
        )
        .bind(&source)
        .bind(&webhook_id)
        .fetch_optional(&readers),
    )
    .await?;
    let Some((hash, tip, incident)) = row else { return Ok(None) };
    Ok(Some(Delivery {
        body_sha256: hash.try_into().map_err(|_| unreadable("the hash of a delivery"))?,
        tip: parsed(WHAT, &tip)?,
        incident: parsed(WHAT, &incident)?,
        source,
        webhook_id,
    }))
}
