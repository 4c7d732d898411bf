//! A point on the WGS-84 ellipsoid, its distance to another, and its place in space.

use serde::{Deserialize, Serialize};

use super::origin::Origin;

/// A length in metres, finite and not negative.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Metres(pub f64);

/// Radius of the circle that holds the true place with about 68 % probability, metres.
pub type Accuracy = Metres;

/// The coordinates are no place on earth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("coordinates out of range")]
pub struct InvalidPlace;

/// A point on the earth: WGS-84, degrees, latitude -90..=90, longitude -180..=180.
///
/// Equality is of the numbers: longitudes -180 and 180, and all longitudes at a pole, are one place
/// (distance 0) with several spellings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Degrees")]
pub struct LatLon {
    // Open to this folder only, which keeps the ranges by construction.
    pub(super) lat: f64,
    pub(super) lon: f64,
}

/// What is read before its range is checked, so that no file can bring in a point that is none.
#[derive(Deserialize)]
struct Degrees {
    lat: f64,
    lon: f64,
}

impl TryFrom<Degrees> for LatLon {
    type Error = InvalidPlace;
    fn try_from(read: Degrees) -> Result<Self, InvalidPlace> {
        Self::new(read.lat, read.lon)
    }
}

impl LatLon {
    /// Makes a point from degrees.
    ///
    /// # Errors
    /// [`InvalidPlace`] when a number is not finite or out of range.
    pub fn new(lat: f64, lon: f64) -> Result<Self, InvalidPlace> {
        // `contains` is false for NaN and infinities too.
        if (-90.0..=90.0).contains(&lat) && (-180.0..=180.0).contains(&lon) {
            Ok(Self { lat, lon })
        } else {
            Err(InvalidPlace)
        }
    }

    /// Latitude, degrees north.
    #[must_use]
    pub fn lat(self) -> f64 {
        self.lat
    }

    /// Longitude, degrees east.
    #[must_use]
    pub fn lon(self) -> f64 {
        self.lon
    }

    /// Distance along the ellipsoid (WGS-84 geodesic; error below a micrometre). Whoever measures many
    /// from one point makes an [`Origin`] of it.
    #[must_use]
    pub fn distance(self, other: Self) -> Metres {
        Origin::new(self).distance(other)
    }

    /// Where the point is in space: earth-centred, earth-fixed metres.
    ///
    /// The straight line between two such points is never longer than the geodesic between them
    /// (rounding: 1e-6 m), so it is a lower bound for a search, also at the poles and across ±180°.
    #[must_use]
    pub fn ecef(self) -> Ecef {
        const A: f64 = 6_378_137.0;
        const F: f64 = 1.0 / 298.257_223_563;
        const E2: f64 = F * (2.0 - F);
        let (sin_lat, cos_lat) = self.lat.to_radians().sin_cos();
        let (sin_lon, cos_lon) = self.lon.to_radians().sin_cos();
        let normal = A / (1.0 - E2 * sin_lat * sin_lat).sqrt();
        [normal * cos_lat * cos_lon, normal * cos_lat * sin_lon, normal * (1.0 - E2) * sin_lat]
    }
}

/// Earth-centred, earth-fixed coordinates, metres.
pub type Ecef = [f64; 3];

/// A point with how well it is known.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The point.
    pub at: LatLon,
    /// `None`: nobody said how accurate it is.
    pub accuracy: Option<Accuracy>,
}

#[cfg(test)]
mod tests {
    use super::*;
    // `Geodesic` shares its mathematics with us; Vincenty's formula is a witness of its own.
    use geo::{Distance, VincentyDistance};
    use proptest::prelude::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon::new(lat, lon).expect("a place")
    }

    fn chord(a: LatLon, b: LatLon) -> f64 {
        let ([ax, ay, az], [bx, by, bz]) = (a.ecef(), b.ecef());
        ((ax - bx).powi(2) + (ay - by).powi(2) + (az - bz).powi(2)).sqrt()
    }

    /// Anywhere, with poles and the antimeridian far more often than chance would give.
    fn anywhere() -> impl Strategy<Value = LatLon> {
        let lat =
            prop_oneof![4 => -90.0..=90.0, 1 => Just(90.0), 1 => Just(-90.0), 1 => 89.9..=90.0];
        let lon = prop_oneof![
            4 => -180.0..=180.0, 1 => Just(180.0), 1 => Just(-180.0), 1 => 179.9..=180.0,
        ];
        (lat, lon).prop_map(|(lat, lon)| at(lat, lon))
    }

    #[test]
    fn numbers_out_of_range_are_no_place() {
        for (lat, lon) in [
            (90.000_001, 0.0),
            (-91.0, 0.0),
            (0.0, 180.000_001),
            (0.0, -181.0),
            (f64::NAN, 0.0),
            (0.0, f64::NAN),
            (f64::INFINITY, 0.0),
            (0.0, f64::NEG_INFINITY),
        ] {
            assert_eq!(LatLon::new(lat, lon), Err(InvalidPlace), "{lat} {lon}");
        }
    }

    #[test]
    fn a_place_that_is_read_back_is_checked_again() {
        let place: LatLon = serde_json::from_str(r#"{"lat":35.2,"lon":114.67}"#).expect("a place");
        assert_eq!(place, at(35.2, 114.67));
        assert_eq!(serde_json::to_string(&place).expect("plain"), r#"{"lat":35.2,"lon":114.67}"#);
        assert!(serde_json::from_str::<LatLon>(r#"{"lat":91.0,"lon":0.0}"#).is_err());
    }

    #[test]
    fn one_place_with_two_spellings_is_zero_metres_apart() {
        assert!(at(10.0, 180.0).distance(at(10.0, -180.0)).0 < 1e-6);
        assert!(at(90.0, 17.0).distance(at(90.0, -120.0)).0 < 1e-6);
        assert!(chord(at(90.0, 17.0), at(90.0, -120.0)) < 1e-6);
    }

    #[test]
    fn a_step_across_the_antimeridian_is_short() {
        let metres = at(0.0, 179.999_5).distance(at(0.0, -179.999_5)).0;
        assert!((metres - 111.319_490_793).abs() < 1e-6, "{metres}");
    }

    #[test]
    fn pole_to_pole_is_half_a_meridian() {
        let metres = at(90.0, 0.0).distance(at(-90.0, 55.0)).0;
        assert!((metres - 20_003_931.458_6).abs() < 1e-3, "{metres}");
    }

    proptest! {
        #[test]
        fn distance_agrees_with_two_witnesses(a in anywhere(), b in anywhere()) {
            let ours = a.distance(b).0;
            let (p, q) = (geo::Point::new(a.lon(), a.lat()), geo::Point::new(b.lon(), b.lat()));
            prop_assert!((ours - geo::Geodesic.distance(p, q)).abs() < 1e-6);
            // Vincenty does not converge near the antipode, and gives no answer there.
            if let Ok(vincenty) = p.vincenty_distance(&q) && ours < 19_900_000.0 {
                prop_assert!((ours - vincenty).abs() < 0.01, "{ours} {vincenty}");
            }
        }

        #[test]
        fn distance_is_symmetric_and_never_negative(a in anywhere(), b in anywhere()) {
            let (there, back) = (a.distance(b).0, b.distance(a).0);
            prop_assert!(there.is_finite() && there >= 0.0);
            prop_assert!((there - back).abs() < 1e-6);
            prop_assert!(a.distance(a).0 == 0.0);
        }

        #[test]
        fn the_chord_is_never_longer_than_the_geodesic(
            a in anywhere(), b in anywhere(),
            north in -0.01..=0.01_f64, east in -0.01..=0.01_f64,
        ) {
            prop_assert!(chord(a, b) <= a.distance(b).0 + 1e-6);
            let (lat, lon) = (a.lat() + north, a.lon() + east);
            let near = at(lat.clamp(-90.0, 90.0), lon.clamp(-180.0, 180.0));
            prop_assert!(chord(a, near) <= a.distance(near).0 + 1e-6);
        }
    }
}
