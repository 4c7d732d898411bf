//! The board's actor: numbers news, ticks once a second, and lets consoles in.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use bytestring::ByteString;
use metrics::gauge;
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::limits::NEWS_FOR_ABSENT;
use crate::outbox::{CloseReason, Frame, Outbox, Pushed};
use crate::ports::journal::{Audience, OpenAlarm};
use crate::views::ConsoleNote;

use super::lines::{Lines, Tick};
use super::news::NewsLog;
use super::view::{Eye, Line, View};
use super::{BoardNews, FindAlarm, ForgetNews, Goodbye, JoinConsole, LookElsewhere};

/// How often consoles are told who moved.
const TICK: Duration = Duration::from_secs(1);

struct Console {
    outbox: Outbox,
    audiences: Vec<Audience>,
    binary: bool,
    eye: Option<Eye>,
}

impl Console {
    /// The console's part of a tick.
    fn part(&mut self, tick: &Tick<'_>, now: UnixMillis) -> Option<Frame> {
        match &mut self.eye {
            None => tick.whole(self.binary),
            Some(eye) => tick.part(&eye.choose(tick.lines(), now), self.binary),
        }
    }
}

/// The board's actor.
pub struct BoardActor {
    room: Rc<CourtRoom>,
    consoles: Vec<Console>,
    log: NewsLog,
    lines: Lines,
    /// When there was a console last.
    attended: UnixMillis,
}

impl BoardActor {
    pub(crate) fn new(room: Rc<CourtRoom>, alarms: Vec<OpenAlarm>) -> Self {
        room.shown.borrow_mut().begin(alarms);
        let attended = room.now();
        let (log, lines) = (NewsLog::default(), Lines::default());
        Self { room, consoles: Vec::new(), log, lines, attended }
    }

    /// Numbers news, keeps it for those who are away for a moment, and sends it to those whose it is.
    fn tell(&mut self, note: &ConsoleNote<'_>, audience: Option<Audience>) {
        let (no, now) = (self.log.next(), self.room.now());
        if self.consoles.is_empty() && now.since(self.attended) > NEWS_FOR_ABSENT {
            self.log.break_off();
            return; // Nobody is there, and nobody will come back for it.
        }
        let frame = self.room.wire.console(no, note);
        self.log.keep(no, frame.clone(), audience);
        self.send(&frame, |console| audience.is_none_or(|of| console.audiences.contains(&of)));
    }

    /// Sends to those who are to see it; a console that is gone or does not read is left behind.
    fn send(&mut self, frame: &ByteString, sees: impl Fn(&Console) -> bool) {
        let now = self.room.now();
        self.consoles.retain(|console| {
            !sees(console) || console.outbox.push(frame.clone(), now) == Pushed::Queued
        });
    }

    #[allow(clippy::cast_precision_loss)] // Counts of consoles are small.
    fn tick(&mut self) {
        let now = self.room.now();
        let moved = self.room.take_moved();
        if self.room.board_behind.take() {
            self.log.break_off();
            for console in self.consoles.drain(..) {
                console.outbox.close(CloseReason::RESTART);
            }
        }
        self.consoles
            .retain(|console| !console.outbox.close_if_stalled(now) && !console.outbox.is_closed());
        if !self.consoles.is_empty() {
            self.attended = now;
        }
        gauge!("tiande_consoles", "court" => self.room.profile.id.to_string())
            .set(self.consoles.len() as f64);
        let eyes = self.consoles.iter().filter_map(|console| console.eye.as_ref());
        let mut owed: BTreeSet<u32> = eyes.flat_map(|eye| eye.wants(now)).collect();
        if moved.is_empty() && owed.is_empty() {
            return;
        }
        for moved in &moved {
            owed.remove(&moved.n);
        }
        let no = self.log.next();
        let mut lines = self.lines.take(moved);
        lines.extend(self.lines.of(&owed));
        let tick = Tick::new(self.room.wire.as_ref(), no, now, lines);
        self.consoles.retain_mut(|console| {
            let part = console.part(&tick, now);
            part.is_none_or(|frame| console.outbox.push(frame, now) == Pushed::Queued)
        });
    }

    /// Sends a console some lines at once, between two ticks.
    fn tell_lines(&self, outbox: &Outbox, binary: bool, lines: Vec<Line>, now: UnixMillis) {
        let all: Vec<usize> = (0..lines.len()).collect();
        let tick = Tick::new(self.room.wire.as_ref(), self.log.newest(), now, lines);
        if let Some(frame) = tick.part(&all, binary) {
            outbox.push(frame, now); // A closed one is found at the next tick.
        }
    }

    /// Everything, for a console that is new or was away too long.
    fn welcome(&self, join: &JoinConsole, now: UnixMillis) -> Pushed {
        let (incidents, alarms) = self.room.shown.borrow().all(&join.audiences);
        let welcome = ConsoleNote::Welcome {
            now,
            run: self.room.lanes.run(),
            user: &join.user,
            court: &self.room.profile,
            officers: &self.room.roster(),
            incidents: &incidents,
            alarms: &alarms,
        };
        join.outbox.push(self.room.wire.console(self.log.newest(), &welcome), now)
    }

    /// What a console missed that was here before; `None` when it must begin anew.
    fn resume(&self, join: &JoinConsole, now: UnixMillis) -> Option<Pushed> {
        let (run, after) = join.after?;
        if run != self.room.lanes.run() {
            return None;
        }
        let missed = self.log.since(after, &join.audiences)?;
        for frame in missed {
            join.outbox.push(frame, now);
        }
        // All of them: whom it was not told of for its view is not known any more, and a page may still
        // show somebody in its box who left it long ago. A line is a few bytes. They come behind the
        // news, because an officer's entry there may be older.
        self.tell_lines(&join.outbox, join.binary, self.lines.all(), now);
        let resumed = ConsoleNote::Resumed { now, run };
        Some(join.outbox.push(self.room.wire.console(self.log.newest(), &resumed), now))
    }

    fn look(&mut self, outbox: &Outbox, view: Option<View>) {
        let now = self.room.now();
        let Some(at) = self.consoles.iter().position(|c| c.outbox.same_socket(outbox)) else {
            return; // It has been left behind.
        };
        let Some(console) = self.consoles.get_mut(at) else { return };
        let lines = match (console.eye.take(), view) {
            (None, view) => {
                console.eye = view.map(|view| Eye::new(view, now));
                return; // It was told everything so far.
            }
            (Some(eye), None) => self.lines.of(&eye.untold()),
            (Some(mut eye), Some(view)) => {
                eye.look(view);
                let lines = self.lines.of(&eye.wants(now).collect());
                let chosen = eye.choose(&lines, now);
                console.eye = Some(eye);
                chosen.iter().filter_map(|index| lines.get(*index).copied()).collect()
            }
        };
        let (outbox, binary) = (console.outbox.clone(), console.binary);
        self.tell_lines(&outbox, binary, lines, now);
    }
}

impl Actor for BoardActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        ctx.run_interval(TICK, |board, _| board.tick());
    }
}

impl Handler<Admitted<BoardNews>> for BoardActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<BoardNews>, _: &mut Self::Context) {
        match message.body {
            BoardNews::Officer(id) => {
                if let Some(entry) = self.room.roster_entry(id) {
                    self.tell(&ConsoleNote::Officer(&entry), None);
                }
            }
            BoardNews::Incident(view) => self.tell(&ConsoleNote::Incident(&view), None),
            BoardNews::Feed(line) => self.tell(&ConsoleNote::Event(&line), None),
            BoardNews::Alarm(alarm) => {
                self.tell(&ConsoleNote::Alarm(&alarm), Some(alarm.audience));
            }
            BoardNews::AlarmAcked { alarm, audience, by, at } => {
                self.tell(&ConsoleNote::AlarmAcked { alarm, by: &by, at }, Some(audience));
            }
        }
    }
}

impl Handler<Admitted<JoinConsole>> for BoardActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<JoinConsole>, _: &mut Self::Context) {
        let join = message.body;
        let now = self.room.now();
        let told = self.resume(&join, now).unwrap_or_else(|| self.welcome(&join, now));
        if told == Pushed::Queued {
            self.attended = now;
            let JoinConsole { outbox, audiences, binary, view, .. } = join;
            let eye = view.map(|view| Eye::new(view, now));
            self.consoles.push(Console { outbox, audiences, binary, eye });
        }
    }
}

impl Handler<Admitted<LookElsewhere>> for BoardActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<LookElsewhere>, _: &mut Self::Context) {
        let LookElsewhere { outbox, view } = message.body;
        self.look(&outbox, view);
    }
}

impl Handler<Admitted<ForgetNews>> for BoardActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<ForgetNews>, _: &mut Self::Context) {
        self.log.break_off();
    }
}

impl Handler<Admitted<FindAlarm>> for BoardActor {
    type Result = MessageResult<Admitted<FindAlarm>>;

    fn handle(&mut self, message: Admitted<FindAlarm>, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.room.shown.borrow().alarm(message.body.0))
    }
}

impl Handler<Admitted<Goodbye>> for BoardActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<Goodbye>, _: &mut Self::Context) {
        for console in self.consoles.drain(..) {
            console.outbox.close(CloseReason::GOING_DOWN);
        }
    }
}
