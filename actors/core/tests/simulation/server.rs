//! A model of the shell: the same steps as the real one, each of them a moment at which others act.
//!
//! A decision is a *job* until it is planned, then a *flight*: it asks officers one by one (each is
//! held from then on), is appended, is applied, and only then its effects leave. A crash takes all of
//! it away; `Server::boot` folds everything from the journal's bytes.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::court::CourtProfile;
use tiande_core::dispatch::{Glance, Plan, Planner};
use tiande_core::ids::{AlarmId, IncidentId, OfficerId};
use tiande_core::incident::{
    Incident, IncidentCommand, IncidentEvent, IncidentOpened, IncidentRefusal, OfferState,
};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{
    CommitmentKind, Duty, FixFilter, FixRules, FixVerdict, Officer, OfficerCommand, OfficerEvent,
    OfficerPart, OfficerRefusal,
};
use tiande_core::spatial::SpatialIndex;
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::tip::TipEvent;

use super::bugs::Bug;
use super::counters::Counters;
use super::device::Sample;
use super::journal::{Batch, Delivery, DeliveryKey, Store};
use super::knowledge::Witness;
use super::rng::Rng;

/// Who waits for the answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Caller {
    Clock,
    Desk,
    Device { officer: OfficerId, command: u64 },
    Mail { letter: usize },
}

/// What is wanted.
#[derive(Clone, Debug)]
pub enum Want {
    Duty { officer: OfficerId, command: OfficerCommand },
    Incident { incident: IncidentId, command: IncidentCommand },
    Round { incident: IncidentId },
    Open { opened: Box<IncidentOpened>, tip: Option<(TipEvent, DeliveryKey, Delivery)> },
}

#[derive(Clone, Debug)]
pub struct Job {
    pub caller: Caller,
    pub want: Want,
    /// Officers who could not be asked, as it turned out.
    pub busy: BTreeSet<OfficerId>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Reply {
    Done,
    Sos(IncidentId),
    Tip(Delivery),
    Mismatch,
    Invalid,
    Unavailable,
    Incident(IncidentRefusal),
    Officer(OfficerRefusal),
}

/// What comes of one step of a decision.
pub enum Step {
    /// Somebody is in the middle of something else: again, soon.
    Later(Job),
    Reply(Caller, Reply),
    /// Planned; its officers are to be asked.
    Flying(u64),
    /// All officers agree: to the journal.
    Ready(u64),
}

pub struct Flight {
    pub job: Job,
    pub at: UnixMillis,
    plan: Option<Plan>,
    todo: Vec<(OfficerId, Vec<OfficerPart>)>,
    officers: BTreeMap<OfficerId, Vec<OfficerEvent>>,
    held: BTreeSet<OfficerId>,
    pub batch: Option<Batch>,
    pub witness: Option<Witness>,
    pub committed: bool,
}

pub struct Server {
    pub bug: Bug,
    pub glances: BTreeMap<OfficerId, Glance>,
    pub filters: BTreeMap<OfficerId, FixFilter>,
    pub index: SpatialIndex<OfficerId>,
    pub heard: BTreeMap<OfficerId, i64>,
    pub incidents: BTreeMap<IncidentId, Incident>,
    pub seqs: BTreeMap<StreamId, u64>,
    pub flights: BTreeMap<u64, Flight>,
    pub deciding: BTreeSet<IncidentId>,
    serial: u64,
    arrivals: u32,
}

impl Server {
    /// Starts with what the journal holds, and nothing else.
    pub fn boot(store: &Store, mono: i64, bug: Bug) -> Self {
        let mut server = Self {
            bug,
            glances: BTreeMap::new(),
            filters: BTreeMap::new(),
            index: SpatialIndex::default(),
            heard: BTreeMap::new(),
            incidents: BTreeMap::new(),
            seqs: store.heads.clone(),
            flights: BTreeMap::new(),
            deciding: BTreeSet::new(),
            serial: 0,
            arrivals: 0,
        };
        for record in &store.records {
            server.fold(record.stream, &record.event(), record.at);
        }
        server.heard = server.glances.keys().map(|id| (*id, mono)).collect();
        server.filters = server.glances.keys().map(|id| (*id, FixFilter::default())).collect();
        server
    }

    fn fold(&mut self, stream: StreamId, event: &Event, at: UnixMillis) {
        match (stream, event) {
            (StreamId::Officer(id), Event::Officer(event)) => {
                let fresh = || Glance { officer: Officer::new(id), fix: None, busy: false };
                self.glances.entry(id).or_insert_with(fresh).officer.apply(event);
            }
            (StreamId::Incident(id), Event::Incident(event)) => {
                self.incidents.entry(id).or_insert_with(|| Incident::new(id)).apply(event, at);
            }
            _ => {}
        }
    }

    /// Nobody knows whether a flight was written: its streams are read again.
    pub fn reload(&mut self, flight: &Flight, store: &Store) {
        let touched: BTreeSet<StreamId> =
            flight.batch.iter().flat_map(|b| b.streams.iter().map(|(s, _, _)| *s)).collect();
        for stream in &touched {
            match stream {
                StreamId::Incident(id) => drop(self.incidents.remove(id)),
                StreamId::Officer(id) => {
                    if let Some(glance) = self.glances.get_mut(id) {
                        glance.officer = Officer::new(*id);
                    }
                }
                StreamId::Case(_) | StreamId::Tip(_) => {}
            }
            self.seqs.insert(*stream, store.head(*stream));
        }
        for record in store.records.iter().filter(|r| touched.contains(&r.stream)) {
            self.fold(record.stream, &record.event(), record.at);
        }
        for stream in touched {
            if let StreamId::Officer(id) = stream {
                self.after_duty(id);
            }
        }
    }

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
            Want::Incident { incident, .. } | Want::Round { incident } => {
                if self.deciding.contains(incident) {
                    return Step::Later(job);
                }
                let Some(state) = self.incidents.get(incident) else {
                    return Step::Reply(job.caller, Reply::Incident(IncidentRefusal::NotOpen));
                };
                self.begin_plan(state.clone(), job, now, court, ids, counters)
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
                Step::Reply(job.caller, Reply::Incident(refusal))
            }
            Ok(plan) if plan.is_empty() => {
                let accept = IncidentCommandKind::of(&job.want) == IncidentCommandKind::Accept;
                counters.accepts_repeated += u64::from(accept);
                Step::Reply(job.caller, Reply::Done)
            }
            Ok(mut plan) => {
                self.bug.spoil_plan(&mut plan);
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
        let mut court = std::borrow::Cow::Borrowed(court);
        let mut glances = std::borrow::Cow::Borrowed(&self.glances);
        match self.bug {
            Bug::OfferToStale => court.to_mut().dispatch.report_every_ms = 60_000,
            Bug::OfferOnBreak => glances.to_mut().values_mut().for_each(|glance| {
                if glance.officer.duty == Duty::Break {
                    glance.officer.duty = Duty::On;
                }
            }),
            Bug::OfferExcluded => state.opened.iter_mut().for_each(|o| o.excluded.clear()),
            Bug::OfferUnskilled => state.opened.iter_mut().for_each(|o| o.skills.clear()),
            _ => {}
        }
        let planner =
            Planner { court: &court, index: &self.index, glances: &glances, busy: &job.busy, now };
        let plan = match &job.want {
            Want::Round { .. } => planner.plan_round(&state, ids),
            Want::Open { opened, .. } => {
                planner.plan(&state, &IncidentCommand::Open(opened.clone()), ids)
            }
            Want::Duty { .. } => Ok(Plan { incident: state, events: Vec::new(), parts: BTreeMap::new() }),
            Want::Incident { command, .. } => self.plan_command(&planner, state, command, ids),
        }?;
        if self.bug == Bug::SecondNearest && job.busy.is_empty() {
            let mut again = job.clone();
            again.busy = plan.parts.iter().filter(|(_, p)| is_offer(p)).map(|(id, _)| *id).take(1).collect();
            if !again.busy.is_empty() {
                return self.plan(plan_base(&plan, self), &again, now, &court, ids);
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
    pub fn ask(&mut self, serial: u64, now: UnixMillis, ids: &mut Rng, counters: &mut Counters) -> Option<Step> {
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
                    decided.iter().for_each(|event| trial.apply(event));
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
    fn abandon(&mut self, serial: u64, without: Option<OfficerId>, no: Option<OfficerRefusal>) -> Step {
        let mut job = self.land(serial).expect("the flight is known").job;
        job.busy.extend(without);
        match no {
            Some(refusal) => Step::Reply(job.caller, Reply::Officer(refusal)),
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
        Some(flight)
    }

    fn ready(&mut self, serial: u64, ids: &mut Rng) -> Step {
        let flight = self.flights.get(&serial).expect("the flight is known");
        let mut streams: Vec<(StreamId, Vec<Event>)> = Vec::new();
        let mut delivery = None;
        if let Want::Open { opened, tip: Some((received, key, kept)) } = &flight.job.want {
            let linked = TipEvent::Linked { incident: opened.incident };
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
        let mut batch = Batch { at: flight.at, streams, delivery };
        self.bug.spoil_batch(&mut batch, IncidentId::new(flight.at, ids));
        if let Some(flight) = self.flights.get_mut(&serial) {
            flight.batch = Some(batch);
        }
        Step::Ready(serial)
    }

    /// The decision is durable: the live state follows. Gives the flight and the officers it touched.
    pub fn apply(&mut self, serial: u64) -> Option<(Flight, Vec<OfficerId>)> {
        let flight = self.land(serial)?;
        for (stream, expected, events) in flight.batch.iter().flat_map(|b| &b.streams) {
            self.seqs.insert(*stream, expected + events.len() as u64);
        }
        if let Some(plan) = &flight.plan {
            self.incidents.insert(plan.incident.id, plan.incident.clone());
        }
        for (officer, events) in &flight.officers {
            if self.bug == Bug::SkipApply && events.len() > 1 {
                continue;
            }
            if let Some(glance) = self.glances.get_mut(officer) {
                events.iter().for_each(|event| glance.officer.apply(event));
            }
            self.after_duty(*officer);
        }
        let touched = flight.officers.iter().filter(|(_, e)| !e.is_empty()).map(|(id, _)| *id).collect();
        Some((flight, touched))
    }

    /// Nothing of an officer's whereabouts is kept off duty.
    fn after_duty(&mut self, officer: OfficerId) {
        let off = self.glances.get(&officer).is_some_and(|g| g.officer.duty == Duty::Off);
        if !off || self.bug == Bug::KeepPosition {
            return;
        }
        if let Some(glance) = self.glances.get_mut(&officer) {
            glance.fix = None;
        }
        if let Some(filter) = self.filters.get_mut(&officer) {
            filter.forget();
        }
        self.index.remove(officer);
    }

    /// Takes a position report in.
    pub fn take_fix(
        &mut self,
        officer: OfficerId,
        sample: &Sample,
        now: UnixMillis,
        court: &CourtProfile,
    ) -> Option<FixVerdict> {
        let glance = self.glances.get_mut(&officer)?;
        if glance.officer.duty == Duty::Off {
            return Some(FixVerdict::OffDuty);
        }
        let filter = self.filters.get_mut(&officer)?;
        let rules = FixRules {
            age_max: court.fix_age_max(),
            skew_max: FixRules::SKEW_MAX,
            speed_max_mps: court.dispatch.speed_max_kmh / 3.6,
            accuracy_max_m: FixRules::ACCURACY_MAX_M,
        };
        let mut fix = sample.fix;
        self.arrivals += 1;
        match self.bug {
            Bug::FixByArrival => {
                // The order is the arrival's; who looks at the fix still sees the device's.
                let mut shadow = FixFilter::default();
                let verdict = shadow.take(fix, now, &rules);
                if shadow.current().is_some() && sample.good() {
                    *filter = shadow;
                }
                glance.fix = filter.current().copied();
                glance.fix.iter().for_each(|known| self.index.update(officer, known.fix.at));
                return Some(verdict);
            }
            Bug::FixImplausible if !sample.good() => *filter = FixFilter::default(),
            Bug::FixVague => fix.accuracy = None,
            _ => {}
        }
        let verdict = filter.take(fix, now, &rules);
        if matches!(verdict, FixVerdict::Taken | FixVerdict::Stale) {
            glance.fix = filter.current().copied();
            self.index.update(officer, fix.at);
        }
        Some(verdict)
    }

    /// What time alone brings about: ends of offers, alarms, rounds, silent devices.
    pub fn sweep(&self, now: UnixMillis, mono: i64, court: &CourtProfile, ids: &mut Rng) -> Vec<Want> {
        let mut wants = Vec::new();
        let director_after_ms = court.dispatch.director_after_ms;
        for (id, incident) in &self.incidents {
            let due = incident.next_due(director_after_ms).is_some_and(|due| due <= now);
            if due && self.bug != Bug::ForgetTick {
                let alarm = AlarmId::new(now, ids);
                let command = IncidentCommand::Tick { alarm, director_after_ms };
                wants.push(Want::Incident { incident: *id, command });
            } else if incident.to_ask(8) > 0 && self.bug != Bug::ForgetNext {
                wants.push(Want::Round { incident: *id });
            }
        }
        let silent_after = i64::try_from(court.dispatch.contact_lost_after_ms).unwrap_or(i64::MAX);
        for (id, glance) in &self.glances {
            let heard = self.heard.get(id).copied().unwrap_or(0);
            let works = glance.officer.duty != Duty::Off && !glance.officer.contact_lost;
            if works && mono - heard > silent_after {
                let last_heard = UnixMillis(heard);
                let command = OfficerCommand::LoseContact { last_heard };
                wants.push(Want::Duty { officer: *id, command });
            }
        }
        wants
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
        (Bug::OfferOnBreak, OfficerPart::BeOffered { incident, offer, expires_at }, Err(OfficerRefusal::OnBreak)) => {
            let (incident, offer, expires_at) = (*incident, *offer, *expires_at);
            Ok(vec![OfficerEvent::Offered { incident, offer, expires_at }])
        }
        (Bug::OrderCommitted, OfficerPart::BeOrdered { incident, offer, .. }, Err(OfficerRefusal::Committed(_))) => {
            let how = CommitmentKind::Ordered;
            Ok(vec![OfficerEvent::Committed { incident: *incident, offer: *offer, how, stacked: false }])
        }
        (Bug::StackUnasked, OfficerPart::BeOrdered { incident, offer, stack: false, stack_max }, _) => {
            let part = OfficerPart::BeOrdered { incident: *incident, offer: *offer, stack: true, stack_max: *stack_max };
            officer.decide_part(&part, now)
        }
        (
            Bug::ReopenClosedOffer,
            OfficerPart::Accept { incident, offer },
            Err(OfficerRefusal::NoSuchOffer),
        ) => {
            let how = CommitmentKind::Accepted;
            Ok(vec![OfficerEvent::Committed { incident: *incident, offer: *offer, how, stacked: false }])
        }
        (Bug::AcceptAfterExpiry, OfficerPart::Accept { .. }, Err(OfficerRefusal::OfferExpired)) => {
            officer.decide_part(part, UnixMillis(0))
        }
        (_, _, decided) => decided,
    }
}

/// Which command a job brings, for the counts.
#[derive(PartialEq)]
enum IncidentCommandKind {
    Accept,
    Other,
}

impl IncidentCommandKind {
    fn of(want: &Want) -> Self {
        match want {
            Want::Incident { command: IncidentCommand::Accept { .. }, .. } => Self::Accept,
            _ => Self::Other,
        }
    }
}

/// The incident's events of a flight.
impl Flight {
    pub fn events(&self) -> &[IncidentEvent] {
        self.plan.as_ref().map_or(&[], |plan| &plan.events)
    }
}
