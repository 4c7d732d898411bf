//! Procedure as data: the nodes of enforcement, what starts their clocks, how long they run, who is told
//! and who is alarmed. Facts come from a file (`config/procedures/enforcement.toml`); what they mean for
//! a date is in [`crate::deadline`].
//!
//! A procedure has a version, and a case keeps the one it began with. A newer one is applied to open
//! cases by an explicit act only, never by loading a file.

mod check;
mod code;
mod cycle;
mod draft;
mod fault;
mod node;
mod row;
mod table;
mod words;

#[cfg(test)]
mod tests;

pub use code::{InvalidNodeCode, NodeCode};
pub use draft::{LimitDraft, NamedDraft, NodeDraft, ProcedureDraft, ReasonDraft, StartDraft};
pub use fault::{ProcedureFault, ProcedureSpot};
pub use node::{Documents, Kind, Limit, Node, Offset, Start, Unit};
pub use table::{Procedure, ProcedureVersion, Reason, Words};
pub use words::{AssetKind, Deed, IncidentStep, Office, Rank, Sure, Telling};
