//! Templates of documents: what each wants, for forms, and a preview of one with given fields.
//!
//! **Not here:** making a document of a case, keeping it, sending it.

use actix_web::http::header::{
    CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{Data, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tiande_core::access::Action;

use crate::access::guard::signed_in;
use crate::app::App;
use crate::documents::child::Request;
use crate::documents::press::PressFault;
use crate::documents::{Common, InputFault, Inputs, Mark, Rendered, Template};

use super::problem::{FieldFault, Problem};
use super::{json_up_to, only};

/// Largest body of a preview, bytes: the longest fields of the largest template fit.
const PREVIEW_BODY_MAX: usize = 512 * 1024;

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/documents/templates").get(templates).default_service(only("GET")))
        .service(resource("/api/documents/preview").post(preview).default_service(only("POST")));
}

async fn templates(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    signed_in(&app, &request).await?.may(Action::HandleCase)?;
    let templates: Vec<&Template> = app.documents.templates().collect();
    Ok(HttpResponse::Ok().json(json!({"templates": templates})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    template: String,
    common: Common,
    #[serde(default)]
    fields: Map<String, Value>,
}

/// Always marked as a preview, whatever `mark` says: what leaves here is no document of the court.
async fn preview(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    signed_in(&app, &request).await?.may(Action::HandleCase)?;
    let Wanted { template: code, mut common, fields } =
        json_up_to(&request, payload, PREVIEW_BODY_MAX).await?;
    common.mark = Mark::Draft;
    let made = rendered(&app, &code, Inputs { common, fields }).await?;
    Ok(pdf(&code, made.pdf))
}

/// The template of a code.
///
/// # Errors
/// 422 when there is none.
pub(crate) fn template_of<'a>(app: &'a App, code: &str) -> Result<&'a Template, Problem> {
    app.documents.template(code).ok_or_else(|| {
        let fault = FieldFault { pointer: "/template".into(), code: "unknown-template".into() };
        Problem::field_invalid().with_errors(vec![fault])
    })
}

/// Renders a document.
///
/// # Errors
/// 422 with every fault of the inputs, 503 when too many are being rendered.
pub(crate) async fn rendered(app: &App, code: &str, inputs: Inputs) -> Result<Rendered, Problem> {
    let template = template_of(app, code)?;
    app.documents.check(template, &inputs).map_err(refused)?;
    let request = Request { template: code.to_owned(), inputs };
    app.press.render(&request).await.map_err(|fault| match fault {
        PressFault::TooLong => refused(vec![InputFault {
            pointer: "/fields".to_owned(),
            code: "too-many-pages".to_owned(),
        }]),
        PressFault::Busy => Problem::overloaded(),
        PressFault::Failed => Problem::internal(),
    })
}

/// A PDF as it is sent: shown, and never run.
pub(crate) fn pdf(code: &str, bytes: Vec<u8>) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("application/pdf")
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CONTENT_DISPOSITION, format!("inline; filename=\"{code}.pdf\"")))
        .insert_header((CONTENT_SECURITY_POLICY, "default-src 'none'; sandbox"))
        .insert_header((CACHE_CONTROL, "private, no-store"))
        .body(bytes)
}

fn refused(faults: Vec<InputFault>) -> Problem {
    let each = faults.into_iter();
    let faults = each.map(|InputFault { pointer, code }| FieldFault { pointer, code });
    Problem::field_invalid().with_errors(faults.collect())
}
