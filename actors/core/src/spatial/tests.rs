//! The index against brute force: everywhere on earth, with moves, removals and filters.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use super::*;
use crate::geo::{LatLon, Metres};

type Points = BTreeMap<u32, LatLon>;

fn at(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).expect("a place")
}

/// Brings a longitude back into -180..=180 and a latitude to the pole at most.
fn place(lat: f64, lon: f64) -> LatLon {
    let lon = if lon > 180.0 {
        lon - 360.0
    } else if lon < -180.0 {
        lon + 360.0
    } else {
        lon
    };
    at(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0))
}

/// The truth: everybody, by geodesic distance, then by id.
fn brute_force(points: &Points, from: LatLon) -> Vec<Near<u32>> {
    let mut all: Vec<_> =
        points.iter().map(|(id, at)| Near { id: *id, distance: from.distance(*at) }).collect();
    all.sort_by(|a, b| a.distance.0.total_cmp(&b.distance.0).then(a.id.cmp(&b.id)));
    all
}

fn walked(index: &SpatialIndex<u32>, from: LatLon) -> Vec<Near<u32>> {
    let mut all = Vec::new();
    index.walk(from, |near| {
        all.push(near);
        ControlFlow::Continue(())
    });
    all
}

/// Everything the index can be asked must agree with brute force.
fn agrees(index: &SpatialIndex<u32>, points: &Points, from: LatLon) -> Result<(), TestCaseError> {
    let truth = brute_force(points, from);
    prop_assert_eq!(index.len(), points.len());
    prop_assert_eq!(index.is_empty(), points.is_empty());
    prop_assert_eq!(&walked(index, from), &truth);
    for k in [0, 1, 8, points.len(), points.len() + 5] {
        let k_first: Vec<_> = truth.iter().copied().take(k).collect();
        prop_assert_eq!(index.nearest(from, k, |_| true), k_first);
    }
    let even: Vec<_> = truth.iter().copied().filter(|near| near.id % 2 == 0).take(5).collect();
    prop_assert_eq!(index.nearest(from, 5, |id| id % 2 == 0), even);
    // A radius that is exactly somebody's distance includes that one.
    for radius in
        [0.0, 100.0, 5_000.0, truth.get(truth.len() / 2).map_or(0.0, |near| near.distance.0)]
    {
        let inside: Vec<_> =
            truth.iter().copied().filter(|near| near.distance.0 <= radius).collect();
        prop_assert_eq!(index.within(from, Metres(radius)), inside);
    }
    for (id, at) in points {
        prop_assert_eq!(index.get(*id), Some(*at));
    }
    Ok(())
}

/// Neighbourhoods in which an index of degrees would go wrong, and ordinary ones.
fn scene() -> impl Strategy<Value = (Vec<LatLon>, LatLon)> {
    // Middle, and half the height and width of where points lie, degrees.
    let box_of = prop_oneof![
        Just((0.0, 0.0, 90.0, 180.0)),   // uniform by degrees, the whole earth
        Just((35.2, 114.67, 0.2, 0.25)), // a county
        Just((35.2, 114.67, 0.001, 0.001)), // all within 300 m
        Just((-17.0, 180.0, 0.3, 0.3)),  // the antimeridian
        Just((90.0, 0.0, 0.01, 180.0)),  // the north pole
        Just((-90.0, 0.0, 3.0, 180.0)),  // the south pole
    ];
    let share = || (-1.0..=1.0_f64, -1.0..=1.0_f64);
    (box_of, vec(share(), 0..80), share()).prop_map(|((lat, lon, height, width), shares, from)| {
        let point = |(north, east): (f64, f64)| place(lat + north * height, lon + east * width);
        (shares.into_iter().map(point).collect(), point(from))
    })
}

fn numbered(points: &[LatLon]) -> Points {
    (0_u32..).zip(points.iter().copied()).collect()
}

/// One step of a random walk.
#[derive(Clone, Debug)]
enum Step {
    /// Somebody goes so many metres.
    Go(Index, f64, f64),
    /// Somebody appears elsewhere.
    Jump(Index, Index),
    /// Somebody leaves.
    Leave(Index),
    /// Somebody joins where another one is.
    Join(u32, Index),
}

fn step() -> impl Strategy<Value = Step> {
    let metres = || -40.0..=40.0_f64;
    prop_oneof![
        12 => (any::<Index>(), metres(), metres()).prop_map(|(who, n, e)| Step::Go(who, n, e)),
        1 => (any::<Index>(), any::<Index>()).prop_map(|(who, to)| Step::Jump(who, to)),
        1 => any::<Index>().prop_map(Step::Leave),
        1 => (1_000..1_050_u32, any::<Index>()).prop_map(|(id, to)| Step::Join(id, to)),
    ]
}

fn moved(from: LatLon, north_m: f64, east_m: f64) -> LatLon {
    let degrees_east = east_m / (111_320.0 * from.lat().to_radians().cos().max(0.001));
    place(from.lat() + north_m / 111_320.0, from.lon() + degrees_east)
}

#[test]
fn an_empty_index_has_nobody() {
    let mut index = SpatialIndex::<u32>::default();
    assert!(index.is_empty());
    assert_eq!(index.slack(), DEFAULT_SLACK);
    assert_eq!(index.nearest(at(35.0, 114.0), 8, |_| true), vec![]);
    assert_eq!(index.within(at(35.0, 114.0), Metres(1e9)), vec![]);
    assert_eq!(index.remove(7), None);
    assert_eq!(index.get(7), None);
}

#[test]
fn equal_distances_are_ordered_by_id() {
    let spot = at(35.2, 114.67);
    let mut index = SpatialIndex::default();
    for id in [9, 3, 7, 1, 5] {
        index.update(id, spot);
    }
    let ids: Vec<_> = index.nearest(spot, 3, |_| true).into_iter().map(|near| near.id).collect();
    assert_eq!(ids, [1, 3, 5]);
    // The same when they reached the spot from different anchors.
    index.update(1, at(35.3, 114.67));
    index.update(1, at(35.200_3, 114.67));
    index.update(1, spot);
    let ids: Vec<_> = walked(&index, at(35.21, 114.68)).into_iter().map(|near| near.id).collect();
    assert_eq!(ids, [1, 3, 5, 7, 9]);
}

#[test]
fn small_moves_leave_the_tree_alone() {
    // 600 steps of 1.5 m straight on: 900 m, so an anchor every 64 m and no more.
    let mut here = at(35.2, 114.67);
    let mut index = SpatialIndex::from_points(DEFAULT_SLACK, [(1_u32, here)]);
    for _ in 0..600 {
        here = moved(here, 0.0, 1.5);
        index.update(1, here);
    }
    assert!((13..=14).contains(&index.reinserts()), "{}", index.reinserts());
    assert_eq!(index.nearest(here, 1, |_| true)[0].distance, Metres(0.0));
}

#[test]
fn a_point_that_paces_within_its_ball_never_moves_the_tree() {
    let home = at(10.0, 179.999_9);
    let mut index = SpatialIndex::from_points(DEFAULT_SLACK, [(1_u32, home)]);
    // Due east and north by 44 m: 62 m away. Across ±180°, so told apart by the exact way only.
    for _ in 0..50 {
        index.update(1, moved(home, 44.0, 44.0));
        index.update(1, moved(home, -44.0, -44.0));
    }
    assert_eq!(index.reinserts(), 0);
    index.update(1, moved(home, 65.0, 0.0));
    assert_eq!(index.reinserts(), 1);
}

#[test]
fn a_slack_that_is_no_length_is_none() {
    for slack in [-1.0, f64::NAN, f64::INFINITY] {
        let mut index = SpatialIndex::from_points(Metres(slack), [(1_u32, at(1.0, 1.0))]);
        assert_eq!(index.slack(), Metres(0.0));
        index.update(1, at(1.0, 1.000_001));
        assert_eq!(index.reinserts(), 1);
    }
}

#[test]
fn a_radius_that_is_no_length_holds_nobody() {
    let index = SpatialIndex::from_points(DEFAULT_SLACK, [(1_u32, at(1.0, 1.0))]);
    assert_eq!(index.within(at(1.0, 1.0), Metres(f64::NAN)), vec![]);
    assert_eq!(index.within(at(1.0, 1.0), Metres(-1.0)), vec![]);
    assert_eq!(index.within(at(-1.0, -179.0), Metres(f64::INFINITY)).len(), 1);
}

#[test]
fn the_last_of_two_points_with_one_id_counts() {
    let index =
        SpatialIndex::from_points(DEFAULT_SLACK, [(1_u32, at(1.0, 1.0)), (1, at(2.0, 2.0))]);
    assert_eq!((index.len(), index.get(1)), (1, Some(at(2.0, 2.0))));
    assert_eq!(walked(&index, at(0.0, 0.0)).len(), 1);
}

#[test]
fn a_walk_stops_when_told() {
    let points = (0..100_u32).map(|n| (n, at(35.0, 114.0 + f64::from(n) / 100.0)));
    let index = SpatialIndex::from_points(DEFAULT_SLACK, points);
    let mut seen = Vec::new();
    index.walk(at(35.0, 114.0), |near| {
        seen.push(near.id);
        if seen.len() < 4 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    });
    assert_eq!(seen, [0, 1, 2, 3]);
}

#[test]
fn a_filter_is_asked_at_most_once_for_each_id_and_not_for_the_far_ones() {
    let points = (0..2_000_u32).map(|n| (n, at(35.0, 114.0 + f64::from(n) / 100.0)));
    let index = SpatialIndex::from_points(DEFAULT_SLACK, points);
    let mut asked = Vec::new();
    let found = index.nearest(at(35.0, 114.0), 8, |id| {
        asked.push(id);
        id % 2 == 1
    });
    assert_eq!(found.len(), 8);
    let count = asked.len();
    asked.sort_unstable();
    asked.dedup();
    assert_eq!(asked.len(), count);
    assert!(count <= 20, "{count}");
}

proptest! {
    #[test]
    fn a_bulk_built_index_agrees_with_brute_force((points, from) in scene()) {
        let points = numbered(&points);
        let index = SpatialIndex::from_points(DEFAULT_SLACK, points.clone());
        agrees(&index, &points, from)?;
    }

    #[test]
    fn a_grown_index_agrees_with_brute_force((points, from) in scene(), slack in 0.0..=2_000.0) {
        let points = numbered(&points);
        let mut index = SpatialIndex::new(Metres(slack));
        points.iter().for_each(|(id, at)| index.update(*id, *at));
        agrees(&index, &points, from)?;
        prop_assert_eq!(index.reinserts(), 0);
    }

    #[test]
    fn random_walks_with_joins_and_leaves_stay_exact(
        (start, from) in scene(),
        steps in vec(step(), 0..400),
        slack in prop_oneof![Just(64.0), Just(0.0), 1.0..=500.0],
    ) {
        let mut points = numbered(&start);
        let mut index = SpatialIndex::from_points(Metres(slack), points.clone());
        let mut updates = 0;
        for (n, step) in steps.into_iter().enumerate() {
            let ids: Vec<u32> = points.keys().copied().collect();
            if ids.is_empty() {
                break;
            }
            let change = match step {
                Step::Go(who, north, east) => {
                    let id = *who.get(&ids);
                    Some((id, moved(points[&id], north, east)))
                }
                Step::Jump(who, to) => Some((*who.get(&ids), points[to.get(&ids)])),
                Step::Join(id, to) => Some((id, points[to.get(&ids)])),
                Step::Leave(who) => {
                    let id = *who.get(&ids);
                    prop_assert_eq!(index.remove(id), points.remove(&id));
                    None
                }
            };
            if let Some((id, at)) = change {
                updates += 1;
                index.update(id, at);
                points.insert(id, at);
            }
            if n % 97 == 0 {
                agrees(&index, &points, from)?;
            }
        }
        agrees(&index, &points, from)?;
        prop_assert!(index.reinserts() <= updates);
    }

    #[test]
    fn pacing_within_half_the_slack_is_free((start, from) in scene(), moves in vec(
        (any::<Index>(), -22.0..=22.0_f64, -22.0..=22.0_f64), 1..200,
    )) {
        // At a pole a metre east is any number of degrees; there the walk test does the work.
        let off_pole = |it: &LatLon| at(it.lat().clamp(-89.8, 89.8), it.lon());
        let start: Vec<_> = start.iter().map(off_pole).chain([from].iter().map(off_pole)).collect();
        let home = numbered(&start);
        let mut points = home.clone();
        let mut index = SpatialIndex::from_points(DEFAULT_SLACK, points.clone());
        for (who, north, east) in moves {
            let id = u32::try_from(who.index(start.len())).expect("few points");
            let at = moved(home[&id], north, east);
            index.update(id, at);
            points.insert(id, at);
        }
        prop_assert_eq!(index.reinserts(), 0);
        agrees(&index, &points, from)?;
    }
}
