//! What PostgreSQL's full disk does. Both tests mount one, which needs root: without it they say SKIP.

use std::os::unix::fs::MetadataExt as _;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tiande::journal::{VerifyOptions, verify};
use tiande_actors::ports::journal::{AppendFault, Journal as _};
use tiande_core::journal::StreamId;
use tokio::time::timeout;

use crate::disk::Small;
use crate::outage::{Ends, beside, cluster, send, taken_reaches};
use crate::postgres::{open, place};
use crate::samples::{tip, tip_taken};
use crate::server::{Cluster, connect, run};
use crate::sqlite::Folder;

fn mount(size: &str) -> Option<Small> {
    let small = Small::mount(size);
    if small.is_none() {
        eprintln!("SKIP: cannot mount a tmpfs here (needs root)");
    }
    small
}

/// The tables' disk: a statement is refused and its transaction rolled back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tables_without_room_refuse_and_lose_nothing_that_was_answered() {
    let (Some(small), Some(cluster)) = (mount("16m"), cluster()) else { return };
    let space = small.path().join("space");
    std::fs::create_dir(&space).expect("made");
    let owner = std::fs::metadata(cluster.home().join("data")).expect("there");
    std::os::unix::fs::chown(&space, Some(owner.uid()), Some(owner.gid())).expect("given");
    let space = format!("CREATE TABLESPACE small LOCATION '{}'", space.display());
    run(&cluster.url, &[&space, "CREATE DATABASE little TABLESPACE small"]).await;
    let (folder, url) = (Folder::new(), cluster.at("little"));
    let journal = open(folder.path(), &url).await;
    let (mut taken, mut full) = (Vec::new(), 0);
    for n in 1..=8_000 {
        match journal.append(tip_taken(n)).await {
            Ok(_) => taken.push(n),
            Err(AppendFault::StorageFull) => full += 1,
            Err(other) => unreachable!("{other:?}"),
        }
        if full == 3 {
            break;
        }
    }
    assert_eq!(full, 3, "there was room for {} tips", taken.len());
    assert!(!*journal.failed().borrow(), "a full disk is no failed one");
    let refused = tip(taken.len() as u64 + 1);
    assert!(journal.read_stream(StreamId::Tip(refused)).await.expect("readable").is_empty());
    // Somebody makes room.
    let grown = Command::new("mount").args(["-o", "remount,size=64m"]).arg(small.path()).status();
    assert!(grown.is_ok_and(|status| status.success()));
    let next = taken.len() as u64 + 1;
    journal.append(tip_taken(next)).await.expect("durable");
    for n in taken.iter().chain([&next]) {
        assert_eq!(journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readable").len(), 2);
    }
    journal.shutdown().await;
    let options = VerifyOptions { postgres: Some(place(&url)), ..VerifyOptions::of(folder.path()) };
    let report = verify(options).await.expect("readable");
    assert!(report.is_whole() && report.records == next * 4, "{report:?}");
}

/// The log's disk: PostgreSQL ends itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_without_room_ends_postgres_and_loses_nothing_that_was_answered() {
    let Some(small) = mount("160m") else { return };
    let cluster = match Cluster::start_in(small.path(), &[]) {
        Ok(cluster) => cluster,
        Err(why) => return eprintln!("SKIP: {}", why.trim_end()),
    };
    let (folder, url) = (Folder::new(), cluster.at("postgres"));
    let journal = open(folder.path(), &url).await;
    let (next, over) = (Arc::new(AtomicU64::new(1)), Arc::new(AtomicBool::new(false)));
    let taken = Arc::new(AtomicU64::new(0));
    let counts = (Arc::clone(&next), Arc::clone(&taken));
    let sender = tokio::spawn(send(journal.clone(), counts, Arc::clone(&over)));
    taken_reaches(&taken, 20).await;
    // Nothing is left; then the log begins new files until there is none.
    let balloon = small.path().join("balloon");
    let blown = Command::new("dd")
        .args(["if=/dev/zero", &format!("of={}", balloon.display()), "bs=64k", "status=none"])
        .status();
    assert!(blown.is_ok_and(|status| !status.success()), "it ends when nothing is left");
    let mut admin = connect(&url).await;
    let log_a_megabyte = "SELECT pg_logical_emit_message(true, 'test', repeat('x', 1048576))";
    let mut megabytes = 0;
    while sqlx::query(log_a_megabyte).execute(&mut admin).await.is_ok() {
        megabytes += 1;
        assert!(megabytes < 1_000, "it always finds room");
    }
    drop(admin);
    // Whether it comes back by itself is its own affair; decisions are sent meanwhile.
    let mut failed = journal.failed();
    let _ended = timeout(Duration::from_secs(5), failed.wait_for(|failed| *failed)).await;
    over.store(true, Ordering::Relaxed);
    let ends: Ends = sender.await.expect("no panic");
    journal.shutdown().await;
    std::fs::remove_file(&balloon).expect("removed");
    assert!(cluster.log().contains("No space left on device"), "{}", cluster.log());
    let cluster = beside(move || {
        let mut cluster = cluster;
        cluster.order("restart");
        cluster
    })
    .await;
    let journal = open(folder.path(), &url).await;
    let mut there = 0;
    for n in &ends.taken {
        let stored = journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readable");
        assert_eq!(stored.len(), 2, "tip {n} was answered and is lost");
    }
    for n in &ends.unknown {
        let stored = journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readable");
        there += stored.len() as u64 / 2;
    }
    journal.shutdown().await;
    let options = VerifyOptions { postgres: Some(place(&url)), ..VerifyOptions::of(folder.path()) };
    let report = verify(options).await.expect("readable");
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!(report.records, (ends.taken.len() as u64 + there) * 4);
    drop(cluster);
}
