//! A small procedure for tests of cases.

use std::sync::Arc;

use tiande_core::calendar::{Calendar, CalendarDraft, YearDraft};
use tiande_core::procedure::{
    LimitDraft, NamedDraft, NodeDraft, Procedure, ProcedureDraft, StartDraft,
};

use crate::case::CaseRules;

fn row(code: &str, unit: &str, count: i64, warn: &[&str]) -> NodeDraft {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    NodeDraft {
        code: code.into(),
        zh: "节点".into(),
        en: "node".into(),
        start: StartDraft { event: Some("began".into()), ..StartDraft::default() },
        limit: LimitDraft { unit: unit.into(), count, exact: false },
        kind: "deadline".into(),
        warn: texts(warn),
        documents: Some(texts(&["paper"])),
        told: texts(&["applicant"]),
        alarm_warn: texts(&["handler", "director"]),
        alarm_expiry: texts(&["director", "president"]),
        article: "an article".into(),
        rank: "law".into(),
        sure: "verified".into(),
        ..NodeDraft::default()
    }
}

/// Two nodes: `E01`, two minutes, warned of one minute before; `T01`, 30 days, warned of 10 and 5 days
/// before. The calendar knows 2026, without a holiday.
///
/// # Panics
/// Never: the draft is sound.
#[must_use]
pub fn plain_rules() -> Arc<CaseRules> {
    let named = |code: &str| NamedDraft { code: code.into(), zh: "名".into(), en: "name".into() };
    let draft = ProcedureDraft {
        name: "plain".into(),
        version: 1,
        effective_from: "2026-01-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into(), "president".into(), "discipline".into()],
        reasons: Vec::new(),
        events: vec![named("began")],
        documents: vec![named("paper")],
        nodes: vec![row("E01", "minutes", 2, &["1min"]), row("T01", "days", 30, &["10d", "5d"])],
    };
    let procedure = Procedure::parse(&draft).expect("sound");
    let year =
        YearDraft { year: 2026, notice: "n".into(), holidays: Vec::new(), working: Vec::new() };
    let draft = CalendarDraft { name: "plain".into(), version: 1, years: vec![year] };
    let calendar = Calendar::parse(&draft).expect("sound");
    Arc::new(CaseRules::new(procedure, [], calendar))
}
