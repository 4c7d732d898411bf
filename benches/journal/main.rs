//! The journal beside what a user would pick instead, both sides interleaved in one run.
//! `cargo bench --bench journal` prints one JSON line a figure to standard output, and what each side
//! is and has done to standard error. `QUICK=1` is for trying it out: its figures are not to be quoted.
//!
//! **Not here:** the whole way of a tip, which `tiande-drill bench` measures from outside.
#![allow(clippy::disallowed_methods, reason = "it measures how long real work takes")]
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

mod mix;
#[path = "../../tests/journal_contract/samples.rs"]
#[allow(dead_code, reason = "shared with the contract's tests")]
mod samples;
#[path = "../../tests/support/postgres.rs"]
mod server;
mod theirs;
mod witness;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use tiande::journal::{HashAlg, OpenOptions, PostgresOptions, Store};
use tiande_actors::ports::journal::{Append, Journal};
use tokio::runtime::Runtime;

use mix::Pair;
use witness::Witness;

/// Rounds of each figure; the median counts.
const ROUNDS: usize = 5;
/// Tips under way at once when the journal is to be full: about as many decisions wait.
const AT_ONCE: u64 = 1_024;
/// Pause between two decisions of the paced load: 500 a second.
const PACE: Duration = Duration::from_millis(2);

/// A folder beside the build's own files, so that all sides share one disk; gone with this.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let name = format!("tiande-bench-{}", hex::encode(tiande::keys::random::<8>()));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).expect("made");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.0));
    }
}

/// One figure: a value a round of each side.
#[derive(Default)]
struct Figure {
    ours: Vec<f64>,
    theirs: Vec<f64>,
}

fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN)
}

impl Figure {
    fn note(&mut self, ours: f64, theirs: f64) {
        self.ours.push(ours);
        self.theirs.push(theirs);
    }

    fn print(&self, name: &str, unit: &str, budget: Option<&str>, better: &str) {
        let ratio = median(&self.ours) / median(&self.theirs);
        let round = |values: &[f64]| -> Vec<f64> {
            values.iter().map(|value| (value * 10.0).round() / 10.0).collect()
        };
        let line = json!({
            "name": name, "ours": round(&self.ours), "theirs": round(&self.theirs), "unit": unit,
            "ratio": (ratio * 1_000.0).round() / 1_000.0, "budget": budget, "better": better,
        });
        println!("{line}");
    }
}

fn quantile(times: &mut [Duration], q: f64) -> f64 {
    times.sort_unstable();
    let at = ((times.len() - 1) as f64 * q).round() as usize;
    times[at].as_secs_f64() * 1e6
}

/// How much is done; a trial does a tenth.
fn much(whole: u64) -> u64 {
    if std::env::var_os("QUICK").is_some() { whole / 8 } else { whole }
}

async fn open(data_dir: &Path, postgres: Option<&str>) -> Store {
    let clock = Arc::new(samples::Still);
    let options = OpenOptions::new(data_dir.to_owned(), HashAlg::Sha256.name(), clock);
    let place = postgres.map(|url| PostgresOptions::new(url, None).expect("a good address"));
    Store::open(options, place).await.expect("opens")
}

/// Our side: a journal, and the pairs of officers that decisions are made with.
struct Ours {
    store: Store,
    pairs: Vec<Pair>,
    next: u64,
}

impl Ours {
    async fn new(data_dir: &Path, postgres: Option<&str>) -> Self {
        let store = open(data_dir, postgres).await;
        let mut pairs = Vec::new();
        for n in 0..AT_ONCE {
            let (pair, made) = Pair::new(n);
            for append in made {
                store.append(append).await.expect("durable");
            }
            pairs.push(pair);
        }
        Self { store, pairs, next: 1 }
    }

    /// So many tips, from report to end, [`AT_ONCE`] at once; events and how long they took.
    async fn saturate(&mut self, tips: u64) -> (usize, Duration) {
        let mut lanes: Vec<Vec<Append>> = Vec::new();
        let mut events = 0;
        for (lane, pair) in (0..AT_ONCE).zip(&mut self.pairs) {
            let numbers = (lane..tips).step_by(AT_ONCE as usize).map(|n| self.next + n);
            let lives: Vec<_> = numbers.flat_map(|n| pair.life(n)).collect();
            events += lives.iter().map(mix::events).sum::<usize>();
            lanes.push(lives);
        }
        self.next += tips;
        let start = Instant::now();
        let tasks: Vec<_> = lanes
            .into_iter()
            .map(|lane| {
                let store = self.store.clone();
                tokio::spawn(async move {
                    for append in lane {
                        store.append(append).await.expect("durable");
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("no panic");
        }
        (events, start.elapsed())
    }

    /// One tip's decisions, of the pair whose turn it is.
    fn one_life(&mut self) -> Vec<Append> {
        let n = self.next;
        self.next += 1;
        let pair = usize::try_from(n % AT_ONCE).expect("few");
        self.pairs[pair].life(n)
    }
}

/// (a) Saturated, SQLite.
async fn sqlite_throughput(folder: &Path, witness: &Witness) {
    let mut ours = Ours::new(&folder.join("sqlite"), None).await;
    let (mut plain, mut indexed) =
        (theirs::Sqlite::new(folder, false), theirs::Sqlite::new(folder, true));
    eprintln!(
        "ours: SQLite store as shipped, {AT_ONCE} tips at once, 26 events in 11 decisions each"
    );
    eprintln!("theirs: SQLite, {}", theirs::Sqlite::SETTINGS);
    let database = folder.join("sqlite/tiande.sqlite");
    let mut after = theirs::rows_of(&database, 0).last().map_or(0, |row| row.position);
    let (mut log, mut store) = (Figure::default(), Figure::default());
    for round in 0..ROUNDS {
        let before = witness.now();
        let (events, took) = ours.saturate(much(4_096)).await;
        let did = witness.now().since(&before);
        let rows = theirs::rows_of(&database, after);
        assert_eq!(rows.len(), events, "every event is a row");
        after = rows.last().map_or(after, |row| row.position);
        let bytes: usize = rows.iter().map(theirs::Row::len).sum();
        let (bare, with_index) = (plain.insert(&rows), indexed.insert(&rows));
        let rate = |took: Duration| events as f64 / took.as_secs_f64();
        log.note(rate(took), rate(bare));
        store.note(rate(took), rate(with_index));
        eprintln!(
            "round {round}: {events} events, {bytes} bytes; ours {:.0}/s, {did}; theirs {:.0}/s in \
             {} transactions, {:.0}/s with UNIQUE (stream, seq)",
            rate(took),
            rate(bare),
            rows.len().div_ceil(1_000),
            rate(with_index),
        );
    }
    ours.store.shutdown().await;
    let name = "journal: durable events, SQLite store against plain SQLite inserts";
    log.print(name, "events/s", Some(">= 0.25"), "higher");
    let name = "journal: the same, against inserts with UNIQUE (stream, seq)";
    store.print(name, "events/s", None, "higher");
}

/// (b) Saturated, PostgreSQL.
async fn postgres_throughput(folder: &Path, witness: &Witness, url: &str) {
    // The rows for the other side are those of the SQLite store: the same events.
    let mut twin = Ours::new(&folder.join("twin"), None).await;
    let mut ours = Ours::new(&folder.join("postgres"), Some(url)).await;
    let mut plain = theirs::Postgres::new(url).await;
    eprintln!("ours: PostgreSQL store as shipped, {AT_ONCE} tips at once");
    eprintln!("theirs: PostgreSQL, {}", theirs::Postgres::SETTINGS);
    let database = folder.join("twin/tiande.sqlite");
    let mut after = theirs::rows_of(&database, 0).last().map_or(0, |row| row.position);
    let mut figure = Figure::default();
    for round in 0..ROUNDS {
        let tips = much(2_048);
        twin.saturate(tips).await;
        let rows = theirs::rows_of(&database, after);
        after = rows.last().map_or(after, |row| row.position);
        let before = witness.now();
        let (events, took) = ours.saturate(tips).await;
        let did = witness.now().since(&before);
        let bare = plain.insert(&rows).await;
        let rate = |took: Duration| events as f64 / took.as_secs_f64();
        figure.note(rate(took), rate(bare));
        eprintln!(
            "round {round}: {events} events; ours {:.0}/s, {did}; theirs {:.0}/s in {} transactions",
            rate(took),
            rate(bare),
            rows.len().div_ceil(1_000),
        );
    }
    twin.store.shutdown().await;
    ours.store.shutdown().await;
    let name = "journal: durable events, PostgreSQL store against plain PostgreSQL inserts";
    figure.print(name, "events/s", Some(">= 0.25"), "higher");
}

/// (c) Acknowledgements under a steady load, and (d) of one decision alone.
async fn latency(folder: &Path, name: &str, postgres: Option<&str>) {
    let mut ours = Ours::new(&folder.join(format!("latency-{name}")), postgres).await;
    let mut disk = theirs::Disk::new(folder);
    // A decision's own bytes, about; what counts is the force, not the length.
    let bytes = vec![3_u8; 2_048];
    let budget = postgres.is_none().then_some("<= 4");
    eprintln!("ours: {name} store, one decision each {PACE:?}, 2.4 events each");
    eprintln!("theirs: {} bytes written over a file that has its room, fdatasync", bytes.len());
    let (mut p50, mut p99) = (Figure::default(), Figure::default());
    for _ in 0..ROUNDS {
        let (mut acks, mut syncs) = (Vec::new(), Vec::new());
        // A fifth of a second of the one, a fifth of the other: the same seconds for both.
        for _ in 0..much(16) {
            let window = Instant::now() + Duration::from_millis(200);
            let mut turn = tokio::time::interval(PACE);
            let mut under_way = Vec::new();
            while Instant::now() < window {
                for append in ours.one_life() {
                    turn.tick().await;
                    let store = ours.store.clone();
                    under_way.push(tokio::spawn(async move {
                        let start = Instant::now();
                        store.append(append).await.expect("durable");
                        start.elapsed()
                    }));
                }
            }
            for task in under_way {
                acks.push(task.await.expect("no panic"));
            }
            let window = Instant::now() + Duration::from_millis(200);
            let mut turn = tokio::time::interval(PACE);
            while Instant::now() < window {
                turn.tick().await;
                syncs.push(disk.write(&bytes));
            }
        }
        p50.note(quantile(&mut acks, 0.5), quantile(&mut syncs, 0.5));
        p99.note(quantile(&mut acks, 0.99), quantile(&mut syncs, 0.99));
    }
    p99.print(
        &format!("journal: acknowledgement p99 at 500/s, {name} store"),
        "us",
        budget,
        "lower",
    );
    p50.print(&format!("journal: acknowledgement p50 at 500/s, {name} store"), "us", None, "lower");
    let (mut tips, mut accepts) = (Figure::default(), Figure::default());
    for _ in 0..ROUNDS {
        let (mut tip, mut accept, mut sync) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..much(160) {
            for (n, append) in ours.one_life().into_iter().enumerate() {
                let start = Instant::now();
                ours.store.append(append).await.expect("durable");
                match n {
                    0 => tip.push(start.elapsed()),
                    3 => accept.push(start.elapsed()),
                    _ => {}
                }
                sync.push(disk.write(&bytes));
            }
        }
        let floor = quantile(&mut sync, 0.5);
        tips.note(quantile(&mut tip, 0.5), floor);
        accepts.note(quantile(&mut accept, 0.5), floor);
    }
    ours.store.shutdown().await;
    tips.print(
        &format!("journal: one tip alone (7 events), p50, {name} store"),
        "us",
        None,
        "lower",
    );
    let of = format!("journal: one acceptance alone (2 events), p50, {name} store");
    accepts.print(&of, "us", None, "lower");
}

fn main() {
    let runtime: Runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let witness = Witness::new();
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    eprintln!("load average {}", load.trim_end());
    let folder = Folder::new();
    let wanted = |what: &str| {
        let asked: Vec<_> = std::env::args().skip(1).filter(|arg| !arg.starts_with('-')).collect();
        asked.is_empty() || asked.iter().any(|arg| arg == what)
    };
    runtime.block_on(async {
        if wanted("sqlite") {
            sqlite_throughput(&folder.0, &witness).await;
        }
        if wanted("sqlite-latency") {
            latency(&folder.0, "SQLite", None).await;
        }
        if !(wanted("postgres") || wanted("postgres-latency")) {
            return;
        }
        let cluster = match server::Cluster::start(&[]) {
            Ok(cluster) => cluster,
            Err(why) => return eprintln!("SKIP PostgreSQL: {}", why.trim_end()),
        };
        if wanted("postgres") {
            postgres_throughput(&folder.0, &witness, &cluster.url).await;
        }
        if wanted("postgres-latency") {
            server::run(&cluster.url, &["CREATE DATABASE latency"]).await;
            latency(&folder.0, "PostgreSQL", Some(&cluster.at("latency"))).await;
        }
    });
}
