//! The file of a case: filed, read, and worked on. What is wanted is JSON (`order`), what is shown is made of the
//! case's stream (`view`), which alone holds the words.

mod documents;
pub(crate) mod filing;
mod order;
mod task;
mod view;

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde_json::json;
use tiande_actors::ports::Journal as _;
use tiande_core::access::{Action, Role};
use tiande_core::case::CaseCommand;
use tiande_core::file::handover::HandoverCommand;
use tiande_core::file::{Acting, FileCommand, Particulars};
use tiande_core::ids::CaseId;
use tiande_core::journal::StreamId;
use tiande_core::procedure::Office;

use super::nodes::{enter, order as send};
use super::problem::Problem;
use super::{WORDS_BODY_MAX, json_up_to, only, small_json};
use crate::access::guard::{SignedIn, signed_in};
use crate::access::token_hash;
use crate::app::App;
use order::{FileOrder, Wanted};

/// Addresses of this folder.
pub fn routes(cfg: &mut ServiceConfig) {
    filing::routes(cfg);
    documents::routes(cfg);
    task::routes(cfg);
    cfg.service(
        resource("/api/cases/{id}/file").get(read).post(act).default_service(only("GET, POST")),
    )
    .service(resource("/api/cases/{id}/code").get(code).default_service(only("GET")))
    .service(resource("/api/codes").post(identify).default_service(only("POST")))
    .service(resource("/api/handovers").post(take).default_service(only("POST")));
}

async fn read(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::ReadCase, &id).await?;
    let _pass = app.report().await?;
    let names = app.doors.staff_names(&signed.staff.court).await;
    let names = names.map_err(|_fault| Problem::overloaded())?;
    let stored = app.journal.read_stream(StreamId::Case(case)).await;
    let stored = stored.map_err(|_fault| Problem::overloaded())?;
    let shown = view::file(&stored, case, &app, &names).ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().json(shown))
}

/// Which office somebody approves as: the higher one; for others it is nothing to approve.
fn office(signed: &SignedIn) -> Office {
    let has = |role| signed.staff.roles.contains(&role);
    match (has(Role::President), has(Role::Director)) {
        (true, _) => Office::President,
        (false, true) => Office::Director,
        (false, false) => Office::Handler,
    }
}

async fn act(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    // Who may approve may do nothing else to a file, and the other way round.
    let (signed, case) = match enter(&app, &request, Action::HandleCase, &id).await {
        Err(refused) if refused.code() == "forbidden" => {
            enter(&app, &request, Action::SuperviseCases, &id).await?
        }
        entered => entered?,
    };
    let order: FileOrder = json_up_to(&request, payload, WORDS_BODY_MAX).await?;
    let action = if order.is_approval() { Action::SuperviseCases } else { Action::HandleCase };
    signed.may(action)?;
    let Wanted { command, words, secret } = order.wanted(case, app.clock.now(), office(&signed))?;
    let by = Acting::Staff(signed.staff.user);
    send(&app, &signed, case, CaseCommand::file(by, command, words)).await?;
    // What was made for it is shown this once.
    Ok(match secret {
        Some(secret) => HttpResponse::Ok().json(json!({"secret": secret})),
        None => HttpResponse::NoContent().finish(),
    })
}

/// What a case's identity code names, to who may read the case. Another court's, and what is none, look alike.
async fn identify(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::ReadCase)?;
    let Scanned { code } = small_json(&request, payload).await?;
    let case = crate::identity::case_of(&app.master, &code).ok_or_else(Problem::state_conflict)?;
    let known = app.journal.case_in(&signed.staff.court, case).await;
    let known = known.map_err(|_fault| Problem::overloaded())?;
    known.then_some(()).ok_or_else(Problem::state_conflict)?;
    Ok(HttpResponse::Ok().json(json!({"case": case_text(case)})))
}

/// The identity code of a case, for its paper file: text, and a picture of it.
async fn code(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let (_, case) = enter(&app, &request, Action::ReadCase, &id).await?;
    let code = crate::identity::code_of(&app.master, case);
    let origin = app.config.public_origin.clone().unwrap_or_default();
    let address = format!("{origin}/c/#t={code}");
    let picture = qrcode::QrCode::new(&address).map_err(|_too_long| Problem::internal())?;
    let svg = picture.render::<qrcode::render::svg::Color<'_>>().min_dimensions(240, 240).build();
    Ok(HttpResponse::Ok().json(json!({"code": code, "address": address, "svg": svg})))
}

/// What was scanned: the case and the code.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Scanned {
    code: String,
}

/// Takes a file that somebody offers, by the code on the other screen. A code that is old, used, or of another
/// court looks like one that never was.
async fn take(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::HandleCase)?;
    let Scanned { code } = small_json(&request, payload).await?;
    let case = order::case_of_code(&code).ok_or_else(Problem::state_conflict)?;
    let known = app.journal.case_in(&signed.staff.court, case).await;
    if !known.map_err(|_fault| Problem::overloaded())? {
        return Err(Problem::state_conflict());
    }
    let command = HandoverCommand::Take { code: token_hash(&code) };
    let by = Acting::Staff(signed.staff.user);
    let words = Particulars::default();
    let command = CaseCommand::file(by, FileCommand::Handover(command), words);
    send(&app, &signed, case, command).await?;
    Ok(HttpResponse::Ok().json(json!({"case": case_text(case)})))
}

/// The case that an access link is for.
pub(crate) fn case_of_link(token: &str) -> Option<CaseId> {
    order::case_of_secret('p', token)
}

pub(crate) use view::{key, particulars};

fn case_text(case: CaseId) -> String {
    case.to_string()
}
