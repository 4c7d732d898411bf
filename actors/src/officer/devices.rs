//! The officer's devices: which handheld is connected, and the ways in for positions.

use std::sync::Arc;
use std::time::Duration;

use actix::prelude::*;
use tiande_core::ids::DeviceId;
use tiande_core::officer::OfficerCommand;

use crate::gate::Admitted;
use crate::limits::CONTACT_CHECK;
use crate::outbox::CloseReason;

use super::messages::{Connect, Connected, Disconnect, Farewell, Revoke};
use super::{FixLane, OfficerActor};

impl OfficerActor {
    /// Looks after the socket while there is one: a phone that does not read is closed also when
    /// nothing more is said to it.
    fn watch_handheld(&mut self, ctx: &mut Context<Self>) {
        if self.handheld_watch.is_none() {
            let every = Duration::from_millis(CONTACT_CHECK.0);
            self.handheld_watch = Some(ctx.run_interval(every, |officer, ctx| {
                if !officer.handheld.check(officer.room.now())
                    && let Some(watch) = officer.handheld_watch.take()
                {
                    ctx.cancel_future(watch);
                }
            }));
        }
    }

    /// Another device than before: it counts its fixes by itself, and what the old one still has on its
    /// way stays in the old lane, which nobody empties any more.
    fn change_device(&mut self, device: DeviceId) {
        if self.device.replace(device).is_some_and(|before| before != device) {
            self.lane =
                Arc::new(FixLane::new(self.room.presence(self.id()), Arc::clone(&self.bell)));
        }
    }

    /// From now on gateways may report for this officer.
    pub(super) fn open_to_gateways(&self) {
        let (id, lane) = (self.id(), Arc::clone(&self.gateway_lane));
        self.room.lanes.put(self.room.number_of(id), id, lane);
    }
}

impl Handler<Admitted<Connect>> for OfficerActor {
    type Result = MessageResult<Admitted<Connect>>;

    fn handle(&mut self, message: Admitted<Connect>, ctx: &mut Self::Context) -> Self::Result {
        let Connect { device, outbox } = message.body;
        self.handheld.replace(device, outbox);
        self.owed.forget();
        self.change_device(device);
        self.watch_handheld(ctx);
        self.lane.heard(self.room.now());
        self.welcome();
        if self.state.contact_lost {
            self.order_by_rule(OfficerCommand::RegainContact, ctx);
        }
        let link = self.links.open(device);
        MessageResult(Connected { lane: Arc::clone(&self.lane), link })
    }
}

impl Handler<Admitted<Disconnect>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<Disconnect>, _: &mut Self::Context) {
        self.handheld.forget(&message.body.outbox);
    }
}

impl Handler<Admitted<Revoke>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<Revoke>, _: &mut Self::Context) {
        if self.handheld.device() == Some(message.body.device) {
            self.handheld.close(CloseReason::REVOKED);
        }
    }
}

impl Handler<Admitted<Farewell>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<Farewell>, _: &mut Self::Context) {
        self.handheld.close(CloseReason::GOING_DOWN);
    }
}
