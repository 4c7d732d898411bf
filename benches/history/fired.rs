//! What has fired, as the journal tells it: how often each case, how late, and in which order.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::{Value, json};
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, PgConnection, Row as _, SqliteConnection};

/// Records of nodes after a position, in the order in which they were written.
const NODES: &str = "SELECT stream, at_ms, body FROM journal \
                     WHERE position > $1 AND kind = 'case.node' ORDER BY position";

/// A record: its stream, when it was decided, and its body.
type Record = (String, i64, Vec<u8>);

/// What was found.
#[derive(Debug, Default)]
pub struct Fired {
    /// How often each case's clock fired.
    times: BTreeMap<String, u64>,
    /// Milliseconds between due and decided, in the order of the journal.
    late_ms: Vec<i64>,
    /// When the one before was due.
    due_before: i64,
    out_of_order: u64,
}

impl Fired {
    fn take(&mut self, (stream, at, body): Record) {
        let body: Value = serde_json::from_slice(&body).expect("a record's body is JSON");
        if body["type"] != "fired" {
            return;
        }
        let due = body["data"]["due"].as_i64().expect("what fired was due");
        *self.times.entry(stream).or_default() += 1;
        self.late_ms.push(at - due);
        self.out_of_order += u64::from(due < self.due_before);
        self.due_before = due;
    }

    /// The figures. `decided` is court time: it is read before the record goes to the disk.
    pub fn json(mut self) -> Value {
        let doubled: u64 = self.times.values().map(|times| times - 1).sum();
        let early = self.late_ms.iter().filter(|late| **late < 0).count();
        self.late_ms.sort_unstable();
        let quantile = |share: f64| {
            let rank = (share * self.late_ms.len() as f64).ceil() as usize;
            self.late_ms.get(rank.saturating_sub(1)).copied()
        };
        json!({
            "cases": self.times.len(), "doubled": doubled, "early": early,
            "out_of_order": self.out_of_order,
            "decided_late_ms": {"p50": quantile(0.5), "p99": quantile(0.99), "max": quantile(1.0)},
        })
    }
}

/// Reads what fired after that position of the journal.
pub async fn fired(data: &Path, database: Option<&str>, after: i64) -> Fired {
    let mut fired = Fired::default();
    match database {
        None => {
            let options = SqliteConnectOptions::new().filename(data.join("tiande.sqlite"));
            let mut conn = SqliteConnection::connect_with(&options.read_only(true)).await;
            let conn = conn.as_mut().expect("opens");
            let rows = sqlx::query(NODES).bind(after).fetch_all(conn).await.expect("readable");
            rows.iter().for_each(|row| fired.take((row.get(0), row.get(1), row.get(2))));
        }
        Some(url) => {
            let mut conn = PgConnection::connect(url).await.expect("connects");
            let rows = sqlx::query(NODES).bind(after).fetch_all(&mut conn).await;
            let rows = rows.expect("readable");
            rows.iter().for_each(|row| fired.take((row.get(0), row.get(1), row.get(2))));
        }
    }
    fired
}
