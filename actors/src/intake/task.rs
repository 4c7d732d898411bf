//! A judge sends officers out for a case: to look at an asset, to seal it, to serve. The task is an incident like
//! any other, asked of the nearest officers who may go.

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::geo::Place;
use tiande_core::ids::{CaseId, IncidentId, UserId};
use tiande_core::incident::{IncidentKind, IncidentOpened, IncidentPersonal, Origin, Urgency};
use tiande_core::journal::{By, Subject};

use crate::case::LookAtCase;
use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::incident::Beside;

use super::{IntakeActor, TipFault, namesakes, open};

/// Two officers at least: nobody searches, seals or serves alone.
const CREW_MIN: u8 = 2;

/// A judge's order. The case is one of the court's.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentId, TipFault>")]
pub struct OrderTask {
    /// For which case.
    pub case: CaseId,
    /// About which asset of it, by number.
    pub asset: Option<u16>,
    /// Who orders it.
    pub by: UserId,
    /// How fast.
    pub urgency: Urgency,
    /// How many officers; what is less than two is two.
    pub need: u8,
    /// Where; without a place a dispatcher gives it one before anybody is asked.
    pub place: Option<Place>,
    /// Where, in words, 1–200 characters.
    pub address: Option<String>,
    /// What is to be done, 0–2,000 characters.
    pub description: String,
}

impl Handler<Admitted<OrderTask>> for IntakeActor {
    type Result = ResponseFuture<Result<IncidentId, TipFault>>;

    fn handle(&mut self, message: Admitted<OrderTask>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            order(&room, &message.body).await
        })
    }
}

async fn order(room: &Rc<CourtRoom>, task: &OrderTask) -> Result<IncidentId, TipFault> {
    let case_number = room.ask_case(task.case, LookAtCase).await.ok().and_then(|case| case.number);
    let excluded = namesakes(room, task.case).await;
    let incident = room.new_id(IncidentId::new);
    let (year, number) = room.next_incident_number(room.now());
    let kind = IncidentKind::FieldTask;
    let opened = IncidentOpened {
        incident,
        number,
        year,
        origin: Origin::Task { case: task.case, asset: task.asset },
        kind,
        urgency: task.urgency,
        need: room.profile.need(kind).max(task.need).max(CREW_MIN),
        skills: room.profile.dispatch.skills.get(&kind).cloned().unwrap_or_default(),
        case_number,
        case: Some(task.case),
        excluded: excluded.into_iter().collect(),
        exercise: false,
        alarm: None,
        procedure: Some(room.rules.current().procedure.version().clone()),
        // What is said of it is the case's, and forgotten with it.
        subject: Subject(task.case.0),
        personal: Some(IncidentPersonal {
            place: task.place,
            address: task.address.clone(),
            description: task.description.clone(),
        }),
    };
    let by = By::Staff { user: task.by };
    let beside = Beside { case: Some(task.case), ..Beside::default() };
    open(room, incident, opened, by, beside).await?;
    Ok(incident)
}
