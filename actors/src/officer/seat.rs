//! An officer's seat: what concerns positions only, and what of the officer's state they are judged by.
//!
//! It lies in the court's thread beside all others, by the officer's small number, so that the court has a
//! position judged where it arrives (`court::drain`), without waking the officer's actor. The actor is the
//! one writer of everything that is a decision, and says how things stand ([`Seat::follow`]); the seat
//! tells it what it has to act upon ([`SeatNews`]).

use std::sync::Arc;

use actix::prelude::*;
use tiande_core::geo::LatLon;
use tiande_core::ids::{DeviceId, IncidentId, OfficerId};
use tiande_core::officer::{
    Duty, DutyLog, Fix, FixFilter, FixVerdict, KnownFix, Officer, OfficerStatus,
};
use tiande_core::time::UnixMillis;

use crate::court::{Arrivals, CourtRoom};
use crate::outbox::{CloseReason, Outbox};

use super::acks::Owed;
use super::gateway::Trackers;
use super::handheld::Handheld;
use super::positions::Judging;
use super::tracks::Links;
use super::{FixLane, Link};

/// What a seat has its officer's actor do.
#[derive(Debug, Clone, Copy, Message)]
#[rtype(result = "()")]
pub(crate) enum SeatNews {
    /// The officer has left the court house, on shift and off duty.
    LeftTheHouse,
    /// The handheld that was lost is heard again.
    Heard,
    /// The officer has come near to an incident.
    NearTo(IncidentId),
    /// Judging a position failed in a way that must not happen: begin anew from the journal.
    Broken,
}

/// See the module.
pub(crate) struct Seat {
    officer: OfficerId,
    pub(super) number: u32,
    /// Its actor has ended, or is to end: nothing is judged any more.
    closed: bool,
    /// Known to the court: gateways may report.
    pub(super) registered: bool,
    // What the actor has said of the officer.
    pub(super) duty: Duty,
    pub(super) on_duty_since: Option<UnixMillis>,
    pub(super) duty_log: DutyLog,
    pub(super) contact_lost: bool,
    pub(super) available: bool,
    /// Incidents the officer is on the way to, and where they are.
    pub(super) goals: Vec<(IncidentId, LatLon)>,
    // Positions.
    pub(super) filter: FixFilter,
    /// The device whose order of fixes the filter goes by.
    judged: Option<DeviceId>,
    /// Where the officer off duty was last, as far as the court house is concerned: no position.
    pub(super) inside_house: Option<bool>,
    // The handheld, and what it is told without the actor.
    pub(super) handheld: Handheld,
    /// The handheld that was connected last.
    pub(super) device: Option<DeviceId>,
    pub(super) lane: Arc<FixLane>,
    pub(super) links: Links,
    pub(super) owed: Owed,
    // Gateways.
    pub(super) trackers: Trackers,
}

impl Seat {
    /// The seat of an officer who stands like that.
    pub(crate) fn new(officer: &Officer, room: &CourtRoom) -> Self {
        let number = room.number_of(officer.id);
        let mut seat = Self {
            officer: officer.id,
            number,
            closed: false,
            registered: false,
            duty: officer.duty,
            on_duty_since: None,
            duty_log: DutyLog::default(),
            contact_lost: false,
            available: false,
            goals: Vec::new(),
            filter: FixFilter::default(),
            judged: None,
            inside_house: None,
            handheld: Handheld::default(),
            device: None,
            lane: new_lane(officer.id, number, room),
            links: Links::default(),
            owed: Owed::default(),
            trackers: Trackers::default(),
        };
        seat.follow(officer, Vec::new());
        seat
    }

    pub(crate) fn officer(&self) -> OfficerId {
        self.officer
    }

    /// The actor says how the officer stands, and which incidents the officer has still to come to.
    pub(super) fn follow(&mut self, officer: &Officer, goals: Vec<(IncidentId, LatLon)>) {
        self.registered = officer.registered;
        self.duty = officer.duty;
        self.on_duty_since = officer.on_duty_since;
        if self.duty_log != officer.duty_log {
            self.duty_log.clone_from(&officer.duty_log);
        }
        self.contact_lost = officer.contact_lost;
        self.available = officer.status() == OfficerStatus::Available;
        self.goals = goals;
    }

    /// Nothing is judged here any more; the device comes back to the next seat. Runs also while a panic
    /// unwinds: no allocation, and no lock that could be poisoned by us.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.handheld.close(CloseReason::RESTART);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.closed
    }

    /// A handheld has come in; an older socket goes. Of another device than before nothing is known: it
    /// counts its fixes by itself, and what the old one still has on its way stays in the old lane, which
    /// nobody empties any more.
    pub(super) fn connect(
        &mut self,
        device: DeviceId,
        outbox: Outbox,
        room: &CourtRoom,
    ) -> (Arc<FixLane>, Link) {
        self.handheld.replace(device, outbox);
        self.owed.forget();
        if self.device.replace(device).is_some_and(|before| before != device) {
            self.lane = new_lane(self.officer, self.number, room);
        }
        (Arc::clone(&self.lane), self.links.open(device))
    }

    /// The fixes that come now are counted by that device.
    pub(super) fn judge_by(&mut self, device: DeviceId) {
        if self.judged.replace(device).is_some_and(|before| before != device) {
            self.filter.change_device();
        }
    }

    pub(super) fn known(&self) -> Option<KnownFix> {
        self.filter.current().copied()
    }

    pub(super) fn take_fix(&mut self, fix: Fix, court: &Judging<'_>) -> FixVerdict {
        let Some(on_duty_since) = self.on_duty_since.filter(|_| self.duty != Duty::Off) else {
            return FixVerdict::OffDuty;
        };
        self.filter.take(fix, court.now, &court.rules_since(on_duty_since))
    }

    /// Tells the actor; false when too much waits for it.
    pub(super) fn tell(&self, news: SeatNews, room: &CourtRoom) -> bool {
        room.officer(self.officer).is_some_and(|gate| gate.offer(news).is_ok())
    }

    /// Lets index and board know when the officer is elsewhere than `before`, and the actor when that is
    /// where the officer is to be.
    pub(super) fn show_place(&mut self, before: Option<Fix>, room: &CourtRoom) {
        let Some(known) = self.known().filter(|known| Some(known.fix) != before) else { return };
        room.index.borrow_mut().update(self.officer, known.fix.at);
        room.glances.borrow_mut().moved_to(self.number, known);
        if !self.goals.is_empty() {
            self.watch_arrivals(&known.fix, room);
        }
        if before.is_none() && self.available {
            room.somebody_is_free();
        }
    }
}

fn new_lane(officer: OfficerId, number: u32, room: &CourtRoom) -> Arc<FixLane> {
    let arrivals: Arc<Arrivals> = Arc::clone(&room.arrivals);
    Arc::new(FixLane::new(number, room.presence(officer), arrivals))
}
