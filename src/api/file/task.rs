//! Officers are sent out for a case: a field task (外勤任务) of two officers at least, asked of the nearest who may go.

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::intake::OrderTask;
use tiande_core::access::Action;
use tiande_core::geo::{LatLon, Place};
use tiande_core::incident::Urgency;
use tiande_core::text::clean_text;

use super::{WORDS_BODY_MAX, enter, json_up_to, only};
use crate::api::nodes::invalid;
use crate::api::problem::Problem;
use crate::app::App;

/// Officers of one task at most, as of any incident.
const CREW_MAX: u8 = 8;

/// Addresses of this file.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/tasks").post(send_out).default_service(only("POST")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PlaceIn {
    lat: f64,
    lon: f64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TaskIn {
    /// About which asset.
    asset: Option<u16>,
    #[serde(default)]
    urgent: bool,
    /// How many officers; two when not given.
    officers: Option<u8>,
    place: Option<PlaceIn>,
    #[serde(default)]
    address: String,
    /// What is to be done.
    text: String,
}

async fn send_out(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::HandleCase, &id).await?;
    let given: TaskIn = json_up_to(&request, payload, WORDS_BODY_MAX).await?;
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let known = court.case(case).await.map_err(|fault| Problem::from(&fault))?;
    let has = |asset| {
        let file = known.file.as_deref();
        file.is_some_and(|file| file.assets.iter().any(|a| a.asset == asset && a.is_open()))
    };
    if !given.asset.is_none_or(has) {
        return Err(invalid("asset", "asset-unknown"));
    }
    let need = given.officers.unwrap_or(2);
    if !(2..=CREW_MAX).contains(&need) {
        return Err(invalid("officers", "officers-invalid"));
    }
    let description = clean_text(&given.text, 2_000, true);
    let description = description.map_err(|_fault| invalid("text", "text-invalid"))?;
    let address = match given.address.trim() {
        "" => None,
        address => {
            let clean = clean_text(address, 200, false);
            Some(clean.map_err(|_fault| invalid("address", "text-invalid"))?)
        }
    };
    let place = given.place.map(|place| {
        let at = LatLon::new(place.lat, place.lon).ok();
        // As of a tip: what lies far outside the court's area is a slip.
        at.filter(|at| court.profile().covers(*at)).map(|at| Place { at, accuracy: None })
    });
    let place = match place {
        Some(None) => return Err(invalid("place", "place-invalid")),
        place => place.flatten(),
    };
    let task = OrderTask {
        case,
        asset: given.asset,
        by: signed.staff.user,
        urgency: if given.urgent { Urgency::Emergency } else { Urgency::Routine },
        need,
        place,
        address,
        description,
    };
    let incident = court.order_task(task).await.map_err(|fault| Problem::from(&fault))?;
    Ok(HttpResponse::Created().json(json!({"incident": incident.to_string()})))
}
