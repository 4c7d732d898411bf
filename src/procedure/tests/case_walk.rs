//! All 75 rows once more, through a case: each is opened, warns, ends, is stopped where that is allowed, and
//! tells and alarms those whom the facts name. The clocks of emergencies go through an incident as well.
#![allow(clippy::print_stdout)] // The count, for people.

use std::collections::BTreeMap;

use tiande_core::calendar::Day;
use tiande_core::case::{
    Case, CaseCommand, CaseEvent, CaseNumber, CaseRefusal, Party, PartyNotice, PartyRole,
};
use tiande_core::deadline::{Begin, Level};
use tiande_core::ids::{CaseId, IdSource, IncidentId, OfficerId, UserId};
use tiande_core::incident::{
    Incident, IncidentEvent, IncidentKind, IncidentOpened, Origin, Urgency,
};
use tiande_core::journal::Subject;
use tiande_core::nodes::{NodeCommand, NodeEvent, NodeRefusal, Rulebook, Suspension};
use tiande_core::procedure::{Kind, Node, NodeCode, Office, Start};
use tiande_core::time::UnixMillis;
use uuid::Uuid;

use super::super::Rules;
use super::rules;

/// The facts, from the source table: see `walk.rs`.
const FACTS: &str = include_str!("facts.txt");
const FROM: &str = "2026-03-02T10:20:30+08:00";

/// Whom the source table names: told when it is reached, warned, alarmed at its end.
struct Fact {
    warnings: usize,
    told: bool,
    warned: Vec<Office>,
    expired: Vec<Office>,
    suspended: bool,
}

fn offices(letters: &str) -> Vec<Office> {
    let office = |letter| match letter {
        'H' => Office::Handler,
        'A' => Office::Applicant,
        'L' => Office::FilingHead,
        'F' => Office::Finance,
        'C' => Office::CommandCentre,
        'D' => Office::Director,
        'P' => Office::President,
        'J' => Office::Discipline,
        other => unreachable!("no office {other}"),
    };
    letters.chars().map(office).collect()
}

fn facts() -> BTreeMap<NodeCode, Fact> {
    let row = |line: &str| {
        let columns: Vec<&str> = line.split(' ').collect();
        let [code, _limit, _kind, warn, told, warned, expired, suspended, ..] = columns[..] else {
            unreachable!("{line}")
        };
        let fact = Fact {
            warnings: if warn == "-" { 0 } else { warn.split(',').count() },
            told: told == "Y",
            warned: offices(warned),
            expired: offices(expired),
            suspended: suspended == "y",
        };
        (code.parse().expect("a code"), fact)
    };
    FACTS.lines().map(row).collect()
}

fn at(text: &str) -> UnixMillis {
    tiande_core::rfc3339::parse(text).expect("a time")
}

/// One thing that a clock did.
#[derive(Debug, PartialEq)]
struct Rang {
    round: u16,
    level: Level,
    due: UnixMillis,
    at: UnixMillis,
    offices: Vec<Office>,
}

struct Walk<'a> {
    rules: Rulebook<'a>,
    case: Case,
    now: UnixMillis,
    notices: Vec<PartyNotice>,
}

impl<'a> Walk<'a> {
    fn new(rules: &'a Rules) -> Self {
        let rules = Rulebook { procedure: &rules.procedure, calendar: &rules.calendar };
        let case = Case::new(CaseId(Uuid::from_u128(1)));
        let mut walk = Self { rules, case, now: at(FROM), notices: Vec::new() };
        let number = CaseNumber::parse("(2026)豫0783执123号").expect("a number");
        let parties = vec![Party::named(PartyRole::Applicant, "张三")];
        walk.please(&CaseCommand::Open { number, parties, filing: None });
        let handler = UserId(Uuid::from_u128(2));
        walk.please(&CaseCommand::SetHandler { handler, reason: String::new() });
        walk
    }

    fn please(&mut self, command: &CaseCommand) {
        let events = self.case.decide(command, self.now, self.rules);
        let events = events.unwrap_or_else(|refusal| unreachable!("{command:?}: {refusal}"));
        self.take(&events);
    }

    fn take(&mut self, events: &[CaseEvent]) {
        self.notices.extend(self.case.rows(events, self.rules).notices);
        events.iter().for_each(|event| self.case.apply(event));
    }

    fn open(&mut self, node: &Node) {
        // Counted back from the end of another node: that one runs, too.
        if let Start::BeforeEndOf { nodes, .. } = &node.start {
            self.open_code(nodes[0]);
        }
        self.open_code(node.code);
    }

    fn open_code(&mut self, node: NodeCode) {
        let begin = Begin { at: at(FROM), whole_day: false };
        self.please(&CaseCommand::Node(NodeCommand::Open { node, begin }));
    }

    /// Rings whatever is due up to that moment, each at its own; what happened of that node.
    fn ring_until(&mut self, until: UnixMillis, node: NodeCode) -> Vec<Rang> {
        let mut rang = Vec::new();
        while let Some(next) = self.case.next(self.rules).filter(|next| *next <= until) {
            self.now = self.now.max(next);
            let events = self.case.ring(next, self.now, self.rules);
            assert!(!events.is_empty(), "{node}: what is due happens");
            for event in &events {
                match event {
                    CaseEvent::Node(NodeEvent::Fired {
                        node: of, round, level, due, at, ..
                    }) if *of == node => {
                        let (round, level, due, at) = (*round, *level, *due, *at);
                        rang.push(Rang { round, level, due, at, offices: Vec::new() });
                    }
                    CaseEvent::EscalationRaised { node: of, round, level, offices, .. }
                        if *of == node =>
                    {
                        let last = rang.last_mut().expect("it fired first");
                        assert_eq!((last.round, last.level), (*round, *level), "{node}");
                        last.offices.clone_from(offices);
                    }
                    _ => {}
                }
            }
            self.take(&events);
        }
        rang
    }
}

/// Whom each level alarms: of several warnings the first is the handler's alone, if it is the handler's.
fn alarmed(fact: &Fact, level: Level) -> Vec<Office> {
    match level {
        Level::Due => fact.expired.clone(),
        Level::Warning(0) if fact.warnings > 1 && fact.warned.contains(&Office::Handler) => {
            vec![Office::Handler]
        }
        Level::Warning(_) => fact.warned.clone(),
    }
}

#[derive(Default)]
struct Count {
    rows: usize,
    warnings: usize,
    ends: usize,
    told: usize,
    stopped: usize,
    alarms: usize,
}

#[test]
fn every_row_runs_through_a_case() {
    let (rules, facts) = (rules(), facts());
    let mut count = Count::default();
    for node in rules.procedure.nodes() {
        let fact = &facts[&node.code];
        count.rows += 1;
        if node.kind == Kind::Condition {
            let begin = Begin { at: at(FROM), whole_day: false };
            let walk = Walk::new(&rules);
            let open = CaseCommand::Node(NodeCommand::Open { node: node.code, begin });
            let refused = walk.case.decide(&open, walk.now, walk.rules);
            assert_eq!(refused, Err(CaseRefusal::Node(NodeRefusal::NoClock)), "{}", node.code);
            continue;
        }
        rings(&rules, node, fact, &mut count);
        is_reached(&rules, node, fact, &mut count);
        stands_still(&rules, node, fact, &mut count);
    }
    let Count { rows, warnings, ends, told, stopped, alarms } = count;
    println!(
        "{rows} rows through a case: {warnings} warnings and {ends} ends fired once each, {alarms} \
         alarms to the offices of the table, {told} told the applicant, {stopped} stood still"
    );
    assert_eq!(rows, 75);
    // All but W02, which is a comparison and is never reached.
    assert_eq!(told, facts.values().filter(|fact| fact.told).count() - 1);
    assert_eq!(stopped, facts.values().filter(|fact| fact.suspended).count());
}

/// Each warning and the end: once, at its moment, to whom the table says.
fn rings(rules: &Rules, node: &Node, fact: &Fact, count: &mut Count) {
    let code = node.code;
    let mut walk = Walk::new(rules);
    walk.open(node);
    let rang = walk.ring_until(Day::of(at(FROM)).plus(20_000).begins(), code);
    let rounds = match node.kind {
        Kind::Recurring { rounds } => rounds,
        _ => 1,
    };
    for round in 1..=rounds {
        let of_round: Vec<&Rang> = rang.iter().filter(|rang| rang.round == round).collect();
        let levels: Vec<Level> = of_round.iter().map(|rang| rang.level).collect();
        let warnings = u8::try_from(fact.warnings).expect("few");
        let expected: Vec<Level> = (0..warnings).map(Level::Warning).chain([Level::Due]).collect();
        assert_eq!(levels, expected, "{code}: each once, in order");
        for rang in of_round {
            // Of a planned day that is near, warnings may lie before the day it was planned.
            assert!(rang.at >= rang.due, "{code}: never early");
            assert!(rang.at == rang.due || node.kind == Kind::Backwards, "{code}: at its moment");
            // What may be done from then on is owed by nobody, whatever the table has for its end.
            let permits = rang.level == Level::Due && node.only_permits();
            let offices = if permits { Vec::new() } else { alarmed(fact, rang.level) };
            assert_eq!(rang.offices, offices, "{code} {:?}", rang.level);
            count.alarms += rang.offices.len();
            match rang.level {
                Level::Warning(_) => count.warnings += 1,
                Level::Due => count.ends += 1,
            }
        }
    }
    assert_eq!(rang.len(), usize::from(rounds) * (fact.warnings + 1), "{code}");
}

/// Reached at once: the applicant is told where the table says so, and nothing fires any more.
fn is_reached(rules: &Rules, node: &Node, fact: &Fact, count: &mut Count) {
    let code = node.code;
    let mut walk = Walk::new(rules);
    walk.open(node);
    walk.notices.clear();
    if node.kind == Kind::MinimumWait {
        let early = NodeCommand::Complete { node: code, round: 1, at: walk.now };
        let early = walk.case.decide(&CaseCommand::Node(early), walk.now, walk.rules);
        assert_eq!(early, Err(CaseRefusal::Node(NodeRefusal::TooEarly)), "{code}");
        walk.now = Day::of(at(FROM)).plus(400).begins();
    }
    let complete = NodeCommand::Complete { node: code, round: 1, at: walk.now };
    walk.please(&CaseCommand::Node(complete));
    let notices: Vec<&PartyNotice> =
        walk.notices.iter().filter(|n| n.code == code.as_str()).collect();
    assert_eq!(notices.len(), usize::from(fact.told), "{code}");
    count.told += notices.len();
    if let Some(notice) = notices.first() {
        assert_eq!((notice.reached, notice.telling), (walk.now, node.telling), "{code}");
        assert!(!notice.held, "{code}");
    }
    let rang = walk.ring_until(Day::of(at(FROM)).plus(20_000).begins(), code);
    assert!(rang.iter().all(|rang| rang.round > 1), "{code}: what is done does not ring");
}

/// The case stands still, for each reason in turn: what the reason stops does not ring before it runs again.
fn stands_still(rules: &Rules, node: &Node, fact: &Fact, count: &mut Count) {
    let code = node.code;
    let plain = {
        let mut walk = Walk::new(rules);
        walk.open(node);
        walk.ring_until(Day::of(at(FROM)).plus(20_000).begins(), code)
    };
    let mut stopped = false;
    for reason in rules.procedure.reasons().keys() {
        let mut walk = Walk::new(rules);
        walk.open(node);
        let (document, first) =
            ("(2026)豫0783执123号之一裁定".to_owned(), Day::of(at(FROM)).plus(1));
        walk.please(&CaseCommand::Node(NodeCommand::Suspend(Suspension {
            reason: reason.clone(),
            document: document.clone(),
            first,
            until: None,
        })));
        let until = Day::of(at(FROM)).plus(20_000).begins();
        // A planned day is counted back from the end of a node that may stand still.
        let base = match &node.start {
            Start::BeforeEndOf { nodes, .. } => rules.procedure.node(nodes[0]),
            _ => Some(node),
        };
        let stops = base.is_some_and(|base| base.suspended_by.contains(reason));
        let rang = walk.ring_until(until, code);
        if !stops {
            assert_eq!(rang, plain, "{code} {reason}");
            continue;
        }
        stopped |= node.suspended_by.contains(reason);
        assert_eq!(rang, [], "{code} {reason}: it stands still");
        // It ran again two hundred days later; time has gone on since, so all of it rings now.
        let until_day = first.plus(200);
        walk.please(&CaseCommand::Node(NodeCommand::Resume { document, until: until_day }));
        let rang = walk.ring_until(until, code);
        assert_eq!(rang.len(), plain.len(), "{code} {reason}: each once");
        let moved = rang.iter().zip(&plain).all(|(moved, plain)| moved.due > plain.due);
        assert!(moved, "{code} {reason}");
    }
    assert_eq!(stopped, fact.suspended, "{code}");
    count.stopped += usize::from(stopped);
}

/// E01–E04 through an incident that nobody takes up: each warning and end once, to whom the table says.
#[test]
fn clocks_of_emergencies_run_through_an_incident() {
    let (rules, facts) = (rules(), facts());
    let rules = Rulebook { procedure: &rules.procedure, calendar: &rules.calendar };
    let mut ids = Counting(0);
    let mut incident = Incident::new(IncidentId(Uuid::from_u128(5)));
    let opened = IncidentOpened {
        incident: incident.id,
        number: 1,
        year: 2026,
        origin: Origin::Sos { officer: OfficerId(Uuid::from_u128(6)) },
        kind: IncidentKind::OfficerSos,
        urgency: Urgency::Emergency,
        need: 1,
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: Vec::new(),
        exercise: false,
        alarm: None,
        procedure: Some(rules.procedure.version().clone()),
        subject: Subject(Uuid::from_u128(6)),
        personal: None,
    };
    let begun = at(FROM);
    incident.apply(&IncidentEvent::Opened(opened.into()), begun);
    let mut rang = Vec::new();
    while let Some(next) = incident.next_clock(rules) {
        for rung in incident.ringing(next, rules, &mut ids) {
            let minutes = rung.due.since(begun).0 / 60_000;
            let offices: Vec<Office> = rung.alarms.iter().map(|(office, _)| *office).collect();
            assert_eq!(offices, alarmed(&facts[&rung.node], rung.level), "{}", rung.node);
            rang.push((minutes, rung.node.to_string(), rung.level));
            incident.apply(&IncidentEvent::ClockRang(rung), next);
        }
    }
    let (warning, due) = (Level::Warning(0), Level::Due);
    let row = |minutes, node: &str, level| (minutes, node.to_owned(), level);
    // E02 does not run: nothing was acknowledged.
    let expected = [
        row(1, "E01", warning),
        row(2, "E01", due),
        row(10, "E03", warning),
        row(15, "E03", due),
        row(20, "E04", warning),
        row(30, "E04", due),
    ];
    assert_eq!(rang, expected);
}

struct Counting(u8);

impl IdSource for Counting {
    fn random_bytes(&mut self) -> [u8; 10] {
        self.0 += 1;
        [self.0; 10]
    }
}
