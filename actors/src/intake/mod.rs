//! The intake of a court: a tip that has passed the door, or an officer's call for help, becomes an
//! incident; tip, incident, case link and first offers in one append.

use std::collections::BTreeSet;
use std::rc::Rc;

use actix::prelude::*;
use tiande_core::geo::Place;
use tiande_core::ids::{AlarmId, CaseId, DeviceId, IncidentId, OfficerId, TipId};
use tiande_core::incident::{
    Incident, IncidentCommand, IncidentKind, IncidentOpened, IncidentPersonal, IncidentRefusal,
    Origin, Urgency,
};
use tiande_core::journal::{By, Event, StreamId, Subject};
use tiande_core::officer::OfficerRefusal;
use tiande_core::tip::{Tip, TipEvent, TipReceived, TipSealed};

use crate::case::LookAtCase;
use crate::court::{CourtRoom, Known};
use crate::gate::{Admitted, NotAdmitted};
use crate::incident::{Beside, IncidentFault, OrderIncident};
use crate::ports::journal::{AppendFault, Delivery, ReadFault, StreamAppend};

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

async fn take_tip(room: &Rc<CourtRoom>, submitted: &SubmitTip) -> Result<TipTaken, TipFault> {
    if let Some(taken) = earlier(room, submitted).await? {
        return Ok(taken);
    }
    let SubmitTip { tip, id, source, trusted, .. } = submitted;
    let incident = room.new_id(IncidentId::new);
    let case = match tip.case_number.clone() {
        Some(number) => {
            let found = room.journal.case_numbered(room.profile.id.clone(), number).await;
            found.map_err(TipFault::Read)?
        }
        None => None,
    };
    let excluded = match case {
        Some(case) => namesakes(room, case).await,
        None => BTreeSet::new(),
    };
    let (year, number) = room.next_incident_number(room.now());
    let opened = IncidentOpened {
        incident,
        number,
        year,
        origin: Origin::Tip { tip: *id, source: source.clone(), trusted: *trusted },
        kind: tip.kind,
        urgency: tip.urgency,
        need: room.profile.need(tip.kind),
        skills: room.profile.dispatch.skills.get(&tip.kind).cloned().unwrap_or_default(),
        case_number: tip.case_number.clone(),
        case,
        excluded: excluded.into_iter().collect(),
        exercise: tip.exercise,
        alarm: None,
        subject: Subject(id.0),
        personal: Some(IncidentPersonal {
            place: tip.place,
            address: tip.personal.address.clone(),
            description: tip.personal.description.clone(),
        }),
    };
    let received = TipReceived {
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
    };
    let beside = Beside {
        streams: vec![StreamAppend {
            stream: StreamId::Tip(*id),
            expected_seq: 0,
            events: vec![
                Event::Tip(TipEvent::Received(Box::new(received))),
                Event::Tip(TipEvent::Linked { incident }),
            ],
        }],
        case,
        delivery: Some(Delivery {
            source: submitted.delivery_source.clone(),
            webhook_id: submitted.webhook_id.clone(),
            body_sha256: submitted.body_sha256,
            tip: *id,
            incident,
        }),
    };
    let by = By::Source { name: source.clone() };
    match open(room, incident, opened, by, beside).await {
        Ok(()) => Ok(TipTaken { tip: *id, incident, repeated: false }),
        // Two deliveries of the same id at the same time: the other one was first.
        Err(TipFault::Incident(IncidentFault::Append(AppendFault::DuplicateDelivery))) => {
            earlier(room, submitted).await?.ok_or(TipFault::NoAnswer)
        }
        Err(fault) => Err(fault),
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

/// Officers who bear the name of a party must not go: they may be family, and it may be themselves.
async fn namesakes(room: &Rc<CourtRoom>, case: CaseId) -> BTreeSet<OfficerId> {
    let Ok(case) = room.ask_case(case, LookAtCase).await else { return BTreeSet::new() };
    room.glances
        .borrow()
        .values()
        .filter(|glance| case.parties.iter().any(|party| party.name == glance.officer.name))
        .map(|glance| glance.officer.id)
        .collect()
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

async fn open(
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
