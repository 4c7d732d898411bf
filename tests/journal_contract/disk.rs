//! What a full and what a failing disk do (I27). Both need root: without it they say SKIP.

use std::path::Path;
use std::process::{Command, Stdio};

use futures_util::FutureExt as _;
use tiande::journal::{Store, StoreFault};
use tiande_actors::ports::journal::{AppendFault, Journal};
use tiande_core::journal::StreamId;

use crate::queues::{hold, queue_count};
use crate::samples::{officer, officer_event, on_duty, registered, tip, tip_taken};
use crate::skip::skip;
use crate::sqlite::{Folder, open};

/// A small file system in memory, gone at the end.
pub struct Small(Folder);

impl Small {
    pub fn mount(size: &str) -> Option<Self> {
        let folder = Folder::new();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"])
            .arg(folder.path())
            .stderr(Stdio::null())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }
    pub fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        drop(Command::new("umount").arg("-l").arg(self.path()).status());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_refuses_and_loses_nothing_that_was_answered() {
    let Some(small) = Small::mount("3m") else {
        skip("disk full", "cannot mount a tmpfs here (needs root)");
        return;
    };
    let journal = open(small.path()).await;
    let mut taken = Vec::new();
    let mut full = 0;
    for n in 1..=4_000 {
        match journal.append(tip_taken(n)).await {
            Ok(_) => taken.push(n),
            Err(AppendFault::StorageFull) => full += 1,
            Err(other) => unreachable!("{other:?}"),
        }
        if full == 3 {
            break;
        }
    }
    assert_eq!(full, 3, "three megabytes were enough for {} tips", taken.len());
    assert!(!*journal.failed().borrow(), "a full disk is no failed one");
    for n in &taken {
        assert_eq!(journal.read_stream(StreamId::Tip(tip(*n))).await.expect("readable").len(), 2);
    }
    let refused = tip(taken.len() as u64 + 1);
    assert!(journal.read_stream(StreamId::Tip(refused)).await.expect("readable").is_empty());
    journal.shutdown().await;
    let report = tiande::journal::verify(tiande::journal::VerifyOptions::of(small.path()));
    let report = report.await.expect("readable");
    let torn = |b: &&tiande::journal::Broken| !b.what.contains("checkpoints");
    assert_eq!(report.broken.iter().filter(torn).count(), 0, "{:?}", report.broken);
    assert_eq!(report.records, taken.len() as u64 * 4);
}

/// Runs in a process of its own, under `strace`; by itself it is an ordinary run.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a part of a_failed_fsync_ends_the_journal"]
async fn child_that_meets_a_failing_disk() {
    let path = std::env::temp_dir().join("tiande-failing-disk");
    drop(std::fs::remove_dir_all(&path));
    let journal = Store::Sqlite(open(&path).await);
    let mut seq = 0;
    let mut next = async || {
        let event = if seq == 0 { registered(1) } else { on_duty() };
        let end = journal.append(officer_event(1, seq, event)).await;
        seq += u64::from(end.is_ok());
        end
    };
    let fault = loop {
        // An errand stands behind each decision, and shares its end.
        let (go, held) = hold(&journal).await;
        let errand = queue_count(&journal).expect("room");
        let mut decision = std::pin::pin!(next());
        assert!((&mut decision).now_or_never().is_none(), "the writer is held");
        go.send(()).expect("the writer waits");
        held.await.expect("no panic");
        match (decision.await, errand.await) {
            (Ok(_), Ok(_)) => {}
            (Err(fault), Err(StoreFault::Unavailable)) => break fault,
            other => unreachable!("{other:?}"),
        }
    };
    assert!(matches!(fault, AppendFault::Unknown), "{fault:?}");
    for _ in 0..3 {
        let after = next().await;
        assert!(matches!(after, Err(AppendFault::Unavailable)), "{after:?}");
    }
    assert!(matches!(queue_count(&journal), Err(StoreFault::Unavailable)));
    assert!(journal.is_poisoned());
    // Reading still works, and shows at least all that was answered.
    let stored = journal.read_stream(StreamId::Officer(officer(1))).await.expect("readable");
    assert!(stored.len() as u64 >= seq);
    journal.shutdown().await;
    eprintln!("CHILD DONE after {seq}");
}

#[test]
fn a_failed_fsync_ends_the_journal() {
    let own = std::env::current_exe().expect("a test has a file");
    let run = Command::new("strace")
        .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=fdatasync,fsync"])
        // Setting up takes about thirty; then some succeed, then all of them fail.
        .args(["-e", "inject=fdatasync,fsync:error=EIO:when=120+"])
        .arg(own)
        .args(["--exact", "disk::child_that_meets_a_failing_disk", "--ignored", "--nocapture"])
        .output();
    drop(std::fs::remove_dir_all(std::env::temp_dir().join("tiande-failing-disk")));
    let Ok(run) = run else {
        skip("failed fsync", "there is no strace here");
        return;
    };
    let words = String::from_utf8_lossy(&run.stderr).into_owned();
    if words.contains("ptrace") || words.contains("Operation not permitted") {
        skip("failed fsync", "strace may not trace here");
        return;
    }
    let said = String::from_utf8_lossy(&run.stdout).into_owned() + &words;
    assert!(run.status.success() && said.contains("CHILD DONE"), "{said}");
}
