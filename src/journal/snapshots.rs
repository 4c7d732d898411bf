//! Snapshots in the store, and streams read from them on, in either database.
//!
//! A snapshot is used only when its seal is ours, its version this program's, and its last record the
//! very one that stands in the journal. Else it is counted and passed over.
//!
//! **Not here:** what a snapshot is and when one is made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metrics::counter;
use tiande_actors::ports::journal::{ReadFault, Remembered, Stored};
use tiande_core::journal::{Snapshot, SnapshotVersion, StreamId, snapshot_version};

use super::job::StoreFault;
use super::reader::{limited, record, record_columns, records, unreadable};
use super::seal::SubjectKeys;
use super::sql::{Readers, Statement, sql_of_list};
use crate::fault;
use crate::keys::{KEY_LEN, MasterKey, keyed_hash};

/// Streams in one question. Eight values each at most, of the 32,766 that a statement may have.
const CHUNK: usize = 500;

/// The key that snapshots are sealed with.
#[derive(Clone)]
pub struct SnapshotKey([u8; KEY_LEN]);

impl SnapshotKey {
    /// The one that belongs to the master key.
    pub fn of(master: &MasterKey) -> Self {
        Self(master.derive("seals of snapshots"))
    }
}

fn mac(SnapshotKey(key): &SnapshotKey, stream: &str, row: &SealedSnapshot) -> [u8; 32] {
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
    readers: Readers,
    keys: Arc<SubjectKeys>,
    key: SnapshotKey,
    streams: Vec<StreamId>,
) -> Result<Vec<Remembered>, ReadFault> {
    let mut found = Vec::with_capacity(streams.len());
    for chunk in streams.chunks(CHUNK) {
        let mut snapshots = usable(&readers, &key, chunk).await?;
        let mut records = needed(&readers, &keys, chunk, &snapshots).await?;
        for stream in chunk {
            let records = records.remove(stream).unwrap_or_default();
            let snapshot = snapshots.remove(stream);
            whole(*stream, snapshot.as_ref(), &records)?;
            found.push(Remembered { snapshot, records });
        }
    }
    Ok(found)
}

/// Positions, sequences and numbers as the databases keep integers.
fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// Stream, number, shape, fold, kept numbers, body, hash of the last record, seal; hash that stands.
type SnapshotRow = (String, i64, i64, i64, String, Vec<u8>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

async fn usable(
    readers: &Readers,
    key: &SnapshotKey,
    streams: &[StreamId],
) -> Result<BTreeMap<StreamId, Snapshot>, ReadFault> {
    // Primary key of `snapshot`; UNIQUE (stream, seq) of `journal`.
    let mut query = sql_of_list(
        "SELECT s.stream, s.seq, s.shape, s.fold, s.kept, s.body, s.record_hash, s.mac, j.hash \
         FROM (VALUES LIST) AS v CROSS JOIN snapshot AS s \
         LEFT JOIN journal AS j ON j.stream = s.stream AND j.seq = s.seq \
         WHERE s.stream = v.column1",
        streams.len(),
        1,
    );
    for stream in streams {
        query = query.bind(stream.to_string());
    }
    let rows: Vec<SnapshotRow> = limited("snapshots", readers.fetch_all(query)).await?;
    let mut found = BTreeMap::new();
    for row in rows {
        let Ok(stream) = row.0.parse::<StreamId>() else { continue };
        match checked(row, key, stream) {
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
fn checked(row: SnapshotRow, key: &SnapshotKey, stream: StreamId) -> Result<Snapshot, Useless> {
    let (name, seq, shape, fold, kept, body, record_hash, seal, stands) = row;
    let small = |number| u16::try_from(number).unwrap_or(0);
    let version = SnapshotVersion { shape: small(shape), fold: small(fold) };
    if snapshot_version(stream) != Some(version) {
        return Err(Useless::Version);
    }
    let numbers = serde_json::from_str(&kept).map_err(|_| Useless::Damaged)?;
    let seq = u64::try_from(seq).map_err(|_| Useless::Damaged)?;
    let snapshot = Snapshot { seq, version, kept: numbers, body };
    let sealed = SealedSnapshot { snapshot, kept, record_hash };
    if mac(key, &name, &sealed) != *seal {
        return Err(Useless::Damaged);
    }
    if stands.as_ref() != Some(&sealed.record_hash) {
        return Err(Useless::History);
    }
    Ok(sealed.snapshot)
}

/// The records of the list that have these very numbers. UNIQUE (stream, seq); primary key of
/// `subject_key`.
const NAMED: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM (VALUES LIST) AS v CROSS JOIN journal AS j \
     LEFT JOIN subject_key AS k ON k.subject = j.subject \
     WHERE j.stream = v.column1 AND j.seq = v.column2"
);
/// Those that came after these numbers, by the same indexes.
const AFTER: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM (VALUES LIST) AS v CROSS JOIN journal AS j \
     LEFT JOIN subject_key AS k ON k.subject = j.subject \
     WHERE j.stream = v.column1 AND j.seq > v.column2"
);

/// What the snapshots name and what came after them, by stream, in order.
async fn needed(
    readers: &Readers,
    keys: &SubjectKeys,
    streams: &[StreamId],
    snapshots: &BTreeMap<StreamId, Snapshot>,
) -> Result<BTreeMap<StreamId, Vec<Stored>>, ReadFault> {
    // Before the read: a key forgotten meanwhile must not be remembered again.
    let generation = keys.generation();
    // Once each, whatever was asked.
    let named: BTreeSet<(StreamId, u64)> = snapshots
        .iter()
        .flat_map(|(stream, snapshot)| snapshot.kept.iter().map(move |seq| (*stream, *seq)))
        .collect();
    let after: BTreeSet<(StreamId, u64)> = streams
        .iter()
        .map(|stream| (*stream, snapshots.get(stream).map_or(0, |snapshot| snapshot.seq)))
        .collect();
    let mut found: BTreeMap<StreamId, Vec<Stored>> = BTreeMap::new();
    for (text, wanted) in [(NAMED, named), (AFTER, after)] {
        let wanted: Vec<_> = wanted.into_iter().collect();
        for chunk in wanted.chunks(CHUNK) {
            let mut query = sql_of_list(text, chunk.len(), 2);
            for (stream, seq) in chunk {
                query = query.bind(stream.to_string()).bind(signed(*seq));
            }
            for row in records(readers, query).await? {
                let (stream, stored) = record(row, keys, generation)?;
                found.entry(stream).or_default().push(stored);
            }
        }
    }
    found.values_mut().for_each(|records| records.sort_by_key(|record| record.seq));
    Ok(found)
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

/// Keeps snapshots, or counts them as lost. `write` runs a statement as an errand of the writer.
pub async fn keep<W>(
    readers: Readers,
    key: SnapshotKey,
    snapshots: Vec<(StreamId, Snapshot)>,
    write: impl Fn(Statement) -> W,
) where
    W: Future<Output = Result<u64, StoreFault>>,
{
    // The newest of each stream: a statement may change a row once.
    let many = snapshots.len() as u64;
    let mut newest: BTreeMap<StreamId, Snapshot> = BTreeMap::new();
    for (stream, snapshot) in snapshots {
        if newest.get(&stream).is_none_or(|known| known.seq <= snapshot.seq) {
            newest.insert(stream, snapshot);
        }
    }
    let newest: Vec<_> = newest.into_iter().collect();
    let mut kept = 0;
    for chunk in newest.chunks(CHUNK) {
        match keep_lot(&readers, &key, chunk, &write).await {
            Ok(count) => kept += count,
            Err(fault) => tracing::debug!(%fault, "snapshots were not kept"),
        }
    }
    counter!("tiande_snapshots_kept_total").increment(kept);
    counter!("tiande_snapshots_lost_total").increment(many.saturating_sub(kept));
}

/// Keeps snapshots of records that are durable; the others are dropped.
async fn keep_lot<W>(
    readers: &Readers,
    key: &SnapshotKey,
    snapshots: &[(StreamId, Snapshot)],
    write: impl Fn(Statement) -> W,
) -> Result<u64, StoreFault>
where
    W: Future<Output = Result<u64, StoreFault>>,
{
    let mut hashes = durable_hashes(readers, snapshots).await?;
    let rows: Vec<_> = snapshots
        .iter()
        .filter_map(|(stream, snapshot)| {
            let name = stream.to_string();
            let record_hash = hashes.remove(&name)?;
            let kept = serde_json::to_string(&snapshot.kept).expect("numbers always serialise");
            Some((name, SealedSnapshot { snapshot: snapshot.clone(), kept, record_hash }))
        })
        .collect();
    if rows.is_empty() {
        return Ok(0);
    }
    let mut statement = sql_of_list(
        "INSERT INTO snapshot (stream, seq, shape, fold, kept, body, record_hash, mac) VALUES LIST \
         ON CONFLICT (stream) DO UPDATE SET seq = excluded.seq, shape = excluded.shape, \
         fold = excluded.fold, kept = excluded.kept, body = excluded.body, \
         record_hash = excluded.record_hash, mac = excluded.mac",
        rows.len(),
        8,
    );
    for (name, sealed) in rows {
        let seal = mac(key, &name, &sealed).to_vec();
        let SealedSnapshot { snapshot, kept, record_hash } = sealed;
        statement = statement
            .bind(name)
            .bind(signed(snapshot.seq))
            .bind(u32::from(snapshot.version.shape))
            .bind(u32::from(snapshot.version.fold))
            .bind(kept)
            .bind(snapshot.body)
            .bind(record_hash)
            .bind(seal);
    }
    fault::point("snapshot.before_write");
    write(statement).await
}

/// Hashes of the last record of each snapshot, where it is durable, by stream. A record never changes,
/// so there is time until the writer's turn.
async fn durable_hashes(
    readers: &Readers,
    snapshots: &[(StreamId, Snapshot)],
) -> Result<BTreeMap<String, Vec<u8>>, StoreFault> {
    // UNIQUE (stream, seq).
    let mut query = sql_of_list(
        "SELECT j.stream, j.hash FROM (VALUES LIST) AS v CROSS JOIN journal AS j \
         WHERE j.stream = v.column1 AND j.seq = v.column2",
        snapshots.len(),
        2,
    );
    for (stream, snapshot) in snapshots {
        query = query.bind(stream.to_string()).bind(signed(snapshot.seq));
    }
    let rows: Vec<(String, Vec<u8>)> =
        readers.fetch_all(query).await.map_err(|error| StoreFault::Read(Some(error)))?;
    Ok(rows.into_iter().collect())
}
