//! The case as a state machine.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CaseNumber;
use crate::ids::{CaseId, IncidentId};
use crate::journal::Subject;

/// What a party is in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// Asked for enforcement (申请执行人).
    Applicant,
    /// Against whom it runs (被执行人).
    Debtor,
    /// Anybody else with a part in it (利害关系人).
    Third,
}

/// One party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its part.
    pub role: PartyRole,
    /// Its name, cleaned text.
    pub name: String,
}

/// The personal part of a case's opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseParties {
    /// All parties.
    pub parties: Vec<Party>,
}

/// An event of a case's stream.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum CaseEvent {
    /// The case was taken in.
    Opened {
        /// Its identity, and the subject of its personal part.
        case: CaseId,
        /// Its number.
        number: CaseNumber,
        /// Parties; `None` when their key is destroyed.
        personal: Option<CaseParties>,
    },
    /// An incident belongs to this case.
    IncidentLinked {
        /// Which.
        incident: IncidentId,
    },
}

impl CaseEvent {
    /// Whose key the personal part is encrypted with.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Opened { case, .. } => Some(Subject(case.0)),
            Self::IncidentLinked { .. } => None,
        }
    }
}

/// What can be asked of a case.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseCommand {
    /// Take the case in.
    Open {
        /// Its number.
        number: CaseNumber,
        /// Its parties, 1..=200.
        parties: Vec<Party>,
    },
    /// Note an incident of this case. Safe to repeat.
    LinkIncident {
        /// Which.
        incident: IncidentId,
    },
}

/// Why a case refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CaseRefusal {
    /// It is open already.
    AlreadyOpen,
    /// It was never opened.
    NotOpen,
    /// No party, or more than 200.
    Parties,
}

/// A case. Folded from its stream. Its parties are not part of its serial form, which is that of
/// snapshots: see `journal::fold`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Case {
    /// Identity.
    pub id: CaseId,
    /// Number; `None` before it is opened.
    pub number: Option<CaseNumber>,
    /// Parties; empty when forgotten.
    #[serde(skip)]
    pub parties: Vec<Party>,
    /// Incidents, by id.
    pub incidents: BTreeSet<IncidentId>,
}

impl Case {
    /// A case of which nothing is known yet.
    #[must_use]
    pub fn new(id: CaseId) -> Self {
        Self { id, number: None, parties: Vec::new(), incidents: BTreeSet::new() }
    }

    /// Decides what a command leads to; an empty list means that nothing changes.
    ///
    /// # Errors
    /// [`CaseRefusal`] when the rules say no.
    pub fn decide(&self, command: &CaseCommand) -> Result<Vec<CaseEvent>, CaseRefusal> {
        match command {
            CaseCommand::Open { number, parties } => {
                if self.number.is_some() {
                    return Err(CaseRefusal::AlreadyOpen);
                }
                if !(1..=200).contains(&parties.len()) {
                    return Err(CaseRefusal::Parties);
                }
                let personal = Some(CaseParties { parties: parties.clone() });
                Ok(vec![CaseEvent::Opened { case: self.id, number: number.clone(), personal }])
            }
            CaseCommand::LinkIncident { incident } => {
                if self.number.is_none() {
                    return Err(CaseRefusal::NotOpen);
                }
                if self.incidents.contains(incident) {
                    return Ok(Vec::new());
                }
                Ok(vec![CaseEvent::IncidentLinked { incident: *incident }])
            }
        }
    }

    /// Takes an event into the state. Never decides, never fails.
    pub fn apply(&mut self, event: &CaseEvent) {
        match event {
            CaseEvent::Opened { number, personal, .. } => {
                self.number = Some(number.clone());
                self.parties = personal.as_ref().map(|p| p.parties.clone()).unwrap_or_default();
            }
            CaseEvent::IncidentLinked { incident } => {
                self.incidents.insert(*incident);
            }
        }
    }
}
