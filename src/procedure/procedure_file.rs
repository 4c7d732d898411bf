//! A procedure's file.

use tiande_core::procedure::{
    LimitDraft, NamedDraft, NodeDraft, Procedure, ProcedureDraft, ProcedureFault, ProcedureSpot,
    ReasonDraft, StartDraft,
};

use super::reading::{Fields, LineFault, Place, Reader};

/// Where the parts of the file stand.
#[derive(Default)]
struct Places {
    head: Place,
    reasons: Vec<(String, Place)>,
    events: Vec<(String, Place)>,
    documents: Vec<(String, Place)>,
    nodes: Vec<(String, Place)>,
}

/// Reads and checks a procedure.
///
/// # Errors
/// All faults of the file, in the order of lines.
pub fn read_procedure(text: &str) -> Result<Procedure, Vec<LineFault>> {
    let mut reader = Reader::new(text);
    let fields = reader.parse(text);
    let (draft, places) = draft(fields, &mut reader);
    let parsed = Procedure::parse(&draft);
    let found = parsed.as_ref().err().map(Vec::as_slice).unwrap_or_default();
    for (spot, fault) in found {
        note(&mut reader, &places, *spot, fault);
    }
    let faults = reader.end();
    match parsed {
        Ok(procedure) if faults.is_empty() => Ok(procedure),
        _ => Err(faults),
    }
}

fn note(reader: &mut Reader, places: &Places, spot: ProcedureSpot, fault: &ProcedureFault) {
    let empty = (String::new(), Place::default());
    let of = |what: &str, places: &[(String, Place)], index: usize| {
        let (code, place) = places.get(index).unwrap_or(&empty);
        (format!("{what} {code}"), place.clone())
    };
    let ((who, place), key) = match spot {
        ProcedureSpot::Head(key) => ((key.to_owned(), places.head.clone()), key),
        ProcedureSpot::Reason(index) => (of("reason", &places.reasons, index), "code"),
        ProcedureSpot::Event(index) => (of("event", &places.events, index), "code"),
        ProcedureSpot::Document(index) => (of("document", &places.documents, index), "code"),
        ProcedureSpot::Node(index, key) => {
            let (who, place) = of("node", &places.nodes, index);
            ((format!("{who}, {key}"), place), key)
        }
    };
    // One of three keys says which documents.
    let keys = if key == "documents" { vec![key, "one_of", "no_document"] } else { vec![key] };
    let key = keys.into_iter().find(|key| place.has(key)).unwrap_or(key);
    reader.fault_of_key(&place, key, format!("{who}: {fault}"));
}

fn draft(mut fields: Fields<'_>, reader: &mut Reader) -> (ProcedureDraft, Places) {
    let mut places = Places { head: fields.place(), ..Places::default() };
    let mut draft = ProcedureDraft {
        name: fields.text(reader, "procedure"),
        version: fields.number(reader, "version"),
        effective_from: fields.text(reader, "effective_from"),
        answer_working_days: fields.number(reader, "answer_working_days"),
        ladder: fields.texts(reader, "ladder"),
        ..ProcedureDraft::default()
    };
    for (code, mut entry) in fields.table(reader, "reasons").entries(reader) {
        places.reasons.push((code.clone(), entry.place()));
        let article = entry.text(reader, "article");
        let sure = entry.text(reader, "sure");
        draft.reasons.push(ReasonDraft { named: named(code, entry, reader), article, sure });
    }
    let mut table = |key, places: &mut Vec<(String, Place)>| {
        let mut read = Vec::new();
        for (code, entry) in fields.table(reader, key).entries(reader) {
            places.push((code.clone(), entry.place()));
            read.push(named(code, entry, reader));
        }
        read
    };
    draft.events = table("events", &mut places.events);
    draft.documents = table("documents", &mut places.documents);
    for mut row in fields.tables(reader, "node") {
        let place = row.place();
        let read = node(&mut row, reader);
        row.end(reader);
        places.nodes.push((read.code.clone(), place));
        draft.nodes.push(read);
    }
    fields.end(reader);
    (draft, places)
}

fn named(code: String, mut entry: Fields<'_>, reader: &mut Reader) -> NamedDraft {
    let named = NamedDraft { code, zh: entry.text(reader, "zh"), en: entry.text(reader, "en") };
    entry.end(reader);
    named
}

fn node(row: &mut Fields<'_>, reader: &mut Reader) -> NodeDraft {
    NodeDraft {
        code: row.text(reader, "code"),
        zh: row.text(reader, "zh"),
        en: row.text(reader, "en"),
        start: start(row.table(reader, "start"), reader),
        limit: limit(row, reader),
        kind: row.text(reader, "kind"),
        rounds: row.number_if_any(reader, "rounds"),
        warn: row.texts(reader, "warn"),
        reached_by: row.text_if_any(reader, "reached_by"),
        done_by: row.text_if_any(reader, "done_by"),
        assets: row.texts_if_any(reader, "assets").unwrap_or_default(),
        documents: row.texts_if_any(reader, "documents"),
        one_of: row.texts_if_any(reader, "one_of"),
        no_document: row.text_if_any(reader, "no_document"),
        told: row.texts(reader, "told"),
        tell: row.text_if_any(reader, "tell"),
        alarm_warn: row.texts(reader, "alarm_warn"),
        alarm_expiry: row.texts(reader, "alarm_expiry"),
        suspended_by: row.texts(reader, "suspended_by"),
        article: row.text(reader, "article"),
        rank: row.text(reader, "rank"),
        sure: row.text(reader, "sure"),
        note: row.text_if_any(reader, "note"),
        counsel: row.text_if_any(reader, "counsel"),
    }
}

fn start(mut fields: Fields<'_>, reader: &mut Reader) -> StartDraft {
    let start = StartDraft {
        event: fields.text_if_any(reader, "event"),
        after: fields.texts_if_any(reader, "after"),
        by_hand: fields.flag(reader, "by_hand"),
        before_end_of: fields.texts_if_any(reader, "before_end_of"),
        zh: fields.text_if_any(reader, "zh"),
        en: fields.text_if_any(reader, "en"),
    };
    fields.end(reader);
    start
}

fn limit(row: &mut Fields<'_>, reader: &mut Reader) -> LimitDraft {
    let mut fields = row.table(reader, "limit");
    if fields.is_empty() {
        return LimitDraft::default();
    }
    let exact = fields.flag(reader, "exact");
    let what = "limit needs exactly one of days, working_days, months, years, hours and minutes";
    let Some((unit, count)) = fields.single_number(reader, "exact", what) else {
        // Said already; the rules would only wonder at the empty unit.
        reader.said(row, "limit");
        return LimitDraft::default();
    };
    LimitDraft { unit, count, exact }
}
