//! More tips than can be done: what waits too long is refused, what nobody waits for is not done, and
//! calls for help and accepts pass by.

use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::join_all;
use tiande_actors::class::Class;
use tiande_actors::intake::{RaiseSos, TipFault};
use tiande_actors::turnstile::{NoRoom, Turnstile};
use tiande_core::journal::StreamId;

use crate::waiting::{passes, until};
use crate::world::World;

/// Tips at work at once, as the actors' limits say.
const AT_WORK: usize = 32;

fn tips_tried(world: &World) -> usize {
    let of_tip = |append: &&tiande_actors::ports::journal::Append| {
        append.streams.iter().any(|part| matches!(part.stream, StreamId::Tip(_)))
    };
    world.journal.appended().iter().filter(of_tip).count()
}

#[actix::test]
async fn no_more_tips_than_may_be_at_work_reach_the_journal() {
    let world = World::open().await;
    world.journal.hold();
    // Tasks of their own: each has to see by itself that its time is over.
    let storm = (0..200).map(|_| {
        let (court, tip) = (world.court.clone(), world.tip());
        actix::spawn(async move { court.submit_tip(tip).await })
    });
    let storm: Vec<_> = storm.collect();
    until("as many as may wait at the journal", || world.journal.waiting() >= AT_WORK).await;
    passes(Duration::from_millis(50)).await;
    assert_eq!(world.journal.waiting(), AT_WORK);
    // The others are told in time, however long the journal takes.
    until("all others are told", || {
        storm.iter().filter(|tip| tip.is_finished()).count() == 200 - AT_WORK
    })
    .await;
    assert_eq!(world.journal.waiting(), AT_WORK, "those at work are not given up");
    world.journal.release();
    let ends: Vec<_> =
        join_all(storm).await.into_iter().map(|end| end.expect("no panic")).collect();
    let refused = ends.iter().filter(|end| matches!(end, Err(TipFault::Overloaded))).count();
    assert_eq!(refused, 200 - AT_WORK);
    assert_eq!(tips_tried(&world), AT_WORK, "nothing was begun for those who were refused");
}

#[actix::test]
async fn a_tip_whose_sender_has_gone_is_not_done() {
    let world = World::open().await;
    world.journal.hold();
    let mut at_work = Box::pin(join_all((0..AT_WORK).map(|_| world.submit(world.tip()))));
    assert!((&mut at_work).now_or_never().is_none());
    until("all are at work", || world.journal.waiting() == AT_WORK).await;
    let mut waiting = Box::pin(join_all((0..50).map(|_| world.submit(world.tip()))));
    assert!((&mut waiting).now_or_never().is_none());
    drop(waiting);
    world.journal.release();
    assert!(at_work.await.iter().all(Result::is_ok), "an answer that was begun stands");
    passes(Duration::from_millis(100)).await;
    assert_eq!(tips_tried(&world), AT_WORK);
    // And nothing of the queue is left over: the next one passes at once.
    world.submit(world.tip()).await.unwrap();
}

#[actix::test]
async fn a_call_for_help_and_an_accept_pass_by_a_full_turnstile() {
    let world = World::open().await;
    let mut officer = world.on_duty_at(100.0).await;
    // Off duty: nobody holds him for an offer, which would have to be settled first.
    let caller = world.enrol("caller").await;
    let caller = world.connect(caller).await;
    world.emergency().await;
    let offer = officer.inbox.next("offer").await.get("offer").parse().unwrap();
    world.journal.hold();
    let mut storm = Box::pin(join_all((0..400).map(|_| world.submit(world.tip()))));
    assert!((&mut storm).now_or_never().is_none());
    until("the turnstile is full", || world.journal.waiting() == AT_WORK).await;
    let call = RaiseSos { officer: caller.officer, device: caller.device, place: None };
    let mut sos = Box::pin(world.court.raise_sos(call));
    let mut accept = Box::pin(world.accept(&officer, offer));
    assert!((&mut sos).now_or_never().is_none() && (&mut accept).now_or_never().is_none());
    until("both stand at the journal", || world.journal.waiting() == AT_WORK + 2).await;
    world.journal.release();
    sos.await.unwrap();
    accept.await.unwrap();
    drop(storm);
}

#[actix::test]
async fn newcomers_are_refused_by_age_and_only_while_somebody_waits() {
    let gate = Turnstile::new(Class::Tip, 1);
    let first = gate.enter().await.unwrap();
    let (second, third) = (gate.clone(), gate.clone());
    let second = actix::spawn(async move { second.enter().await });
    let third = actix::spawn(async move { third.enter().await });
    passes(Duration::from_millis(120)).await;
    assert!(!gate.sheds(), "nobody has passed yet who had waited");
    drop(first);
    let second = second.await.unwrap().unwrap();
    assert!(gate.sheds(), "the queue is older than its target, and the third still waits");
    assert_eq!(gate.enter().await.unwrap_err(), NoRoom);
    drop(second);
    drop(third.await.unwrap().unwrap());
    assert!(!gate.sheds(), "the queue is empty");
    gate.enter().await.unwrap();
}

#[test]
fn the_classes_stand_in_their_order() {
    use Class::{Command, Position, Report, Sos, Tip, View};
    let order = [Sos, Command, Tip, View, Position, Report];
    assert!(order.is_sorted());
    assert!(order.iter().all(|class| class.target().is_none() == (*class <= Command)));
}
