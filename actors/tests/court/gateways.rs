//! Positions that gateways report: they decide, are kept once, and each record gets its answer.

use tiande_actors::court::{DutyOrder, DutyOrdered, EnrolMany, EnrolOfficer, OfficerDeed, Whom};
use tiande_actors::limits::GATEWAY_RECORDS_WAITING;
use tiande_actors::officer::{Gateway, GatewayBatch, Record, RecordEnd};
use tiande_actors::ports::Clock as _;
use tiande_core::geo::{LatLon, Metres};
use tiande_core::ids::{DeviceId, GatewayId, OfficerId};
use tiande_core::journal::Event;
use tiande_core::officer::{Fix, OfficerEvent, OfficerPersonal};
use tiande_core::time::Millis;
use tokio::sync::oneshot;

use crate::waiting::{until, within};
use crate::world::{World, north};

/// The gateway of the cars; each officer has one of them.
fn cars() -> Gateway {
    let id: GatewayId = "00000000-0000-0000-0000-000000000077".parse().unwrap();
    Gateway { id, tracker: |_cars, officer| DeviceId(officer.0) }
}

type Ends = Vec<Option<&'static str>>;

/// What a gateway reports of one officer: sequence and metres north, measured now; `None` is no place.
type Report<'a> = &'a [(u32, Option<f64>)];

fn fix(world: &World, seq: u32, at: LatLon) -> Fix {
    Fix {
        epoch: 1,
        seq,
        taken_at: world.clock.now(),
        at,
        accuracy: Some(Metres(5.0)),
        speed_mps: None,
        heading_deg: None,
    }
}

/// Hands a batch in, as the edge does; the answer comes when it is durable.
fn report(world: &World, reports: &[(OfficerId, Report<'_>)]) -> oneshot::Receiver<Vec<RecordEnd>> {
    let mut records = Vec::new();
    for (officer, fixes) in reports {
        let of = |(seq, metres): &(u32, Option<f64>)| {
            let what = metres.map(|metres| fix(world, *seq, north(metres))).ok_or((1, *seq));
            Record::Of(Whom::Id(*officer), what)
        };
        records.extend(fixes.iter().map(of));
    }
    hand_in(world, records)
}

fn hand_in(world: &World, records: Vec<Record>) -> oneshot::Receiver<Vec<RecordEnd>> {
    let (batch, told) = GatewayBatch::new(cars(), records);
    world.court.report(batch);
    told
}

async fn ends(told: oneshot::Receiver<Vec<RecordEnd>>) -> Ends {
    let ends = within("the answer to a batch", told).await.expect("always answered");
    ends.into_iter().map(RecordEnd::code).collect()
}

fn seqs(world: &World, officer: OfficerId) -> Vec<u32> {
    world.tracks.of(officer).iter().map(|fix| fix.seq).collect()
}

/// How far north an officer is known to be, metres.
async fn known_at(world: &World, officer: OfficerId) -> f64 {
    let fix = world.roster_of(officer).await.fix.expect("a position").fix;
    north(0.0).distance(fix.at).0.round()
}

#[actix::test]
async fn a_batch_decides_at_once_and_is_answered_when_it_is_durable() {
    let world = World::open().await;
    let [mut near, far] = world.on_duty([100.0, 900.0]).await;
    near.told_stored(1).await;
    world.clock.advance(Millis::from_secs(10));
    world.tracks.hold();
    let nobody = world.new_officer();
    let reports: [(OfficerId, Report<'_>); 3] = [
        (near.officer, &[(1, Some(110.0)), (2, None), (3, Some(120.0))]),
        (nobody, &[(1, Some(0.0))]),
        (far.officer, &[(1, Some(910.0))]),
    ];
    let mut told = report(&world, &reports);
    world.settled().await;
    assert!((known_at(&world, near.officer).await - 120.0).abs() < 1.0);
    assert!((known_at(&world, far.officer).await - 910.0).abs() < 1.0);
    assert!(told.try_recv().is_err(), "it is not on the disk");
    world.tracks.release();
    let expected = [None, Some("out_of_range"), None, Some("officer-unknown"), None];
    assert_eq!(ends(told).await, expected);
    assert_eq!(seqs(&world, near.officer), [1, 1, 3], "the handheld's, then the car's");
    assert!(near.inbox.unread().iter().all(|kind| kind != "stored"), "the handheld is not told");
}

#[actix::test]
async fn whoever_is_nearer_by_a_gateway_is_asked_first() {
    let world = World::open().await;
    let [mut near, mut far] = world.on_duty([100.0, 200.0]).await;
    world.clock.advance(Millis::from_secs(5));
    let moved = report(&world, &[(far.officer, &[(1, Some(20.0))]), (near.officer, &[])]);
    assert_eq!(ends(moved).await, [None]);
    world.emergency().await;
    assert!(far.inbox.next("offer").await.is("distance_m", 20));
    world.settled().await;
    assert!(!near.inbox.unread().contains(&"offer".to_owned()));
}

#[actix::test]
async fn a_handheld_and_a_tracker_are_weighed_by_when_they_measured() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.epoch = 9; // Another counter than the car's: they are not compared.
    for step in 0..4 {
        world.clock.advance(Millis::from_secs(5));
        let metres = 100.0 + f64::from(step) * 20.0;
        assert_eq!(
            ends(report(&world, &[(near.officer, &[(step + 1, Some(metres))])])).await,
            [None]
        );
        assert!((known_at(&world, near.officer).await - metres).abs() < 1.0);
        world.clock.advance(Millis::from_secs(5));
        let ack = near.report(&world, north(metres + 10.0)).await;
        assert!(ack.is("taken", 1), "{ack:?}");
        assert!((known_at(&world, near.officer).await - metres - 10.0).abs() < 1.0);
    }
    // The car saved this up; the handheld has been elsewhere since.
    let mut late = fix(&world, 9, north(5.0));
    late.taken_at = world.clock.now().minus(Millis::from_secs(3));
    let told = hand_in(&world, vec![Record::Of(Whom::Id(near.officer), Ok(late))]);
    assert_eq!(ends(told).await, [Some("older")]);
    assert_eq!(seqs(&world, near.officer).iter().filter(|seq| **seq == 9).count(), 1, "kept");
}

#[actix::test]
async fn a_tracker_does_not_speak_for_an_officer_who_cannot_be_reached() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    near.inbox.unread();
    world.clock.advance(Millis::from_secs(60));
    until("contact is lost", || {
        drop(report(&world, &[(near.officer, &[(1, Some(110.0))])]));
        near.inbox.unread().contains(&"notice".to_owned())
    })
    .await;
    assert_eq!(ends(report(&world, &[(near.officer, &[(2, Some(111.0))])])).await, [None]);
    assert_eq!(world.officer_status(near.officer).await, "out_of_contact");
    assert!((known_at(&world, near.officer).await - 111.0).abs() < 1.0, "but is seen");
    assert!(near.report(&world, north(112.0)).await.is("taken", 1));
    assert_eq!(world.officer_status(near.officer).await, "available");
}

#[actix::test]
async fn off_duty_nothing_is_kept_or_shown() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.deed(&near, OfficerDeed::GoOffDuty).await.unwrap();
    let kept = seqs(&world, near.officer);
    world.clock.advance(Millis::from_secs(1));
    let told = report(&world, &[(near.officer, &[(1, Some(50.0))])]);
    assert_eq!(ends(told).await, [Some("off_duty")]);
    assert_eq!(seqs(&world, near.officer), kept);
    assert!(world.roster_of(near.officer).await.fix.is_none());
}

#[actix::test]
async fn what_could_not_be_kept_is_asked_for_again_and_nothing_is_stored_above_it() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    let one = |seq: u32| [(seq, Some(100.0 + f64::from(seq)))];
    let send = |seq: u32| report(&world, &[(near.officer, &one(seq))]);
    world.clock.advance(Millis::from_secs(1));
    assert_eq!(ends(send(1)).await, [None]);
    world.tracks.set_full(true);
    assert_eq!(ends(send(2)).await, [Some("overloaded")]);
    world.tracks.set_full(false);
    assert_eq!(ends(send(3)).await, [Some("overloaded")], "there is a hole below it");
    let again = report(&world, &[(near.officer, &[(3, Some(103.0)), (2, Some(102.0))])]);
    assert_eq!(ends(again).await, [Some("older"), Some("older")], "kept now, and known before");
    assert_eq!(seqs(&world, near.officer), [1, 1, 2, 3]);
    // A gateway that gives up what was turned away does not block its officer for ever.
    world.tracks.set_full(true);
    assert_eq!(ends(send(4)).await, [Some("overloaded")]);
    world.tracks.set_full(false);
    assert_eq!(ends(send(5)).await, [Some("overloaded")]);
    world.clock.advance(Millis::from_secs(61));
    near.lane.heard(world.clock.now());
    assert_eq!(ends(send(6)).await, [None]);
    assert_eq!(seqs(&world, near.officer), [1, 1, 2, 3, 6]);
}

#[actix::test]
async fn beyond_the_queue_nothing_is_lost_when_what_was_asked_for_is_sent_again() {
    const PARTS: u32 = 12;
    let each = u32::try_from(GATEWAY_RECORDS_WAITING).unwrap() / 5;
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.clock.advance(Millis::from_secs(1));
    let now = world.clock.now();
    let place = fix(&world, 0, north(110.0));
    let part = |part: u32| {
        let fixes = (1..=each).map(|seq| {
            let seq = part * each + seq;
            Record::Of(Whom::Id(near.officer), Ok(Fix { seq, taken_at: now, ..place }))
        });
        GatewayBatch::new(cars(), fixes.collect())
    };
    // Far more than may wait, as fast as it goes; the court takes what it can in between.
    let (mut open, mut turned_away): (Vec<u32>, _) = ((0..PARTS).collect(), 0);
    for _ in 0..PARTS {
        let (batches, told): (Vec<_>, Vec<_>) = open.iter().map(|number| part(*number)).unzip();
        batches.into_iter().for_each(|batch| world.court.report(batch));
        let mut again = Vec::new();
        for (number, told) in open.iter().zip(told) {
            if ends(told).await.contains(&Some("overloaded")) {
                again.push(*number);
            }
        }
        turned_away += again.len();
        open = again;
    }
    assert_eq!(open, Vec::<u32>::new());
    assert!(turned_away > 0, "there was room for all of them: nothing was shown");
    let mut expected = vec![1];
    expected.extend(1..=PARTS * each);
    assert_eq!(seqs(&world, near.officer), expected, "in order, and each once");
    assert!((known_at(&world, near.officer).await - 110.0).abs() < 1.0);
}

#[actix::test]
async fn an_officer_who_dies_with_a_batch_in_hand_lets_it_come_again() {
    let world = World::open().await;
    let [mut near, far] = world.on_duty([100.0, 900.0]).await;
    world.clock.advance(Millis::from_secs(1));
    world.wire.trip("ack epoch=666 ", 1);
    near.epoch = 666;
    near.send_fix(&world, north(101.0));
    until("the actor has died", || world.wire.trips_left() == 0).await;
    assert_eq!(near.inbox.closed().await, 1012);
    // A dead actor's seat takes nothing, and says so at once; the others go on.
    let records: [(OfficerId, Report<'_>); 2] =
        [(near.officer, &[(1, Some(102.0))]), (far.officer, &[(1, Some(902.0))])];
    assert_eq!(ends(report(&world, &records)).await, [Some("overloaded"), None]);
    let again = world.connect_again(near.officer, near.device).await;
    assert_eq!(ends(report(&world, &[(again.officer, &[(1, Some(102.0))])])).await, [None]);
}

#[actix::test]
async fn a_car_that_leaves_the_house_puts_nobody_on_duty() {
    let world = World::open().await;
    let officer = world.enrol("in the house").await;
    let mut handheld = world.connect(officer).await;
    let centre = world.court.profile().court_house.centre().expect("a house");
    handheld.report(&world, centre).await;
    // Somebody else drives it.
    for (seq, far) in [(1, 3_000.0), (2, 3_100.0)] {
        world.clock.advance(Millis::from_secs(30));
        let told = report(&world, &[(officer, &[(seq, Some(far))])]);
        assert_eq!(ends(told).await, [Some("off_duty")]);
    }
    world.settled().await;
    assert_eq!(world.officer_status(officer).await, "off_duty");
    assert_eq!(seqs(&world, officer), [0_u32; 0]);
}

#[actix::test]
async fn nothing_is_kept_above_a_batch_that_was_sent_away_unseen() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    world.clock.advance(Millis::from_secs(5));
    let batch = |seqs: std::ops::RangeInclusive<u32>| {
        let fixes: Vec<_> = seqs.map(|seq| (seq, Some(110.0))).collect();
        report(&world, &[(near.officer, &fixes)])
    };
    assert_eq!(ends(batch(1..=2)).await, [None, None]);
    world.court.miss(cars(), &[Record::Of(Whom::Id(near.officer), Err((1, 3)))]);
    // The one after it is refused, until both come again.
    assert_eq!(ends(batch(5..=6)).await, [Some("overloaded"); 2]);
    // As positions they are older than what has decided; in the track they have their places.
    assert_eq!(ends(batch(3..=4)).await, [Some("older"); 2]);
    assert_eq!(ends(batch(5..=6)).await, [Some("older"); 2]);
    assert_eq!(seqs(&world, near.officer), [1, 1, 2, 3, 4, 5, 6]);
}

async fn order(world: &World, officers: &[OfficerId], on: bool) -> DutyOrdered {
    let order = DutyOrder { officers: officers.to_vec(), on };
    within("an order of duty", world.court.order_duty(order)).await.unwrap()
}

#[actix::test]
async fn a_lot_is_made_known_and_ordered_on_duty_with_one_append_each() {
    let world = World::open().await;
    let ids: Vec<OfficerId> = (0..40).map(|_| world.new_officer()).collect();
    let enrol = |officer: &OfficerId| EnrolOfficer {
        officer: *officer,
        personal: OfficerPersonal { name: "tracked".to_owned(), badge: None },
        skills: Vec::new(),
    };
    let appends = || world.journal.appended().len();
    let before = appends();
    let many = EnrolMany { officers: ids.iter().map(enrol).collect() };
    assert_eq!(within("the import", world.court.enrol_many(many)).await.unwrap(), 40);
    assert_eq!(appends(), before + 1);
    let again = EnrolMany { officers: ids.iter().map(enrol).collect() };
    assert_eq!(within("again", world.court.enrol_many(again)).await.unwrap(), 0);
    assert_eq!(order(&world, &ids, true).await.changed.len(), 40);
    assert_eq!(appends(), before + 2);
    // Nobody hears of them: they can be seen, and not be asked. Silence is told once.
    assert_eq!(ends(report(&world, &[(ids[0], &[(1, Some(100.0))])])).await, [None]);
    world.clock.advance(Millis::from_secs(60));
    world.settled().await;
    assert_eq!(world.officer_status(ids[0]).await, "out_of_contact");
    let incident = world.emergency().await;
    assert_eq!(world.status(incident).await, "exhausted");
    assert_eq!(world.count(|e| matches!(e, Event::Officer(OfficerEvent::ContactLost { .. }))), 40);
    // A handheld that comes in ends it, where the place is fresh.
    assert_eq!(ends(report(&world, &[(ids[0], &[(2, Some(101.0))])])).await, [None]);
    let mut first = world.connect(ids[0]).await;
    first.offer().await;
    let world = world.reopen().await;
    assert_eq!(world.officer_status(ids[1]).await, "out_of_contact");
    world.clock.advance(Millis::from_secs(10));
    world.settled().await;
    let regained = |e: &Event| matches!(e, Event::Officer(OfficerEvent::ContactRegained {}));
    assert_eq!(world.count(regained), 1, "a start is no sign of life");
}

#[actix::test]
async fn an_order_off_duty_spares_who_is_bound_and_one_that_is_not_written_holds_nobody() {
    let world = World::open().await;
    let [mut near, far] = world.on_duty([100.0, 4_000.0]).await;
    world.emergency().await;
    let offer = near.offer().await;
    world.accept(&near, offer).await.unwrap();
    let both = [near.officer, far.officer];
    world.journal.fail_next(tiande_actors::ports::AppendFault::Unavailable);
    let failed = world.court.order_duty(DutyOrder { officers: both.to_vec(), on: false });
    assert!(within("an order", failed).await.is_err());
    let done = order(&world, &both, false).await;
    assert_eq!(done.changed, [far.officer]);
    assert_eq!(done.refused.len(), 1);
    assert_eq!(world.officer_status(near.officer).await, "committed");
    assert_eq!(world.officer_status(far.officer).await, "off_duty");
}
