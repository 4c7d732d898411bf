//! Many incidents, few officers, all at once: nobody is in two places.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::{join, join_all};
use tiande_actors::court::OfficerDeed;
use tiande_core::geo::Place;
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::incident::Outcome;
use tiande_core::journal::Event;
use tiande_core::officer::OfficerEvent;

use crate::world::{Handheld, World, asking_two, north, profile};

#[actix::test]
async fn two_incidents_that_want_the_same_officer_get_him_once() {
    let world = World::open().await;
    let mut only = world.on_duty_at(100.0).await;
    for round in 0..100 {
        let (a, b) = join(world.emergency(), world.emergency()).await;
        let card = only.inbox.next("offer").await;
        let winner: IncidentId = card.get("incident").parse().unwrap();
        let loser = if winner == a { b } else { a };
        assert_eq!(world.status(winner).await, "searching", "round {round}");
        assert_eq!(world.status(loser).await, "exhausted", "round {round}");
        // The loser first: it would take the officer whom the winner lets go.
        world.cancel(loser).await;
        world.cancel(winner).await;
        let offered = |e: &Event| matches!(e, Event::Officer(OfficerEvent::Offered { .. }));
        assert_eq!(world.count(offered), round + 1);
        only.inbox.next_that("state", |state| state.is("status", "available")).await;
    }
}

/// At every prefix of the journal each officer is bound to one incident at most, and weighs one
/// offer at most.
fn check_bindings(world: &World) {
    let mut bound: BTreeMap<OfficerId, IncidentId> = BTreeMap::new();
    let mut weighing: BTreeSet<OfficerId> = BTreeSet::new();
    for append in world.journal.appended() {
        for part in append.streams {
            let tiande_core::journal::StreamId::Officer(who) = part.stream else { continue };
            for event in part.events {
                let Event::Officer(event) = event else { continue };
                match event {
                    OfficerEvent::Offered { .. } => {
                        assert!(!bound.contains_key(&who), "asked while bound");
                        assert!(weighing.insert(who), "asked twice at a time");
                    }
                    OfficerEvent::OfferClosed { .. } => {
                        weighing.remove(&who);
                    }
                    OfficerEvent::Committed { incident, .. } => {
                        weighing.remove(&who);
                        assert_eq!(bound.insert(who, incident), None, "bound twice");
                    }
                    OfficerEvent::Released { .. } => {
                        bound.remove(&who);
                    }
                    _ => {}
                }
            }
        }
    }
}

/// Everybody who has an offer open accepts, all at once; says who is bound where.
async fn accept_all(world: &World, officers: &[Handheld]) -> BTreeMap<OfficerId, IncidentId> {
    let mut offers = Vec::new();
    let mut cards: BTreeMap<OfficerId, _> = BTreeMap::new();
    for append in world.journal.appended() {
        for part in append.streams {
            for event in part.events {
                if let (tiande_core::journal::StreamId::Officer(who), Event::Officer(event)) =
                    (part.stream, event)
                {
                    match event {
                        OfficerEvent::Offered { offer, .. } => drop(cards.insert(who, offer)),
                        OfficerEvent::OfferClosed { .. } | OfficerEvent::Committed { .. } => {
                            cards.remove(&who);
                        }
                        _ => {}
                    }
                }
            }
        }
    }
    for officer in officers {
        if let Some(offer) = cards.get(&officer.officer) {
            offers.push(world.accept(officer, *offer));
        }
    }
    // Who came too late was withdrawn; that is an answer too.
    drop(join_all(offers).await);
    let mut bound = BTreeMap::new();
    for officer in officers {
        let entry = world.roster_of(officer.officer).await;
        if entry.status.name() == "committed" {
            bound.insert(officer.officer, entry.incident.unwrap());
        }
    }
    bound
}

async fn storm(world: World) {
    let mut officers = Vec::new();
    for n in 0..10 {
        officers.push(world.on_duty_at(100.0 + f64::from(n) * 50.0).await);
    }
    let incidents = join_all((0..20).map(|_| world.emergency())).await;
    let mut finished = BTreeSet::new();
    // Nobody is asked twice for one incident, so withdrawn officers are lost to it: the rounds end.
    for _ in 0..12 {
        let bound = accept_all(&world, &officers).await;
        let places: BTreeSet<_> = bound.values().collect();
        assert_eq!(places.len(), bound.len(), "each incident needs one");
        let done = officers.iter().filter_map(|officer| {
            let incident = *bound.get(&officer.officer)?;
            finished.insert(incident);
            Some(world.deed(officer, OfficerDeed::Finish(incident, Outcome::Found, None)))
        });
        for answer in join_all(done.collect::<Vec<_>>()).await {
            answer.unwrap();
        }
        world.settled().await;
        check_bindings(&world);
    }
    for incident in &incidents {
        let wanted = if finished.contains(incident) { "finished" } else { "exhausted" };
        let status = world.status(*incident).await;
        assert!(status == wanted || status == "searching", "{status}, not {wanted}");
    }
    assert!(finished.len() >= 10, "only {} found somebody", finished.len());
}

#[actix::test]
async fn twenty_incidents_share_ten_officers_and_nobody_is_bound_twice() {
    for _ in 0..3 {
        storm(World::open_with(profile()).await).await;
    }
}

#[actix::test]
async fn nor_when_each_asks_more_than_it_needs() {
    for _ in 0..3 {
        storm(World::open_with(asking_two()).await).await;
    }
}

/// Regression: incidents that planned at the same moment took each other's passing holds, and their
/// own, for "busy", and sent somebody farther away while the nearest stayed free.
#[actix::test]
async fn incidents_that_plan_together_each_ask_the_one_who_is_on_the_spot() {
    for round in 0..20 {
        let world = World::open_with(asking_two()).await;
        // One on each spot, one in the middle whom both want, and two far away.
        let [here, there, ..] = world.on_duty([0.0, 1_000.0, 500.0, 3_000.0, 3_100.0]).await;
        let (tip_here, mut tip_there) = (world.tip(), world.tip());
        tip_there.tip.place = Some(Place { at: north(1_000.0), accuracy: None });
        let (taken_here, taken_there) = join(world.submit(tip_here), world.submit(tip_there)).await;
        for (incident, officer) in [(taken_here, here.officer), (taken_there, there.officer)] {
            let seen = world.look(incident.unwrap().incident).await;
            let asked: Vec<_> = seen.view.offers_open.iter().map(|offer| offer.officer).collect();
            assert!(asked.contains(&officer), "round {round}: {asked:?} without {officer}");
        }
    }
}
