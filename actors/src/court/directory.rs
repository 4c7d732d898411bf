//! Where actors are. The one place that keeps ways into them; whoever needs one asks here, and wakes
//! a sleeping actor from the journal.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix::prelude::*;
use tiande_core::case::Case;
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::incident::Incident;
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::Officer;

use crate::case::CaseActor;
use crate::gate::Gate;
use crate::incident::IncidentActor;
use crate::limits::{CASE_MESSAGES, INCIDENT_COMMANDS, OFFICER_MESSAGES};
use crate::officer::OfficerActor;
use crate::ports::journal::{ReadFault, Stored};
use crate::supervision::{ActorId, DeathNotice};

use super::room::CourtRoom;

/// Ways into the actors that are awake.
#[derive(Default)]
pub(crate) struct Directory {
    pub(crate) officers: BTreeMap<OfficerId, Gate<OfficerActor>>,
    pub(crate) incidents: BTreeMap<IncidentId, Gate<IncidentActor>>,
    pub(crate) cases: BTreeMap<CaseId, Gate<CaseActor>>,
}

/// Why an actor cannot be reached.
#[derive(Debug, Clone)]
pub(crate) enum Absent {
    /// The journal knows no such thing.
    Unknown,
    /// The journal could not be read.
    Fault(ReadFault),
}

impl From<ReadFault> for Absent {
    fn from(fault: ReadFault) -> Self {
        Self::Fault(fault)
    }
}

impl CourtRoom {
    fn death_notice(&self, who: ActorId) -> DeathNotice {
        let desk = self.desk.get().expect("the desk is set before any actor starts");
        DeathNotice::new(who, desk.guardian())
    }

    /// A stream of this court. What belongs to another court is as good as unknown: no id that somebody
    /// has guessed or kept wakes an actor in the wrong room.
    ///
    /// An actor that died may have left an append in the journal's queue: what is read holds it, or it
    /// was never written.
    async fn own_stream(&self, stream: StreamId) -> Result<Vec<Stored>, Absent> {
        self.journal.settled().await;
        let stored = self.journal.read_stream(stream).await?;
        if stored.iter().all(|record| record.court == self.profile.id) {
            Ok(stored)
        } else {
            Err(Absent::Unknown)
        }
    }

    /// The officer's actor, if it is awake; all officers are, from start to end.
    pub(crate) fn officer(&self, id: OfficerId) -> Option<Gate<OfficerActor>> {
        self.directory.borrow().officers.get(&id).filter(|gate| gate.connected()).cloned()
    }

    /// Starts an officer's actor on what the journal says.
    pub(crate) async fn wake_officer(
        self: &Rc<Self>,
        id: OfficerId,
    ) -> Result<Gate<OfficerActor>, Absent> {
        if let Some(gate) = self.officer(id) {
            return Ok(gate);
        }
        let stored = self.own_stream(StreamId::Officer(id)).await?;
        if let Some(gate) = self.officer(id) {
            return Ok(gate); // Somebody else was faster while we read.
        }
        let mut state = Officer::new(id);
        let mut seq = 0;
        for record in &stored {
            if let Event::Officer(event) = &record.event {
                state.apply(event, record.at);
            }
            seq = record.seq;
        }
        Ok(self.start_officer(state, seq))
    }

    /// Starts an officer's actor on a state.
    pub(crate) fn start_officer(self: &Rc<Self>, state: Officer, seq: u64) -> Gate<OfficerActor> {
        let id = state.id;
        let notice = self.death_notice(ActorId::Officer(id));
        let actor = OfficerActor::new(Rc::clone(self), state, seq, notice);
        // Before anybody can ask: `started` runs only when the arbiter comes round to it.
        actor.show();
        let address = actor.start();
        let gate = Gate::new(address, "officer", OFFICER_MESSAGES);
        self.directory.borrow_mut().officers.insert(id, gate.clone());
        gate
    }

    /// The incident's actor, if it is awake.
    pub(crate) fn incident(&self, id: IncidentId) -> Option<Gate<IncidentActor>> {
        self.directory.borrow().incidents.get(&id).filter(|gate| gate.connected()).cloned()
    }

    /// The incident's actor, awake.
    pub(crate) async fn wake_incident(
        self: &Rc<Self>,
        id: IncidentId,
    ) -> Result<Gate<IncidentActor>, Absent> {
        if let Some(gate) = self.incident(id) {
            return Ok(gate);
        }
        let stored = self.own_stream(StreamId::Incident(id)).await?;
        if let Some(gate) = self.incident(id) {
            return Ok(gate);
        }
        let mut state = Incident::new(id);
        let mut seq = 0;
        for record in &stored {
            if let Event::Incident(event) = &record.event {
                state.apply(event, record.at);
            }
            seq = record.seq;
        }
        if state.opened.is_none() {
            return Err(Absent::Unknown);
        }
        Ok(self.start_incident(state, seq))
    }

    /// Starts an incident's actor on a state.
    pub(crate) fn start_incident(
        self: &Rc<Self>,
        state: Incident,
        seq: u64,
    ) -> Gate<IncidentActor> {
        let id = state.id;
        // Before anybody can accept or look: `started` runs only when the arbiter comes round to it.
        state.offers.keys().for_each(|offer| self.remember_offer(*offer, id));
        let notice = self.death_notice(ActorId::Incident(id));
        let actor = IncidentActor::new(Rc::clone(self), state, seq, notice);
        actor.show_again();
        let address = actor.start();
        let gate = Gate::new(address, "incident", INCIDENT_COMMANDS);
        self.directory.borrow_mut().incidents.insert(id, gate.clone());
        gate
    }

    /// The case's actor, awake.
    pub(crate) async fn wake_case(self: &Rc<Self>, id: CaseId) -> Result<Gate<CaseActor>, Absent> {
        let awake = |room: &Self| {
            room.directory.borrow().cases.get(&id).filter(|gate| gate.connected()).cloned()
        };
        if let Some(gate) = awake(self) {
            return Ok(gate);
        }
        let stored = self.own_stream(StreamId::Case(id)).await?;
        if let Some(gate) = awake(self) {
            return Ok(gate);
        }
        let mut state = Case::new(id);
        let mut seq = 0;
        for record in &stored {
            if let Event::Case(event) = &record.event {
                state.apply(event);
            }
            seq = record.seq;
        }
        let notice = self.death_notice(ActorId::Case(id));
        let address = CaseActor::new(Rc::clone(self), state, seq, notice).start();
        let gate = Gate::new(address, "case", CASE_MESSAGES);
        self.directory.borrow_mut().cases.insert(id, gate.clone());
        Ok(gate)
    }
}
