//! One-use tickets: what a page or device shows as the first frame of its socket, so that neither
//! cookie nor token travels in an address (PROTOCOL §3).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use tiande_actors::ports::Clock;
use tiande_core::ids::{CourtId, DeviceId, OfficerId, UserId};
use tiande_core::time::{Millis, UnixMillis};

use super::random_token;

/// A ticket is good for so long.
pub const TICKET_TTL: Millis = Millis(30_000);
/// Tickets that may be out at once: every officer and console of a large bureau reconnecting together.
const TICKETS_MAX: usize = 50_000;

/// Whom a ticket was given to.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    out: Mutex<HashMap<String, (UnixMillis, Bearer)>>,
}

impl Tickets {
    /// No tickets yet.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, out: Mutex::default() }
    }

    /// Gives a ticket and the moment it ends; `None` when too many are out.
    pub fn give(&self, bearer: Bearer) -> Option<(String, UnixMillis)> {
        let now = self.clock.now();
        let ends = now.plus(TICKET_TTL);
        let ticket = random_token();
        let mut out = self.out.lock().unwrap_or_else(PoisonError::into_inner);
        if out.len() >= TICKETS_MAX {
            out.retain(|_, (ends, _)| *ends > now);
            if out.len() >= TICKETS_MAX {
                return None;
            }
        }
        out.insert(ticket.clone(), (ends, bearer));
        Some((ticket, ends))
    }

    /// Takes a ticket back: whom it was given to, if it is known and not over. It is good once.
    pub fn redeem(&self, ticket: &str) -> Option<Bearer> {
        let now = self.clock.now();
        let known = self.out.lock().unwrap_or_else(PoisonError::into_inner).remove(ticket);
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
}
