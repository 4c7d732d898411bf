//! Names of streams: one per officer, incident, tip and case.

use std::fmt;
use std::str::FromStr;

use crate::ids::{CaseId, IncidentId, InvalidId, OfficerId, TipId};

/// The stream of one thing. Its text form is `officer/<uuid>` and so on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum StreamId {
    /// A case.
    Case(CaseId),
    /// An incident.
    Incident(IncidentId),
    /// An officer.
    Officer(OfficerId),
    /// A tip.
    Tip(TipId),
}

impl fmt::Display for StreamId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Case(id) => write!(f, "case/{id}"),
            Self::Incident(id) => write!(f, "incident/{id}"),
            Self::Officer(id) => write!(f, "officer/{id}"),
            Self::Tip(id) => write!(f, "tip/{id}"),
        }
    }
}

impl FromStr for StreamId {
    type Err = InvalidId;
    fn from_str(text: &str) -> Result<Self, InvalidId> {
        match text.split_once('/') {
            Some(("case", id)) => id.parse().map(Self::Case),
            Some(("incident", id)) => id.parse().map(Self::Incident),
            Some(("officer", id)) => id.parse().map(Self::Officer),
            Some(("tip", id)) => id.parse().map(Self::Tip),
            _ => Err(InvalidId),
        }
    }
}
