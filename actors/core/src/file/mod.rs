//! The file of one case (卷宗): what it is about, what was found and done, what was said, and how it ends.
//!
//! Each subject is a small state machine of its own, with a command, an event, a state and its refusals:
//! filing, hand-over, assets, field measures, parties, papers, closing. [`CaseFile`] holds them together, and
//! what one of them does to the case's nodes is in `effects`.
//!
//! Everything that names people, places and things is in the sealed part of an event ([`Sealed`]); the states
//! hold none of it. Whoever shows the file reads the case's stream.
//!
//! **Not here:** who may ask for what as an office (`access`), money (`money`), dates (`deadline`), the bytes of
//! papers, and how anything reaches anybody.

mod acting;
pub mod asset;
pub mod closing;
mod effects;
mod filing;
pub mod handover;
mod link;
pub mod measure;
pub mod paper;
pub mod party;
pub mod petition;
mod refusal;
mod sealed;
pub mod search;
mod state;

#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;

pub use acting::Acting;
pub(crate) use effects::received;
pub use effects::{Effect, effects};
pub use filing::{CaseKind, Filing, FilingBasis};
pub(crate) use handover::hex32;
pub use link::{Link, LinkCommand, LinkEvent, Purpose};
pub use refusal::{FileRefusal, RefusalClass};
pub use sealed::{FileRecord, Particulars, Sealed};
pub(crate) use state::Surroundings;
pub use state::{About, CaseFile, FileCommand, FileEvent};

/// A number of something within one case, from 1.
pub type Number = u16;

/// Most of anything numbered in one case.
pub(crate) const NUMBER_MAX: usize = 2_000;

/// The next number after so many; `None` when there are too many.
pub(crate) fn next_number(count: usize) -> Option<Number> {
    (count < NUMBER_MAX).then(|| u16::try_from(count + 1).ok()).flatten()
}
