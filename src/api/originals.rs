//! A tip's picture as it came, with the place and the device it tells of: for whoever is entitled to
//! it, with a reason, and never before the reading itself is durable in the tip's stream.
//!
//! It is handed out to be kept and examined, not to be looked at in a page: nothing here decodes it.
//!
//! **Not here:** the copies that everybody else sees (`pictures.rs`).

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use tiande_actors::ports::Journal as _;
use tiande_actors::ports::journal::{Append, AppendFault, StreamAppend};
use tiande_core::access::Action;
use tiande_core::ids::{CourtId, TipId, UserId};
use tiande_core::incident::Said;
use tiande_core::journal::{By, Event, StreamId, Subject};
use tiande_core::text::clean_text;
use tiande_core::tip::{TipEvent, TipMedia};

use crate::access::guard::signed_in;
use crate::app::App;

use super::pictures::{find, received};
use super::problem::Problem;
use super::{only, small_json};

/// Longest reason, characters.
const REASON_MAX: usize = 200;
/// A tip's stream hardly ever grows; another reading or a split at the same moment is waited out.
const TRIES: usize = 4;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    let original = resource("/api/courts/{court}/tips/{tip}/pictures/{n}/original");
    cfg.service(original.post(original_of).default_service(only("POST")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Reading {
    reason: String,
}

async fn original_of(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String, String)>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::ReadPictureOriginal)?;
    let Reading { reason } = small_json(&request, payload).await?;
    let reason = clean_text(&reason, REASON_MAX, true).map_err(|_bad| Problem::field_invalid())?;
    let court = &signed.staff.court;
    let (tip, n, media) = find(&app, court, path.into_inner()).await?;
    // Looked for first: what is not there is not read.
    let bytes = app.media.get(tip, media.sha256).await.map_err(|fault| {
        tracing::error!(kind = ?fault.kind(), %tip, "a picture cannot be read");
        Problem::overloaded()
    })?;
    let bytes = bytes.ok_or_else(Problem::not_found)?;
    note(&app, court, tip, n, &reason, signed.staff.user).await?;
    Ok(answer(tip, n, &media, bytes))
}

/// Writes the reading down; durable on return.
async fn note(
    app: &App,
    court: &CourtId,
    tip: TipId,
    picture: u8,
    reason: &str,
    user: UserId,
) -> Result<(), Problem> {
    let said = Said::under(Subject(tip.0), Some(reason));
    let event = TipEvent::OriginalRead { picture, said };
    for _ in 0..TRIES {
        let (_, expected_seq) = received(app, tip).await?;
        let streams = vec![StreamAppend {
            stream: StreamId::Tip(tip),
            expected_seq,
            events: vec![Event::Tip(event.clone())],
        }];
        let append = Append {
            court: court.clone(),
            at: app.clock.now(),
            by: By::Staff { user },
            why: None,
            streams,
            delivery: None,
            notices: Vec::new(),
            case: None,
        };
        match app.journal.append(append).await {
            Ok(_durable) => return Ok(()),
            Err(AppendFault::Conflict { .. }) => {}
            Err(AppendFault::StorageFull) => return Err(Problem::storage_full()),
            Err(
                AppendFault::Unavailable
                | AppendFault::Unknown
                | AppendFault::DuplicateDelivery
                | AppendFault::Violates(_),
            ) => return Err(Problem::journal_unavailable()),
        }
    }
    Err(Problem::overloaded())
}

fn answer(tip: TipId, n: u8, media: &TipMedia, bytes: Vec<u8>) -> HttpResponse {
    let ending = media.content_type.name().rsplit('/').next().unwrap_or("bin");
    let name = format!("attachment; filename=\"{tip}-{n}.original.{ending}\"");
    HttpResponse::Ok()
        // Not its own type: no browser is to decode what somebody else shaped.
        .content_type("application/octet-stream")
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, name))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(bytes)
}
