//! Enrolment of handhelds by a one-time code.

use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_core::ids::DeviceId;

use crate::access::guard::origin_allowed;
use crate::access::peers::PeerNetwork;
use crate::access::{random_token, token_hash};
use crate::app::App;
use crate::entropy::IdEntropy;

use super::problem::Problem;
use super::{only, small_json};

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/devices/enrol").post(enrol).default_service(only("POST")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrolment {
    code: String,
}

async fn enrol(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    // Before anything is used up: a code that is redeemed now would be lost to its officer.
    app.check_open()?;
    if !origin_allowed(&app.config, request.headers()) {
        return Err(Problem::csrf());
    }
    let Enrolment { code } = small_json(&request, payload).await?;
    let network = PeerNetwork::of(&app.config, &request);
    let _place = app.doors.admit_enrolment(network).ok_or_else(Problem::overloaded)?;
    // Unknown, used and old codes look alike.
    let found = app.doors.find_enrolment(&code).await.map_err(|_fault| Problem::overloaded())?;
    let found = found.ok_or_else(Problem::credentials)?;
    let court = app.court(&found.court).ok_or_else(Problem::starting)?;
    let token = random_token();
    let device = DeviceId::new(app.clock.now(), &mut IdEntropy);
    let enrolled = app.doors.redeem_enrolment(found, device, token_hash(&token)).await;
    let enrolled =
        enrolled.map_err(|_fault| Problem::overloaded())?.ok_or_else(Problem::credentials)?;
    let name = court.officer_name(enrolled.officer).await.unwrap_or_default();
    Ok(HttpResponse::Ok().json(json!({
        "device": device.to_string(),
        "token": token,
        "officer": {"id": enrolled.officer.to_string(), "name": name},
        "court": {"id": court.profile().id.as_str(), "name": court.profile().name},
    })))
}
