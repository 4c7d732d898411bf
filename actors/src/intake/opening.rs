//! How an incident is opened for a tip, when it comes in and when it is split off; and how a tip is
//! merged.

use std::collections::BTreeSet;
use std::rc::Rc;

use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::incident::{
    Incident, IncidentCommand, IncidentOpened, IncidentPersonal, Origin, TipMerged, Urgency,
};
use tiande_core::journal::{By, Subject};
use tiande_core::time::UnixMillis;
use tiande_core::tip::{Account, Fingerprint, TipReceived};

use crate::case::LookAtCase;
use crate::court::{Absent, CourtRoom, Known};
use crate::gate::NotAdmitted;
use crate::incident::{Beside, IncidentFault, OrderIncident};
use crate::limits::{BUSY_RETRY, MERGE_BUSY_TRIES};
use crate::pause::pause;
use crate::ports::journal::ReadFault;

use super::TipFault;
use super::open_tips::Same;

/// What a tip is compared by; `None` without a place, which is near nothing.
pub(super) fn account_of(tip: &TipReceived, now: UnixMillis) -> Option<Account> {
    let sealed = tip.personal.as_ref()?;
    Some(Account {
        place: sealed.place?,
        at: tip.occurred_at.unwrap_or(now),
        kind: tip.kind,
        urgency: tip.urgency,
        exercise: tip.exercise,
        case_number: tip.case_number.clone(),
        moving: tip.trusted && tip.urgency == Urgency::Emergency,
        words: Fingerprint::of(&sealed.told.description),
    })
}

/// The case a tip names, if the court has it.
///
/// # Errors
/// The journal could not be read.
pub(crate) async fn case_of(
    room: &CourtRoom,
    tip: &TipReceived,
) -> Result<Option<CaseId>, ReadFault> {
    match tip.case_number.clone() {
        Some(number) => room.journal.case_numbered(room.profile.id.clone(), number).await,
        None => Ok(None),
    }
}

fn personal_of(tip: &TipReceived) -> Option<IncidentPersonal> {
    tip.personal.as_ref().map(|sealed| IncidentPersonal {
        place: sealed.place,
        address: sealed.told.address.clone(),
        description: sealed.told.description.clone(),
    })
}

/// The opening of an incident for a tip.
pub(crate) fn opening_of(
    room: &CourtRoom,
    tip: &TipReceived,
    incident: IncidentId,
    case: Option<CaseId>,
    excluded: BTreeSet<OfficerId>,
) -> IncidentOpened {
    let (year, number) = room.next_incident_number(room.now());
    IncidentOpened {
        incident,
        number,
        year,
        origin: Origin::Tip { tip: tip.tip, source: tip.source.clone(), trusted: tip.trusted },
        kind: tip.kind,
        urgency: tip.urgency,
        need: room.profile.need(tip.kind),
        skills: room.profile.dispatch.skills.get(&tip.kind).cloned().unwrap_or_default(),
        case_number: tip.case_number.clone(),
        case,
        excluded: excluded.into_iter().collect(),
        exercise: tip.exercise,
        alarm: None,
        procedure: Some(room.rules.current().procedure.version().clone()),
        subject: Subject(tip.tip.0),
        personal: personal_of(tip),
    }
}

/// Merges a tip into an incident, one after the other.
pub(super) async fn merge(
    room: &Rc<CourtRoom>,
    same: &Same,
    tip: &TipReceived,
    told_at: UnixMillis,
    by: By,
    beside: Beside,
) -> Result<(), TipFault> {
    let Some(_turn) = same.turn.wait().await else { return Err(TipFault::Overloaded) };
    let merged = TipMerged {
        tip: tip.tip,
        source: tip.source.clone(),
        trusted: tip.trusted,
        kind: tip.kind,
        urgency: tip.urgency,
        case_number: tip.case_number.clone(),
        exercise: tip.exercise,
        told_at,
        pictures: u8::try_from(tip.media.len()).unwrap_or(u8::MAX),
        why: same.why,
        subject: Subject(tip.tip.0),
        personal: personal_of(tip),
    };
    let need = room.profile.need(tip.kind);
    let skills = room.profile.dispatch.skills.get(&tip.kind).cloned().unwrap_or_default();
    let command = IncidentCommand::MergeTip { tip: Box::new(merged), need, skills };
    let mut order = OrderIncident { command, by, why: None, beside };
    let (mut woken_again, mut tries) = (false, 0);
    loop {
        let gate = room.wake_incident(same.incident).await.map_err(|absent| match absent {
            // Its opening was never written.
            Absent::Unknown => TipFault::Incident(IncidentFault::Refused(
                tiande_core::incident::IncidentRefusal::NotOpen,
            )),
            Absent::Fault(fault) => TipFault::Read(fault),
        })?;
        match gate.ask(order) {
            Ok(wait) => match wait.await {
                Ok(done) => return done.map(drop).map_err(TipFault::Incident),
                Err(_no_answer) => return Err(TipFault::NoAnswer),
            },
            // Officers and dispatchers go first; this one tip waits for room.
            Err(NotAdmitted::Full(back)) if tries < MERGE_BUSY_TRIES => {
                tries += 1;
                order = back;
                pause(BUSY_RETRY).await;
            }
            // It has just fallen asleep, or died and is being rebuilt: once more.
            Err(NotAdmitted::Gone(back)) if !woken_again => {
                woken_again = true;
                order = back;
            }
            Err(NotAdmitted::Full(_) | NotAdmitted::Gone(_)) => return Err(TipFault::Overloaded),
        }
    }
}

/// Officers who bear the name of a party must not go: they may be family, and it may be themselves.
pub(crate) async fn namesakes(room: &Rc<CourtRoom>, case: CaseId) -> BTreeSet<OfficerId> {
    let Ok(case) = room.ask_case(case, LookAtCase).await else { return BTreeSet::new() };
    room.glances
        .borrow()
        .values()
        .filter(|glance| case.parties.iter().any(|party| party.name == glance.officer.name))
        .map(|glance| glance.officer.id)
        .collect()
}

/// Starts an incident and waits until it is durable.
pub(crate) async fn open(
    room: &Rc<CourtRoom>,
    incident: IncidentId,
    opened: IncidentOpened,
    by: By,
    beside: Beside,
) -> Result<(), TipFault> {
    let gate = room.start_incident(Known::new(Incident::new(incident)));
    let command = IncidentCommand::Open(Box::new(opened));
    let order = OrderIncident { command, by, why: None, beside };
    match gate.ask(order) {
        Ok(wait) => match wait.await {
            Ok(done) => done.map(drop).map_err(TipFault::Incident),
            Err(_no_answer) => Err(TipFault::NoAnswer),
        },
        Err(NotAdmitted::Full(_) | NotAdmitted::Gone(_)) => Err(TipFault::Overloaded),
    }
}
