//! Writes histories for `tiande-drill bench start` and `bench deadlines`, with the code that the tests of
//! starts use, and reads the journal for them. Prints one line of JSON.
//!
//! `history WHAT data=FOLDER [database=URL] …`:
//!
//! - `fill court=ID cases=N closed=N open=N officers=N events=N after_cases=N after_incidents=N`
//! - `scan`: one bare scan of the journal's rows
//! - `clocks court=ID cases=N after_cases=N [due=UNIX_MS every_ms=N]`: open cases, each with a running
//!   node; with `due` they are due then, so far apart, else in months
//! - `arm court=ID after_cases=N`: what it costs to set a clock
//! - `fired after=POSITION`: what fired after that position of the journal
//!
//! No server may run on that data meanwhile.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

#[path = "../../tests/black_box/history/fill.rs"]
#[allow(dead_code, reason = "shared with the tests of starts")]
mod fill;
#[path = "../../tests/black_box/history/scan.rs"]
mod scan;

mod arm;
mod clocks;
mod fired;
mod support;

use std::collections::BTreeMap;
use std::path::Path;

use clocks::{Clocks, Moments};
use fill::{Fill, History};
use serde_json::{Value, json};
use support::waiting::Stopwatch;
use tiande_core::time::{Millis, UnixMillis};

/// What is told on the command line.
struct Words(BTreeMap<String, String>);

impl Words {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    fn court(&self) -> &str {
        self.text("court").expect("court=ID")
    }

    fn number(&self, name: &str) -> u64 {
        self.text(name).map_or(0, |text| text.parse().expect("a number"))
    }
}

fn main() {
    let mut words = std::env::args().skip(1);
    let what = words.next().expect("fill or scan");
    let pairs = words.filter_map(|word| {
        let (name, value) = word.split_once('=')?;
        Some((name.to_owned(), value.to_owned()))
    });
    let words = Words(pairs.collect());
    let data = Path::new(words.text("data").expect("data=FOLDER"));
    let database = words.text("database");
    let figures = match what.as_str() {
        "fill" => write_years(&words, data, database),
        "clocks" => write_clocks(&words, data, database),
        "arm" => {
            let after = words.number("after_cases");
            let history = History::after(words.court(), after, 0);
            let costs = runtime().block_on(arm::arm(data, database, &history, after));
            json!({
                "opens_us": costs.opens, "opens_none_us": costs.opens_none, "cases": arm::CASES,
            })
        }
        "fired" => {
            let after = i64::try_from(words.number("after")).expect("a position");
            runtime().block_on(fired::fired(data, database, after)).json()
        }
        "scan" => {
            let scanned = runtime().block_on(scan::scan(data, database));
            let (ms, records) = (scanned.took.as_secs_f64() * 1e3, scanned.records);
            json!({"ms": ms, "records": records, "bodies": scanned.bodies})
        }
        other => json!({"fault": format!("there is nothing called {other}")}),
    };
    println!("{figures}");
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn write_years(words: &Words, data: &Path, database: Option<&str>) -> Value {
    let (cases, incidents) = (words.number("after_cases"), words.number("after_incidents"));
    let mut history = History::after(words.court(), cases, incidents);
    let fill = Fill {
        officers: words.number("officers"),
        events: words.number("events"),
        open_incidents: words.number("open"),
        closed_incidents: words.number("closed"),
        cases: words.number("cases"),
    };
    let watch = Stopwatch::start();
    history.write(data, database, &fill);
    json!({"seconds": watch.elapsed().as_secs_f64(), "case": history.some_case().0})
}

fn write_clocks(words: &Words, data: &Path, database: Option<&str>) -> Value {
    let (count, after) = (words.number("cases"), words.number("after_cases"));
    let history = History::after(words.court(), after, 0);
    let clocks = match words.text("due") {
        None => Clocks::far_away(),
        Some(due) => {
            let first = UnixMillis(due.parse().expect("a moment"));
            let every = Millis(words.number("every_ms"));
            Clocks::at(data, Moments { first, every, count })
        }
    };
    let watch = Stopwatch::start();
    let position = clocks.write(data, database, &history, after + 1..=after + count);
    json!({"seconds": watch.elapsed().as_secs_f64(), "position": position})
}
