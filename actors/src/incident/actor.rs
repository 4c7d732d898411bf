//! The actor's shell: one decision at a time, and the clock.

use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use metrics::counter;
use tiande_core::dispatch::Planner;
use tiande_core::ids::{AlarmId, OfficerId};
use tiande_core::incident::{Incident, IncidentCommand, IncidentEvent};
use tiande_core::journal::{By, StreamId};
use tiande_core::nodes::Rulebook;
use tiande_core::procedure::NodeCode;
use tiande_core::time::{Millis, UnixMillis};
use tracing::warn;

use crate::board::BoardNews;
use crate::court::{CourtRoom, Known, Trail};
use crate::gate::Admitted;
use crate::limits::{CLOCK_RETRY, MERGES_SHOWN_EVERY, SEARCH_AGAIN};
use crate::officer::BriefOfficer;
use crate::supervision::{ActorId, DeathNotice};
use crate::views::DecisionView;

use super::gather::card_for;
use super::link::link_afterwards;
use super::messages::{
    Beside, BriefAgain, IncidentDone, IncidentFault, LookAtIncident, Nudge, OrderIncident,
    SeenIncident,
};
use super::show::{brief_of, decision_view, feed_line, view_of, whole_view_of};
use super::transact::{Step, Transacted, alarms_of, lost_track, transact};

/// How many candidates a dispatcher is shown: the keys 1 to 9.
const CANDIDATES_SHOWN: usize = 9;

/// The incident's actor.
pub struct IncidentActor {
    room: Rc<CourtRoom>,
    state: Incident,
    seq: u64,
    trail: Trail,
    alarm_clock: Option<SpawnHandle>,
    /// When a clock of the emergency rings next, as of the last winding up.
    next_clock: Option<UnixMillis>,
    look_again: Option<SpawnHandle>,
    idle: Option<SpawnHandle>,
    /// Runs while what merged tips change was shown a moment ago; true when more has come since.
    merges_shown: Option<SpawnHandle>,
    merges_to_show: bool,
    notice: DeathNotice,
}

impl IncidentActor {
    pub(crate) fn new(room: Rc<CourtRoom>, known: Known<Incident>, notice: DeathNotice) -> Self {
        let Known { state, seq, trail } = known;
        Self {
            room,
            state,
            seq,
            trail,
            alarm_clock: None,
            next_clock: None,
            look_again: None,
            idle: None,
            merges_shown: None,
            merges_to_show: false,
            notice,
        }
    }

    /// What a decision is made from.
    pub(super) fn at_hand(&self) -> (Rc<CourtRoom>, Incident, u64) {
        (Rc::clone(&self.room), self.state.clone(), self.seq)
    }

    fn to_ask(&self) -> bool {
        // One seat open and nobody weighing it is what keeps an incident looking; the extra ones
        // beyond the seats are asked when a round is made anyway.
        self.state.to_ask(0) > 0
    }

    /// Sets all timers to what the state says.
    fn wind_up(&mut self, ctx: &mut Context<Self>) {
        for handle in [&mut self.alarm_clock, &mut self.look_again] {
            if let Some(handle) = handle.take() {
                ctx.cancel_future(handle);
            }
        }
        let now = self.room.now();
        let rule = self.state.next_due(self.room.profile.dispatch.patience());
        self.next_clock = self.rules().and_then(|rules| self.state.next_clock(rules));
        let clock = self.next_clock.map(|due| due.since(now));
        if let Some(wait) = rule.map(|due| due.since(now)).into_iter().chain(clock).min() {
            self.alarm_clock = Some(ctx.run_later(span(wait), Self::tick));
        }
        // Before the opening is durable it stands there as its tip told it.
        if self.state.opened.is_some() {
            self.room.open_tips.borrow_mut().note(&self.state, &self.room.profile.merge);
        }
        let looks = self.to_ask();
        self.room.note_waiting(&self.state, looks);
        if looks {
            self.look_again = Some(ctx.run_later(span(SEARCH_AGAIN), Self::search_again));
        }
        self.stay_awake(ctx);
    }

    /// Looks again without having been woken, when others have not just used up the pace for that.
    fn search_again(&mut self, ctx: &mut Context<Self>) {
        if self.room.searches.take() {
            self.by_rule(Step::Search, ctx);
        } else {
            self.look_again = Some(ctx.run_later(span(SEARCH_AGAIN), Self::search_again));
        }
    }

    /// True when nothing happens to it by itself: it is over, or waits for a dispatcher, and nobody is asked
    /// or sent.
    fn rests(&self) -> bool {
        let state = &self.state;
        let over = state.closed.is_some() || state.opened.is_none();
        let patience = self.room.profile.dispatch.patience();
        let waits = || {
            let nothing_due = state.next_due(patience).is_none() && self.next_clock.is_none();
            state.crew.is_empty() && nothing_due
        };
        over || (waits() && !self.to_ask() && self.merges_shown.is_none())
    }

    /// Somebody has use for this actor: when it rests, its sleep is put off. Being looked at touches no other
    /// timer; otherwise a screen that looks often would stop the search.
    fn stay_awake(&mut self, ctx: &mut Context<Self>) {
        if let Some(handle) = self.idle.take() {
            ctx.cancel_future(handle);
        }
        if self.rests() {
            self.idle = Some(ctx.run_later(span(self.room.idle.incident), Self::fall_asleep));
        }
    }

    fn stream(&self) -> StreamId {
        StreamId::Incident(self.state.id)
    }

    /// Ends, unless somebody has just sent a message: then that comes first, and sleep later.
    fn fall_asleep(&mut self, ctx: &mut Context<Self>) {
        if !self.rests() || !self.room.may_sleep(ActorId::Incident(self.state.id)) {
            return self.wind_up(ctx);
        }
        let (room, stream) = (Rc::clone(&self.room), self.stream());
        room.snapshot_before_sleep(stream, &self.state, self.seq, &mut self.trail);
        self.notice.retire();
        ctx.stop();
    }

    /// The rules of its clocks; `None` when none run on it.
    fn rules(&self) -> Option<Rulebook<'_>> {
        let version = self.state.opened.as_ref()?.procedure.as_ref()?;
        self.room.rules.version(version)
    }

    fn tick(&mut self, ctx: &mut Context<Self>) {
        let rung = self.rules().map_or_else(Vec::new, |rules| {
            let mut ids = self.room.ids.borrow_mut();
            self.state.ringing(self.room.now(), rules, ids.as_mut())
        });
        if !rung.is_empty() {
            return self.by_rule(Step::Command(IncidentCommand::RingClocks { rung }), ctx);
        }
        let alarm = self.room.new_id(AlarmId::new);
        let patience = self.room.profile.dispatch.patience();
        self.by_rule(Step::Command(IncidentCommand::Tick { alarm, patience }), ctx);
    }

    /// A decision of the rules themselves. Nothing else is handled until it is durable.
    fn by_rule(&mut self, step: Step, ctx: &mut Context<Self>) {
        let room = Rc::clone(&self.room);
        let state = self.state.clone();
        let work = transact(room, state, self.seq, step, By::System, None, Beside::default());
        ctx.wait(work.into_actor(self).map(|done, actor, ctx| {
            if let Err(fault) = actor.settle(done, ctx) {
                counter!("tiande_incident_clock_retries_total").increment(1);
                warn!(incident = %actor.state.id, ?fault, "a decision of the clock was put off");
                if let Some(handle) = actor.alarm_clock.take() {
                    ctx.cancel_future(handle);
                }
                actor.alarm_clock = Some(ctx.run_later(span(CLOCK_RETRY), Self::tick));
            }
        }));
    }

    /// Takes a durable decision into the state and lets the world know.
    pub(super) fn settle(
        &mut self,
        done: Result<Transacted, IncidentFault>,
        ctx: &mut Context<Self>,
    ) -> Result<(), IncidentFault> {
        match done {
            Ok(done) => {
                let changed = !done.events.is_empty();
                let steps = self.state.steps;
                for (seq, event) in (self.seq + 1..).zip(&done.events) {
                    self.trail.note::<Incident>(seq, event);
                }
                self.state = done.incident;
                self.seq = done.seq;
                let (room, stream) = (Rc::clone(&self.room), self.stream());
                room.snapshot_when_due(stream, &self.state, self.seq, &mut self.trail);
                if changed {
                    self.tell(&done.events, done.at, ctx);
                }
                let case = self.state.opened.as_ref().and_then(|opened| opened.case);
                if let Some(case) = case.filter(|_| self.state.steps != steps) {
                    link_afterwards(&self.room, case, self.state.id, self.steps_to_tell());
                }
                self.wind_up(ctx);
                Ok(())
            }
            Err(fault) => {
                if lost_track(&fault) {
                    ctx.stop(); // The desk rebuilds this actor from the journal.
                } else if self.state.opened.is_none() {
                    self.fall_asleep(ctx); // It never came into being.
                } else {
                    self.wind_up(ctx);
                }
                Err(fault)
            }
        }
    }

    /// Takes what the journal says in place of what it holds: what is forgotten is gone from here, too.
    pub(super) fn hold(&mut self, known: Known<Incident>, ctx: &mut Context<Self>) {
        let Known { state, seq, trail } = known;
        (self.state, self.seq, self.trail) = (state, seq, trail);
        // With the words that it was compared by.
        self.room.open_tips.borrow_mut().remove(self.state.id);
        self.show_again();
        self.brief_officers();
        self.wind_up(ctx);
    }

    /// Steps that its case is to know of; none of a drill, of which no applicant is ever told.
    fn steps_to_tell(&self) -> Vec<(NodeCode, UnixMillis)> {
        let real = self.state.opened.as_ref().is_some_and(|opened| !opened.exercise);
        let rules = self.rules().filter(|_| real);
        rules.map(|rules| self.state.reached(rules)).unwrap_or_default()
    }

    fn tell(&mut self, events: &[IncidentEvent], at: UnixMillis, ctx: &mut Context<Self>) {
        for event in events {
            match event {
                IncidentEvent::OffersMade { offers, .. } => {
                    offers.iter().for_each(|o| self.room.remember_offer(o.offer, self.state.id));
                }
                IncidentEvent::Placed { .. } | IncidentEvent::TipSplit { .. } => {
                    self.brief_officers();
                }
                _ => {}
            }
            if let Some(line) = feed_line(&self.room, &self.state, event, at) {
                self.room.publish(BoardNews::Feed(line));
            }
        }
        if events.iter().all(|event| matches!(event, IncidentEvent::TipMerged(_))) {
            self.show_merges(ctx);
        } else if let Some(view) = view_of(&self.room, &self.state) {
            self.room.publish(BoardNews::Incident(view));
        }
        for alarm in alarms_of(&self.state, events, at) {
            self.room.publish(BoardNews::Alarm(alarm));
        }
    }

    /// Shows what merged tips have changed: the first at once, those that follow together. Otherwise a
    /// storm about one thing would close consoles and the crew's telephones.
    fn show_merges(&mut self, ctx: &mut Context<Self>) {
        if self.merges_shown.is_some() {
            self.merges_to_show = true;
            return;
        }
        self.merges_to_show = false;
        if let Some(view) = view_of(&self.room, &self.state) {
            self.room.publish(BoardNews::Incident(view));
        }
        self.brief_officers();
        self.merges_shown = Some(ctx.run_later(span(MERGES_SHOWN_EVERY), |actor, ctx| {
            actor.merges_shown = None;
            if actor.merges_to_show {
                actor.show_merges(ctx);
            }
            actor.stay_awake(ctx);
        }));
    }

    /// Tells everybody who weighs it or goes there what it is about.
    fn brief_officers(&self) {
        let asked = self.state.open_offers().map(|(_, offer)| offer.officer);
        let concerned: Vec<OfficerId> = asked.chain(self.state.crew.keys().copied()).collect();
        concerned.into_iter().for_each(|officer| self.brief(officer));
    }

    fn brief(&self, officer: OfficerId) {
        let Some(brief) = brief_of(&self.state) else { return };
        if let Some(gate) = self.room.officer(officer) {
            let card = card_for(officer, &brief, &self.state);
            // A full gate is an officer in trouble; the state goes out again on the next connect.
            gate.offer(BriefOfficer { card }).ok();
        }
    }

    /// A rebuilt actor shows what the consoles may have missed: the one before may have died between
    /// its append and telling of it. What is over and was never shown is not news, nor is what they show
    /// already: an actor that only slept.
    pub(crate) fn show_again(&self) {
        let Some(view) = view_of(&self.room, &self.state) else { return };
        let news = match self.room.shown.borrow().incident(self.state.id) {
            None => self.state.closed.is_none(),
            Some(shown) => **shown != *view,
        };
        if news {
            self.room.publish(BoardNews::Incident(view));
        }
    }

    fn candidates(&self) -> DecisionView {
        let room = &self.room;
        let now = room.now();
        let found = {
            let (index, glances) = (room.index.borrow(), room.glances.borrow());
            let busy = std::collections::BTreeSet::new();
            let court = &room.profile;
            Planner { court, index: &index, glances: &*glances, busy: &busy, now }
                .candidates(&self.state, CANDIDATES_SHOWN)
        };
        decision_view(room, &self.state, now, found.decision)
    }
}

fn span(wait: Millis) -> Duration {
    Duration::from_millis(wait.0)
}

impl Actor for IncidentActor {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if self.state.closed.is_none() {
            self.brief_officers();
            if let Some(case) = self.state.opened.as_ref().and_then(|opened| opened.case) {
                link_afterwards(&self.room, case, self.state.id, self.steps_to_tell());
            }
        }
        self.wind_up(ctx);
    }
}

impl Handler<Admitted<OrderIncident>> for IncidentActor {
    type Result = AtomicResponse<Self, Result<IncidentDone, IncidentFault>>;

    fn handle(&mut self, message: Admitted<OrderIncident>, _: &mut Self::Context) -> Self::Result {
        let OrderIncident { command, by, why, beside } = message.body;
        let room = Rc::clone(&self.room);
        let state = self.state.clone();
        let work = transact(room, state, self.seq, Step::Command(command), by, why, beside);
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|done, actor, ctx| {
            actor.settle(done, ctx)?;
            let view = view_of(&actor.room, &actor.state);
            let view = view
                .ok_or(IncidentFault::Refused(tiande_core::incident::IncidentRefusal::NotOpen))?;
            Ok(IncidentDone { view: Arc::clone(&view) })
        })))
    }
}

impl Handler<Admitted<Nudge>> for IncidentActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<Nudge>, ctx: &mut Self::Context) {
        if self.to_ask() {
            self.by_rule(Step::Search, ctx);
        }
    }
}

impl Handler<Admitted<BriefAgain>> for IncidentActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<BriefAgain>, ctx: &mut Self::Context) {
        let BriefAgain { officer, offer } = message.body;
        self.brief(officer);
        // Word of its end was lost: whoever still weighs an offer that is over is let go.
        let over = offer.filter(|id| self.state.open_offers().all(|(open, _)| open != *id));
        if let Some(offer) = over {
            let command = IncidentCommand::Decline { offer, officer, reason: None };
            self.by_rule(Step::Command(command), ctx);
        }
    }
}

impl Handler<Admitted<LookAtIncident>> for IncidentActor {
    type Result = MessageResult<Admitted<LookAtIncident>>;

    fn handle(
        &mut self,
        message: Admitted<LookAtIncident>,
        ctx: &mut Self::Context,
    ) -> Self::Result {
        let view = whole_view_of(&self.room, &self.state).unwrap_or_else(|| {
            // Only an actor that was never opened has no view, and nobody can look at that: the
            // directory hands it to its maker alone.
            unreachable!("an incident is looked at before it was opened")
        });
        let decision = self
            .state
            .decision
            .clone()
            .map(|(at, decision)| decision_view(&self.room, &self.state, at, decision));
        let candidates = message.body.candidates.then(|| self.candidates());
        self.stay_awake(ctx);
        MessageResult(Box::new(SeenIncident { view, decision, candidates }))
    }
}
