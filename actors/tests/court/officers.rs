//! What officers and their devices do: duty, positions, calls for help.

use tiande_actors::court::{CommandFault, OfficerDeed};
use tiande_actors::incident::IncidentFault;
use tiande_actors::intake::{RaiseSos, TipFault};
use tiande_actors::ports::journal::Audience;
use tiande_core::geo::LatLon;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{IncidentEvent, StageSource};
use tiande_core::journal::Event;
use tiande_core::officer::{DutyChange, OfficerEvent, Stage};
use tiande_core::time::Millis;

use crate::waiting::{gets, until, within};
use crate::world::{Handheld, World, north, profile};

async fn sos(world: &World, who: &Handheld) -> Result<IncidentId, CommandFault> {
    let call = RaiseSos { officer: who.officer, device: who.device, place: None };
    within("a call for help", world.court.raise_sos(call)).await
}

#[actix::test]
async fn a_call_for_help_pressed_twice_is_one_incident() {
    let world = World::open().await;
    let [caller, mut near] = world.on_duty([0.0, 400.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    let (a, b) = futures_util::future::join(sos(&world, &caller), sos(&world, &caller)).await;
    let (a, b) = (a.unwrap(), b.unwrap());
    assert_eq!(a, b);
    assert_eq!(sos(&world, &caller).await.unwrap(), a);
    let alarm = console.next_that("alarm", |alarm| alarm.is("kind", "sos")).await;
    assert!(alarm.is("officer", caller.officer));
    let offer = near.inbox.next("offer").await;
    assert!(offer.is("incident", a) && offer.is("distance_m", 400));
    world.cancel(a).await;
    assert_eq!(world.officer_status(caller.officer).await, "available");
    assert_ne!(sos(&world, &caller).await.unwrap(), a, "the next call is a new one");
}

#[actix::test]
async fn a_call_for_help_off_duty_puts_on_duty() {
    let world = World::open().await;
    let officer = world.enrol("off").await;
    let caller = world.connect(officer).await;
    sos(&world, &caller).await.unwrap();
    assert_eq!(world.officer_status(officer).await, "committed");
    let stranger = RaiseSos { officer: world.new_officer(), device: caller.device, place: None };
    let refused = within("a stranger's call", world.court.raise_sos(stranger)).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Sos(TipFault::Incident(IncidentFault::NoSuchOfficer(_))))
    ));
}

#[actix::test]
async fn coming_near_is_an_arrival_and_the_officer_is_told_when_it_is_durable() {
    let world = World::open().await;
    let [mut near] = world.on_duty([600.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    world.clock.advance(Millis(30_000));
    near.report(&world, north(61.0)).await;
    near.inbox.unread();
    world.journal.hold();
    world.clock.advance(Millis(5_000));
    near.report(&world, north(40.0)).await;
    until("the arrival is on its way", || world.journal.waiting() == 1).await;
    world.settled().await;
    assert!(near.inbox.unread().iter().all(|kind| kind == "stored"), "nothing of an arrival");
    world.journal.release();
    near.inbox.next_that("notice", |n| n.is("code", "on_scene_by_geofence")).await;
    near.report(&world, north(30.0)).await;
    let arrived = |e: &Event| {
        matches!(
            e,
            Event::Incident(IncidentEvent::StageReached {
                stage: Stage::OnScene,
                how: StageSource::Geofence,
                ..
            })
        )
    };
    assert_eq!(world.look(incident).await.view.crew[0].stage, Stage::OnScene);
    assert_eq!(world.count(arrived), 1);
}

#[actix::test]
async fn an_arrival_that_the_journal_refused_is_reported_with_the_next_fix() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let tried = world.journal.tried();
    world.journal.fail_next(tiande_actors::ports::AppendFault::Unavailable);
    world.clock.advance(Millis(10_000));
    near.report(&world, north(50.0)).await;
    until("it was tried", || world.journal.tried() == tried + 1).await;
    assert_eq!(world.look(incident).await.view.crew[0].stage, Stage::Accepted);
    gets("the arrival", async || {
        near.report(&world, north(40.0)).await;
        (world.look(incident).await.view.crew[0].stage == Stage::OnScene).then_some(())
    })
    .await;
}

fn house(metres_north: f64) -> LatLon {
    LatLon::new(35.2 + metres_north / 110_950.0, 114.67).unwrap()
}

#[actix::test]
async fn leaving_the_court_house_on_shift_puts_on_duty_with_a_notice() {
    let world = World::open().await;
    let officer = world.enrol("in the house").await;
    let mut handheld = world.connect(officer).await;
    let ack = handheld.report(&world, house(20.0)).await;
    assert!(ack.is("taken", 0) && ack.is("refused", "off_duty:1"));
    handheld.report(&world, house(152.0)).await;
    assert_eq!(world.officer_status(officer).await, "off_duty", "within the accuracy");
    handheld.report(&world, house(170.0)).await;
    handheld.inbox.next_that("notice", |n| n.is("code", "on_duty_by_geofence")).await;
    assert_eq!(world.officer_status(officer).await, "available");
    let by_fence = |e: &Event| {
        matches!(e, Event::Officer(OfficerEvent::WentOnDuty { how: DutyChange::Geofence }))
    };
    assert_eq!(world.count(by_fence), 1);
}

#[actix::test]
async fn leaving_the_court_house_after_hours_changes_nothing() {
    let world = World::open().await;
    let officer = world.enrol("late").await;
    let mut handheld = world.connect(officer).await;
    world.clock.advance(Millis(10 * 3_600_000));
    handheld.report(&world, house(20.0)).await;
    handheld.report(&world, house(200.0)).await;
    assert_eq!(world.officer_status(officer).await, "off_duty");
}

#[actix::test]
async fn off_duty_no_position_is_kept_or_shown() {
    let world = World::open_with(profile()).await;
    let mut console = world.console(&[]);
    let [mut near] = world.on_duty([100.0]).await;
    console.next_that("tick", |tick| tick.get("moved").contains("available:35.")).await;
    assert!(world.roster_of(near.officer).await.fix.is_some());
    world.deed(&near, OfficerDeed::GoOffDuty).await.unwrap();
    assert!(world.roster_of(near.officer).await.fix.is_none());
    let tick = console.next_that("tick", |tick| tick.get("moved").contains("off_duty")).await;
    assert!(tick.get("moved").ends_with("off_duty:none"));
    let ack = near.report(&world, north(90.0)).await;
    assert!(ack.is("refused", "off_duty:1"));
    assert!(world.roster_of(near.officer).await.fix.is_none());
    let mut late = world.console(&[]);
    assert!(late.next("welcome").await.get("officers").ends_with("off_duty:none"));
    let incident = world.emergency().await;
    assert_eq!(world.status(incident).await, "exhausted");
}

#[actix::test]
async fn leaving_work_declines_the_offer_that_waits() {
    let world = World::open().await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    world.emergency().await;
    near.offer().await;
    world.deed(&near, OfficerDeed::GoOffDuty).await.unwrap();
    assert!(near.inbox.next("offer_closed").await.is("how", "declined"));
    next.offer().await;
    assert_eq!(world.officer_status(near.officer).await, "off_duty");
}

#[actix::test]
async fn commands_that_wait_for_a_decision_in_flight_are_all_answered() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.journal.hold();
    let begun = [OfficerDeed::StartBreak, OfficerDeed::StartBreak, OfficerDeed::StartBreak];
    let asked: Vec<_> = begun
        .into_iter()
        .map(|deed| {
            let (court, officer, device) = (world.court.clone(), near.officer, near.device);
            let order = tiande_actors::court::ToOfficer { officer, device, deed };
            actix::spawn(async move { court.officer(order).await })
        })
        .collect();
    until("the first is on its way", || world.journal.waiting() == 1).await;
    world.settled().await;
    world.journal.release();
    // The second and third find nothing left to do; that must not keep the third from its answer.
    for answer in asked {
        within("an answer", answer).await.unwrap().unwrap();
    }
    assert_eq!(world.officer_status(near.officer).await, "on_break");
}
