//! `POST /hooks/tips/{source}` (PROTOCOL §2): HTTP on one side, `super::take` on the other.

use actix_web::{HttpRequest, HttpResponse, web};
use metrics::counter;
use serde::Serialize;
use tiande_actors::court::CourtHandle;
use tiande_actors::intake::{SubmitTip, TipFault, TipTaken};
use tiande_actors::ports::Journal;
use tiande_actors::ports::journal::Delivery;
use tiande_actors::turnstile::{Pass, Turnstile};
use tiande_core::court::CourtProfile;
use tiande_core::ids::{CourtId, IncidentId, TipId};
use tiande_core::time::UnixMillis;

use super::body;
use super::media::MediaStore;
use super::rates::Rates;
use super::receipt::receipt;
use super::signature::{Secret, Signed};
use super::take::{Answer, Court, KnownSource, Server, take};
use crate::access::peers::PeerNetwork;
use crate::api::problem::Problem;
use crate::app::App;

/// Of the whole process: the workers share the sources.
static RATES: Rates = Rates::new();

/// The addresses of the intake.
pub fn routes(cfg: &mut web::ServiceConfig) {
    cfg.service(
        web::resource("/hooks/tips/{source}")
            .route(web::post().to(post_tip))
            .default_service(web::to(other_method)),
    );
}

async fn other_method() -> Result<HttpResponse, Problem> {
    Err(Problem::method_not_allowed("POST"))
}

/// The answer to a tip that is durable.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct TipAccepted {
    /// Identity of the tip.
    #[schema(value_type = String)]
    tip: TipId,
    /// Identity of its incident.
    #[schema(value_type = String)]
    incident: IncidentId,
    /// For the sender, to refer to it: 25 characters.
    receipt: String,
}

/// Takes a signed tip; answers when it is durable.
///
/// # Errors
/// [`Problem`]; nothing of the tip is kept then, or, after `journal-unavailable`, all of it or
/// nothing: the same delivery sent again finds out.
pub async fn post_tip(
    app: web::Data<App>,
    source: web::Path<String>,
    request: HttpRequest,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let done = receive(&app, &source, &request, payload).await;
    let result = match &done {
        Ok(answer) if answer.repeated => "repeated",
        Ok(_) => "taken",
        Err(problem) => problem.code(),
    };
    counter!("tiande_tips_total", "result" => result).increment(1);
    let Answer { tip, incident, .. } = done?;
    let receipt = receipt(&app.master, tip);
    Ok(HttpResponse::Accepted().json(TipAccepted { tip, incident, receipt }))
}

async fn receive(
    app: &web::Data<App>,
    source: &str,
    request: &HttpRequest,
    payload: web::Payload,
) -> Result<Answer, Problem> {
    app.check_open()?;
    body::check_head(request.headers())?;
    let signed = Signed::read(request.headers())?;
    let network = PeerNetwork::of(&app.config, request);
    let now = signed.clock(Server::now(app), app.shown());
    let coming = app.bodies.begin(network, &signed, now);
    let announced = body::announced(request.headers());
    let body = body::read(payload, announced, coming, body::BODY_TIME_MAX).await?;
    take(app, source, signed, body).await
}

impl Court for CourtHandle {
    fn profile(&self) -> &CourtProfile {
        self.profile()
    }

    fn tips(&self) -> &Turnstile {
        self.tips()
    }

    async fn submit(&self, pass: Pass, tip: SubmitTip) -> Result<TipTaken, TipFault> {
        self.submit_admitted(pass, tip).await
    }
}

impl Server for web::Data<App> {
    type Court = CourtHandle;

    fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    fn shown(&self) -> UnixMillis {
        self.clock.standing().wall
    }

    fn rates(&self) -> &Rates {
        &RATES
    }

    fn media(&self) -> &MediaStore {
        &self.media
    }

    fn court(&self, id: &CourtId) -> Option<CourtHandle> {
        App::court(self, id)
    }

    async fn source(&self, name: &str) -> Result<Option<KnownSource>, Problem> {
        let found = self.doors.source_by_name(name).await.map_err(|fault| {
            tracing::error!(?fault, "sources cannot be read");
            Problem::journal_unavailable()
        })?;
        Ok(found.map(|source| {
            let texts = std::iter::once(&source.secret).chain(&source.old_secrets);
            let secrets: Vec<_> = texts.filter_map(|text| Secret::parse(text)).collect();
            if secrets.is_empty() {
                tracing::error!(source = source.name, "the secret of this source is none");
            }
            KnownSource { court: source.court, trusted: source.trusted, secrets }
        }))
    }

    async fn delivery(&self, key: String, id: String) -> Result<Option<Delivery>, Problem> {
        self.journal.delivery(key, id).await.map_err(|fault| {
            tracing::error!(%fault, "deliveries cannot be read");
            Problem::journal_unavailable()
        })
    }
}
