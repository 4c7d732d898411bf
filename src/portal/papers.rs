//! Papers of a party: what it hands in, and what is for it.

use actix_web::web::{Data, Path, Payload, Query};
use actix_web::{HttpMessage as _, HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;
use tiande_core::file::paper::{self, BYTES_MAX, CONTENT_TYPES, Content, Origin, PaperCommand};
use tiande_core::file::party::{Arrival, Channel, ServiceCommand};
use tiande_core::file::{FileCommand, Particulars, Purpose};

use super::act::send;
use super::enter::entered;
use crate::api::nodes::invalid;
use crate::api::papers::{draft_of, refused, shown};
use crate::api::problem::Problem;
use crate::app::App;
use crate::papers::Stay;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Named {
    /// What it is, in a line.
    title: String,
    /// What it shows.
    #[serde(default)]
    text: String,
}

pub(super) async fn hand_in(
    app: Data<App>,
    request: HttpRequest,
    named: Result<Query<Named>, actix_web::Error>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let party = entered(&app, &request).await?;
    party.must_be(Purpose::Party)?;
    let Query(Named { title, text }) = named.map_err(|_fault| Problem::request_invalid())?;
    let words = Particulars { title, text, ..Particulars::default() };
    let named = words.clean().filter(|words| !words.title.is_empty());
    let words = named.ok_or_else(|| invalid("title", "text-invalid"))?;
    let content_type = request.content_type().to_owned();
    if !CONTENT_TYPES.contains(&content_type.as_str()) {
        return Err(Problem::media_type());
    }
    let most = app.config.papers;
    // What the case would refuse is not even read.
    let file = party.case.file.as_deref().ok_or_else(Problem::not_found)?;
    let room = paper::room(&file.papers, party.number, 1, most);
    room.map_err(|refusal| Problem::state_conflict().with_detail(refusal.to_string()))?;
    let draft = draft_of(&app, party.case.id, &request, payload, BYTES_MAX).await?;
    let waiting = draft.wait(Stay::Request).await.map_err(|_fault| Problem::storage_full())?;
    let sha256 = waiting.sha256();
    let content = Content { sha256, bytes: waiting.bytes(), content_type };
    let command = FileCommand::Paper(PaperCommand::HandIn { content, most });
    let sent = send(&app, &party, command, words).await;
    waiting.settle(&sent, refused).await;
    let seq = sent?;
    Ok(HttpResponse::Created().json(json!({"receipt": seq, "sha256": hex::encode(sha256)})))
}

pub(super) async fn open(
    app: Data<App>,
    request: HttpRequest,
    paper: Path<String>,
) -> Result<HttpResponse, Problem> {
    let party = entered(&app, &request).await?;
    party.must_be(Purpose::Party)?;
    let number: u16 = paper.parse().map_err(|_bad| Problem::not_found())?;
    let file = party.case.file.as_deref().ok_or_else(Problem::not_found)?;
    let paper = file.papers.iter().find(|paper| paper.paper == number);
    let paper = paper.ok_or_else(Problem::not_found)?;
    let own = match &paper.origin {
        Origin::Court { to, .. } => !paper.withdrawn && to.contains(&party.number),
        Origin::Party { party: from } => *from == party.number,
    };
    own.then_some(()).ok_or_else(Problem::not_found)?;
    // What a judge holds back is not there yet.
    if matches!(paper.origin, Origin::Court { .. }) {
        let news = app.journal.party_news(party.case.id, party.number, party.is_applicant()).await;
        let news = news.map_err(|_fault| Problem::overloaded())?;
        super::view::was_told(&news, "paper", number)
            .then_some(())
            .ok_or_else(Problem::not_found)?;
    }
    let reply = shown(&app, party.case.id, paper.sha256).await?;
    // What was sent here and is opened has arrived; before the bytes leave, so that nobody reads it unseen.
    let channel = Channel::Portal;
    let here = file.services.sent.iter().any(|sent| {
        (sent.paper, sent.party, sent.channel) == (number, party.number, channel)
            && sent.arrived.is_none()
    });
    if here {
        let (paper, how, at) = (number, Arrival::Read, app.clock.now());
        let party_number = party.number;
        let arrived = ServiceCommand::Arrived { paper, party: party_number, channel, how, at };
        send(&app, &party, FileCommand::Service(arrived), Particulars::default()).await?;
    }
    Ok(reply)
}
