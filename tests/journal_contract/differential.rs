//! The same decisions give the same bytes in both stores (I29): every record, every row.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::future::join_all;
use sha2::{Digest as _, Sha256};
use tiande::journal::seal::Randomness;
use tiande::journal::sql::{Readers, Shape, sql};
use tiande::journal::{OpenOptions, Store, VerifyOptions, verify};
use tiande_actors::ports::journal::{Append, Journal as _, NoticeChange};
use tiande_core::incident::{IncidentEvent, Said};
use tiande_core::journal::{Event, StreamId, Subject};

use crate::postgres::place;
use crate::samples::*;
use crate::server::{Database, is_here};
use crate::sqlite::{Folder, options};

/// The same "random" bytes for each store.
fn randomness() -> Randomness {
    let count = AtomicU64::new(0);
    Randomness::of_test(move |bytes| {
        for chunk in bytes.chunks_mut(32) {
            let next = Sha256::digest(count.fetch_add(1, Ordering::Relaxed).to_be_bytes());
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    })
}

fn same_each_time(folder: &Path) -> OpenOptions {
    OpenOptions { randomness: randomness(), ..options(folder) }
}

/// One decision of each kind, some of them refused.
async fn script(store: &Store) -> Vec<String> {
    let mut said = Vec::new();
    let ack = |n| NoticeChange::Acknowledge { alarm: alarm(n), by: "李娜".into() };
    let settle = NoticeChange::Settle { incident: incident(1) };
    let bound = decision(vec![part(
        StreamId::Officer(officer(1)),
        2,
        vec![Event::Officer(committed(1, false)), Event::Officer(committed(2, true))],
    )]);
    let off = Said::under(Subject(tip(2).0), Some("债务人已还清"));
    let cancelled = Event::Incident(IncidentEvent::Cancelled { said: off });
    let steps = vec![
        Append {
            why: Some("换班 \"x\"".into()),
            notices: vec![raise(1, 1), raise(2, 1)],
            ..tip_taken(1)
        },
        officer_event(1, 0, registered(1)),
        officer_event(1, 1, on_duty()),
        tip_taken(2),
        bound,
        officer_event(1, 4, committed(3, false)),
        officer_event(1, 9, on_duty()),
        tip_taken(1),
        officer_event(1, 4, released(1)),
        case_opened(1, "(2026)豫0783执7号"),
        case_opened(2, "(2026)豫0783执7号"),
        notices(vec![ack(1), ack(1), raise(3, 2), ack(3)]),
        notices(vec![settle.clone(), settle]),
        decision(vec![part(StreamId::Incident(incident(1)), 2, vec![finished()])]),
        decision(vec![part(StreamId::Incident(incident(2)), 2, vec![cancelled])]),
    ];
    for step in steps {
        said.push(format!("{:?}", store.append(step).await.map_err(kind)));
    }
    for end in join_all((10..60).map(|n| store.append(tip_taken(n)))).await {
        said.push(format!("{:?}", end.map_err(kind)));
    }
    store.forget(Subject(tip(11).0)).await.expect("forgotten");
    said
}

/// A fault without the database's own words.
fn kind(fault: tiande_actors::ports::journal::AppendFault) -> String {
    let words = format!("{fault:?}");
    words.split_once('(').map_or(words.clone(), |(kind, _)| kind.to_owned())
}

async fn rows<T: Shape + std::fmt::Debug>(readers: &Readers, text: &'static str) -> String {
    let rows: Vec<T> = readers.fetch_all(sql(text)).await.expect("readable");
    rows.iter().map(|row| format!("{row:?}\n")).collect()
}

type Record = (i64, String, String, i64, i64, String, i64, i64, String, Option<String>, String);
type Bytes = (i64, Vec<u8>, Vec<u8>, Option<Vec<u8>>, Vec<u8>, Option<Vec<u8>>);
type IncidentRow =
    (String, String, i64, i64, String, String, String, i64, i64, Option<i64>, Option<String>, i64);
type AlarmRow = (
    String,
    i64,
    String,
    String,
    String,
    Option<String>,
    Option<String>,
    i64,
    Option<String>,
    Option<i64>,
    Option<i64>,
);

/// Everything that a store holds, table by table.
async fn dump(store: &Store) -> Vec<String> {
    let r = &store.readers();
    vec![
        rows::<Record>(
            r,
            "SELECT position, court, stream, seq, epoch, kind, schema_version, at_ms, by_json, why, \
             hash_alg FROM journal ORDER BY position",
        )
        .await,
        rows::<Bytes>(
            r,
            "SELECT position, prev_hash, hash, subject, body, sealed FROM journal ORDER BY position",
        )
        .await,
        rows::<(Vec<u8>, Vec<u8>, i64)>(r, "SELECT * FROM subject_key ORDER BY subject").await,
        rows::<(i64, i64, String, Vec<u8>)>(r, "SELECT * FROM boot ORDER BY epoch").await,
        rows::<IncidentRow>(
            r,
            "SELECT id, court, year, number, kind, urgency, status, opened_ms, updated_ms, \
             closed_ms, outcome, exercise FROM incident ORDER BY id",
        )
        .await,
        rows::<(String, Option<String>)>(r, "SELECT id, tip FROM incident ORDER BY id").await,
        rows::<(String, String, String, i64, String, String)>(r, "SELECT * FROM tip ORDER BY id")
            .await,
        rows::<(String, String)>(r, "SELECT * FROM tip_incident ORDER BY tip").await,
        rows::<(String, String, i64, String)>(r, "SELECT * FROM officer ORDER BY id").await,
        rows::<(String, String, String, i64, i64)>(
            r,
            "SELECT * FROM commitment ORDER BY officer, incident",
        )
        .await,
        rows::<(String, String, String)>(r, "SELECT * FROM case_file ORDER BY id").await,
        rows::<(String, String, Vec<u8>, String, String, i64)>(
            r,
            "SELECT * FROM delivery ORDER BY source_key, webhook_id",
        )
        .await,
        rows::<AlarmRow>(
            r,
            "SELECT id, position, court, audience, kind, incident, officer, raised_ms, \
             acknowledged_by, acknowledged_ms, settled_ms FROM outbox ORDER BY id",
        )
        .await,
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_same_decisions_give_the_same_bytes() {
    if !is_here() {
        return;
    }
    let (one, other, database) = (Folder::new(), Folder::new(), Database::fresh().await);
    let sqlite = Store::open(same_each_time(one.path()), None).await.expect("opens");
    // Both under the same master key.
    std::fs::create_dir_all(other.path().join("keys")).expect("made");
    for key in ["master.key", "checkpoint.key", "checkpoint.pub"] {
        let from = one.path().join("keys").join(key);
        if from.exists() {
            std::fs::copy(from, other.path().join("keys").join(key)).expect("copied");
        }
    }
    let wanted = Some(place(&database.url));
    let postgres = Store::open(same_each_time(other.path()), wanted).await.expect("opens");
    let (here, there) = (script(&sqlite).await, script(&postgres).await);
    assert_eq!(here, there);
    assert!(here.iter().any(|said| said.contains("Violates")), "the script holds refusals");
    assert!(here.iter().any(|said| said.contains("Conflict")), "{here:?}");
    let (here, there) = (dump(&sqlite).await, dump(&postgres).await);
    assert!(here.iter().all(|table| !table.is_empty()), "each table holds something");
    for (here, there) in here.iter().zip(&there) {
        assert_eq!(here, there);
    }
    sqlite.shutdown().await;
    postgres.shutdown().await;
    // The signed checkpoints say the same, and each journal verifies.
    let postgres = Some(place(&database.url));
    let of_postgres = VerifyOptions { postgres, ..VerifyOptions::of(other.path()) };
    let here = verify(VerifyOptions::of(one.path())).await.expect("readable");
    let there = verify(of_postgres).await.expect("readable");
    assert!(here.is_whole() && here.checkpoints == 1, "{here:?}");
    assert_eq!(here, there);
}

/// A text with a NUL equals nothing that is stored, and is no fault of the database.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_text_with_a_nul_is_found_in_neither_store() {
    if !is_here() {
        return;
    }
    let (one, other, database) = (Folder::new(), Folder::new(), Database::fresh().await);
    let wanted = Some(place(&database.url));
    for store in [
        Store::open(options(one.path()), None).await.expect("opens"),
        Store::open(options(other.path()), wanted).await.expect("opens"),
    ] {
        let found = store.delivery("changyuan/a\0".into(), "msg\0".into()).await.expect("readable");
        assert_eq!(found, None);
        store.shutdown().await;
    }
}
