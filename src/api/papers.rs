//! Papers of a file as bytes: taken in, and shown to who may read the case.

use actix_web::body::SizedStream;
use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::rt::time::timeout;
use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse, ResponseError as _};
use futures_util::StreamExt as _;
use futures_util::stream::unfold;
use std::time::Duration;
use tiande_core::access::Action;
use tiande_core::ids::CaseId;

use super::nodes::enter;
use super::only;
use super::problem::Problem;
use crate::app::App;
use crate::papers::{Draft, kind_of};

/// A paper has to be there after this: 50 MiB over a slow telephone.
const TIME_MAX: Duration = Duration::from_secs(300);

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/papers/{paper}").get(read).default_service(only("GET")));
}

/// Takes a body of up to so many bytes in that is what its type says. It is never in memory whole.
///
/// # Errors
/// 413, 400, 422, 507, or 503 when too many are being read.
pub(crate) async fn draft_of(
    app: &App,
    case: CaseId,
    request: &HttpRequest,
    payload: Payload,
    most: u64,
) -> Result<Draft, Problem> {
    let length = request.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok());
    if length.and_then(|length| length.parse::<u64>().ok()).is_some_and(|length| length > most) {
        return Err(Problem::too_large());
    }
    let _place = app.paper_places.try_acquire().map_err(|_full| Problem::overloaded())?;
    let reading = timeout(TIME_MAX, received(app, case, request.content_type(), payload, most));
    reading.await.map_err(|_too_slow| Problem::request_invalid())?
}

async fn received(
    app: &App,
    case: CaseId,
    content_type: &str,
    mut payload: Payload,
    most: u64,
) -> Result<Draft, Problem> {
    let draft = app.papers.begin(case, content_type).await;
    let mut draft = draft.map_err(|_fault| Problem::storage_full())?;
    while let Some(part) = payload.next().await {
        let part = part.map_err(|_broken| Problem::request_invalid())?;
        if draft.bytes() + part.len() as u64 > most {
            return Err(Problem::too_large());
        }
        draft.write(part).await.map_err(|_fault| Problem::storage_full())?;
    }
    if draft.bytes() == 0 || !draft.fits() {
        return Err(Problem::field_invalid());
    }
    Ok(draft)
}

/// The case has decided against it; of any other fault nobody knows what was decided.
pub(crate) fn refused(problem: &Problem) -> bool {
    problem.status_code().is_client_error()
}

/// A paper as it is sent, in pieces: never run, never guessed at, never kept by anybody between. One that turns out
/// to be damaged ends in the middle, which the length tells.
///
/// # Errors
/// 404 when it is not there, 500 when it is damaged from the beginning.
pub(crate) async fn shown(
    app: &App,
    case: CaseId,
    sha256: [u8; 32],
) -> Result<HttpResponse, Problem> {
    let found = app.papers.look(case, sha256).await.map_err(|_damaged| Problem::internal())?;
    let reading = found.ok_or_else(Problem::not_found)?;
    let length = reading.bytes();
    let first = app.papers.piece(reading).await.map_err(|_damaged| Problem::internal())?;
    let kind = first.as_ref().and_then(|(piece, _)| kind_of(piece));
    let kind = match kind {
        Some("text/plain") => "text/plain; charset=utf-8",
        Some(kind) => kind,
        None => "application/octet-stream",
    };
    let papers = app.papers.clone();
    // The first piece is here; each next one is opened when the one before has left.
    let rest = unfold((first, Some(papers)), |(ready, papers)| async move {
        let (piece, reading) = ready?;
        let papers = papers?;
        match papers.piece(reading).await {
            Ok(next) => Some((Ok(piece), (next, Some(papers)))),
            Err(fault) => Some((Err(fault), (None, None))),
        }
    });
    Ok(HttpResponse::Ok()
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, "inline"))
        .insert_header(("content-security-policy", "default-src 'none'; sandbox"))
        .content_type(kind)
        .body(SizedStream::new(length, rest)))
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
