//! The description of the HTTP interface, made from the shapes that are sent.

use actix_web::HttpResponse;
use actix_web::web::{ServiceConfig, resource};
use serde_json::{Value, json};
use utoipa::OpenApi;

mod cases;
mod operations;

use super::only;
use super::problem::{FieldFault, ProblemBody};
use crate::shapes::{
    AlarmShape, DecisionShape, IncidentDetailShape, IncidentShape, RosterShape, TimelineShape,
};
use operations::operations;

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

/// The document.
#[must_use]
pub fn document() -> Value {
    let mut document = serde_json::to_value(Shapes::openapi()).unwrap_or_default();
    let mut paths = serde_json::Map::new();
    for operation in operations() {
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
