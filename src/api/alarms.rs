//! Alarms for those who sit at no console: the director's and the president's, such as clocks of emergencies
//! that ran out.

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Value, json};
use tiande_actors::court::AcknowledgeAlarm;
use tiande_actors::ports::journal::Audience;
use tiande_core::access::Action;
use tiande_core::journal::By;

use crate::access::guard::{SignedIn, signed_in};
use crate::app::App;
use crate::journal::case_queries::AlarmListed;
use crate::shapes::{incident_number, level_of};

use super::problem::Problem;
use super::{only, small_json};

/// Rows of the list.
const ROWS: u32 = 200;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/supervision/alarms").get(list).default_service(only("GET")))
        .service(
            resource("/api/alarms/{alarm}/acknowledge")
                .post(acknowledge)
                .default_service(only("POST")),
        );
}

/// Whose alarms somebody hears of at a desk. The centre's alone are for the console.
fn audiences(signed: &SignedIn) -> Result<Vec<Audience>, Problem> {
    let of = |action, audience| signed.may(action).is_ok().then_some(audience);
    let desk = [
        of(Action::AcknowledgeDirectorAlarm, Audience::Director),
        of(Action::AcknowledgePresidentAlarm, Audience::President),
    ];
    let audiences: Vec<_> = desk.into_iter().flatten().collect();
    if audiences.is_empty() {
        signed.may(Action::AcknowledgePresidentAlarm)?;
    }
    Ok(audiences)
}

async fn list(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    let audiences = audiences(&signed)?;
    // No turnstile: for a president this is the only way to hear of it, also when much is going on.
    let rows = app.journal.alarms_listed(&signed.staff.court, &audiences, ROWS).await;
    let rows = rows.map_err(|_fault| Problem::overloaded())?;
    let shapes: Vec<Value> = rows.iter().map(|row| shape(&app, row)).collect();
    Ok(HttpResponse::Ok().json(json!({"now": app.clock.now().0, "alarms": shapes})))
}

fn shape(app: &App, row: &AlarmListed) -> Value {
    let node = row.node.as_ref().and_then(|code| code.parse().ok());
    let node = node.and_then(|code| app.rules.current().procedure.node(code));
    let about = row.incident.as_ref();
    let number = |(year, number): (i64, i64)| {
        incident_number(u16::try_from(year).unwrap_or(0), number.unsigned_abs())
    };
    json!({
        "alarm": row.alarm.to_string(), "level": level_of(row.audience), "kind": row.kind,
        "node": row.node, "zh": node.map(|node| &node.zh), "en": node.map(|node| &node.en),
        "incident": about.map(|(id, ..)| id.to_string()),
        "number": about.map(|(_, of_year, _)| number(*of_year)),
        "incident_kind": about.map(|(.., kind)| kind), "exercise": row.exercise,
        "raised": row.raised.0,
    })
}

/// Nothing stands in the body.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

async fn acknowledge(
    app: Data<App>,
    request: HttpRequest,
    alarm: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    let signed = signed_in(&app, &request).await?;
    let audiences = audiences(&signed)?;
    let Nothing {} = small_json(&request, payload).await?;
    let alarm = alarm.parse().map_err(|_invalid| Problem::not_found())?;
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let who = By::Staff { user: signed.staff.user };
    let message = AcknowledgeAlarm { alarm, by: signed.staff.name.clone(), audiences, who };
    court.acknowledge(message).await.map_err(|fault| Problem::from(&fault))?;
    Ok(HttpResponse::NoContent().finish())
}
