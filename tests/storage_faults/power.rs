//! Power cuts (F02): what was answered was forced to the disk before. The control opens the journal
//! with `synchronous=NORMAL` (PostgreSQL: `synchronous_commit=off`), and must lose: otherwise the rig
//! shows nothing.

use crate::disk::Disk;
use crate::driver::{Driver, Store};
use crate::size;
use crate::support::skip::skip;
use crate::support::waiting::{Deadline, SOON, until};
use crate::table::{Counts, Table};

/// Tips that are answered between a start and a cut.
const TIPS: usize = 25;

/// A driver on a disk that can be cut. Setting up is not under test, so it is made durable first.
///
/// # Errors
/// Why the store is not to be had here.
fn on(disk: &Disk, store: Store, more: &str) -> Result<Driver, String> {
    let mut driver = Driver::start(store, Some(disk.path.join("data")), more)?;
    driver.server.ask_to_end();
    assert!(driver.server.ended(SOON).is_some_and(|status| status.success()));
    disk.sync();
    driver.server.start_again();
    Ok(driver)
}

/// Cuts the power in the middle of a storm, and starts again on what is there.
fn cut(driver: &mut Driver, disk: &Disk) -> Counts {
    let before = driver.acked();
    let mut kept = None;
    driver.storm(|| {
        until(SOON, "tips before the cut", || {
            kept = driver.keep_checkpoints().or(kept.take());
            (driver.acked() >= before + TIPS).then_some(())
        });
        disk.cut();
    });
    driver.server.kill();
    if let Some(cluster) = &mut driver.cluster {
        cluster.order("halt");
    }
    disk.unmount();
    disk.mount().expect("it can be mounted after the cut");
    if let Some(cluster) = &mut driver.cluster {
        cluster.order("start");
    }
    let acked = u32::try_from(driver.acked() - before).unwrap_or(0);
    Counts { faults: 1, acked, ..driver.start_and_check(kept) }
}

#[test]
fn a_power_cut_loses_nothing_that_was_answered() {
    for store in size::stores() {
        let deadline = Deadline::after(size::time());
        let file = format!("cuts-{}.json", store.name());
        let progress = size::progress().map(|folder| folder.join(file));
        let mut table = Table::load(progress.as_deref());
        let mut now: Option<(Driver, Disk)> = None;
        for _ in table.total().faults..size::cuts() {
            if deadline.left().is_none() {
                break;
            }
            if now.as_ref().is_none_or(|(driver, _)| driver.is_nearly_full()) {
                // The server ends before its disk goes.
                drop(now.take());
                let disk = match Disk::ext4() {
                    Ok(disk) => disk,
                    Err(why) => return skip("power cut", &why),
                };
                match on(&disk, store, "") {
                    Ok(driver) => now = Some((driver, disk)),
                    Err(why) => {
                        skip(&format!("power cut of {}", store.name()), &why);
                        break;
                    }
                }
            }
            let Some((driver, disk)) = now.as_mut() else { break };
            table.add(&format!("{} power cut", store.name()), cut(driver, disk));
            table.save(progress.as_deref());
        }
        let skipped = now.take().is_none() && store == Store::Postgres;
        table.print("power cuts");
        assert!(table.total().is_clean(), "{:?}", table.total());
        let least = if progress.is_some() { 0 } else { size::cuts() };
        assert!(
            skipped || table.total().faults >= least,
            "{} cuts in the time",
            table.total().faults
        );
    }
}

#[test]
fn without_the_fsync_a_power_cut_loses_what_was_answered() {
    for store in size::stores() {
        let disk = match Disk::ext4() {
            Ok(disk) => disk,
            Err(why) => return skip("power cut", &why),
        };
        // No checkpoint of the log: it would force things to the disk by the way.
        let more =
            ",journal.synchronous=normal,journal.wal_pages=1000000,journal.sign_records=1000000";
        let mut driver = match on(&disk, store, more) {
            Ok(driver) => driver,
            Err(why) => {
                skip(&format!("control of {}", store.name()), &why);
                continue;
            }
        };
        let counts = cut(&mut driver, &disk);
        eprintln!("control of {}: {} of {} lost", store.name(), counts.lost, counts.acked);
        assert!(counts.lost > 0, "the rig does not bite: {counts:?}");
        drop(driver);
    }
}
