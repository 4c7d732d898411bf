//! One court for a few minutes of virtual time: everything that happens, one thing after the other.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::court::CourtProfile;
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{OfficerEvent, OfficerPersonal};
use tiande_core::time::UnixMillis;

use super::bugs::Bug;
use super::consoles::Consoles;
use super::counters::Counters;
use super::device::{Call, Device, Word};
use super::faults::Faults;
use super::invariants::{self, Check, Liveness, Violation, ensure};
use super::journal::{Batch, Delivery, DeliveryKey, Store};
use super::knowledge::Knowledge;
use super::mail::{Letter, letters};
use super::network::{Agenda, arrivals};
use super::owners::Owners;
use super::rng::Rng;
use super::server::{Caller, Job, Reply, Server};
use super::snapshots::Wakes;
use super::truth::{Behind, Extra, Reading, Truth};

/// Virtual zero: 2026-11-23T06:00:00Z.
pub const EPOCH_MS: i64 = 1_795_413_600_000;

#[derive(Debug)]
pub enum Happening {
    Arrives(OfficerId, Call),
    Told(OfficerId, Word),
    Wakes(usize),
    LetterSent(usize),
    LetterArrives(usize),
    LetterAnswered(usize, Reply),
    DeskActs,
    ConsoleActs(usize),
    WritesLate(Box<Batch>),
    Sweep,
    Again(u32, Box<Job>),
    Asks(u32, u64),
    Commits(u32, u64),
    Applies(u32, u64),
    Crashes,
    Boots,
    ClockSteps(i64),
    Calms,
}

pub struct World {
    pub bug: Bug,
    pub court: CourtProfile,
    pub rng: Rng,
    pub ids: Rng,
    pub now: i64,
    pub offset: i64,
    pub end: i64,
    pub calm: bool,
    pub faults: Faults,
    pub agenda: Agenda<Happening>,
    pub store: Store,
    pub server: Option<Server>,
    pub boots: u32,
    /// The journal as folded by the core, record by record, from bytes.
    pub fold: Server,
    pub truth: Truth,
    pub owners: Owners,
    pub consoles: Consoles,
    pub knowledge: Knowledge,
    pub liveness: Liveness,
    pub devices: Vec<Device>,
    pub numbers: BTreeMap<OfficerId, usize>,
    pub letters: Vec<Letter>,
    pub answers: BTreeMap<DeliveryKey, Delivery>,
    pub acked: Vec<Delivery>,
    pub valid_tips: BTreeSet<tiande_core::ids::TipId>,
    pub counters: Counters,
    pub trace: Option<Vec<String>>,
    pub incident_number: u64,
}

impl World {
    pub fn new(seed: u64, bug: Bug, traced: bool) -> Self {
        let mut rng = Rng::new(seed);
        let ids = Rng::new(seed ^ 0xABCD_EF01_2345_6789);
        let calm_at = rng.range(40_000, 100_000);
        let faults = Faults::of(&mut rng, calm_at);
        let court = super::profile::court(&mut rng);
        let store = Store {
            leaks: bug == Bug::WordsInClear,
            open_to_all: bug == Bug::LateOwnerWrites,
            leaves_out: bug == Bug::LeaveNumberOut,
            ..Store::default()
        };
        let extra = Extra {
            emergency: usize::from(court.dispatch.ask_extra_emergency),
            sos: usize::from(court.dispatch.ask_extra_sos),
        };
        let truth = Truth {
            extra,
            stack_max: usize::from(court.dispatch.stack_max),
            patience: court.dispatch.patience(),
            officers: BTreeMap::new(),
            incidents: BTreeMap::new(),
            tips: BTreeMap::new(),
            records: 0,
            heads: BTreeMap::new(),
        };
        let fold = Server::boot(&store, 0, Bug::None, Wakes::FromZero);
        let mut world = Self {
            bug,
            court,
            rng,
            ids,
            now: 0,
            offset: 0,
            end: calm_at + 45_000,
            calm: false,
            faults,
            agenda: Agenda::new(),
            store,
            server: None,
            boots: 0,
            fold,
            truth,
            owners: Owners::default(),
            consoles: Consoles::default(),
            knowledge: Knowledge::default(),
            liveness: Liveness::default(),
            devices: Vec::new(),
            numbers: BTreeMap::new(),
            letters: Vec::new(),
            answers: BTreeMap::new(),
            acked: Vec::new(),
            valid_tips: BTreeSet::new(),
            counters: Counters { seeds: 1, ..Counters::default() },
            trace: traced.then(Vec::new),
            incident_number: 0,
        };
        world.populate(calm_at);
        world
    }

    fn populate(&mut self, calm_at: i64) {
        let count =
            if self.rng.chance(700) { 2 + self.rng.below(5) } else { 6 + self.rng.below(7) };
        for number in 0..count {
            let id = OfficerId::new(self.wall(), &mut self.ids);
            let mut skills = Vec::new();
            skills.extend(self.rng.chance(700).then(|| "vehicle".to_owned()));
            skills.extend(self.rng.chance(300).then(|| "female".to_owned()));
            let personal = Some(OfficerPersonal { name: format!("干警{number}"), badge: None });
            let event = Event::Officer(OfficerEvent::Registered { officer: id, skills, personal });
            let streams = vec![(StreamId::Officer(id), 0, vec![event])];
            let batch = Batch { owner: 0, at: self.wall(), streams, delivery: None };
            let written = self.commit(&batch, Behind::default());
            assert!(matches!(written, Ok(Ok(()))), "registering breaks nothing");
            let device = Device::new(id, &mut self.rng);
            self.numbers.insert(id, self.devices.len());
            self.devices.push(device);
            self.agenda.push(self.rng.range(0, 3_000), Happening::Wakes(number));
        }
        self.boot();
        self.letters = letters(&mut self.rng);
        // Some days all write at the same moment.
        let storm = self.rng.chance(250).then(|| self.rng.range(3_000, calm_at));
        for letter in 0..self.letters.len() {
            let at = match storm {
                Some(at) => at + self.rng.range(0, 30),
                None => self.rng.range(3_000, calm_at),
            };
            self.agenda.push(at, Happening::LetterSent(letter));
        }
        for at in self.faults.crashes.clone() {
            self.agenda.push(at, Happening::Crashes);
        }
        for (at, by) in self.faults.clock_steps.clone() {
            self.agenda.push(at, Happening::ClockSteps(by));
        }
        self.agenda.push(calm_at, Happening::Calms);
        self.agenda.push(1_000, Happening::Sweep);
        self.agenda.push(5_000, Happening::DeskActs);
        self.consoles_open();
    }

    /// The server's clock.
    pub fn wall(&self) -> UnixMillis {
        UnixMillis(EPOCH_MS + self.now + self.offset)
    }

    pub fn age_max(&self) -> i64 {
        i64::try_from(self.court.fix_age_max().0).unwrap_or(i64::MAX)
    }

    /// Lives to the end, or to the first broken invariant.
    pub fn run(&mut self) -> Check {
        while let Some((at, what)) = self.agenda.pop() {
            if at > self.end {
                break;
            }
            self.now = at;
            self.counters.steps += 1;
            if let Some(trace) = &mut self.trace {
                trace.push(format!("{at:>7} {what:?}"));
            }
            self.happen(what)?;
        }
        self.counters.virtual_seconds += self.end.unsigned_abs() / 1_000;
        self.converged()?;
        self.consoles_caught_up()
    }

    fn happen(&mut self, what: Happening) -> Check {
        match what {
            Happening::Arrives(officer, call) => self.arrives(officer, call),
            Happening::Told(officer, word) => {
                let number = self.numbers.get(&officer).copied().unwrap_or(0);
                let calls = self.devices.get_mut(number).filter(|d| d.connected);
                let calls =
                    calls.map(|d| d.hear(&word, self.now, &mut self.rng)).unwrap_or_default();
                self.send(officer, calls);
                Ok(())
            }
            Happening::Wakes(number) => {
                let (now, calm) = (self.now, self.calm);
                let Some(device) = self.devices.get_mut(number) else { return Ok(()) };
                let officer = device.officer;
                let calls = device.wake(now, calm, &self.faults, &mut self.rng, &mut self.counters);
                self.send(officer, calls);
                self.agenda.push(now + self.rng.range(1_000, 4_000), Happening::Wakes(number));
                Ok(())
            }
            Happening::LetterSent(letter) => {
                self.post(letter);
                Ok(())
            }
            Happening::LetterArrives(letter) => self.letter_arrives(letter),
            Happening::LetterAnswered(letter, reply) => self.letter_answered(letter, reply),
            Happening::DeskActs => self.desk_acts(),
            Happening::ConsoleActs(number) => self.console_acts(number),
            Happening::WritesLate(batch) => self.writes_late(&batch),
            Happening::Sweep => self.sweep(),
            Happening::Again(boot, job) if boot == self.boots => self.begin(*job),
            Happening::Asks(boot, serial) if boot == self.boots => self.asks(serial),
            Happening::Commits(boot, serial) if boot == self.boots => self.commits(serial),
            Happening::Applies(boot, serial) if boot == self.boots => self.applies(serial),
            Happening::Again(..) | Happening::Asks(..) | Happening::Commits(..) => Ok(()),
            Happening::Applies(..) => {
                self.counters.crashes_after_commit_before_effect += 1;
                Ok(())
            }
            Happening::Crashes => {
                if self.rng.chance(400) {
                    self.pause();
                } else {
                    self.crash();
                }
                Ok(())
            }
            Happening::Boots => {
                self.boot();
                self.recovered()
            }
            Happening::ClockSteps(by) => {
                self.counters.clock_steps_forward += u64::from(by > 0);
                self.counters.clock_steps_backward += u64::from(by < 0);
                self.offset += by;
                self.liveness.reset();
                Ok(())
            }
            Happening::Calms => {
                self.calm = true;
                self.faults = Faults::none();
                self.liveness.reset();
                Ok(())
            }
        }
    }

    /// Puts messages of a device on the wire.
    pub fn send(&mut self, officer: OfficerId, calls: Vec<Call>) {
        for call in calls {
            let times = arrivals(self.now, &self.faults, &mut self.rng, &mut self.counters);
            for at in times {
                self.agenda.push(at, Happening::Arrives(officer, call.clone()));
            }
        }
    }

    /// Puts a message to a device on the wire.
    pub fn tell(&mut self, officer: OfficerId, word: &Word) {
        for at in arrivals(self.now, &self.faults, &mut self.rng, &mut self.counters) {
            self.agenda.push(at, Happening::Told(officer, word.clone()));
        }
    }

    /// Puts a letter on the wire, and looks after it again later.
    pub fn post(&mut self, letter: usize) {
        let Some(state) = self.letters.get_mut(letter) else { return };
        if state.answer.is_some() {
            if state.repeats == 0 {
                return;
            }
            state.repeats -= 1;
        }
        for at in arrivals(self.now, &self.faults, &mut self.rng, &mut self.counters) {
            self.agenda.push(at, Happening::LetterArrives(letter));
        }
        let again = self.now + self.rng.range(2_000, 4_000);
        self.agenda.push(again, Happening::LetterSent(letter));
    }

    /// Writes a batch and reads it back, as somebody who checks everything.
    pub fn commit(
        &mut self,
        batch: &Batch,
        behind: Behind<'_>,
    ) -> Result<Result<(), super::journal::AppendFault>, Violation> {
        let range = match self.store.append(batch) {
            Ok(range) => range,
            Err(fault) => return Ok(Err(fault)),
        };
        self.owners.writes(batch.owner)?;
        let streams: Vec<StreamId> = batch.streams.iter().map(|(stream, _, _)| *stream).collect();
        let before = self.statuses(&streams);
        self.counters.decisions += 1;
        self.counters.records += range.len() as u64;
        for index in range {
            let record = self.store.records.get(index).expect("just written");
            let (stream, seq, at, event) = (record.stream, record.seq, record.at, record.event());
            let told = record.tells();
            ensure(told.is_none(), "SEALED", || format!("{stream} tells in clear: {told:?}"))?;
            let of = match stream {
                StreamId::Incident(id) => Some(id),
                StreamId::Case(_) | StreamId::Officer(_) | StreamId::Tip(_) => None,
            };
            super::tally::count(of, &event, &self.truth, &mut self.counters);
            self.truth.read(&Reading { stream, seq, at, event: &event, behind })?;
            self.fold.fold(stream, seq, &event, at);
            if let (StreamId::Tip(tip), false) = (stream, self.bug == Bug::DropLink) {
                let valid = self.valid_tips.contains(&tip);
                ensure(valid, "I04", || format!("{tip} is in the journal, but was refused"))?;
            }
        }
        for (id, from) in before {
            let to = self.truth.incidents.get(&id).map(super::truth::IncidentTruth::status);
            to.map_or(Ok(()), |to| invariants::transition(id, from, to))?;
        }
        if let Some((_, told)) = &batch.delivery {
            invariants::linked_once(&self.truth, told)?;
        }
        invariants::agree(&self.truth, &streams)?;
        Ok(Ok(()))
    }

    fn statuses(&self, streams: &[StreamId]) -> Vec<(IncidentId, super::truth::Status)> {
        let incidents = streams.iter().filter_map(|stream| match stream {
            StreamId::Incident(id) => Some(*id),
            StreamId::Case(_) | StreamId::Officer(_) | StreamId::Tip(_) => None,
        });
        incidents
            .map(|id| {
                let known = self.truth.incidents.get(&id);
                (id, known.map_or(super::truth::Status::Unknown, |incident| incident.status()))
            })
            .collect()
    }

    pub fn crash(&mut self) {
        let Some(server) = self.server.take() else { return };
        self.counters.crashes += 1;
        self.counters.crashes_with_decisions_in_flight += u64::from(!server.flights.is_empty());
        self.boots += 1;
        self.consoles_lose();
        if self.bug == Bug::LoseTail {
            self.store.lose_tail(3);
        }
        let down = self.rng.range(300, 4_000);
        for device in &mut self.devices {
            device.drop_connection(self.now + down + self.rng.range(100, 2_000));
        }
        self.liveness.reset();
        self.agenda.push(self.now + down, Happening::Boots);
    }

    fn boot(&mut self) {
        // Some restarts find no snapshots: nothing may depend on them.
        let wakes = if self.boots % 4 == 3 { Wakes::FromZero } else { Wakes::FromSnapshots };
        self.claim();
        let server = Server::boot(&self.store, self.now, self.bug, wakes);
        self.counters.streams_woken_from_snapshots += server.restored;
        self.server = Some(server);
        self.consoles_begin();
        self.knowledge.restart(&self.truth);
        self.liveness.reset();
    }

    /// I01 and I26, after a crash: nothing that was acknowledged is lost, and the state is the same.
    fn recovered(&self) -> Check {
        let records = self.store.records.len();
        let lost = || format!("{} records before, {records} after the crash", self.truth.records);
        ensure(records == self.truth.records, "I01", lost)?;
        for told in &self.acked {
            let there = self.store.head(StreamId::Tip(told.tip)) > 0;
            ensure(there, "I01", || format!("{} was lost in a crash", told.tip))?;
        }
        let streams: Vec<StreamId> = self.truth.heads.keys().copied().collect();
        self.server.as_ref().map_or(Ok(()), |live| invariants::folded(live, &self.fold, &streams))
    }

    /// What must hold when all faults have been over for a while.
    fn converged(&self) -> Check {
        let server = self.server.as_ref();
        let live = server.is_some_and(|s| s.flights.len() < 4);
        ensure(live, "I38", || "decisions do not come to an end".into())?;
        let unanswered = self.letters.iter().find(|letter| letter.answer.is_none());
        ensure(unanswered.is_none(), "I38", || {
            format!("no answer to {:?}", unanswered.map(|letter| letter.key))
        })?;
        let held: BTreeSet<OfficerId> = server
            .iter()
            .flat_map(|server| server.flights.values().flat_map(|flight| flight.held.clone()))
            .collect();
        let busy = server.and_then(|server| {
            server.glances.iter().find(|(id, glance)| glance.busy && !held.contains(*id))
        });
        ensure(busy.is_none(), "I38", || format!("{busy:?} is held by nobody"))?;
        for told in self.answers.values() {
            invariants::acknowledged(&self.truth, told)?;
        }
        let deciding = server.map(|s| s.deciding.clone()).unwrap_or_default();
        let idle = |stream: &&StreamId| match stream {
            StreamId::Incident(id) => !deciding.contains(id),
            StreamId::Officer(id) => {
                server.is_some_and(|s| s.glances.get(id).is_some_and(|g| !g.busy))
            }
            StreamId::Case(_) | StreamId::Tip(_) => true,
        };
        let streams: Vec<StreamId> = self.truth.heads.keys().filter(idle).copied().collect();
        server.map_or(Ok(()), |live| invariants::folded(live, &self.fold, &streams))
    }

    /// Asks for a job, unless the server is down.
    pub fn job(&mut self, caller: Caller, want: super::server::Want) -> Check {
        self.begin(Job { caller, want, busy: BTreeSet::new() })
    }
}
