//! The description of the HTTP interface, made from the shapes that are sent.

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, resource};
use serde_json::{Value, json};
use utoipa::OpenApi;

use super::only;
use super::problem::{FieldFault, ProblemBody};
use crate::shapes::{
    AlarmShape, DecisionShape, IncidentDetailShape, IncidentShape, RosterShape, TimelineShape,
};

#[derive(OpenApi)]
#[openapi(
    info(title = "Tiande", description = "Command centre of a court's enforcement bureau."),
    components(schemas(
        ProblemBody,
        FieldFault,
        IncidentShape,
        IncidentDetailShape,
        RosterShape,
        DecisionShape,
        TimelineShape,
        AlarmShape
    ))
)]
struct Shapes;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/openapi.json").get(serve).default_service(only("GET")));
}

async fn serve() -> HttpResponse {
    HttpResponse::Ok().json(document())
}

/// One operation of the description.
struct Operation {
    path: &'static str,
    method: &'static str,
    summary: &'static str,
    /// Who may: `none`, `session`, `device`, `gateway`, `webhook`.
    door: &'static str,
    ok: u16,
    /// Schema of the good answer, if it has one of the shapes.
    answer: Option<&'static str>,
    refusals: &'static [u16],
}

const OPERATIONS: &[Operation] = &[
    Operation {
        path: "/hooks/tips/{source}",
        method: "post",
        summary: "Send a tip (Standard Webhooks 1.0)",
        door: "webhook",
        ok: 202,
        answer: None,
        refusals: &[400, 401, 409, 413, 415, 422, 429, 503, 507],
    },
    Operation {
        path: "/api/session",
        method: "post",
        summary: "Sign in",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 413, 415, 422, 429, 503],
    },
    Operation {
        path: "/api/session",
        method: "get",
        summary: "Who am I",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 503],
    },
    Operation {
        path: "/api/session",
        method: "delete",
        summary: "Sign out",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/ws-tickets",
        method: "post",
        summary: "A one-use ticket for a socket",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/devices/enrol",
        method: "post",
        summary: "Enrol a handheld by its one-time code",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 413, 415, 422, 503],
    },
    Operation {
        path: "/api/incidents",
        method: "get",
        summary: "Incidents, newest first",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 503],
    },
    Operation {
        path: "/api/incidents/{id}",
        method: "get",
        summary: "An incident with its time line and its newest decision",
        door: "session",
        ok: 200,
        answer: Some("IncidentDetailShape"),
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/tips/{id}",
        method: "get",
        summary: "A tip's facts",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/courts/{court}/tips/{tip}/pictures/{n}",
        method: "get",
        summary: "A copy of a tip's picture, JPEG without metadata; with ?preview a small one",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 422, 503],
    },
    Operation {
        path: "/api/courts/{court}/tips/{tip}/pictures/{n}/original",
        method: "post",
        summary: "A tip's picture as it came, for a stated reason; the reading is journalled first",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/officers",
        method: "get",
        summary: "All officers of the court",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/courts/{court}/officers/{officer}/track",
        method: "get",
        summary: "Where an officer was; the reading is recorded",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 404, 422, 503, 507],
    },
    Operation {
        path: "/ingest/positions",
        method: "post",
        summary: "Positions of many officers, from a gateway",
        door: "gateway",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 429, 503],
    },
    Operation {
        path: "/ingest/officers",
        method: "get",
        summary: "Officers of a gateway's court, with their numbers",
        door: "gateway",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/cases",
        method: "get",
        summary: "A case by its number",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 503],
    },
    Operation {
        path: "/api/cases/{id}",
        method: "get",
        summary: "A case",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/cases",
        method: "post",
        summary: "File a case",
        door: "session",
        ok: 201,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/file",
        method: "get",
        summary: "The file of a case: how it stands, what was said, what happened",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/cases/{id}/file",
        method: "post",
        summary: "Act on a file: assets, search, money, papers, parties, closing (PROTOCOL, The file)",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/draw",
        method: "post",
        summary: "Draw the judge of a case",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/draws/{court}",
        method: "get",
        summary: "A court's published chains of seeds, and its draws: enough to check each",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[404, 503],
    },
    Operation {
        path: "/api/cases/{id}/papers/{paper}",
        method: "get",
        summary: "A paper of a file",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 500, 503],
    },
    Operation {
        path: "/api/supervision/indicators",
        method: "get",
        summary: "The four figures of the third-party assessment, with the cases behind each",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 503],
    },
    Operation {
        path: "/api/supervision/waiting",
        method: "get",
        summary: "Parties who wait for an answer, and appointments",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/portal/session",
        method: "post",
        summary: "Come in by an access link",
        door: "none",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 413, 415, 422, 503],
    },
    Operation {
        path: "/api/portal/session",
        method: "delete",
        summary: "Leave",
        door: "none",
        ok: 204,
        answer: None,
        refusals: &[403, 503],
    },
    Operation {
        path: "/api/portal/case",
        method: "get",
        summary: "The case as a party sees it",
        door: "portal",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/portal/case",
        method: "post",
        summary: "Write, give a lead, ask for an appointment, agree to electronic service",
        door: "portal",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/portal/papers",
        method: "post",
        summary: "Hand a paper in",
        door: "portal",
        ok: 201,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/portal/papers/{paper}",
        method: "get",
        summary: "A paper of this party",
        door: "portal",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 409, 500, 503],
    },
    Operation {
        path: "/api/portal/receipts/{seq}",
        method: "get",
        summary: "The receipt for what this party did",
        door: "portal",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/cases/{id}/documents",
        method: "post",
        summary: "Issue a document of a case, or look at it first",
        door: "session",
        ok: 201,
        answer: None,
        refusals: &[200, 400, 401, 403, 404, 409, 413, 415, 422, 500, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/code",
        method: "get",
        summary: "The identity code of a case, with its picture",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 503],
    },
    Operation {
        path: "/api/codes",
        method: "post",
        summary: "Which case an identity code names",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 503],
    },
    Operation {
        path: "/api/field/{incident}/pictures",
        method: "post",
        summary: "A picture of a measure in the field",
        door: "device",
        ok: 201,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/field/{incident}/measures",
        method: "post",
        summary: "A measure in the field, into the case's file",
        door: "device",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/handovers",
        method: "post",
        summary: "Take a file by the code that somebody shows",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/nodes",
        method: "post",
        summary: "Open, complete, correct, extend, suspend or cancel a case's node",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/handler",
        method: "post",
        summary: "Give a case to a judge",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/notices",
        method: "post",
        summary: "Hold back or release what the applicant is told",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/escalations/{node}/{round}",
        method: "post",
        summary: "Acknowledge, answer, accept, return or close what was escalated",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 409, 413, 415, 422, 503, 507],
    },
    Operation {
        path: "/api/cases/{id}/escalations/{node}/{round}",
        method: "get",
        summary: "What happened with an escalation, with the words",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 422, 503],
    },
    Operation {
        path: "/api/documents/templates",
        method: "get",
        summary: "Templates of documents with their fields, for forms",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/documents/preview",
        method: "post",
        summary: "A template with given fields as PDF, marked as a preview; nothing is kept",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 413, 415, 422, 500, 503],
    },
    Operation {
        path: "/api/supervision/nodes",
        method: "get",
        summary: "What is near due or overdue",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 503],
    },
    Operation {
        path: "/api/supervision/load",
        method: "get",
        summary: "Nodes of each handler by day",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 503],
    },
    Operation {
        path: "/api/supervision/escalations",
        method: "get",
        summary: "What was escalated and is not over",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/supervision/alarms",
        method: "get",
        summary: "Open alarms for the director or the president",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 503],
    },
    Operation {
        path: "/api/alarms/{alarm}/acknowledge",
        method: "post",
        summary: "Takes note of an alarm",
        door: "session",
        ok: 204,
        answer: None,
        refusals: &[400, 401, 403, 404, 413, 415, 422, 503],
    },
    Operation {
        path: "/api/cases/{id}/receipts/{seq}",
        method: "get",
        summary: "A receipt for a record of a case, to be checked without the server",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 500, 503],
    },
    Operation {
        path: "/api/courts/{court}/roots",
        method: "get",
        summary: "The court's signed day roots, in order",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[400, 401, 403, 404, 500, 503],
    },
    Operation {
        path: "/api/courts/{court}/roots/{number}",
        method: "get",
        summary: "A day root as a page to print, with a QR code",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 500, 503],
    },
    Operation {
        path: "/api/courts/{court}/roots/{number}/since/{first}",
        method: "get",
        summary: "A proof that a root goes on from an earlier one",
        door: "session",
        ok: 200,
        answer: None,
        refusals: &[401, 403, 404, 500, 503],
    },
    Operation {
        path: "/api/procedure",
        method: "get",
        summary: "The nodes of the procedure: limits, warnings, who is told and alarmed",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[],
    },
    Operation {
        path: "/api/procedure/due",
        method: "get",
        summary: "When a node is due, and why (node, from, suspend repeated, extend, round)",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[400, 422],
    },
    Operation {
        path: "/healthz",
        method: "get",
        summary: "The process lives",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[],
    },
    Operation {
        path: "/healthz",
        method: "head",
        summary: "The process lives, without a body",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[],
    },
    Operation {
        path: "/readyz",
        method: "get",
        summary: "Takes work",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[503],
    },
    Operation {
        path: "/readyz",
        method: "head",
        summary: "Takes work, without a body",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[503],
    },
    Operation {
        path: "/metrics",
        method: "get",
        summary: "Prometheus metrics",
        door: "none",
        ok: 200,
        answer: None,
        refusals: &[],
    },
];

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(Shapes::openapi()).unwrap_or_default();
    let mut paths = serde_json::Map::new();
    for operation in OPERATIONS {
        let mut responses = serde_json::Map::new();
        let good = match operation.answer {
            Some(schema) => json!({"description": "done", "content": {"application/json": {
                "schema": {"$ref": format!("#/components/schemas/{schema}")}}}}),
            None => json!({"description": "done"}),
        };
        responses.insert(operation.ok.to_string(), good);
        for status in operation.refusals.iter().chain(&[404, 405]) {
            responses.insert(status.to_string(), json!({"description": "refused", "content": {
                "application/problem+json": {"schema": {"$ref": "#/components/schemas/ProblemBody"}}}}));
        }
        let security = match operation.door {
            "session" => json!([{"session": []}, {"device": []}]),
            "webhook" => json!([{"webhook": []}]),
            "gateway" => json!([{"gateway": []}]),
            "portal" => json!([{"portal": []}]),
            _ => json!([]),
        };
        let parameters: Vec<Value> = operation
            .path
            .split('/')
            .filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'))
            .map(|name| {
                json!({"name": name, "in": "path", "required": true,
                "schema": {"type": "string"}})
            })
            .collect();
        let described = json!({"summary": operation.summary, "security": security,
            "parameters": parameters, "responses": responses});
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(path) = path.as_object_mut() {
            path.insert(operation.method.to_owned(), described);
        }
    }
    document["paths"] = Value::Object(paths);
    document["components"]["securitySchemes"] = json!({
        "session": {"type": "apiKey", "in": "cookie", "name": crate::access::guard::COOKIE},
        "device": {"type": "http", "scheme": "bearer"},
        "portal": {"type": "apiKey", "in": "cookie", "name": crate::portal::COOKIE},
        "gateway": {"type": "http", "scheme": "bearer"},
        "webhook": {"type": "apiKey", "in": "header", "name": "webhook-signature"},
    });
    document
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_has_its_schema() {
        let document = document();
        let text = document.to_string();
        let schemas = document["components"]["schemas"].as_object().expect("schemas");
        for reference in text.split("#/components/schemas/").skip(1) {
            let name: String = reference.chars().take_while(|c| c.is_alphanumeric()).collect();
            assert!(schemas.contains_key(&name), "{name}");
        }
        assert!(document["openapi"].as_str().is_some_and(|v| v.starts_with("3.1")));
    }
}
