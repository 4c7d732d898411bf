//! What a party does, as JSON: `{"do": "message", "text": …}`.

use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::court::ToCase;
use tiande_core::case::CaseCommand;
use tiande_core::file::party::{AppointmentCommand, Channel, MessageCommand, ServiceCommand};
use tiande_core::file::search::SearchCommand;
use tiande_core::file::{FileCommand, Particulars, Purpose};
use tiande_core::journal::{By, StreamId};

use super::enter::{Party, entered};
use super::view;
use crate::api::nodes::invalid;
use crate::api::problem::Problem;
use crate::api::{WORDS_BODY_MAX, json_up_to};
use crate::app::App;
use crate::procedure::read_time;

#[derive(Deserialize)]
struct Wanted {
    #[serde(flatten)]
    what: What,
    #[serde(default)]
    title: String,
    #[serde(default)]
    text: String,
    #[serde(default)]
    address: String,
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
enum What {
    Message {},
    MessageRead { upto: u16 },
    Lead { urgent: bool },
    AppointmentAsk { at: String },
    AppointmentCancel { appointment: u16 },
    Consent { channels: Vec<Channel> },
}

pub(super) async fn act(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let party = entered(&app, &request).await?;
    party.must_be(Purpose::Party)?;
    let Wanted { what, title, text, address } =
        json_up_to(&request, payload, WORDS_BODY_MAX).await?;
    let own = party.number;
    // A lead has a clock of law and has to be verified: it is the applicant's to give.
    if matches!(what, What::Lead { .. }) && !party.is_applicant() {
        return Err(Problem::forbidden());
    }
    let command = match what {
        What::Message {} => FileCommand::Message(MessageCommand::Write { party: own }),
        What::MessageRead { upto } => {
            FileCommand::Message(MessageCommand::Read { party: own, upto })
        }
        What::Lead { urgent } => FileCommand::Search(SearchCommand::Lead { urgent }),
        What::AppointmentAsk { at } => {
            let at = read_time("at", &at).map_err(|_bad| invalid("at", "time-invalid"))?.at;
            FileCommand::Appointment(AppointmentCommand::Ask { at })
        }
        What::AppointmentCancel { appointment } => {
            FileCommand::Appointment(AppointmentCommand::Cancel { appointment })
        }
        What::Consent { channels } => {
            FileCommand::Service(ServiceCommand::Consent { party: own, channels })
        }
    };
    let words = Particulars { title, text, address, place: None };
    let seq = send(&app, &party, command, words).await?;
    Ok(HttpResponse::Ok().json(json!({"receipt": seq})))
}

/// Has the case take a party's command, and says which record of its stream tells of it; `None` when nothing
/// changed.
pub(super) async fn send(
    app: &App,
    party: &Party,
    command: FileCommand,
    words: Particulars,
) -> Result<Option<u64>, Problem> {
    let court = app.court(&party.court).ok_or_else(Problem::starting)?;
    let case = party.case.id;
    let before = app.journal.stream_length(StreamId::Case(case)).await;
    let before = before.map_err(|_fault| Problem::overloaded())?;
    let command = CaseCommand::file(party.acting(), command, words);
    let order = ToCase { case, command, by: By::Party { case, party: party.number } };
    court.command_case(order).await.map_err(|fault| Problem::from(&fault))?;
    let stored = app.seen.records(&app.journal, case).await?;
    let own = stored.iter().find(|r| r.seq > before && view::is_of(r, party.number));
    Ok(own.map(|record| record.seq))
}
