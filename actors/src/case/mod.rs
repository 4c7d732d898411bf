//! A case's actor: holds number, parties, nodes and escalations; grants its part in an incident's
//! decision. Asleep until somebody asks or its clock rings, and again when nobody has for a while.
//!
//! **Not here:** when clocks ring (`court::bell`), and any rule (`tiande_core::case`).

mod actor;
mod messages;
mod rules;

pub use actor::CaseActor;
pub use messages::{AskCase, CaseAnswer, CaseFault, LookAtCase, OrderCase, SettleCase};
pub(crate) use messages::{MomentsUpTo, RingAnswer, RingCase};
pub use rules::CaseRules;
