//! The store against a disk that is cut off, killed and full: nothing acknowledged is lost, nothing is
//! stored twice.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, Ordering};

use tiande_actors::ports::tracks::{TrackPart, TrackTeller};
use tiande_core::officer::FixVerdict;
use tiande_core::time::UnixMillis;
use tiande_core::track::TrackFix;
use uuid::Uuid;

use super::*;

/// 2026-11-25T08:00:00Z.
const MORNING: i64 = 1_795_593_600_000;
const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const OFFICER: OfficerId = OfficerId(Uuid::from_u128(1));
const DEVICE: DeviceId = DeviceId(Uuid::from_u128(2));

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::Relaxed))
    }
}

/// Remembers what was acknowledged.
#[derive(Default)]
struct Told(Mutex<Option<Order>>, Condvar);

impl TrackTeller for Told {
    fn stored(&self, parts: &[TrackPart]) {
        let newest = parts.iter().map(|part| part.upto).max();
        let mut told = self.0.lock().expect("sound");
        *told = newest.max(*told);
        self.1.notify_all();
    }
}

impl Told {
    fn newest(&self) -> Option<Order> {
        *self.0.lock().expect("sound")
    }

    /// Waits until that fix is acknowledged.
    fn until(&self, order: Order) {
        let newest = self.0.lock().expect("sound");
        let limit = Duration::from_secs(20);
        let waiting = |newest: &mut Option<Order>| *newest < Some(order);
        let (_newest, late) = self.1.wait_timeout_while(newest, limit, waiting).expect("sound");
        assert!(!late.timed_out(), "{order:?} was not acknowledged");
    }
}

/// A store in a folder of its own.
struct Bench {
    folder: PathBuf,
    clock: Arc<Hand>,
    medium: Medium,
    wal_max: u64,
    told: Arc<Told>,
    store: Option<TrackStore>,
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.store = None;
        fs::remove_dir_all(&self.folder).ok();
    }
}

fn court() -> CourtId {
    CourtId::parse("changyuan").expect("a name")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for entry in fs::read_dir(from).expect("a folder").flatten() {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).expect("a copy");
        }
    }
}

impl Bench {
    fn new() -> Self {
        Self::with(Medium::default(), TrackOptions::WAL_MAX)
    }

    fn with(medium: Medium, wal_max: u64) -> Self {
        let name = format!("tiande-tracks-{}", hex::encode(crate::keys::random::<8>()));
        let folder = std::env::temp_dir().join(name);
        let clock = Arc::new(Hand(AtomicI64::new(MORNING)));
        let mut bench = Self { folder, clock, medium, wal_max, told: Arc::default(), store: None };
        bench.open();
        bench
    }

    fn options(&self) -> TrackOptions {
        TrackOptions {
            folder: self.folder.clone(),
            master: Arc::new(MasterKey::from_bytes([7; 32])),
            clock: Arc::clone(&self.clock) as Arc<dyn Clock>,
            keep_days: 90,
            wal_max: self.wal_max,
            medium: self.medium.clone(),
        }
    }

    fn open(&mut self) {
        self.store = None;
        self.told = Arc::default();
        self.store = Some(TrackStore::open(self.options()).expect("opened"));
    }

    /// As `kill -9` leaves the folder now; the store of before goes on in nobody's folder.
    fn killed(&mut self, mischief: impl FnOnce(&Path)) {
        let copied = self.folder.with_extension("copy");
        copy(&self.folder, &copied);
        self.store = None;
        fs::remove_dir_all(&self.folder).expect("removed");
        fs::rename(&copied, &self.folder).expect("renamed");
        mischief(&self.folder);
        self.open();
    }

    fn store(&self) -> &TrackStore {
        self.store.as_ref().expect("open")
    }

    fn keep_of(&self, officer: OfficerId, device: DeviceId, fixes: Vec<TrackFix>) {
        let upto = fixes.iter().map(TrackFix::order).max().expect("some");
        assert!(self.try_keep(&court(), officer, device, &fixes, upto).is_ok());
    }

    fn try_keep(
        &self,
        court: &CourtId,
        officer: OfficerId,
        device: DeviceId,
        fixes: &[TrackFix],
        upto: Order,
    ) -> Result<(), TracksFull> {
        let teller = Arc::clone(&self.told) as Arc<dyn TrackTeller>;
        let parts = [TrackPart { number: 0, officer, device, fixes: fixes.len(), upto }];
        self.store().keep(TrackBatch { court, parts: &parts, fixes, teller })
    }

    fn keep(&self, seqs: impl IntoIterator<Item = u32>) {
        self.keep_of(OFFICER, DEVICE, seqs.into_iter().map(fix).collect());
    }

    /// Keeps and waits for the acknowledgement.
    fn kept(&self, seqs: std::ops::RangeInclusive<u32>) {
        let last = *seqs.end();
        self.keep(seqs);
        self.told.until((1, last));
    }

    fn page(&self, after: Option<reading::Place>, limit: usize) -> TrackPage {
        let window = TrackWindow { from: UnixMillis(0), to: UnixMillis(MORNING + 400 * DAY_MS) };
        let read = self.store().read(court(), OFFICER, window, after, limit);
        actix_web::rt::System::new().block_on(read).expect("readable")
    }

    fn seqs(&self) -> Vec<u32> {
        self.page(None, usize::MAX).fixes.iter().map(|stored| stored.fix.seq).collect()
    }

    fn checkpoint(&self) -> io::Result<()> {
        actix_web::rt::System::new().block_on(self.store().checkpoint())
    }

    fn files(&self, end: &str) -> Vec<PathBuf> {
        let of = |folder: &Path| fs::read_dir(folder).into_iter().flatten().flatten();
        let all = of(&self.folder).chain(of(&self.folder.join("changyuan")));
        let paths = all.map(|entry| entry.path());
        paths.filter(|path| path.to_string_lossy().contains(end)).collect()
    }
}

/// The fix of that number, one a second.
fn fix(seq: u32) -> TrackFix {
    TrackFix {
        epoch: 1,
        seq,
        taken_at: UnixMillis(MORNING + i64::from(seq) * 1_000),
        lat_e7: 352_000_000 + i32::try_from(seq % 1_000).unwrap_or(0) * 130,
        lon_e7: 1_146_700_000,
        accuracy_dm: Some(80),
        speed_dmps: Some(14),
        heading_deg: Some(10),
        verdict: if seq.is_multiple_of(10) { FixVerdict::Implausible } else { FixVerdict::Taken },
    }
}

fn cut_tail(path: &Path, bytes: u64) {
    let file = fs::OpenOptions::new().write(true).open(path).expect("a file");
    let length = file.metadata().expect("a length").len();
    file.set_len(length - bytes).expect("cut");
}

#[test]
fn what_is_acknowledged_is_there_after_a_kill_and_after_a_checkpoint() {
    let mut bench = Bench::new();
    bench.kept(1..=5);
    bench.killed(|_| {});
    assert_eq!(bench.store().stored(DEVICE), Some((1, 5)));
    bench.kept(6..=9);
    bench.checkpoint().expect("a checkpoint");
    assert_eq!(bench.seqs(), (1..=9).collect::<Vec<_>>(), "from a day file");
    bench.kept(10..=12);
    bench.killed(|_| {});
    assert_eq!(bench.store().stored(DEVICE), Some((1, 12)));
    let page = bench.page(None, usize::MAX);
    let expected: Vec<TrackFix> = (1..=12).map(fix).collect();
    assert_eq!(page.fixes.iter().map(|s| s.fix).collect::<Vec<_>>(), expected, "every number");
}

#[test]
fn an_offline_queue_is_stored_once_in_order_however_often_it_is_sent() {
    let mut bench = Bench::new();
    let queue: Vec<u32> = (1..=28_800).collect();
    let batches: Vec<_> = queue.chunks(100).collect();
    batches[..150].iter().for_each(|batch| bench.keep(batch.iter().copied()));
    bench.told.until((1, 15_000));
    bench.killed(|_| {});
    // After the reconnect from an earlier place, and each batch twice.
    for batch in &batches[100..] {
        bench.keep(batch.iter().copied());
        bench.keep(batch.iter().rev().copied());
    }
    bench.told.until((1, 28_800));
    assert_eq!(bench.seqs(), queue);
    bench.checkpoint().expect("a checkpoint");
    assert_eq!(bench.seqs(), queue);
    bench.kept(28_000..=28_800);
    assert_eq!(bench.seqs(), queue);
}

#[test]
fn a_torn_tail_is_cut_off() {
    let mut bench = Bench::new();
    bench.kept(1..=5);
    bench.kept(6..=8);
    bench.killed(|folder| cut_tail(&folder.join("wal-0-0"), 3));
    assert_eq!(bench.seqs(), (1..=5).collect::<Vec<_>>(), "the last flush was torn");
    bench.kept(6..=9);
    // Rubbish behind the last record is a torn tail too.
    bench.killed(|folder| {
        let path = folder.join("wal-0-1");
        let mut bytes = fs::read(&path).expect("a file");
        bytes.extend([0x55; 40]);
        fs::write(&path, bytes).expect("written");
    });
    assert_eq!(bench.seqs(), (1..=9).collect::<Vec<_>>());
}

#[test]
fn a_kill_at_any_step_of_a_checkpoint_neither_loses_nor_doubles() {
    // Each run lets one more step succeed before the disk is taken away.
    for allowed in 0..12 {
        let left = Arc::new(AtomicU32::new(u32::MAX));
        let steps = Arc::clone(&left);
        let medium = Medium::failing(move |_, _| {
            let before = steps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| {
                if n == u32::MAX { Some(n) } else { n.checked_sub(1) }
            });
            before.map(drop).map_err(|_none| io::ErrorKind::StorageFull.into())
        });
        let mut bench = Bench::with(medium, TrackOptions::WAL_MAX);
        bench.kept(1..=5);
        bench.checkpoint().expect("a sound checkpoint");
        bench.kept(6..=700);
        left.store(allowed, Ordering::Relaxed);
        let ended = bench.checkpoint();
        assert!(ended.is_err() || allowed >= 7, "{allowed} steps were enough");
        bench.medium = Medium::default();
        bench.killed(|_| {});
        assert_eq!(bench.seqs(), (1..=700).collect::<Vec<_>>(), "after {allowed} steps");
        assert_eq!(bench.store().stored(DEVICE), Some((1, 700)));
        bench.kept(701..=702);
        bench.checkpoint().expect("a sound checkpoint");
        bench.killed(|_| {});
        assert_eq!(bench.seqs(), (1..=702).collect::<Vec<_>>());
    }
}

#[test]
fn a_disk_that_fails_acknowledges_nothing_and_is_tried_with_another_file() {
    let broken = Arc::new(AtomicBool::new(false));
    let (seen, told) = (Arc::new(Mutex::new(Vec::new())), Arc::clone(&broken));
    let paths = Arc::clone(&seen);
    let medium = Medium::failing(move |step, path| {
        if step == Step::Sync && path.is_file() {
            paths.lock().expect("sound").push(path.to_owned());
            if told.load(Ordering::Relaxed) {
                return Err(io::ErrorKind::StorageFull.into());
            }
        }
        Ok(())
    });
    let mut bench = Bench::with(medium, TrackOptions::WAL_MAX);
    bench.kept(1..=3);
    seen.lock().expect("sound").clear();
    broken.store(true, Ordering::Relaxed);
    bench.keep(4..=6);
    let tried = || seen.lock().expect("sound").len();
    let newest = bench.told.0.lock().expect("sound");
    let waits = |_: &mut Option<Order>| tried() < 2;
    let step = Duration::from_millis(50);
    let mut newest = Some(newest);
    for _ in 0..200 {
        let held = newest.take().expect("held");
        let (held, _) = bench.told.1.wait_timeout_while(held, step, waits).expect("sound");
        newest = Some(held);
        if tried() >= 2 {
            break;
        }
    }
    drop(newest);
    assert_eq!(bench.told.newest(), Some((1, 3)), "nothing after a failed fsync");
    assert_eq!(bench.store().stored(DEVICE), Some((1, 3)));
    {
        let paths = seen.lock().expect("sound");
        assert!(paths.len() >= 2 && paths[0] != paths[1], "the same file twice: {paths:?}");
    }
    broken.store(false, Ordering::Relaxed);
    bench.told.until((1, 6));
    bench.kept(7..=8);
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), (1..=8).collect::<Vec<_>>(), "written perhaps twice, read once");
}

#[test]
fn what_waits_is_bounded() {
    let broken = Arc::new(AtomicBool::new(false));
    let told = Arc::clone(&broken);
    let medium = Medium::failing(move |step, _| {
        if step == Step::Sync && told.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        Ok(())
    });
    let bench = Bench::with(medium, TrackOptions::WAL_MAX);
    broken.store(true, Ordering::Relaxed);
    let mut taken = 0;
    let refused = (0..400_u32).any(|batch| {
        let fixes: Vec<TrackFix> = (batch * 1_000..(batch + 1) * 1_000).map(fix).collect();
        let upto = fixes.last().map(TrackFix::order).expect("some");
        taken += fixes.len();
        bench.try_keep(&court(), OFFICER, DEVICE, &fixes, upto).is_err()
    });
    // One flush may be in the writer's hands while the queue fills again.
    assert!(refused && taken <= 2 * QUEUE_FIXES_MAX, "{taken}");
    assert_eq!(bench.told.newest(), None);
}

#[test]
fn a_long_write_ahead_file_is_packed_and_days_and_devices_are_kept_apart() {
    let mut bench = Bench::with(Medium::default(), 4 * 1024);
    let other = DeviceId(Uuid::from_u128(3));
    let over_midnight = |seq| TrackFix {
        taken_at: UnixMillis(MORNING + 15 * HOUR_MS + i64::from(seq) * 60_000),
        ..fix(seq)
    };
    bench.keep_of(OFFICER, other, (1..=120).map(over_midnight).collect());
    bench.told.until((1, 120));
    for batch in 0..20 {
        bench.kept(batch * 100 + 1..=batch * 100 + 100);
    }
    bench.checkpoint().expect("a checkpoint");
    let days = bench.files(".trk");
    assert_eq!(days.len(), 2, "two days: {days:?}");
    let of_device = |device, bench: &Bench| -> Vec<u32> {
        let page = bench.page(None, usize::MAX);
        page.fixes.iter().filter(|s| s.device == device).map(|s| s.fix.seq).collect()
    };
    bench.killed(|_| {});
    assert_eq!(of_device(other, &bench), (1..=120).collect::<Vec<_>>());
    assert_eq!(of_device(DEVICE, &bench), (1..=2_000).collect::<Vec<_>>());
    let wal: u64 = bench.files("wal-").iter().map(|p| p.metadata().expect("there").len()).sum();
    assert!(wal < 4 * 1024, "{wal}");
}

#[test]
fn pages_follow_each_other_without_a_gap() {
    let bench = Bench::new();
    bench.kept(1..=50);
    bench.checkpoint().expect("a checkpoint");
    bench.kept(51..=90);
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = bench.page(after, 7);
        seen.extend(page.fixes.iter().map(|stored| stored.fix.seq));
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(seen, (1..=90).collect::<Vec<_>>());
}

#[test]
fn nothing_of_a_place_is_readable_on_the_disk_and_a_forgotten_month_stays_forgotten() {
    let mut bench = Bench::new();
    let october = |seq| TrackFix { taken_at: UnixMillis(MORNING - 40 * DAY_MS), ..fix(seq) };
    bench.keep_of(OFFICER, DEVICE, vec![october(1), fix(2), fix(3)]);
    bench.told.until((1, 3));
    let forget = |bench: &Bench, month: &str| {
        let forgetting = bench.store().forget(court(), OFFICER, month.to_owned());
        actix_web::rt::System::new().block_on(forgetting).expect("forgotten")
    };
    assert!(forget(&bench, "2026-11"));
    assert_eq!(bench.seqs(), [1], "the other month is there");
    assert!(!forget(&bench, "2026-11"), "there is no key any more");
    bench.kept(4..=5);
    bench.checkpoint().expect("a checkpoint");
    assert_eq!(bench.seqs(), [1, 4, 5], "what comes later has a key of its own");
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), [1, 4, 5]);
    assert_eq!(bench.store().stored(DEVICE), Some((1, 5)), "but no fix is stored again");
    let latitude = fix(4).lat_e7.to_le_bytes();
    for path in bench.files(".trk").iter().chain(&bench.files("wal-")) {
        let bytes = fs::read(path).expect("a file");
        assert!(!bytes.windows(4).any(|four| four == latitude), "{}", path.display());
    }
}

#[test]
fn days_that_are_over_are_removed_at_start_and_when_a_day_begins() {
    let mut bench = Bench::new();
    let days_ago = |seq: u32, days: i64| TrackFix {
        taken_at: UnixMillis(MORNING - days * DAY_MS),
        ..fix(seq)
    };
    bench.keep_of(OFFICER, DEVICE, vec![days_ago(1, 91), days_ago(2, 90), days_ago(3, 0)]);
    bench.told.until((1, 3));
    bench.checkpoint().expect("a checkpoint");
    assert_eq!(bench.files(".trk").len(), 3);
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), [2, 3], "at start");
    bench.clock.0.fetch_add(DAY_MS, Ordering::Relaxed);
    bench.kept(4..=4);
    assert_eq!(bench.seqs(), [3, 4], "when a day begins");
    bench.checkpoint().expect("what the new day began is over");
    bench.clock.0.fetch_add(100 * DAY_MS, Ordering::Relaxed);
    bench.killed(|_| {});
    assert_eq!(bench.files(".trk"), Vec::<PathBuf>::new());
    assert_eq!(bench.files("keys-"), Vec::<PathBuf>::new(), "the keys go with their month");
}

#[test]
fn a_damaged_block_is_a_fault_and_not_another_place() {
    let bench = Bench::new();
    bench.kept(1..=50);
    bench.checkpoint().expect("a checkpoint");
    let path = bench.files(".trk").pop().expect("a day file");
    let mut bytes = fs::read(&path).expect("a file");
    let last = bytes.len() - 20;
    bytes[last] ^= 1;
    fs::write(&path, bytes).expect("written");
    let window = TrackWindow { from: UnixMillis(0), to: UnixMillis(MORNING + DAY_MS) };
    let read = bench.store().read(court(), OFFICER, window, None, 100);
    let fault = actix_web::rt::System::new().block_on(read).expect_err("damaged");
    assert_eq!(fault.kind(), io::ErrorKind::InvalidData);
}

#[test]
fn damaged_keys_are_put_aside_and_stop_nobody() {
    let mut bench = Bench::new();
    bench.kept(1..=50);
    bench.checkpoint().expect("a checkpoint");
    bench.kept(51..=60);
    bench.killed(|folder| {
        let path = folder.join("changyuan");
        let keys = fs::read_dir(path).expect("a folder").flatten().map(|entry| entry.path());
        let path = keys.into_iter().find(|path| path.to_string_lossy().contains("keys-"));
        let path = path.expect("keys");
        let mut bytes = fs::read(&path).expect("a file");
        let middle = bytes.len() / 2;
        bytes[middle] ^= 1;
        fs::write(&path, bytes).expect("written");
    });
    bench.kept(61..=70);
    bench.checkpoint().expect("others must not wait for people");
    assert_eq!(bench.files(".damaged-").len(), 1);
    assert_eq!(bench.seqs(), (51..=70).collect::<Vec<u32>>(), "what came since can be read");
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), (51..=70).collect::<Vec<u32>>());
}

#[test]
fn a_write_ahead_file_of_an_older_server_is_read() {
    let bench = Bench::new();
    let mut plain = Vec::new();
    for (device, seqs) in [(DEVICE, 1..=3), (DeviceId(Uuid::from_u128(3)), 7..=9)] {
        let fixes: Vec<TrackFix> = seqs.map(fix).collect();
        let block = tiande_core::track::encode(&fixes).expect("a block");
        frame::put_text(&mut plain, court().as_str());
        plain.extend(OFFICER.0.as_bytes());
        plain.extend(device.0.as_bytes());
        plain.extend(u32::try_from(block.len()).expect("short").to_le_bytes());
        plain.extend(block);
    }
    let key = MasterKey::from_bytes([7; 32]).derive("write-ahead file of tracks");
    let sealed = crate::keys::Sealer::new(&key).seal(&wal::context(0, 0, 8), &plain);
    let mut file = wal::MAGIC_1.to_vec();
    frame::put(&mut file, &sealed);
    let mut bench = bench;
    bench.killed(|folder| fs::write(folder.join("wal-0-0"), file).expect("written"));
    assert_eq!(bench.seqs(), [1, 2, 3, 7, 8, 9]);
    bench.kept(4..=5);
    bench.checkpoint().expect("a checkpoint");
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), [1, 2, 3, 4, 5, 7, 8, 9]);
}

#[test]
fn what_overtakes_within_one_flush_is_kept_in_order_and_once() {
    let mut bench = Bench::new();
    for seqs in [vec![5], vec![3, 4], vec![5, 4], vec![6], vec![1, 6]] {
        bench.keep(seqs);
    }
    bench.told.until((1, 6));
    bench.kept(7..=7);
    assert_eq!(bench.seqs(), [1, 3, 4, 5, 6, 7]);
    bench.killed(|_| {});
    assert_eq!(bench.seqs(), [1, 3, 4, 5, 6, 7]);
    bench.checkpoint().expect("a checkpoint");
    assert_eq!(bench.seqs(), [1, 3, 4, 5, 6, 7]);
}

/// With one `fdatasync` a court, and nobody told meanwhile, a checkpoint of a country took minutes.
#[test]
fn a_checkpoint_of_many_courts_holds_up_no_acknowledgement() {
    const COURTS: usize = 120;
    let (seen, dead) = (Arc::new(Mutex::new(Vec::new())), Arc::new(AtomicBool::new(false)));
    let (paths, over) = (Arc::clone(&seen), Arc::clone(&dead));
    let medium = Medium::failing(move |step, path| {
        if over.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::StorageFull.into());
        }
        if step == Step::Sync && path.is_file() {
            paths.lock().expect("sound").push(path.to_owned());
            // A disk on which each `fdatasync` takes a while.
            let (held, never) = (Mutex::new(()), Condvar::new());
            drop(never.wait_timeout(held.lock().expect("sound"), Duration::from_millis(2)));
        }
        Ok(())
    });
    let mut bench = Bench::with(medium, 64 * 1024);
    let mut sent = 0;
    let mut report = |bench: &Bench| {
        sent += 1;
        for number in 0..COURTS {
            let court = CourtId::parse(&format!("court-{number}")).expect("a name");
            let id = Uuid::from_u128(1_000 + number as u128);
            let (officer, device) = (OfficerId(id), DeviceId(id));
            let fixes: Vec<_> = (sent * 20 - 19..=sent * 20).map(fix).collect();
            bench.try_keep(&court, officer, device, &fixes, (1, sent * 20)).expect("room");
        }
        bench.told.until((1, sent * 20));
        sent * 20
    };
    let is_day = |path: &PathBuf| path.extension().is_some_and(|end| end == "trk");
    let forced = || seen.lock().expect("sound").iter().filter(|path| is_day(path)).count();
    // Somebody is told while some of the courts are packed and others are not.
    let mut last = 0;
    let told_in_between = (0..100).any(|_| {
        last = report(&bench);
        !forced().is_multiple_of(COURTS)
    });
    assert!(told_in_between, "nobody was told before all courts were packed");
    // Killed there: nothing more reaches the disk. Each fix that was told is there once.
    dead.store(true, Ordering::Relaxed);
    bench.checkpoint().ok();
    bench.medium = Medium::default();
    bench.killed(|_| {});
    let window = TrackWindow { from: UnixMillis(0), to: UnixMillis(MORNING + DAY_MS) };
    for number in [0, COURTS - 1] {
        let court = CourtId::parse(&format!("court-{number}")).expect("a name");
        let officer = OfficerId(Uuid::from_u128(1_000 + number as u128));
        let read = bench.store().read(court, officer, window, None, usize::MAX);
        let page = actix_web::rt::System::new().block_on(read).expect("readable");
        let seqs: Vec<u32> = page.fixes.iter().map(|stored| stored.fix.seq).collect();
        assert_eq!(seqs, (1..=last).collect::<Vec<_>>());
    }
}
