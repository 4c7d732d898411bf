//! What lets somebody outside check the journal: a root for each day, signed and handed out, and
//! receipts that show a record to be under it. How to check by hand is in `docs/PROOF.md`.
//!
//! In the order in which the data goes: `keeper` makes a court's root (`schedule` says when),
//! `file` keeps it outside the database, `prover` finds a record's place under it and makes
//! receipts of it, `export` a folder of a whole case. `wire` is what all of that looks like. `kept`
//! are copies of roots that somebody has, `check` holds a receipt against them, `consistency` two
//! roots against each other, `folder` an export; these need no server. `page` is a root on paper.
//!
//! **Not here:** trees and the bytes that are signed (`tiande_core::proof`), SQL
//! (`crate::journal`).

pub mod check;
pub mod command;
pub mod consistency;
pub mod export;
mod file;
pub mod folder;
pub mod keeper;
pub mod kept;
pub mod page;
mod prover;
pub mod schedule;
pub mod wire;

pub use keeper::{CloseFault, Proof};

#[cfg(test)]
mod tests;
