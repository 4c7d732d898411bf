//! A full disk (F03): refused with 507 at once, reading goes on, and it heals by itself.

use std::fs::{self, OpenOptions};
use std::io::Write as _;
use std::time::Duration;

use crate::disk::Disk;
use crate::driver::{Driver, Store};
use crate::support::skip::skip;
use crate::support::waiting::{SOON, Stopwatch, until};

/// Fills what is left, down to the last byte.
fn fill(disk: &Disk) -> std::path::PathBuf {
    let path = disk.path.join("filler");
    let mut file = OpenOptions::new().create(true).append(true).open(&path).expect("a file");
    let mut block = vec![0x5a_u8; 1 << 20];
    while !block.is_empty() {
        if file.write_all(&block).is_err() {
            block.truncate(block.len() / 2);
        }
    }
    path
}

fn metric(driver: &Driver, name: &str) -> Option<f64> {
    let text = String::from_utf8(driver.server.get("/metrics", &[]).body).ok()?;
    let line = text.lines().find(|line| line.starts_with(&format!("{name} ")))?.to_owned();
    line.rsplit(' ').next()?.parse().ok()
}

#[test]
fn a_full_disk_refuses_at_once_and_heals_by_itself() {
    let disk = match Disk::memory(48) {
        Ok(disk) => disk,
        Err(why) => return skip("disk full", &why),
    };
    let more = ",storage.reserve_bytes=1048576";
    let mut driver = Driver::start(Store::Sqlite, Some(disk.path.join("data")), more)
        .expect("SQLite is built in");
    for _ in 0..20 {
        assert_eq!(driver.send_one().map(|(status, _)| status), Some(202));
    }
    until(SOON, "a reserve", || {
        (metric(&driver, "tiande_disk_reserve") == Some(1.0)).then_some(())
    });
    assert_eq!(metric(&driver, "tiande_disk_level"), Some(0.0));
    let filler = fill(&disk);
    // Some pages may still fit into the log's file as it stands.
    let refused =
        until(SOON, "a refusal", || driver.send_one().filter(|(status, _)| *status != 202));
    assert_eq!((refused.0, &refused.1["code"]), (507, &"storage-full".into()));
    let mut took = Vec::new();
    for _ in 0..40 {
        let watch = Stopwatch::start();
        let (status, json) = driver.send_one().expect("an answer");
        took.push(watch.elapsed());
        assert!(status == 202 || json["code"] == "storage-full", "{status} {json}");
    }
    took.sort_unstable();
    let (usual, slowest) = (took[took.len() / 2], took[took.len() - 1]);
    eprintln!("disk full: a refusal takes {usual:?}, at most {slowest:?}");
    // At once (F03); a machine that tests other things beside this may make one of them wait.
    assert!(usual < Duration::from_millis(100), "{usual:?}");
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    // Reading goes on: the state, the list, the metrics.
    assert_eq!(driver.server.get("/readyz", &[]).status, 200);
    assert!(driver.incidents() >= 20);
    until(SOON, "the alarm", || (metric(&driver, "tiande_disk_level") == Some(3.0)).then_some(()));
    assert!(driver.server.log().contains("the disk is full"), "people are told");
    // Room again.
    fs::remove_file(&filler).expect("removed");
    let watch = Stopwatch::start();
    until(Duration::from_secs(10), "healing", || {
        driver.send_one().filter(|(status, _)| *status == 202)
    });
    eprintln!("disk full: healed after {:?}", watch.elapsed());
    let counts = driver.check(None);
    assert!(counts.is_clean(), "{counts:?}");
    // Full again at the end: the reserve makes room for the last checkpoint.
    fill(&disk);
    until(SOON, "a full disk", || driver.send_one().filter(|(status, _)| *status == 507));
    driver.server.ask_to_end();
    let ended = driver.server.ended(SOON);
    let log = driver.server.log();
    assert!(ended.is_some_and(|status| status.success()), "{ended:?}");
    assert!(log.contains("the reserve was given up"), "{log}");
    assert!(!log.contains("cannot write a signed checkpoint"), "{log}");
    fs::remove_file(&filler).expect("removed");
    let counts = driver.start_and_check(None);
    assert!(counts.is_clean(), "{counts:?}");
    drop(driver);
}
