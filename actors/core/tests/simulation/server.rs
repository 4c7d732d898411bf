//! A model of the shell: the same steps as the real one, each of them a moment at which others act.
//!
//! A decision is a *job* until it is planned, then a *flight*: it asks officers one by one (each is
//! held from then on), is appended, is applied, and only then its effects leave. A crash takes all of
//! it away; `Server::boot` folds everything from the journal's bytes, or goes on from snapshots.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::court::CourtProfile;
use tiande_core::dispatch::{Glance, Plan};
use tiande_core::ids::{AlarmId, IncidentId, OfficerId, TipId};
use tiande_core::incident::{Incident, IncidentCommand, IncidentOpened, IncidentRefusal};
use tiande_core::journal::{Carriers, Event, Snapshot, StreamId};
use tiande_core::officer::{
    Duty, FixFilter, FixRules, FixVerdict, Officer, OfficerCommand, OfficerEvent, OfficerPart,
    OfficerRefusal,
};
use tiande_core::spatial::SpatialIndex;
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::tip::TipEvent;

use super::bugs::Bug;
use super::consoles::Feed;
use super::device::Sample;
use super::journal::{Batch, Delivery, DeliveryKey, Store};
use super::knowledge::Witness;
use super::rng::Rng;
use super::snapshots::Wakes;

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
    Duty {
        officer: OfficerId,
        command: OfficerCommand,
    },
    Incident {
        incident: IncidentId,
        command: IncidentCommand,
    },
    Round {
        incident: IncidentId,
    },
    /// A further tip joins.
    Merge {
        incident: IncidentId,
        command: IncidentCommand,
        tip: (TipEvent, DeliveryKey, Delivery),
    },
    /// A merged tip gets an incident of its own.
    Split {
        from: IncidentId,
        tip: TipId,
        opened: Box<IncidentOpened>,
    },
    Open {
        opened: Box<IncidentOpened>,
        tip: Option<(TipEvent, DeliveryKey, Delivery)>,
    },
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
    /// Sent away unread: too many are at work.
    Overloaded,
    Incident(IncidentRefusal),
    Officer(OfficerRefusal),
}

/// What comes of one step of a decision.
pub enum Step {
    /// Somebody is in the middle of something else: again, soon.
    Later(Job),
    /// An officer cannot be asked: again at once, without.
    Replan(Job),
    Reply(Caller, Reply),
    /// Planned; its officers are to be asked.
    Flying(u64),
    /// All officers agree: to the journal.
    Ready(u64),
}

pub struct Flight {
    pub job: Job,
    pub at: UnixMillis,
    pub plan: Option<Plan>,
    pub todo: Vec<(OfficerId, Vec<OfficerPart>)>,
    pub officers: BTreeMap<OfficerId, Vec<OfficerEvent>>,
    pub held: BTreeSet<OfficerId>,
    pub batch: Option<Batch>,
    pub witness: Option<Witness>,
    pub committed: bool,
}

pub struct Server {
    pub bug: Bug,
    /// What the store knows it by.
    pub owner: u32,
    /// What its consoles are told.
    pub feed: Feed,
    pub glances: BTreeMap<OfficerId, Glance>,
    pub filters: BTreeMap<OfficerId, FixFilter>,
    pub index: SpatialIndex<OfficerId>,
    pub heard: BTreeMap<OfficerId, i64>,
    pub incidents: BTreeMap<IncidentId, Incident>,
    pub seqs: BTreeMap<StreamId, u64>,
    pub flights: BTreeMap<u64, Flight>,
    pub deciding: BTreeSet<IncidentId>,
    pub serial: u64,
    /// For a planted bug: whose director was alarmed.
    pub directed: BTreeSet<IncidentId>,
    pub carriers: BTreeMap<StreamId, Carriers>,
    /// Snapshots that are not in the store yet; a crash takes them away.
    pub unsaved: Vec<(StreamId, Snapshot)>,
    /// How many streams were not folded from their first event.
    pub restored: u64,
    arrivals: u32,
}

impl Server {
    /// Starts with what the journal and its snapshots hold, and nothing else.
    pub fn boot(store: &Store, mono: i64, bug: Bug, wakes: Wakes) -> Self {
        let mut server = Self {
            bug,
            owner: store.owner,
            feed: Feed::default(),
            glances: BTreeMap::new(),
            filters: BTreeMap::new(),
            index: SpatialIndex::default(),
            heard: BTreeMap::new(),
            incidents: BTreeMap::new(),
            seqs: store.heads.clone(),
            flights: BTreeMap::new(),
            deciding: BTreeSet::new(),
            serial: 0,
            directed: BTreeSet::new(),
            carriers: BTreeMap::new(),
            unsaved: Vec::new(),
            restored: 0,
            arrivals: 0,
        };
        server.restored = server.wake(store, wakes);
        server.heard = server.glances.keys().map(|id| (*id, mono)).collect();
        server.filters = server.glances.keys().map(|id| (*id, FixFilter::default())).collect();
        server
    }

    pub fn fold(&mut self, stream: StreamId, seq: u64, event: &Event, at: UnixMillis) {
        self.note(stream, seq, event);
        match (stream, event) {
            (StreamId::Officer(id), Event::Officer(event)) => {
                let fresh = || Glance { officer: Officer::new(id), fix: None, busy: false };
                self.glances.entry(id).or_insert_with(fresh).officer.apply(event, at);
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
            self.fold(record.stream, record.seq, &record.event(), record.at);
        }
        for stream in touched {
            if let StreamId::Officer(id) = stream {
                self.after_duty(id);
            }
        }
    }

    /// Nothing of an officer's whereabouts is kept off duty.
    pub fn after_duty(&mut self, officer: OfficerId) {
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
            on_duty_since: match (self.bug, glance.officer.on_duty_since) {
                (Bug::KeepEarlierFixes, _) | (_, None) => UnixMillis(i64::MIN),
                (_, Some(since)) => since,
            },
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
    pub fn sweep(
        &self,
        now: UnixMillis,
        mono: i64,
        court: &CourtProfile,
        ids: &mut Rng,
    ) -> Vec<Want> {
        let mut wants = Vec::new();
        let mut patience = court.dispatch.patience();
        if self.bug == Bug::AskEarly {
            patience.silent_after = Millis(0);
        }
        for (id, incident) in &self.incidents {
            let due = incident.next_due(patience).is_some_and(|due| due <= now);
            if due && self.bug != Bug::ForgetTick {
                let alarm = AlarmId::new(now, ids);
                let command = IncidentCommand::Tick { alarm, patience };
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
