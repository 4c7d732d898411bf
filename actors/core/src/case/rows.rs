//! What a decision changes in what is known of a case without waking it: when its clock rings next, what
//! supervisors see of it, and what the applicant is to be told.

use std::collections::BTreeMap;

use super::{Case, CaseEvent, Escalation, RunningNode};
use crate::ids::{IncidentId, UserId};
use crate::nodes::{NodeEvent, Rulebook};
use crate::procedure::{Documents, NodeCode, Office, Telling};
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
}

/// A node was reached, and the applicant hears of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyNotice {
    /// Which node.
    pub node: NodeCode,
    /// Which opening or recurrence; of an emergency's step 1.
    pub round: u16,
    /// The emergency whose step it is; `None`: a node of the case itself.
    pub incident: Option<IncidentId>,
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
            // Another procedure: the dates before it were of other rules, so nothing is as it was.
            rows =
                CaseRows { running: after.running(rules), next: Some(after.next(rules)), ..rows };
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
        rows.notices = events.iter().filter_map(|event| self.notice(event, rules)).collect();
        rows.release =
            events.iter().any(|event| matches!(event, CaseEvent::NoticesReleased { .. }));
        rows
    }

    /// All of it, for when the calendar has changed under it.
    #[must_use]
    pub fn all_rows(&self, rules: Rulebook<'_>) -> CaseRows {
        let next = Some(self.next(rules));
        CaseRows { next, running: self.running(rules), ..CaseRows::default() }
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
            running: changed.map(|(_, node)| *node).collect(),
            ended: before_runs
                .keys()
                .filter(|key| !after_runs.contains_key(key))
                .copied()
                .collect(),
            escalations: escalated.cloned().collect(),
            notices: Vec::new(),
            release: false,
        }
    }

    fn notice(&self, event: &CaseEvent, rules: Rulebook<'_>) -> Option<PartyNotice> {
        let (code, round, incident, at) = match event {
            CaseEvent::Node(NodeEvent::Completed { node, round, at }) => (node, *round, None, at),
            CaseEvent::StepReached { incident, node, at } => (node, 1, Some(*incident), at),
            _ => return None,
        };
        let node = rules.procedure.node(*code)?;
        let documents = match &node.documents {
            Documents::All(documents) | Documents::OneOf(documents) => documents.clone(),
            Documents::None(_) => Vec::new(),
        };
        node.told.contains(&Office::Applicant).then_some(PartyNotice {
            node: *code,
            round,
            incident,
            reached: *at,
            telling: node.telling,
            documents,
            held: self.notices_held,
        })
    }
}
