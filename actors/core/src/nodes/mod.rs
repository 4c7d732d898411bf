//! The nodes of one case: opened, suspended, resumed, extended, completed, corrected; and what fires when.
//!
//! A state machine like the others: [`CaseNodes::decide`] may refuse and changes nothing,
//! [`CaseNodes::apply`] changes and never refuses. Due moments are not part of the state: they are
//! computed from it with the procedure and the calendar, so that a new calendar needs no event to move
//! them. What has fired is part of it, by [`crate::deadline::DeadlineKey`]'s level and round: no
//! re-computation fires it again.
//!
//! **Not here:** who is told and who answers ([`crate::case`]), and timers.

mod court_time;
mod decide;
mod plan;
mod state;

#[cfg(test)]
mod court_time_tests;
#[cfg(test)]
pub(crate) mod life;
#[cfg(test)]
mod lives;
#[cfg(test)]
mod tests;

pub use court_time::{CourtTime, Reading};
pub use decide::{NodeCommand, NodeRefusal};
pub use plan::{Deadline, Rulebook};
pub use state::{CaseNodes, NodeEvent, OpenedNode, Suspension};
