//! A court with a million open cases: how long a start takes beside one bare scan of the journal's
//! rows, and what is in memory then. Measures and prints; run it alone, in release:
//! `cargo test --release -p tiande --test black_box a_million -- --ignored --nocapture --test-threads 1`
#![allow(clippy::print_stdout, reason = "its only purpose is to print")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use sqlx::Row as _;

use super::fill::{Fill, History, address_of};
use super::scan::{Scanned, scan};
use super::{end, metric};
use crate::databases::{Cluster, connect};
use crate::postgres::store;
use crate::support::server::files_below;
use crate::support::tips::tip_with;
use crate::support::waiting::{Stopwatch, let_pass, until};
use crate::support::{Court, Server};

/// Where the history is.
enum Bed {
    InSqlite,
    /// A server of its own, with the memory that PostgreSQL has when nobody sets anything.
    InPostgres(Cluster),
}

/// Waits for something of a database.
fn wait<T>(what: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(what)
}

impl Bed {
    fn url(&self) -> Option<&str> {
        match self {
            Self::InSqlite => None,
            Self::InPostgres(cluster) => Some(&cluster.url),
        }
    }

    fn server(&self) -> Server {
        self.url().map_or_else(Server::start, |url| Server::start_with(&store(url)))
    }

    /// Bytes of the whole database.
    fn size(&self, data: &Path) -> u64 {
        match self {
            Self::InSqlite => std::fs::metadata(data.join("tiande.sqlite")).map_or(0, |f| f.len()),
            Self::InPostgres(cluster) => wait(async {
                let mut conn = connect(&cluster.url).await;
                let size = sqlx::query("SELECT pg_database_size(current_database())");
                let size: i64 = size.fetch_one(&mut conn).await.expect("a size").get(0);
                size.unsigned_abs()
            }),
        }
    }

    /// Takes the database out of memory, its own and the system's, as far as that lets us.
    fn cool(&mut self, data: &Path) {
        match self {
            Self::InSqlite => forget_file(&data.join("tiande.sqlite")),
            Self::InPostgres(cluster) => {
                let files = files_below(&cluster.home().join("data/base"));
                assert!(!files.is_empty(), "a database is in files");
                cluster.order("stop");
                files.iter().for_each(|file| forget_file(file));
                cluster.order("start");
            }
        }
    }
}

fn forget_file(file: &Path) {
    let file = format!("of={}", file.display());
    let args = [file.as_str(), "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"];
    let cooled = Command::new("dd").args(args).status();
    assert!(cooled.is_ok_and(|status| status.success()), "dd");
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

#[test]
#[ignore = "measures; run it alone, in release"]
fn a_million_cases() {
    measure(Bed::InSqlite, &MILLION);
}

#[test]
#[ignore = "measures; run it alone, in release"]
fn a_million_cases_in_postgres() {
    let postgres = Cluster::start(&["-c", "shared_buffers=128MB"]).expect("a PostgreSQL");
    measure(Bed::InPostgres(postgres), &MILLION);
}

const MILLION: Fill = Fill {
    officers: 5_000,
    events: 200,
    open_incidents: 50,
    closed_incidents: 200_000,
    cases: 1_000_000,
};

fn measure(mut bed: Bed, fill: &Fill) {
    let mut server = bed.server();
    let court = Court::add(&server, "long");
    let empty_kib = server.rss_kib();
    end(&mut server);
    let mut history = History::of(&court.id);
    let watch = Stopwatch::start();
    history.write(&server.data, bed.url(), fill);
    let bytes = bed.size(&server.data);
    println!("{fill:?}: written in {:.0} s, {} MiB", watch.elapsed().as_secs_f64(), bytes >> 20);
    println!("a server with an empty court holds {empty_kib} KiB");
    for (round, warmth) in ["cold", "warm", "cold", "warm"].into_iter().enumerate() {
        if warmth == "cold" {
            bed.cool(&server.data);
        }
        let Scanned { bodies, records, took: scanned } = wait(scan(&server.data, bed.url()));
        if warmth == "cold" {
            bed.cool(&server.data);
        }
        let watch = Stopwatch::start();
        server.start_again();
        let started = watch.elapsed();
        let ratio = started.as_secs_f64() / scanned.as_secs_f64();
        println!(
            "{warmth}: scan of {records} records ({} MiB of bodies) {:.0} ms, start to ready {:.0} ms: \
             {ratio:.2} x; {:.0} records read; {} KiB",
            bodies >> 20,
            ms(scanned),
            ms(started),
            metric(&server, "tiande_journal_records_read_total"),
            server.rss_kib(),
        );
        let (number, _) = history.some_case();
        let tip = tip_with("long", json!({"case_number": number}));
        let tips: Vec<String> = (0..3)
            .map(|n| {
                let watch = Stopwatch::start();
                court.source.incident(&server, &format!("msg_{round}_{n}"), &tip);
                format!("{:.1}", ms(watch.elapsed()))
            })
            .collect();
        println!("  first tips about a sleeping case, ms: {}", tips.join(", "));
        if round == 3 {
            resident(&server, &court.dispatcher());
        }
        end(&mut server);
    }
}

/// What cases cost that are awake, and that they go to sleep again.
fn resident(server: &Server, cookie: &str) {
    let cookie = [("cookie", cookie)];
    let look = |n| server.get(&format!("/api/cases?number={}", address_of(n)), &cookie);
    // What grows with the first questions of whatever kind is no case.
    (1..=500).for_each(|n| drop(look(n).ok("a case")));
    let before = server.rss_kib();
    let many = 10_000;
    let watch = Stopwatch::start();
    (501..=500 + many).for_each(|n| drop(look(n).ok("a case")));
    let looked = watch.elapsed();
    let kib = server.rss_kib() - before;
    // The gauge is set every five seconds, and no case sleeps within thirty.
    let_pass(Duration::from_secs(6));
    let awake = metric(server, "tiande_cases_awake");
    println!("{many} cases looked at in {:.0} ms: {kib} KiB more", ms(looked));
    println!("  {awake} awake at the last count: {} bytes each", kib * 1_024 / many);
    until(Duration::from_secs(120), "sleep", || {
        // Asking costs memory too.
        let_pass(Duration::from_secs(2));
        (metric(server, "tiande_cases_awake") == 0.0).then_some(())
    });
    println!("  all asleep again: {} KiB", server.rss_kib());
}

/// The same cases again and again: what stays in memory after the first rounds is not theirs.
/// `cargo test --release -p tiande --test black_box come_and_go -- --ignored --nocapture`
#[test]
#[ignore = "measures; run it alone, in release"]
fn cases_come_and_go() {
    let mut server = Server::start();
    let court = Court::add(&server, "long");
    end(&mut server);
    let nobody =
        Fill { officers: 0, events: 0, open_incidents: 0, closed_incidents: 0, cases: 11_000 };
    History::of(&court.id).write(&server.data, None, &nobody);
    server.start_again();
    let cookie = court.dispatcher();
    for _ in 0..4 {
        resident(&server, &cookie);
    }
    end(&mut server);
}
