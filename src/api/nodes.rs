//! What handlers do with their cases' nodes, and what supervisors say of what is late: the commands. What
//! is late is listed in `supervision`.

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tiande_actors::court::ToCase;
use tiande_actors::ports::Journal as _;
use tiande_core::access::Action;
use tiande_core::calendar::Day;
use tiande_core::case::{CaseCommand, CaseEvent, EscalationAct};
use tiande_core::deadline::{Begin, Level};
use tiande_core::ids::{CaseId, UserId};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::nodes::{NodeCommand, Suspension};
use tiande_core::procedure::{NodeCode, ProcedureVersion};
use tiande_core::time::UnixMillis;

use crate::access::guard::{SignedIn, signed_in};
use crate::app::App;
use crate::procedure::read_time;

use super::problem::{FieldFault, Problem};
use super::{only, small_json};

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/nodes").post(node).default_service(only("POST")))
        .service(resource("/api/cases/{id}/handler").post(handler).default_service(only("POST")))
        .service(resource("/api/cases/{id}/notices").post(notices).default_service(only("POST")))
        .service(
            resource("/api/cases/{id}/escalations/{node}/{round}")
                .get(story)
                .post(escalation)
                .default_service(only("GET, POST")),
        );
}

/// A field has a value that is none.
pub(crate) fn invalid(field: &str, code: &str) -> Problem {
    let fault = FieldFault { pointer: format!("/{field}"), code: code.to_owned() };
    Problem::field_invalid().with_errors(vec![fault])
}

/// Whom the command comes from, and which of the court's cases it is for. What is elsewhere is not found.
pub(super) async fn enter(
    app: &App,
    request: &HttpRequest,
    action: Action,
    id: &str,
) -> Result<(SignedIn, CaseId), Problem> {
    app.check_open()?;
    let signed = signed_in(app, request).await?;
    signed.may(action)?;
    let case: CaseId = id.parse().map_err(|_invalid| Problem::not_found())?;
    let known = app.journal.case_in(&signed.staff.court, case).await;
    if known.map_err(|_fault| Problem::overloaded())? {
        Ok((signed, case))
    } else {
        Err(Problem::not_found())
    }
}

pub(super) async fn order(
    app: &App,
    signed: &SignedIn,
    case: CaseId,
    command: CaseCommand,
) -> Result<HttpResponse, Problem> {
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let by = By::Staff { user: signed.staff.user };
    let done = court.command_case(ToCase { case, command, by }).await;
    done.map_err(|fault| Problem::from(&fault))?;
    Ok(HttpResponse::NoContent().finish())
}

/// What is done with a case's nodes.
#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum NodeOrder {
    Open { node: String, from: String },
    Correct { node: String, opening: u16, from: String, document: String },
    Extend { node: String, opening: u16, days: u32, document: String },
    Complete { node: String, round: u16, at: Option<String> },
    Cancel { node: String, opening: u16, document: String },
    Suspend { reason: String, document: String, first: String, until: Option<String> },
    Resume { document: String, until: String },
    ChooseProcedure { name: String, version: u32 },
}

fn code(text: &str) -> Result<NodeCode, Problem> {
    text.parse().map_err(|_bad| invalid("node", "unknown-node"))
}

fn begin(text: &str) -> Result<Begin, Problem> {
    read_time("from", text).map_err(|_bad| invalid("from", "time-invalid"))
}

fn day(field: &'static str, text: &str) -> Result<Day, Problem> {
    let begin = read_time(field, text).map_err(|_bad| invalid(field, "time-invalid"))?;
    Ok(Day::of(begin.at))
}

impl NodeOrder {
    fn command(self, app: &App) -> Result<NodeCommand, Problem> {
        Ok(match self {
            Self::Open { node, from } => {
                NodeCommand::Open { node: code(&node)?, begin: begin(&from)? }
            }
            Self::Correct { node, opening, from, document } => {
                let begin = begin(&from)?;
                NodeCommand::Correct { node: code(&node)?, opening, begin, document }
            }
            Self::Extend { node, opening, days, document } => {
                NodeCommand::Extend { node: code(&node)?, opening, days, document }
            }
            Self::Complete { node, round, at } => {
                let at = match at {
                    Some(at) => {
                        read_time("at", &at).map_err(|_bad| invalid("at", "time-invalid"))?.at
                    }
                    None => app.clock.now(),
                };
                NodeCommand::Complete { node: code(&node)?, round, at }
            }
            Self::Cancel { node, opening, document } => {
                NodeCommand::Cancel { node: code(&node)?, opening, document }
            }
            Self::Suspend { reason, document, first, until } => {
                let until = until.map(|until| day("until", &until)).transpose()?;
                let first = day("first", &first)?;
                NodeCommand::Suspend(Suspension { reason, document, first, until })
            }
            Self::Resume { document, until } => {
                NodeCommand::Resume { document, until: day("until", &until)? }
            }
            Self::ChooseProcedure { name, version } => {
                NodeCommand::ChooseProcedure(ProcedureVersion { name, version })
            }
        })
    }
}

async fn node(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::HandleCase, &id).await?;
    let wanted: NodeOrder = small_json(&request, payload).await?;
    let command = CaseCommand::Node(wanted.command(&app)?);
    order(&app, &signed, case, command).await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandlerOrder {
    handler: String,
    #[serde(default)]
    reason: String,
}

async fn handler(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::MoveCase, &id).await?;
    let HandlerOrder { handler, reason } = small_json(&request, payload).await?;
    let handler: UserId = handler.parse().map_err(|_bad| invalid("handler", "unknown-user"))?;
    let judges = app.doors.judges(&signed.staff.court).await;
    if !judges.map_err(|_fault| Problem::overloaded())?.contains(&handler) {
        return Err(invalid("handler", "unknown-user"));
    }
    order(&app, &signed, case, CaseCommand::SetHandler { handler, reason }).await
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum NoticesOrder {
    Hold { reason: String },
    Release {},
}

async fn notices(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::HandleCase, &id).await?;
    let by = signed.staff.user;
    let command = match small_json(&request, payload).await? {
        NoticesOrder::Hold { reason } => CaseCommand::HoldNotices { by, reason },
        NoticesOrder::Release {} => CaseCommand::ReleaseNotices { by },
    };
    order(&app, &signed, case, command).await
}

#[derive(Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
enum EscalationOrder {
    Acknowledge {},
    Answer { words: String },
    Accept {},
    Return { words: String },
    Close { words: String },
}

async fn escalation(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String, u16)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (id, node, round) = path.into_inner();
    let wanted: EscalationOrder = small_json(&request, payload).await?;
    let action = match wanted {
        EscalationOrder::Answer { .. } => Action::HandleCase,
        EscalationOrder::Acknowledge {}
        | EscalationOrder::Accept {}
        | EscalationOrder::Return { .. }
        | EscalationOrder::Close { .. } => Action::SuperviseCases,
    };
    let (signed, case) = enter(&app, &request, action, &id).await?;
    let act = match wanted {
        EscalationOrder::Acknowledge {} => EscalationAct::Acknowledge,
        EscalationOrder::Answer { words } => EscalationAct::Answer(words),
        EscalationOrder::Accept {} => EscalationAct::Accept,
        EscalationOrder::Return { words } => EscalationAct::Return(words),
        EscalationOrder::Close { words } => EscalationAct::Close(words),
    };
    let (node, by) = (code(&node)?, signed.staff.user);
    order(&app, &signed, case, CaseCommand::Escalation { node, round, by, act }).await
}

/// What happened with an escalation, in order, with the words that go with it.
async fn story(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String, u16)>,
) -> Result<HttpResponse, Problem> {
    let (id, node, round) = path.into_inner();
    let supervises = signed_in(&app, &request).await?.may(Action::SuperviseCases).is_ok();
    let action = if supervises { Action::SuperviseCases } else { Action::HandleCase };
    let (signed, case) = enter(&app, &request, action, &id).await?;
    let node = code(&node)?;
    let _pass = app.report().await?;
    let records = app.journal.read_stream(StreamId::Case(case)).await;
    let records = records.map_err(|_fault| Problem::overloaded())?;
    let names = app.doors.staff_names(&signed.staff.court).await;
    let names = names.map_err(|_fault| Problem::overloaded())?;
    let steps: Vec<Value> = records
        .iter()
        .filter_map(|record| match &record.event {
            Event::Case(event) => step(event, node, round),
            _ => None,
        })
        .map(|(what, at, by, words)| {
            let by = by.map(|user| {
                json!({"id": user.to_string(), "name": names.get(&user).cloned().unwrap_or_default()})
            });
            json!({"what": what, "at": at.0, "by": by, "words": words})
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"steps": steps})))
}

/// Name, moment, who, words.
type Step<'e> = (&'static str, UnixMillis, Option<UserId>, &'e str);

fn step(event: &CaseEvent, of: NodeCode, of_round: u16) -> Option<Step<'_>> {
    let (node, round, step) = match event {
        CaseEvent::EscalationRaised { node, round, level, at, .. } => {
            let what = if *level == Level::Due { "overdue" } else { "warned" };
            (node, round, (what, *at, None, ""))
        }
        CaseEvent::EscalationClimbed { node, round, at, .. } => {
            (node, round, ("climbed", *at, None, ""))
        }
        CaseEvent::EscalationAcknowledged { node, round, by, at } => {
            (node, round, ("acknowledged", *at, Some(*by), ""))
        }
        CaseEvent::EscalationAnswered { node, round, by, at, said } => {
            (node, round, ("answered", *at, Some(*by), said.text()))
        }
        CaseEvent::EscalationReturned { node, round, by, at, said, .. } => {
            (node, round, ("returned", *at, Some(*by), said.text()))
        }
        CaseEvent::EscalationClosed { node, round, by, accepted, at, said } => {
            let what = if *accepted { "accepted" } else { "closed" };
            (node, round, (what, *at, *by, said.text()))
        }
        CaseEvent::Opened { .. }
        | CaseEvent::IncidentLinked { .. }
        | CaseEvent::StepReached { .. }
        | CaseEvent::HandlerSet { .. }
        | CaseEvent::Node(_)
        | CaseEvent::File(_)
        | CaseEvent::NoticesHeld { .. }
        | CaseEvent::NoticesReleased { .. } => return None,
    };
    (*node == of && *round == of_round).then_some(step)
}
