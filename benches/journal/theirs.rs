//! The other sides: the same bytes put into SQLite and PostgreSQL as a careful user would, in
//! batches of a thousand, and the bare disk.
//!
//! **Not here:** our journal.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags, params};
use sqlx::PgConnection;

/// Rows in one transaction.
const BATCH: usize = 1_000;

/// An event as somebody would keep it who wants no more than a log: where it belongs, what it is, and
/// the rest of its bytes in one piece.
pub struct Row {
    pub position: i64,
    pub stream: String,
    pub seq: i64,
    pub kind: String,
    pub at_ms: i64,
    pub bytes: Vec<u8>,
}

impl Row {
    pub fn len(&self) -> usize {
        self.stream.len() + self.kind.len() + self.bytes.len() + 24
    }
}

/// What our journal has written behind `after`, as rows of the other side: no byte less.
pub fn rows_of(database: &Path, after: i64) -> Vec<Row> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let conn = Connection::open_with_flags(database, flags).expect("opens");
    let mut statement = conn
        .prepare(
            "SELECT position, stream, seq, kind, at_ms, court || by_json || hash_alg, \
             prev_hash, hash, COALESCE(subject, x''), body, COALESCE(sealed, x'') \
             FROM journal WHERE position > ? ORDER BY position",
        )
        .expect("prepares");
    let rows = statement.query_map([after], |row| {
        let mut bytes = row.get::<_, String>(5)?.into_bytes();
        for column in 6..=10 {
            bytes.extend(row.get::<_, Vec<u8>>(column)?);
        }
        Ok(Row {
            position: row.get(0)?,
            stream: row.get(1)?,
            seq: row.get(2)?,
            kind: row.get(3)?,
            at_ms: row.get(4)?,
            bytes,
        })
    });
    rows.expect("reads").collect::<Result<_, _>>().expect("reads")
}

/// SQLite by itself.
pub struct Sqlite(Connection);

impl Sqlite {
    pub const SETTINGS: &str = "WAL, synchronous=FULL, its own checkpoints, one prepared INSERT a row, \
                                1,000 rows a transaction, no second index";

    pub fn new(folder: &Path, indexed: bool) -> Self {
        let conn =
            Connection::open(folder.join(format!("theirs-{indexed}.sqlite"))).expect("opens");
        conn.pragma_update(None, "journal_mode", "WAL").expect("set");
        conn.pragma_update(None, "synchronous", "FULL").expect("set");
        conn.pragma_update(None, "cache_size", -32_768).expect("set");
        let unique = if indexed { ", UNIQUE (stream, seq)" } else { "" };
        conn.execute_batch(&format!(
            "CREATE TABLE event (position INTEGER PRIMARY KEY, stream TEXT NOT NULL, \
             seq INTEGER NOT NULL, kind TEXT NOT NULL, at_ms INTEGER NOT NULL, \
             bytes BLOB NOT NULL{unique}) STRICT"
        ))
        .expect("made");
        Self(conn)
    }

    /// Inserts them all; how long it took.
    pub fn insert(&mut self, rows: &[Row]) -> Duration {
        let start = Instant::now();
        for batch in rows.chunks(BATCH) {
            let transaction = self.0.transaction().expect("begins");
            let mut insert = transaction
                .prepare_cached("INSERT INTO event VALUES (?, ?, ?, ?, ?, ?)")
                .expect("prepares");
            for row in batch {
                let values =
                    params![row.position, row.stream, row.seq, row.kind, row.at_ms, row.bytes];
                insert.execute(values).expect("inserted");
            }
            drop(insert);
            transaction.commit().expect("durable");
        }
        start.elapsed()
    }
}

/// PostgreSQL by itself.
pub struct Postgres(PgConnection);

impl Postgres {
    pub const SETTINGS: &str = "synchronous_commit=on, one prepared INSERT .. SELECT unnest for 1,000 rows, no second index";

    pub async fn new(url: &str) -> Self {
        let mut conn = crate::server::connect(url).await;
        let made = sqlx::raw_sql(
            "CREATE TABLE event (position bigint PRIMARY KEY, stream text NOT NULL, \
             seq bigint NOT NULL, kind text NOT NULL, at_ms bigint NOT NULL, bytes bytea NOT NULL)",
        );
        made.execute(&mut conn).await.expect("made");
        Self(conn)
    }

    /// Inserts them all; how long it took.
    pub async fn insert(&mut self, rows: &[Row]) -> Duration {
        let start = Instant::now();
        for batch in rows.chunks(BATCH) {
            let query = sqlx::query(
                "INSERT INTO event SELECT * FROM \
                 unnest($1::bigint[], $2::text[], $3::bigint[], $4::text[], $5::bigint[], $6::bytea[])",
            )
            .bind(batch.iter().map(|row| row.position).collect::<Vec<_>>())
            .bind(batch.iter().map(|row| row.stream.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|row| row.seq).collect::<Vec<_>>())
            .bind(batch.iter().map(|row| row.kind.as_str()).collect::<Vec<_>>())
            .bind(batch.iter().map(|row| row.at_ms).collect::<Vec<_>>())
            .bind(batch.iter().map(|row| row.bytes.as_slice()).collect::<Vec<_>>());
            query.execute(&mut self.0).await.expect("durable");
        }
        start.elapsed()
    }
}

/// The bare disk: bytes written over a file that has its room already, and forced.
pub struct Disk {
    file: File,
    at: u64,
}

/// Room of the file.
const ROOM: u64 = 16 << 20;

impl Disk {
    pub fn new(folder: &Path) -> Self {
        let file = File::create(folder.join("disk")).expect("made");
        file.write_all_at(&vec![7; usize::try_from(ROOM).expect("fits")], 0).expect("written");
        file.sync_all().expect("synced");
        Self { file, at: 0 }
    }

    /// Writes so many bytes and forces them; how long it took.
    pub fn write(&mut self, bytes: &[u8]) -> Duration {
        let start = Instant::now();
        self.file.write_all_at(bytes, self.at).expect("written");
        self.file.sync_data().expect("synced");
        let took = start.elapsed();
        let next = self.at + u64::try_from(bytes.len()).expect("fits");
        self.at = if next + (1 << 20) > ROOM { 0 } else { next };
        took
    }
}
