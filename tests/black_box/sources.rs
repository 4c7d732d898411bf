//! Sources of tips: secrets that change and end (PROTOCOL §2, §7).

use serde_json::{Value, json};

use crate::support::tips::{Source, borrowed, good_tip, signature};
use crate::support::{Court, Server};

fn rotate(server: &Server, source: &Source, grace_hours: u64) -> (Source, Value) {
    let asked = json!({
        "do": "source_rotate", "court": "alpha", "name": source.name, "grace_hours": grace_hours,
    });
    let answer = server.admin(&asked);
    let secret = answer["secret"].as_str().expect("a secret").to_owned();
    assert_ne!(secret, source.secret);
    (Source { name: source.name.clone(), secret }, answer["old_until"].clone())
}

#[test]
fn a_secret_that_is_changed_counts_until_its_end_and_the_new_one_at_once() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let old = court.source.clone();
    let tip = good_tip("alpha");
    assert_eq!(old.send(&server, "m1", &tip).status, 202);
    let (new, until) = rotate(&server, &old, 24);
    let hours = (until.as_i64().expect("a moment") - crate::support::waiting::unix_ms()) / 60_000;
    assert!((24 * 60 - 2..=24 * 60).contains(&hours), "{until}");
    assert_eq!(new.send(&server, "m2", &tip).status, 202, "the new one at once");
    assert_eq!(old.send(&server, "m3", &tip).status, 202, "the one before still");
    // A delivery is the same whichever secret it was signed with.
    let (first, again) = (old.send(&server, "m4", &tip), new.send(&server, "m4", &tip));
    assert_eq!((first.status, &first.body), (again.status, &again.body));
    // Several signatures: one that is right is enough, wherever it stands.
    let body = tip.to_string().into_bytes();
    let mut both = new.headers("m5", &body);
    let stranger = signature("whsec_AAAA", "m5", &both[2].1, &body);
    let mine = both[3].1.clone();
    both[3].1 = format!("{stranger} {mine}");
    assert_eq!(server.send("POST", &new.path(), &borrowed(&both), &body).status, 202);
    // Both outlive the server.
    server.kill();
    server.start_again();
    assert_eq!(old.send(&server, "m6", &tip).status, 202);
    assert_eq!(new.send(&server, "m7", &tip).status, 202);
    // Three from before count at once; a fourth is refused, and nothing has changed.
    let (third, _) = rotate(&server, &new, 2);
    let (fourth, _) = rotate(&server, &third, 1);
    let asked = json!({
        "do": "source_rotate", "court": "alpha", "name": old.name, "grace_hours": 1,
    });
    assert_eq!(server.ask(&asked).expect_err("refused")["code"], "too-many-secrets");
    for (id, source) in [("m8", &old), ("m9", &new), ("m10", &third), ("m11", &fourth)] {
        assert_eq!(source.send(&server, id, &tip).status, 202, "{id}");
    }
    // Without grace all from before are over at once, whatever end they were given.
    let (newest, _) = rotate(&server, &fourth, 0);
    for source in [&old, &new, &third, &fourth] {
        source.send(&server, "m12", &tip).refused(401, "signature", "no grace");
    }
    assert_eq!(newest.send(&server, "m13", &tip).status, 202);
}

#[test]
fn a_source_that_is_ended_delivers_nothing_from_that_moment() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let old = court.source.clone();
    let tip = good_tip("alpha");
    let (new, _) = rotate(&server, &old, 24);
    let kept = new.send(&server, "m1", &tip);
    assert_eq!(kept.status, 202);
    let end = ["source", "revoke", "--court", "alpha", &old.name];
    assert_eq!(server.command(&end, "").code, Some(0));
    for (what, source) in [("the newest", &new), ("the one before", &old)] {
        source.send(&server, "m1", &tip).refused(401, "signature", what);
        source.send(&server, "m2", &tip).refused(401, "signature", what);
    }
    // It is not there for whoever rotates or ends it either.
    for request in [
        json!({"do": "source_revoke", "court": "alpha", "name": old.name}),
        json!({"do": "source_rotate", "court": "alpha", "name": old.name, "grace_hours": 1}),
        json!({"do": "source_rotate", "court": "alpha", "name": "nobody", "grace_hours": 1}),
        json!({"do": "source_revoke", "court": "alpha", "name": "nobody"}),
    ] {
        assert_eq!(server.ask(&request).expect_err("refused")["code"], "not-found", "{request}");
    }
    // Under its name a new one may deliver, with its own secret only.
    let back = Court::source(&server, "alpha", &old.name, true);
    assert_eq!(back.send(&server, "m3", &tip).status, 202);
    old.send(&server, "m4", &tip).refused(401, "signature", "an old secret comes back");
}

#[test]
fn a_grace_that_makes_no_sense_changes_nothing() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    for grace in [json!(721), json!(-1), json!(1.5), json!("1"), Value::Null] {
        let asked = json!({
            "do": "source_rotate", "court": "alpha", "name": court.source.name,
            "grace_hours": grace,
        });
        server.ask(&asked).expect_err("refused");
    }
    let elsewhere = json!({
        "do": "source_rotate", "court": "nowhere", "name": court.source.name, "grace_hours": 1,
    });
    assert_eq!(server.ask(&elsewhere).expect_err("refused")["code"], "unknown-court");
    assert_eq!(court.source.send(&server, "m1", &good_tip("alpha")).status, 202);
    // By hand, as an operator does it.
    let name = court.source.name.as_str();
    let said = server.command(&["source", "rotate", "--court", "alpha", "--grace", "0", name], "");
    assert_eq!(said.code, Some(0), "{}", said.err);
    let answer: Value = serde_json::from_str(&said.out).expect("JSON");
    court.source.send(&server, "m2", &good_tip("alpha")).refused(401, "signature", "no grace");
    let secret = answer["secret"].as_str().expect("a secret").to_owned();
    let new = Source { name: name.to_owned(), secret };
    assert_eq!(new.send(&server, "m3", &good_tip("alpha")).status, 202);
}
