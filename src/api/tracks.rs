//! Where an officer was: `GET /api/courts/{court}/officers/{officer}/track`. Who reads is written down
//! before a byte leaves (I33); what may not be read, and what does not exist, look alike.

use actix_web::http::header::ACCEPT;
use actix_web::web::{Data, Path, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::court::NoteTrackRead;
use tiande_core::access::Actor;
use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::journal::By;
use tiande_core::rfc3339;
use tiande_core::text::clean_text;
use tiande_core::time::UnixMillis;
use tiande_core::track::{TrackRefusal, TrackWindow};
use tracing::error;

use crate::access::guard::{device, signed_in};
use crate::app::App;
use crate::sockets::records::{RECORD_LEN, Record};
use crate::tracks::{Place, StoredFix, TrackPage};

use super::only;
use super::problem::{FieldFault, Problem};

/// Fixes of one answer when nothing else is asked for.
const PAGE: usize = 5_000;
/// Most fixes of one answer.
const PAGE_MAX: usize = 20_000;
/// Longest reason, characters.
const REASON_MAX: usize = 200;
/// Media type of the compact form.
const COMPACT: &str = "application/vnd.tiande.track";

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    let address = "/api/courts/{court}/officers/{officer}/track";
    cfg.service(resource(address).get(track).default_service(only("GET")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TrackQuery {
    from: String,
    to: String,
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    after: Option<String>,
    #[serde(default)]
    limit: Option<usize>,
    #[serde(default)]
    format: Option<String>,
}

/// What is asked for, read and bounded.
struct Wanted {
    window: TrackWindow,
    reason: Option<String>,
    after: Option<Place>,
    limit: usize,
    compact: bool,
}

fn fault(field: &str, code: &str) -> Problem {
    let fault = FieldFault { pointer: format!("/{field}"), code: code.to_owned() };
    Problem::field_invalid().with_errors(vec![fault])
}

/// A cursor: moment, epoch, sequence, device.
fn read_cursor(text: &str) -> Option<Place> {
    let mut parts = text.splitn(4, '.');
    let at = UnixMillis(parts.next()?.parse().ok()?);
    let order = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
    let device: DeviceId = parts.next()?.parse().ok()?;
    Some((at, order, device))
}

fn write_cursor((at, (epoch, seq), device): Place) -> String {
    format!("{}.{epoch}.{seq}.{device}", at.0)
}

fn read_query(query: TrackQuery, request: &HttpRequest) -> Result<Wanted, Problem> {
    let moment = |field: &str, text: &str| {
        rfc3339::parse(text).map_err(|_invalid| fault(field, "time-invalid"))
    };
    let window = TrackWindow { from: moment("from", &query.from)?, to: moment("to", &query.to)? };
    let reason = query.reason.map(|text| clean_text(&text, REASON_MAX, true)).transpose();
    let reason = reason.map_err(|_fault| fault("reason", "text-invalid"))?;
    let after = query.after.map(|text| read_cursor(&text).ok_or(())).transpose();
    let after = after.map_err(|()| fault("after", "wrong-type"))?;
    let limit = query.limit.unwrap_or(PAGE);
    if !(1..=PAGE_MAX).contains(&limit) {
        return Err(fault("limit", "out-of-range"));
    }
    let accept = request.headers().get(ACCEPT).and_then(|value| value.to_str().ok());
    let compact = match query.format.as_deref() {
        None => accept.is_some_and(|accept| accept.contains(COMPACT)),
        Some("json") => false,
        Some("binary") => true,
        Some(_) => return Err(fault("format", "kind-unknown")),
    };
    let reason = reason.filter(|words| !words.is_empty());
    Ok(Wanted { window, reason, after, limit, compact })
}

/// The caller, for the policy and for the record.
async fn caller(app: &App, request: &HttpRequest) -> Result<(Actor, By), Problem> {
    if let Some(row) = device(app, request).await? {
        let by = By::Officer { officer: row.officer, device: Some(row.device) };
        let actor = Actor::Officer { court: row.court, officer: row.officer, device: row.device };
        return Ok((actor, by));
    }
    let signed = signed_in(app, request).await?;
    Ok((signed.actor(), By::Staff { user: signed.staff.user }))
}

async fn track(
    app: Data<App>,
    request: HttpRequest,
    path: Path<(String, String)>,
    query: Result<Query<TrackQuery>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let (actor, by) = caller(&app, &request).await?;
    let (court, officer) = path.into_inner();
    let court = CourtId::parse(&court).map_err(|_invalid| Problem::not_found())?;
    let officer: OfficerId = officer.parse().map_err(|_invalid| Problem::not_found())?;
    let query = query.map_err(|_fault| Problem::request_invalid())?.into_inner();
    let wanted = read_query(query, &request)?;
    let now = app.clock.now();
    let allowed = wanted.window.allowed(&actor, &court, officer, now, wanted.reason.is_some());
    allowed.map_err(|refusal| match refusal {
        TrackRefusal::Forbidden => Problem::not_found(),
        TrackRefusal::Window => fault("from", "out-of-range"),
        TrackRefusal::ReasonMissing => fault("reason", "missing"),
    })?;
    let handle = app.court(&court).ok_or_else(Problem::not_found)?;
    // Before the reading is written down: who is sent away has read nothing.
    let _pass = app.report().await?;
    let TrackWindow { from, to } = wanted.window;
    let note = NoteTrackRead { officer, from, to, reason: wanted.reason.clone(), by };
    handle.note_track_read(note).await.map_err(|fault| match Problem::from(&fault) {
        // An officer whom the court does not know.
        refused if refused.code() == "state-conflict" => Problem::not_found(),
        refused => refused,
    })?;
    let page = app.tracks.read(court, officer, wanted.window, wanted.after, wanted.limit).await;
    let page = page.map_err(|fault| {
        error!(%fault, "a track cannot be read");
        if fault.kind() == std::io::ErrorKind::ResourceBusy {
            Problem::overloaded()
        } else {
            Problem::internal()
        }
    })?;
    Ok(if wanted.compact { as_records(&page) } else { as_json(officer, &page) })
}

fn as_json(officer: OfficerId, page: &TrackPage) -> HttpResponse {
    let tenth = |value: Option<u16>| value.map(|value| f64::from(value) / 10.0);
    let fixes: Vec<_> = page
        .fixes
        .iter()
        .map(|StoredFix { device, fix }| {
            json!({
                "taken_at": fix.taken_at.0, "lat": fix.lat(), "lon": fix.lon(),
                "accuracy_m": tenth(fix.accuracy_dm), "speed_mps": tenth(fix.speed_dmps),
                "heading_deg": fix.heading_deg, "verdict": fix.verdict.name(),
                "device": device.to_string(), "epoch": fix.epoch, "seq": fix.seq,
            })
        })
        .collect();
    let next = page.next.map(write_cursor);
    HttpResponse::Ok().json(json!({
        "officer": officer.to_string(), "fixes": fixes, "next": next,
    }))
}

/// The records of PROTOCOL §9; the number of each is its verdict's place in the list there.
fn as_records(page: &TrackPage) -> HttpResponse {
    let base = page.fixes.first().map_or(UnixMillis(0), |stored| stored.fix.taken_at);
    let epoch = page.fixes.first().map_or(0, |stored| stored.fix.epoch);
    let mut body = Record::head(epoch, base, false);
    body.reserve(page.fixes.len() * RECORD_LEN);
    for StoredFix { fix, .. } in &page.fixes {
        Record::of_track(fix, base).put(&mut body);
    }
    let mut response = HttpResponse::Ok();
    response.content_type(COMPACT);
    if let Some(next) = page.next {
        response.insert_header(("x-next", write_cursor(next)));
    }
    response.body(body)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_comes_back_as_it_was() {
        let device = DeviceId(uuid::Uuid::from_u128(7));
        let place = (UnixMillis(-5), (3, u32::MAX), device);
        assert_eq!(read_cursor(&write_cursor(place)), Some(place));
        for bad in ["", "1", "1.2.3", "1.2.3.x", "a.2.3.00000000-0000-0000-0000-000000000007"] {
            assert_eq!(read_cursor(bad), None, "{bad}");
        }
    }
}
