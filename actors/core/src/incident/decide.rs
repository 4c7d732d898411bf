//! What an incident decides. Pure: the shell gathers the officers' parts and appends everything.

use crate::ids::{AlarmId, OfferId, OfficerId};
use crate::officer::{OfferEnd, OfficerPart, ReleaseKind, Stage};
use crate::time::UnixMillis;

use super::Outcome;
use super::command::{Decided, IncidentCommand, IncidentRefusal};
use super::event::{
    IncidentEvent, IncidentOpened, OfferMade, Origin, PlacedAt, Said, SearchReason, StageSource,
};
use super::state::{AlarmLevel, Closed, Incident, IncidentStatus, OfferState, Opening};
use super::welfare::Patience;
use crate::dispatch::Decision;
use crate::geo::Place;

impl Incident {
    /// Decides what a command leads to; an empty decision means that nothing changes.
    ///
    /// # Errors
    /// [`IncidentRefusal`] when the rules say no. Nothing has happened then.
    pub fn decide(
        &self,
        command: &IncidentCommand,
        now: UnixMillis,
    ) -> Result<Decided, IncidentRefusal> {
        if let IncidentCommand::Open(opened) = command {
            return self.open(opened);
        }
        let opened = self.opened.as_ref().ok_or(IncidentRefusal::NotOpen)?;
        match command {
            IncidentCommand::Open(_) => Err(IncidentRefusal::AlreadyOpen),
            IncidentCommand::SetPlace { place } => self.set_place(opened, *place),
            IncidentCommand::MergeTip { tip, need, skills } => {
                self.merge_tip(opened, tip, *need, skills)
            }
            IncidentCommand::SplitTip { tip, to, reason } => self.split_tip(*tip, *to, reason),
            IncidentCommand::Dispatch => self.dispatch(),
            IncidentCommand::RecordRound { offers, decision, alarm } => {
                self.record_round(offers, decision, *alarm)
            }
            IncidentCommand::NoteReceived { offer, officer } => {
                self.note_received(*offer, *officer)
            }
            IncidentCommand::Accept { offer, officer } => self.accept(*offer, *officer, now),
            IncidentCommand::Decline { offer, officer, reason } => {
                self.decline(opened, *offer, *officer, reason.as_deref())
            }
            IncidentCommand::Tick { alarm, patience } => Ok(self.tick(*alarm, *patience, now)),
            IncidentCommand::RingClocks { rung } => Ok(self.ring(rung)),
            IncidentCommand::Assign { offer, officer, stack, stack_max, reason } => {
                let said = Said::under(opened.subject, reason.as_deref());
                let (incident, offer, stack_max) = (self.id, *offer, *stack_max);
                let order = OfficerPart::BeOrdered { incident, offer, stack: *stack, stack_max };
                self.assign(opened, offer, *officer, said, order)
            }
            IncidentCommand::Progress { officer, stage, how } => {
                self.progress(*officer, *stage, *how)
            }
            IncidentCommand::ReportWell { officer } => self.report_well(*officer),
            IncidentCommand::Finish { officer, outcome, note } => {
                self.finish(opened, *officer, *outcome, note.as_deref())
            }
            IncidentCommand::Release { officer, reason } => self.release(opened, *officer, reason),
            IncidentCommand::Cancel { reason } => self.cancel(opened, reason),
        }
    }

    fn open(&self, opened: &IncidentOpened) -> Result<Decided, IncidentRefusal> {
        if self.opened.is_some() {
            return Err(IncidentRefusal::AlreadyOpen);
        }
        let mut decided = Decided::default();
        decided.events.push(IncidentEvent::Opened(Box::new(opened.clone())));
        let placed = opened.personal.as_ref().is_some_and(|p| p.place.is_some());
        match &opened.origin {
            Origin::Sos { officer } => {
                decided.parts.push((*officer, OfficerPart::RaiseSos { incident: self.id }));
                if placed {
                    decided.events.push(IncidentEvent::SearchStarted { why: SearchReason::Sos });
                }
            }
            Origin::Tip { trusted, .. } => {
                if placed && *trusted && opened.urgency == super::Urgency::Emergency {
                    let why = SearchReason::TrustedEmergency;
                    decided.events.push(IncidentEvent::SearchStarted { why });
                }
            }
            Origin::Task { .. } => {
                if placed {
                    decided.events.push(IncidentEvent::SearchStarted { why: SearchReason::Task });
                }
            }
        }
        Ok(decided)
    }

    /// Refuses when the incident is over.
    pub(super) fn alive(&self) -> Result<(), IncidentRefusal> {
        match &self.closed {
            None => Ok(()),
            Some(Closed::Finished(_)) => Err(IncidentRefusal::Closed(IncidentStatus::Finished)),
            Some(Closed::Cancelled(_)) => Err(IncidentRefusal::Closed(IncidentStatus::Cancelled)),
        }
    }

    fn set_place(&self, opened: &Opening, place: Place) -> Result<Decided, IncidentRefusal> {
        self.alive()?;
        if self.place == Some(place) {
            return Ok(Decided::default());
        }
        let personal = Some(PlacedAt { place });
        let mut events = vec![IncidentEvent::Placed { subject: opened.subject, personal }];
        if !self.searching && opened.starts_itself() {
            let why = match opened.origin {
                Origin::Sos { .. } => SearchReason::Sos,
                Origin::Tip { .. } => SearchReason::TrustedEmergency,
                Origin::Task { .. } => SearchReason::Task,
            };
            events.push(IncidentEvent::SearchStarted { why });
        }
        Ok(Decided { events, parts: Vec::new() })
    }

    fn dispatch(&self) -> Result<Decided, IncidentRefusal> {
        self.alive()?;
        if self.place.is_none() {
            return Err(IncidentRefusal::NoPlace);
        }
        if self.searching {
            return Ok(Decided::default());
        }
        let why = SearchReason::Dispatcher;
        Ok(Decided { events: vec![IncidentEvent::SearchStarted { why }], parts: Vec::new() })
    }

    fn record_round(
        &self,
        offers: &[OfferMade],
        decision: &Decision,
        alarm: AlarmId,
    ) -> Result<Decided, IncidentRefusal> {
        self.alive()?;
        let mut decided = Decided::default();
        if offers.is_empty() {
            // Whoever still weighs the offer may yet come; only when nobody is left is it an alarm, and
            // one alarm a spell: the next one is due when the seats had been filled in between.
            let nobody_left = self.open_offers().next().is_none() && self.seats_open() > 0;
            if nobody_left && self.exhausted_since.is_none() {
                decided.events.push(IncidentEvent::Exhausted { alarm, decision: decision.clone() });
            }
            return Ok(decided);
        }
        for made in offers {
            let part = OfficerPart::BeOffered {
                incident: self.id,
                offer: made.offer,
                expires_at: made.expires_at,
            };
            decided.parts.push((made.officer, part));
        }
        decided.events.push(IncidentEvent::OffersMade {
            round: self.round + 1,
            offers: offers.to_vec(),
            decision: decision.clone(),
        });
        Ok(decided)
    }

    fn note_received(
        &self,
        offer: OfferId,
        officer: OfficerId,
    ) -> Result<Decided, IncidentRefusal> {
        let known = self.offers.get(&offer).filter(|o| o.officer == officer);
        let known = known.ok_or(IncidentRefusal::OfferUnknown)?;
        let mut decided = Decided::default();
        if known.state == (OfferState::Open { received: false }) {
            decided.events.push(IncidentEvent::OfferReceived { offer });
        }
        Ok(decided)
    }

    fn accept(
        &self,
        offer: OfferId,
        officer: OfficerId,
        now: UnixMillis,
    ) -> Result<Decided, IncidentRefusal> {
        let known = self.offers.get(&offer).filter(|o| o.officer == officer);
        let known = known.ok_or(IncidentRefusal::OfferUnknown)?;
        match known.state {
            OfferState::Open { .. } => {}
            // The same word again: it was taken, also when the officer has finished since.
            OfferState::Accepted => return Ok(Decided::default()),
            OfferState::Closed(OfferEnd::Declined) => return Err(IncidentRefusal::OfferDeclined),
            OfferState::Closed(OfferEnd::Expired | OfferEnd::Undelivered) => {
                return Err(IncidentRefusal::OfferExpired);
            }
            OfferState::Closed(OfferEnd::Withdrawn)
                if self.closed.is_none() && self.seats_open() == 0 =>
            {
                return Err(IncidentRefusal::OfferReassigned);
            }
            OfferState::Closed(OfferEnd::Withdrawn) => return Err(IncidentRefusal::OfferWithdrawn),
        }
        self.alive()?;
        if now >= known.expires_at {
            return Err(IncidentRefusal::OfferExpired);
        }
        let mut decided = Decided::default();
        decided.events.push(IncidentEvent::OfferAccepted { offer, officer });
        decided.parts.push((officer, OfficerPart::Accept { incident: self.id, offer }));
        if self.seats_open() == 1 {
            self.withdraw_offers(Some(offer), &mut decided);
        }
        Ok(decided)
    }

    fn decline(
        &self,
        opened: &Opening,
        offer: OfferId,
        officer: OfficerId,
        reason: Option<&str>,
    ) -> Result<Decided, IncidentRefusal> {
        let known = self.offers.get(&offer).filter(|o| o.officer == officer);
        let known = known.ok_or(IncidentRefusal::OfferUnknown)?;
        let mut decided = Decided::default();
        match known.state {
            OfferState::Open { .. } => {
                let said = Said::under(opened.subject, reason);
                self.close_offer(offer, officer, OfferEnd::Declined, said, &mut decided);
            }
            // It is over already: a "no" to that changes nothing here. An officer who still weighs it,
            // because word of the end was lost, is let go all the same.
            OfferState::Closed(how) => {
                let part = OfficerPart::CloseOffer { incident: self.id, offer, how };
                decided.parts.push((officer, part));
            }
            OfferState::Accepted => return Err(IncidentRefusal::OfferAccepted),
        }
        Ok(decided)
    }

    fn tick(&self, alarm: AlarmId, patience: Patience, now: UnixMillis) -> Decided {
        let mut decided = Decided::default();
        if self.closed.is_some() {
            return decided;
        }
        for (id, offer) in self.open_offers().filter(|(_, offer)| now >= offer.due()) {
            let late = now >= offer.expires_at;
            let how = if late { OfferEnd::Expired } else { OfferEnd::Undelivered };
            self.close_offer(id, offer.officer, how, Said::default(), &mut decided);
        }
        let director_due =
            self.exhausted_since.is_some_and(|since| now >= since.plus(patience.director_after));
        if director_due && self.alarm != Some(AlarmLevel::Director) {
            decided.events.push(IncidentEvent::DirectorAlarmed { alarm });
        } else {
            // One identity, one alarm: whoever is silent is due again at the next tick, at once.
            self.look_after_crew(alarm, patience, now, &mut decided);
        }
        decided
    }

    fn assign(
        &self,
        opened: &Opening,
        offer: OfferId,
        officer: OfficerId,
        said: Said,
        order: OfficerPart,
    ) -> Result<Decided, IncidentRefusal> {
        self.alive()?;
        if opened.excluded.contains(&officer) || opened.caller() == Some(officer) {
            return Err(IncidentRefusal::Excluded);
        }
        if self.crew.contains_key(&officer) {
            return Ok(Decided::default());
        }
        let mut decided = Decided::default();
        // An officer who weighs this very incident's offer is spared the answer.
        let weighed = self.open_offers().find(|(_, o)| o.officer == officer).map(|(id, _)| id);
        if let Some(offer) = weighed {
            let (how, said) = (OfferEnd::Withdrawn, Said::default());
            decided.events.push(IncidentEvent::OfferClosed { offer, officer, how, said });
        }
        decided.events.push(IncidentEvent::Assigned { offer, officer, said });
        decided.parts.push((officer, order));
        if self.seats_open() == 1 {
            self.withdraw_offers(weighed, &mut decided);
        }
        Ok(decided)
    }

    fn progress(
        &self,
        officer: OfficerId,
        stage: Stage,
        how: StageSource,
    ) -> Result<Decided, IncidentRefusal> {
        let member = match self.crew.get(&officer) {
            Some(member) => member,
            // A late word of somebody who is done here already.
            None if self.outcomes.iter().any(|(who, _)| *who == officer) => {
                return Ok(Decided::default());
            }
            None => return Err(IncidentRefusal::NotCrew),
        };
        if stage <= member.stage {
            return Ok(Decided::default());
        }
        Ok(Decided {
            events: vec![IncidentEvent::StageReached { officer, stage, how }],
            parts: vec![(officer, OfficerPart::ReachStage { incident: self.id, stage })],
        })
    }

    fn finish(
        &self,
        opened: &Opening,
        officer: OfficerId,
        outcome: Outcome,
        note: Option<&str>,
    ) -> Result<Decided, IncidentRefusal> {
        if !self.crew.contains_key(&officer) {
            let done = self.outcomes.iter().any(|(who, _)| *who == officer);
            return if done { Ok(Decided::default()) } else { Err(IncidentRefusal::NotCrew) };
        }
        let mut decided = Decided::default();
        let said = Said::under(opened.subject, note);
        decided.events.push(IncidentEvent::OfficerFinished { officer, outcome, said });
        let how = ReleaseKind::Finished;
        decided.parts.push((officer, OfficerPart::BeReleased { incident: self.id, how }));
        if self.crew.len() == 1 {
            // The last one there speaks for the incident.
            self.withdraw_offers(None, &mut decided);
            decided.events.push(IncidentEvent::Finished { outcome });
            self.end_sos(opened, &mut decided);
        }
        Ok(decided)
    }

    fn release(
        &self,
        opened: &Opening,
        officer: OfficerId,
        reason: &str,
    ) -> Result<Decided, IncidentRefusal> {
        self.alive()?;
        if !self.crew.contains_key(&officer) {
            return Err(IncidentRefusal::NotCrew);
        }
        let how = ReleaseKind::Released;
        let said = Said::under(opened.subject, Some(reason));
        Ok(Decided {
            events: vec![IncidentEvent::OfficerReleased { officer, said }],
            parts: vec![(officer, OfficerPart::BeReleased { incident: self.id, how })],
        })
    }

    fn cancel(&self, opened: &Opening, reason: &str) -> Result<Decided, IncidentRefusal> {
        match &self.closed {
            Some(Closed::Cancelled(_)) => return Ok(Decided::default()),
            Some(Closed::Finished(_)) | None => self.alive()?,
        }
        let mut decided = Decided::default();
        self.withdraw_offers(None, &mut decided);
        for officer in self.crew.keys() {
            let how = ReleaseKind::Cancelled;
            decided.parts.push((*officer, OfficerPart::BeReleased { incident: self.id, how }));
        }
        let said = Said::under(opened.subject, Some(reason));
        decided.events.push(IncidentEvent::Cancelled { said });
        self.end_sos(opened, &mut decided);
        Ok(decided)
    }

    fn end_sos(&self, opened: &Opening, decided: &mut Decided) {
        if let Origin::Sos { officer } = opened.origin {
            decided.parts.push((officer, OfficerPart::EndSos { incident: self.id }));
        }
    }

    fn withdraw_offers(&self, except: Option<OfferId>, decided: &mut Decided) {
        for (id, offer) in self.open_offers().filter(|(id, _)| Some(*id) != except) {
            self.close_offer(id, offer.officer, OfferEnd::Withdrawn, Said::default(), decided);
        }
    }

    fn close_offer(
        &self,
        offer: OfferId,
        officer: OfficerId,
        how: OfferEnd,
        said: Said,
        decided: &mut Decided,
    ) {
        decided.events.push(IncidentEvent::OfferClosed { offer, officer, how, said });
        let part = OfficerPart::CloseOffer { incident: self.id, offer, how };
        decided.parts.push((officer, part));
    }
}
