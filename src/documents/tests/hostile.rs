//! Inputs are data: they never become typst's code, never print what cannot be seen, and are bounded.

use serde_json::{Value, json};

use super::samples::{Which, documents, inputs};
use crate::documents::render::PAGES_MAX;
use crate::documents::{InputFault, PartyRole, RenderFault};

/// Faults of a notice of acceptance whose `recipient` and `claim` are these.
fn faults(recipient: Value, claim: Value) -> Vec<(String, String)> {
    let documents = documents();
    let template = documents.template("acceptance_notice").expect("a template");
    let mut inputs = inputs(template, Which::Bare);
    inputs.fields.insert("recipient".to_owned(), recipient);
    inputs.fields.insert("claim".to_owned(), claim);
    let told = |fault: InputFault| (fault.pointer, fault.code);
    match documents.check(template, &inputs) {
        Ok(_) => Vec::new(),
        Err(faults) => faults.into_iter().map(told).collect(),
    }
}

#[test]
fn code_is_printed_and_not_run() {
    let documents = documents();
    let template = documents.template("execution_record").expect("a template");
    for text in [
        "#panic(\"run\")",
        "#import \"/court.typ\": *",
        "#read(\"/data.json\")",
        "$ x^2 $ \\ \\u{41} \\#",
        "\"quotes\" 'and' “others”",
        "@reference <label> // comment /* more */ `raw` ``` ",
        "= heading\n- list\n+ list\n/ term: x\n1. one",
        "*bold* _thin_ ~ -- --- ... https://court.example/a?b=c#d",
        "]} [{ #] #} #let x = 1; #x",
        "\\",
        "#",
        "$",
        "]",
        "\"",
        "//",
        "@",
        "%PDF-1.7 endobj",
    ] {
        let mut inputs = inputs(template, Which::Full);
        for field in ["place", "cause", "officers"] {
            inputs.fields.insert(field.to_owned(), text.replace('\n', " ").into());
        }
        inputs.fields.insert("events".to_owned(), text.into());
        for party in &mut inputs.common.parties {
            party.name = text.replace('\n', " ");
        }
        let checked = documents.check(template, &inputs).expect("printable");
        documents.render(&checked).unwrap_or_else(|fault| unreachable!("{text}: {fault}"));
    }
}

#[test]
fn what_cannot_be_printed_or_seen_is_refused_by_name() {
    for (text, code) in [
        ("王😀", "no-glyph:U+1F600"),
        ("\u{E000}", "no-glyph:U+E000"),
        ("ก", "no-glyph:U+0E01"),
        ("王\u{202E}国", "hidden-character:U+202E"),
        ("王\u{2066}国", "hidden-character:U+2066"),
        ("王\u{200B}国", "hidden-character:U+200B"),
        ("王\u{FEFF}", "hidden-character:U+FEFF"),
        ("葛\u{E0100}", "hidden-character:U+E0100"),
        ("王\n国", "hidden-character:U+000A"),
        ("王\u{0}国", "hidden-character:U+0000"),
        ("王\t国", "hidden-character:U+0009"),
    ] {
        let found = faults(text.into(), "请求".into());
        assert_eq!(found, [("/fields/recipient".to_owned(), code.to_owned())], "{text:?}");
    }
    // Rare names are printed.
    assert_eq!(faults("𬍛㛃堃".into(), "请求\n第二项".into()), []);
}

#[test]
fn wrong_types_long_texts_and_strange_keys_are_told_with_their_place() {
    let one = |pointer: &str, code: &str| vec![(pointer.to_owned(), code.to_owned())];
    assert_eq!(faults(json!(1), "请求".into()), one("/fields/recipient", "wrong-type"));
    assert_eq!(faults("王".repeat(81).into(), "请求".into()), one("/fields/recipient", "too-long"));
    assert_eq!(faults("王".into(), "请".repeat(3_001).into()), one("/fields/claim", "too-long"));
    let documents = documents();
    let template = documents.template("payout_approval").expect("a template");
    let mut inputs = inputs(template, Which::Full);
    for (field, value) in [
        ("amount", json!(-1)),
        ("paid", json!(1_000_000_000_000_001_u64)),
        ("arrived_on", json!("2026-02-30")),
        ("a/b", json!(1)),
        (
            "payouts",
            json!([{"payee": "王", "bank": "行", "account_no": 1, "money": "1", "x": 1}, 7]),
        ),
    ] {
        inputs.fields.insert(field.to_owned(), value);
    }
    inputs.common.court = String::new();
    inputs.common.date = "today".to_owned();
    inputs.common.qr = "x".repeat(161);
    inputs.common.parties.retain(|party| party.role != PartyRole::Debtor);
    let found = documents.check(template, &inputs).expect_err("faults");
    let told: Vec<_> =
        found.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    for wanted in [
        ("/common/court", "missing"),
        ("/common/date", "date-invalid"),
        ("/common/qr", "too-long"),
        ("/common/parties", "no-debtor"),
        ("/fields/amount", "wrong-type"),
        ("/fields/paid", "out-of-range"),
        ("/fields/arrived_on", "date-invalid"),
        ("/fields/a~1b", "unknown-field"),
        ("/fields/payouts/0/account_no", "wrong-type"),
        ("/fields/payouts/0/money", "wrong-type"),
        ("/fields/payouts/0/x", "unknown-field"),
        ("/fields/payouts/1", "wrong-type"),
    ] {
        assert!(told.contains(&wanted), "{wanted:?}: {told:?}");
    }
    assert_eq!(told.len(), 12, "{told:?}");
}

#[test]
fn long_documents_go_on_on_the_next_page() {
    let documents = documents();
    let template = documents.template("execution_record").expect("a template");
    let mut inputs = inputs(template, Which::Full);
    let line = "执行人员依法清点财产并登记。";
    inputs.fields.insert("events".to_owned(), vec![line; 200].join("\n").into());
    let checked = documents.check(template, &inputs).expect("sound");
    let long = documents.render(&checked).expect("rendered");
    assert!((8..20).contains(&long.pages), "{}", long.pages);
    // A line without a place to break, and one sign a line.
    for text in ["X".repeat(2_900), vec!["一"; 1_400].join("\n")] {
        inputs.fields.insert("events".to_owned(), text.into());
        let checked = documents.check(template, &inputs).expect("sound");
        match documents.render(&checked) {
            Ok(rendered) => assert!(rendered.pages <= PAGES_MAX),
            Err(fault) => assert_eq!(fault, RenderFault::TooLong),
        }
    }
    // Sixty rows of the widest table.
    let template = documents.template("seizure_list").expect("a template");
    let mut inputs = super::samples::inputs(template, Which::Full);
    let row =
        json!({"thing": "物".repeat(150), "quantity": "1台", "thing_place": "地".repeat(100)});
    inputs.fields.insert("seized_things".to_owned(), vec![row; 60].into());
    let checked = documents.check(template, &inputs).expect("sound");
    assert!(documents.render(&checked).expect("rendered").pages > 5);
    inputs.fields.insert("seized_things".to_owned(), vec![json!({}); 61].into());
    let found = documents.check(template, &inputs).expect_err("refused");
    assert_eq!(found[0].code, "too-many");
}
