//! Holds inputs against a template. Either all is there and every character can be printed, or nothing
//! is rendered and every fault is told at once.

use serde_json::{Map, Value, json};
use tiande_core::calendar::Day;

use super::declare::Template;
use super::fonts::Fonts;
use super::inputs::{Common, InputFault, Inputs, Mark, PartyRole, Person};
use super::values::{Reading, escaped};
use super::{dates, qr};

/// Longest name of a court, characters: one line of the heading.
const COURT_MAX: usize = 24;
/// Longest number of a case or document, characters.
const NUMBER_MAX: usize = 60;
/// Most parties of one case that are named.
const PARTIES_MAX: usize = 60;
/// Longest name of a person or an organisation, characters.
const NAME_MAX: usize = 100;
/// Longest description of one, characters.
const DETAILS_MAX: usize = 400;
/// Most people who sign.
const SIGNATORIES_MAX: usize = 9;
/// Longest name or title of one of them, characters: they stand on one line.
const PERSON_MAX: usize = 20;

/// What can be rendered: only a check makes it.
#[derive(Clone, Debug)]
pub struct Checked {
    source: &'static str,
    data: Value,
    day: Day,
}

impl Checked {
    pub(super) fn source(&self) -> &'static str {
        self.source
    }

    pub(super) fn data(&self) -> &Value {
        &self.data
    }

    pub(super) fn day(&self) -> Day {
        self.day
    }
}

pub(super) fn check(
    template: &Template,
    inputs: &Inputs,
    fonts: &Fonts,
) -> Result<Checked, Vec<InputFault>> {
    let mut reading = Reading::new(fonts);
    let (mut data, day) = common(&mut reading, template, &inputs.common);
    let mut fields = Map::new();
    for field in &template.fields {
        let pointer = format!("/fields/{}", field.name);
        let value = reading.field(&pointer, field, inputs.fields.get(&field.name));
        let value = match value {
            Value::String(number) if field.name.ends_with("_number") => wide(&number).into(),
            other => other,
        };
        fields.insert(field.name.clone(), value);
    }
    for other in inputs.fields.keys().filter(|key| !fields.contains_key(*key)) {
        reading.fault(&format!("/fields/{}", escaped(other)), "unknown-field");
    }
    data.insert("fields".to_owned(), Value::Object(fields));
    match day {
        Some(day) if reading.faults.is_empty() => {
            Ok(Checked { source: template.source, data: Value::Object(data), day })
        }
        _ => Err(reading.faults),
    }
}

fn common(
    reading: &mut Reading<'_>,
    template: &Template,
    common: &Common,
) -> (Map<String, Value>, Option<Day>) {
    let court = reading.wanted("/common/court", &common.court, COURT_MAX);
    let case = reading.wanted("/common/case_number", &common.case_number, NUMBER_MAX);
    let own = reading.text("/common/document_number", &common.document_number, NUMBER_MAX, false);
    let day = reading.day("/common/date", &common.date);
    let number = if own.is_empty() { &case } else { &own };
    let mut data = Map::new();
    let mut put = |key: &str, value: Value| data.insert(key.to_owned(), value);
    put("title", template.zh.clone().into());
    put("court", court.into());
    put("number", wide(number).into());
    put("case_number", wide(&case).into());
    put("date", day.map(dates::plain).into());
    put("date_han", day.map(dates::han).into());
    put("mark", serde_json::to_value(common.mark).unwrap_or_default());
    put("parties", parties(reading, template, common));
    put("applicants", names(common, PartyRole::Applicant).into());
    put("debtors", names(common, PartyRole::Debtor).into());
    put("objectors", names(common, PartyRole::Objector).into());
    put("outsiders", names(common, PartyRole::Outsider).into());
    put("handler", one(reading, "/common/handler", common.handler.as_ref()));
    put("clerk", one(reading, "/common/clerk", common.clerk.as_ref()));
    put("signatories", signatories(reading, template, common));
    let draft = common.mark == Mark::Draft;
    let code = if common.qr.is_empty() || draft { None } else { qr::runs(&common.qr) };
    if !common.qr.is_empty() && qr::runs(&common.qr).is_none() {
        reading.fault("/common/qr", "too-long");
    }
    put("qr", code.unwrap_or_default());
    (data, day)
}

/// Numbers are typed with brackets of either width, and printed with the wide ones.
fn wide(number: &str) -> String {
    number.replace(['(', '〔', '['], "（").replace([')', '〕', ']'], "）")
}

fn names(common: &Common, role: PartyRole) -> String {
    let of = common.parties.iter().filter(|party| party.role == role);
    of.map(|party| party.name.trim()).collect::<Vec<_>>().join("、")
}

fn parties(reading: &mut Reading<'_>, template: &Template, common: &Common) -> Value {
    if template.parties {
        for (role, code) in
            [(PartyRole::Applicant, "no-applicant"), (PartyRole::Debtor, "no-debtor")]
        {
            if names(common, role).is_empty() {
                reading.fault("/common/parties", code);
            }
        }
    }
    if common.parties.len() > PARTIES_MAX {
        reading.fault("/common/parties", "too-many");
        return Value::Null;
    }
    let each = common.parties.iter().enumerate().map(|(at, party)| {
        let at = |field: &str| format!("/common/parties/{at}/{field}");
        json!({
            "role": party.role.zh(),
            "name": reading.wanted(&at("name"), &party.name, NAME_MAX),
            "details": reading.text(&at("details"), &party.details, DETAILS_MAX, false),
            "representative":
                reading.text(&at("representative"), &party.representative, NAME_MAX, false),
            "agent": reading.text(&at("agent"), &party.agent, DETAILS_MAX, false),
        })
    });
    each.collect()
}

fn person(reading: &mut Reading<'_>, pointer: &str, person: &Person) -> Value {
    let at = |field: &str| format!("{pointer}/{field}");
    json!({
        "title": reading.wanted(&at("title"), &person.title, PERSON_MAX),
        "name": reading.wanted(&at("name"), &person.name, PERSON_MAX),
        "telephone": reading.text(&at("telephone"), &person.telephone, PERSON_MAX, false),
    })
}

fn one(reading: &mut Reading<'_>, pointer: &str, known: Option<&Person>) -> Value {
    known.map(|known| person(reading, pointer, known)).unwrap_or_default()
}

fn signatories(reading: &mut Reading<'_>, template: &Template, common: &Common) -> Value {
    let pointer = "/common/signatories";
    let people = &common.signatories;
    if people.is_empty() && template.kind.is_signed_by_judges() {
        reading.fault(pointer, "missing");
    }
    if people.len() > SIGNATORIES_MAX {
        reading.fault(pointer, "too-many");
        return Value::Null;
    }
    let each = people
        .iter()
        .enumerate()
        .map(|(at, known)| person(reading, &format!("{pointer}/{at}"), known));
    each.collect()
}
