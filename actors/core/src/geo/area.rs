//! A court's area: a box of degrees on the ellipsoid.
//!
//! Used by the intake of tips, to refuse places that are not the court's. Says nothing about
//! streets or borders: a box is what a court's file gives.

use super::point::{InvalidPlace, LatLon, Metres};

/// What a distance to the box may be too long by, metres; a place is never refused for it.
const ROUNDING: f64 = 0.001;

/// The part of the earth between two parallels and two meridians, borders included; WGS-84.
///
/// It may lie across ±180° and may touch a pole.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Area {
    west: f64,
    south: f64,
    east: f64,
    north: f64,
}

impl Area {
    /// Makes an area from `[west, south, east, north]`, degrees. West greater than east means that
    /// it lies across ±180°; `[-180, s, 180, n]` goes all the way round.
    ///
    /// # Errors
    /// [`InvalidPlace`] when a corner is no place or south is not below north.
    pub fn new([west, south, east, north]: [f64; 4]) -> Result<Self, InvalidPlace> {
        LatLon::new(south, west)?;
        LatLon::new(north, east)?;
        if south < north { Ok(Self { west, south, east, north }) } else { Err(InvalidPlace) }
    }

    /// True when the point lies in the area or on its border.
    #[must_use]
    pub fn contains(&self, at: LatLon) -> bool {
        let by_latitude = (self.south..=self.north).contains(&at.lat());
        // A pole lies on every meridian.
        by_latitude && (at.lat().abs() == 90.0 || self.spans(at.lon()))
    }

    /// True when the point lies in the area or at most `margin` metres outside.
    ///
    /// The distance is the geodesic to the nearest point of the area, found to better than 1 mm for
    /// any margin below 9,000 km. Rounding is always in the place's favour: a point within the
    /// margin is never refused, and one up to 1 mm beyond it may be taken. A margin that is no
    /// length (negative, NaN) takes only what the area contains. Costs up to 56 geodesics (some
    /// 40 µs) for a point outside, next to nothing for one inside.
    #[must_use]
    pub fn contains_within(&self, at: LatLon, margin: Metres) -> bool {
        self.contains(at) || (margin.0 >= 0.0 && self.distance_outside(at).0 <= margin.0 + ROUNDING)
    }

    /// The point in the middle between the borders, by degrees.
    #[must_use]
    pub fn centre(&self) -> LatLon {
        let middle = self.west + self.width() / 2.0;
        let lon = if middle > 180.0 { middle - 360.0 } else { middle };
        LatLon { lat: f64::midpoint(self.south, self.north), lon }
    }

    /// The corners: south-west, south-east, north-east, north-west.
    #[must_use]
    pub fn corners(&self) -> [LatLon; 4] {
        let corner = |lat, lon| LatLon { lat, lon };
        [
            corner(self.south, self.west),
            corner(self.south, self.east),
            corner(self.north, self.east),
            corner(self.north, self.west),
        ]
    }

    /// Degrees from west to east, 0..=360.
    fn width(&self) -> f64 {
        let width = self.east - self.west;
        if width < 0.0 { width + 360.0 } else { width }
    }

    /// True when a meridian crosses the area. Compares, never computes, so that borders are exact.
    fn spans(&self, lon: f64) -> bool {
        let between = |lon: f64| {
            if self.west <= self.east {
                self.west <= lon && lon <= self.east
            } else {
                self.west <= lon || lon <= self.east
            }
        };
        // -180 and 180 are the same meridian.
        between(lon) || (lon.abs() == 180.0 && between(-lon))
    }

    /// The geodesic from a point outside to the nearest point of the area.
    ///
    /// On an ellipsoid of revolution the nearest point of a parallel lies on one's own meridian,
    /// and on each parallel the distance grows with the difference of longitude. So for a point
    /// whose meridian crosses the area the answer is straight north or south; for any other it is
    /// on the nearer of the two border meridians.
    fn distance_outside(&self, at: LatLon) -> Metres {
        if self.spans(at.lon()) {
            let border = at.lat().clamp(self.south, self.north);
            return at.distance(LatLon { lat: border, lon: at.lon() });
        }
        let turn = |to: f64| {
            let apart = (at.lon() - to).abs();
            apart.min(360.0 - apart)
        };
        let lon = if turn(self.west) <= turn(self.east) { self.west } else { self.east };
        self.distance_to_border(at, lon)
    }

    /// The shortest geodesic to the border meridian `lon`.
    ///
    /// A meridian is itself a geodesic, along which distance is convex within a quarter of the
    /// earth's girth; a golden-section search therefore finds the one minimum. Beyond that the ends
    /// decide, which are always compared too.
    fn distance_to_border(&self, at: LatLon, lon: f64) -> Metres {
        // (√5 − 1) / 2: each step keeps this share of the stretch.
        const GOLDEN: f64 = 0.618_033_988_749_894_8;
        // 180° × GOLDEN^52 is 2.5e-9°, 0.3 mm along the border, which bounds the error.
        const STEPS: usize = 52;
        let metres = |lat: f64| at.distance(LatLon { lat, lon }).0;
        let (mut low, mut high) = (self.south, self.north);
        let mut best = metres(low).min(metres(high));
        let (mut a, mut b) = (high - GOLDEN * (high - low), low + GOLDEN * (high - low));
        let (mut at_a, mut at_b) = (metres(a), metres(b));
        for _ in 0..STEPS {
            best = best.min(at_a).min(at_b);
            if at_a <= at_b {
                (high, b, at_b) = (b, a, at_a);
                a = high - GOLDEN * (high - low);
                at_a = metres(a);
            } else {
                (low, a, at_a) = (a, b, at_b);
                b = low + GOLDEN * (high - low);
                at_b = metres(b);
            }
        }
        Metres(best.min(at_a).min(at_b))
    }
}

#[cfg(test)]
#[path = "area_tests.rs"]
mod tests;
