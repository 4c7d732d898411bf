//! A start does not grow with history. The histories are written with the journal's own library
//! while no server runs; what the server then does is seen from outside, as everywhere here.

mod fill;
mod million;
mod scan;

use serde_json::json;

use crate::support::tips::tip_with;
use crate::support::{Court, Server};
use fill::{Fill, History};

/// The value of a metric, summed over its labels.
fn metric(server: &Server, name: &str) -> f64 {
    let reply = server.try_send("GET", "/metrics", &[], b"").expect("an answer");
    let text = String::from_utf8(reply.body).expect("text");
    let lines = text.lines().filter(|line| line.split(['{', ' ']).next() == Some(name));
    lines.filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok()).sum()
}

/// Ends the server in order.
fn end(server: &mut Server) {
    server.ask_to_end();
    assert!(server.ended(crate::support::waiting::SOON).is_some(), "it ends when it is told to");
}

#[test]
fn a_start_reads_officers_and_what_is_open_and_nothing_else() {
    reads_what_is_open_and_nothing_else(Server::start(), None);
}

#[test]
fn a_start_reads_officers_and_what_is_open_and_nothing_else_in_postgres() {
    if let Some((server, database)) = crate::postgres::server() {
        reads_what_is_open_and_nothing_else(server, Some(&database.url));
    }
}

/// The rule, for a fresh server with whatever store.
fn reads_what_is_open_and_nothing_else(mut server: Server, database: Option<&str>) {
    let court = Court::add(&server, "long");
    end(&mut server);
    // A court as it begins, and the same after years: officers and open incidents are the same.
    let young =
        Fill { officers: 20, events: 100, open_incidents: 5, closed_incidents: 10, cases: 10 };
    let years =
        Fill { officers: 0, events: 0, open_incidents: 0, closed_incidents: 1_000, cases: 20_000 };
    let mut history = History::of(&court.id);
    let mut reads = Vec::new();
    for fill in [young, years] {
        history.write(&server.data, database, &fill);
        server.start_again();
        reads.push(metric(&server, "tiande_journal_records_read_total"));
        assert!(metric(&server, "tiande_cases_awake") == 0.0, "no case is awake after a start");
        end(&mut server);
    }
    assert_eq!(
        reads[0], reads[1],
        "records read at start: with a short history, and with a long one"
    );
    // Of each officer the name and what came after the newest snapshot; of each incident three.
    assert!((20.0..=20.0 * 33.0 + 5.0 * 3.0).contains(&reads[0]), "{reads:?}");

    server.start_again();
    let (number, case) = history.some_case();
    let tip = tip_with("long", json!({"case_number": number}));
    court.source.incident(&server, "msg_case", &tip);
    let cookie = court.dispatcher();
    let found = server
        .get(&format!("/api/cases?number={}", fill::percent(&number)), &[("cookie", &cookie)]);
    let found = found.ok("the case");
    assert_eq!(found["id"], case.to_string());
    assert_eq!(found["incidents"].as_array().map(Vec::len), Some(1), "{found}");
}
