//! Supervision of one node (督办): whom its lateness has reached, and who owes what.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::CaseEvent;
use crate::deadline::Level;
use crate::ids::UserId;
use crate::procedure::{NodeCode, Office};
use crate::time::UnixMillis;

/// Somebody did something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Act {
    /// Who.
    pub by: UserId,
    /// When.
    pub at: UnixMillis,
}

/// How it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ended {
    /// Who ended it; `None`: what it warned of was done in time.
    pub by: Option<UserId>,
    /// An answer was accepted.
    pub accepted: bool,
    /// When.
    pub at: UnixMillis,
}

/// The escalation of one node: one for each opening or recurrence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// Which node.
    pub node: NodeCode,
    /// Which opening or recurrence.
    pub round: u16,
    /// What raised it last.
    pub level: Level,
    /// Whom it has reached.
    pub offices: BTreeSet<Office>,
    /// When it got this far.
    pub raised: UnixMillis,
    /// An answer is owed by then. None while it is only a warning, while an answer waits to be judged,
    /// and when nobody is left to climb to.
    pub answer_by: Option<UnixMillis>,
    /// How often it climbed because nobody answered.
    pub climbs: u8,
    /// Who took note first.
    pub acknowledged: Option<Act>,
    /// The answer that is or was judged.
    pub answered: Option<Act>,
    /// How often an answer was returned.
    pub returned: u16,
    /// How it ended.
    pub ended: Option<Ended>,
}

plain_enum! {
    /// How an escalation stands.
    EscalationStatus {
        /// Warned of; nobody owes an answer.
        Warned => "warned",
        /// The handler owes an answer.
        Owed => "owed",
        /// An answer waits to be accepted or returned.
        Answered => "answered",
        /// Over.
        Closed => "closed",
    }
}

impl Escalation {
    /// How it stands.
    #[must_use]
    pub fn status(&self) -> EscalationStatus {
        match (self.ended, self.level, self.answered) {
            (Some(_), ..) => EscalationStatus::Closed,
            (None, Level::Warning(_), _) => EscalationStatus::Warned,
            (None, Level::Due, Some(_)) => EscalationStatus::Answered,
            (None, Level::Due, None) => EscalationStatus::Owed,
        }
    }

    /// The office it climbs to next, of a ladder from below.
    #[must_use]
    pub fn next_office(&self, ladder: &[Office]) -> Option<Office> {
        ladder.iter().copied().find(|office| !self.offices.contains(office))
    }
}

/// Makes an event part of a case's escalations.
pub(super) fn apply(all: &mut Vec<Escalation>, event: &CaseEvent) {
    match event {
        CaseEvent::EscalationRaised { node, round, level, offices, at, answer_by } => {
            let at_once = all.iter_mut().find(|known| known.is(*node, *round));
            let fresh = || Escalation {
                node: *node,
                round: *round,
                level: *level,
                offices: BTreeSet::new(),
                raised: *at,
                answer_by: None,
                climbs: 0,
                acknowledged: None,
                answered: None,
                returned: 0,
                ended: None,
            };
            let known = match at_once {
                Some(known) => known,
                None => {
                    all.push(fresh());
                    let Some(last) = all.last_mut() else { return };
                    last
                }
            };
            known.level = *level;
            known.offices.extend(offices);
            known.raised = *at;
            known.answer_by = *answer_by;
            // What was said of the warning says nothing of this.
            known.acknowledged = None;
            known.ended = None;
        }
        CaseEvent::EscalationClimbed { node, round, climb, office, at, answer_by, .. } => {
            change(all, *node, *round, |known| {
                known.climbs = *climb;
                known.offices.extend(office);
                known.raised = *at;
                known.answer_by = *answer_by;
                known.acknowledged = None;
            });
        }
        CaseEvent::EscalationAcknowledged { node, round, by, at } => {
            change(all, *node, *round, |known| known.acknowledged = Some(Act { by: *by, at: *at }));
        }
        CaseEvent::EscalationAnswered { node, round, by, at, .. } => {
            change(all, *node, *round, |known| {
                known.answered = Some(Act { by: *by, at: *at });
                known.answer_by = None;
            });
        }
        CaseEvent::EscalationReturned { node, round, answer_by, .. } => {
            change(all, *node, *round, |known| {
                known.answered = None;
                known.returned = known.returned.saturating_add(1);
                known.answer_by = Some(*answer_by);
            });
        }
        CaseEvent::EscalationClosed { node, round, by, accepted, at, .. } => {
            change(all, *node, *round, |known| {
                known.ended = Some(Ended { by: *by, accepted: *accepted, at: *at });
                known.answer_by = None;
            });
        }
        CaseEvent::Opened { .. }
        | CaseEvent::IncidentLinked { .. }
        | CaseEvent::StepReached { .. }
        | CaseEvent::HandlerSet { .. }
        | CaseEvent::Node(_)
        | CaseEvent::File(_)
        | CaseEvent::NoticesHeld { .. }
        | CaseEvent::NoticesReleased { .. } => {}
    }
}

impl Escalation {
    pub(super) fn is(&self, node: NodeCode, round: u16) -> bool {
        self.node == node && self.round == round
    }
}

fn change(
    all: &mut [Escalation],
    node: NodeCode,
    round: u16,
    change: impl FnOnce(&mut Escalation),
) {
    if let Some(known) = all.iter_mut().find(|known| known.is(node, round)) {
        change(known);
    }
}
