//! Handhelds and consoles: who is told what, and what becomes of those who do not listen.

use tiande_actors::court::{AcknowledgeAlarm, CommandFault, OfficerDeed};
use tiande_actors::outbox::{FRAMES_MAX, Outbox};
use tiande_actors::ports::journal::Audience;
use tiande_core::ids::AlarmId;
use tiande_core::journal::By;
use tiande_core::time::Millis;

use crate::waiting::{until, within};
use crate::world::{World, asking_two, north};

#[actix::test]
async fn a_handheld_that_connects_again_closes_the_older_socket() {
    let world = World::open().await;
    let [mut old] = world.on_duty([100.0]).await;
    let mut new = world.connect(old.officer).await;
    assert_eq!(old.inbox.closed().await, 4409);
    assert!(new.inbox.next("welcome").await.is("status", "available"));
    world.emergency().await;
    new.offer().await;
}

#[actix::test]
async fn a_revoked_device_is_closed_and_another_is_not() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let other = tiande_core::ids::DeviceId(near.officer.0);
    within("a revocation", world.court.revoke(near.officer, other)).await.unwrap();
    world.settled().await;
    assert!(!near.inbox.is_closed());
    within("a revocation", world.court.revoke(near.officer, near.device)).await.unwrap();
    assert_eq!(near.inbox.closed().await, 4401);
}

#[actix::test]
async fn a_handheld_that_does_not_read_is_closed_at_its_bound_and_nobody_else_notices() {
    let world = World::open_with(asking_two()).await;
    let [mut deaf, mut near] = world.on_duty([100.0, 700.0]).await;
    let mut console = world.console(&[]);
    console.next("welcome").await;
    let mut frames = 0;
    while !deaf.inbox.outbox.is_closed() {
        deaf.send_fix(&world, north(100.0));
        let ack = near.report(&world, north(700.0)).await;
        assert!(ack.is("taken", 1));
        frames += 1;
        assert!(frames <= FRAMES_MAX + 1, "it is past the bound");
    }
    assert_eq!(deaf.inbox.closed().await, 4431);
    let incident = world.emergency().await;
    assert!(near.inbox.next("offer").await.is("incident", incident));
    console.next_that("incident", |frame| frame.is("incident", incident)).await;
    let mut back = world.connect(deaf.officer).await;
    assert_eq!(back.inbox.next("welcome").await.list("offers").len(), 1);
}

#[actix::test]
async fn a_console_that_does_not_read_is_closed_and_the_others_miss_nothing() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    let (mut deaf, mut awake) = (world.console(&[]), world.console(&[]));
    awake.next("welcome").await;
    for _ in 0..FRAMES_MAX {
        world.deed(&near, OfficerDeed::StartBreak).await.unwrap();
        awake.next_that("officer", |frame| frame.is("status", "on_break")).await;
        world.deed(&near, OfficerDeed::GoOnDuty).await.unwrap();
        awake.next_that("officer", |frame| frame.is("status", "available")).await;
    }
    // What it might be told is gathered, and takes no room in its outbox; its age is what counts.
    assert!(deaf.outbox.waiting() <= FRAMES_MAX / 2 && !deaf.outbox.is_closed());
    awake.drain();
    world.clock.advance(Millis(tiande_actors::outbox::STALL_MAX.0 + 1));
    until("the tick has seen it", || deaf.outbox.is_closed()).await;
    assert_eq!(deaf.closed().await, 4431);
    assert!(!awake.is_closed());
}

#[actix::test]
async fn a_frame_that_waits_too_long_closes_a_console_by_the_next_tick() {
    let world = World::open().await;
    let mut stalled = world.console(&[]);
    world.settled().await;
    world.clock.advance(Millis(tiande_actors::outbox::STALL_MAX.0 + 1));
    // Looks without reading.
    until("the tick has seen it", || stalled.outbox.is_closed()).await;
    assert_eq!(stalled.closed().await, 4431);
}

#[actix::test]
async fn a_console_gets_everything_and_then_what_changes() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let first = world.emergency().await;
    let offer = near.offer().await;
    let second = world.emergency().await;
    let mut console = world.console(&[Audience::Centre]);
    let welcome = console.next("welcome").await;
    let mut open = [first.to_string(), second.to_string()];
    open.sort();
    assert_eq!(welcome.list("incidents"), open);
    assert!(welcome.get("officers").starts_with(&format!("{}:offered", near.officer)));
    assert_eq!(welcome.list("alarms").len(), 1, "of the exhausted second one");
    world.accept(&near, offer).await.unwrap();
    console.next_that("officer", |frame| frame.is("status", "committed")).await;
    let mut late = world.console(&[Audience::Director]);
    assert_eq!(late.next("welcome").await.list("alarms").len(), 0, "not its alarm");
    world.cancel(second).await;
    console.next_that("incident", |frame| frame.is("status", "cancelled")).await;
    let mut later = world.console(&[Audience::Centre]);
    let welcome = later.next("welcome").await;
    assert_eq!(welcome.list("incidents"), [first.to_string()]);
    assert_eq!(welcome.list("alarms").len(), 0, "its incident is over");
}

#[actix::test]
async fn an_alarm_is_acknowledged_by_its_audience_only() {
    let world = World::open().await;
    let mut centre = world.console(&[Audience::Centre]);
    world.emergency().await;
    let alarm: AlarmId = centre.next("alarm").await.get("alarm").parse().unwrap();
    let acknowledge = |audience, alarm| AcknowledgeAlarm {
        alarm,
        by: "张三".into(),
        audiences: vec![audience],
        who: By::System,
    };
    let refused = world.court.acknowledge(acknowledge(Audience::Director, alarm));
    let refused = within("an acknowledgement", refused).await;
    assert!(matches!(refused, Err(CommandFault::Forbidden)));
    let done = world.court.acknowledge(acknowledge(Audience::Centre, alarm));
    within("an acknowledgement", done).await.unwrap();
    let told = centre.next("alarm_acked").await;
    assert!(told.is("alarm", alarm) && told.is("by", "张三"));
    world.settled().await;
    let again = world.court.acknowledge(acknowledge(Audience::Centre, alarm));
    assert!(matches!(within("an acknowledgement", again).await, Err(CommandFault::NotFound)));
    assert!(world.console(&[Audience::Centre]).next("welcome").await.is("alarms", ""));
}

#[actix::test]
async fn everybody_who_listens_is_told_that_the_server_goes_down() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let mut console = world.console(&[]);
    world.court.close_sockets();
    assert_eq!(near.inbox.closed().await, 1001);
    assert_eq!(console.closed().await, 1001);
}

#[actix::test]
async fn a_reader_that_is_gone_costs_nothing() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    let (officer, outbox) = (near.officer, near.inbox.outbox.clone());
    drop(near);
    assert!(Outbox::is_closed(&outbox));
    world.emergency().await;
    let mut back = world.connect(officer).await;
    assert!(back.inbox.next("welcome").await.is("status", "offered"));
}
