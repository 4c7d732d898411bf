//! What officers do in the field, step by step, into the case's file by itself: the handheld sends each measure with
//! its pictures. A measure has an identity of the handheld's own, so that one sent twice is one.

use std::collections::BTreeSet;

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::court::{IncidentLook, ToCase};
use tiande_core::access::{Action, Actor, Context, Resource, can};
use tiande_core::case::CaseCommand;
use tiande_core::file::measure::{Measure, MeasureKind};
use tiande_core::file::paper::Content;
use tiande_core::file::{Acting, FileCommand, Particulars};
use tiande_core::geo::LatLon;
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::journal::By;
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use super::nodes::invalid;
use super::papers::draft_of;
use super::problem::Problem;
use super::{WORDS_BODY_MAX, json_up_to, only};
use crate::access::guard::device;
use crate::access::store::DeviceRow;
use crate::app::App;
use crate::papers::Stay;

/// The largest picture of a measure, bytes.
const PICTURE_MAX: u64 = 8 * 1024 * 1024;
/// A handheld whose clock is ahead by up to this is believed to mean now, milliseconds.
const AHEAD: Millis = Millis(120_000);

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/api/field/{incident}/pictures").post(picture).default_service(only("POST")),
    )
    .service(
        resource("/api/field/{incident}/measures").post(measure).default_service(only("POST")),
    );
}

/// The officer behind a device, who is or was on that incident, and the incident's case.
async fn on_task(
    app: &App,
    request: &HttpRequest,
    incident: &str,
) -> Result<(DeviceRow, IncidentId, CaseId), Problem> {
    app.check_open()?;
    let known = device(app, request).await?.ok_or_else(Problem::auth_required)?;
    let actor =
        Actor::Officer { court: known.court.clone(), officer: known.officer, device: known.device };
    let own = Resource::Officer { court: known.court.clone(), officer: known.officer };
    if !can(&actor, Action::ActAsOfficer, &own, Context::default()) {
        return Err(Problem::forbidden());
    }
    let incident: IncidentId = incident.parse().map_err(|_bad| Problem::not_found())?;
    let there = app.journal.incident_in(&known.court, incident).await;
    there.map_err(|_fault| Problem::overloaded())?.then_some(()).ok_or_else(Problem::not_found)?;
    let court = app.court(&known.court).ok_or_else(Problem::starting)?;
    let seen = court.look(IncidentLook { incident, candidates: false }).await;
    let seen = seen.map_err(|fault| Problem::from(&fault))?;
    let crew = seen.view.crew.iter().any(|member| member.officer == known.officer);
    crew.then_some(()).ok_or_else(Problem::forbidden)?;
    let case = seen.view.case.ok_or_else(Problem::state_conflict)?;
    Ok((known, incident, case))
}

async fn picture(
    app: Data<App>,
    request: HttpRequest,
    incident: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (_, _, case) = on_task(&app, &request, &incident).await?;
    let content_type = request.content_type().to_owned();
    if !content_type.starts_with("image/") {
        return Err(Problem::media_type());
    }
    let draft = draft_of(&app, case, &request, payload, PICTURE_MAX).await?;
    let waiting = draft.wait(Stay::Days).await.map_err(|_fault| Problem::storage_full())?;
    let (sha256, bytes) = (hex::encode(waiting.sha256()), waiting.bytes());
    Ok(HttpResponse::Created().json(json!({"sha256": sha256, "bytes": bytes})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PictureIn {
    sha256: String,
    bytes: u64,
    content_type: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceIn {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct MeasureIn {
    /// The handheld's own identity of it.
    measure: Uuid,
    kind: MeasureKind,
    asset: Option<u16>,
    party: Option<u16>,
    /// Who was there beside the officer who sends it.
    #[serde(default)]
    with: Vec<String>,
    #[serde(default)]
    pictures: Vec<PictureIn>,
    /// When, Unix milliseconds.
    at: i64,
    place: Option<PlaceIn>,
    #[serde(default)]
    text: String,
}

async fn measure(
    app: Data<App>,
    request: HttpRequest,
    incident: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (known, incident, case) = on_task(&app, &request, &incident).await?;
    let given: MeasureIn = json_up_to(&request, payload, WORDS_BODY_MAX).await?;
    let mut officers = BTreeSet::from([known.officer]);
    for officer in &given.with {
        let officer: OfficerId =
            officer.parse().map_err(|_bad| invalid("with", "officer-unknown"))?;
        officers.insert(officer);
    }
    let court = app.court(&known.court).ok_or_else(Problem::starting)?;
    // Who is said to have been there is an officer of the court.
    let roster = court.roster().await.map_err(|fault| Problem::from(&fault))?;
    if !officers.iter().all(|officer| roster.iter().any(|entry| entry.id == *officer)) {
        return Err(invalid("with", "officer-unknown"));
    }
    let mut pictures = Vec::new();
    for PictureIn { sha256, bytes, content_type } in given.pictures {
        let hash = hex::decode(&sha256).ok().and_then(|hash| hash.try_into().ok());
        let sha256: [u8; 32] = hash.ok_or_else(|| invalid("pictures", "hash-invalid"))?;
        let there = app.papers.look(case, sha256).await.map_err(|_damaged| Problem::internal())?;
        let fits = there.is_some_and(|there| there.bytes() == bytes);
        fits.then_some(()).ok_or_else(|| invalid("pictures", "picture-unknown"))?;
        pictures.push(Content { sha256, bytes, content_type });
    }
    let now = app.clock.now();
    let at = UnixMillis(given.at);
    let at = if at > now && at <= now.plus(AHEAD) { now } else { at };
    let place = given.place.map(|place| LatLon::new(place.lat, place.lon)).transpose();
    let place = place.map_err(|_nowhere| invalid("place", "place-invalid"))?;
    let words = Particulars { text: given.text, place, ..Particulars::default() };
    let hashes: Vec<[u8; 32]> = pictures.iter().map(|picture| picture.sha256).collect();
    let measure = Measure {
        measure: given.measure,
        kind: given.kind,
        incident: Some(incident),
        asset: given.asset,
        party: given.party,
        officers,
        pictures,
        at,
    };
    let by = By::Officer { officer: known.officer, device: Some(known.device) };
    let acting = Acting::Officer(known.officer);
    let command = CaseCommand::file(acting, FileCommand::Measure(measure), words);
    let done = court.command_case(ToCase { case, command, by }).await;
    done.map_err(|fault| Problem::from(&fault))?;
    for sha256 in hashes {
        // It waits until the next sweep otherwise, and can be read there.
        app.papers.keep(case, sha256).await.ok();
    }
    Ok(HttpResponse::NoContent().finish())
}
