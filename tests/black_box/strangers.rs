//! What strangers can use up: memory for bodies, places for passwords, somebody's name. However many
//! they are, whoever belongs here gets in.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::support::http::{head, read_reply};
use crate::support::people::PASSWORD;
use crate::support::tips::{PICTURE, borrowed, good_tip, tip_with};
use crate::support::waiting::{SOON, unix_ms, until};
use crate::support::{Court, Door, Reply, Server};

/// Large bodies that one network may send at once (`src/intake/budget.rs`).
const LARGE_EACH: usize = 8;
const LARGE: &str = "8000000";

/// The head of a large tip that anybody could send: a fresh time, and a signature of nothing.
fn forged(at_s: i64) -> Vec<(&'static str, String)> {
    vec![
        ("content-type", "application/json".to_owned()),
        ("content-length", LARGE.to_owned()),
        ("webhook-id", "m1".to_owned()),
        ("webhook-timestamp", at_s.to_string()),
        ("webhook-signature", format!("v1,{}", STANDARD.encode([7; 32]))),
    ]
}

/// Sends a head and nothing of its body.
fn begin(door: &Door, source: &str, headers: &[(&'static str, String)]) -> TcpStream {
    let mut stream = door.connect().expect("a connection");
    let text = head("POST", &format!("/hooks/tips/{source}"), door.port, &borrowed(headers));
    stream.write_all(text.as_bytes()).expect("sent");
    stream
}

fn now_s() -> i64 {
    unix_ms() / 1_000
}

#[test]
fn strangers_who_begin_large_bodies_are_bounded_and_shut_no_tip_out() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let large = || {
        let media = json!([{"content_type": "image/jpeg",
            "data": STANDARD.encode([PICTURE, &[7; 100_000]].concat())}]);
        tip_with("alpha", json!({"media": media}))
    };
    let taken = || {
        let metrics = String::from_utf8(server.get("/metrics", &[]).body).expect("text");
        let line = metrics.lines().find(|line| line.contains("places_taken{door=\"tips\"}"));
        line.and_then(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
    };
    let held: Vec<_> =
        (0..LARGE_EACH).map(|_| begin(&server, &court.source.name, &forged(now_s()))).collect();
    until(SOON, "all places taken", || (taken() == Some(8.0)).then_some(()));
    // One more is refused before it sends anything of its body.
    let mut more = begin(&server, "nobody", &forged(now_s()));
    let refused = read_reply(&mut more, "POST").expect("at once");
    refused.refused(503, "overloaded", "one too many");
    court.source.send(&server, "m1", &large()).refused(503, "overloaded", "from here too");
    // Plain tips need no such place.
    assert_eq!(court.source.send(&server, "m2", &good_tip("alpha")).status, 202);
    drop(held);
    let reply = until(SOON, "a place", || {
        let reply = court.source.send(&server, "m1", &large());
        (reply.status != 503).then_some(reply)
    });
    assert_eq!(reply.status, 202);
    until(SOON, "nothing held", || (taken() == Some(0.0)).then_some(()));
}

#[test]
fn a_large_body_is_refused_by_its_head_alike_for_every_source() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    for source in [court.source.name.as_str(), "nobody"] {
        let stale = forged(now_s() - 301);
        let mut unsigned = forged(now_s());
        unsigned[4].1 = "v1,nonsense".to_owned();
        for (headers, code) in [(stale, "timestamp"), (unsigned, "signature")] {
            let mut stream = begin(&server, source, &headers);
            let reply = read_reply(&mut stream, "POST").expect("before any body");
            reply.refused(401, code, source);
        }
        // With a fresh one both wait for the body, and say the same about it.
        let mut stream = begin(&server, source, &forged(now_s()));
        stream.set_read_timeout(Some(Duration::from_millis(300))).expect("a limit");
        assert_eq!(read_reply(&mut stream, "POST"), None, "{source}: it was not all there");
        let body = vec![b' '; 70_000];
        let mut whole = forged(now_s());
        whole.remove(1);
        let path = format!("/hooks/tips/{source}");
        let reply = server.send("POST", &path, &borrowed(&whole), &body);
        reply.refused(401, "signature", source);
    }
}

fn try_with(door: &Door, password: &str, headers: &[(&str, &str)]) -> Reply {
    let body = json!({"username": "alpha-dispatcher", "password": password});
    door.post("/api/session", headers, &body)
}

#[test]
fn a_known_browser_gets_in_while_its_name_is_locked() {
    let server = Server::start();
    Court::add(&server, "alpha").dispatcher();
    let first = try_with(&server, PASSWORD, &[]);
    let cookies: Vec<&str> = first
        .headers
        .iter()
        .filter(|(name, _)| name == "set-cookie")
        .map(|(_, value)| value.as_str())
        .collect();
    let known = cookies.iter().find(|cookie| cookie.starts_with("tiande_known_"));
    let known = *known.expect("the browser is known from now on");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/api/session", "Max-Age=7776000"] {
        assert!(known.contains(part), "{known}");
    }
    let known = known.split(';').next().expect("its value");
    for n in 0..5 {
        // Naming other addresses helps nobody whose proxy is not trusted.
        let elsewhere = [("x-forwarded-for", &*format!("198.51.{n}.1"))];
        try_with(&server, "wrong password", &elsewhere).refused(401, "credentials", "wrong");
    }
    try_with(&server, PASSWORD, &[]).refused(429, "too-many", "an unknown browser");
    assert_eq!(try_with(&server, PASSWORD, &[("cookie", known)]).status, 200);
    // It opens nothing by itself.
    try_with(&server, "wrong password", &[("cookie", known)]).refused(401, "credentials", "known");
    server.get("/api/session", &[("cookie", known)]).refused(401, "auth-required", "no session");
}

#[test]
fn behind_a_trusted_proxy_a_name_is_locked_for_one_network_only() {
    let server = Server::start_with("trusted_proxies = [\"127.0.0.1\"]");
    Court::add(&server, "alpha").dispatcher();
    let from = |password: &str, address: &str| {
        try_with(&server, password, &[("x-forwarded-for", address)])
    };
    for n in 0..5 {
        // The left part is what the sender made up.
        let address = format!("192.0.{n}.1, 203.0.113.{n}");
        from("wrong password", &address).refused(401, "credentials", &address);
    }
    from(PASSWORD, "203.0.113.99").refused(429, "too-many", "the same network");
    assert_eq!(from(PASSWORD, "198.51.100.7").status, 200);
}
