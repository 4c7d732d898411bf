//! What is handed out can be checked by somebody who trusts neither the server nor its programs: by
//! `scripts/check-proof.mjs`, which shares no code with them. Every change of it shows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::{Value, json};

use crate::support::server::{Folder, Launch};
use crate::support::tips::good_tip;
use crate::support::waiting::{SOON, until};
use crate::support::{Court, Door, Server};

const NUMBER: &str = "(2026)豫0783执7号";
/// Where the program's checker and the other one are told what is to be checked.
const CHECKER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/check-proof.mjs");

/// Somebody who has got a receipt, the court's key and copies of its roots, and a folder for them.
struct Party<'s> {
    door: &'s Door,
    folder: Folder,
    cookie: String,
    case: String,
}

impl Party<'_> {
    fn receipt(&self, seq: u64) -> Value {
        let path = format!("/api/cases/{}/receipts/{seq}", self.case);
        self.door.get(&path, &[("cookie", &self.cookie)]).ok("a receipt")
    }

    fn keep(&self, name: &str, value: &Value) -> PathBuf {
        self.folder.file(name, &value.to_string())
    }

    fn key(&self) -> String {
        self.door.data.join("keys").join("checkpoint.pub").display().to_string()
    }

    fn roots(&self) -> PathBuf {
        self.door.data.join("checkpoints").join("alpha.roots")
    }

    fn close(&self) -> Value {
        let said = self.door.command(&["proof", "close", "--court", "alpha"], "");
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        serde_json::from_str(&said.out).expect("JSON")
    }

    /// What both checkers say of each of these, the same: true when it shows something.
    fn shown(&self, what: &str, paths: &[PathBuf], more: &[&str]) -> Vec<bool> {
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mut ours = vec!["proof", "check"];
        ours.extend(names.iter().chain(more));
        let said = crate::support::server::run(&ours, "");
        let mine = verdicts(&said.out, paths.len());
        let theirs = Command::new("node").arg(CHECKER).arg(what).args(&names).args(more).output();
        let theirs = theirs.expect("node");
        let text = String::from_utf8_lossy(&theirs.stdout).into_owned();
        let other = verdicts(&text, paths.len());
        let errors = String::from_utf8_lossy(&theirs.stderr).into_owned();
        assert_eq!(mine, other, "{}{}\n--- node\n{text}{errors}", said.out, said.err);
        let good = mine.iter().all(|shown| *shown);
        assert_eq!(said.code, Some(i32::from(!good)), "{}{}", said.out, said.err);
        assert_eq!(theirs.status.code(), Some(i32::from(!good)), "{text}{errors}");
        mine
    }

    /// True when both checkers are shown something by this.
    fn is_shown(&self, what: &str, path: &Path, more: &[&str]) -> bool {
        self.shown(what, &[path.to_owned()], more) == [true]
    }
}

fn verdicts(out: &str, count: usize) -> Vec<bool> {
    let lines = out.lines().filter(|line| !line.starts_with(' '));
    let found: Vec<bool> = lines
        .map(|line| {
            let shown = line.contains(": SHOWN");
            assert!(shown || line.contains(": REFUSED: "), "{line}");
            shown
        })
        .collect();
    assert_eq!(found.len(), count, "{out}");
    found
}

fn imported(door: &Door) -> String {
    let import = door.admin(&json!({"do": "case_import", "court": "alpha", "cases": [
        {"number": NUMBER, "parties": [{"role": "applicant", "name": "甲"}]},
    ]}));
    import["cases"][0].as_str().expect("an id").to_owned()
}

fn start(settings: &str) -> Server {
    let mut launch = Launch::default();
    let place =
        std::env::temp_dir().join(format!("tbb-proof-{}", crate::support::server::free_port()));
    launch.env.push(("TIANDE_FAULT", format!("@{}", place.display())));
    Server::start_as(settings, launch)
}

/// The file by which a fault is asked for.
fn fault_file(server: &Server) -> PathBuf {
    let (_, place) = server.launch.env.first().expect("a variable");
    PathBuf::from(place.trim_start_matches('@'))
}

#[test]
fn what_is_handed_out_is_checked_by_strangers() {
    is_proved(&mut start(""));
}

#[test]
fn what_is_handed_out_is_checked_by_strangers_in_postgres() {
    if !crate::databases::is_here() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let database = runtime.expect("a runtime").block_on(crate::databases::Database::fresh());
    is_proved(&mut start(&crate::postgres::store(&database.url)));
}

/// The rule, for a fresh server with whatever store.
fn is_proved(server: &mut Server) {
    let court = Court::add(server, "alpha");
    let case = imported(server);
    let door = (**server).clone();
    let cookie = court.sign_in("judge", &["judge"]);
    let party = Party { door: &door, folder: Folder::new(), cookie, case };
    for number in 0..5 {
        court.source.incident(server, &format!("m{number}"), &good_tip("alpha"));
    }
    let key = party.key();

    // Before a root is there: a promise, and every change of it shows.
    let promise = party.receipt(1);
    assert!(promise["root"].is_null() && promise["promise"].is_object(), "{promise}");
    let kept = party.keep("promise.json", &promise);
    assert!(party.is_shown("receipt", &kept, &["--key", &key]));
    no_byte_can_change(&party, "promise", &promise);

    // A root, and the receipt is whole.
    assert_eq!(party.close()["root"]["number"], 1);
    let receipt = party.receipt(1);
    assert_eq!(receipt["root"]["number"], 1);
    assert_eq!(receipt["hash"], promise["hash"]);
    let kept = party.keep("receipt.json", &receipt);
    let roots = party.folder.0.join("kept.roots");
    fs::copy(party.roots(), &roots).expect("a copy");
    let roots = roots.display().to_string();
    let with_all = ["--key", &key, "--roots", &roots];
    assert!(party.is_shown("receipt", &kept, &with_all));
    no_byte_can_change(&party, "receipt", &receipt);
    let file = party.folder.file("paper", "not handed in").display().to_string();
    assert!(!party.is_shown("receipt", &kept, &["--file", &file]));

    kills_double_and_lose_nothing(server, &party, &court);

    // The later root goes on from the one that was kept.
    let count = party.close()["root"]["number"].as_u64().expect("a number");
    let numbers = ["1", &count.to_string()];
    let args = ["proof", "consistency", "--court", "alpha", numbers[0], numbers[1]];
    let said = door.command(&args, "");
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let path = format!("/api/courts/alpha/roots/{count}/since/1");
    let served = door.get(&path, &[("cookie", &party.cookie)]).ok("consistency");
    let printed: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(printed, served);
    let proof = party.keep("consistency.json", &served);
    assert!(party.is_shown("consistency", &proof, &with_all));
    let mut other = served.clone();
    other["second"]["log_root"] = other["first"]["log_root"].clone();
    assert!(!party.is_shown("consistency", &party.keep("other.json", &other), &with_all));

    is_exported(&party);
    others_see_nothing(&party, server);
    let said = door.command(&["journal", "verify"], "");
    assert_eq!(said.out.lines().last(), Some("whole"), "{}{}", said.out, said.err);
    let counted = format!("{count} signed day roots over what they say");
    assert!(said.out.lines().any(|line| line == counted), "{}", said.out);
}

/// Flips bytes of every part, in a file each, and has all of them refused by both checkers.
fn no_byte_can_change(party: &Party, name: &str, good: &Value) {
    let good = good.to_string().into_bytes();
    let mut paths = Vec::new();
    for at in 0..good.len() {
        let mut bad = good.clone();
        // Another way to flip at each place, and all ways in turn.
        bad[at] ^= [0x01, 0x02, 0x04, 0x10, 0x40, 0xFF][at % 6];
        let path = party.folder.0.join(format!("{name}-{at}"));
        fs::write(&path, bad).expect("a file");
        paths.push(path);
    }
    assert!(paths.len() > 700, "{}", paths.len());
    let shown = party.shown("receipt", &paths, &[]);
    let unseen: Vec<_> = paths.iter().zip(&shown).filter(|(_, shown)| **shown).collect();
    assert!(unseen.is_empty(), "{unseen:?}");
}

/// Whatever the moment of a kill: each root once, in the database and in the file.
fn kills_double_and_lose_nothing(server: &mut Server, party: &Party, court: &Court) {
    let faults = fault_file(server);
    let mut known = 1;
    // What is there afterwards: nothing new before the row, one more after it.
    for (point, more) in [("before_row", 0), ("after_row", 1), ("mid_line", 1)] {
        court.source.incident(server, &format!("at-{point}"), &good_tip("alpha"));
        fs::write(&faults, format!("roots.{point}:1:kill")).expect("a fault");
        let said = party.door.command(&["proof", "close", "--court", "alpha"], "");
        assert_ne!(said.code, Some(0), "{point}: {}", said.out);
        fs::remove_file(&faults).expect("the fault");
        let ended = server.ended(Duration::from_secs(10));
        assert!(ended.is_some(), "{point}: it lives");
        server.start_again();
        known += more;
        let lines = || fs::read_to_string(party.roots()).expect("roots").lines().count();
        until(SOON, "the roots in the file", || (lines() == known).then_some(()));
        let listed = party.door.get("/api/courts/alpha/roots", &[("cookie", &party.cookie)]);
        let listed = listed.ok("roots")["roots"].as_array().expect("a list").len();
        assert_eq!(listed, known, "{point}");
        assert_eq!(party.close()["root"]["number"], json!(known + 1), "{point}");
        known += 1;
        let key = party.key();
        let theirs = Command::new("node")
            .arg(CHECKER)
            .args(["roots", &party.roots().display().to_string(), "--key", &key])
            .status();
        assert!(theirs.is_ok_and(|status| status.success()), "{point}");
        let said = party.door.command(&["proof", "roots", "--court", "alpha"], "");
        assert_eq!(said.out.lines().count(), known, "{point}: {}", said.err);
    }
    // A database from before: it is not signed over what was handed out.
    let good = fs::read_to_string(party.roots()).expect("roots");
    let ahead =
        good.clone() + &good.lines().last().expect("a root").replace("\"size\":", "\"size\":1");
    fs::write(party.roots(), ahead + "\n").expect("written");
    let said = party.door.command(&["proof", "close", "--court", "alpha"], "");
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.err.contains("older database"), "{}", said.err);
    fs::write(party.roots(), good).expect("written");
}

fn is_exported(party: &Party) {
    let folder = party.folder.0.join("export");
    let out = folder.display().to_string();
    let export = |out: &str| {
        let args = ["case", "export", NUMBER, "--court", "alpha", "--out", out];
        party.door.command(&args, "")
    };
    let said = export(&out);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    let done: Value = serde_json::from_str(&said.out).expect("JSON");
    assert!(done["exported"]["records"].as_u64().is_some_and(|count| count >= 1), "{done}");
    assert_eq!(done["exported"]["promised"], 0, "{done}");
    let (key, roots) = (party.key(), party.roots().display().to_string());
    let with_all = ["--key", key.as_str(), "--roots", roots.as_str()];
    assert!(party.is_shown("export", &folder, &with_all));
    let personal = fs::read_to_string(folder.join("records.jsonl")).expect("records");
    assert!(personal.contains("甲"), "the personal part in clear: {personal}");
    // Not over something that is there.
    assert_eq!(export(&out).code, Some(1));
    for (name, word, other) in [
        ("records.jsonl", "\"seq\":1", "\"seq\":2"),
        ("records.jsonl", "\"epoch\":1", "\"epoch\":9"),
        ("proof.json", "\"seq\": 1", "\"seq\": 3"),
        ("proof.json", "\"index\": ", "\"index\": 1"),
        ("roots.jsonl", "\"size\":", "\"size\":1"),
    ] {
        let path = folder.join(name);
        let good = fs::read_to_string(&path).expect(name);
        let bad = good.replacen(word, other, 1);
        assert_ne!(good, bad, "{name}: {word}");
        fs::write(&path, bad).expect("written");
        assert!(!party.is_shown("export", &folder, &[]), "{name}: {word}");
        fs::write(&path, good).expect("written");
    }
    let records = folder.join("records.jsonl");
    let good = fs::read_to_string(&records).expect("records");
    fs::write(&records, "").expect("written");
    assert!(!party.is_shown("export", &folder, &[]), "without its records");
    fs::write(&records, good).expect("written");
    assert!(party.is_shown("export", &folder, &[]));
}

fn others_see_nothing(party: &Party, server: &Server) {
    let door = party.door;
    let receipt = format!("/api/cases/{}/receipts/1", party.case);
    let page = "/api/courts/alpha/roots/1";
    let all =
        [receipt.as_str(), "/api/courts/alpha/roots", page, "/api/courts/alpha/roots/2/since/1"];
    let beta = Court::add(server, "beta");
    let stranger = beta.sign_in("stranger", &["judge"]);
    let operator =
        Court { id: "alpha".to_owned(), ..beta.clone() }.sign_in("operator", &["operator"]);
    for path in all {
        door.get(path, &[]).refused(401, "auth-required", path);
        door.get(path, &[("cookie", &stranger)]).refused(404, "not-found", path);
        door.get(path, &[("cookie", &operator)]).refused(403, "forbidden", path);
        assert_eq!(door.get(path, &[("cookie", &party.cookie)]).status, 200, "{path}");
    }
    let newest = door.get("/api/courts/alpha/roots/newest", &[("cookie", &party.cookie)]);
    let text = String::from_utf8(newest.body.clone()).expect("text");
    assert!(newest.status == 200 && text.contains("/api/courts/alpha/roots/6\""), "{text}");
    let none = door.get("/api/courts/beta/roots/newest", &[("cookie", &stranger)]);
    none.refused(404, "not-found", "no root yet");
    for path in [
        format!("/api/cases/{}/receipts/99", party.case),
        format!("/api/cases/{}/receipts/0", party.case),
        format!("/api/cases/{}/receipts/x", party.case),
        "/api/cases/x/receipts/1".to_owned(),
        "/api/courts/alpha/roots/99".to_owned(),
        "/api/courts/alpha/roots/0".to_owned(),
        "/api/courts/alpha/roots/1/since/2".to_owned(),
    ] {
        door.get(&path, &[("cookie", &party.cookie)]).refused(404, "not-found", &path);
    }
    let printed = door.get(page, &[("cookie", &party.cookie)]);
    let text = String::from_utf8(printed.body.clone()).expect("text");
    assert!(text.contains("<svg") && text.contains("演练法庭"), "{text}");
    let policy = printed.header("content-security-policy").expect("a policy");
    assert!(policy.contains("default-src 'none'") && !text.contains("<script"), "{policy}");
}
