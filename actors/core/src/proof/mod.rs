//! What lets somebody outside check that a record is in the journal, and that the journal only went
//! on.
//!
//! `merkle` are trees as RFC 9162 has them, `peaks` a tree that only grows, `blocks` the tree of
//! one day, which may have a million leaves. `root` is what a court signs at the end of a day,
//! `promise` what it signs before.
//!
//! **Not here:** which records there are, when a root is computed, signatures, and what JSON looks
//! like.

mod blocks;
mod fields;
mod merkle;
mod peaks;
mod promise;
mod root;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_of_days;

pub use blocks::{BLOCK, Blocks, Growing, Place};
pub use merkle::{Hash, Inclusion, consistency, inclusion, is_consistent, leaf_hash, root};
pub use peaks::Peaks;
pub use promise::Promise;
pub use root::{DayRoot, Log, LogFault};
