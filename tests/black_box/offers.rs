//! Offers as an officer's handheld lives through them: each answer that comes too late, twice or from
//! somebody else has its code (PROTOCOL §5).

use serde_json::{Value, json};

use crate::support::socket::Socket;
use crate::support::tips::{good_tip, tip_with};
use crate::support::waiting::Deadline;
use crate::support::{Console, Court, Officer, Server};

fn setting(dispatch: &Value) -> (Server, Court, String) {
    let server = Server::start();
    let court = Court::add_with(&server, "alpha", dispatch);
    let cookie = court.dispatcher();
    (server, court, cookie)
}

/// The answer to an `accept`.
fn accept(officer: &mut Officer, offer: &str) -> String {
    officer.socket().refused(json!({"type": "accept", "offer": offer}))
}

/// Why an offer was closed.
fn closed(socket: &mut Socket, offer: &str) -> String {
    let about = |f: &Value| f["type"] == "offer_closed" && f["offer"] == offer;
    let frame = socket.expect_where("offer_closed", about);
    frame["reason"].as_str().expect("a reason").to_owned()
}

/// The stand of an officer in the roster.
fn entry(court: &Court, cookie: &str, officer: &str) -> Value {
    let roster = court.door.get("/api/officers", &[("cookie", cookie)]).ok("officers");
    let all = roster["officers"].as_array().expect("a list").clone();
    all.into_iter().find(|o| o["id"] == officer).expect("the officer")
}

#[test]
fn the_nearest_is_asked_and_from_there_to_the_end() {
    let (server, court, cookie) = setting(&json!({}));
    let mut far = court.officer("李明", 3_000.0);
    let mut near = court.officer("王建国", 200.0);
    let tip = tip_with("alpha", json!({"location": {"lat": 35.2010, "lon": 114.6730}}));
    let incident = court.source.incident(&server, "m1", &tip);
    let offer = near.socket().expect("offer");
    assert_eq!(offer["incident"]["id"], incident.as_str());
    let distance = offer["distance_m"].as_f64().expect("a distance");
    assert!((150.0..250.0).contains(&distance), "{distance}");
    let offer = offer["offer"].as_str().expect("an id").to_owned();
    near.socket().send(&json!({"type": "offer_received", "offer": offer}));
    let early = json!({"type": "progress", "incident": incident, "stage": "en_route"});
    assert_eq!(near.socket().refused(early.clone()), "not-crew", "before it accepts");
    let over = json!({"type": "finish", "incident": incident, "outcome": "found"});
    assert_eq!(near.socket().refused(over.clone()), "not-crew");
    near.accept(&offer);
    // Sent again, as by a telephone that did not hear the answer.
    near.accept(&offer);
    near.socket().done(early.clone());
    near.socket().done(early);
    near.socket().done(json!({"type": "progress", "incident": incident, "stage": "on_scene"}));
    for bad in [
        json!({"type": "progress", "incident": incident, "stage": "accepted"}),
        json!({"type": "progress", "incident": incident, "stage": "nowhere"}),
        json!({"type": "progress", "incident": "nonsense", "stage": "on_scene"}),
        json!({"type": "finish", "incident": incident, "outcome": "nothing"}),
        json!({"type": "duty", "to": "holiday"}),
    ] {
        assert_eq!(near.socket().refused(bad.clone()), "field-invalid", "{bad}");
    }
    let crew = &court.incident(&cookie, &incident)["crew"][0];
    assert_eq!((&crew["officer"], &crew["stage"]), (&json!(near.id), &json!("on_scene")));
    assert_eq!(far.socket().refused(over.clone()), "not-crew", "somebody else");
    near.socket().done(over);
    let seen = court.incident(&cookie, &incident);
    assert_eq!((&seen["status"], &seen["outcome"]), (&json!("finished"), &json!("found")));
    assert_eq!(entry(&court, &cookie, &near.id)["status"], "available");
    assert!(
        far.socket()
            .find(Deadline::after(std::time::Duration::ZERO), |f| f["type"] == "offer")
            .is_none()
    );
}

#[test]
fn an_offer_whose_time_is_over_cannot_be_accepted() {
    let (server, court, cookie) = setting(&json!({"offer_ttl_ms": 2000, "receive_ttl_ms": 2000}));
    let mut officer = court.officer("王建国", 200.0);
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let offer = officer.offered();
    assert_eq!(closed(officer.socket(), &offer), "expired");
    assert_eq!(accept(&mut officer, &offer), "offer-expired");
    assert_eq!(entry(&court, &cookie, &officer.id)["status"], "available");
    let seen = court.incident(&cookie, &incident);
    assert_eq!((&seen["status"], &seen["alarm"]), (&json!("exhausted"), &json!("centre")));
}

#[test]
fn an_offer_no_device_has_acknowledged_is_undelivered() {
    let (server, court, _cookie) = setting(&json!({"receive_ttl_ms": 1000, "offer_ttl_ms": 30000}));
    let mut silent = court.officer("王建国", 200.0);
    let mut next = court.officer("李明", 3_000.0);
    court.source.incident(&server, "m1", &good_tip("alpha"));
    let offer = silent.socket().expect("offer")["offer"].as_str().expect("an id").to_owned();
    assert_eq!(closed(silent.socket(), &offer), "undelivered");
    let second = next.offered();
    next.accept(&second);
    let code = accept(&mut silent, &offer);
    assert!(["offer-expired", "offer-reassigned"].contains(&code.as_str()), "{code}");
}

#[test]
fn an_offer_of_a_cancelled_incident_is_withdrawn() {
    let (server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let mut console = Console::open(&server, &cookie).socket;
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let offer = officer.offered();
    let cancel = json!({"type": "cancel", "incident": incident, "reason": "误报"});
    console.done(cancel.clone());
    assert_eq!(closed(officer.socket(), &offer), "withdrawn");
    assert_eq!(accept(&mut officer, &offer), "offer-withdrawn");
    assert_eq!(court.incident(&cookie, &incident)["status"], "cancelled");
    assert_eq!(entry(&court, &cookie, &officer.id)["status"], "available");
}

#[test]
fn of_two_who_are_asked_for_one_seat_the_second_is_told_it_is_taken() {
    let (server, court, cookie) = setting(&json!({"ask_extra_emergency": 1}));
    let mut first = court.officer("王建国", 200.0);
    let mut second = court.officer("李明", 300.0);
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let (one, two) = (first.offered(), second.offered());
    assert_eq!(accept(&mut first, &two), "offer-unknown", "another officer's");
    assert_eq!(accept(&mut second, &one), "offer-unknown", "another officer's");
    first.accept(&one);
    assert_eq!(closed(second.socket(), &two), "withdrawn");
    assert_eq!(accept(&mut second, &two), "offer-reassigned");
    let seen = court.incident(&cookie, &incident);
    assert_eq!(seen["status"], "underway");
    assert_eq!(seen["crew"].as_array().map(Vec::len), Some(1), "{}", seen["crew"]);
    // At the same moment: exactly one gets the seat.
    first.socket().done(json!({"type": "finish", "incident": incident, "outcome": "found"}));
    let third = court.source.incident(&server, "m2", &good_tip("alpha"));
    let (one, two) = (first.offered(), second.offered());
    for (officer, offer) in [(&mut first, &one), (&mut second, &two)] {
        officer.socket().send(&json!({"type": "accept", "id": "race", "offer": offer}));
    }
    let answers: Vec<Value> = [&mut first, &mut second]
        .map(|officer| officer.socket().expect_where("an answer", |f| f["ref"] == "race"))
        .into();
    let done = answers.iter().filter(|answer| answer["type"] == "done").count();
    assert_eq!(done, 1, "{answers:?}");
    let lost = answers.iter().find(|answer| answer["type"] == "refused").expect("one lost");
    assert_eq!(lost["code"], "offer-reassigned");
    assert_eq!(court.incident(&cookie, &third)["crew"].as_array().map(Vec::len), Some(1));
}

#[test]
fn an_offer_that_is_none_is_unknown() {
    let (_server, court, _cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let never = "0190a5b0-0000-7000-8000-000000000001";
    for bad in ["", "nonsense", never, "' OR 1=1 --", &"9".repeat(1_000)] {
        assert_eq!(accept(&mut officer, bad), "offer-unknown", "{bad}");
        let decline = json!({"type": "decline", "offer": bad});
        assert_eq!(officer.socket().refused(decline), "offer-unknown", "{bad}");
        officer.socket().send(&json!({"type": "offer_received", "offer": bad}));
    }
    let own = officer.id.clone();
    assert_eq!(accept(&mut officer, &own), "offer-unknown", "an officer's id");
    officer.socket().is_alive();
}

#[test]
fn who_declines_is_replaced_by_the_next_nearest() {
    let (server, court, cookie) = setting(&json!({}));
    let mut near = court.officer("王建国", 200.0);
    let mut next = court.officer("李明", 2_000.0);
    let mut last = court.officer("赵敏", 5_000.0);
    let incident = court.source.incident(&server, "m1", &good_tip("alpha"));
    let first = near.offered();
    near.socket().done(json!({"type": "decline", "offer": first, "reason": "车坏了"}));
    assert_eq!(closed(near.socket(), &first), "declined");
    // Declining twice is once; accepting after that is too late.
    near.socket().done(json!({"type": "decline", "offer": first}));
    assert_eq!(accept(&mut near, &first), "offer-declined");
    let second = next.offered();
    next.socket().done(json!({"type": "duty", "to": "off_duty"}));
    let third = last.offered();
    last.accept(&third);
    let code = accept(&mut next, &second);
    let known = ["offer-declined", "offer-withdrawn", "offer-reassigned", "officer-off-duty"];
    assert!(known.contains(&code.as_str()), "{code}");
    let crew = &court.incident(&cookie, &incident)["crew"];
    assert_eq!(crew[0]["officer"], last.id.as_str(), "{crew}");
}

#[test]
fn a_call_for_help_works_off_duty_and_again_is_the_same() {
    let (server, court, cookie) = setting(&json!({}));
    let mut console = Console::open(&server, &cookie).socket;
    let mut caller = Officer::enrol(&server, "alpha", "王建国");
    caller.connect();
    let helper = court.officer("李明", 500.0);
    let place = json!({"lat": 35.2, "lon": 114.68, "accuracy_m": 10});
    let first = caller.socket().done(json!({"type": "sos", "fix": place}));
    let again = caller.socket().done(json!({"type": "sos"}));
    assert_eq!(first["incident"], again["incident"]);
    let alarm = console.expect_where("the alarm", |f| f["type"] == "alarm" && f["kind"] == "sos");
    assert_eq!((&alarm["incident"], &alarm["level"]), (&first["incident"], &json!("centre")));
    let incident = first["incident"].as_str().expect("an id");
    let seen = court.incident(&cookie, incident);
    assert_eq!((&seen["kind"], &seen["urgency"]), (&json!("officer_sos"), &json!("emergency")));
    let mut helper = helper;
    let offer = helper.offered();
    helper.accept(&offer);
    // Help is never asked of the one who needs it.
    let offered =
        caller.socket().find(Deadline::after(std::time::Duration::ZERO), |f| f["type"] == "offer");
    assert_eq!(offered, None);
    helper.socket().done(json!({"type": "finish", "incident": incident, "outcome": "resolved"}));
    let fresh = caller.socket().done(json!({"type": "sos", "fix": place}));
    assert_ne!(fresh["incident"], first["incident"], "the first one is over");
    // Without a place, and with one that is none.
    let mut lost = Officer::enrol(&server, "alpha", "赵敏");
    lost.connect();
    lost.socket().done(json!({"type": "sos", "fix": {"lat": 99, "lon": 1000}}));
}

#[test]
fn off_duty_no_place_is_kept() {
    let (_server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    assert!(entry(&court, &cookie, &officer.id)["fix"].is_object());
    officer.socket().done(json!({"type": "duty", "to": "off_duty"}));
    let seen = entry(&court, &cookie, &officer.id);
    assert_eq!((&seen["status"], &seen["fix"]), (&json!("off_duty"), &Value::Null));
    let ack = officer.report(5_000.0);
    assert_eq!((&ack["taken"], &ack["codes"]), (&json!(0), &json!({"off_duty": 1})));
    assert_eq!(entry(&court, &cookie, &officer.id)["fix"], Value::Null);
    officer.socket().done(json!({"type": "duty", "to": "on_duty"}));
    assert_eq!(entry(&court, &cookie, &officer.id)["fix"], Value::Null, "nothing from before");
    officer.socket().done(json!({"type": "duty", "to": "break"}));
    assert_eq!(entry(&court, &cookie, &officer.id)["status"], "on_break");
}

#[test]
fn fixes_that_cannot_be_are_refused_and_counted() {
    let (_server, court, cookie) = setting(&json!({}));
    let mut officer = court.officer("王建国", 200.0);
    let now = crate::support::waiting::unix_ms();
    let place = |seq: u32, at: i64, lat: f64, lon: f64| json!({"seq": seq, "taken_at": at, "lat": lat, "lon": lon, "accuracy_m": 5});
    // What was measured before the officer went on duty counts as off duty.
    let cases = [
        (place(10, now, 91.0, 0.0), "out_of_range"),
        (place(11, now, 35.2, f64::MAX), "out_of_range"),
        (place(12, now + 3_600_000, 35.2, 114.67), "future"),
        (place(13, now - 3_600_000, 35.2, 114.67), "off_duty"),
        (place(14, i64::MAX, 35.2, 114.67), "future"),
        (place(15, i64::MIN, 35.2, 114.67), "off_duty"),
        (place(16, now, -35.2, -114.67), "implausible"),
        (
            json!({"seq": 17, "taken_at": now, "lat": 35.2, "lon": 114.67, "accuracy_m": 1e9}),
            "inaccurate",
        ),
    ];
    for (fix, code) in cases {
        let seq = fix["seq"].clone();
        officer.socket().send(&json!({"type": "position", "fixes": [fix]}));
        let ack = officer.socket().expect_where("ack", |f| f["type"] == "ack" && f["seq"] == seq);
        assert_eq!((&ack["taken"], &ack["codes"][code]), (&json!(0), &json!(1)), "{ack}");
    }
    let kept = entry(&court, &cookie, &officer.id);
    assert!((kept["fix"]["lat"].as_f64().expect("a place") - 35.2010).abs() < 1e-9, "{kept}");
}
