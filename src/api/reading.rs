//! What signed-in people may read: incidents, tips, officers, cases. Every answer is of their own
//! court; what is elsewhere is not found.

use actix_web::web::{Data, Path, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::court::{CourtHandle, IncidentLook};
use tiande_actors::ports::Journal as _;
use tiande_core::access::Action;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, IncidentId, TipId};

use crate::access::guard::signed_in;
use crate::app::App;
use crate::shapes::{IncidentShape, RosterShape};

use super::incidents::detail_of;
use super::only;
use super::problem::Problem;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/incidents").get(incidents).default_service(only("GET")))
        .service(resource("/api/incidents/{id}").get(incident).default_service(only("GET")))
        .service(resource("/api/tips/{id}").get(tip).default_service(only("GET")))
        .service(resource("/api/officers").get(officers).default_service(only("GET")))
        .service(
            resource("/api/cases")
                .get(case_by_number)
                .post(super::file::filing::file)
                .default_service(only("GET, POST")),
        )
        .service(resource("/api/cases/{id}").get(case).default_service(only("GET")));
}

/// Checks the session and the policy, and finds the court.
async fn enter(app: &App, request: &HttpRequest, action: Action) -> Result<CourtHandle, Problem> {
    let signed = signed_in(app, request).await?;
    signed.may(action)?;
    app.court(&signed.staff.court).ok_or_else(Problem::starting)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ListQuery {
    #[serde(default)]
    state: Option<String>,
    #[serde(default)]
    limit: Option<u32>,
}

async fn incidents(
    app: Data<App>,
    request: HttpRequest,
    query: Result<Query<ListQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadIncident).await?;
    let query = query.map_err(|_fault| Problem::request_invalid())?;
    let open_only = match query.state.as_deref() {
        None | Some("open") => true,
        Some("all") => false,
        Some(_) => return Err(Problem::request_invalid()),
    };
    let limit = query.limit.unwrap_or(200).clamp(1, 500);
    let _pass = app.report().await?;
    let rows = app.journal.incident_rows(&court.profile().id, open_only, limit).await;
    let rows = rows.map_err(|_fault| Problem::overloaded())?;
    let mut shapes = Vec::with_capacity(rows.len());
    for row in rows {
        let seen = court.look(IncidentLook { incident: row.id, candidates: false }).await;
        let seen = seen.map_err(|fault| Problem::from(&fault))?;
        shapes.push(IncidentShape::from(seen.view.as_ref()));
    }
    Ok(HttpResponse::Ok().json(json!({"incidents": shapes})))
}

async fn incident(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadIncident).await?;
    let id: IncidentId = id.parse().map_err(|_invalid| Problem::not_found())?;
    let detail = detail_of(&app, &court, id).await.map_err(|fault| Problem::from(&fault))?;
    Ok(HttpResponse::Ok().json(detail))
}

async fn tip(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadTip).await?;
    let id: TipId = id.parse().map_err(|_invalid| Problem::not_found())?;
    let row = app.journal.tip_row(&court.profile().id, id).await;
    let row = row.map_err(|_fault| Problem::overloaded())?.ok_or_else(Problem::not_found)?;
    let moves = app.journal.tip_moves(id).await.map_err(|_fault| Problem::overloaded())?;
    let moved = moves
        .iter()
        .map(|it| json!({"from": it.from.to_string(), "to": it.to.to_string(), "at": it.at.0}));
    Ok(HttpResponse::Ok().json(json!({
        "tip": id.to_string(),
        "incident": row.incident.map(|incident| incident.to_string()),
        "source": row.source, "received_at": row.received_at.0,
        "kind": row.kind, "urgency": row.urgency, "moved": moved.collect::<Vec<_>>(),
        "pictures": super::pictures::received(&app, id).await?.0.len(),
    })))
}

async fn officers(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadOfficers).await?;
    let roster = court.roster().await.map_err(|fault| Problem::from(&fault))?;
    let shapes: Vec<RosterShape> = roster.iter().map(RosterShape::from).collect();
    Ok(HttpResponse::Ok().json(json!({"officers": shapes})))
}

#[derive(Deserialize)]
struct NumberQuery {
    number: String,
}

async fn case_by_number(
    app: Data<App>,
    request: HttpRequest,
    query: Result<Query<NumberQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadCase).await?;
    let query = query.map_err(|_fault| Problem::request_invalid())?;
    let number = CaseNumber::parse(&query.number).map_err(|_fault| Problem::request_invalid())?;
    let found = app.journal.case_numbered(court.profile().id.clone(), number).await;
    let id = found.map_err(|_fault| Problem::overloaded())?.ok_or_else(Problem::not_found)?;
    describe_case(&app, &court, id).await
}

async fn case(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
) -> Result<HttpResponse, Problem> {
    let court = enter(&app, &request, Action::ReadCase).await?;
    let id: CaseId = id.parse().map_err(|_invalid| Problem::not_found())?;
    let known = app.journal.case_in(&court.profile().id, id).await;
    if !known.map_err(|_fault| Problem::overloaded())? {
        return Err(Problem::not_found());
    }
    describe_case(&app, &court, id).await
}

async fn describe_case(
    app: &App,
    court: &CourtHandle,
    id: CaseId,
) -> Result<HttpResponse, Problem> {
    let case = court.case(id).await.map_err(|fault| Problem::from(&fault))?;
    let number = case.number.as_ref().ok_or_else(Problem::not_found)?;
    let parties: Vec<_> =
        case.parties.iter().map(|party| json!({"role": party.role, "name": party.name})).collect();
    let incidents: Vec<_> = case.incidents.iter().map(ToString::to_string).collect();
    let rules = app.rules.of(&case);
    let running: Vec<_> = rules.map(|rules| case.running(rules)).unwrap_or_default();
    let running: Vec<_> = running
        .iter()
        .map(|node| {
            json!({
                "node": node.node.as_str(), "round": node.round, "due": node.due.map(|at| at.0),
                "warned": node.warned, "overdue": node.overdue, "provisional": node.provisional,
            })
        })
        .collect();
    let procedure = case.nodes.procedure.as_ref();
    Ok(HttpResponse::Ok().json(json!({
        "id": id.to_string(), "number": number.to_string(), "parties": parties,
        "incidents": incidents, "handler": case.handler.map(|user| user.to_string()),
        "procedure": procedure.map(|it| json!({"name": it.name, "version": it.version})),
        "running": running, "notices_held": case.notices_held,
    })))
}
