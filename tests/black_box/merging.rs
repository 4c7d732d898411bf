//! Tips about the same thing become one incident, and come apart again (PROTOCOL §2, §6).

use serde_json::{Value, json};

use crate::support::server::profile;
use crate::support::tips::{Source, good_tip, tip_with};
use crate::support::{Console, Court, Server};

/// A court that merges by its defaults, and the session of its dispatcher.
fn setting() -> (Server, Court, String) {
    let server = Server::start();
    let mut profile = profile("alpha");
    profile.as_object_mut().expect("a profile").remove("merge");
    server.admin(&json!({"do": "court_add", "profile": profile}));
    let source = Court::source(&server, "alpha", "alpha-src", true);
    let court = Court { door: server.clone(), id: "alpha".to_owned(), source };
    let cookie = court.dispatcher();
    (server, court, cookie)
}

/// Sends a tip that is taken: its own id, and its incident's.
fn taken(server: &Server, source: &Source, id: &str, tip: &Value) -> (String, String) {
    let answer = source.send(server, id, tip).ok("tip");
    let text = |field: &str| answer[field].as_str().expect("an id").to_owned();
    (text("tip"), text("incident"))
}

/// A little north of the good tip, in other words, without its case.
fn neighbour(metres: f64, words: &str) -> Value {
    tip_with(
        "alpha",
        json!({
            "case_number": null, "description": words,
            "location": {"lat": 35.1997 + metres / 111_000.0, "lon": 114.6689, "accuracy_m": 5},
        }),
    )
}

#[test]
fn a_second_tip_about_the_same_joins_the_first_and_a_split_takes_it_out_again() {
    let (mut server, court, cookie) = setting();
    let mut officers = [court.officer("王建国", 200.0), court.officer("李娜", 900.0)];
    let mut console = Console::open(&server, &cookie).socket;
    let (first, incident) = taken(&server, &court.source, "m1", &good_tip("alpha"));
    let offer = officers[0].offered();
    officers[0].accept(&offer);
    // Sixty metres off, in other words, and it names the same case.
    let words =
        json!({"description": "他正在往车上装货", "location": {"lat": 35.2002, "lon": 114.6689}});
    let (second, joined) = taken(&server, &court.source, "m2", &tip_with("alpha", words));
    assert_eq!(joined, incident);
    assert_ne!(second, first);
    let told = console.expect_where("the incident with both tips", |frame| {
        frame["type"] == "incident" && frame["id"] == incident.as_str() && frame["tips"] == 2
    });
    assert_eq!((&told["tip"], &told["merged"][0]["tip"]), (&json!(first), &json!(second)));
    assert_eq!(told["merged"][0]["description"], "他正在往车上装货");
    let why = &told["merged"][0]["why"];
    assert_eq!(why["rule"], "same_case", "{why}");
    let metres = why["distance_m"].as_f64().expect("metres");
    assert!((50.0..62.0).contains(&metres), "{why}");
    // Who goes there is told again, and nobody is asked again.
    officers[0].socket().expect_where("its state with both tips", |frame| {
        frame["type"] == "state" && frame.to_string().contains("\"tips\":2")
    });
    assert_eq!(court.incidents(&cookie).len(), 1);

    // Split off, it is what it would have been alone: its own incident, its own officer.
    let split = json!({
        "type": "split_tip", "incident": incident, "tip": second, "reason": "另一个人",
    });
    let own = console.done(split.clone())["incident"].as_str().expect("an incident").to_owned();
    assert_ne!(own, incident);
    officers[1].offered();
    assert_eq!(console.done(split.clone())["incident"], own.as_str(), "once more, the same answer");
    assert_eq!(court.incidents(&cookie).len(), 2);
    assert_eq!(row_of(&server, &cookie, &second)["incident"], own.as_str());
    assert_eq!(row_of(&server, &cookie, &first)["incident"], incident.as_str());
    let left = court.incident(&cookie, &incident);
    assert_eq!((&left["tips"], &left["merged"]), (&json!(1), &json!([])));
    let timeline = left["timeline"].as_array().expect("a timeline");
    let kinds: Vec<_> = timeline.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    for kind in ["incident.tip_merged", "incident.tip_split"] {
        assert!(kinds.contains(&kind), "{kinds:?}");
    }
    assert_eq!(court.incident(&cookie, &own)["tip"], second.as_str());
    // Its source still gets the first answer, which was true when it was given.
    let words =
        json!({"description": "他正在往车上装货", "location": {"lat": 35.2002, "lon": 114.6689}});
    let again = taken(&server, &court.source, "m2", &tip_with("alpha", words));
    assert_eq!(again, (second.clone(), incident.clone()));

    // The old link forwards, and all of it outlives the server.
    server.kill();
    server.start_again();
    let seen = row_of(&server, &cookie, &second);
    assert_eq!(seen["incident"], own.as_str());
    let moved = seen["moved"].as_array().expect("a list");
    assert_eq!(moved.len(), 1, "{seen}");
    assert_eq!((&moved[0]["from"], &moved[0]["to"]), (&json!(incident), &json!(own)));
    assert!(moved[0]["at"].as_i64().is_some_and(|at| at > 1_700_000_000_000), "{seen}");
    assert_eq!(row_of(&server, &cookie, &first)["moved"], json!([]));
    let left = court.incident(&cookie, &incident);
    assert_eq!(left["tips"], 1, "{left}");
    let mut console = Console::open(&server, &cookie).socket;
    assert_eq!(console.done(split)["incident"], own.as_str(), "also after a restart");
    let alone = json!({
        "type": "split_tip", "incident": own, "tip": second, "reason": "没有并入",
    });
    assert_eq!(console.refused(alone), "tip-not-merged");
}

fn row_of(server: &Server, cookie: &str, tip: &str) -> Value {
    server.get(&format!("/api/tips/{tip}"), &[("cookie", cookie)]).ok("tip")
}

#[test]
fn similar_words_near_by_join_and_what_is_doubtful_does_not() {
    let (server, court, cookie) = setting();
    let public = Court::source(&server, "alpha", "public", false);
    let words = "被执行人王某在人民路家乐超市门口，穿黑色外套";
    let (_, incident) = taken(&server, &public, "m1", &neighbour(0.0, words));
    let same = neighbour(90.0, "被执行人王某出现在人民路家乐超市，身穿黑色外套");
    let (_, joined) = taken(&server, &public, "m2", &same);
    assert_eq!(joined, incident);
    assert_eq!(court.incident(&cookie, &incident)["status"], "awaiting_dispatch");
    let mut exercise = same.clone();
    exercise["exercise"] = json!(true);
    let mut nowhere = same.clone();
    nowhere.as_object_mut().expect("a tip").remove("location");
    let mut with_case = same.clone();
    with_case["case_number"] = json!("(2026)豫0783执123号");
    let apart = [
        ("a drill", exercise),
        ("no place", nowhere),
        ("a case number that the incident has not", with_case),
        ("far away", neighbour(600.0, words)),
        ("other words", neighbour(10.0, "有一群人堵在村口，不让法院的车进去")),
    ];
    for (number, (what, tip)) in apart.iter().enumerate() {
        let (_, own) = taken(&server, &public, &format!("a{number}"), tip);
        assert_ne!(own, incident, "{what}");
    }
    // An emergency is not hidden in what is routine.
    let mut routine = neighbour(2_000.0, words);
    routine["urgency"] = json!("routine");
    let (_, queued) = taken(&server, &public, "r1", &routine);
    let (_, urgent) = taken(&server, &public, "r2", &neighbour(2_000.0, words));
    assert_ne!(urgent, queued);
    // And what is over is over.
    let mut console = Console::open(&server, &cookie).socket;
    let cancel = json!({"type": "cancel", "incident": incident, "reason": "误报"});
    console.done(cancel);
    let (_, fresh) = taken(&server, &public, "m3", &same);
    assert_ne!(fresh, incident);
}

#[test]
fn only_who_commands_may_split_and_only_what_is_there() {
    let (server, court, cookie) = setting();
    let other = Court::add(&server, "beta");
    let (_, incident) = taken(&server, &court.source, "m1", &good_tip("alpha"));
    let (second, joined) = taken(&server, &court.source, "m2", &good_tip("alpha"));
    assert_eq!(joined, incident);
    let split = |incident: &str, tip: &str, reason: &str| json!({"type": "split_tip", "incident": incident, "tip": tip, "reason": reason});
    let mut stranger = Console::open(&server, &other.dispatcher()).socket;
    assert_eq!(stranger.refused(split(&incident, &second, "不是我的")), "not-found");
    let mut console = Console::open(&server, &cookie).socket;
    let long = "长".repeat(201);
    for (incident, tip, reason, code) in [
        (incident.as_str(), second.as_str(), "", "field-invalid"),
        (incident.as_str(), second.as_str(), long.as_str(), "field-invalid"),
        (incident.as_str(), "no id", "另一个人", "field-invalid"),
        ("no id", second.as_str(), "另一个人", "field-invalid"),
        (incident.as_str(), incident.as_str(), "另一个人", "tip-not-merged"),
        (second.as_str(), second.as_str(), "另一个人", "not-found"),
    ] {
        assert_eq!(
            console.refused(split(incident, tip, reason)),
            code,
            "{incident} {tip} {reason}"
        );
    }
    console.done(json!({"type": "cancel", "incident": incident, "reason": "误报"}));
    assert_eq!(console.refused(split(&incident, &second, "另一个人")), "incident-closed");
    assert_eq!(court.incidents(&cookie).len(), 1);
}

#[test]
fn a_forgotten_tip_tells_nothing_in_the_incidents_it_was_in() {
    let (mut server, court, cookie) = setting();
    let (_, incident) = taken(&server, &court.source, "m1", &good_tip("alpha"));
    let words = |text: &str| tip_with("alpha", json!({"description": text}));
    let (second, _) = taken(&server, &court.source, "m2", &words("一辆白色宝马停在楼下"));
    let (third, _) = taken(&server, &court.source, "m3", &words("还有一辆黑色奔驰"));
    let mut console = Console::open(&server, &cookie).socket;
    let split = json!({
        "type": "split_tip", "incident": incident, "tip": third, "reason": "另一辆车",
    });
    let own = console.done(split)["incident"].as_str().expect("an incident").to_owned();
    for tip in [&second, &third] {
        server.admin(&json!({"do": "tip_forget", "court": "alpha", "tip": tip}));
    }
    for round in 0..2 {
        let seen = court.incident(&cookie, &incident);
        assert_eq!(seen["description"], good_tip("alpha")["description"], "the first one's stay");
        assert_eq!(seen["merged"][0]["tip"], second.as_str());
        assert_eq!(seen["merged"][0]["description"], "");
        assert_eq!(seen["merged"][0]["place"], Value::Null);
        let apart = court.incident(&cookie, &own);
        assert_eq!((&apart["description"], &apart["place"]), (&json!(""), &Value::Null));
        for text in ["白色宝马", "黑色奔驰", "另一辆车"] {
            assert!(!seen.to_string().contains(text), "{text}: {seen}");
            assert!(!apart.to_string().contains(text), "{text}: {apart}");
        }
        if round == 0 {
            server.kill();
            server.start_again();
        }
    }
}
