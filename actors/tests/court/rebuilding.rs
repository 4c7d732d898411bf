//! Actors rebuilt while something is in flight, and what has to be made up for afterwards.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::{join, join_all};
use tiande_actors::court::{CaseImport, OfficerDeed};
use tiande_actors::ports::journal::{Append, AppendFault, Audience, StreamAppend};
use tiande_actors::ports::{Clock, Journal};
use tiande_core::case::{CaseNumber, Party, PartyRole};
use tiande_core::ids::{IncidentId, OfferId};
use tiande_core::incident::{IncidentCommand, IncidentEvent, Said};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::officer::{OfferEnd, OfficerEvent, Stage};
use tiande_core::time::Millis;

use crate::waiting::{gets, passes, until, within};
use crate::world::{Handheld, World, asking_two, north, profile};

/// A fix whose acknowledgement makes the officer's actor panic.
async fn kill(world: &World, handheld: &mut Handheld) {
    world.wire.trip("ack epoch=666 ", 1);
    handheld.epoch = 666;
    handheld.send_fix(world, north(100.0));
    assert_eq!(handheld.inbox.closed().await, 1012);
}

/// Accepts, and dies before the acceptance is on the disk.
async fn dies_over_an_acceptance(world: &World) -> Handheld {
    let [mut near] = world.on_duty([100.0]).await;
    world.emergency().await;
    let offer = near.offer().await;
    world.journal.hold();
    let accepting = world.accept_from(near.officer, near.device, offer);
    let (accepted, ()) = join(accepting, async {
        until("the acceptance waits", || world.journal.waiting() == 1).await;
        kill(world, &mut near).await;
        // Many times as long as a rebuild takes.
        passes(Duration::from_millis(400)).await;
        world.journal.release();
    })
    .await;
    accepted.unwrap();
    near
}

#[actix::test]
async fn a_rebuilt_officer_knows_what_was_in_flight_when_it_died() {
    let world = World::open().await;
    let near = dies_over_an_acceptance(&world).await;
    let mut near = world.connect(near.officer).await;
    assert!(near.inbox.next("welcome").await.is("status", "committed"));
}

#[actix::test]
async fn an_officer_rebuilt_too_early_is_made_to_read_again() {
    let world = World::open().await;
    world.journal.be_hasty();
    let near = dies_over_an_acceptance(&world).await;
    gets("the commitment", async || {
        (world.officer_status(near.officer).await == "committed").then_some(())
    })
    .await;
}

#[actix::test]
async fn a_rebuilt_officer_is_told_again_where_to_go() {
    let world = World::open().await;
    let [mut near] = world.on_duty([400.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    kill(&world, &mut near).await;
    let mut near = world.connect(near.officer).await;
    near.epoch = 700;
    // Only who knows the place can tell by the fence that it is reached.
    gets("the arrival", async || {
        near.report(&world, north(10.0)).await;
        (world.look(incident).await.view.crew[0].stage == Stage::OnScene).then_some(())
    })
    .await;
}

/// An offer that the incident knows to be over, and the officer does not.
async fn offer_left_open(world: World) -> (World, Handheld, OfferId) {
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    let memory = world.journal.memory();
    let expected_seq = memory.read_stream(StreamId::Incident(incident)).await.unwrap().len() as u64;
    let (how, said) = (OfferEnd::Expired, Said::default());
    let closed = IncidentEvent::OfferClosed { offer, officer: near.officer, how, said };
    let append = Append {
        court: profile().id,
        at: world.clock.now(),
        by: By::System,
        why: None,
        streams: vec![StreamAppend {
            stream: StreamId::Incident(incident),
            expected_seq,
            events: vec![Event::Incident(closed)],
        }],
        delivery: None,
        notices: Vec::new(),
        case: None,
    };
    memory.append(append).await.unwrap();
    let officer = near.officer;
    let world = world.reopen().await;
    let near = world.connect(officer).await;
    assert_eq!(world.officer_status(officer).await, "offered");
    (world, near, offer)
}

#[actix::test]
async fn a_no_to_an_offer_that_is_over_lets_the_officer_go() {
    let (world, near, offer) = offer_left_open(World::open().await).await;
    world.deed(&near, OfficerDeed::Decline(offer, None)).await.unwrap();
    assert_eq!(world.officer_status(near.officer).await, "available");
}

#[actix::test]
async fn a_rebuilt_officer_does_not_keep_an_offer_that_is_over() {
    let (world, mut near, _) = offer_left_open(World::open().await).await;
    kill(&world, &mut near).await;
    gets("an end of it", async || {
        (world.officer_status(near.officer).await == "available").then_some(())
    })
    .await;
}

#[actix::test]
async fn waking_an_officer_for_one_incident_does_not_hold_up_another() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let first = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let [mut next] = world.on_duty([200.0]).await;
    world.journal.hold();
    kill(&world, &mut near).await;
    let cancel = IncidentCommand::Cancel { reason: "test".into() };
    let (cancelled, (taken, ())) = join(
        world.order(first, cancel),
        join(world.submit(world.tip()), async {
            // The journal does not say what is in flight; the other incident is planned all the same.
            until("the other incident is written", || world.journal.waiting() == 1).await;
            world.journal.release();
        }),
    )
    .await;
    cancelled.unwrap();
    assert!(next.inbox.next("offer").await.is("incident", taken.unwrap().incident));
}

#[actix::test]
async fn looking_does_not_stop_the_search() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.clock.advance(Millis(120_000));
    let incident = world.emergency().await;
    assert_eq!(world.status(incident).await, "exhausted", "nobody has been heard of lately");
    // Reporting again makes nobody free, so only the search's own clock finds the officer.
    near.report(&world, north(100.0)).await;
    gets("an offer", async || {
        let seen = world.look(incident).await.view;
        passes(Duration::from_millis(50)).await;
        (seen.offers_open.len() == 1).then_some(())
    })
    .await;
}

#[actix::test]
async fn an_earlier_device_is_believed_again() {
    let world = World::open().await;
    let [mut old_phone] = world.on_duty([100.0]).await;
    old_phone.epoch = 9;
    old_phone.report(&world, north(120.0)).await;
    world.clock.advance(Millis(1_000));
    let mut new_phone = world.connect(old_phone.officer).await;
    let ack = new_phone.report(&world, north(140.0)).await;
    assert!(ack.is("taken", 1), "it counts by itself, from one");
    // What the old one still had to say comes too late, and must not take the order over.
    old_phone.send_fix(&world, north(500.0));
    world.clock.advance(Millis(1_000));
    assert!(new_phone.report(&world, north(160.0)).await.is("taken", 1));
}

#[actix::test]
async fn many_tips_about_one_case_at_once_are_all_taken_and_the_case_knows_all() {
    // Each of them an incident of its own: that is what the case has to keep up with.
    let mut court = profile();
    court.merge.within_m = 0.0;
    let world = World::open_with(court).await;
    let number = CaseNumber::parse("(2026)豫0783执123号").unwrap();
    let import = CaseImport {
        number: number.clone(),
        parties: vec![Party::named(PartyRole::Debtor, "李四")],
        filing: None,
        by: By::Operator,
        only_new: false,
    };
    let case = within("an import", world.court.import_case(import)).await.unwrap();
    let tips = (0..30).map(|_| {
        let mut tip = world.tip();
        tip.tip.case_number = Some(number.clone());
        tip
    });
    world.journal.hold();
    let all = join_all(tips.collect::<Vec<_>>().into_iter().map(|tip| world.submit(tip)));
    let (taken, ()) = join(all, async {
        until("all of them wait", || world.journal.waiting() == 30).await;
        world.journal.release();
    })
    .await;
    let taken: BTreeSet<IncidentId> = taken.into_iter().map(|t| t.unwrap().incident).collect();
    gets("all links", async || {
        let known = within("a look", world.court.case(case)).await.unwrap();
        (known.incidents == taken).then_some(())
    })
    .await;
}

#[actix::test]
async fn consoles_hear_of_an_end_whose_teller_died() {
    let world = World::open().await;
    let incident = world.emergency().await;
    let mut console = world.console(&[Audience::Centre]);
    console.next("welcome").await;
    world.journal.lose_next_answer(true);
    let cancel = IncidentCommand::Cancel { reason: "test".into() };
    world.order(incident, cancel).await.unwrap_err();
    console.next_that("incident", |view| view.is("status", "cancelled")).await;
    assert!(world.console(&[Audience::Centre]).next("welcome").await.is("incidents", ""));
}

#[actix::test]
async fn consoles_hear_of_an_alarm_whose_raiser_died() {
    let world = World::open().await;
    let mut console = world.console(&[Audience::Centre]);
    console.next("welcome").await;
    world.journal.lose_next_answer(true);
    world.submit(world.tip()).await.unwrap_err();
    console.next_that("alarm", |alarm| alarm.is("kind", "exhausted")).await;
}

#[actix::test]
async fn a_contact_found_again_is_written_later_when_the_journal_fails() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    world.clock.advance(Millis(profile().dispatch.contact_lost_after_ms + 1));
    gets("the loss", async || {
        (world.officer_status(near.officer).await == "out_of_contact").then_some(())
    })
    .await;
    world.journal.fail_next(AppendFault::Unavailable);
    near.send_fix(&world, north(100.0));
    until("a try that fails", || world.journal.memory().failures_left() == 0).await;
    // The device says nothing more; being heard of was enough.
    gets("the contact", async || {
        (world.officer_status(near.officer).await == "available").then_some(())
    })
    .await;
}

#[actix::test]
async fn an_arrival_that_was_refused_is_reported_again() {
    let world = World::open_with(asking_two()).await;
    let [mut near] = world.on_duty([400.0]).await;
    let first = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let second = world.emergency().await;
    // The officer's actor is in the middle of the second incident's decision for longer than the
    // first one tries.
    world.journal.hold();
    let (officer, reason) = (near.officer, None);
    let assign = IncidentCommand::Assign {
        offer: world.new_offer(),
        officer,
        stack: true,
        stack_max: 3,
        reason,
    };
    let (assigned, ()) = join(world.order(second, assign), async {
        until("the order waits", || world.journal.waiting() == 1).await;
        near.report(&world, north(10.0)).await;
        passes(Duration::from_millis(1_500)).await;
        world.journal.release();
    })
    .await;
    assigned.unwrap();
    let arrived = |e: &Event| matches!(e, Event::Officer(OfficerEvent::StageReached { incident, .. }) if *incident == first);
    gets("the arrival", async || {
        near.report(&world, north(10.0)).await;
        (world.count(arrived) == 1).then_some(())
    })
    .await;
}
