//! The console's side of a socket: frames to commands of a dispatcher (PROTOCOL §6).

use actix_web::web::Data;
use serde_json::json;
use tiande_actors::board::{JoinConsole, LookElsewhere};
use tiande_actors::court::{AcknowledgeAlarm, CourtHandle, IncidentLook, SplitOff, ToIncident};
use tiande_actors::incident::{OrderIncident, SplitTip};
use tiande_actors::outbox::{CloseReason, Outbox};
use tiande_actors::ports::journal::Audience;
use tiande_core::access::{Action, Actor, Context, Resource, can};
use tiande_core::geo::{Area, LatLon, Metres, Place};
use tiande_core::ids::{IncidentId, OfferId, TipId};
use tiande_core::incident::IncidentCommand;
use tiande_core::journal::By;
use tiande_core::text::clean_text;
use tiande_core::time::UnixMillis;

use crate::access::tickets::Bearer;
use crate::api::incidents::{check_court, detail_of};
use crate::api::refusal::{FIELD_INVALID, refusal_of};
use crate::app::App;
use crate::entropy::IdEntropy;
use crate::shapes::DecisionShape;

use super::encode;
use super::incoming::{CONSOLE_TYPES, FromConsole, Hello, Misread, read};
use super::peer::{Peer, Refusal, Speaker};

/// The caller may not do that.
const FORBIDDEN: Refusal = Refusal { code: "forbidden", title: "not permitted" };
/// A place far from the court.
const OUTSIDE: Refusal =
    Refusal { code: "outside-court", title: "the place is not near the court" };

/// A connected console.
pub struct Console {
    app: Data<App>,
    court: CourtHandle,
    outbox: Outbox,
    actor: Actor,
    by: By,
    name: String,
    session: [u8; 32],
}

impl Peer for Console {
    const KIND: &'static str = "console";

    async fn greet(app: Data<App>, hello: Hello, outbox: Outbox) -> Result<Self, CloseReason> {
        let refused = CloseReason { code: 4401, text: "ticket" };
        let Some(Bearer::Staff { court, user, session }) = app.tickets.redeem(&hello.ticket) else {
            return Err(refused);
        };
        let staff = app.doors.session(session).await.ok().flatten().ok_or(refused)?;
        let actor = Actor::Staff { court: court.clone(), user, roles: staff.roles.clone() };
        let here = Resource::Court(court.clone());
        let may = |action| can(&actor, action, &here, Context::default());
        if !may(Action::WatchConsole) {
            return Err(CloseReason { code: 4403, text: "not permitted" });
        }
        let court = app.court(&court).ok_or(refused)?;
        let audiences = audiences_of(may);
        let invalid = CloseReason { code: 4400, text: "no such view" };
        let view = hello.view.as_ref().map(|view| view.view().ok_or(invalid)).transpose()?;
        let after = hello.after.map(|after| (after.run, after.no));
        let join = JoinConsole {
            outbox: outbox.clone(),
            user: staff.name.clone(),
            audiences,
            binary: hello.binary,
            view,
            after,
        };
        court.join_console(join).map_err(|_full| CloseReason { code: 1013, text: "try again" })?;
        Ok(Self { app, court, outbox, actor, by: By::Staff { user }, name: staff.name, session })
    }

    fn is_coalesced(_: &str) -> bool {
        false
    }

    fn heard(&self, _: UnixMillis) {}

    fn still_allowed(&self) -> impl Future<Output = bool> + 'static {
        let (app, session) = (self.app.clone(), self.session);
        // A console that cannot be checked stays: a dispatcher in the dark helps nobody.
        async move { app.doors.session(session).await.map_or(true, |known| known.is_some()) }
    }

    fn bye(&mut self, outbox: &Outbox) {
        outbox.close(CloseReason::GOING_DOWN);
    }

    fn take(&mut self, text: &str, session: &Speaker) -> Result<(), (Misread, Option<String>)> {
        match read::<FromConsole>(text, CONSOLE_TYPES)? {
            FromConsole::Ping { t } => session.say(encode::pong(&t, session.app.clock.now().0)),
            FromConsole::Detail { id, incident } => self.detail(session, id, &incident),
            FromConsole::Candidates { id, incident } => self.candidates(session, id, &incident),
            FromConsole::Dispatch { id, incident } => {
                self.command(session, id, &incident, Ok(IncidentCommand::Dispatch));
            }
            FromConsole::Place { id, incident, lat, lon } => {
                self.command(session, id, &incident, self.placed(lat, lon));
            }
            FromConsole::Assign { id, incident, officer, stack, reason } => {
                let reason = reason.as_deref().map(words).transpose();
                let command = reason.and_then(|reason| {
                    let officer = officer.parse().map_err(|_invalid| FIELD_INVALID)?;
                    let offer = OfferId::new(session.app.clock.now(), &mut IdEntropy);
                    let stack_max = self.court.profile().dispatch.stack_max;
                    Ok(IncidentCommand::Assign { offer, officer, stack, stack_max, reason })
                });
                self.command(session, id, &incident, command);
            }
            FromConsole::Release { id, incident, officer, reason } => {
                let command = words(&reason).and_then(|reason| {
                    let officer = officer.parse().map_err(|_invalid| FIELD_INVALID)?;
                    Ok(IncidentCommand::Release { officer, reason })
                });
                self.command(session, id, &incident, command);
            }
            FromConsole::Cancel { id, incident, reason } => {
                let command = words(&reason).map(|reason| IncidentCommand::Cancel { reason });
                self.command(session, id, &incident, command);
            }
            FromConsole::SplitTip { id, incident, tip, reason } => {
                self.split_tip(session, id, &incident, &tip, &reason);
            }
            FromConsole::View { view } => {
                let view = view.map(|view| view.view().ok_or((Misread::Invalid, None)));
                let outbox = self.outbox.clone();
                let looked =
                    self.court.look_elsewhere(LookElsewhere { outbox, view: view.transpose()? });
                if looked.is_err() {
                    // The page comes back with the view it wants.
                    self.outbox.close(CloseReason { code: 1013, text: "try again" });
                }
            }
            FromConsole::AckAlarm { id, alarm } => self.acknowledge(session, id, &alarm),
        }
        Ok(())
    }
}

/// A reason in a person's words.
fn words(text: &str) -> Result<String, Refusal> {
    clean_text(text, 200, true).map_err(|_fault| FIELD_INVALID)
}

/// Whose alarms somebody may see and acknowledge.
fn audiences_of(may: impl Fn(Action) -> bool) -> Vec<Audience> {
    let mut audiences = Vec::new();
    if may(Action::AcknowledgeCentreAlarm) {
        audiences.push(Audience::Centre);
    }
    if may(Action::AcknowledgeDirectorAlarm) {
        audiences.push(Audience::Director);
    }
    if may(Action::AcknowledgePresidentAlarm) {
        audiences.push(Audience::President);
    }
    audiences
}

impl Console {
    fn may(&self, action: Action) -> bool {
        let here = Resource::Court(self.court.profile().id.clone());
        can(&self.actor, action, &here, Context::default())
    }

    fn placed(&self, lat: f64, lon: f64) -> Result<IncidentCommand, Refusal> {
        let at = LatLon::new(lat, lon).map_err(|_no_place| FIELD_INVALID)?;
        let profile = self.court.profile();
        let area = Area::new(profile.area).map_err(|_no_area| FIELD_INVALID)?;
        if !area.contains_within(at, Metres(profile.area_margin_m)) {
            return Err(OUTSIDE);
        }
        Ok(IncidentCommand::SetPlace { place: Place { at, accuracy: None } })
    }

    fn command(
        &self,
        session: &Speaker,
        id: String,
        incident: &str,
        command: Result<IncidentCommand, Refusal>,
    ) {
        let allowed = self.may(Action::CommandIncident);
        let incident: Result<IncidentId, _> = incident.parse();
        let (app, court, by) = (self.app.clone(), self.court.clone(), self.by.clone());
        session.answer(id, async move {
            if !allowed {
                return Err(FORBIDDEN);
            }
            let incident = incident.map_err(|_invalid| FIELD_INVALID)?;
            let order = OrderIncident::by(by, command?);
            let known = check_court(&app, &court, incident).await;
            known.map_err(|fault| refusal_of(&fault))?;
            let done = court.incident(ToIncident { incident, order }).await;
            let done = done.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({"status": done.view.status.name()}))
        });
    }

    fn split_tip(&self, session: &Speaker, id: String, incident: &str, tip: &str, reason: &str) {
        let allowed = self.may(Action::CommandIncident);
        let incident: Result<IncidentId, _> = incident.parse();
        let tip: Result<TipId, _> = tip.parse();
        let reason = words(reason);
        let (app, court, by) = (self.app.clone(), self.court.clone(), self.by.clone());
        session.answer(id, async move {
            if !allowed {
                return Err(FORBIDDEN);
            }
            let incident = incident.map_err(|_invalid| FIELD_INVALID)?;
            let tip = tip.map_err(|_invalid| FIELD_INVALID)?;
            let order = SplitTip { tip, reason: reason?, by };
            let known = check_court(&app, &court, incident).await;
            known.map_err(|fault| refusal_of(&fault))?;
            let own = court.split_off(SplitOff { incident, order }).await;
            let own = own.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({"incident": own.to_string()}))
        });
    }

    fn detail(&self, session: &Speaker, id: String, incident: &str) {
        let allowed = self.may(Action::ReadIncident);
        let incident: Result<IncidentId, _> = incident.parse();
        let (app, court) = (self.app.clone(), self.court.clone());
        session.answer(id, async move {
            if !allowed {
                return Err(FORBIDDEN);
            }
            let incident = incident.map_err(|_invalid| FIELD_INVALID)?;
            let detail = detail_of(&app, &court, incident).await;
            let detail = detail.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({"incident": detail}))
        });
    }

    fn candidates(&self, session: &Speaker, id: String, incident: &str) {
        let allowed = self.may(Action::ReadIncident) && self.may(Action::ReadOfficers);
        let incident: Result<IncidentId, _> = incident.parse();
        let (app, court) = (self.app.clone(), self.court.clone());
        session.answer(id, async move {
            if !allowed {
                return Err(FORBIDDEN);
            }
            let incident = incident.map_err(|_invalid| FIELD_INVALID)?;
            let known = check_court(&app, &court, incident).await;
            known.map_err(|fault| refusal_of(&fault))?;
            let seen = court.look(IncidentLook { incident, candidates: true }).await;
            let seen = seen.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({"decision": seen.candidates.as_ref().map(DecisionShape::from)}))
        });
    }

    fn acknowledge(&self, session: &Speaker, id: String, alarm: &str) {
        let audiences = audiences_of(|action| self.may(action));
        let alarm = alarm.parse();
        let (court, by, who) = (self.court.clone(), self.name.clone(), self.by.clone());
        session.answer(id, async move {
            let alarm = alarm.map_err(|_invalid| FIELD_INVALID)?;
            let message = AcknowledgeAlarm { alarm, by, audiences, who };
            court.acknowledge(message).await.map_err(|fault| refusal_of(&fault))?;
            Ok(json!({}))
        });
    }
}
