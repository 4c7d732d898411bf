//! What the store of tracks costs: bytes a fix on the disk, everything included, and, on demand, how
//! fast it is (`cargo test --release --test track_store -- --ignored --nocapture`).
#![allow(clippy::unwrap_used, clippy::panic)] // A broken expectation must end the test at once.
#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "measures how long real work takes, and says so"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, BufRead};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use tiande::keys::MasterKey;
use tiande::telemetry::SystemClock;
use tiande::tracks::{Medium, TrackOptions, TrackStore};
use tiande_actors::ports::Tracks as _;
use tiande_actors::ports::tracks::{TrackBatch, TrackPart, TrackTeller};
use tiande_core::geo::{LatLon, Metres};
use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::time::UnixMillis;
use tiande_core::track::{Order, TrackFix};
use uuid::Uuid;

/// What the issue allows.
const BYTES_A_FIX_MAX: f64 = 8.0;
const START: i64 = 1_795_593_600_000;

struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("tiande-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    /// Bytes of all files whose names hold `part`.
    fn bytes(&self, part: &str) -> u64 {
        fn below(folder: &Path, part: &str) -> u64 {
            let of = |path: PathBuf| match path.metadata().unwrap() {
                meta if meta.is_dir() => below(&path, part),
                meta if path.to_string_lossy().contains(part) => meta.len(),
                _ => 0,
            };
            fs::read_dir(folder).unwrap().flatten().map(|entry| of(entry.path())).sum()
        }
        below(&self.0, part)
    }

    fn store(&self) -> TrackStore {
        TrackStore::open(TrackOptions {
            folder: self.0.join("tracks"),
            master: Arc::new(MasterKey::from_bytes([7; 32])),
            clock: Arc::new(SystemClock),
            keep_days: 3_650 * 10,
            wal_max: TrackOptions::WAL_MAX,
            medium: Medium::default(),
        })
        .unwrap()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).ok();
    }
}

/// How many devices have had which fix acknowledged, and when the newest came.
#[derive(Default)]
struct Told(Mutex<BTreeMap<DeviceId, (Order, Option<Instant>)>>, Condvar);

impl TrackTeller for Told {
    fn stored(&self, parts: &[TrackPart]) {
        let mut told = self.0.lock().unwrap();
        for part in parts {
            told.insert(part.device, (part.upto, Some(Instant::now())));
        }
        self.1.notify_all();
    }
}

impl Told {
    fn until(&self, devices: usize, order: Order) {
        let told = self.0.lock().unwrap();
        let missing = |told: &mut BTreeMap<_, (Order, _)>| {
            told.values().filter(|(upto, _)| *upto >= order).count() < devices
        };
        let (_told, late) =
            self.1.wait_timeout_while(told, Duration::from_secs(120), missing).unwrap();
        assert!(!late.timed_out(), "not acknowledged in two minutes");
    }
}

struct Noise(u64);

impl Noise {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    fn about(&mut self, deviation: f64) -> f64 {
        ((0..12).map(|_| self.next()).sum::<f64>() - 6.0) * deviation
    }
}

/// Somebody on foot, once a second, under 2 m of noise a coordinate, with everything a phone reports.
fn walker(seed: u64, count: u32) -> Vec<TrackFix> {
    let mut noise = Noise(seed);
    let (mut lat, mut lon, mut course) = (35.2_f64, 114.67_f64, 0.7_f64);
    let each = |at: u32| {
        course += noise.about(0.15);
        lat += course.cos() * 1.4 / 111_000.0;
        lon += course.sin() * 1.4 / 91_000.0;
        let place =
            LatLon::new(lat + noise.about(2.0) / 111_000.0, lon + noise.about(2.0) / 91_000.0);
        let fix = Fix {
            epoch: 1,
            seq: at + 1,
            taken_at: UnixMillis(START + i64::from(at) * 1_000 + noise.about(20.0) as i64),
            at: place.unwrap(),
            accuracy: Some(Metres(8.0 + noise.about(1.5).abs())),
            speed_mps: Some((1.4 + noise.about(0.2)).abs() as f32),
            heading_deg: Some((course.to_degrees() + noise.about(8.0)).rem_euclid(360.0) as f32),
        };
        TrackFix::of(&fix, FixVerdict::Taken)
    };
    (0..count).map(each).collect()
}

fn keep(store: &TrackStore, number: u128, fixes: &[TrackFix], told: &Arc<Told>) {
    let (officer, device) = (OfficerId(Uuid::from_u128(number)), DeviceId(Uuid::from_u128(number)));
    let upto = fixes.last().unwrap().order();
    let parts = [TrackPart { number: 0, officer, device, fixes: fixes.len(), upto }];
    let court = CourtId::parse("drill").unwrap();
    let make = || {
        let teller = Arc::clone(told) as Arc<dyn TrackTeller>;
        TrackBatch { court: &court, parts: &parts, fixes, teller }
    };
    let begun = Instant::now();
    while store.keep(make()).is_err() {
        assert!(begun.elapsed() < Duration::from_secs(60), "full for a minute");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Stores tracks and says what a fix takes on the disk, with heads, seals, sums and keys.
fn bytes_a_fix(what: &str, tracks: &[Vec<TrackFix>]) -> f64 {
    let folder = Folder::new(&format!("bytes-{}", tracks.len()));
    let store = folder.store();
    let told = Arc::new(Told::default());
    let mut count = 0;
    for (number, fixes) in tracks.iter().enumerate() {
        count += fixes.len();
        for chunk in fixes.chunks(1_000) {
            keep(&store, number as u128, chunk, &told);
        }
    }
    store.close();
    let (blocks, keys) = (folder.bytes(".trk"), folder.bytes("keys-"));
    let each = (blocks + keys) as f64 / count as f64;
    println!("{what}: {count} fixes, {blocks} bytes of blocks, {keys} of keys: {each:.2} a fix");
    each
}

#[test]
fn a_fix_of_a_walker_takes_at_most_eight_bytes() {
    let tracks: Vec<_> = (1..=4).map(|seed| walker(seed, 28_800)).collect();
    assert!(bytes_a_fix("walker at 1 Hz, 8 h", &tracks) <= BYTES_A_FIX_MAX);
}

/// Real cabs of a day, a fix a minute or so; `None` where the recording is not there.
fn cabs() -> Option<Vec<Vec<TrackFix>>> {
    let file =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/sf_cabs_2008-05-21.csv.gz");
    if !file.exists() {
        return None;
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(file).stdout(Stdio::piped()).spawn();
    let mut child = unpacked.ok()?;
    let mut cabs: BTreeMap<String, Vec<TrackFix>> = BTreeMap::new();
    for line in io::BufReader::new(child.stdout.take()?).lines().skip(1) {
        let line = line.unwrap();
        let mut cells = line.split(',');
        let mut cell = || cells.next().unwrap();
        let (at, cab) = (cell().parse::<i64>().unwrap(), cell().to_owned());
        let place = LatLon::new(cell().parse().unwrap(), cell().parse().unwrap()).unwrap();
        let fixes = cabs.entry(cab).or_default();
        let fix = Fix {
            epoch: 1,
            seq: u32::try_from(fixes.len()).unwrap() + 1,
            taken_at: UnixMillis(at * 1_000),
            at: place,
            accuracy: None,
            speed_mps: None,
            heading_deg: None,
        };
        fixes.push(TrackFix::of(&fix, FixVerdict::Taken));
    }
    child.wait().ok()?;
    Some(cabs.into_values().collect())
}

#[test]
fn a_fix_of_a_real_cab_takes_at_most_eight_bytes_beside_its_keys() {
    let Some(cabs) = cabs() else {
        println!("SKIPPED: ../shared/data/sf_cabs_2008-05-21.csv.gz or gzip is not here");
        return;
    };
    // A cab says where it is once a minute, as it was at some second: steps of half a kilometre.
    let each = bytes_a_fix("252 real cabs, a fix a minute", &cabs);
    assert!(each <= BYTES_A_FIX_MAX, "{each}");
}

fn quantile(sorted: &[Duration], part: f64) -> Duration {
    sorted[((sorted.len() - 1) as f64 * part) as usize]
}

#[test]
#[ignore = "measures; run it with --release"]
fn figures() {
    let folder = Folder::new("figures");
    let store = folder.store();
    let told = Arc::new(Told::default());
    // As fast as it goes: 1,000 officers, ten fixes a batch.
    let tracks: Vec<_> = (0..1_000).map(|seed| walker(seed, 1_000)).collect();
    let begun = Instant::now();
    for chunk in 0..100 {
        for (number, fixes) in tracks.iter().enumerate() {
            keep(&store, number as u128, &fixes[chunk * 10..chunk * 10 + 10], &told);
        }
    }
    told.until(1_000, (1, 1_000));
    let rate = 1e6 / begun.elapsed().as_secs_f64();
    println!("1,000 officers as fast as it goes: {rate:.0} fixes/s durable");
    // An offline queue of eight hours, a frame at a time.
    let queue = walker(5_000, 28_800);
    let begun = Instant::now();
    for chunk in queue.chunks(100) {
        keep(&store, 5_000, chunk, &told);
    }
    told.until(1, (1, 28_800));
    println!("28,800 fixes of one device: durable after {:?}", begun.elapsed());
    // 1,000 officers at 1 Hz, spread over the second.
    let told = Arc::new(Told::default());
    let (mut waits, begun) = (Vec::new(), Instant::now());
    for second in 0..20_u32 {
        let mut sent = Vec::new();
        for number in 0..1_000_u32 {
            let due = Duration::from_millis(u64::from(second * 1_000 + number));
            std::thread::sleep(due.saturating_sub(begun.elapsed()));
            let mut fix = tracks[number as usize][second as usize];
            (fix.epoch, fix.seq) = (2, second + 1);
            sent.push(Instant::now());
            keep(&store, number.into(), &[fix], &told);
        }
        told.until(1_000, (2, second + 1));
        let told = told.0.lock().unwrap();
        for (number, sent) in sent.iter().enumerate() {
            let (_, at) = told[&DeviceId(Uuid::from_u128(number as u128))];
            waits.push(at.unwrap() - *sent);
        }
    }
    waits.sort();
    let (p50, p99) = (quantile(&waits, 0.5), quantile(&waits, 0.99));
    println!("1,000 officers at 1 Hz: stored after p50 {p50:?}, p99 {p99:?}");
}
