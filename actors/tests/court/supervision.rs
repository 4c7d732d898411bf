//! Actors that die: rebuilt from the journal, and alone in it. They are killed through their ports,
//! by a frame or an append that panics.

use tiande_actors::court::{CommandFault, OfficerDeed};
use tiande_actors::ports::journal::{Audience, NoticeChange};
use tiande_core::ids::{CourtId, OfficerId};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::OfficerEvent;

use crate::waiting::within;
use crate::world::{Handheld, World, asking_two, north, profile};

/// A fix whose acknowledgement makes the officer's actor panic.
async fn kill(world: &World, handheld: &mut Handheld) {
    world.wire.trip("ack epoch=666 ", 1);
    handheld.epoch = 666;
    handheld.send_fix(world, north(100.0));
    assert_eq!(handheld.inbox.closed().await, 1012);
}

#[actix::test]
async fn an_officers_actor_that_dies_comes_back_with_its_offer_open() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let (offer, _) = (near.offer().await, next.offer().await);
    kill(&world, &mut near).await;
    let mut near = world.connect(near.officer).await;
    let welcome = near.inbox.next("welcome").await;
    assert!(welcome.is("status", "offered") && welcome.is("offers", offer));
    world.accept(&near, offer).await.unwrap();
    assert_eq!(world.status(incident).await, "underway");
    assert!(next.inbox.next("offer_closed").await.is("how", "withdrawn"));
    assert!(!next.inbox.is_closed(), "the other officer's socket saw nothing of it");
}

#[actix::test]
async fn an_incidents_actor_that_dies_comes_back_as_it_was() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.journal.trap(StreamId::Incident(incident), 1);
    let lost = world.deed(&near, OfficerDeed::NoteReceived(offer)).await;
    assert!(matches!(lost, Err(CommandFault::NoAnswer)));
    world.deed(&near, OfficerDeed::NoteReceived(offer)).await.unwrap();
    let seen = world.look(incident).await.view;
    assert!(seen.offers_open[0].offer == offer && seen.offers_open[0].received);
    world.accept(&near, offer).await.unwrap();
    assert!(!near.inbox.is_closed());
}

#[actix::test]
async fn a_rebuilt_incident_keeps_its_clock() {
    let mut court = profile();
    court.dispatch.receive_ttl_ms = 40;
    court.dispatch.offer_ttl_ms = 40;
    let world = World::open_with(court).await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.journal.trap(StreamId::Incident(incident), 1);
    world.deed(&near, OfficerDeed::NoteReceived(offer)).await.unwrap_err();
    // Nobody wakes it: the desk does.
    world.clock.advance(tiande_core::time::Millis(40));
    near.inbox.next_that("offer_closed", |frame| frame.is("offer", offer)).await;
}

#[actix::test]
async fn an_officer_whose_incident_died_in_the_middle_of_a_decision_is_soon_free() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    // It dies with the officer's word in its hands.
    world.journal.trap(StreamId::Incident(incident), 1);
    let lost = world.accept(&near, offer).await;
    assert!(matches!(lost, Err(CommandFault::NoAnswer)));
    // Each try outlasts a rebuild many times over; the hold's own limit outlasts them all.
    let mut accepted = false;
    for _ in 0..5 {
        accepted = accepted || world.accept(&near, offer).await.is_ok();
    }
    assert!(accepted);
    let committed = |e: &Event| matches!(e, Event::Officer(OfficerEvent::Committed { .. }));
    assert_eq!(world.count(committed), 1);
}

/// Lets an officer's actor die until it stays down.
async fn bring_down(world: &World, officer: OfficerId) {
    let mut console = world.console(&[Audience::Centre]);
    for _ in 0..=tiande_actors::limits::RESTARTS_MAX {
        let mut handheld = world.connect(officer).await;
        kill(world, &mut handheld).await;
    }
    let alarm = console.next_that("alarm", |alarm| alarm.is("kind", "actor_down")).await;
    assert!(alarm.is("officer", officer));
}

#[actix::test]
async fn an_actor_that_dies_again_and_again_stays_down_and_calls_an_operator() {
    let world = World::open().await;
    let [near, mut next] = world.on_duty([100.0, 700.0]).await;
    let mut court = profile();
    court.id = CourtId::parse("fengqiu").unwrap();
    let neighbour = world.neighbour(court).await;
    bring_down(&world, near.officer).await;
    let raised = world.journal.appended().into_iter().flat_map(|a| a.notices);
    let down =
        raised.filter(|n| matches!(n, NoticeChange::Raise { kind, .. } if kind == "actor_down"));
    assert_eq!(down.count(), 1);
    let refused = world.deed(&near, OfficerDeed::GoOffDuty).await;
    assert!(matches!(refused, Err(CommandFault::NoAnswer)));
    // Everybody else goes on: in this court, on this thread, and in the neighbour's court.
    let incident = world.emergency().await;
    assert!(next.inbox.next("offer").await.is("incident", incident));
    assert!(within("the neighbour", neighbour.roster()).await.unwrap().is_empty());
}

#[actix::test]
async fn an_officer_who_stays_down_does_not_hold_up_the_incident() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let (_, offer) = (near.offer().await, next.offer().await);
    bring_down(&world, near.officer).await;
    world.accept(&next, offer).await.unwrap();
    assert_eq!(world.status(incident).await, "underway");
}
