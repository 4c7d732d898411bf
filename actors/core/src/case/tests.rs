//! The case's rules, one test a rule.

use uuid::Uuid;

use super::*;
use crate::calendar::Calendar;
use crate::ids::{CaseId, IncidentId, UserId};
use crate::nodes::life::{at, begin, calendar, code, procedure};
use crate::nodes::{NodeCommand, NodeEvent, NodeRefusal, Rulebook};
use crate::procedure::{Office, Procedure};
use crate::time::UnixMillis;

const JUDGE: UserId = UserId(Uuid::from_u128(11));
const OTHER: UserId = UserId(Uuid::from_u128(12));
const DIRECTOR: UserId = UserId(Uuid::from_u128(13));

fn number() -> CaseNumber {
    CaseNumber::parse("(2026)豫0783执123号").expect("a number")
}

fn parties(count: usize) -> Vec<Party> {
    vec![Party::named(PartyRole::Debtor, "李四"); count]
}

fn open(parties: Vec<Party>) -> CaseCommand {
    CaseCommand::Open { number: number(), parties, filing: None }
}

/// A case, its rules, and what time it is.
struct World {
    procedure: Procedure,
    calendar: Calendar,
    now: UnixMillis,
    case: Case,
    events: Vec<CaseEvent>,
}

impl World {
    fn fresh() -> Self {
        let case = Case::new(CaseId(Uuid::from_u128(1)));
        let now = at("2026-03-02T09:00");
        Self { procedure: procedure(), calendar: calendar(1), now, case, events: Vec::new() }
    }

    /// Open, handled by the judge, and running by the procedure.
    fn running() -> Self {
        let mut world = Self::fresh();
        world.please(&open(parties(2)));
        world.please(&CaseCommand::SetHandler { handler: JUDGE, reason: String::new() });
        world.events.clear();
        world
    }

    /// T01 overdue since April 2, an answer owed.
    fn overdue() -> Self {
        let mut world = Self::running();
        let open = NodeCommand::Open { node: code("T01"), begin: begin("2026-03-02T09:00") };
        world.please(&CaseCommand::Node(open));
        world.ring("2026-04-02T00:00");
        world.events.clear();
        world
    }

    fn rules(&self) -> Rulebook<'_> {
        Rulebook { procedure: &self.procedure, calendar: &self.calendar }
    }

    fn take(&mut self, events: Vec<CaseEvent>) -> usize {
        let many = events.len();
        for event in events {
            self.case.apply(&event);
            self.events.push(event);
        }
        many
    }

    fn ask(&mut self, command: &CaseCommand) -> Result<usize, CaseRefusal> {
        let events = self.case.decide(command, self.now, self.rules())?;
        Ok(self.take(events))
    }

    fn please(&mut self, command: &CaseCommand) -> usize {
        self.ask(command).unwrap_or_else(|refusal| unreachable!("{command:?}: {refusal}"))
    }

    /// As a clock does: each moment apart, until nothing is left.
    fn ring(&mut self, text: &str) -> usize {
        self.now = at(text);
        let mut many = 0;
        while let Some(upto) = self.case.next(self.rules()).filter(|next| *next <= self.now) {
            let events = self.case.ring(upto, self.now, self.rules());
            assert!(!events.is_empty(), "what was due then happened");
            many += self.take(events);
        }
        many
    }

    fn act(&mut self, by: UserId, act: EscalationAct) -> Result<usize, CaseRefusal> {
        self.ask(&CaseCommand::Escalation { node: code("T01"), round: 1, by, act })
    }

    fn t01(&self) -> &Escalation {
        self.case.escalation(code("T01"), 1).expect("escalated")
    }
}

fn words() -> String {
    "已向房管部门去函催办".into()
}

#[test]
fn a_case_is_opened_once() {
    let mut world = World::fresh();
    world.please(&open(parties(2)));
    assert_eq!((world.case.number.as_ref(), world.case.parties.len()), (Some(&number()), 2));
    assert_eq!(world.ask(&open(parties(1))), Err(CaseRefusal::AlreadyOpen));
}

#[test]
fn a_case_has_one_to_two_hundred_parties() {
    for (count, fits) in [(0, false), (1, true), (200, true), (201, false)] {
        let decided = World::fresh().ask(&open(parties(count)));
        assert_eq!(decided.is_ok(), fits, "{count}");
        assert!(fits || decided == Err(CaseRefusal::Parties));
    }
}

#[test]
fn an_incident_is_linked_once() {
    let link =
        CaseCommand::LinkIncident { incident: IncidentId(Uuid::from_u128(5)), steps: Vec::new() };
    assert_eq!(World::fresh().ask(&link), Err(CaseRefusal::NotOpen));
    let mut world = World::running();
    assert_eq!(world.please(&link), 1);
    assert_eq!(world.case.incidents.len(), 1);
    assert_eq!(world.please(&link), 0);
}

#[test]
fn a_forgotten_case_keeps_its_number_and_loses_its_parties() {
    let mut case = World::fresh().case;
    case.apply(&CaseEvent::Opened { case: case.id, number: number(), personal: None });
    assert_eq!((case.number, case.parties.len()), (Some(number()), 0));
}

#[test]
fn a_case_is_taken_from_somebody_for_a_reason_only() {
    let mut world = World::running();
    let to = |handler, reason: &str| CaseCommand::SetHandler { handler, reason: reason.into() };
    assert_eq!(world.please(&to(JUDGE, "")), 0, "the same again changes nothing");
    assert_eq!(world.ask(&to(OTHER, " ")), Err(CaseRefusal::Words));
    assert_eq!(world.ask(&to(OTHER, &"长".repeat(2_001))), Err(CaseRefusal::Words));
    assert_eq!(world.please(&to(OTHER, "原承办人休假")), 1);
    assert_eq!(world.case.handler, Some(OTHER));
}

#[test]
fn the_first_warning_is_the_handlers_and_the_next_the_directors_too() {
    let mut world = World::running();
    let open = NodeCommand::Open { node: code("T01"), begin: begin("2026-03-02T09:00") };
    world.please(&CaseCommand::Node(open));
    assert_eq!(world.ring("2026-03-22T09:00"), 2);
    assert_eq!(world.t01().offices, [Office::Handler].into());
    assert_eq!(world.ring("2026-03-27T09:00"), 2);
    assert_eq!(world.t01().offices, [Office::Handler, Office::Director].into());
    assert_eq!((world.t01().status(), world.t01().answer_by), (EscalationStatus::Warned, None));
    assert_eq!(world.act(JUDGE, EscalationAct::Answer(words())), Err(CaseRefusal::NothingOwed));
    // Overdue in the night of April 1; three working days from the 2nd: Thursday, Friday … Tuesday.
    assert_eq!(world.ring("2026-04-02T00:00"), 2);
    assert_eq!(world.t01().status(), EscalationStatus::Owed);
    assert!(world.t01().offices.contains(&Office::President));
    let friday_monday_tuesday = at("2026-04-07T23:59").plus(crate::time::Millis(59_000));
    assert_eq!(world.t01().answer_by, Some(friday_monday_tuesday));
    assert!(world.case.is_overdue(code("T01"), 1));
}

#[test]
fn what_is_done_in_time_ends_its_warning_and_what_was_late_is_still_answered_for() {
    let done = |at| CaseCommand::Node(NodeCommand::Complete { node: code("T01"), round: 1, at });
    let mut world = World::running();
    let open = NodeCommand::Open { node: code("T01"), begin: begin("2026-03-02T09:00") };
    world.please(&CaseCommand::Node(open));
    world.ring("2026-03-28T00:00");
    let now = world.now;
    assert_eq!(world.please(&done(now)), 2);
    assert_eq!(world.t01().status(), EscalationStatus::Closed);
    assert_eq!(world.ring("2026-12-01T00:00"), 0);

    let mut world = World::overdue();
    let now = world.now;
    assert_eq!(world.please(&done(now)), 1);
    assert_eq!(world.t01().status(), EscalationStatus::Owed);
}

#[test]
fn a_cancelled_node_ends_its_warning() {
    let mut world = World::running();
    let open = NodeCommand::Open { node: code("Z04"), begin: begin("2026-03-02T09:00") };
    world.please(&CaseCommand::Node(open));
    world.ring("2026-03-31T09:00");
    assert!(world.case.escalation(code("Z04"), 1).is_some());
    let cancel = NodeCommand::Cancel { node: code("Z04"), opening: 1, document: "裁定".into() };
    assert_eq!(world.please(&CaseCommand::Node(cancel)), 2);
    let known = world.case.escalation(code("Z04"), 1).expect("escalated");
    assert_eq!(known.status(), EscalationStatus::Closed);
}

#[test]
fn an_answer_is_given_returned_given_again_and_accepted() {
    let mut world = World::overdue();
    assert_eq!(world.act(DIRECTOR, EscalationAct::Acknowledge), Ok(1));
    assert_eq!(world.act(JUDGE, EscalationAct::Acknowledge), Ok(0), "who was first stays");
    assert_eq!(world.act(DIRECTOR, EscalationAct::Accept), Err(CaseRefusal::NothingAnswered));
    assert_eq!(world.act(DIRECTOR, EscalationAct::Answer(words())), Err(CaseRefusal::NotHandler));
    assert_eq!(world.act(JUDGE, EscalationAct::Answer(" ".into())), Err(CaseRefusal::Words));
    assert_eq!(world.act(JUDGE, EscalationAct::Answer(words())), Ok(1));
    assert_eq!(world.act(JUDGE, EscalationAct::Answer(words())), Err(CaseRefusal::NothingOwed));
    assert_eq!(world.act(JUDGE, EscalationAct::Accept), Err(CaseRefusal::OwnAnswer));
    assert_eq!(world.ring("2026-04-20T00:00"), 0, "an answer waits: nothing climbs");
    assert_eq!(world.act(DIRECTOR, EscalationAct::Return("请附回函".into())), Ok(1));
    assert_eq!((world.t01().status(), world.t01().returned), (EscalationStatus::Owed, 1));
    assert_eq!(world.act(JUDGE, EscalationAct::Answer(words())), Ok(1));
    assert_eq!(world.act(DIRECTOR, EscalationAct::Accept), Ok(1));
    let ended = world.t01().ended.expect("over");
    assert_eq!((ended.by, ended.accepted), (Some(DIRECTOR), true));
    for act in [EscalationAct::Accept, EscalationAct::Acknowledge, EscalationAct::Close(words())] {
        assert_eq!(world.act(DIRECTOR, act), Err(CaseRefusal::NotEscalated));
    }
}

#[test]
fn an_escalation_is_closed_without_an_answer_by_somebody_else_with_a_reason() {
    let mut world = World::overdue();
    assert_eq!(world.act(JUDGE, EscalationAct::Close(words())), Err(CaseRefusal::OwnAnswer));
    assert_eq!(world.act(DIRECTOR, EscalationAct::Close(String::new())), Err(CaseRefusal::Words));
    assert_eq!(world.act(DIRECTOR, EscalationAct::Close(words())), Ok(1));
    assert_eq!(world.ring("2026-12-01T00:00"), 0);
}

#[test]
fn what_nobody_answers_climbs_once_a_term_to_the_end_of_the_ladder() {
    let mut world = World::overdue();
    // Director and president have it already: the next is the discipline inspection.
    assert_eq!(world.ring("2026-04-08T00:00"), 1);
    assert_eq!(world.t01().climbs, 1);
    assert!(world.t01().offices.contains(&Office::Discipline));
    assert!(world.t01().answer_by.is_some());
    // Nobody is higher: it is said once more, and then it stays where it is.
    assert_eq!(world.ring("2026-12-01T00:00"), 1);
    let last = world.events.last().expect("it climbed");
    assert!(matches!(
        last,
        CaseEvent::EscalationClimbed { climb: 2, office: None, answer_by: None, .. }
    ));
    assert_eq!(world.t01().status(), EscalationStatus::Owed);
}

#[test]
fn a_case_that_slept_through_everything_tells_it_in_due_order_and_nothing_early() {
    let mut world = World::running();
    for node in ["T01", "M01", "V01", "Z04", "C02"] {
        let open = NodeCommand::Open { node: code(node), begin: begin("2026-03-02T09:00") };
        world.please(&CaseCommand::Node(open));
    }
    world.events.clear();
    world.ring("2026-09-01T00:00");
    let due = |event: &CaseEvent| match event {
        CaseEvent::Node(NodeEvent::Fired { due, at, .. })
        | CaseEvent::EscalationClimbed { due, at, .. } => {
            assert!(at >= due, "{event:?}");
            Some(*due)
        }
        _ => None,
    };
    let dues: Vec<_> = world.events.iter().filter_map(due).collect();
    // 3 + 2 + 3 + 3·2 + 2 deadlines. The answers are owed from September on.
    assert_eq!(dues.len(), 16);
    assert!(dues.is_sorted(), "{dues:?}");
    let raised = world.events.iter().filter(|e| matches!(e, CaseEvent::EscalationRaised { .. }));
    assert_eq!(raised.count(), 16, "each one reached somebody");
}

#[test]
fn a_refused_node_command_is_refused_for_the_case() {
    let mut world = World::running();
    let open = NodeCommand::Open { node: code("Q99"), begin: begin("2026-03-02T09:00") };
    let refused = world.ask(&CaseCommand::Node(open));
    assert_eq!(refused, Err(CaseRefusal::Node(NodeRefusal::UnknownNode)));
}

#[test]
fn notices_are_held_and_released_once() {
    let mut world = World::running();
    let hold = CaseCommand::HoldNotices { by: JUDGE, reason: "凌晨集中行动".into() };
    assert_eq!(world.please(&hold), 1);
    assert_eq!(world.please(&hold), 0);
    assert!(world.case.notices_held);
    let release = CaseCommand::ReleaseNotices { by: JUDGE };
    assert_eq!((world.please(&release), world.please(&release)), (1, 0));
}

#[test]
fn supervisors_see_what_runs() {
    let mut world = World::running();
    for node in ["T01", "Z04"] {
        let open = NodeCommand::Open { node: code(node), begin: begin("2026-03-02T09:00") };
        world.please(&CaseCommand::Node(open));
    }
    world.ring("2026-03-25T00:00");
    let running = world.case.running(world.rules());
    assert_eq!(running.len(), 4, "one, and three recurrences");
    let t01 = running[0];
    assert_eq!((t01.node, t01.round), (code("T01"), 1));
    assert_eq!((t01.warned, t01.overdue, t01.provisional), (true, false, false));
    let now = world.now;
    let done = NodeCommand::Complete { node: code("T01"), round: 1, at: now };
    world.please(&CaseCommand::Node(done));
    assert_eq!(world.case.running(world.rules()).len(), 3);
}

#[test]
fn a_case_keeps_the_procedure_it_began_with() {
    let world = World::running();
    assert_eq!(world.case.nodes.procedure.as_ref(), Some(world.procedure.version()));
}

#[test]
fn only_what_a_decision_changes_is_written_of_a_case() {
    let mut world = World::running();
    let rows = |world: &World, command: &CaseCommand| {
        let events = world.case.decide(command, world.now, world.rules()).expect("fits");
        world.case.rows(&events, world.rules())
    };
    let open = |node| {
        CaseCommand::Node(NodeCommand::Open { node: code(node), begin: begin("2026-03-02T09:00") })
    };
    let first = rows(&world, &open("T01"));
    assert_eq!(first.next, Some(Some(at("2026-03-22T09:00"))));
    assert_eq!((first.running.len(), first.ended.len(), first.escalations.len()), (1, 0, 0));
    world.please(&open("T01"));
    // A node that comes later does not change when the case wakes.
    let second = rows(&world, &open("V01"));
    assert_eq!((second.next, second.running.len()), (None, 1));
    world.please(&open("V01"));
    world.now = at("2026-03-23T00:00");
    let fired = world.case.ring(at("2026-03-22T09:00"), world.now, world.rules());
    let rung = world.case.rows(&fired, world.rules());
    assert_eq!((rung.running.len(), rung.escalations.len()), (1, 1));
    assert!(rung.running[0].warned);
    world.take(fired);
    let now = world.now;
    let done = CaseCommand::Node(NodeCommand::Complete { node: code("T01"), round: 1, at: now });
    let done = rows(&world, &done);
    assert_eq!((done.ended.as_slice(), done.escalations.len()), ([(code("T01"), 1)].as_slice(), 1));
    assert_eq!(done.next, Some(Some(at("2026-04-02T09:00"))), "V01 is warned of 30 days before");
    let other = CaseCommand::SetHandler { handler: OTHER, reason: "均衡办案".into() };
    let moved = rows(&world, &other);
    assert_eq!(moved, CaseRows { handler: Some(OTHER), ..CaseRows::default() });
}

#[test]
fn another_procedure_sets_the_clock_and_the_rows_anew() {
    let mut world = World::running();
    let open = NodeCommand::Open { node: code("T01"), begin: begin("2026-03-02T09:00") };
    world.please(&CaseCommand::Node(open));
    // The same rules under a higher version: the store cannot know that no date has moved.
    world.procedure = crate::nodes::life::procedure_of_version(2);
    let version = world.procedure.version().clone();
    let choose = CaseCommand::Node(NodeCommand::ChooseProcedure(version));
    let events = world.case.decide(&choose, world.now, world.rules()).expect("fits");
    let rows = world.case.rows(&events, world.rules());
    assert_eq!(rows.next, Some(Some(at("2026-03-22T09:00"))));
    assert_eq!(rows.running.len(), 1);
}

#[test]
fn a_wait_that_is_over_is_late_for_nobody_and_a_right_that_arose_is_told() {
    let mut world = World::running();
    for node in ["Z01", "T04"] {
        let open = NodeCommand::Open { node: code(node), begin: begin("2026-03-02T09:00") };
        let events = world.case.decide(&CaseCommand::Node(open), world.now, world.rules());
        let events = events.expect("fits");
        let rows = world.case.rows(&events, world.rules());
        let listed: Vec<_> = rows.running.iter().map(|running| running.due).collect();
        assert_eq!(listed, [None], "{node}: it weighs on nobody");
        world.take(events);
    }
    assert!(world.case.running(world.rules()).iter().all(|running| running.due.is_some()));
    // Z01 fires and raises nothing; T04 tells its offices, once.
    assert_eq!(world.ring("2026-06-03T00:00"), 1);
    assert_eq!(world.case.escalations, []);
    assert_eq!(
        world.case.next(world.rules()),
        Some(at("2026-09-02T23:59").plus(crate::time::Millis(59_000)))
    );
    world.ring("2026-09-03T00:00");
    assert!(world.case.escalation(code("Z01"), 1).is_none());
    let told = world.case.escalation(code("T04"), 1).expect("told");
    assert_eq!(told.offices, [Office::Director].into());
    let running = world.case.running(world.rules());
    assert!(running.iter().all(|running| running.wait && !running.overdue), "{running:?}");
}
