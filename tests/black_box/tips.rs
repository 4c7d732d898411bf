//! The door for tips: what is refused, how, and that it leaves nothing behind (PROTOCOL §2).

use std::fs;
use std::io::Write as _;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::support::http::{head, read_reply};
use crate::support::server::files_below;
use crate::support::tips::{PICTURE, Source, borrowed, good_tip, signature, tip_with};
use crate::support::waiting::{SOON, unix_ms, until};
use crate::support::{Court, Door, Server};

/// Largest body with pictures.
const BODY_MAX: usize = 8 * 1024 * 1024;
/// Largest body without.
const PLAIN_MAX: usize = 64 * 1024;

/// A server with a court, and the session of its dispatcher.
fn setting() -> (Server, Court, String) {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let cookie = court.dispatcher();
    (server, court, cookie)
}

/// Nothing of any refused tip may be there.
fn nothing_is_left(server: &Server, court: &Court, cookie: &str) {
    assert_eq!(court.incidents(cookie), Vec::<Value>::new());
    assert_eq!(server.pictures(), Vec::<std::path::PathBuf>::new());
}

fn picture(bytes: &[u8]) -> Value {
    json!([{"content_type": "image/jpeg", "data": STANDARD.encode(bytes)}])
}

#[test]
fn an_unsigned_or_wrongly_signed_tip_is_refused_and_says_nothing_about_the_source() {
    let (server, court, cookie) = setting();
    let body = good_tip("alpha").to_string().into_bytes();
    let good = court.source.headers("m1", &body);
    let path = court.source.path();
    let post = |path: &str, headers: &[(&str, &str)], body: &[u8]| {
        server.send("POST", path, headers, body)
    };
    for missing in ["webhook-id", "webhook-timestamp", "webhook-signature"] {
        let some: Vec<_> =
            borrowed(&good).into_iter().filter(|(name, _)| *name != missing).collect();
        post(&path, &some, &body).refused(401, "signature", missing);
    }
    for doubled in 1..4 {
        let mut twice = borrowed(&good);
        twice.push(twice[doubled]);
        post(&path, &twice, &body).refused(401, "signature", "a header twice");
    }
    let other = format!("whsec_{}", STANDARD.encode([7; 24]));
    let stranger = Source { name: court.source.name.clone(), secret: other };
    stranger.send_bytes(&server, "m1", &body).refused(401, "signature", "another secret");
    let changed = tip_with("alpha", json!({"urgency": "routine"})).to_string();
    post(&path, &borrowed(&good), changed.as_bytes()).refused(401, "signature", "another body");
    for (name, value) in [
        ("webhook-id", "m2"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "v1,"),
        ("webhook-signature", "v1,AAAA"),
        ("webhook-signature", "v2,AAAA v1a,AAAA"),
        ("webhook-signature", "nonsense"),
    ] {
        let mut bad = borrowed(&good);
        bad.retain(|(known, _)| *known != name);
        bad.push((name, value));
        post(&path, &bad, &body).refused(401, "signature", value);
    }
    // A source that nobody has looks the same, with whatever name.
    let known = post(&path, &[("content-type", "application/json")], &body);
    for name in ["nobody", "..%2f..%2fetc%2fpasswd", "%00", "%ff", "a'--", &"x".repeat(2_000)] {
        let reply =
            Source { name: name.to_owned(), ..stranger.clone() }.send_bytes(&server, "m1", &body);
        reply.refused(401, "signature", name);
        assert_eq!(reply.json()["title"], known.json()["title"]);
    }
    nothing_is_left(&server, &court, &cookie);
}

#[test]
fn a_delivery_signed_more_than_five_minutes_from_now_is_refused() {
    let (server, court, cookie) = setting();
    let body = good_tip("alpha").to_string().into_bytes();
    let now = unix_ms() / 1_000;
    for at in [0, 1, -1, now - 310, now + 310, i64::MAX, i64::MIN] {
        let headers = court.source.headers_at("m1", at, &body);
        let reply = server.send("POST", &court.source.path(), &borrowed(&headers), &body);
        reply.refused(401, "timestamp", &at.to_string());
    }
    for at in ["", "soon", "+1", "1e9", " 12", "0x10"] {
        let signed = signature(&court.source.secret, "m1", at, &body);
        let headers = [
            ("content-type", "application/json"),
            ("webhook-id", "m1"),
            ("webhook-timestamp", at),
            ("webhook-signature", &signed),
        ];
        let reply = server.send("POST", &court.source.path(), &headers, &body);
        assert_eq!(reply.status, 401, "{at:?}");
    }
    nothing_is_left(&server, &court, &cookie);
    let headers = court.source.headers_at("m1", now - 280, &body);
    let reply = server.send("POST", &court.source.path(), &borrowed(&headers), &body);
    assert_eq!(reply.status, 202);
}

#[test]
fn an_id_that_is_none_is_refused() {
    let (server, court, cookie) = setting();
    let body = good_tip("alpha").to_string();
    for id in ["a.b", ".", &"x".repeat(257), "with space", "tab\there"] {
        let reply = court.source.send_bytes(&server, id, body.as_bytes());
        reply.refused(400, "webhook-id-invalid", id);
    }
    nothing_is_left(&server, &court, &cookie);
    assert_eq!(court.source.send_bytes(&server, &"x".repeat(256), body.as_bytes()).status, 202);
}

#[test]
fn the_same_delivery_again_gets_the_same_answer_byte_for_byte() {
    let (mut server, court, cookie) = setting();
    let tip = good_tip("alpha");
    let first = court.source.send(&server, "m1", &tip);
    assert_eq!(first.status, 202);
    let answer = first.json();
    for field in ["tip", "incident", "receipt"] {
        assert!(answer[field].as_str().is_some_and(|text| text.len() >= 25), "{answer}");
    }
    let at_once: Vec<_> = std::thread::scope(|scope| {
        let send = || court.source.send(&court.door, "m1", &tip);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|t| t.join().expect("a reply")).collect()
    });
    for again in at_once {
        assert_eq!((again.status, &again.body), (202, &first.body));
    }
    let other = tip_with("alpha", json!({"address": "elsewhere"}));
    court.source.send(&server, "m1", &other).refused(409, "idempotency-mismatch", "other body");
    server.kill();
    server.start_again();
    let after = court.source.send(&server, "m1", &tip);
    assert_eq!((after.status, &after.body), (202, &first.body));
    court.source.send(&server, "m1", &other).refused(409, "idempotency-mismatch", "other body");
    // Ids belong to their source.
    let second = Court::source(&server, "alpha", "beta", false);
    let elsewhere = second.send(&server, "m1", &other);
    assert_eq!(elsewhere.status, 202);
    assert_ne!(elsewhere.json()["incident"], answer["incident"]);
    assert_eq!(court.incidents(&cookie).len(), 2);
}

#[test]
fn the_same_delivery_sent_at_once_makes_one_incident() {
    let (server, court, cookie) = setting();
    let tip = tip_with("alpha", json!({"media": picture(PICTURE)}));
    let bodies: Vec<_> = std::thread::scope(|scope| {
        let send = || court.source.send(&court.door, "m1", &tip);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(send)).collect();
        threads.into_iter().map(|t| t.join().expect("a reply").ok("tip")).collect()
    });
    assert!(bodies.iter().all(|body| *body == bodies[0]), "{bodies:?}");
    assert_eq!(court.incidents(&cookie).len(), 1);
    assert_eq!(server.pictures().len(), 1, "pictures of the repeated ones are gone");
}

#[test]
fn a_body_that_is_too_large_is_refused_however_it_comes() {
    let (server, court, cookie) = setting();
    let path = court.source.path();
    let before = server.rss_kib();
    // Announced: refused before any of it is sent.
    let announced = (BODY_MAX + 1).to_string();
    let mut headers = court.source.headers("m1", b"");
    headers.push(("content-length", announced));
    let reply = server.send_bytes(head("POST", &path, server.port, &borrowed(&headers)).as_bytes());
    reply.expect("an answer").refused(413, "too-large", "announced");
    // In chunks that never end.
    let mut headers = court.source.headers("m2", b"");
    headers.push(("transfer-encoding", "chunked".to_owned()));
    let mut stream = server.connect().expect("a connection");
    let text = head("POST", &path, server.port, &borrowed(&headers));
    stream.write_all(text.as_bytes()).expect("the head");
    let mut reading = stream.try_clone().expect("the same connection");
    let reply = std::thread::scope(|scope| {
        let reply = scope.spawn(move || read_reply(&mut reading, "POST"));
        let chunk = [b"10000\r\n", vec![b' '; 0x10000].as_slice(), b"\r\n"].concat();
        until(SOON, "the answer to a body without end", || {
            (stream.write_all(&chunk).is_err() || reply.is_finished()).then_some(())
        });
        reply.join().expect("a reader")
    });
    // Whoever goes on sending may lose the answer to a reset; then the reset is the refusal.
    if let Some(reply) = reply {
        reply.refused(413, "too-large", "in chunks");
    }
    // Small enough for one with pictures, too large for one without.
    let long = tip_with("alpha", json!({"description": "x".repeat(PLAIN_MAX)}));
    court.source.send(&server, "m3", &long).refused(413, "too-large", "without pictures");
    let empty = tip_with("alpha", json!({"description": "x".repeat(PLAIN_MAX), "media": []}));
    court.source.send(&server, "m4", &empty).refused(413, "too-large", "with no pictures");
    let grown = server.rss_kib().saturating_sub(before);
    assert!(grown < 48 * 1024, "grown by {grown} KiB");
    nothing_is_left(&server, &court, &cookie);
}

#[test]
fn what_is_no_json_of_ours_is_refused_after_its_signature_was_found_right() {
    let (server, court, cookie) = setting();
    let good = good_tip("alpha").to_string();
    let deep = "[".repeat(33) + &"]".repeat(33);
    let cases: Vec<(&str, Vec<u8>)> = vec![
        ("empty", Vec::new()),
        ("words", b"hello".to_vec()),
        ("cut off", good.as_bytes()[..good.len() - 1].to_vec()),
        ("more after it", [good.as_bytes(), b"{}"].concat()),
        ("a byte order mark", [b"\xef\xbb\xbf", good.as_bytes()].concat()),
        (
            "no UTF-8",
            good.replace("蒲西", "??")
                .into_bytes()
                .iter()
                .map(|b| if *b == b'?' { 0xff } else { *b })
                .collect(),
        ),
        ("UTF-16", good.encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("NaN", good.replace("35.1997", "NaN").into_bytes()),
        ("Infinity", good.replace("35.1997", "-Infinity").into_bytes()),
        ("no number", good.replace("35.1997", "1e400").into_bytes()),
        ("a key twice", good.replacen('{', "{\"court\":\"other\",", 1).into_bytes()),
        ("a key twice, escaped", good.replacen('{', "{\"c\\u006furt\":\"x\",", 1).into_bytes()),
        ("a key twice, inside", good.replace("\"lat\":", "\"lat\":1,\"lat\":").into_bytes()),
        ("too deep", deep.into_bytes()),
        ("a lone surrogate", good.replace("蒲西", "\\ud800").into_bytes()),
        ("a comment", [b"//x\n", good.as_bytes()].concat()),
    ];
    for (what, body) in cases {
        court.source.send_bytes(&server, "m1", &body).refused(400, "json-invalid", what);
    }
    // Nobody learns anything about a body without a right signature.
    let path = court.source.path();
    let stranger = [
        ("content-type", "application/json"),
        ("webhook-id", "m1"),
        ("webhook-timestamp", "1"),
        ("webhook-signature", "v1,AA"),
    ];
    server.send("POST", &path, &stranger, b"no JSON").refused(401, "signature", "unsigned");
    for (name, value) in [
        ("content-type", "text/plain"),
        ("content-type", "application/json; charset=gbk"),
        ("content-encoding", "gzip"),
        ("content-encoding", "br"),
    ] {
        let mut headers = court.source.headers("m1", good.as_bytes());
        headers.retain(|(known, _)| *known != name);
        headers.push((name, value.to_owned()));
        let reply = server.send("POST", &path, &borrowed(&headers), good.as_bytes());
        reply.refused(415, "media-type", value);
    }
    for method in ["GET", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let reply = server.send(method, &path, &[], b"");
        reply.refused(405, "method-not-allowed", method);
        assert_eq!(reply.header("allow"), Some("POST"));
    }
    nothing_is_left(&server, &court, &cookie);
}

#[test]
fn every_field_that_is_wrong_is_named_with_its_code() {
    let (server, court, cookie) = setting();
    Court::add(&server, "other");
    let place = |lat: f64, lon: f64| json!({"location": {"lat": lat, "lon": lon, "accuracy_m": 5}});
    let cases = [
        (json!({"court": Value::Null}), "/court", "missing"),
        (json!({"court": "nowhere"}), "/court", "unknown-court"),
        (json!({"court": "other"}), "/court", "unknown-court"),
        (json!({"court": 7}), "/court", "wrong-type"),
        (json!({"kind": Value::Null}), "/kind", "missing"),
        (json!({"kind": "officer_sos"}), "/kind", "kind-unknown"),
        (json!({"kind": "Debtor_Sighted"}), "/kind", "kind-unknown"),
        (json!({"urgency": "asap"}), "/urgency", "out-of-range"),
        (json!({"surprise": 1}), "/surprise", "unknown-field"),
        (json!({"a/b~c": 1}), "/a~1b~0c", "unknown-field"),
        (place(91.0, 114.6), "/location/lat", "out-of-range"),
        (place(35.2, -180.5), "/location/lon", "out-of-range"),
        (place(1e300, 114.6), "/location/lat", "out-of-range"),
        (place(48.85, 2.35), "/location", "outside-court"),
        (place(0.0, 0.0), "/location", "outside-court"),
        (json!({"location": {"lat": "35.2", "lon": 114.6}}), "/location/lat", "wrong-type"),
        (json!({"location": {"lon": 114.6}}), "/location/lat", "missing"),
        (
            json!({"location": {"lat": 35.2, "lon": 114.6, "alt": 1}}),
            "/location/alt",
            "unknown-field",
        ),
        (
            json!({"location": {"lat": 35.2, "lon": 114.6, "accuracy_m": -1}}),
            "/location/accuracy_m",
            "out-of-range",
        ),
        (
            json!({"location": {"lat": 35.2, "lon": 114.6, "datum": "BD-09"}}),
            "/location/datum",
            "out-of-range",
        ),
        (json!({"location": []}), "/location", "wrong-type"),
        (json!({"case_number": "12345"}), "/case_number", "case-number-invalid"),
        (json!({"description": "x".repeat(2_001)}), "/description", "too-long"),
        (json!({"description": "a\u{0}b"}), "/description", "text-invalid"),
        (json!({"address": "   "}), "/address", "empty"),
        (json!({"occurred_at": "yesterday"}), "/occurred_at", "time-invalid"),
        (json!({"occurred_at": "2026-02-30T10:00:00Z"}), "/occurred_at", "time-invalid"),
        (json!({"occurred_at": "9999-01-01T00:00:00Z"}), "/occurred_at", "time-in-future"),
        (json!({"occurred_at": "2001-01-01T00:00:00Z"}), "/occurred_at", "too-old"),
        (json!({"exercise": "yes"}), "/exercise", "wrong-type"),
        (json!({"reporter": {"name": "a\u{202e}b"}}), "/reporter/name", "text-invalid"),
        (json!({"reporter": {"phone": "call me"}}), "/reporter/phone", "phone-invalid"),
        (json!({"media": {}}), "/media", "wrong-type"),
        (json!({"media": [{"content_type": "image/jpeg"}]}), "/media/0/data", "missing"),
        (
            json!({"media": [{"content_type": "image/jpeg", "data": "?"}]}),
            "/media/0/data",
            "base64-invalid",
        ),
        (
            json!({"media": [{"content_type": "image/svg+xml", "data": STANDARD.encode(PICTURE)}]}),
            "/media/0/content_type",
            "media-type",
        ),
        (json!({"media": picture(b"<svg onload=alert(1)>")}), "/media/0/data", "media-type"),
        (json!({"media": vec![picture(PICTURE)[0].clone(); 9]}), "/media", "too-many"),
    ];
    for (number, (changes, pointer, code)) in cases.into_iter().enumerate() {
        let what = changes.to_string();
        let what: String = what.chars().take(120).collect();
        // With a picture, so that one could be left behind.
        let mut tip = tip_with("alpha", json!({"media": picture(PICTURE)}));
        if let Some(changes) = changes.as_object() {
            tip = tip_with("alpha", json!({"media": tip["media"]}));
            for (name, value) in changes {
                tip[name] = value.clone();
                if value.is_null() {
                    tip.as_object_mut().expect("an object").remove(name);
                }
            }
        }
        let reply = court.source.send(&server, &format!("m{number}"), &tip);
        reply.refused(422, "field-invalid", &what);
        assert_eq!(reply.faults(), [(pointer.to_owned(), code.to_owned())], "{what}");
    }
    for body in ["[]", "null", "\"tip\"", "7"] {
        let reply = court.source.send_bytes(&server, "m", body.as_bytes());
        reply.refused(422, "field-invalid", body);
    }
    // All faults of a body are told at once.
    let bad = json!({"court": "alpha", "kind": "x", "urgency": "y", "location": {"lat": 91}});
    let reply = court.source.send(&server, "many", &bad);
    assert_eq!(reply.faults().len(), 4, "{:?}", reply.faults());
    nothing_is_left(&server, &court, &cookie);
}

#[test]
fn a_good_tip_is_durable_with_its_incident() {
    let (server, court, cookie) = setting();
    let full = court.source.send(&server, "m1", &good_tip("alpha")).ok("tip");
    let tip = server.get(
        &format!("/api/tips/{}", full["tip"].as_str().expect("an id")),
        &[("cookie", &cookie)],
    );
    let tip = tip.ok("tip");
    assert_eq!(tip["incident"], full["incident"]);
    assert_eq!((&tip["kind"], &tip["urgency"]), (&json!("debtor_sighted"), &json!("emergency")));
    // Where exactly is not known, and that is no fault.
    let vague = tip_with("alpha", json!({"location": {"lat": 35.2, "lon": 114.67}}));
    let incident = court.source.incident(&server, "m2", &vague);
    assert_eq!(court.incident(&cookie, &incident)["place"]["accuracy_m"], Value::Null);
    // Nor is no place at all: somebody has to find it out.
    let nowhere =
        court.source.incident(&server, "m3", &tip_with("alpha", json!({"location": null})));
    assert_eq!(court.incident(&cookie, &nowhere)["status"], "awaiting_place");
    // A source that is not trusted starts nothing by itself.
    let public = Court::source(&server, "alpha", "public", false);
    let waiting = public.incident(&server, "m1", &good_tip("alpha"));
    assert_eq!(court.incident(&cookie, &waiting)["status"], "awaiting_dispatch");
    // The smallest one.
    let smallest = json!({"court": "alpha", "kind": "other", "urgency": "routine"});
    assert_eq!(court.source.send(&server, "m4", &smallest).status, 202);
    assert_eq!(court.incidents(&cookie).len(), 5);
}

#[test]
fn a_picture_is_kept_and_nothing_personal_lies_in_the_clear() {
    let (mut server, court, cookie) = setting();
    let tip = tip_with(
        "alpha",
        json!({
            "media": picture(PICTURE), "description": "clear-description-marker",
            "reporter": {"name": "clear-reporter-marker", "phone": "13912345678"},
        }),
    );
    let incident = court.source.incident(&server, "m1", &tip);
    assert_eq!(court.incident(&cookie, &incident)["description"], "clear-description-marker");
    assert_eq!(server.pictures().len(), 1);
    let Door { data, .. } = Door::clone(&server);
    server.kill();
    let markers: [&[u8]; 4] =
        [&PICTURE[20..], b"clear-description-marker", b"clear-reporter-marker", b"13912345678"];
    let files = files_below(&data);
    assert!(files.len() > 3, "{files:?}");
    for file in files.iter().filter(|file| file.is_file()) {
        let bytes = fs::read(file).expect("a file of the data folder");
        for marker in markers {
            let found = bytes.windows(marker.len()).any(|window| window == marker);
            assert!(!found, "{} holds {:?}", file.display(), String::from_utf8_lossy(marker));
        }
    }
    server.start_again();
    assert_eq!(server.pictures().len(), 1, "a picture whose tip is known stays");
}
