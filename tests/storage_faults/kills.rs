//! `kill -9` at named points (F01), and of PostgreSQL itself (F08): what was answered is there, once,
//! with the same answer.

use std::os::unix::process::ExitStatusExt as _;
use std::time::Duration;

use crate::cluster::Cluster;
use crate::driver::{Driver, Store};
use crate::size;
use crate::support::skip::skip;
use crate::support::waiting::{Deadline, SOON, until};
use crate::table::{Counts, Table};

/// The points of `src/fault.rs`, each with the passes among which the fatal one is chosen.
pub const POINTS: [(&str, u32); 12] = [
    ("journal.before_commit", 12),
    ("journal.after_commit", 12),
    ("journal.after_ack", 12),
    ("journal.mid_group", 90),
    ("journal.mid_wal_checkpoint", 1),
    ("snapshot.before_write", 1),
    ("snapshot.mid_write", 1),
    ("checkpoint.mid_append", 3),
    ("media.before_rename", 3),
    ("media.after_rename", 3),
    ("intake.after_pictures", 12),
    ("intake.before_answer", 12),
];
/// Not a point of ours: PostgreSQL's own processes are killed in the middle of a storm.
const DATABASE_KILLED: &str = "database killed";

/// The points that a store passes.
fn points(store: Store) -> Vec<(&'static str, u32)> {
    let sqlite_only = |point: &str| point == "journal.mid_wal_checkpoint";
    let mut points = POINTS.to_vec();
    if store == Store::Postgres {
        points.retain(|(point, _)| !sqlite_only(point));
        points.push((DATABASE_KILLED, 1));
    }
    points
}

/// A fault that was asked for comes within this.
const COMES_WITHIN: Duration = Duration::from_secs(30);

/// One kill at a point; what came of it.
fn kill_at(driver: &mut Driver, point: &str, pass: u32) -> Counts {
    let before = driver.server.log().matches(&format!("fault: Kill at {point}")).count();
    let acked = driver.acked();
    driver.arm(&format!("{point}:{pass}:kill"));
    // The child is waited for through a handle of its own: the storm only reads the rest.
    let mut child = driver.server.take_child();
    let (ended, kept) = driver.storm(|| {
        let deadline = Deadline::after(COMES_WITHIN);
        let mut kept = None;
        loop {
            match child.try_wait() {
                Ok(Some(status)) => break (Some(status), kept),
                _ if deadline.left().is_none() => break (None, kept),
                _ => {}
            }
            kept = driver.keep_checkpoints().or(kept);
            crate::support::waiting::let_pass(Duration::from_millis(3));
        }
    });
    if ended.is_none() {
        child.kill().ok();
        child.wait().ok();
    }
    // The proof that it was this fault: the signal, and the point's own words before it.
    let status = ended.unwrap_or_else(|| unreachable!("{point}:{pass} did not come"));
    assert_eq!(status.signal(), Some(9), "{point}: {status:?}");
    let after = driver.server.log().matches(&format!("fault: Kill at {point}")).count();
    assert_eq!(after, before + 1, "{point}");
    let taken = u32::try_from(driver.acked() - acked).unwrap_or(0);
    Counts { faults: 1, acked: taken, ..driver.start_and_check(kept) }
}

/// PostgreSQL is killed, and comes back; Tiande lives on.
fn kill_database(driver: &mut Driver) -> Counts {
    let acked = driver.acked();
    let mut cluster = driver.cluster.take().expect("a store with a server");
    let killed = |cluster: &Cluster| cluster.log().matches("was not properly shut down").count();
    let before = killed(&cluster);
    driver.storm(|| {
        until(SOON, "tips before the kill", || (driver.acked() >= acked + 5).then_some(()));
        cluster.order("kill");
        let back = driver.acked();
        until(SOON, "tips after the kill", || (driver.acked() > back).then_some(()));
    });
    assert_eq!(killed(&cluster), before + 1, "PostgreSQL was killed once");
    driver.cluster = Some(cluster);
    let taken = u32::try_from(driver.acked() - acked).unwrap_or(0);
    Counts { faults: 1, acked: taken, ..driver.check(None) }
}

#[test]
fn a_kill_at_any_point_loses_and_doubles_nothing() {
    for store in size::stores() {
        let (deadline, points) = (Deadline::after(size::time()), points(store));
        let file = format!("kills-{}.json", store.name());
        let progress = size::progress().map(|folder| folder.join(file));
        let mut table = Table::load(progress.as_deref());
        let mut driver = None;
        for number in table.total().faults..size::kills() {
            if deadline.left().is_none() {
                break;
            }
            let (point, passes) = points[number as usize % points.len()];
            // Another pass each time round, the same in each run.
            let pass = 1 + (number / points.len() as u32) * 7 % passes;
            let one = driver.take().filter(|driver: &Driver| !driver.is_nearly_full());
            let mut one = match one.map_or_else(|| Driver::start(store, None, ""), Ok) {
                Ok(one) => one,
                Err(why) => {
                    skip(&format!("kills on {}", store.name()), &why);
                    break;
                }
            };
            let counts = match point {
                DATABASE_KILLED => kill_database(&mut one),
                _ => kill_at(&mut one, point, pass),
            };
            table.add(&format!("{} {point}", store.name()), counts);
            table.save(progress.as_deref());
            driver = Some(one);
        }
        table.print("kill -9");
        assert!(table.total().is_clean(), "{:?}", table.total());
        // On a busy machine the second time round may not come; each point once must.
        let least = if progress.is_some() { 0 } else { size::kills().min(points.len() as u32) };
        let skipped = driver.is_none() && store == Store::Postgres;
        assert!(
            skipped || table.total().faults >= least,
            "{} kills in the time",
            table.total().faults
        );
    }
}
