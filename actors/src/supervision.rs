//! What happens when an actor dies.
//!
//! actix's supervisor does not restart after a panic, and would keep the broken state if it did. Here
//! every domain actor carries a [`DeathNotice`]; when the actor is dropped without having retired, its
//! court's desk is told, and rebuilds it from the journal, with back-off and a limit.

use std::collections::VecDeque;

use actix::prelude::*;
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::time::{Millis, UnixMillis};

use crate::limits::{RESTART_BACKOFF, RESTART_WINDOW, RESTARTS_MAX};

/// Which actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ActorId {
    /// An officer's.
    Officer(OfficerId),
    /// An incident's.
    Incident(IncidentId),
    /// A case's.
    Case(CaseId),
}

/// Tells the desk that an actor is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Message)]
#[rtype(result = "()")]
pub struct Died {
    /// Which.
    pub who: ActorId,
}

/// Carried by an actor; speaks when the actor is dropped.
pub struct DeathNotice {
    who: ActorId,
    guardian: Option<Recipient<Died>>,
}

impl DeathNotice {
    /// A notice for `guardian` about `who`.
    #[must_use]
    pub fn new(who: ActorId, guardian: Recipient<Died>) -> Self {
        Self { who, guardian: Some(guardian) }
    }

    /// The actor ends because it is done: nobody is told.
    pub fn retire(&mut self) {
        self.guardian = None;
    }
}

impl Drop for DeathNotice {
    #[allow(clippy::disallowed_methods)] // May run while a panic unwinds: must neither wait nor fail.
    fn drop(&mut self) {
        if let Some(guardian) = self.guardian.take() {
            guardian.do_send(Died { who: self.who });
        }
    }
}

/// What to do about a death.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Rebuild it after this wait.
    RestartAfter(Millis),
    /// It dies too often: leave it down and call an operator.
    GiveUp,
}

/// Counts one actor's deaths.
#[derive(Debug, Default, Clone)]
pub struct Deaths {
    recent: VecDeque<UnixMillis>,
}

impl Deaths {
    /// Notes a death at `now` and says what to do.
    pub fn note(&mut self, now: UnixMillis) -> Verdict {
        while self.recent.front().is_some_and(|at| now.since(*at) > RESTART_WINDOW) {
            self.recent.pop_front();
        }
        self.recent.push_back(now);
        if self.recent.len() > RESTARTS_MAX {
            return Verdict::GiveUp;
        }
        let doublings = u32::try_from(self.recent.len() - 1).unwrap_or(u32::MAX).min(16);
        Verdict::RestartAfter(Millis(RESTART_BACKOFF.0 << doublings))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_and_then_it_stays_down() {
        let mut deaths = Deaths::default();
        let now = UnixMillis(0);
        let waits: Vec<_> = (0..RESTARTS_MAX).map(|_| deaths.note(now)).collect();
        assert_eq!(waits[0], Verdict::RestartAfter(Millis(50)));
        assert_eq!(waits[4], Verdict::RestartAfter(Millis(800)));
        assert_eq!(deaths.note(now), Verdict::GiveUp);
    }

    #[test]
    fn old_deaths_are_forgotten() {
        let mut deaths = Deaths::default();
        for _ in 0..RESTARTS_MAX {
            deaths.note(UnixMillis(0));
        }
        let later = UnixMillis(0).plus(RESTART_WINDOW).plus(Millis(1));
        assert_eq!(deaths.note(later), Verdict::RestartAfter(RESTART_BACKOFF));
    }
}
