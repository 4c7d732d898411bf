//! Documents of a case: looked at first, then issued: rendered, kept by hash, and recorded with the node they are for.

use actix_web::web::{Data, Path, Payload, ServiceConfig, resource};
use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tiande_core::access::Action;
use tiande_core::calendar::Day;
use tiande_core::case::{Case, CaseCommand, PartyRole};
use tiande_core::file::paper::{Content, PaperCommand};
use tiande_core::file::{Acting, FileCommand, Particulars};
use tiande_core::procedure::NodeCode;

use super::{enter, json_up_to, only, send};
use crate::access::guard::SignedIn;
use crate::api::documents::{pdf, rendered, template_of};
use crate::api::papers::refused;
use crate::api::problem::Problem;
use crate::app::App;
use crate::documents::{Common, Inputs, Mark, Party, PartyRole as Printed, Person};

/// Largest body, bytes: the longest fields of the largest template fit.
const BODY_MAX: usize = 512 * 1024;

/// Addresses of this file.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(resource("/api/cases/{id}/documents").post(make).default_service(only("POST")));
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NodeIn {
    node: NodeCode,
    round: u16,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wanted {
    template: String,
    #[serde(default)]
    fields: Map<String, Value>,
    /// The node that it is for.
    node: Option<NodeIn>,
    /// To which parties, by number.
    #[serde(default)]
    to: Vec<u16>,
    /// The document's day; today when not given.
    date: Option<Day>,
    /// Telephone of the handler's office, for the foot.
    #[serde(default)]
    telephone: String,
    /// Only to be looked at: nothing is recorded.
    #[serde(default)]
    preview: bool,
}

/// What the case says of itself in each of its documents.
fn common(app: &App, signed: &SignedIn, case: &Case, wanted: &Wanted, handler: &str) -> Common {
    let court = app.court(&signed.staff.court).map(|court| court.profile().name.clone());
    let number = case.number.as_ref().map(ToString::to_string).unwrap_or_default();
    let papers = case.file.as_deref().map_or(0, |file| file.papers.len());
    let printed = |role| match role {
        PartyRole::Applicant => Some(Printed::Applicant),
        PartyRole::Debtor => Some(Printed::Debtor),
        PartyRole::Third => Some(Printed::Interested),
        PartyRole::Agent => None,
    };
    let agent_of = |number: u16| {
        let acts = |party: &&tiande_core::case::Party| party.acts_for == Some(number);
        case.parties.iter().find(acts).map(|party| party.name.clone()).unwrap_or_default()
    };
    let parties = (1..).zip(&case.parties).filter_map(|(number, party)| {
        let details = [&party.id_number, &party.address].map(String::as_str);
        let details: Vec<&str> = details.into_iter().filter(|text| !text.is_empty()).collect();
        Some(Party {
            role: printed(party.role)?,
            name: party.name.clone(),
            details: details.join("，"),
            representative: String::new(),
            agent: agent_of(number),
        })
    });
    let person = |title: &str| Person {
        title: title.to_owned(),
        name: handler.to_owned(),
        telephone: wanted.telephone.clone(),
    };
    let date = wanted.date.unwrap_or_else(|| Day::of(app.clock.now()));
    Common {
        court: court.unwrap_or_default(),
        document_number: format!("{number}之{}", papers + 1),
        case_number: number,
        date: date.to_string(),
        parties: parties.collect(),
        handler: (!handler.is_empty()).then(|| person("承办人")),
        signatories: if handler.is_empty() { Vec::new() } else { vec![person("审判员")] },
        clerk: None,
        // It names the case to who may know it, and tells nobody else anything.
        qr: crate::identity::code_of(&app.master, case.id),
        mark: if wanted.preview { Mark::Draft } else { Mark::Original },
    }
}

async fn make(
    app: Data<App>,
    request: HttpRequest,
    id: Path<String>,
    payload: Payload,
) -> Result<HttpResponse, Problem> {
    let (signed, case) = enter(&app, &request, Action::HandleCase, &id).await?;
    let wanted: Wanted = json_up_to(&request, payload, BODY_MAX).await?;
    let court = app.court(&signed.staff.court).ok_or_else(Problem::starting)?;
    let known = court.case(case).await.map_err(|fault| Problem::from(&fault))?;
    let names = app.doors.staff_names(&signed.staff.court).await;
    let names = names.map_err(|_fault| Problem::overloaded())?;
    let handler = known.handler.and_then(|user| names.get(&user)).cloned().unwrap_or_default();
    let template = template_of(&app, &wanted.template)?;
    let (version, title) = (template.version, template.zh.clone());
    let inputs = Inputs {
        common: common(&app, &signed, &known, &wanted, &handler),
        fields: wanted.fields.clone(),
    };
    let made = rendered(&app, &wanted.template, inputs).await?;
    if wanted.preview {
        return Ok(pdf(&wanted.template, made.pdf));
    }
    let waiting = app.papers.take_in(case, made.pdf).await;
    let waiting = waiting.map_err(|_fault| Problem::storage_full())?;
    let (sha256, bytes) = (waiting.sha256(), waiting.bytes());
    let content = Content { sha256, bytes, content_type: "application/pdf".to_owned() };
    let node = wanted.node.map(|NodeIn { node, round }| (node, round));
    let Wanted { template, to, .. } = wanted;
    let command = PaperCommand::Issue { template, version, content, node, to };
    let by = Acting::Staff(signed.staff.user);
    let command = CaseCommand::file(by, FileCommand::Paper(command), Particulars::titled(&title));
    let sent = send(&app, &signed, case, command).await;
    waiting.settle(&sent, refused).await;
    sent?;
    Ok(HttpResponse::Created().json(json!({"sha256": hex::encode(sha256), "pages": made.pages})))
}
