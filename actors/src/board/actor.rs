//! The board's actor: numbers news, ticks once a second, and lets consoles in.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use metrics::gauge;
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::limits::{NEWS_FOR_ABSENT, NEWS_GATHERED_FOR};
use crate::outbox::{CloseReason, Outbox, Pushed};
use crate::ports::journal::{Audience, OpenAlarm};
use crate::views::ConsoleNote;

use super::console::{Console, Gathering};
use super::lines::{Lines, Tick};
use super::news::NewsLog;
use super::view::{Eye, Line, View};
use super::{BoardNews, FindAlarm, ForgetNews, Goodbye, JoinConsole, LookElsewhere};

/// How often consoles are told who moved.
const TICK: Duration = Duration::from_secs(1);

/// The board's actor.
pub struct BoardActor {
    room: Rc<CourtRoom>,
    consoles: Vec<Console>,
    log: NewsLog,
    lines: Lines,
    /// When there was a console last.
    attended: UnixMillis,
    /// Runs while news is gathered for somebody.
    gathering: bool,
}

impl BoardActor {
    pub(crate) fn new(room: Rc<CourtRoom>, alarms: Vec<OpenAlarm>) -> Self {
        room.shown.borrow_mut().begin(alarms);
        let attended = room.now();
        let (log, lines) = (NewsLog::default(), Lines::default());
        Self { room, consoles: Vec::new(), log, lines, attended, gathering: false }
    }

    /// Numbers news, keeps it for those who are away for a moment, and sends it to those whose it is; a
    /// console that is gone or does not read is left behind.
    fn tell(
        &mut self,
        note: &ConsoleNote<'_>,
        audience: Option<Audience>,
        ctx: &mut Context<Self>,
    ) {
        let (no, now) = (self.log.next(), self.room.now());
        if self.consoles.is_empty() && now.since(self.attended) > NEWS_FOR_ABSENT {
            self.log.break_off();
            return; // Nobody is there, and nobody will come back for it.
        }
        let frame = self.room.wire.console(no, note);
        self.consoles.retain_mut(|console| {
            !console.hears(audience) || console.tell(no, &frame, now) == Pushed::Queued
        });
        let stands = match note {
            ConsoleNote::Officer(entry) => Some(entry.id),
            _ => None,
        };
        let owed = self.consoles.iter().filter_map(|console| console.told).min();
        self.log.keep(no, frame, audience, stands, owed);
        if owed.is_some() && !self.gathering {
            self.gathering = true;
            self.tell_gathered_later(ctx);
        }
    }

    fn tell_gathered_later(&mut self, ctx: &mut Context<Self>) {
        ctx.run_later(Duration::from_millis(NEWS_GATHERED_FOR.0), |board, ctx| {
            board.tell_gathered(Console::has_room);
            board.gathering = board.consoles.iter().any(|console| console.told.is_some());
            if board.gathering {
                board.tell_gathered_later(ctx);
            }
        });
    }

    /// Tells these consoles what is gathered for them.
    fn tell_gathered(&mut self, whom: impl Fn(&Console) -> bool) {
        let now = self.room.now();
        let mut gathering = Gathering::new(self.room.wire.as_ref(), &self.log, now);
        self.consoles
            .retain_mut(|console| !whom(console) || gathering.tell(console) == Pushed::Queued);
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
        // How an officer stands is in a tick, too, and the newer one comes last.
        self.tell_gathered(|_| true);
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
        Gathering::new(self.room.wire.as_ref(), &self.log, now).tell(console);
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

    fn handle(&mut self, message: Admitted<BoardNews>, ctx: &mut Self::Context) {
        match message.body {
            BoardNews::Officer(id) => {
                if let Some(entry) = self.room.roster_entry(id) {
                    self.tell(&ConsoleNote::Officer(&entry), None, ctx);
                }
            }
            BoardNews::Incident(view) => self.tell(&ConsoleNote::Incident(&view), None, ctx),
            BoardNews::Feed(line) => self.tell(&ConsoleNote::Event(&line), None, ctx),
            BoardNews::Alarm(alarm) => {
                self.tell(&ConsoleNote::Alarm(&alarm), Some(alarm.audience), ctx);
            }
            BoardNews::AlarmAcked { alarm, audience, by, at } => {
                let note = ConsoleNote::AlarmAcked { alarm, by: &by, at };
                self.tell(&note, Some(audience), ctx);
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
            self.consoles.push(Console { outbox, audiences, binary, eye, told: None });
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
        // Those who are here have as good as been told.
        self.tell_gathered(|_| true);
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
