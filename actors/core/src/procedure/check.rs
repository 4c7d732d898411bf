//! From a draft to a [`Procedure`], or a list of all faults. Rows are checked in `row.rs`.

use std::collections::{BTreeMap, BTreeSet};

use super::cycle::circles;
use super::draft::{NamedDraft, ProcedureDraft};
use super::{
    NodeCode, Procedure, ProcedureFault as Fault, ProcedureSpot as Spot, ProcedureVersion, Reason,
    Sure, Words,
};
use crate::text::clean_text;

/// Most rows of a procedure.
const NODES_MAX: usize = 500;
/// Longest text, characters.
const TEXT_MAX: usize = 200;

impl Procedure {
    /// Checks a draft and makes a procedure of it.
    ///
    /// # Errors
    /// All faults, each with its spot.
    pub fn parse(draft: &ProcedureDraft) -> Result<Self, Vec<(Spot, Fault)>> {
        let mut check = Check { faults: Vec::new(), spot: Spot::Head("procedure") };
        let name_fits = (1..=32).contains(&draft.name.len())
            && draft
                .name
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        check.need(name_fits, Fault::Name);
        check.spot = Spot::Head("version");
        let version = u32::try_from(draft.version).ok().filter(|v| (1..=1_000_000).contains(v));
        check.need(version.is_some(), Fault::Version);
        check.spot = Spot::Head("effective_from");
        let effective_from = draft.effective_from.parse().ok();
        check.need(effective_from.is_some(), Fault::Date(draft.effective_from.clone()));
        check.spot = Spot::Head("answer_working_days");
        let answer = u32::try_from(draft.answer_working_days).ok();
        let answer = answer.filter(|days| (1..=30).contains(days));
        check.need(answer.is_some(), Fault::AnswerDays);
        check.spot = Spot::Head("ladder");
        check.need(!draft.ladder.is_empty(), Fault::NoLadder);
        let ladder = check.offices(&draft.ladder);
        let mut reasons = BTreeMap::new();
        for (index, reason) in draft.reasons.iter().enumerate() {
            check.spot = Spot::Reason(index);
            let words = check.named(&reason.named);
            let article = check.text(&reason.article);
            let sure = check.word("sure", &reason.sure, Sure::from_name, Sure::ALL, Sure::name);
            if let Some(sure) = sure {
                reasons.insert(reason.named.code.clone(), Reason { words, article, sure });
            }
        }
        let events = check.table(&draft.events, Spot::Event);
        let documents = check.table(&draft.documents, Spot::Document);
        check.spot = Spot::Head("node");
        check.need((1..=NODES_MAX).contains(&draft.nodes.len()), Fault::Nodes);
        let known = Known::of(draft);
        let mut nodes = Vec::new();
        let mut places = BTreeMap::new();
        for (index, node) in draft.nodes.iter().enumerate().take(NODES_MAX) {
            let Some(node) = check.node(index, node, &known) else { continue };
            check.spot = Spot::Node(index, "code");
            let first = places.insert(node.code, nodes.len()).is_none();
            check.need(first, Fault::DoubledCode(node.code));
            nodes.push(node);
        }
        check.circles(draft);
        let Check { faults, .. } = check;
        match (version, effective_from, answer) {
            (Some(version), Some(effective_from), Some(answer)) if faults.is_empty() => Ok(Self {
                version: ProcedureVersion { name: draft.name.clone(), version },
                effective_from,
                answer_working_days: answer,
                ladder,
                reasons,
                events,
                documents,
                nodes,
                places,
            }),
            _ => Err(faults),
        }
    }
}

/// What rows may refer to, also to rows and entries that have faults of their own.
pub(super) struct Known<'a> {
    pub(super) events: BTreeSet<&'a str>,
    pub(super) documents: BTreeSet<&'a str>,
    pub(super) reasons: BTreeSet<&'a str>,
    /// Rows with what is needed to know whether one can count back from their end.
    pub(super) nodes: BTreeMap<&'a str, (&'a str, &'a str)>,
}

impl<'a> Known<'a> {
    fn of(draft: &'a ProcedureDraft) -> Self {
        let codes = |table: &'a [NamedDraft]| table.iter().map(|e| e.code.as_str()).collect();
        Self {
            events: codes(&draft.events),
            documents: codes(&draft.documents),
            reasons: draft.reasons.iter().map(|reason| reason.named.code.as_str()).collect(),
            nodes: draft
                .nodes
                .iter()
                .map(|node| (node.code.as_str(), (node.kind.as_str(), node.limit.unit.as_str())))
                .collect(),
        }
    }
}

/// Collects faults; `spot` is where it looks now.
pub(super) struct Check {
    faults: Vec<(Spot, Fault)>,
    pub(super) spot: Spot,
}

impl Check {
    pub(super) fn need(&mut self, fits: bool, fault: Fault) {
        if !fits {
            self.faults.push((self.spot, fault));
        }
    }

    pub(super) fn text(&mut self, text: &str) -> String {
        let clean = clean_text(text, TEXT_MAX, false).ok().filter(|clean| !clean.is_empty());
        self.need(clean.is_some(), Fault::Text);
        clean.unwrap_or_default()
    }

    pub(super) fn word<T: Copy>(
        &mut self,
        what: &'static str,
        word: &str,
        find: fn(&str) -> Option<T>,
        all: &[T],
        name: fn(T) -> &'static str,
    ) -> Option<T> {
        let found = find(word);
        if found.is_none() {
            let known = all.iter().map(|value| name(*value)).collect::<Vec<_>>().join(", ");
            self.need(false, Fault::UnknownWord { what, word: word.to_owned(), known });
        }
        found
    }

    fn named(&mut self, draft: &NamedDraft) -> Words {
        let fits = (1..=48).contains(&draft.code.len())
            && draft
                .code
                .bytes()
                .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
        self.need(fits, Fault::EntryCode);
        Words { zh: self.text(&draft.zh), en: self.text(&draft.en) }
    }

    fn table(&mut self, table: &[NamedDraft], spot: fn(usize) -> Spot) -> BTreeMap<String, Words> {
        let mut read = BTreeMap::new();
        for (index, entry) in table.iter().enumerate() {
            self.spot = spot(index);
            let words = self.named(entry);
            read.insert(entry.code.clone(), words);
        }
        read
    }

    fn circles(&mut self, draft: &ProcedureDraft) {
        let mut edges = BTreeMap::new();
        let mut lines = BTreeMap::new();
        for (index, node) in draft.nodes.iter().enumerate() {
            let Ok(code) = node.code.parse::<NodeCode>() else { continue };
            let names = [&node.start.after, &node.start.before_end_of].into_iter().flatten();
            let nodes = names.flatten().filter_map(|name| name.parse::<NodeCode>().ok());
            edges.entry(code).or_insert_with(Vec::new).extend(nodes);
            lines.entry(code).or_insert(index);
        }
        for circle in circles(&edges) {
            let first = circle.first().copied();
            let index = first.and_then(|code| lines.get(&code)).copied().unwrap_or(0);
            let names = circle.iter().chain(&first).map(NodeCode::to_string);
            self.spot = Spot::Node(index, "start");
            self.need(false, Fault::Cycle(names.collect::<Vec<_>>().join(" → ")));
        }
    }
}
