//! Somebody who stops reading: it costs the server little, and nobody else anything (PROTOCOL §3).
//!
//! Such a socket is closed from inside after 256 frames, 1 MiB or 10 s of waiting. Whether its client
//! still finds the close frame (4431) depends on when it reads again: after some 20 s the kernel cuts
//! a connection that takes nothing.

use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};
use socket2::{Domain, Protocol, Socket as Plain, Type};

use crate::support::people::console_ticket;
use crate::support::waiting::{Deadline, Stopwatch, until};
use crate::support::{Console, Court, Door, Officer, Server, Socket};

/// Frames reach those who read within this, also beside those who do not.
const IN_TIME: Duration = Duration::from_secs(3);
/// What stalled readers may cost together, KiB.
const COST_MAX_KIB: u64 = 24 * 1024;
/// What an open incident with such long words may cost beside that, KiB: how many it takes until all are closed
/// depends on the machine.
const INCIDENT_MAX_KIB: u64 = 16;

/// A connection with the smallest receive buffer there is.
fn narrow(door: &Door) -> TcpStream {
    let socket = Plain::new(Domain::IPV4, Type::STREAM, Some(Protocol::TCP)).expect("a socket");
    socket.set_recv_buffer_size(1).expect("a small buffer");
    let address = SocketAddr::from(([127, 0, 0, 1], door.port));
    socket.connect(&address.into()).expect("a connection");
    let stream = TcpStream::from(socket);
    stream.set_write_timeout(Some(Duration::from_millis(200))).expect("a limit");
    stream
}

/// A socket that said hello and reads nothing from then on.
fn stalled(door: &Door, path: &str, ticket: &str) -> Socket {
    let mut socket = Socket::over(narrow(door), door, path, &[]).expect("an upgrade");
    socket.send(&json!({"type": "hello", "v": 1, "ticket": ticket, "epoch": 1}));
    socket
}

/// A figure of the server's, by its line in the metrics.
fn figure(door: &Door, name: &str) -> u64 {
    let text = String::from_utf8(door.get("/metrics", &[]).body).expect("text");
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    line.and_then(|count| count.trim().parse().ok()).unwrap_or(0)
}

/// How many sockets were closed because they did not read.
fn too_slow(door: &Door) -> u64 {
    figure(door, "tiande_outbox_too_slow_total")
}

#[test]
fn consoles_that_do_not_read_delay_nobody_and_cost_little() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let mut officer = court.officer("王建国", 100.0);
    let mut reader = Console::open(&server, &cookie).socket;
    let before = server.rss_kib();
    let mut deaf: Vec<Socket> = (0..6)
        .map(|_| stalled(&server, "/ws/console", &console_ticket(&server, &cookie)))
        .collect();
    // Every new incident is some frames for every console. Long words fill what the kernel holds.
    let words = "长".repeat(1_900);
    let tip = json!({
        "court": "alpha", "kind": "other", "urgency": "routine", "description": words,
        "location": {"lat": 35.2, "lon": 114.67},
    });
    let begun = Stopwatch::start();
    let mut sent = 0_u64;
    let mut slowest = Duration::ZERO;
    until(Duration::from_secs(60), "the close of those who do not read", || {
        for _ in 0..10 {
            sent += 1;
            let clock = Stopwatch::start();
            let incident = court.source.incident(&server, &format!("m{sent}"), &tip);
            let seen = |f: &Value| f["type"] == "incident" && f["id"] == incident.as_str();
            let found = reader.find(Deadline::after(IN_TIME), seen);
            assert!(found.is_some(), "the other console did not see tip {sent} in time");
            slowest = slowest.max(clock.elapsed());
        }
        // Who reports without pause is answered once a second; that must not slow the flood down.
        if sent.is_multiple_of(100) {
            let ack = officer.report(100.0 + f64::from(u32::try_from(sent).expect("few")));
            assert_eq!(ack["type"], "ack");
        }
        (too_slow(&server) >= 6).then_some(())
    });
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(45), "closed only after {took:?} and {sent} tips");
    assert!(slowest < IN_TIME, "{slowest:?}");
    // The allocator gives back a moment later what was freed.
    let within = Duration::from_secs(10);
    until(within, "the memory of those who do not read", || {
        let incidents = INCIDENT_MAX_KIB * sent;
        (server.rss_kib().saturating_sub(before) < COST_MAX_KIB + incidents).then_some(())
    });
    // Whoever reads again finds out why, or that the kernel has cut the connection.
    let end = Duration::from_secs(30);
    let codes: Vec<_> = deaf.iter_mut().map(|socket| socket.close_code(end)).collect();
    assert!(codes.iter().all(|code| matches!(code, Some(Some(4431) | None))), "{codes:?}");
    let told = codes.contains(&Some(Some(4431)));
    assert!(took > Duration::from_secs(15) || told, "nobody was told, after {took:?}");
    reader.is_alive();
}

#[test]
fn a_handheld_that_does_not_read_is_cut_off_and_the_officer_can_come_back() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let mut other = court.officer("李明", 300.0);
    let mut officer = Officer::enrol(&server, "alpha", "王建国");
    let mut deaf = stalled(&server, "/ws/handheld", &officer.ticket());
    deaf.send(&json!({"type": "duty", "id": "d", "to": "on_duty"}));
    let before = server.rss_kib();
    // What it asks comes back as long as it was: two megabytes that it never takes.
    let long = json!({"type": "ping", "t": "x".repeat(60_000)}).to_string();
    (0..40).for_each(|_| deaf.send_text(&long));
    let begun = Stopwatch::start();
    let mut slowest = Duration::ZERO;
    until(Duration::from_secs(60), "the end of a handheld that does not read", || {
        let clock = Stopwatch::start();
        assert_eq!(other.report(300.0)["type"], "ack");
        slowest = slowest.max(clock.elapsed());
        (figure(&server, "tiande_sockets{kind=\"handheld\"}") == 1).then_some(())
    });
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(45), "{took:?}");
    assert!(slowest < IN_TIME, "{slowest:?}");
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < COST_MAX_KIB, "grown by {grown} KiB");
    let welcome = officer.connect();
    assert_eq!(welcome["type"], "welcome");
    officer.socket().is_alive();
    drop(deaf);
}
