//! When the handheld hears of its fixes: at once as long as it reports seldom, else at a pace.
//!
//! A frame to a socket costs more than everything that is done for a position. So what is to be said
//! is put off when much of it comes: an `ack` that names the newest fix stands for all before it, and
//! a `stored` goes along with the next `ack`. What no fix takes along goes out at the court's next
//! round, which is one timer for all officers.

use tiande_core::ids::DeviceId;
use tiande_core::track::Order;

use crate::court::CourtRoom;
use crate::limits::{ACK_AFTER_FIXES, ACKS_BURST};

use super::positions::Tally;
use super::seat::Seat;

/// Acknowledgements that may be said at once.
#[derive(Debug)]
struct Credit {
    left: u64,
    /// The round up to which it has been filled.
    round: u64,
}

impl Credit {
    fn fill(&mut self, round: u64) {
        self.left = (self.left + round.saturating_sub(self.round)).min(ACKS_BURST);
        self.round = round;
    }

    /// Takes one, if more than the round's own is left. That one is kept for the court's turn: else all
    /// who report often would be told at the moment in which the round begins.
    fn take_spare(&mut self, round: u64) -> bool {
        self.fill(round);
        let enough = self.left > 1;
        self.left -= u64::from(enough);
        enough
    }

    /// Takes the round's own.
    fn take(&mut self, round: u64) {
        self.fill(round);
        self.left = self.left.saturating_sub(1);
    }
}

/// What the handheld is to be told.
#[derive(Debug)]
pub(super) struct Owed {
    /// The newest fix that was looked at and not acknowledged.
    newest: Option<Order>,
    /// What became of all since the last acknowledgement.
    tally: Tally,
    /// What is durable and was not said so.
    stored: Option<(DeviceId, Order)>,
    credit: Credit,
    /// The round of the last acknowledgement.
    acked_in: Option<u64>,
    /// The court knows that something is owed.
    noted: bool,
}

impl Default for Owed {
    fn default() -> Self {
        Self {
            newest: None,
            tally: Tally::default(),
            stored: None,
            credit: Credit { left: ACKS_BURST, round: 0 },
            acked_in: None,
            noted: false,
        }
    }
}

impl Owed {
    /// Another connection: its welcome says what is stored, and its fixes are counted from new.
    pub(super) fn forget(&mut self) {
        *self = Self { noted: self.noted, ..Self::default() };
    }
}

impl Seat {
    /// Fixes up to `newest` were looked at, with that outcome.
    pub(super) fn owe_ack(&mut self, newest: Order, tally: &Tally, room: &CourtRoom) {
        let owed = &mut self.owed;
        owed.newest = owed.newest.max(Some(newest));
        owed.tally.add(tally);
        let pressing = tally.has_fault() || owed.tally.all() >= ACK_AFTER_FIXES;
        if owed.credit.take_spare(room.round()) || pressing {
            self.say_ack(room);
        } else {
            self.note_owing(room);
        }
    }

    /// What is durable; said along with the next acknowledgement.
    pub(crate) fn owe_stored(&mut self, device: DeviceId, upto: Order, room: &CourtRoom) {
        let known = self.owed.stored.filter(|(of, _)| *of == device).map(|(_, upto)| upto);
        self.owed.stored = Some((device, known.map_or(upto, |known| known.max(upto))));
        self.note_owing(room);
    }

    fn note_owing(&mut self, room: &CourtRoom) {
        if !std::mem::replace(&mut self.owed.noted, true) {
            room.note_owing(self.number);
        }
    }

    fn say_ack(&mut self, room: &CourtRoom) {
        let Some(newest) = self.owed.newest.take() else { return };
        let tally = std::mem::take(&mut self.owed.tally);
        self.owed.acked_in = Some(room.round());
        if self.handheld.outbox().is_some() {
            self.acknowledge(newest, &tally.views(), room);
        }
        self.say_stored(room);
    }

    fn say_stored(&mut self, room: &CourtRoom) {
        if let Some((device, upto)) = self.owed.stored.take() {
            self.tell_stored(device, upto, room);
        }
    }

    /// A new round has begun, and this officer's handheld is owed something.
    pub(crate) fn say_owed(&mut self, room: &CourtRoom) {
        self.owed.noted = false;
        if self.is_closed() {
            return;
        }
        if self.owed.newest.is_some() {
            self.owed.credit.take(room.round());
            self.say_ack(room);
        } else if self.owed.stored.is_some() {
            // Whoever was acknowledged in the round that is over will be again in this one.
            let reports = self.owed.acked_in.is_some_and(|round| round + 1 >= room.round());
            if reports { self.note_owing(room) } else { self.say_stored(room) }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_burst_it_is_told_in_its_turn_and_a_silence_fills_up_again() {
        let mut credit = Credit { left: ACKS_BURST, round: 0 };
        let said = |credit: &mut Credit, round| {
            (0..100).filter(|_| credit.take_spare(round)).count() as u64
        };
        assert_eq!(said(&mut credit, 0), ACKS_BURST - 1);
        for round in 1..10 {
            credit.take(round);
            assert_eq!(said(&mut credit, round), 0, "who reports often waits for its turn");
        }
        assert_eq!(said(&mut credit, 12), 3, "rounds without a turn are spare");
        assert_eq!(said(&mut credit, 12 + 10 * ACKS_BURST), ACKS_BURST - 1);
    }
}
