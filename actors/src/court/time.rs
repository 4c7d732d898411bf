//! Court time, and what happens when the wall clock is not believed: people are told, and somebody who has
//! looked at the clock says that it is right.

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::journal::By;
use tiande_core::time::UnixMillis;
use tracing::{error, warn};

use crate::board::BoardNews;
use crate::gate::Admitted;
use crate::ports::Clock;
use crate::ports::journal::{Audience, NoticeChange};

use super::alarm::{About, raise};
use super::desk::{CourtDesk, notice_only};
use super::messages::{ClockShown, CommandFault, ConfirmClock, LookAtClock};
use super::room::CourtRoom;

/// The kind of alarm that says that the wall clock is not believed.
const SUSPECT: &str = "clock_suspect";
/// Who has confirmed it, in the journal's words.
const OPERATOR: &str = "operator";

/// Court time: what the server's clock shows, and never backwards. And whether that clock is believed.
pub(crate) struct Time {
    told: UnixMillis,
    suspect: bool,
    /// That it is suspected is to be told yet.
    to_tell: bool,
}

impl Time {
    /// `committed` is the time of the newest record in the journal.
    pub(crate) fn new(committed: UnixMillis, clock: &dyn Clock) -> Self {
        Self { told: committed.max(clock.now()), suspect: false, to_tell: false }
    }

    /// Now.
    pub(crate) fn read(&mut self, clock: &dyn Clock) -> UnixMillis {
        self.told = self.told.max(clock.now());
        self.told
    }

    /// Looks whether the clock is believed.
    fn look(&mut self, clock: &dyn Clock) {
        let suspect = clock.standing().suspect;
        // What is over before anybody was told needs no telling.
        self.to_tell = suspect && (self.to_tell || !self.suspect);
        self.suspect = suspect;
    }
}

/// Alarms the centre and the director once for each time the wall clock is doubted.
pub(super) async fn tell_of_the_clock(room: &Rc<CourtRoom>) {
    let clock = room.clock.as_ref();
    let to_tell = room.with_time(|time| {
        time.look(clock);
        std::mem::take(&mut time.to_tell)
    });
    if to_tell == Some(true) {
        error!(court = %room.profile.id, "the wall clock is not believed: somebody has to look at it");
        for audience in [Audience::Centre, Audience::Director] {
            raise(room, audience, SUSPECT, About::default()).await;
        }
    }
}

fn shown(room: &CourtRoom) -> ClockShown {
    ClockShown { court_time: room.court_now(), standing: room.clock.standing() }
}

impl Handler<Admitted<LookAtClock>> for CourtDesk {
    type Result = MessageResult<Admitted<LookAtClock>>;

    fn handle(&mut self, _: Admitted<LookAtClock>, _: &mut Self::Context) -> Self::Result {
        MessageResult(Ok(shown(&self.room)))
    }
}

impl Handler<Admitted<ConfirmClock>> for CourtDesk {
    type Result = ResponseFuture<Result<ClockShown, CommandFault>>;

    fn handle(&mut self, message: Admitted<ConfirmClock>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let _place = message; // In the queue.
            // What is recorded of it first: an act that is not in the journal has not been done.
            let open = room.shown.borrow().alarms_of(SUSPECT);
            for (alarm, audience) in open {
                let by = OPERATOR.to_owned();
                let notice = NoticeChange::Acknowledge { alarm, by: by.clone() };
                let written = room.journal.append(notice_only(&room, By::Operator, notice)).await;
                written.map_err(CommandFault::Append)?;
                room.publish(BoardNews::AlarmAcked { alarm, audience, by, at: room.now() });
            }
            room.clock.confirm();
            warn!("an operator has confirmed the wall clock");
            room.clocks.look_again();
            Ok(shown(&room))
        })
    }
}
