//! From a tip to officers on their way.

use tiande_actors::court::OfficerDeed;
use tiande_actors::ports::journal::Audience;
use tiande_core::incident::Outcome;
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::OfficerEvent;

use crate::waiting::{until, within};
use crate::world::{World, asking_two, profile};

#[actix::test]
async fn the_nearest_officers_are_asked_as_many_as_the_court_wants() {
    let world = World::open_with(asking_two()).await;
    let [mut far, mut near, mut middle] = world.on_duty([9_000.0, 100.0, 700.0]).await;
    let incident = world.emergency().await;
    let card = near.inbox.next("offer").await;
    assert!(
        card.is("incident", incident) && card.is("briefed", true) && card.is("distance_m", 100)
    );
    middle.offer().await;
    world.settled().await;
    assert!(!far.inbox.unread().contains(&"offer".to_owned()));
    assert_eq!(world.status(incident).await, "searching");
}

#[actix::test]
async fn an_offer_leaves_only_after_its_append_is_durable() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    console.next("welcome").await;
    world.settled().await;
    for inbox in [&mut near.inbox, &mut next.inbox, &mut console] {
        inbox.unread();
    }
    world.journal.hold();
    let (court, tip) = (world.court.clone(), world.tip());
    let submitted = actix::spawn(async move { court.submit_tip(tip).await });
    until("the append is under way", || world.journal.waiting() == 1).await;
    world.settled().await;
    assert!(!submitted.is_finished(), "the sender has no answer yet");
    // What concerns positions may come in between: they are no decisions.
    for inbox in [&mut near.inbox, &mut next.inbox] {
        assert!(inbox.unread().iter().all(|kind| kind == "ack" || kind == "stored"));
    }
    assert!(console.unread().iter().all(|kind| kind == "tick"));
    world.journal.release();
    let taken = within("the answer", submitted).await.unwrap().unwrap();
    near.offer().await;
    next.offer().await;
    console.next_that("incident", |frame| frame.is("incident", taken.incident)).await;
}

#[actix::test]
async fn an_acceptance_and_its_refusal_of_others_wait_for_the_append_too() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    world.emergency().await;
    let offer = near.offer().await;
    next.offer().await;
    world.settled().await;
    near.inbox.unread();
    next.inbox.unread();
    world.journal.hold();
    let accepting = actix::spawn({
        let (court, officer, device) = (world.court.clone(), near.officer, near.device);
        let deed = OfficerDeed::Accept(offer);
        async move { court.officer(tiande_actors::court::ToOfficer { officer, device, deed }).await }
    });
    until("the append is under way", || world.journal.waiting() == 1).await;
    world.settled().await;
    assert!(near.inbox.unread().is_empty() && next.inbox.unread().is_empty());
    assert_eq!(world.officer_status(near.officer).await, "offered");
    world.journal.release();
    within("the answer", accepting).await.unwrap().unwrap();
    near.inbox.next("offer_closed").await;
    next.inbox.next("offer_closed").await;
}

#[actix::test]
async fn an_accepted_offer_commits_and_withdraws_the_others() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let mut console = world.console(&[]);
    let incident = world.emergency().await;
    let (offer, other) = (near.offer().await, next.offer().await);
    world.accept(&near, offer).await.unwrap();
    assert!(near.inbox.next("offer_closed").await.is("how", "none"));
    let state = near.inbox.next("state").await;
    assert!(state.is("commitments", incident) && state.is("status", "committed"));
    let closed = next.inbox.next("offer_closed").await;
    assert!(closed.is("offer", other) && closed.is("how", "withdrawn"));
    let seen = console.next_that("incident", |frame| frame.is("status", "underway")).await;
    assert!(seen.is("crew", near.officer) && seen.is("offers", ""));
    assert_eq!(world.officer_status(next.officer).await, "available");
    assert!(world.accept(&next, other).await.is_err(), "a withdrawn offer is no way in");
    world.accept(&near, offer).await.unwrap();
    let committed = |e: &Event| matches!(e, Event::Officer(OfficerEvent::Committed { .. }));
    assert_eq!(world.count(committed), 1, "the same word again changes nothing");
}

#[actix::test]
async fn a_declined_offer_and_the_next_ones_are_one_append() {
    let world = World::open().await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    let before = world.journal.appended().len();
    world.deed(&near, OfficerDeed::Decline(offer, Some("busy".into()))).await.unwrap();
    next.offer().await;
    let appended = world.journal.appended();
    assert_eq!(appended.len(), before + 1);
    let mut streams: Vec<_> = appended[before].streams.iter().map(|s| s.stream).collect();
    streams.sort();
    let mut wanted = [
        StreamId::Incident(incident),
        StreamId::Officer(near.officer),
        StreamId::Officer(next.officer),
    ];
    wanted.sort();
    assert_eq!(streams, wanted);
    assert!(near.inbox.next("offer_closed").await.is("how", "declined"));
}

#[actix::test]
async fn nobody_is_asked_twice_for_one_incident() {
    let world = World::open().await;
    let [mut only] = world.on_duty([100.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    let incident = world.emergency().await;
    let offer = only.offer().await;
    world.deed(&only, OfficerDeed::Decline(offer, None)).await.unwrap();
    console.next_that("alarm", |alarm| alarm.is("incident", incident)).await;
    assert_eq!(world.status(incident).await, "exhausted");
    assert_eq!(world.officer_status(only.officer).await, "available");
}

#[actix::test]
async fn an_officer_who_becomes_free_is_asked_by_the_incident_that_waits() {
    let world = World::open().await;
    let [mut only] = world.on_duty([100.0]).await;
    let first = world.emergency().await;
    let offer = only.offer().await;
    world.accept(&only, offer).await.unwrap();
    let second = world.emergency().await;
    assert_eq!(world.status(second).await, "exhausted");
    let done = OfficerDeed::Finish(first, Outcome::Found, None);
    world.deed(&only, done).await.unwrap();
    let card = only.inbox.next("offer").await;
    assert!(card.is("incident", second));
    assert_eq!(world.status(first).await, "finished");
    assert_eq!(world.status(second).await, "searching");
}

#[actix::test]
async fn an_officer_who_comes_on_duty_is_asked_by_the_incident_that_waits() {
    let world = World::open().await;
    let incident = world.emergency().await;
    assert_eq!(world.status(incident).await, "exhausted");
    let mut late = world.on_duty_at(400.0).await;
    assert!(late.inbox.next("offer").await.is("incident", incident));
}

#[actix::test]
async fn an_incident_that_needs_two_is_underway_with_the_second() {
    let mut court = profile();
    court.dispatch.need.insert(tiande_core::incident::IncidentKind::Other, 2);
    let world = World::open_with(court).await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let (first, second) = (near.offer().await, next.offer().await);
    world.accept(&near, first).await.unwrap();
    assert_eq!(world.status(incident).await, "searching");
    world.accept(&next, second).await.unwrap();
    assert_eq!(world.status(incident).await, "underway");
    for (who, left) in [(&near, "underway"), (&next, "finished")] {
        let done = OfficerDeed::Finish(incident, Outcome::Seized, None);
        world.deed(who, done).await.unwrap();
        assert_eq!(world.status(incident).await, left);
    }
}

#[actix::test]
async fn a_tip_delivered_many_times_is_one_incident() {
    let world = World::open().await;
    let tip = || {
        let mut tip = world.tip();
        tip.webhook_id = "msg_same".into();
        tip
    };
    let all: Vec<_> = (0..8).map(|_| world.submit(tip())).collect();
    let answers = futures_util::future::join_all(all).await;
    let incidents: std::collections::BTreeSet<_> =
        answers.into_iter().map(|answer| answer.unwrap().incident).collect();
    assert_eq!(incidents.len(), 1);
    assert!(world.submit(tip()).await.unwrap().repeated);
    let mut other = tip();
    other.body_sha256 = [2; 32];
    assert!(matches!(world.submit(other).await, Err(tiande_actors::intake::TipFault::Mismatch)));
    let opened =
        |e: &Event| matches!(e, Event::Incident(tiande_core::incident::IncidentEvent::Opened(_)));
    assert_eq!(world.count(opened), 1);
}

/// Waits until a court that has got its first tip knows the deliveries taken before.
async fn deliveries_are_known(world: &World) {
    let mut first = world.tip();
    first.webhook_id = "msg_first".into();
    world.submit(first).await.unwrap();
    world.settled().await;
}

#[actix::test]
async fn a_delivery_taken_before_a_restart_gets_the_same_answer_after_it() {
    let world = World::open().await;
    let tip = |world: &World| {
        let mut tip = world.tip();
        tip.webhook_id = "msg_same".into();
        tip
    };
    let taken = world.submit(tip(&world)).await.unwrap();
    let world = world.reopen().await;
    // As the very first, when nothing is known yet, and when all is.
    let again = world.submit(tip(&world)).await.unwrap();
    assert_eq!((again.tip, again.incident, again.repeated), (taken.tip, taken.incident, true));
    let world = world.reopen().await;
    deliveries_are_known(&world).await;
    let again = world.submit(tip(&world)).await.unwrap();
    assert_eq!((again.tip, again.incident, again.repeated), (taken.tip, taken.incident, true));
}

#[actix::test]
async fn a_doubled_delivery_that_memory_does_not_know_is_refused_by_the_journal() {
    let world = World::open().await;
    let near = world.on_duty_at(100.0).await;
    let tip = |world: &World| {
        let mut tip = world.tip();
        tip.webhook_id = "msg_same".into();
        tip
    };
    let taken = world.submit(tip(&world)).await.unwrap();
    world.cancel(taken.incident).await;
    world.journal.memory().hide_deliveries();
    let world = world.reopen().await;
    deliveries_are_known(&world).await;
    let before = world.events().len();
    let again = world.submit(tip(&world)).await.unwrap();
    assert_eq!((again.tip, again.incident, again.repeated), (taken.tip, taken.incident, true));
    assert_eq!(world.events().len(), before, "nothing of it was written");
    let mut other = tip(&world);
    other.body_sha256 = [2; 32];
    assert!(matches!(world.submit(other).await, Err(tiande_actors::intake::TipFault::Mismatch)));
    drop(near);
}
