//! What a case does by itself when its time has come: nodes warn and end, and what nobody answers climbs.

use super::{Case, CaseEvent, Escalation};
use crate::calendar::{Consulted, Day};
use crate::deadline::Level;
use crate::file::party::Appointment;
use crate::file::{FileEvent, FileRecord, Sealed};
use crate::nodes::{NodeEvent, Rulebook};
use crate::procedure::{Kind, Node, NodeCode, Office};
use crate::time::UnixMillis;

/// A node that was opened and is not done, as supervisors see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RunningNode {
    /// Which.
    pub node: NodeCode,
    /// Which opening or recurrence.
    pub round: u16,
    /// When it is due; `None` while it stands still.
    pub due: Option<UnixMillis>,
    /// It was warned of.
    pub warned: bool,
    /// Its end has passed. A wait that is over is not late: never of one.
    pub overdue: bool,
    /// It is a wait: from its end on something may be done, and nothing has to be.
    pub wait: bool,
    /// The calendar may still move it.
    pub provisional: bool,
}

/// By when an answer is owed that is asked for now: the last second of a working day of the court.
pub(super) fn answer_by(now: UnixMillis, rules: Rulebook<'_>) -> UnixMillis {
    let mut day = Day::of(now);
    let mut left = rules.procedure.answer_working_days();
    let mut consulted = Consulted::default();
    while left > 0 && day < Day::LAST {
        day = day.plus(1);
        left -= u32::from(!rules.calendar.is_rest(day, &mut consulted));
    }
    day.last_second()
}

impl RunningNode {
    /// As lists of what is due have it: the end of a wait is no work, and weighs on nobody.
    #[must_use]
    pub fn listed(self) -> Self {
        Self { due: self.due.filter(|_| !self.wait), ..self }
    }
}

impl Case {
    /// When parties are to be reminded of appointments.
    fn reminders(&self) -> impl Iterator<Item = UnixMillis> + '_ {
        let appointments = self.file.iter().flat_map(|file| &file.appointments);
        appointments.filter_map(Appointment::reminds)
    }

    /// When it must be woken next, if nobody asks for anything before.
    #[must_use]
    pub fn next(&self, rules: Rulebook<'_>) -> Option<UnixMillis> {
        let answers = self.escalations.iter().filter_map(|known| known.answer_by);
        self.nodes.next(rules).into_iter().chain(answers).chain(self.reminders()).min()
    }

    /// All moments up to `now` at which something happens, ascending, each once. What follows from
    /// these, such as an answer that was owed since, is found by asking again.
    #[must_use]
    pub fn moments(&self, now: UnixMillis, rules: Rulebook<'_>) -> Vec<UnixMillis> {
        let nodes = self.nodes.deadlines(rules).into_iter().map(|deadline| deadline.fires_from);
        let answers = self.escalations.iter().filter_map(|known| known.answer_by);
        let all = nodes.chain(answers).chain(self.reminders());
        let mut all: Vec<_> = all.filter(|at| *at <= now).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    /// What happens by itself up to `upto`, at court time `now`; `upto` is not after `now`. In the order
    /// in which it was due.
    #[must_use]
    pub fn ring(&self, upto: UnixMillis, now: UnixMillis, rules: Rulebook<'_>) -> Vec<CaseEvent> {
        let mut all: Vec<(UnixMillis, Vec<CaseEvent>)> = Vec::new();
        for fired in self.nodes.fire_upto(upto, now, rules) {
            let NodeEvent::Fired { node, round, level, due, .. } = fired else { continue };
            let raised = self.raised(node, round, level, now, rules);
            all.push((due, std::iter::once(CaseEvent::Node(fired)).chain(raised).collect()));
        }
        let ladder = rules.procedure.ladder();
        for known in &self.escalations {
            let Some(due) = known.answer_by.filter(|due| *due <= upto) else { continue };
            all.push((due, vec![climbed(known, due, now, ladder, rules)]));
        }
        let appointments = self.file.iter().flat_map(|file| &file.appointments);
        for appointment in appointments {
            let Some(due) = appointment.reminds().filter(|due| *due <= upto) else { continue };
            let event = Appointment { reminded: true, changed: now, ..*appointment };
            let (sealed, event) = (Sealed::default(), FileEvent::Appointment(event));
            all.push((due, vec![CaseEvent::File(Box::new(FileRecord { sealed, event }))]));
        }
        all.sort_by_key(|(due, _)| *due); // Stable: of one moment, nodes come first.
        all.into_iter().flat_map(|(_, events)| events).collect()
    }

    fn raised(
        &self,
        code: NodeCode,
        round: u16,
        level: Level,
        at: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Option<CaseEvent> {
        let node = rules.procedure.node(code)?;
        let offices = alarmed(node, level);
        // What may be done from now on is owed by nobody.
        if offices.is_empty() || (level == Level::Due && node.only_permits()) {
            return None;
        }
        let answer_by = (level == Level::Due).then(|| answer_by(at, rules));
        Some(CaseEvent::EscalationRaised { node: code, round, level, offices, at, answer_by })
    }

    /// Nodes that were opened and are neither done nor cancelled, by code and round.
    #[must_use]
    pub fn running(&self, rules: Rulebook<'_>) -> Vec<RunningNode> {
        let mut all = Vec::new();
        for (code, openings) in &self.nodes.opened {
            let Some(node) = rules.procedure.node(*code) else { continue };
            for opening in 1..=u16::try_from(openings.len()).unwrap_or(u16::MAX) {
                if openings.get(usize::from(opening) - 1).is_none_or(|opened| opened.cancelled) {
                    continue;
                }
                for (recurrence, round) in (1..).zip(self.nodes.rounds_of(*code, opening, rules)) {
                    if self.nodes.done.contains(&(*code, round)) {
                        continue;
                    }
                    let computed = self.nodes.computed(node, opening, recurrence, rules);
                    let wait = node.kind == Kind::MinimumWait;
                    let fired = |level| self.nodes.fired.contains(&(*code, round, level));
                    all.push(RunningNode {
                        node: *code,
                        round,
                        due: computed.as_ref().and_then(crate::deadline::Computed::due),
                        warned: fired(Level::Warning(0)),
                        overdue: fired(Level::Due) && !wait,
                        wait,
                        provisional: computed.is_some_and(|computed| computed.provisional()),
                    });
                }
            }
        }
        all
    }
}

/// Whom a warning or an end reaches. The first of several warnings is the handler's alone, when the
/// handler is warned at all; then whoever supervises sees it too.
fn alarmed(node: &Node, level: Level) -> Vec<Office> {
    match level {
        Level::Due => node.alarm_expiry.clone(),
        Level::Warning(0) if node.warn.len() > 1 && node.alarm_warn.contains(&Office::Handler) => {
            vec![Office::Handler]
        }
        Level::Warning(_) => node.alarm_warn.clone(),
    }
}

fn climbed(
    known: &Escalation,
    due: UnixMillis,
    at: UnixMillis,
    ladder: &[Office],
    rules: Rulebook<'_>,
) -> CaseEvent {
    let office = known.next_office(ladder);
    CaseEvent::EscalationClimbed {
        node: known.node,
        round: known.round,
        climb: known.climbs.saturating_add(1),
        office,
        due,
        at,
        answer_by: office.map(|_| answer_by(at, rules)),
    }
}
