//! The case's actor: holds number, parties and linked incidents; grants its part in an incident's
//! decision. Asleep until somebody asks, and again when nobody has for a while. Its clocks come later.

use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use tiande_core::case::{Case, CaseCommand, CaseEvent, CaseRefusal};
use tiande_core::journal::{By, Event, StreamId};

use crate::court::{CourtRoom, Known, Trail};
use crate::gate::Admitted;
use crate::limits::HOLD_MAX;
use crate::ports::journal::{Append, AppendFault, StreamAppend};
use crate::supervision::{ActorId, DeathNotice};

/// Asks a case for its part in somebody else's decision.
#[derive(Debug, Message)]
#[rtype(result = "CaseAnswer")]
pub struct AskCase {
    /// What it is to do.
    pub command: CaseCommand,
}

/// What the case says.
#[derive(Debug)]
pub enum CaseAnswer {
    /// Agreed. Held until settled, when there is something to append.
    Granted(Option<StreamAppend>),
    /// In the middle of another decision.
    Busy,
    /// The rules say no.
    Refused(CaseRefusal),
}

/// The decision the case agreed to is durable, or is not.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SettleCase {
    /// `Some(true)`: durable. `Some(false)`: nothing was written. `None`: not known.
    pub written: Option<bool>,
}

/// A command to the case alone.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CaseFault>")]
pub struct OrderCase {
    /// What.
    pub command: CaseCommand,
    /// Who wants it.
    pub by: By,
}

/// Why a command to a case failed.
#[derive(Debug, Clone)]
pub enum CaseFault {
    /// The rules say no.
    Refused(CaseRefusal),
    /// The journal does.
    Append(AppendFault),
    /// In the middle of another decision.
    Busy,
}

/// Asks how the case stands.
#[derive(Debug, Message)]
#[rtype(result = "Box<Case>")]
pub struct LookAtCase;

/// The case's actor.
pub struct CaseActor {
    room: Rc<CourtRoom>,
    state: Case,
    seq: u64,
    trail: Trail,
    held: Option<Vec<CaseEvent>>,
    hold_timer: Option<SpawnHandle>,
    /// Somebody has asked since the last look.
    asked: bool,
    notice: DeathNotice,
}

impl CaseActor {
    pub(crate) fn new(room: Rc<CourtRoom>, known: Known<Case>, notice: DeathNotice) -> Self {
        let Known { state, seq, trail } = known;
        Self { room, state, seq, trail, held: None, hold_timer: None, asked: false, notice }
    }

    fn stream(&self) -> StreamId {
        StreamId::Case(self.state.id)
    }

    /// Looks again later whether it may sleep: after one to two times the idle span.
    fn stay_awake(&mut self, ctx: &mut Context<Self>) {
        self.asked = false;
        ctx.run_later(Duration::from_millis(self.room.idle.case.0), |case, ctx| {
            let busy = case.asked || case.held.is_some();
            if busy || !case.room.may_sleep(ActorId::Case(case.state.id)) {
                return case.stay_awake(ctx);
            }
            let (room, stream) = (Rc::clone(&case.room), case.stream());
            room.snapshot_before_sleep(stream, &case.state, case.seq, &mut case.trail);
            case.notice.retire();
            ctx.stop();
        });
    }

    fn append_of(&self, events: &[CaseEvent]) -> StreamAppend {
        StreamAppend {
            stream: self.stream(),
            expected_seq: self.seq,
            events: events.iter().cloned().map(Event::Case).collect(),
        }
    }

    fn commit(&mut self, events: &[CaseEvent]) {
        for event in events {
            self.state.apply(event);
            self.seq += 1;
            self.trail.note::<Case>(self.seq, event);
        }
        let (room, stream) = (Rc::clone(&self.room), self.stream());
        room.snapshot_when_due(stream, &self.state, self.seq, &mut self.trail);
    }
}

impl Actor for CaseActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.stay_awake(ctx);
    }
}

impl Handler<Admitted<AskCase>> for CaseActor {
    type Result = MessageResult<Admitted<AskCase>>;

    fn handle(&mut self, message: Admitted<AskCase>, ctx: &mut Self::Context) -> Self::Result {
        self.asked = true;
        if self.held.is_some() {
            return MessageResult(CaseAnswer::Busy);
        }
        MessageResult(match self.state.decide(&message.body.command) {
            Err(refusal) => CaseAnswer::Refused(refusal),
            Ok(events) if events.is_empty() => CaseAnswer::Granted(None),
            Ok(events) => {
                let append = self.append_of(&events);
                self.held = Some(events);
                // Who asked may have died: then only the journal knows.
                let wait = Duration::from_millis(HOLD_MAX.0);
                self.hold_timer = Some(ctx.run_later(wait, |_, ctx| ctx.stop()));
                CaseAnswer::Granted(Some(append))
            }
        })
    }
}

impl Handler<Admitted<SettleCase>> for CaseActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<SettleCase>, ctx: &mut Self::Context) {
        if let Some(timer) = self.hold_timer.take() {
            ctx.cancel_future(timer);
        }
        match (self.held.take(), message.body.written) {
            (Some(events), Some(true)) => self.commit(&events),
            (Some(_), None) => ctx.stop(),
            (Some(_), Some(false)) | (None, _) => {}
        }
    }
}

impl Handler<Admitted<OrderCase>> for CaseActor {
    type Result = AtomicResponse<Self, Result<(), CaseFault>>;

    fn handle(&mut self, message: Admitted<OrderCase>, _: &mut Self::Context) -> Self::Result {
        self.asked = true;
        let OrderCase { command, by } = message.body;
        let done = |result| AtomicResponse::new(Box::pin(fut::ready(result)));
        if self.held.is_some() {
            return done(Err(CaseFault::Busy));
        }
        let events = match self.state.decide(&command) {
            Ok(events) if events.is_empty() => return done(Ok(())),
            Ok(events) => events,
            Err(refusal) => return done(Err(CaseFault::Refused(refusal))),
        };
        let append = Append {
            court: self.room.profile.id.clone(),
            at: self.room.now(),
            by,
            why: None,
            streams: vec![self.append_of(&events)],
            delivery: None,
            notices: Vec::new(),
        };
        let write = self.room.journal.append(append).into_actor(self);
        AtomicResponse::new(Box::pin(write.map(move |written, actor, ctx| match written {
            Ok(_) => {
                actor.commit(&events);
                Ok(())
            }
            Err(fault) => {
                if matches!(fault, AppendFault::Unknown | AppendFault::Conflict { .. }) {
                    ctx.stop();
                }
                Err(CaseFault::Append(fault))
            }
        })))
    }
}

impl Handler<Admitted<LookAtCase>> for CaseActor {
    type Result = MessageResult<Admitted<LookAtCase>>;

    fn handle(&mut self, _: Admitted<LookAtCase>, _: &mut Self::Context) -> Self::Result {
        self.asked = true;
        MessageResult(Box::new(self.state.clone()))
    }
}
