//! What a telephone was told is stored is there after a kill at any point of the track store, and
//! after a power cut: each fix once, in order. The control does not force tracks to the disk, and must
//! lose.

use std::os::unix::process::ExitStatusExt as _;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};

use crate::disk::Disk;
use crate::driver::{Driver, Store};
use crate::support::people::fix;
use crate::support::server::Server;
use crate::support::skip::skip;
use crate::support::socket::Got;
use crate::support::waiting::{Deadline, SOON, unix_ms, until};
use crate::support::{Officer, Socket};

/// Points of `src/fault.rs`, with the passes at which the kill comes: the later ones of a sync are
/// those of a checkpoint.
const POINTS: [(&str, [u32; 2]); 5] = [
    ("tracks.mid_write", [1, 3]),
    ("tracks.before_sync", [2, 9]),
    ("tracks.after_sync", [1, 12]),
    ("tracks.before_rename", [1, 1]),
    ("tracks.after_rename", [1, 1]),
];
/// A write-ahead file is packed when it is so long: a few flushes.
const SETTINGS: &str = ",tracks.wal_max=2000";
/// Fixes of one frame.
const BATCH: u64 = 50;

/// A telephone that keeps what it was not told is stored.
struct Phone {
    driver: Driver,
    officer: Officer,
    director: String,
    started: i64,
    /// Greatest number that was ever sent, and that was told to be stored.
    sent: u64,
    stored: u64,
}

impl Phone {
    fn new(data: Option<PathBuf>, more: &str) -> Self {
        let driver = Driver::start(Store::Sqlite, data, more).expect("SQLite is built in");
        let director = driver.court.sign_in("alpha-director", &["director"]);
        let officer = driver.court.officer("王建国", 100.0);
        // `officer` has reported fix 1.
        Self { driver, officer, director, started: unix_ms(), sent: 1, stored: 0 }
    }

    fn server(&mut self) -> &mut Server {
        &mut self.driver.server
    }

    /// Connects again with the same count; what the server says it has counts as told.
    fn connect(&mut self) {
        let ticket = self.officer.ticket();
        let mut socket = Socket::hello(&self.driver.server, "/ws/handheld", &ticket, 1);
        let welcome = socket.expect("welcome");
        let had = welcome["stored"]["seq"].as_u64().unwrap_or(0);
        assert!(had >= self.stored, "told {} were stored, {had} are there", self.stored);
        self.stored = had;
        self.sent = had;
        self.officer.socket = Some(socket);
    }

    /// Sends until the connection ends, or `enough` says so.
    fn walk(&mut self, enough: impl Fn(&Self) -> bool) {
        let deadline = Deadline::after(SOON);
        while deadline.left().is_some() && !enough(self) {
            let (from, to) = (self.sent + 1, self.sent + BATCH);
            let each = |seq: u64| {
                let mut fix = fix(u32::try_from(seq).expect("few"), 100.0);
                fix["taken_at"] = json!(self.started + i64::try_from(seq).expect("few"));
                fix
            };
            let fixes: Vec<Value> = (from..=to).map(each).collect();
            let socket = self.officer.socket();
            socket.send(&json!({"type": "position", "fixes": fixes}));
            self.sent = to;
            loop {
                match self.officer.socket().next(Deadline::after(Duration::from_millis(20))) {
                    Got::Frame(frame) if frame["type"] == "stored" => {
                        self.stored = frame["seq"].as_u64().unwrap_or(0).max(self.stored);
                    }
                    Got::Frame(_) => {}
                    Got::Nothing => break,
                    Got::Closed(_) => return,
                }
            }
        }
    }

    /// The whole track, as the API tells it.
    fn track(&self) -> Vec<u64> {
        let utc = |ms| tiande_core::rfc3339::format_utc(tiande_core::time::UnixMillis(ms));
        let (from, to) = (utc(self.started - 600_000), utc(self.started + 600_000));
        let first = format!(
            "/api/courts/alpha/officers/{}/track?from={from}&to={to}&limit=1000",
            self.officer.id
        );
        let (mut all, mut address) = (Vec::new(), first.clone());
        loop {
            let headers = [("cookie", self.director.as_str())];
            let page = self.driver.server.get(&address, &headers).ok("a track");
            let fixes = page["fixes"].as_array().expect("a list");
            all.extend(fixes.iter().filter_map(|fix| fix["seq"].as_u64()));
            let Some(next) = page["next"].as_str() else { return all };
            address = format!("{first}&after={next}");
        }
    }

    /// Everything is there once, in order, up to what was told last.
    fn check(&self) {
        let track = self.track();
        let last = track.last().copied().unwrap_or(0);
        assert_eq!(track, (1..=last).collect::<Vec<u64>>());
        assert!(last >= self.stored, "{last} of {} that were told", self.stored);
    }
}

#[test]
fn a_kill_at_any_point_of_the_track_store_loses_and_doubles_nothing() {
    let mut phone = Phone::new(None, SETTINGS);
    for (point, passes) in POINTS {
        for pass in passes {
            let words = format!("fault: Kill at {point}");
            let before = phone.server().log().matches(&words).count();
            phone.driver.arm(&format!("{point}:{pass}:kill"));
            phone.walk(|_| false);
            let (sent, stored) = (phone.sent, phone.stored);
            let status = phone.server().ended(SOON).unwrap_or_else(|| {
                unreachable!("{point}:{pass} did not come; {stored} of {sent} fixes stored")
            });
            assert_eq!(status.signal(), Some(9), "{point}");
            assert_eq!(phone.server().log().matches(&words).count(), before + 1, "{point}");
            phone.driver.arm("");
            phone.server().start_again();
            phone.connect();
            phone.check();
        }
    }
    let (stored, rounds) = (phone.stored, 2 * POINTS.len());
    eprintln!("tracks: {rounds} kills, {stored} fixes told and there");
    // It still works: what is sent now is told.
    phone.walk(|phone| phone.stored > stored);
    assert!(phone.stored > stored);
    phone.check();
}

/// A power cut in the middle of a walk: what was told before, and what is there after it.
fn cut(disk: &Disk, more: &str) -> (u64, u64) {
    let mut phone = Phone::new(Some(disk.path.join("data")), &format!("{SETTINGS}{more}"));
    disk.sync();
    phone.walk(|phone| phone.stored > 600);
    let told = phone.stored;
    disk.cut();
    phone.server().kill();
    disk.unmount();
    disk.mount().expect("it can be mounted after the cut");
    phone.server().start_again();
    let track = until(SOON, "a track", || Some(phone.track()));
    let last = track.last().copied().unwrap_or(0);
    assert_eq!(track, (1..=last).collect::<Vec<u64>>(), "no gap, none twice");
    (told, last)
}

#[test]
fn a_power_cut_loses_no_fix_that_was_told_stored() {
    for _ in 0..2 {
        let disk = match Disk::ext4() {
            Ok(disk) => disk,
            Err(why) => return skip("power cut of tracks", &why),
        };
        let (told, last) = cut(&disk, "");
        eprintln!("tracks: {told} told before the cut, {last} there");
        assert!(told > 600 && last >= told);
    }
}

#[test]
fn without_the_fsync_a_power_cut_loses_fixes_that_were_told() {
    let disk = match Disk::ext4() {
        Ok(disk) => disk,
        Err(why) => return skip("power cut of tracks", &why),
    };
    let (told, last) = cut(&disk, ",tracks.sync=off,tracks.wal_max=1000000000");
    eprintln!("control of tracks: {last} of {told} there");
    assert!(last < told, "the rig does not bite: {last} of {told}");
}
