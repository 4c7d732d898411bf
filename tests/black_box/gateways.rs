//! Gateways from outside: who may report, what a batch may be, and what becomes of each record.

use serde_json::{Value, json};

use crate::support::people::fix;
use crate::support::tips::good_tip;
use crate::support::waiting::unix_ms;
use crate::support::{Console, Court, Door, Officer, Reply, Server, Socket};

const NEVER: &str = "0190a5b0-0000-7000-8000-000000000001";
const COMPACT: &str = "application/vnd.tiande.positions";

struct Gateway {
    door: Door,
    bearer: String,
}

impl Gateway {
    fn add(door: &Door, court: &str, name: &str) -> Self {
        let added = door.admin(&json!({"do": "gateway_add", "court": court, "name": name}));
        let secret = added["secret"].as_str().expect("a secret");
        assert!(secret.starts_with("tgw_"), "{added}");
        Self { door: door.clone(), bearer: format!("Bearer {secret}") }
    }

    fn post(&self, body: &Value) -> Reply {
        self.door.post("/ingest/positions", &[("authorization", &self.bearer)], body)
    }

    fn post_binary(&self, query: &str, body: &[u8]) -> Reply {
        let headers = [("authorization", self.bearer.as_str()), ("content-type", COMPACT)];
        self.door.send("POST", &format!("/ingest/positions{query}"), &headers, body)
    }

    fn officers(&self) -> Value {
        self.door.get("/ingest/officers", &[("authorization", &self.bearer)]).ok("officers")
    }

    fn connect(&self) -> (Socket, Value) {
        let headers = [("authorization", self.bearer.as_str())];
        let ticket = self.door.post("/api/ws-tickets", &headers, &json!({})).ok("ticket");
        let ticket = ticket["ticket"].as_str().expect("a ticket").to_owned();
        let mut socket = Socket::hello(&self.door, "/ws/gateway", &ticket, 0);
        let welcome = socket.expect("welcome");
        (socket, welcome)
    }
}

/// A record in JSON: `metres` east of the court house, measured now.
fn record(officer: &str, seq: u32, metres: f64) -> Value {
    let mut record = fix(seq, metres);
    record["officer"] = json!(officer);
    record
}

/// A batch in binary.
fn frame(epoch: u32, records: &[(u64, u32)]) -> Vec<u8> {
    let mut bytes = vec![1, 1, 0, 0];
    bytes.extend(epoch.to_le_bytes());
    bytes.extend(unix_ms().to_le_bytes());
    for (number, seq) in records {
        bytes.extend(u32::try_from(*number).expect("small").to_le_bytes());
        bytes.extend(seq.to_le_bytes());
        bytes.extend(352_010_000_i32.to_le_bytes());
        bytes.extend(1_146_740_000_i32.to_le_bytes());
        bytes.extend(0_i32.to_le_bytes());
        bytes.extend(80_u16.to_le_bytes());
        bytes.extend([2, 60]);
    }
    bytes
}

fn number_of(officers: &Value, id: &str) -> u64 {
    let all = officers["officers"].as_array().expect("a list");
    let entry = all.iter().find(|entry| entry["id"] == id).expect("listed");
    entry["n"].as_u64().expect("a number")
}

#[test]
fn a_batch_moves_officers_and_a_bad_record_is_bad_alone() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let other = Court::add(&server, "beta");
    let near = court.officer("甲", 100.0);
    let stranger = other.officer("乙", 100.0);
    let off_duty = Officer::enrol(&server, "alpha", "丙");
    let gateway = Gateway::add(&server, "alpha", "cars");
    let mut console = Console::open(&server, &court.dispatcher());
    let mut far_away = record(&near.id, 9, 120.0);
    far_away["lat"] = json!(91.0);
    let batch = json!({"epoch": 1, "fixes": [
        record(&near.id, 1, 110.0),
        record(&stranger.id, 1, 110.0),
        record(NEVER, 1, 110.0),
        {"officer": near.id, "seq": "x"},
        far_away,
        record(&off_duty.id, 1, 110.0),
        record(&near.id, 2, 115.0),
    ]});
    let answer = gateway.post(&batch).ok("a batch");
    let refused = json!([
        [1, "officer-unknown"],
        [2, "officer-unknown"],
        [3, "field-invalid"],
        [4, "out_of_range"],
        [5, "off_duty"],
    ]);
    assert_eq!(answer, json!({"taken": 2, "refused": refused}), "{answer}");
    let n = number_of(&gateway.officers(), &near.id);
    let east = record(&near.id, 0, 115.0)["lon"].as_f64().expect("a number");
    let there = |f: &Value| {
        let moved = f["moved"].as_array().map(Vec::as_slice).unwrap_or_default();
        let at = |line: &Value| line[2].as_f64().is_some_and(|lon| (lon - east).abs() < 1e-6);
        f["type"] == "tick" && moved.iter().any(|line| line[0] == n && at(line))
    };
    console.socket.expect_where("a tick with the new place", there);
    // The same again is safe, and kept once.
    let again = gateway.post(&batch).ok("again");
    assert_eq!(again["taken"], 0, "{again}");
}

#[test]
fn over_a_socket_each_batch_is_answered_when_it_is_stored_and_survives_a_kill() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let near = court.officer("甲", 100.0);
    let second = court.officer("乙", 200.0);
    let gateway = Gateway::add(&server, "alpha", "cars");
    let (mut socket, welcome) = gateway.connect();
    assert_eq!(welcome["court"]["id"], "alpha");
    let (a, b) = (number_of(&welcome, &near.id), number_of(&welcome, &second.id));
    for batch in 1..=5_u32 {
        let records: Vec<_> = (0..200_u32)
            .flat_map(|i| [(a, (batch - 1) * 200 + i + 1), (b, (batch - 1) * 200 + i + 1)])
            .collect();
        socket.send_binary(&frame(7, &records));
    }
    for batch in 1..=5 {
        let answer = socket.expect_where("batch", |f| f["batch"] == batch);
        assert_eq!(answer["type"], "batch");
        let refused = answer["refused"].as_array().expect("a list");
        assert!(refused.iter().all(|one| one[1] != "overloaded"), "{answer}");
    }
    socket.send_binary(&frame(7, &[(a, 1_001), (9_999, 1)]));
    let answer = socket.expect_where("batch", |f| f["batch"] == 6);
    assert_eq!(
        (&answer["taken"], &answer["refused"]),
        (&json!(1), &json!([[1, "officer-unknown"]]))
    );
    let done = socket.done(json!({"type": "positions", "epoch": 7,
        "fixes": [record(&near.id, 1_002, 100.0)]}));
    assert_eq!(done["taken"], 1, "{done}");
    let listed = socket.done(json!({"type": "officers"}));
    assert_eq!(number_of(&listed, &near.id), a);
    server.kill();
    server.start_again();
    let cookie = court.sign_in("boss", &["director"]);
    let (from, to) = (unix_ms() - 600_000, unix_ms() + 60_000);
    let time = |ms| tiande_core::rfc3339::format_utc(tiande_core::time::UnixMillis(ms));
    let address = format!(
        "/api/courts/alpha/officers/{}/track?limit=20000&from={}&to={}",
        near.id,
        time(from),
        time(to)
    );
    let track = server.get(&address, &[("cookie", &cookie)]).ok("a track");
    let fixes = track["fixes"].as_array().expect("a list");
    let mut seqs: Vec<_> =
        fixes.iter().filter(|f| f["epoch"] == 7).filter_map(|f| f["seq"].as_u64()).collect();
    seqs.sort_unstable();
    assert_eq!(seqs, (1..=1_002).collect::<Vec<u64>>(), "each acknowledged record, once");
}

#[test]
fn numbers_are_good_for_one_run_of_the_server() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let near = court.officer("甲", 100.0);
    let gateway = Gateway::add(&server, "alpha", "cars");
    let officers = gateway.officers();
    let (n, run) = (number_of(&officers, &near.id), officers["run"].as_u64().expect("a run"));
    let query = format!("?run={run}");
    let answer = gateway.post_binary(&query, &frame(1, &[(n, 1)])).ok("a batch");
    assert_eq!(answer["taken"], 1);
    gateway.post_binary("", &frame(1, &[(n, 2)])).refused(409, "numbers-changed", "no run");
    server.kill();
    server.start_again();
    let old = gateway.post_binary(&query, &frame(1, &[(n, 3)]));
    old.refused(409, "numbers-changed", "of the run before");
    assert_ne!(gateway.officers()["run"], officers["run"]);
}

#[test]
fn what_is_no_batch_is_refused_and_the_server_goes_on() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let near = court.officer("甲", 100.0);
    let gateway = Gateway::add(&server, "alpha", "cars");
    let auth = ("authorization", gateway.bearer.as_str());
    let send = |kind: &str, body: &[u8]| {
        server.send("POST", "/ingest/positions", &[auth, ("content-type", kind)], body)
    };
    send("text/plain", b"x").refused(415, "media-type", "text");
    send("application/json", b"{").refused(400, "json-invalid", "half of it");
    send("application/json", b"{\"fixes\":[],\"fixes\":[]}").refused(400, "json-invalid", "twice");
    for bad in [json!([]), json!({}), json!({"fixes": []}), json!({"fixes": 1, "epoch": -1})] {
        gateway.post(&bad).refused(422, "field-invalid", &bad.to_string());
    }
    let many = vec![record(&near.id, 1, 1.0); 501];
    gateway.post(&json!({"fixes": many})).refused(422, "field-invalid", "too many");
    send("application/json", &vec![b' '; 200_000]).refused(413, "too-large", "large");
    let run = format!("?run={}", gateway.officers()["run"]);
    let good = frame(1, &[(0, 1)]);
    for bad in [&b""[..], &good[..39], &frame(1, &[]), &frame(1, &[(0, 1); 501]), &[0xff; 40]] {
        gateway.post_binary(&run, bad).refused(400, "request-invalid", "no batch");
    }
    gateway.post_binary("?run=x", &good).refused(400, "request-invalid", "no run");
    gateway.post_binary("?colour=red", &good).refused(400, "request-invalid", "unknown");
    let (mut socket, _) = gateway.connect();
    for bad in [&good[..39], &[0xff; 40], &frame(1, &[(0, 1); 501])] {
        socket.send_binary(bad);
    }
    socket.closes_with(4400, "the third within a minute");
    // Compact, for a debug build reads no more JSON than the lasting rate lets through.
    let flood = frame(1, &[(u64::from(u32::MAX), 1); 500]);
    let refused =
        (0..1_000).map(|_| gateway.post_binary(&run, &flood)).find(|reply| reply.status == 429);
    refused.expect("there is a limit").refused(429, "too-many", "a flood");
    server.get("/readyz", &[]).ok("alive");
}

#[test]
fn only_a_gateway_that_is_known_gets_in_and_nowhere_else() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let near = court.officer("甲", 100.0);
    let gateway = Gateway::add(&server, "alpha", "cars");
    let batch = json!({"fixes": [record(&near.id, 1, 100.0)]});
    let cookie = court.dispatcher();
    let device = format!("Bearer {}", near.token);
    for (headers, code) in [
        (vec![], "auth-required"),
        (vec![("cookie", cookie.as_str())], "auth-required"),
        (vec![("authorization", device.as_str())], "auth-required"),
        (vec![("authorization", "Bearer tgw_guess")], "credentials"),
    ] {
        server.post("/ingest/positions", &headers, &batch).refused(401, code, "to report");
        server.get("/ingest/officers", &headers).refused(401, code, "to list");
    }
    for path in ["/api/incidents", "/api/officers", "/api/session"] {
        let reply = server.get(path, &[("authorization", &gateway.bearer)]);
        reply.refused(401, "auth-required", path);
    }
    let headers = [("authorization", gateway.bearer.as_str())];
    let ticket = server.post("/api/ws-tickets", &headers, &json!({})).ok("ticket");
    let ticket = ticket["ticket"].as_str().expect("a ticket");
    for path in ["/ws/console", "/ws/handheld"] {
        Socket::hello(&server, path, ticket, 0).closes_with(4401, path);
    }
    Socket::hello(&server, "/ws/gateway", &near.ticket(), 0).closes_with(4401, "a handheld's");
    // The command line lists and revokes; the secret is nowhere on the disk.
    let listed = server.command(&["gateway", "list"], "");
    assert!(listed.out.contains("\"cars\"") && !listed.out.contains("tgw_"), "{}", listed.out);
    let twice = server.command(&["gateway", "add", "--court", "alpha", "cars"], "");
    assert_ne!(twice.code, Some(0), "{}", twice.out);
    let (mut socket, _) = gateway.connect();
    let revoked = server.command(&["gateway", "revoke", "cars"], "");
    assert_eq!(revoked.code, Some(0), "{}", revoked.err);
    assert_ne!(server.command(&["gateway", "revoke", "cars"], "").code, Some(0));
    gateway.post(&batch).refused(401, "credentials", "revoked");
    let closed = socket.close_code(std::time::Duration::from_secs(15));
    assert_eq!(closed, Some(Some(4401)), "looked at every ten seconds");
    let again = Gateway::add(&server, "alpha", "cars");
    assert_eq!(again.post(&batch).ok("a new secret")["taken"], 1);
    gateway.post(&batch).refused(401, "credentials", "the old one stays out");
}

/// Officers with a tracker and no handheld: taken in by a list, on duty by the bureau's order.
#[test]
fn who_has_a_tracker_only_is_seen_by_order_and_never_asked_to_go() {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let source = Court::source(&server, "alpha", "hotline", true);
    let list: Vec<_> = (0..600).map(|n| json!({"name": format!("车{n}"), "badge": "豫"})).collect();
    let import = json!({"do": "officers_add", "court": "alpha", "officers": list});
    let added = server.admin(&import);
    let ids: Vec<String> = serde_json::from_value(added["officers"].clone()).expect("ids");
    assert_eq!((ids.len(), &added["new"]), (600, &json!(600)));
    let again = server.admin(&import);
    assert_eq!((&again["officers"], &again["new"]), (&added["officers"], &json!(0)));
    let gateway = Gateway::add(&server, "alpha", "cars");
    let batch =
        json!({"epoch": 1, "fixes": [record(&ids[0], 1, 100.0), record(&ids[1], 1, 120.0)]});
    let refused = json!([[0, "off_duty"], [1, "off_duty"]]);
    assert_eq!(gateway.post(&batch).ok("off duty")["refused"], refused);

    let all: Vec<String> = ids.iter().cloned().chain([NEVER.to_owned()]).collect();
    let order = |officers: &[String], to: &str| {
        server
            .ask(&json!({"do": "officers_duty", "court": "alpha", "officers": officers, "to": to}))
    };
    let ordered = order(&all, "on_duty").expect("ordered");
    assert_eq!(ordered, json!({"changed": 600, "refused": [[NEVER, "not-found"]]}));
    assert_eq!(order(&ids, "on_duty").expect("again")["changed"], 0);
    let later =
        json!({"epoch": 1, "fixes": [record(&ids[0], 2, 100.0), record(&ids[1], 2, 120.0)]});
    assert_eq!(gateway.post(&later).ok("on duty"), json!({"taken": 2, "refused": []}));
    // Nobody can tell them: an emergency beside them finds nobody.
    let cookie = court.dispatcher();
    source.send(&server, "near", &good_tip("alpha")).ok("a tip");
    assert_eq!(court.incidents(&cookie)[0]["status"], "exhausted");
    let statuses = |server: &Server| -> Vec<String> {
        let roster = server.get("/api/officers", &[("cookie", &cookie)]).ok("officers");
        let roster = roster["officers"].as_array().expect("a list").clone();
        roster.iter().map(|one| one["status"].as_str().unwrap_or_default().to_owned()).collect()
    };
    assert!(statuses(&server).iter().all(|status| status == "out_of_contact"));
    // The end of the shift. Nothing of them is kept any more.
    assert_eq!(order(&ids[..300], "off_duty").expect("ordered")["changed"], 300);
    let last = json!({"epoch": 1, "fixes": [record(&ids[0], 3, 100.0)]});
    assert_eq!(gateway.post(&last).ok("off duty")["refused"], json!([[0, "off_duty"]]));
    server.kill();
    server.start_again();
    let after = statuses(&server);
    let count = |wanted: &str| after.iter().filter(|status| *status == wanted).count();
    assert_eq!((count("off_duty"), count("out_of_contact")), (300, 300), "through a kill");
}

#[test]
fn a_list_of_officers_with_a_fault_imports_nobody_and_says_where() {
    let server = Server::start();
    Court::add(&server, "alpha");
    let list =
        json!([{"name": "甲"}, {"name": ""}, {"name": "甲"}, {"name": "乙", "badge": "\u{0}"}]);
    let import = json!({"do": "officers_add", "court": "alpha", "officers": list});
    let fault = server.ask(&import).expect_err("refused");
    assert_eq!(fault["code"], "invalid");
    let lines: Vec<&str> = fault["faults"]
        .as_array()
        .expect("lines")
        .iter()
        .filter_map(|line| line.as_str())
        .collect();
    assert_eq!(lines.len(), 3, "{lines:?}");
    assert!(
        lines[0].starts_with("officer 2: ") && lines[2].starts_with("officer 4: "),
        "{lines:?}"
    );
    assert_eq!(lines[1], "officer 3: has the name of officer 1");
    let gateway = Gateway::add(&server, "alpha", "cars");
    assert_eq!(gateway.officers()["officers"], json!([]));
    for bad in [
        json!({"do": "officers_add", "court": "alpha", "officers": []}),
        json!({"do": "officers_add", "court": "nowhere", "officers": [{"name": "甲"}]}),
        json!({"do": "officers_duty", "court": "alpha", "officers": ["x"], "to": "on_duty"}),
        json!({"do": "officers_duty", "court": "alpha", "officers": [NEVER], "to": "asleep"}),
    ] {
        let fault = server.ask(&bad).expect_err("refused");
        let code = fault["code"].as_str().unwrap_or_default();
        assert!(["invalid", "unknown-court", "request-invalid"].contains(&code), "{fault}");
    }
}
