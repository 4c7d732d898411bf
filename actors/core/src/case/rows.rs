//! What a decision changes in what is known of a case without waking it: when its clock rings next, what
//! supervisors see of it, and what the applicant is to be told.

use std::collections::BTreeMap;

use super::notices::notices;
use super::{Case, CaseEvent, CaseStanding, Escalation, RunningNode};
use crate::ids::{IncidentId, UserId};
use crate::nodes::Rulebook;
use crate::procedure::{NodeCode, Telling};
use crate::time::UnixMillis;

/// The difference that a decision makes; what is the same before and after is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CaseRows {
    /// When its clock rings next; the outer `None`: as before.
    pub next: Option<Option<UnixMillis>>,
    /// Who handles it now.
    pub handler: Option<UserId>,
    /// Running nodes that are new or stand otherwise; whole.
    pub running: Vec<RunningNode>,
    /// Nodes that run no more.
    pub ended: Vec<(NodeCode, u16)>,
    /// Escalations that are new or stand otherwise; whole.
    pub escalations: Vec<Escalation>,
    /// What the applicant is to be told.
    pub notices: Vec<PartyNotice>,
    /// What was held back is to be told now.
    pub release: bool,
    /// How the file stands now; whole.
    pub standing: Option<Box<CaseStanding>>,
}

plain_enum! {
    /// What a party is told of.
    NoticeTopic {
        /// A node was reached; the code is the node's, the number the opening or recurrence.
        Node => "node",
        /// A step of an emergency; the code is the node's.
        Step => "step",
        /// A measure in the field; the code is its kind, the number counts them.
        Measure => "measure",
        /// A paper for the party; the code is its template, the number its number.
        Paper => "paper",
        /// A message of the court; the number is its number.
        Message => "message",
        /// An appointment; the code is how it stands, the number its number.
        Appointment => "appointment",
        /// Something about the debtor may be read; the code is the topic, the number the item's.
        Situation => "situation",
        /// The case is closed, or goes on; the code says how.
        Closing => "closing",
    }
}

/// Something that parties hear of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyNotice {
    /// Of what.
    pub topic: NoticeTopic,
    /// Which, by the topic's own code.
    pub code: String,
    /// Which of several.
    pub number: u32,
    /// The emergency whose step it is.
    pub incident: Option<IncidentId>,
    /// For which party, by number; 0: for all applicants.
    pub party: u16,
    /// When it was reached.
    pub reached: UnixMillis,
    /// How much may be told by itself.
    pub telling: Telling,
    /// What is made for it: codes of the procedure's documents.
    pub documents: Vec<String>,
    /// Held back until a judge releases it.
    pub held: bool,
}

impl CaseRows {
    /// True when a decision changed nothing of it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Case {
    /// What changes when these events become part of the case.
    #[must_use]
    pub fn rows(&self, events: &[CaseEvent], rules: Rulebook<'_>) -> CaseRows {
        let mut after = self.clone();
        events.iter().for_each(|event| after.apply(event));
        let mut rows = self.difference(&after, rules);
        if self.nodes.procedure.is_some() && self.nodes.procedure != after.nodes.procedure {
            let listed = |case: &Self| -> Vec<RunningNode> {
                case.running(rules).into_iter().map(RunningNode::listed).collect()
            };
            // Another procedure: the dates before it were of other rules, so nothing is as it was.
            rows = CaseRows { running: listed(&after), next: Some(after.next(rules)), ..rows };
            let gone = after
                .nodes
                .opened
                .iter()
                .filter(|(code, _)| rules.procedure.node(**code).is_none());
            rows.ended = gone
                .flat_map(|(code, openings)| {
                    let last = u16::try_from(openings.len()).unwrap_or(u16::MAX);
                    (1..=last).map(|round| (*code, round))
                })
                .collect();
        }
        rows.notices = notices(self, events, rules);
        rows.release =
            events.iter().any(|event| matches!(event, CaseEvent::NoticesReleased { .. }));
        rows
    }

    /// All of it, for when the calendar has changed under it.
    #[must_use]
    pub fn all_rows(&self, rules: Rulebook<'_>) -> CaseRows {
        let next = Some(self.next(rules));
        let running = self.running(rules).into_iter().map(RunningNode::listed).collect();
        CaseRows { next, running, ..CaseRows::default() }
    }

    fn difference(&self, after: &Self, rules: Rulebook<'_>) -> CaseRows {
        let next = after.next(rules);
        let by_node = |case: &Self| -> BTreeMap<(NodeCode, u16), RunningNode> {
            case.running(rules).into_iter().map(|node| ((node.node, node.round), node)).collect()
        };
        let (before_runs, after_runs) = (by_node(self), by_node(after));
        let changed = after_runs.iter().filter(|(key, node)| before_runs.get(key) != Some(node));
        let escalated = after
            .escalations
            .iter()
            .filter(|now| self.escalation(now.node, now.round) != Some(now));
        CaseRows {
            next: (next != self.next(rules)).then_some(next),
            handler: after.handler.filter(|_| after.handler != self.handler),
            running: changed.map(|(_, node)| node.listed()).collect(),
            ended: before_runs
                .keys()
                .filter(|key| !after_runs.contains_key(key))
                .copied()
                .collect(),
            escalations: escalated.cloned().collect(),
            notices: Vec::new(),
            release: false,
            standing: after
                .standing(rules)
                .filter(|now| Some(now) != self.standing(rules).as_ref())
                .map(Box::new),
        }
    }
}
