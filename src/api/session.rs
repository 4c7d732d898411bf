//! Signing in and out; tickets for sockets.

use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::access::guard::{self, SignedIn, session_cookie, signed_in};
use crate::access::peers::PeerNetwork;
use crate::access::store::SignInFault;
use crate::access::tickets::Bearer;
use crate::access::{random_token, token_hash};
use crate::app::App;

use super::problem::Problem;
use super::{only, small_json};

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/api/session")
            .post(sign_in)
            .get(who_am_i)
            .delete(sign_out)
            .default_service(only("GET, POST, DELETE")),
    )
    .service(resource("/api/ws-tickets").post(ticket).default_service(only("POST")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Credentials {
    username: String,
    password: String,
}

fn describe(app: &App, signed: &SignedIn) -> serde_json::Value {
    let staff = &signed.staff;
    let court = app.court(&staff.court);
    let name = court.as_ref().map(|court| court.profile().name.clone()).unwrap_or_default();
    let roles: Vec<_> = staff.roles.iter().map(|role| role.name()).collect();
    json!({
        "user": {
            "id": staff.user.to_string(), "username": staff.username, "name": staff.name,
            "roles": roles,
        },
        "court": {"id": staff.court.as_str(), "name": name},
    })
}

async fn sign_in(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    if !guard::origin_allowed(&app.config, request.headers()) {
        return Err(Problem::csrf());
    }
    let Credentials { username, password } = small_json(&request, payload).await?;
    let network = PeerNetwork::of(&app.config, &request);
    let browser = guard::known_browser(&app, &request, &username);
    let staff = app.doors.sign_in(&username, &password, network, browser.as_ref()).await;
    let staff = staff.map_err(|fault| match fault {
        SignInFault::Wrong => Problem::credentials(),
        SignInFault::Locked { wait_s } => Problem::too_many().retry_after(wait_s),
        SignInFault::Overloaded => Problem::too_many(),
        SignInFault::Store(_) => Problem::overloaded(),
    })?;
    let token = random_token();
    let session = token_hash(&token);
    let made = app.doors.add_session(session, staff.user).await;
    made.map_err(|_fault| Problem::overloaded())?;
    let body = describe(&app, &SignedIn { staff, session });
    let mut answer = HttpResponse::Ok().json(body);
    for cookie in [session_cookie(&app.config, &token), guard::known_cookie(&app, &username)] {
        answer.add_cookie(&cookie).map_err(|_never_malformed| Problem::internal())?;
    }
    Ok(answer)
}

async fn who_am_i(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    Ok(HttpResponse::Ok().json(describe(&app, &signed)))
}

async fn sign_out(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    let ended = app.doors.end_session(signed.session).await;
    ended.map_err(|_fault| Problem::overloaded())?;
    Ok(HttpResponse::NoContent().cookie(session_cookie(&app.config, "")).finish())
}

async fn ticket(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    // A ticket lives for seconds, and no socket opens before the courts do.
    app.check_open()?;
    if let Some(known) = guard::gateway(&app, &request).await? {
        let bearer = Bearer::Gateway { court: known.court, gateway: known.gateway };
        return give(&app, bearer);
    }
    let bearer = match guard::device(&app, &request).await? {
        Some(device) => {
            Bearer::Device { court: device.court, officer: device.officer, device: device.device }
        }
        None => {
            let signed = signed_in(&app, &request).await?;
            let court = signed.staff.court.clone();
            Bearer::Staff { court, user: signed.staff.user, session: signed.session }
        }
    };
    give(&app, bearer)
}

fn give(app: &App, bearer: Bearer) -> Result<HttpResponse, Problem> {
    let (ticket, ends) = app.tickets.give(bearer).ok_or_else(Problem::overloaded)?;
    Ok(HttpResponse::Ok().json(json!({"ticket": ticket, "expires_at": ends.0})))
}
