//! The simulator: courts with officers, tips, calls for help, dispatchers and handhelds, on an unkind
//! network, with a journal that may fail and a server that crashes; every decision by the core.
//!
//! Each seed is one day of a court and repeats exactly. After each step the invariants of
//! `reliability.md` §2 are checked by observers that know the world but do not ask the rules. The same
//! observers then have to find every planted bug (`bugs.rs`).
//!
//! `SIM_SEED=7 cargo test -p tiande-core --test simulation -- --nocapture every_seed` shows one day.
#![allow(clippy::print_stdout, clippy::panic)] // Tables for people; a broken invariant ends the test.

mod asking;
mod bugs;
mod consoles;
mod counters;
mod desk;
mod device;
mod env;
mod faults;
mod flight;
mod intake;
mod invariants;
mod journal;
mod knowledge;
mod mail;
mod network;
mod owners;
mod profile;
mod rng;
mod server;
mod shell;
mod snapshots;
mod tally;
mod truth;
mod welfare;
mod world;

use std::collections::BTreeSet;

use bugs::{Bug, Caught};
use counters::Counters;
use invariants::Violation;
use world::World;

/// Seeds of each bug hunt at most.
const HUNT_SEEDS: u64 = 400;
/// Steps shown of a failing seed.
const SHOWN: usize = 30;

fn live(seed: u64, bug: Bug) -> Result<Counters, Violation> {
    let mut world = World::new(seed, bug, false);
    world.run().map(|()| world.counters)
}

/// Lives a failing seed again, and shows how it ended.
fn show(seed: u64, violation: &Violation) -> String {
    let mut world = World::new(seed, Bug::None, true);
    let again = world.run();
    let steps = world.trace.unwrap_or_default();
    let last = &steps[steps.len().saturating_sub(SHOWN)..];
    let same = again.err().is_some_and(|found| found.id == violation.id);
    format!(
        "seed {seed} breaks {}: {}\nits last steps{}:\n{}",
        violation.id,
        violation.what,
        if same { "" } else { " (NOT THE SAME when lived again)" },
        last.join("\n")
    )
}

fn run(first: u64, step: usize, end: u64) -> Result<Counters, String> {
    let mut sum = Counters::default();
    for seed in (first..end).step_by(step) {
        match live(seed, Bug::None) {
            Ok(counters) => sum.add(&counters),
            Err(violation) => return Err(show(seed, &violation)),
        }
    }
    Ok(sum)
}

#[test]
fn every_seed_keeps_all_invariants() {
    if let Some(seed) = env::one_seed() {
        let mut world = World::new(seed, Bug::None, true);
        let end = world.run();
        println!("{}", world.trace.unwrap_or_default().join("\n"));
        end.unwrap_or_else(|found| panic!("seed {seed} breaks {}: {}", found.id, found.what));
        return;
    }
    let seeds = env::seeds();
    let watch = env::stopwatch();
    let results: Vec<Result<Counters, String>> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..2).map(|first| scope.spawn(move || run(first, 2, seeds))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the run does not panic")).collect()
    });
    let mut sum = Counters::default();
    for result in results {
        match result {
            Ok(counters) => sum.add(&counters),
            Err(shown) => panic!("{shown}"),
        }
    }
    println!("{seeds} seeds in {:.1} s", watch.elapsed().as_secs_f64());
    for row in sum.rows().chunks(3) {
        let cells: Vec<String> =
            row.iter().map(|(name, n)| format!("{name:>36} {n:>10}")).collect();
        println!("{}", cells.join(""));
    }
    if seeds >= 2_000 {
        let never: Vec<_> = sum.rows().into_iter().filter(|(_, n)| *n == 0).collect();
        assert!(never.is_empty(), "these never happened: {never:?}");
    }
}

#[test]
fn a_seed_repeats_exactly() {
    for seed in [1, 2, 3] {
        let lives = [(); 2].map(|()| {
            let mut world = World::new(seed, Bug::None, true);
            world.run().map(|()| world.trace).map_err(|found| found.what)
        });
        assert_eq!(lives[0], lives[1]);
    }
}

#[test]
fn every_planted_bug_is_caught_by_its_invariant() {
    let mut missed = Vec::new();
    for (bug, expected) in bugs::ALL {
        let mut caught = Caught { bug: *bug, seeds: 0, ids: BTreeSet::new() };
        // Two catches, so that one lucky seed is not enough.
        let mut catches = 0;
        for seed in 0..HUNT_SEEDS {
            if let Err(violation) = live(seed, *bug) {
                catches += 1;
                caught.ids.insert(violation.id);
                if caught.seeds == 0 {
                    caught.seeds = seed + 1;
                }
                if catches == 2 {
                    break;
                }
            }
        }
        let right = caught.ids.iter().all(|id| expected.contains(id)) && catches == 2;
        println!("{:>20?}  {:>4} seeds  {:?}", caught.bug, caught.seeds, caught.ids);
        if !right {
            missed.push((*bug, expected, caught.ids));
        }
    }
    assert!(missed.is_empty(), "bug, expected, found: {missed:?}");
}
