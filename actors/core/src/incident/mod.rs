//! An incident: needs officers, asks them, follows them, ends. Everything that binds or frees an
//! officer is decided here and agreed with that officer's own state machine in the same append.

mod clocks;
mod command;
mod decide;
mod event;
mod kind;
mod merge;
mod state;
mod welfare;

pub use clocks::{ClockRung, RunningClock, Steps};
pub use command::{Decided, IncidentCommand, IncidentRefusal};
pub use event::{
    IncidentEvent, IncidentOpened, IncidentPersonal, OfferMade, Origin, PlacedAt, Said,
    SearchReason, StageSource, Words,
};
pub use kind::{IncidentKind, Outcome, Urgency};
pub use merge::{MERGED_MAX, MergedTip, TipMerged};
pub use state::{AlarmLevel, Closed, CrewMember, Incident, IncidentStatus, Offer, OfferState};
pub use welfare::{Patience, Welfare};

/// A fix this near to the place means that the officer is there, metres (geofence of arrival).
pub const ON_SCENE_RADIUS_M: f64 = 60.0;

#[cfg(test)]
mod clocks_tests;
#[cfg(test)]
mod tests;
