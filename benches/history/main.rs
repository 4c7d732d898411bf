//! Writes a long history for `tiande-drill bench start`, with the code that the tests of starts use, and
//! scans the journal as the other side of it. Prints one line of JSON.
//!
//! `history fill|scan data=FOLDER [database=URL] court=ID cases=N closed=N open=N officers=N events=N
//! after_cases=N after_incidents=N`
//!
//! No server may run on that data meanwhile.
#![allow(clippy::print_stdout, reason = "its figures go to standard output")]

#[path = "../../tests/black_box/history/fill.rs"]
#[allow(dead_code, reason = "shared with the tests of starts")]
mod fill;
#[path = "../../tests/black_box/history/scan.rs"]
mod scan;

mod support;

use std::collections::BTreeMap;
use std::path::Path;

use fill::{Fill, History};
use serde_json::json;
use support::waiting::Stopwatch;

/// What is told on the command line.
struct Words(BTreeMap<String, String>);

impl Words {
    fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
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
        "fill" => {
            let court = words.text("court").expect("court=ID");
            let (cases, incidents) = (words.number("after_cases"), words.number("after_incidents"));
            let mut history = History::after(court, cases, incidents);
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
        "scan" => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let scanned = runtime.expect("a runtime").block_on(scan::scan(data, database));
            let (ms, records) = (scanned.took.as_secs_f64() * 1e3, scanned.records);
            json!({"ms": ms, "records": records, "bodies": scanned.bodies})
        }
        other => json!({"fault": format!("{other} is neither fill nor scan")}),
    };
    println!("{figures}");
}
