//! The case as the fold of its stream.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{CaseEvent, CaseNumber, Escalation, Party, escalation};
use crate::file::CaseFile;
use crate::file::handover::Hands;
use crate::ids::{CaseId, IncidentId, UserId};
use crate::nodes::CaseNodes;
use crate::procedure::NodeCode;

/// A case. Its parties are not part of its serial form, which is that of snapshots: see `journal::fold`.
/// Words that go with its events stay in the journal; the state does not hold them.
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
    /// Steps of its emergencies.
    pub steps: BTreeSet<(IncidentId, NodeCode)>,
    /// Who handles it; `None` before anybody does.
    pub handler: Option<UserId>,
    /// Its nodes.
    pub nodes: CaseNodes,
    /// What was escalated, in the order in which it was first.
    pub escalations: Vec<Escalation>,
    /// The applicant is told nothing for now.
    pub notices_held: bool,
    /// Its file; `None` while nothing is in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<Box<CaseFile>>,
}

impl Case {
    /// A case of which nothing is known yet.
    #[must_use]
    pub fn new(id: CaseId) -> Self {
        Self {
            id,
            number: None,
            parties: Vec::new(),
            incidents: BTreeSet::new(),
            steps: BTreeSet::new(),
            handler: None,
            nodes: CaseNodes::default(),
            escalations: Vec::new(),
            notices_held: false,
            file: None,
        }
    }

    /// The escalation of a node's opening or recurrence, over or not.
    #[must_use]
    pub fn escalation(&self, node: NodeCode, round: u16) -> Option<&Escalation> {
        self.escalations.iter().find(|known| known.is(node, round))
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
            CaseEvent::StepReached { incident, node, .. } => {
                self.steps.insert((*incident, *node));
            }
            CaseEvent::HandlerSet { handler, .. } => {
                self.handler = Some(*handler);
                // Whoever had the file in hand had it from the one before.
                if let Some(file) = &mut self.file {
                    file.hands = Hands { segment: file.hands.segment, ..Hands::default() };
                }
            }
            CaseEvent::Node(event) => self.nodes.apply(event),
            CaseEvent::File(record) => self.file.get_or_insert_default().apply(&record.event),
            CaseEvent::EscalationRaised { .. }
            | CaseEvent::EscalationClimbed { .. }
            | CaseEvent::EscalationAcknowledged { .. }
            | CaseEvent::EscalationAnswered { .. }
            | CaseEvent::EscalationReturned { .. }
            | CaseEvent::EscalationClosed { .. } => escalation::apply(&mut self.escalations, event),
            CaseEvent::NoticesHeld { .. } => self.notices_held = true,
            CaseEvent::NoticesReleased { .. } => self.notices_held = false,
        }
    }
}
