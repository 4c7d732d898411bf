//! Cases through their files from outside, on both stores: filed and drawn, money found, frozen and paid out; sealed
//! by two officers; a party at the portal; a file that goes from hand to hand.

use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::support::waiting::{SOON, unix_ms, until};
use crate::support::{Court, Door, Reply, Server, tips};

/// What a document of the tests is made of.
const SAMPLES: &str = include_str!("../../src/documents/tests/samples.json");

/// Somebody with a cookie, and what came back.
pub(crate) struct Person<'s> {
    pub(crate) door: &'s Door,
    pub(crate) cookie: String,
    pub(crate) id: String,
}

impl<'s> Person<'s> {
    pub(crate) fn of(court: &'s Court, name: &str, role: &str) -> Self {
        let door = &court.door;
        let cookie = court.sign_in(name, &[role]);
        let session = door.get("/api/session", &[("cookie", &cookie)]).ok("session");
        let id = session["user"]["id"].as_str().expect("an id").to_owned();
        Self { door, cookie, id }
    }

    pub(crate) fn send(&self, method: &str, path: &str, kind: &str, body: &[u8]) -> Reply {
        let origin = self.door.origin();
        let headers =
            [("cookie", self.cookie.as_str()), ("origin", &origin), ("content-type", kind)];
        self.door.send(method, path, &headers, body)
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Reply {
        self.send("POST", path, "application/json", body.to_string().as_bytes())
    }

    pub(crate) fn ok(&self, path: &str, body: &Value) -> Value {
        self.post(path, body).ok(&format!("{path} {body}"))
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        self.door.get(path, &[("cookie", &self.cookie)]).ok(path)
    }
}

/// A court at work.
struct World {
    court: Court,
}

impl World {
    fn on(door: &Door) -> Self {
        Self { court: Court::add(door, "alpha") }
    }
}

pub(crate) fn filed(clerk: &Person<'_>, number: &str) -> String {
    let body = json!({
        "number": number, "kind": "money", "basis": "judgment", "instrument": "(2025)豫0783民初88号",
        "claim": 8_000_000, "applied": "2026-01-05", "docketed": "2026-01-06",
        "claim_text": "请求执行借款本金八万元",
        "parties": [
            {"role": "applicant", "name": "张三", "phone": "13800000001"},
            {"role": "debtor", "name": "李四", "id_number": "410728198001010011"},
        ],
    });
    clerk.ok("/api/cases", &body)["case"].as_str().expect("an id").to_owned()
}

pub(crate) fn act(who: &Person<'_>, case: &str, body: &Value) -> Value {
    who.ok(&format!("/api/cases/{case}/file"), body)
}

fn file(who: &Person<'_>, case: &str) -> Value {
    who.get(&format!("/api/cases/{case}/file"))
}

fn runs(file: &Value, node: &str) -> usize {
    let nodes = file["nodes"].as_array().expect("nodes");
    nodes.iter().filter(|running| running["node"] == node).count()
}

/// Issues a document from the samples.
pub(crate) fn issue(
    who: &Person<'_>,
    case: &str,
    template: &str,
    node: Option<(&str, u16)>,
    to: &[u16],
) {
    let samples: Value = serde_json::from_str(SAMPLES).expect("JSON");
    let listed = who.get("/api/documents/templates");
    let known = listed["templates"].as_array().expect("a list");
    let known = known.iter().find(|known| known["code"] == template).expect("a template");
    let mut fields = serde_json::Map::new();
    for field in known["fields"].as_array().expect("fields") {
        let name = field["name"].as_str().expect("a name");
        let own = &samples["templates"][template][name];
        let value = if own.is_null() { &samples["fields"][name] } else { own };
        if !value.is_null() {
            fields.insert(name.to_owned(), value.clone());
        }
    }
    let node = node.map(|(node, round)| json!({"node": node, "round": round}));
    let body = json!({"template": template, "fields": fields, "node": node, "to": to});
    let made = who.ok(&format!("/api/cases/{case}/documents"), &body);
    assert!(made["pages"].as_u64().is_some_and(|pages| pages > 0), "{made}");
}

/// From filing to the last yuan.
fn goes_to_the_end(door: &Door) {
    let world = World::on(door);
    let judge = Person::of(&world.court, "judge", "judge");
    let case = filed(&judge, "（２０２６）豫0783执0123号");
    let shown = file(&judge, &case);
    assert_eq!(shown["number"], "(2026)豫0783执123号", "one spelling: {shown}");
    assert_eq!(shown["words"]["filed"]["title"], "(2025)豫0783民初88号");
    let again = json!({"number": "(2026)豫0783执123号", "kind": "money", "basis": "judgment",
        "claim": 1, "applied": "2026-01-05", "parties": [{"role": "applicant", "name": "甲"}]});
    assert_eq!(judge.post("/api/cases", &again).status, 409, "filed before");
    assert_eq!(judge.post("/api/cases", &json!({"number": "1"})).status, 422);

    // The draw can be checked by anybody from the published end of the chain.
    let drawn = judge.ok(&format!("/api/cases/{case}/draw"), &json!({}));
    assert_eq!(drawn["judge"], json!(judge.id));
    let public = door.get("/api/draws/alpha", &[]).ok("draws");
    let nth = drawn["draw"]["nth"].as_u64().expect("a number");
    let seed = hex::decode(drawn["draw"]["seed"].as_str().expect("a seed")).expect("hex");
    let end = (0..nth).fold(seed, |seed, _| Sha256::digest(&seed).to_vec());
    assert_eq!(public["chains"][0]["published"], json!(hex::encode(end)));
    assert_eq!(public["draws"][0]["drawn"]["number"], "(2026)豫0783执123号");
    assert_eq!(judge.post(&format!("/api/cases/{case}/draw"), &json!({"reason": "x"})).status, 403);

    for template in ["execution_notice", "asset_report_order", "blacklist_warning"] {
        issue(&judge, &case, template, Some(("B01", 1)), &[2]);
    }
    assert_eq!(runs(&file(&judge, &case), "B01"), 0, "all its documents are issued");
    let paper = door.get(&format!("/api/cases/{case}/papers/1"), &[("cookie", &judge.cookie)]);
    assert!(paper.body.starts_with(b"%PDF-"), "{}", paper.status);
    let missing = json!({"template": "execution_notice", "fields": {}, "to": [2]});
    let refused = judge.post(&format!("/api/cases/{case}/documents"), &missing);
    assert_eq!(refused.status, 422, "a template with missing fields");
    assert!(!refused.faults().is_empty());

    act(&judge, &case, &json!({"do": "inquire", "party": 2}));
    act(&judge, &case, &json!({"do": "inquiry_answer", "inquiry": 1, "found": 1}));
    let found = json!({"do": "asset_find", "kind": "deposit", "how": "query", "title": "尾号0001"});
    act(&judge, &case, &found);
    assert_eq!(runs(&file(&judge, &case), "C02"), 1);
    act(&judge, &case, &json!({"do": "asset_control", "asset": 1, "amount": 9_000_000}));
    let shown = file(&judge, &case);
    assert_eq!((runs(&shown, "C02"), runs(&shown, "V01")), (0, 1));
    assert_eq!(shown["words"]["asset:1"]["title"], "尾号0001");
    act(&judge, &case, &json!({"do": "asset_transfer", "asset": 1, "amount": 8_000_000}));
    let too_much =
        json!({"do": "money_post", "what": "paid_out", "amount": 8_000_001, "document": "审批表"});
    let refused = judge.post(&format!("/api/cases/{case}/file"), &too_much);
    assert_eq!(refused.status, 409);
    assert!(refused.json()["detail"].as_str().is_some_and(|why| why.contains("held")));
    let close = json!({"do": "closing_close", "how": "fulfilled", "text": "全部到位"});
    assert_eq!(judge.post(&format!("/api/cases/{case}/file"), &close).status, 409);
    let pay =
        json!({"do": "money_post", "what": "paid_out", "amount": 8_000_000, "document": "审批表"});
    act(&judge, &case, &pay);
    act(&judge, &case, &json!({"do": "asset_release", "asset": 1}));
    act(&judge, &case, &close);
    let shown = file(&judge, &case);
    assert_eq!(shown["money"]["recovered"], 8_000_000);
    assert_eq!((runs(&shown, "Z06"), runs(&shown, "T01")), (1, 0));

    // Closed within its term, with property: the figure has it.
    let director = Person::of(&world.court, "director", "director");
    let figures = director.get("/api/supervision/indicators?from=2026-01-01&to=2027-12-31");
    let of = |name: &str| {
        let all = figures["figures"].as_array().expect("figures");
        all.iter().find(|figure| figure["name"] == name).expect("a figure").clone()
    };
    assert_eq!(of("closing_rate")["cases"]["met"], json!(["(2026)豫0783执123号"]));
    // Docketed in January and closed now: whether that is in time is for the day on which this test runs.
    assert_eq!(of("with_assets_in_time")["of"], 1);
    assert_eq!(director.post(&format!("/api/cases/{case}/file"), &pay).status, 403, "not hers");
}

/// A party comes in by its link, writes, hands in, is served, and checks its receipt.
fn is_seen_by_a_party(door: &Door) {
    let world = World::on(door);
    let judge = Person::of(&world.court, "judge", "judge");
    let case = filed(&judge, "(2026)豫0783执7号");
    judge.ok(&format!("/api/cases/{case}/draw"), &json!({}));
    let grant = json!({"do": "link_grant", "party": 1, "purpose": "party", "days": 30});
    let token = act(&judge, &case, &grant)["secret"].as_str().expect("a token").to_owned();
    let shown = file(&judge, &case).to_string();
    assert!(!shown.contains(&token), "the token is shown once");
    let origin = door.origin();
    let session = |token: &str| {
        let headers = [("origin", origin.as_str())];
        door.post("/api/portal/session", &headers, &json!({"token": token}))
    };
    // Unknown, foreign and dead ones look alike.
    let last = if token.ends_with('A') { 'E' } else { 'A' };
    let other = format!("{}{last}", &token[..token.len() - 1]);
    for bad in ["", "p1x", other.as_str()] {
        session(bad).refused(401, "credentials", bad);
    }
    let come = session(&token);
    assert_eq!(come.status, 204);
    let cookie = come.header("set-cookie").expect("a cookie").split(';').next().expect("a value");
    let party = Person { door, cookie: cookie.to_owned(), id: String::new() };
    let seen = party.get("/api/portal/case");
    let news: Vec<&str> =
        seen["news"].as_array().expect("news").iter().filter_map(|n| n["code"].as_str()).collect();
    assert!(news.contains(&"A01") && news.contains(&"A03"), "{news:?}");
    assert_eq!(seen["party"]["name"], "张三");
    assert!(!seen.to_string().contains("李四"), "nothing of another party's");

    // A message, and what the judge writes back.
    let wrote = party.ok("/api/portal/case", &json!({"do": "message", "text": "请问进展如何"}));
    assert!(wrote["receipt"].is_u64(), "{wrote}");
    let waiting = judge.get("/api/supervision/waiting");
    assert!(waiting["waiting"][0]["waits_since"].is_i64(), "{waiting}");
    act(&judge, &case, &json!({"do": "message", "party": 1, "text": "已发起网络查控"}));
    let seen = party.get("/api/portal/case");
    assert_eq!(seen["messages"][1]["text"], "已发起网络查控");

    // It sees that the court has read it, what became of its lead, and its own address.
    assert_eq!(seen["read_by_court"], 0, "{seen}");
    act(&judge, &case, &json!({"do": "message_read", "party": 1, "upto": 1}));
    party.ok("/api/portal/case", &json!({"do": "lead", "urgent": false, "text": "李四有车"}));
    let seen = party.get("/api/portal/case");
    assert_eq!(seen["read_by_court"], 1, "{seen}");
    assert_eq!(seen["leads"][0]["useful"], Value::Null, "{seen}");
    act(&judge, &case, &json!({"do": "lead_verify", "lead": 1, "useful": true, "text": "属实"}));
    let seen = party.get("/api/portal/case");
    assert_eq!(seen["leads"][0]["useful"], true, "{seen}");
    assert_eq!(seen["party"]["phone"], "13800000001");

    // Whoever only looks again makes the server read no record.
    let read = || {
        let text = String::from_utf8(door.get("/metrics", &[]).body).expect("text");
        let name = "tiande_journal_records_read_total ";
        let line = text.lines().find_map(|line| line.strip_prefix(name)).expect("a figure");
        line.parse::<u64>().expect("a number")
    };
    let before = read();
    for _ in 0..20 {
        assert_eq!(party.get("/api/portal/case")["leads"], seen["leads"]);
    }
    assert_eq!(read(), before, "twenty looks");

    // What is handed in gets a receipt, that can be checked with the thing itself.
    let picture = b"\x89PNG\r\n\x1A\n and so on";
    let hand = |kind: &str, bytes: &[u8]| {
        party.send("POST", "/api/portal/papers?title=%E5%80%9F%E6%9D%A1", kind, bytes)
    };
    let given = hand("image/png", picture).ok("handed in");
    assert_eq!(given["sha256"], json!(hex::encode(Sha256::digest(picture))));
    assert_eq!(hand("application/x-msdownload", b"MZ").status, 415);
    assert_eq!(hand("application/pdf", b"MZ").status, 422, "not what it says");
    let receipt = party.get(&format!("/api/portal/receipts/{}", given["receipt"]));
    assert!(receipt.to_string().contains(given["sha256"].as_str().expect("a hash")), "{receipt}");
    let others = format!("/api/portal/receipts/{}", 1);
    let refused = door.get(&others, &[("cookie", &party.cookie)]);
    assert_eq!(refused.status, 404, "only what it did itself");

    // Served here with consent: it arrives when it is opened.
    let consent = json!({"do": "consent", "channels": ["portal"]});
    party.ok("/api/portal/case", &consent);
    issue(&judge, &case, "leads_request", None, &[1]);
    act(&judge, &case, &json!({"do": "send", "paper": 2, "party": 1, "channel": "portal"}));
    let not_mine = door.get("/api/portal/papers/9", &[("cookie", &party.cookie)]);
    assert_eq!(not_mine.status, 404);
    let read = door.get("/api/portal/papers/2", &[("cookie", &party.cookie)]);
    assert!(read.body.starts_with(b"%PDF-"));
    let seen = file(&judge, &case);
    let arrived = &seen["state"]["services"]["sent"][0]["arrived"];
    assert_eq!(arrived[1], "read", "{arrived}");

    // What the judge found out is read when it is released, and not before.
    let noted =
        json!({"do": "situation_note", "party": 2, "topic": "vehicles", "text": "名下轿车一辆"});
    act(&judge, &case, &noted);
    assert!(!party.get("/api/portal/case").to_string().contains("名下轿车"));
    act(&judge, &case, &json!({"do": "situation_release", "item": 1, "released": true}));
    assert!(party.get("/api/portal/case").to_string().contains("名下轿车"));

    // A revoked link ends what came in by it.
    act(&judge, &case, &json!({"do": "link_revoke", "link": 1}));
    let ended = door.get("/api/portal/case", &[("cookie", &party.cookie)]);
    assert_eq!(ended.status, 401);
    session(&token).refused(401, "credentials", "revoked");
}

/// Two officers seal a car; the file has it by itself, and goes from hand to hand.
fn is_sealed_and_handed_over(door: &Door) {
    let world = World::on(door);
    let judge = Person::of(&world.court, "judge", "judge");
    let case = filed(&judge, "(2026)豫0783执123号");
    judge.ok(&format!("/api/cases/{case}/draw"), &json!({}));
    act(
        &judge,
        &case,
        &json!({"do": "asset_find", "kind": "vehicle", "how": "lead", "title": "豫G12345"}),
    );
    let dispatcher = world.court.dispatcher();
    let mut first = world.court.officer("王建国", 100.0);
    let second = world.court.officer("李卫东", 200.0);
    let tip = tips::good_tip("alpha");
    let tip = world.court.source.send(door, "m1", &tip).ok("tip");
    let incident = tip["incident"].as_str().expect("an id").to_owned();
    let offer = first.socket().expect("offer");
    first.accept(offer["offer"].as_str().expect("an id"));
    until(SOON, "the incident has its case", || {
        let seen = world.court.incident(&dispatcher, &incident);
        (!seen["incident"]["case"].is_null() || !seen["case"].is_null()).then_some(())
    });
    let send = |token: &str, path: &str, kind: &str, body: &[u8]| {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str()), ("content-type", kind)];
        door.send("POST", &format!("/api/field/{incident}/{path}"), &headers, body)
    };
    let photo = b"\xFF\xD8\xFF and so on";
    let kept = send(&first.token, "pictures", "image/jpeg", photo).ok("a picture");
    let seal = |with: &[&str]| {
        json!({
            "measure": "0190a5b0-0000-7000-8000-000000000077", "kind": "sealed", "asset": 1,
            "with": with, "at": unix_ms(), "text": "停在院内", "place": {"lat": 35.2, "lon": 114.67},
            "pictures": [{"sha256": kept["sha256"], "bytes": kept["bytes"], "content_type": "image/jpeg"}],
        })
    };
    let measure = |token: &str, body: &Value| {
        send(token, "measures", "application/json", body.to_string().as_bytes()).status
    };
    assert_eq!(measure(&first.token, &seal(&[])), 422, "two officers seal");
    assert_eq!(measure(&second.token, &seal(&[&first.id])), 403, "not on this task");
    assert_eq!(measure(&first.token, &seal(&[&second.id])), 204);
    assert_eq!(measure(&first.token, &seal(&[&second.id])), 204, "sent twice it is one");
    let shown = file(&judge, &case);
    assert_eq!((runs(&shown, "C07"), runs(&shown, "V02")), (0, 1), "{}", shown["nodes"]);
    let measures = shown["story"].as_array().expect("a story").iter();
    assert_eq!(measures.filter(|step| step["part"] == "measure").count(), 1);

    // From hand to hand: by the code on the other screen, once.
    let other = Person::of(&world.court, "judge2", "judge");
    let offer = json!({"do": "handover_offer", "segment": "field"});
    let code = act(&judge, &case, &offer)["secret"].as_str().expect("a code").to_owned();
    assert!(!file(&judge, &case).to_string().contains(&code));
    let take =
        |who: &Person<'_>, code: &str| who.post("/api/handovers", &json!({"code": code})).status;
    assert_eq!(take(&other, "h1AAAA"), 409);
    assert_eq!(take(&judge, &code), 409, "not by who offers it");
    assert_eq!(take(&other, &code), 200);
    assert_eq!(take(&other, &code), 409, "used");
    assert_eq!(file(&judge, &case)["state"]["hands"]["holder"], json!(other.id));

    // The code on the paper file names the case to staff of its court, and to nobody else.
    let shown = judge.get(&format!("/api/cases/{case}/code"));
    let identity = shown["code"].as_str().expect("a code");
    assert!(shown["svg"].as_str().is_some_and(|svg| svg.contains("<svg")));
    assert_eq!(judge.ok("/api/codes", &json!({"code": identity}))["case"], json!(case));
    let beta = Court::add(door, "beta");
    let stranger = Person::of(&beta, "beta-judge", "judge");
    assert_eq!(stranger.post("/api/codes", &json!({"code": identity})).status, 409);
    assert_eq!(door.post("/api/codes", &[], &json!({"code": identity})).status, 401);
}

#[test]
fn a_case_goes_to_the_end() {
    goes_to_the_end(&Server::start());
}

#[test]
fn a_case_is_seen_by_a_party() {
    is_seen_by_a_party(&Server::start());
}

#[test]
fn a_car_is_sealed_and_the_file_handed_over() {
    is_sealed_and_handed_over(&Server::start());
}

#[test]
fn a_case_goes_to_the_end_in_postgres() {
    if let Some((server, _database)) = crate::postgres::server() {
        goes_to_the_end(&server);
    }
}

#[test]
fn a_case_is_seen_by_a_party_in_postgres() {
    if let Some((server, _database)) = crate::postgres::server() {
        is_seen_by_a_party(&server);
    }
}

#[test]
fn a_car_is_sealed_and_the_file_handed_over_in_postgres() {
    if let Some((server, _database)) = crate::postgres::server() {
        is_sealed_and_handed_over(&server);
    }
}
