//! Coming in by an access link. A link that is unknown, of another case, ended or revoked looks the same.

use actix_web::cookie::Cookie;
use actix_web::web::{Data, Payload};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use tiande_core::case::{Case, PartyRole};
use tiande_core::file::{Acting, Purpose};
use tiande_core::ids::CourtId;

use crate::access::guard::{cookie_of, same_site};
use crate::access::store::PortalSession;
use crate::access::{random_token, token_hash};
use crate::api::file::case_of_link;
use crate::api::problem::Problem;
use crate::api::small_json;
use crate::app::App;

/// Name of the session's cookie.
pub const COOKIE: &str = "tiande_portal";

/// Who has come in.
pub(super) struct Party {
    /// Court of the case.
    pub(super) court: CourtId,
    /// The case, as it stands.
    pub(super) case: Box<Case>,
    /// Number of the party.
    pub(super) number: u16,
    /// What the party is.
    pub(super) role: PartyRole,
    /// What the link is for.
    pub(super) purpose: Purpose,
}

impl Party {
    /// Applicants and their agents hear what is for applicants.
    pub(super) fn is_applicant(&self) -> bool {
        let of = |number: u16| {
            let index = usize::from(number).checked_sub(1)?;
            self.case.roles().get(index).copied()
        };
        match self.role {
            PartyRole::Applicant => true,
            PartyRole::Agent => {
                let index = usize::from(self.number).checked_sub(1);
                let acts_for = index.and_then(|index| self.case.parties.get(index)?.acts_for);
                acts_for.and_then(of) == Some(PartyRole::Applicant)
            }
            PartyRole::Debtor | PartyRole::Third => false,
        }
    }

    pub(super) fn acting(&self) -> Acting {
        Acting::Party(self.number, self.role)
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    token: String,
}

fn cookie(app: &App, token: &str) -> Cookie<'static> {
    let mut cookie = cookie_of(&app.config, COOKIE);
    cookie.set_value(token.to_owned());
    cookie.set_path("/api/portal");
    cookie
}

pub(super) async fn begin(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    same_site(&app.config, &request)?;
    let Shown { token } = small_json(&request, payload).await?;
    let case = case_of_link(&token).ok_or_else(Problem::credentials)?;
    let court = app.journal.court_of(case).await.map_err(|_fault| Problem::overloaded())?;
    let court = court.ok_or_else(Problem::credentials)?;
    let known = look(&app, &court, case).await?;
    let (hash, now) = (token_hash(&token), app.clock.now());
    let file = known.file.as_deref().ok_or_else(Problem::credentials)?;
    let link = file.links.iter().find(|link| link.opens(&hash, now));
    let link = link.ok_or_else(Problem::credentials)?.link;
    let fresh = random_token();
    let session = PortalSession { court, case, link };
    let made = app.doors.add_portal_session(token_hash(&fresh), session).await;
    made.map_err(|_fault| Problem::overloaded())?;
    Ok(HttpResponse::NoContent().cookie(cookie(&app, &fresh)).finish())
}

async fn look(
    app: &App,
    court: &CourtId,
    case: tiande_core::ids::CaseId,
) -> Result<Box<Case>, Problem> {
    let court = app.court(court).ok_or_else(Problem::starting)?;
    court.case(case).await.map_err(|fault| Problem::from(&fault))
}

/// The party behind a request's cookie, as long as its link opens.
pub(super) async fn entered(app: &App, request: &HttpRequest) -> Result<Party, Problem> {
    app.check_open()?;
    let shown = request.cookie(COOKIE).ok_or_else(Problem::auth_required)?;
    same_site(&app.config, request)?;
    let known = app.doors.portal_session(token_hash(shown.value())).await;
    let session = known.map_err(|_fault| Problem::overloaded())?;
    let PortalSession { court, case, link } = session.ok_or_else(Problem::auth_required)?;
    let case = look(app, &court, case).await?;
    let now = app.clock.now();
    let file = case.file.as_deref().ok_or_else(Problem::auth_required)?;
    let link = file.links.iter().find(|known| known.link == link);
    let link = link.filter(|link| !link.revoked && now < link.until);
    let (number, purpose) =
        link.map(|link| (link.party, link.purpose)).ok_or_else(Problem::auth_required)?;
    let index = usize::from(number).checked_sub(1);
    let role = index.and_then(|index| case.roles().get(index).copied());
    let role = role.ok_or_else(Problem::auth_required)?;
    Ok(Party { court, case, number, role, purpose })
}

pub(super) async fn end(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    same_site(&app.config, &request)?;
    if let Some(shown) = request.cookie(COOKIE) {
        let ended = app.doors.end_portal_session(token_hash(shown.value())).await;
        ended.map_err(|_fault| Problem::overloaded())?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie(&app, "")).finish())
}
