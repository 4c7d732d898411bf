//! A case as somebody runs it, for tests: a small procedure, two calendars, and what was done.
//! Tests of whole cases use it too.

use super::*;
use crate::calendar::{Calendar, CalendarDraft, Day, HolidayDraft, YearDraft};
use crate::deadline::{Begin, Level};
use crate::procedure::{
    LimitDraft, NamedDraft, NodeCode, NodeDraft, Procedure, ProcedureDraft, ReasonDraft, StartDraft,
};
use crate::time::UnixMillis;

pub(crate) fn code(text: &str) -> NodeCode {
    text.parse().expect("a code")
}

pub(crate) fn day(text: &str) -> Day {
    text.parse().expect("a date")
}

pub(crate) fn at(text: &str) -> UnixMillis {
    crate::rfc3339::parse(&format!("{text}:00+08:00")).expect("a time")
}

pub(crate) fn begin(text: &str) -> Begin {
    Begin { at: at(text), whole_day: false }
}

pub(crate) fn named(code: &str) -> NamedDraft {
    NamedDraft { code: code.into(), zh: "名".into(), en: "name".into() }
}

pub(crate) fn row(
    code: &str,
    unit: &str,
    count: i64,
    kind: &str,
    warn: &[&str],
    by: &[&str],
) -> NodeDraft {
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
        alarm_warn: texts(&["handler"]),
        alarm_expiry: texts(&["director"]),
        suspended_by: texts(by),
        article: "an article".into(),
        rank: "law".into(),
        sure: "verified".into(),
        ..NodeDraft::default()
    }
}

/// Eight nodes, one of each kind that has a clock, and a condition.
pub(crate) fn procedure() -> Procedure {
    procedure_of_version(1)
}

pub(crate) fn procedure_of_version(version: i64) -> Procedure {
    let both = ["stay", "auction"];
    let before = StartDraft {
        before_end_of: Some(vec!["T01".into()]),
        zh: Some("届满".into()),
        en: Some("the end".into()),
        ..StartDraft::default()
    };
    let reason = |code: &str| ReasonDraft {
        named: named(code),
        article: "an article".into(),
        sure: "verified".into(),
    };
    let draft = ProcedureDraft {
        name: "test".into(),
        version,
        effective_from: "2026-01-01".into(),
        answer_working_days: 3,
        ladder: vec!["director".into(), "president".into(), "discipline".into()],
        reasons: vec![reason("stay"), reason("auction")],
        events: vec![named("began")],
        documents: Vec::new(),
        nodes: vec![
            NodeDraft {
                alarm_warn: vec!["handler".into(), "director".into()],
                alarm_expiry: vec!["director".into(), "president".into()],
                ..row("T01", "days", 30, "deadline", &["10d", "5d"], &both)
            },
            NodeDraft { start: before, ..row("T03", "days", 5, "backwards", &["5d"], &[]) },
            row("M01", "working_days", 3, "deadline", &["1d"], &["stay"]),
            row("V01", "months", 2, "expiry", &["30d", "1d"], &[]),
            row("Z04", "months", 1, "recurring", &["3d"], &[]),
            row("C02", "hours", 24, "deadline", &["4h"], &[]),
            NodeDraft {
                done_by: Some("round_closed".into()),
                ..row("Z01", "months", 3, "minimum_wait", &[], &["stay"])
            },
            row("T04", "months", 6, "minimum_wait", &[], &[]),
            row("W02", "months", 1, "condition", &[], &[]),
        ],
    };
    Procedure::parse(&draft).expect("sound")
}

/// 2026, once without and once with a week of holidays in June.
pub(crate) fn calendar(version: i64) -> Calendar {
    let run = HolidayDraft {
        zh: "假".into(),
        en: "off".into(),
        first: "2026-06-08".into(),
        last: "2026-06-14".into(),
    };
    let holidays = if version == 1 { Vec::new() } else { vec![run] };
    let year = YearDraft { year: 2026, notice: "n".into(), holidays, working: Vec::new() };
    let draft = CalendarDraft { name: "cn".into(), version, years: vec![year] };
    Calendar::parse(&draft).expect("sound")
}

/// A case as somebody runs it: the state, all its events, and court time.
pub(crate) struct Life {
    procedure: Procedure,
    calendars: [Calendar; 2],
    pub(crate) calendar: usize,
    pub(crate) now: UnixMillis,
    pub(crate) nodes: CaseNodes,
    pub(crate) events: Vec<NodeEvent>,
}

impl Life {
    pub(crate) fn new(now: UnixMillis) -> Self {
        let (procedure, calendars) = (procedure(), [calendar(1), calendar(2)]);
        let nodes = CaseNodes::default();
        let mut life = Self { procedure, calendars, calendar: 0, now, nodes, events: Vec::new() };
        let version = life.procedure.version().clone();
        life.please(NodeCommand::ChooseProcedure(version));
        life
    }

    pub(crate) fn rules(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.procedure, calendar: &self.calendars[self.calendar] }
    }

    pub(crate) fn take(&mut self, events: Vec<NodeEvent>) {
        for event in events {
            self.nodes.apply(&event);
            self.events.push(event);
        }
    }

    /// May be refused.
    pub(crate) fn ask(&mut self, command: &NodeCommand) -> Result<(), NodeRefusal> {
        let events = self.nodes.decide(command, self.now, self.rules())?;
        self.take(events);
        Ok(())
    }

    pub(crate) fn please(&mut self, command: NodeCommand) {
        self.ask(&command).unwrap_or_else(|refusal| unreachable!("{command:?}: {refusal}"));
    }

    pub(crate) fn open(&mut self, node: &str, begin: Begin) {
        self.please(NodeCommand::Open { node: code(node), begin });
    }

    pub(crate) fn fire(&mut self) -> Vec<NodeEvent> {
        let fired = self.nodes.fire(self.now, self.rules());
        self.take(fired.clone());
        fired
    }

    pub(crate) fn fired_by(&mut self, text: &str) -> Vec<(String, u16, Level)> {
        self.now = at(text);
        let short = |event: &NodeEvent| match event {
            NodeEvent::Fired { node, round, level, .. } => (node.to_string(), *round, *level),
            other => unreachable!("{other:?}"),
        };
        self.fire().iter().map(short).collect()
    }
}

pub(crate) fn stay(document: &str, first: &str, until: Option<&str>) -> NodeCommand {
    NodeCommand::Suspend(Suspension {
        reason: "stay".into(),
        document: document.into(),
        first: day(first),
        until: until.map(day),
    })
}
