//! HTTP beside tips and sockets: sessions, tickets, devices, reading, operations, the pages.

pub mod devices;
pub mod incidents;
pub mod openapi;
pub mod operations;
pub mod pages;
pub mod problem;
pub mod reading;
pub mod refusal;
pub mod session;

use actix_web::web::{self, ServiceConfig};
use actix_web::{HttpMessage as _, HttpResponse};

use problem::Problem;

/// Everything under `/api`, the pages, operations.
pub fn routes(cfg: &mut ServiceConfig) {
    session::routes(cfg);
    devices::routes(cfg);
    reading::routes(cfg);
    openapi::routes(cfg);
    operations::routes(cfg);
    pages::routes(cfg);
    cfg.default_service(web::route().to(|| async { Err::<HttpResponse, _>(Problem::not_found()) }));
}

/// The answer to other methods of an address.
pub(crate) fn only(allow: &'static str) -> actix_web::Route {
    web::route().to(move || async move { Err::<HttpResponse, _>(Problem::method_not_allowed(allow)) })
}

/// The limit for small JSON bodies, bytes.
pub(crate) const SMALL_BODY_MAX: usize = 8 * 1024;

/// Reads a small JSON body strictly.
pub(crate) async fn small_json<T: serde::de::DeserializeOwned>(
    request: &actix_web::HttpRequest,
    payload: web::Payload,
) -> Result<T, Problem> {
    let kind = request.content_type();
    if kind != "application/json" {
        return Err(Problem::media_type());
    }
    let body = payload.to_bytes_limited(SMALL_BODY_MAX).await.map_err(|_larger| Problem::too_large())?;
    let body = body.map_err(|_broken| Problem::request_invalid())?;
    let value = crate::strict_json::parse(&body).map_err(|_fault| Problem::json_invalid())?;
    serde_json::from_value(value).map_err(|_shape| Problem::field_invalid())
}
