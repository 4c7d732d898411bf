//! One-use tickets: what a page or device shows as the first frame of its socket, so that neither
//! cookie nor token travels in an address (PROTOCOL §3).

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use tiande_actors::ports::Clock;
use tiande_core::ids::{CourtId, DeviceId, GatewayId, OfficerId, UserId};
use tiande_core::time::{Millis, UnixMillis};

use super::random_token;

/// A ticket is good for so long.
pub const TICKET_TTL: Millis = Millis(30_000);
/// Tickets one device or session may have out: a page opens one socket, and tries again now and then.
const TICKETS_EACH: usize = 16;
/// Tickets that may be out at once: every officer and console of a large bureau reconnecting together.
const TICKETS_MAX: usize = 50_000;

/// Whom a ticket was given to.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Bearer {
    /// A handheld.
    Device {
        /// Court.
        court: CourtId,
        /// Whose.
        officer: OfficerId,
        /// Which.
        device: DeviceId,
    },
    /// A gateway.
    Gateway {
        /// Court.
        court: CourtId,
        /// Which.
        gateway: GatewayId,
    },
    /// A member of staff.
    Staff {
        /// Court.
        court: CourtId,
        /// Who.
        user: UserId,
        /// The session it was asked with, by the hash of its token.
        session: [u8; 32],
    },
}

/// Tickets that are out. Kept in memory only: a restart costs each client one more request.
pub struct Tickets {
    clock: Arc<dyn Clock>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    out: HashMap<String, (UnixMillis, Bearer)>,
    /// The tickets of each bearer, oldest first, so that nobody can hold them all.
    of: HashMap<Bearer, VecDeque<String>>,
}

impl State {
    fn remove(&mut self, ticket: &str) -> Option<(UnixMillis, Bearer)> {
        let (ends, bearer) = self.out.remove(ticket)?;
        if let Some(tickets) = self.of.get_mut(&bearer) {
            tickets.retain(|other| other != ticket);
            if tickets.is_empty() {
                self.of.remove(&bearer);
            }
        }
        Some((ends, bearer))
    }

    fn sweep(&mut self, now: UnixMillis) {
        self.out.retain(|_, (ends, _)| *ends > now);
        let out = &self.out;
        self.of.retain(|_, tickets| {
            tickets.retain(|ticket| out.contains_key(ticket));
            !tickets.is_empty()
        });
    }
}

impl Tickets {
    /// No tickets yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, state: Mutex::default() }
    }

    /// Gives a ticket and the moment it ends; `None` when too many are out. Who asks for more than
    /// `TICKETS_EACH` loses the oldest.
    pub fn give(&self, bearer: Bearer) -> Option<(String, UnixMillis)> {
        let now = self.clock.now();
        let ends = now.plus(TICKET_TTL);
        let ticket = random_token();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.out.len() >= TICKETS_MAX {
            state.sweep(now);
            if state.out.len() >= TICKETS_MAX {
                return None;
            }
        }
        state.out.insert(ticket.clone(), (ends, bearer.clone()));
        let mine = state.of.entry(bearer).or_default();
        mine.push_back(ticket.clone());
        let oldest = if mine.len() > TICKETS_EACH { mine.front().cloned() } else { None };
        if let Some(oldest) = oldest {
            state.remove(&oldest);
        }
        Some((ticket, ends))
    }

    /// Takes a ticket back: whom it was given to, if it is known and not over. It is good once.
    pub fn redeem(&self, ticket: &str) -> Option<Bearer> {
        let now = self.clock.now();
        let known = self.state.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket);
        known.filter(|(ends, _)| *ends > now).map(|(_, bearer)| bearer)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicI64, Ordering};

    use super::*;

    struct ByHand(AtomicI64);
    impl Clock for ByHand {
        fn now(&self) -> UnixMillis {
            UnixMillis(self.0.load(Ordering::Relaxed))
        }
    }

    fn bearer() -> Bearer {
        let nil = "00000000-0000-0000-0000-000000000000";
        Bearer::Device {
            court: CourtId::parse("a").expect("a name"),
            officer: nil.parse().expect("an id"),
            device: nil.parse().expect("an id"),
        }
    }

    #[test]
    fn a_ticket_is_good_once_and_not_for_long() {
        let clock = Arc::new(ByHand(AtomicI64::new(0)));
        let tickets = Tickets::new(Arc::clone(&clock) as Arc<dyn Clock>);
        let (first, _) = tickets.give(bearer()).expect("room");
        assert_eq!(tickets.redeem(&first), Some(bearer()));
        assert_eq!(tickets.redeem(&first), None);
        let (late, _) = tickets.give(bearer()).expect("room");
        clock.0.store(30_000, Ordering::Relaxed);
        assert_eq!(tickets.redeem(&late), None);
        assert_eq!(tickets.redeem("never given"), None);
    }

    #[test]
    fn nobody_can_hold_all_the_tickets() {
        let tickets = Tickets::new(Arc::new(ByHand(AtomicI64::new(0))));
        let given: Vec<_> =
            (0..TICKETS_EACH + 2).map(|_| tickets.give(bearer()).expect("room").0).collect();
        assert_eq!(tickets.redeem(&given[1]), None, "the oldest are gone");
        assert_eq!(tickets.redeem(&given[2]), Some(bearer()));
        assert_eq!(tickets.state.lock().expect("sound").out.len(), TICKETS_EACH - 1);
    }
}
