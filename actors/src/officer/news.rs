//! What the actor does about what its seat tells it: events that come of positions.

use actix::prelude::*;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{IncidentCommand, StageSource};
use tiande_core::journal::By;
use tiande_core::officer::{DutyChange, OfficerCommand, Stage};

use crate::gate::Admitted;
use crate::incident::OrderIncident;

use super::OfficerActor;
use super::seat::SeatNews;

impl Handler<Admitted<SeatNews>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<SeatNews>, ctx: &mut Self::Context) {
        match message.body {
            SeatNews::LeftTheHouse => {
                let how = DutyChange::Geofence;
                self.order_by_rule(OfficerCommand::GoOnDuty { how }, ctx);
            }
            SeatNews::Heard if self.state.contact_lost => {
                self.order_by_rule(OfficerCommand::RegainContact, ctx);
            }
            SeatNews::Heard => {} // Written meanwhile.
            SeatNews::NearTo(incident) => self.arrive(incident, ctx),
            // Its death notice does the rest.
            SeatNews::Broken => ctx.stop(),
        }
    }
}

impl OfficerActor {
    /// Reports the arrival at an incident.
    fn arrive(&mut self, incident: IncidentId, ctx: &mut Context<Self>) {
        let ahead = self.state.commitment(incident).is_some_and(|c| c.stage < Stage::OnScene);
        if ahead && !self.arrived.contains(&incident) {
            let how = StageSource::Geofence;
            let officer = self.id();
            let command = IncidentCommand::Progress { officer, stage: Stage::OnScene, how };
            let gate = self.room.incident(incident);
            let asked = gate.and_then(|gate| gate.ask(OrderIncident::by(By::System, command)).ok());
            if let Some(answer) = asked {
                // The officer is told when it is durable.
                self.arrived.push(incident);
                // Beside the mailbox: the incident asks this very actor for its part.
                ctx.spawn(answer.into_actor(self).map(move |done, officer, _| {
                    if !matches!(done, Ok(Ok(_))) {
                        // Not written: the next fix reports it again.
                        officer.arrived.retain(|arrived| *arrived != incident);
                        officer.tell_seat();
                    }
                }));
            }
        }
        self.tell_seat();
    }
}
