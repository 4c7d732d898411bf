//! What must hold, seen from outside: from what was done, and from real time.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::calendar::{CalendarVersion, Day};
use tiande_core::case::CaseEvent;
use tiande_core::deadline::Level;
use tiande_core::nodes::{NodeEvent, Suspension};
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;

use super::rules::code;

/// An invariant does not hold.
#[derive(Debug)]
pub struct Violation {
    pub id: &'static str,
    #[allow(dead_code, reason = "shown when a seed fails")]
    pub what: String,
}

fn broken(id: &'static str, what: impl Into<String>) -> Violation {
    Violation { id, what: what.into() }
}

fn must(holds: bool, id: &'static str, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds { Ok(()) } else { Err(broken(id, what())) }
}

/// Court time may run ahead of real time by what is not yet a jump, and by what a slow adjustment adds.
const AHEAD_MAX_MS: u64 = 3_000;

/// What was seen of one case.
#[derive(Default)]
struct Seen {
    done: BTreeSet<(NodeCode, u16)>,
    cancelled: BTreeSet<(NodeCode, u16)>,
    suspensions: Vec<Suspension>,
}

#[derive(Default)]
pub struct Observer {
    cases: BTreeMap<usize, Seen>,
    fired: BTreeSet<(usize, NodeCode, u16, Level)>,
    climbed: BTreeSet<(usize, NodeCode, u16, u8)>,
    last_at: Option<UnixMillis>,
    /// The newest moment that was rung since the last command.
    last_due: Option<UnixMillis>,
}

impl Observer {
    pub fn fired(&self) -> usize {
        self.fired.len()
    }

    pub fn climbed(&self) -> usize {
        self.climbed.len()
    }

    /// A command or a calendar may make something due that was not: order begins anew.
    pub fn order_begins_anew(&mut self) {
        self.last_due = None;
    }

    /// An event became durable, at that moment of real time.
    pub fn see(
        &mut self,
        case: usize,
        event: &CaseEvent,
        real: UnixMillis,
        calendar: &CalendarVersion,
    ) -> Result<(), Violation> {
        match event {
            CaseEvent::Node(NodeEvent::Fired {
                node,
                round,
                level,
                due,
                at,
                calendar: with,
                ..
            }) => {
                let key = (case, *node, *round, *level);
                must(self.fired.insert(key), "I11", || format!("{key:?} twice"))?;
                self.may_fire(case, *node, *round, *due, *at)?;
                must(with == calendar, "I14", || format!("{with:?} recorded"))?;
                self.rung(*due, *at, real, self.held_back(case, *node, *due))
            }
            CaseEvent::EscalationClimbed { node, round, climb, due, at, .. } => {
                let key = (case, *node, *round, *climb);
                must(self.climbed.insert(key), "I11", || format!("{key:?} twice"))?;
                self.rung(*due, *at, real, false)
            }
            CaseEvent::Node(event) => {
                self.note(case, event);
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn note(&mut self, case: usize, event: &NodeEvent) {
        let seen = self.cases.entry(case).or_default();
        match event {
            NodeEvent::Completed { node, round, .. } => {
                seen.done.insert((*node, *round));
            }
            NodeEvent::Cancelled { node, opening, .. } => {
                // Three recurrences of Z04; others have one round for an opening.
                let every = if *node == code("Z04") { 3 } else { 1 };
                let rounds = (opening - 1) * every + 1..=opening * every;
                seen.cancelled.extend(rounds.map(|round| (*node, round)));
            }
            NodeEvent::Suspended(suspension) => seen.suspensions.push(suspension.clone()),
            NodeEvent::Resumed { document, until } => {
                let mut all = seen.suspensions.iter_mut();
                if let Some(open) = all.find(|s| s.document == *document && s.until.is_none()) {
                    open.until = Some(*until);
                }
            }
            _ => {}
        }
    }

    /// I12, I13, I15: not early, not backwards, not ahead of real time, in due order.
    fn rung(
        &mut self,
        due: UnixMillis,
        at: UnixMillis,
        real: UnixMillis,
        held_back: bool,
    ) -> Result<(), Violation> {
        must(at >= due, "I12", || format!("due {due:?}, fired {at:?}"))?;
        must(real.0 + AHEAD_MAX_MS as i64 >= due.0, "I12", || {
            format!("due {due:?}, fired at {real:?} of real time")
        })?;
        must(self.last_at.is_none_or(|last| last <= at), "I12", || "court time went back".into())?;
        self.last_at = Some(at);
        if !held_back {
            must(self.last_due.is_none_or(|last| last <= due), "I13", || {
                format!("{due:?} after {:?}", self.last_due)
            })?;
            self.last_due = Some(due);
        }
        Ok(())
    }

    /// I14: what is done, cancelled or stands still is silent.
    fn may_fire(
        &self,
        case: usize,
        node: NodeCode,
        round: u16,
        due: UnixMillis,
        at: UnixMillis,
    ) -> Result<(), Violation> {
        let Some(seen) = self.cases.get(&case) else { return Ok(()) };
        let key = (node, round);
        must(!seen.done.contains(&key), "I14", || format!("{key:?} is done"))?;
        must(!seen.cancelled.contains(&key), "I14", || format!("{key:?} is cancelled"))?;
        let mut day = Day::of(due);
        while day <= Day::of(at) && stands_still(seen, node, day) {
            day = day.plus(1);
        }
        must(day <= Day::of(at), "I14", || format!("{key:?} stands still"))
    }

    fn held_back(&self, case: usize, node: NodeCode, due: UnixMillis) -> bool {
        self.cases.get(&case).is_some_and(|seen| stands_still(seen, node, Day::of(due)))
    }

    /// After the bell has rung itself out: nothing that is due was left lying.
    pub fn nothing_left(&self, left: Option<UnixMillis>, now: UnixMillis) -> Result<(), Violation> {
        must(left.is_none_or(|left| left > now), "I13", || {
            format!("{left:?} was left lying at {now:?}")
        })
    }

    /// I15: a step of the wall clock is noticed.
    pub fn suspicion(&self, stepped: bool, suspect: bool) -> Result<(), Violation> {
        must(!stepped || suspect, "I15", || "the wall clock jumped, and nobody said so".into())
    }
}

fn stands_still(seen: &Seen, node: NodeCode, on: Day) -> bool {
    let stops = node == code("T01") || node == code("M01");
    let covers = |s: &Suspension| s.first <= on && s.until.is_none_or(|until| on < until);
    stops && seen.suspensions.iter().any(covers)
}
