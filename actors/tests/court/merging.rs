//! Tips about the same thing become one incident, at any rate and in any order; and come apart again.

use futures_util::future::join_all;
use tiande_actors::court::{CommandFault, SplitOff};
use tiande_actors::incident::{IncidentFault, SplitTip};
use tiande_actors::intake::{SubmitTip, TipFault, TipTaken};
use tiande_actors::ports::AppendFault;
use tiande_core::ids::{IncidentId, TipId, UserId};
use tiande_core::incident::{IncidentEvent, IncidentKind, IncidentRefusal, Origin, Urgency};
use tiande_core::journal::{By, Event};
use tiande_core::time::Millis;
use tiande_core::tip::TipEvent;

use crate::waiting::{until, within};
use crate::world::World;

const WORDS: &str = "被执行人王某在人民路家乐超市门口";

fn told(world: &World, words: &str) -> SubmitTip {
    let mut tip = world.tip();
    words.clone_into(&mut tip.tip.personal.description);
    tip
}

fn untrusted(mut tip: SubmitTip) -> SubmitTip {
    tip.trusted = false;
    tip
}

async fn split(world: &World, from: IncidentId, tip: TipId) -> Result<IncidentId, CommandFault> {
    let by = By::Staff { user: UserId(from.0) };
    let order = SplitTip { tip, reason: "另一个人".into(), by };
    within("a split", world.court.split_off(SplitOff { incident: from, order })).await
}

fn links(world: &World) -> usize {
    world.count(|e| matches!(e, Event::Tip(TipEvent::Linked { .. })))
}

fn openings(world: &World) -> usize {
    world.count(|e| matches!(e, Event::Incident(IncidentEvent::Opened(_))))
}

/// Sends as a source does that is told to come again.
async fn insist(world: &World, make: impl Fn() -> SubmitTip) -> TipTaken {
    loop {
        match world.court.submit_tip(make()).await {
            Ok(taken) => return taken,
            Err(TipFault::Overloaded) => tokio::task::yield_now().await,
            Err(fault) => unreachable!("{fault:?}"),
        }
    }
}

fn again(tip: &SubmitTip) -> SubmitTip {
    SubmitTip {
        tip: tip.tip.clone(),
        id: tip.id,
        source: tip.source.clone(),
        trusted: tip.trusted,
        delivery_source: tip.delivery_source.clone(),
        webhook_id: tip.webhook_id.clone(),
        body_sha256: tip.body_sha256,
    }
}

#[actix::test]
async fn a_further_tip_joins_its_incident_and_asks_nobody_again() {
    let world = World::open().await;
    let mut near = world.on_duty_at(100.0).await;
    let first = world.submit(told(&world, WORDS)).await.unwrap();
    near.offer().await;
    let second = told(&world, "王某出现在人民路家乐超市门口，被执行人");
    let merged = world.submit(again(&second)).await.unwrap();
    assert_eq!((merged.incident, merged.tip), (first.incident, second.id));
    assert_eq!((openings(&world), links(&world)), (1, 2));
    assert_eq!(world.count(|e| matches!(e, Event::Incident(IncidentEvent::OffersMade { .. }))), 1);
    let seen = world.look(first.incident).await;
    assert_eq!((seen.view.brief.tips, seen.view.merged.len()), (2, 1));
    assert!(seen.view.merged[0].why.text_percent >= 66, "{:?}", seen.view.merged);
    // The same delivery again: the same answer, and nothing new.
    let repeated = world.submit(again(&second)).await.unwrap();
    assert_eq!(repeated, TipTaken { repeated: true, ..merged });
    assert_eq!(links(&world), 2);
}

#[actix::test]
async fn who_is_believed_sends_nobody_to_where_a_stranger_says() {
    let world = World::open().await;
    let mut near = world.on_duty_at(100.0).await;
    let waiting = world.submit(untrusted(told(&world, WORDS))).await.unwrap().incident;
    assert_eq!(world.status(waiting).await, "awaiting_dispatch");
    let same = world.submit(untrusted(told(&world, WORDS))).await.unwrap().incident;
    assert_eq!((same, world.status(waiting).await), (waiting, "awaiting_dispatch"));
    let believed = world.submit(told(&world, WORDS)).await.unwrap().incident;
    assert_ne!(believed, waiting);
    near.offer().await;
    assert_eq!(world.status(believed).await, "searching");
    assert_eq!(world.status(waiting).await, "awaiting_dispatch");
    // The next one who is believed joins the one that moves.
    assert_eq!(world.submit(told(&world, WORDS)).await.unwrap().incident, believed);
}

#[actix::test]
async fn what_must_not_merge_gets_its_own_incident() {
    let world = World::open().await;
    let first = world.submit(told(&world, WORDS)).await.unwrap().incident;
    let mut drill = told(&world, WORDS);
    drill.tip.exercise = true;
    let mut elsewhere = told(&world, WORDS);
    elsewhere.tip.place =
        Some(tiande_core::geo::Place { at: crate::world::north(600.0), accuracy: None });
    let mut other_kind = told(&world, WORDS);
    other_kind.tip.kind = IncidentKind::Obstruction;
    let mut nowhere = told(&world, WORDS);
    nowhere.tip.place = None;
    let other_words = told(&world, "有人拦截法院执行车辆，需要支援");
    for tip in [drill, elsewhere, other_kind, nowhere, other_words] {
        assert_ne!(world.submit(tip).await.unwrap().incident, first);
    }
    world.clock.advance(Millis(900_001));
    assert_ne!(world.submit(told(&world, WORDS)).await.unwrap().incident, first, "too late");
}

#[actix::test]
async fn an_emergency_is_never_put_into_a_queue() {
    let world = World::open().await;
    let mut routine = told(&world, WORDS);
    routine.tip.urgency = Urgency::Routine;
    let queued = world.submit(routine).await.unwrap().incident;
    let emergency = world.submit(told(&world, WORDS)).await.unwrap().incident;
    assert_ne!(queued, emergency);
    let view = world.look(emergency).await.view.clone();
    assert_eq!(view.brief.urgency, Urgency::Emergency);
}

#[actix::test]
async fn an_incident_that_is_over_takes_no_more_tips() {
    let world = World::open().await;
    let first = world.submit(told(&world, WORDS)).await.unwrap().incident;
    world.cancel(first).await;
    assert_ne!(world.submit(told(&world, WORDS)).await.unwrap().incident, first);
}

#[actix::test]
async fn a_tip_finds_an_incident_whose_opening_is_on_its_way_to_the_disk() {
    let world = World::open().await;
    world.journal.hold();
    let send = || {
        let (court, tip) = (world.court.clone(), told(&world, WORDS));
        actix::spawn(async move { court.submit_tip(tip).await })
    };
    let first = send();
    until("the opening is on its way", || world.journal.waiting() == 1).await;
    // The actor of its incident has been at work for a while.
    within("the desk", world.court.counts()).await.unwrap();
    let second = send();
    within("the desk", world.court.counts()).await.unwrap();
    assert_eq!(world.journal.waiting(), 1, "it waits for the other one");
    world.journal.release();
    let first = within("the first", first).await.unwrap().unwrap();
    let second = within("the second", second).await.unwrap().unwrap();
    assert_eq!(first.incident, second.incident);
    assert_eq!((openings(&world), links(&world)), (1, 2));
}

#[actix::test]
async fn a_thousand_at_once_are_a_few_incidents_with_a_thousand_links() {
    let world = World::open().await;
    let tips: Vec<_> = (0..1_000).map(|_| told(&world, WORDS)).collect();
    let all = join_all(tips.iter().map(|tip| insist(&world, || again(tip))));
    let taken = tokio::time::timeout(std::time::Duration::from_secs(60), all).await.unwrap();
    // The first one's and 200 more each: a decision looks at all tips of its incident.
    assert!(taken.iter().all(|it| !it.repeated));
    assert_eq!((openings(&world), links(&world)), (5, 1_000));
    let mut tips = 0;
    let whole = world.look(taken[0].incident).await.view.merged.len();
    assert_eq!(whole, tiande_core::incident::MERGED_MAX, "who looks sees them all");
    for incident in taken.iter().map(|it| it.incident).collect::<std::collections::BTreeSet<_>>() {
        let one = world.look(incident).await.view.brief.tips;
        assert!(one <= 1 + tiande_core::incident::MERGED_MAX, "{one}");
        tips += one;
    }
    assert_eq!(tips, 1_000);
}

#[actix::test]
async fn a_storm_about_one_thing_leaves_room_for_other_tips_and_for_telephones() {
    let world = World::open().await;
    let mut near = world.on_duty_at(100.0).await;
    let first = world.submit(told(&world, WORDS)).await.unwrap().incident;
    near.offer().await;
    world.journal.hold();
    let storm: Vec<_> = (0..30)
        .map(|_| {
            let (court, tip) = (world.court.clone(), told(&world, WORDS));
            actix::spawn(async move { court.submit_tip(tip).await })
        })
        .collect();
    let mut elsewhere = told(&world, "被查封的挖掘机正在工地作业");
    elsewhere.tip.place =
        Some(tiande_core::geo::Place { at: crate::world::north(900.0), accuracy: None });
    let (court, other) = (world.court.clone(), elsewhere);
    let other = actix::spawn(async move { court.submit_tip(other).await });
    // One merge is being written, and the other tip beside it.
    until("both are at the journal", || world.journal.waiting() == 2).await;
    world.journal.release();
    assert_ne!(other.await.unwrap().unwrap().incident, first);
    let ends = join_all(storm).await;
    let merged = ends.iter().filter(|end| matches!(end, Ok(Ok(_)))).count();
    assert_eq!(merged, tiande_actors::limits::MERGES_IN_LINE, "the others were told to come again");
    // They were not told of each by itself.
    let told = near.inbox.unread().iter().filter(|frame| frame.starts_with("state")).count();
    assert!(told <= 4, "{told} times");
}

#[actix::test]
async fn a_thousand_different_ones_for_one_address_are_a_thousand_incidents() {
    let world = World::open().await;
    let words = |n: usize| format!("被执行人住在幸福小区{n}号房间，现在家中");
    let tips: Vec<_> = (1..=1_000).map(|n| told(&world, &words(n))).collect();
    let all = join_all(tips.iter().map(|tip| insist(&world, || again(tip))));
    tokio::time::timeout(std::time::Duration::from_secs(120), all).await.unwrap();
    assert_eq!((openings(&world), links(&world)), (1_000, 1_000));
}

#[actix::test]
async fn a_split_tip_is_as_if_it_had_come_alone() {
    let world = World::open().await;
    let [mut near, mut next] = world.on_duty([100.0, 200.0]).await;
    let first = world.submit(told(&world, WORDS)).await.unwrap();
    near.offer().await;
    let second = told(&world, WORDS);
    world.submit(again(&second)).await.unwrap();
    let own = split(&world, first.incident, second.id).await.unwrap();
    assert_ne!(own, first.incident);
    // Its own search, in the same append as everything else.
    next.offer().await;
    let appended = world.journal.appended();
    let all = appended.iter().find(|a| {
        let mut events = a.streams.iter().flat_map(|s| &s.events);
        events.any(|e| matches!(e, Event::Tip(TipEvent::Relinked { .. })))
    });
    let all = all.unwrap();
    assert!(matches!(all.by, By::Staff { .. }));
    let events: Vec<_> = all.streams.iter().flat_map(|s| &s.events).collect();
    assert!(events.iter().any(|e| matches!(e, Event::Incident(IncidentEvent::OffersMade { .. }))));
    assert!(events.iter().any(|e| matches!(e,
        Event::Incident(IncidentEvent::TipSplit { tip, incident, said })
            if *tip == second.id && *incident == own && said.text() == "另一个人")));
    assert!(events.iter().any(|e| matches!(e, Event::Incident(IncidentEvent::Opened(o))
        if matches!(o.origin, Origin::Tip { tip, .. } if tip == second.id))));
    // The old link stays in the tip's history, and the source hears what it heard.
    assert_eq!(links(&world), 2);
    assert_eq!(world.submit(again(&second)).await.unwrap().incident, first.incident);
    assert_eq!(world.look(first.incident).await.view.brief.tips, 1);
    // Again: the same incident, nothing new.
    assert_eq!(split(&world, first.incident, second.id).await.unwrap(), own);
    assert_eq!(openings(&world), 2);
    // And after a restart it is still so.
    let world = world.reopen().await;
    assert_eq!(split(&world, first.incident, second.id).await.unwrap(), own);
    assert_eq!(world.look(own).await.view.brief.tips, 1);
}

#[actix::test]
async fn what_cannot_be_split_is_refused_by_name() {
    let world = World::open().await;
    let first = world.submit(told(&world, WORDS)).await.unwrap();
    let second = world.submit(told(&world, WORDS)).await.unwrap();
    let refused = |done: Result<IncidentId, CommandFault>| match done {
        Err(CommandFault::Incident(IncidentFault::Refused(why))) => why,
        other => unreachable!("{other:?}"),
    };
    // Its own tip, and one that nobody knows.
    assert_eq!(
        refused(split(&world, first.incident, first.tip).await),
        IncidentRefusal::TipNotMerged
    );
    let nobody = TipId(first.incident.0);
    assert_eq!(refused(split(&world, first.incident, nobody).await), IncidentRefusal::TipNotMerged);
    world.cancel(first.incident).await;
    let over = refused(split(&world, first.incident, second.tip).await);
    assert!(matches!(over, IncidentRefusal::Closed(_)));
    assert_eq!(openings(&world), 1);
}

#[actix::test]
async fn a_split_that_cannot_be_written_changes_nothing() {
    let world = World::open().await;
    let first = world.submit(told(&world, WORDS)).await.unwrap();
    let second = world.submit(told(&world, WORDS)).await.unwrap();
    world.journal.fail_next(AppendFault::StorageFull);
    assert!(split(&world, first.incident, second.tip).await.is_err());
    assert_eq!(world.look(first.incident).await.view.brief.tips, 2);
    assert!(split(&world, first.incident, second.tip).await.is_ok());
}
