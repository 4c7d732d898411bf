//! The same inputs give the same bytes: in one process, in another, on another day.

use std::process::Command;

use super::samples::{Which, documents, inputs};
use crate::documents::Mark;

/// Hashes of some documents of each kind, one a line.
fn hashes() -> String {
    let documents = documents();
    let mut lines = String::new();
    for code in
        ["closing_ruling", "execution_notice", "transfer_letter", "inquiry_record", "summons"]
    {
        let template = documents.template(code).expect("a template");
        let checked = documents.check(template, &inputs(template, Which::Full)).expect("sound");
        let rendered = documents.render(&checked).expect("rendered");
        lines.push_str(&format!("{code} {}\n", hex::encode(rendered.sha256)));
    }
    lines
}

#[test]
fn twice_in_one_process() {
    assert_eq!(hashes(), hashes());
}

/// A part of the next test: prints the hashes in a process of its own.
#[test]
#[ignore = "started by in_two_processes"]
#[allow(clippy::print_stdout)]
fn prints_hashes() {
    print!("{}", hashes());
}

#[test]
fn in_two_processes() {
    let own = std::env::current_exe().expect("this program");
    let name = concat!(module_path!(), "::prints_hashes");
    let name = name.split_once("::").map_or(name, |(_, rest)| rest);
    let said = Command::new(own)
        .args(["--ignored", "--exact", "--nocapture", name])
        .env("TZ", "America/New_York")
        .env("LANG", "C")
        .output()
        .expect("started");
    let said = String::from_utf8_lossy(&said.stdout);
    for line in hashes().lines() {
        assert!(said.contains(line), "{line}: {said}");
    }
}

#[test]
fn what_differs_in_anything_differs_in_its_hash() {
    let documents = documents();
    let template = documents.template("leads_request").expect("a template");
    let sound = inputs(template, Which::Full);
    let hash = |change: &dyn Fn(&mut crate::documents::Inputs)| {
        let mut inputs = sound.clone();
        change(&mut inputs);
        let checked = documents.check(template, &inputs).expect("sound");
        documents.render(&checked).expect("rendered").sha256
    };
    let all = [
        hash(&|_| {}),
        hash(&|inputs| inputs.common.date = "2026-12-01".to_owned()),
        hash(&|inputs| inputs.common.qr.push('X')),
        hash(&|inputs| inputs.common.mark = Mark::Copy),
        hash(&|inputs| inputs.common.mark = Mark::Draft),
        hash(&|inputs| {
            inputs.fields.insert("reply_days".to_owned(), 11.into());
        }),
    ];
    let different: std::collections::BTreeSet<_> = all.iter().collect();
    assert_eq!(different.len(), all.len());
}
