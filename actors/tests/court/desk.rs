//! What a dispatcher commands.

use tiande_actors::court::{CaseImport, CommandFault, OfficerDeed};
use tiande_actors::incident::IncidentFault;
use tiande_actors::ports::journal::Audience;
use tiande_core::case::{CaseNumber, Party, PartyRole};
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::incident::{IncidentCommand, IncidentRefusal, Outcome};
use tiande_core::journal::By;
use tiande_core::officer::OfficerRefusal;

use crate::waiting::within;
use crate::world::{World, asking_two, scene};

fn assign(world: &World, officer: OfficerId, stack: bool) -> IncidentCommand {
    IncidentCommand::Assign { offer: world.new_offer(), officer, stack, stack_max: 2, reason: None }
}

/// An emergency that only a dispatcher sets in motion.
async fn untrusted(world: &World) -> IncidentId {
    let mut tip = world.tip();
    tip.trusted = false;
    world.submit(tip).await.unwrap().incident
}

#[actix::test]
async fn an_untrusted_tip_waits_for_a_dispatcher() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = untrusted(&world).await;
    assert_eq!(world.status(incident).await, "awaiting_dispatch");
    world.settled().await;
    assert!(!near.inbox.unread().contains(&"offer".to_owned()));
    world.order(incident, IncidentCommand::Dispatch).await.unwrap();
    assert!(near.inbox.next("offer").await.is("incident", incident));
}

#[actix::test]
async fn a_place_starts_the_search_of_a_trusted_tip() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let mut tip = world.tip();
    tip.tip.place = None;
    let incident = world.submit(tip).await.unwrap().incident;
    assert_eq!(world.status(incident).await, "awaiting_place");
    let refused = world.order(incident, IncidentCommand::Dispatch).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Incident(IncidentFault::Refused(IncidentRefusal::NoPlace)))
    ));
    world.order(incident, IncidentCommand::SetPlace { place: scene() }).await.unwrap();
    assert!(near.inbox.next("offer").await.is("incident", incident));
}

#[actix::test]
async fn an_order_binds_at_once_and_a_second_one_only_stacked() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let (first, second, third) =
        (untrusted(&world).await, untrusted(&world).await, untrusted(&world).await);
    world.order(first, assign(&world, near.officer, false)).await.unwrap();
    let order = near.inbox.next("assigned").await;
    assert!(order.is("incident", first) && order.is("expires_at", "none"));
    let refused = world.order(second, assign(&world, near.officer, false)).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Incident(IncidentFault::Refused(IncidentRefusal::Officer(
            OfficerRefusal::Committed(to)
        )))) if to == first
    ));
    world.order(second, assign(&world, near.officer, true)).await.unwrap();
    near.inbox.next_that("state", |s| s.list("commitments").len() == 2).await;
    let refused = world.order(third, assign(&world, near.officer, true)).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Incident(IncidentFault::Refused(IncidentRefusal::Officer(
            OfficerRefusal::StackFull
        ))))
    ));
}

#[actix::test]
async fn an_order_spares_the_officer_the_answer_to_the_same_incidents_offer() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    near.offer().await;
    world.order(incident, assign(&world, near.officer, false)).await.unwrap();
    assert!(near.inbox.next("offer_closed").await.is("how", "withdrawn"));
    assert_eq!(world.status(incident).await, "underway");
}

#[actix::test]
async fn an_order_to_somebody_unknown_is_refused() {
    let world = World::open().await;
    let incident = untrusted(&world).await;
    let refused = world.order(incident, assign(&world, world.new_officer(), false)).await;
    assert!(matches!(refused, Err(CommandFault::Incident(IncidentFault::NoSuchOfficer(_)))));
    let nowhere = IncidentId(world.new_offer().0);
    let refused = world.order(nowhere, IncidentCommand::Dispatch).await;
    assert!(matches!(refused, Err(CommandFault::NotFound)));
}

#[actix::test]
async fn a_released_officer_is_free_and_the_seat_is_open_again() {
    let world = World::open().await;
    let [mut near, mut next] = world.on_duty([100.0, 700.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let command = IncidentCommand::Release { officer: near.officer, reason: "needed".into() };
    world.order(incident, command).await.unwrap();
    assert!(next.inbox.next("offer").await.is("incident", incident));
    assert_eq!(world.officer_status(near.officer).await, "available");
}

#[actix::test]
async fn a_cancelled_incident_frees_everybody() {
    let mut court = asking_two();
    court.dispatch.need.insert(tiande_core::incident::IncidentKind::Other, 2);
    let world = World::open_with(court).await;
    let [mut a, mut b, mut c] = world.on_duty([100.0, 300.0, 700.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    let incident = world.emergency().await;
    let (offer, _, _) = (a.offer().await, b.offer().await, c.offer().await);
    world.accept(&a, offer).await.unwrap();
    world.cancel(incident).await;
    for handheld in [&mut a, &mut b, &mut c] {
        let free = |s: &tiande_actors::testkit::PlainFrame| s.is("status", "available");
        handheld.inbox.next_that("state", free).await;
    }
    console.next_that("incident", |frame| frame.is("status", "cancelled")).await;
    world.cancel(incident).await; // Once more is no fault.
}

#[actix::test]
async fn a_finished_incident_is_closed_and_takes_no_orders() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let done = || OfficerDeed::Finish(incident, Outcome::Seized, Some("a car".into()));
    world.deed(&near, done()).await.unwrap();
    let view = world.look(incident).await.view;
    assert_eq!(view.outcome, Some(Outcome::Seized));
    assert!(view.closed_at.is_some());
    world.deed(&near, done()).await.unwrap();
    let refused = world.order(incident, assign(&world, near.officer, false)).await;
    assert!(matches!(
        refused,
        Err(CommandFault::Incident(IncidentFault::Refused(IncidentRefusal::Closed(_))))
    ));
}

#[actix::test]
async fn an_officer_with_a_partys_name_is_not_asked_and_the_case_knows_the_incident() {
    let world = World::open().await;
    let [_namesake, mut next] = world.on_duty([100.0, 700.0]).await;
    let number = CaseNumber::parse("(2026)豫0783执123号").unwrap();
    let party = Party::named(PartyRole::Debtor, "officer-at-100");
    let import = || CaseImport {
        number: number.clone(),
        parties: vec![party.clone()],
        filing: None,
        by: By::Operator,
        only_new: false,
    };
    let case = within("an import", world.court.import_case(import())).await.unwrap();
    let again = within("an import", world.court.import_case(import())).await.unwrap();
    assert_eq!(case, again);
    let mut tip = world.tip();
    tip.tip.case_number = Some(number.clone());
    let incident = world.submit(tip).await.unwrap().incident;
    assert!(next.inbox.next("offer").await.is("incident", incident));
    let known = within("a look", world.court.case(case)).await.unwrap();
    assert!(known.incidents.contains(&incident));
}
