//! What one party sees of a case: how far it is, what was said to and by this party, and what the judge has
//! released. Nothing of another party's, and nothing of where officers are.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use tiande_actors::ports::journal::Stored;
use tiande_core::case::CaseEvent;
use tiande_core::file::paper::{Origin, PaperEvent};
use tiande_core::file::party::{MessageEvent, SituationEvent};
use tiande_core::file::search::SearchEvent;
use tiande_core::file::{FileEvent, FileRecord, Purpose};
use tiande_core::ids::UserId;
use tiande_core::journal::{By, Event};
use tiande_core::time::UnixMillis;

use super::enter::Party;
use crate::api::file::{key, particulars};
use crate::app::App;

/// Something that the party was told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PartyNews {
    /// Of what.
    pub(crate) topic: String,
    /// Which, by the topic's own code.
    pub(crate) code: String,
    /// Which of several.
    pub(crate) number: i64,
    /// When it was reached.
    pub(crate) reached: UnixMillis,
    /// How much may be told.
    pub(crate) telling: String,
    /// Codes of documents.
    pub(crate) documents: String,
}

/// A record of what this party itself did; not of what followed from it.
pub(super) fn is_of(record: &Stored, party: u16) -> bool {
    let own = matches!(&record.by, By::Party { party: of, .. } if *of == party);
    let Event::Case(CaseEvent::File(file)) = &record.event else { return false };
    own && !matches!(file.event, FileEvent::Bound { .. })
}

/// Words that this party may read, by what they are about.
fn words(party: &Party, stored: &[Stored]) -> (BTreeMap<String, Value>, Vec<Value>) {
    let mut words = BTreeMap::new();
    let mut messages = Vec::new();
    let file = party.case.file.as_deref();
    let released = |item: u16| {
        let known = file.and_then(|file| file.situation.iter().find(|known| known.item == item));
        party.is_applicant() && known.is_some_and(|known| known.released)
    };
    for record in stored {
        let Event::Case(CaseEvent::File(of_file)) = &record.event else { continue };
        let FileRecord { sealed, event } = of_file.as_ref();
        let own = match event {
            FileEvent::Message(MessageEvent::Written { message, party: with, from_party, at })
                if *with == party.number =>
            {
                messages.push(json!({
                    "message": message, "from_party": from_party, "at": at.0,
                    "text": sealed.particulars().text, "seq": record.seq,
                }));
                false
            }
            FileEvent::Filed { .. } => party.is_applicant(),
            FileEvent::Appointment(known) => known.party == party.number,
            FileEvent::Paper(PaperEvent::Issued { to, .. }) => to.contains(&party.number),
            FileEvent::Paper(PaperEvent::HandedIn { party: from, .. }) => *from == party.number,
            FileEvent::Search(SearchEvent::LeadGiven { party: from, .. }) => {
                *from == Some(party.number)
            }
            FileEvent::Situation(SituationEvent::Noted { item, .. }) => released(*item),
            _ => false,
        };
        if let (true, Some(key)) = (own, key(event)) {
            let mut shown = particulars(&sealed.particulars());
            if let Some(shown) = shown.as_object_mut() {
                shown.insert("seq".to_owned(), json!(record.seq));
            }
            words.insert(key, shown);
        }
    }
    (words, messages)
}

/// What this party's leads came to: whether one was verified, and whether it was of use.
fn leads(party: &Party, stored: &[Stored]) -> Vec<Value> {
    let mut own = BTreeMap::new();
    for record in stored {
        let Event::Case(CaseEvent::File(of_file)) = &record.event else { continue };
        match &of_file.event {
            FileEvent::Search(SearchEvent::LeadGiven { lead, party: from, .. })
                if *from == Some(party.number) =>
            {
                let given =
                    json!({"lead": lead, "given": record.at.0, "verified": null, "useful": null});
                own.insert(*lead, given);
            }
            FileEvent::Search(SearchEvent::LeadVerified { lead, useful, .. }) => {
                if let Some(known) = own.get_mut(lead) {
                    known["verified"] = json!(record.at.0);
                    known["useful"] = json!(useful);
                }
            }
            _ => {}
        }
    }
    own.into_values().collect()
}

/// That was told, and is not held back.
pub(super) fn was_told(news: &[PartyNews], topic: &str, number: u16) -> bool {
    news.iter().any(|one| one.topic == topic && one.number == i64::from(number))
}

/// The whole of it.
pub(super) fn case(
    app: &App,
    party: &Party,
    stored: &[Stored],
    news: &[PartyNews],
    names: &BTreeMap<UserId, String>,
) -> Value {
    let case = &party.case;
    let name = app.court(&party.court).map(|court| court.profile().name.clone());
    let procedure = app.rules.of(case).map(|rules| rules.procedure);
    let title = |code: &str| {
        let node = code.parse().ok().and_then(|code| procedure?.node(code));
        node.map(|node| json!({"zh": node.zh, "en": node.en}))
    };
    let listed: Vec<Value> = news
        .iter()
        .map(|one| {
            json!({
                "topic": one.topic, "code": one.code, "number": one.number,
                "reached": one.reached.0, "telling": one.telling, "node": title(&one.code),
                "documents": one.documents.split_whitespace().collect::<Vec<_>>(),
            })
        })
        .collect();
    let index = usize::from(party.number).saturating_sub(1);
    let own_name = case.parties.get(index).map(|party| party.name.clone());
    let mut shown = json!({
        "court": {"id": party.court.as_str(), "name": name},
        "number": case.number, "handler": case.handler.and_then(|user| names.get(&user)),
        "party": {
            "number": party.number, "role": party.role, "name": own_name,
            "applicant": party.is_applicant(), "purpose": party.purpose,
        },
        "news": listed, "now": app.clock.now().0,
    });
    if let Some(file) = case.file.as_deref() {
        let totals = file.money.totals();
        if party.is_applicant() {
            shown["money"] = json!({
                "claimed": totals.claimed, "recovered": totals.recovered, "held": totals.held,
            });
        }
        shown["closed"] = json!(file.closing.closed.map(|closed| (closed.how, closed.at.0)));
        if party.purpose == Purpose::Party {
            of_party(&mut shown, party, file, stored, news);
        }
    }
    shown
}

fn of_party(
    shown: &mut Value,
    party: &Party,
    file: &tiande_core::file::CaseFile,
    stored: &[Stored],
    news: &[PartyNews],
) {
    let (mut words, mut messages) = words(party, stored);
    let number = party.number;
    let papers = file.papers.iter().filter(|paper| match &paper.origin {
        Origin::Court { to, .. } => {
            !paper.withdrawn && to.contains(&number) && was_told(news, "paper", paper.paper)
        }
        Origin::Party { party: from } => *from == number,
    });
    let papers: Vec<Value> = papers
        .map(|paper| {
            let signed = paper.signed.iter().any(|signed| signed.party == number);
            json!({
                "paper": paper.paper, "origin": paper.origin, "at": paper.at.0, "signed": signed,
                "sha256": hex::encode(paper.sha256),
                "served": file.services.served(paper.paper, number).map(|at| at.0),
            })
        })
        .collect();
    // What a judge holds back is neither listed nor named.
    let court_paper = |number: u16| {
        let known = file.papers.iter().find(|paper| paper.paper == number);
        known.is_some_and(|paper| matches!(paper.origin, Origin::Court { .. }))
    };
    words.retain(|key, _| {
        let number = key.strip_prefix("paper:").and_then(|number| number.parse().ok());
        number.is_none_or(|number| !court_paper(number) || was_told(news, "paper", number))
    });
    messages.retain(|message| {
        let number = message["message"].as_u64().and_then(|number| u16::try_from(number).ok());
        let own = message["from_party"] == true;
        own || number.is_some_and(|number| was_told(news, "message", number))
    });
    let appointments = file.appointments.iter().filter(|known| known.party == number);
    let situation = file.situation.iter().filter(|known| known.released && party.is_applicant());
    let thread = file.messages.threads.get(&number).copied().unwrap_or_default();
    shown["words"] = json!(words);
    shown["messages"] = json!(messages);
    shown["read"] = json!(thread.read_by_party);
    shown["read_by_court"] = json!(thread.read_by_court);
    shown["leads"] = json!(leads(party, stored));
    // Its own, to be corrected when it is wrong: where it is served, and by which telephone.
    let own = party.case.parties.get(usize::from(number).saturating_sub(1));
    shown["party"]["address"] = json!(own.map(|party| &party.address));
    shown["party"]["phone"] = json!(own.map(|party| &party.phone));
    shown["papers"] = json!(papers);
    shown["appointments"] = json!(appointments.collect::<Vec<_>>());
    shown["situation"] = json!(situation.collect::<Vec<_>>());
    shown["consent"] = json!(file.services.consents.get(&number));
}
