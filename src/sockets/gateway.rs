//! The gateway's side of a socket: batches of many officers' positions (PROTOCOL §10).

use actix_web::web::Data;
use serde_json::{Value, json};
use tiande_actors::outbox::{CloseReason, Outbox};
use tiande_core::time::UnixMillis;

use crate::access::store::GatewayRow;
use crate::access::tickets::Bearer;
use crate::api::problem::Problem;
use crate::app::App;
use crate::gateway::batch::{BatchIn, NoBatch, read_binary, read_json};
use crate::gateway::{begin, officers, sent_away, take};

use super::encode;
use super::incoming::{FromGateway, GATEWAY_TYPES, Hello, Misread, is_of_type, read};
use super::peer::{Peer, Refusal, Speaker};

/// A connected gateway.
pub struct Gateway {
    app: Data<App>,
    known: GatewayRow,
    outbox: Outbox,
    /// The run whose numbers its records use: that of its welcome. A socket does not outlive it.
    run: Option<u32>,
    /// Binary frames so far.
    batches: u64,
}

fn refusal(problem: &Problem) -> Refusal {
    Refusal { code: problem.code(), title: problem.title() }
}

impl Peer for Gateway {
    const KIND: &'static str = "gateway";

    async fn greet(app: Data<App>, hello: Hello, outbox: Outbox) -> Result<Self, CloseReason> {
        let refused = CloseReason { code: 4401, text: "ticket" };
        let Some(Bearer::Gateway { court, gateway }) = app.tickets.redeem(&hello.ticket) else {
            return Err(refused);
        };
        // It may have been revoked since it asked for its ticket.
        if !app.doors.gateway_allowed(gateway).await.unwrap_or(true) {
            return Err(CloseReason::REVOKED);
        }
        let known = GatewayRow { gateway, court };
        let court = app.court(&known.court).ok_or(refused)?;
        let listed = officers(&app, &known);
        let listed = listed.map_err(|_no| CloseReason { code: 4403, text: "not permitted" })?;
        outbox.push(
            encode::gateway_welcome(app.clock.now().0, court.profile(), &listed),
            app.clock.now(),
        );
        let run = Some(court.lanes().run());
        Ok(Self { app, known, outbox, run, batches: 0 })
    }

    fn speaks_binary(&self) -> bool {
        true
    }

    fn take_binary(&mut self, bytes: &[u8]) -> Result<(), Misread> {
        self.batches += 1;
        let records = read_binary(bytes).map_err(|NoBatch| Misread::Invalid)?;
        let (number, run) = (self.batches, self.run);
        let (app, known, outbox) = (self.app.clone(), self.known.clone(), self.outbox.clone());
        let pass = begin(&app, &known);
        actix::spawn(async move {
            let done = match pass {
                Ok(pass) => take(&app, &known, pass, run, records).await,
                Err(problem) => {
                    sent_away(&app, &known, run, &records);
                    Err(problem)
                }
            };
            let answer = match &done {
                Ok(answer) => answer.json(),
                Err(problem) => json!({"code": problem.code()}),
            };
            outbox.push(encode::batch(number, &answer), app.clock.now());
        });
        Ok(())
    }

    fn is_coalesced(text: &str) -> bool {
        // The word is looked for first: it spares all other frames a second reading.
        text.contains("\"positions\"") && is_of_type(text, "positions")
    }

    fn heard(&self, _: UnixMillis) {}

    fn still_allowed(&self) -> impl Future<Output = bool> + 'static {
        let (app, gateway) = (self.app.clone(), self.known.gateway);
        // A store that cannot be read is no reason to lose sight of everybody in the field.
        async move { app.doors.gateway_allowed(gateway).await.unwrap_or(true) }
    }

    fn bye(&mut self, outbox: &Outbox) {
        outbox.close(CloseReason::GOING_DOWN);
    }

    fn take(&mut self, text: &str, session: &Speaker) -> Result<(), (Misread, Option<String>)> {
        match read::<FromGateway>(text, GATEWAY_TYPES)? {
            FromGateway::Ping { t } => session.say(encode::pong(&t, session.app.clock.now().0)),
            FromGateway::Officers { id } => {
                let (app, known) = (self.app.clone(), self.known.clone());
                session.answer(id, async move {
                    officers(&app, &known).map_err(|problem| refusal(&problem))
                });
            }
            FromGateway::Positions { id, epoch, fixes } => {
                self.positions(session, id, epoch, fixes)
            }
        }
        Ok(())
    }
}

impl Gateway {
    fn positions(&self, session: &Speaker, id: String, epoch: u32, fixes: Vec<Value>) {
        let (app, known) = (self.app.clone(), self.known.clone());
        let pass = begin(&app, &known);
        session.answer(id, async move {
            let pass = pass.map_err(|problem| refusal(&problem))?;
            let records = read_json(BatchIn { epoch, fixes });
            let records = records.map_err(|NoBatch| refusal(&Problem::field_invalid()))?;
            let done = take(&app, &known, pass, None, records).await;
            done.map(|answer| answer.json()).map_err(|problem| refusal(&problem))
        });
    }
}
