//! GCJ-02, the shifted datum of Chinese maps, and the way back to WGS-84.
//!
//! Positions from WeChat, Amap and Tencent maps come in GCJ-02, some 100–700 m off. They are
//! converted at the intake; nothing inside knows any other datum than WGS-84.

use std::f64::consts::PI;

use super::point::{InvalidPlace, LatLon};

/// A point in GCJ-02: degrees, latitude -90..=90, longitude -180..=180.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gcj02 {
    lat: f64,
    lon: f64,
}

impl Gcj02 {
    /// Makes a point from degrees.
    ///
    /// # Errors
    /// [`InvalidPlace`] when a number is not finite or out of range.
    pub fn new(lat: f64, lon: f64) -> Result<Self, InvalidPlace> {
        LatLon::new(lat, lon).map(|checked| Self { lat: checked.lat(), lon: checked.lon() })
    }

    /// Latitude, degrees north, GCJ-02.
    #[must_use]
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude, degrees east, GCJ-02.
    #[must_use]
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Shifts a WGS-84 point as Chinese maps do. Outside China (the usual rough box, longitude
    /// 72.004..=137.8347, latitude 0.8293..=55.8271) nothing is shifted.
    #[must_use]
    pub fn from_wgs84(at: LatLon) -> Self {
        if !in_china(at.lat(), at.lon()) {
            return Self { lat: at.lat(), lon: at.lon() };
        }
        let (lat, lon) = shifted(at.lat(), at.lon());
        Self { lat, lon }
    }

    /// The WGS-84 point that maps to this one. Outside the box of [`Self::from_wgs84`] it is the
    /// same point.
    ///
    /// The formula has no closed inverse; it is iterated until a step is below 1e-10° (0.01 mm). A
    /// round trip inside China is off by at most 0.1 m (measured: below 1 mm). Within some 700 m
    /// of the box's border, all of it far from any court, the two datums cannot be told apart, and
    /// the error is that of the shift.
    #[must_use]
    pub fn to_wgs84(self) -> LatLon {
        // The shift changes by less than 1 % over its own length, so each round gains two digits.
        const ROUNDS_MAX: usize = 20;
        if !in_china(self.lat, self.lon) {
            return LatLon { lat: self.lat, lon: self.lon };
        }
        let (mut lat, mut lon) = (self.lat, self.lon);
        for _ in 0..ROUNDS_MAX {
            let (back_lat, back_lon) = shifted(lat, lon);
            let (step_lat, step_lon) = (self.lat - back_lat, self.lon - back_lon);
            lat += step_lat;
            lon += step_lon;
            if step_lat.abs() < 1e-10 && step_lon.abs() < 1e-10 {
                break;
            }
        }
        // The shift is below 0.02°, and the box lies farther than that from the poles and ±180°.
        LatLon { lat, lon }
    }
}

/// The rough box that all implementations of GCJ-02 agree on.
fn in_china(lat: f64, lon: f64) -> bool {
    (0.8293..=55.8271).contains(&lat) && (72.004..=137.8347).contains(&lon)
}

/// The published formula, on the Krasovsky 1940 ellipsoid; continuous, also beyond the box.
fn shifted(lat: f64, lon: f64) -> (f64, f64) {
    const A: f64 = 6_378_245.0;
    const E2: f64 = 0.006_693_421_622_965_943;
    let (x, y) = (lon - 105.0, lat - 35.0);
    let root = x.abs().sqrt();
    let waves = 20.0 * (6.0 * x * PI).sin() + 20.0 * (2.0 * x * PI).sin();
    let north = -100.0
        + 2.0 * x
        + 3.0 * y
        + 0.2 * y * y
        + 0.1 * x * y
        + 0.2 * root
        + (waves + 20.0 * (y * PI).sin() + 40.0 * (y / 3.0 * PI).sin()) * 2.0 / 3.0
        + (160.0 * (y / 12.0 * PI).sin() + 320.0 * (y * PI / 30.0).sin()) * 2.0 / 3.0;
    let east = 300.0
        + x
        + 2.0 * y
        + 0.1 * x * x
        + 0.1 * x * y
        + 0.1 * root
        + (waves + 20.0 * (x * PI).sin() + 40.0 * (x / 3.0 * PI).sin()) * 2.0 / 3.0
        + (150.0 * (x / 12.0 * PI).sin() + 300.0 * (x / 30.0 * PI).sin()) * 2.0 / 3.0;
    let (sin_lat, cos_lat) = lat.to_radians().sin_cos();
    let w2 = 1.0 - E2 * sin_lat * sin_lat;
    let w = w2.sqrt();
    let north_degrees = (north * 180.0) / ((A * (1.0 - E2)) / (w2 * w) * PI);
    let east_degrees = (east * 180.0) / (A / w * cos_lat * PI);
    (lat + north_degrees, lon + east_degrees)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn wgs(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).expect("a place")
    }

    /// Published pairs: `eviltransform` (first three), `coordtransform` (last).
    const PAIRS: [[f64; 4]; 4] = [
        [31.177_427_6, 121.527_210_6, 31.175_303_983_645_97, 121.531_541_859_215],
        [22.543_847, 113.912_316, 22.540_796_131_694_766, 113.917_176_480_836_3],
        [39.911_954, 116.377_817, 39.913_345_455_360_69, 116.384_047_224_556_57],
        [39.915, 116.404, 39.916_404_281_501_64, 116.410_244_499_169_38],
    ];

    #[test]
    fn published_pairs_come_out() {
        for [lat, lon, gcj_lat, gcj_lon] in PAIRS {
            let there = Gcj02::from_wgs84(wgs(lat, lon));
            let expected = wgs(gcj_lat, gcj_lon);
            assert!(wgs(there.lat(), there.lon()).distance(expected).0 < 0.1, "{there:?}");
            let back = Gcj02::new(gcj_lat, gcj_lon).expect("a place").to_wgs84();
            assert!(back.distance(wgs(lat, lon)).0 < 0.1, "{back:?}");
        }
    }

    #[test]
    fn outside_china_nothing_is_shifted() {
        for (lat, lon) in [(37.77, -122.42), (0.0, 0.0), (-33.9, 151.2), (90.0, 180.0)] {
            let point = Gcj02::from_wgs84(wgs(lat, lon));
            assert_eq!((point.lat(), point.lon()), (lat, lon));
            assert_eq!(point.to_wgs84(), wgs(lat, lon));
        }
    }

    #[test]
    fn numbers_out_of_range_are_no_place() {
        assert_eq!(Gcj02::new(91.0, 0.0), Err(InvalidPlace));
        assert_eq!(Gcj02::new(35.0, f64::NAN), Err(InvalidPlace));
    }

    proptest! {
        #[test]
        fn a_round_trip_inside_china_is_exact_to_a_tenth_of_a_metre(
            lat in 0.85..=55.80, lon in 72.03..=137.81,
        ) {
            let here = wgs(lat, lon);
            let there = Gcj02::from_wgs84(here);
            prop_assert!(there.to_wgs84().distance(here).0 <= 0.001);
            // The shift is real, and bounded: what the search for the inverse relies on.
            let shift = wgs(there.lat(), there.lon()).distance(here).0;
            prop_assert!(shift < 1_500.0, "{shift}");
        }

        #[test]
        fn the_way_back_is_a_place_wherever_it_starts(lat in -90.0..=90.0, lon in -180.0..=180.0) {
            let back = Gcj02::new(lat, lon).expect("a place").to_wgs84();
            prop_assert!(LatLon::new(back.lat(), back.lon()).is_ok());
        }
    }
}
