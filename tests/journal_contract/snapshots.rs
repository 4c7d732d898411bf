//! Snapshots in SQLite: used when they are whole, passed over when they are not, and empty of people.

use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, SqliteConnection};
use tiande_actors::ports::journal::{Journal, Remembered};
use tiande_core::incident::Incident;
use tiande_core::journal::{StreamId, Subject};
use tiande_core::officer::Officer;

use crate::recalling::{folded, woken};
use crate::samples::*;
use crate::sqlite::{Folder, open};

fn first() -> StreamId {
    StreamId::Officer(officer(1))
}

/// Two officers of five events each, with a snapshot after the fourth.
async fn written() -> Folder {
    let folder = Folder::new();
    let journal = open(folder.path()).await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    for n in [1, 2] {
        let stream = StreamId::Officer(officer(n));
        port.append(officer_event(n, 0, registered(n))).await.expect("durable");
        for seq in 1..=3 {
            port.append(officer_event(n, seq, on_duty())).await.expect("durable");
        }
        port.keep(vec![(stream, folded::<Officer>(&port, stream).await.snapshot())]).await;
        port.append(officer_event(n, 4, committed(n, false))).await.expect("durable");
    }
    drop(port);
    journal.shutdown().await;
    folder
}

async fn run(folder: &Folder, sql: &str) {
    let options = SqliteConnectOptions::new().filename(folder.path().join("tiande.sqlite"));
    let mut conn = SqliteConnection::connect_with(&options).await.expect("opens");
    let done = sqlx::query(AssertSqlSafe(sql)).execute(&mut conn).await.expect(sql);
    assert!(done.rows_affected() > 0, "{sql} changed nothing");
    conn.close().await.expect("closes");
}

/// What is recalled of the first officer; in any case its fold is that of the whole stream.
async fn recalled(folder: &Folder) -> Remembered {
    let journal = open(folder.path()).await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    let found = port.recall(vec![first()]).await.expect("readable").remove(0);
    assert_eq!(woken::<Officer>(first(), &found), folded::<Officer>(&port, first()).await);
    drop(port);
    journal.shutdown().await;
    found
}

#[tokio::test]
async fn a_snapshot_saves_reading_what_is_in_it() {
    let folder = written().await;
    let found = recalled(&folder).await;
    let seqs: Vec<u64> = found.records.iter().map(|record| record.seq).collect();
    assert_eq!((found.snapshot.map(|s| s.seq), seqs), (Some(4), vec![1, 5]));
}

#[tokio::test]
async fn a_snapshot_that_somebody_has_changed_is_passed_over() {
    for change in [
        "body = CAST(replace(CAST(body AS TEXT), '\"on\"', '\"off\"') AS BLOB)",
        "seq = 3, record_hash = (SELECT hash FROM journal WHERE seq = 3 AND stream = snapshot.stream)",
        "kept = '[4]'",
        "kept = 'x'",
        "shape = shape + 1",
        "fold = fold - 1",
        "mac = zeroblob(32)",
        "record_hash = zeroblob(32)",
        "body = (SELECT body FROM snapshot AS other WHERE other.stream <> snapshot.stream)",
    ] {
        let folder = written().await;
        run(&folder, &format!("UPDATE snapshot SET {change}")).await;
        let found = recalled(&folder).await;
        assert_eq!((found.snapshot, found.records.len()), (None, 5), "{change}");
    }
}

#[tokio::test]
async fn a_snapshot_of_another_journal_is_passed_over() {
    // Both courts began alike and with the same keys; then their histories part.
    let (one, other) = (written().await, Folder::new());
    std::fs::create_dir_all(other.path().join("keys")).expect("made");
    for key in ["keys/master.key", "tiande.sqlite"] {
        std::fs::copy(one.path().join(key), other.path().join(key)).expect("copied");
    }
    for table in ["journal", "officer", "commitment"] {
        run(&other, &format!("DELETE FROM {table}")).await;
    }
    let journal = open(other.path()).await;
    for (seq, event) in (0..).zip([registered(1), on_duty(), on_duty(), on_duty(), on_duty()]) {
        journal.append(officer_event(1, seq, event)).await.expect("durable");
    }
    journal.shutdown().await;
    let found = recalled(&other).await;
    assert_eq!((found.snapshot, found.records.len()), (None, 5));
}

#[tokio::test]
async fn a_snapshot_tells_nothing_of_people_and_forgets_with_them() {
    let folder = Folder::new();
    let journal = open(folder.path()).await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    let (known, begun) = (first(), StreamId::Incident(incident(1)));
    port.append(tip_taken(1)).await.expect("durable");
    port.append(officer_event(1, 0, registered(1))).await.expect("durable");
    let snapshots = vec![
        (known, folded::<Officer>(&port, known).await.snapshot()),
        (begun, folded::<Incident>(&port, begun).await.snapshot()),
    ];
    port.keep(snapshots).await;
    let bytes = std::fs::read(folder.path().join("tiande.sqlite-wal")).expect("readable");
    assert!(bytes.windows(9).any(|w| w == b"searching"), "the snapshot is there");
    for secret in [SECRET, "王建国", "豫0783-07", "35.1997"] {
        assert!(!bytes.windows(secret.len()).any(|w| w == secret.as_bytes()), "{secret} in clear");
    }
    journal.forget(Subject(officer(1).0)).await.expect("forgotten");
    journal.forget(Subject(tip(1).0)).await.expect("forgotten");
    let found = port.recall(vec![known, begun]).await.expect("readable");
    assert!(found.iter().all(|found| found.snapshot.is_some()), "snapshots stay of use");
    let officer = woken::<Officer>(known, &found[0]);
    assert_eq!(officer, folded::<Officer>(&port, known).await);
    assert_eq!((officer.state.name.as_str(), officer.state.badge), ("", None));
    let incident = woken::<Incident>(begun, &found[1]);
    assert_eq!(incident, folded::<Incident>(&port, begun).await);
    assert_eq!(incident.state.place, None);
    drop(port);
    journal.shutdown().await;
}

#[tokio::test]
async fn many_streams_are_recalled_at_once() {
    let folder = Folder::new();
    let journal = open(folder.path()).await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    let count = 1_201;
    let tries: Vec<_> =
        (1..=count).map(|n| journal.append(officer_event(n, 0, registered(n)))).collect();
    for end in futures_util::future::join_all(tries).await {
        end.expect("durable");
    }
    let streams: Vec<StreamId> = (1..=count).rev().map(|n| StreamId::Officer(officer(n))).collect();
    let snapshot = folded::<Officer>(&port, streams[5]).await.snapshot();
    port.keep(vec![(streams[5], snapshot)]).await;
    let found = port.recall(streams.clone()).await.expect("readable");
    assert_eq!(found.iter().filter(|found| found.snapshot.is_some()).count(), 1);
    for (stream, found) in streams.iter().zip(&found) {
        assert_eq!(StreamId::Officer(woken::<Officer>(*stream, found).state.id), *stream);
        assert_eq!(found.records.len(), 1);
    }
    drop(port);
    journal.shutdown().await;
}
