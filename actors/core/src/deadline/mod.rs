//! When something is due: from a node, the moment its clock starts, and what stopped it, to a date, its
//! warnings, and the rules that led there. Pure arithmetic; each rule is in `docs/DEADLINES.md` with its
//! article. Time is Shanghai's, and days are the court's.
//!
//! **Not here:** timers, and what has fired. A [`DeadlineKey`] names what may fire at most once.

mod compute;
mod count;
mod key;
mod rule;
mod stops;

#[cfg(test)]
mod tests;

pub use compute::{Begin, Computed, End, Question, Refusal, compute};
pub use key::{DeadlineKey, Level};
pub use rule::Rule;
pub use stops::{ReversedSpan, Span, Stops};

/// Most days by which a clock may be extended.
pub const EXTENSION_MAX: u32 = 3_660;
