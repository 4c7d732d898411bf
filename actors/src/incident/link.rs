//! The case's link to an incident when it could not be a part of the incident's own decision.
//!
//! The incident names its case in its opening, so nothing is lost meanwhile; the link is what the case
//! itself knows. It is tried for a while, and again for every open incident at the next start.

use std::rc::Rc;

use metrics::counter;
use tiande_core::case::CaseCommand;
use tiande_core::ids::{CaseId, IncidentId};
use tiande_core::journal::By;
use tracing::warn;

use crate::case::{CaseFault, OrderCase};
use crate::court::CourtRoom;
use crate::limits::{LINK_RETRIES_MAX, LINK_RETRY};
use crate::pause::pause;

/// Gives `case` its link to `incident`, beside everything else. A link that is there already changes
/// nothing.
pub(super) fn link_afterwards(room: &Rc<CourtRoom>, case: CaseId, incident: IncidentId) {
    let room = Rc::clone(room);
    // On the court's own thread, like its actors.
    actix::spawn(async move {
        for _ in 0..LINK_RETRIES_MAX {
            if linked(&room, case, incident).await {
                return;
            }
            pause(LINK_RETRY).await;
        }
        counter!("tiande_case_links_missing_total").increment(1);
        warn!(%case, %incident, "the case has no link to its incident; the next start makes up for it");
    });
}

/// Tries once; true when there is no more to do.
async fn linked(room: &Rc<CourtRoom>, case: CaseId, incident: IncidentId) -> bool {
    let Ok(gate) = room.wake_case(case).await else { return false };
    let order = OrderCase { command: CaseCommand::LinkIncident { incident }, by: By::System };
    let Ok(answer) = gate.ask(order) else { return false };
    match answer.await {
        // A case that refuses does so for good.
        Ok(Ok(()) | Err(CaseFault::Refused(_))) => true,
        Ok(Err(CaseFault::Append(_) | CaseFault::Busy)) | Err(_) => false,
    }
}
