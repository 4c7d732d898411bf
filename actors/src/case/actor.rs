//! The actor.

use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use tiande_core::case::{Case, CaseEvent, CaseRefusal, CaseRows};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::nodes::NodeRefusal;
use tiande_core::time::UnixMillis;

use super::messages::{
    AskCase, CaseAnswer, CaseFault, LookAtCase, MomentsUpTo, OrderCase, RingAnswer, RingCase,
    SettleCase,
};
use crate::court::{CourtRoom, Known, Trail};
use crate::gate::Admitted;
use crate::limits::HOLD_MAX;
use crate::ports::journal::{Append, AppendFault, CaseChange, StreamAppend};
use crate::supervision::{ActorId, DeathNotice};

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
            if case.asked || !case.fall_asleep(ctx) {
                case.stay_awake(ctx);
            }
        });
    }

    /// Ends, unless it is in the middle of something or somebody has just sent a message.
    fn fall_asleep(&mut self, ctx: &mut Context<Self>) -> bool {
        let rests = self.held.is_none() && self.room.may_sleep(ActorId::Case(self.state.id));
        if rests {
            let (room, stream) = (Rc::clone(&self.room), self.stream());
            room.snapshot_before_sleep(stream, &self.state, self.seq, &mut self.trail);
            self.notice.retire();
            ctx.stop();
        }
        rests
    }

    fn append_of(&self, events: &[CaseEvent]) -> StreamAppend {
        StreamAppend {
            stream: self.stream(),
            expected_seq: self.seq,
            events: events.iter().cloned().map(Event::Case).collect(),
        }
    }

    /// A decision of this case alone, with what it changes in the rows of the sleeping case.
    fn decision(&self, events: &[CaseEvent], rows: CaseRows, at: UnixMillis, by: By) -> Append {
        let streams = if events.is_empty() { Vec::new() } else { vec![self.append_of(events)] };
        let calendar = self.room.rules.calendar().version().clone();
        let change = CaseChange { case: self.state.id, calendar, rows };
        Append {
            court: self.room.profile.id.clone(),
            at,
            by,
            why: None,
            streams,
            delivery: None,
            notices: Vec::new(),
            case: (!change.rows.is_empty()).then(|| Box::new(change)),
        }
    }

    /// Holds events until they are settled. Who asked may have died: then only the journal knows.
    fn hold(&mut self, events: Vec<CaseEvent>, ctx: &mut Context<Self>) {
        self.held = Some(events);
        let wait = Duration::from_millis(HOLD_MAX.0);
        self.hold_timer = Some(ctx.run_later(wait, |_, ctx| ctx.stop()));
    }

    fn commit(&mut self, events: &[CaseEvent]) {
        for event in events {
            self.state.apply(event);
            self.seq += 1;
            self.trail.note::<Case>(self.seq, event);
        }
        let (room, stream) = (Rc::clone(&self.room), self.stream());
        room.snapshot_when_due(stream, &self.state, self.seq, &mut self.trail);
        if let Some(rules) = room.rules.of(&self.state) {
            room.clocks.note(self.state.next(rules));
        }
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
        let (room, command) = (Rc::clone(&self.room), &message.body.command);
        let decided = match room.rules.for_command(&self.state, command) {
            Some(rules) => self.state.decide(command, room.court_now(), rules),
            None => Err(CaseRefusal::Node(NodeRefusal::Procedure)),
        };
        MessageResult(match decided {
            Err(refusal) => CaseAnswer::Refused(refusal),
            Ok(events) if events.is_empty() => CaseAnswer::Granted(None),
            Ok(events) => {
                let append = self.append_of(&events);
                self.hold(events, ctx);
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
        let written = message.body.written;
        drop(message); // Its place in the queue, too: nobody else may be there when it goes to sleep.
        match (self.held.take(), written) {
            (Some(events), Some(true)) => self.commit(&events),
            (Some(_), None) => return ctx.stop(),
            (Some(_), Some(false)) | (None, _) => {}
        }
        // Only its clock has woken it: a hundred thousand that ring together must not stay in memory.
        if !self.asked {
            self.fall_asleep(ctx);
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
        let room = Rc::clone(&self.room);
        let now = room.court_now();
        let Some(rules) = room.rules.for_command(&self.state, &command) else {
            let refusal = CaseRefusal::Node(NodeRefusal::Procedure);
            return done(Err(CaseFault::Refused(refusal)));
        };
        let events = match self.state.decide(&command, now, rules) {
            Ok(events) if events.is_empty() => return done(Ok(())),
            Ok(events) => events,
            Err(refusal) => return done(Err(CaseFault::Refused(refusal))),
        };
        let rows = self.state.rows(&events, rules);
        let append = self.decision(&events, rows, now, by);
        let write = room.journal.append(append).into_actor(self);
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

impl Handler<Admitted<MomentsUpTo>> for CaseActor {
    type Result = MessageResult<Admitted<MomentsUpTo>>;

    fn handle(&mut self, message: Admitted<MomentsUpTo>, _: &mut Self::Context) -> Self::Result {
        let rules = self.room.rules.of(&self.state);
        let moments = rules.map(|rules| self.state.moments(message.body.0, rules));
        MessageResult(moments.unwrap_or_default())
    }
}

impl Handler<Admitted<RingCase>> for CaseActor {
    type Result = MessageResult<Admitted<RingCase>>;

    fn handle(&mut self, message: Admitted<RingCase>, ctx: &mut Self::Context) -> Self::Result {
        if self.held.is_some() {
            return MessageResult(RingAnswer::Busy);
        }
        let RingCase { upto, now } = message.body;
        let room = Rc::clone(&self.room);
        let Some(rules) = room.rules.of(&self.state) else {
            return MessageResult(RingAnswer::NoRules);
        };
        let events = self.state.ring(upto, now, rules);
        // Nothing is due although its clock rang: the calendar is another since the clock was set.
        let rows = match events.as_slice() {
            [] => self.state.all_rows(rules),
            events => self.state.rows(events, rules),
        };
        let append = self.decision(&events, rows, now, By::System);
        self.hold(events, ctx);
        MessageResult(RingAnswer::Due(Box::new(append)))
    }
}
