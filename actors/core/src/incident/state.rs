//! What is known of an incident, as a fold of its stream.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::case::CaseNumber;
use crate::deadline::Level;
use crate::dispatch::Decision;
use crate::geo::Place;
use crate::ids::{AlarmId, CaseId, IncidentId, OfferId, OfficerId, TipId};
use crate::journal::Subject;
use crate::officer::{OfferEnd, Stage};
use crate::procedure::{NodeCode, ProcedureVersion};
use crate::time::UnixMillis;

use super::clocks::Steps;
use super::event::{IncidentEvent, IncidentOpened, Origin};
use super::merge::MergedTip;
use super::welfare::{Patience, Welfare};
use super::{IncidentKind, Outcome, Urgency};

plain_enum! {
    /// Where an incident stands. Derived, never stored.
    IncidentStatus {
        /// Nobody knows where it is, or no longer: also a search stops then.
        AwaitingPlace => "awaiting_place",
        /// Waits for one key of a dispatcher.
        AwaitingDispatch => "awaiting_dispatch",
        /// Routine: waits until somebody has time.
        Queued => "queued",
        /// Seats are open and officers are being asked.
        Searching => "searching",
        /// Seats are open, nobody is left to ask and nobody weighs it.
        Exhausted => "exhausted",
        /// All seats are filled.
        Underway => "underway",
        /// Done.
        Finished => "finished",
        /// Called off.
        Cancelled => "cancelled",
    }
}
plain_enum! {
    /// Who has been alarmed.
    AlarmLevel {
        /// The dispatchers.
        Centre => "centre",
        /// The director.
        Director => "director",
    }
}

/// How an offer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OfferState {
    /// Waits for an answer.
    Open {
        /// The device has shown it.
        received: bool,
    },
    /// The officer is coming.
    Accepted,
    /// Over.
    Closed(OfferEnd),
}

/// One asking of one officer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Offer {
    /// Whom.
    pub officer: OfficerId,
    /// Geodesic metres when asked.
    pub distance_m: f64,
    /// When it was made.
    pub sent_at: UnixMillis,
    /// Undelivered if not acknowledged by then.
    pub receive_by: UnixMillis,
    /// Expired if not answered by then.
    pub expires_at: UnixMillis,
    /// How it stands.
    pub state: OfferState,
}

/// An officer who is going, or there.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CrewMember {
    /// By which offer or order.
    pub offer: OfferId,
    /// How far.
    pub stage: Stage,
    /// Whether all is well, as far as is known.
    pub welfare: Welfare,
}

/// How an incident ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Closed {
    /// Done.
    Finished(Outcome),
    /// Called off, for this reason; empty when it is forgotten.
    Cancelled(#[serde(skip)] String),
}

/// An incident. Folded from its stream. Places and words are not part of its serial form, which is
/// that of snapshots: see `journal::fold`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Incident {
    /// Identity.
    pub id: IncidentId,
    /// Its opening; `None` before.
    pub opened: Option<Opening>,
    /// Where, if known.
    #[serde(skip)]
    pub place: Option<Place>,
    /// Officers are being asked.
    pub searching: bool,
    /// All offers ever made.
    pub offers: BTreeMap<OfferId, Offer>,
    /// Who is going, or there.
    pub crew: BTreeMap<OfficerId, CrewMember>,
    /// Who was asked or sent before; nobody is asked twice.
    pub asked: BTreeSet<OfficerId>,
    /// Rounds of asking.
    pub round: u32,
    /// The newest explained decision, with its moment.
    pub decision: Option<(UnixMillis, Decision)>,
    /// Since when it has been without enough officers coming: from the first moment at which nobody was
    /// left to ask until all seats are filled or it is over. A later round of offers does not end the
    /// spell, so that a search that swings between hope and none reaches the director all the same.
    pub exhausted_since: Option<UnixMillis>,
    /// Who has been alarmed in that spell.
    pub alarm: Option<AlarmLevel>,
    /// Steps reached, for the clocks of an emergency.
    pub steps: Steps,
    /// What rang of them.
    pub rung: BTreeSet<(NodeCode, Level)>,
    /// Outcomes reported so far, in order.
    pub outcomes: Vec<(OfficerId, Outcome)>,
    /// How it ended.
    pub closed: Option<Closed>,
    /// When.
    pub closed_at: Option<UnixMillis>,
    /// Further tips about it.
    pub merged: BTreeMap<TipId, MergedTip>,
    /// Moment of the newest event.
    pub updated_at: UnixMillis,
}

/// The facts of an opening that the rules and the screens use.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opening {
    /// When.
    pub at: UnixMillis,
    /// Number in the court and year.
    pub number: u64,
    /// That year.
    pub year: u16,
    /// Where it came from.
    pub origin: Origin,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// Officers needed.
    pub need: u8,
    /// Skills each must have.
    pub skills: Vec<String>,
    /// Case named by the sender.
    pub case_number: Option<CaseNumber>,
    /// That case, if known.
    pub case: Option<CaseId>,
    /// Who must not go.
    pub excluded: BTreeSet<OfficerId>,
    /// A drill.
    pub exercise: bool,
    /// Alarm raised with it.
    pub alarm: Option<AlarmId>,
    /// The procedure whose clocks run on it.
    pub procedure: Option<ProcedureVersion>,
    /// Whose key its personal parts are encrypted with.
    pub subject: Subject,
    /// Address in words.
    #[serde(skip)]
    pub address: Option<String>,
    /// What is said of it.
    #[serde(skip)]
    pub description: String,
}

impl Opening {
    fn from_event(event: &IncidentOpened, at: UnixMillis) -> Self {
        let personal = event.personal.clone().unwrap_or_default();
        Self {
            at,
            number: event.number,
            year: event.year,
            origin: event.origin.clone(),
            kind: event.kind,
            urgency: event.urgency,
            need: event.need,
            skills: event.skills.clone(),
            case_number: event.case_number.clone(),
            case: event.case,
            excluded: event.excluded.iter().copied().collect(),
            exercise: event.exercise,
            alarm: event.alarm,
            procedure: event.procedure.clone(),
            subject: event.subject,
            address: personal.address,
            description: personal.description,
        }
    }

    /// The officer who called for help, when that is what it is.
    #[must_use]
    pub fn caller(&self) -> Option<OfficerId> {
        match &self.origin {
            Origin::Sos { officer } => Some(*officer),
            Origin::Tip { .. } | Origin::Task { .. } => None,
        }
    }

    /// True when this may start a search by itself: an SOS, a judge's task, or a trusted source's emergency.
    #[must_use]
    pub fn starts_itself(&self) -> bool {
        match &self.origin {
            Origin::Sos { .. } | Origin::Task { .. } => true,
            Origin::Tip { trusted, .. } => *trusted && self.urgency == Urgency::Emergency,
        }
    }
}

impl Incident {
    /// An incident of which nothing is known yet.
    #[must_use]
    pub fn new(id: IncidentId) -> Self {
        Self {
            id,
            opened: None,
            place: None,
            searching: false,
            offers: BTreeMap::new(),
            crew: BTreeMap::new(),
            asked: BTreeSet::new(),
            round: 0,
            decision: None,
            exhausted_since: None,
            alarm: None,
            steps: Steps::default(),
            rung: BTreeSet::new(),
            outcomes: Vec::new(),
            closed: None,
            closed_at: None,
            merged: BTreeMap::new(),
            updated_at: UnixMillis(0),
        }
    }

    /// Where it stands; `None` before the opening.
    #[must_use]
    pub fn status(&self) -> Option<IncidentStatus> {
        let opened = self.opened.as_ref()?;
        Some(match &self.closed {
            Some(Closed::Finished(_)) => IncidentStatus::Finished,
            Some(Closed::Cancelled(_)) => IncidentStatus::Cancelled,
            None if self.seats_open() == 0 => IncidentStatus::Underway,
            // Also of a search whose place is forgotten: it asks nobody until somebody says where.
            None if self.place.is_none() => IncidentStatus::AwaitingPlace,
            None if self.searching && self.exhausted_since.is_some() && !self.is_weighed() => {
                IncidentStatus::Exhausted
            }
            None if self.searching => IncidentStatus::Searching,
            None if opened.urgency == Urgency::Emergency => IncidentStatus::AwaitingDispatch,
            None => IncidentStatus::Queued,
        })
    }

    /// Seats nobody fills yet. An officer who has finished has filled his: the work was done.
    #[must_use]
    pub fn seats_open(&self) -> u8 {
        let need = self.opened.as_ref().map_or(0, |o| usize::from(o.need));
        let filled = self.crew.len() + self.outcomes.len();
        u8::try_from(need.saturating_sub(filled)).unwrap_or(u8::MAX)
    }

    /// Offers that wait for an answer.
    pub fn open_offers(&self) -> impl Iterator<Item = (OfferId, &Offer)> {
        self.offers
            .iter()
            .filter(|(_, offer)| matches!(offer.state, OfferState::Open { .. }))
            .map(|(id, offer)| (*id, offer))
    }

    /// True when somebody has an offer and has not answered yet.
    fn is_weighed(&self) -> bool {
        self.open_offers().next().is_some()
    }

    /// How many more officers are to be asked now: open seats and the extra ones of the court's
    /// settings, less those who are weighing it.
    #[must_use]
    pub fn to_ask(&self, ask_extra: u8) -> usize {
        let seats = self.seats_open();
        if !self.searching || self.closed.is_some() || self.place.is_none() || seats == 0 {
            return 0;
        }
        (usize::from(seats) + usize::from(ask_extra)).saturating_sub(self.open_offers().count())
    }

    /// The next moment at which time alone changes something: an offer's end, the director's alarm
    /// (once in a spell without enough officers, whether or not somebody weighs an offer just then),
    /// a question to somebody who is silent on scene.
    #[must_use]
    pub fn next_due(&self, patience: Patience) -> Option<UnixMillis> {
        if self.closed.is_some() {
            return None;
        }
        let offers = self.open_offers().map(|(_, offer)| offer.due());
        let director = self
            .exhausted_since
            .filter(|_since| self.alarm != Some(AlarmLevel::Director))
            .map(|since| since.plus(patience.director_after));
        offers.chain(director).chain(self.next_welfare_due(patience)).min()
    }

    /// Takes an event of the moment `at` into the state. Never decides, never fails.
    pub fn apply(&mut self, event: &IncidentEvent, at: UnixMillis) {
        self.updated_at = at;
        self.steps.apply(event, at);
        match event {
            IncidentEvent::Opened(opened) => {
                self.opened = Some(Opening::from_event(opened, at));
                self.place = opened.personal.as_ref().and_then(|p| p.place);
            }
            IncidentEvent::Placed { personal, .. } => {
                self.place = personal.as_ref().map(|p| p.place);
            }
            IncidentEvent::TipMerged(merged) => {
                let known = MergedTip { at, merged: merged.as_ref().clone(), split_to: None };
                self.merged.insert(merged.tip, known);
            }
            IncidentEvent::TipSplit { tip, incident, .. } => {
                if let Some(known) = self.merged.get_mut(tip) {
                    known.split_to = Some(*incident);
                }
            }
            IncidentEvent::SearchStarted { .. } => self.searching = true,
            IncidentEvent::OffersMade { round, offers, decision } => {
                self.round = *round;
                self.decision = Some((at, decision.clone()));
                for made in offers {
                    self.asked.insert(made.officer);
                    self.offers.insert(
                        made.offer,
                        Offer {
                            officer: made.officer,
                            distance_m: made.distance_m,
                            sent_at: at,
                            receive_by: made.receive_by,
                            expires_at: made.expires_at,
                            state: OfferState::Open { received: false },
                        },
                    );
                }
            }
            IncidentEvent::OfferReceived { offer } => {
                self.set_offer(*offer, OfferState::Open { received: true });
            }
            IncidentEvent::OfferAccepted { offer, officer } => {
                self.set_offer(*offer, OfferState::Accepted);
                self.join(*officer, *offer, at);
            }
            IncidentEvent::OfferClosed { offer, how, .. } => {
                self.set_offer(*offer, OfferState::Closed(*how));
            }
            IncidentEvent::Assigned { offer, officer, .. } => {
                self.asked.insert(*officer);
                self.join(*officer, *offer, at);
            }
            IncidentEvent::StageReached { officer, stage, .. } => {
                if let Some(member) = self.crew.get_mut(officer) {
                    member.stage = *stage;
                    member.welfare = Welfare::Heard(at);
                }
            }
            IncidentEvent::WelfareAsked { officer } => {
                self.note_welfare(*officer, Welfare::Asked(at));
            }
            IncidentEvent::WelfareAnswered { officer } => {
                self.note_welfare(*officer, Welfare::Heard(at));
            }
            IncidentEvent::WelfareAlarmed { officer, level, .. } => {
                self.note_welfare(*officer, Welfare::Alarmed(at, *level));
            }
            IncidentEvent::OfficerFinished { officer, outcome, .. } => {
                self.crew.remove(officer);
                self.outcomes.push((*officer, *outcome));
            }
            IncidentEvent::OfficerReleased { officer, .. } => {
                self.crew.remove(officer);
            }
            IncidentEvent::Exhausted { decision, .. } => {
                self.exhausted_since = self.exhausted_since.or(Some(at));
                self.alarm = self.alarm.max(Some(AlarmLevel::Centre));
                self.decision = Some((at, decision.clone()));
            }
            IncidentEvent::DirectorAlarmed { .. } => self.alarm = Some(AlarmLevel::Director),
            IncidentEvent::ClockRang(rung) => {
                self.rung.insert((rung.node, rung.level));
            }
            IncidentEvent::Finished { outcome } => self.close(Closed::Finished(*outcome), at),
            IncidentEvent::Cancelled { said } => {
                self.close(Closed::Cancelled(said.text().to_owned()), at);
            }
        }
    }

    fn set_offer(&mut self, id: OfferId, state: OfferState) {
        if let Some(offer) = self.offers.get_mut(&id) {
            offer.state = state;
        }
    }

    fn note_welfare(&mut self, officer: OfficerId, welfare: Welfare) {
        if let Some(member) = self.crew.get_mut(&officer) {
            member.welfare = welfare;
        }
    }

    fn join(&mut self, officer: OfficerId, offer: OfferId, at: UnixMillis) {
        let welfare = Welfare::Heard(at);
        self.crew.insert(officer, CrewMember { offer, stage: Stage::Accepted, welfare });
        if self.seats_open() == 0 {
            self.exhausted_since = None;
            self.alarm = None;
        }
    }

    fn close(&mut self, how: Closed, at: UnixMillis) {
        self.closed = Some(how);
        self.closed_at = Some(at);
        self.crew.clear();
        self.exhausted_since = None;
    }
}

impl Offer {
    /// When it ends by itself.
    #[must_use]
    pub fn due(&self) -> UnixMillis {
        match self.state {
            OfferState::Open { received: false } => self.receive_by.min(self.expires_at),
            OfferState::Open { received: true } | OfferState::Accepted | OfferState::Closed(_) => {
                self.expires_at
            }
        }
    }
}
