//! Who may in: sessions, cookies of foreign pages, other courts, wrong passwords, enrolment.

use serde_json::{Value, json};

use crate::support::http::CASE;
use crate::support::people::{PASSWORD, sign_in_again};
use crate::support::tips::good_tip;
use crate::support::{Court, Officer, Server};

const NEVER: &str = "0190a5b0-0000-7000-8000-000000000001";

#[test]
fn a_change_by_cookie_needs_our_own_page() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    let own = server.origin();
    let ticket = |more: &[(&str, &str)]| {
        let all = [&[("cookie", cookie.as_str())], more].concat();
        server.post("/api/ws-tickets", &all, &json!({}))
    };
    ticket(&[]).refused(403, "csrf", "without an origin");
    for foreign in
        ["http://evil.example", "null", "", &format!("{own}.evil.example"), "https://127.0.0.1"]
    {
        ticket(&[("origin", foreign)]).refused(403, "csrf", foreign);
        let both = [("origin", foreign), ("sec-fetch-site", "same-origin")];
        ticket(&both).refused(403, "csrf", foreign);
        let body = json!({"username": "alpha-dispatcher", "password": PASSWORD});
        server.post("/api/session", &[("origin", foreign)], &body).refused(403, "csrf", foreign);
    }
    for site in ["cross-site", "same-site", "none"] {
        ticket(&[("sec-fetch-site", site)]).refused(403, "csrf", site);
    }
    assert_eq!(ticket(&[("origin", &own)]).status, 200);
    assert_eq!(ticket(&[("sec-fetch-site", "same-origin")]).status, 200);
    let out = |more: &[(&str, &str)]| {
        let all = [&[("cookie", cookie.as_str())], more].concat();
        server.send("DELETE", "/api/session", &all, b"")
    };
    out(&[]).refused(403, "csrf", "signing out");
    assert_eq!(out(&[("origin", &own)]).status, 204);
    out(&[("origin", &own)]).refused(401, "auth-required", "signed out already");
}

#[test]
fn without_a_session_nothing_is_told() {
    let server = Server::start();
    Court::add(&server, "alpha");
    let paths = [
        "/api/session",
        "/api/incidents",
        &format!("/api/incidents/{NEVER}"),
        &format!("/api/tips/{NEVER}"),
        "/api/officers",
        CASE,
        &format!("/api/cases/{NEVER}"),
    ];
    for path in paths {
        let cookies =
            ["", "tiande_session=", "tiande_session=nonsense", "tiande_session=%00", "other=1"];
        for cookie in cookies {
            server.get(path, &[("cookie", cookie)]).refused(401, "auth-required", path);
        }
    }
    server.post("/api/ws-tickets", &[], &json!({})).refused(401, "auth-required", "a ticket");
    for bearer in ["Bearer nonsense", "Bearer ", "Basic dTpw", "bearer x"] {
        let reply = server.post("/api/ws-tickets", &[("authorization", bearer)], &json!({}));
        reply.refused(401, "credentials", bearer);
    }
    // A device's token opens sockets and nothing else.
    let officer = Officer::enrol(&server, "alpha", "王建国");
    let bearer = format!("Bearer {}", officer.token);
    server.get("/api/officers", &[("authorization", &bearer)]).refused(
        401,
        "auth-required",
        "device",
    );
}

#[test]
fn what_belongs_to_another_court_is_not_found() {
    let server = Server::start();
    let (alpha, beta) = (Court::add(&server, "alpha"), Court::add(&server, "beta"));
    let (mine, theirs) = (alpha.dispatcher(), beta.dispatcher());
    let tip = alpha.source.send(&server, "m1", &good_tip("alpha")).ok("tip");
    let import = server.admin(&json!({"do": "case_import", "court": "alpha", "cases": [
        {"number": "(2026)豫0783执7号", "parties": [{"role": "applicant", "name": "甲"}]},
    ]}));
    let officer = alpha.officer("王建国", 100.0);
    let text = |value: &Value| value.as_str().expect("an id").to_owned();
    let paths = [
        format!("/api/incidents/{}", text(&tip["incident"])),
        format!("/api/tips/{}", text(&tip["tip"])),
        format!("/api/cases/{}", text(&import["cases"][0])),
        CASE.to_owned(),
    ];
    for path in &paths {
        assert_eq!(server.get(path, &[("cookie", &mine)]).status, 200, "{path}");
        server.get(path, &[("cookie", &theirs)]).refused(404, "not-found", path);
    }
    assert_eq!(beta.incidents(&theirs), Vec::<Value>::new());
    let officers = server.get("/api/officers", &[("cookie", &theirs)]).ok("officers");
    assert_eq!(officers["officers"], json!([]));
    let mut console = crate::support::Console::open(&server, &theirs);
    assert_eq!(
        (&console.welcome["officers"], &console.welcome["incidents"]),
        (&json!([]), &json!([]))
    );
    let incident = &tip["incident"];
    for command in [
        json!({"type": "detail", "incident": incident}),
        json!({"type": "candidates", "incident": incident}),
        json!({"type": "dispatch", "incident": incident}),
        json!({"type": "place", "incident": incident, "lat": 35.2, "lon": 114.67}),
        json!({"type": "assign", "incident": incident, "officer": officer.id}),
        json!({"type": "cancel", "incident": incident, "reason": "x"}),
    ] {
        assert_eq!(console.socket.refused(command.clone()), "not-found", "{command}");
    }
    let mut stranger = beta.officer("李明", 100.0);
    for deed in [
        json!({"type": "progress", "incident": incident, "stage": "on_scene"}),
        json!({"type": "finish", "incident": incident, "outcome": "found"}),
    ] {
        assert_eq!(stranger.socket().refused(deed.clone()), "not-found", "{deed}");
    }
    // Nor may one court's source speak for another.
    let reply = alpha.source.send(&server, "m2", &good_tip("beta"));
    reply.refused(422, "field-invalid", "another court's name");
    let seen = alpha.incident(&mine, incident.as_str().expect("an id"));
    assert_ne!(seen["status"], "cancelled");
}

#[test]
fn after_five_wrong_passwords_a_name_is_locked() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    court.dispatcher();
    court.sign_in("other", &["dispatcher"]);
    let try_with = |name: &str, password: &str| {
        server.post("/api/session", &[], &json!({"username": name, "password": password}))
    };
    for name in ["alpha-dispatcher", "nobody"] {
        for number in 0..5 {
            let wrong = format!("wrong password {number}");
            try_with(name, &wrong).refused(401, "credentials", name);
        }
        let locked = try_with(name, PASSWORD);
        locked.refused(429, "too-many", name);
        let wait = locked.header("retry-after").and_then(|wait| wait.parse::<u32>().ok());
        assert!(wait.is_some_and(|wait| wait > 60), "{wait:?}");
    }
    sign_in_again(&server, "other");
    let bodies = [
        (json!({"username": "x"}), 422, "field-invalid"),
        (json!({"username": "x", "password": 7}), 422, "field-invalid"),
        (json!({"username": "x", "password": "y", "more": 1}), 422, "field-invalid"),
        (json!([]), 422, "field-invalid"),
        (json!({"username": "x".repeat(9_000), "password": "y"}), 413, "too-large"),
    ];
    for (body, status, code) in bodies {
        server.post("/api/session", &[], &body).refused(status, code, "a body");
    }
    let json = [("content-type", "application/json")];
    server.send("POST", "/api/session", &json, b"{\"username\":\"a\",\"username\":\"b\"}").refused(
        400,
        "json-invalid",
        "twice",
    );
    server.send("POST", "/api/session", &json, b"").refused(400, "json-invalid", "empty");
    server.send("POST", "/api/session", &[], b"{}").refused(415, "media-type", "no type");
}

#[test]
fn an_enrolment_code_works_once() {
    let server = Server::start();
    Court::add(&server, "alpha");
    let enrol = |code: &Value| server.post("/api/devices/enrol", &[], &json!({"code": code}));
    let given = server.admin(&json!({"do": "device_enrol", "court": "alpha", "officer": "王建国"}));
    let answers: Vec<u16> = std::thread::scope(|scope| {
        let tries: Vec<_> = (0..6).map(|_| scope.spawn(|| enrol(&given["code"]).status)).collect();
        tries.into_iter().map(|t| t.join().expect("an answer")).collect()
    });
    assert_eq!(answers.iter().filter(|status| **status == 200).count(), 1, "{answers:?}");
    enrol(&given["code"]).refused(401, "credentials", "used");
    for bad in ["", "nonsense", "0000-0000", "%"] {
        enrol(&json!(bad)).refused(401, "credentials", bad);
    }
    enrol(&json!(7)).refused(422, "field-invalid", "a number");
    let foreign = server.post(
        "/api/devices/enrol",
        &[("origin", "http://evil.example")],
        &json!({"code": "x"}),
    );
    foreign.refused(403, "csrf", "a foreign page");
}
