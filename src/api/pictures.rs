//! Copies of the pictures that came with tips, for people who may read the tip. They are painted when
//! somebody first looks, and kept sealed beside the original.
//!
//! **Not here:** the original (`originals.rs`).

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use tiande_actors::ports::Journal as _;
use tiande_core::access::Action;
use tiande_core::ids::{CourtId, TipId};
use tiande_core::journal::{Event, StreamId};
use tiande_core::tip::{TipEvent, TipMedia};

use crate::access::guard::signed_in;
use crate::app::App;
use crate::intake::media::Copy;
use crate::journal::StoreFault;
use crate::pictures::workshop::WorkFault;

use super::only;
use super::problem::Problem;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    let picture = resource("/api/courts/{court}/tips/{tip}/pictures/{n}");
    cfg.service(picture.get(picture_of).default_service(only("GET")));
}

async fn picture_of(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
) -> Result<HttpResponse, Problem> {
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::ReadTip)?;
    let copy = match request.query_string() {
        "" => Copy::View,
        "preview" => Copy::Preview,
        _ => return Err(Problem::request_invalid()),
    };
    let (tip, n, media) = find(&app, &signed.staff.court, path.into_inner()).await?;
    let bytes = copy_of(&app, tip, media.sha256, copy).await?;
    Ok(HttpResponse::Ok()
        .content_type("image/jpeg")
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{tip}-{n}.jpg\"")))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(bytes))
}

/// The picture that an address names: court, tip, number from 0. Another court's is not there, for
/// whoever is not of that court.
///
/// # Errors
/// [`Problem::not_found`]; [`Problem::overloaded`] when the journal cannot be read.
pub(super) async fn find(
    app: &App,
    own: &CourtId,
    (court, tip, n): (String, String, String),
) -> Result<(TipId, u8, TipMedia), Problem> {
    if court != own.as_str() {
        return Err(Problem::not_found());
    }
    let tip: TipId = tip.parse().map_err(|_bad| Problem::not_found())?;
    let number: Option<u8> = n.parse().ok();
    // One address each: neither `+0` nor `00`.
    let n = number.filter(|known| known.to_string() == n).ok_or_else(Problem::not_found)?;
    let known = app.journal.tip_row(own, tip).await;
    known.map_err(|_fault| Problem::overloaded())?.ok_or_else(Problem::not_found)?;
    let (mut media, _) = received(app, tip).await?;
    if usize::from(n) >= media.len() {
        return Err(Problem::not_found());
    }
    Ok((tip, n, media.swap_remove(usize::from(n))))
}

/// The pictures a tip came with, in its order, and how many events its stream has.
///
/// # Errors
/// [`Problem::overloaded`] when the journal cannot be read.
pub(super) async fn received(app: &App, tip: TipId) -> Result<(Vec<TipMedia>, u64), Problem> {
    let stored = app.journal.read_stream(StreamId::Tip(tip)).await;
    let stored = stored.map_err(|_fault| Problem::overloaded())?;
    let length = stored.len() as u64;
    let media = stored.into_iter().find_map(|record| match record.event {
        Event::Tip(TipEvent::Received(received)) => Some(received.media),
        _ => None,
    });
    Ok((media.unwrap_or_default(), length))
}

async fn copy_of(
    app: &App,
    tip: TipId,
    sha256: [u8; 32],
    wanted: Copy,
) -> Result<Vec<u8>, Problem> {
    let broken = |fault: std::io::Error| {
        tracing::error!(kind = ?fault.kind(), %tip, "a picture cannot be read");
        Problem::overloaded()
    };
    if let Some(kept) = app.media.get_copy(tip, sha256, wanted).await.map_err(broken)? {
        return Ok(kept);
    }
    let original = app.media.get(tip, sha256).await.map_err(broken)?;
    let original = original.ok_or_else(Problem::not_found)?;
    let made = app.workshop.copies(&original).await.map_err(|fault| match fault {
        WorkFault::Unreadable => Problem::picture_unreadable(),
        WorkFault::Busy => Problem::overloaded(),
    })?;
    for (copy, bytes) in [(Copy::View, &made.view), (Copy::Preview, &made.preview)] {
        // Not kept is made again: looking does not fail for that.
        if let Err(fault) = app.media.put_copy(tip, sha256, copy, bytes.clone()).await {
            tracing::warn!(kind = ?fault.kind(), %tip, "a copy of a picture could not be kept");
        }
    }
    Ok(match wanted {
        Copy::View => made.view,
        Copy::Preview => made.preview,
    })
}

/// Forgets what a tip tells of people: its pictures with all copies, then the key of its words.
///
/// # Errors
/// [`Problem::overloaded`] when something is still there: to be done again, which is safe.
pub async fn forget_tip(app: &App, tip: TipId) -> Result<(), Problem> {
    for picture in received(app, tip).await?.0 {
        app.media.remove(tip, picture.sha256).await.map_err(|_fault| Problem::overloaded())?;
    }
    let subject = tiande_core::journal::Subject(tip.0);
    app.journal.forget(subject).await.map_err(|fault: StoreFault| {
        tracing::error!(?fault, %tip, "a tip could not be forgotten");
        Problem::overloaded()
    })
}
