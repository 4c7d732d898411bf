//! What a case knows of its incident when it was no part of the incident's own decision: the link, and the
//! steps of an emergency.
//!
//! Both stand in the incident's own stream, so nothing is lost meanwhile. It is tried for a while, and again
//! for every open incident at the next start.

use std::rc::Rc;

use metrics::counter;
use tiande_core::case::CaseCommand;
use tiande_core::ids::{CaseId, IncidentId};
use tiande_core::journal::By;
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;
use tracing::warn;

use crate::case::{CaseFault, OrderCase};
use crate::court::CourtRoom;
use crate::limits::{LINK_RETRIES_MAX, LINK_RETRY};
use crate::pause::pause;

/// Gives `case` its link to `incident` and these steps of it, beside everything else. What is there already
/// changes nothing.
pub(super) fn link_afterwards(
    room: &Rc<CourtRoom>,
    case: CaseId,
    incident: IncidentId,
    steps: Vec<(NodeCode, UnixMillis)>,
) {
    let command = CaseCommand::LinkIncident { incident, steps };
    let room = Rc::clone(room);
    // On the court's own thread, like its actors.
    actix::spawn(async move {
        for _ in 0..LINK_RETRIES_MAX {
            if known(&room, case, command.clone()).await {
                return;
            }
            pause(LINK_RETRY).await;
        }
        counter!("tiande_case_links_missing_total").increment(1);
        warn!(%case, %incident, "the case lacks its incident or steps of it; the next start makes up for it");
    });
}

/// Tries once; true when there is no more to do.
async fn known(room: &Rc<CourtRoom>, case: CaseId, command: CaseCommand) -> bool {
    let Ok(gate) = room.wake_case(case).await else { return false };
    let order = OrderCase { command, by: By::System };
    let Ok(answer) = gate.ask(order) else { return false };
    match answer.await {
        // A case that refuses does so for good.
        Ok(Ok(()) | Err(CaseFault::Refused(_))) => true,
        Ok(Err(CaseFault::Append(_) | CaseFault::Busy)) | Err(_) => false,
    }
}
