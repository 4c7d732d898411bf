//! The actor's shell: holds, settles, commits.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use tiande_core::dispatch::Glance;
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::officer::{
    Duty, DutyChange, Officer, OfficerCommand, OfficerEvent, OfficerRefusal, OfficerStatus, Stage,
};
use tiande_core::time::UnixMillis;
use tokio::sync::oneshot;

use crate::board::BoardNews;
use crate::court::{CourtRoom, Known, NEVER_HEARD, SharedSeat, Trail};
use crate::gate::Admitted;
use crate::limits::{HOLD_MAX, OFFICER_STASH};
use crate::ports::journal::{Append, AppendFault, StreamAppend};
use crate::supervision::DeathNotice;
use crate::views::FeedLine;

use super::messages::{
    AskForMany, AskOfficer, BriefOfficer, Card, CatchUp, OfficerAnswer, OfficerFault, OrderOfficer,
    SettleOfficer, Written,
};
use super::seat::Seat;

/// The answer to a command travels back through this.
type Reply = oneshot::Sender<Result<(), OfficerFault>>;

/// Events agreed to in a decision that is not durable yet.
struct Held {
    events: Vec<OfficerEvent>,
    /// When it is decided.
    at: UnixMillis,
    timer: SpawnHandle,
}

/// The officer's actor.
pub struct OfficerActor {
    pub(super) room: Rc<CourtRoom>,
    pub(super) state: Officer,
    seq: u64,
    trail: Trail,
    held: Option<Held>,
    stash: VecDeque<(OrderOfficer, Reply)>,
    /// Where positions are judged, and what the handheld is told of them.
    pub(super) seat: SharedSeat,
    pub(super) cards: BTreeMap<IncidentId, Card>,
    /// Commitments whose arrival the geofence has reported.
    pub(super) arrived: Vec<IncidentId>,
    pub(super) handheld_watch: Option<SpawnHandle>,
    _notice: DeathNotice,
}

impl OfficerActor {
    pub(crate) fn new(room: Rc<CourtRoom>, known: Known<Officer>, notice: DeathNotice) -> Self {
        let Known { state, seq, trail } = known;
        room.expect(&state);
        let seat = Rc::new(RefCell::new(Seat::new(&state, &room)));
        let number = seat.borrow().number;
        room.seats.borrow_mut().put(number, Rc::clone(&seat));
        Self {
            room,
            state,
            seq,
            trail,
            held: None,
            stash: VecDeque::new(),
            seat,
            cards: BTreeMap::new(),
            arrived: Vec::new(),
            handheld_watch: None,
            _notice: notice,
        }
    }

    pub(super) fn id(&self) -> OfficerId {
        self.state.id
    }

    /// Shows the others how this officer stands.
    pub(crate) fn show(&self) {
        if !self.state.registered {
            return; // Nobody yet: the registration is not durable, and may never be.
        }
        self.room.set_glance(Glance {
            officer: self.state.clone(),
            fix: self.seat.borrow().known(),
            busy: self.held.is_some(),
        });
    }

    /// Lets the seat know how the officer stands, and where the officer is to arrive.
    pub(super) fn tell_seat(&self) {
        let ahead = self.state.commitments.iter().filter(|bound| {
            bound.stage < Stage::OnScene && !self.arrived.contains(&bound.incident)
        });
        let place = |incident| Some(self.cards.get(&incident)?.brief.place?.at);
        let goals = ahead.filter_map(|bound| Some((bound.incident, place(bound.incident)?)));
        self.seat.borrow_mut().follow(&self.state, goals.collect());
    }

    fn hold(
        &mut self,
        events: Vec<OfficerEvent>,
        at: UnixMillis,
        ctx: &mut Context<Self>,
    ) -> StreamAppend {
        let append = StreamAppend {
            stream: StreamId::Officer(self.id()),
            expected_seq: self.seq,
            events: events.iter().cloned().map(Event::Officer).collect(),
        };
        // Whoever holds may die with the answer in its hands: then only the journal knows.
        let timer = ctx.run_later(Duration::from_millis(HOLD_MAX.0), |_, ctx| ctx.stop());
        self.held = Some(Held { events, at, timer });
        self.show();
        append
    }

    fn settle(&mut self, written: Written, card: Option<Card>, ctx: &mut Context<Self>) {
        if let Some(card) = card {
            self.cards.insert(card.incident, card);
            self.tell_seat();
        }
        let Some(held) = self.held.take() else { return };
        ctx.cancel_future(held.timer);
        match written {
            Written::Yes => self.commit(&held.events, held.at),
            Written::No => self.show(),
            Written::Unknown => {
                ctx.stop();
                return;
            }
        }
        // A command that changes nothing holds nothing: the next one's turn comes at once.
        while self.held.is_none() {
            let Some((order, reply)) = self.stash.pop_front() else { break };
            self.begin(order, reply, ctx);
        }
    }

    /// Takes durable events into the state and lets the world know.
    fn commit(&mut self, events: &[OfficerEvent], at: UnixMillis) {
        let was = self.state.status();
        for event in events {
            self.state.apply(event, at);
            self.seq += 1;
            self.trail.note::<Officer>(self.seq, event);
        }
        if events.iter().any(|event| matches!(event, OfficerEvent::Registered { .. })) {
            self.open_to_gateways();
        }
        self.snapshot();
        if self.state.duty == Duty::Off {
            self.seat.borrow_mut().filter.forget();
            self.room.index.borrow_mut().remove(self.id());
        }
        self.show();
        let bound: Vec<IncidentId> = self.state.commitments.iter().map(|c| c.incident).collect();
        self.arrived.retain(|incident| bound.contains(incident));
        self.tell_seat();
        if events.iter().all(|event| matches!(event, OfficerEvent::TrackRead { .. })) {
            return; // Nothing of the officer has changed.
        }
        self.tell_handheld(events);
        let offered = self.state.offer.map(|o| o.incident);
        self.cards.retain(|incident, _| bound.contains(incident) || offered == Some(*incident));
        self.tell_board(events);
        let is = self.state.status();
        if is == OfficerStatus::Available && was != is {
            self.room.somebody_is_free();
        }
    }

    fn snapshot(&mut self) {
        let stream = StreamId::Officer(self.id());
        self.room.snapshot_when_due(stream, &self.state, self.seq, &mut self.trail);
    }

    fn tell_board(&self, events: &[OfficerEvent]) {
        self.room.publish(BoardNews::Officer(self.id()));
        for event in events {
            let kind = match event {
                OfficerEvent::WentOnDuty { .. } => "officer.went_on_duty",
                OfficerEvent::WentOffDuty { .. } => "officer.went_off_duty",
                OfficerEvent::BreakStarted {} => "officer.break_started",
                OfficerEvent::BreakEnded {} => "officer.break_ended",
                OfficerEvent::ContactLost { .. } => "officer.contact_lost",
                OfficerEvent::ContactRegained {} => "officer.contact_regained",
                // The incident tells of these.
                OfficerEvent::Registered { .. }
                | OfficerEvent::Offered { .. }
                | OfficerEvent::OfferClosed { .. }
                | OfficerEvent::Committed { .. }
                | OfficerEvent::StageReached { .. }
                | OfficerEvent::WelfareAsked { .. }
                | OfficerEvent::WelfareAnswered { .. }
                | OfficerEvent::Released { .. }
                | OfficerEvent::SosRaised { .. }
                | OfficerEvent::SosEnded { .. }
                | OfficerEvent::TrackRead { .. } => continue,
            };
            self.room.publish(BoardNews::Feed(FeedLine {
                at: self.room.now(),
                kind: kind.to_owned(),
                incident: None,
                officer: Some(self.id()),
                title: self.state.name.clone(),
            }));
        }
    }

    /// What a command leads to. Who is ordered on duty and was not heard of lately cannot be reached, and
    /// must not be asked to go anywhere: that is a part of the same decision.
    fn decide(&self, command: &OfficerCommand) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
        let mut events = self.state.decide(command)?;
        let (now, heard) = (self.room.now(), self.room.last_heard(self.id()));
        let silent = now.since(heard).0 > self.room.profile.dispatch.contact_lost_after_ms;
        let ordered = OfficerEvent::WentOnDuty { how: DutyChange::Ordered };
        if silent && events.contains(&ordered) {
            let mut next = self.state.clone();
            events.iter().for_each(|event| next.apply(event, now));
            let last_heard = if heard == NEVER_HEARD { now } else { heard };
            events.extend(next.decide(&OfficerCommand::LoseContact { last_heard })?);
        }
        Ok(events)
    }

    fn begin(&mut self, order: OrderOfficer, reply: Reply, ctx: &mut Context<Self>) {
        let events = match self.decide(&order.command) {
            Ok(events) => events,
            Err(refusal) => {
                reply.send(Err(OfficerFault::Refused(refusal))).ok();
                return;
            }
        };
        if events.is_empty() {
            reply.send(Ok(())).ok();
            return;
        }
        let by_geofence =
            matches!(order.command, OfficerCommand::GoOnDuty { how: DutyChange::Geofence });
        let at = self.room.now();
        let append = Append {
            court: self.room.profile.id.clone(),
            at,
            by: order.by,
            why: None,
            streams: vec![self.hold(events, at, ctx)],
            delivery: None,
            notices: Vec::new(),
            case: None,
        };
        let write = self.room.journal.append(append).into_actor(self);
        ctx.spawn(write.map(move |written, actor, ctx| {
            let (how, answer) = match written {
                Ok(_) => (Written::Yes, Ok(())),
                Err(fault) => (after(&fault), Err(OfficerFault::Append(fault))),
            };
            actor.settle(how, None, ctx);
            if by_geofence && how == Written::Yes {
                actor.notice("on_duty_by_geofence");
            }
            reply.send(answer).ok(); // The caller may have gone; the decision stands all the same.
        }));
    }

    /// Begins a command, or puts it off while another decision is in flight.
    pub(super) fn order(&mut self, order: OrderOfficer, reply: Reply, ctx: &mut Context<Self>) {
        if self.held.is_none() {
            self.begin(order, reply, ctx);
        } else if self.stash.len() < OFFICER_STASH {
            self.stash.push_back((order, reply));
        } else {
            reply.send(Err(OfficerFault::Overloaded)).ok();
        }
    }

    /// Begins a command of the rules themselves; nobody waits for its answer.
    pub(super) fn order_by_rule(&mut self, command: OfficerCommand, ctx: &mut Context<Self>) {
        let (reply, _nobody) = oneshot::channel();
        self.order(OrderOfficer { command, by: By::System }, reply, ctx);
    }
}

/// What a failed append means for the state that was to change with it.
pub(crate) fn after(fault: &AppendFault) -> Written {
    match fault {
        // A conflict means that this actor's own idea of the stream is wrong.
        AppendFault::Unknown | AppendFault::Conflict { .. } => Written::Unknown,
        AppendFault::DuplicateDelivery
        | AppendFault::Violates(_)
        | AppendFault::Unavailable
        | AppendFault::StorageFull => Written::No,
    }
}

impl Actor for OfficerActor {
    type Context = Context<Self>;

    fn started(&mut self, _: &mut Self::Context) {
        self.snapshot();
        if self.state.registered {
            self.open_to_gateways();
        }
        self.room.publish(BoardNews::Officer(self.id()));
    }
}

impl Drop for OfficerActor {
    fn drop(&mut self) {
        // The device comes back to the rebuilt actor. Whoever panicked with the seat in hand has let go of
        // it by now.
        if let Ok(mut seat) = self.seat.try_borrow_mut() {
            seat.close();
        }
    }
}

impl Handler<Admitted<AskOfficer>> for OfficerActor {
    type Result = MessageResult<Admitted<AskOfficer>>;

    fn handle(&mut self, message: Admitted<AskOfficer>, ctx: &mut Self::Context) -> Self::Result {
        let AskOfficer { parts, now } = &message.body;
        if self.held.is_some() {
            return MessageResult(OfficerAnswer::Busy);
        }
        let mut next = self.state.clone();
        let mut events = Vec::new();
        for part in parts {
            match next.decide_part(part, *now) {
                Ok(new) => {
                    new.iter().for_each(|event| next.apply(event, *now));
                    events.extend(new);
                }
                Err(refusal) => return MessageResult(OfficerAnswer::Refused(refusal)),
            }
        }
        if events.is_empty() {
            return MessageResult(OfficerAnswer::Granted(None));
        }
        let now = *now;
        MessageResult(OfficerAnswer::Granted(Some(self.hold(events, now, ctx))))
    }
}

impl Handler<Admitted<AskForMany>> for OfficerActor {
    type Result = MessageResult<Admitted<AskForMany>>;

    fn handle(&mut self, message: Admitted<AskForMany>, ctx: &mut Self::Context) -> Self::Result {
        let AskForMany { command, now } = message.body;
        if self.held.is_some() {
            return MessageResult(OfficerAnswer::Busy);
        }
        MessageResult(match self.decide(&command) {
            Ok(events) if events.is_empty() => OfficerAnswer::Granted(None),
            Ok(events) => OfficerAnswer::Granted(Some(self.hold(events, now, ctx))),
            Err(refusal) => OfficerAnswer::Refused(refusal),
        })
    }
}

impl Handler<Admitted<SettleOfficer>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<SettleOfficer>, ctx: &mut Self::Context) {
        let SettleOfficer { written, card } = message.body;
        self.settle(written, card, ctx);
    }
}

impl Handler<Admitted<CatchUp>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<CatchUp>, ctx: &mut Self::Context) {
        // Who holds something finds out by the conflict that it runs into.
        if self.held.is_none() && self.seq < message.body.seq {
            ctx.stop();
        }
    }
}

impl Handler<Admitted<BriefOfficer>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<BriefOfficer>, _: &mut Self::Context) {
        let card = message.body.card;
        let concerns = self.state.commitment(card.incident).is_some()
            || self.state.offer.is_some_and(|o| o.incident == card.incident);
        if concerns {
            let mut card = card;
            if let Some(old) = self.cards.get(&card.incident) {
                card.distance_m = card.distance_m.or(old.distance_m);
                card.sent_at = card.sent_at.or(old.sent_at);
            }
            self.cards.insert(card.incident, card);
            self.tell_seat();
            self.tell_state();
        }
    }
}

impl Handler<Admitted<OrderOfficer>> for OfficerActor {
    type Result = ResponseFuture<Result<(), OfficerFault>>;

    fn handle(&mut self, message: Admitted<OrderOfficer>, ctx: &mut Self::Context) -> Self::Result {
        let (reply, answer) = oneshot::channel();
        self.order(message.body, reply, ctx);
        // A dropped sender means that the actor died with the command in its hands.
        Box::pin(
            async move { answer.await.unwrap_or(Err(OfficerFault::Append(AppendFault::Unknown))) },
        )
    }
}
