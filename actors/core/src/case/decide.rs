//! What may be done with a case.

use super::clock::answer_by;
use super::{
    Case, CaseCommand, CaseEvent, CaseParties, CaseRefusal, EscalationAct, EscalationStatus, Filed,
};
use crate::deadline::{Begin, Level};
use crate::ids::{IncidentId, UserId};
use crate::incident::Said;
use crate::journal::Subject;
use crate::nodes::{NodeCommand, NodeEvent, Rulebook};
use crate::procedure::{Node, NodeCode, Start};
use crate::text::clean_text;
use crate::time::UnixMillis;

/// Longest words, characters.
const WORDS_MAX: usize = 2_000;

impl Case {
    /// Decides what a command leads to; an empty list means that nothing changes.
    ///
    /// # Errors
    /// [`CaseRefusal`] when the rules say no.
    pub fn decide(
        &self,
        command: &CaseCommand,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        if let CaseCommand::Open { number, parties, filing } = command {
            if self.number.is_some() {
                return Err(CaseRefusal::AlreadyOpen);
            }
            if !(1..=200).contains(&parties.len()) {
                return Err(CaseRefusal::Parties);
            }
            let personal = Some(CaseParties { parties: parties.clone() });
            let opened = CaseEvent::Opened { case: self.id, number: number.clone(), personal };
            // It keeps the procedure that new cases begin with today.
            let version = rules.procedure.version().clone();
            let mut events = vec![opened, CaseEvent::Node(NodeEvent::ProcedureChosen(version))];
            if let Some(Filed { filing, docketed, words }) = filing {
                let mut case = self.clone();
                events.iter().for_each(|event| case.apply(event));
                let filed = Self::file_at_opening(&case, filing, *docketed, words, now, rules)?;
                events.extend(filed);
            }
            return Ok(events);
        }
        if self.number.is_none() {
            return Err(CaseRefusal::NotOpen);
        }
        let event = match command {
            CaseCommand::Open { .. } => return Err(CaseRefusal::AlreadyOpen),
            CaseCommand::LinkIncident { incident, steps } => return Ok(self.link(*incident, steps)),
            CaseCommand::SetHandler { handler, reason } => {
                let first = self.handler.is_none();
                let mut events: Vec<_> = self.set_handler(*handler, reason)?.into_iter().collect();
                if first && !events.is_empty() {
                    events.extend(self.receive_file(now, rules)?);
                }
                return Ok(events);
            }
            CaseCommand::File { by, command, words } => {
                return self.decide_file(*by, command, words, now, rules);
            }
            CaseCommand::Node(command) => return self.node(command, now, rules),
            CaseCommand::Escalation { node, round, by, act } => {
                return self.about(*node, *round, *by, act, now, rules);
            }
            CaseCommand::HoldNotices { by, reason } => {
                let said = self.words(reason)?;
                let held = CaseEvent::NoticesHeld { by: *by, at: now, said };
                (!self.notices_held).then_some(held)
            }
            CaseCommand::ReleaseNotices { by } => {
                self.notices_held.then_some(CaseEvent::NoticesReleased { by: *by, at: now })
            }
        };
        Ok(event.into_iter().collect())
    }

    fn link(&self, incident: IncidentId, steps: &[(NodeCode, UnixMillis)]) -> Vec<CaseEvent> {
        let new = !self.incidents.contains(&incident);
        let linked = new.then_some(CaseEvent::IncidentLinked { incident });
        let new = steps.iter().filter(|(node, _)| !self.steps.contains(&(incident, *node)));
        let reached = |(node, at): &(NodeCode, UnixMillis)| CaseEvent::StepReached {
            incident,
            node: *node,
            at: *at,
        };
        linked.into_iter().chain(new.map(reached)).collect()
    }

    fn set_handler(&self, to: UserId, reason: &str) -> Result<Option<CaseEvent>, CaseRefusal> {
        if self.handler == Some(to) {
            return Ok(None);
        }
        // The first one needs no reason: nobody loses the case.
        let said = match (self.handler, reason) {
            (None, "") => Said::default(),
            _ => self.words(reason)?,
        };
        Ok(Some(CaseEvent::HandlerSet { handler: to, said }))
    }

    /// What nodes decide, and what ends with it: a warning is over when what it warned of is done.
    pub(super) fn node(
        &self,
        command: &NodeCommand,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let events = self.nodes.decide(command, now, rules)?;
        let mut all = Vec::with_capacity(events.len());
        for event in events {
            let over = |node: NodeCode, round: u16| {
                let known = self.escalation(node, round)?;
                (known.status() == EscalationStatus::Warned).then(|| CaseEvent::EscalationClosed {
                    node,
                    round,
                    by: None,
                    accepted: false,
                    at: now,
                    said: Said::default(),
                })
            };
            let closed: Vec<_> = match &event {
                NodeEvent::Completed { node, round, at } => {
                    let opened = self.follow_ups(*node, *at, rules);
                    over(*node, *round).into_iter().chain(opened.map(CaseEvent::Node)).collect()
                }
                NodeEvent::Cancelled { node, opening, .. } => {
                    let rounds = self.nodes.rounds_of(*node, *opening, rules);
                    rounds.filter_map(|round| over(*node, round)).collect()
                }
                _ => Vec::new(),
            };
            all.push(CaseEvent::Node(event));
            all.extend(closed);
        }
        Ok(all)
    }

    /// Nodes whose clocks start by themselves with the end of this one: one for each end, so that two lots
    /// that are sold have two hand-overs. What somebody has opened by hand counts.
    fn follow_ups<'a>(
        &'a self,
        done: NodeCode,
        at: UnixMillis,
        rules: Rulebook<'a>,
    ) -> impl Iterator<Item = NodeEvent> + 'a {
        let follows = move |node: &&Node| match &node.start {
            Start::After { nodes, by_hand: false, .. } => nodes.contains(&done),
            _ => false,
        };
        let fresh = rules.procedure.nodes().iter().filter(follows);
        let fresh = fresh.filter(move |node| {
            let ended = |(code, _): &&(NodeCode, u16)| node.start.nodes().contains(code);
            // This end is not part of the state yet.
            let ends = self.nodes.done.iter().filter(ended).count() + 1;
            self.nodes.opened.get(&node.code).map_or(0, Vec::len) < ends
        });
        fresh.filter_map(move |node| {
            let begin = Begin { at, whole_day: false };
            let command = NodeCommand::Open { node: node.code, begin };
            // One that was opened as often as may be stays as it is.
            self.nodes.decide(&command, at, rules).ok()?.into_iter().next()
        })
    }

    fn about(
        &self,
        node: NodeCode,
        round: u16,
        by: UserId,
        act: &EscalationAct,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let known = self.escalation(node, round).ok_or(CaseRefusal::NotEscalated)?;
        let status = known.status();
        if status == EscalationStatus::Closed {
            return Err(CaseRefusal::NotEscalated);
        }
        let handles = self.handler == Some(by);
        let judges = !matches!(act, EscalationAct::Acknowledge | EscalationAct::Answer(_));
        if judges && handles {
            return Err(CaseRefusal::OwnAnswer);
        }
        let answered = || match status {
            EscalationStatus::Answered => Ok(()),
            _ => Err(CaseRefusal::NothingAnswered),
        };
        let at = now;
        let event = match act {
            EscalationAct::Acknowledge => {
                if known.acknowledged.is_some() {
                    return Ok(Vec::new());
                }
                CaseEvent::EscalationAcknowledged { node, round, by, at }
            }
            EscalationAct::Answer(words) => {
                if !handles {
                    return Err(CaseRefusal::NotHandler);
                }
                if status != EscalationStatus::Owed {
                    return Err(CaseRefusal::NothingOwed);
                }
                CaseEvent::EscalationAnswered { node, round, by, at, said: self.words(words)? }
            }
            EscalationAct::Accept => {
                answered()?;
                let said = Said::default();
                CaseEvent::EscalationClosed { node, round, by: Some(by), accepted: true, at, said }
            }
            EscalationAct::Return(words) => {
                answered()?;
                let answer_by = answer_by(now, rules);
                let said = self.words(words)?;
                CaseEvent::EscalationReturned { node, round, by, at, answer_by, said }
            }
            EscalationAct::Close(words) => {
                let said = self.words(words)?;
                CaseEvent::EscalationClosed { node, round, by: Some(by), accepted: false, at, said }
            }
        };
        Ok(vec![event])
    }

    /// Words under the case's key.
    fn words(&self, text: &str) -> Result<Said, CaseRefusal> {
        let text = clean_text(text, WORDS_MAX, true).map_err(|_fault| CaseRefusal::Words)?;
        Ok(Said::under(Subject(self.id.0), Some(&text)))
    }

    /// True for a node that is overdue and not closed: somebody owes an answer or a judgement.
    #[must_use]
    pub fn is_overdue(&self, node: NodeCode, round: u16) -> bool {
        let known = self.escalation(node, round);
        known.is_some_and(|known| known.level == Level::Due && known.ended.is_none())
    }
}
