//! Papers from outside: large ones in little memory, refused ones that leave nothing, and a server that dies while
//! one is on its way.

use std::fs;

use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::file::{Person, act, filed};
use crate::support::server::files_below;
use crate::support::waiting::{SOON, until};
use crate::support::{Court, Door, Server};

/// What the server may grow by while papers of 50 MiB pass: pieces, and what the system keeps of files.
const GROWTH_MAX_KIB: u64 = 32 * 1024;

/// A party of a fresh case.
fn party<'c>(court: &'c Court, judge: &Person<'_>, number: &str) -> (String, Person<'c>) {
    let case = filed(judge, number);
    judge.ok(&format!("/api/cases/{case}/draw"), &json!({}));
    let grant = json!({"do": "link_grant", "party": 1, "purpose": "party", "days": 30});
    let token = act(judge, &case, &grant)["secret"].as_str().expect("a token").to_owned();
    let origin = court.door.origin();
    let headers = [("origin", origin.as_str())];
    let come = court.door.post("/api/portal/session", &headers, &json!({"token": token}));
    let cookie = come.header("set-cookie").expect("a cookie").split(';').next().expect("a value");
    (case, Person { door: &court.door, cookie: cookie.to_owned(), id: String::new() })
}

fn hand_in(party: &Person<'_>, kind: &str, bytes: &[u8]) -> crate::support::Reply {
    party.send("POST", "/api/portal/papers?title=scan", kind, bytes)
}

/// Files of papers in a data folder: kept, waiting, and drafts.
fn papers(door: &Door) -> (usize, usize, usize) {
    let folder = door.data.join("papers");
    let all = files_below(&folder);
    let below = |name: &str| all.iter().filter(|path| path.starts_with(folder.join(name))).count();
    let (drafts, waiting) = (below("drafts"), below("waiting"));
    (all.len() - drafts - waiting, waiting, drafts)
}

/// A PDF of that many pages, each with some text of its own.
fn pdf(pages: usize) -> Vec<u8> {
    let mut out = b"%PDF-1.4\n".to_vec();
    let mut offsets = Vec::new();
    let mut object = |out: &mut Vec<u8>, text: String| {
        offsets.push(out.len());
        out.extend(format!("{} 0 obj\n{text}\nendobj\n", offsets.len()).into_bytes());
    };
    object(&mut out, "<</Type/Catalog/Pages 2 0 R>>".to_owned());
    let kids: String = (0..pages).map(|page| format!("{} 0 R ", 4 + 2 * page)).collect();
    object(&mut out, format!("<</Type/Pages/Count {pages}/Kids[{kids}]>>"));
    object(&mut out, "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>".to_owned());
    for page in 0..pages {
        let own = format!(
            "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents {} 0 R\
                           /Resources<</Font<</F 3 0 R>>>>>>",
            5 + 2 * page
        );
        object(&mut out, own);
        let text: String = (0..200).map(|line| format!("({page} {line}) Tj 0 -4 Td ")).collect();
        let text = format!("BT /F 4 Tf 40 800 Td {text}ET");
        object(&mut out, format!("<</Length {}>>\nstream\n{text}\nendstream", text.len()));
    }
    let start = out.len();
    let mut table = format!("xref\n0 {}\n0000000000 65535 f \n", offsets.len() + 1);
    for offset in &offsets {
        table += &format!("{offset:010} 00000 n \n");
    }
    table +=
        &format!("trailer<</Size {}/Root 1 0 R>>\nstartxref\n{start}\n%%EOF\n", offsets.len() + 1);
    out.extend(table.into_bytes());
    out
}

/// The most memory that the server ever held, KiB.
fn peak_kib(server: &Server) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", server.pid())).expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("VmHWM");
    line.trim().trim_end_matches("kB").trim().parse().expect("a number")
}

#[test]
fn a_large_paper_passes_through_little_memory() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let judge = Person::of(&court, "judge", "judge");
    let (case, party) = party(&court, &judge, "(2026)豫0783执7号");
    // What the server needs once, with a small one.
    hand_in(&party, "text/plain", "借条".as_bytes()).ok("a small one");
    let book = pdf(300);
    hand_in(&party, "application/pdf", &book).ok("three hundred pages");
    let same = server.get("/api/portal/papers/2", &[("cookie", &party.cookie)]);
    assert!(same.body == book, "it comes back as it was: {}", same.status);
    let before = peak_kib(&server);
    let mut scan = b"%PDF-1.7 ".to_vec();
    scan.resize(50 * 1024 * 1024, 0xA5);
    let given = hand_in(&party, "application/pdf", &scan).ok("50 MiB");
    assert_eq!(given["sha256"], json!(hex::encode(Sha256::digest(&scan))));
    let own = server.get("/api/portal/papers/3", &[("cookie", &party.cookie)]);
    assert!(own.body == scan, "{}", own.status);
    let path = format!("/api/cases/{case}/papers/3");
    let judges = server.get(&path, &[("cookie", &judge.cookie)]);
    assert!(judges.body == scan, "{}", judges.status);
    assert_eq!(judges.header("content-type"), Some("application/pdf"));
    let grown = peak_kib(&server) - before;
    assert!(grown < GROWTH_MAX_KIB, "it grew by {grown} KiB");
    // One byte more is refused before it comes.
    let origin = server.origin();
    let headers = [
        ("cookie", party.cookie.as_str()),
        ("origin", &origin),
        ("content-type", "application/pdf"),
        ("content-length", "52428801"),
    ];
    let head =
        crate::support::http::head("POST", "/api/portal/papers?title=x", server.port, &headers);
    assert_eq!(server.send_bytes(head.as_bytes()).map(|reply| reply.status), Some(413));
    assert_eq!(papers(&server), (3, 0, 0));
}

#[test]
fn what_is_refused_leaves_no_file() {
    let server = Server::start_with("[papers]\nper_party = 2\n");
    let court = Court::add(&server, "alpha");
    let judge = Person::of(&court, "judge", "judge");
    let (case, party) = party(&court, &judge, "(2026)豫0783执8号");
    assert_eq!(hand_in(&party, "application/pdf", b"MZ").status, 422, "not what it says");
    assert_eq!(hand_in(&party, "text/plain", b"").status, 422, "nothing");
    assert_eq!(papers(&server), (0, 0, 0));
    for text in ["one", "two"] {
        hand_in(&party, "text/plain", text.as_bytes()).ok(text);
    }
    let refused = hand_in(&party, "text/plain", b"three");
    refused.refused(409, "state-conflict", "the third of two");
    assert!(
        refused.json()["detail"].as_str().is_some_and(|why| why.contains("as much as one may"))
    );
    // A document that the rules refuse was rendered before: it is gone, too.
    let none = json!({"do": "paper_withdraw", "paper": 1, "text": "x"});
    assert_eq!(
        judge.post(&format!("/api/cases/{case}/file"), &none).status,
        403,
        "not the court's"
    );
    assert_eq!(papers(&server), (2, 0, 0));
}

/// Dies at a point while a paper comes in; what is there after the next start, and what the party sees.
fn dies_at(point: &str) -> ((usize, usize, usize), usize) {
    let mut server = Server::start();
    let court = Court::add(&server, "alpha");
    let judge = Person::of(&court, "judge", "judge");
    let (_, party) = party(&court, &judge, "(2026)豫0783执9号");
    server.kill();
    server.launch.env = vec![("TIANDE_FAULT", format!("{point}:1:kill"))];
    server.start_again();
    let headers = [("cookie", party.cookie.as_str()), ("content-type", "text/plain")];
    let origin = court.door.origin();
    let headers = [&headers[..], &[("origin", origin.as_str())]].concat();
    let cut = server.try_send("POST", "/api/portal/papers?title=x", &headers, "借条".as_bytes());
    assert!(cut.is_none(), "it died at {point}");
    server.kill();
    server.launch.env = Vec::new();
    server.start_again();
    let seen = party.get("/api/portal/case")["papers"].as_array().map_or(0, Vec::len);
    if seen == 1 {
        let paper = server.get("/api/portal/papers/1", &[("cookie", &party.cookie)]);
        assert_eq!(paper.body, "借条".as_bytes(), "what the case knows is there: {point}");
    }
    until(SOON, "the sweep", || (papers(&server).1 == 0).then_some(()));
    (papers(&server), seen)
}

#[test]
fn a_crash_leaves_what_the_case_knows_and_nothing_else() {
    assert_eq!(dies_at("papers.before_wait"), ((0, 0, 0), 0));
    assert_eq!(dies_at("papers.before_rename"), ((1, 0, 0), 1), "decided, not named");
    assert_eq!(dies_at("papers.after_rename"), ((1, 0, 0), 1));
}

#[test]
fn a_case_is_filed_once_and_by_whoever_files_it() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let judge = Person::of(&court, "judge", "judge");
    for n in 1..=8 {
        let body = json!({
            "number": format!("(2026)豫0783执{n}号"), "kind": "money", "basis": "judgment",
            "claim": 100, "applied": "2026-01-05",
            "parties": [{"role": "applicant", "name": "张三"}, {"role": "debtor", "name": "李四"}],
        });
        let mut statuses: Vec<u16> = std::thread::scope(|scope| {
            let both: Vec<_> =
                (0..2).map(|_| scope.spawn(|| judge.post("/api/cases", &body).status)).collect();
            both.into_iter().map(|one| one.join().expect("answered")).collect()
        });
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409], "case {n}");
    }
    let found = judge.get("/api/cases?number=(2026)%E8%B1%AB0783%E6%89%A71%E5%8F%B7");
    let case = found["case"].as_str().or_else(|| found["id"].as_str()).expect("an id").to_owned();
    let story = judge.get(&format!("/api/cases/{case}/file"));
    assert_eq!(story["story"][0]["by"]["id"], json!(judge.id), "{}", story["story"]);
}
