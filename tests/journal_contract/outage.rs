//! What a PostgreSQL server that restarts, dies, stays away or is set up wrongly does to the journal
//! (F08): nothing that was answered is lost, and "unknown" is said only where it is true.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tiande::journal::{OpenFault, PostgresJournal, VerifyOptions, verify};
use tiande_actors::ports::journal::{AppendFault, Journal as _};
use tiande_core::journal::StreamId;

use crate::postgres::{open, place, try_open};
use crate::samples::{tip, tip_taken};
use crate::server::{Cluster, Database, connect, run};
use crate::sqlite::Folder;

/// A server of this test's own, or SKIP.
pub fn cluster() -> Option<Cluster> {
    match Cluster::start(&[]) {
        Ok(cluster) => Some(cluster),
        Err(why) => {
            eprintln!("SKIP: {}", why.trim_end());
            None
        }
    }
}

/// What became of decisions.
#[derive(Default)]
pub struct Ends {
    pub taken: Vec<u64>,
    pub refused: Vec<u64>,
    pub unknown: Vec<u64>,
}

/// Sends tips one after the other until told to stop.
pub async fn send(
    journal: PostgresJournal,
    (next, taken): (Arc<AtomicU64>, Arc<AtomicU64>),
    over: Arc<AtomicBool>,
) -> Ends {
    let mut ends = Ends::default();
    let mut pause = tokio::time::interval(Duration::from_millis(5));
    while !over.load(Ordering::Relaxed) {
        let n = next.fetch_add(1, Ordering::Relaxed);
        match journal.append(tip_taken(n)).await {
            Ok(_) => {
                ends.taken.push(n);
                taken.fetch_add(1, Ordering::Relaxed);
            }
            Err(AppendFault::Unavailable | AppendFault::StorageFull) => {
                ends.refused.push(n);
                pause.tick().await;
            }
            Err(AppendFault::Unknown) => ends.unknown.push(n),
            Err(other) => unreachable!("{other:?}"),
        }
    }
    ends
}

/// Runs blocking work beside the senders.
pub async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    tokio::task::spawn_blocking(work).await.expect("no panic")
}

pub async fn taken_reaches(taken: &AtomicU64, count: u64) {
    let from = taken.load(Ordering::Relaxed);
    let mut looks = tokio::time::interval(Duration::from_millis(20));
    for _ in 0..1_500 {
        looks.tick().await;
        if taken.load(Ordering::Relaxed) >= from + count {
            return;
        }
    }
    unreachable!("the journal takes nothing any more");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_that_was_answered_is_lost_when_postgres_restarts_dies_or_ends_sessions() {
    let Some(mut cluster) = cluster() else { return };
    let (folder, url) = (Folder::new(), cluster.at("postgres"));
    let journal = open(folder.path(), &url).await;
    let (next, over) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let taken = Arc::new(AtomicU64::new(0));
    let senders: Vec<_> = (0..4)
        .map(|_| {
            tokio::spawn(send(
                journal.clone(),
                (Arc::clone(&next), Arc::clone(&taken)),
                Arc::clone(&over),
            ))
        })
        .collect();
    taken_reaches(&taken, 20).await;
    for order in ["end sessions", "restart", "kill", "end sessions"] {
        if order == "end sessions" {
            let mut admin = connect(&url).await;
            let all = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                       WHERE application_name LIKE 'tiande %'";
            sqlx::query(all).execute(&mut admin).await.expect("ended");
        } else {
            cluster = beside(move || {
                cluster.order(order);
                cluster
            })
            .await;
        }
        taken_reaches(&taken, 20).await;
    }
    over.store(true, Ordering::Relaxed);
    let mut all = Ends::default();
    for sender in senders {
        let ends = sender.await.expect("no panic");
        all.taken.extend(ends.taken);
        all.refused.extend(ends.refused);
        all.unknown.extend(ends.unknown);
    }
    assert!(!*journal.failed().borrow(), "it came back each time");
    assert_eq!(all.unknown, Vec::<u64>::new(), "each was found out");
    for n in &all.taken {
        let stored = journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readers heal");
        assert_eq!(stored.len(), 2, "tip {n} was answered and is lost");
    }
    for n in all.refused.iter().take(200) {
        let stored = journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readable");
        assert!(stored.is_empty(), "tip {n} was refused and is there");
    }
    journal.shutdown().await;
    let options = VerifyOptions { postgres: Some(place(&url)), ..VerifyOptions::of(folder.path()) };
    let report = verify(options).await.expect("readable");
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!(report.records, all.taken.len() as u64 * 4);
    eprintln!("{} taken, {} refused meanwhile", all.taken.len(), all.refused.len());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_stays_away_ends_the_server() {
    let Some(mut cluster) = cluster() else { return };
    let (folder, url) = (Folder::new(), cluster.at("postgres"));
    let journal = open(folder.path(), &url).await;
    journal.append(tip_taken(1)).await.expect("durable");
    let cluster = beside(move || {
        cluster.order("stop");
        cluster
    })
    .await;
    let limit = Duration::from_secs(60);
    let late = tokio::time::timeout(limit, journal.append(tip_taken(2))).await.expect("an answer");
    // Whether it was sent before the end of the session was seen is chance.
    assert!(matches!(late, Err(AppendFault::Unknown | AppendFault::Unavailable)), "{late:?}");
    let mut failed = journal.failed();
    let ended = tokio::time::timeout(limit, failed.wait_for(|failed| *failed)).await;
    assert!(ended.is_ok_and(|seen| seen.is_ok()));
    let after = journal.append(tip_taken(3)).await;
    assert!(matches!(after, Err(AppendFault::Unavailable)), "{after:?}");
    drop(cluster);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_would_lose_data_is_refused_with_what_to_do() {
    let Some(mut cluster) = cluster() else { return };
    let (folder, url) = (Folder::new(), cluster.at("postgres"));
    for (setting, says) in [
        ("fsync=off", "set fsync = on"),
        ("full_page_writes=off", "set full_page_writes = on"),
        ("data_sync_retry=on", "set data_sync_retry = off"),
        ("synchronous_commit=off", "set synchronous_commit = on"),
        ("zero_damaged_pages=on", "set zero_damaged_pages = off"),
        ("default_transaction_read_only=on", "default_transaction_read_only is on"),
    ] {
        cluster = beside(move || {
            cluster.order(&format!("restart -c {setting}"));
            cluster
        })
        .await;
        let fault = try_open(folder.path(), &url).await.expect_err(setting);
        assert!(matches!(fault, OpenFault::Unsafe { .. }), "{fault:?}");
        let line = fault.to_string();
        assert!(line.contains(says) && !line.contains('\n'), "{line}");
    }
    let cluster = beside(move || {
        cluster.order("restart");
        cluster
    })
    .await;
    // A weaker wait of the role or the database is raised, one that loses data is refused.
    run(&url, &["ALTER DATABASE postgres SET synchronous_commit = off"]).await;
    let fault = try_open(folder.path(), &url).await.expect_err("off");
    assert!(fault.to_string().contains("synchronous_commit = off"), "{fault}");
    run(&url, &["ALTER DATABASE postgres SET synchronous_commit = local"]).await;
    run(&url, &["ALTER DATABASE postgres SET default_transaction_isolation = serializable"]).await;
    let journal = open(folder.path(), &url).await;
    let set = journal
        .write(|mut conn| {
            Box::pin(async move {
                let text = "SELECT current_setting('synchronous_commit'), \
                            current_setting('statement_timeout'), current_setting('lock_timeout'), \
                            current_setting('idle_in_transaction_session_timeout'), \
                            current_setting('transaction_isolation')";
                conn.fetch_one(tiande::journal::sql::sql(text)).await
            })
        })
        .await;
    let set: (String, String, String, String, String) = set.expect("asked");
    let wanted = ["on", "2s", "1s", "5s", "read committed"].map(str::to_owned);
    assert_eq!([set.0, set.1, set.2, set.3, set.4], wanted);
    journal.shutdown().await;
    run(&url, &["CREATE DATABASE latin ENCODING 'LATIN1' LC_COLLATE 'C' LC_CTYPE 'C' LOCALE_PROVIDER libc TEMPLATE template0"]).await;
    let fault = try_open(folder.path(), &cluster.at("latin")).await.expect_err("encoding");
    assert!(fault.to_string().contains("ENCODING 'UTF8'"), "{fault}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lock_that_somebody_holds_is_a_refusal_and_no_wait() {
    if !crate::server::is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let journal = open(folder.path(), &database.url).await;
    let mut holder = connect(&database.url).await;
    sqlx::raw_sql("BEGIN; LOCK TABLE journal IN ACCESS EXCLUSIVE MODE")
        .execute(&mut holder)
        .await
        .expect("locked");
    let waited = tokio::time::timeout(Duration::from_secs(20), journal.append(tip_taken(1))).await;
    let refused = waited.expect("an answer in time");
    assert!(matches!(refused, Err(AppendFault::Unavailable)), "{refused:?}");
    sqlx::raw_sql("ROLLBACK").execute(&mut holder).await.expect("unlocked");
    journal.append(tip_taken(1)).await.expect("durable");
    assert!(!*journal.failed().borrow());
    journal.shutdown().await;
}
