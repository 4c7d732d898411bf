//! Actors that go to sleep and wake again, and the snapshots that they wake from.

use futures_util::future::join_all;
use tiande_actors::court::{CaseImport, CommandFault, ForgetTip, Idle, OfficerDeed};
use tiande_actors::gate::{Admitted, Gate, NotAdmitted};
use tiande_core::case::{CaseNumber, Party, PartyRole};
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::incident::{IncidentCommand, Outcome, Urgency};
use tiande_core::journal::{By, Snapshot, StreamId};
use tiande_core::time::Millis;

use crate::waiting::{gets, until, within};
use crate::world::{Handheld, World};

/// Everybody sleeps as soon as there is nothing to do.
const AT_ONCE: Idle = Idle { incident: Millis(1), case: Millis(1) };

fn number(n: u32) -> CaseNumber {
    CaseNumber::parse(&format!("(2026)豫0783执{n}号")).unwrap()
}

async fn import(world: &World, n: u32) -> CaseId {
    let parties = vec![Party::named(PartyRole::Debtor, "李四")];
    let case =
        CaseImport { number: number(n), parties, filing: None, by: By::Operator, only_new: false };
    within("an import", world.court.import_case(case)).await.unwrap()
}

async fn awake(world: &World) -> (usize, usize) {
    let counts = within("counts", world.court.counts()).await.unwrap();
    (counts.incidents, counts.cases)
}

/// Waits until so many incidents and cases are awake.
async fn until_awake(world: &World, incidents: usize, cases: usize) {
    gets("sleep", || async { (awake(world).await == (incidents, cases)).then_some(()) }).await;
}

/// An incident that is over.
async fn finished(world: &World, near: &mut Handheld) -> IncidentId {
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.accept(near, offer).await.unwrap();
    world.deed(near, OfficerDeed::Finish(incident, Outcome::Found, None)).await.unwrap();
    incident
}

/// So many pairs of events in an officer's stream.
async fn take_breaks(world: &World, handheld: &Handheld, times: usize) {
    for _ in 0..times {
        world.deed(handheld, OfficerDeed::StartBreak).await.unwrap();
        world.deed(handheld, OfficerDeed::GoOnDuty).await.unwrap();
    }
}

async fn snapshot_of(world: &World, officer: OfficerId) -> Snapshot {
    let memory = world.journal.memory();
    gets("a snapshot", || async { memory.snapshot(StreamId::Officer(officer)) }).await
}

#[actix::test]
async fn a_case_sleeps_and_wakes_as_it_was() {
    let world = World::open_sleepy(AT_ONCE).await;
    let case = import(&world, 7).await;
    until_awake(&world, 0, 0).await;
    let seen = within("a look", world.court.case(case)).await.unwrap();
    assert_eq!((seen.number, seen.parties.len()), (Some(number(7)), 1));
    until_awake(&world, 0, 0).await;
    assert_eq!(import(&world, 7).await, case, "found by its number, asleep or not");
    let incident = {
        let mut tip = world.tip();
        tip.tip.case_number = Some(number(7));
        world.submit(tip).await.unwrap().incident
    };
    let seen = within("a look", world.court.case(case)).await.unwrap();
    assert!(seen.incidents.contains(&incident));
}

#[actix::test]
async fn a_case_that_nobody_has_taken_in_wakes_no_actor() {
    let world = World::open().await;
    let unknown =
        within("a look", world.court.case("00000000-0000-7000-8000-000000000009".parse().unwrap()))
            .await;
    assert!(matches!(unknown, Err(CommandFault::NotFound)));
    assert_eq!(awake(&world).await, (0, 0));
}

#[actix::test]
async fn two_imports_of_one_number_at_once_are_one_case() {
    let world = World::open().await;
    let both = [import(&world, 3), import(&world, 3), import(&world, 3)];
    let cases = join_all(both).await;
    assert!(cases.iter().all(|case| *case == cases[0]), "{cases:?}");
}

#[actix::test]
async fn no_message_is_lost_to_an_actor_that_goes_to_sleep() {
    let world = World::open_sleepy(AT_ONCE).await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = finished(&world, &mut near).await;
    let case = import(&world, 7).await;
    let memory = world.journal.memory();
    let before = memory.records_read();
    for round in 0..400_u64 {
        // The pauses between messages are around the moment of falling asleep.
        let pause = std::time::Duration::from_micros(500 + round % 40 * 50);
        actix::clock::timeout(pause, std::future::pending::<()>()).await.ok();
        let looks = join_all((0..3).map(|_| world.court.case(case)));
        for seen in within("looks", looks).await {
            assert!(seen.is_ok(), "round {round}: {seen:?}");
        }
        assert_eq!(world.status(incident).await, "finished", "round {round}");
    }
    let wakings = memory.records_read() - before;
    assert!(wakings > 50, "they did fall asleep in between: {wakings} records were read again");
}

#[actix::test]
async fn a_closed_gate_gives_every_message_back() {
    use actix::prelude::*;
    struct Echo;
    impl Actor for Echo {
        type Context = Context<Self>;
    }
    #[derive(Message)]
    #[rtype(result = "u32")]
    struct Say(u32);
    impl Handler<Admitted<Say>> for Echo {
        type Result = u32;
        fn handle(&mut self, message: Admitted<Say>, _: &mut Self::Context) -> u32 {
            message.body.0
        }
    }
    let gate = Gate::new(Echo.start(), "echo", 4);
    let kept = gate.clone();
    let waits = gate.ask(Say(1)).ok().unwrap();
    assert!(!gate.close_if_idle(), "somebody waits");
    assert_eq!(waits.await, Ok(1));
    until("the place is free", || gate.idle()).await;
    assert!(gate.close_if_idle());
    assert!(!kept.connected() && !gate.connected());
    assert!(matches!(kept.ask(Say(2)), Err(NotAdmitted::Gone(Say(2)))));
    assert!(matches!(kept.offer(Say(3)), Err(NotAdmitted::Gone(Say(3)))));
}

#[actix::test]
async fn an_actor_that_died_leaves_no_way_behind() {
    let world = World::open().await;
    let [mut near] = world.on_duty([100.0]).await;
    let incident = world.emergency().await;
    let offer = near.offer().await;
    world.journal.trap(StreamId::Incident(incident), 3);
    // Each death makes the wait for the rebuilding longer: in it nothing of the actor is left.
    for _ in 0..3 {
        let lost = world.deed(&near, OfficerDeed::NoteReceived(offer)).await;
        assert!(matches!(lost, Err(CommandFault::NoAnswer)), "{lost:?}");
    }
    gets("nothing", || async { (awake(&world).await == (0, 0)).then_some(()) }).await;
    until_awake(&world, 1, 0).await;
}

#[actix::test]
async fn an_opened_court_reads_snapshots_and_what_came_after() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    take_breaks(&world, &near, 40).await;
    let snapshot = snapshot_of(&world, near.officer).await;
    assert!((32..=96).contains(&snapshot.seq), "{}", snapshot.seq);
    let name = world.roster_of(near.officer).await.name;
    let before = world.journal.memory().records_read();
    let world = world.reopen().await;
    let read = world.journal.memory().records_read() - before;
    assert!(read <= 33 + 1, "{read} records for a stream of 82");
    let entry = world.roster_of(near.officer).await;
    assert_eq!((entry.name, entry.status.name()), (name, "available"));
    // It goes on where it was: the sequence is right, and so is the state.
    let near = world.connect(near.officer).await;
    world.deed(&near, OfficerDeed::GoOffDuty).await.unwrap();
    assert_eq!(world.officer_status(near.officer).await, "off_duty");
}

#[actix::test]
async fn a_snapshot_that_is_of_no_use_is_passed_over() {
    let world = World::open().await;
    let [near] = world.on_duty([100.0]).await;
    take_breaks(&world, &near, 20).await;
    let stream = StreamId::Officer(near.officer);
    let good = snapshot_of(&world, near.officer).await;
    let mut world = world;
    let name = world.roster_of(near.officer).await.name;
    for bad in [
        Snapshot { body: b"{}".to_vec(), ..good.clone() },
        Snapshot { kept: vec![good.seq], ..good.clone() },
        Snapshot { kept: Vec::new(), ..good.clone() },
        Snapshot { seq: 1_000, ..good.clone() },
        Snapshot {
            version: tiande_core::journal::SnapshotVersion { shape: 0, ..good.version },
            ..good.clone()
        },
    ] {
        world.journal.memory().plant_snapshot(stream, bad);
        world = world.reopen().await;
        let entry = world.roster_of(near.officer).await;
        assert_eq!((&entry.name, entry.status.name()), (&name, "available"));
    }
    let near = world.connect(near.officer).await;
    world.deed(&near, OfficerDeed::GoOffDuty).await.unwrap();
}

#[actix::test]
async fn an_incident_leaves_a_snapshot_before_a_long_sleep() {
    let world = World::open_sleepy(AT_ONCE).await;
    let mut officers = Vec::new();
    for n in 0..12 {
        officers.push(world.on_duty_at(100.0 + f64::from(n) * 10.0).await);
    }
    let incident = world.emergency().await;
    for handheld in &mut officers {
        let offer = handheld.offer().await;
        let no = OfficerDeed::Decline(offer, Some("路远".into()));
        world.deed(handheld, no).await.unwrap();
    }
    world.cancel(incident).await;
    let memory = world.journal.memory();
    let stream = StreamId::Incident(incident);
    let snapshot = gets("a snapshot", || async { memory.snapshot(stream) }).await;
    assert!(!String::from_utf8(snapshot.body).unwrap().contains("test"));
    until_awake(&world, 0, 0).await;
    let seen = world.look(incident).await.view;
    assert_eq!((seen.status.name(), seen.crew.len()), ("cancelled", 0));
}

#[actix::test]
async fn an_incident_that_waits_for_a_dispatcher_sleeps_and_everybody_finds_it() {
    let world = World::open_sleepy(AT_ONCE).await;
    let [mut near] = world.on_duty([100.0]).await;
    let mut waiting = world.tip();
    waiting.tip.urgency = Urgency::Routine;
    let incident = world.submit(waiting).await.unwrap().incident;
    until_awake(&world, 0, 0).await;
    let mut console = world.console(&[]);
    let welcome = console.next("welcome").await;
    assert_eq!(welcome.list("incidents"), [incident.to_string()], "it is on the screens");
    // Being looked at changes nothing, and is no news.
    assert_eq!(world.status(incident).await, "queued");
    until_awake(&world, 0, 0).await;
    world.settled().await;
    assert!(!console.unread().contains(&"incident".to_owned()));
    // One that somebody is asked about, or goes to, stays awake.
    world.order(incident, IncidentCommand::Dispatch).await.unwrap();
    let offer = near.offer().await;
    until_awake(&world, 1, 0).await;
    world.accept(&near, offer).await.unwrap();
    console.next_that("incident", |frame| frame.is("status", "underway")).await;
    assert_eq!(awake(&world).await, (1, 0));
    // The journal says the same after all of that.
    let world = world.reopen().await;
    assert_eq!(world.status(incident).await, "underway");
}

#[actix::test]
async fn a_forgotten_tip_is_read_again_also_when_its_incident_sleeps() {
    let world = World::open_sleepy(AT_ONCE).await;
    let mut waiting = world.tip();
    waiting.tip.urgency = Urgency::Routine;
    let incident = world.submit(waiting).await.unwrap().incident;
    until_awake(&world, 0, 0).await;
    let forget = || world.court.forget_tip(ForgetTip { incidents: vec![incident] });
    // It is on screens with its words: whoever cannot read what is left of them has not forgotten them.
    world.journal.fail_reads(1);
    assert!(within("forgetting", forget()).await.is_err());
    within("forgetting", forget()).await.unwrap();
    until_awake(&world, 0, 0).await;
}
