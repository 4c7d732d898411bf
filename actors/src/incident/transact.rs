//! One decision, from plan to durable.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;

use tiande_core::case::CaseCommand;
use tiande_core::dispatch::{Plan, Planner};
use tiande_core::ids::OfficerId;
use tiande_core::incident::{Incident, IncidentCommand, IncidentEvent, IncidentRefusal, Origin};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::officer::{OfficerPart, OfficerRefusal};
use tiande_core::time::UnixMillis;

use crate::case::{AskCase, CaseActor, CaseAnswer, SettleCase};
use crate::court::CourtRoom;
use crate::gate::Gate;
use crate::limits::{BUSY_RETRIES_MAX, BUSY_RETRY, REPLANS_MAX};
use crate::officer::{
    AskOfficer, Card, OfficerActor, OfficerAnswer, SettleOfficer, Written, after,
};
use crate::pause::pause;
use crate::ports::journal::{Append, AppendFault, Audience, NoticeChange, OpenAlarm, StreamAppend};
use crate::views::IncidentBrief;

use super::messages::{Beside, IncidentFault};
use super::show::brief_of;

/// What to decide.
pub(super) enum Step {
    /// A command.
    Command(IncidentCommand),
    /// Only look whether there is somebody to ask.
    Search,
}

/// A decision that is durable.
pub(super) struct Transacted {
    /// The incident as it is now.
    pub(super) incident: Incident,
    /// Its new events.
    pub(super) events: Vec<IncidentEvent>,
    /// Number of its newest event.
    pub(super) seq: u64,
    /// When it was decided.
    pub(super) at: UnixMillis,
}

/// Who has agreed, and is held until the decision is settled.
#[derive(Default)]
struct Agreed {
    officers: Vec<(OfficerId, Gate<OfficerActor>)>,
    case: Option<Gate<CaseActor>>,
    streams: Vec<StreamAppend>,
}

/// Why not everybody agreed.
enum Disagreed {
    /// This one cannot be offered it now: plan without.
    PlanWithout(OfficerId),
    /// Somebody who is needed is in the middle of another decision: try again in a moment.
    TryAgain,
    /// The command cannot be done.
    Refused(IncidentFault),
}

/// Decides and writes. Nothing of it is seen by anybody before it is durable.
pub(super) async fn transact(
    room: Rc<CourtRoom>,
    incident: Incident,
    seq: u64,
    step: Step,
    by: By,
    why: Option<String>,
    beside: Beside,
) -> Result<Transacted, IncidentFault> {
    let mut without = BTreeSet::new();
    let (mut replans, mut retries) = (0, 0);
    // Woken beforehand: reading the journal must not hold up other incidents' planning. A case that
    // cannot be woken must not stand in the way of an emergency: the incident carries its number.
    let case = match beside.case {
        Some(case) => room.wake_case(case).await.ok(),
        None => None,
    };
    loop {
        // One incident of the court at a time plans and asks: otherwise two that want the same
        // officers would each see the other's passing hold as "busy" and both send somebody farther
        // away. Appends are not waited for here.
        let planning = room.planning.lock().await;
        let now = room.now();
        let plan = make_plan(&room, &incident, &step, &without, now)?;
        if plan.is_empty() && beside.streams.is_empty() {
            return Ok(Transacted { incident: plan.incident, events: Vec::new(), seq, at: now });
        }
        let gathered = gather(&room, &plan, case.as_ref(), now).await;
        drop(planning);
        match gathered {
            Ok(agreed) => {
                let write = Write { by, why, beside, seq, at: now };
                return append(&room, plan, agreed, write).await;
            }
            Err(Disagreed::PlanWithout(officer)) if replans < REPLANS_MAX => {
                without.insert(officer);
                replans += 1;
            }
            Err(Disagreed::TryAgain) if retries < BUSY_RETRIES_MAX => {
                retries += 1;
                pause(BUSY_RETRY).await;
            }
            Err(Disagreed::Refused(fault)) => return Err(fault),
            Err(Disagreed::PlanWithout(_) | Disagreed::TryAgain) => {
                return Err(IncidentFault::Busy);
            }
        }
    }
}

fn make_plan(
    room: &CourtRoom,
    incident: &Incident,
    step: &Step,
    without: &BTreeSet<OfficerId>,
    now: UnixMillis,
) -> Result<Plan, IncidentFault> {
    let index = room.index.borrow();
    let glances = room.glances.borrow();
    let mut ids = room.ids.borrow_mut();
    let planner =
        Planner { court: &room.profile, index: &index, glances: &glances, busy: without, now };
    match step {
        Step::Command(command) => planner.plan(incident, command, ids.as_mut()),
        Step::Search => planner.plan_round(incident, ids.as_mut()),
    }
    .map_err(IncidentFault::Refused)
}

/// Asks everybody concerned. When one does not agree, those who did are let go again.
async fn gather(
    room: &Rc<CourtRoom>,
    plan: &Plan,
    case: Option<&Gate<CaseActor>>,
    now: UnixMillis,
) -> Result<Agreed, Disagreed> {
    let mut agreed = Agreed::default();
    for (officer, parts) in &plan.parts {
        if let Err(no) = ask_officer(room, *officer, parts, now, &mut agreed).await {
            release(agreed).await;
            return Err(no);
        }
    }
    if let Some(gate) = case {
        let command = CaseCommand::LinkIncident { incident: plan.incident.id };
        let Ok(wait) = gate.ask(AskCase { command }) else { return Ok(agreed) };
        match wait.await {
            Ok(CaseAnswer::Granted(Some(append))) => {
                agreed.streams.push(append);
                agreed.case = Some(gate.clone());
            }
            Ok(CaseAnswer::Busy) => {
                release(agreed).await;
                return Err(Disagreed::TryAgain);
            }
            // Nor must one that cannot take the link.
            Ok(CaseAnswer::Granted(None) | CaseAnswer::Refused(_)) | Err(_) => {}
        }
    }
    Ok(agreed)
}

async fn ask_officer(
    room: &Rc<CourtRoom>,
    officer: OfficerId,
    parts: &[OfficerPart],
    now: UnixMillis,
    agreed: &mut Agreed,
) -> Result<(), Disagreed> {
    let only_offered = parts.iter().all(|p| matches!(p, OfficerPart::BeOffered { .. }));
    let not_now =
        || if only_offered { Disagreed::PlanWithout(officer) } else { Disagreed::TryAgain };
    let gate = match room.officer(officer) {
        Some(gate) => gate,
        None if !room.glances.borrow().contains_key(&officer) => {
            return Err(Disagreed::Refused(IncidentFault::NoSuchOfficer(officer)));
        }
        // Whoever is down is not asked to go. But an incident that has to free somebody must not be
        // held up by an actor that stays down: it is woken for that.
        None if only_offered => return Err(not_now()),
        None => room.wake_officer(officer).await.map_err(|_absent| Disagreed::TryAgain)?,
    };
    let Ok(wait) = gate.ask(AskOfficer { parts: parts.to_vec(), now }) else {
        return Err(not_now());
    };
    match wait.await {
        Ok(OfficerAnswer::Granted(Some(append))) => {
            agreed.streams.push(append);
            agreed.officers.push((officer, gate));
            Ok(())
        }
        Ok(OfficerAnswer::Granted(None)) => Ok(()),
        Ok(OfficerAnswer::Busy) | Err(_) => Err(not_now()),
        Ok(OfficerAnswer::Refused(_)) if only_offered => Err(Disagreed::PlanWithout(officer)),
        Ok(OfficerAnswer::Refused(refusal)) => {
            Err(Disagreed::Refused(IncidentFault::Refused(in_terms_of_offers(refusal))))
        }
    }
}

/// An officer's refusal to accept is told in the words that exist for offers.
fn in_terms_of_offers(refusal: OfficerRefusal) -> IncidentRefusal {
    match refusal {
        OfficerRefusal::NoSuchOffer => IncidentRefusal::OfferWithdrawn,
        OfficerRefusal::OfferExpired => IncidentRefusal::OfferExpired,
        OfficerRefusal::AlreadyRegistered
        | OfficerRefusal::NotRegistered
        | OfficerRefusal::OffDuty
        | OfficerRefusal::OnBreak
        | OfficerRefusal::OutOfContact
        | OfficerRefusal::OfferOpen(_)
        | OfficerRefusal::Committed(_)
        | OfficerRefusal::InSos
        | OfficerRefusal::StackFull
        | OfficerRefusal::NotCommitted => IncidentRefusal::Officer(refusal),
    }
}

/// What an append needs beside the plan.
struct Write {
    by: By,
    why: Option<String>,
    beside: Beside,
    seq: u64,
    at: UnixMillis,
}

async fn append(
    room: &Rc<CourtRoom>,
    plan: Plan,
    mut agreed: Agreed,
    write: Write,
) -> Result<Transacted, IncidentFault> {
    let Write { by, why, beside, seq, at } = write;
    let mut streams = beside.streams;
    if !plan.events.is_empty() {
        streams.push(StreamAppend {
            stream: StreamId::Incident(plan.incident.id),
            expected_seq: seq,
            events: plan.events.iter().cloned().map(Event::Incident).collect(),
        });
    }
    streams.append(&mut agreed.streams);
    let append = Append {
        court: room.profile.id.clone(),
        at,
        by,
        why,
        streams,
        delivery: beside.delivery,
        notices: notices_of(&plan.incident, &plan.events),
    };
    match room.journal.append(append).await {
        Ok(_) => {
            let brief = brief_of(&plan.incident);
            settle(agreed, Written::Yes, brief.map(|brief| (brief, &plan.incident)));
            let seq = seq + plan.events.len() as u64;
            Ok(Transacted { incident: plan.incident, events: plan.events, seq, at })
        }
        Err(fault) => {
            settle(agreed, after(&fault), None);
            Err(IncidentFault::Append(fault))
        }
    }
}

impl Drop for Agreed {
    /// Whoever is held here still was never told how it ended, because the incident died with the
    /// decision in its hands: only the journal knows. Runs also while a panic unwinds.
    fn drop(&mut self) {
        let_go(self, Written::Unknown, None);
    }
}

/// Lets everybody who agreed go again, and waits until they are free: the next plan must not take
/// this one's holds for somebody else's.
async fn release(mut agreed: Agreed) {
    for (_, gate) in agreed.officers.drain(..) {
        // A full or closed gate: the officer's own timer sends it to the journal.
        if let Ok(wait) = gate.ask(SettleOfficer { written: Written::No, card: None }) {
            wait.await.ok();
        }
    }
    settle(agreed, Written::No, None);
}

/// Lets everybody who agreed know how it ended.
fn settle(mut agreed: Agreed, written: Written, about: Option<(Arc<IncidentBrief>, &Incident)>) {
    let_go(&mut agreed, written, about);
}

fn let_go(agreed: &mut Agreed, written: Written, about: Option<(Arc<IncidentBrief>, &Incident)>) {
    for (officer, gate) in agreed.officers.drain(..) {
        let card = about.as_ref().map(|(brief, incident)| card_for(officer, brief, incident));
        // A full or closed gate: the officer's own timer sends it to the journal.
        gate.offer(SettleOfficer { written, card }).ok();
    }
    if let Some(case) = agreed.case.take() {
        let written = match written {
            Written::Yes => Some(true),
            Written::No => Some(false),
            Written::Unknown => None,
        };
        case.offer(SettleCase { written }).ok();
    }
}

/// What this officer's handheld shows of the incident.
pub(super) fn card_for(
    officer: OfficerId,
    brief: &Arc<IncidentBrief>,
    incident: &Incident,
) -> Card {
    let asked = incident.offers.values().filter(|o| o.officer == officer).max_by_key(|o| o.sent_at);
    Card {
        incident: incident.id,
        brief: Arc::clone(brief),
        distance_m: asked.map(|o| o.distance_m),
        sent_at: asked.map(|o| o.sent_at),
    }
}

/// Durable notices that go with an incident's events.
fn notices_of(incident: &Incident, events: &[IncidentEvent]) -> Vec<NoticeChange> {
    let raise = |alarm, audience, kind: &str, officer| NoticeChange::Raise {
        alarm,
        audience,
        kind: kind.to_owned(),
        incident: Some(incident.id),
        officer,
    };
    let mut notices = Vec::new();
    for event in events {
        match event {
            IncidentEvent::Opened(opened) => {
                if let (Some(alarm), Origin::Sos { officer }) = (opened.alarm, &opened.origin) {
                    notices.push(raise(alarm, Audience::Centre, "sos", Some(*officer)));
                }
            }
            IncidentEvent::Exhausted { alarm, .. } => {
                notices.push(raise(*alarm, Audience::Centre, "exhausted", None));
            }
            IncidentEvent::DirectorAlarmed { alarm } => {
                notices.push(raise(*alarm, Audience::Director, "exhausted", None));
            }
            IncidentEvent::Finished { .. } | IncidentEvent::Cancelled { .. } => {
                notices.push(NoticeChange::Settle { incident: incident.id });
            }
            IncidentEvent::Placed { .. }
            | IncidentEvent::SearchStarted { .. }
            | IncidentEvent::OffersMade { .. }
            | IncidentEvent::OfferReceived { .. }
            | IncidentEvent::OfferAccepted { .. }
            | IncidentEvent::OfferClosed { .. }
            | IncidentEvent::Assigned { .. }
            | IncidentEvent::StageReached { .. }
            | IncidentEvent::OfficerFinished { .. }
            | IncidentEvent::OfficerReleased { .. } => {}
        }
    }
    notices
}

/// The alarms of a decision, as consoles show them.
pub(super) fn alarms_of(
    incident: &Incident,
    events: &[IncidentEvent],
    at: UnixMillis,
) -> Vec<OpenAlarm> {
    notices_of(incident, events)
        .into_iter()
        .filter_map(|notice| match notice {
            NoticeChange::Raise { alarm, audience, kind, incident, officer } => {
                Some(OpenAlarm { alarm, audience, kind, incident, officer, at })
            }
            NoticeChange::Acknowledge { .. } | NoticeChange::Settle { .. } => None,
        })
        .collect()
}

/// True when a fault leaves the actor without knowledge of its own state.
pub(super) fn lost_track(fault: &IncidentFault) -> bool {
    match fault {
        IncidentFault::Append(AppendFault::Unknown | AppendFault::Conflict { .. }) => true,
        IncidentFault::Append(
            AppendFault::DuplicateDelivery
            | AppendFault::Violates(_)
            | AppendFault::Unavailable
            | AppendFault::StorageFull,
        )
        | IncidentFault::Refused(_)
        | IncidentFault::Busy
        | IncidentFault::NoSuchOfficer(_) => false,
    }
}
