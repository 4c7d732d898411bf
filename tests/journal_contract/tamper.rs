//! Whatever is done to the database behind the server's back is found (I25).

use std::path::Path;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Row, SqliteConnection};
use tiande::journal::envelope::{Envelope, HashAlg};
use tiande::journal::{Store, VerifyOptions, VerifyReport, verify};
use tiande::proof::Proof;
use tiande::telemetry::SystemClock;
use tiande_actors::ports::journal::{Append, Journal};

use crate::samples::{court, officer_event, on_duty, registered, tip_taken};
use crate::sqlite::{Folder, open};

/// A closed journal of ten records, signed at its end.
async fn written() -> Folder {
    let folder = Folder::new();
    let journal = open(folder.path()).await;
    let first = Append { why: Some("换班".into()), ..tip_taken(1) };
    journal.append(first).await.expect("durable");
    journal.append(officer_event(1, 0, registered(1))).await.expect("durable");
    for seq in 1..=5 {
        journal.append(officer_event(1, seq, on_duty())).await.expect("durable");
    }
    journal.shutdown().await;
    folder
}

async fn raw(folder: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(folder.join("tiande.sqlite"));
    let mut conn = SqliteConnection::connect_with(&options).await.expect("opens");
    sqlx::query("PRAGMA ignore_check_constraints = ON").execute(&mut conn).await.expect("set");
    conn
}

async fn run(folder: &Path, statements: &[&str]) {
    let mut conn = raw(folder).await;
    for sql in statements {
        let done = sqlx::query(AssertSqlSafe(*sql)).execute(&mut conn).await.expect(sql);
        assert!(done.rows_affected() > 0, "{sql} changed nothing");
    }
    conn.close().await.expect("closes");
}

async fn report(folder: &Path) -> VerifyReport {
    verify(VerifyOptions::of(folder)).await.expect("readable")
}

fn says(report: &VerifyReport, position: i64, what: &str) -> bool {
    report.broken.iter().any(|b| b.position == position && b.what.contains(what))
}

#[tokio::test]
async fn an_untouched_journal_is_whole() {
    let folder = written().await;
    let report = report(folder.path()).await;
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!((report.records, report.checkpoints), (10, 1));
    assert_eq!(report.notes, Vec::<String>::new());
}

#[tokio::test]
async fn it_can_be_verified_while_a_server_writes() {
    let folder = written().await;
    let journal = open(folder.path()).await;
    journal.append(officer_event(1, 6, on_duty())).await.expect("durable");
    let report = report(folder.path()).await;
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!(report.records, 11);
    journal.shutdown().await;
}

#[tokio::test]
async fn one_flipped_bit_in_any_column_is_found() {
    let integers = ["seq", "epoch", "schema_version", "at_ms"];
    let texts = ["court", "stream", "kind", "by_json", "why", "hash_alg"];
    let blobs = ["prev_hash", "hash", "subject", "body", "sealed"];
    let folder = written().await;
    let mut conn = raw(folder.path()).await;
    let all = integers.iter().chain(&texts).chain(&blobs);
    for (column, kind) in all.map(|c| {
        (
            *c,
            if integers.contains(c) {
                'i'
            } else if texts.contains(c) {
                't'
            } else {
                'b'
            },
        )
    }) {
        // The first record has every column filled.
        let read = format!("SELECT {column} FROM journal WHERE position = 1");
        let write = format!("UPDATE journal SET {column} = ? WHERE position = 1");
        let row = sqlx::query(AssertSqlSafe(read)).fetch_one(&mut conn).await.expect("read");
        let (query, back) = (AssertSqlSafe(write.clone()), AssertSqlSafe(write));
        let (query, back) = (sqlx::query(query), sqlx::query(back));
        let (query, back) = match kind {
            'i' => {
                let value: i64 = row.get(0);
                // Far enough not to meet the unique index of another record.
                (query.bind(value ^ (1 << 12)), back.bind(value))
            }
            't' => {
                let value: String = row.get(0);
                let mut bytes = value.clone().into_bytes();
                let last = bytes.len() - 1;
                bytes[last] ^= 1;
                (query.bind(String::from_utf8(bytes).expect("text")), back.bind(value))
            }
            _ => {
                let value: Vec<u8> = row.get(0);
                let mut flipped = value.clone();
                flipped[value.len() / 2] ^= 0x10;
                (query.bind(flipped), back.bind(value))
            }
        };
        query.execute(&mut conn).await.expect("changed");
        let found = report(folder.path()).await;
        assert!(found.broken.iter().any(|b| b.position == 1), "{column}: {:?}", found.broken);
        back.execute(&mut conn).await.expect("changed back");
        assert!(report(folder.path()).await.is_whole(), "{column}");
    }
    conn.close().await.expect("closes");
}

#[tokio::test]
async fn a_deleted_record_is_found() {
    let folder = written().await;
    run(folder.path(), &["DELETE FROM journal WHERE position = 6"]).await;
    let found = report(folder.path()).await;
    assert!(says(&found, 7, "follows 5"), "{:?}", found.broken);
    assert!(says(&found, 7, "does not continue"), "{:?}", found.broken);
    assert!(says(&found, 7, "after 1"), "{:?}", found.broken);
}

#[tokio::test]
async fn swapped_records_are_found() {
    let folder = written().await;
    let swap = [
        "UPDATE journal SET position = -1 WHERE position = 6",
        "UPDATE journal SET position = 6 WHERE position = 7",
        "UPDATE journal SET position = 7 WHERE position = -1",
    ];
    run(folder.path(), &swap).await;
    let found = report(folder.path()).await;
    assert!(says(&found, 6, "was changed") && says(&found, 7, "was changed"), "{:?}", found.broken);
}

#[tokio::test]
async fn an_added_record_is_found_in_the_middle_and_at_the_end() {
    let copy = |position: i64, seq: i64| {
        format!(
            "INSERT INTO journal SELECT {position}, court, stream, {seq}, epoch, kind, \
             schema_version, at_ms, by_json, why, hash_alg, prev_hash, hash, subject, body, sealed \
             FROM journal WHERE position = 10"
        )
    };
    for (position, seq) in [(0, 50), (11, 7), (-5, 50)] {
        let folder = written().await;
        run(folder.path(), &[&copy(position, seq)]).await;
        let found = report(folder.path()).await;
        assert!(found.broken.iter().any(|b| b.position == position), "{:?}", found.broken);
    }
}

#[tokio::test]
async fn a_cut_end_is_found_by_the_checkpoint() {
    let folder = written().await;
    run(folder.path(), &["DELETE FROM journal WHERE position > 8"]).await;
    let found = report(folder.path()).await;
    assert!(says(&found, 10, "the journal was cut"), "{:?}", found.broken);
    // Without the checkpoint nobody could tell: that is why it lives elsewhere.
    let file = tiande::journal::checkpoint::default_file(folder.path());
    std::fs::remove_file(file).expect("removed");
    let blind = report(folder.path()).await;
    assert!(blind.is_whole() && !blind.notes.is_empty());
}

#[tokio::test]
async fn a_journal_written_anew_is_found_by_the_checkpoint() {
    let folder = written().await;
    let mut conn = raw(folder.path()).await;
    // The forger knows the format: another `why` in the first record, and all hashes made again.
    sqlx::query("UPDATE journal SET why = 'x' WHERE position = 1")
        .execute(&mut conn)
        .await
        .expect("changed");
    let rows = sqlx::query("SELECT * FROM journal ORDER BY position")
        .fetch_all(&mut conn)
        .await
        .expect("read");
    let mut prev_hash = [0; 32];
    for row in rows {
        let number = |name: &str| u64::try_from(row.get::<i64, _>(name)).expect("positive");
        let hash = Envelope {
            position: number("position"),
            court: row.get("court"),
            stream: row.get("stream"),
            seq: number("seq"),
            epoch: number("epoch"),
            kind: row.get("kind"),
            schema_version: row.get("schema_version"),
            at_ms: row.get("at_ms"),
            by_json: row.get("by_json"),
            why: row.get("why"),
            hash_alg: HashAlg::Sha256,
            prev_hash: &prev_hash,
            subject: row.get("subject"),
            body: row.get("body"),
            sealed: row.get("sealed"),
        }
        .hash();
        sqlx::query("UPDATE journal SET prev_hash = ?, hash = ? WHERE position = ?")
            .bind(prev_hash.to_vec())
            .bind(hash.to_vec())
            .bind(row.get::<i64, _>("position"))
            .execute(&mut conn)
            .await
            .expect("changed");
        prev_hash = hash;
    }
    conn.close().await.expect("closes");
    let found = report(folder.path()).await;
    assert_eq!(found.broken.len(), 1, "{:?}", found.broken);
    assert!(says(&found, 10, "not the record that was signed"), "{:?}", found.broken);
}

#[tokio::test]
async fn a_forged_checkpoint_is_found() {
    let folder = written().await;
    let file = tiande::journal::checkpoint::default_file(folder.path());
    let text = std::fs::read_to_string(&file).expect("read");
    std::fs::write(&file, text.replace("\"position\":10", "\"position\":9")).expect("written");
    let found = report(folder.path()).await;
    assert!(found.broken.iter().any(|b| b.what.contains("wrong signature")), "{:?}", found.broken);
}

#[tokio::test]
async fn an_unknown_kind_is_a_fault_of_reading_and_is_named_by_verify() {
    let folder = written().await;
    run(folder.path(), &["UPDATE journal SET kind = 'officer.flew' WHERE position = 6"]).await;
    let found = report(folder.path()).await;
    assert!(says(&found, 6, "officer.flew"), "{:?}", found.broken);
    let journal = open(folder.path()).await;
    let stream = tiande_core::journal::StreamId::Officer(crate::samples::officer(1));
    let fault = journal.read_stream(stream).await.expect_err("unknown");
    assert!(fault.what.contains("at 2"), "{fault:?}");
    journal.shutdown().await;
}

/// A journal with two day roots: over its ten records, and over two more.
async fn rooted() -> Folder {
    let folder = written().await;
    let store = Arc::new(Store::Sqlite(open(folder.path()).await));
    let proof = Proof::open(Arc::clone(&store), Arc::new(SystemClock)).expect("opens");
    proof.close_now(&court()).await.expect("signed");
    for seq in [6, 7] {
        store.append(officer_event(1, seq, on_duty())).await.expect("durable");
    }
    proof.close_now(&court()).await.expect("signed");
    store.shutdown().await;
    folder
}

#[tokio::test]
async fn a_day_root_over_other_records_or_of_another_hand_is_found() {
    let folder = rooted().await;
    let good = report(folder.path()).await;
    assert!(good.is_whole(), "{:?}", good.broken);
    assert_eq!((good.records, good.roots), (12, 2));
    // Whoever writes a record anew also writes its hash; the root still tells.
    run(folder.path(), &["UPDATE journal SET hash = zeroblob(32) WHERE position = 12"]).await;
    let found = report(folder.path()).await;
    assert!(says(&found, 12, "root 2 of changyuan is not over"), "{:?}", found.broken);
    assert_eq!(found.roots, 1);
    for (change, what) in [
        ("UPDATE day_root SET size = size - 1 WHERE number = 2", "is not signed"),
        ("UPDATE day_root SET day = '2020-01-01' WHERE number = 1", "is not signed"),
        ("UPDATE day_root SET log_root = zeroblob(32) WHERE number = 2", "does not go on"),
        ("DELETE FROM day_root WHERE number = 1", "is not the next one"),
        ("DELETE FROM day_root WHERE number = 2", "holds roots that the database does not"),
    ] {
        let folder = rooted().await;
        run(folder.path(), &[change]).await;
        let found = report(folder.path()).await;
        let told = found.broken.iter().any(|broken| broken.what.contains(what));
        assert!(told, "{change}: {:?}", found.broken);
    }
}
