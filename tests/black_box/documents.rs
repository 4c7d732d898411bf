//! Templates of documents over HTTP, and `tiande documents` (PROTOCOL §2): forms, previews, refusals,
//! and what a rendering process may and may not do.

use serde_json::{Value, json};

use crate::support::http::Reply;
use crate::support::server::{Folder, run};
use crate::support::{Court, Server};

const TEMPLATES: &str = "/api/documents/templates";
const PREVIEW: &str = "/api/documents/preview";

fn wanted(fields: &Value) -> Value {
    json!({
        "template": "leads_request",
        "common": {
            "court": "河南省长垣市人民法院",
            "case_number": "(2026)豫0783执123号",
            "date": "2026-11-30",
            "parties": [
                {"role": "applicant", "name": "王建国"},
                {"role": "debtor", "name": "长垣市某某建材有限公司"},
            ],
            "handler": {"title": "执行员", "name": "赵敏", "telephone": "0373-8000001"},
            "qr": "https://court.example/v/7Q2MXK4Z6A1R8T5B",
        },
        "fields": fields,
    })
}

fn fields() -> Value {
    json!({"recipient": "王建国", "cause": "买卖合同纠纷", "reply_days": 10})
}

fn ask(server: &Server, cookie: &str, body: &Value) -> Reply {
    server.post(PREVIEW, &[("cookie", cookie), ("sec-fetch-site", "same-origin")], body)
}

#[test]
fn whoever_handles_cases_gets_forms_and_previews() {
    let server = Server::start();
    let court = Court::add(&server, "alpha");
    let judge = court.sign_in("judge", &["judge"]);
    let list = server.get(TEMPLATES, &[("cookie", &judge)]).ok("the templates");
    let list = list["templates"].as_array().expect("a list");
    assert_eq!(list.len(), 78);
    let form = list.iter().find(|form| form["code"] == "leads_request").expect("a form");
    assert_eq!((&form["zh"], &form["kind"]), (&"提供财产线索通知书".into(), &"notice".into()));
    let recipient = json!({"name": "recipient", "zh": "受送达人", "en": "Addressee",
        "required": true, "type": "text", "max": 80});
    assert_eq!(form["fields"][0], recipient);
    let preview = ask(&server, &judge, &wanted(&fields()));
    assert_eq!(preview.status, 200, "{}", String::from_utf8_lossy(&preview.body));
    assert!(preview.body.starts_with(b"%PDF-"));
    assert_eq!(preview.header("content-type"), Some("application/pdf"));
    assert_eq!(preview.header("cache-control"), Some("private, no-store"));
    assert_eq!(preview.header("x-content-type-options"), Some("nosniff"));
    // The same bytes again, from another process; `mark` changes nothing: it is a preview.
    let mut marked = wanted(&fields());
    marked["common"]["mark"] = "original".into();
    assert!(ask(&server, &judge, &marked).body == preview.body, "other bytes");
    let clerk = court.sign_in("clerk", &["clerk"]);
    assert_eq!(ask(&server, &clerk, &wanted(&fields())).status, 200);
    let dispatcher = court.dispatcher();
    server.get(TEMPLATES, &[("cookie", &dispatcher)]).refused(403, "forbidden", "a dispatcher");
    ask(&server, &dispatcher, &wanted(&fields())).refused(403, "forbidden", "a dispatcher");
    server.get(TEMPLATES, &[]).refused(401, "auth-required", "nobody");
    let nobody = server.post(PREVIEW, &[], &wanted(&fields()));
    nobody.refused(401, "auth-required", "nobody");
}

#[test]
fn what_is_wrong_is_told_with_its_place() {
    let server = Server::start();
    let judge = Court::add(&server, "alpha").sign_in("judge", &["judge"]);
    let bad = json!({"recipient": "王\u{202E}国", "cause": "", "reply_days": 91, "x": 1});
    let reply = ask(&server, &judge, &wanted(&bad));
    reply.refused(422, "field-invalid", "bad fields");
    let mut faults = reply.faults();
    faults.sort();
    let told = |pointer: &str, code: &str| (pointer.to_owned(), code.to_owned());
    assert_eq!(
        faults,
        [
            told("/fields/cause", "missing"),
            told("/fields/recipient", "hidden-character:U+202E"),
            told("/fields/reply_days", "out-of-range"),
            told("/fields/x", "unknown-field"),
        ]
    );
    let mut unknown = wanted(&fields());
    unknown["template"] = "nothing".into();
    let reply = ask(&server, &judge, &unknown);
    reply.refused(422, "field-invalid", "no such template");
    assert_eq!(reply.faults(), [told("/template", "unknown-template")]);
    let mut strange = wanted(&fields());
    strange["common"]["seal"] = true.into();
    ask(&server, &judge, &strange).refused(422, "field-invalid", "a key that is none");
    let mut large = wanted(&fields());
    large["fields"]["cause"] = "案".repeat(200_000).into();
    ask(&server, &judge, &large).refused(413, "too-large", "a large body");
}

#[test]
fn previews_at_once_wait_their_turn_and_none_is_lost() {
    let server = Server::start();
    let judge = Court::add(&server, "alpha").sign_in("judge", &["judge"]);
    let all: Vec<u16> = std::thread::scope(|scope| {
        let asked: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| ask(&server, &judge, &wanted(&fields())).status))
            .collect();
        asked.into_iter().map(|asked| asked.join().expect("an answer")).collect()
    });
    assert!(all.iter().all(|status| [200, 503].contains(status)), "{all:?}");
    assert!(all.iter().filter(|status| **status == 200).count() >= 2, "{all:?}");
    assert_eq!(server.get("/healthz", &[]).status, 200);
}

#[test]
fn the_command_renders_what_the_server_renders_and_says_what_is_wrong() {
    let folder = Folder::new();
    let listed = run(&["documents", "list"], "");
    assert_eq!((listed.code, listed.out.lines().count()), (Some(0), 78));
    let described = run(&["documents", "describe", "leads_request"], "");
    let described: Value = serde_json::from_str(&described.out).expect("JSON");
    assert_eq!(described["code"], "leads_request");
    let render = |name: &str, inputs: &Value| {
        let file = folder.file(name, &inputs.to_string()).display().to_string();
        let out = folder.0.join(format!("{name}.pdf")).display().to_string();
        let said =
            run(&["documents", "render", "leads_request", "--fields", &file, "--out", &out], "");
        (said, std::fs::read(out).ok())
    };
    let mut inputs = wanted(&fields());
    inputs.as_object_mut().expect("an object").remove("template");
    let (said, first) = render("first", &inputs);
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
    assert!(said.out.contains("sha256"), "{}", said.out);
    let (_, second) = render("second", &inputs);
    assert!(first.is_some() && first == second, "other bytes");
    inputs["fields"]["recipient"] = "".into();
    let (said, none) = render("faulty", &inputs);
    assert_eq!((said.code, none), (Some(1), None), "{}", said.err);
    assert_eq!(said.err.trim(), "/fields/recipient: missing");
    assert_eq!(run(&["documents", "describe", "nothing"], "").code, Some(1));
}

#[test]
fn a_rendering_process_that_is_fed_nonsense_ends_without_a_document() {
    for input in ["", "{", "null", r#"{"template":"leads_request"}"#, &"[".repeat(2_000_000)] {
        let said = run(&["render-document"], input);
        assert_eq!(said.code, Some(65), "{}", said.err);
        assert_eq!(said.out, "");
    }
    let request = json!({"template": "nothing", "inputs": {
        "common": wanted(&fields())["common"], "fields": {},
    }});
    assert_eq!(run(&["render-document"], &request.to_string()).code, Some(65));
}
