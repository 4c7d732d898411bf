//! What parties see and do, each in the one case that an access link opens. They never meet the judge in a corridor:
//! they read how far the case is, write, hand things in, ask to be heard, are served, and sign.
//!
//! **Not here:** the rules of all that (`tiande_core::file`), and the page (`web/portal`).

mod act;
mod enter;
mod papers;
mod seen;
mod view;

use actix_web::web::{Data, Path, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use tiande_core::file::Purpose;
use tiande_core::journal::StreamId;

use crate::api::only;
use crate::api::problem::Problem;
use crate::app::App;
pub use enter::COOKIE;
use enter::{Party, entered};

/// Addresses of this folder.
pub fn routes(cfg: &mut ServiceConfig) {
    cfg.service(
        resource("/api/portal/session")
            .post(enter::begin)
            .delete(enter::end)
            .default_service(only("DELETE, POST")),
    )
    .service(
        resource("/api/portal/case").get(read).post(act::act).default_service(only("GET, POST")),
    )
    .service(resource("/api/portal/papers").post(papers::hand_in).default_service(only("POST")))
    .service(resource("/api/portal/papers/{paper}").get(papers::open).default_service(only("GET")))
    .service(resource("/api/portal/receipts/{seq}").get(receipt).default_service(only("GET")));
}

async fn read(app: Data<App>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let party = entered(&app, &request).await?;
    let stored = app.seen.records(&app.journal, party.case.id).await?;
    let news = app.journal.party_news(party.case.id, party.number, party.is_applicant()).await;
    let news = news.map_err(|_fault| Problem::overloaded())?;
    let names = app.doors.staff_names(&party.court).await;
    let names = names.map_err(|_fault| Problem::overloaded())?;
    Ok(HttpResponse::Ok().json(view::case(&app, &party, &stored, &news, &names)))
}

/// The receipt for something that the party itself did.
async fn receipt(
    app: Data<App>,
    request: HttpRequest,
    seq: Path<String>,
) -> Result<HttpResponse, Problem> {
    let party = entered(&app, &request).await?;
    party.must_be(Purpose::Party)?;
    let seq: u64 = seq.parse().map_err(|_bad| Problem::not_found())?;
    let stream = StreamId::Case(party.case.id);
    let stored = app.seen.records(&app.journal, party.case.id).await?;
    let own = stored.iter().find(|record| record.seq == seq);
    own.filter(|record| view::is_of(record, party.number)).ok_or_else(Problem::not_found)?;
    let found = app.proof.receipt(&party.court, stream, seq).await;
    let receipt = found.map_err(|_fault| Problem::overloaded())?.ok_or_else(Problem::not_found)?;
    Ok(HttpResponse::Ok().insert_header(("cache-control", "no-store")).json(receipt))
}

pub use seen::Seen;
pub(crate) use view::PartyNews;

impl Party {
    fn must_be(&self, purpose: Purpose) -> Result<(), Problem> {
        if self.purpose == purpose { Ok(()) } else { Err(Problem::forbidden()) }
    }
}
