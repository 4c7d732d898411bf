//! The simulator of clocks: cases with nodes, suspensions and answers; a store whose rows say when each
//! rings; a bell; a server that crashes between any two steps; a wall clock that jumps; calendars that come
//! late. Every decision by the core.
//!
//! Each seed repeats exactly. Observers check I11–I15 of `reliability.md` §2: they know what was done, and
//! real time, which no clock of the server shows. The same observers have to find every planted bug.
#![allow(clippy::panic, clippy::print_stdout)] // A broken invariant ends the test; a table for people.
#![allow(clippy::cast_possible_truncation, clippy::cast_possible_wrap)] // Small draws.

mod bell;
mod bugs;
mod observer;
#[allow(dead_code, reason = "the other simulator draws more")]
#[path = "../simulation/rng.rs"]
mod rng;
mod rules;
mod world;

use bugs::{ALL, Bug};
use observer::Violation;
use world::World;

/// Seeds without a bug.
const SEEDS: u64 = 400;
/// Seeds of each bug hunt at most.
const HUNT_SEEDS: u64 = 400;

fn live(seed: u64, bug: Bug) -> Result<World, Violation> {
    let mut world = World::new(seed, bug);
    world.run().map(|()| world)
}

#[test]
fn every_seed_keeps_every_invariant() {
    let mut fired = 0;
    let mut climbed = 0;
    let mut restarts = 0;
    for seed in 0..SEEDS {
        match live(seed, Bug::None) {
            Ok(world) => {
                fired += world.observer.fired();
                climbed += world.observer.climbed();
                restarts += world.restarts;
            }
            Err(violation) => panic!("seed {seed}: {violation:?}"),
        }
    }
    println!("{SEEDS} seeds: {fired} fired, {climbed} climbed, {restarts} restarts");
    // A day in which nothing happens proves nothing.
    assert!(fired > 10 * SEEDS as usize && climbed > SEEDS as usize && restarts > SEEDS as usize);
}

#[test]
fn every_planted_bug_is_caught_by_its_invariant() {
    for (bug, ids) in ALL {
        let found = (0..HUNT_SEEDS).find_map(|seed| live(seed, *bug).err().map(|v| (seed, v)));
        let (seed, violation) = found.unwrap_or_else(|| panic!("{bug:?} was never caught"));
        assert!(ids.contains(&violation.id), "{bug:?}: seed {seed}: {violation:?}");
    }
}
