//! Tracks: what is kept of an officer's way, what is acknowledged, and when.

use tiande_actors::court::{CommandFault, NoteTrackRead, OfficerDeed};
use tiande_actors::limits::{ACK_AFTER_FIXES, ACKS_BURST};
use tiande_actors::ports::AppendFault;
use tiande_core::geo::LatLon;
use tiande_core::journal::{By, Event};
use tiande_core::officer::{FixVerdict, OfficerEvent};
use tiande_core::time::{Millis, UnixMillis};

use crate::waiting::{until, within};
use crate::world::{Handheld, MONDAY_10, World, north};

fn seqs(world: &World, who: &Handheld) -> Vec<u32> {
    world.tracks.of(who.officer).iter().map(|fix| fix.seq).collect()
}

/// A moment so many seconds after the court was opened.
fn second(seconds: i64) -> UnixMillis {
    UnixMillis(MONDAY_10.0 + seconds * 1_000)
}

#[actix::test]
async fn a_fix_is_acknowledged_as_stored_only_when_it_is() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.told_stored(1).await;
    world.tracks.hold();
    near.report(&world, north(101.0)).await;
    world.settled().await;
    assert_eq!(near.inbox.unread(), Vec::<String>::new(), "it decides, but is not on the disk");
    assert_eq!(seqs(&world, &near), [1]);
    world.tracks.release();
    near.told_stored(2).await;
    assert_eq!(seqs(&world, &near), [1, 2]);
    let mut again = world.connect_again(near.officer, near.device).await;
    assert!(again.inbox.next("welcome").await.is("stored", "1.2"));
}

#[actix::test]
async fn what_was_saved_up_on_duty_is_kept_and_the_rest_only_acknowledged() {
    let world = World::open().await;
    let officer = world.enrol("officer").await;
    world.clock.advance(Millis::from_secs(100));
    let mut device = world.connect(officer).await;
    world.deed(&device, OfficerDeed::GoOnDuty).await.unwrap();
    device.inbox.unread(); // A socket that does not read while the clock leaps would be closed.
    world.clock.advance(Millis::from_secs(100));
    world.deed(&device, OfficerDeed::GoOffDuty).await.unwrap();
    device.inbox.unread();
    world.clock.advance(Millis::from_secs(4 * 3_600));
    // Before, on, and after duty; all come when it is long over.
    let moments = [50, 99, 100, 150, 200, 201, 300];
    device.send_saved((1..).zip(moments.map(second)));
    device.told_stored(7).await;
    assert_eq!(seqs(&world, &device), [3, 4, 5]);
    let verdicts: Vec<_> = world.tracks.of(officer).iter().map(|fix| fix.verdict).collect();
    assert_eq!(verdicts, [FixVerdict::Stale; 3]);
    assert_eq!(world.officer_status(officer).await, "off_duty");
    // The journal knows the spans on duty after a restart too.
    let world = world.reopen().await;
    let mut device = world.connect_again(officer, device.device).await;
    device.send_saved([(8, second(120)), (9, second(250))]);
    device.told_stored(9).await;
    assert_eq!(seqs(&world, &device), [3, 4, 5, 8]);
}

#[actix::test]
async fn bad_fixes_are_kept_marked() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.report(&world, LatLon::new(36.2, 114.7).unwrap()).await;
    near.told_stored(2).await;
    let verdicts: Vec<_> = world.tracks.of(near.officer).iter().map(|fix| fix.verdict).collect();
    assert_eq!(verdicts, [FixVerdict::Taken, FixVerdict::Implausible]);
    // A clock that runs far ahead says nothing of when it was.
    near.send_saved([(3, second(60)), (4, second(3 * 3_600))]);
    near.told_stored(4).await;
    assert_eq!(seqs(&world, &near), [1, 2, 3]);
    assert_eq!(world.tracks.of(near.officer)[2].verdict, FixVerdict::Future);
}

#[actix::test]
async fn what_the_store_cannot_take_is_not_acknowledged_nor_anything_after_it() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.told_stored(1).await;
    world.tracks.set_full(true);
    near.report(&world, north(101.0)).await;
    world.tracks.set_full(false);
    near.report(&world, north(102.0)).await;
    world.settled().await;
    assert_eq!(near.inbox.unread(), Vec::<String>::new(), "3 is not stored above the hole at 2");
    // The device waits for its acknowledgement in vain, and sends both again.
    near.send_saved([(2, second(0)), (3, second(0))]);
    near.told_stored(3).await;
    assert_eq!(seqs(&world, &near), [1, 2, 3]);
}

#[actix::test]
async fn a_burst_beyond_the_queue_loses_nothing_of_the_track() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.told_stored(1).await;
    // In one go, so that the officer's actor cannot take any of it in between.
    near.send_saved((2..3_002).map(|seq| (seq, second(0))));
    near.inbox.next_that("ack", |ack| ack.is("seq", 3_001)).await;
    world.settled().await;
    assert_eq!(seqs(&world, &near), [1], "the oldest are missing: nothing above them is stored");
    for from in (2..3_002).step_by(500) {
        near.send_saved((from..from + 500).map(|seq| (seq, second(0))));
        near.told_stored(from + 499).await;
    }
    assert_eq!(seqs(&world, &near), (1..3_002).collect::<Vec<_>>());
}

#[actix::test]
async fn what_an_older_connection_still_brings_is_not_for_the_track() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    let mut again = world.connect_again(near.officer, near.device).await;
    near.send_saved([(3, second(0))]);
    again.send_saved([(2, second(0)), (3, second(0))]);
    again.told_stored(3).await;
    assert_eq!(seqs(&world, &near), [1, 2, 3]);
}

#[actix::test]
async fn a_fix_sent_ahead_decides_and_is_stored_in_its_turn() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.told_stored(1).await;
    let mut fix = *world.roster_of(near.officer).await.fix.map(|known| known.fix).as_ref().unwrap();
    fix.seq = 5;
    near.lane.report(near.link, true, [Ok(fix)]);
    near.inbox.next_that("ack", |ack| ack.is("seq", 5) && ack.is("taken", 1)).await;
    near.send_saved((2..=5).map(|seq| (seq, second(0))));
    near.told_stored(5).await;
    assert_eq!(seqs(&world, &near), [1, 2, 3, 4, 5]);
    let last = world.tracks.of(near.officer).pop().unwrap();
    assert_eq!(last.verdict, FixVerdict::Older, "when it came in its turn it was known already");
}

#[actix::test]
async fn reading_a_track_is_written_down_first_or_refused() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.told_stored(1).await;
    let read = || NoteTrackRead {
        officer: near.officer,
        from: second(-60),
        to: second(0),
        reason: Some("why".into()),
        by: By::Operator,
    };
    within("a note", world.court.note_track_read(read())).await.unwrap();
    let noted = |event: &Event| matches!(event, Event::Officer(OfficerEvent::TrackRead { .. }));
    assert_eq!(world.count(noted), 1);
    world.journal.fail_next(AppendFault::Unavailable);
    let refused = within("a note", world.court.note_track_read(read())).await;
    assert!(matches!(refused, Err(CommandFault::Officer(_))), "{refused:?}");
    until("the officer goes on", || near.inbox.unread().is_empty()).await;
    assert_eq!(world.count(noted), 1);
    assert_eq!(world.officer_status(near.officer).await, "available");
}

#[actix::test]
async fn a_device_that_reports_without_pause_is_acknowledged_at_a_pace() {
    let world = World::open_without_rounds().await;
    let [mut near] = world.on_duty([0.0]).await; // Which has taken the first fix.
    for seq in 2..=100 {
        near.send_saved([(seq, second(0))]);
        world.settled().await;
    }
    let told = near.inbox.drain();
    let acks: Vec<_> = told.iter().filter(|frame| frame.kind == "ack").collect();
    // Some at once but for the round's own, then one for 64 fixes; each fix is counted in one of them.
    assert_eq!(acks.len() as u64, ACKS_BURST - 1, "{acks:?}");
    let counted: u32 = acks.iter().map(|ack| ack.get("taken").parse::<u32>().unwrap()).sum();
    assert!(acks.last().unwrap().is("seq", 1 + counted), "{acks:?}");
    assert_eq!(counted, 99 - (99 - (ACKS_BURST as u32 - 2)) % ACK_AFTER_FIXES);
    // What was refused is told at once, together with what was put off.
    near.seq = 100;
    let ack = near.report(&world, LatLon::new(36.2, 114.7).unwrap()).await;
    assert!(ack.is("taken", 99 - counted) && ack.is("refused", "implausible:1"), "{ack:?}");
}

#[actix::test]
async fn what_was_put_off_comes_with_the_next_round() {
    let world = World::open().await;
    let [mut near] = world.on_duty([0.0]).await;
    for seq in 2..=40 {
        near.send_saved([(seq, second(0))]);
        world.settled().await;
    }
    near.inbox.next_that("ack", |ack| ack.is("seq", 40)).await;
    near.told_stored(40).await;
}
