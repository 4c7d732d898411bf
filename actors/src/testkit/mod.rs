//! For tests here and in the server: a clock by hand, seeded ids, an encoder that tests can read and
//! trip, an in-memory journal, and a journal that waits, fails or panics on demand.

mod clock;
pub mod memory_journal;
mod rules;
mod staged;
mod tracks;
mod wire;

pub use clock::{ManualClock, SeededIds};
pub use memory_journal::MemoryJournal;
pub use rules::{plain_rules, rules_of_calendar};
pub use staged::StagedJournal;
pub use tracks::MemoryTracks;
pub use wire::{PlainFrame, PlainWire};
