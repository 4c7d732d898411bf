//! What the index and the search of production cost, in processor time, and what an R-tree does that
//! takes each point out and puts it in anew. `tiande-drill bench` runs this beside Redis and PostGIS.
//!
//! ```text
//! spatial update  POINTS METRES_PER_SECOND county|crowd ours|rtree
//! spatial nearest OFFICERS county|crowd     the search of production, with its filters
//! spatial index   OFFICERS county|crowd     eight of the index alone
//! ```
//!
//! One figure, one line of JSON on standard output: `name`, `ns` (median of the passes), `ops`. Without
//! arguments (`cargo bench`) all figures. Answers are compared with brute force while nothing is timed.

use std::collections::{BTreeMap, BTreeSet};
use std::hint::black_box;

use rstar::RTree;
use rstar::primitives::GeomWithData;
use tiande_core::dispatch::{Glance, SearchFor, fitness, search};
use tiande_core::geo::{LatLon, Metres};
use tiande_core::ids::{IncidentId, OfferId, OfficerId};

use tiande_core::officer::{Commitment, Duty, Fix, KnownFix, Officer, Stage};
use tiande_core::spatial::SpatialIndex;
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

/// South-west corner of the county, and how long its sides are.
const CORNER: (f64, f64) = (35.05, 114.50);
const COUNTY_M: f64 = 30_000.0;
/// Everybody before the court house: at most 300 m from each other.
const CROWD_M: f64 = 212.0;
const DEGREE_M: f64 = 111_195.0;
const PASSES: usize = 7;
/// Queries of a pass: one for nine moves.
const SHARE_OF_QUERIES: usize = 9;
const NOW: UnixMillis = UnixMillis(1_800_000_000_000);
const SKILL: &str = "locks";

fn main() {
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["update", points, speed, place, side] => {
            let (points, speed) = (points.parse().expect("a number"), speed.parse().expect("m/s"));
            update(points, speed, place, side);
        }
        ["nearest", officers, place] => nearest(officers.parse().expect("a number"), place, false),
        ["index", officers, place] => nearest(officers.parse().expect("a number"), place, true),
        [] => {
            for (points, speed) in [(10_000, 1.5), (10_000, 15.0), (175_000, 1.5), (175_000, 15.0)]
            {
                update(points, speed, "county", "ours");
                update(points, speed, "county", "rtree");
            }
            update(10_000, 1.5, "crowd", "ours");
            nearest(10_000, "county", false);
            nearest(10_000, "crowd", false);
        }
        _ => unreachable!("see the top of the file"),
    }
}

/// Processor time of this thread so far, nanoseconds. The kernel writes it down when it thinks about
/// whose turn it is, so it is asked to.
fn cpu_ns() -> f64 {
    std::thread::yield_now();
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux tells it");
    stat.split(' ').next().and_then(|first| first.parse().ok()).expect("a number")
}

/// Writes the line of a figure.
#[allow(clippy::print_stdout)] // It is what this program is for.
fn say(name: &str, mut passes: Vec<f64>, ops: usize) {
    passes.sort_by(f64::total_cmp);
    let ns = passes[passes.len() / 2];
    println!("{}", serde_json::json!({"name": name, "ns": ns, "ops": ops * passes.len()}));
}

/// Small numbers that look random and are always the same.
struct Dice(u64);

impl Dice {
    fn unit(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Somebody who walks straight on and turns round at the county's borders; metres from the corner.
#[derive(Clone, Copy)]
struct Walker {
    north: f64,
    east: f64,
    step_north: f64,
    step_east: f64,
}

impl Walker {
    fn step(&mut self, side_m: f64) {
        self.north += self.step_north;
        self.east += self.step_east;
        if !(0.0..=side_m).contains(&self.north) {
            self.step_north = -self.step_north;
        }
        if !(0.0..=side_m).contains(&self.east) {
            self.step_east = -self.step_east;
        }
    }

    fn at(&self) -> LatLon {
        let cos = 0.818_7; // Of the corner's latitude.
        LatLon::new(CORNER.0 + self.north / DEGREE_M, CORNER.1 + self.east / (DEGREE_M * cos))
            .expect("in the county")
    }
}

/// The side of the square, metres. More than 10,000 have as much room each.
fn side_m(points: usize, place: &str) -> f64 {
    let side = if place == "crowd" { CROWD_M } else { COUNTY_M };
    side * (points as f64 / 10_000.0).max(1.0).sqrt()
}

fn walkers(points: usize, speed: f64, side_m: f64) -> Vec<Walker> {
    let mut dice = Dice(1);
    let each = |_| {
        let turn = dice.unit() * std::f64::consts::TAU;
        Walker {
            north: dice.unit() * side_m,
            east: dice.unit() * side_m,
            step_north: turn.cos() * speed,
            step_east: turn.sin() * speed,
        }
    };
    (0..points).map(each).collect()
}

/// Reports come in no order that anybody's memory likes.
fn shuffled(points: usize) -> Vec<usize> {
    let mut dice = Dice(2);
    let mut keyed: Vec<(u64, usize)> =
        (0..points).map(|who| ((dice.unit() * 1e15) as u64, who)).collect();
    keyed.sort_unstable();
    keyed.into_iter().map(|(_, who)| who).collect()
}

/// Ids as the server makes them: sorted by time, the rest random.
fn officer_id(who: usize) -> OfficerId {
    let mut dice = Dice(who as u64 + 7);
    dice.unit();
    let random = ((dice.unit() * 1e15) as u128) << 12 | (dice.unit() * 4096.0) as u128;
    OfficerId(Uuid::from_u128(((NOW.0 as u128 + who as u128) << 80) | 7 << 76 | 2 << 62 | random))
}

fn update(points: usize, speed: f64, place: &str, side: &str) {
    let side_m = side_m(points, place);
    let mut walkers = walkers(points, speed, side_m);
    let turns = shuffled(points);
    let name = format!("update {points} {speed} {place} {side}");
    let seconds = (200_000 / points).max(2); // A report a second of each, for a pass.
    let mut passes = Vec::new();
    match side {
        "ours" => {
            let ids: Vec<_> = (0..points).map(officer_id).collect();
            let at = |walker: &Walker| walker.at();
            let mut index =
                SpatialIndex::from_points(ids.iter().copied().zip(walkers.iter().map(at)));
            for pass in 0..=PASSES {
                let before = cpu_ns();
                for _ in 0..seconds {
                    for who in &turns {
                        walkers[*who].step(side_m);
                        index.update(ids[*who], walkers[*who].at());
                    }
                }
                if pass > 0 {
                    passes.push((cpu_ns() - before) / (points * seconds) as f64);
                }
            }
            for (id, walker) in ids.iter().zip(&walkers) {
                assert_eq!(index.get(*id), Some(walker.at()), "the index knows where all are");
            }
        }
        "rtree" => {
            // In two dimensions and metres, with numbers for ids: the cheapest that it can be.
            let flat = |walker: &Walker| [walker.north, walker.east];
            let leaf =
                |(who, walker): (usize, &Walker)| GeomWithData::new(flat(walker), who as u32);
            let mut tree = RTree::bulk_load(walkers.iter().enumerate().map(leaf).collect());
            for pass in 0..=PASSES {
                let before = cpu_ns();
                for _ in 0..seconds {
                    for who in &turns {
                        let old = GeomWithData::new(flat(&walkers[*who]), *who as u32);
                        walkers[*who].step(side_m);
                        assert!(tree.remove(&old).is_some(), "it was there");
                        tree.insert(GeomWithData::new(flat(&walkers[*who]), *who as u32));
                    }
                }
                if pass > 0 {
                    passes.push((cpu_ns() - before) / (points * seconds) as f64);
                }
            }
        }
        _ => unreachable!("ours or rtree"),
    }
    say(&name, passes, points * seconds);
}

/// Officers of a court as they are on a working day: four in five may be asked, each fifth one may not,
/// for one of five reasons.
fn glances(ids: &[OfficerId]) -> BTreeMap<OfficerId, Glance> {
    let each = |(who, id): (usize, &OfficerId)| {
        let mut officer = Officer::new(*id);
        officer.name = format!("Officer {who}");
        officer.duty = Duty::On;
        officer.skills = vec!["arrest".to_owned(), SKILL.to_owned()];
        let mut taken_at = NOW;
        match who % 25 {
            0 => officer.duty = Duty::Break,
            5 => officer.contact_lost = true,
            10 => officer.commitments.push(Commitment {
                incident: IncidentId(Uuid::from_u128(1)),
                offer: OfferId(Uuid::from_u128(1)),
                stage: Stage::EnRoute,
                stacked: false,
                asked_well: None,
            }),
            15 => taken_at = UnixMillis(NOW.0 - 600_000),
            20 => officer.skills.truncate(1),
            _ => {}
        }
        let fix = Fix {
            epoch: 1,
            seq: 1,
            taken_at,
            at: LatLon::new(CORNER.0, CORNER.1).expect("a place"),
            accuracy: Some(Metres(8.0)),
            speed_mps: None,
            heading_deg: None,
        };
        let fix = Some(KnownFix { fix, received_at: NOW });
        (*id, Glance { officer, fix, busy: false })
    };
    ids.iter().enumerate().map(each).collect()
}

fn nearest(officers: usize, place: &str, index_alone: bool) {
    let side_m = side_m(officers, place);
    let mut walkers = walkers(officers, 1.5, side_m);
    let turns = shuffled(officers);
    let ids: Vec<_> = (0..officers).map(officer_id).collect();
    let glances = glances(&ids);
    let mut index = SpatialIndex::default();
    let skills = [SKILL.to_owned()];
    let nobody = BTreeSet::new();
    let wanted = SearchFor {
        skills: &skills,
        asked: &nobody,
        excluded: &nobody,
        caller: None,
        busy: &nobody,
        fix_age_max: Millis(60_000),
    };
    let mut dice = Dice(3);
    let queries = officers / SHARE_OF_QUERIES;
    let mut passes = Vec::new();
    let (mut ops, mut compared) = (0, 0);
    for pass in 0..PASSES * 10 {
        for who in &turns {
            walkers[*who].step(side_m);
            index.update(ids[*who], walkers[*who].at());
        }
        let places: Vec<_> = (0..queries)
            .map(|_| {
                let (north, east) = (dice.unit() * side_m, dice.unit() * side_m);
                Walker { north, east, step_north: 0.0, step_east: 0.0 }.at()
            })
            .collect();
        let before = cpu_ns();
        for at in &places {
            if index_alone {
                black_box(index.nearest(*at, 8, |_| true));
                continue;
            }
            black_box(search(&index, &glances, *at, 8, 8, &wanted, NOW));
        }
        if pass > 0 {
            passes.push((cpu_ns() - before) / queries as f64);
            ops = queries;
        }
        // What was measured is the truth: against everybody, one by one.
        let mut all: Vec<_> = ids
            .iter()
            .zip(&walkers)
            .filter(|(id, _)| fitness(&glances[*id], &wanted, NOW).is_ok())
            .map(|(id, walker)| (places[0].distance(walker.at()).0, *id))
            .collect();
        all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let found = search(&index, &glances, places[0], 8, 8, &wanted, NOW);
        let found: Vec<_> =
            found.candidates.iter().map(|one| (one.distance_m, one.officer)).collect();
        assert_eq!(found, all[..8], "exact");
        compared += 1;
    }
    assert!(compared >= PASSES, "some were compared");
    let what = if index_alone { "index" } else { "nearest" };
    say(&format!("{what} {officers} {place}"), passes, ops);
}
