//! The journal, read by somebody who does not trust the rules: small states of its own, and a check
//! at each event. What must hold at every prefix of the journal is checked here.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::geo::LatLon;
use tiande_core::ids::{IncidentId, OfferId, OfficerId, TipId};
use tiande_core::incident::{IncidentEvent, IncidentKind, Origin, Outcome, Patience, Urgency};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{CommitmentKind, OfficerEvent, Stage};
use tiande_core::time::UnixMillis;
use tiande_core::tip::TipEvent;

use super::invariants::{Check, ensure};
use super::welfare::OnScene;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Shift {
    #[default]
    Off,
    On,
    Break,
}

#[derive(Clone, Debug, Default)]
pub struct OfficerTruth {
    pub shift: Shift,
    /// Since when the officer is on duty.
    pub since: Option<i64>,
    pub lost: bool,
    pub skills: Vec<String>,
    pub offer: Option<(IncidentId, OfferId)>,
    /// Incident, and whether it is held beside others.
    pub bound: BTreeMap<IncidentId, bool>,
    pub sos: Option<IncidentId>,
}

impl OfficerTruth {
    pub fn free(&self) -> bool {
        let unbound = self.bound.is_empty() && self.offer.is_none() && self.sos.is_none();
        self.shift == Shift::On && !self.lost && unbound
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asking {
    Open,
    Accepted,
    Over,
}

#[derive(Clone, Copy, Debug)]
pub struct OfferTruth {
    pub officer: OfficerId,
    pub receive_by: i64,
    pub expires_at: i64,
    pub received: bool,
    pub state: Asking,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    Unknown,
    AwaitingPlace,
    AwaitingDispatch,
    Queued,
    Searching,
    Exhausted,
    Underway,
    Finished,
    Cancelled,
}

/// I10: which status may follow which. Written down, not computed.
pub fn may_follow(from: Status, to: Status) -> bool {
    use Status::{
        AwaitingDispatch, AwaitingPlace, Cancelled, Exhausted, Finished, Queued, Searching,
        Underway, Unknown,
    };
    let allowed: &[Status] = match from {
        Unknown => &[AwaitingPlace, AwaitingDispatch, Queued, Searching, Exhausted],
        AwaitingPlace => {
            &[AwaitingDispatch, Queued, Searching, Exhausted, Underway, Finished, Cancelled]
        }
        AwaitingDispatch | Queued => &[Searching, Exhausted, Underway, Finished, Cancelled],
        Searching => &[Exhausted, Underway, Finished, Cancelled],
        Exhausted => &[Searching, Underway, Finished, Cancelled],
        Underway => {
            &[AwaitingPlace, AwaitingDispatch, Queued, Searching, Exhausted, Finished, Cancelled]
        }
        Finished | Cancelled => &[],
    };
    from == to || allowed.contains(&to)
}

#[derive(Clone, Debug)]
pub struct IncidentTruth {
    pub kind: IncidentKind,
    pub emergency: bool,
    pub need: usize,
    pub skills: Vec<String>,
    pub excluded: BTreeSet<OfficerId>,
    pub caller: Option<OfficerId>,
    pub tip: Option<TipId>,
    pub exercise: bool,
    /// Further tips that are its own.
    pub merged: BTreeSet<TipId>,
    pub place: Option<LatLon>,
    pub searching: bool,
    pub offers: BTreeMap<OfferId, OfferTruth>,
    pub asked: BTreeSet<OfficerId>,
    pub crew: BTreeSet<OfficerId>,
    pub finished: Vec<Outcome>,
    /// Who is on scene, and how the centre knows about each.
    pub scene: BTreeMap<OfficerId, OnScene>,
    /// Since when it has been without enough officers coming, the first moment without anybody to ask.
    pub exhausted: Option<i64>,
    /// The director knows of that spell.
    pub director: bool,
    /// How often each was alarmed.
    pub alarms: [u32; 2],
    pub over: Option<Status>,
}

impl IncidentTruth {
    pub fn seats(&self) -> usize {
        self.need.saturating_sub(self.crew.len() + self.finished.len())
    }

    pub fn open_offers(&self) -> impl Iterator<Item = (&OfferId, &OfferTruth)> {
        self.offers.iter().filter(|(_, offer)| offer.state == Asking::Open)
    }

    pub fn status(&self) -> Status {
        match (self.over, self.searching) {
            (Some(over), _) => over,
            (None, _) if self.seats() == 0 => Status::Underway,
            (None, _) if self.place.is_none() => Status::AwaitingPlace,
            (None, true) if self.exhausted.is_some() && self.open_offers().next().is_none() => {
                Status::Exhausted
            }
            (None, true) => Status::Searching,
            (None, false) if self.emergency => Status::AwaitingDispatch,
            (None, false) => Status::Queued,
        }
    }

    /// May this free officer be asked for this incident?
    pub fn suits(&self, id: OfficerId, officer: &OfficerTruth) -> bool {
        let barred =
            self.excluded.contains(&id) || self.asked.contains(&id) || self.caller == Some(id);
        !barred && self.skills.iter().all(|skill| officer.skills.contains(skill))
    }
}

#[derive(Clone, Debug, Default)]
pub struct TipTruth {
    pub received: u32,
    pub linked: u32,
    pub exercise: bool,
    pub links: Vec<IncidentId>,
}

/// How many more are asked than seats are open.
#[derive(Clone, Copy)]
pub struct Extra {
    pub emergency: usize,
    pub sos: usize,
}

/// Everything the journal says.
pub struct Truth {
    pub extra: Extra,
    pub stack_max: usize,
    pub patience: Patience,
    pub officers: BTreeMap<OfficerId, OfficerTruth>,
    pub incidents: BTreeMap<IncidentId, IncidentTruth>,
    pub tips: BTreeMap<TipId, TipTruth>,
    pub records: usize,
    pub heads: BTreeMap<StreamId, u64>,
}

/// One record, with what was known when it was decided.
pub struct Reading<'a> {
    pub stream: StreamId,
    pub seq: u64,
    pub at: UnixMillis,
    pub event: &'a Event,
    pub behind: Behind<'a>,
}

/// What stood behind a decision, which the journal does not tell.
#[derive(Clone, Copy, Debug, Default)]
pub struct Behind<'a> {
    /// Who could have been asked.
    pub witness: Option<&'a [(OfficerId, LatLon)]>,
    /// A dispatcher said: also beside other commitments.
    pub stack: bool,
}

impl Truth {
    pub fn extra_of(&self, incident: &IncidentTruth) -> usize {
        match (incident.kind, incident.emergency) {
            (IncidentKind::OfficerSos, _) => self.extra.sos,
            (_, true) => self.extra.emergency,
            (_, false) => 0,
        }
    }

    /// Takes one record in, and says what is wrong with it.
    pub fn read(&mut self, reading: &Reading<'_>) -> Check {
        let head = self.heads.entry(reading.stream).or_default();
        *head += 1;
        self.records += 1;
        let (head, seq) = (*head, reading.seq);
        ensure(head == seq, "I25", || format!("{}: {seq} follows {}", reading.stream, head - 1))?;
        match (reading.stream, reading.event) {
            (StreamId::Officer(id), Event::Officer(event)) => self.read_officer(id, event, reading),
            (StreamId::Incident(id), Event::Incident(event)) => {
                self.read_incident(id, event, reading)
            }
            (StreamId::Tip(id), Event::Tip(event)) => {
                let tip = self.tips.entry(id).or_default();
                match event {
                    TipEvent::Received(received) => {
                        tip.received += 1;
                        tip.exercise = received.exercise;
                    }
                    TipEvent::Linked { incident } => {
                        tip.linked += 1;
                        tip.links.push(*incident);
                    }
                    TipEvent::Relinked { incident, .. } => tip.links.push(*incident),
                    TipEvent::OriginalRead { .. } => {}
                }
                Ok(())
            }
            (stream, event) => ensure(false, "FOLD", || {
                format!("{stream} holds the wrong kind of event: {event:?}")
            }),
        }
    }

    fn read_officer(
        &mut self,
        id: OfficerId,
        event: &OfficerEvent,
        reading: &Reading<'_>,
    ) -> Check {
        let stack_max = self.stack_max;
        let officer = self.officers.entry(id).or_default();
        match event {
            OfficerEvent::Registered { skills, .. } => officer.skills.clone_from(skills),
            OfficerEvent::WentOnDuty { .. } => {
                officer.shift = Shift::On;
                officer.since = Some(reading.at.0);
            }
            OfficerEvent::BreakEnded {} => officer.shift = Shift::On,
            OfficerEvent::WentOffDuty { .. } => {
                officer.shift = Shift::Off;
                officer.since = None;
                officer.lost = false;
            }
            OfficerEvent::BreakStarted {} => officer.shift = Shift::Break,
            OfficerEvent::ContactLost { .. } => officer.lost = true,
            OfficerEvent::ContactRegained {} => officer.lost = false,
            OfficerEvent::Offered { incident, offer, .. } => {
                let free = officer.free();
                let state = || format!("{id} was offered {incident} while {officer:?}");
                ensure(free, "I07", state)?;
                officer.offer = Some((*incident, *offer));
            }
            OfficerEvent::OfferClosed { offer, .. } => {
                officer.offer = officer.offer.filter(|(_, open)| open != offer);
            }
            OfficerEvent::Committed { incident, offer, how, stacked } => {
                officer.offer = officer.offer.filter(|(_, open)| open != offer);
                let alone = officer.bound.is_empty();
                ensure(alone || *stacked, "I05", || format!("{id} has two plain commitments"))?;
                let by_order = *how == CommitmentKind::Ordered && reading.behind.stack;
                ensure(!*stacked || by_order, "I05", || {
                    format!("{id} was stacked without an order")
                })?;
                officer.bound.insert(*incident, *stacked);
                let within = officer.bound.len() <= stack_max;
                ensure(within, "I05", || format!("{id} holds more than {stack_max}"))?;
            }
            OfficerEvent::Released { incident, .. } => drop(officer.bound.remove(incident)),
            OfficerEvent::SosRaised { incident } => officer.sos = Some(*incident),
            OfficerEvent::SosEnded { .. } => officer.sos = None,
            OfficerEvent::StageReached { .. }
            | OfficerEvent::WelfareAsked { .. }
            | OfficerEvent::WelfareAnswered { .. }
            | OfficerEvent::TrackRead { .. } => {}
        }
        Ok(())
    }

    fn read_incident(
        &mut self,
        id: IncidentId,
        event: &IncidentEvent,
        reading: &Reading<'_>,
    ) -> Check {
        if let IncidentEvent::Opened(opened) = event {
            let tip = match opened.origin {
                Origin::Tip { tip, .. } => Some(tip),
                Origin::Sos { .. } | Origin::Task { .. } => None,
            };
            let caller = match opened.origin {
                Origin::Sos { officer } => Some(officer),
                Origin::Tip { .. } | Origin::Task { .. } => None,
            };
            let fresh = IncidentTruth {
                kind: opened.kind,
                emergency: opened.urgency == Urgency::Emergency,
                need: usize::from(opened.need),
                skills: opened.skills.clone(),
                excluded: opened.excluded.iter().copied().collect(),
                caller,
                tip,
                exercise: opened.exercise,
                merged: BTreeSet::new(),
                place: opened.personal.as_ref().and_then(|p| p.place).map(|p| p.at),
                searching: false,
                offers: BTreeMap::new(),
                asked: BTreeSet::new(),
                crew: BTreeSet::new(),
                finished: Vec::new(),
                scene: BTreeMap::new(),
                exhausted: None,
                director: false,
                alarms: [0; 2],
                over: None,
            };
            let twice = self.incidents.insert(id, fresh).is_some();
            return ensure(!twice, "I10", || format!("{id} was opened twice"));
        }
        let extra = self.incidents.get(&id).map_or(0, |incident| self.extra_of(incident));
        let Some(incident) = self.incidents.get_mut(&id) else {
            return ensure(false, "I10", || format!("{id} has an event before its opening"));
        };
        ensure(incident.over.is_none(), "I10", || format!("{id} is over, but: {event:?}"))?;
        match event {
            IncidentEvent::Opened(_) => {}
            IncidentEvent::TipMerged(merged) => {
                let real =
                    self.tips.get(&merged.tip).is_some_and(|t| t.exercise == incident.exercise);
                ensure(real, "I02", || format!("{id}: a drill and what is real were merged"))?;
                let emergency = merged.urgency == Urgency::Emergency;
                let waits = emergency && !incident.emergency;
                ensure(incident.tip.is_some() && !waits, "I02", || {
                    format!("{id} cannot take {}", merged.tip)
                })?;
                incident.merged.insert(merged.tip);
            }
            IncidentEvent::TipSplit { tip, .. } => {
                let was = incident.merged.remove(tip);
                ensure(was, "I02", || format!("{tip} was split off {id}, where it was not"))?;
            }
            IncidentEvent::Placed { personal, .. } => {
                incident.place = personal.as_ref().map(|p| p.place.at);
            }
            IncidentEvent::SearchStarted { .. } => incident.searching = true,
            IncidentEvent::OffersMade { offers, .. } => {
                let asked: Vec<OfficerId> = offers.iter().map(|made| made.officer).collect();
                super::asking::check_round(
                    incident,
                    &asked,
                    extra,
                    &self.officers,
                    reading.behind.witness,
                )?;
                for made in offers {
                    incident.asked.insert(made.officer);
                    let offer = OfferTruth {
                        officer: made.officer,
                        receive_by: made.receive_by.0,
                        expires_at: made.expires_at.0,
                        received: false,
                        state: Asking::Open,
                    };
                    incident.offers.insert(made.offer, offer);
                }
            }
            IncidentEvent::OfferReceived { offer } => {
                let known = incident.offers.get_mut(offer);
                known.into_iter().for_each(|offer| offer.received = true);
            }
            IncidentEvent::OfferAccepted { offer, officer } => {
                let filled = incident.crew.len() + incident.finished.len();
                let need = incident.need;
                let known = incident.offers.get_mut(offer).filter(|o| o.officer == *officer);
                let Some(known) = known else {
                    return ensure(false, "I06", || format!("{id}: {offer} was never {officer}'s"));
                };
                let state = known.state;
                ensure(state != Asking::Over, "I08", || {
                    format!("{offer} was closed, then accepted")
                })?;
                ensure(state == Asking::Open, "I06", || format!("{offer} was accepted twice"))?;
                let (at, end) = (reading.at.0, known.expires_at);
                ensure(at < end, "I06", || format!("{offer} ended at {end}, accepted at {at}"))?;
                ensure(filled < need, "I06", || {
                    format!("{id}: {filled} of {need} seats were taken")
                })?;
                known.state = Asking::Accepted;
                incident.crew.insert(*officer);
            }
            IncidentEvent::OfferClosed { offer, .. } => {
                let known = incident.offers.get_mut(offer);
                let open = known.as_ref().is_some_and(|offer| offer.state == Asking::Open);
                ensure(open, "I08", || format!("{offer} was closed, but was not open"))?;
                known.into_iter().for_each(|offer| offer.state = Asking::Over);
            }
            IncidentEvent::Assigned { officer, .. } => {
                let barred =
                    incident.excluded.contains(officer) || incident.caller == Some(*officer);
                ensure(!barred, "I07", || format!("{officer} must not go, but was ordered to"))?;
                incident.asked.insert(*officer);
                incident.crew.insert(*officer);
            }
            IncidentEvent::WelfareAsked { .. }
            | IncidentEvent::WelfareAnswered { .. }
            | IncidentEvent::WelfareAlarmed { .. } => {
                super::welfare::read(id, incident, event, reading.at.0, self.patience)?;
            }
            IncidentEvent::StageReached { officer, stage, .. } => {
                if *stage == Stage::OnScene {
                    incident.scene.insert(*officer, OnScene::since(reading.at.0));
                }
                let crew = incident.crew.contains(officer);
                ensure(crew, "I10", || format!("{officer} moves for {id} but is not on it"))?;
            }
            IncidentEvent::OfficerFinished { officer, outcome, .. } => {
                incident.scene.remove(officer);
                let crew = incident.crew.remove(officer);
                ensure(crew, "I10", || format!("{officer} finished {id} but was not on it"))?;
                incident.finished.push(*outcome);
            }
            IncidentEvent::OfficerReleased { officer, said } => {
                incident.scene.remove(officer);
                let crew = incident.crew.remove(officer) && !said.text().is_empty();
                ensure(crew, "I10", || format!("{officer} was released from {id} without cause"))?;
            }
            IncidentEvent::Exhausted { .. } => {
                super::asking::check_exhausted(incident, &self.officers, reading.behind.witness)?;
                let first = incident.exhausted.is_none();
                ensure(first, "I09", || format!("{id} alarms the centre again for one spell"))?;
                incident.exhausted = Some(reading.at.0);
                incident.alarms[0] += 1;
            }
            IncidentEvent::DirectorAlarmed { .. } => {
                let due = incident.exhausted.is_some() && !incident.director;
                ensure(due, "I09", || format!("{id} alarms the director without need"))?;
                incident.director = true;
                incident.alarms[1] += 1;
            }
            IncidentEvent::ClockRang(_) => {
                ensure(false, "I12", || format!("{id} has no procedure, but a clock of it rang"))?;
            }
            IncidentEvent::Finished { outcome } => {
                let told = incident.finished.last() == Some(outcome) && incident.crew.is_empty();
                ensure(told, "I10", || format!("{id} ended without the last officer's outcome"))?;
                incident.over = Some(Status::Finished);
            }
            IncidentEvent::Cancelled { said } => {
                let said = !said.text().trim().is_empty();
                ensure(said, "I10", || format!("{id} was cancelled without a reason"))?;
                incident.over = Some(Status::Cancelled);
                incident.crew.clear();
            }
        }
        if incident.seats() == 0 {
            incident.exhausted = None;
            incident.director = false;
        }
        Ok(())
    }
}
