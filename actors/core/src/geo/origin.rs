//! A point that distances are measured from: what can be computed once is, and a neighbour costs some
//! ten nanoseconds instead of the five hundred and more of a geodesic that may go round the earth.
//!
//! **The short way.** The straight line `c` between two points of the surface is found exactly; the
//! geodesic is longer by `c³κ²/24`, where κ is how much the surface bends at the middle in that
//! direction, and by less than `c⁵/(200 R⁴)` more. Up to [`NEAR_DEGREES`] that rest stays below a tenth
//! of a micrometre, which is what a test measures against Karney's solution.

use geographiclib_rs::{Geodesic, InverseGeodesic};
use std::sync::OnceLock;

use super::point::{LatLon, Metres};

/// Half the axis through the equator, metres.
const A: f64 = 6_378_137.0;
const F: f64 = 1.0 / 298.257_223_563;
/// Square of the eccentricity.
const E2: f64 = F * (2.0 - F);
/// (A / B)², B being half the axis through the poles.
const AXES_2: f64 = 1.0 / (1.0 - E2);
/// Both differences of degrees are at most this where the short way is gone: 22 km along a meridian.
const NEAR_DEGREES: f64 = 0.2;
/// No meridian bends more sharply than with this radius, metres: the one at the equator.
const MERIDIAN_RADIUS_MIN: f64 = 6_335_439.0;

/// The circle of latitude of a place, seen from the earth's axis.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Parallel {
    /// Distance from the axis, metres.
    pub radius: f64,
    /// Distance from the equator's plane, metres, north positive.
    pub height: f64,
}

impl Parallel {
    /// The parallel of a latitude in degrees.
    pub fn of(lat: f64) -> Self {
        let (sin, cos) = lat.to_radians().sin_cos();
        Self::of_sine(sin, cos)
    }

    fn of_sine(sin: f64, cos: f64) -> Self {
        let normal = A / (1.0 - E2 * sin * sin).sqrt();
        Self { radius: normal * cos, height: normal * (1.0 - E2) * sin }
    }
}

/// Straight lines between points whose angles differ by `degrees` are at least this, for each metre of
/// radius; `degrees` is 0..=180. It is 2 sin(x) with a sine that is never too large.
pub(crate) fn chord_min(degrees: f64) -> f64 {
    let x = degrees.to_radians() * 0.5;
    2.0 * (x - x * x * x * (1.0 / 6.0))
}

/// See the module.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    at: LatLon,
    sin_lat: f64,
    cos_lat: f64,
    parallel: Parallel,
}

impl Origin {
    /// Measures from here.
    #[must_use]
    pub fn new(at: LatLon) -> Self {
        let (sin_lat, cos_lat) = at.lat.to_radians().sin_cos();
        Self { at, sin_lat, cos_lat, parallel: Parallel::of_sine(sin_lat, cos_lat) }
    }

    /// Where it is.
    #[must_use]
    pub fn at(&self) -> LatLon {
        self.at
    }

    pub(crate) fn parallel(&self) -> Parallel {
        self.parallel
    }

    /// Exactly what [`LatLon::distance`] from here gives.
    #[must_use]
    pub fn distance(&self, to: LatLon) -> Metres {
        let (north, east) = (to.lat - self.at.lat, to.lon - self.at.lon);
        if north.abs() <= NEAR_DEGREES && east.abs() <= NEAR_DEGREES {
            self.short_way(north.to_radians(), east.to_radians())
        } else {
            long_way(self.at, to)
        }
    }

    /// A length that is never more than [`Origin::distance`] and rounding, squared; a few operations.
    /// `radius_min` is the radius of a parallel that is no wider than that of `to`.
    pub(crate) fn distance_2_min(&self, to: LatLon, radius_min: f64) -> f64 {
        let along_meridian = MERIDIAN_RADIUS_MIN * chord_min((to.lat - self.at.lat).abs());
        let east = (to.lon - self.at.lon).abs();
        let across = chord_min(east.min(360.0 - east));
        // |a - b|² on two parallels is that along the meridian plus r₁r₂(2 sin Δλ/2)².
        along_meridian * along_meridian + self.parallel.radius * radius_min * across * across
    }

    /// The geodesic to a neighbour; the differences are in radians.
    fn short_way(&self, north: f64, east: f64) -> Metres {
        let (sin_north, less_north) = small_sine(north);
        let (sin_east, less_east) = small_sine(east);
        let sin_lat = self.sin_lat + (self.cos_lat * sin_north - self.sin_lat * less_north);
        let cos_lat = self.cos_lat - (self.sin_lat * sin_north + self.cos_lat * less_north);
        let there = Parallel::of_sine(sin_lat, cos_lat);
        // Axes: towards the meridian of here, east of it, along the earth's axis.
        let x = (there.radius - self.parallel.radius) - there.radius * less_east;
        let y = there.radius * sin_east;
        let z = there.height - self.parallel.height;
        let straight = (x * x + y * y + z * z).sqrt();
        if straight < 1.0 {
            return Metres(straight); // The bend adds 1e-15 m.
        }
        // κ = tᵀHt / |∇| of x²/A² + y²/A² + z²/B² at the middle, both times A².
        let bend = x * x + y * y + z * z * AXES_2;
        let (mx, my) = (self.parallel.radius + 0.5 * x, 0.5 * y);
        let mz = (self.parallel.height + 0.5 * z) * AXES_2;
        let slope_2 = mx * mx + my * my + mz * mz;
        Metres(straight + bend * bend / (24.0 * straight * slope_2))
    }
}

/// The sine of a small angle, and how much less than one its cosine is; to the last bit up to 0.01.
fn small_sine(x: f64) -> (f64, f64) {
    let xx = x * x;
    let sine = x * (1.0 - xx * (1.0 / 6.0 - xx * (1.0 / 120.0)));
    (sine, xx * (0.5 - xx * (1.0 / 24.0 - xx * (1.0 / 720.0))))
}

/// Karney's solution, for any two points.
fn long_way(from: LatLon, to: LatLon) -> Metres {
    static WGS84: OnceLock<Geodesic> = OnceLock::new();
    let metres: f64 =
        WGS84.get_or_init(Geodesic::wgs84).inverse(from.lat, from.lon, to.lat, to.lon);
    Metres(metres)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0)).expect("a place")
    }

    fn anywhere() -> impl Strategy<Value = LatLon> {
        let lat =
            prop_oneof![4 => -90.0..=90.0, 1 => 89.5..=90.0, 1 => -90.0..=-89.5, 1 => -0.2..=0.2];
        (lat, -180.0..=180.0).prop_map(|(lat, lon)| at(lat, lon))
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]
        #[test]
        fn the_short_way_is_the_geodesic_to_a_fifth_of_a_micrometre(
            from in anywhere(), north in -1.0..=1.0_f64, east in -1.0..=1.0_f64,
            scale in prop_oneof![Just(NEAR_DEGREES), 1e-6..=NEAR_DEGREES],
        ) {
            let to = at(from.lat + north * scale, from.lon + east * scale);
            let (ours, karney) = (Origin::new(from).distance(to).0, long_way(from, to).0);
            prop_assert!((ours - karney).abs() < 2e-7, "{ours} {karney}");
        }

        #[test]
        fn bounds_are_never_above_the_distance(a in anywhere(), b in anywhere(), near in 0.0..=1.0_f64) {
            let b = at(a.lat + (b.lat - a.lat) * near, a.lon + (b.lon - a.lon) * near);
            let bound = Origin::new(a).distance_2_min(b, Parallel::of(b.lat).radius).sqrt();
            prop_assert!(bound <= a.distance(b).0 + 1e-6, "{bound} {:?}", a.distance(b));
        }

        #[test]
        fn measuring_from_an_origin_is_measuring(a in anywhere(), b in anywhere()) {
            prop_assert_eq!(Origin::new(a).distance(b), a.distance(b));
        }
    }
}
