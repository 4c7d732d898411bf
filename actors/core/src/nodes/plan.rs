//! What of a case's nodes fires, and when.

use super::{CaseNodes, NodeEvent, Suspension};
use crate::calendar::{Calendar, Day};
use crate::deadline::{Begin, Computed, Level, Question, Span, Stops, compute};
use crate::procedure::{Kind, Node, NodeCode, Procedure, Start};
use crate::time::UnixMillis;

/// What dates are computed with: the procedure that the case keeps, and the calendar of today.
#[derive(Clone, Copy, Debug)]
pub struct Rulebook<'a> {
    /// The case's procedure.
    pub procedure: &'a Procedure,
    /// Rest days.
    pub calendar: &'a Calendar,
}

/// Something that is to fire once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline {
    /// Not before then: `due`, or when the clock runs again if it is stopped on that day.
    pub fires_from: UnixMillis,
    /// When it is due.
    pub due: UnixMillis,
    /// Which node.
    pub node: NodeCode,
    /// Which opening; of a recurring node: openings before it times recurrences, and this one.
    pub round: u16,
    /// Warning or end. Of one node and moment the warning comes first.
    pub level: Level,
    /// The calendar may still move it.
    pub provisional: bool,
}

impl CaseNodes {
    /// All that has not fired yet and would, if nothing else happened; in the order of firing. Nodes that
    /// are done, cancelled or paused have none.
    #[must_use]
    pub fn deadlines(&self, rules: Rulebook<'_>) -> Vec<Deadline> {
        let mut all = Vec::new();
        for (code, openings) in &self.opened {
            let Some(node) = rules.procedure.node(*code) else { continue };
            for opening in 1..=u16::try_from(openings.len()).unwrap_or(u16::MAX) {
                self.of_opening(node, opening, rules, &mut all);
            }
        }
        all.sort_unstable();
        all
    }

    /// When the case must be woken next.
    #[must_use]
    pub fn next(&self, rules: Rulebook<'_>) -> Option<UnixMillis> {
        self.deadlines(rules).first().map(|deadline| deadline.fires_from)
    }

    /// What fires at court time `now`, in due order. Nothing twice: what has fired is in the state, and no
    /// re-computation takes it out.
    #[must_use]
    pub fn fire(&self, now: UnixMillis, rules: Rulebook<'_>) -> Vec<NodeEvent> {
        self.fire_upto(now, now, rules)
    }

    /// What fires at court time `now` of that which was to fire up to `upto`, in due order.
    #[must_use]
    pub fn fire_upto(
        &self,
        upto: UnixMillis,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Vec<NodeEvent> {
        let upto = upto.min(now);
        let due = self.deadlines(rules).into_iter().take_while(|d| d.fires_from <= upto);
        due.map(|deadline| NodeEvent::Fired {
            node: deadline.node,
            round: deadline.round,
            level: deadline.level,
            due: deadline.due,
            at: now,
            calendar: rules.calendar.version().clone(),
            provisional: deadline.provisional,
        })
        .collect()
    }

    /// The rounds of one opening of a node: one, or all its recurrences.
    pub fn rounds_of(
        &self,
        node: NodeCode,
        opening: u16,
        rules: Rulebook<'_>,
    ) -> std::ops::RangeInclusive<u16> {
        let every = rules.procedure.node(node).map_or(1, recurrences);
        let last = opening.saturating_mul(every);
        last.saturating_sub(every).saturating_add(1)..=last
    }

    /// When an opening's node is due; `None` for what has no clock, or whose start is not known yet.
    /// `recurrence` from 1.
    #[must_use]
    pub fn computed(
        &self,
        node: &Node,
        opening: u16,
        recurrence: u16,
        rules: Rulebook<'_>,
    ) -> Option<Computed> {
        let opened = self.opening(node.code, opening)?;
        let begin = match &node.start {
            Start::BeforeEndOf { nodes, .. } => self.end_of(nodes, rules)?,
            Start::Event(_) | Start::After { .. } => opened.begin,
        };
        let stops = self.stops(node);
        let question = Question {
            node,
            begin,
            stops: &stops,
            extension_days: opened.extension_days,
            round: recurrence,
        };
        compute(&question, rules.calendar).ok()
    }

    /// A wait was over before that moment. One that stands still is not.
    #[must_use]
    pub fn waited(&self, node: &Node, opening: u16, at: UnixMillis, rules: Rulebook<'_>) -> bool {
        let computed = self.computed(node, opening, 1, rules);
        computed.and_then(|computed| computed.due()).is_some_and(|due| due < at)
    }

    fn of_opening(&self, node: &Node, opening: u16, rules: Rulebook<'_>, all: &mut Vec<Deadline>) {
        if self.opening(node.code, opening).is_none_or(|opened| opened.cancelled) {
            return;
        }
        let stops = self.stops(node);
        let recurrences = recurrences(node);
        for recurrence in 1..=recurrences {
            let round = (opening - 1).saturating_mul(recurrences).saturating_add(recurrence);
            if self.done.contains(&(node.code, round)) {
                continue;
            }
            let Some(computed) = self.computed(node, opening, recurrence, rules) else { continue };
            let warnings = (0_u8..).zip(&computed.warnings).map(|(n, at)| (Level::Warning(n), *at));
            for (level, due) in warnings.chain(computed.due().map(|at| (Level::Due, at))) {
                if self.fired.contains(&(node.code, round, level)) {
                    continue;
                }
                // Nothing of a node fires while it stands still.
                let Some(runs) = stops.runs_from(Day::of(due)) else { continue };
                let fires_from = if runs == Day::of(due) { due } else { runs.begins() };
                let (node, provisional) = (node.code, computed.provisional());
                all.push(Deadline { fires_from, due, node, round, level, provisional });
            }
        }
    }

    /// Days on which the node's clock stands still.
    fn stops(&self, node: &Node) -> Stops {
        let stopping = self.suspensions.iter().filter(|s| node.suspended_by.contains(&s.reason));
        let span = |s: &Suspension| Span::new(s.first, s.until).ok();
        Stops::union(stopping.filter_map(span))
    }

    /// The unrolled end of the newest opening of the first of these nodes that runs.
    fn end_of(&self, nodes: &[NodeCode], rules: Rulebook<'_>) -> Option<Begin> {
        nodes.iter().find_map(|code| {
            let node = rules.procedure.node(*code)?;
            let opening = u16::try_from(self.opened.get(code)?.len()).ok()?;
            let round = opening.saturating_mul(recurrences(node));
            let runs =
                !self.opening(*code, opening)?.cancelled && !self.done.contains(&(*code, round));
            let day = runs.then(|| self.computed(node, opening, 1, rules))??.unrolled()?;
            Some(Begin { at: day.begins(), whole_day: true })
        })
    }
}

/// How often a node is due for one opening.
pub(super) fn recurrences(node: &Node) -> u16 {
    match node.kind {
        Kind::Recurring { rounds } => rounds,
        _ => 1,
    }
}
