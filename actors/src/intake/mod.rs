//! The intake of a court: a tip that has passed the door, or an officer's call for help, becomes an
//! incident; tip, incident, case link and first offers in one append. A tip that tells of what is
//! known already is merged into its incident instead.

mod open_tips;
mod opening;
mod seen;
mod task;

pub(crate) use open_tips::OpenTips;
pub(crate) use opening::{case_of, namesakes, open, opening_of};
pub(crate) use seen::SeenDeliveries;
pub use task::OrderTask;

use std::collections::BTreeSet;
use std::rc::Rc;

use actix::prelude::*;
use metrics::counter;
use tiande_core::geo::Place;
use tiande_core::ids::{AlarmId, CaseId, DeviceId, IncidentId, OfficerId, TipId};
use tiande_core::incident::{
    IncidentKind, IncidentOpened, IncidentPersonal, IncidentRefusal, Origin, Urgency,
};
use tiande_core::journal::{By, Event, StreamId, Subject};
use tiande_core::officer::OfficerRefusal;
use tiande_core::tip::{Tip, TipEvent, TipReceived, TipSealed};

use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::incident::{Beside, IncidentFault};
use crate::ports::journal::{AppendFault, Delivery, ReadFault, StreamAppend};

use opening::{account_of, merge};
use seen::surely_new;

/// A tip whose signature and content have been checked.
#[derive(Debug, Message)]
#[rtype(result = "Result<TipTaken, TipFault>")]
pub struct SubmitTip {
    /// The tip.
    pub tip: Box<Tip>,
    /// Identity for it: made at the edge, because its pictures are kept under it.
    pub id: TipId,
    /// Name of its source.
    pub source: String,
    /// The source may start a dispatch by itself.
    pub trusted: bool,
    /// Key of the delivery: court and source.
    pub delivery_source: String,
    /// Its `webhook-id`.
    pub webhook_id: String,
    /// SHA-256 of the body as it came.
    pub body_sha256: [u8; 32],
}

/// The tip is durable, and has an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TipTaken {
    /// Its identity; of the first delivery when this is a repeated one.
    pub tip: TipId,
    /// Its incident.
    pub incident: IncidentId,
    /// This delivery was taken before.
    pub repeated: bool,
}

/// Why a tip was not taken. Nothing of it is kept then.
#[derive(Debug, Clone)]
pub enum TipFault {
    /// That webhook id was used for another body.
    Mismatch,
    /// The incident could not be opened.
    Incident(IncidentFault),
    /// The journal could not be read.
    Read(ReadFault),
    /// The incident's actor ended before it answered: unknown, send again.
    NoAnswer,
    /// Too much is going on.
    Overloaded,
}

/// An officer calls for help.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentId, TipFault>")]
pub struct RaiseSos {
    /// Who.
    pub officer: OfficerId,
    /// With which device.
    pub device: DeviceId,
    /// Where, as the device says with the call.
    pub place: Option<Place>,
}

/// The intake's actor. Holds nothing: what it knows is in the room and the journal.
pub struct IntakeActor {
    room: Rc<CourtRoom>,
}

impl IntakeActor {
    pub(crate) fn new(room: Rc<CourtRoom>) -> Self {
        Self { room }
    }
}

impl Actor for IntakeActor {
    type Context = Context<Self>;
}

impl Handler<Admitted<SubmitTip>> for IntakeActor {
    type Result = ResponseFuture<Result<TipTaken, TipFault>>;

    fn handle(&mut self, message: Admitted<SubmitTip>, _: &mut Self::Context) -> Self::Result {
        // The whole admitted message moves along: its slot is taken until the tip is durable.
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            take_tip(&room, &message.body).await
        })
    }
}

impl Handler<Admitted<RaiseSos>> for IntakeActor {
    type Result = ResponseFuture<Result<IncidentId, TipFault>>;

    fn handle(&mut self, message: Admitted<RaiseSos>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            raise_sos(&room, &message.body).await
        })
    }
}

/// A further tip is merged into an open incident at most after so many attempts; incidents that end
/// just then are passed over.
const MERGE_TRIES: usize = 4;

async fn take_tip(room: &Rc<CourtRoom>, submitted: &SubmitTip) -> Result<TipTaken, TipFault> {
    if !surely_new(room, &submitted.delivery_source, &submitted.webhook_id)
        && let Some(taken) = earlier(room, submitted).await?
    {
        return Ok(taken);
    }
    let received = received_of(submitted);
    let case = case_of(room, &received).await.map_err(TipFault::Read)?;
    let excluded = match case {
        Some(case) => namesakes(room, case).await,
        None => BTreeSet::new(),
    };
    let by = By::Source { name: submitted.source.clone() };
    let account = account_of(&received, room.now());
    let mut not = Vec::new();
    while let Some(account) = account.as_ref().filter(|_| not.len() < MERGE_TRIES) {
        let settings = &room.profile.merge;
        let Some(same) = room.open_tips.borrow().find(account, settings, &not) else { break };
        let beside = beside_of(submitted, &received, same.incident, None);
        match merge(room, &same, &received, account.at, by.clone(), beside).await {
            Ok(()) => {
                counter!("tiande_tips_merged_total").increment(1);
                let (tip, incident) = (submitted.id, same.incident);
                return Ok(TipTaken { tip, incident, repeated: false });
            }
            // Over by now, or not to be merged after all: whatever else is near, or its own.
            Err(TipFault::Incident(IncidentFault::Refused(
                IncidentRefusal::Closed(_) | IncidentRefusal::NotOpen | IncidentRefusal::Unlike,
            ))) => not.push(same.incident),
            Err(fault) => return settled(room, submitted, fault).await,
        }
    }
    // From looking to standing in the list nothing is awaited: the next tip sees this one.
    let incident = room.new_id(IncidentId::new);
    let beside = beside_of(submitted, &received, incident, case);
    let opened = opening_of(room, &received, incident, case, excluded);
    if let Some(account) = account {
        room.open_tips.borrow_mut().put(incident, account);
    }
    match open(room, incident, opened, by, beside).await {
        Ok(()) => Ok(TipTaken { tip: submitted.id, incident, repeated: false }),
        Err(fault) => {
            room.open_tips.borrow_mut().remove(incident);
            settled(room, submitted, fault).await
        }
    }
}

/// What a fault means when another delivery of the same id may have been first.
async fn settled(
    room: &CourtRoom,
    submitted: &SubmitTip,
    fault: TipFault,
) -> Result<TipTaken, TipFault> {
    match fault {
        TipFault::Incident(IncidentFault::Append(AppendFault::DuplicateDelivery)) => {
            earlier(room, submitted).await?.ok_or(TipFault::NoAnswer)
        }
        fault => Err(fault),
    }
}

fn received_of(submitted: &SubmitTip) -> TipReceived {
    let SubmitTip { tip, id, source, trusted, .. } = submitted;
    TipReceived {
        tip: *id,
        source: source.clone(),
        trusted: *trusted,
        kind: tip.kind,
        urgency: tip.urgency,
        case_number: tip.case_number.clone(),
        occurred_at: tip.occurred_at,
        media: tip.media.clone(),
        exercise: tip.exercise,
        personal: Some(TipSealed { told: tip.personal.clone(), place: tip.place }),
    }
}

fn beside_of(
    submitted: &SubmitTip,
    received: &TipReceived,
    incident: IncidentId,
    case: Option<CaseId>,
) -> Beside {
    Beside {
        streams: vec![StreamAppend {
            stream: StreamId::Tip(submitted.id),
            expected_seq: 0,
            events: vec![
                Event::Tip(TipEvent::Received(Box::new(received.clone()))),
                Event::Tip(TipEvent::Linked { incident }),
            ],
        }],
        case,
        delivery: Some(Delivery {
            source: submitted.delivery_source.clone(),
            webhook_id: submitted.webhook_id.clone(),
            body_sha256: submitted.body_sha256,
            tip: submitted.id,
            incident,
        }),
    }
}

/// The answer to an earlier delivery of the same id.
async fn earlier(room: &CourtRoom, submitted: &SubmitTip) -> Result<Option<TipTaken>, TipFault> {
    let (source, id) = (submitted.delivery_source.clone(), submitted.webhook_id.clone());
    let known = room.journal.delivery(source, id).await.map_err(TipFault::Read)?;
    match known {
        None => Ok(None),
        Some(known) if known.body_sha256 == submitted.body_sha256 => {
            Ok(Some(TipTaken { tip: known.tip, incident: known.incident, repeated: true }))
        }
        Some(_) => Err(TipFault::Mismatch),
    }
}

async fn raise_sos(room: &Rc<CourtRoom>, call: &RaiseSos) -> Result<IncidentId, TipFault> {
    let known = |room: &CourtRoom| {
        room.glances.borrow().get(&call.officer).map(|glance| (glance.officer.sos, glance.fix))
    };
    let Some((running, fix)) = known(room) else {
        return Err(TipFault::Incident(IncidentFault::NoSuchOfficer(call.officer)));
    };
    if let Some(incident) = running {
        return Ok(incident);
    }
    // What the device says with the call is newer than what it reported before.
    let reported = fix.map(|known| Place { at: known.fix.at, accuracy: known.fix.accuracy });
    let incident = room.new_id(IncidentId::new);
    let (year, number) = room.next_incident_number(room.now());
    let kind = IncidentKind::OfficerSos;
    let opened = IncidentOpened {
        incident,
        number,
        year,
        origin: Origin::Sos { officer: call.officer },
        kind,
        urgency: Urgency::Emergency,
        need: room.profile.need(kind),
        skills: Vec::new(),
        case_number: None,
        case: None,
        excluded: vec![call.officer],
        exercise: false,
        alarm: Some(room.new_id(AlarmId::new)),
        procedure: Some(room.rules.current().procedure.version().clone()),
        subject: Subject(call.officer.0),
        personal: Some(IncidentPersonal {
            place: call.place.or(reported),
            address: None,
            description: room.name_of(call.officer),
        }),
    };
    let by = By::Officer { officer: call.officer, device: Some(call.device) };
    match open(room, incident, opened, by, Beside::default()).await {
        Ok(()) => Ok(incident),
        // Pressed twice at the same moment: the other press was first.
        Err(TipFault::Incident(IncidentFault::Refused(IncidentRefusal::Officer(
            OfficerRefusal::InSos,
        )))) => known(room).and_then(|(running, _)| running).ok_or(TipFault::NoAnswer),
        Err(fault) => Err(fault),
    }
}
