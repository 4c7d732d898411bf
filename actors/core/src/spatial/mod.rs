//! Who is where: an exact nearest-neighbour index over points that move all the time.

mod index;

pub use index::{DEFAULT_SLACK, Near, SpatialIndex};

#[cfg(test)]
mod tests;
