//! Places on the earth: points, distances, areas, datums.

mod area;
mod gcj02;
mod point;

pub use area::Area;
pub use gcj02::Gcj02;
pub use point::{Accuracy, Ecef, InvalidPlace, LatLon, Metres, Place};
