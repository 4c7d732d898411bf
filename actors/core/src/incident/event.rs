//! What an incident's stream records.

use serde::{Deserialize, Serialize};

use super::clocks::ClockRung;
use super::merge::TipMerged;
use super::state::AlarmLevel;
use super::{IncidentKind, Outcome, Urgency};
use crate::case::CaseNumber;
use crate::dispatch::Decision;
use crate::geo::Place;
use crate::ids::{AlarmId, CaseId, IncidentId, OfferId, OfficerId, TipId};
use crate::journal::Subject;
use crate::officer::{OfferEnd, Stage};
use crate::procedure::ProcedureVersion;
use crate::time::UnixMillis;

/// An event of an incident's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum IncidentEvent {
    /// The incident exists.
    Opened(Box<IncidentOpened>),
    /// Somebody said where it is.
    Placed {
        /// Whose key the place is encrypted with.
        subject: Subject,
        /// Where; `None` when the key is destroyed.
        personal: Option<PlacedAt>,
    },
    /// A further tip tells of the same.
    TipMerged(Box<TipMerged>),
    /// A merged tip was none: it has an incident of its own.
    TipSplit {
        /// Which.
        tip: TipId,
        /// That incident.
        incident: IncidentId,
        /// Why, in the dispatcher's words, under the tip's key.
        #[serde(flatten)]
        said: Said,
    },
    /// From now on officers are asked.
    SearchStarted {
        /// On whose word.
        why: SearchReason,
    },
    /// One round of asking, explained.
    OffersMade {
        /// Round, from 1.
        round: u32,
        /// Who is asked.
        offers: Vec<OfferMade>,
        /// Who was considered, and why the others were not asked.
        decision: Decision,
    },
    /// The officer's device has shown the offer.
    OfferReceived {
        /// Which.
        offer: OfferId,
    },
    /// An officer is coming.
    OfferAccepted {
        /// Which offer.
        offer: OfferId,
        /// Whose.
        officer: OfficerId,
    },
    /// An offer ended otherwise.
    OfferClosed {
        /// Which offer.
        offer: OfferId,
        /// Whose.
        officer: OfficerId,
        /// How.
        how: OfferEnd,
        /// Why, in the officer's words, if any.
        #[serde(flatten)]
        said: Said,
    },
    /// A dispatcher ordered an officer to go.
    Assigned {
        /// The order's identity, used like an offer's.
        offer: OfferId,
        /// Who.
        officer: OfficerId,
        /// Why, in the dispatcher's words, if any.
        #[serde(flatten)]
        said: Said,
    },
    /// A crew member is further on the way.
    StageReached {
        /// Who.
        officer: OfficerId,
        /// How far.
        stage: Stage,
        /// How it is known.
        how: StageSource,
    },
    /// A crew member was silent on scene for too long, and is asked whether all is well.
    WelfareAsked {
        /// Who.
        officer: OfficerId,
    },
    /// A crew member has said that all is well.
    WelfareAnswered {
        /// Who.
        officer: OfficerId,
    },
    /// A crew member was asked and does not answer: somebody is alarmed.
    WelfareAlarmed {
        /// Who is silent.
        officer: OfficerId,
        /// Who is alarmed.
        level: AlarmLevel,
        /// The alarm.
        alarm: AlarmId,
    },
    /// A crew member has finished there.
    OfficerFinished {
        /// Who.
        officer: OfficerId,
        /// With what outcome.
        outcome: Outcome,
        /// What the officer says of it, if anything.
        #[serde(flatten)]
        said: Said,
    },
    /// A crew member was let go by a dispatcher; the seat is open again.
    OfficerReleased {
        /// Who.
        officer: OfficerId,
        /// Why, in the dispatcher's words.
        #[serde(flatten)]
        said: Said,
    },
    /// Seats are open and nobody is left to ask: the command centre is alarmed.
    Exhausted {
        /// The alarm.
        alarm: AlarmId,
        /// Who was considered, and why nobody was asked.
        decision: Decision,
    },
    /// Still nobody after the court's limit: the director is alarmed.
    DirectorAlarmed {
        /// The alarm.
        alarm: AlarmId,
    },
    /// A clock of the emergency gave warning, or its time is over.
    ClockRang(ClockRung),
    /// Done.
    Finished {
        /// How.
        outcome: Outcome,
    },
    /// Called off.
    Cancelled {
        /// Why, in the dispatcher's words.
        #[serde(flatten)]
        said: Said,
    },
}

/// The opening of an incident.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct IncidentOpened {
    /// Identity.
    pub incident: IncidentId,
    /// Number in the court and year, from 1.
    pub number: u64,
    /// That year, in the court's local time.
    pub year: u16,
    /// Where it came from.
    pub origin: Origin,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Officers needed, 1..=8.
    pub need: u8,
    /// Skills each of them must have.
    pub skills: Vec<String>,
    /// Case the sender named.
    pub case_number: Option<CaseNumber>,
    /// That case, if the court has it.
    pub case: Option<CaseId>,
    /// Officers who may not go: conflict of interest.
    pub excluded: Vec<OfficerId>,
    /// A drill.
    pub exercise: bool,
    /// The alarm that goes with an SOS.
    pub alarm: Option<AlarmId>,
    /// The procedure whose clocks run on it; `None` in records from before there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub procedure: Option<ProcedureVersion>,
    /// Whose key the personal part is encrypted with: the tip's, or the officer's who called.
    pub subject: Subject,
    /// What tells of people and places; `None` when the key is destroyed.
    pub personal: Option<IncidentPersonal>,
}

/// Where an incident came from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Origin {
    /// A tip.
    Tip {
        /// Which.
        tip: TipId,
        /// Name of its source.
        source: String,
        /// True when that source may start a dispatch by itself.
        trusted: bool,
    },
    /// An officer's call for help.
    Sos {
        /// Whose.
        officer: OfficerId,
    },
    /// A judge sends officers out for a case.
    Task {
        /// Which case.
        case: CaseId,
        /// About which asset of it, by number.
        asset: Option<u16>,
    },
}

/// The personal part of an opening.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct IncidentPersonal {
    /// Where, if known.
    pub place: Option<Place>,
    /// Address in words.
    pub address: Option<String>,
    /// What is said of it.
    pub description: String,
}

/// The personal part of [`IncidentEvent::Placed`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlacedAt {
    /// Where.
    pub place: Place,
}

/// Words of a person that go with an event. They may tell of anybody, so they stand in the sealed part
/// and never in the body. Without words there is neither subject nor personal part; a subject without a
/// personal part says that there were words, and that their key is destroyed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Whose key the words are encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// The words; `None` when there were none or the key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Words>,
}

/// The personal part of [`Said`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Words {
    /// As they were written.
    pub text: String,
}

impl Said {
    /// Words under that subject's key; nothing when there are none.
    #[must_use]
    pub fn under(subject: Subject, text: Option<&str>) -> Self {
        text.filter(|text| !text.is_empty()).map_or_else(Self::default, |text| Self {
            subject: Some(subject),
            personal: Some(Words { text: text.to_owned() }),
        })
    }

    /// The words; empty when there were none or they are forgotten.
    #[must_use]
    pub fn text(&self) -> &str {
        self.personal.as_ref().map_or("", |words| &words.text)
    }
}

/// One officer asked in a round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct OfferMade {
    /// This asking.
    pub offer: OfferId,
    /// Who.
    pub officer: OfficerId,
    /// Geodesic metres from the officer's newest fix to the place.
    pub distance_m: f64,
    /// Age of that fix, milliseconds.
    pub fix_age_ms: u64,
    /// Undelivered if no device has acknowledged it by then.
    pub receive_by: UnixMillis,
    /// Expired if nobody has answered by then.
    pub expires_at: UnixMillis,
}

plain_enum! {
    /// On whose word officers are asked.
    SearchReason {
        /// An emergency with a place from a trusted source.
        TrustedEmergency => "trusted_emergency",
        /// An officer's call for help.
        Sos => "sos",
        /// A dispatcher's key.
        Dispatcher => "dispatcher",
        /// A judge's order for a case.
        Task => "task",
    }
}
plain_enum! {
    /// How a stage is known.
    StageSource {
        /// The officer said so.
        Reported => "reported",
        /// The officer's fix came within 60 m of the place.
        Geofence => "geofence",
    }
}

impl IncidentEvent {
    /// Whose key the personal part is encrypted with.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Opened(opened) => Some(opened.subject),
            Self::Placed { subject, .. } => Some(*subject),
            Self::TipMerged(merged) => Some(merged.subject),
            Self::TipSplit { .. }
            | Self::OfferClosed { .. }
            | Self::Assigned { .. }
            | Self::OfficerFinished { .. }
            | Self::OfficerReleased { .. }
            | Self::Cancelled { .. } => self.said().and_then(|said| said.subject),
            Self::SearchStarted { .. }
            | Self::OffersMade { .. }
            | Self::OfferReceived { .. }
            | Self::OfferAccepted { .. }
            | Self::StageReached { .. }
            | Self::WelfareAsked { .. }
            | Self::WelfareAnswered { .. }
            | Self::WelfareAlarmed { .. }
            | Self::Exhausted { .. }
            | Self::DirectorAlarmed { .. }
            | Self::ClockRang(_)
            | Self::Finished { .. } => None,
        }
    }

    /// What a person said with it, for the kinds that can carry words.
    #[must_use]
    pub fn said(&self) -> Option<&Said> {
        match self {
            Self::TipSplit { said, .. }
            | Self::OfferClosed { said, .. }
            | Self::Assigned { said, .. }
            | Self::OfficerFinished { said, .. }
            | Self::OfficerReleased { said, .. }
            | Self::Cancelled { said } => Some(said),
            Self::Opened(_)
            | Self::TipMerged(_)
            | Self::Placed { .. }
            | Self::SearchStarted { .. }
            | Self::OffersMade { .. }
            | Self::OfferReceived { .. }
            | Self::OfferAccepted { .. }
            | Self::StageReached { .. }
            | Self::WelfareAsked { .. }
            | Self::WelfareAnswered { .. }
            | Self::WelfareAlarmed { .. }
            | Self::Exhausted { .. }
            | Self::DirectorAlarmed { .. }
            | Self::ClockRang(_)
            | Self::Finished { .. } => None,
        }
    }
}
