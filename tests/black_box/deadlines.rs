//! Nodes of cases from outside: opened, overdue, answered for; through kills, and by whom.

use serde_json::{Value, json};

use crate::support::tips::good_tip;
use crate::support::waiting::{SOON, until};
use crate::support::{Court, Door, Server};

/// Somebody at a desk.
struct Desk<'s> {
    door: &'s Door,
    cookie: String,
    id: String,
}

impl<'s> Desk<'s> {
    fn of(door: &'s Door, court: &Court, name: &str, role: &str) -> Self {
        let cookie = court.sign_in(name, &[role]);
        let session = door.get("/api/session", &[("cookie", &cookie)]).ok("session");
        let id = session["user"]["id"].as_str().expect("an id").to_owned();
        Self { door, cookie, id }
    }

    fn post(&self, path: &str, body: &Value) -> u16 {
        let origin = self.door.origin();
        let headers = [("cookie", self.cookie.as_str()), ("origin", origin.as_str())];
        self.door.post(path, &headers, body).status
    }

    fn get(&self, path: &str) -> Value {
        self.door.get(path, &[("cookie", &self.cookie)]).ok(path)
    }

    fn escalations(&self) -> Vec<Value> {
        let answer = self.get("/api/supervision/escalations");
        answer["escalations"].as_array().expect("a list").clone()
    }

    /// How the escalation of T01 stands, once it is there.
    fn status(&self) -> Option<String> {
        let all = self.escalations();
        let found = all.iter().find(|one| one["node"] == "T01")?;
        found["status"].as_str().map(str::to_owned)
    }
}

fn imported(door: &Door) -> String {
    let import = door.admin(&json!({"do": "case_import", "court": "alpha", "cases": [
        {"number": "(2026)豫0783执7号", "parties": [{"role": "applicant", "name": "甲"}]},
    ]}));
    import["cases"][0].as_str().expect("an id").to_owned()
}

#[test]
fn what_is_overdue_reaches_the_president_and_is_answered_for_through_kills() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let case = imported(&server);
    let door = (*server).clone();
    let judge = Desk::of(&door, &court, "judge", "judge");
    let director = Desk::of(&door, &court, "director", "director");
    let president = Desk::of(&door, &court, "president", "president");
    let discipline = Desk::of(&door, &court, "discipline", "discipline");
    let at = |what: &str| format!("/api/cases/{case}/{what}");
    let escalation = at("escalations/T01/1");

    // Who may not, and what is none.
    let give = json!({"handler": judge.id, "reason": ""});
    assert_eq!(judge.post(&at("handler"), &give), 403);
    let to_nobody = json!({"handler": director.id, "reason": "x"});
    assert_eq!(director.post(&at("handler"), &to_nobody), 422, "not a judge");
    assert_eq!(director.post(&at("handler"), &give), 204);
    let open = json!({"do": "open", "node": "T01", "from": "2026-01-05"});
    assert_eq!(director.post(&at("nodes"), &open), 403);
    for bad in [
        json!({"do": "open", "node": "Q99", "from": "2026-01-05"}),
        json!({"do": "open", "node": "T01", "from": "yesterday"}),
        json!({"do": "open", "node": "W02", "from": "2026-01-05"}),
        json!({"do": "suspend", "reason": "rain", "document": "d", "first": "2026-01-05"}),
        json!({"do": "suspend", "reason": "settlement", "document": " ", "first": "2026-01-05"}),
        json!({"do": "dance"}),
    ] {
        assert_eq!(judge.post(&at("nodes"), &bad), 422, "{bad}");
    }
    let elsewhere = "/api/cases/0190a5b0-0000-7000-8000-000000000001/nodes";
    assert_eq!(judge.post(elsewhere, &open), 404);

    // Six months from January: overdue. It reaches the president within a second or two.
    assert_eq!(judge.post(&at("nodes"), &open), 204);
    until(SOON, "the president sees it", || president.status().filter(|it| it == "owed"));
    let overdue = judge.get("/api/supervision/nodes?list=overdue");
    assert_eq!(overdue["nodes"][0]["number"], "(2026)豫0783执7号", "{overdue}");
    let load = director.get("/api/supervision/load?days=7");
    assert_eq!(load["handlers"][0]["overdue"], 1, "{load}");

    // It was told once, and a start does not tell it again.
    let steps = |desk: &Desk<'_>| -> Vec<String> {
        let story = desk.get(&escalation);
        let steps = story["steps"].as_array().expect("a list").clone();
        steps.iter().map(|step| step["what"].as_str().expect("a word").to_owned()).collect()
    };
    let before = steps(&president);
    assert_eq!(before.last().map(String::as_str), Some("overdue"), "{before:?}");
    server.kill();
    server.start_again();
    let door = (*server).clone();
    let again =
        |desk: &Desk<'_>| Desk { door: &door, cookie: desk.cookie.clone(), id: desk.id.clone() };
    let (judge, president, discipline) = (again(&judge), again(&president), again(&discipline));
    assert_eq!(steps(&president), before);
    assert_eq!(president.status().as_deref(), Some("owed"));

    // Answered, returned, answered again, accepted: with the words, for those who judge them.
    let act = |desk: &Desk<'_>, body: Value| desk.post(&escalation, &body);
    assert_eq!(act(&president, json!({"do": "accept"})), 409, "nothing was answered");
    assert_eq!(act(&president, json!({"do": "answer", "words": "x"})), 403);
    assert_eq!(act(&judge, json!({"do": "answer", "words": " "})), 422);
    assert_eq!(act(&judge, json!({"do": "answer", "words": "已发函催办"})), 204);
    assert_eq!(act(&judge, json!({"do": "accept"})), 403);
    assert_eq!(act(&president, json!({"do": "return", "words": "请附回函"})), 204);
    assert_eq!(act(&judge, json!({"do": "answer", "words": "回函已附卷"})), 204);
    assert_eq!(act(&president, json!({"do": "accept"})), 204);
    let story = discipline.get(&escalation);
    let words: Vec<&str> = story["steps"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|step| step["words"].as_str().filter(|words| !words.is_empty()))
        .collect();
    assert_eq!(words, ["已发函催办", "请附回函", "回函已附卷"]);
    assert_eq!(president.status(), None, "it is over");
    server.kill();
    let verified = server.command(&["journal", "verify"], "");
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}

#[test]
fn who_sits_at_a_desk_hears_the_own_alarms_and_takes_note_of_them_once() {
    let server = Server::start();
    let court = Court::add_with(&server, "alpha", &json!({"director_after_ms": 1000}));
    let director = Desk::of(&server, &court, "director", "director");
    let other = Desk::of(&server, &court, "deputy", "director");
    let president = Desk::of(&server, &court, "president", "president");
    let judge = Desk::of(&server, &court, "judge", "judge");
    let list = "/api/supervision/alarms";
    let alarms = |desk: &Desk<'_>| desk.get(list)["alarms"].as_array().expect("a list").clone();
    assert!(alarms(&director).is_empty());
    let refused = server.get(list, &[("cookie", &judge.cookie)]);
    assert_eq!(refused.status, 403);

    // Nobody is on duty: a second later it is the director's.
    court.source.incident(&server, "m1", &good_tip("alpha"));
    let alarm = until(SOON, "the director hears of it", || alarms(&director).into_iter().next());
    assert_eq!((&alarm["kind"], &alarm["level"]), (&json!("exhausted"), &json!("director")));
    assert_eq!(alarm["incident_kind"], "debtor_sighted");
    assert!(alarm["number"].as_str().is_some_and(|number| number.ends_with("-000001")), "{alarm}");
    assert!(alarms(&president).is_empty(), "not the president's");

    let id = alarm["alarm"].as_str().expect("an id");
    let path = format!("/api/alarms/{id}/acknowledge");
    assert_eq!(president.post(&path, &json!({})), 403);
    assert_eq!(director.post(&path, &json!({"x": 1})), 422);
    assert_eq!(director.post(&path, &json!({})), 204);
    assert_eq!(other.post(&path, &json!({})), 404, "somebody has");
    assert!(alarms(&other).is_empty());
}

#[test]
fn an_operator_sees_court_time_and_has_nothing_to_confirm_while_it_is_believed() {
    let server = Server::start();
    Court::add(&server, "alpha");
    let shown = server.command(&["clock", "show"], "");
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    assert_eq!(shown["courts"][0]["court"], "alpha");
    assert_eq!(shown["courts"][0]["suspect"], false);
    assert_eq!(shown["courts"][0]["second_source"], Value::Null);
    let confirmed = server.command(&["clock", "confirm"], "");
    let confirmed: Value = serde_json::from_str(&confirmed.out).expect("JSON");
    assert_eq!(confirmed, json!({"confirmed": []}));
}
