//! What can be asked of an incident, and what a decision consists of.

use crate::dispatch::Decision;
use crate::geo::Place;
use crate::ids::{AlarmId, IncidentId, OfferId, OfficerId, TipId};
use crate::officer::{OfficerPart, OfficerRefusal, Stage};

use super::clocks::ClockRung;
use super::event::{IncidentEvent, IncidentOpened, OfferMade, StageSource};
use super::merge::TipMerged;
use super::welfare::Patience;
use super::{IncidentStatus, Outcome};

/// What somebody wants of an incident.
#[derive(Clone, Debug, PartialEq)]
pub enum IncidentCommand {
    /// Come into being.
    Open(Box<IncidentOpened>),
    /// Be at this place.
    SetPlace {
        /// Where.
        place: Place,
    },
    /// Take a further tip about the same thing.
    MergeTip {
        /// The tip, and why it is one.
        tip: Box<TipMerged>,
        /// Officers it would need alone.
        need: u8,
        /// Skills they would need.
        skills: Vec<String>,
    },
    /// Let a merged tip have an incident of its own.
    SplitTip {
        /// Which.
        tip: TipId,
        /// The incident it gets, in the same append.
        to: IncidentId,
        /// Why.
        reason: String,
    },
    /// Ask officers, on a dispatcher's word.
    Dispatch,
    /// Record a round of the search. The officers named have granted their part already.
    RecordRound {
        /// Who is asked; empty when nobody was found.
        offers: Vec<OfferMade>,
        /// The explanation.
        decision: Decision,
        /// Identity for the alarm, should nobody be left.
        alarm: AlarmId,
    },
    /// A device shows an offer.
    NoteReceived {
        /// Which.
        offer: OfferId,
        /// Whose device.
        officer: OfficerId,
    },
    /// An officer says yes.
    Accept {
        /// To which offer.
        offer: OfferId,
        /// Who.
        officer: OfficerId,
    },
    /// An officer says no.
    Decline {
        /// To which offer.
        offer: OfferId,
        /// Who.
        officer: OfficerId,
        /// Why, if said.
        reason: Option<String>,
    },
    /// Time has passed: end what is over, raise what is due.
    Tick {
        /// Identity for the alarm, should one be due.
        alarm: AlarmId,
        /// How long things may take.
        patience: Patience,
    },
    /// Clocks of the emergency ring.
    RingClocks {
        /// What [`super::Incident::ringing`] found.
        rung: Vec<ClockRung>,
    },
    /// A dispatcher orders an officer to go.
    Assign {
        /// Identity of the order.
        offer: OfferId,
        /// Who.
        officer: OfficerId,
        /// Also beside other commitments.
        stack: bool,
        /// How many at most.
        stack_max: u8,
        /// Why, if said.
        reason: Option<String>,
    },
    /// A crew member is further on the way.
    Progress {
        /// Who.
        officer: OfficerId,
        /// How far.
        stage: Stage,
        /// How it is known.
        how: StageSource,
    },
    /// A crew member says that all is well.
    ReportWell {
        /// Who.
        officer: OfficerId,
    },
    /// A crew member is done.
    Finish {
        /// Who.
        officer: OfficerId,
        /// With what outcome.
        outcome: Outcome,
        /// In the officer's words.
        note: Option<String>,
    },
    /// A dispatcher lets a crew member go.
    Release {
        /// Who.
        officer: OfficerId,
        /// Why.
        reason: String,
    },
    /// Call it off.
    Cancel {
        /// Why.
        reason: String,
    },
}

/// A decision: the incident's events, and what it needs of officers. All of it is appended together,
/// or none of it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decided {
    /// What happens to the incident.
    pub events: Vec<IncidentEvent>,
    /// What must happen to officers.
    pub parts: Vec<(OfficerId, OfficerPart)>,
}

impl Decided {
    /// True when nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.parts.is_empty()
    }
}

/// Why an incident refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IncidentRefusal {
    /// Opened before.
    AlreadyOpen,
    /// Never opened.
    NotOpen,
    /// Over.
    Closed(IncidentStatus),
    /// Nobody knows where it is.
    NoPlace,
    /// No such offer of this officer.
    OfferUnknown,
    /// The offer's time is over.
    OfferExpired,
    /// The offer was withdrawn.
    OfferWithdrawn,
    /// The seats are taken.
    OfferReassigned,
    /// That officer said no before.
    OfferDeclined,
    /// That officer said yes before; letting go is a dispatcher's word.
    OfferAccepted,
    /// That officer is not on this incident.
    NotCrew,
    /// That officer must not go.
    Excluded,
    /// That tip cannot be about this incident.
    Unlike,
    /// That tip was not merged into this incident.
    TipNotMerged,
    /// An officer's own state says no.
    Officer(OfficerRefusal),
}
