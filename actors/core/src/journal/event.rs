//! The union of all events, who caused them, and whose personal data they carry.

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::case::CaseEvent;
use crate::ids::{CaseId, DeviceId, OfficerId, UserId};
use crate::incident::IncidentEvent;
use crate::officer::OfficerEvent;
use crate::tip::TipEvent;

/// Anything that can stand in the journal.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Of a case's stream.
    Case(CaseEvent),
    /// Of an incident's stream.
    Incident(IncidentEvent),
    /// Of an officer's stream.
    Officer(OfficerEvent),
    /// Of a tip's stream.
    Tip(TipEvent),
}

/// The person or thing whose key encrypts an event's personal part. Destroying that key forgets the
/// person and leaves the chain whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Subject(pub Uuid);

impl Event {
    /// Whose key the personal part is encrypted with; `None` when the event has no such part.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Case(event) => event.subject(),
            Self::Incident(event) => event.subject(),
            Self::Officer(event) => event.subject(),
            Self::Tip(event) => event.subject(),
        }
    }
}

/// Who caused an event.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum By {
    /// The rules themselves: a lapsed offer, a geofence, a search.
    System,
    /// A tip source, by name.
    Source {
        /// Its name.
        name: String,
    },
    /// An officer, through a device.
    Officer {
        /// Who.
        officer: OfficerId,
        /// With which handheld.
        device: Option<DeviceId>,
    },
    /// A member of staff at a desk.
    Staff {
        /// Who.
        user: UserId,
    },
    /// A party of a case, by an access link.
    Party {
        /// Of which case.
        case: CaseId,
        /// Number of the party there.
        party: u16,
    },
    /// Somebody with access to the server's admin socket.
    Operator,
}
