//! Who has to agree to a decision: officers and the case. Whoever agrees is held until the decision is
//! settled, one way or the other.
//!
//! **Not here:** what is decided, and when it is tried again (`transact`).

use std::rc::Rc;
use std::sync::Arc;

use tiande_core::case::CaseCommand;
use tiande_core::dispatch::Plan;
use tiande_core::ids::{CaseId, OfficerId};
use tiande_core::incident::{Incident, IncidentRefusal};
use tiande_core::officer::{OfficerPart, OfficerRefusal};
use tiande_core::time::UnixMillis;

use crate::case::{AskCase, CaseActor, CaseAnswer, SettleCase};
use crate::court::CourtRoom;
use crate::gate::{Gate, NotAdmitted};
use crate::officer::{
    AskOfficer, Card, CatchUp, OfficerActor, OfficerAnswer, SettleOfficer, Written,
};
use crate::ports::journal::StreamAppend;
use crate::views::IncidentBrief;

use super::messages::IncidentFault;

/// Who has agreed, and is held until the decision is settled.
pub(super) struct Agreed {
    room: Rc<CourtRoom>,
    officers: Vec<HeldOfficer>,
    case: Option<Gate<CaseActor>>,
    /// The case is to get its link afterwards, as a decision of its own.
    pub(super) link_later: Option<CaseId>,
    /// What becomes durable of each.
    pub(super) streams: Vec<StreamAppend>,
}

/// An officer who has agreed.
struct HeldOfficer {
    officer: OfficerId,
    gate: Gate<OfficerActor>,
    /// Number of the last event of the officer's stream when this is written.
    seq: u64,
}

/// Why not everybody agreed.
pub(super) enum Disagreed {
    /// This one cannot be offered it now: plan without.
    PlanWithout(OfficerId),
    /// Somebody who is needed is in the middle of another decision: try again in a moment.
    TryAgain,
    /// This one has to agree and is not awake: rebuild the actor, then plan again.
    WakeFirst(OfficerId),
    /// The case is in the middle of another decision.
    CaseBusy,
    /// The command cannot be done.
    Refused(IncidentFault),
}

/// What becomes of the case's link to the incident.
pub(super) enum Link {
    /// There is no case, or none that can be woken: the incident carries its number.
    None,
    /// In the same decision.
    With(CaseId, Gate<CaseActor>),
    /// After it.
    Later(CaseId),
}

impl Link {
    /// The same, but afterwards.
    pub(super) fn later(self) -> Self {
        match self {
            Self::With(case, _) | Self::Later(case) => Self::Later(case),
            Self::None => Self::None,
        }
    }
}

/// Asks everybody concerned. When one does not agree, those who did are let go again.
pub(super) async fn gather(
    room: &Rc<CourtRoom>,
    plan: &Plan,
    link: &Link,
    now: UnixMillis,
) -> Result<Agreed, Disagreed> {
    let mut agreed = Agreed {
        room: Rc::clone(room),
        officers: Vec::new(),
        case: None,
        link_later: None,
        streams: Vec::new(),
    };
    for (officer, parts) in &plan.parts {
        if let Err(no) = ask_officer(room, *officer, parts, now, &mut agreed).await {
            release(agreed).await;
            return Err(no);
        }
    }
    match link {
        Link::None => {}
        Link::Later(case) => agreed.link_later = Some(*case),
        Link::With(case, gate) => {
            let command =
                CaseCommand::LinkIncident { incident: plan.incident.id, steps: Vec::new() };
            let answer = match gate.ask(AskCase { command }) {
                Ok(wait) => wait.await,
                Err(_full_or_gone) => Ok(CaseAnswer::Busy),
            };
            match answer {
                Ok(CaseAnswer::Granted(Some(append))) => {
                    agreed.streams.push(append);
                    agreed.case = Some(gate.clone());
                }
                Ok(CaseAnswer::Busy) => {
                    release(agreed).await;
                    return Err(Disagreed::CaseBusy);
                }
                // It died over the question: it is rebuilt when it is woken next.
                Err(_no_answer) => agreed.link_later = Some(*case),
                // A case that cannot take the link must not stand in the way of an emergency.
                Ok(CaseAnswer::Granted(None) | CaseAnswer::Refused(_)) => {}
            }
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
        None => return Err(Disagreed::WakeFirst(officer)),
    };
    let Ok(wait) = gate.ask(AskOfficer { parts: parts.to_vec(), now }) else {
        return Err(not_now());
    };
    match wait.await {
        Ok(OfficerAnswer::Granted(Some(append))) => {
            let seq = append.expected_seq + append.events.len() as u64;
            agreed.streams.push(append);
            agreed.officers.push(HeldOfficer { officer, gate, seq });
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
    // One by one, and never a drain across the wait: whoever is still held when this future is dropped
    // is let go by `Drop`.
    while let Some(held) = agreed.officers.pop() {
        // A full or closed gate: the officer's own timer sends it to the journal.
        if let Ok(wait) = held.gate.ask(SettleOfficer { written: Written::No, card: None }) {
            wait.await.ok();
        }
    }
    settle(agreed, Written::No, None);
}

/// Lets everybody who agreed know how it ended.
pub(super) fn settle(
    mut agreed: Agreed,
    written: Written,
    about: Option<(Arc<IncidentBrief>, &Incident)>,
) {
    let_go(&mut agreed, written, about);
}

fn let_go(agreed: &mut Agreed, written: Written, about: Option<(Arc<IncidentBrief>, &Incident)>) {
    for HeldOfficer { officer, gate, seq } in agreed.officers.drain(..) {
        let card = about.as_ref().map(|(brief, incident)| card_for(officer, brief, incident));
        // A full gate: the officer's own timer sends it to the journal.
        let told = gate.offer(SettleOfficer { written, card });
        // An actor rebuilt while this was on its way may have read the stream without it.
        if matches!(told, Err(NotAdmitted::Gone(_)))
            && written == Written::Yes
            && let Some(rebuilt) = agreed.room.officer(officer)
        {
            rebuilt.offer(CatchUp { seq }).ok();
        }
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
