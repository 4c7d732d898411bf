//! A case is filed (立案), and its judge drawn (随机分案).

use actix_web::web::{Data, Path, Payload, Query, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_actors::court::CaseImport;
use tiande_actors::ports::Journal as _;
use tiande_core::access::Action;
use tiande_core::case::{CaseNumber, Filed, Party, PartyRole};
use tiande_core::draw::Exclusion;
use tiande_core::file::{CaseKind, Filing, FilingBasis, Particulars};
use tiande_core::ids::UserId;
use tiande_core::journal::By;
use tiande_core::money::Fen;
use tiande_core::text::clean_text;

use super::{WORDS_BODY_MAX, enter, json_up_to, only, small_json};
use crate::access::guard::signed_in;
use crate::api::nodes::invalid;
use crate::api::problem::Problem;
use crate::app::App;
use crate::assignment::{self, AssignFault};
use crate::procedure::read_time;

/// Addresses of this file.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/draw").post(draw).default_service(only("POST")))
        .service(resource("/api/draws/{court}").get(draws).default_service(only("GET")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct PartyIn {
    role: PartyRole,
    name: String,
    #[serde(default)]
    id_number: String,
    #[serde(default)]
    phone: String,
    #[serde(default)]
    address: String,
    acts_for: Option<u16>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FilingIn {
    number: String,
    parties: Vec<PartyIn>,
    kind: CaseKind,
    basis: FilingBasis,
    /// The instrument's number.
    #[serde(default)]
    instrument: String,
    /// The claim in words.
    #[serde(default)]
    claim_text: String,
    /// The claim in fen.
    claim: Fen,
    /// When the application was received.
    applied: String,
    /// When it was docketed, if it was.
    docketed: Option<String>,
}

/// A line of text that may be missing.
fn line(field: &str, text: &str) -> Result<String, Problem> {
    if text.trim().is_empty() {
        return Ok(String::new());
    }
    clean_text(text, 200, false).map_err(|_fault| invalid(field, "text-invalid"))
}

fn party(given: &PartyIn, count: usize) -> Result<Party, Problem> {
    let name = clean_text(&given.name, 200, false);
    let known = |number: u16| (1..=count).contains(&usize::from(number));
    // An agent acts for somebody, and nobody else does.
    let fits = (given.role == PartyRole::Agent) == given.acts_for.is_some();
    if !fits || !given.acts_for.is_none_or(known) {
        return Err(invalid("parties", "agent-invalid"));
    }
    Ok(Party {
        role: given.role,
        name: name.map_err(|_fault| invalid("parties", "text-invalid"))?,
        id_number: line("parties", &given.id_number)?,
        phone: line("parties", &given.phone)?,
        address: line("parties", &given.address)?,
        acts_for: given.acts_for,
    })
}

pub(crate) async fn file(
    app: Data<App>,
    request: HttpRequest,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    app.check_open()?;
    let signed = signed_in(&app, &request).await?;
    signed.may(Action::HandleCase)?;
    let given: FilingIn = json_up_to(&request, payload, WORDS_BODY_MAX).await?;
    let number = CaseNumber::parse(&given.number);
    let number = number.map_err(|_fault| invalid("number", "case-number-invalid"))?;
    if !(1..=200).contains(&given.parties.len()) {
        return Err(invalid("parties", "parties-invalid"));
    }
    let parties: Result<Vec<Party>, Problem> =
        given.parties.iter().map(|p| party(p, given.parties.len())).collect();
    let applied = read_time("applied", &given.applied);
    let applied = applied.map_err(|_bad| invalid("applied", "time-invalid"))?;
    let docketed = given.docketed.as_deref().map(|at| read_time("docketed", at)).transpose();
    let docketed = docketed.map_err(|_bad| invalid("docketed", "time-invalid"))?;
    let filing = Filing { kind: given.kind, basis: given.basis, applied, claim: given.claim };
    let words = Particulars {
        title: line("instrument", &given.instrument)?,
        text: given.claim_text,
        ..Particulars::default()
    };
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let known = app.journal.case_numbered(signed.staff.court.clone(), number.clone()).await;
    if known.map_err(|_fault| Problem::overloaded())?.is_some() {
        return Err(Problem::state_conflict());
    }
    let filed = Filed { filing, docketed: docketed.map(|begin| begin.at), words };
    let by = By::Staff { user: signed.staff.user };
    let import = CaseImport { number, parties: parties?, filing: Some(filed), by, only_new: true };
    let case = court.import_case(import).await.map_err(|fault| Problem::from(&fault))?;
    Ok(HttpResponse::Created().json(json!({"case": case.to_string()})))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawIn {
    /// Who must not get it, and why.
    #[serde(default)]
    excluded: Vec<ExcludedIn>,
    /// Why it is taken from who has it.
    #[serde(default)]
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExcludedIn {
    judge: String,
    why: Exclusion,
}

async fn draw(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    // The first draw is whoever files; taking a case from a judge is the director's.
    let (signed, case) = match enter(&app, &request, Action::MoveCase, &id).await {
        Err(refused) if refused.code() == "forbidden" => {
            enter(&app, &request, Action::HandleCase, &id).await?
        }
        entered => entered?,
    };
    let given: DrawIn = small_json(&request, payload).await?;
    let mut excluded = Vec::new();
    for ExcludedIn { judge, why } in given.excluded {
        let judge: UserId = judge.parse().map_err(|_bad| invalid("excluded", "unknown-user"))?;
        excluded.push((judge, why));
    }
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let known = court.case(case).await.map_err(|fault| Problem::from(&fault))?;
    // Who takes a case from its judge, or keeps judges out of the draw, is the director.
    if known.handler.is_some() || !excluded.is_empty() {
        signed.may(Action::MoveCase)?;
    }
    let drawn =
        assignment::assign(&app, &court, &known, excluded, &given.reason, signed.staff.user);
    let record = drawn.await.map_err(|fault| match fault {
        AssignFault::Store => Problem::overloaded(),
        AssignFault::NoCandidate => Problem::state_conflict(),
        AssignFault::Command(fault) => Problem::from(&fault),
    })?;
    Ok(HttpResponse::Ok().json(json!({"judge": record.judge.to_string(), "draw": record})))
}

/// Most draws of one answer.
const DRAWS_MOST: u16 = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DrawsPage {
    /// Those before that one: `chain.nth`, as the answer before called it.
    before: Option<String>,
    /// At most so many.
    #[serde(default = "draws_usual")]
    limit: u16,
}

fn draws_usual() -> u16 {
    100
}

/// What anybody needs to check a court's draws: the ends of its chains, as they were published, and the draws.
/// Judges are ids; no party and no reason is in it.
async fn draws(
    app: Data<App>,
    court: Path<String>,
    page: Result<Query<DrawsPage>, actix_web::Error>,
) -> Result<HttpResponse, Problem> {
    let Query(page) = page.map_err(|_fault| Problem::request_invalid())?;
    let before = page.before.as_deref().map(|text| {
        let (chain, nth) = text.split_once('.')?;
        Some((chain.parse().ok()?, nth.parse().ok()?))
    });
    let before = match before {
        Some(None) => return Err(Problem::request_invalid()),
        other => other.flatten(),
    };
    if !(1..=DRAWS_MOST).contains(&page.limit) {
        return Err(Problem::request_invalid());
    }
    let court = tiande_core::ids::CourtId::parse(&court).map_err(|_bad| Problem::not_found())?;
    app.court(&court).ok_or_else(Problem::not_found)?;
    // Anybody may ask, so that these have a place of their own: staff never wait behind the curious.
    let pass = app.curious.enter().await;
    let _pass = pass.map_err(|_no_room| Problem::overloaded().retry_after(5))?;
    let shown = app
        .doors
        .draws(&court, before, page.limit)
        .await
        .map_err(|_fault| Problem::overloaded())?;
    Ok(HttpResponse::Ok().json(shown))
}
