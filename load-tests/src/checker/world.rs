//! A record, sorted by officer, offer, incident and tip, with the bounds of what can be known.
//!
//! The central idea: the drill does not see the server's moments, only that each lies between
//! something sent and something received. So every span here has a stated side on which it errs.

use std::collections::HashMap;

use super::decision;
use crate::record::{Entry, Event, Setting, Verb};

/// A moment in microseconds of the record.
pub type Us = u64;

/// Never, as a moment.
pub const NEVER: Us = Us::MAX;

/// A position that was sent.
#[derive(Debug, Clone, Copy)]
pub struct Fix {
    pub t: Us,
    pub seq: u32,
    pub lat: f64,
    pub lon: f64,
}

/// One connection of an officer, from its welcome.
#[derive(Debug, Clone, Copy)]
pub struct Connection {
    pub from: Us,
    /// The moment from which it may be broken: seen broken, or the server killed.
    pub to: Us,
    /// The first acknowledgement of a fix on it.
    pub acked_from: Us,
}

/// An acknowledgement that names a fix.
#[derive(Debug, Clone, Copy)]
pub struct Ack {
    pub t: Us,
    pub o: u32,
    /// Index into the officer's fixes.
    pub fix: usize,
}

/// One officer.
#[derive(Debug, Default)]
pub struct Officer {
    /// The number of the court.
    pub court: u32,
    pub fixes: Vec<Fix>,
    pub acks: Vec<Ack>,
    pub connections: Vec<Connection>,
    /// (on duty?, sent or done?, moment), in their order.
    pub duty: Vec<(bool, bool, Us)>,
    pub stalled: Option<Us>,
    pub offers: Vec<usize>,
}

/// One offer to one officer, from first sight to its end.
#[derive(Debug)]
pub struct Offer {
    pub o: u32,
    pub id: String,
    pub incident: usize,
    pub sent_at: i64,
    /// First seen by the officer: the decision was earlier.
    pub first: Us,
    /// The decision was not earlier than this.
    pub lo: Us,
    /// Seen over by the officer; `NEVER` when it never was.
    pub end: Us,
    pub reason: Option<String>,
    pub accept_sent: Us,
    /// The first `done` of the accept.
    pub accept_done: Us,
    pub decline_sent: Us,
    pub finish_sent: Us,
    /// A state without this offer or its incident was seen first at this moment.
    pub state_without: Us,
}

impl Offer {
    /// Accepted and then gone from the officer's state, without the officer having finished.
    pub fn was_released(&self) -> bool {
        self.accept_done != NEVER && self.state_without < self.finish_sent
    }
}

/// One incident, as far as the drill knows of it.
#[derive(Debug, Default)]
pub struct Incident {
    pub id: String,
    pub tips: Vec<u32>,
    /// In the order in which they were seen.
    pub offers: Vec<usize>,
}

/// One tip.
#[derive(Debug, Default)]
pub struct Tip {
    pub kind: String,
    pub place: (f64, f64),
    pub first_sent: Us,
    pub answered: Option<Us>,
    /// The last answer that was no 202, with its code.
    pub refused: Option<(u16, String)>,
    pub ids: Vec<(String, String)>,
    pub end: Option<(bool, bool)>,
}

/// Everything.
#[derive(Debug, Default)]
pub struct World {
    pub setting: Setting,
    pub officers: Vec<Officer>,
    pub offers: Vec<Offer>,
    pub incidents: Vec<Incident>,
    pub tips: HashMap<u32, Tip>,
    /// All acknowledgements in their order.
    pub acks: Vec<Ack>,
    pub kills: Vec<Us>,
    pub restarts: u64,
    /// An officer's states that show two unstacked commitments: (officer, incident, incident).
    pub double_states: Vec<(u32, String, String)>,
    /// Accepted, not finished, and not in the welcome of a later connection.
    pub lost_commitments: Vec<usize>,
    /// Officers whose welcome denies the duty that the server had confirmed.
    pub lost_duties: Vec<u32>,
    incident_by_id: HashMap<String, usize>,
    offer_by_id: HashMap<(u32, String), usize>,
}

impl World {
    /// Reads a record.
    pub fn new(entries: &[Entry]) -> Self {
        let mut world = Self::default();
        for entry in entries {
            world.take(entry.t, &entry.event);
        }
        decision::bound(&mut world);
        world
    }

    fn officer(&mut self, o: u32) -> &mut Officer {
        let index = o as usize;
        if index >= self.officers.len() {
            self.officers.resize_with(index + 1, Officer::default);
        }
        &mut self.officers[index]
    }

    /// The number of an incident by the server's id.
    fn incident(&mut self, id: &str) -> usize {
        if let Some(known) = self.incident_by_id.get(id) {
            return *known;
        }
        let index = self.incidents.len();
        self.incidents.push(Incident { id: id.to_owned(), ..Incident::default() });
        self.incident_by_id.insert(id.to_owned(), index);
        index
    }

    fn take(&mut self, t: Us, event: &Event) {
        match event {
            Event::Begin(setting) => self.setting = (**setting).clone(),
            Event::Officer { o, court, .. } => {
                self.officer(*o).court = *court;
            }
            Event::Disconnected { o, .. } => self.break_connection(*o, t),
            Event::Killed => {
                self.kills.push(t);
                for o in 0..u32::try_from(self.officers.len()).unwrap_or(u32::MAX) {
                    self.break_connection(o, t);
                }
            }
            Event::Restarted { .. } => self.restarts += 1,
            Event::Stalled { o } => self.officer(*o).stalled = Some(t),
            Event::Fix { o, seq, lat, lon, .. } => {
                self.officer(*o).fixes.push(Fix { t, seq: *seq, lat: *lat, lon: *lon });
            }
            // Beside a refusal the number may be that of a refused fix: then nothing new is certain,
            // and the earlier fixes stay possible.
            Event::Ack { o, seq: Some(seq), taken, refused, codes } => {
                if *taken > 0 && codes.get("older").copied().unwrap_or(0) == *refused {
                    self.acked(*o, *seq, t);
                }
            }
            Event::DutySent { o, on } => self.officer(*o).duty.push((*on, false, t)),
            Event::DutyDone { o, on, ok: true } => self.officer(*o).duty.push((*on, true, t)),
            Event::Offer { o, offer, incident, sent_at, .. } => {
                self.offered(*o, offer, incident, *sent_at, t);
            }
            Event::OfferClosed { o, offer, reason } => {
                if let Some(offer) = self.offer_mut(*o, offer) {
                    offer.reason.get_or_insert_with(|| reason.clone());
                    if reason != "accepted" {
                        offer.end = offer.end.min(t);
                    }
                }
            }
            Event::Command { o, verb, subject, .. } => self.commanded(*o, *verb, subject, t),
            Event::Answer { o, verb, subject, ok, .. } => self.answered(*o, *verb, subject, *ok, t),
            Event::State { o, welcome, status, offers, held } => {
                if *welcome {
                    let last = self.officer(*o).duty.last().copied();
                    if status == "off_duty" && matches!(last, Some((true, true, _))) {
                        self.lost_duties.push(*o);
                    }
                    let connection = Connection { from: t, to: NEVER, acked_from: NEVER };
                    self.officer(*o).connections.push(connection);
                }
                let unstacked: Vec<&String> =
                    held.iter().filter(|held| !held.stacked).map(|held| &held.incident).collect();
                for pair in unstacked.windows(2) {
                    self.double_states.push((*o, pair[0].clone(), pair[1].clone()));
                }
                self.told(
                    *o,
                    *welcome,
                    offers,
                    |id| held.iter().any(|held| held.incident == id),
                    t,
                );
            }
            Event::TipSent { tip, kind, lat, lon, .. } => {
                self.tips.entry(*tip).or_insert_with(|| Tip {
                    kind: kind.clone(),
                    place: (*lat, *lon),
                    first_sent: t,
                    ..Tip::default()
                });
            }
            Event::TipAnswered { tip, status, id, incident, code } => {
                self.tip_answered(
                    *tip,
                    *status,
                    id.as_ref().zip(incident.as_ref()),
                    code.as_deref(),
                    t,
                );
            }
            Event::EndTip { tip, tip_known, incident_known, .. } => {
                if let Some(tip) = self.tips.get_mut(tip) {
                    tip.end = Some((*tip_known, *incident_known));
                }
            }
            // Told to people, not needed to judge.
            Event::Connecting { .. }
            | Event::Ack { seq: None, .. }
            | Event::DutyDone { ok: false, .. }
            | Event::Started
            | Event::Gateways { .. }
            | Event::SosSent { .. }
            | Event::SosAnswered { .. }
            | Event::IncidentSeen { .. }
            | Event::Alarm { .. }
            | Event::TipsOver
            | Event::Sample { .. }
            | Event::Note { .. } => {}
        }
    }

    fn break_connection(&mut self, o: u32, t: Us) {
        if let Some(connection) = self.officer(o).connections.last_mut() {
            connection.to = connection.to.min(t);
        }
    }

    fn acked(&mut self, o: u32, seq: u32, t: Us) {
        let officer = self.officer(o);
        let Ok(fix) = officer.fixes.binary_search_by_key(&seq, |fix| fix.seq) else { return };
        let ack = Ack { t, o, fix };
        officer.acks.push(ack);
        if let Some(connection) = officer.connections.last_mut() {
            connection.acked_from = connection.acked_from.min(t);
        }
        self.acks.push(ack);
    }

    fn offered(&mut self, o: u32, id: &str, incident: &str, sent_at: i64, t: Us) {
        let key = (o, id.to_owned());
        if self.offer_by_id.contains_key(&key) {
            return;
        }
        let (index, incident) = (self.offers.len(), self.incident(incident));
        self.offer_by_id.insert(key, index);
        self.officer(o).offers.push(index);
        self.incidents[incident].offers.push(index);
        self.offers.push(Offer {
            o,
            id: id.to_owned(),
            incident,
            sent_at,
            first: t,
            lo: 0,
            end: NEVER,
            reason: None,
            accept_sent: NEVER,
            accept_done: NEVER,
            decline_sent: NEVER,
            finish_sent: NEVER,
            state_without: NEVER,
        });
    }

    fn offer_mut(&mut self, o: u32, id: &str) -> Option<&mut Offer> {
        let index = *self.offer_by_id.get(&(o, id.to_owned()))?;
        self.offers.get_mut(index)
    }

    /// The offer by which an officer came to an incident.
    fn taken_on(&mut self, o: u32, incident: &str) -> Option<&mut Offer> {
        let incident = *self.incident_by_id.get(incident)?;
        let own = self.officers.get(o as usize)?.offers.iter().rev();
        let index = *own.clone().find(|index| self.offers[**index].incident == incident)?;
        self.offers.get_mut(index)
    }

    fn commanded(&mut self, o: u32, verb: Verb, subject: &str, t: Us) {
        match verb {
            Verb::Accept => {
                if let Some(offer) = self.offer_mut(o, subject) {
                    offer.accept_sent = offer.accept_sent.min(t);
                }
            }
            Verb::Decline => {
                if let Some(offer) = self.offer_mut(o, subject) {
                    offer.decline_sent = offer.decline_sent.min(t);
                }
            }
            Verb::Finish => {
                if let Some(offer) = self.taken_on(o, subject) {
                    offer.finish_sent = offer.finish_sent.min(t);
                }
            }
            Verb::EnRoute | Verb::OnScene => {}
        }
    }

    fn answered(&mut self, o: u32, verb: Verb, subject: &str, ok: bool, t: Us) {
        match (verb, ok) {
            (Verb::Accept, true) => {
                if let Some(offer) = self.offer_mut(o, subject) {
                    offer.accept_done = offer.accept_done.min(t);
                }
            }
            (Verb::Accept, false) | (Verb::Decline, _) => {
                if let Some(offer) = self.offer_mut(o, subject) {
                    offer.end = offer.end.min(t);
                }
            }
            (Verb::Finish, _) => {
                if let Some(offer) = self.taken_on(o, subject) {
                    offer.end = offer.end.min(t);
                }
            }
            (Verb::EnRoute | Verb::OnScene, _) => {}
        }
    }

    /// Whatever an officer's state no longer shows is over.
    fn told(
        &mut self,
        o: u32,
        welcome: bool,
        offers: &[String],
        held: impl Fn(&str) -> bool,
        t: Us,
    ) {
        let open: Vec<usize> = self.officers.get(o as usize).map_or_else(Vec::new, |officer| {
            officer
                .offers
                .iter()
                .copied()
                .filter(|index| self.offers[*index].end == NEVER)
                .collect()
        });
        for index in open {
            let offer = &mut self.offers[index];
            if offers.contains(&offer.id) || held(&self.incidents[offer.incident].id) {
                continue;
            }
            offer.state_without = offer.state_without.min(t);
            offer.end = t;
            if welcome && offer.accept_done < t && offer.finish_sent > t {
                self.lost_commitments.push(index);
            }
        }
    }

    fn tip_answered(
        &mut self,
        number: u32,
        status: u16,
        ids: Option<(&String, &String)>,
        code: Option<&str>,
        t: Us,
    ) {
        let incident = ids.map(|(_, incident)| self.incident(incident));
        let Some(tip) = self.tips.get_mut(&number) else { return };
        match (status, ids) {
            (202, Some((id, incident_id))) => {
                tip.answered.get_or_insert(t);
                let ids = (id.clone(), incident_id.clone());
                if !tip.ids.contains(&ids) {
                    tip.ids.push(ids);
                    if let Some(incident) = incident {
                        self.incidents[incident].tips.push(number);
                    }
                }
            }
            _ => tip.refused = Some((status, code.unwrap_or_default().to_owned())),
        }
    }

    /// The first sending of any tip of an incident; 0 when the drill knows of none.
    pub fn incident_began(&self, incident: usize) -> Us {
        let tips = self.incidents[incident].tips.iter().filter_map(|tip| self.tips.get(tip));
        tips.map(|tip| tip.first_sent).min().unwrap_or(0)
    }

    /// Officers an incident asks for; as many as its tips' kinds ask for at most.
    pub fn need(&self, incident: usize) -> Option<u32> {
        let tips = self.incidents[incident].tips.iter().filter_map(|tip| self.tips.get(tip));
        tips.filter_map(|tip| self.setting.need.get(&tip.kind)).copied().max()
    }
}
