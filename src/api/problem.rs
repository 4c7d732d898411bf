//! The one way in which a request is refused: `application/problem+json` (RFC 9457) with a stable
//! code. Never shows a fault's text, a path or somebody else's data.

use actix_web::http::StatusCode;
use actix_web::http::header::{ALLOW, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use actix_web::{HttpResponse, ResponseError};
use serde::Serialize;

/// One fault of a body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct FieldFault {
    /// JSON pointer (RFC 6901) to the field.
    pub pointer: String,
    /// Stable code, see PROTOCOL §1.
    pub code: String,
}

/// A refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: Option<String>,
    errors: Vec<FieldFault>,
    retry_after_s: Option<u32>,
    allow: Option<&'static str>,
}

/// The body of a refusal, as it is sent.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct ProblemBody {
    /// `about:blank`: the code says it all.
    #[serde(rename = "type")]
    kind: &'static str,
    /// In words.
    title: &'static str,
    /// The HTTP status.
    status: u16,
    /// Stable code, see PROTOCOL §1.
    code: &'static str,
    /// For asking the operator about it.
    request_id: String,
    /// Why, in words of the rules, where they have some.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// Faults of the body, if it has some.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldFault>,
}

macro_rules! problems {
    ($($(#[$doc:meta])* $name:ident = $status:ident, $code:literal, $title:literal;)*) => {
        impl Problem { $(
            $(#[$doc])*
            #[must_use]
            pub fn $name() -> Self { Self::plain(StatusCode::$status, $code, $title) }
        )* }

        /// All refusals of the list, each once.
        #[cfg(test)]
        const ALL: &[fn() -> Problem] = &[$(Problem::$name),*];
    };
}

problems! {
    /// The body is no JSON, or JSON that is not taken.
    json_invalid = BAD_REQUEST, "json-invalid", "the body is not acceptable JSON";
    /// The webhook id is missing or malformed.
    webhook_id_invalid = BAD_REQUEST, "webhook-id-invalid", "webhook-id must be 1-256 characters without a full stop";
    /// The request as such is malformed.
    request_invalid = BAD_REQUEST, "request-invalid", "the request is malformed";
    /// No credentials.
    auth_required = UNAUTHORIZED, "auth-required", "sign in first";
    /// Wrong credentials.
    credentials = UNAUTHORIZED, "credentials", "these credentials are not valid";
    /// No valid signature; also for unknown sources.
    signature = UNAUTHORIZED, "signature", "the signature is not valid";
    /// Signed at another time than now.
    timestamp = UNAUTHORIZED, "timestamp", "the timestamp is too far from now";
    /// Not permitted.
    forbidden = FORBIDDEN, "forbidden", "not permitted";
    /// The page that asks is not ours.
    origin = FORBIDDEN, "origin", "this origin is not allowed";
    /// A cookie request that changes something did not come from our page.
    csrf = FORBIDDEN, "csrf", "the request does not come from this site";
    /// There is no such thing, or not for this caller.
    not_found = NOT_FOUND, "not-found", "not found";
    /// The same id with another body.
    idempotency_mismatch = CONFLICT, "idempotency-mismatch", "this id was used for another body";
    /// The thing's state does not allow it.
    state_conflict = CONFLICT, "state-conflict", "its state does not allow this now";
    /// Numbers of officers from another run of the server.
    numbers_changed = CONFLICT, "numbers-changed", "officers have other numbers now; ask for them again";
    /// The body is too large.
    too_large = PAYLOAD_TOO_LARGE, "too-large", "the body is too large";
    /// A picture that no decoder understands within its bounds.
    picture_unreadable = UNPROCESSABLE_ENTITY, "picture-unreadable", "the picture cannot be shown";
    /// The body is of another kind.
    media_type = UNSUPPORTED_MEDIA_TYPE, "media-type", "send application/json without content encoding";
    /// A field is wrong.
    field_invalid = UNPROCESSABLE_ENTITY, "field-invalid", "some fields are not valid";
    /// Too many requests.
    too_many = TOO_MANY_REQUESTS, "too-many", "too many requests";
    /// Something failed inside.
    internal = INTERNAL_SERVER_ERROR, "internal", "something failed on our side";
    /// Too much is going on.
    overloaded = SERVICE_UNAVAILABLE, "overloaded", "too much is going on; try again";
    /// Not ready yet.
    starting = SERVICE_UNAVAILABLE, "starting", "the server is starting";
    /// Going down.
    stopping = SERVICE_UNAVAILABLE, "stopping", "the server is stopping";
    /// Decisions cannot be made durable now.
    journal_unavailable = SERVICE_UNAVAILABLE, "journal-unavailable", "decisions cannot be recorded now; try again";
    /// No room on the disk.
    storage_full = INSUFFICIENT_STORAGE, "storage-full", "the server has no room left";
}

impl Problem {
    fn plain(status: StatusCode, code: &'static str, title: &'static str) -> Self {
        let retry_after_s = match status {
            StatusCode::SERVICE_UNAVAILABLE | StatusCode::TOO_MANY_REQUESTS => Some(1),
            StatusCode::INSUFFICIENT_STORAGE => Some(30),
            _ => None,
        };
        Self { status, code, title, detail: None, errors: Vec::new(), retry_after_s, allow: None }
    }

    /// The method is not one of these.
    #[must_use]
    pub fn method_not_allowed(allow: &'static str) -> Self {
        let mut problem = Self::plain(
            StatusCode::METHOD_NOT_ALLOWED,
            "method-not-allowed",
            "this address takes other methods",
        );
        problem.allow = Some(allow);
        problem
    }

    /// The same with the faults of the body's fields.
    #[must_use]
    pub fn with_errors(mut self, errors: Vec<FieldFault>) -> Self {
        self.errors = errors;
        self
    }

    /// The same with the reason that the rules give: fixed words of the program, never anybody's data.
    #[must_use]
    pub fn with_detail(mut self, detail: String) -> Self {
        self.detail = Some(detail);
        self
    }

    /// The same with another wait before the next try, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.retry_after_s = Some(seconds);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// In words.
    #[must_use]
    pub fn title(&self) -> &'static str {
        self.title
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.status
    }

    fn error_response(&self) -> HttpResponse {
        let body = ProblemBody {
            kind: "about:blank",
            title: self.title,
            status: self.status.as_u16(),
            code: self.code,
            request_id: crate::telemetry::request_id(),
            detail: self.detail.clone(),
            errors: self.errors.clone(),
        };
        let mut response = HttpResponse::build(self.status);
        if let Some(seconds) = self.retry_after_s {
            response.insert_header((RETRY_AFTER, HeaderValue::from(seconds)));
        }
        if let Some(allow) = self.allow {
            response.insert_header((ALLOW, HeaderValue::from_static(allow)));
        }
        let mut response = response.json(body);
        response
            .headers_mut()
            .insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_told_to_come_back_is_told_when() {
        let mut passing = 0;
        for problem in ALL.iter().map(|make| make()) {
            let response = problem.error_response();
            let wait = response.headers().get(RETRY_AFTER);
            let wait = wait.and_then(|wait| wait.to_str().ok()?.parse::<u32>().ok());
            match problem.status.as_u16() {
                429 | 503 | 507 => {
                    passing += 1;
                    assert!(wait.is_some_and(|wait| wait > 0), "{problem}");
                }
                _ => assert_eq!(wait, None, "{problem}"),
            }
        }
        assert_eq!(passing, 6);
    }
}
