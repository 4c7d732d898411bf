//! Clocks of cases: they ring in due order, once, never early, also after a restart, and whatever the
//! wall clock does.

use std::collections::BTreeSet;
use std::time::Duration;

use tiande_actors::case::CaseFault;
use tiande_actors::court::{CaseImport, CommandFault, Idle, ToCase};
use tiande_actors::ports::Clock;
use tiande_actors::ports::journal::{Audience, NoticeChange};
use tiande_actors::testkit::{PlainFrame, rules_of_calendar};
use tiande_core::case::{
    CaseCommand, CaseEvent, CaseNumber, CaseRefusal, EscalationAct, EscalationStatus, Party,
    PartyRole,
};
use tiande_core::deadline::{Begin, Level};
use tiande_core::ids::{CaseId, UserId};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::nodes::{NodeCommand, NodeEvent, NodeRefusal};
use tiande_core::procedure::{NodeCode, Office};
use tiande_core::time::{Millis, UnixMillis};

use crate::waiting::{gets, passes, until, within};
use crate::world::World;

fn user(n: u8) -> UserId {
    format!("0192d3a4-0000-7000-8000-0000000000{n:02}").parse().unwrap()
}

fn judge() -> UserId {
    user(21)
}

fn director() -> UserId {
    user(22)
}

const SECOND: Millis = Millis(1_000);
const MINUTE: Millis = Millis(60_000);

fn code(text: &str) -> NodeCode {
    text.parse().unwrap()
}

async fn import(world: &World, n: u32) -> CaseId {
    let number = CaseNumber::parse(&format!("(2026)豫0783执{n}号")).unwrap();
    let parties = vec![Party::named(PartyRole::Applicant, "张三")];
    let import = CaseImport { number, parties, filing: None, by: By::Operator, only_new: false };
    within("an import", world.court.import_case(import)).await.unwrap()
}

async fn ask(world: &World, case: CaseId, command: CaseCommand) -> Result<(), CommandFault> {
    let by = By::Staff { user: judge() };
    within("a command", world.court.command_case(ToCase { case, command, by })).await
}

async fn node(world: &World, case: CaseId, command: NodeCommand) {
    ask(world, case, CaseCommand::Node(command)).await.unwrap();
}

/// Opens a node whose clock starts then.
async fn open(world: &World, case: CaseId, node_code: &str, at: UnixMillis) {
    let begin = Begin { at, whole_day: false };
    node(world, case, NodeCommand::Open { node: code(node_code), begin }).await;
}

/// What has fired so far: case, level, due, and when.
fn fired(world: &World) -> Vec<(CaseId, Level, UnixMillis, UnixMillis)> {
    let mut all = Vec::new();
    for append in world.journal.appended() {
        for part in append.streams {
            let StreamId::Case(case) = part.stream else { continue };
            for event in part.events {
                if let Event::Case(CaseEvent::Node(NodeEvent::Fired { level, due, at, .. })) = event
                {
                    all.push((case, level, due, at));
                }
            }
        }
    }
    all
}

async fn until_fired(world: &World, many: usize) {
    until("what is due fires", || fired(world).len() >= many).await;
    passes(Duration::from_millis(30)).await;
    assert_eq!(fired(world).len(), many, "and nothing else");
}

#[actix::test]
async fn a_node_warns_and_ends_in_its_minute_and_not_before() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    world.clock.advance(Millis(MINUTE.0 - 1));
    passes(Duration::from_millis(50)).await;
    assert_eq!(fired(&world), []);
    world.clock.advance(Millis(1));
    until_fired(&world, 1).await;
    world.clock.advance(MINUTE);
    until_fired(&world, 2).await;
    let levels: Vec<_> = fired(&world).iter().map(|(_, level, ..)| *level).collect();
    assert_eq!(levels, [Level::Warning(0), Level::Due]);
    for (_, _, due, at) in fired(&world) {
        assert!(at >= due && at.since(due) <= SECOND, "{due:?} {at:?}");
    }
    let note = world.journal.memory().case_note(case);
    let known = note.escalations.get(&(code("E01"), 1)).unwrap();
    assert_eq!(known.status(), EscalationStatus::Owed);
    assert!(known.offices.contains(&Office::President));
    assert!(note.running.get(&(code("E01"), 1)).unwrap().overdue);
}

#[actix::test]
async fn what_is_done_in_time_never_fires_and_the_applicant_hears_of_it() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    let done = NodeCommand::Complete { node: code("E01"), round: 1, at: now };
    node(&world, case, done).await;
    world.clock.advance(Millis::from_secs(3_600));
    passes(Duration::from_millis(60)).await;
    assert_eq!(fired(&world), []);
    let note = world.journal.memory().case_note(case);
    assert!(note.running.is_empty());
    let told: Vec<_> =
        note.notices.iter().map(|n| (n.code.clone(), n.documents.clone(), n.held)).collect();
    assert_eq!(told, [("E01".to_owned(), vec!["paper".to_owned()], false)]);
}

#[actix::test]
async fn what_a_judge_holds_back_is_told_when_it_is_released() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    let hold = CaseCommand::HoldNotices { by: judge(), reason: "集中行动前".into() };
    ask(&world, case, hold).await.unwrap();
    let done = NodeCommand::Complete { node: code("E01"), round: 1, at: now };
    node(&world, case, done).await;
    let held = || world.journal.memory().case_note(case).notices.iter().any(|n| n.held);
    assert!(held());
    ask(&world, case, CaseCommand::ReleaseNotices { by: judge() }).await.unwrap();
    assert!(!held());
}

#[actix::test]
async fn a_case_sleeps_until_its_clock_rings() {
    let idle = Idle { incident: Millis(1), case: Millis(1) };
    let world = World::open_sleepy(idle).await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    let cases = async || within("counts", world.court.counts()).await.unwrap().cases;
    gets("sleep", async || (cases().await == 0).then_some(())).await;
    world.clock.advance(MINUTE);
    until_fired(&world, 1).await;
    gets("sleep", async || (cases().await == 0).then_some(())).await;
    world.clock.advance(MINUTE);
    until_fired(&world, 2).await;
}

#[actix::test]
async fn what_fell_due_while_the_server_was_down_fires_in_due_order_each_once() {
    const CASES: u32 = 300; // More than a lot.
    let world = World::open().await;
    let now = world.clock.now();
    let mut cases = Vec::new();
    for n in 0..CASES {
        let case = import(&world, n + 1).await;
        // Spread, and not in the order of the cases: warnings and ends of different ones interleave.
        let start = now.plus(Millis(u64::from(n * 7_919 % CASES) * 400));
        open(&world, case, "E01", start).await;
        cases.push(case);
    }
    world.clock.advance(Millis::from_secs(45));
    let before = fired(&world).len();
    assert_eq!(before, 0);
    world.clock.advance(Millis::from_secs(3_600));
    let world = world.reopen().await;
    until_fired(&world, 2 * CASES as usize).await;
    let all = fired(&world);
    let dues: Vec<_> = all.iter().map(|(_, _, due, _)| *due).collect();
    assert!(dues.is_sorted(), "in due order");
    let keys: BTreeSet<_> = all.iter().map(|(case, level, ..)| (*case, *level)).collect();
    assert_eq!(keys.len(), all.len(), "each once");
    // And once only, however often it starts again.
    let world = world.reopen().await;
    passes(Duration::from_millis(100)).await;
    assert_eq!(fired(&world).len(), all.len());
}

#[actix::test]
async fn a_wall_clock_that_jumps_fires_nothing_and_takes_nothing_back() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    world.clock.set(now.plus(Millis::from_secs(86_400)));
    passes(Duration::from_millis(60)).await;
    assert_eq!(fired(&world), [], "a day ahead");
    world.clock.set(now.minus(Millis::from_secs(3_600)));
    passes(Duration::from_millis(60)).await;
    assert_eq!(fired(&world), [], "an hour back");
    // Real time passes: deadlines go on by it, whatever the wall clock shows.
    world.clock.advance(MINUTE);
    until_fired(&world, 1).await;
    world.clock.set(now);
    passes(Duration::from_millis(60)).await;
    assert_eq!(fired(&world).len(), 1, "nothing twice");
}

#[actix::test]
async fn what_nobody_answers_climbs_and_an_answer_stops_it() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    let give = CaseCommand::SetHandler { handler: judge(), reason: String::new() };
    ask(&world, case, give).await.unwrap();
    open(&world, case, "E01", now).await;
    world.clock.advance(Millis(2 * MINUTE.0));
    until_fired(&world, 2).await;
    let known = || {
        let note = world.journal.memory().case_note(case);
        note.escalations.get(&(code("E01"), 1)).cloned().unwrap()
    };
    assert!(!known().offices.contains(&Office::Discipline));
    // Three working days from Monday: over with Thursday.
    world.clock.advance(Millis::from_secs(4 * 86_400));
    until("it climbs", || known().climbs == 1).await;
    assert!(known().offices.contains(&Office::Discipline));
    let act = |by, act| CaseCommand::Escalation { node: code("E01"), round: 1, by, act };
    let early = ask(&world, case, act(director(), EscalationAct::Accept)).await;
    let refused = CommandFault::Case(CaseFault::Refused(CaseRefusal::NothingAnswered));
    assert_eq!(format!("{early:?}"), format!("{:?}", Err::<(), _>(refused)));
    ask(&world, case, act(judge(), EscalationAct::Answer("已到场".into()))).await.unwrap();
    world.clock.advance(Millis::from_secs(30 * 86_400));
    passes(Duration::from_millis(60)).await;
    assert_eq!(known().climbs, 1);
    ask(&world, case, act(director(), EscalationAct::Accept)).await.unwrap();
    assert_eq!(known().status(), EscalationStatus::Closed);
}

#[actix::test]
async fn what_cannot_be_written_is_rung_again() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "E01", now).await;
    world.journal.memory().fail_next(tiande_actors::ports::AppendFault::Unavailable);
    world.clock.advance(MINUTE);
    until_fired(&world, 1).await;
    assert_eq!(world.journal.memory().failures_left(), 0);
}

#[actix::test]
async fn a_procedure_that_is_not_there_is_not_applied() {
    let world = World::open().await;
    let case = import(&world, 1).await;
    let version = tiande_core::procedure::ProcedureVersion { name: "plain".into(), version: 9 };
    let chosen = ask(&world, case, CaseCommand::Node(NodeCommand::ChooseProcedure(version))).await;
    let refusal = CaseRefusal::Node(NodeRefusal::Procedure);
    let refused = CommandFault::Case(CaseFault::Refused(refusal));
    assert_eq!(format!("{chosen:?}"), format!("{:?}", Err::<(), _>(refused)));
}

#[actix::test]
async fn a_node_that_follows_another_starts_with_its_end() {
    let world = World::open().await;
    let (case, now) = (import(&world, 1).await, world.clock.now());
    open(&world, case, "T01", now).await;
    world.clock.advance(Millis::from_secs(86_400));
    let done = NodeCommand::Complete { node: code("T01"), round: 1, at: world.clock.now() };
    node(&world, case, done.clone()).await;
    let running = || world.journal.memory().case_note(case).running;
    let next = running().get(&(code("T05"), 1)).copied().unwrap();
    // A day from Tuesday on: the last second of Wednesday.
    assert_eq!(next.due, Some(now.plus(Millis::from_secs(3 * 86_400 - 10 * 3_600 - 1))));
    node(&world, case, done).await;
    assert_eq!(running().len(), 1, "done twice starts nothing twice");
}

#[actix::test]
async fn another_calendar_moves_the_dates_of_all_cases_once_and_fires_nothing_early() {
    const CASES: u32 = 300; // More than a lot.
    let world = World::open().await;
    let now = world.clock.now();
    let mut cases = Vec::new();
    for n in 0..CASES {
        let case = import(&world, n + 1).await;
        open(&world, case, "T01", now).await;
        cases.push(case);
    }
    let due = |world: &World, case| {
        let note = world.journal.memory().case_note(case);
        note.running.get(&(code("T01"), 1)).and_then(|node| node.due).unwrap()
    };
    let before = due(&world, cases[0]);
    // Thirty days after November 23 is a Wednesday; a week of rest moves it to the Monday after.
    let other = rules_of_calendar(2, Some(("2026-12-21", "2026-12-27")));
    let world = world.reopen_with(|ports| ports.rules = other.clone()).await;
    let moved = before.plus(Millis::from_secs(5 * 86_400));
    until("all dates move", || cases.iter().all(|case| due(&world, *case) == moved)).await;
    let written = world.journal.appended().len();
    let world = world.reopen_with(|ports| ports.rules = other).await;
    passes(Duration::from_millis(100)).await;
    assert_eq!(world.journal.appended().len(), written, "once");
    let sleeping = within("counts", world.court.counts()).await.unwrap().cases;
    assert_eq!(sleeping, 0, "nobody is kept awake by it");
    assert_eq!(fired(&world), []);
}

#[actix::test]
async fn a_doubted_clock_alarms_centre_and_director_once_until_an_operator_confirms_it() {
    let world = World::open().await;
    let mut centre = world.console(&[Audience::Centre]);
    let mut director = world.console(&[Audience::Director]);
    let now = world.clock.now();
    let ahead = now.plus(Millis::from_secs(7_200));
    world.clock.set(ahead);
    let suspect = |alarm: &PlainFrame| alarm.is("kind", "clock_suspect");
    centre.next_that("alarm", suspect).await;
    director.next_that("alarm", suspect).await;
    let shown = within("the clock", world.court.clock()).await.unwrap();
    assert_eq!((shown.court_time, shown.standing.wall), (now, ahead));
    assert!(shown.standing.suspect);
    passes(Duration::from_millis(60)).await;
    let raised = world.journal.appended().into_iter().flat_map(|append| append.notices);
    assert_eq!(raised.filter(|n| matches!(n, NoticeChange::Raise { .. })).count(), 2, "once each");
    let case = import(&world, 1).await;
    open(&world, case, "E01", now).await;
    let shown = within("the clock", world.court.confirm_clock()).await.unwrap();
    assert_eq!((shown.court_time, shown.standing.suspect), (ahead, false));
    centre.next("alarm_acked").await;
    until_fired(&world, 2).await;
}
