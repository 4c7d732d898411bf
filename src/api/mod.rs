//! HTTP beside tips and sockets: sessions, tickets, devices, reading, operations, the pages.

pub mod alarms;
pub mod devices;
pub mod documents;
pub mod field;
pub mod file;
pub mod incidents;
pub mod indicators;
pub mod nodes;
pub mod openapi;
pub mod operations;
pub mod originals;
pub mod pages;
pub mod papers;
pub mod pictures;
pub mod problem;
pub mod procedure;
pub mod proof;
pub mod reading;
pub mod refusal;
pub mod session;
pub mod supervision;
pub mod tracks;

use std::time::Duration;

use actix_web::rt::time::timeout;
use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpMessage as _, HttpResponse};

use problem::Problem;

/// Everything under `/api`, the pages, operations.
pub fn routes(cfg: &mut ServiceConfig) {
    session::routes(cfg);
    devices::routes(cfg);
    reading::routes(cfg);
    tracks::routes(cfg);
    pictures::routes(cfg);
    originals::routes(cfg);
    procedure::routes(cfg);
    nodes::routes(cfg);
    file::routes(cfg);
    field::routes(cfg);
    papers::routes(cfg);
    crate::portal::routes(cfg);
    documents::routes(cfg);
    supervision::routes(cfg);
    indicators::routes(cfg);
    alarms::routes(cfg);
    proof::routes(cfg);
    openapi::routes(cfg);
    operations::routes(cfg);
    pages::routes(cfg);
    cfg.default_service(web::route().to(|| async { Err::<HttpResponse, _>(Problem::not_found()) }));
}

/// The answer to other methods of an address.
pub(crate) fn only(allow: &'static str) -> actix_web::Route {
    web::route()
        .to(move || async move { Err::<HttpResponse, _>(Problem::method_not_allowed(allow)) })
}

/// The limit for small JSON bodies, bytes.
pub(crate) const SMALL_BODY_MAX: usize = 8 * 1024;

/// The limit for JSON bodies with people's words, bytes: ten thousand characters, and what is around them.
pub(crate) const WORDS_BODY_MAX: usize = 64 * 1024;

/// A small JSON body has to be there after this.
const SMALL_BODY_TIME_MAX: Duration = Duration::from_secs(5);

/// Reads a small JSON body strictly.
pub(crate) async fn small_json<T: serde::de::DeserializeOwned>(
    request: &actix_web::HttpRequest,
    payload: web::Payload,
) -> Result<T, Problem> {
    json_up_to(request, payload, SMALL_BODY_MAX).await
}

/// Reads a JSON body of at most so many bytes strictly. More than a small one only from staff.
pub(crate) async fn json_up_to<T: serde::de::DeserializeOwned>(
    request: &actix_web::HttpRequest,
    payload: web::Payload,
    bytes_max: usize,
) -> Result<T, Problem> {
    let kind = request.content_type();
    if kind != "application/json" {
        return Err(Problem::media_type());
    }
    let reading = timeout(SMALL_BODY_TIME_MAX, payload.to_bytes_limited(bytes_max)).await;
    let body = reading.map_err(|_too_slow| Problem::request_invalid())?;
    let body = body.map_err(|_larger| Problem::too_large())?;
    let body = body.map_err(|_broken| Problem::request_invalid())?;
    let value = crate::strict_json::parse(&body).map_err(|_fault| Problem::json_invalid())?;
    serde_json::from_value(value).map_err(|_shape| Problem::field_invalid())
}

#[cfg(test)]
#[path = "phase_tests.rs"]
mod phase_tests;
