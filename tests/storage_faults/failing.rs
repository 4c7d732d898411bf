//! A disk whose fsync fails (F04), and one that is slow (F05). strace makes both, on the running
//! server; what it has made stands in its own log.

use std::fs;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::driver::{Driver, Store};
use crate::support::server::Folder;
use crate::support::skip::skip;
use crate::support::waiting::{Deadline, SOON, Stopwatch, until};

/// strace on a server, until it is dropped.
struct Injected {
    strace: Child,
    folder: Folder,
}

impl Injected {
    /// Injects into each fsync; otherwise says why it cannot.
    fn into(pid: u32, what: &str) -> Result<Self, String> {
        let folder = Folder::new();
        let log = |name: &str| fs::File::create(folder.0.join(name)).expect("a log");
        let mut strace = Command::new("strace")
            .args(["-f", "-e", "trace=fsync,fdatasync", "-e"])
            .arg(format!("inject=fsync,fdatasync:{what}"))
            .args(["-o", &folder.0.join("calls").display().to_string()])
            .args(["-p", &pid.to_string()])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log("words"))
            .spawn()
            .map_err(|fault| format!("strace: {fault}"))?;
        let words = || fs::read_to_string(folder.0.join("words")).unwrap_or_default();
        let attached = until(SOON, "strace", || {
            let ended = strace.try_wait().ok().flatten().is_some();
            (ended || words().contains("attached")).then_some(!ended)
        });
        if attached { Ok(Self { strace, folder }) } else { Err(words()) }
    }

    fn calls(&self) -> String {
        fs::read_to_string(PathBuf::from(&self.folder.0).join("calls")).unwrap_or_default()
    }
}

impl Drop for Injected {
    fn drop(&mut self) {
        // The server is let go and runs on.
        self.strace.kill().ok();
        self.strace.wait().ok();
    }
}

#[test]
fn after_a_failed_fsync_nothing_is_answered_and_the_server_ends() {
    let mut driver = Driver::start(Store::Sqlite, None, "").expect("SQLite is built in");
    for _ in 0..10 {
        assert_eq!(driver.send_one().map(|(status, _)| status), Some(202));
    }
    let injected = match Injected::into(driver.server.pid(), "error=EIO") {
        Ok(injected) => injected,
        Err(why) => return skip("failed fsync", &why),
    };
    let kept = driver.keep_checkpoints();
    let answers: Vec<_> = (0..3).map(|_| driver.send_one().map(|(status, _)| status)).collect();
    let watch = Stopwatch::start();
    let status = driver.server.ended(SOON).expect("it ends");
    let took = watch.elapsed();
    assert!(injected.calls().contains("EIO (Input/output error) (INJECTED)"), "the fault came");
    drop(injected);
    assert!(answers.iter().all(|status| *status != Some(202)), "{answers:?}");
    assert_eq!(status.code(), Some(74), "{}", driver.server.log());
    eprintln!("failed fsync: answers {answers:?}, ended after {took:?}");
    assert!(took < Duration::from_secs(1), "{took:?}");
    let counts = driver.start_and_check(kept);
    assert!(counts.is_clean(), "{counts:?}");
}

#[test]
fn a_slow_disk_makes_groups_and_loses_nothing() {
    // The usual bounds: what is slow must be the disk, not the test's own checkpoints.
    let usual = ",journal.sign_records=1000,journal.wal_pages=16000,journal.wal_look_groups=512";
    for ms in [5_u64, 50, 500] {
        // A folder each: a fast machine fills one while its disk is still quick.
        let mut driver = Driver::start(Store::Sqlite, None, usual).expect("SQLite is built in");
        let what = format!("delay_exit={}", ms * 1_000);
        let injected = match Injected::into(driver.server.pid(), &what) {
            Ok(injected) => injected,
            Err(why) => return skip("slow disk", &why),
        };
        let mut times = Vec::new();
        let deadline = Deadline::after(Duration::from_secs(4));
        driver.storm(|| {
            while deadline.left().is_some() && !driver.is_full() {
                let watch = Stopwatch::start();
                let status = driver.send_one().map(|(status, _)| status);
                assert_eq!(status, Some(202), "{ms} ms");
                times.push(watch.elapsed());
            }
        });
        let delayed = injected.calls().matches("(DELAYED)").count();
        drop(injected);
        times.sort_unstable();
        let (worst, middle) = (times[times.len() - 1], times[times.len() / 2]);
        eprintln!(
            "slow disk {ms} ms: {} tips, p50 {middle:?}, max {worst:?}, {delayed} fsyncs",
            times.len()
        );
        assert!(delayed > 0, "no fsync was delayed");
        assert!(middle >= Duration::from_millis(ms), "{middle:?}");
        // A picture takes three of them, and a tip waits for the group before its own.
        assert!(worst < Duration::from_millis(10 * ms + 2_000), "{worst:?}");
        driver.server.kill();
        let counts = driver.start_and_check(None);
        assert!(counts.is_clean(), "{counts:?}");
    }
}
