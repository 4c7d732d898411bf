//! The incident's actor: one decision at a time, each planned by the core, agreed to by the officers
//! it concerns, written as one append, and only then told to anybody.

mod actor;
mod gather;
mod link;
mod messages;
mod reread;
mod show;
mod split;
mod transact;

pub use actor::IncidentActor;
pub use messages::{
    Beside, IncidentDone, IncidentFault, LookAtIncident, OrderIncident, SeenIncident,
};
pub(crate) use messages::{BriefAgain, Nudge};
pub(crate) use reread::ReadAgain;
pub use split::SplitTip;
