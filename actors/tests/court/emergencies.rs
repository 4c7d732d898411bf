//! Clocks of emergencies: they run on incidents, alarm whom the procedure names, and tell the case how far
//! its emergency is.

use std::time::Duration;

use tiande_actors::court::CaseImport;
use tiande_actors::intake::SubmitTip;
use tiande_actors::ports::journal::{Audience, NoticeChange};
use tiande_core::case::{CaseNumber, Party, PartyNotice, PartyRole};
use tiande_core::ids::CaseId;
use tiande_core::incident::{IncidentCommand, IncidentEvent};
use tiande_core::journal::{By, Event};
use tiande_core::procedure::NodeCode;
use tiande_core::time::Millis;

use crate::waiting::{passes, until, within};
use crate::world::World;

const NUMBER: &str = "(2026)豫0783执7号";

fn code(text: &str) -> NodeCode {
    text.parse().unwrap()
}

async fn import(world: &World) -> CaseId {
    let parties = vec![Party::named(PartyRole::Applicant, "张三")];
    let import = CaseImport {
        number: CaseNumber::parse(NUMBER).unwrap(),
        parties,
        filing: None,
        by: By::Operator,
        only_new: false,
    };
    within("an import", world.court.import_case(import)).await.unwrap()
}

/// An emergency of a source whose word starts nothing by itself.
fn untrusted(world: &World) -> SubmitTip {
    SubmitTip { trusted: false, ..world.tip() }
}

fn about(world: &World, case: CaseId) -> Vec<(NodeCode, bool)> {
    let notices = world.journal.memory().case_note(case).notices;
    let node = |notice: &PartyNotice| notice.code.parse().unwrap();
    notices.iter().map(|notice| (node(notice), notice.incident.is_some())).collect()
}

fn raised(world: &World) -> Vec<(Audience, String, Option<NodeCode>)> {
    let notices = world.journal.appended().into_iter().flat_map(|append| append.notices);
    let raised = notices.filter_map(|notice| match notice {
        NoticeChange::Raise { audience, kind, node, .. } => Some((audience, kind, node)),
        NoticeChange::Acknowledge { .. } | NoticeChange::Settle { .. } => None,
    });
    raised.collect()
}

#[actix::test]
async fn what_nobody_takes_up_warns_the_centre_and_then_alarms_director_and_president_once() {
    let world = World::open().await;
    let taken = world.submit(untrusted(&world)).await.unwrap();
    let seen = world.look(taken.incident).await;
    let clock = seen.view.clock.clone().unwrap();
    assert_eq!((clock.running.node, clock.running.overdue), (code("E11"), false));
    // Timers run on real time: a start looks at what has become due.
    world.clock.advance(Millis::from_secs(10 * 60));
    let world = world.reopen().await;
    let warning = (Audience::Centre, "clock_warning".to_owned(), Some(code("E11")));
    until("it warns", || raised(&world) == [warning.clone()]).await;
    world.clock.advance(Millis::from_secs(10 * 60));
    let world = world.reopen().await;
    until("it alarms", || raised(&world).len() == 3).await;
    let overdue = |audience| (audience, "clock_overdue".to_owned(), Some(code("E11")));
    let all = [warning, overdue(Audience::Director), overdue(Audience::President)];
    assert_eq!(raised(&world), all);
    let mut president = world.console(&[Audience::President]);
    let welcome = president.next("welcome").await;
    assert!(!welcome.get("alarms").is_empty(), "the president hears of it");
    let world = world.reopen().await;
    passes(Duration::from_millis(60)).await;
    assert_eq!(raised(&world).len(), 3, "once, however often it starts");
    assert!(world.look(taken.incident).await.view.clock.clone().unwrap().running.overdue);
}

#[actix::test]
async fn a_step_that_is_reached_stops_its_clock_and_is_told_to_the_case() {
    let world = World::open().await;
    let case = import(&world).await;
    let mut tip = untrusted(&world);
    tip.tip.case_number = Some(CaseNumber::parse(NUMBER).unwrap());
    let taken = world.submit(tip).await.unwrap();
    assert_eq!(about(&world, case), []);
    world.order(taken.incident, IncidentCommand::Dispatch).await.unwrap();
    until("the case knows", || about(&world, case) == [(code("E11"), true)]).await;
    let clock = world.look(taken.incident).await.view.clock.clone().unwrap();
    assert_eq!(clock.running.node, code("E12"));
    world.clock.advance(Millis::from_secs(30 * 60));
    let world = world.reopen().await;
    passes(Duration::from_millis(60)).await;
    let clocks = |world: &World| {
        let rang = |event: &Event| matches!(event, Event::Incident(IncidentEvent::ClockRang(_)));
        world.count(rang)
    };
    assert_eq!(clocks(&world), 0, "E11 was reached, E12 is not near");
    assert_eq!(about(&world, case).len(), 1, "told once");
    world.cancel(taken.incident).await;
    world.clock.advance(Millis::from_secs(3_600));
    let world = world.reopen().await;
    passes(Duration::from_millis(60)).await;
    assert_eq!(clocks(&world), 0, "it is over");
}

#[actix::test]
async fn of_a_drill_no_applicant_is_told() {
    let world = World::open().await;
    let case = import(&world).await;
    let mut tip = untrusted(&world);
    tip.tip.case_number = Some(CaseNumber::parse(NUMBER).unwrap());
    tip.tip.exercise = true;
    let taken = world.submit(tip).await.unwrap();
    world.order(taken.incident, IncidentCommand::Dispatch).await.unwrap();
    passes(Duration::from_millis(60)).await;
    assert_eq!(about(&world, case), []);
}
