//! For whoever runs the machine: alive, ready, metrics.

use actix_web::web::{Data, ServiceConfig, resource};
use actix_web::{HttpResponse, http::header::CONTENT_TYPE};
use metrics_exporter_prometheus::PrometheusHandle;
use serde_json::json;

use crate::app::{App, Phase};

use super::only;
use super::problem::Problem;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/healthz").get(alive).head(alive).default_service(only("GET, HEAD")))
        .service(resource("/readyz").get(ready).head(ready).default_service(only("GET, HEAD")))
        .service(resource("/metrics").get(render).default_service(only("GET")));
}

async fn alive() -> HttpResponse {
    HttpResponse::Ok().json(json!({"status": "alive"}))
}

async fn ready(app: Data<App>) -> Result<HttpResponse, Problem> {
    match app.phase() {
        Phase::Starting => Err(Problem::starting()),
        Phase::Ready if app.journal.is_poisoned() => Err(Problem::journal_unavailable()),
        Phase::Ready => Ok(HttpResponse::Ok().json(json!({"status": "ready"}))),
        Phase::Stopping => Err(Problem::stopping()),
    }
}

async fn render(app: Data<App>, handle: Data<PrometheusHandle>) -> HttpResponse {
    app.courts().iter().for_each(tiande_actors::court::CourtHandle::observe);
    app.reports.observe();
    HttpResponse::Ok()
        .insert_header((CONTENT_TYPE, "text/plain; version=0.0.4"))
        .body(handle.render())
}
