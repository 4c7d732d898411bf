//! What is known of a case's nodes, as a fold of their events.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::calendar::{CalendarVersion, Day};
use crate::deadline::{Begin, Level};
use crate::procedure::{NodeCode, ProcedureVersion};
use crate::time::UnixMillis;

/// What happened to a case's nodes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum NodeEvent {
    /// The case runs by this procedure from now on. The first event; later only by an explicit act.
    ProcedureChosen(ProcedureVersion),
    /// A node's clock started.
    Opened {
        /// Which.
        node: NodeCode,
        /// Which opening, from 1.
        opening: u16,
        /// When it started.
        begin: Begin,
    },
    /// The start was wrong, and is another.
    Corrected {
        /// Which.
        node: NodeCode,
        /// Which opening.
        opening: u16,
        /// When it really started.
        begin: Begin,
        /// The document that shows it.
        document: String,
    },
    /// More time was approved.
    Extended {
        /// Which.
        node: NodeCode,
        /// Which opening.
        opening: u16,
        /// Natural days more.
        days: u32,
        /// The approval.
        document: String,
    },
    /// What the node is for was done.
    Completed {
        /// Which.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// When.
        at: UnixMillis,
    },
    /// The node does not apply any more.
    Cancelled {
        /// Which.
        node: NodeCode,
        /// Which opening; with it end all its recurrences.
        opening: u16,
        /// The document that says so.
        document: String,
    },
    /// The case stands still.
    Suspended(Suspension),
    /// And runs again.
    Resumed {
        /// Document of the suspension that ends.
        document: String,
        /// The first day on which clocks run again.
        until: Day,
    },
    /// A warning or an end was reached, and those concerned are told.
    Fired {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Warning or end.
        level: Level,
        /// When it was due.
        due: UnixMillis,
        /// Court time when it fired, not before `due`.
        at: UnixMillis,
        /// The calendar it was computed with.
        calendar: CalendarVersion,
        /// That calendar did not know the year yet.
        provisional: bool,
    },
}

/// A suspension of the whole case, for one reason, by one document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Suspension {
    /// Why, a code of the procedure's reasons.
    pub reason: String,
    /// The document that orders it: a suspension without one would be a way to hide what is overdue.
    pub document: String,
    /// The first day that does not count.
    pub first: Day,
    /// The first day that counts again; `None` while it goes on.
    pub until: Option<Day>,
}

/// One opening of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OpenedNode {
    /// When it started.
    pub begin: Begin,
    /// Natural days of extension, together.
    pub extension_days: u32,
    /// It does not apply any more.
    pub cancelled: bool,
}

/// The nodes of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseNodes {
    /// The procedure it runs by; `None` before anything was opened.
    pub procedure: Option<ProcedureVersion>,
    /// All openings.
    pub opened: BTreeMap<NodeCode, Vec<OpenedNode>>,
    /// All suspensions, in the order in which they were recorded.
    pub suspensions: Vec<Suspension>,
    /// What was done: node and round.
    pub done: BTreeSet<(NodeCode, u16)>,
    /// What has fired: node, round and level. Never taken away.
    pub fired: BTreeSet<(NodeCode, u16, Level)>,
}

impl CaseNodes {
    /// An opening, from 1.
    #[must_use]
    pub fn opening(&self, node: NodeCode, opening: u16) -> Option<&OpenedNode> {
        self.opened.get(&node)?.get(usize::from(opening).checked_sub(1)?)
    }

    /// The newest opening of a node, from 1; `None` when it was never opened.
    #[must_use]
    pub fn newest(&self, node: NodeCode) -> Option<u16> {
        let openings = self.opened.get(&node).map_or(0, Vec::len);
        u16::try_from(openings).ok().filter(|newest| *newest > 0)
    }

    fn opening_mut(&mut self, node: NodeCode, opening: u16) -> Option<&mut OpenedNode> {
        self.opened.get_mut(&node)?.get_mut(usize::from(opening).checked_sub(1)?)
    }

    /// Makes an event part of the state. One that does not fit was never decided, and changes nothing.
    pub fn apply(&mut self, event: &NodeEvent) {
        match event {
            NodeEvent::ProcedureChosen(version) => self.procedure = Some(version.clone()),
            NodeEvent::Opened { node, begin, .. } => {
                let fresh = OpenedNode { begin: *begin, extension_days: 0, cancelled: false };
                self.opened.entry(*node).or_default().push(fresh);
            }
            NodeEvent::Corrected { node, opening, begin, .. } => {
                if let Some(opening) = self.opening_mut(*node, *opening) {
                    opening.begin = *begin;
                }
            }
            NodeEvent::Extended { node, opening, days, .. } => {
                if let Some(opening) = self.opening_mut(*node, *opening) {
                    opening.extension_days = opening.extension_days.saturating_add(*days);
                }
            }
            NodeEvent::Completed { node, round, .. } => {
                self.done.insert((*node, *round));
            }
            NodeEvent::Cancelled { node, opening, .. } => {
                if let Some(opening) = self.opening_mut(*node, *opening) {
                    opening.cancelled = true;
                }
            }
            NodeEvent::Suspended(suspension) => self.suspensions.push(suspension.clone()),
            NodeEvent::Resumed { document, until } => {
                let mut open = self.suspensions.iter_mut();
                if let Some(open) = open.find(|s| s.document == *document && s.until.is_none()) {
                    open.until = Some(*until);
                }
            }
            NodeEvent::Fired { node, round, level, .. } => {
                self.fired.insert((*node, *round, *level));
            }
        }
    }
}
