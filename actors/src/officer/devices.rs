//! The officer's devices: which handheld is connected, and the ways in for positions.

use std::time::Duration;

use actix::prelude::*;
use tiande_core::officer::OfficerCommand;

use crate::gate::Admitted;
use crate::limits::CONTACT_CHECK;
use crate::outbox::CloseReason;

use super::OfficerActor;
use super::messages::{Connect, Connected, Disconnect, Farewell, Revoke};

impl OfficerActor {
    /// Looks after the socket while there is one: a phone that does not read is closed also when
    /// nothing more is said to it.
    fn watch_handheld(&mut self, ctx: &mut Context<Self>) {
        if self.handheld_watch.is_none() {
            let every = Duration::from_millis(CONTACT_CHECK.0);
            self.handheld_watch = Some(ctx.run_interval(every, |officer, ctx| {
                let now = officer.room.now();
                if !officer.seat.borrow_mut().handheld.check(now)
                    && let Some(watch) = officer.handheld_watch.take()
                {
                    ctx.cancel_future(watch);
                }
            }));
        }
    }

    /// From now on gateways may report for this officer.
    pub(super) fn open_to_gateways(&self) {
        let (id, number) = (self.id(), self.seat.borrow().number);
        self.room.lanes.put(number, id);
    }
}

impl Handler<Admitted<Connect>> for OfficerActor {
    type Result = MessageResult<Admitted<Connect>>;

    fn handle(&mut self, message: Admitted<Connect>, ctx: &mut Self::Context) -> Self::Result {
        let Connect { device, outbox } = message.body;
        let (lane, link) = self.seat.borrow_mut().connect(device, outbox, &self.room);
        self.watch_handheld(ctx);
        lane.heard(self.room.now());
        self.welcome();
        if self.state.contact_lost {
            self.order_by_rule(OfficerCommand::RegainContact, ctx);
        }
        MessageResult(Connected { lane, link })
    }
}

impl Handler<Admitted<Disconnect>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<Disconnect>, _: &mut Self::Context) {
        self.seat.borrow_mut().handheld.forget(&message.body.outbox);
    }
}

impl Handler<Admitted<Revoke>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, message: Admitted<Revoke>, _: &mut Self::Context) {
        let handheld = &mut self.seat.borrow_mut().handheld;
        if handheld.device() == Some(message.body.device) {
            handheld.close(CloseReason::REVOKED);
        }
    }
}

impl Handler<Admitted<Farewell>> for OfficerActor {
    type Result = ();

    fn handle(&mut self, _: Admitted<Farewell>, _: &mut Self::Context) {
        self.seat.borrow_mut().handheld.close(CloseReason::GOING_DOWN);
    }
}
