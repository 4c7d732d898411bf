//! Snapshots in a store: used when they are whole, passed over when they are not, and empty of people.

use std::sync::Arc;

use sqlx::{Connection as _, PgConnection};
use tiande_actors::ports::journal::{Journal, Remembered};
use tiande_core::incident::Incident;
use tiande_core::journal::{StreamId, Subject};
use tiande_core::officer::Officer;

use crate::home::{Home, on_both};
use crate::recalling::{folded, woken};
use crate::samples::*;
use crate::server::connect;

on_both!(
    a_snapshot_saves_reading_what_is_in_it,
    a_snapshot_that_somebody_has_changed_is_passed_over,
    a_snapshot_of_another_journal_is_passed_over,
    a_snapshot_tells_nothing_of_people_and_forgets_with_them,
    many_streams_are_recalled_at_once,
);

fn first() -> StreamId {
    StreamId::Officer(officer(1))
}

/// Two officers of five events each, with a snapshot after the fourth.
async fn write(home: &Home) {
    let journal = home.open().await;
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
}

/// What is recalled of the first officer; in any case its fold is that of the whole stream.
async fn recalled(home: &Home) -> Remembered {
    let journal = home.open().await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    let found = port.recall(vec![first()]).await.expect("readable").remove(0);
    assert_eq!(woken::<Officer>(first(), &found), folded::<Officer>(&port, first()).await);
    drop(port);
    journal.shutdown().await;
    found
}

async fn a_snapshot_saves_reading_what_is_in_it(home: Home) {
    write(&home).await;
    let found = recalled(&home).await;
    let seqs: Vec<u64> = found.records.iter().map(|record| record.seq).collect();
    assert_eq!((found.snapshot.map(|s| s.seq), seqs), (Some(4), vec![1, 5]));
}

async fn a_snapshot_that_somebody_has_changed_is_passed_over(home: Home) {
    write(&home).await;
    let on_for_off = home.words(
        "body = CAST(replace(CAST(body AS TEXT), '\"on\"', '\"off\"') AS BLOB)",
        "body = convert_to(replace(convert_from(body, 'UTF8'), '\"on\"', '\"off\"'), 'UTF8')",
    );
    let zeros = home.words("zeroblob(32)", "decode(repeat('00', 32), 'hex')");
    let (no_mac, no_hash) = (format!("mac = {zeros}"), format!("record_hash = {zeros}"));
    for change in [
        on_for_off,
        "seq = 3, record_hash = (SELECT hash FROM journal WHERE seq = 3 AND stream = snapshot.stream)",
        "kept = '[4]'",
        "kept = 'x'",
        "shape = shape + 1",
        "fold = fold - 1",
        &no_mac,
        &no_hash,
        "body = (SELECT body FROM snapshot AS other WHERE other.stream <> snapshot.stream)",
    ] {
        let twin = home.twin().await;
        twin.change(&format!("UPDATE snapshot SET {change}")).await;
        let found = recalled(&twin).await;
        assert_eq!((found.snapshot, found.records.len()), (None, 5), "{change}");
    }
}

async fn a_snapshot_of_another_journal_is_passed_over(home: Home) {
    // Both courts began alike and with the same keys; then their histories part.
    write(&home).await;
    let other = home.twin().await;
    for table in ["journal", "officer", "commitment"] {
        other.change(&format!("DELETE FROM {table}")).await;
    }
    let journal = other.open().await;
    for (seq, event) in (0..).zip([registered(1), on_duty(), on_duty(), on_duty(), on_duty()]) {
        journal.append(officer_event(1, seq, event)).await.expect("durable");
    }
    journal.shutdown().await;
    let found = recalled(&other).await;
    assert_eq!((found.snapshot, found.records.len()), (None, 5));
}

async fn a_snapshot_tells_nothing_of_people_and_forgets_with_them(home: Home) {
    let journal = home.open().await;
    let port: Arc<dyn Journal> = Arc::new(journal.clone());
    let (known, begun) = (first(), StreamId::Incident(incident(1)));
    port.append(tip_taken(1)).await.expect("durable");
    port.append(officer_event(1, 0, registered(1))).await.expect("durable");
    let snapshots = vec![
        (known, folded::<Officer>(&port, known).await.snapshot()),
        (begun, folded::<Incident>(&port, begun).await.snapshot()),
    ];
    port.keep(snapshots).await;
    let bytes = home.bytes().await;
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

async fn many_streams_are_recalled_at_once(home: Home) {
    let journal = home.open().await;
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

/// Scans of the whole journal and uses of its indexes, as PostgreSQL counts them. A session has told
/// what it counted when it is gone.
async fn scans(admin: &mut PgConnection) -> (i64, i64) {
    let sessions = "SELECT COUNT(*) FROM pg_stat_activity \
                    WHERE datname = current_database() AND application_name LIKE 'tiande %'";
    let mut looks = tokio::time::interval(std::time::Duration::from_millis(20));
    for _ in 0..500 {
        looks.tick().await;
        let left: i64 = sqlx::query_scalar(sessions).fetch_one(&mut *admin).await.expect("counted");
        if left == 0 {
            let counts =
                "SELECT seq_scan, idx_scan FROM pg_stat_user_tables WHERE relname = 'journal'";
            return sqlx::query_as(counts).fetch_one(admin).await.expect("counted");
        }
    }
    unreachable!("sessions of a journal that is closed");
}

/// A table that was just filled has no statistics, and the planner believes what it likes of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recall_from_a_table_without_statistics_scans_nothing() {
    let Some(home) = Home::in_postgres().await else { return };
    let url = home.database.as_ref().map(|database| database.url.clone()).expect("in PostgreSQL");
    let journal = home.open().await;
    let tries: Vec<_> =
        (1..=1_000).map(|n| journal.append(officer_event(n, 0, registered(n)))).collect();
    for end in futures_util::future::join_all(tries).await {
        end.expect("durable");
    }
    journal.shutdown().await;
    let mut admin = connect(&url).await;
    let before = scans(&mut admin).await;
    let journal = home.open().await;
    let streams: Vec<StreamId> = (1..=1_000).map(|n| StreamId::Officer(officer(n))).collect();
    assert_eq!(journal.recall(streams).await.expect("readable").len(), 1_000);
    journal.shutdown().await;
    let after = scans(&mut admin).await;
    assert!(after.1 >= before.1 + 1_000, "looked up one by one: {before:?} {after:?}");
    assert_eq!(after.0, before.0, "scans of the whole journal");
    admin.close().await.expect("closes");
}
