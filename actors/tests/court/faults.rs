//! What a failing journal does to decisions: none is half done, none is done twice.

use tiande_actors::court::{CommandFault, EnrolOfficer, OfficerDeed};
use tiande_actors::incident::IncidentFault;
use tiande_actors::intake::TipFault;
use tiande_actors::ports::AppendFault;
use tiande_core::incident::{IncidentCommand, IncidentEvent};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{OfficerEvent, OfficerPersonal};

use crate::waiting::{gets, until, within};
use crate::world::{World, asking_two};

fn committed(event: &Event) -> bool {
    matches!(event, Event::Officer(OfficerEvent::Committed { .. }))
}

fn opened(event: &Event) -> bool {
    matches!(event, Event::Incident(IncidentEvent::Opened(_)))
}

#[actix::test]
async fn a_tip_the_journal_does_not_take_leaves_nothing_and_may_come_again() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let before = world.events().len();
    for fault in [AppendFault::Unavailable, AppendFault::StorageFull] {
        world.journal.fail_next(fault);
        let mut tip = world.tip();
        tip.webhook_id = "msg_again".into();
        let refused = world.submit(tip).await;
        assert!(matches!(refused, Err(TipFault::Incident(IncidentFault::Append(_)))));
        assert_eq!(world.events().len(), before);
        assert_eq!(world.officer_status(near.officer).await, "available");
        assert_eq!(within("counts", world.court.counts()).await.unwrap().incidents, 0);
    }
    let mut tip = world.tip();
    tip.webhook_id = "msg_again".into();
    let taken = world.submit(tip).await.unwrap();
    assert!(!taken.repeated);
    assert!(near.inbox.next("offer").await.is("incident", taken.incident));
    assert_eq!(world.count(opened), 1);
}

#[actix::test]
async fn a_refused_append_changes_nothing_and_the_next_try_works() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    next.offer().await;
    for fault in [AppendFault::Unavailable, AppendFault::StorageFull] {
        world.journal.fail_next(fault);
        let refused = world.accept(&near, offer).await;
        assert!(matches!(refused, Err(CommandFault::Incident(IncidentFault::Append(_)))));
        assert_eq!(world.status(incident).await, "searching");
        assert_eq!(world.officer_status(near.officer).await, "offered");
        assert_eq!(world.officer_status(next.officer).await, "offered");
    }
    world.accept(&near, offer).await.unwrap();
    assert_eq!(world.status(incident).await, "underway");
    world.journal.fail_next(AppendFault::Unavailable);
    assert!(world.deed(&next, OfficerDeed::StartBreak).await.is_err());
    assert_eq!(world.officer_status(next.officer).await, "available");
    world.deed(&next, OfficerDeed::StartBreak).await.unwrap();
}

#[actix::test]
async fn an_officer_whose_registration_was_refused_is_not_on_the_roster() {
    let world = World::open().await;
    let officer = world.new_officer();
    let personal = OfficerPersonal { name: "王建国".into(), badge: None };
    let enrol = || EnrolOfficer { officer, personal: personal.clone(), skills: Vec::new() };
    world.journal.fail_next(AppendFault::Unavailable);
    assert!(within("enrolling", world.court.enrol_officer(enrol())).await.is_err());
    assert!(within("the roster", world.court.roster()).await.unwrap().is_empty());
    within("enrolling", world.court.enrol_officer(enrol())).await.unwrap();
    assert_eq!(world.roster_of(officer).await.name, "王建国");
}

/// An acceptance whose answer gets lost, before or after it was written.
async fn lost_acceptance(written: bool) {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    next.offer().await;
    world.journal.lose_next_answer(written);
    let lost = world.accept(&near, offer).await;
    assert!(matches!(
        lost,
        Err(CommandFault::Incident(IncidentFault::Append(AppendFault::Unknown)))
    ));
    // Both officers were a part of it: both are rebuilt, and their sockets told so.
    assert_eq!(near.inbox.closed().await, 1012);
    assert_eq!(next.inbox.closed().await, 1012);
    let mut near = world.connect(near.officer).await;
    let welcome = near.inbox.next("welcome").await;
    assert!(welcome.is("status", if written { "committed" } else { "offered" }));
    gets("an acceptance", async || world.accept(&near, offer).await.ok()).await;
    assert_eq!(world.status(incident).await, "underway");
    assert_eq!(world.count(committed), 1);
    let next = world.connect(next.officer).await;
    assert_eq!(world.officer_status(next.officer).await, "available");
}

#[actix::test]
async fn a_lost_answer_is_read_from_the_journal_when_it_was_not_written() {
    lost_acceptance(false).await;
}

#[actix::test]
async fn a_lost_answer_is_read_from_the_journal_when_it_was_written() {
    lost_acceptance(true).await;
}

#[actix::test]
async fn a_tip_whose_answer_got_lost_is_the_same_incident_when_it_comes_again() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.journal.lose_next_answer(true);
    assert!(world.submit(world.tip()).await.is_err());
    let mut again = world.tip();
    again.webhook_id = "msg_1".into();
    let taken = world.submit(again).await.unwrap();
    assert!(taken.repeated);
    assert_eq!(world.count(opened), 1);
    assert_eq!(near.inbox.closed().await, 1012);
    let mut near = world.connect(near.officer).await;
    let welcome = near.inbox.next("welcome").await;
    let offer = welcome.get("offers").parse().unwrap();
    gets("an acceptance", async || world.accept(&near, offer).await.ok()).await;
}

#[actix::test]
async fn who_lost_track_of_a_stream_reads_it_again() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    let stream = StreamId::Incident(incident);
    world.journal.fail_next(AppendFault::Conflict { stream, expected: 3, actual: 4 });
    let lost = world.accept(&near, offer).await;
    assert!(matches!(
        lost,
        Err(CommandFault::Incident(IncidentFault::Append(AppendFault::Conflict { .. })))
    ));
    assert_eq!(near.inbox.closed().await, 1012);
    let near = world.connect(near.officer).await;
    gets("an acceptance", async || world.accept(&near, offer).await.ok()).await;
    assert_eq!(world.count(committed), 1);
}

#[actix::test]
async fn an_officers_own_command_whose_answer_got_lost_is_read_again() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.journal.lose_next_answer(true);
    assert!(world.deed(&near, OfficerDeed::StartBreak).await.is_err());
    assert_eq!(near.inbox.closed().await, 1012);
    let mut near = world.connect(near.officer).await;
    assert!(near.inbox.next("welcome").await.is("status", "on_break"));
}

#[actix::test]
async fn a_rebuild_that_cannot_read_tries_again() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.journal.fail_reads(2);
    world.journal.lose_next_answer(false);
    assert!(world.deed(&near, OfficerDeed::StartBreak).await.is_err());
    assert_eq!(near.inbox.closed().await, 1012);
    let mut near = world.connect(near.officer).await;
    assert!(near.inbox.next("welcome").await.is("status", "available"));
}

#[actix::test]
async fn an_acknowledgement_that_was_not_written_leaves_the_alarm() {
    use tiande_actors::court::AcknowledgeAlarm;
    use tiande_actors::ports::journal::Audience;
    let world = World::open().await;
    let mut console = world.console(&[Audience::Centre]);
    let incident = world.emergency().await;
    let alarm = console.next("alarm").await.get("alarm").parse().unwrap();
    let acknowledge = || AcknowledgeAlarm {
        alarm,
        by: "李四".into(),
        audiences: vec![Audience::Centre],
        who: tiande_core::journal::By::System,
    };
    world.journal.fail_next(AppendFault::StorageFull);
    let refused = within("an acknowledgement", world.court.acknowledge(acknowledge())).await;
    assert!(matches!(refused, Err(CommandFault::Append(_))));
    within("an acknowledgement", world.court.acknowledge(acknowledge())).await.unwrap();
    console.next("alarm_acked").await;
    until("the alarm is over", || {
        let notices = world.journal.appended().into_iter().flat_map(|a| a.notices);
        notices.count() == 2
    })
    .await;
    let cancel = IncidentCommand::Cancel { reason: "test".into() };
    world.journal.fail_next(AppendFault::Unavailable);
    assert!(world.order(incident, cancel).await.is_err());
    assert_eq!(world.status(incident).await, "exhausted");
}
