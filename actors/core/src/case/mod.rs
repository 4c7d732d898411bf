//! A case: its number, its parties, who handles it, the incidents that belong to it, its nodes, what of them was
//! escalated, and its file.
//!
//! **Not here:** how a date is counted ([`crate::deadline`]), what nodes there are
//! ([`crate::procedure`]), timers, and who may ask for what.

mod clock;
mod command;
mod decide;
mod escalation;
mod event;
mod file;
mod file_nodes;
mod notices;
mod number;
mod rows;
mod standing;
mod state;
mod work;

pub use clock::RunningNode;
pub use command::{CaseCommand, CaseRefusal, EscalationAct, Filed};
pub use escalation::{Act, Ended, Escalation, EscalationStatus};
pub use event::{CaseEvent, CaseParties, Party, PartyRole};
pub use number::{CaseNumber, InvalidCaseNumber};
pub use rows::{CaseRows, NoticeTopic, PartyNotice};
pub use standing::{CaseStanding, Grade};
pub use state::Case;

#[cfg(test)]
mod tests;
