//! A court that ends and is opened again on the same journal; and one that is asked to end.

use tiande_actors::court::{CommandFault, OfficerDeed, ToOfficer};
use tiande_actors::intake::TipFault;
use tiande_actors::ports::journal::Audience;
use tiande_core::incident::{IncidentEvent, Outcome};
use tiande_core::journal::Event;

use crate::waiting::{until, within};
use crate::world::{World, asking_two, north};

#[actix::test]
async fn an_opened_court_is_as_it_was() {
    let world = World::open_with(asking_two()).await;
    let [mut near, mut next, mut bound] = world.on_duty([100.0, 700.0, 900.0]).await;
    let pause = world.enrol("off").await;
    world.deed(&bound, OfficerDeed::StartBreak).await.unwrap();
    let closed = world.emergency().await;
    let (offer, _) = (near.offer().await, next.offer().await);
    world.accept(&near, offer).await.unwrap();
    let done = OfficerDeed::Finish(closed, Outcome::Found, None);
    world.deed(&near, done).await.unwrap();
    let open = world.emergency().await;
    let (offer, other) = (near.offer().await, next.offer().await);
    let exhausted = world.emergency().await;
    assert_eq!(world.status(exhausted).await, "exhausted");
    world.deed(&bound, OfficerDeed::GoOnDuty).await.unwrap();
    let third = bound.inbox.next("offer").await;
    assert!(third.is("incident", exhausted));
    let before = world.events().len();

    let world = world.reopen().await;
    assert_eq!(near.inbox.closed().await, 1012);
    assert_eq!(world.events().len(), before, "opening decides nothing");
    let counts = within("counts", world.court.counts()).await.unwrap();
    assert_eq!((counts.officers, counts.incidents), (4, 2));
    assert_eq!(world.officer_status(pause).await, "off_duty");
    let mut console = world.console(&[Audience::Centre]);
    let welcome = console.next("welcome").await;
    assert_eq!(welcome.list("incidents").len(), 2);
    assert_eq!(welcome.list("alarms").len(), 1);
    let mut near = world.connect(near.officer).await;
    let mut next = world.connect(next.officer).await;
    assert!(near.inbox.next("welcome").await.is("offers", offer));
    assert!(next.inbox.next("welcome").await.is("offers", other));
    world.accept(&near, offer).await.unwrap();
    assert_eq!(world.status(open).await, "underway");
    let withdrawn = next.inbox.next("offer_closed").await;
    assert!(withdrawn.is("offer", other) && withdrawn.is("how", "withdrawn"));
    assert_eq!(world.status(closed).await, "finished", "woken when somebody looks");
}

#[actix::test]
async fn an_offer_is_told_with_its_incident_also_after_a_restart() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.emergency().await;
    near.offer().await;
    let world = world.reopen().await;
    let mut near = world.connect(near.officer).await;
    near.inbox.next_that("welcome", |w| w.is("briefed", true)).await;
}

#[actix::test]
async fn numbers_of_incidents_go_on_after_a_restart() {
    let world = World::open().await;
    world.emergency().await;
    world.emergency().await;
    let world = world.reopen().await;
    let third = world.emergency().await;
    assert_eq!(world.look(third).await.view.brief.number, 3);
}

#[actix::test]
async fn an_offer_whose_time_ran_out_while_the_court_was_shut_lapses_at_once() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    near.offer().await;
    world.clock.advance(tiande_core::time::Millis(60_000));
    let world = world.reopen().await;
    let lapsed = |e: &Event| matches!(e, Event::Incident(IncidentEvent::OfferClosed { .. }));
    until("it has lapsed", || world.count(lapsed) == 1).await;
    assert_eq!(world.status(incident).await, "exhausted");
}

#[actix::test]
async fn positions_do_not_outlive_the_court() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    let world = world.reopen().await;
    assert!(world.roster_of(near.officer).await.fix.is_none());
    let incident = world.emergency().await;
    assert_eq!(world.status(incident).await, "exhausted");
    let mut near = world.connect(near.officer).await;
    near.report(&world, north(100.0)).await;
    assert!(near.inbox.next("offer").await.is("incident", incident));
}

#[actix::test]
async fn a_court_that_stops_refuses_everything() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.court.stop();
    assert!(matches!(world.submit(world.tip()).await, Err(TipFault::Overloaded)));
    let refused = world.deed(&near, OfficerDeed::GoOffDuty).await;
    assert!(matches!(refused, Err(CommandFault::Stopping)));
    let refused = within("the roster", world.court.roster()).await;
    assert!(matches!(refused, Err(CommandFault::Stopping)));
    assert!(within("draining", world.court.drained(10)).await);
}

#[actix::test]
async fn a_drained_court_has_no_tip_under_way() {
    let world = World::open().await;
    world.journal.hold();
    let (court, tip) = (world.court.clone(), world.tip());
    let submitted = actix::spawn(async move { court.submit_tip(tip).await });
    until("the append is under way", || world.journal.waiting() == 1).await;
    world.court.stop();
    assert!(!within("draining", world.court.drained(5)).await);
    world.journal.release();
    within("the tip", submitted).await.unwrap().unwrap();
    assert!(within("draining", world.court.drained(500)).await);
}

#[actix::test]
async fn a_drained_court_has_no_command_under_way() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.journal.hold();
    let (court, officer, device) = (world.court.clone(), near.officer, near.device);
    let order = ToOfficer { officer, device, deed: OfficerDeed::StartBreak };
    let ordered = actix::spawn(async move { court.officer(order).await });
    until("the append is under way", || world.journal.waiting() == 1).await;
    world.court.stop();
    assert!(!within("draining", world.court.drained(5)).await);
    world.journal.release();
    within("the order", ordered).await.unwrap().unwrap();
    assert!(within("draining", world.court.drained(500)).await);
}

#[actix::test]
async fn the_ways_in_hold_their_bounds_while_the_journal_is_slow() {
    let world = World::open().await;
    world.journal.hold();
    let at_work = tiande_actors::limits::TIPS_AT_WORK;
    let bound = at_work + tiande_actors::limits::TURNSTILE_WAITING;
    let tips: Vec<_> = (0..bound + 8)
        .map(|_| {
            let (court, tip) = (world.court.clone(), world.tip());
            actix::spawn(async move { court.submit_tip(tip).await })
        })
        .collect();
    until("as many are at work as may be", || world.journal.waiting() == at_work).await;
    world.journal.release();
    let (mut taken, mut refused) = (0, 0);
    for answer in tips {
        match within("an answer", answer).await.unwrap() {
            Ok(_) => taken += 1,
            Err(TipFault::Overloaded) => refused += 1,
            Err(fault) => panic!("{fault:?}"),
        }
    }
    // Those beyond the bound at once; on a busy machine others lose patience.
    assert!(refused >= 8 && taken >= at_work, "{taken} taken, {refused} refused");
}
