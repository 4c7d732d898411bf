//! Who is where: an exact nearest-neighbour index over points that move all the time.

mod bounds;
mod cells;
mod index;
mod rings;

pub use index::{Near, SpatialIndex};

#[cfg(test)]
mod tests;
