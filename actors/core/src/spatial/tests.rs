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
    (box_of, vec(share(), 0..160), share()).prop_map(|((lat, lon, height, width), shares, from)| {
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

/// People in a grid of so many by so many, so many metres apart.
fn grid(side: u32, metres: f64) -> Points {
    let corner = at(35.2, 114.67);
    let place = |n: u32| moved(corner, f64::from(n / side) * metres, f64::from(n % side) * metres);
    (0..side * side).map(|n| (n, place(n))).collect()
}

#[test]
fn small_moves_stay_in_their_cells() {
    // 40 by 40, 300 m apart: cells of a kilometre or so. A minute on foot is 90 m.
    let mut points = grid(40, 300.0);
    let mut index = SpatialIndex::from_points(points.clone());
    for _ in 0..60 {
        for (id, place) in &mut points {
            *place = moved(*place, 0.0, 1.5);
            index.update(*id, *place);
        }
    }
    index.check();
    assert!(index.moves() <= 1_600 / 4, "{}", index.moves());
}

#[test]
fn a_crowd_in_one_place_is_found_and_leaves_again() {
    let spot = at(35.2, 114.67);
    let mut points = grid(20, 300.0);
    points.extend((1_000..3_000).map(|id| (id, spot)));
    let mut index = SpatialIndex::from_points(points.clone());
    index.check();
    let ids: Vec<_> = index.nearest(spot, 3, |_| true).into_iter().map(|near| near.id).collect();
    assert_eq!(ids, [0, 1_000, 1_001]);
    assert_eq!(walked(&index, at(35.21, 114.68)), brute_force(&points, at(35.21, 114.68)));
    for id in 1_000..3_000 {
        assert_eq!(index.remove(id), Some(spot));
    }
    index.check();
    points.retain(|id, _| *id < 1_000);
    assert_eq!(walked(&index, spot), brute_force(&points, spot));
}

#[test]
fn everybody_far_away_is_found_too() {
    // More than the first ring takes without a guess, and the guess is of an empty place.
    let points = grid(10, 50.0);
    let index = SpatialIndex::from_points(points.clone());
    for from in [at(-35.2, -65.33), at(90.0, 0.0), at(36.0, 114.67), at(35.2, 114.0)] {
        let truth: Vec<_> = brute_force(&points, from).into_iter().take(8).collect();
        assert_eq!(index.nearest(from, 8, |_| true), truth);
        assert_eq!(walked(&index, from).len(), 100);
    }
}

#[test]
fn a_radius_that_is_no_length_holds_nobody() {
    let index = SpatialIndex::from_points([(1_u32, at(1.0, 1.0))]);
    assert_eq!(index.within(at(1.0, 1.0), Metres(f64::NAN)), vec![]);
    assert_eq!(index.within(at(1.0, 1.0), Metres(-1.0)), vec![]);
    assert_eq!(index.within(at(-1.0, -179.0), Metres(f64::INFINITY)).len(), 1);
}

#[test]
fn the_last_of_two_points_with_one_id_counts() {
    let index = SpatialIndex::from_points([(1_u32, at(1.0, 1.0)), (1, at(2.0, 2.0))]);
    assert_eq!((index.len(), index.get(1)), (1, Some(at(2.0, 2.0))));
    assert_eq!(walked(&index, at(0.0, 0.0)).len(), 1);
}

#[test]
fn a_walk_stops_when_told() {
    let points = (0..100_u32).map(|n| (n, at(35.0, 114.0 + f64::from(n) / 100.0)));
    let index = SpatialIndex::from_points(points);
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
    let index = SpatialIndex::from_points(points);
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
    assert!(count <= 16, "{count}");
}

proptest! {
    #[test]
    fn a_bulk_built_index_agrees_with_brute_force((points, from) in scene()) {
        let points = numbered(&points);
        let index = SpatialIndex::from_points(points.clone());
        agrees(&index, &points, from)?;
    }

    #[test]
    fn a_grown_index_agrees_with_brute_force((points, from) in scene()) {
        let points = numbered(&points);
        let mut index = SpatialIndex::default();
        points.iter().for_each(|(id, at)| index.update(*id, *at));
        agrees(&index, &points, from)?;
        prop_assert_eq!(index.moves(), 0);
        index.check();
    }

    #[test]
    fn random_walks_with_joins_and_leaves_stay_exact(
        (start, from) in scene(),
        steps in vec(step(), 0..400),
    ) {
        let mut points = numbered(&start);
        let mut index = SpatialIndex::from_points(points.clone());
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
                index.update(id, at);
                points.insert(id, at);
            }
            if n % 97 == 0 {
                agrees(&index, &points, from)?;
                index.check();
            }
        }
        agrees(&index, &points, from)?;
        index.check();
    }
}
