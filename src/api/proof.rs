//! Receipts for records of a case, and the court's signed roots: as JSON, as a proof that one goes
//! on from another, and as a page to print.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::ports::journal::ReadFault;
use tiande_core::access::Action;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::StreamId;
use tracing::error;

use crate::access::guard::{SignedIn, signed_in};
use crate::app::App;
use crate::journal::day_roots::SignedRoot;
use crate::proof::consistency::prove;
use crate::proof::page::page;
use crate::proof::wire::{Hex, RootShape};

use super::only;
use super::problem::Problem;

/// Roots of a list when nobody asks for fewer.
const ROOTS: u32 = 400;
/// A page of its own: no script, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    let roots = "/api/courts/{court}/roots";
    cfg.service(
        resource("/api/cases/{id}/receipts/{seq}").get(receipt).default_service(only("GET")),
    )
    .service(resource(roots).get(list).default_service(only("GET")))
    .service(
        resource(format!("{roots}/{{number}}/since/{{first}}"))
            .get(consistency)
            .default_service(only("GET")),
    )
    .service(resource(format!("{roots}/{{number}}")).get(printed).default_service(only("GET")));
}

/// What is damaged is told to the operator, and to nobody else.
fn unread(fault: ReadFault) -> Problem {
    if fault.source.is_none() {
        error!(%fault, "what is to be proved is not what was written");
        return Problem::internal();
    }
    Problem::overloaded()
}

/// A number in an address; one that is none is not found.
fn number(text: &str) -> Result<u64, Problem> {
    text.parse().map_err(|_invalid| Problem::not_found())
}

async fn receipt(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::ReadCase)?;
    let (case, seq) = path.into_inner();
    let case: CaseId = case.parse().map_err(|_invalid| Problem::not_found())?;
    let seq = number(&seq)?;
    let _pass = app.report().await?;
    let found = app.proof.receipt(&signed.staff.court, StreamId::Case(case), seq).await;
    let receipt = found.map_err(unread)?.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().insert_header((CACHE_CONTROL, "no-store")).json(receipt))
}

/// Whoever may read cases sees the roots of the own court; another court is not found.
async fn enter(app: &App, request: &HttpRequest, court: &str) -> Result<SignedIn, Problem> {
    let signed = signed_in(app, request).await?;
    signed.may(Action::ReadCase)?;
    let court = CourtId::parse(court).map_err(|_invalid| Problem::not_found())?;
    if court == signed.staff.court { Ok(signed) } else { Err(Problem::not_found()) }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RootsQuery {
    #[serde(default)]
    after: u64,
    #[serde(default)]
    limit: Option<u32>,
}

async fn list(
    app: Data<App>,
    request: HttpRequest,
    court: Path<String>,
    query: Result<Query<RootsQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let signed = enter(&app, &request, &court).await?;
    let query = query.map_err(|_fault| Problem::request_invalid())?;
    let limit = query.limit.unwrap_or(ROOTS).clamp(1, ROOTS);
    let _pass = app.report().await?;
    let roots = app.proof.roots(&signed.staff.court, query.after, limit).await;
    let roots: Vec<_> = roots.map_err(unread)?.iter().map(RootShape::from).collect();
    let key = Hex(app.proof.public_key());
    Ok(HttpResponse::Ok().json(json!({"roots": roots, "public_key": key})))
}

async fn consistency(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let (court, second, first) = path.into_inner();
    let (second, first) = (number(&second)?, number(&first)?);
    let signed = enter(&app, &request, &court).await?;
    let _pass = app.report().await?;
    let all = app.proof.all_roots(&signed.staff.court).await.map_err(unread)?;
    let proof = prove(&all, first, second, app.proof.public_key());
    Ok(HttpResponse::Ok().json(proof.ok_or_else(Problem::not_found)?))
}

/// The root of that number, or the newest one.
async fn found(app: &App, court: &CourtId, wanted: &str) -> Result<Option<SignedRoot>, Problem> {
    if wanted == "newest" {
        return app.journal.newest_root(court).await.map_err(unread);
    }
    let number = number(wanted)?;
    let Some(before) = number.checked_sub(1) else { return Ok(None) };
    let found = app.proof.roots(court, before, 1).await.map_err(unread)?;
    Ok(found.into_iter().find(|signed| signed.root.number == number))
}

async fn printed(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (court, wanted) = path.into_inner();
    let signed = enter(&app, &request, &court).await?;
    let handle = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let _pass = app.report().await?;
    let found = found(&app, &signed.staff.court, &wanted).await?;
    let root = RootShape::from(&found.ok_or_else(Problem::not_found)?);
    let page = page(&root, &handle.profile().name, app.proof.public_key());
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"))
        .body(page.ok_or_else(Problem::internal)?))
}
