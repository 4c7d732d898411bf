//! What lets somebody outside check that a record is in the journal, and that the journal only went on.
//!
//! **Not here:** which records there are, when a root is computed, and signatures.

mod merkle;

#[cfg(test)]
mod tests;

pub use merkle::{Hash, Inclusion, consistency, inclusion, is_consistent, leaf_hash, root};
