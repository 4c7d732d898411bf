//! A court with a million open cases: how long a start takes beside one bare scan of the journal's
//! rows, and what is in memory then. Measures and prints; run it alone, in release:
//! `cargo test --release -p tiande --test black_box a_million -- --ignored --nocapture`
#![allow(clippy::print_stdout, reason = "its only purpose is to print")]

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::fill::{Fill, History};
use super::{end, metric};
use crate::support::tips::tip_with;
use crate::support::waiting::Stopwatch;
use crate::support::{Court, Server};

/// The sum of all bodies' lengths, the number of records, and how long that took.
fn scan(data: &Path) -> (i64, i64, Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let options = SqliteConnectOptions::new().filename(data.join("tiande.sqlite"));
        let mut conn =
            SqliteConnection::connect_with(&options.read_only(true)).await.expect("opens");
        let watch = Stopwatch::start();
        let row = sqlx::query("SELECT SUM(LENGTH(body)), COUNT(*) FROM journal")
            .fetch_one(&mut conn)
            .await
            .expect("readable");
        (row.get(0), row.get(1), watch.elapsed())
    })
}

/// Takes the database out of the system's memory, as far as it lets us.
fn cool(data: &Path) {
    let file = format!("of={}", data.join("tiande.sqlite").display());
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
    let mut server = Server::start();
    let court = Court::add(&server, "long");
    let empty_kib = server.rss_kib();
    end(&mut server);
    let fill = Fill {
        officers: 5_000,
        events: 200,
        open_incidents: 50,
        closed_incidents: 200_000,
        cases: 1_000_000,
    };
    let mut history = History::of(&court.id);
    let watch = Stopwatch::start();
    history.write(&server.data, &fill);
    let bytes = std::fs::metadata(server.data.join("tiande.sqlite")).map_or(0, |file| file.len());
    println!("{fill:?}: written in {:.0} s, {} MiB", watch.elapsed().as_secs_f64(), bytes >> 20);
    println!("a server with an empty court holds {empty_kib} KiB");
    for (round, warmth) in ["cold", "warm", "cold", "warm"].into_iter().enumerate() {
        if warmth == "cold" {
            cool(&server.data);
        }
        let (bodies, records, scanned) = scan(&server.data);
        if warmth == "cold" {
            cool(&server.data);
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
        end(&mut server);
    }
}
