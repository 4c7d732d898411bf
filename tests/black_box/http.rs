//! HTTP beside tips: refusals, sessions, pages, operations, and the description of it all.

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::http::{CASE, head, read_reply};
use crate::support::people::PASSWORD;
use crate::support::tips::{PICTURE, good_tip, tip_with};
use crate::support::waiting::{Stopwatch, unix_ms};
use crate::support::{Court, Server};

const NEVER: &str = "0190a5b0-0000-7000-8000-000000000001";
const METHODS: [&str; 6] = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

#[test]
fn every_refusal_is_a_problem_with_a_code() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let signed = [("cookie", cookie.as_str())];
    for path in [
        "/nothing",
        "/api",
        "/api/",
        "/api/nothing",
        "/hooks/tips",
        "/hooks/tips/",
        "/ws",
        "/admin",
        "/.git/config",
        "/api/incidents/",
    ] {
        for method in METHODS {
            server.send(method, path, &signed, b"").refused(404, "not-found", path);
        }
    }
    let ids = [
        "nonsense",
        NEVER,
        "%00",
        "%ff",
        "..%2f..%2fetc%2fpasswd",
        "'%20OR%201=1--",
        "null",
        &"9".repeat(3_000),
    ];
    for id in ids {
        for kind in ["incidents", "tips", "cases"] {
            server.get(&format!("/api/{kind}/{id}"), &signed).refused(404, "not-found", id);
        }
    }
    for query in [
        "?state=maybe",
        "?limit=-1",
        "?limit=many",
        "?limit=1&limit=2",
        "?surprise=1",
        "?limit=99999999999",
    ] {
        let reply = server.get(&format!("/api/incidents{query}"), &signed);
        reply.refused(400, "request-invalid", query);
    }
    for query in ["", "?number=", "?number=7", "?number=%ff"] {
        let reply = server.get(&format!("/api/cases{query}"), &signed);
        reply.refused(400, "request-invalid", query);
    }
    server.get(CASE, &signed).refused(404, "not-found", "a case nobody has");
    for path in [
        "/",
        "/console",
        "/console/",
        "/handheld",
        "/healthz",
        "/readyz",
        "/metrics",
        "/api/openapi.json",
        "/api/officers",
    ] {
        let reply = server.send("DELETE", path, &signed, b"");
        reply.refused(405, "method-not-allowed", path);
        assert!(reply.header("allow").is_some_and(|allow| allow.contains("GET")), "{path}");
    }
}

#[test]
fn requests_that_are_no_http_are_refused_and_hurt_nobody() {
    let server = Server::start();
    let port = server.port;
    let get = head("GET", "/healthz", port, &[]);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("nonsense", b"\x16\x03\x01\x02\x00nonsense\r\n\r\n".to_vec()),
        (
            "two lengths",
            head("POST", "/api/session", port, &[("content-length", "1"), ("content-length", "2")])
                .into_bytes(),
        ),
        (
            "both lengths",
            head(
                "POST",
                "/api/session",
                port,
                &[("content-length", "1"), ("transfer-encoding", "chunked")],
            )
            .into_bytes(),
        ),
        (
            "a length that is none",
            head("POST", "/api/session", port, &[("content-length", "+5")]).into_bytes(),
        ),
        (
            "a header of a megabyte",
            head("GET", "/healthz", port, &[("x", &"y".repeat(1 << 20))]).into_bytes(),
        ),
        (
            "a thousand headers",
            get.replace("\r\n\r\n", &("\r\nx: y".repeat(1_000) + "\r\n\r\n")).into_bytes(),
        ),
        (
            "a long address",
            head("GET", &format!("/{}", "a".repeat(300_000)), port, &[]).into_bytes(),
        ),
        ("a version that is none", get.replace("HTTP/1.1", "HTTP/7.0").into_bytes()),
    ];
    for (what, bytes) in cases {
        // Either a refusal or the end of the connection.
        if let Some(reply) = server.send_bytes(&bytes) {
            assert!((400..500).contains(&reply.status), "{what}: {}", reply.status);
        }
        assert_eq!(server.get("/healthz", &[]).status, 200, "after {what}");
    }
}

#[test]
fn a_body_that_never_comes_does_not_hold_a_connection_for_ever() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let headers = [("content-type", "application/json"), ("content-length", "100")];
    let mut tip = court.source.headers("m1", b"");
    tip.push(("content-length", "100".to_owned()));
    let tip = crate::support::tips::borrowed(&tip);
    let path = court.source.path();
    let heads = [
        head("POST", "/api/session", server.port, &headers) + "{",
        head("POST", "/api/devices/enrol", server.port, &headers) + "{",
        head("POST", &path, server.port, &tip) + "{",
        "GET /healthz HTTP/1.1\r\nhost: x\r\nx: ".to_owned(),
    ];
    let begun = Stopwatch::start();
    let streams: Vec<_> = heads
        .iter()
        .map(|head| {
            let mut stream = server.connect().expect("a connection");
            stream.write_all(head.as_bytes()).expect("the head");
            stream
        })
        .collect();
    for (mut stream, head) in streams.into_iter().zip(&heads) {
        let reply = read_reply(&mut stream, "POST");
        let line = head.lines().next().unwrap_or_default();
        assert!(begun.elapsed() < Duration::from_secs(14), "{line}: still open");
        if let Some(reply) = reply {
            assert!((400..500).contains(&reply.status), "{line}: {}", reply.status);
        }
    }
}

#[test]
fn pages_are_guarded_compressed_and_cached() {
    let server = Server::start();
    for client in ["console", "handheld"] {
        let path = format!("/{client}/");
        let page = server.get(&path, &[]);
        assert_eq!(page.status, 200, "{path}: build the pages first");
        let policy = page.header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'self'",
            "frame-ancestors 'none'",
            "script-src 'self'",
            "object-src 'none'",
        ] {
            assert!(policy.contains(part), "{policy}");
        }
        assert!(!policy.contains("unsafe-eval"), "{policy}");
        assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
        assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
        assert_eq!(page.header("cache-control"), Some("no-cache"));
        assert!(page.header("content-type").is_some_and(|kind| kind.starts_with("text/html")));
        let text = String::from_utf8(page.body.clone()).expect("a page is text");
        let script = text.split('"').find(|part| part.contains("assets/") && part.ends_with(".js"));
        let script = script.expect("a script").trim_start_matches("./").to_owned();
        let script = if script.starts_with('/') { script } else { path.clone() + &script };
        let plain = server.get(&script, &[]);
        assert!(plain.header("cache-control").is_some_and(|cache| cache.contains("immutable")));
        let small = server.get(&script, &[("accept-encoding", "gzip, br")]);
        assert_eq!(small.header("content-encoding"), Some("br"), "{script}");
        assert!(small.body.len() < plain.body.len());
        assert_eq!(small.header("vary"), Some("accept-encoding"));
        let etag = small.header("etag").expect("an etag");
        let again =
            server.get(&script, &[("accept-encoding", "gzip, br"), ("if-none-match", etag)]);
        assert_eq!((again.status, again.body.len()), (304, 0));
        assert_ne!(plain.header("etag"), Some(etag), "each encoding has its own");
        for bad in [
            "..%2f..%2fCargo.toml",
            "../../Cargo.toml",
            "%2e%2e/index.html",
            "nothing.js",
            "assets/",
            "%ff",
            "%00",
        ] {
            server.get(&format!("{path}{bad}"), &[]).refused(404, "not-found", bad);
        }
        let bare = server.get(&format!("/{client}"), &[]);
        assert_eq!((bare.status, bare.header("location")), (302, Some(path.as_str())));
    }
    assert_eq!(server.get("/", &[]).header("location"), Some("/console/"));
}

#[test]
fn whoever_runs_the_machine_sees_how_it_stands() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    court.officer("王建国", 100.0);
    court.source.incident(&server, "m1", &good_tip("alpha"));
    assert_eq!(server.get("/healthz", &[]).json()["status"], "alive");
    assert_eq!(server.get("/readyz", &[]).json()["status"], "ready");
    let metrics = server.get("/metrics", &[]);
    assert!(metrics.header("content-type").is_some_and(|kind| kind.starts_with("text/plain")));
    let text = String::from_utf8(metrics.body).expect("text");
    assert!(text.contains("tiande_tips_total{result=\"taken\"} 1"), "{text}");
    assert!(text.contains("tiande_sockets{kind=\"handheld\"}"), "{text}");
    // Nothing of anybody, neither there nor in the log.
    for secret in ["王建国", "王某", "13800000000", court.source.secret.as_str(), PASSWORD] {
        assert!(!text.contains(secret), "{secret} is among the metrics");
        assert!(!server.log().contains(secret), "{secret} is in the log");
    }
    let cookie = court.dispatcher();
    let reply = server.post(
        "/api/session",
        &[],
        &json!({"username": "alpha-dispatcher", "password": PASSWORD}),
    );
    let set = reply.header("set-cookie").expect("a cookie");
    for part in ["HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(set.contains(part), "{set}");
    }
    assert!(!server.log().contains(cookie.split('=').nth(1).expect("a token")));
    let ticket = server
        .post(
            "/api/ws-tickets",
            &[("cookie", &cookie), ("sec-fetch-site", "same-origin")],
            &json!({}),
        )
        .ok("ticket");
    let left = ticket["expires_at"].as_i64().expect("a time") - unix_ms();
    // Two clocks are read, each cut to milliseconds, and the server's goes on evenly while the machine's is
    // being adjusted: it may be a little ahead.
    assert!((25_000..=30_050).contains(&left), "{left}");
}

#[test]
fn the_description_lists_exactly_what_answers() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let document = server.get("/api/openapi.json", &[]).ok("openapi");
    let printed = server.command(&["openapi"], "");
    let printed: Value = serde_json::from_str(&printed.out).expect("JSON");
    assert_eq!(document, printed, "the command prints what the server serves");
    let paths = document["paths"].as_object().expect("paths");
    assert!(paths.len() >= 12, "{paths:?}");
    let cookie = court.dispatcher();
    // With a picture that nobody can decode: that, too, is an answer that is described.
    let media = json!([{"content_type": "image/jpeg", "data": STANDARD.encode(PICTURE)}]);
    let tip = tip_with("alpha", json!({"media": media}));
    let tip = court.source.send(&server, "m1", &tip).ok("tip");
    let import = server.admin(&json!({"do": "case_import", "court": "alpha", "cases": [
        {"number": "(2026)豫0783执7号", "parties": [
            {"role": "applicant", "name": "甲"}, {"role": "debtor", "name": "乙"},
        ]},
    ]}));
    server.admin(&json!({"do": "proof_close", "court": "alpha"}));
    let enrolled = server.admin(&json!({"do": "device_enrol", "court": "alpha", "officer": "甲"}));
    let officer = enrolled["officer"].as_str().expect("an id").to_owned();
    let case = import["cases"][0].as_str().expect("an id");
    let judge = crate::file::Person::of(&court, "judge", "judge");
    judge.ok(&format!("/api/cases/{case}/draw"), &json!({}));
    crate::file::issue(&judge, case, "leads_request", None, &[1]);
    let fill = |path: &str| {
        let id = match path {
            "/api/incidents/{id}" => &tip["incident"],
            "/api/tips/{id}" => &tip["tip"],
            _ => &import["cases"][0],
        };
        path.replace("{id}", id.as_str().expect("an id"))
            .replace("{source}", &court.source.name)
            .replace("{court}", &court.id)
            .replace("{officer}", &officer)
            .replace("{tip}", tip["tip"].as_str().expect("an id"))
            .replace("{n}", "0")
            .replace("{paper}", "1")
            .replace("{incident}", tip["incident"].as_str().expect("an id"))
            .replace("{seq}", "1")
            .replace("{number}", "1")
            .replace("{first}", "1")
            .replace("{node}", "T01")
            .replace("{round}", "1")
    };
    for (path, operations) in paths {
        let operations = operations.as_object().expect("operations");
        let address = if path == "/api/cases" { CASE.to_owned() } else { fill(path) };
        for method in METHODS {
            let cookie = if method == "DELETE" { "" } else { cookie.as_str() };
            let reply = server.send(method, &address, &[("cookie", cookie)], b"");
            let what = format!("{method} {path}: {}", reply.status);
            let Some(operation) = operations.get(&method.to_lowercase()) else {
                reply.refused(405, "method-not-allowed", &what);
                let allow = reply.header("allow").expect("Allow").to_owned();
                let mut listed: Vec<_> = allow.split(", ").map(str::to_lowercase).collect();
                listed.sort();
                assert_eq!(listed, operations.keys().cloned().collect::<Vec<_>>(), "{what}");
                continue;
            };
            assert!(![404, 405].contains(&reply.status) && reply.status < 500, "{what}");
            let known = &operation["responses"][reply.status.to_string()];
            assert!(known.is_object(), "{what} is not described");
        }
    }
    // And what answers is listed, but for pages, sockets and the description itself.
    for path in [
        "/api/session",
        "/api/ws-tickets",
        "/api/devices/enrol",
        "/api/incidents",
        "/api/officers",
        "/api/cases",
        "/healthz",
        "/readyz",
        "/metrics",
        "/hooks/tips/{source}",
    ] {
        assert!(paths.contains_key(path), "{path}");
    }
}
