//! A small procedure for tests of cases.

use std::sync::Arc;

use tiande_core::calendar::{Calendar, CalendarDraft, HolidayDraft, YearDraft};
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

fn after(node: &str) -> StartDraft {
    StartDraft {
        after: Some(vec![node.into()]),
        zh: Some("办结".into()),
        en: Some("it is done".into()),
        ..StartDraft::default()
    }
}

/// A clock of emergencies.
fn clock(code: &str, minutes: i64, warn: &str, step: &str) -> NodeDraft {
    NodeDraft {
        start: StartDraft { event: Some("tip_sent".into()), ..StartDraft::default() },
        reached_by: Some(step.into()),
        alarm_warn: vec!["command_centre".into()],
        alarm_expiry: vec!["director".into(), "president".into()],
        ..row(code, "minutes", minutes, &[warn])
    }
}

/// Nodes of cases: `E01`, two minutes, warned of one minute before; `T01`, 30 days, warned of 10 and 5
/// days before; `T05`, a day from the end of `T01`. Of emergencies: `E11`, taken up within 20 minutes, and
/// `E12`, on scene within 50; each is warned of 10 minutes before. The calendar knows 2026, without a
/// holiday.
///
/// # Panics
/// Never: the draft is sound.
#[must_use]
pub fn plain_rules() -> Arc<CaseRules> {
    rules_of_calendar(1, None)
}

/// The same with another calendar: that version, and perhaps a run of rest days, both its ends included.
///
/// # Panics
/// The days are none.
#[must_use]
pub fn rules_of_calendar(version: i64, rest: Option<(&str, &str)>) -> Arc<CaseRules> {
    let named = |code: &str| NamedDraft { code: code.into(), zh: "名".into(), en: "name".into() };
    let draft = ProcedureDraft {
        name: "plain".into(),
        version: 1,
        effective_from: "2026-01-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into(), "president".into(), "discipline".into()],
        reasons: Vec::new(),
        events: vec![named("began"), named("tip_sent")],
        documents: vec![named("paper")],
        nodes: vec![
            row("E01", "minutes", 2, &["1min"]),
            clock("E11", 20, "10min", "acknowledged"),
            clock("E12", 50, "10min", "on_scene"),
            row("T01", "days", 30, &["10d", "5d"]),
            NodeDraft { start: after("T01"), ..row("T05", "days", 1, &[]) },
        ],
    };
    let procedure = Procedure::parse(&draft).expect("sound");
    let holidays = rest.into_iter().map(|(first, last)| HolidayDraft {
        zh: "假".into(),
        en: "off".into(),
        first: first.into(),
        last: last.into(),
    });
    let holidays = holidays.collect();
    let year = YearDraft { year: 2026, notice: "n".into(), holidays, working: Vec::new() };
    let draft = CalendarDraft { name: "plain".into(), version, years: vec![year] };
    let calendar = Calendar::parse(&draft).expect("sound");
    Arc::new(CaseRules::new(procedure, [], calendar))
}
