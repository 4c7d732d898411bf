//! What consoles are told: encoded once, numbered, of those they look at, and without a gap.

use std::collections::BTreeSet;

use futures_util::{FutureExt as _, StreamExt as _};
use tiande_actors::board::{LookElsewhere, View};
use tiande_actors::court::{DutyOrder, EnrolMany, EnrolOfficer, ForgetTip, OfficerDeed};
use tiande_actors::outbox::{Frame, Outbox, Outgoing};
use tiande_actors::ports::journal::Audience;
use tiande_actors::testkit::PlainFrame;
use tiande_core::geo::Area;
use tiande_core::officer::OfficerPersonal;
use tiande_core::time::Millis;

use crate::waiting::{found, within};
use crate::world::{Handheld, Inbox, World, north};

/// A box from so many metres north of where things happen to so many.
fn between(south: f64, to_north: f64) -> View {
    let (low, high) = (north(south), north(to_north));
    let area = Area::new([low.lon() - 1.0, low.lat(), low.lon() + 1.0, high.lat()]).unwrap();
    View { area, limit: None, outside_every: None }
}

async fn number_of(world: &World, officer: &Handheld) -> u32 {
    world.roster_of(officer.officer).await.n
}

/// True when a binary tick tells where that officer is.
fn tells(tick: &PlainFrame, n: u32) -> bool {
    !tick.get(&n.to_string()).is_empty()
}

/// A console, with its welcome read and the first ticks behind it.
async fn looking(world: &World, view: Option<View>) -> Inbox {
    let mut console = world.console_with(&[Audience::Centre], |join| {
        join.binary = true;
        join.view = view;
    });
    console.next("welcome").await;
    console
}

#[actix::test]
async fn a_tick_is_encoded_once_however_many_listen() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let readers: Vec<_> = (0..3)
        .map(|_| {
            let outbox = Outbox::new();
            let reader = outbox.reader();
            world.console_with(&[], |join| {
                join.outbox = outbox;
                join.binary = true;
            });
            reader
        })
        .collect();
    near.report(&world, north(101.0)).await;
    let mut ticks = Vec::new();
    for mut reader in readers {
        let tick = found("a tick", || {
            while let Some(Some(outgoing)) = reader.next().now_or_never() {
                if let Outgoing::Write(Frame::Binary(bytes)) = outgoing {
                    return Some(bytes);
                }
            }
            None
        });
        ticks.push(tick.await);
    }
    let place = ticks[0].as_ptr();
    assert!(ticks.iter().all(|tick| tick.as_ptr() == place), "the same bytes in memory");
}

#[actix::test]
async fn a_console_is_told_of_those_it_looks_at_and_of_those_in_need() {
    let world = World::open().await;
    let [mut here, mut there, mut bound] = world.on_duty([100.0, 5_000.0, 6_000.0]).await;
    let n_here = number_of(&world, &here).await;
    let n_there = number_of(&world, &there).await;
    let n_bound = number_of(&world, &bound).await;
    world.deed(&here, OfficerDeed::StartBreak).await.unwrap();
    world.deed(&there, OfficerDeed::StartBreak).await.unwrap();
    let incident = world.emergency().await;
    let offer = bound.offer().await;
    world.accept(&bound, offer).await.unwrap();
    let mut console = looking(&world, Some(between(0.0, 1_000.0))).await;
    let mut all = looking(&world, None).await;
    world.settled().await;
    for (officer, metres) in [(&mut here, 110.0), (&mut there, 5_010.0), (&mut bound, 6_010.0)] {
        officer.report(&world, north(metres)).await;
    }
    // Perhaps not in one tick; in the last of them for sure.
    let is_at = |tick: &PlainFrame| {
        tick.get(&n_bound.to_string()).contains(&format!("{:.5}", north(6_010.0).lat()))
    };
    all.next_that("tick_binary", is_at).await;
    console.next_that("tick_binary", is_at).await;
    here.report(&world, north(120.0)).await;
    there.report(&world, north(5_020.0)).await;
    all.next_that("tick_binary", |tick| tells(tick, n_there)).await;
    console.next_that("tick_binary", |tick| tells(tick, n_here)).await;
    world.settled().await;
    assert!(!console.drain().iter().any(|tick| tells(tick, n_there)), "it does not look there");
    // It looks elsewhere and is told at once what it was not told.
    let view = Some(between(4_000.0, 5_050.0));
    let outbox = console.outbox.clone();
    world.court.look_elsewhere(LookElsewhere { outbox, view }).unwrap();
    let told = console.next("tick_binary").await;
    assert!(tells(&told, n_there) && !tells(&told, n_here), "{told:?}");
    // Whoever leaves the box is told once more, and then not.
    there.report(&world, north(5_060.0)).await;
    console.next_that("tick_binary", |tick| tells(tick, n_there)).await;
    there.report(&world, north(5_070.0)).await;
    all.next_that("tick_binary", |tick| {
        tick.get(&n_there.to_string()).contains(&format!("{:.5}", north(5_070.0).lat()))
    })
    .await;
    world.settled().await;
    assert!(!console.unread().contains(&"tick_binary".to_owned()), "nobody moves there");
    // Everywhere again: what it was not told comes at once.
    let outbox = console.outbox.clone();
    world.court.look_elsewhere(LookElsewhere { outbox, view: None }).unwrap();
    assert!(tells(&console.next("tick_binary").await, n_there));
    world.cancel(incident).await;
}

#[actix::test]
async fn whoever_was_away_for_a_moment_is_told_what_was_missed_and_no_more() {
    let world = World::open().await;
    let [mut mover, mut still] = world.on_duty([100.0, 200.0]).await;
    let (n_mover, n_still) = (number_of(&world, &mover).await, number_of(&world, &still).await);
    let mut console = world.console_with(&[Audience::Centre], |join| join.binary = true);
    let welcome = console.next("welcome").await;
    let run: u32 = welcome.get("run").parse().unwrap();
    still.report(&world, north(201.0)).await;
    let last = console.next_that("tick_binary", |tick| tells(tick, n_still)).await;
    let after: u64 = last.get("no").parse().unwrap();
    drop(console);
    let incident = world.emergency().await;
    mover.report(&world, north(150.0)).await;
    // Until a tick has been.
    let mut other = looking(&world, None).await;
    mover.report(&world, north(151.0)).await;
    other.next_that("tick_binary", |tick| tells(tick, n_mover)).await;
    let back = |run: u32, after: u64| {
        world.console_with(&[Audience::Centre], |join| {
            join.binary = true;
            join.after = Some((run, after));
        })
    };
    let mut console = back(run, after);
    let told = console.next_that("incident", |frame| frame.is("incident", incident)).await;
    assert!(told.get("no").parse::<u64>().unwrap() > after);
    let tick = console.next("tick_binary").await;
    assert!(tells(&tick, n_mover), "{tick:?}");
    let resumed = console.next("resumed").await;
    assert!(resumed.is("run", run), "{resumed:?}");
    let newest: u64 = resumed.get("no").parse().unwrap();
    // With nothing missed there is nothing but that.
    let mut again = back(run, newest);
    let first = found("a frame", || again.unread().into_iter().next()).await;
    assert!(["resumed", "tick_binary"].contains(&first.as_str()), "{first}");
    for (run, after) in [(run.wrapping_add(1), newest), (run, newest + 1_000)] {
        let mut anew = back(run, after);
        let first = found("a frame", || anew.unread().into_iter().next()).await;
        assert_eq!(first, "welcome", "{run} {after}");
    }
}

#[actix::test]
async fn news_that_may_tell_of_a_forgotten_tip_is_told_to_nobody_again() {
    let world = World::open().await;
    let mut console = world.console(&[Audience::Centre]);
    let welcome = console.next("welcome").await;
    let (run, no) = (welcome.get("run").parse().unwrap(), welcome.get("no").parse().unwrap());
    let incident = world.emergency().await;
    let back =
        |no: u64| world.console_with(&[Audience::Centre], |join| join.after = Some((run, no)));
    let first = async |console: &mut Inbox| {
        found("a frame", || console.unread().into_iter().find(|kind| kind != "tick")).await
    };
    assert_ne!(first(&mut back(no)).await, "welcome", "its news is kept");
    // Told of by an incident that is awake, and by one that no actor holds.
    for incidents in [vec![incident], vec![]] {
        world.emergency().await;
        within("forgetting", world.court.forget_tip(ForgetTip { incidents })).await.unwrap();
        world.settled().await;
        assert_eq!(first(&mut back(no)).await, "welcome");
        let newest = back(no).next("welcome").await.get("no").parse().unwrap();
        assert_eq!(first(&mut back(newest)).await, "resumed", "what comes is kept again");
    }
}

#[actix::test]
async fn whoever_missed_too_much_begins_anew() {
    let world = World::open().await;
    let [officer] = world.on_duty([100.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    let welcome = console.next("welcome").await;
    let (run, no) = (welcome.get("run").parse().unwrap(), welcome.get("no").parse().unwrap());
    for _ in 0..40 {
        world.deed(&officer, OfficerDeed::StartBreak).await.unwrap();
        world.deed(&officer, OfficerDeed::GoOnDuty).await.unwrap();
    }
    let mut back = world.console_with(&[Audience::Centre], |join| join.after = Some((run, no)));
    let first = found("a frame", || back.unread().into_iter().next()).await;
    assert_eq!(first, "welcome");
}

#[actix::test]
async fn news_is_kept_for_a_while_for_those_who_are_away() {
    let world = World::open().await;
    let [mut officer] = world.on_duty([100.0]).await;
    let mut console = world.console(&[Audience::Centre]);
    let welcome = console.next("welcome").await;
    let (run, no) = (welcome.get("run").parse().unwrap(), welcome.get("no").parse().unwrap());
    drop(console);
    officer.inbox.unread();
    world.clock.advance(Millis::from_secs(200));
    officer.lane.heard(tiande_actors::ports::Clock::now(&world.clock));
    within("a deed", world.deed(&officer, OfficerDeed::StartBreak)).await.unwrap();
    let mut back = world.console_with(&[Audience::Centre], |join| join.after = Some((run, no)));
    let first = found("a frame", || back.unread().into_iter().next()).await;
    assert_eq!(first, "welcome", "nobody was there for so long that nothing was kept");
}

#[actix::test]
async fn whoever_comes_back_is_also_told_what_it_did_not_look_at_before() {
    let world = World::open().await;
    let [mut there, other] = world.on_duty([5_000.0, 6_000.0]).await;
    let n_there = number_of(&world, &there).await;
    let mut console = world.console_with(&[Audience::Centre], |join| {
        join.binary = true;
        join.view = Some(between(0.0, 1_000.0));
    });
    let run: u32 = console.next("welcome").await.get("run").parse().unwrap();
    let mut all = looking(&world, None).await;
    there.report(&world, north(5_010.0)).await;
    all.next_that("tick_binary", |tick| tells(tick, n_there)).await;
    // News with a greater number than that tick, which this console was not sent.
    world.deed(&other, OfficerDeed::StartBreak).await.unwrap();
    let news = console.next_that("officer", |frame| frame.is("status", "on_break")).await;
    let after: u64 = news.get("no").parse().unwrap();
    let mut back = world.console_with(&[Audience::Centre], |join| {
        join.binary = true;
        join.view = Some(between(4_000.0, 5_500.0));
        join.after = Some((run, after));
    });
    let tick = back.next("tick_binary").await;
    let place = format!("{:.5}", north(5_010.0).lat());
    assert!(tick.get(&n_there.to_string()).contains(&place), "{tick:?}");
    back.next("resumed").await;
}

#[actix::test]
async fn a_console_survives_what_happens_to_everybody_at_once() {
    let world = World::open().await;
    let ids: Vec<_> = (0..400).map(|_| world.new_officer()).collect();
    let enrol = |officer: &_| EnrolOfficer {
        officer: *officer,
        personal: OfficerPersonal { name: "one of many".to_owned(), badge: None },
        skills: Vec::new(),
    };
    let many = EnrolMany { officers: ids.iter().map(enrol).collect() };
    within("the import", world.court.enrol_many(many)).await.unwrap();
    world.settled().await;
    let mut console = world.console(&[Audience::Centre]);
    console.next("welcome").await;
    let order = DutyOrder { officers: ids.clone(), on: true };
    within("an order of duty", world.court.order_duty(order)).await.unwrap();
    // Until now it has had no time to read: four times as much as its outbox holds has happened.
    world.settled().await;
    let mut left: BTreeSet<String> = ids.iter().map(ToString::to_string).collect();
    let (mut newest, mut lines, mut gathered) = (0, 0, 0);
    while !left.is_empty() || lines < 2 * ids.len() {
        let frame = console.next_that_is(&["officer", "event", "news"]).await;
        match frame.kind.as_str() {
            "news" => gathered += 1,
            kind => {
                let no: u64 = frame.get("no").parse().unwrap();
                assert!(no > newest, "{no} came after {newest}");
                newest = no;
                lines += usize::from(kind == "event");
                if frame.is("status", "out_of_contact") {
                    left.remove(frame.get("officer"));
                }
            }
        }
    }
    assert!(gathered > 0, "one by one it would have been too much");
    assert_eq!(lines, 2 * ids.len(), "no line of the feed is left out");
    // What comes later comes by itself again.
    world.emergency().await;
    console.next("incident").await;
    assert!(!console.unread().contains(&"news".to_owned()));
}
