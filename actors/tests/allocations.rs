//! What the way of a position allocates, counted: from the lane, or a gateway's batch, over judgement,
//! index, glance and the board's mark to the batch for the track store.
//!
//! The whole process is counted, so this is the only test of its binary.
#![allow(clippy::unwrap_used, clippy::panic)] // A broken expectation must end the test at once.
#![allow(clippy::large_futures)] // Tests await whole stories.
#![allow(clippy::print_stdout)] // It says what it counted.
#![allow(
    dead_code,
    reason = "shared with the tests of a whole court, of which few are needed here"
)]

#[path = "court/waiting.rs"]
mod waiting;
#[path = "court/world.rs"]
mod world;

use std::alloc::System;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use tiande_actors::court::Whom;
use tiande_actors::officer::{Gateway, GatewayBatch, Record};
use tiande_actors::ports::Clock as _;
use tiande_actors::ports::tracks::{TrackBatch, Tracks, TracksFull};
use tiande_core::geo::Metres;
use tiande_core::ids::{DeviceId, GatewayId, OfficerId};
use tiande_core::officer::Fix;
use tiande_core::track::Order;

use crate::world::{World, north};

#[global_allocator]
static COUNTED: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// Counts what it is given, and keeps nothing: the real store's queue is a test of its own.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Tracks for Counting {
    fn keep(&self, batch: TrackBatch<'_>) -> Result<(), TracksFull> {
        batch.teller.stored(batch.parts);
        self.0.fetch_add(batch.fixes.len(), Ordering::Release);
        Ok(())
    }

    fn stored(&self, _: DeviceId) -> Option<Order> {
        None
    }
}

impl Counting {
    /// Waits until so many have come, without an allocation of its own.
    fn until(&self, fixes: usize) {
        while self.0.load(Ordering::Acquire) < fixes {
            std::thread::yield_now();
        }
    }
}

/// Steps of a centimetre, each officer at a place of their own: who goes into another cell of the index, now
/// and then, makes the cells' lists longer and shorter.
fn fix(world: &World, officer: usize, seq: u32) -> Fix {
    let metres = 500.0 * officer as f64 + f64::from(seq % 10) / 100.0;
    Fix {
        epoch: 1,
        seq,
        taken_at: world.clock.now(),
        at: north(metres),
        accuracy: Some(Metres(5.0)),
        speed_mps: Some(1.0),
        heading_deg: Some(90.0),
    }
}

/// Allocations of 100 batches of one record for each of these, the gateway's own left out.
fn batches(world: &World, kept: &Counting, officers: &[OfficerId], from: u32) -> usize {
    let gateway: GatewayId = "00000000-0000-0000-0000-000000000077".parse().unwrap();
    let gateway = Gateway { id: gateway, tracker: |_, officer| DeviceId(officer.0) };
    let mut allocated = 0;
    for seq in from..from + 100 {
        let record =
            |(at, of): (usize, &OfficerId)| Record::Of(Whom::Id(*of), Ok(fix(world, at, seq)));
        let records = officers.iter().enumerate().map(record).collect();
        let (before, counted) = (kept.0.load(Ordering::Acquire), Region::new(COUNTED));
        let (batch, told) = GatewayBatch::new(gateway, records);
        world.court.report(batch);
        kept.until(before + officers.len());
        drop(told);
        allocated += counted.change().allocations;
    }
    allocated
}

#[actix::test]
async fn a_position_allocates_nothing_on_its_usual_way() {
    const POSITIONS: usize = 20_000;
    let kept = Arc::new(Counting::default());
    let world = World::open_keeping(Arc::<Counting>::clone(&kept)).await;
    let handhelds = world.on_duty::<20>(std::array::from_fn(|at| 500.0 * at as f64)).await;
    let officers: Vec<OfficerId> = handhelds.iter().map(|handheld| handheld.officer).collect();
    // The sockets are gone: what is said to them is a frame each, at a pace (`acks`), and no part of this.
    let lanes: Vec<_> = handhelds.iter().map(|h| (Arc::clone(&h.lane), h.link)).collect();
    for handheld in &handhelds {
        world.court.revoke(handheld.officer, handheld.device).await.unwrap();
    }
    let mut seq = 10;
    let mut report = |count: usize| {
        for _ in 0..count / lanes.len() {
            seq += 1;
            let before = kept.0.load(Ordering::Acquire);
            for (at, (lane, link)) in lanes.iter().enumerate() {
                lane.report(*link, false, [Ok(fix(&world, at, seq))]);
            }
            kept.until(before + lanes.len());
        }
    };
    report(POSITIONS); // Lists find their length.
    let counted = Region::new(COUNTED);
    report(POSITIONS);
    let allocated = counted.change().allocations;
    println!("{allocated} allocations for {POSITIONS} positions");
    // The board's tick, once a second, and the court's rounds have some.
    assert!(allocated < POSITIONS / 100, "{allocated}");

    batches(&world, &kept, &officers, 1_000);
    let (few, many) = (&officers[..2], &officers[..]);
    let (of_few, of_many) =
        (batches(&world, &kept, few, 2_000), batches(&world, &kept, many, 3_000));
    println!("{of_few} for 100 batches of 2, {of_many} for 100 of {}", many.len());
    // The two ends, the answer's channel and the teller; the record itself has none.
    assert!(of_many < of_few + 100 && of_many <= 100 * 10, "{of_few} and {of_many}");
}
