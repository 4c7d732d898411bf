//! Walks the whole journal and says what is broken: `tiande journal verify`.
//!
//! It recomputes every hash, follows the chain, counts each stream, decodes each body, and looks for
//! every signed checkpoint on the chain: a checkpoint beyond the end means that the end was cut off,
//! one with another hash that the journal was written anew. The day roots of all courts are counted
//! again. It reads only, in pages, and works while
//! a server writes. It needs no secret key.
//!
//! **Not here:** repair. Read models are not checked: they can be built again.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::PathBuf;

use ed25519_dalek::VerifyingKey;
use sqlx::{ColumnIndex, Database, Decode, FromRow, Row, Type};
use tiande_core::journal::{By, DecodeFault, StreamId, decode};

use super::checkpoint::{self, Checkpoint};
use super::envelope::{Envelope, GENESIS, HashAlg};
use super::postgres::{self, PostgresOptions};
use super::sql::{PgReaders, Readers, sql};
use super::sqlite::{DATABASE, OpenFault, readers};
use super::verify_roots::RootWalk;
use crate::keys::KeyFault;

/// Records read at a time.
const PAGE: i64 = 1_000;
/// Faults listed; the rest is counted. One change near the start can break every later record.
const LISTED_MAX: usize = 1_000;

/// What to verify, and against what.
#[derive(Clone, Debug)]
pub struct VerifyOptions {
    /// Data folder of the server.
    pub data_dir: PathBuf,
    /// The database, when it is not the data folder's (a restored copy).
    pub database: Option<PathBuf>,
    /// The PostgreSQL database, when the journal is in one.
    pub postgres: Option<PostgresOptions>,
    /// Signed checkpoints kept elsewhere; without it the data folder's own, if there are any.
    pub checkpoint: Option<PathBuf>,
    /// Public key of the checkpoints, when it is not the data folder's.
    pub public_key: Option<PathBuf>,
}

impl VerifyOptions {
    /// A data folder against its own checkpoints.
    #[must_use]
    pub fn of(data_dir: impl Into<PathBuf>) -> Self {
        Self {
            data_dir: data_dir.into(),
            database: None,
            postgres: None,
            checkpoint: None,
            public_key: None,
        }
    }
}

/// Why it could not be verified at all.
#[derive(Debug, thiserror::Error)]
pub enum VerifyFault {
    /// The database cannot be opened.
    #[error("cannot open the journal")]
    Open(#[source] OpenFault),
    /// It cannot be read to its end.
    #[error("cannot read the journal")]
    Read(#[source] sqlx::Error),
    /// The checkpoints or their key cannot be read.
    #[error(transparent)]
    Checkpoints(#[from] KeyFault),
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where.
    pub position: i64,
    /// What.
    pub what: String,
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "position {}: {}", self.position, self.what)
    }
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Records walked.
    pub records: u64,
    /// Position and hash of the last one.
    pub head: Option<(i64, [u8; 32])>,
    /// Signed checkpoints that stand on the chain.
    pub checkpoints: usize,
    /// Signed day roots that are over the records they were signed over.
    pub roots: usize,
    /// What is wrong, by position, at most a thousand.
    pub broken: Vec<Broken>,
    /// How many more are wrong.
    pub broken_more: u64,
    /// What is no fault of the journal, such as a line of the checkpoints cut short by a crash.
    pub notes: Vec<String>,
}

impl VerifyReport {
    /// True when nothing is wrong.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.broken.is_empty()
    }

    fn add(&mut self, position: i64, what: impl Into<String>) {
        if self.broken.len() < LISTED_MAX {
            self.broken.push(Broken { position, what: what.into() });
        } else {
            self.broken_more += 1;
        }
    }
}

/// Verifies a journal.
///
/// # Errors
/// [`VerifyFault`] when it cannot be read; what is broken in it is in the report.
pub async fn verify(options: VerifyOptions) -> Result<VerifyReport, VerifyFault> {
    let mut report = VerifyReport::default();
    // Before the walk: a server that runs may sign more meanwhile, but not beyond what we then read.
    let checkpoints = checkpoints(&options, &mut report)?;
    let public = options.public_key.clone();
    let public = public.unwrap_or_else(|| checkpoint::default_public_key(&options.data_dir));
    let key = checkpoint::read_public_key(&public).ok();
    let walk =
        Walk { report, checkpoints, key, data_dir: options.data_dir.clone(), ..Walk::default() };
    if let Some(wanted) = &options.postgres {
        let pool = postgres::verifying_pool(wanted).await.map_err(VerifyFault::Open)?;
        let runtime = tokio::runtime::Handle::current();
        let readers = Readers::Postgres(PgReaders { pool: pool.clone(), runtime });
        let walked = walk.run(&readers).await;
        pool.close().await;
        return walked.map_err(VerifyFault::Read);
    }
    let database = options.database.unwrap_or_else(|| options.data_dir.join(DATABASE));
    let pool = readers(&database, 1).await.map_err(VerifyFault::Open)?;
    let walked = walk.run(&Readers::Sqlite(pool.clone())).await;
    pool.close().await;
    walked.map_err(VerifyFault::Read)
}

fn checkpoints(
    options: &VerifyOptions,
    report: &mut VerifyReport,
) -> Result<BTreeMap<i64, Vec<Checkpoint>>, VerifyFault> {
    let own = checkpoint::default_file(&options.data_dir);
    let file = match &options.checkpoint {
        Some(file) => file,
        None if own.exists() => &own,
        None => {
            report.notes.push("no signed checkpoints: a cut end would not be seen".to_owned());
            return Ok(BTreeMap::new());
        }
    };
    let public = options.public_key.clone();
    let public = public.unwrap_or_else(|| checkpoint::default_public_key(&options.data_dir));
    let read = checkpoint::read_file(file, &public)?;
    for (line, what) in read.bad {
        if what == "is unreadable" {
            report.notes.push(format!("line {line} of the checkpoints {what}"));
        } else {
            report.add(0, format!("line {line} of the checkpoints {what}"));
        }
    }
    let mut by_position: BTreeMap<i64, Vec<Checkpoint>> = BTreeMap::new();
    for checkpoint in read.good {
        let position = i64::try_from(checkpoint.position).unwrap_or(i64::MAX);
        by_position.entry(position).or_default().push(checkpoint);
    }
    Ok(by_position)
}

/// A walk from the first record to the last.
struct Walk {
    report: VerifyReport,
    checkpoints: BTreeMap<i64, Vec<Checkpoint>>,
    streams: HashMap<StreamId, u64>,
    position: i64,
    hash: [u8; 32],
    epoch: i64,
    key: Option<VerifyingKey>,
    data_dir: PathBuf,
    roots: RootWalk,
    found: Vec<(i64, String)>,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            report: VerifyReport::default(),
            checkpoints: BTreeMap::new(),
            streams: HashMap::new(),
            position: 0,
            hash: GENESIS,
            epoch: 0,
            key: None,
            data_dir: PathBuf::new(),
            roots: RootWalk::default(),
            found: Vec::new(),
        }
    }
}

impl Walk {
    async fn run(mut self, readers: &Readers) -> Result<VerifyReport, sqlx::Error> {
        // Before the walk, like checkpoints.
        (self.roots, self.found) = RootWalk::read(readers, self.key.as_ref(), &self.data_dir).await;
        let mut after = i64::MIN;
        loop {
            // Primary key of `journal`. Records are never changed, so pages need no common snapshot.
            let page = sql(
                "SELECT position, court, stream, seq, epoch, kind, schema_version, at_ms, by_json, \
                 why, hash_alg, prev_hash, hash, subject, body, sealed FROM journal \
                 WHERE position > $1 ORDER BY position LIMIT $2",
            )
            .bind(after)
            .bind(PAGE);
            let rows: Vec<Record> = readers.fetch_all(page).await?;
            for row in &rows {
                after = row.position;
                self.record(row);
            }
            if rows.is_empty() {
                break;
            }
        }
        for checkpoint in self.checkpoints.into_values().flatten() {
            let position = i64::try_from(checkpoint.position).unwrap_or(i64::MAX);
            self.report.add(position, "a record that was signed is missing: the journal was cut");
        }
        self.report.roots = self.roots.finish(&mut self.found);
        for (position, what) in self.found {
            self.report.add(position, what);
        }
        self.report.head = (self.report.records > 0).then_some((self.position, self.hash));
        self.report.broken.sort_by_key(|broken| broken.position);
        Ok(self.report)
    }

    fn record(&mut self, row: &Record) {
        let position = row.position;
        self.report.records += 1;
        if position != self.position + 1 {
            let what = format!("follows {}: records are missing or added", self.position);
            self.report.add(position, what);
        }
        self.position = position;
        match &row.columns {
            Ok(columns) => self.columns(position, columns),
            Err(error) => {
                self.report.add(position, format!("a column is unreadable: {error}"));
            }
        }
    }

    fn columns(&mut self, position: i64, columns: &Columns) {
        if columns.prev_hash != self.hash {
            self.report.add(position, "does not continue the record before");
        }
        let stored = <[u8; 32]>::try_from(columns.hash.as_slice()).unwrap_or(GENESIS);
        match columns.envelope(position) {
            Some(envelope) if envelope.hash() == stored => {}
            Some(_) => self.report.add(position, "was changed: its hash is another"),
            None => self.report.add(position, "was changed: a column is out of range"),
        }
        self.hash = stored;
        self.roots.record(position, &columns.court, &stored, &mut self.found);
        if columns.epoch < self.epoch {
            self.report.add(position, "is of an epoch that was over");
        }
        self.epoch = columns.epoch;
        self.stream(position, columns);
        if serde_json::from_str::<By>(&columns.by_json).is_err() {
            self.report.add(position, "does not say who caused it");
        }
        let version = u16::try_from(columns.schema_version).unwrap_or(0);
        match decode(&columns.kind, version, &columns.body, None) {
            Ok(_) => {}
            Err(fault @ (DecodeFault::Unknown { .. } | DecodeFault::Body { .. })) => {
                self.report.add(position, fault.to_string());
            }
        }
        for signed in self.checkpoints.remove(&position).unwrap_or_default() {
            if signed.hash == stored {
                self.report.checkpoints += 1;
            } else {
                self.report.add(position, "is not the record that was signed");
            }
        }
    }

    fn stream(&mut self, position: i64, columns: &Columns) {
        let Ok(stream) = columns.stream.parse::<StreamId>() else {
            self.report.add(position, "is of no stream");
            return;
        };
        let last = self.streams.entry(stream).or_insert(0);
        let seq = u64::try_from(columns.seq).unwrap_or(0);
        if seq != *last + 1 {
            self.report.add(position, format!("is number {seq} of {stream} after {last}"));
        }
        *last = seq;
    }
}

/// A row. That one column of it is unreadable is a finding, and no reason to stop.
struct Record {
    position: i64,
    columns: Result<Columns, sqlx::Error>,
}

struct Columns {
    court: String,
    stream: String,
    seq: i64,
    epoch: i64,
    kind: String,
    schema_version: i64,
    at_ms: i64,
    by_json: String,
    why: Option<String>,
    hash_alg: String,
    prev_hash: Vec<u8>,
    hash: Vec<u8>,
    subject: Option<Vec<u8>>,
    body: Vec<u8>,
    sealed: Option<Vec<u8>>,
}

impl<'r, R: Row> FromRow<'r, R> for Record
where
    usize: ColumnIndex<R>,
    i64: Decode<'r, R::Database> + Type<R::Database>,
    String: Decode<'r, R::Database> + Type<R::Database>,
    Option<String>: Decode<'r, R::Database> + Type<R::Database>,
    Vec<u8>: Decode<'r, R::Database> + Type<R::Database>,
    Option<Vec<u8>>: Decode<'r, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        let columns = || {
            Ok(Columns {
                court: row.try_get(1)?,
                stream: row.try_get(2)?,
                seq: row.try_get(3)?,
                epoch: row.try_get(4)?,
                kind: row.try_get(5)?,
                schema_version: row.try_get(6)?,
                at_ms: row.try_get(7)?,
                by_json: row.try_get(8)?,
                why: row.try_get(9)?,
                hash_alg: row.try_get(10)?,
                prev_hash: row.try_get(11)?,
                hash: row.try_get(12)?,
                subject: row.try_get(13)?,
                body: row.try_get(14)?,
                sealed: row.try_get(15)?,
            })
        };
        Ok(Self { position: row.try_get(0)?, columns: columns() })
    }
}

impl Columns {
    /// The envelope; `None` when a number does not fit its field, which no writer ever wrote.
    fn envelope(&self, position: i64) -> Option<Envelope<'_>> {
        Some(Envelope {
            position: u64::try_from(position).ok()?,
            court: &self.court,
            stream: &self.stream,
            seq: u64::try_from(self.seq).ok()?,
            epoch: u64::try_from(self.epoch).ok()?,
            kind: &self.kind,
            schema_version: u16::try_from(self.schema_version).ok()?,
            at_ms: self.at_ms,
            by_json: &self.by_json,
            why: self.why.as_deref(),
            hash_alg: HashAlg::from_name(&self.hash_alg)?,
            prev_hash: &self.prev_hash,
            subject: self.subject.as_deref(),
            body: &self.body,
            sealed: self.sealed.as_deref(),
        })
    }
}
