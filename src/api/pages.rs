//! The browser clients, built into the program: compressed ahead of time, cached by content.

use std::borrow::Cow;

use actix_web::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, IF_NONE_MATCH, LOCATION, REFERRER_POLICY, VARY, X_CONTENT_TYPE_OPTIONS,
};
use actix_web::web::{self, Path, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use rust_embed::{EmbeddedFile, RustEmbed};

use super::only;
use super::problem::Problem;

#[derive(RustEmbed)]
#[folder = "web/dist/"]
struct Pages;

/// What a page may do. No inline script, no foreign host.
const POLICY: &str = "default-src 'self'; worker-src 'self' blob:; img-src 'self' blob: data:; \
    connect-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'; object-src 'none'; \
    base-uri 'none'; frame-ancestors 'none'; form-action 'self'";

/// Addresses of this file.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/").get(|| async { redirect("/console/") }).default_service(only("GET")));
    // What QR codes name: short, so that their dots are large. What follows the # never comes here.
    let code = |request: HttpRequest| async move { page(&request, "portal", "") };
    cfg.service(resource("/c").get(|| async { redirect("/c/") }).default_service(only("GET")))
        .service(resource("/c/").get(code).default_service(only("GET")));
    for client in ["console", "handheld", "desk", "check", "portal"] {
        let bare = format!("/{client}");
        let home = format!("/{client}/");
        let to_home = move || {
            let home = home.clone();
            async move { redirect(&home) }
        };
        cfg.service(resource(bare).get(to_home).default_service(only("GET")));
        let files = format!("/{client}/{{path:.*}}");
        cfg.service(
            resource(files)
                .route(web::get().to(move |request: HttpRequest, path: Path<String>| async move {
                    page(&request, client, &path)
                }))
                .default_service(only("GET")),
        );
    }
}

fn redirect(to: &str) -> HttpResponse {
    HttpResponse::Found().insert_header((LOCATION, to)).finish()
}

/// The file in the best encoding the browser takes.
fn best(path: &str, accepted: &str) -> Option<(EmbeddedFile, Option<&'static str>)> {
    for (token, ending) in [("br", "br"), ("gzip", "gz")] {
        if accepted.contains(token)
            && let Some(file) = Pages::get(&format!("{path}.{ending}"))
        {
            return Some((file, Some(token)));
        }
    }
    Pages::get(path).map(|file| (file, None))
}

fn page(request: &HttpRequest, client: &str, path: &str) -> Result<HttpResponse, Problem> {
    let path = if path.is_empty() { "index.html" } else { path };
    let whole = format!("{client}/{path}");
    let header = |name: HeaderName| {
        request.headers().get(name).and_then(|value| value.to_str().ok()).unwrap_or("").to_owned()
    };
    let (file, encoding) = best(&whole, &header(ACCEPT_ENCODING)).ok_or_else(Problem::not_found)?;
    let etag = format!("\"{}\"", hex::encode(&file.metadata.sha256_hash()[..12]));
    let hashed = path.starts_with("assets/");
    let cache = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    let mime = if path.ends_with(".mjs") {
        "text/javascript".to_owned()
    } else {
        mime_guess::from_path(path).first_or_octet_stream().to_string()
    };
    let mut response = if header(IF_NONE_MATCH) == etag {
        HttpResponse::NotModified()
    } else {
        HttpResponse::Ok()
    };
    response
        .insert_header((ETAG, etag.clone()))
        .insert_header((CACHE_CONTROL, cache))
        .insert_header((VARY, "accept-encoding"))
        .insert_header((CONTENT_TYPE, mime))
        .insert_header((CONTENT_SECURITY_POLICY, POLICY))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((REFERRER_POLICY, "no-referrer"));
    if let Some(encoding) = encoding {
        response.insert_header((CONTENT_ENCODING, encoding));
    }
    if header(IF_NONE_MATCH) == etag {
        return Ok(response.finish());
    }
    Ok(match file.data {
        Cow::Borrowed(bytes) => response.body(bytes),
        Cow::Owned(bytes) => response.body(bytes),
    })
}
