//! `POST /ingest/positions` and `GET /ingest/officers` (PROTOCOL §10).

use std::time::Duration;

use actix_web::http::header::{CONTENT_ENCODING, HeaderMap};
use actix_web::rt::time::timeout;
use actix_web::web::{Bytes, Data, Payload, Query, ServiceConfig, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;

use tiande_actors::officer::Record;

use super::batch::{read_binary, read_json};
use super::take::{begin, officers, take};
use crate::access::guard;
use crate::access::store::GatewayRow;
use crate::api::only;
use crate::api::problem::Problem;
use crate::app::App;
use crate::strict_json;

/// Largest body, bytes: 500 records in wordy JSON.
const BODY_MAX: usize = 128 * 1024;
/// A body has to be there after this.
const BODY_TIME_MAX: Duration = Duration::from_secs(10);
/// Media type of records (PROTOCOL §9).
const COMPACT: &str = "application/vnd.tiande.positions";

/// The addresses of gateways, beside their socket.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/ingest/positions").post(positions).default_service(only("POST")))
        .service(resource("/ingest/officers").get(list).default_service(only("GET")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PositionsQuery {
    run: Option<u32>,
}

async fn known(app: &App, request: &HttpRequest) -> Result<GatewayRow, Problem> {
    app.check_open()?;
    guard::gateway(app, request).await?.ok_or_else(Problem::auth_required)
}

async fn list(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request).await?;
    Ok(HttpResponse::Ok().json(officers(&app, &known)?))
}

async fn positions(
    app: Data<App>,
    request: HttpRequest,
    query: Result<Query<PositionsQuery>, actix_web::Error>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let known = known(&app, &request).await?;
    let run = query.map_err(|_fault| Problem::request_invalid())?.run;
    if !is_plain(request.headers()) {
        return Err(Problem::media_type());
    }
    let pass = begin(&app, &known)?;
    let (records, run) = match request.content_type() {
        COMPACT => {
            // Numbers mean nothing without the run in which they were given.
            let run = run.ok_or_else(Problem::numbers_changed)?;
            let records = read_binary(&body(payload).await?);
            (records.map_err(|_no_batch| Problem::request_invalid())?, Some(run))
        }
        "application/json" => (json(&body(payload).await?)?, None),
        _ => return Err(Problem::media_type()),
    };
    let answer = take(&app, &known, pass, run, records).await?;
    Ok(HttpResponse::Ok().json(answer.json()))
}

fn is_plain(headers: &HeaderMap) -> bool {
    let mut codings = headers.get_all(CONTENT_ENCODING);
    codings.all(|coding| coding.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity"))
}

async fn body(payload: Payload) -> Result<Bytes, Problem> {
    let reading = timeout(BODY_TIME_MAX, payload.to_bytes_limited(BODY_MAX)).await;
    let body = reading.map_err(|_too_slow| Problem::request_invalid())?;
    let body = body.map_err(|_larger| Problem::too_large())?;
    body.map_err(|_broken| Problem::request_invalid())
}

fn json(body: &[u8]) -> Result<Vec<Record>, Problem> {
    let value = strict_json::parse(body).map_err(|_fault| Problem::json_invalid())?;
    let batch = serde_json::from_value(value).map_err(|_shape| Problem::field_invalid())?;
    read_json(batch).map_err(|_no_batch| Problem::field_invalid())
}
