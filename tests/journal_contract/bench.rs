//! Measures latency and throughput of the journals, prints them and never fails.
//! `cargo test --release --test journal_contract bench -- --ignored --nocapture --test-threads 1`
#![allow(clippy::disallowed_methods, reason = "it measures how long real work takes")]
#![allow(clippy::print_stdout, reason = "its only purpose is to print")]

use std::io::Write;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use tiande_actors::ports::journal::Journal;

use crate::Harness;
use crate::postgres::Postgres;
use crate::samples::{Still, officer_event, on_duty, registered, tip_taken};
use crate::server::is_here;
use crate::sqlite::{Folder, Sqlite};

fn quantiles(name: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |q: f64| times[((times.len() - 1) as f64 * q) as usize].as_micros();
    println!("{name}: p50 {} us, p95 {} us, p99 {} us", at(0.5), at(0.95), at(0.99));
}

/// What the disk alone takes for a decision's bytes.
fn bare_fdatasync(times: usize) -> Vec<Duration> {
    let folder = Folder::new();
    let mut file = std::fs::File::create(folder.path().join("x")).expect("made");
    let page = [7_u8; 16_384];
    // Written once before, as a write-ahead log in use is.
    for _ in 0..times {
        file.write_all(&page).expect("written");
    }
    file.sync_all().expect("synced");
    std::io::Seek::rewind(&mut file).expect("rewound");
    (0..times)
        .map(|_| {
            let start = Instant::now();
            file.write_all(&page).expect("written");
            file.sync_data().expect("synced");
            start.elapsed()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; run it alone, in release"]
async fn bench() {
    let _clock = Still;
    quantiles("16 KiB write and fdatasync, bare", bare_fdatasync(1_000));
    println!("--- SQLite");
    let store = Sqlite::fresh().await;
    measure(&store.journal()).await;
    store.journal.shutdown().await;
    if is_here() {
        println!("--- PostgreSQL");
        let store = Postgres::fresh().await;
        measure(&store.journal()).await;
        store.journal.shutdown().await;
    }
}

async fn measure(journal: &Arc<dyn Journal>) {
    journal.append(officer_event(1, 0, registered(1))).await.expect("durable");
    let mut seq = 0;
    let mut small = Vec::new();
    for _ in 0..2_000 {
        seq += 1;
        let append = officer_event(1, seq, on_duty());
        let start = Instant::now();
        journal.append(append).await.expect("durable");
        small.push(start.elapsed());
    }
    quantiles("one officer's event alone (1 record)", small);
    let mut whole = Vec::new();
    for n in 0..2_000 {
        let append = tip_taken(n);
        let start = Instant::now();
        journal.append(append).await.expect("durable");
        whole.push(start.elapsed());
    }
    quantiles("one tip alone (4 records, 2 sealed, 5 rows)", whole);
    for width in [16_u64, 128, 1_024] {
        let base = 1_000_000 * width;
        let rounds = 20_000 / width;
        let start = Instant::now();
        for round in 0..rounds {
            let tries = (0..width).map(|n| journal.append(tip_taken(base + round * width + n)));
            for end in join_all(tries).await {
                end.expect("durable");
            }
        }
        let rate = (rounds * width) as f64 / start.elapsed().as_secs_f64();
        println!("tips, {width} at once: {rate:.0} decisions/s, {:.0} events/s", rate * 4.0);
    }
    let start = Instant::now();
    let count = 100_000_u64;
    for round in 0..count / 2_000 {
        let tries = (0..2_000).map(|n| {
            seq += 1;
            let _ = (round, n);
            journal.append(officer_event(1, seq, on_duty()))
        });
        for end in join_all(tries).await {
            end.expect("durable");
        }
    }
    let rate = count as f64 / start.elapsed().as_secs_f64();
    println!("officers' events, 2000 at once: {rate:.0} events/s");
}
