//! What supervisors see: what is near due, what is overdue, what was escalated, and who has how much of
//! it on which day. The commands are in `nodes`.

use std::collections::BTreeMap;

use actix_web::web::{Data, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tiande_core::access::{Action, Role};
use tiande_core::calendar::Day;
use tiande_core::ids::UserId;
use tiande_core::procedure::Office;
use tiande_core::time::UnixMillis;

use crate::access::guard::{SignedIn, signed_in};
use crate::app::App;
use crate::journal::case_queries::{EscalationListed, NodeListed};

use super::only;
use super::problem::Problem;

/// Rows of a list when nobody asks for fewer.
const ROWS: u32 = 500;
/// Most days that are looked ahead.
const DAYS_MAX: i32 = 366;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/supervision/nodes").get(nodes).default_service(only("GET")))
        .service(resource("/api/supervision/load").get(load).default_service(only("GET")))
        .service(
            resource("/api/supervision/escalations").get(escalations).default_service(only("GET")),
        );
}

/// Supervisors see all of their court; a handler sees what is the handler's own.
pub(super) async fn enter(
    app: &App,
    request: &HttpRequest,
) -> Result<(SignedIn, Option<UserId>), Problem> {
    let signed = signed_in(app, request).await?;
    if signed.may(Action::SuperviseCases).is_ok() {
        return Ok((signed, None));
    }
    signed.may(Action::HandleCase)?;
    let own = signed.staff.user;
    Ok((signed, Some(own)))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodesQuery {
    /// `near`: due from now on, within so many days; `overdue`: due before now.
    list: String,
    #[serde(default)]
    days: Option<i32>,
    #[serde(default)]
    limit: Option<u32>,
}

fn look_ahead(days: Option<i32>, or: i32) -> Result<i32, Problem> {
    let days = days.unwrap_or(or);
    if (1..=DAYS_MAX).contains(&days) { Ok(days) } else { Err(Problem::request_invalid()) }
}

async fn nodes(
    app: Data<App>,
    request: HttpRequest,
    query: Result<Query<NodesQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let (signed, own) = enter(&app, &request).await?;
    let query = query.map_err(|_fault| Problem::request_invalid())?;
    let now = app.clock.now();
    let (from, before) = match query.list.as_str() {
        "overdue" => (UnixMillis(0), now),
        // To the end of the last day, which counts as a whole.
        "near" => (now, Day::of(now).plus(look_ahead(query.days, 7)? + 1).begins()),
        _ => return Err(Problem::request_invalid()),
    };
    let limit = query.limit.unwrap_or(ROWS).clamp(1, ROWS);
    let _pass = app.report().await?;
    let court = &signed.staff.court;
    let rows = app.journal.nodes_due(court, from, before, own, limit).await;
    let rows = rows.map_err(|_fault| Problem::overloaded())?;
    let names = names(&app, &signed).await?;
    let shapes: Vec<Value> = rows.iter().map(|row| node_shape(&app, row, &names)).collect();
    Ok(HttpResponse::Ok().json(json!({"now": now.0, "nodes": shapes})))
}

type Names = BTreeMap<UserId, String>;

async fn names(app: &App, signed: &SignedIn) -> Result<Names, Problem> {
    let names = app.doors.staff_names(&signed.staff.court).await;
    names.map_err(|_fault| Problem::overloaded())
}

fn handler_shape(handler: Option<UserId>, names: &Names) -> Value {
    handler.map_or(Value::Null, |user| {
        json!({"id": user.to_string(), "name": names.get(&user).cloned().unwrap_or_default()})
    })
}

/// The names of a node in today's procedure; older cases may run by another, whose codes mean the same.
fn titles(app: &App, code: &str) -> (String, String, bool) {
    let found = code.parse().ok().and_then(|code| app.rules.current().procedure.node(code));
    found.map_or((code.to_owned(), code.to_owned(), false), |node| {
        (node.zh.clone(), node.en.clone(), node.counsel.is_some() || node.sure.must_be_confirmed())
    })
}

fn node_shape(app: &App, row: &NodeListed, names: &Names) -> Value {
    let (zh, en, to_be_confirmed) = titles(app, &row.node);
    json!({
        "case": row.case.to_string(), "number": row.number,
        "handler": handler_shape(row.handler, names),
        "node": row.node, "zh": zh, "en": en, "to_be_confirmed": to_be_confirmed,
        "round": row.round, "due": row.due.0, "warned": row.warned, "overdue": row.overdue,
        "provisional": row.provisional,
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct LoadQuery {
    #[serde(default)]
    days: Option<i32>,
}

async fn load(
    app: Data<App>,
    request: HttpRequest,
    query: Result<Query<LoadQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::SuperviseCases)?;
    let query = query.map_err(|_fault| Problem::request_invalid())?;
    let days = look_ahead(query.days, 14)?;
    let (first, now) = (Day::of(app.clock.now()), app.clock.now());
    let _pass = app.report().await?;
    let court = &signed.staff.court;
    let fault = |_fault| Problem::overloaded();
    let ahead = app.journal.load_by_day(court, now, first.plus(days).begins()).await;
    let overdue = app.journal.load_by_day(court, UnixMillis(0), now).await.map_err(fault)?;
    let names = names(&app, &signed).await?;
    let width = usize::try_from(days).unwrap_or(0);
    // Judges without any too: a case may go to them.
    let judges = app.doors.judges(court).await.map_err(|_fault| Problem::overloaded())?;
    let mut all: BTreeMap<Option<UserId>, (u64, Vec<u64>)> =
        judges.into_iter().map(|judge| (Some(judge), (0, vec![0; width]))).collect();
    for ((handler, _), count) in overdue {
        all.entry(handler).or_insert_with(|| (0, vec![0; width])).0 += count;
    }
    for ((handler, day), count) in ahead.map_err(fault)? {
        let (_, by_day) = all.entry(handler).or_insert_with(|| (0, vec![0; width]));
        let nth = usize::try_from(day.days_since(first)).unwrap_or(usize::MAX);
        if let Some(slot) = by_day.get_mut(nth) {
            *slot += count;
        }
    }
    let shapes: Vec<Value> = all
        .into_iter()
        .map(|(handler, (overdue, by_day))| {
            json!({
                "handler": handler_shape(handler, &names), "overdue": overdue, "by_day": by_day,
            })
        })
        .collect();
    let days: Vec<String> = (0..days).map(|nth| first.plus(nth).to_string()).collect();
    Ok(HttpResponse::Ok().json(json!({"days": days, "handlers": shapes})))
}

/// The offices that somebody holds.
fn offices(roles: &[Role]) -> Vec<Office> {
    let office = |role: &Role| match role {
        Role::Director => Some(Office::Director),
        Role::President => Some(Office::President),
        Role::Discipline => Some(Office::Discipline),
        Role::Dispatcher | Role::Judge | Role::Clerk | Role::Operator | Role::Auditor => None,
    };
    roles.iter().filter_map(office).collect()
}

async fn escalations(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let (signed, _) = enter(&app, &request).await?;
    let _pass = app.report().await?;
    // What has reached the own office, and what the own cases owe.
    let (court, user) = (&signed.staff.court, Some(signed.staff.user));
    let held = offices(&signed.staff.roles);
    let rows = app.journal.open_escalations(court, &held, user, ROWS).await;
    let rows = rows.map_err(|_fault| Problem::overloaded())?;
    let names = names(&app, &signed).await?;
    let shapes: Vec<Value> = rows.iter().map(|row| escalation_shape(&app, row, &names)).collect();
    Ok(HttpResponse::Ok().json(json!({"now": app.clock.now().0, "escalations": shapes})))
}

fn escalation_shape(app: &App, row: &EscalationListed, names: &Names) -> Value {
    let known = &row.escalation;
    let (zh, en, _) = titles(app, known.node.as_str());
    let offices: Vec<&str> = known.offices.iter().map(|office| office.name()).collect();
    let act = |act: Option<tiande_core::case::Act>| {
        act.map(|act| json!({"by": handler_shape(Some(act.by), names), "at": act.at.0}))
    };
    json!({
        "case": row.case.to_string(), "number": row.number,
        "handler": handler_shape(row.handler, names),
        "node": known.node.as_str(), "zh": zh, "en": en, "round": known.round,
        "status": known.status().name(), "offices": offices, "raised": known.raised.0,
        "answer_by": known.answer_by.map(|by| by.0), "climbs": known.climbs,
        "acknowledged": act(known.acknowledged), "answered": act(known.answered),
        "returned": known.returned,
    })
}
