//! A decision on its way: planned, its officers asked and held, appended, applied. Planted bugs that
//! are mistakes in these steps are made here.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use tiande_core::court::CourtProfile;
use tiande_core::dispatch::{Plan, Planner};
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::incident::{
    Incident, IncidentCommand, IncidentEvent, IncidentRefusal, OfferState,
};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{
    CommitmentKind, Duty, Officer, OfficerEvent, OfficerPart, OfficerRefusal,
};
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::tip::TipEvent;

use super::bugs::Bug;
use super::counters::Counters;
use super::journal::Batch;
use super::rng::Rng;
use super::server::{Flight, Job, Reply, Server, Step, Want};

impl Server {
    /// Plans a job, or says why not.
    pub fn begin(
        &mut self,
        job: Job,
        now: UnixMillis,
        court: &CourtProfile,
        ids: &mut Rng,
        counters: &mut Counters,
    ) -> Step {
        match &job.want {
            Want::Duty { officer, command } => {
                let Some(glance) = self.glances.get_mut(officer) else {
                    return Step::Reply(job.caller, Reply::Officer(OfficerRefusal::NotRegistered));
                };
                if glance.busy {
                    return Step::Later(job);
                }
                match glance.officer.decide(command) {
                    Err(refusal) => Step::Reply(job.caller, Reply::Officer(refusal)),
                    Ok(events) if events.is_empty() => Step::Reply(job.caller, Reply::Done),
                    Ok(events) => {
                        glance.busy = true;
                        let officer = *officer;
                        let serial = self.take_off(job, now, None);
                        if let Some(flight) = self.flights.get_mut(&serial) {
                            flight.officers.insert(officer, events);
                            flight.held.insert(officer);
                        }
                        Step::Flying(serial)
                    }
                }
            }
            Want::Incident { incident, .. }
            | Want::Merge { incident, .. }
            | Want::Round { incident } => {
                if self.deciding.contains(incident) {
                    return Step::Later(job);
                }
                let Some(state) = self.incidents.get(incident) else {
                    return Step::Reply(job.caller, Reply::Incident(IncidentRefusal::NotOpen));
                };
                self.begin_plan(state.clone(), job, now, court, ids, counters)
            }
            Want::Split { from, opened, .. } => {
                if self.deciding.contains(from) {
                    return Step::Later(job);
                }
                if self.split_of(&job.want, now).is_empty() {
                    return Step::Reply(job.caller, Reply::Done);
                }
                let (from, state) = (*from, Incident::new(opened.incident));
                let step = self.begin_plan(state, job, now, court, ids, counters);
                if matches!(step, Step::Flying(_)) {
                    self.deciding.insert(from);
                }
                step
            }
            Want::Open { opened, .. } => {
                let state = Incident::new(opened.incident);
                self.begin_plan(state, job, now, court, ids, counters)
            }
        }
    }

    fn begin_plan(
        &mut self,
        state: Incident,
        job: Job,
        now: UnixMillis,
        court: &CourtProfile,
        ids: &mut Rng,
        counters: &mut Counters,
    ) -> Step {
        let id = state.id;
        match self.plan(state, &job, now, court, ids) {
            Err(refusal) => {
                match refusal {
                    IncidentRefusal::OfferExpired => counters.accepts_refused_expired += 1,
                    IncidentRefusal::OfferWithdrawn => counters.accepts_refused_withdrawn += 1,
                    IncidentRefusal::OfferReassigned => counters.accepts_refused_reassigned += 1,
                    _ => {}
                }
                // It is over, or has changed: the letter comes again and finds another.
                let reply = match job.want {
                    Want::Merge { .. } => Reply::Unavailable,
                    _ => Reply::Incident(refusal),
                };
                Step::Reply(job.caller, reply)
            }
            Ok(plan) if plan.is_empty() => {
                let accept = matches!(
                    &job.want,
                    Want::Incident { command: IncidentCommand::Accept { .. }, .. }
                );
                counters.accepts_repeated += u64::from(accept);
                Step::Reply(job.caller, Reply::Done)
            }
            Ok(mut plan) => {
                self.bug.spoil_plan(&mut plan);
                if self.bug == Bug::DirectorOnce {
                    let alarms =
                        |e: &IncidentEvent| matches!(e, IncidentEvent::DirectorAlarmed { .. });
                    if plan.events.iter().any(alarms) && !self.directed.insert(id) {
                        plan.events.retain(|e| !alarms(e));
                    }
                }
                if plan.is_empty() {
                    return Step::Reply(job.caller, Reply::Done);
                }
                self.deciding.insert(id);
                counters.parallel_decisions += u64::from(!self.flights.is_empty());
                Step::Flying(self.take_off(job, now, Some(plan)))
            }
        }
    }

    fn plan(
        &self,
        mut state: Incident,
        job: &Job,
        now: UnixMillis,
        court: &CourtProfile,
        ids: &mut Rng,
    ) -> Result<Plan, IncidentRefusal> {
        let mut court = Cow::Borrowed(court);
        let mut glances = Cow::Borrowed(&self.glances);
        match self.bug {
            Bug::OfferToStale => court.to_mut().dispatch.report_every_ms = 60_000,
            Bug::OfferOnBreak => glances.to_mut().values_mut().for_each(|glance| {
                if glance.officer.duty == Duty::Break {
                    glance.officer.duty = Duty::On;
                }
            }),
            Bug::OfferExcluded => state.opened.iter_mut().for_each(|o| o.excluded.clear()),
            Bug::AlarmEachRound => {
                if matches!(job.want, Want::Round { .. }) {
                    state.exhausted_since = None;
                }
            }
            Bug::OfferUnskilled => state.opened.iter_mut().for_each(|o| o.skills.clear()),
            _ => {}
        }
        let planner =
            Planner { court: &court, index: &self.index, glances: &*glances, busy: &job.busy, now };
        let plan = match &job.want {
            Want::Round { .. } => planner.plan_round(&state, ids),
            Want::Open { opened, .. } | Want::Split { opened, .. } => {
                planner.plan(&state, &IncidentCommand::Open(opened.clone()), ids)
            }
            Want::Duty { .. } => {
                Ok(Plan { incident: state, events: Vec::new(), parts: BTreeMap::new() })
            }
            Want::Incident { command, .. } | Want::Merge { command, .. } => {
                self.plan_command(&planner, state, command, ids)
            }
        }?;
        if self.bug == Bug::SecondNearest && job.busy.is_empty() {
            let mut again = job.clone();
            again.busy =
                plan.parts.iter().filter(|(_, p)| is_offer(p)).map(|(id, _)| *id).take(1).collect();
            if !again.busy.is_empty() {
                let second = self.plan(plan_base(&plan, self), &again, now, &court, ids)?;
                if second.parts.values().any(|parts| is_offer(parts)) {
                    return Ok(second);
                }
            }
        }
        Ok(plan)
    }

    fn plan_command(
        &self,
        planner: &Planner<'_>,
        mut state: Incident,
        command: &IncidentCommand,
        ids: &mut Rng,
    ) -> Result<Plan, IncidentRefusal> {
        if let IncidentCommand::Accept { offer, officer } = command
            && let Some(known) = state.offers.get_mut(offer).filter(|o| o.officer == *officer)
        {
            let early = UnixMillis(known.sent_at.0.min(planner.now.0));
            if self.bug == Bug::ReopenClosedOffer && matches!(known.state, OfferState::Closed(_)) {
                known.state = OfferState::Open { received: true };
                known.expires_at = planner.now.plus(Millis(1_000));
            }
            if self.bug == Bug::AcceptAfterExpiry {
                return Planner { now: early, ..*planner }.plan(&state, command, ids);
            }
        }
        if self.bug == Bug::ForgetNext {
            let decided = state.decide(command, planner.now)?;
            decided.events.iter().for_each(|event| state.apply(event, planner.now));
            let mut parts: BTreeMap<OfficerId, Vec<OfficerPart>> = BTreeMap::new();
            for (officer, part) in decided.parts {
                parts.entry(officer).or_default().push(part);
            }
            return Ok(Plan { incident: state, events: decided.events, parts });
        }
        planner.plan(&state, command, ids)
    }

    fn take_off(&mut self, job: Job, at: UnixMillis, plan: Option<Plan>) -> u64 {
        self.serial += 1;
        let todo = plan.iter().flat_map(|p| p.parts.clone()).collect();
        let (officers, held) = (BTreeMap::new(), BTreeSet::new());
        let flight = Flight {
            job,
            at,
            plan,
            todo,
            officers,
            held,
            batch: None,
            witness: None,
            committed: false,
        };
        self.flights.insert(self.serial, flight);
        self.serial
    }

    /// Asks the next officer of a flight; all agreed: ready.
    pub fn ask(
        &mut self,
        serial: u64,
        now: UnixMillis,
        ids: &mut Rng,
        counters: &mut Counters,
    ) -> Option<Step> {
        let flight = self.flights.get_mut(&serial)?;
        let Some((officer, parts)) = flight.todo.pop() else {
            return Some(self.ready(serial, ids));
        };
        let offers = is_offer(&parts);
        let glance = self.glances.get_mut(&officer)?;
        if glance.busy {
            counters.holds_refused_busy += 1;
            return Some(self.abandon(serial, offers.then_some(officer), None));
        }
        let mut trial = glance.officer.clone();
        let mut events = Vec::new();
        for part in &parts {
            match decide_part(self.bug, &trial, part, now) {
                Ok(decided) => {
                    decided.iter().for_each(|event| trial.apply(event, now));
                    events.extend(decided);
                }
                Err(refusal) => {
                    counters.holds_refused_by_state += 1;
                    let offered = matches!(part, OfficerPart::BeOffered { .. });
                    let answer = (!offered).then_some(refusal);
                    return Some(self.abandon(serial, offered.then_some(officer), answer));
                }
            }
        }
        glance.busy = true;
        flight.held.insert(officer);
        flight.officers.insert(officer, events);
        Some(Step::Flying(serial))
    }

    /// Gives a flight up: again without an officer, or later, or never.
    fn abandon(
        &mut self,
        serial: u64,
        without: Option<OfficerId>,
        no: Option<OfficerRefusal>,
    ) -> Step {
        let mut job = self.land(serial).expect("the flight is known").job;
        job.busy.extend(without);
        match no {
            Some(refusal) => Step::Reply(job.caller, Reply::Officer(refusal)),
            None if without.is_some() => Step::Replan(job),
            None => Step::Later(job),
        }
    }

    /// Takes a flight out and lets its officers go.
    pub fn land(&mut self, serial: u64) -> Option<Flight> {
        let flight = self.flights.remove(&serial)?;
        for officer in &flight.held {
            if let Some(glance) = self.glances.get_mut(officer) {
                glance.busy = false;
            }
        }
        if let Some(plan) = &flight.plan {
            self.deciding.remove(&plan.incident.id);
        }
        if let Want::Split { from, .. } = &flight.job.want {
            self.deciding.remove(from);
        }
        Some(flight)
    }

    /// A planted bug: the officers of a decision that failed are not let go.
    pub fn hold_again(&mut self, flight: &Flight) {
        for officer in &flight.held {
            if let Some(glance) = self.glances.get_mut(officer) {
                glance.busy = true;
            }
        }
    }

    /// What a split does to the incident that the tip leaves.
    fn split_of(&self, want: &Want, now: UnixMillis) -> Vec<IncidentEvent> {
        let Want::Split { from, tip, opened } = want else { return Vec::new() };
        let (tip, to, reason) = (*tip, opened.incident, "另一处".to_owned());
        let command = IncidentCommand::SplitTip { tip, to, reason };
        let decided = self.incidents.get(from).and_then(|state| state.decide(&command, now).ok());
        decided.map(|decided| decided.events).unwrap_or_default()
    }

    fn ready(&mut self, serial: u64, ids: &mut Rng) -> Step {
        let flight = self.flights.get(&serial).expect("the flight is known");
        let mut streams: Vec<(StreamId, Vec<Event>)> = Vec::new();
        let mut delivery = None;
        if let Want::Split { from, tip, opened } = &flight.job.want {
            let relinked = TipEvent::Relinked { from: *from, incident: opened.incident };
            streams.push((StreamId::Tip(*tip), vec![Event::Tip(relinked)]));
            let events = self.split_of(&flight.job.want, flight.at);
            let events = events.into_iter().map(Event::Incident).collect();
            streams.push((StreamId::Incident(*from), events));
        }
        if let Want::Open { tip: Some((received, key, kept)), .. }
        | Want::Merge { tip: (received, key, kept), .. } = &flight.job.want
        {
            let linked = TipEvent::Linked { incident: kept.incident };
            let events = vec![Event::Tip(received.clone()), Event::Tip(linked)];
            streams.push((StreamId::Tip(kept.tip), events));
            delivery = Some((*key, *kept));
        }
        if let Some(plan) = &flight.plan {
            let events = plan.events.iter().cloned().map(Event::Incident).collect();
            streams.push((StreamId::Incident(plan.incident.id), events));
        }
        for (officer, events) in &flight.officers {
            let events = events.iter().cloned().map(Event::Officer).collect();
            streams.push((StreamId::Officer(*officer), events));
        }
        streams.retain(|(_, events)| !events.is_empty());
        let expect = |stream: &StreamId| self.seqs.get(stream).copied().unwrap_or(0);
        let streams = streams.into_iter().map(|(s, events)| (s, expect(&s), events)).collect();
        let mut batch = Batch { owner: self.owner, at: flight.at, streams, delivery };
        self.bug.spoil_batch(&mut batch, IncidentId::new(flight.at, ids));
        if let Some(flight) = self.flights.get_mut(&serial) {
            flight.batch = Some(batch);
        }
        Step::Ready(serial)
    }

    /// The decision is durable: the live state follows.
    pub fn apply(&mut self, serial: u64) -> Option<Flight> {
        let flight = self.land(serial)?;
        for (stream, expected, events) in flight.batch.iter().flat_map(|b| &b.streams) {
            self.seqs.insert(*stream, expected + events.len() as u64);
            for (seq, event) in (expected + 1..).zip(events) {
                self.note(*stream, seq, event);
            }
        }
        if let Some(plan) = &flight.plan {
            let id = plan.incident.id;
            if self.bug == Bug::None {
                self.incidents.insert(id, plan.incident.clone());
            } else {
                // The spoilt plan's own state is of no use: its events count.
                let state = self.incidents.entry(id).or_insert_with(|| Incident::new(id));
                plan.events.iter().for_each(|event| state.apply(event, flight.at));
            }
        }
        if let Want::Split { from, .. } = &flight.job.want {
            let batch = flight.batch.iter().flat_map(|batch| &batch.streams);
            for (_, _, events) in batch.filter(|(stream, ..)| *stream == StreamId::Incident(*from))
            {
                let state = self.incidents.entry(*from).or_insert_with(|| Incident::new(*from));
                for event in events {
                    if let Event::Incident(event) = event {
                        state.apply(event, flight.at);
                    }
                }
            }
        }
        for (officer, events) in &flight.officers {
            if self.bug == Bug::SkipApply && events.len() > 1 {
                continue;
            }
            if let Some(glance) = self.glances.get_mut(officer) {
                events.iter().for_each(|event| glance.officer.apply(event, flight.at));
            }
            self.after_duty(*officer);
        }
        Some(flight)
    }
}

/// The incident before the plan's command.
fn plan_base(plan: &Plan, server: &Server) -> Incident {
    let id = plan.incident.id;
    server.incidents.get(&id).cloned().unwrap_or_else(|| Incident::new(id))
}

fn is_offer(parts: &[OfficerPart]) -> bool {
    parts.iter().all(|part| matches!(part, OfficerPart::BeOffered { .. }))
}

/// The officer's word, or what a planted bug makes of it.
fn decide_part(
    bug: Bug,
    officer: &Officer,
    part: &OfficerPart,
    now: UnixMillis,
) -> Result<Vec<OfficerEvent>, OfficerRefusal> {
    let decided = officer.decide_part(part, now);
    match (bug, part, decided) {
        (
            Bug::OfferOnBreak,
            OfficerPart::BeOffered { incident, offer, expires_at },
            Err(OfficerRefusal::OnBreak),
        ) => {
            let (incident, offer, expires_at) = (*incident, *offer, *expires_at);
            Ok(vec![OfficerEvent::Offered { incident, offer, expires_at }])
        }
        (
            Bug::OrderCommitted,
            OfficerPart::BeOrdered { incident, offer, .. },
            Err(OfficerRefusal::Committed(_)),
        ) => {
            let how = CommitmentKind::Ordered;
            Ok(vec![OfficerEvent::Committed {
                incident: *incident,
                offer: *offer,
                how,
                stacked: false,
            }])
        }
        (
            Bug::StackUnasked,
            OfficerPart::BeOrdered { incident, offer, stack: false, stack_max },
            _,
        ) => {
            let part = OfficerPart::BeOrdered {
                incident: *incident,
                offer: *offer,
                stack: true,
                stack_max: *stack_max,
            };
            officer.decide_part(&part, now)
        }
        (
            Bug::ReopenClosedOffer,
            OfficerPart::Accept { incident, offer },
            Err(OfficerRefusal::NoSuchOffer),
        ) => {
            let how = CommitmentKind::Accepted;
            Ok(vec![OfficerEvent::Committed {
                incident: *incident,
                offer: *offer,
                how,
                stacked: false,
            }])
        }
        (Bug::AcceptAfterExpiry, OfficerPart::Accept { .. }, Err(OfficerRefusal::OfferExpired)) => {
            officer.decide_part(part, UnixMillis(0))
        }
        (_, _, decided) => decided,
    }
}

impl Flight {
    /// What happens to the incident.
    pub fn events(&self) -> &[IncidentEvent] {
        self.plan.as_ref().map_or(&[], |plan| &plan.events)
    }
}
