//! One whole decision of an incident: the command, and the round of asking that follows from it.
//!
//! A declined offer and the next officer's offer are one decision and one append. The plan lists what
//! each officer has to agree to; the shell asks them, and when one cannot, plans again without.

use std::collections::{BTreeMap, BTreeSet};

use crate::court::CourtProfile;
use crate::ids::{AlarmId, IdSource, OfferId, OfficerId};
use crate::incident::{
    Incident, IncidentCommand, IncidentEvent, IncidentKind, IncidentRefusal, OfferMade, Urgency,
};
use crate::officer::OfficerPart;
use crate::spatial::SpatialIndex;
use crate::time::{Millis, UnixMillis};

use super::{Found, Glance, Glances, SearchFor, search};

/// What a plan is made from: the court as it is now.
pub struct Planner<'a, G = BTreeMap<OfficerId, Glance>> {
    /// The court's settings.
    pub court: &'a CourtProfile,
    /// Where officers on duty are.
    pub index: &'a SpatialIndex<OfficerId>,
    /// How all officers of the court stand.
    pub glances: &'a G,
    /// Who turned out to be in the middle of another decision.
    pub busy: &'a BTreeSet<OfficerId>,
    /// Now.
    pub now: UnixMillis,
}

/// A decision, not yet agreed to by the officers, not yet durable.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    /// The incident as it will be.
    pub incident: Incident,
    /// Its events, in order.
    pub events: Vec<IncidentEvent>,
    /// What each officer has to agree to, in order.
    pub parts: BTreeMap<OfficerId, Vec<OfficerPart>>,
}

impl Plan {
    /// True when nothing changes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty() && self.parts.is_empty()
    }
}

/// The command was refused; nothing is planned.
pub type UnplannedRefusal = IncidentRefusal;

impl<G: Glances> Planner<'_, G> {
    /// Plans `command` for `incident`, with the round of asking that follows.
    ///
    /// # Errors
    /// The incident's refusal.
    pub fn plan(
        &self,
        incident: &Incident,
        command: &IncidentCommand,
        ids: &mut dyn IdSource,
    ) -> Result<Plan, UnplannedRefusal> {
        let mut plan =
            Plan { incident: incident.clone(), events: Vec::new(), parts: BTreeMap::new() };
        self.take(&mut plan, command)?;
        let to_ask = plan.incident.to_ask(self.ask_extra(&plan.incident));
        if to_ask > 0 {
            let round = self.round(&plan.incident, to_ask, ids);
            self.take(&mut plan, &round)?;
        }
        Ok(plan)
    }

    /// Plans only the round of asking, for an incident that may have somebody to ask now.
    ///
    /// # Errors
    /// The incident's refusal.
    pub fn plan_round(
        &self,
        incident: &Incident,
        ids: &mut dyn IdSource,
    ) -> Result<Plan, UnplannedRefusal> {
        let mut plan =
            Plan { incident: incident.clone(), events: Vec::new(), parts: BTreeMap::new() };
        let to_ask = plan.incident.to_ask(self.ask_extra(&plan.incident));
        if to_ask > 0 {
            let round = self.round(&plan.incident, to_ask, ids);
            self.take(&mut plan, &round)?;
        }
        Ok(plan)
    }

    /// The candidates as they are now, asking nobody: for the dispatcher's screen.
    #[must_use]
    pub fn candidates(&self, incident: &Incident, want: usize) -> Found {
        self.search(incident, want)
    }

    fn take(&self, plan: &mut Plan, command: &IncidentCommand) -> Result<(), IncidentRefusal> {
        let decided = plan.incident.decide(command, self.now)?;
        for event in &decided.events {
            plan.incident.apply(event, self.now);
        }
        plan.events.extend(decided.events);
        for (officer, part) in decided.parts {
            plan.parts.entry(officer).or_default().push(part);
        }
        Ok(())
    }

    /// How many are asked beyond the open seats.
    fn ask_extra(&self, incident: &Incident) -> u8 {
        match incident.opened.as_ref().map(|o| (o.kind, o.urgency)) {
            Some((IncidentKind::OfficerSos, _)) => self.court.dispatch.ask_extra_sos,
            Some((_, Urgency::Emergency)) => self.court.dispatch.ask_extra_emergency,
            Some((_, Urgency::Routine)) | None => 0,
        }
    }

    fn search(&self, incident: &Incident, want: usize) -> Found {
        let (Some(opened), Some(place)) = (&incident.opened, incident.place) else {
            return Found::default();
        };
        let wanted = SearchFor {
            skills: &opened.skills,
            asked: &incident.asked,
            excluded: &opened.excluded,
            caller: opened.caller(),
            busy: self.busy,
            fix_age_max: self.court.fix_age_max(),
        };
        let seats = incident.seats_open();
        search(self.index, self.glances, place.at, want, seats, &wanted, self.now)
    }

    fn round(&self, incident: &Incident, want: usize, ids: &mut dyn IdSource) -> IncidentCommand {
        let found = self.search(incident, want);
        let settings = &self.court.dispatch;
        let offers = found
            .candidates
            .iter()
            .map(|candidate| OfferMade {
                offer: OfferId::new(self.now, ids),
                officer: candidate.officer,
                distance_m: candidate.distance_m,
                fix_age_ms: candidate.fix_age_ms,
                receive_by: self.now.plus(Millis(settings.receive_ttl_ms)),
                expires_at: self.now.plus(Millis(settings.offer_ttl_ms)),
            })
            .collect();
        let alarm = AlarmId::new(self.now, ids);
        IncidentCommand::RecordRound { offers, decision: found.decision, alarm }
    }
}
