//! A handheld and the officer who holds it: hears offers, answers or does not, walks, loses the sky,
//! the connection, its patience. Sends each command until it is answered.

use std::collections::BTreeMap;

use tiande_core::geo::{LatLon, Metres, Place};
use tiande_core::ids::{IncidentId, OfferId, OfficerId};
use tiande_core::incident::{IncidentCommand, Outcome, StageSource};
use tiande_core::officer::{DutyChange, Fix, OfficerCommand, Stage};
use tiande_core::time::UnixMillis;

use super::counters::Counters;
use super::faults::Faults;
use super::rng::Rng;
use super::truth::Shift;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SampleKind {
    Good,
    Jump,
    Vague,
    Ahead,
}

/// A fix, and whether it is an honest one.
#[derive(Clone, Debug)]
pub struct Sample {
    pub fix: Fix,
    pub kind: SampleKind,
}

impl Sample {
    pub fn good(&self) -> bool {
        self.kind == SampleKind::Good
    }
}

#[derive(Clone, Debug)]
pub enum Request {
    Duty(OfficerCommand),
    Incident(IncidentId, IncidentCommand),
    Sos(Option<Place>),
}

/// From the device.
#[derive(Clone, Debug)]
pub enum Call {
    Hello,
    Fix(Sample),
    Received { incident: IncidentId, offer: OfferId },
    Command { id: u64, request: Request },
}

/// To the device.
#[derive(Clone, Debug)]
pub enum Word {
    Offer {
        incident: IncidentId,
        offer: OfferId,
    },
    State {
        sent: i64,
        shift: Shift,
        offer: Option<(IncidentId, OfferId)>,
        bound: Vec<(IncidentId, Stage)>,
        asked_well: Option<IncidentId>,
        sos: bool,
    },
    Done {
        id: u64,
    },
    Refused {
        id: u64,
    },
}

#[derive(Clone, Copy, Debug)]
struct Weighed {
    incident: IncidentId,
    answer_at: i64,
    /// Yes, no, or no answer.
    answer: Option<bool>,
}

pub struct Device {
    pub officer: OfficerId,
    pub connected: bool,
    back_at: i64,
    pub at: LatLon,
    north_mps: f64,
    east_mps: f64,
    moved_at: i64,
    skew: i64,
    epoch: u32,
    seq: u32,
    jumps: u32,
    sky_at: i64,
    shift: Shift,
    sos: bool,
    heard_state: i64,
    offers: BTreeMap<OfferId, Weighed>,
    bound: Vec<(IncidentId, Stage)>,
    asked_well: Option<IncidentId>,
    /// Measured off duty, to be handed in later.
    kept: Vec<Sample>,
    pub pending: Option<(u64, Request)>,
    sent_at: i64,
    serial: u64,
    acknowledges: bool,
}

/// Metres of a degree of latitude, near enough for a walk.
const DEGREE_M: f64 = 111_000.0;

impl Device {
    pub fn new(officer: OfficerId, rng: &mut Rng) -> Self {
        let at = LatLon::new(35.1 + rng.unit() * 0.2, 114.5 + rng.unit() * 0.3).expect("a place");
        Self {
            officer,
            connected: true,
            back_at: 0,
            at,
            north_mps: 0.0,
            east_mps: 0.0,
            moved_at: 0,
            skew: rng.range(-1_000, 2_000),
            epoch: 1,
            seq: 0,
            jumps: 0,
            sky_at: 0,
            shift: Shift::Off,
            sos: false,
            heard_state: -1,
            offers: BTreeMap::new(),
            bound: Vec::new(),
            asked_well: None,
            kept: Vec::new(),
            pending: None,
            sent_at: 0,
            serial: 0,
            acknowledges: rng.chance(900),
        }
    }

    pub fn drop_connection(&mut self, back_at: i64) {
        self.connected = false;
        self.back_at = self.back_at.max(back_at);
    }

    /// Answers that come at once.
    pub fn hear(&mut self, word: &Word, now: i64, rng: &mut Rng) -> Vec<Call> {
        match word {
            Word::Offer { incident, offer } => self.weigh(*incident, *offer, now, rng),
            Word::State { sent, shift, offer, bound, asked_well, sos } => {
                if *sent < self.heard_state {
                    return Vec::new();
                }
                self.heard_state = *sent;
                self.shift = *shift;
                self.sos = *sos;
                self.bound.clone_from(bound);
                self.asked_well = *asked_well;
                self.offers.retain(|id, _| offer.is_some_and(|(_, open)| open == *id));
                offer.map(|(incident, id)| self.weigh(incident, id, now, rng)).unwrap_or_default()
            }
            Word::Done { id } | Word::Refused { id } => {
                if self.pending.as_ref().is_some_and(|(open, _)| open == id) {
                    self.pending = None;
                }
                Vec::new()
            }
        }
    }

    fn weigh(
        &mut self,
        incident: IncidentId,
        offer: OfferId,
        now: i64,
        rng: &mut Rng,
    ) -> Vec<Call> {
        self.offers.entry(offer).or_insert_with(|| {
            let answer = match rng.below(10) {
                0..6 => Some(true),
                6..8 => Some(false),
                _ => None,
            };
            let patience = if rng.chance(850) { 4_000 } else { 25_000 };
            let answer_at = now + rng.range(200, patience);
            Weighed { incident, answer_at, answer }
        });
        if self.acknowledges { vec![Call::Received { incident, offer }] } else { Vec::new() }
    }

    /// Lives on for a moment.
    pub fn wake(
        &mut self,
        now: i64,
        calm: bool,
        faults: &Faults,
        rng: &mut Rng,
        counters: &mut Counters,
    ) -> Vec<Call> {
        let mut calls = Vec::new();
        self.walk(now, rng);
        if !self.connected {
            if now < self.back_at {
                return calls;
            }
            counters.reconnects += 1;
            self.connected = true;
            self.sent_at = 0;
            calls.push(Call::Hello);
        } else if rng.chance(faults.disconnect) {
            counters.disconnects += 1;
            self.drop_connection(now + rng.range(500, 40_000));
            return calls;
        }
        self.acknowledges |= calm;
        if rng.chance(faults.no_sky) {
            self.sky_at = now + rng.range(5_000, 90_000);
        }
        let sky = now >= self.sky_at || calm;
        if self.shift == Shift::Off {
            // A device that measures also off duty, and hands it in when it may report.
            if sky && rng.chance(100) {
                let sample = self.measure(now, faults, rng);
                self.kept.extend(sample.good().then_some(sample));
            }
        } else {
            calls.extend(self.kept.drain(..).map(Call::Fix));
            if sky {
                calls.push(Call::Fix(self.measure(now, faults, rng)));
            }
        }
        if self.pending.is_none() {
            self.pending = self.wish(now, calm, rng).map(|request| (self.next_id(), request));
            self.sent_at = 0;
        } else if now - self.sent_at > 2_500 {
            counters.commands_resent += 1;
        } else {
            return calls;
        }
        if let Some((id, request)) = &self.pending {
            self.sent_at = now;
            calls.push(Call::Command { id: *id, request: request.clone() });
        }
        calls
    }

    fn next_id(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    fn walk(&mut self, now: i64, rng: &mut Rng) {
        #[allow(clippy::cast_precision_loss)] // Minutes in milliseconds.
        let seconds = (now - self.moved_at) as f64 / 1_000.0;
        self.moved_at = now;
        let lat = self.at.lat() + self.north_mps * seconds / DEGREE_M;
        let lon = self.at.lon() + self.east_mps * seconds / DEGREE_M;
        self.at = LatLon::new(lat.clamp(35.05, 35.35), lon.clamp(114.4, 114.9)).expect("a place");
        if rng.chance(300) {
            let fast = if rng.chance(500) { 1.5 } else { 15.0 };
            self.north_mps = (rng.unit() - 0.5) * 2.0 * fast;
            self.east_mps = (rng.unit() - 0.5) * 2.0 * fast;
        }
    }

    fn measure(&mut self, now: i64, faults: &Faults, rng: &mut Rng) -> Sample {
        if rng.chance(5) {
            self.epoch += 1;
            self.seq = 0;
        }
        self.seq += 1;
        let mut fix = Fix {
            epoch: self.epoch,
            seq: self.seq,
            taken_at: UnixMillis(super::world::EPOCH_MS + now + self.skew),
            at: self.at,
            accuracy: Some(Metres(5.0 + rng.unit() * 60.0)),
            speed_mps: None,
            heading_deg: None,
        };
        let mut kind = SampleKind::Good;
        if rng.chance(faults.spoilt_fix) {
            match rng.below(3) {
                0 => {
                    // Each jump leads elsewhere, so that no two agree.
                    self.jumps += 1;
                    let lat = 37.0 + f64::from(self.jumps % 30) * 1.5;
                    fix.at = LatLon::new(lat, self.at.lon()).expect("a place");
                    kind = SampleKind::Jump;
                }
                1 => {
                    fix.accuracy = Some(Metres(501.0 + rng.unit() * 5_000.0));
                    kind = SampleKind::Vague;
                }
                _ => {
                    fix.taken_at = UnixMillis(fix.taken_at.0 + rng.range(180_000, 3_600_000));
                    kind = SampleKind::Ahead;
                }
            }
        }
        Sample { fix, kind }
    }

    /// What the officer wants to do next.
    fn wish(&mut self, now: i64, calm: bool, rng: &mut Rng) -> Option<Request> {
        let due = self.offers.iter().find(|(_, w)| w.answer.is_some() && w.answer_at <= now);
        if let Some((offer, weighed)) = due.map(|(id, w)| (*id, *w)) {
            let officer = self.officer;
            if let Some(kept) = self.offers.get_mut(&offer) {
                // Said once; some say it twice.
                kept.answer = kept.answer.filter(|_| rng.chance(100));
            }
            let command = if weighed.answer == Some(true) {
                IncidentCommand::Accept { offer, officer }
            } else {
                let reason = rng.chance(300).then(|| "在另一处".to_owned());
                IncidentCommand::Decline { offer, officer, reason }
            };
            return Some(Request::Incident(weighed.incident, command));
        }
        if !calm && (rng.chance(3) || (self.sos && rng.chance(50))) {
            let place = Place { at: self.at, accuracy: Some(Metres(10.0)) };
            return Some(Request::Sos(rng.chance(800).then_some(place)));
        }
        if let Some(incident) = self.asked_well.filter(|_| rng.chance(250)) {
            let command = IncidentCommand::ReportWell { officer: self.officer };
            return Some(Request::Incident(incident, command));
        }
        if let Some((incident, stage)) = self.bound.first().copied().filter(|_| rng.chance(300)) {
            return Some(Request::Incident(incident, self.advance(stage, rng)));
        }
        let how = DutyChange::Reported;
        match self.shift {
            Shift::Off if rng.chance(200) => Some(Request::Duty(OfficerCommand::GoOnDuty { how })),
            Shift::Break if rng.chance(250) => {
                Some(Request::Duty(OfficerCommand::GoOnDuty { how }))
            }
            Shift::On if rng.chance(15) => {
                Some(Request::Duty(OfficerCommand::GoOffDuty { how: DutyChange::Reported }))
            }
            Shift::On if rng.chance(25) => Some(Request::Duty(OfficerCommand::StartBreak)),
            Shift::Off | Shift::On | Shift::Break => None,
        }
    }

    fn advance(&self, stage: Stage, rng: &mut Rng) -> IncidentCommand {
        let (officer, how) = (self.officer, StageSource::Reported);
        match stage {
            Stage::Accepted => IncidentCommand::Progress { officer, stage: Stage::EnRoute, how },
            Stage::EnRoute => IncidentCommand::Progress { officer, stage: Stage::OnScene, how },
            Stage::OnScene => {
                let outcome = *rng.pick(Outcome::ALL).unwrap_or(&Outcome::Other);
                let note = rng.chance(300).then(|| "已查封".to_owned());
                IncidentCommand::Finish { officer, outcome, note }
            }
        }
    }
}
