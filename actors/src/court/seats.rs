//! The seats of a court's officers, by their small numbers; and what becomes of one in which something
//! goes wrong.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use metrics::counter;
use tracing::error;

use crate::gate::NotAdmitted;
use crate::officer::{Seat, SeatNews};

use super::room::CourtRoom;

/// An officer's seat, shared by the officer's actor and the court.
pub(crate) type SharedSeat = Rc<RefCell<Seat>>;

/// The seats.
#[derive(Default)]
pub(crate) struct Seats(Vec<Option<SharedSeat>>);

impl Seats {
    /// Puts a seat in; that of an actor that has died before goes.
    pub(crate) fn put(&mut self, number: u32, seat: SharedSeat) {
        let Ok(at) = usize::try_from(number) else { return };
        if self.0.len() <= at {
            self.0.resize_with(at + 1, || None);
        }
        self.0[at] = Some(seat);
    }

    fn get(&self, number: u32) -> Option<SharedSeat> {
        self.0.get(usize::try_from(number).ok()?)?.clone()
    }
}

impl CourtRoom {
    /// Does something in a seat; `None` when there is none with that number.
    ///
    /// A panic in it ends this officer's actor and no other: it is rebuilt from the journal, as after any
    /// panic, and gets a new seat. `None` then, too.
    pub(crate) fn at_seat<T>(&self, number: u32, work: impl FnOnce(&mut Seat) -> T) -> Option<T> {
        let seat = self.seats.borrow().get(number)?;
        match catch_unwind(AssertUnwindSafe(|| work(&mut seat.borrow_mut()))) {
            Ok(done) => Some(done),
            Err(_reported) => {
                // The panic hook has told where.
                counter!("tiande_seat_panics_total").increment(1);
                let officer = seat.borrow().officer();
                error!(%officer, "judging positions failed: the officer's actor is ended and rebuilt");
                seat.borrow_mut().close();
                self.end_officer(number);
                None
            }
        }
    }

    /// Lets the actor of a closed seat end.
    fn end_officer(&self, number: u32) {
        let Some(seat) = self.seats.borrow().get(number) else { return };
        let officer = seat.borrow().officer();
        if let Some(gate) = self.officer(officer)
            && matches!(gate.offer(SeatNews::Broken), Err(NotAdmitted::Full(_)))
        {
            self.broken.borrow_mut().push(number); // Tried again with the next round.
        }
    }

    /// Tries again to end the actors whose gates were full.
    pub(crate) fn end_broken(&self) {
        let broken = std::mem::take(&mut *self.broken.borrow_mut());
        broken.into_iter().for_each(|number| self.end_officer(number));
    }
}
