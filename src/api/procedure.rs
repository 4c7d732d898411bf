//! The nodes of the procedure, and the date calculator: `GET /api/procedure`, `GET /api/procedure/due`.
//! Dates of law are no secret and concern no case: both are open to everybody, and bounded.

use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::{Data, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};

use crate::procedure::{Ask, Published};

use super::only;
use super::problem::{FieldFault, Problem};

/// Longest query, bytes: 64 suspensions fit.
const QUERY_MAX: usize = 8 * 1024;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/procedure").get(rows).default_service(only("GET")))
        .service(resource("/api/procedure/due").get(due).default_service(only("GET")));
}

async fn rows(published: Data<Published>) -> HttpResponse {
    HttpResponse::Ok().insert_header((CONTENT_TYPE, "application/json")).body(published.rows())
}

async fn due(published: Data<Published>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let text = request.query_string();
    if text.len() > QUERY_MAX {
        return Err(Problem::request_invalid());
    }
    let pairs = Query::<Vec<(String, String)>>::from_query(text);
    let ask = read(pairs.map_err(|_fault| Problem::request_invalid())?.into_inner())?;
    let answer = published.answer(&ask).map_err(|refused| {
        let (field, code) = refused.code();
        fault(field, code)
    })?;
    Ok(HttpResponse::Ok().json(answer))
}

fn fault(field: &str, code: &str) -> Problem {
    let fault = FieldFault { pointer: format!("/{field}"), code: code.to_owned() };
    Problem::field_invalid().with_errors(vec![fault])
}

/// Each parameter once, `suspend` as often as one likes.
fn read(pairs: Vec<(String, String)>) -> Result<Ask, Problem> {
    let (mut node, mut from, mut extend, mut round) = (None, None, None, None);
    let mut suspensions = Vec::new();
    for (key, value) in pairs {
        // A plus sign that was not encoded has become a space; no time has one.
        let value = value.replace(' ', "+");
        let slot = match key.as_str() {
            "node" => &mut node,
            "from" => &mut from,
            "extend" => &mut extend,
            "round" => &mut round,
            "suspend" => {
                suspensions.push(value);
                continue;
            }
            _ => return Err(Problem::request_invalid()),
        };
        if slot.replace(value).is_some() {
            return Err(Problem::request_invalid());
        }
    }
    let extend = extend.map(|text| text.parse().map_err(|_bad| fault("extend", "out-of-range")));
    let round = round.map(|text| text.parse().map_err(|_bad| fault("round", "out-of-range")));
    Ok(Ask {
        node: node.ok_or_else(|| fault("node", "missing"))?,
        from: from.ok_or_else(|| fault("from", "missing"))?,
        suspensions,
        extension_days: extend.transpose()?.unwrap_or(0),
        round: round.transpose()?,
    })
}
