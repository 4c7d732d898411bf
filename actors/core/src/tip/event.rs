//! What a tip's stream records.

use serde::{Deserialize, Serialize};

use super::{TipMedia, TipPersonal};
use crate::case::CaseNumber;
use crate::geo::Place;
use crate::ids::{IncidentId, TipId};
use crate::incident::{IncidentKind, Said, Urgency};
use crate::journal::Subject;
use crate::time::UnixMillis;

/// An event of a tip's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum TipEvent {
    /// The tip came in and was accepted.
    Received(Box<TipReceived>),
    /// The tip belongs to this incident.
    Linked {
        /// Which.
        incident: IncidentId,
    },
    /// A dispatcher gave the tip an incident of its own; the old link forwards there.
    Relinked {
        /// Where it was.
        from: IncidentId,
        /// Where it is.
        incident: IncidentId,
    },
    /// Somebody entitled to it is about to see a picture as it came. Durable before a byte of it
    /// leaves.
    OriginalRead {
        /// Which of the tip's pictures, from 0.
        picture: u8,
        /// Why, in the reader's words, under the tip's key.
        #[serde(flatten)]
        said: Said,
    },
}

/// A tip as it was accepted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TipReceived {
    /// Its identity, and the subject of its personal part.
    pub tip: TipId,
    /// Name of the source that sent it.
    pub source: String,
    /// True when that source may start a dispatch by itself.
    pub trusted: bool,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Case the sender named.
    pub case_number: Option<CaseNumber>,
    /// When it happened, as the sender says.
    pub occurred_at: Option<UnixMillis>,
    /// Pictures, by hash.
    pub media: Vec<TipMedia>,
    /// A drill: no real applicant is ever told.
    pub exercise: bool,
    /// What is kept under the tip's own key.
    pub personal: Option<TipSealed>,
}

/// The part of a tip that tells of people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TipSealed {
    /// Words, address, reporter.
    #[serde(flatten)]
    pub told: TipPersonal,
    /// Where.
    pub place: Option<Place>,
}

impl TipEvent {
    /// Whose key the personal part is encrypted with.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Received(received) => Some(Subject(received.tip.0)),
            Self::OriginalRead { said, .. } => said.subject,
            Self::Linked { .. } | Self::Relinked { .. } => None,
        }
    }
}
