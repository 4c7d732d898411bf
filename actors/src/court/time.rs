//! Court time, and what happens when the wall clock is not believed: people are told, and somebody who has
//! looked at the clock says that it is right.

use std::rc::Rc;

use actix::prelude::*;
use metrics::gauge;
use tiande_core::journal::By;
use tiande_core::nodes::CourtTime;
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

/// Court time, and whether the wall clock is believed.
pub(crate) struct Time {
    time: CourtTime,
    suspect: bool,
    /// That it is suspected is to be told yet.
    to_tell: bool,
}

impl Time {
    /// `committed` is the time of the newest record in the journal.
    pub(crate) fn new(committed: UnixMillis, clock: &dyn Clock) -> Self {
        let time = CourtTime::new(committed, clock.now(), clock.monotonic(), clock.second());
        Self { time, suspect: false, to_tell: false }
    }

    /// Now.
    pub(crate) fn read(&mut self, clock: &dyn Clock) -> UnixMillis {
        let reading = self.time.read(clock.now(), clock.monotonic(), clock.second());
        if reading.clock_suspect != self.suspect {
            self.suspect = reading.clock_suspect;
            gauge!("tiande_clock_suspect").set(f64::from(u8::from(self.suspect)));
            if self.suspect {
                self.to_tell = true;
                error!("the wall clock has jumped: deadlines go on by the monotonic clock");
            } else {
                warn!("the wall clock is believed again");
            }
        }
        reading.now
    }

    /// An operator says that the wall clock is right.
    fn confirm(&mut self, clock: &dyn Clock) {
        self.time.confirm(clock.now());
    }
}

/// Alarms the centre and the director once for each time the wall clock is doubted.
pub(super) async fn tell_of_the_clock(room: &Rc<CourtRoom>) {
    if room.with_time(|time| std::mem::take(&mut time.to_tell)) == Some(true) {
        for audience in [Audience::Centre, Audience::Director] {
            raise(room, audience, SUSPECT, About::default()).await;
        }
    }
}

fn shown(room: &CourtRoom) -> ClockShown {
    let court_time = room.court_now();
    let suspect = room.with_time(|time| time.suspect).unwrap_or(false);
    ClockShown { court_time, wall: room.now(), second: room.clock.second(), suspect }
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
            room.with_time(|time| time.confirm(room.clock.as_ref()));
            warn!("an operator has confirmed the wall clock");
            room.clocks.look_again();
            Ok(shown(&room))
        })
    }
}
