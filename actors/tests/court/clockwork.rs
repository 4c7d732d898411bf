//! What time alone brings about. The limits are short because timers run on real time; the moments
//! come from the clock by hand, so nothing happens before a test moves it.

use tiande_actors::court::{CommandFault, OfficerDeed};
use tiande_actors::incident::IncidentFault;
use tiande_actors::ports::Clock;
use tiande_actors::ports::journal::{Audience, NoticeChange};
use tiande_core::court::CourtProfile;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{AlarmLevel, IncidentEvent, IncidentRefusal, Welfare};
use tiande_core::journal::Event;
use tiande_core::officer::Stage;
use tiande_core::time::Millis;

use crate::world::{Handheld, World, north, profile};

const RECEIVE: Millis = Millis(30);
const ANSWER: Millis = Millis(300);
const DIRECTOR: Millis = Millis(60);

fn short() -> CourtProfile {
    let mut court = profile();
    court.dispatch.receive_ttl_ms = RECEIVE.0;
    court.dispatch.offer_ttl_ms = ANSWER.0;
    court.dispatch.director_after_ms = DIRECTOR.0;
    court
}

#[actix::test]
async fn an_offer_that_no_device_acknowledges_is_undelivered_and_the_next_is_asked() {
    let world = World::open_with(short()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.clock.advance(RECEIVE);
    let closed = near.inbox.next("offer_closed").await;
    assert!(closed.is("offer", offer) && closed.is("how", "undelivered"));
    assert!(next.inbox.next("offer").await.is("incident", incident));
}

#[actix::test]
async fn an_acknowledged_offer_lives_until_its_answer_is_due() {
    let world = World::open_with(short()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    world.emergency().await;
    let offer = near.offer().await;
    world.deed(&near, OfficerDeed::NoteReceived(offer)).await.unwrap();
    world.clock.advance(RECEIVE);
    world.settled().await;
    assert_eq!(world.officer_status(near.officer).await, "offered");
    world.clock.advance(ANSWER);
    assert!(near.inbox.next("offer_closed").await.is("how", "expired"));
    next.offer().await;
}

#[actix::test]
async fn an_offer_cannot_be_accepted_at_its_end_even_before_the_timer_has_run() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.emergency().await;
    let offer = near.offer().await;
    world.clock.advance(Millis(world.court.profile().dispatch.offer_ttl_ms));
    let refused = world.accept(&near, offer).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Incident(IncidentFault::Refused(IncidentRefusal::OfferExpired)))
    ));
}

#[actix::test]
async fn an_exhausted_incident_alarms_the_centre_and_later_the_director_once_each() {
    let world = World::open_with(short()).await;
    let mut centre = world.console(&[Audience::Centre]);
    let mut director = world.console(&[Audience::Director]);
    let incident = world.emergency().await;
    let first = centre.next("alarm").await;
    assert!(first.is("kind", "exhausted") && first.is("audience", "centre"));
    world.clock.advance(DIRECTOR);
    let second = director.next("alarm").await;
    assert!(second.is("incident", incident) && second.is("audience", "director"));
    world.clock.advance(DIRECTOR);
    world.settled().await;
    assert!(!director.unread().contains(&"alarm".to_owned()));
    let raised = world.journal.appended().into_iter().flat_map(|a| a.notices);
    assert_eq!(raised.filter(|n| matches!(n, NoticeChange::Raise { .. })).count(), 2);
}

#[actix::test]
async fn a_decision_of_the_clock_that_the_journal_refuses_is_tried_again() {
    let world = World::open_with(short()).await;
    let [mut near] = world.on_duty([100.0]).await;
    world.emergency().await;
    near.offer().await;
    world.journal.fail_next(tiande_actors::ports::AppendFault::Unavailable);
    world.clock.advance(RECEIVE);
    assert!(near.inbox.next("offer_closed").await.is("how", "undelivered"));
}

#[actix::test]
async fn nothing_is_due_while_the_clock_stands() {
    let world = World::open_with(short()).await;
    let [mut near] = world.on_duty([100.0]).await;
    let mut console = world.console(&[]);
    world.emergency().await;
    near.offer().await;
    // The board's tick of a second is longer than every limit here.
    console.next("tick").await;
    assert_eq!(world.officer_status(near.officer).await, "offered");
    let closed = |e: &Event| matches!(e, Event::Incident(IncidentEvent::OfferClosed { .. }));
    assert_eq!(world.count(closed), 0);
}

#[actix::test]
async fn a_silent_device_is_out_of_contact_until_it_speaks() {
    let world = World::open().await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    world.clock.advance(Millis(world.court.profile().dispatch.contact_lost_after_ms + 1));
    next.report(&world, north(700.0)).await;
    near.inbox.next_that("notice", |notice| notice.is("code", "contact_lost")).await;
    assert_eq!(world.officer_status(near.officer).await, "out_of_contact");
    let incident = world.emergency().await;
    assert!(next.inbox.next("offer").await.is("incident", incident));
    near.report(&world, north(100.0)).await;
    near.inbox.next_that("state", |state| state.is("status", "available")).await;
}

const SILENT: Millis = Millis(40);

/// An officer on the scene of an incident whose court soon asks.
async fn on_scene() -> (World, Handheld, IncidentId) {
    let mut court = profile();
    court.dispatch.welfare_after_ms = SILENT.0;
    court.dispatch.welfare_answer_ms = SILENT.0;
    court.dispatch.director_after_ms = DIRECTOR.0;
    let world = World::open_with(court).await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    world.deed(&near, OfficerDeed::Progress(incident, Stage::OnScene)).await.unwrap();
    (world, near, incident)
}

#[actix::test]
async fn who_is_silent_on_scene_is_asked_and_an_answer_is_enough() {
    let (world, mut near, incident) = on_scene().await;
    let mut centre = world.console(&[Audience::Centre]);
    world.clock.advance(SILENT);
    near.inbox.next_that("notice", |n| n.is("code", "welfare_asked")).await;
    let asked = world.look(incident).await.view.crew[0].welfare;
    assert!(matches!(asked, Welfare::Asked(at) if at == world.clock.now()));
    world.deed(&near, OfficerDeed::ReportWell(incident)).await.unwrap();
    assert!(matches!(world.look(incident).await.view.crew[0].welfare, Welfare::Heard(_)));
    world.settled().await;
    assert!(!centre.unread().contains(&"alarm".to_owned()));
}

#[actix::test]
async fn no_answer_from_the_scene_alarms_the_centre_and_then_the_director() {
    let (world, mut near, incident) = on_scene().await;
    let mut centre = world.console(&[Audience::Centre]);
    let mut director = world.console(&[Audience::Director]);
    world.clock.advance(SILENT);
    near.inbox.next_that("notice", |n| n.is("code", "welfare_asked")).await;
    world.clock.advance(SILENT);
    let alarm = centre.next_that("alarm", |alarm| alarm.is("kind", "officer_silent")).await;
    assert!(alarm.is("officer", near.officer) && alarm.is("incident", incident));
    world.clock.advance(DIRECTOR);
    director.next_that("alarm", |alarm| alarm.is("kind", "officer_silent")).await;
    // The question outlives the server; so does the answer's effect.
    let (officer, world) = (near.officer, world.reopen().await);
    let near = world.connect(officer).await;
    let silent = world.look(incident).await.view.crew[0].welfare;
    assert!(matches!(silent, Welfare::Alarmed(_, AlarmLevel::Director)));
    world.deed(&near, OfficerDeed::ReportWell(incident)).await.unwrap();
    assert!(matches!(world.look(incident).await.view.crew[0].welfare, Welfare::Heard(_)));
}
