//! Reading: streams, open work, cases, deliveries. Never through the writer's connection.
//!
//! **Not here:** streams from their snapshots on (`journal::snapshots`), and the rows that only the API
//! shows (`journal::queries`).

use std::future::Future;
use std::sync::Arc;

use tiande_actors::ports::journal::{
    Delivery, DeliveryKeys, OpenAlarm, OpenWork, ReadFault, SetClock, Stored,
};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::{StreamId, Subject, decode};
use tiande_core::time::UnixMillis;
use tokio::time::timeout;
use uuid::Uuid;

use super::projection::audience_from_name;
use super::seal::{Opened, SubjectKeys};
use super::sql::{READ_LIMIT, Readers, Statement, sql};

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
fn count_read(records: usize) {
    metrics::counter!("tiande_journal_records_read_total").increment(records as u64);
}

/// The columns of [`RecordRow`], of `journal AS j` and `subject_key AS k`; a `concat!` wants a literal.
macro_rules! record_columns {
    () => {
        "j.stream, j.seq, j.at_ms, j.by_json, j.why, j.kind, j.schema_version, j.subject, j.body, \
         j.sealed, k.wrapped, j.court"
    };
}
pub(super) use record_columns;

/// A record of whatever stream, from a row of `record_columns!`.
pub fn record(
    row: RecordRow,
    keys: &SubjectKeys,
    generation: u64,
) -> Result<(StreamId, Stored), ReadFault> {
    let (name, seq) = (row.0.clone(), row.1);
    let stream = parsed("a record", &name)?;
    let stored = stored(row, keys, generation)
        .map_err(|unread| unread.at(format_args!("{name} at {seq}")))?;
    Ok((stream, stored))
}

/// Reads rows of `record_columns!`, within the limit of a read, and counts them.
pub async fn records(readers: &Readers, query: Statement) -> Result<Vec<RecordRow>, ReadFault> {
    let rows: Vec<RecordRow> = limited("records", readers.fetch_all(query)).await?;
    count_read(rows.len());
    Ok(rows)
}

/// All events of a stream, in order.
pub async fn read_stream(
    readers: Readers,
    keys: Arc<SubjectKeys>,
    stream: StreamId,
) -> Result<Vec<Stored>, ReadFault> {
    // Before the read: a key forgotten meanwhile must not be remembered again.
    let generation = keys.generation();
    // UNIQUE (stream, seq); primary key of `subject_key`.
    let query = sql(concat!(
        "SELECT ",
        record_columns!(),
        " FROM journal AS j LEFT JOIN subject_key AS k ON k.subject = j.subject \
         WHERE j.stream = $1 ORDER BY j.seq"
    ));
    let rows = records(&readers, query.bind(stream.to_string())).await?;
    let mut events = Vec::with_capacity(rows.len());
    for (seq, row) in (1_u64..).zip(rows) {
        let (_, stored) = record(row, &keys, generation)?;
        if stored.seq != seq {
            return Err(unreadable(format!("{stream} has no event {seq}")));
        }
        events.push(stored);
    }
    Ok(events)
}

/// Stream, number, time, who, why, kind, version, subject, body, sealed part, wrapped key, court.
pub type RecordRow = (
    String,
    i64,
    i64,
    String,
    Option<String>,
    String,
    i64,
    Option<Vec<u8>>,
    Vec<u8>,
    Option<Vec<u8>>,
    Option<Vec<u8>>,
    String,
);

enum Unread {
    Event(tiande_core::journal::DecodeFault),
    Words(&'static str),
}

impl Unread {
    fn at(self, place: std::fmt::Arguments) -> ReadFault {
        match self {
            Self::Event(error) => fault(place.to_string(), error),
            Self::Words(what) => unreadable(format!("{place}: {what}")),
        }
    }
}

fn stored(row: RecordRow, keys: &SubjectKeys, generation: u64) -> Result<Stored, Unread> {
    let (stream, seq, at, by, why, kind, version, subject, body, sealed, wrapped, court) = row;
    let seq = u64::try_from(seq).map_err(|_| Unread::Words("its number"))?;
    let by = serde_json::from_str(&by).map_err(|_| Unread::Words("who caused it"))?;
    let version = u16::try_from(version).map_err(|_| Unread::Words("its schema version"))?;
    let mut personal = None;
    if let (Some(subject), Some(sealed), Some(wrapped)) = (&subject, &sealed, &wrapped) {
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
        match key.open(&stream, seq, &kind, sealed) {
            Opened::Plain(plain) => personal = Some(plain),
            Opened::Forgotten => {}
            Opened::Damaged => return Err(Unread::Words("its personal part is damaged")),
        }
    }
    let court = CourtId::parse(&court).map_err(|_| Unread::Words("its court"))?;
    let event = decode(&kind, version, &body, personal.as_deref()).map_err(Unread::Event)?;
    Ok(Stored { court, seq, at: UnixMillis(at), by, why, event })
}

/// Index outbox_open.
const OPEN_ALARMS: &str = "SELECT id, audience, kind, incident, officer, node, raised_ms FROM outbox \
     WHERE court = $1 AND acknowledged_ms IS NULL AND settled_ms IS NULL ORDER BY raised_ms, id";

/// Alarms of a court that nobody has acknowledged.
pub async fn open_alarms(readers: Readers, court: CourtId) -> Result<Vec<OpenAlarm>, ReadFault> {
    let read = readers.fetch_all(sql(OPEN_ALARMS).bind(court.as_str()));
    limited("open alarms", read).await?.into_iter().map(alarm).collect()
}

/// What a court has to wake up, all of one moment.
pub async fn open_work(readers: Readers, court: CourtId) -> Result<OpenWork, ReadFault> {
    const WHAT: &str = "the open work of a court";
    let court = court.as_str().to_owned();
    let read = readers.at_one_moment(move |mut conn| {
        Box::pin(async move {
            Ok(OpenRows {
                // Index incident_open.
                incidents: conn
                    .fetch_all(
                        sql("SELECT id FROM incident WHERE court = $1 AND closed_ms IS NULL \
                             ORDER BY opened_ms, id")
                        .bind(&court),
                    )
                    .await?,
                // Index officer_by_court.
                officers: conn
                    .fetch_all(
                        sql("SELECT id FROM officer WHERE court = $1 ORDER BY id").bind(&court),
                    )
                    .await?,
                alarms: conn.fetch_all(sql(OPEN_ALARMS).bind(&court)).await?,
                // UNIQUE (court, year, number) of `incident`, from its end.
                last: conn
                    .fetch_optional(
                        sql("SELECT year, number FROM incident WHERE court = $1 \
                             ORDER BY year DESC, number DESC LIMIT 1")
                        .bind(&court),
                    )
                    .await?,
                // Primary key of `journal`, from its end.
                newest: conn
                    .fetch_optional(sql("SELECT at_ms FROM journal ORDER BY position DESC LIMIT 1"))
                    .await?,
            })
        })
    });
    let OpenRows { incidents, officers, alarms, last, newest } = limited(WHAT, read).await?;
    let number_last = |(year, number)| {
        let year = u16::try_from(year).map_err(|_| unreadable("the year of an incident"))?;
        Ok((year, u64::try_from(number).unwrap_or(0)))
    };
    Ok(OpenWork {
        incidents: incidents.iter().map(|(id,)| parsed(WHAT, id)).collect::<Result<_, _>>()?,
        officers: officers.iter().map(|(id,)| parsed(WHAT, id)).collect::<Result<_, _>>()?,
        alarms: alarms.into_iter().map(alarm).collect::<Result<_, _>>()?,
        incident_number_last: last.map(number_last).transpose()?,
        newest_record: newest.map(|(at,)| UnixMillis(at)),
    })
}

/// Rows of [`open_work`].
struct OpenRows {
    incidents: Vec<(String,)>,
    officers: Vec<(String,)>,
    alarms: Vec<AlarmColumns>,
    last: Option<(i64, i64)>,
    newest: Option<(i64,)>,
}

/// The clocks of a court's cases that ring first.
pub async fn first_clocks(
    readers: Readers,
    court: CourtId,
    most: usize,
) -> Result<Vec<SetClock>, ReadFault> {
    const WHAT: &str = "clocks of cases";
    // Index case_clock_by_time.
    let query = sql("SELECT case_id, next_ms FROM case_clock WHERE court = $1 \
                     ORDER BY next_ms, case_id LIMIT $2")
    .bind(court.as_str())
    .bind(i64::try_from(most).unwrap_or(i64::MAX));
    let rows: Vec<(String, i64)> = limited(WHAT, readers.fetch_all(query)).await?;
    let read = |(case, next): (String, i64)| {
        Ok(SetClock { rings: UnixMillis(next), case: parsed(WHAT, &case)? })
    };
    rows.into_iter().map(read).collect()
}

/// Cases with a running node whose date was computed with another calendar.
pub async fn outdated_cases(
    readers: Readers,
    court: CourtId,
    calendar: CalendarVersion,
    most: usize,
) -> Result<Vec<CaseId>, ReadFault> {
    const WHAT: &str = "cases of another calendar";
    // Index running_node_by_calendar, the names before this one and those behind it.
    const RANGES: [&str; 2] = [
        "SELECT DISTINCT case_id FROM running_node WHERE court = $1 AND calendar < $2 LIMIT $3",
        "SELECT DISTINCT case_id FROM running_node WHERE court = $1 AND calendar > $2 LIMIT $3",
    ];
    let mut cases = Vec::new();
    for range in RANGES {
        let left = most.saturating_sub(cases.len());
        let query = sql(range)
            .bind(court.as_str())
            .bind(calendar.to_string())
            .bind(i64::try_from(left).unwrap_or(i64::MAX));
        let rows: Vec<(String,)> = limited(WHAT, readers.fetch_all(query)).await?;
        for (case,) in rows {
            cases.push(parsed(WHAT, &case)?);
        }
    }
    Ok(cases)
}

/// Identity, audience, kind, incident, officer, node, when.
type AlarmColumns = (String, String, String, Option<String>, Option<String>, Option<String>, i64);

fn alarm(row: AlarmColumns) -> Result<OpenAlarm, ReadFault> {
    const WHAT: &str = "an open alarm";
    let (alarm, audience, kind, incident, officer, node, at) = row;
    Ok(OpenAlarm {
        alarm: parsed(WHAT, &alarm)?,
        audience: audience_from_name(&audience)
            .ok_or_else(|| unreadable("the audience of an alarm"))?,
        kind,
        incident: incident.map(|text| parsed(WHAT, &text)).transpose()?,
        officer: officer.map(|text| parsed(WHAT, &text)).transpose()?,
        node: node
            .map(|text| text.parse())
            .transpose()
            .map_err(|_| unreadable("an alarm's node"))?,
        at: UnixMillis(at),
    })
}

/// The court's case of that number.
pub async fn case_numbered(
    readers: Readers,
    court: CourtId,
    number: CaseNumber,
) -> Result<Option<CaseId>, ReadFault> {
    const WHAT: &str = "a case by its number";
    // UNIQUE (court, number) of `case_file`.
    let query = sql("SELECT id FROM case_file WHERE court = $1 AND number = $2")
        .bind(court.as_str())
        .bind(number.as_str());
    let id: Option<(String,)> = limited(WHAT, readers.fetch_optional(query)).await?;
    id.map(|(id,)| parsed(WHAT, &id)).transpose()
}

/// The delivery of that id, if it was taken before.
pub async fn delivery(
    readers: Readers,
    source: String,
    webhook_id: String,
) -> Result<Option<Delivery>, ReadFault> {
    const WHAT: &str = "a delivery";
    // Primary key of `delivery`.
    let row: Option<(Vec<u8>, String, String)> = limited(
        WHAT,
        readers.fetch_optional(
            sql("SELECT body_sha256, tip, incident FROM delivery \
                 WHERE source_key = $1 AND webhook_id = $2")
            .bind(&source)
            .bind(&webhook_id),
        ),
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

/// Source and id of all deliveries of a court that are remembered; `None` when they are more than `most`.
/// For SQLite: the range needs text that is ordered by its bytes.
pub async fn deliveries(
    readers: Readers,
    court: CourtId,
    most: usize,
) -> Result<Option<DeliveryKeys>, ReadFault> {
    // Primary key of `delivery`. A court's id has no slash, and `0` is what follows a slash.
    let query = sql("SELECT source_key, webhook_id FROM delivery \
                     WHERE source_key > $1 AND source_key < $2 LIMIT $3")
    .bind(format!("{court}/"))
    .bind(format!("{court}0"))
    .bind(i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1));
    let keys: Vec<(String, String)> = limited("deliveries", readers.fetch_all(query)).await?;
    Ok((keys.len() <= most).then_some(keys))
}
