//! A small procedure and two calendars, the second of which comes late.

use tiande_core::calendar::{Calendar, CalendarDraft, HolidayDraft, YearDraft};
use tiande_core::procedure::{
    LimitDraft, NamedDraft, NodeCode, NodeDraft, Procedure, ProcedureDraft, ReasonDraft, StartDraft,
};

/// Nodes of the procedure: a deadline that suspensions stop, working days, an expiry, a recurring one, hours.
pub const NODES: [&str; 5] = ["T01", "M01", "V01", "Z04", "C02"];

pub fn code(text: &str) -> NodeCode {
    text.parse().expect("a code")
}

fn row(code: &str, unit: &str, count: i64, kind: &str, warn: &[&str], by: &[&str]) -> NodeDraft {
    let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    NodeDraft {
        code: code.into(),
        zh: "节点".into(),
        en: "node".into(),
        start: StartDraft { event: Some("began".into()), ..StartDraft::default() },
        limit: LimitDraft { unit: unit.into(), count, exact: false },
        kind: kind.into(),
        rounds: (kind == "recurring").then_some(3),
        warn: texts(warn),
        no_document: Some("none".into()),
        alarm_warn: texts(&["handler", "director"]),
        alarm_expiry: texts(&["director"]),
        suspended_by: texts(by),
        article: "an article".into(),
        rank: "law".into(),
        sure: "verified".into(),
        ..NodeDraft::default()
    }
}

pub fn procedure() -> Procedure {
    let named = |code: &str| NamedDraft { code: code.into(), zh: "名".into(), en: "name".into() };
    let reason =
        ReasonDraft { named: named("stay"), article: "an article".into(), sure: "verified".into() };
    let draft = ProcedureDraft {
        name: "test".into(),
        version: 1,
        effective_from: "2026-01-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into(), "president".into(), "discipline".into()],
        reasons: vec![reason],
        events: vec![named("began")],
        documents: Vec::new(),
        nodes: vec![
            row("T01", "days", 10, "deadline", &["5d", "2d"], &["stay"]),
            row("M01", "working_days", 3, "deadline", &["1d"], &["stay"]),
            row("V01", "months", 1, "expiry", &["10d"], &[]),
            row("Z04", "months", 1, "recurring", &["3d"], &[]),
            row("C02", "hours", 24, "deadline", &["4h"], &[]),
        ],
    };
    Procedure::parse(&draft).expect("sound")
}

/// 2026, once without and once with a week of holidays in March.
pub fn calendar(version: i64) -> Calendar {
    let run = HolidayDraft {
        zh: "假".into(),
        en: "off".into(),
        first: "2026-03-16".into(),
        last: "2026-03-22".into(),
    };
    let holidays = if version == 1 { Vec::new() } else { vec![run] };
    let year = YearDraft { year: 2026, notice: "n".into(), holidays, working: Vec::new() };
    let draft = CalendarDraft { name: "cn".into(), version, years: vec![year] };
    Calendar::parse(&draft).expect("sound")
}
