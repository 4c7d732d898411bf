//! What PostgreSQL, or the way to it, does in the middle of a decision: the decision is there once,
//! whole, and whoever asked hears so. Each test shows that its fault has really happened.

use std::process::Command;
use std::time::Duration;

use sqlx::{Connection as _, PgConnection, Row as _};
use tiande::journal::sql::sql;
use tiande::journal::{Store, VerifyOptions, verify};
use tiande_actors::ports::journal::{Append, Journal as _};
use tiande_core::journal::StreamId;
use tokio::time::{interval, timeout};

use crate::postgres::{open, place};
use crate::proxy::{Fault, Proxy};
use crate::queues::hold;
use crate::samples::{case_opened, raise, tip, tip_taken};
use crate::server::{Cluster, Database, connect, is_here, run};
use crate::sqlite::Folder;

/// A decision that writes to the first and to the last table of a group.
fn decision(n: u64) -> Append {
    Append { notices: vec![raise(n, n)], ..tip_taken(n) }
}

/// Where a group can stand.
const AT_FIRST: (&str, &str) =
    ("before the first row", "CREATE TRIGGER halt BEFORE INSERT ON delivery");
const BETWEEN: (&str, &str) =
    ("between two statements", "CREATE TRIGGER halt BEFORE INSERT ON journal");
const AT_LAST: (&str, &str) =
    ("before the last row", "CREATE TRIGGER halt BEFORE INSERT ON outbox");
const AT_COMMIT: (&str, &str) = (
    "before the commit",
    "CREATE CONSTRAINT TRIGGER halt AFTER INSERT ON outbox DEFERRABLE INITIALLY DEFERRED",
);

/// What is done where. A recovery is the same wherever it began, and takes its time.
const CASES: [((&str, &str), Blow); 7] = [
    (AT_FIRST, Blow::EndSession),
    (BETWEEN, Blow::EndSession),
    (AT_LAST, Blow::EndSession),
    (AT_COMMIT, Blow::EndSession),
    (BETWEEN, Blow::KillProcess),
    (BETWEEN, Blow::KillServer),
    (AT_COMMIT, Blow::KillServer),
];

/// Makes the first group that comes to this point stand still, for less than its time limit. The
/// count of a sequence is not rolled back with a transaction.
async fn halt_at(url: &str, trigger: &str) {
    run(
        url,
        &[
            "CREATE SEQUENCE halts",
            "CREATE FUNCTION halt() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF nextval('halts') = 1 THEN PERFORM pg_sleep(1.2); END IF; RETURN NEW; END $$",
            &format!("{trigger} FOR EACH ROW EXECUTE FUNCTION halt()"),
        ],
    )
    .await;
}

/// The writer's process, once it stands still; else when it is there.
async fn writer(admin: &mut PgConnection, halted: bool) -> i32 {
    let mut looks = interval(Duration::from_millis(5));
    for _ in 0..2_000 {
        looks.tick().await;
        let found = sqlx::query(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() \
             AND application_name = 'tiande writer' AND (NOT $1 OR wait_event = 'PgSleep')",
        )
        .bind(halted)
        .fetch_optional(&mut *admin)
        .await
        .expect("asked");
        if let Some(row) = found {
            return row.get(0);
        }
    }
    unreachable!("no writer stands still");
}

/// How a group is interrupted.
#[derive(Clone, Copy, Debug)]
enum Blow {
    /// An administrator ends the session.
    EndSession,
    /// Its process is killed, upon which the server throws all memory away and recovers.
    KillProcess,
    /// The whole server is killed and started.
    KillServer,
}

async fn strike(blow: Blow, mut cluster: Cluster, admin: &mut PgConnection, pid: i32) -> Cluster {
    match blow {
        Blow::EndSession => {
            let ended = sqlx::query("SELECT pg_terminate_backend($1)").bind(pid);
            assert!(ended.fetch_one(admin).await.expect("asked").get::<bool, _>(0));
            cluster
        }
        Blow::KillProcess => {
            let killed = Command::new("kill").args(["-9", &pid.to_string()]).status();
            assert!(killed.is_ok_and(|status| status.success()), "the process is there");
            cluster
        }
        Blow::KillServer => {
            let restarted = tokio::task::spawn_blocking(move || {
                cluster.order("kill");
                cluster
            });
            restarted.await.expect("no panic")
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_interrupted_anywhere_is_there_once() {
    let mut cluster = match Cluster::start(&[]) {
        Ok(cluster) => cluster,
        Err(why) => return eprintln!("SKIP: {}", why.trim_end()),
    };
    for (number, ((point, trigger), blow)) in (1..).zip(CASES) {
        let name = format!("case{number}");
        run(&cluster.at("postgres"), &[&format!("CREATE DATABASE {name}")]).await;
        let (folder, url) = (Folder::new(), cluster.at(&name));
        let journal = Store::Postgres(open(folder.path(), &url).await);
        journal.append(decision(1)).await.expect("durable");
        halt_at(&url, trigger).await;
        let mut admin = connect(&url).await;
        // They wait together, so they are one group.
        let (go, held) = hold(&journal).await;
        let group: Vec<_> = (2..=4).map(|n| journal.append(decision(n))).collect();
        go.send(()).expect("the writer waits");
        held.await.expect("no panic");
        let halted = writer(&mut admin, true).await;
        cluster = strike(blow, cluster, &mut admin, halted).await;
        let mut ends = Vec::new();
        for end in group {
            ends.push(timeout(Duration::from_secs(40), end).await.expect("an answer"));
        }
        let mut admin = connect(&url).await;
        let case = format!("{point}, {blow:?}: {ends:?}");
        let journal = if *journal.failed().borrow() {
            // On a busy machine PostgreSQL may be back too late: then this server ends, in doubt.
            eprintln!("too late: {case}");
            assert!(matches!(blow, Blow::KillServer), "{case}");
            journal.shutdown().await;
            Store::Postgres(open(folder.path(), &url).await)
        } else {
            assert!(ends.iter().all(Result::is_ok), "{case}");
            assert_ne!(halted, writer(&mut admin, false).await, "{case}: it has survived");
            journal
        };
        let mut records = 0;
        for n in 1..=4 {
            let stored = journal.read_stream(StreamId::Tip(tip(n))).await.expect("readable");
            records += stored.len() as u64 * 2;
        }
        journal.shutdown().await;
        let postgres = Some(place(&url));
        let options = VerifyOptions { postgres, ..VerifyOptions::of(folder.path()) };
        let report = verify(options).await.expect("readable");
        assert!(report.is_whole() && report.records == records, "{case}: {report:?}");
        let all = ends.iter().all(Result::is_ok);
        assert!(records == 16 || (records == 4 && !all), "{case}: {records}");
        admin.close().await.expect("closes");
        // A server that recovers syncs every file there is.
        run(&cluster.at("postgres"), &[&format!("DROP DATABASE {name} WITH (FORCE)")]).await;
    }
}

/// Rows of a table, asked past the proxy.
async fn count(url: &str, text: &'static str) -> i64 {
    let mut conn = connect(url).await;
    let count = sqlx::query_scalar(text).fetch_one(&mut conn).await.expect("counted");
    conn.close().await.expect("closes");
    count
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_whose_answer_is_lost_is_found_out_and_not_done_twice() {
    if !is_here() {
        return;
    }
    // A way that breaks, one that breaks before, and one that falls silent without breaking.
    for fault in [Fault::LosesAnswer, Fault::LosesQuestion, Fault::FallsSilent] {
        let (folder, database) = (Folder::new(), Database::fresh().await);
        let proxy = Proxy::before(&database.url);
        let journal = open(folder.path(), &proxy.url).await;
        // Twice, so that all is prepared and a group is one question and one answer.
        for n in 1..=2 {
            journal.append(tip_taken(n)).await.expect("durable");
        }
        proxy.arm(fault, "tiande writer", b"");
        let end = timeout(Duration::from_secs(40), journal.append(tip_taken(3))).await;
        end.expect("an answer").unwrap_or_else(|error| unreachable!("{fault:?}: {error:?}"));
        assert_eq!(proxy.bitten(), 1, "{fault:?} has not happened");
        assert_eq!(count(&database.url, "SELECT COUNT(*) FROM journal").await, 12, "{fault:?}");
        journal.append(tip_taken(4)).await.expect("it goes on");
        assert!(!*journal.failed().borrow());
        journal.shutdown().await;
        let postgres = Some(place(&database.url));
        let options = VerifyOptions { postgres, ..VerifyOptions::of(folder.path()) };
        assert!(verify(options).await.expect("readable").is_whole(), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_errand_whose_commit_is_not_answered_is_done_once_or_refused() {
    if !is_here() {
        return;
    }
    for (fault, done) in [(Fault::LosesAnswer, true), (Fault::LosesQuestion, false)] {
        let (folder, database) = (Folder::new(), Database::fresh().await);
        let proxy = Proxy::before(&database.url);
        let journal = open(folder.path(), &proxy.url).await;
        journal.append(case_opened(1, "(2026)豫0783执7号")).await.expect("durable");
        proxy.arm(fault, "tiande writer", b"COMMIT");
        let end = journal
            .write(|mut conn| {
                Box::pin(async move {
                    let text = "INSERT INTO case_file (id, court, number) VALUES ($1, 'x', 'y')";
                    conn.execute(sql(text).bind("z")).await
                })
            })
            .await;
        assert_eq!(proxy.bitten(), 1, "{fault:?} has not happened");
        assert_eq!(end.is_ok(), done, "{fault:?}: {end:?}");
        let rows = count(&database.url, "SELECT COUNT(*) FROM case_file WHERE id = 'z'").await;
        assert_eq!(rows, i64::from(done), "{fault:?}");
        journal.append(case_opened(2, "(2026)豫0783执8号")).await.expect("it goes on");
        journal.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_lost_again_and_again_ends_the_server() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let proxy = Proxy::before(&database.url);
    let journal = open(folder.path(), &proxy.url).await;
    journal.append(tip_taken(1)).await.expect("durable");
    let mut failed = journal.failed();
    // The first session has its call prepared, each later one sends its text.
    proxy.arm(Fault::LosesQuestion, "tiande writer", b"");
    let call = b"SELECT pg_temp.tiande_append(";
    let flapping = async {
        // Each group finds the database, and loses it before it is written.
        let mut pause = interval(Duration::from_millis(1));
        while !*journal.failed().borrow() {
            let mut append = journal.append(tip_taken(2));
            let end = loop {
                tokio::select! {
                    end = &mut append => break end,
                    _ = pause.tick() => {
                        if proxy.bitten() > 0 {
                            proxy.arm(Fault::LosesQuestion, "tiande writer", call);
                        }
                    }
                }
            };
            assert!(end.is_err(), "nothing comes through");
        }
    };
    timeout(Duration::from_secs(60), flapping).await.expect("it goes on for ever");
    assert!(failed.wait_for(|failed| *failed).await.is_ok());
    assert!(proxy.bitten() > 3, "{}", proxy.bitten());
    assert_eq!(count(&database.url, "SELECT COUNT(*) FROM journal").await, 4);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn readers_that_fall_silent_do_not_keep_the_others_out() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let proxy = Proxy::before(&database.url);
    let journal = open(folder.path(), &proxy.url).await;
    journal.append(tip_taken(1)).await.expect("durable");
    let read = || journal.read_stream(StreamId::Tip(tip(1)));
    read().await.expect("readable");
    // Only a read asks for this. A connection that goes back is asked, a moment later, whether it still
    // stands: that question is not to be struck.
    let words: &'static str = StreamId::Tip(tip(1)).to_string().leak();
    // All connections that readers may have, one after the other.
    let mut silent = Vec::new();
    for number in 1..=4 {
        proxy.arm(Fault::FallsSilent, "tiande reader", words.as_bytes());
        silent.push(tokio::spawn(read()));
        let mut looks = interval(Duration::from_millis(5));
        while proxy.bitten() < number {
            looks.tick().await;
        }
    }
    for read in silent {
        let end = timeout(Duration::from_secs(8), read).await.expect("told in time");
        assert!(end.expect("no panic").is_err(), "nothing came through");
    }
    let again = async {
        let mut tries = interval(Duration::from_millis(100));
        while read().await.is_err() {
            tries.tick().await;
        }
    };
    timeout(Duration::from_secs(8), again).await.expect("there is a way for readers again");
    journal.shutdown().await;
}
