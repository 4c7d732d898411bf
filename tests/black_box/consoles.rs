//! Consoles from outside: ticks in binary, a view, and coming back without a gap.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::people::{console_ticket, fix};
use crate::support::{Console, Court, Door, Server, Socket};

/// Latitude and longitude by officer.
type Places = BTreeMap<u64, (f64, f64)>;

/// A binary tick, read by PROTOCOL §9: its number, and who is where.
fn tick(frame: &Value) -> Option<(u64, Places)> {
    if frame["type"] != "(binary)" {
        return None;
    }
    let bytes: Vec<u8> = serde_json::from_value(frame["bytes"].clone()).expect("bytes");
    assert_eq!(&bytes[..8], &[1, 2, 0, 0, 0, 0, 0, 0], "version, kind, flags");
    let (head, records) = bytes.split_at(24);
    assert_eq!(records.len() % 24, 0, "whole records");
    let number = u64::from_le_bytes(head[8..16].try_into().expect("eight"));
    let int =
        |record: &[u8], at: usize| i32::from_le_bytes(record[at..at + 4].try_into().expect("four"));
    let line = |record: &[u8]| {
        let n = u64::try_from(int(record, 0)).expect("small");
        (n, (f64::from(int(record, 8)) / 1e7, f64::from(int(record, 12)) / 1e7))
    };
    Some((number, records.chunks(24).map(line).collect()))
}

fn hello(door: &Door, cookie: &str, more: &Value) -> Socket {
    let mut hello =
        json!({"type": "hello", "v": 1, "ticket": console_ticket(door, cookie), "binary": true});
    let fields = more.as_object().expect("fields").clone();
    hello.as_object_mut().expect("fields").extend(fields);
    let mut socket = Socket::upgrade(door, "/ws/console", &[]).expect("an upgrade");
    socket.send(&hello);
    socket
}

fn number_of(welcome: &Value, officer: &str) -> u64 {
    let all = welcome["officers"].as_array().expect("a list");
    all.iter().find(|o| o["id"] == officer).expect("listed")["n"].as_u64().expect("a number")
}

/// Longitude of a place so many metres east of the court house.
fn east(metres: f64) -> f64 {
    fix(0, metres)["lon"].as_f64().expect("a number")
}

/// A box around such places.
fn around(from: f64, to: f64) -> Value {
    json!({"box": [east(from), 34.0, east(to), 36.0]})
}

fn tells(frame: &Value, n: u64, metres: f64) -> bool {
    let told = tick(frame).and_then(|(_, lines)| lines.get(&n).copied());
    told.is_some_and(|(_, lon)| (lon - east(metres)).abs() < 1e-6)
}

#[test]
fn a_console_sees_in_binary_what_it_looks_at() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut here = court.officer("甲", 100.0);
    let mut there = court.officer("乙", 5_000.0);
    let cookie = court.dispatcher();
    let mut plain = Console::open(&server, &cookie);
    let mut socket = hello(&server, &cookie, &json!({"view": around(0.0, 1_000.0)}));
    let welcome = socket.expect("welcome");
    let (a, b) = (number_of(&welcome, &here.id), number_of(&welcome, &there.id));
    there.report(5_010.0);
    here.report(110.0);
    socket.expect_where("a tick", |f| tells(f, a, 110.0));
    let both = |f: &Value| {
        let moved = f["moved"].as_array().map(Vec::as_slice).unwrap_or_default();
        f["type"] == "tick" && moved.iter().any(|line| line[0] == b)
    };
    plain.socket.expect_where("JSON for who asks for nothing else", both);
    socket.is_alive();
    let seen = socket.find(
        crate::support::waiting::Deadline::after(std::time::Duration::from_millis(1_500)),
        |f| tells(f, b, 5_010.0),
    );
    assert_eq!(seen, None, "it does not look there");
    socket.send(&json!({"type": "view", "view": around(4_000.0, 6_000.0)}));
    socket.expect_where("what it was not told", |f| tells(f, b, 5_010.0));
    for bad in [
        json!({"type": "view", "view": {"box": [1, 2, 3]}}),
        json!({"type": "view", "view": {"box": [0, 10, 1, 5]}}),
    ] {
        socket.send(&bad);
        socket.expect_where("error", |f| f["code"] == "frame-invalid");
    }
    socket.send(&json!({"type": "view", "view": null}));
    here.report(120.0);
    socket.expect_where("everywhere again", |f| tells(f, a, 120.0));
    let mut bad = hello(&server, &cookie, &json!({"view": {"box": [0, 0, 0, 0]}}));
    bad.closes_with(4400, "no box");
}

#[test]
fn a_console_comes_back_without_a_gap_or_is_told_to_begin_anew() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut officer = court.officer("甲", 100.0);
    let cookie = court.dispatcher();
    let mut socket = hello(&server, &cookie, &json!({}));
    let welcome = socket.expect("welcome");
    let n = number_of(&welcome, &officer.id);
    officer.report(110.0);
    let last = socket.expect_where("a tick", |f| tells(f, n, 110.0));
    let after = json!({"run": welcome["run"], "no": tick(&last).expect("a tick").0});
    drop(socket);
    let tip = court.source.send(&server, "m1", &crate::support::tips::good_tip("alpha")).ok("tip");
    officer.report(120.0);
    // Until the tick that tells it has been.
    let mut other = Console::open(&server, &cookie);
    officer.report(121.0);
    other.socket.expect("tick");
    let mut socket = hello(&server, &cookie, &json!({"after": after}));
    let resumed = socket.expect_where("the end of it", |f| f["type"] == "resumed");
    assert_eq!(resumed["run"], welcome["run"]);
    let incident = |f: &Value| f["type"] == "incident" && f["id"] == tip["incident"];
    assert!(
        socket
            .find(crate::support::waiting::Deadline::after(std::time::Duration::ZERO), incident)
            .is_some(),
        "before the end of it"
    );
    socket.expect_where("the officer", |f| tells(f, n, 121.0));
    assert!(
        socket
            .find(
                crate::support::waiting::Deadline::after(std::time::Duration::ZERO),
                |f| f["type"] == "welcome"
            )
            .is_none()
    );
    server.kill();
    server.start_again();
    let mut anew = hello(&server, &cookie, &json!({"after": after}));
    assert_ne!(anew.expect("welcome")["run"], welcome["run"]);
}
