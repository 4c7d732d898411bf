//! One server owns a PostgreSQL database at a time, and one that was replaced cannot write (I24).

use sqlx::{Connection as _, Row as _};
use tiande::journal::{OpenFault, StoreFault, VerifyOptions, verify};
use tiande_actors::ports::journal::{AppendFault, Journal as _};
use tokio::sync::oneshot;

use crate::postgres::{open, place, try_open};
use crate::samples::{officer_event, on_duty, registered, tip_taken};
use crate::server::{Database, connect, is_here, run};
use crate::sqlite::Folder;

/// A second data folder with the keys of the first, as a second machine would have it.
fn copy_of(folder: &Folder) -> Folder {
    let copy = Folder::new();
    std::fs::create_dir_all(copy.path().join("keys")).expect("made");
    let keys = std::fs::read_dir(folder.path().join("keys")).expect("listed");
    for key in keys.map(|key| key.expect("listed").path()) {
        let name = key.file_name().expect("a file").to_owned();
        std::fs::copy(&key, copy.path().join("keys").join(name)).expect("copied");
    }
    copy
}

/// Ends the writer's sessions in that database, as an administrator can.
async fn end_writers(url: &str) {
    let mut conn = connect(url).await;
    let ended = sqlx::query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
         WHERE datname = current_database() AND application_name = 'tiande writer'",
    )
    .fetch_all(&mut conn)
    .await
    .expect("ended");
    assert!(ended.iter().all(|row| row.get::<bool, _>(0)) && !ended.is_empty());
    conn.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_server_on_the_same_database_is_refused_while_the_first_lives() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let first = open(folder.path(), &database.url).await;
    let copy = copy_of(&folder);
    let refused = try_open(copy.path(), &database.url).await.expect_err("locked");
    assert!(matches!(refused, OpenFault::Held { .. }), "{refused:?}");
    let line = refused.to_string();
    assert!(line.contains("another tiande works on the database"), "{line}");
    assert!(line.contains("process ") && !line.contains('\n'), "{line}");
    // It has changed nothing: the first is still the owner.
    first.append(tip_taken(1)).await.expect("durable");
    first.shutdown().await;
    let second = open(copy.path(), &database.url).await;
    assert_eq!(second.epoch(), 2);
    second.shutdown().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_master_key_is_refused() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    open(folder.path(), &database.url).await.shutdown().await;
    let fault = try_open(Folder::new().path(), &database.url).await.expect_err("no key");
    assert!(matches!(fault, OpenFault::Key(_)), "{fault:?}");
    let strange = Folder::new();
    let elsewhere = Database::fresh().await;
    open(strange.path(), &elsewhere.url).await.shutdown().await;
    let fault = try_open(strange.path(), &database.url).await.expect_err("another key");
    assert!(matches!(fault, OpenFault::OtherMasterKey), "{fault:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_whose_epoch_is_over_writes_nothing_and_ends() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let journal = open(folder.path(), &database.url).await;
    journal.append(officer_event(1, 0, registered(1))).await.expect("durable");
    run(&database.url, &["UPDATE owner SET epoch = epoch + 1"]).await;
    let late = journal.append(officer_event(1, 1, on_duty())).await;
    assert!(matches!(late, Err(AppendFault::Unavailable)), "nothing was written: {late:?}");
    assert!(*journal.failed().borrow(), "the server must end");
    let later = journal.append(officer_event(1, 1, on_duty())).await;
    assert!(matches!(later, Err(AppendFault::Unavailable)), "{later:?}");
    let mut conn = connect(&database.url).await;
    let count = sqlx::query("SELECT COUNT(*) FROM journal").fetch_one(&mut conn).await;
    assert_eq!(count.expect("counted").get::<i64, _>(0), 1);
    conn.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_server_notices_by_itself_that_it_was_replaced() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let journal = open(folder.path(), &database.url).await;
    run(&database.url, &["UPDATE owner SET epoch = epoch + 1"]).await;
    let mut failed = journal.failed();
    let noticed =
        tokio::time::timeout(std::time::Duration::from_secs(20), failed.wait_for(|failed| *failed));
    assert!(noticed.await.is_ok_and(|seen| seen.is_ok()), "it goes on as if it were the owner");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_that_was_paused_in_the_middle_of_a_write_cannot_end_it() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let paused = open(folder.path(), &database.url).await;
    paused.append(officer_event(1, 0, registered(1))).await.expect("durable");
    // It stands still in the middle of a transaction, with decisions behind it.
    let (go, wait) = oneshot::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let writer = paused.clone();
    let held = tokio::spawn(async move {
        let work = writer.write(move |_conn| {
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                drop(wait.await);
                Ok(())
            })
        });
        work.await
    });
    has_begun.await.expect("the writer has begun");
    let late = paused.append(officer_event(1, 1, on_duty()));
    // Its session is ended, and another server takes over.
    end_writers(&database.url).await;
    let copy = copy_of(&folder);
    let next = open(copy.path(), &database.url).await;
    assert_eq!(next.epoch(), 2);
    next.append(officer_event(1, 1, on_duty())).await.expect("durable");
    // It wakes up.
    go.send(()).expect("it waits");
    let end = held.await.expect("no panic");
    assert!(matches!(end, Err(StoreFault::Unknown | StoreFault::Unavailable)), "{end:?}");
    assert!(matches!(late.await, Err(AppendFault::Unavailable)));
    assert!(*paused.failed().borrow(), "the server must end");
    next.append(tip_taken(1)).await.expect("the new owner goes on");
    next.shutdown().await;
    let postgres = Some(place(&database.url));
    let report = verify(VerifyOptions { postgres, ..VerifyOptions::of(copy.path()) }).await;
    let report = report.expect("readable");
    assert!(report.is_whole() && report.records == 6, "{report:?}");
}

/// As `config/postgres.toml` says it: a role that owns its database and nothing else.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_role_without_special_rights_is_enough() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let role = format!("plain{}", hex::encode(tiande::keys::random::<8>()));
    let mut admin = connect(&database.url).await;
    for text in [
        format!("CREATE ROLE {role} LOGIN"),
        format!("ALTER DATABASE {} OWNER TO {role}", database.name),
    ] {
        sqlx::raw_sql(sqlx::AssertSqlSafe(text)).execute(&mut admin).await.expect("made");
    }
    let url = database.url.replacen("tiande@", &format!("{role}@"), 1);
    let journal = open(folder.path(), &url).await;
    journal.append(tip_taken(1)).await.expect("durable");
    let copy = copy_of(&folder);
    let held = try_open(copy.path(), &url).await.expect_err("locked");
    assert!(held.to_string().contains("process "), "{held}");
    end_writers(&database.url).await;
    journal.append(tip_taken(2)).await.expect("it has come back");
    journal.shutdown().await;
    let report =
        verify(VerifyOptions { postgres: Some(place(&url)), ..VerifyOptions::of(folder.path()) });
    assert!(report.await.expect("readable").is_whole());
    let gone = format!("REASSIGN OWNED BY {role} TO tiande; DROP ROLE {role}");
    sqlx::raw_sql(sqlx::AssertSqlSafe(gone)).execute(&mut admin).await.expect("dropped");
    admin.close().await.expect("closes");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_changed_behind_the_servers_back_is_found() {
    if !is_here() {
        return;
    }
    let (folder, database) = (Folder::new(), Database::fresh().await);
    let journal = open(folder.path(), &database.url).await;
    journal.append(tip_taken(1)).await.expect("durable");
    journal.append(tip_taken(2)).await.expect("durable");
    journal.shutdown().await;
    let report = || async {
        let postgres = Some(place(&database.url));
        let options = VerifyOptions { postgres, ..VerifyOptions::of(folder.path()) };
        verify(options).await.expect("readable").broken
    };
    assert_eq!(report().await, Vec::new());
    run(&database.url, &["UPDATE journal SET why = 'x' WHERE position = 3"]).await;
    let broken = report().await;
    assert!(broken.iter().any(|b| b.position == 3 && b.what.contains("was changed")), "{broken:?}");
    run(&database.url, &["UPDATE journal SET why = NULL WHERE position = 3"]).await;
    run(&database.url, &["DELETE FROM journal WHERE position > 7"]).await;
    let broken = report().await;
    assert!(broken.iter().any(|b| b.what.contains("the journal was cut")), "{broken:?}");
}
