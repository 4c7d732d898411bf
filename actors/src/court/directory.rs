//! Where actors are. The one place that keeps ways into them; whoever needs one asks here, and wakes
//! a sleeping actor from the journal.

use std::collections::BTreeMap;
use std::rc::Rc;

use actix::dev::{MessageResponse, ToEnvelope};
use actix::prelude::*;
use metrics::counter;
use tiande_core::case::Case;
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::incident::Incident;
use tiande_core::journal::{Fold, Folded, StreamId};
use tiande_core::officer::Officer;
use tracing::warn;

use crate::case::CaseActor;
use crate::gate::{Admitted, Gate, NoAnswer, NotAdmitted};
use crate::incident::IncidentActor;
use crate::limits::{CASE_MESSAGES, INCIDENT_COMMANDS, OFFICER_MESSAGES, WAKE_LOT};
use crate::officer::OfficerActor;
use crate::ports::journal::{ReadFault, Remembered, Stored};
use crate::supervision::{ActorId, DeathNotice};

use super::room::CourtRoom;
use super::snapshots::Known;

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

/// Why an actor did not answer.
#[derive(Debug, Clone)]
pub(crate) enum NotAsked {
    /// It cannot be reached.
    Absent(Absent),
    /// As many as may wait at it do wait.
    Full,
    /// It ended before it answered. Whether it acted is not known.
    NoAnswer,
}

impl From<Absent> for NotAsked {
    fn from(absent: Absent) -> Self {
        Self::Absent(absent)
    }
}

impl<M> From<NotAdmitted<M>> for NotAsked {
    fn from(why: NotAdmitted<M>) -> Self {
        match why {
            NotAdmitted::Full(_) => Self::Full,
            NotAdmitted::Gone(_) => Self::NoAnswer,
        }
    }
}

impl From<NoAnswer> for NotAsked {
    fn from(_: NoAnswer) -> Self {
        Self::NoAnswer
    }
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

    /// The state of a stream of this court, from its newest snapshot on. What belongs to another court is
    /// as good as unknown: no id that somebody has guessed or kept wakes an actor in the wrong room.
    ///
    /// An actor that died may have left an append in the journal's queue: what is read holds it, or it
    /// was never written.
    async fn known<S: Folded>(&self, stream: StreamId) -> Result<Known<S>, Absent> {
        self.journal.settled().await;
        let found = self.journal.recall(vec![stream]).await?.pop().unwrap_or_default();
        self.known_of(stream, found).await
    }

    async fn known_of<S: Folded>(
        &self,
        stream: StreamId,
        found: Remembered,
    ) -> Result<Known<S>, Absent> {
        let Remembered { snapshot, records } = found;
        let records = self.own(records)?;
        let Some(snapshot) = snapshot else { return folded(stream, &records) };
        let (kept, tail): (Vec<_>, Vec<_>) =
            records.into_iter().partition(|record| record.seq <= snapshot.seq);
        let named = kept.iter().map(|record| (record.seq, &record.event));
        match Fold::restore(&snapshot, named) {
            // Without a record it would not be known whose it is.
            Ok(mut fold) if !kept.is_empty() => {
                tail.iter().for_each(|record| fold.take(record.seq, &record.event, record.at));
                Ok(Known::of(fold, snapshot.seq))
            }
            unusable => {
                let fault = unusable.err().map(|fault| fault.to_string());
                warn!(%stream, fault, "a snapshot is of no use: the stream is folded from zero");
                counter!("tiande_snapshots_ignored_total", "why" => "unreadable").increment(1);
                folded(stream, &self.own(self.journal.read_stream(stream).await?)?)
            }
        }
    }

    fn own(&self, records: Vec<Stored>) -> Result<Vec<Stored>, Absent> {
        let own = records.iter().all(|record| record.court == self.profile.id);
        if own { Ok(records) } else { Err(Absent::Unknown) }
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
        let known = self.known(StreamId::Officer(id)).await?;
        // Somebody else may have been faster while we read.
        Ok(self.officer(id).unwrap_or_else(|| self.start_officer(known)))
    }

    /// Starts the actors of many officers, with few questions to the journal.
    pub(crate) async fn wake_officers(self: &Rc<Self>, ids: &[OfficerId]) -> Result<(), Absent> {
        self.journal.settled().await;
        for lot in ids.chunks(WAKE_LOT) {
            let streams: Vec<StreamId> = lot.iter().copied().map(StreamId::Officer).collect();
            let found = self.journal.recall(streams.clone()).await?;
            for ((id, stream), found) in lot.iter().zip(streams).zip(found) {
                let known = self.known_of(stream, found).await?;
                if self.officer(*id).is_none() {
                    self.start_officer(known);
                }
            }
        }
        Ok(())
    }

    /// Starts an officer's actor on a state.
    pub(crate) fn start_officer(self: &Rc<Self>, known: Known<Officer>) -> Gate<OfficerActor> {
        let id = known.state.id;
        let notice = self.death_notice(ActorId::Officer(id));
        let actor = OfficerActor::new(Rc::clone(self), known, notice);
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
        let known: Known<Incident> = self.known(StreamId::Incident(id)).await?;
        self.admit_incident(id, known)
    }

    /// An incident as the journal has it now, whether or not its actor is awake.
    pub(crate) async fn incident_as_written(
        &self,
        id: IncidentId,
    ) -> Result<Known<Incident>, Absent> {
        self.known(StreamId::Incident(id)).await
    }

    /// Starts the actors of many incidents, with few questions to the journal. Those without an opening
    /// are left out and returned.
    pub(crate) async fn wake_incidents(
        self: &Rc<Self>,
        ids: &[IncidentId],
    ) -> Result<Vec<IncidentId>, Absent> {
        self.journal.settled().await;
        let mut hollow = Vec::new();
        for lot in ids.chunks(WAKE_LOT) {
            let streams: Vec<StreamId> = lot.iter().copied().map(StreamId::Incident).collect();
            let found = self.journal.recall(streams.clone()).await?;
            for ((id, stream), found) in lot.iter().zip(streams).zip(found) {
                let known = self.known_of(stream, found).await?;
                if self.admit_incident(*id, known).is_err() {
                    hollow.push(*id);
                }
            }
        }
        Ok(hollow)
    }

    fn admit_incident(
        self: &Rc<Self>,
        id: IncidentId,
        known: Known<Incident>,
    ) -> Result<Gate<IncidentActor>, Absent> {
        match self.incident(id) {
            Some(gate) => Ok(gate), // Somebody else was faster while we read.
            None if known.state.opened.is_none() => Err(Absent::Unknown),
            None => Ok(self.start_incident(known)),
        }
    }

    /// Starts an incident's actor on a state.
    pub(crate) fn start_incident(self: &Rc<Self>, known: Known<Incident>) -> Gate<IncidentActor> {
        let id = known.state.id;
        // Before anybody can accept or look: `started` runs only when the arbiter comes round to it.
        known.state.offers.keys().for_each(|offer| self.remember_offer(*offer, id));
        let notice = self.death_notice(ActorId::Incident(id));
        let actor = IncidentActor::new(Rc::clone(self), known, notice);
        actor.show_again();
        let address = actor.start();
        let gate = Gate::new(address, "incident", INCIDENT_COMMANDS);
        self.directory.borrow_mut().incidents.insert(id, gate.clone());
        gate
    }

    /// The case's actor, if it is awake.
    fn case(&self, id: CaseId) -> Option<Gate<CaseActor>> {
        self.directory.borrow().cases.get(&id).filter(|gate| gate.connected()).cloned()
    }

    /// The case's actor, awake.
    pub(crate) async fn wake_case(self: &Rc<Self>, id: CaseId) -> Result<Gate<CaseActor>, Absent> {
        if let Some(gate) = self.case(id) {
            return Ok(gate);
        }
        let known: Known<Case> = self.known(StreamId::Case(id)).await?;
        match self.case(id) {
            Some(gate) => Ok(gate), // Somebody else was faster while we read.
            None if known.state.number.is_none() => Err(Absent::Unknown),
            None => Ok(self.start_case(known)),
        }
    }

    /// Starts the actors of many cases, with few questions to the journal.
    pub(crate) async fn wake_cases(self: &Rc<Self>, ids: &[CaseId]) -> Result<(), Absent> {
        let asleep: Vec<CaseId> =
            ids.iter().copied().filter(|id| self.case(*id).is_none()).collect();
        if asleep.is_empty() {
            return Ok(());
        }
        self.journal.settled().await;
        for lot in asleep.chunks(WAKE_LOT) {
            let streams: Vec<StreamId> = lot.iter().copied().map(StreamId::Case).collect();
            let found = self.journal.recall(streams.clone()).await?;
            for ((id, stream), found) in lot.iter().zip(streams).zip(found) {
                let known: Known<Case> = self.known_of(stream, found).await?;
                // Somebody else may have been faster while we read.
                if self.case(*id).is_none() && known.state.number.is_some() {
                    self.start_case(known);
                }
            }
        }
        Ok(())
    }

    /// Starts a case's actor on a state.
    pub(crate) fn start_case(self: &Rc<Self>, known: Known<Case>) -> Gate<CaseActor> {
        let id = known.state.id;
        let notice = self.death_notice(ActorId::Case(id));
        let address = CaseActor::new(Rc::clone(self), known, notice).start();
        let gate = Gate::new(address, "case", CASE_MESSAGES);
        self.directory.borrow_mut().cases.insert(id, gate.clone());
        gate
    }

    /// Lets an actor go to sleep if nobody has a message for it, and forgets the way to it. When this is
    /// true the actor stops at once: whoever still holds its gate gets every message back.
    pub(crate) fn may_sleep(&self, who: ActorId) -> bool {
        let mut directory = self.directory.borrow_mut();
        match who {
            ActorId::Officer(_) => false,
            ActorId::Incident(id) => close(&mut directory.incidents, id),
            ActorId::Case(id) => close(&mut directory.cases, id),
        }
    }

    /// Forgets the way to an actor that has died, unless it has been rebuilt already.
    pub(crate) fn forget_dead(&self, who: ActorId) {
        let mut directory = self.directory.borrow_mut();
        match who {
            ActorId::Officer(id) => drop_dead(&mut directory.officers, id),
            ActorId::Incident(id) => drop_dead(&mut directory.incidents, id),
            ActorId::Case(id) => drop_dead(&mut directory.cases, id),
        }
    }

    /// Asks an incident. One that is just going to sleep is woken again, once.
    pub(crate) async fn ask_incident<M>(
        self: &Rc<Self>,
        id: IncidentId,
        message: M,
    ) -> Result<M::Result, NotAsked>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        IncidentActor: Handler<Admitted<M>>,
        Context<IncidentActor>: ToEnvelope<IncidentActor, Admitted<M>>,
        <IncidentActor as Handler<Admitted<M>>>::Result:
            MessageResponse<IncidentActor, Admitted<M>>,
    {
        let wait = match self.wake_incident(id).await?.ask(message) {
            Err(NotAdmitted::Gone(message)) => self.wake_incident(id).await?.ask(message)?,
            first => first?,
        };
        Ok(wait.await?)
    }

    /// Asks a case. One that is just going to sleep is woken again, once.
    pub(crate) async fn ask_case<M>(
        self: &Rc<Self>,
        id: CaseId,
        message: M,
    ) -> Result<M::Result, NotAsked>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        CaseActor: Handler<Admitted<M>>,
        Context<CaseActor>: ToEnvelope<CaseActor, Admitted<M>>,
        <CaseActor as Handler<Admitted<M>>>::Result: MessageResponse<CaseActor, Admitted<M>>,
    {
        let wait = match self.wake_case(id).await?.ask(message) {
            Err(NotAdmitted::Gone(message)) => self.wake_case(id).await?.ask(message)?,
            first => first?,
        };
        Ok(wait.await?)
    }
}

/// Folds a stream from its first event.
fn folded<S: Folded>(stream: StreamId, records: &[Stored]) -> Result<Known<S>, Absent> {
    let mut fold = Fold::before(stream).ok_or(Absent::Unknown)?;
    records.iter().for_each(|record| fold.take(record.seq, &record.event, record.at));
    Ok(Known::of(fold, 0))
}

fn close<K: Ord, A: Actor>(ways: &mut BTreeMap<K, Gate<A>>, id: K) -> bool {
    let closed = ways.get(&id).is_none_or(Gate::close_if_idle);
    if closed {
        ways.remove(&id);
    }
    closed
}

fn drop_dead<K: Ord, A: Actor>(ways: &mut BTreeMap<K, Gate<A>>, id: K) {
    if ways.get(&id).is_some_and(|gate| !gate.connected()) {
        ways.remove(&id);
    }
}
