//! Rows of the roots that courts have signed. Only ever inserted.
//!
//! **Not here:** how a root is computed and signed (`crate::proof`).

use tiande_actors::ports::journal::ReadFault;
use tiande_core::ids::CourtId;
use tiande_core::proof::{Blocks, DayRoot};
use tiande_core::time::UnixMillis;

use super::job::StoreFault;
use super::reader::{limited, parsed, unreadable};
use super::sql::{Readers, sql};
use super::store::Store;

/// Most roots that one list holds: twenty years of days.
pub const ROOTS_MAX: u32 = 8_000;

/// A root with its signature.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedRoot {
    /// What was signed.
    pub root: DayRoot,
    /// Ed25519.
    pub signature: [u8; 64],
}

/// Number, day, first, last, size, root, time, log root, signature.
type Columns = (i64, String, i64, i64, i64, Vec<u8>, i64, Vec<u8>, Vec<u8>);

fn signed_root(court: &CourtId, row: Columns) -> Result<SignedRoot, ReadFault> {
    const WHAT: &str = "a signed root";
    let number = |value: i64| u64::try_from(value).map_err(|_negative| unreadable(WHAT));
    let hash = |bytes: Vec<u8>| bytes.try_into().map_err(|_length| unreadable(WHAT));
    Ok(SignedRoot {
        root: DayRoot {
            court: court.clone(),
            number: number(row.0)?,
            day: parsed(WHAT, &row.1)?,
            first: number(row.2)?,
            last: number(row.3)?,
            size: number(row.4)?,
            root: hash(row.5)?,
            at: UnixMillis(row.6),
            log_root: hash(row.7)?,
        },
        signature: row.8.try_into().map_err(|_length| unreadable(WHAT))?,
    })
}

/// All roots of all courts, by court and number.
pub async fn roots_of(readers: &Readers) -> Result<Vec<SignedRoot>, ReadFault> {
    const WHAT: &str = "all signed roots";
    type Row = (i64, String, i64, i64, i64, Vec<u8>, i64, Vec<u8>, Vec<u8>, String);
    // UNIQUE (court, number).
    let query = sql("SELECT number, day, first_position, last_position, size, root, at_ms, \
         log_root, signature, court FROM day_root ORDER BY court, number");
    let rows: Vec<Row> = limited(WHAT, readers.fetch_all(query)).await?;
    let read = |row: Row| {
        let (number, day, first, last, size, root, at, log_root, signature, court) = row;
        let court = CourtId::parse(&court).map_err(|_bad| unreadable(WHAT))?;
        let row = (number, day, first, last, size, root, at, log_root, signature);
        signed_root(&court, row)
    };
    rows.into_iter().map(read).collect()
}

impl Store {
    /// Roots of a court after that number, in order, at most so many and at most [`ROOTS_MAX`].
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn day_roots(
        &self,
        court: &CourtId,
        after: u64,
        most: u32,
    ) -> Result<Vec<SignedRoot>, ReadFault> {
        let Ok(after) = i64::try_from(after) else { return Ok(Vec::new()) };
        // UNIQUE (court, number).
        let query = sql("SELECT number, day, first_position, last_position, size, root, at_ms, \
             log_root, signature FROM day_root WHERE court = $1 AND number > $2 \
             ORDER BY number LIMIT $3")
        .bind(court.as_str())
        .bind(after)
        .bind(most.min(ROOTS_MAX));
        let rows: Vec<Columns> = limited("signed roots", self.readers().fetch_all(query)).await?;
        rows.into_iter().map(|row| signed_root(court, row)).collect()
    }

    /// The newest root of a court.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn newest_root(&self, court: &CourtId) -> Result<Option<SignedRoot>, ReadFault> {
        // UNIQUE (court, number), from its end.
        let query = sql("SELECT number, day, first_position, last_position, size, root, at_ms, \
             log_root, signature FROM day_root WHERE court = $1 ORDER BY number DESC LIMIT 1")
        .bind(court.as_str());
        let row: Option<Columns> =
            limited("the newest root", self.readers().fetch_optional(query)).await?;
        row.map(|row| signed_root(court, row)).transpose()
    }

    /// The root that covers a position of the journal, and the blocks of its tree.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn root_over(
        &self,
        court: &CourtId,
        position: u64,
    ) -> Result<Option<(SignedRoot, Blocks)>, ReadFault> {
        const WHAT: &str = "the root over a record";
        let Ok(at) = i64::try_from(position) else { return Ok(None) };
        // Index day_root_by_last.
        let query = sql("SELECT number, day, first_position, last_position, size, root, at_ms, \
             log_root, signature, blocks FROM day_root WHERE court = $1 AND last_position >= $2 \
             ORDER BY last_position, number LIMIT 1")
        .bind(court.as_str())
        .bind(at);
        type Row = (i64, String, i64, i64, i64, Vec<u8>, i64, Vec<u8>, Vec<u8>, Vec<u8>);
        let row: Option<Row> = limited(WHAT, self.readers().fetch_optional(query)).await?;
        let Some((number, day, first, last, size, root, made, log_root, signature, blocks)) = row
        else {
            return Ok(None);
        };
        let row = (number, day, first, last, size, root, made, log_root, signature);
        let signed = signed_root(court, row)?;
        let blocks = Blocks::from_bytes(signed.root.size, &blocks);
        Ok(Some((signed, blocks.ok_or_else(|| unreadable(WHAT))?)))
    }

    /// Keeps a root that was signed. Durable on return; refused as taken when there is one of that
    /// number already.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_root(&self, signed: &SignedRoot, blocks: &Blocks) -> Result<(), StoreFault> {
        let number = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let root = &signed.root;
        // UNIQUE (court, number) is the last word on there being one root of a number.
        let statement = sql("INSERT INTO day_root (court, number, day, first_position, \
             last_position, size, root, at_ms, log_root, signature, blocks) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)")
        .bind(root.court.as_str())
        .bind(number(root.number))
        .bind(root.day.to_string())
        .bind(number(root.first))
        .bind(number(root.last))
        .bind(number(root.size))
        .bind(root.root.to_vec())
        .bind(root.at.0)
        .bind(root.log_root.to_vec())
        .bind(signed.signature.to_vec())
        .bind(blocks.to_bytes());
        self.write(move |mut conn| Box::pin(async move { conn.execute(statement).await.map(drop) }))
            .await
    }
}
