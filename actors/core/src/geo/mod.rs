//! Places on the earth: points, distances, areas, datums.

mod area;
mod gcj02;
mod origin;
mod point;

pub use area::Area;
pub use gcj02::Gcj02;
pub use origin::Origin;
pub(crate) use origin::{Parallel, chord_min};
pub use point::{Accuracy, Ecef, InvalidPlace, LatLon, Metres, Place};
