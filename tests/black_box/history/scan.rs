//! The least that a start which read everything would do: one bare scan of the journal's rows.

use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

use crate::support::waiting::Stopwatch;

/// The sum of all bodies' lengths and the number of records.
const SCAN: &str = "SELECT CAST(SUM(LENGTH(body)) AS bigint), COUNT(*) FROM journal";

/// What a scan found, and how long it took.
#[derive(Debug, Clone, Copy)]
pub struct Scanned {
    /// Bytes of all bodies.
    pub bodies: i64,
    pub records: i64,
    pub took: Duration,
}

/// Scans the journal of that data folder, or of the database of that address.
pub async fn scan(data: &Path, database: Option<&str>) -> Scanned {
    let row: (i64, i64);
    let took = match database {
        None => {
            let options = SqliteConnectOptions::new().filename(data.join("tiande.sqlite"));
            let options = options.read_only(true);
            let mut conn = SqliteConnection::connect_with(&options).await.expect("opens");
            let watch = Stopwatch::start();
            let found = sqlx::query(SCAN).fetch_one(&mut conn).await.expect("readable");
            row = (found.get(0), found.get(1));
            watch.elapsed()
        }
        Some(url) => {
            let mut conn = PgConnection::connect(url).await.expect("connects");
            let watch = Stopwatch::start();
            let found = sqlx::query(SCAN).fetch_one(&mut conn).await.expect("readable");
            row = (found.get(0), found.get(1));
            watch.elapsed()
        }
    };
    Scanned { bodies: row.0, records: row.1, took }
}
