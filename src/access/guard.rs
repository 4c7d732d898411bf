//! Who sends this request? Sessions by cookie, devices by token; and whether a page of ours sent it.

use actix_web::HttpRequest;
use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::Method;
use actix_web::http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderName, ORIGIN};
use tiande_core::access::{Action, Actor, Context, Resource, can};

use crate::api::problem::Problem;
use crate::app::App;
use crate::config::Config;

use super::store::{Browser, DeviceRow, GatewayRow, KNOWN_MS, SECRET_PREFIX, StaffSession};
use super::token_hash;

/// Name of the session's cookie.
pub const COOKIE: &str = "tiande_session";

fn text<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// True when the request names no origin, or one of ours: the configured public one, or the host it
/// was sent to.
#[must_use]
pub fn origin_allowed(config: &Config, headers: &HeaderMap) -> bool {
    if !headers.contains_key(ORIGIN) {
        return true;
    }
    let Some(origin) = text(headers, &ORIGIN) else { return false };
    if config.public_origin.as_deref() == Some(origin) {
        return true;
    }
    // Without a configured origin the server is reached under the name in `Host`. A foreign page
    // cannot choose that header, so its own origin never matches.
    config.public_origin.is_none()
        && text(headers, &HOST).is_some_and(|host| origin.strip_prefix("http://") == Some(host))
}

/// Refuses a cookie request that changes something and does not come from our own page.
pub(crate) fn same_site(config: &Config, request: &HttpRequest) -> Result<(), Problem> {
    if matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS) {
        return Ok(());
    }
    let headers = request.headers();
    let named = headers.contains_key(ORIGIN) && origin_allowed(config, headers);
    let fetched = text(headers, &HeaderName::from_static("sec-fetch-site")) == Some("same-origin");
    let foreign = headers.contains_key(ORIGIN) && !named;
    if (named || fetched) && !foreign { Ok(()) } else { Err(Problem::csrf()) }
}

/// A member of staff who is signed in.
#[derive(Debug, Clone)]
pub struct SignedIn {
    /// The session.
    pub staff: StaffSession,
    /// Hash of its token.
    pub session: [u8; 32],
}

impl SignedIn {
    /// The actor for the policy.
    #[must_use]
    pub fn actor(&self) -> Actor {
        Actor::Staff {
            court: self.staff.court.clone(),
            user: self.staff.user,
            roles: self.staff.roles.clone(),
        }
    }

    /// Asks the policy for something of the own court.
    ///
    /// # Errors
    /// [`Problem::forbidden`].
    pub fn may(&self, action: Action) -> Result<(), Problem> {
        let here = Resource::Court(self.staff.court.clone());
        let allowed = can(&self.actor(), action, &here, Context::default());
        if allowed { Ok(()) } else { Err(Problem::forbidden()) }
    }
}

/// The session behind a request's cookie.
///
/// # Errors
/// 401 without a valid one, 403 when a foreign page sent the request.
pub async fn signed_in(app: &App, request: &HttpRequest) -> Result<SignedIn, Problem> {
    let cookie = request.cookie(COOKIE).ok_or_else(Problem::auth_required)?;
    same_site(&app.config, request)?;
    let session = token_hash(cookie.value());
    let known = app.doors.session(session).await.map_err(|_fault| Problem::overloaded())?;
    let staff = known.ok_or_else(Problem::auth_required)?;
    Ok(SignedIn { staff, session })
}

/// The device behind a request's bearer token, if it shows one.
///
/// # Errors
/// 401 when it shows one that is not valid.
pub async fn device(app: &App, request: &HttpRequest) -> Result<Option<DeviceRow>, Problem> {
    let Some(header) = text(request.headers(), &AUTHORIZATION) else { return Ok(None) };
    let token = header.strip_prefix("Bearer ").ok_or_else(Problem::credentials)?;
    let known = app.doors.device_by_token(token_hash(token)).await;
    let known = known.map_err(|_fault| Problem::overloaded())?;
    known.map(Some).ok_or_else(Problem::credentials)
}

/// The gateway behind a request's bearer secret, if it shows one.
///
/// # Errors
/// 401 when it shows one that is not valid.
pub async fn gateway(app: &App, request: &HttpRequest) -> Result<Option<GatewayRow>, Problem> {
    let shown = text(request.headers(), &AUTHORIZATION).and_then(|h| h.strip_prefix("Bearer "));
    let Some(secret) = shown.filter(|shown| shown.starts_with(SECRET_PREFIX)) else {
        return Ok(None);
    };
    let known = app.doors.gateway_by_secret(secret).await;
    let known = known.map_err(|_fault| Problem::overloaded())?;
    known.map(Some).ok_or_else(Problem::credentials)
}

/// What a browser shows of earlier sign-ins under that name, if it is known for it.
#[must_use]
pub fn known_browser(app: &App, request: &HttpRequest, username: &str) -> Option<Browser> {
    let cookie = request.cookie(&known_cookie_name(app, username))?;
    app.doors.browser(username, cookie.value())
}

fn known_cookie_name(app: &App, username: &str) -> String {
    format!("tiande_known_{}", app.doors.browser_token_name(username))
}

/// The cookie by which a browser is known again under that name.
#[must_use]
pub fn known_cookie(app: &App, username: &str) -> Cookie<'static> {
    let mut cookie = cookie_of(&app.config, &known_cookie_name(app, username));
    cookie.set_value(app.doors.browser_token(username));
    cookie.set_path("/api/session");
    cookie.set_max_age(Duration::milliseconds(KNOWN_MS));
    cookie
}

/// The cookie of a new session; an empty token takes it away.
#[must_use]
pub fn session_cookie(config: &Config, token: &str) -> Cookie<'static> {
    let mut cookie = cookie_of(config, COOKIE);
    cookie.set_value(token.to_owned());
    if token.is_empty() {
        cookie.make_removal();
    }
    cookie
}

/// An empty cookie that only our own pages send and no script reads.
pub(crate) fn cookie_of(config: &Config, name: &str) -> Cookie<'static> {
    let secure =
        config.public_origin.as_deref().is_some_and(|origin| origin.starts_with("https://"));
    Cookie::build(name.to_owned(), "")
        .path("/")
        .http_only(true)
        .secure(secure)
        .same_site(SameSite::Strict)
        .finish()
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn request(method: Method, headers: &[(&'static str, &'static str)]) -> HttpRequest {
        let start = TestRequest::default().method(method);
        headers
            .iter()
            .fold(start, |request, header| request.insert_header(*header))
            .to_http_request()
    }

    #[test]
    fn a_socket_of_a_foreign_page_is_not_ours() {
        let config = Config::default();
        let ours = [("host", "127.0.0.1:8080"), ("origin", "http://127.0.0.1:8080")];
        let foreign = [("host", "127.0.0.1:8080"), ("origin", "http://evil.example")];
        assert!(origin_allowed(&config, request(Method::GET, &ours).headers()));
        assert!(!origin_allowed(&config, request(Method::GET, &foreign).headers()));
        assert!(origin_allowed(
            &config,
            request(Method::GET, &[("host", "127.0.0.1:8080")]).headers()
        ));
        let named = Config { public_origin: Some("https://a.example".into()), ..Config::default() };
        assert!(!origin_allowed(&named, request(Method::GET, &ours).headers()));
        let public = [("host", "inside:1"), ("origin", "https://a.example")];
        assert!(origin_allowed(&named, request(Method::GET, &public).headers()));
    }

    #[test]
    fn a_change_by_cookie_needs_our_own_page() {
        let config = Config::default();
        let host = ("host", "h");
        assert!(same_site(&config, &request(Method::GET, &[host])).is_ok());
        assert!(same_site(&config, &request(Method::POST, &[host])).is_err());
        assert!(
            same_site(&config, &request(Method::POST, &[host, ("origin", "http://h")])).is_ok()
        );
        assert!(
            same_site(&config, &request(Method::POST, &[host, ("origin", "http://x")])).is_err()
        );
        let fetched = ("sec-fetch-site", "same-origin");
        assert!(same_site(&config, &request(Method::POST, &[host, fetched])).is_ok());
        let both = [host, fetched, ("origin", "http://x")];
        assert!(same_site(&config, &request(Method::POST, &both)).is_err());
    }
}
