//! The bell as `actors/src/court/bell.rs` rings: some cases at once, a window of moments of which each case
//! has at most one, in due order.

use std::collections::BTreeSet;

use tiande_core::case::{Case, CaseEvent};
use tiande_core::nodes::NodeEvent;
use tiande_core::time::{Millis, UnixMillis};

use super::bugs::Bug;
use super::observer::Violation;
use super::world::World;

/// Cases that are woken together.
const LOT: usize = 3;
/// More rounds than any state needs.
const ROUNDS_MAX: usize = 2_000;

impl World {
    /// Rings until nothing is due, and looks whether that is true.
    pub fn ring_out(&mut self) -> Result<(), Violation> {
        for _ in 0..ROUNDS_MAX {
            let now = self.ringing();
            let mut first: Vec<(UnixMillis, usize)> =
                self.rows.iter().map(|(case, next)| (*next, *case)).collect();
            first.sort_unstable();
            let horizon = first.get(LOT).map_or(now, |(beyond, _)| (*beyond).min(now));
            first.truncate(LOT);
            first.retain(|(next, _)| *next <= now);
            if first.is_empty() {
                return self.look(now);
            }
            let restarts = self.restarts;
            for (upto, case) in self.window(&first, horizon) {
                self.ring(case, upto, now)?;
                if self.restarts != restarts {
                    break; // It crashed: the next server begins anew.
                }
            }
            if self.bug == Bug::KeepRow {
                return self.look(now);
            }
        }
        self.look(self.real())
    }

    fn ringing(&mut self) -> UnixMillis {
        let now = self.now();
        if self.bug == Bug::RingAhead { now.plus(Millis::from_secs(3_600)) } else { now }
    }

    fn window(
        &mut self,
        first: &[(UnixMillis, usize)],
        horizon: UnixMillis,
    ) -> Vec<(UnixMillis, usize)> {
        let mut all = Vec::new();
        for (rings, case) in first {
            let moments = self.wake(*case).moments(horizon, self.rules());
            if moments.is_empty() {
                all.push((*rings, *case)); // Set by another calendar.
            }
            all.extend(moments.into_iter().map(|at| (at, *case)));
        }
        if self.bug == Bug::CaseByCase {
            all.sort_unstable_by_key(|(at, case)| (*case, *at));
            return all;
        }
        all.sort_unstable();
        let mut seen = BTreeSet::new();
        let distinct = all.iter().take_while(|(_, case)| seen.insert(*case)).count();
        all.truncate(distinct);
        all
    }

    fn ring(&mut self, case: usize, upto: UnixMillis, now: UnixMillis) -> Result<(), Violation> {
        let state = self.rung_state(case);
        let mut events = state.ring(upto, now, self.rules());
        if self.bug == Bug::RingAhead {
            // It believes that it is that late already.
            self.pretend(&mut events);
        }
        if self.bug == Bug::OldCalendar {
            let old = super::rules::calendar(1).version().clone();
            for event in &mut events {
                if let CaseEvent::Node(NodeEvent::Fired { calendar, .. }) = event {
                    *calendar = old.clone();
                }
            }
        }
        if self.bug == Bug::ClimbTwice {
            let climbs = events.iter().filter(|e| matches!(e, CaseEvent::EscalationClimbed { .. }));
            let again: Vec<_> = climbs.cloned().collect();
            events.extend(again);
        }
        self.note_newest(now);
        self.append(case, &events, self.bug != Bug::KeepRow)
    }

    /// Fires with the moment that the clock shows.
    fn pretend(&mut self, events: &mut [CaseEvent]) {
        let shown = self.now();
        for event in events {
            if let CaseEvent::Node(NodeEvent::Fired { at, .. }) = event {
                *at = shown;
            }
        }
    }

    /// The state that is rung.
    fn rung_state(&mut self, case: usize) -> Case {
        let state = self.wake(case);
        match self.bug {
            Bug::RingTheOld => {
                let mut old = state;
                old.nodes.done.clear();
                old
            }
            Bug::DeafToStays => {
                let mut deaf = state;
                deaf.nodes.suspensions.clear();
                deaf
            }
            _ => state,
        }
    }

    /// I13: the events say that nothing is left; rows are not asked.
    fn look(&mut self, now: UnixMillis) -> Result<(), Violation> {
        let cases: BTreeSet<usize> = self.journal.iter().map(|(case, _)| *case).collect();
        let mut left = None;
        for case in cases {
            let mut state =
                Case::new(tiande_core::ids::CaseId(uuid::Uuid::from_u128(case as u128)));
            for (_, event) in self.journal.iter().filter(|(of, _)| *of == case) {
                state.apply(event);
            }
            left = left.into_iter().chain(state.next(self.rules())).min();
        }
        self.observer.nothing_left(left, now)
    }
}
