//! The handheld's side of a socket: frames to deeds of an officer (PROTOCOL §5).

use std::sync::Arc;

use actix_web::web::Data;
use serde_json::json;
use tiande_actors::court::{CommandFault, ConnectHandheld, CourtHandle, OfficerDeed, ToOfficer};
use tiande_actors::intake::RaiseSos;
use tiande_actors::officer::{Connected, FixLane, Link};
use tiande_actors::outbox::{CloseReason, Outbox};
use tiande_core::access::{Action, Actor, Context, Resource, can};
use tiande_core::geo::{LatLon, Metres, Place};
use tiande_core::ids::{DeviceId, IncidentId, OfficerId};
use tiande_core::incident::Outcome;
use tiande_core::officer::Stage;
use tiande_core::text::clean_text;
use tiande_core::time::UnixMillis;

use crate::access::tickets::Bearer;
use crate::api::incidents::check_court;
use crate::api::refusal::{FIELD_INVALID, refusal_of};
use crate::app::App;

use super::encode;
use super::incoming::{FromHandheld, HANDHELD_TYPES, Hello, Misread, SosFix, is_of_type, read};
use super::peer::{Peer, Refusal, Speaker};
use super::position::read_usual;
use super::records;

/// Fixes of one frame (PROTOCOL §5).
const FIXES_MAX: usize = 100;
/// Records of one binary frame (PROTOCOL §9): half of what may wait for the officer's actor.
const RECORDS_MAX: usize = 500;

/// A connected handheld.
pub struct Handheld {
    app: Data<App>,
    court: CourtHandle,
    officer: OfficerId,
    device: DeviceId,
    epoch: u32,
    lane: Arc<FixLane>,
    link: Link,
    binary: bool,
}

impl Peer for Handheld {
    const KIND: &'static str = "handheld";

    async fn greet(app: Data<App>, hello: Hello, outbox: Outbox) -> Result<Self, CloseReason> {
        let refused = CloseReason { code: 4401, text: "ticket" };
        let Some(Bearer::Device { court, officer, device }) = app.tickets.redeem(&hello.ticket)
        else {
            return Err(refused);
        };
        let actor = Actor::Officer { court: court.clone(), officer, device };
        let own = Resource::Officer { court: court.clone(), officer };
        if !can(&actor, Action::ActAsOfficer, &own, Context::default()) {
            return Err(CloseReason { code: 4403, text: "not permitted" });
        }
        // The device may have been revoked since it asked for its ticket. A store that cannot be read is
        // no reason to keep an officer in the field out.
        if !app.doors.device_allowed(device).await.unwrap_or(true) {
            return Err(CloseReason::REVOKED);
        }
        let court = app.court(&court).ok_or(refused)?;
        let connected = court.connect(ConnectHandheld { officer, device, outbox }).await;
        match connected {
            Ok(connected) => {
                let epoch = hello.epoch.unwrap_or(0);
                let Connected { lane, link } = connected;
                let binary = hello.binary;
                Ok(Self { app, court, officer, device, epoch, lane, link, binary })
            }
            Err(CommandFault::NotFound) => Err(refused),
            Err(_) => Err(CloseReason { code: 1013, text: "try again" }),
        }
    }

    fn take_fast(&mut self, text: &str) -> bool {
        let Some(frame) = read_usual(text) else { return false };
        let fixes = frame.fixes();
        if fixes.is_empty() || fixes.len() > FIXES_MAX {
            return false;
        }
        self.lane.report(self.link, frame.ahead, fixes.iter().map(|fix| fix.fix(self.epoch)));
        true
    }

    fn speaks_binary(&self) -> bool {
        self.binary
    }

    fn take_binary(&mut self, bytes: &[u8]) -> Result<(), Misread> {
        let (head, records) = records::read(bytes, RECORDS_MAX).ok_or(Misread::Invalid)?;
        // One epoch a connection, as with text: a device that counts anew connects anew.
        if head.epoch != self.epoch {
            return Err(Misread::Invalid);
        }
        let fixes = records.map(|record| record.fix(&head));
        self.lane.report(self.link, head.ahead, fixes);
        Ok(())
    }

    fn is_coalesced(text: &str) -> bool {
        // The word is looked for first: it spares all other frames a second reading.
        text.contains("\"position\"") && is_of_type(text, "position")
    }

    fn heard(&self, now: UnixMillis) {
        self.lane.heard(now);
    }

    fn still_allowed(&self) -> impl Future<Output = bool> + 'static {
        let (app, device) = (self.app.clone(), self.device);
        // A store that cannot be read is no reason to cut off an officer in the field.
        async move { app.doors.device_allowed(device).await.unwrap_or(true) }
    }

    fn bye(&mut self, outbox: &Outbox) {
        outbox.close(CloseReason::GOING_DOWN);
    }

    fn take(&mut self, text: &str, session: &Speaker) -> Result<(), (Misread, Option<String>)> {
        match read::<FromHandheld>(text, HANDHELD_TYPES)? {
            FromHandheld::Position { fixes, ahead } => {
                if fixes.is_empty() || fixes.len() > FIXES_MAX {
                    return Err((Misread::Invalid, None));
                }
                self.lane.report(self.link, ahead, fixes.iter().map(|fix| fix.fix(self.epoch)));
            }
            FromHandheld::Ping { t } => {
                session.say(encode::pong(&t, session.app.clock.now().0));
            }
            FromHandheld::OfferReceived { offer } => {
                if let Ok(offer) = offer.parse() {
                    let (court, order) =
                        (self.court.clone(), self.order(OfficerDeed::NoteReceived(offer)));
                    // Nobody waits for this answer; an offer that is over needs no acknowledgement.
                    actix::spawn(async move { court.officer(order).await.ok() });
                }
            }
            FromHandheld::Duty { id, to } => {
                let deed = match to.as_str() {
                    "on_duty" => Some(OfficerDeed::GoOnDuty),
                    "off_duty" => Some(OfficerDeed::GoOffDuty),
                    "break" => Some(OfficerDeed::StartBreak),
                    _ => None,
                };
                self.deed(session, id, deed);
            }
            FromHandheld::Accept { id, offer } => {
                self.deed_on_offer(session, id, &offer, OfficerDeed::Accept);
            }
            FromHandheld::Decline { id, offer, reason } => {
                let reason = reason.and_then(|reason| clean_text(&reason, 200, true).ok());
                self.deed_on_offer(session, id, &offer, |offer| {
                    OfficerDeed::Decline(offer, reason)
                });
            }
            FromHandheld::Progress { id, incident, stage } => {
                let stage = Stage::from_name(&stage).filter(|stage| *stage != Stage::Accepted);
                let named = incident.parse().ok().zip(stage);
                let deed = named
                    .map(|(incident, stage)| (incident, OfficerDeed::Progress(incident, stage)));
                self.deed_on_incident(session, id, deed);
            }
            FromHandheld::Well { id, incident } => {
                let deed = incident.parse().ok().map(|id| (id, OfficerDeed::ReportWell(id)));
                self.deed_on_incident(session, id, deed);
            }
            FromHandheld::Finish { id, incident, outcome, note } => {
                let note = note.and_then(|note| clean_text(&note, 2_000, true).ok());
                let named = incident.parse().ok().zip(Outcome::from_name(&outcome));
                let deed = named.map(|(incident, outcome)| {
                    (incident, OfficerDeed::Finish(incident, outcome, note))
                });
                self.deed_on_incident(session, id, deed);
            }
            FromHandheld::Sos { id, fix } => self.sos(session, id, fix.as_ref()),
        }
        Ok(())
    }
}

impl Handheld {
    fn order(&self, deed: OfficerDeed) -> ToOfficer {
        ToOfficer { officer: self.officer, device: self.device, deed }
    }

    /// Does what the frame wants; `None` is a frame with a value that is none.
    fn deed(&self, session: &Speaker, id: String, deed: Option<OfficerDeed>) {
        let court = self.court.clone();
        let order = deed.map(|deed| self.order(deed));
        session.answer(id, async move {
            let order = order.ok_or(FIELD_INVALID)?;
            court.officer(order).await.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({}))
        });
    }

    /// The same for a deed on an incident, which has to be one of this court.
    fn deed_on_incident(
        &self,
        session: &Speaker,
        id: String,
        deed: Option<(IncidentId, OfficerDeed)>,
    ) {
        let (app, court) = (self.app.clone(), self.court.clone());
        let order = deed.map(|(incident, deed)| (incident, self.order(deed)));
        session.answer(id, async move {
            let (incident, order) = order.ok_or(FIELD_INVALID)?;
            let known = check_court(&app, &court, incident).await;
            known.map_err(|fault| refusal_of(&fault))?;
            court.officer(order).await.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({}))
        });
    }

    fn deed_on_offer(
        &self,
        session: &Speaker,
        id: String,
        offer: &str,
        deed: impl FnOnce(tiande_core::ids::OfferId) -> OfficerDeed,
    ) {
        match offer.parse() {
            Ok(offer) => self.deed(session, id, Some(deed(offer))),
            Err(_) => session.answer(id, async {
                Err(Refusal { code: "offer-unknown", title: "no such offer of yours" })
            }),
        }
    }

    fn sos(&self, session: &Speaker, id: String, fix: Option<&SosFix>) {
        let place = fix.and_then(|fix| {
            let at = LatLon::new(fix.lat, fix.lon).ok()?;
            let accuracy = fix.accuracy_m.filter(|a| a.is_finite() && *a >= 0.0).map(Metres);
            Some(Place { at, accuracy })
        });
        let call = RaiseSos { officer: self.officer, device: self.device, place };
        let court = self.court.clone();
        session.answer(id, async move {
            let incident = court.raise_sos(call).await.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({"incident": incident.to_string()}))
        });
    }
}
