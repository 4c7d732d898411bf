//! Records as they stand, with every column that their hash covers: for who must be able to compute
//! it.
//!
//! Also their hashes alone, a window of positions at a time, for the trees over them. All of it is
//! read, nothing waits for the writer.
//!
//! **Not here:** what is made of them (`crate::proof`), and who may see them.

use tiande_actors::ports::journal::ReadFault;
use tiande_core::ids::CourtId;
use tiande_core::journal::{StreamId, Subject};
use uuid::Uuid;

use super::envelope::{Envelope, HashAlg};
use super::reader::{limited, unreadable};
use super::seal::{Opened, SubjectKeys};
use super::sql::sql;
use super::store::Store;

/// Positions of one read of hashes. Bounds how long a read takes however few of the records are the
/// court's.
pub const WINDOW: u64 = 8_192;

/// A record with all its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Place in the whole journal.
    pub position: u64,
    /// Court.
    pub court: String,
    /// Stream, in its text form.
    pub stream: String,
    /// Number in the stream.
    pub seq: u64,
    /// Ownership epoch of the writer.
    pub epoch: u64,
    /// Kind of the event.
    pub kind: String,
    /// Schema version of the body.
    pub schema_version: u16,
    /// When it was decided, Unix milliseconds.
    pub at_ms: i64,
    /// Who caused it, JSON.
    pub by_json: String,
    /// Why, in a person's words.
    pub why: Option<String>,
    /// Hash function.
    pub hash_alg: HashAlg,
    /// Hash of the record before.
    pub prev_hash: [u8; 32],
    /// Whose key seals the personal part.
    pub subject: Option<Vec<u8>>,
    /// The body in clear, JSON.
    pub body: String,
    /// The personal part, sealed.
    pub sealed: Option<Vec<u8>>,
}

impl Record {
    /// Its envelope.
    #[must_use]
    pub fn envelope(&self) -> Envelope<'_> {
        Envelope {
            position: self.position,
            court: &self.court,
            stream: &self.stream,
            seq: self.seq,
            epoch: self.epoch,
            kind: &self.kind,
            schema_version: self.schema_version,
            at_ms: self.at_ms,
            by_json: &self.by_json,
            why: self.why.as_deref(),
            hash_alg: self.hash_alg,
            prev_hash: &self.prev_hash,
            subject: self.subject.as_deref(),
            body: self.body.as_bytes(),
            sealed: self.sealed.as_deref(),
        }
    }
}

/// A personal part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Personal {
    /// The record has none.
    None,
    /// Its key was destroyed.
    Forgotten,
    /// It is this, JSON.
    Plain(String),
}

/// The columns of the journal in their order.
type Columns = (
    i64,
    String,
    String,
    i64,
    i64,
    String,
    i64,
    i64,
    String,
    Option<String>,
    String,
    Vec<u8>,
    Vec<u8>,
    Option<Vec<u8>>,
    Vec<u8>,
    Option<Vec<u8>>,
);

/// The record, if its columns are what a writer wrote: its hash is the stored one.
fn record(row: Columns) -> Result<Record, ReadFault> {
    const WHAT: &str = "a record's columns";
    let bad = || unreadable(WHAT);
    let number = |value: i64| u64::try_from(value).map_err(|_negative| bad());
    let record = Record {
        position: number(row.0)?,
        court: row.1,
        stream: row.2,
        seq: number(row.3)?,
        epoch: number(row.4)?,
        kind: row.5,
        schema_version: u16::try_from(row.6).map_err(|_large| bad())?,
        at_ms: row.7,
        by_json: row.8,
        why: row.9,
        hash_alg: HashAlg::from_name(&row.10).ok_or_else(bad)?,
        prev_hash: row.11.try_into().map_err(|_length| bad())?,
        subject: row.13,
        body: String::from_utf8(row.14).map_err(|_encoding| bad())?,
        sealed: row.15,
    };
    if record.envelope().hash() == *row.12 {
        Ok(record)
    } else {
        Err(unreadable(format!("position {} was changed: its hash is another", record.position)))
    }
}

impl Store {
    /// A record of a stream. A damaged one is a fault: nothing is proved of it.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn record_at(&self, stream: StreamId, seq: u64) -> Result<Option<Record>, ReadFault> {
        let after = seq.checked_sub(1);
        let Some(after) = after else { return Ok(None) };
        let mut found = self.records_of(stream, after, 1).await?;
        Ok(found.pop().filter(|record| record.seq == seq))
    }

    /// Records of a stream after that number, in order, at most so many.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn records_of(
        &self,
        stream: StreamId,
        after: u64,
        most: u32,
    ) -> Result<Vec<Record>, ReadFault> {
        let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
        // UNIQUE (stream, seq).
        let query = sql(
            "SELECT position, court, stream, seq, epoch, kind, schema_version, at_ms, by_json, \
             why, hash_alg, prev_hash, hash, subject, body, sealed FROM journal \
             WHERE stream = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(stream.to_string())
        .bind(after)
        .bind(most);
        let rows: Vec<Columns> = limited("a record", self.readers().fetch_all(query)).await?;
        rows.into_iter().map(record).collect()
    }

    /// The personal part of a record.
    ///
    /// # Errors
    /// [`ReadFault`]; also when it is not what was sealed there.
    pub async fn personal_of(&self, record: &Record) -> Result<Personal, ReadFault> {
        const WHAT: &str = "a personal part";
        let (Some(subject), Some(sealed)) = (&record.subject, &record.sealed) else {
            return Ok(Personal::None);
        };
        // Primary key of `subject_key`.
        let query = sql("SELECT wrapped FROM subject_key WHERE subject = $1").bind(subject.clone());
        let row: Option<(Vec<u8>,)> = limited(WHAT, self.readers().fetch_optional(query)).await?;
        let Some((wrapped,)) = row else { return Ok(Personal::Forgotten) };
        let subject = Uuid::from_slice(subject).map_err(|_length| unreadable(WHAT))?;
        // Of its own, so that nothing of it stays in the cache of the running journal.
        let keys = SubjectKeys::new(&self.master_key(), super::seal::Randomness::default());
        let key = keys.unwrap_stored(Subject(subject), &wrapped).ok_or_else(|| unreadable(WHAT))?;
        match key.open(&record.stream, record.seq, &record.kind, sealed) {
            Opened::Plain(plain) => {
                String::from_utf8(plain).map(Personal::Plain).map_err(|_bad| unreadable(WHAT))
            }
            Opened::Forgotten => Ok(Personal::Forgotten),
            Opened::Damaged => Err(unreadable(WHAT)),
        }
    }

    /// Hashes of a court's records from one position to another, both with it, in order; at most
    /// [`WINDOW`] positions.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn hashes_between(
        &self,
        court: &CourtId,
        first: u64,
        last: u64,
    ) -> Result<Vec<(u64, [u8; 32])>, ReadFault> {
        const WHAT: &str = "hashes of records";
        let bound = |position: u64| i64::try_from(position).map_err(|_large| unreadable(WHAT));
        // Primary key of `journal`; the window bounds the rows of other courts.
        let query = sql("SELECT position, hash FROM journal \
             WHERE position >= $1 AND position <= $2 AND court = $3 ORDER BY position")
        .bind(bound(first)?)
        .bind(bound(last.min(first.saturating_add(WINDOW - 1)))?)
        .bind(court.as_str());
        let rows: Vec<(i64, Vec<u8>)> = limited(WHAT, self.readers().fetch_all(query)).await?;
        let read = |(position, hash): (i64, Vec<u8>)| {
            let hash = hash.try_into().map_err(|_length| unreadable(WHAT))?;
            Ok((u64::try_from(position).map_err(|_negative| unreadable(WHAT))?, hash))
        };
        rows.into_iter().map(read).collect()
    }

    /// Position of the journal's newest record; 0 when there is none.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn head_position(&self) -> Result<u64, ReadFault> {
        // Primary key of `journal`, from its end.
        let query = sql("SELECT position FROM journal ORDER BY position DESC LIMIT 1");
        let row: Option<(i64,)> =
            limited("the journal's head", self.readers().fetch_optional(query)).await?;
        Ok(row.map_or(0, |(position,)| u64::try_from(position).unwrap_or(0)))
    }

    /// When the journal's first record was decided, Unix milliseconds.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn begun_at(&self) -> Result<Option<i64>, ReadFault> {
        // Primary key of `journal`.
        let query = sql("SELECT at_ms FROM journal ORDER BY position LIMIT 1");
        let row: Option<(i64,)> =
            limited("the journal's beginning", self.readers().fetch_optional(query)).await?;
        Ok(row.map(|(at,)| at))
    }
}
