//! A file as its court sees it: how it stands, what was said, and what happened in order.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use tiande_actors::ports::journal::Stored;
use tiande_core::case::{Case, CaseEvent, Party};
use tiande_core::file::closing::conditions;
use tiande_core::file::{CaseFile, FileEvent, FileRecord, Particulars};
use tiande_core::ids::{CaseId, UserId};
use tiande_core::journal::{By, Event, Fold, StreamId};

use crate::app::App;

/// The whole file; `None` when there is no such case.
pub(super) fn file(
    stored: &[Stored],
    case: CaseId,
    app: &App,
    names: &BTreeMap<UserId, String>,
) -> Option<Value> {
    let mut fold: Fold<Case> = Fold::before(StreamId::Case(case))?;
    let mut words = Map::new();
    let mut story = Vec::new();
    for record in stored {
        fold.take(record.seq, &record.event, record.at);
        let Event::Case(CaseEvent::File(file)) = &record.event else { continue };
        if let Some(key) = key(&file.event) {
            words.insert(key, particulars(&file.sealed.particulars()));
        }
        if !matches!(file.event, FileEvent::Bound { .. }) {
            story.push(step(record, file, names));
        }
    }
    let case = fold.state;
    let number = case.number.as_ref()?;
    let rules = app.rules.of(&case)?;
    let now = app.clock.now();
    let empty = CaseFile::default();
    let file = case.file.as_deref().unwrap_or(&empty);
    let checked = conditions(file, &case.roles(), case.has_waited(now, rules));
    let name = |user: &UserId| json!({"id": user.to_string(), "name": names.get(user)});
    let nodes: Vec<Value> = case
        .running(rules)
        .iter()
        .map(|running| {
            let row = rules.procedure.node(running.node);
            json!({
                "node": running.node, "round": running.round, "due": running.due.map(|due| due.0),
                "warned": running.warned, "overdue": running.overdue, "wait": running.wait,
                "provisional": running.provisional, "zh": row.map(|row| &row.zh),
                "en": row.map(|row| &row.en), "about": file.about(running.node, running.round),
                "documents": row.map(|row| documents(&row.documents)),
            })
        })
        .collect();
    let checked: Vec<Value> = checked
        .iter()
        .map(|checked| json!({"condition": checked.condition, "missing": checked.missing}))
        .collect();
    Some(json!({
        "case": case.id.to_string(), "number": number.as_str(),
        "handler": case.handler.as_ref().map(name),
        "parties": parties(&case.parties),
        "notices_held": case.notices_held,
        "state": state(file),
        "money": file.money.totals(),
        "words": words,
        "nodes": nodes,
        "conditions": checked,
        "story": story,
        "now": now.0,
    }))
}

fn documents(documents: &tiande_core::procedure::Documents) -> Vec<String> {
    use tiande_core::procedure::Documents;
    match documents {
        Documents::All(all) | Documents::OneOf(all) => all.clone(),
        Documents::None(_) => Vec::new(),
    }
}

fn parties(parties: &[Party]) -> Vec<Value> {
    (1_u16..)
        .zip(parties)
        .map(|(number, party)| {
            json!({
                "number": number, "role": party.role, "name": party.name,
                "id_number": party.id_number, "phone": party.phone, "address": party.address,
                "acts_for": party.acts_for,
            })
        })
        .collect()
}

/// The state without what only its owner may see: hashes of codes and tokens.
fn state(file: &CaseFile) -> Value {
    let mut file = file.clone();
    file.links.iter_mut().for_each(|link| link.token = [0; 32]);
    if let Some(offer) = &mut file.hands.offer {
        offer.code = [0; 32];
    }
    let mut shown = serde_json::to_value(&file).unwrap_or(Value::Null);
    if let Some(shown) = shown.as_object_mut() {
        shown.remove("bound");
        shown.remove("measures");
    }
    shown
}

/// What the words of an event are about: `asset:1`, `message:3`, `filed`.
pub(crate) fn key(event: &FileEvent) -> Option<String> {
    use tiande_core::file::asset::AssetEvent;
    use tiande_core::file::paper::PaperEvent;
    use tiande_core::file::party::{MessageEvent, SituationEvent};
    use tiande_core::file::petition::PetitionEvent;
    use tiande_core::file::search::SearchEvent;
    Some(match event {
        FileEvent::Filed { .. } => "filed".to_owned(),
        FileEvent::Asset(AssetEvent::Found { asset, .. }) => format!("asset:{asset}"),
        FileEvent::Search(SearchEvent::LeadGiven { lead, .. }) => format!("lead:{lead}"),
        FileEvent::Search(SearchEvent::LeadVerified { lead, .. }) => format!("lead:{lead}:answer"),
        FileEvent::Search(SearchEvent::Stated { finding }) => format!("finding:{}", finding.name()),
        FileEvent::Paper(PaperEvent::Issued { paper, .. } | PaperEvent::HandedIn { paper, .. }) => {
            format!("paper:{paper}")
        }
        FileEvent::Message(MessageEvent::Written { message, .. }) => format!("message:{message}"),
        FileEvent::Appointment(known) => format!("appointment:{}", known.appointment),
        FileEvent::Situation(SituationEvent::Noted { item, .. }) => format!("item:{item}"),
        FileEvent::Petition(PetitionEvent::Logged { petition, .. }) => {
            format!("petition:{petition}")
        }
        FileEvent::Petition(PetitionEvent::Answered { petition, .. }) => {
            format!("petition:{petition}:answer")
        }
        FileEvent::Measure(measure) => format!("measure:{}", measure.measure),
        _ => return None,
    })
}

pub(crate) fn particulars(words: &Particulars) -> Value {
    serde_json::to_value(words).unwrap_or(Value::Null)
}

fn step(record: &Stored, file: &FileRecord, names: &BTreeMap<UserId, String>) -> Value {
    let by = match &record.by {
        By::Staff { user } => json!({"id": user.to_string(), "name": names.get(user)}),
        By::Officer { officer, .. } => json!({"officer": officer.to_string()}),
        By::Party { party, .. } => json!({"party": party}),
        By::System | By::Source { .. } | By::Operator => Value::Null,
    };
    let mut shown = serde_json::to_value(&file.event).unwrap_or(Value::Null);
    strip(&mut shown);
    json!({
        "seq": record.seq, "at": record.at.0, "by": by, "part": shown.get("part"),
        "act": shown.get("act"), "words": particulars(&file.sealed.particulars()),
    })
}

/// Takes hashes of codes and tokens out of an event that is shown.
fn strip(event: &mut Value) {
    if let Some(act) = event.get_mut("act").and_then(Value::as_object_mut) {
        act.remove("token");
        act.remove("code");
    }
}
