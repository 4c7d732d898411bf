//! What an officer's stream records.

use serde::{Deserialize, Serialize};

use crate::ids::{IncidentId, OfferId, OfficerId};
use crate::journal::Subject;
use crate::time::UnixMillis;

/// An event of an officer's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum OfficerEvent {
    /// The officer became known to the court.
    Registered {
        /// Identity, and the subject of the personal part.
        officer: OfficerId,
        /// What the officer can do, such as `vehicle`.
        skills: Vec<String>,
        /// Name and badge; `None` when the key is destroyed.
        personal: Option<OfficerPersonal>,
    },
    /// From now on offers may come and positions are kept.
    WentOnDuty {
        /// What brought it about.
        how: DutyChange,
    },
    /// From now on neither.
    WentOffDuty {
        /// What brought it about.
        how: DutyChange,
    },
    /// On duty, but not to be asked.
    BreakStarted {},
    /// To be asked again.
    BreakEnded {},
    /// Nothing was heard from the device for too long.
    ContactLost {
        /// When it last was.
        last_heard: UnixMillis,
    },
    /// It speaks again.
    ContactRegained {},
    /// Asked to take an incident.
    Offered {
        /// Which.
        incident: IncidentId,
        /// This asking.
        offer: OfferId,
        /// From this moment on it cannot be accepted.
        expires_at: UnixMillis,
    },
    /// The asking is over without a commitment.
    OfferClosed {
        /// Which incident.
        incident: IncidentId,
        /// Which asking.
        offer: OfferId,
        /// How.
        how: OfferEnd,
    },
    /// Bound to go.
    Committed {
        /// To which incident.
        incident: IncidentId,
        /// By which asking or order.
        offer: OfferId,
        /// By own word or by order.
        how: CommitmentKind,
        /// Beside other commitments, by explicit order.
        stacked: bool,
    },
    /// Further on the way.
    StageReached {
        /// Of which incident.
        incident: IncidentId,
        /// How far.
        stage: Stage,
    },
    /// Silent on scene for too long: asked whether all is well.
    WelfareAsked {
        /// By which incident.
        incident: IncidentId,
    },
    /// Has said that all is well.
    WelfareAnswered {
        /// To which incident.
        incident: IncidentId,
    },
    /// No longer bound.
    Released {
        /// To which incident.
        incident: IncidentId,
        /// Why.
        how: ReleaseKind,
    },
    /// Called for help.
    SosRaised {
        /// The incident made of it.
        incident: IncidentId,
    },
    /// That incident is over.
    SosEnded {
        /// Which.
        incident: IncidentId,
    },
    /// Somebody read where the officer was. Who, stands in the record's own head.
    TrackRead {
        /// Whose track, and the subject of the personal part.
        officer: OfficerId,
        /// Begin of what was read.
        from: UnixMillis,
        /// End of it.
        to: UnixMillis,
        /// Words of the reader; `None` when the key is destroyed.
        personal: Option<TrackReadPersonal>,
    },
}

/// What the reader of a track said about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrackReadPersonal {
    /// Why, cleaned text, where a reason is demanded.
    pub reason: Option<String>,
}

/// The part of a registration that tells who it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OfficerPersonal {
    /// Name, cleaned text.
    pub name: String,
    /// Badge number, if any.
    pub badge: Option<String>,
}

plain_enum! {
    /// What brought a change of duty about.
    DutyChange {
        /// The officer said so.
        Reported => "reported",
        /// Leaving the court house's geofence on shift.
        Geofence => "geofence",
        /// Calling for help while off duty.
        Sos => "sos",
        /// The bureau's own order, by its duty roster: for who has a tracker only.
        Ordered => "ordered",
    }
}
plain_enum! {
    /// How an offer ended without a commitment.
    OfferEnd {
        /// The officer said no.
        Declined => "declined",
        /// Nobody answered in time.
        Expired => "expired",
        /// No device acknowledged it in time.
        Undelivered => "undelivered",
        /// It is not needed any more.
        Withdrawn => "withdrawn",
    }
}
plain_enum! {
    /// How a commitment came about.
    CommitmentKind {
        /// The officer accepted an offer.
        Accepted => "accepted",
        /// A dispatcher ordered it.
        Ordered => "ordered",
    }
}
plain_enum! {
    /// How far a committed officer is. Ordered: later ones are greater.
    Stage {
        /// Said yes.
        Accepted => "accepted",
        /// On the way.
        EnRoute => "en_route",
        /// There.
        OnScene => "on_scene",
    }
}
plain_enum! {
    /// How a commitment ended.
    ReleaseKind {
        /// The officer's work there is done.
        Finished => "finished",
        /// A dispatcher let the officer go.
        Released => "released",
        /// The incident was cancelled.
        Cancelled => "cancelled",
    }
}

impl OfficerEvent {
    /// Whose key the personal part is encrypted with.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Registered { officer, .. } | Self::TrackRead { officer, .. } => {
                Some(Subject(officer.0))
            }
            Self::WentOnDuty { .. }
            | Self::WentOffDuty { .. }
            | Self::BreakStarted {}
            | Self::BreakEnded {}
            | Self::ContactLost { .. }
            | Self::ContactRegained {}
            | Self::Offered { .. }
            | Self::OfferClosed { .. }
            | Self::Committed { .. }
            | Self::StageReached { .. }
            | Self::WelfareAsked { .. }
            | Self::WelfareAnswered { .. }
            | Self::Released { .. }
            | Self::SosRaised { .. }
            | Self::SosEnded { .. } => None,
        }
    }
}
