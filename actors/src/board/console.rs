//! One console that listens: what it is told at once, and what is gathered for it while its socket has
//! enough to write.
//!
//! News that many officers cause at one moment (ten thousand lose contact when a network fails) would fill
//! the outbox of every console before a socket could write any of it. So a console gets news one by one
//! only while little waits for it; beyond that it is remembered up to where it was told, and gets the rest
//! in one frame when there is room.

use bytestring::ByteString;
use tiande_core::time::UnixMillis;

use crate::limits::NEWS_ONE_BY_ONE;
use crate::outbox::{CloseReason, Frame, Outbox, Pushed};
use crate::ports::journal::Audience;
use crate::ports::wire::Wire;

use super::lines::Tick;
use super::news::NewsLog;
use super::view::Eye;

/// A console.
pub(super) struct Console {
    pub(super) outbox: Outbox,
    pub(super) audiences: Vec<Audience>,
    pub(super) binary: bool,
    pub(super) eye: Option<Eye>,
    /// News after this number is gathered for it.
    pub(super) told: Option<u64>,
}

impl Console {
    /// True when news of that audience is its.
    pub(super) fn hears(&self, audience: Option<Audience>) -> bool {
        audience.is_none_or(|of| self.audiences.contains(&of))
    }

    /// Tells it the news of that number, now or with what is gathered.
    pub(super) fn tell(&mut self, no: u64, frame: &ByteString, now: UnixMillis) -> Pushed {
        if self.told.is_none() && self.outbox.waiting() < NEWS_ONE_BY_ONE {
            return self.outbox.push(frame.clone(), now);
        }
        self.told.get_or_insert(no.saturating_sub(1));
        Pushed::Queued
    }

    /// True when something is gathered for it and there is room for that.
    pub(super) fn has_room(&self) -> bool {
        self.told.is_some() && self.outbox.waiting() < NEWS_ONE_BY_ONE
    }

    /// Its part of a tick.
    pub(super) fn part(&mut self, tick: &Tick<'_>, now: UnixMillis) -> Option<Frame> {
        match &mut self.eye {
            None => tick.whole(self.binary),
            Some(eye) => tick.part(&eye.choose(tick.lines(), now), self.binary),
        }
    }
}

/// Tells consoles what was gathered for them; several who fell behind at the same news are given the same
/// bytes.
pub(super) struct Gathering<'a> {
    wire: &'a dyn Wire,
    log: &'a NewsLog,
    now: UnixMillis,
    made: Vec<(u64, Vec<Audience>, ByteString)>,
}

impl<'a> Gathering<'a> {
    pub(super) fn new(wire: &'a dyn Wire, log: &'a NewsLog, now: UnixMillis) -> Self {
        Self { wire, log, now, made: Vec::new() }
    }

    /// Tells a console everything that is gathered for it. Who cannot be told all of it any more is closed,
    /// and begins anew when it comes back.
    pub(super) fn tell(&mut self, console: &mut Console) -> Pushed {
        let Some(after) = console.told.take() else { return Pushed::Queued };
        let same = |(of, audiences, _): &&(u64, Vec<Audience>, ByteString)| {
            *of == after && *audiences == console.audiences
        };
        let frame = match self.made.iter().find(same) {
            Some((_, _, frame)) => frame.clone(),
            None => match self.log.gathered(after, &console.audiences).as_deref() {
                Some([]) => return Pushed::Queued,
                Some([one]) => one.clone(),
                Some(many) => {
                    let frame = self.wire.console_many(many);
                    self.made.push((after, console.audiences.clone(), frame.clone()));
                    frame
                }
                None => {
                    console.outbox.close(CloseReason::TOO_SLOW);
                    return Pushed::Closed;
                }
            },
        };
        console.outbox.push(frame, self.now)
    }
}
