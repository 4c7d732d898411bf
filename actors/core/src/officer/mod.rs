//! An officer: on duty or not, free or bound, and where. The one writer of each officer's state is
//! the actor around this; two incidents that want the same officer both have to ask it.

mod duty_log;
mod event;
mod fixes;
mod state;

pub use duty_log::DutyLog;
pub use event::{
    CommitmentKind, DutyChange, OfferEnd, OfficerEvent, OfficerPersonal, ReleaseKind, Stage,
    TrackReadPersonal,
};
pub use fixes::{Fix, FixFilter, FixRules, FixVerdict, KnownFix};
pub use state::{
    Commitment, Duty, Officer, OfficerCommand, OfficerPart, OfficerRefusal, OfficerStatus,
    OpenOffer,
};

#[cfg(test)]
mod tests;
