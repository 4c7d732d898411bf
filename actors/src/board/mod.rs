//! The board of a court: what all its consoles see. Encodes each note once, however many listen.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use bytestring::ByteString;
use metrics::gauge;
use tiande_core::ids::{AlarmId, IncidentId, OfficerId};
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::outbox::{CloseReason, Outbox, Pushed};
use crate::ports::journal::{Audience, OpenAlarm};
use crate::views::{ConsoleNote, FeedLine, IncidentView};

/// How often consoles are told who moved.
const TICK: Duration = Duration::from_secs(1);

/// Something that consoles are told.
#[derive(Debug, Clone, Message)]
#[rtype(result = "()")]
pub enum BoardNews {
    /// An officer joined or changed state.
    Officer(OfficerId),
    /// An incident is new or changed.
    Incident(Arc<IncidentView>),
    /// A line for the feed.
    Feed(FeedLine),
    /// Somebody must take note.
    Alarm(OpenAlarm),
    /// Somebody has.
    AlarmAcked {
        /// Of which.
        alarm: AlarmId,
        /// Who.
        by: String,
        /// When.
        at: UnixMillis,
    },
}

/// A console has come in: it gets everything, then what changes.
#[derive(Message)]
#[rtype(result = "()")]
pub struct JoinConsole {
    /// Where its frames go.
    pub outbox: Outbox,
    /// Whose it is.
    pub user: String,
    /// Whose alarms it shows.
    pub audiences: Vec<Audience>,
}

/// Asks for an alarm that nobody has acknowledged.
#[derive(Message)]
#[rtype(result = "Option<OpenAlarm>")]
pub struct FindAlarm(pub AlarmId);

struct Console {
    outbox: Outbox,
    audiences: Vec<Audience>,
}

/// The board's actor.
pub struct BoardActor {
    room: Rc<CourtRoom>,
    consoles: Vec<Console>,
}

/// Open incidents and alarms as they are shown. Kept in the room and not in the board's mailbox, so
/// that it is whole also when news had to be dropped.
#[derive(Default)]
pub(crate) struct Shown {
    incidents: BTreeMap<IncidentId, Arc<IncidentView>>,
    alarms: BTreeMap<AlarmId, OpenAlarm>,
}

impl Shown {
    /// True when consoles show this incident as open.
    pub(crate) fn has_incident(&self, incident: IncidentId) -> bool {
        self.incidents.contains_key(&incident)
    }

    /// Alarms about this incident that consoles show.
    pub(crate) fn alarms_about(&self, incident: IncidentId) -> Vec<AlarmId> {
        let about = |alarm: &&OpenAlarm| alarm.incident == Some(incident);
        self.alarms.values().filter(about).map(|alarm| alarm.alarm).collect()
    }

    /// Takes news in.
    pub(crate) fn take(&mut self, news: &BoardNews) {
        match news {
            BoardNews::Officer(_) | BoardNews::Feed(_) => {}
            BoardNews::Incident(view) if view.closed_at.is_some() => {
                self.incidents.remove(&view.brief.id);
                self.alarms.retain(|_, alarm| alarm.incident != Some(view.brief.id));
            }
            BoardNews::Incident(view) => {
                self.incidents.insert(view.brief.id, Arc::clone(view));
            }
            BoardNews::Alarm(alarm) => {
                self.alarms.insert(alarm.alarm, alarm.clone());
            }
            BoardNews::AlarmAcked { alarm, .. } => {
                self.alarms.remove(alarm);
            }
        }
    }
}

impl BoardActor {
    pub(crate) fn new(room: Rc<CourtRoom>, alarms: Vec<OpenAlarm>) -> Self {
        let alarms = alarms.into_iter().map(|alarm| (alarm.alarm, alarm));
        room.shown.borrow_mut().alarms.extend(alarms);
        Self { room, consoles: Vec::new() }
    }

    fn broadcast(&mut self, note: &ConsoleNote<'_>) {
        if !self.consoles.is_empty() {
            let frame = self.room.wire.console(note);
            self.send(&frame, |_| true);
        }
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
            for console in self.consoles.drain(..) {
                console.outbox.close(CloseReason::RESTART);
            }
        }
        self.consoles
            .retain(|console| !console.outbox.close_if_stalled(now) && !console.outbox.is_closed());
        gauge!("tiande_consoles", "court" => self.room.profile.id.to_string())
            .set(self.consoles.len() as f64);
        if !moved.is_empty() {
            self.broadcast(&ConsoleNote::Tick { now, moved: &moved });
        }
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
                    self.broadcast(&ConsoleNote::Officer(&entry));
                }
            }
            BoardNews::Incident(view) => self.broadcast(&ConsoleNote::Incident(&view)),
            BoardNews::Feed(line) => self.broadcast(&ConsoleNote::Event(&line)),
            BoardNews::Alarm(alarm) => {
                let audience = alarm.audience;
                let frame = self.room.wire.console(&ConsoleNote::Alarm(&alarm));
                self.send(&frame, |console| console.audiences.contains(&audience));
            }
            BoardNews::AlarmAcked { alarm, by, at } => {
                self.broadcast(&ConsoleNote::AlarmAcked { alarm, by: &by, at });
            }
        }
    }
}

impl Handler<Admitted<JoinConsole>> for BoardActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<JoinConsole>, _: &mut Self::Context) {
        let JoinConsole { outbox, user, audiences } = message.body;
        let (incidents, alarms): (Vec<_>, Vec<_>) = {
            let shown = self.room.shown.borrow();
            let alarms = shown.alarms.values().filter(|a| audiences.contains(&a.audience));
            (shown.incidents.values().cloned().collect(), alarms.cloned().collect())
        };
        let now = self.room.now();
        let frame = self.room.wire.console(&ConsoleNote::Welcome {
            now,
            user: &user,
            court: &self.room.profile,
            officers: &self.room.roster(),
            incidents: &incidents,
            alarms: &alarms,
        });
        if outbox.push(frame, now) == Pushed::Queued {
            self.consoles.push(Console { outbox, audiences });
        }
    }
}

impl Handler<Admitted<FindAlarm>> for BoardActor {
    type Result = MessageResult<Admitted<FindAlarm>>;

    fn handle(&mut self, message: Admitted<FindAlarm>, _: &mut Self::Context) -> Self::Result {
        MessageResult(self.room.shown.borrow().alarms.get(&message.body.0).cloned())
    }
}

/// The server goes down: consoles are told.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct Goodbye;

impl Handler<Admitted<Goodbye>> for BoardActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<Goodbye>, _: &mut Self::Context) {
        for console in self.consoles.drain(..) {
            console.outbox.close(CloseReason::GOING_DOWN);
        }
    }
}
