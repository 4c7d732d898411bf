//! A tip has been forgotten: its key is destroyed, and an incident that is awake still holds what was
//! sealed under it. It reads its stream again, and everybody who was told is told anew.
//!
//! A sleeping incident needs nothing: it wakes from what can still be read.

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::incident::Incident;

use crate::court::{Absent, CourtRoom, Known};
use crate::gate::Admitted;
use crate::ports::journal::AppendFault;

use super::actor::IncidentActor;
use super::messages::IncidentFault;

/// Reads the stream again.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), IncidentFault>")]
pub(crate) struct ReadAgain;

impl Handler<Admitted<ReadAgain>> for IncidentActor {
    type Result = AtomicResponse<Self, Result<(), IncidentFault>>;

    fn handle(&mut self, _: Admitted<ReadAgain>, _: &mut Self::Context) -> Self::Result {
        let (room, state, seq) = self.at_hand();
        let work = async move { read(&room, &state).await };
        AtomicResponse::new(Box::pin(work.into_actor(self).map(move |known, actor, ctx| {
            match known {
                Ok(known) if known.seq == seq => {
                    actor.hold(known, ctx);
                    Ok(())
                }
                // Nobody else writes the stream; the whole of it was not to be read just now.
                Ok(_) | Err(_) => Err(IncidentFault::Append(AppendFault::Unavailable)),
            }
        })))
    }
}

async fn read(room: &Rc<CourtRoom>, state: &Incident) -> Result<Known<Incident>, Absent> {
    room.incident_as_written(state.id).await
}
