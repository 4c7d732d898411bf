//! Snapshots in the store, and streams read from them on.
//!
//! A snapshot is used only when its seal is ours, its version this program's, and its last record the
//! very one that stands in the journal. Else it is counted and passed over.
//!
//! **Not here:** what a snapshot is and when one is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metrics::counter;
use sqlx::sqlite::{SqliteArguments, SqliteRow};
use sqlx::{Arguments, AssertSqlSafe, Row, SqlitePool};
use tiande_actors::ports::journal::{ReadFault, Remembered, Stored};
use tiande_core::journal::{Snapshot, SnapshotVersion, StreamId, snapshot_version};

use super::reader::{RECORD, count_read, fault, limited, record, unreadable};
use super::script::signed;
use super::{SqliteJournal, StoreFault};
use crate::journal::seal::SubjectKeys;
use crate::keys::{KEY_LEN, MasterKey, keyed_hash};

/// Streams in one question. Two values each, of 32,766 that a statement may have.
const CHUNK: usize = 500;
/// Questions about so few streams come again and again, so they are kept prepared.
const KEPT_PREPARED: usize = 4;

/// The key that snapshots are sealed with.
pub fn snapshot_key(master: &MasterKey) -> [u8; KEY_LEN] {
    master.derive("seals of snapshots")
}

fn mac(key: &[u8; KEY_LEN], stream: &str, row: &SealedSnapshot) -> [u8; 32] {
    let SealedSnapshot { snapshot, kept, record_hash } = row;
    let Snapshot { seq, version: SnapshotVersion { shape, fold }, body, .. } = snapshot;
    keyed_hash(
        key,
        &[
            stream.as_bytes(),
            &seq.to_be_bytes(),
            &shape.to_be_bytes(),
            &fold.to_be_bytes(),
            kept.as_bytes(),
            body,
            record_hash,
        ],
    )
}

/// What is sealed.
struct SealedSnapshot {
    snapshot: Snapshot,
    kept: String,
    record_hash: Vec<u8>,
}

/// Why a stored snapshot is passed over.
#[derive(Clone, Copy)]
enum Useless {
    /// Of another program.
    Version,
    /// Changed since it was written, or sealed with another key.
    Damaged,
    /// Of records that do not stand in this journal.
    History,
}

impl Useless {
    fn name(self) -> &'static str {
        match self {
            Self::Version => "version",
            Self::Damaged => "damaged",
            Self::History => "history",
        }
    }
}

/// Streams as actors wake from them, in the order asked for.
pub async fn recall(
    readers: SqlitePool,
    keys: Arc<SubjectKeys>,
    key: [u8; KEY_LEN],
    streams: Vec<StreamId>,
) -> Result<Vec<Remembered>, ReadFault> {
    let mut found = Vec::with_capacity(streams.len());
    for chunk in streams.chunks(CHUNK) {
        let mut snapshots = usable(&readers, &key, chunk).await?;
        let mut records = records(&readers, &keys, chunk, &snapshots).await?;
        for stream in chunk {
            let records = records.remove(stream).unwrap_or_default();
            let snapshot = snapshots.remove(stream);
            whole(*stream, snapshot.as_ref(), &records)?;
            found.push(Remembered { snapshot, records });
        }
    }
    Ok(found)
}

/// The question for a list of rows: `(?,?),(?,?)`.
fn rows_of(values: usize, rows: usize) -> String {
    let row = format!("({})", vec!["?"; values].join(","));
    vec![row; rows].join(",")
}

async fn usable(
    readers: &SqlitePool,
    key: &[u8; KEY_LEN],
    streams: &[StreamId],
) -> Result<BTreeMap<StreamId, Snapshot>, ReadFault> {
    const WHAT: &str = "snapshots";
    // Primary key of `snapshot`; UNIQUE (stream, seq) of `journal`.
    let sql = format!(
        "SELECT s.stream, s.seq, s.shape, s.fold, s.kept, s.body, s.record_hash, s.mac, j.hash \
         FROM (VALUES {}) AS v CROSS JOIN snapshot AS s \
         LEFT JOIN journal AS j ON j.stream = s.stream AND j.seq = s.seq \
         WHERE s.stream = v.column1",
        rows_of(1, streams.len())
    );
    let mut values = SqliteArguments::default();
    for stream in streams {
        values.add(stream.to_string()).map_err(|e| fault(WHAT, sqlx::Error::Encode(e)))?;
    }
    let query =
        sqlx::query_with(AssertSqlSafe(sql), values).persistent(streams.len() <= KEPT_PREPARED);
    let rows = limited(WHAT, query.fetch_all(readers)).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let name: &str = row.try_get(0).map_err(|e| fault(WHAT, e))?;
        let Ok(stream) = name.parse::<StreamId>() else { continue };
        match checked(&row, key, stream, name).map_err(|e| fault(WHAT, e))? {
            Ok(snapshot) => drop(found.insert(stream, snapshot)),
            Err(useless) => {
                counter!("tiande_snapshots_ignored_total", "why" => useless.name()).increment(1);
                tracing::warn!(%stream, why = useless.name(), "a snapshot is passed over");
            }
        }
    }
    Ok(found)
}

/// The snapshot of a row, or why it is of no use.
fn checked(
    row: &SqliteRow,
    key: &[u8; KEY_LEN],
    stream: StreamId,
    name: &str,
) -> Result<Result<Snapshot, Useless>, sqlx::Error> {
    let number = |at: usize| -> Result<u64, sqlx::Error> {
        Ok(u64::try_from(row.try_get::<i64, _>(at)?).unwrap_or(0))
    };
    let small = |at| Ok::<_, sqlx::Error>(u16::try_from(number(at)?).unwrap_or(0));
    let version = SnapshotVersion { shape: small(2)?, fold: small(3)? };
    if snapshot_version(stream) != Some(version) {
        return Ok(Err(Useless::Version));
    }
    let kept: String = row.try_get(4)?;
    let numbers: Option<Vec<u64>> = serde_json::from_str(&kept).ok();
    let snapshot = Snapshot {
        seq: number(1)?,
        version,
        kept: numbers.clone().unwrap_or_default(),
        body: row.try_get(5)?,
    };
    let sealed = SealedSnapshot { snapshot, kept, record_hash: row.try_get(6)? };
    let seal: &[u8] = row.try_get(7)?;
    if numbers.is_none() || mac(key, name, &sealed) != *seal {
        return Ok(Err(Useless::Damaged));
    }
    let stands: Option<&[u8]> = row.try_get(8)?;
    if stands != Some(&sealed.record_hash) {
        return Ok(Err(Useless::History));
    }
    Ok(Ok(sealed.snapshot))
}

/// What the snapshots name and what came after them, by stream, in order.
async fn records(
    readers: &SqlitePool,
    keys: &SubjectKeys,
    streams: &[StreamId],
    snapshots: &BTreeMap<StreamId, Snapshot>,
) -> Result<BTreeMap<StreamId, Vec<Stored>>, ReadFault> {
    // Before the read: a key forgotten meanwhile must not be remembered again.
    let generation = keys.generation();
    let named: Vec<(StreamId, u64)> = streams
        .iter()
        .filter_map(|stream| Some((*stream, snapshots.get(stream)?)))
        .flat_map(|(stream, snapshot)| snapshot.kept.iter().map(move |seq| (stream, *seq)))
        .collect();
    // Once each, whatever was asked.
    let after: BTreeSet<(StreamId, u64)> = streams
        .iter()
        .map(|stream| (*stream, snapshots.get(stream).map_or(0, |snapshot| snapshot.seq)))
        .collect();
    let after: Vec<(StreamId, u64)> = after.into_iter().collect();
    let mut found: BTreeMap<StreamId, Vec<Stored>> = BTreeMap::new();
    for (which, wanted) in [("=", named), (">", after)] {
        for chunk in wanted.chunks(CHUNK) {
            let rows = rows_where(readers, which, chunk).await?;
            count_read(rows.len());
            for row in rows {
                let (stream, stored) = record(&row, keys, generation)?;
                found.entry(stream).or_default().push(stored);
            }
        }
    }
    found.values_mut().for_each(|records| records.sort_by_key(|record| record.seq));
    Ok(found)
}

async fn rows_where(
    readers: &SqlitePool,
    which: &str,
    wanted: &[(StreamId, u64)],
) -> Result<Vec<SqliteRow>, ReadFault> {
    const WHAT: &str = "records of streams";
    // UNIQUE (stream, seq); primary key of `subject_key`.
    let sql = format!(
        "SELECT {RECORD} FROM (VALUES {}) AS v CROSS JOIN journal AS j \
         LEFT JOIN subject_key AS k ON k.subject = j.subject \
         WHERE j.stream = v.column1 AND j.seq {which} v.column2",
        rows_of(2, wanted.len())
    );
    let mut values = SqliteArguments::default();
    for (stream, seq) in wanted {
        let added = values.add(stream.to_string()).and_then(|()| values.add(signed(*seq)));
        added.map_err(|e| fault(WHAT, sqlx::Error::Encode(e)))?;
    }
    let query =
        sqlx::query_with(AssertSqlSafe(sql), values).persistent(wanted.len() <= KEPT_PREPARED);
    limited(WHAT, query.fetch_all(readers)).await
}

/// What comes after a snapshot is there without a gap.
fn whole(
    stream: StreamId,
    snapshot: Option<&Snapshot>,
    records: &[Stored],
) -> Result<(), ReadFault> {
    let from = snapshot.map_or(0, |snapshot| snapshot.seq);
    let tail = records.iter().filter(|record| record.seq > from);
    for (seq, record) in (from + 1..).zip(tail) {
        if record.seq != seq {
            return Err(unreadable(format!("{stream} has no event {seq}")));
        }
    }
    Ok(())
}

/// Keeps snapshots of records that are durable; the others are dropped.
pub async fn keep(
    journal: SqliteJournal,
    key: [u8; KEY_LEN],
    snapshots: Vec<(StreamId, Snapshot)>,
) -> Result<u64, StoreFault> {
    let mut rows = Vec::with_capacity(snapshots.len());
    for (stream, snapshot) in snapshots {
        // UNIQUE (stream, seq). A record never changes, so there is time until the writer's turn.
        let hash: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT hash FROM journal WHERE stream = ? AND seq = ?")
                .bind(stream.to_string())
                .bind(signed(snapshot.seq))
                .fetch_optional(journal.readers())
                .await
                .map_err(|error| StoreFault::Read(Some(error)))?;
        if let Some(record_hash) = hash {
            let kept = serde_json::to_string(&snapshot.kept).expect("numbers always serialise");
            rows.push((stream, SealedSnapshot { snapshot, kept, record_hash }));
        }
    }
    if rows.is_empty() {
        return Ok(0);
    }
    let sql = format!(
        "INSERT INTO snapshot (stream, seq, shape, fold, kept, body, record_hash, mac) VALUES {} \
         ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, shape = excluded.shape, \
         fold = excluded.fold, kept = excluded.kept, body = excluded.body, \
         record_hash = excluded.record_hash, mac = excluded.mac",
        rows_of(8, rows.len())
    );
    let mut values = SqliteArguments::default();
    for (stream, sealed) in rows {
        let name = stream.to_string();
        let seal = mac(&key, &name, &sealed).to_vec();
        let SealedSnapshot { snapshot, kept, record_hash } = sealed;
        values
            .add(name)
            .and_then(|()| values.add(signed(snapshot.seq)))
            .and_then(|()| values.add(i64::from(snapshot.version.shape)))
            .and_then(|()| values.add(i64::from(snapshot.version.fold)))
            .and_then(|()| values.add(kept))
            .and_then(|()| values.add(snapshot.body))
            .and_then(|()| values.add(record_hash))
            .and_then(|()| values.add(seal))
            .map_err(|error| StoreFault::Statement(sqlx::Error::Encode(error)))?;
    }
    crate::fault::point("snapshot.before_write");
    journal
        .write(move |conn| {
            Box::pin(async move {
                let done = sqlx::query_with(AssertSqlSafe(sql), values).execute(conn).await?;
                crate::fault::point("snapshot.mid_write");
                Ok(done.rows_affected())
            })
        })
        .await
}
