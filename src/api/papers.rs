//! Papers of a file as bytes: taken in, and shown to who may read the case.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, X_CONTENT_TYPE_OPTIONS};
use actix_web::rt::time::timeout;
use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use std::time::Duration;
use tiande_core::access::Action;
use tiande_core::ids::CaseId;

use super::nodes::enter;
use super::only;
use super::problem::Problem;
use crate::app::App;

/// A paper has to be there after this: 50 MiB over a slow telephone.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/papers/{paper}").get(read).default_service(only("GET")));
}

/// The first bytes say what it is; a name and a header can say anything.
fn looks_like(bytes: &[u8], content_type: &str) -> bool {
    match content_type {
        "application/pdf" => bytes.starts_with(b"%PDF-"),
        "image/jpeg" => bytes.starts_with(&[0xFF, 0xD8, 0xFF]),
        "image/png" => bytes.starts_with(b"\x89PNG\r\n\x1A\n"),
        "image/webp" => bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP"),
        "text/plain" => std::str::from_utf8(bytes).is_ok(),
        _ => false,
    }
}

/// Reads a body of up to so many bytes that is what its type says. A few at a time: each is in memory whole.
///
/// # Errors
/// 413, 400, 422, or 503 when too many are being read.
pub(crate) async fn bytes_of(
    app: &App,
    payload: Payload,
    most: u64,
    content_type: &str,
) -> Result<Vec<u8>, Problem> {
    let _place = app.paper_places.try_acquire().map_err(|_full| Problem::overloaded())?;
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let reading = timeout(TIME_MAX, payload.to_bytes_limited(most)).await;
    let body = reading.map_err(|_too_slow| Problem::request_invalid())?;
    let body = body.map_err(|_larger| Problem::too_large())?;
    let body = body.map_err(|_broken| Problem::request_invalid())?;
    if body.is_empty() || !looks_like(&body, content_type) {
        return Err(Problem::field_invalid());
    }
    Ok(body.to_vec())
}

/// A paper as it is sent: never run, never guessed at, never kept by anybody between.
///
/// # Errors
/// 404 when it is not there, 500 when it is damaged.
pub(crate) async fn shown(
    app: &App,
    case: CaseId,
    sha256: [u8; 32],
) -> Result<HttpResponse, Problem> {
    let found = app.papers.get(case, sha256).await.map_err(|_damaged| Problem::internal())?;
    let bytes = found.ok_or_else(Problem::not_found)?;
    let kinds = ["application/pdf", "image/jpeg", "image/png", "image/webp", "text/plain"];
    let kind = kinds.into_iter().find(|kind| looks_like(&bytes, kind));
    let kind = match kind {
        Some("text/plain") => "text/plain; charset=utf-8",
        Some(kind) => kind,
        None => "application/octet-stream",
    };
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, "inline"))
        .insert_header(("content-security-policy", "default-src 'none'; sandbox"))
        .content_type(kind)
        .body(bytes))
}

async fn read(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
) -> Result<HttpResponse, Problem> {
    let (id, paper) = path.into_inner();
    let (signed, case) = enter(&app, &request, Action::ReadCase, &id).await?;
    let number: u16 = paper.parse().map_err(|_bad| Problem::not_found())?;
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let known = court.case(case).await.map_err(|fault| Problem::from(&fault))?;
    let file = known.file.as_deref().ok_or_else(Problem::not_found)?;
    let paper = file.papers.iter().find(|paper| paper.paper == number);
    shown(&app, case, paper.ok_or_else(Problem::not_found)?.sha256).await
}
