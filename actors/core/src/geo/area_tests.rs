//! Tests of [`Area`]: borders, ±180°, poles, and the distance against a walk along the border.

use super::*;
use proptest::prelude::*;

fn at(lat: f64, lon: f64) -> LatLon {
    LatLon::new(lat, lon).expect("a place")
}

fn area(borders: [f64; 4]) -> Area {
    Area::new(borders).expect("an area")
}

const CHANGYUAN: [f64; 4] = [114.40, 34.97, 114.99, 35.40];
/// Across ±180°, like Fiji.
const FIJI: [f64; 4] = [177.0, -19.0, -178.0, -16.0];

/// A longitude that went east over 180°, brought back.
fn wrapped(lon: f64) -> f64 {
    if lon > 180.0 { lon - 360.0 } else { lon }
}

/// The shortest distance to `steps` points on each border.
fn brute_force(area: &Area, from: LatLon, steps: u32) -> f64 {
    let lon = |share: f64| wrapped(area.west + area.width() * share);
    let lat = |share: f64| area.south + (area.north - area.south) * share;
    (0..=steps)
        .map(|step| f64::from(step) / f64::from(steps))
        .flat_map(|share| {
            [
                (lat(share), area.west),
                (lat(share), area.east),
                (area.south, lon(share)),
                (area.north, lon(share)),
            ]
        })
        .map(|(lat, lon)| from.distance(at(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0))).0)
        .fold(f64::INFINITY, f64::min)
}

/// Boxes of any size anywhere, often across ±180° or up to a pole.
fn any_area() -> impl Strategy<Value = Area> {
    let lat = prop_oneof![3 => -90.0..=90.0, 1 => Just(90.0), 1 => Just(-90.0), 1 => 88.0..=90.0];
    let height = prop_oneof![0.001..=5.0, 5.0..=180.0];
    let width = prop_oneof![0.0..=5.0, 5.0..=360.0];
    (lat, height, -180.0..=180.0, width).prop_map(
        |(lat, height, west, width): (f64, f64, f64, f64)| {
            let south = if lat + height <= 90.0 { lat } else { (90.0 - height).max(-90.0) };
            let north = (south + height).min(90.0);
            area([west, south, wrapped(west + width), north])
        },
    )
}

fn anywhere() -> impl Strategy<Value = LatLon> {
    let lat = prop_oneof![4 => -90.0..=90.0, 1 => Just(90.0), 1 => Just(-90.0), 1 => 89.0..=90.0];
    let lon = prop_oneof![4 => -180.0..=180.0, 1 => Just(180.0), 1 => Just(-180.0)];
    (lat, lon).prop_map(|(lat, lon)| at(lat, lon))
}

#[test]
fn borders_that_are_no_area_are_refused() {
    for bad in [
        [114.0, 35.0, 115.0, 35.0],
        [114.0, 36.0, 115.0, 35.0],
        [114.0, -91.0, 115.0, 35.0],
        [-181.0, 34.0, 115.0, 35.0],
        [114.0, 34.0, 181.0, 35.0],
        [f64::NAN, 34.0, 115.0, 35.0],
        [114.0, 34.0, 115.0, f64::INFINITY],
    ] {
        assert_eq!(Area::new(bad), Err(InvalidPlace), "{bad:?}");
    }
}

#[test]
fn the_border_belongs_to_the_area() {
    for borders in [CHANGYUAN, FIJI] {
        let area = area(borders);
        assert!(area.corners().iter().all(|corner| area.contains(*corner)));
        assert!(area.contains(area.centre()));
    }
    assert!(!area(CHANGYUAN).contains(at(35.41, 114.6)));
    assert!(!area(CHANGYUAN).contains(at(35.2, 114.39)));
}

#[test]
fn an_area_may_lie_across_the_antimeridian() {
    let fiji = area(FIJI);
    for lon in [177.0, 179.9, 180.0, -180.0, -179.0, -178.0] {
        assert!(fiji.contains(at(-17.0, lon)), "{lon}");
    }
    for lon in [176.9, -177.9, 0.0] {
        assert!(!fiji.contains(at(-17.0, lon)), "{lon}");
    }
    assert_eq!(fiji.centre(), at(-17.5, 179.5));
    // 180 is -180, also for an area that ends there.
    assert!(area([170.0, 0.0, 180.0, 1.0]).contains(at(0.5, -180.0)));
    assert!(area([-180.0, 0.0, -170.0, 1.0]).contains(at(0.5, 180.0)));
    assert!(area([170.0, 0.0, 180.0, 1.0]).contains_within(at(0.5, -179.999), Metres(112.0)));
    assert!(!area([170.0, 0.0, 180.0, 1.0]).contains_within(at(0.5, -179.999), Metres(111.0)));
}

#[test]
fn a_pole_lies_on_every_meridian() {
    let cap = area([10.0, 80.0, 20.0, 90.0]);
    assert!(cap.contains(at(90.0, -150.0)));
    // 0.001° of latitude over the pole from the far side: 111.69 m.
    assert!(cap.contains_within(at(89.999, -165.0), Metres(112.0)));
    assert!(!cap.contains_within(at(89.999, -165.0), Metres(111.0)));
}

#[test]
fn the_margin_is_metres_in_every_direction() {
    let court = area(CHANGYUAN);
    // 0.04° of longitude are 3,651 m at 34.97° and 3,631 m at 35.4°; of latitude 4,438 m.
    assert!(court.contains_within(at(35.2, 115.03), Metres(3_650.0)));
    assert!(!court.contains_within(at(35.2, 115.03), Metres(3_600.0)));
    assert!(court.contains_within(at(35.44, 114.6), Metres(4_440.0)));
    assert!(!court.contains_within(at(35.44, 114.6), Metres(4_430.0)));
}

#[test]
fn a_margin_that_is_no_length_adds_nothing() {
    let court = area(CHANGYUAN);
    for margin in [Metres(-1.0), Metres(f64::NAN)] {
        assert!(court.contains_within(at(35.2, 114.6), margin));
        assert!(!court.contains_within(at(35.2, 115.0), margin));
    }
}

proptest! {
    #[test]
    fn the_distance_is_that_to_the_nearest_border_point(area in any_area(), from in anywhere()) {
        if area.contains(from) {
            return Ok(());
        }
        let (ours, walked) = (area.distance_outside(from).0, brute_force(&area, from, 500));
        // Farther off it may be too long: distance along a meridian need not be convex there.
        if walked < 9_000_000.0 {
            prop_assert!(ours <= walked + ROUNDING, "{ours} {walked}");
        }
        // Half a step of the walk at most: 180°/500/2 of a meridian, 360°/500/2 of a parallel.
        let gap = ((area.north - area.south).max(area.width()) / 1_000.0) * 111_700.0;
        prop_assert!(walked <= ours + gap + 1e-6, "{ours} {walked} {gap}");
    }

    #[test]
    fn near_a_small_area_the_distance_is_exact(
        lat in -89.9..=89.0_f64, west in -180.0..=180.0_f64,
        north in -0.02..=0.03_f64, east in -0.02..=0.03_f64,
    ) {
        let area = area([west, lat, wrapped(west + 0.01), lat + 0.01]);
        let from = at((lat + north).max(-90.0), wrapped(west + east).max(-180.0));
        prop_assume!(!area.contains(from));
        let (ours, walked) = (area.distance_outside(from).0, brute_force(&area, from, 2_000));
        prop_assert!((ours - walked).abs() < 0.3, "{ours} {walked}");
        prop_assert!(area.contains_within(from, Metres(walked)));
        prop_assert!(!area.contains_within(from, Metres(ours * 0.999 - 0.01)));
    }

    #[test]
    fn a_margin_never_takes_away(area in any_area(), from in anywhere(), margin in 0.0..=1e6) {
        if area.contains(from) {
            prop_assert!(area.contains_within(from, Metres(margin)));
        }
        if area.contains_within(from, Metres(margin)) {
            prop_assert!(area.contains_within(from, Metres(margin * 2.0)));
        }
        prop_assert!(area.contains(area.centre()));
    }
}
