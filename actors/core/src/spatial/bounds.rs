//! A box of latitudes and longitudes, and how near to a point anything in it can be.
//!
//! Boxes only say where somebody is kept; nothing is ranked by degrees. Distances to them are metres,
//! straight through the earth, and never more than the geodesic: also at the poles and across ±180°.

use crate::geo::{LatLon, Origin, Parallel, chord_min};

/// Which of the four parts of a box.
pub type Quarter = usize;

/// See the module. What lies on an inner border belongs to the box north or east of it.
#[derive(Clone, Debug)]
pub struct Bounds {
    south: f64,
    north: f64,
    west: f64,
    east: f64,
    southern: Parallel,
    northern: Parallel,
}

impl Bounds {
    /// All of the earth.
    pub fn earth() -> Self {
        Self::of(-90.0, 90.0, -180.0, 180.0)
    }

    fn of(south: f64, north: f64, west: f64, east: f64) -> Self {
        let (southern, northern) = (Parallel::of(south), Parallel::of(north));
        Self { south, north, west, east, southern, northern }
    }

    fn middle(&self) -> (f64, f64) {
        (f64::midpoint(self.south, self.north), f64::midpoint(self.west, self.east))
    }

    /// True for what is kept in this box.
    #[inline]
    pub fn contains(&self, at: LatLon) -> bool {
        let (lat, lon) = (at.lat(), at.lon());
        // The north pole and the 180th degree are nobody else's.
        self.south <= lat
            && (lat < self.north || self.north >= 90.0)
            && self.west <= lon
            && (lon < self.east || self.east >= 180.0)
    }

    /// The part in which a point of this box is; for another one, the part nearest to it or so.
    #[inline]
    pub fn quarter_of(&self, at: LatLon) -> Quarter {
        let (lat, lon) = self.middle();
        usize::from(at.lat() >= lat) * 2 + usize::from(at.lon() >= lon)
    }

    /// That part.
    pub fn quarter(&self, quarter: Quarter) -> Self {
        let (lat, lon) = self.middle();
        let (south, north) = if quarter & 2 == 0 { (self.south, lat) } else { (lat, self.north) };
        let (west, east) = if quarter & 1 == 0 { (self.west, lon) } else { (lon, self.east) };
        Self::of(south, north, west, east)
    }

    /// No parallel in the box is narrower, metres: the parallels only grow towards the equator.
    #[inline]
    pub fn radius_min(&self) -> f64 {
        self.southern.radius.min(self.northern.radius)
    }

    /// Square metres, about.
    pub fn area(&self) -> f64 {
        let degree = 111_195.0;
        let width = (self.east - self.west).to_radians();
        let radius = f64::midpoint(self.southern.radius, self.northern.radius);
        (self.north - self.south) * degree * width * radius
    }

    /// Square of a length that no straight line from there into the box is below.
    #[inline]
    pub fn distance_2_min(&self, from: &Origin) -> f64 {
        let (at, here) = (from.at(), from.parallel());
        // Along its meridian a point's straight line grows with the latitude between: the nearer
        // border counts.
        let border = if at.lat() < self.south {
            Some(self.southern)
        } else if at.lat() > self.north {
            Some(self.northern)
        } else {
            None
        };
        let along = border.map_or(0.0, |border| {
            let (r, z) = (border.radius - here.radius, border.height - here.height);
            r * r + z * z
        });
        if (self.west..=self.east).contains(&at.lon()) {
            return along;
        }
        let around = |degrees: f64| if degrees < 0.0 { degrees + 360.0 } else { degrees };
        let gap = around(self.west - at.lon()).min(around(at.lon() - self.east));
        let across = chord_min(gap);
        // |a - b|² on two parallels is that along the meridian plus r₁r₂(2 sin Δλ/2)².
        along + here.radius * self.radius_min() * across * across
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(5_000))]
        #[test]
        fn nobody_in_a_box_is_nearer_than_the_box(
            (lat, lon) in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            (other_lat, other_lon) in (-90.0..=90.0_f64, -180.0..=180.0_f64),
            near in 0.0..=1.0_f64, depth in 0..24,
        ) {
            let to = LatLon::new(lat, lon).expect("a place");
            let (north, east) = ((other_lat - lat) * near, (other_lon - lon) * near);
            let from = Origin::new(LatLon::new(lat + north, lon + east).expect("between both"));
            let mut bounds = Bounds::earth();
            for _ in 0..depth {
                bounds = bounds.quarter(bounds.quarter_of(to));
                prop_assert!(bounds.contains(to));
            }
            let truth = from.distance(to).0;
            prop_assert!(bounds.distance_2_min(&from).sqrt() <= truth + 1e-6);
            prop_assert!(from.distance_2_min(to, bounds.radius_min()).sqrt() <= truth + 1e-6);
            if bounds.contains(from.at()) {
                prop_assert_eq!(bounds.distance_2_min(&from), 0.0);
            }
        }
    }

    #[test]
    fn the_four_parts_hold_each_point_once() {
        let earth = Bounds::earth();
        for (lat, lon) in
            [(0.0, 0.0), (90.0, 180.0), (-90.0, -180.0), (90.0, -180.0), (-1.0, 180.0)]
        {
            let at = LatLon::new(lat, lon).expect("a place");
            assert!(earth.contains(at));
            let holding: Vec<_> = (0..4).filter(|part| earth.quarter(*part).contains(at)).collect();
            assert_eq!(holding, [earth.quarter_of(at)], "{lat} {lon}");
        }
    }
}
