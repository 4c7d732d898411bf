//! What a dispatcher orders at the console, and who may (PROTOCOL §6).

use std::time::Duration;

use serde_json::{Value, json};

use crate::support::tips::{good_tip, tip_with};
use crate::support::waiting::{Deadline, SOON};
use crate::support::{Console, Court, Officer, Server};

fn setting(dispatch: &Value) -> (Server, Court, String) {
    let server = Server::start();
    let court = Court::add_with(&server, "alpha", dispatch);
    let cookie = court.dispatcher();
    (server, court, cookie)
}

fn routine(court: &Court, id: &str) -> String {
    court.source.incident(&court.door, id, &tip_with("alpha", json!({"urgency": "routine"})))
}

#[test]
fn an_incident_without_a_place_waits_for_one_and_then_is_searched() {
    let (server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let tip = tip_with("alpha", json!({"location": null}));
    let incident = court.source.incident(&server, "m1", &tip);
    let dispatch = json!({"type": "dispatch", "incident": incident});
    assert_eq!(console.refused(dispatch), "place-missing");
    let place =
        |lat: f64, lon: f64| json!({"type": "place", "incident": incident, "lat": lat, "lon": lon});
    assert_eq!(console.refused(place(48.85, 2.35)), "outside-court");
    assert_eq!(console.refused(place(91.0, 0.0)), "field-invalid");
    console.done(place(35.2, 114.67));
    let offer = officer.offered();
    officer.accept(&offer);
    let seen = |f: &Value| f["type"] == "incident" && f["status"] == "underway";
    assert_eq!(console.expect_where("the incident", seen)["id"], incident.as_str());
}

#[test]
fn an_incident_of_a_source_that_is_not_trusted_waits_for_one_key() {
    let (server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let public = Court::source(&server, "alpha", "public", false);
    let incident = public.incident(&server, "m1", &good_tip("alpha"));
    let candidates = console.done(json!({"type": "candidates", "incident": incident}));
    let first = &candidates["decision"]["considered"][0];
    assert_eq!((&first["officer"], &first["verdict"]), (&json!(officer.id), &json!("asked")));
    // Looking asks nobody.
    let quick = Deadline::after(Duration::from_millis(100));
    assert_eq!(officer.socket().find(quick, |f| f["type"] == "offer"), None);
    console.done(json!({"type": "dispatch", "incident": incident}));
    officer.offered();
    let detail = console.done(json!({"type": "detail", "incident": incident}));
    assert_eq!(detail["incident"]["status"], "searching");
    let asked = &detail["incident"]["decision"]["asked"][0];
    assert_eq!(asked["officer"], officer.id.as_str());
    assert!(detail["incident"]["timeline"].as_array().is_some_and(|t| t.len() >= 3), "{detail}");
}

#[test]
fn an_order_binds_an_officer_and_a_second_one_only_when_stacked() {
    let (server, court, cookie) = setting(&json!({"stack_max": 2}));
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let incidents: Vec<String> = (1..=3).map(|n| routine(&court, &format!("m{n}"))).collect();
    let assign = |incident: &str, officer: &str, stack: bool| json!({"type": "assign", "incident": incident, "officer": officer, "stack": stack, "reason": "就近"});
    let id = officer.id.clone();
    console.done(assign(&incidents[0], &id, false));
    let order = officer.socket().expect("assigned");
    assert_eq!(order["incident"]["id"], incidents[0].as_str());
    assert_eq!(order["expires_at"], Value::Null);
    assert_eq!(console.refused(assign(&incidents[1], &id, false)), "officer-committed");
    console.done(assign(&incidents[1], &id, true));
    assert_eq!(console.refused(assign(&incidents[2], &id, true)), "stack-full");
    for (officer, code) in [("nonsense", "field-invalid"), (incidents[0].as_str(), "not-found")] {
        assert_eq!(console.refused(assign(&incidents[2], officer, false)), code);
    }
    let release =
        json!({"type": "release", "incident": incidents[0], "officer": id, "reason": "换人"});
    console.done(release.clone());
    assert_eq!(console.refused(release), "not-crew");
    let left = |f: &Value| {
        let all = f["commitments"].as_array();
        f["type"] == "state"
            && all.is_some_and(|c| c.len() == 1)
            && f["commitments"][0]["incident"]["id"] == incidents[1].as_str()
    };
    officer.socket().expect_where("what is left", left);
    // Off duty nobody is ordered anywhere.
    let mut idle = Officer::enrol(&server, "alpha", "李明");
    idle.connect();
    assert_eq!(console.refused(assign(&incidents[2], &idle.id, false)), "officer-off-duty");
}

#[test]
fn what_is_over_stays_over() {
    let (server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let offer = officer.offered();
    officer.accept(&offer);
    for reason in ["", "   ", "a\u{0}b", &"长".repeat(201)] {
        let cancel = json!({"type": "cancel", "incident": incident, "reason": reason});
        assert_eq!(console.refused(cancel), "field-invalid", "{reason:?}");
    }
    console.done(json!({"type": "cancel", "incident": incident, "reason": "误报"}));
    let free = |f: &Value| f["type"] == "state" && f["commitments"] == json!([]);
    officer.socket().expect_where("the release", free);
    let late = json!({"type": "finish", "incident": incident, "outcome": "found"});
    let code = officer.socket().refused(late);
    assert!(["incident-closed", "not-crew"].contains(&code.as_str()), "{code}");
    let id = officer.id.clone();
    for command in [
        json!({"type": "dispatch", "incident": incident}),
        json!({"type": "place", "incident": incident, "lat": 35.2, "lon": 114.6}),
        json!({"type": "assign", "incident": incident, "officer": id}),
        json!({"type": "release", "incident": incident, "officer": id, "reason": "x"}),
    ] {
        let code = console.refused(command.clone());
        assert!(["incident-closed", "not-crew"].contains(&code.as_str()), "{command}: {code}");
    }
    for unknown in ["nonsense", "", "0190a5b0-0000-7000-8000-000000000001"] {
        let code = console.refused(json!({"type": "detail", "incident": unknown}));
        assert!(["field-invalid", "not-found"].contains(&code.as_str()), "{unknown}: {code}");
    }
}

#[test]
fn an_alarm_is_acknowledged_by_those_whose_alarm_it_is() {
    let (server, court, cookie) = setting(&json!({"director_after_ms": 1000}));
    let chief = court.sign_in("chief", &["director"]);
    let mut dispatcher = Console::open(&server, &cookie).socket;
    let mut director = Console::open(&server, &chief).socket;
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let of = |level: &'static str| move |f: &Value| f["type"] == "alarm" && f["level"] == level;
    let centre = dispatcher.expect_where("the centre's alarm", of("centre"));
    assert_eq!((&centre["kind"], &centre["incident"]), (&json!("exhausted"), &json!(incident)));
    let higher = director.expect_where("the director's alarm", of("director"));
    let ack = |alarm: &Value| json!({"type": "ack_alarm", "alarm": alarm["alarm"]});
    let code = dispatcher.refused(ack(&higher));
    assert!(["forbidden", "not-found"].contains(&code.as_str()), "{code}");
    assert_eq!(dispatcher.find(Deadline::after(Duration::from_millis(50)), of("director")), None);
    dispatcher.done(ack(&centre));
    director.done(ack(&higher));
    let told = |f: &Value| f["type"] == "alarm_acked" && f["alarm"] == centre["alarm"];
    assert_eq!(dispatcher.expect_where("alarm_acked", told)["by"], "alpha-dispatcher");
    for bad in [json!("nonsense"), json!(incident)] {
        let code = dispatcher.refused(json!({"type": "ack_alarm", "alarm": bad}));
        assert!(["field-invalid", "not-found"].contains(&code.as_str()), "{bad}: {code}");
    }
    // Acknowledged ones do not come again.
    let again = Console::open(&server, &cookie).welcome;
    assert_eq!(again["alarms"], json!([]));
}

#[test]
fn who_has_no_business_at_the_console_sees_nothing() {
    let (server, court, _cookie) = setting(&json!({}));
    for role in ["president", "discipline", "judge", "clerk", "operator", "auditor"] {
        let cookie = court.sign_in(&format!("u-{role}"), &[role]);
        let ticket = crate::support::people::console_ticket(&server, &cookie);
        let mut socket = crate::support::Socket::hello(&server, "/ws/console", &ticket, 0);
        assert_eq!(socket.close_code(SOON), Some(Some(4403)), "{role}");
        for path in ["/api/incidents", "/api/officers", "/api/cases?number=(2026)豫0783执123号"]
        {
            let path = path
                .replace('豫', "%E8%B1%AB")
                .replace('执', "%E6%89%A7")
                .replace('号', "%E5%8F%B7");
            let reply = server.get(&path, &[("cookie", &cookie)]);
            // Whoever handles or supervises cases may look for one, and there is none.
            let about_cases =
                path.starts_with("/api/cases") && !["operator", "auditor"].contains(&role);
            if about_cases {
                reply.refused(404, "not-found", role);
            } else {
                reply.refused(403, "forbidden", role);
            }
        }
        assert_eq!(server.get("/api/session", &[("cookie", &cookie)]).status, 200);
    }
}

#[test]
fn a_console_follows_what_happens() {
    let (server, court, cookie) = setting(&json!({}));
    let opened = Console::open(&server, &cookie);
    assert_eq!(opened.welcome["incidents"], json!([]));
    assert_eq!(opened.welcome["court"]["id"], "alpha");
    let mut console = opened.socket;
    let mut officer = court.officer("王建国", 200.0);
    let joined = |f: &Value| f["type"] == "officer" && f["status"] == "available";
    let entry = console.expect_where("the officer", joined);
    assert_eq!((&entry["id"], &entry["name"]), (&json!(officer.id), &json!("王建国")));
    officer.report(400.0);
    let n = &entry["n"];
    let moved = |f: &Value| {
        f["type"] == "tick"
            && f["moved"].as_array().is_some_and(|m| m.iter().any(|l| l[0] == *n && l[3] == 1))
    };
    console.expect_where("a tick", moved);
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let mine = |f: &Value| f["type"] == "incident" && f["id"] == incident.as_str();
    let number = console.expect_where("the incident", mine)["number"].clone();
    assert!(number.as_str().is_some_and(|n| n.len() == 11 && n.ends_with("000001")), "{number}");
    console.expect("event");
    let second = Console::open(&server, &cookie);
    assert_eq!(second.welcome["incidents"][0]["id"], incident.as_str());
    assert_eq!(second.welcome["officers"][0]["id"], officer.id.as_str());
}
