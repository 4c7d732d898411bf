//! What the officer's handheld is told.

use tiande_core::ids::{DeviceId, IncidentId};
use tiande_core::officer::{CommitmentKind, OfficerEvent, Stage};
use tiande_core::time::UnixMillis;
use tiande_core::track::Order;

use crate::court::CourtRoom;
use crate::outbox::{CloseReason, Outbox};
use crate::views::{CommitmentCard, FixCounts, HandheldNote, HandheldState, OfferCard};

use super::actor::OfficerActor;
use super::seat::Seat;

/// The device that is connected, if one is.
#[derive(Default)]
pub(super) struct Handheld {
    connected: Option<(DeviceId, Outbox)>,
}

impl Handheld {
    /// Takes a new socket; an older one is closed with a code that says why.
    pub(super) fn replace(&mut self, device: DeviceId, outbox: Outbox) {
        self.close(CloseReason::ELSEWHERE);
        self.connected = Some((device, outbox));
    }

    /// Closes the socket, if there is one.
    pub(super) fn close(&mut self, reason: CloseReason) {
        if let Some((_, outbox)) = self.connected.take() {
            outbox.close(reason);
        }
    }

    /// Forgets the socket, if it still is this one.
    pub(super) fn forget(&mut self, outbox: &Outbox) {
        if self.connected.as_ref().is_some_and(|(_, mine)| mine.same_socket(outbox)) {
            self.connected = None;
        }
    }

    /// Closes a socket that does not read; false when there is no socket any more.
    pub(super) fn check(&mut self, now: UnixMillis) -> bool {
        let gone = |outbox: &Outbox| outbox.close_if_stalled(now) || outbox.is_closed();
        if self.connected.as_ref().is_some_and(|(_, outbox)| gone(outbox)) {
            self.connected = None;
        }
        self.connected.is_some()
    }

    pub(super) fn device(&self) -> Option<DeviceId> {
        self.connected.as_ref().map(|(device, _)| *device)
    }

    pub(super) fn outbox(&self) -> Option<&Outbox> {
        self.connected.as_ref().map(|(_, outbox)| outbox)
    }
}

impl Seat {
    fn send(&self, note: &HandheldNote<'_>, room: &CourtRoom) {
        if let Some(outbox) = self.handheld.outbox() {
            // A closed outbox needs no care: on its return the device gets everything.
            outbox.push(room.wire.handheld(note), room.now());
        }
    }

    pub(super) fn acknowledge(&self, newest: Order, counts: &FixCounts, room: &CourtRoom) {
        self.send(&HandheldNote::Ack { epoch: newest.0, seq: newest.1, counts }, room);
    }

    /// Tells the device what it need not keep any more.
    pub(super) fn tell_stored(&self, device: DeviceId, upto: Order, room: &CourtRoom) {
        if self.handheld.device() == Some(device) {
            self.send(&HandheldNote::Stored { epoch: upto.0, seq: upto.1 }, room);
        }
    }
}

impl OfficerActor {
    fn send(&self, note: &HandheldNote<'_>) {
        self.seat.borrow().send(note, &self.room);
    }

    fn listens(&self) -> bool {
        self.seat.borrow().handheld.outbox().is_some()
    }

    fn offer_card(&self) -> Option<OfferCard> {
        let open = self.state.offer?;
        let card = self.cards.get(&open.incident);
        Some(OfferCard {
            offer: open.offer,
            incident: open.incident,
            brief: card.map(|c| c.brief.clone()),
            distance_m: card.and_then(|c| c.distance_m),
            sent_at: card.and_then(|c| c.sent_at),
            expires_at: Some(open.expires_at),
        })
    }

    fn order_card(&self, incident: IncidentId) -> Option<OfferCard> {
        let commitment = self.state.commitment(incident)?;
        let card = self.cards.get(&incident);
        Some(OfferCard {
            offer: commitment.offer,
            incident,
            brief: card.map(|c| c.brief.clone()),
            distance_m: card.and_then(|c| c.distance_m),
            sent_at: Some(self.room.now()),
            expires_at: None,
        })
    }

    fn handheld_state(&self) -> HandheldState {
        let commitments = self.state.commitments.iter().map(|commitment| CommitmentCard {
            commitment: *commitment,
            brief: self.cards.get(&commitment.incident).map(|c| c.brief.clone()),
        });
        HandheldState {
            status: self.state.status(),
            offers: self.offer_card().into_iter().collect(),
            commitments: commitments.collect(),
        }
    }

    pub(super) fn welcome(&self) {
        if !self.listens() {
            return;
        }
        let state = self.handheld_state();
        let device = self.seat.borrow().handheld.device();
        self.send(&HandheldNote::Welcome {
            now: self.room.now(),
            officer: self.id(),
            name: &self.state.name,
            court: &self.room.profile,
            state: &state,
            stored: device.and_then(|device| self.room.tracks.stored(device)),
        });
    }

    pub(super) fn tell_state(&self) {
        if self.listens() {
            self.send(&HandheldNote::State(&self.handheld_state()));
        }
    }

    /// Tells what durable events mean for the officer: first the news itself, then the whole state.
    pub(super) fn tell_handheld(&self, events: &[OfficerEvent]) {
        if !self.listens() {
            return;
        }
        for event in events {
            match event {
                OfficerEvent::Offered { .. } => {
                    if let Some(card) = self.offer_card() {
                        self.send(&HandheldNote::Offer(&card));
                    }
                }
                OfficerEvent::OfferClosed { offer, how, .. } => {
                    self.send(&HandheldNote::OfferClosed { offer: *offer, how: Some(*how) });
                }
                OfficerEvent::Committed { offer, how: CommitmentKind::Accepted, .. } => {
                    self.send(&HandheldNote::OfferClosed { offer: *offer, how: None });
                }
                OfficerEvent::Committed { incident, how: CommitmentKind::Ordered, .. } => {
                    if let Some(card) = self.order_card(*incident) {
                        self.send(&HandheldNote::Assigned(&card));
                    }
                }
                OfficerEvent::ContactLost { .. } => self.notice("contact_lost"),
                OfficerEvent::WelfareAsked { .. } => self.notice("welfare_asked"),
                OfficerEvent::StageReached { incident, stage: Stage::OnScene }
                    if self.arrived.contains(incident) =>
                {
                    self.notice("on_scene_by_geofence");
                }
                OfficerEvent::Registered { .. }
                | OfficerEvent::WentOnDuty { .. }
                | OfficerEvent::WentOffDuty { .. }
                | OfficerEvent::BreakStarted {}
                | OfficerEvent::BreakEnded {}
                | OfficerEvent::ContactRegained {}
                | OfficerEvent::StageReached { .. }
                | OfficerEvent::WelfareAnswered { .. }
                | OfficerEvent::Released { .. }
                | OfficerEvent::SosRaised { .. }
                | OfficerEvent::SosEnded { .. }
                | OfficerEvent::TrackRead { .. } => {}
            }
        }
        self.tell_state();
    }

    pub(super) fn notice(&self, code: &'static str) {
        self.send(&HandheldNote::Notice { code, at: self.room.now() });
    }
}
