//! The clocks of an emergency (E01–E04): minutes within which it is taken up, officers are sent, on their
//! way, and there.
//!
//! They run by the same procedure, dates and rules as a case's nodes ([`crate::nodes`]). What starts and ends
//! them stands in the incident's events already: nothing is recorded twice, only what rang is recorded here.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::command::Decided;
use super::event::IncidentEvent;
use super::state::Opening;
use super::{Incident, Urgency};
use crate::deadline::{Begin, Level};
use crate::ids::{AlarmId, IdSource};
use crate::nodes::{CaseNodes, OpenedNode, Rulebook};
use crate::officer::Stage;
use crate::procedure::{IncidentStep, NodeCode, Office, Start};
use crate::time::UnixMillis;

/// A clock of an emergency rings: a warning, or its end.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClockRung {
    /// Which node.
    pub node: NodeCode,
    /// Warning or end.
    pub level: Level,
    /// When it was due.
    pub due: UnixMillis,
    /// Whom it alarms, each with an alarm of its own.
    pub alarms: Vec<(Office, AlarmId)>,
}

/// When each step was reached first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Steps {
    acknowledged: Option<UnixMillis>,
    ordered: Option<UnixMillis>,
    rolling: Option<UnixMillis>,
    on_scene: Option<UnixMillis>,
}

impl Steps {
    /// When this step was reached. A later step is never without the earlier ones.
    #[must_use]
    pub fn reached(&self, step: IncidentStep) -> Option<UnixMillis> {
        match step {
            IncidentStep::Acknowledged => self.acknowledged,
            IncidentStep::Ordered => self.ordered,
            IncidentStep::Rolling => self.rolling,
            IncidentStep::OnScene => self.on_scene,
        }
    }

    fn reach(&mut self, last: IncidentStep, at: UnixMillis) {
        for step in IncidentStep::ALL.iter().filter(|step| **step <= last) {
            let moment = match step {
                IncidentStep::Acknowledged => &mut self.acknowledged,
                IncidentStep::Ordered => &mut self.ordered,
                IncidentStep::Rolling => &mut self.rolling,
                IncidentStep::OnScene => &mut self.on_scene,
            };
            moment.get_or_insert(at);
        }
    }

    /// Takes note of what an event shows.
    pub(super) fn apply(&mut self, event: &IncidentEvent, at: UnixMillis) {
        let step = match event {
            IncidentEvent::SearchStarted { .. } | IncidentEvent::Placed { .. } => {
                IncidentStep::Acknowledged
            }
            IncidentEvent::OffersMade { .. } | IncidentEvent::Assigned { .. } => {
                IncidentStep::Ordered
            }
            IncidentEvent::StageReached { stage: Stage::EnRoute, .. } => IncidentStep::Rolling,
            IncidentEvent::StageReached { stage: Stage::OnScene, .. } => IncidentStep::OnScene,
            _ => return,
        };
        self.reach(step, at);
    }
}

/// A clock that runs, for screens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningClock {
    /// Which node.
    pub node: NodeCode,
    /// When it is due.
    pub due: UnixMillis,
    /// That was recorded as passed.
    pub overdue: bool,
}

impl Incident {
    /// Its clocks as nodes of its procedure; none of a routine matter, or when these are other rules.
    fn nodes(&self, rules: Rulebook<'_>) -> CaseNodes {
        let mut nodes = CaseNodes::default();
        let Some(opened) = self.opened.as_ref().filter(|_| self.closed.is_none()) else {
            return nodes;
        };
        let ours = opened.procedure.as_ref() == Some(rules.procedure.version());
        if !ours || opened.urgency != Urgency::Emergency {
            return nodes;
        }
        for node in rules.procedure.nodes() {
            let Some(step) = node.reached_by else { continue };
            let Some(at) = self.begins(opened, &node.start, rules) else { continue };
            let begin = Begin { at, whole_day: false };
            let fresh = OpenedNode { begin, extension_days: 0, cancelled: false };
            nodes.opened.insert(node.code, vec![fresh]);
            if self.steps.reached(step).is_some() {
                nodes.done.insert((node.code, 1));
            }
        }
        nodes.fired = self.rung.iter().map(|(node, level)| (*node, 1, *level)).collect();
        nodes
    }

    /// When such a clock began; `None`: not yet.
    fn begins(&self, opened: &Opening, start: &Start, rules: Rulebook<'_>) -> Option<UnixMillis> {
        match start {
            Start::Event(_) => Some(opened.at),
            Start::After { nodes, .. } => {
                let steps = nodes.iter().filter_map(|code| rules.procedure.node(*code)?.reached_by);
                steps.filter_map(|step| self.steps.reached(step)).min()
            }
            Start::BeforeEndOf { .. } => None,
        }
    }

    /// When a clock of it rings next.
    #[must_use]
    pub fn next_clock(&self, rules: Rulebook<'_>) -> Option<UnixMillis> {
        self.nodes(rules).next(rules)
    }

    /// The clock that is due next of those that run.
    #[must_use]
    pub fn running_clock(&self, rules: Rulebook<'_>) -> Option<RunningClock> {
        let nodes = self.nodes(rules);
        let running = nodes.opened.keys().filter(|code| !nodes.done.contains(&(**code, 1)));
        let clock = |code: &NodeCode| {
            let node = rules.procedure.node(*code)?;
            let due = nodes.computed(node, 1, 1, rules)?.due()?;
            Some(RunningClock {
                node: *code,
                due,
                overdue: self.rung.contains(&(*code, Level::Due)),
            })
        };
        running.filter_map(clock).min_by_key(|clock| (clock.due, clock.node))
    }

    /// What rings at court time `now`, in due order.
    #[must_use]
    pub fn ringing(
        &self,
        now: UnixMillis,
        rules: Rulebook<'_>,
        ids: &mut dyn IdSource,
    ) -> Vec<ClockRung> {
        let due =
            self.nodes(rules).deadlines(rules).into_iter().take_while(|d| d.fires_from <= now);
        let rung = due.map(|deadline| {
            let node = rules.procedure.node(deadline.node);
            let offices = node.map_or(&[][..], |node| match deadline.level {
                Level::Warning(_) => &node.alarm_warn,
                Level::Due => &node.alarm_expiry,
            });
            let alarms = offices.iter().map(|office| (*office, AlarmId::new(now, ids))).collect();
            ClockRung { node: deadline.node, level: deadline.level, due: deadline.due, alarms }
        });
        rung.collect()
    }

    /// Records what rang. Nothing twice, and nothing of what has been reached meanwhile.
    pub(super) fn ring(&self, rung: &[ClockRung]) -> Decided {
        let mut decided = Decided::default();
        if self.closed.is_none() {
            let mut known: BTreeSet<_> = self.rung.clone();
            let new = rung.iter().filter(|rung| known.insert((rung.node, rung.level)));
            decided.events = new.cloned().map(IncidentEvent::ClockRang).collect();
        }
        decided
    }

    /// Nodes of the procedure that it has reached, with the moment, for the case that it belongs to.
    #[must_use]
    pub fn reached(&self, rules: Rulebook<'_>) -> Vec<(NodeCode, UnixMillis)> {
        let Some(opened) = &self.opened else { return Vec::new() };
        let ours = opened.procedure.as_ref() == Some(rules.procedure.version());
        if !ours || opened.urgency != Urgency::Emergency {
            return Vec::new();
        }
        let nodes = rules.procedure.nodes().iter();
        nodes.filter_map(|node| Some((node.code, self.steps.reached(node.reached_by?)?))).collect()
    }
}
