//! From a draft to a [`Procedure`], or a list of all faults.

use std::collections::{BTreeMap, BTreeSet};

use super::cycle::circles;
use super::draft::{LimitDraft, NamedDraft, NodeDraft, ProcedureDraft};
use super::node::{Documents, Kind, Limit, Node, Offset, Start, Unit};
use super::{
    NodeCode, Office, Procedure, ProcedureFault as Fault, ProcedureSpot as Spot, ProcedureVersion,
    Rank, Reason, Sure, Telling, Words,
};
use crate::text::clean_text;

/// Most rows of a procedure.
const NODES_MAX: usize = 500;
/// Most warnings of a row; its levels are counted in a byte.
const WARNINGS_MAX: usize = 8;
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
        match (version, effective_from) {
            (Some(version), Some(effective_from)) if faults.is_empty() => Ok(Self {
                version: ProcedureVersion { name: draft.name.clone(), version },
                effective_from,
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
struct Known<'a> {
    events: BTreeSet<&'a str>,
    documents: BTreeSet<&'a str>,
    reasons: BTreeSet<&'a str>,
    /// Rows with what is needed to know whether one can count back from their end.
    nodes: BTreeMap<&'a str, (&'a str, &'a str)>,
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

struct Check {
    faults: Vec<(Spot, Fault)>,
    spot: Spot,
}

impl Check {
    fn need(&mut self, fits: bool, fault: Fault) {
        if !fits {
            self.faults.push((self.spot, fault));
        }
    }

    fn text(&mut self, text: &str) -> String {
        let clean = clean_text(text, TEXT_MAX, false).ok().filter(|clean| !clean.is_empty());
        self.need(clean.is_some(), Fault::Text);
        clean.unwrap_or_default()
    }

    fn word<T: Copy>(
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

    /// `None` when so much is wrong that there is no row.
    fn node(&mut self, index: usize, draft: &NodeDraft, known: &Known<'_>) -> Option<Node> {
        let at = |field| Spot::Node(index, field);
        self.spot = at("code");
        let code: Option<NodeCode> = draft.code.parse().ok();
        self.need(code.is_some(), Fault::Code(draft.code.clone()));
        self.spot = at("zh");
        let zh = self.text(&draft.zh);
        self.spot = at("en");
        let en = self.text(&draft.en);
        self.spot = at("kind");
        let kind = self.kind(index, draft);
        self.spot = at("limit");
        let limit = self.limit(&draft.limit, kind);
        self.spot = at("start");
        let start = self.start(draft, kind, known);
        self.spot = at("warn");
        let warn = self.warnings(&draft.warn, limit, kind);
        self.spot = at("documents");
        let documents = self.documents(draft, known);
        self.spot = at("told");
        let told = self.offices(&draft.told);
        self.spot = at("tell");
        let tell = draft.tell.as_deref().unwrap_or(Telling::Full.name());
        let telling = self.word("tell", tell, Telling::from_name, Telling::ALL, Telling::name);
        let mut alarmed = |field, names: &[String]| {
            self.spot = at(field);
            self.need(!names.is_empty(), Fault::NoOffice);
            self.offices(names)
        };
        let alarm_warn = alarmed("alarm_warn", &draft.alarm_warn);
        let alarm_expiry = alarmed("alarm_expiry", &draft.alarm_expiry);
        self.spot = at("suspended_by");
        let suspended_by = self.reasons(&draft.suspended_by, kind, limit, known);
        self.spot = at("article");
        let article = self.text(&draft.article);
        self.spot = at("rank");
        let rank = self.word("rank", &draft.rank, Rank::from_name, Rank::ALL, Rank::name);
        self.spot = at("sure");
        let sure = self.word("sure", &draft.sure, Sure::from_name, Sure::ALL, Sure::name);
        if let (Some(rank), Some(sure)) = (rank, sure) {
            let both = (rank == Rank::CourtDefault) == (sure == Sure::Default);
            self.need(both, Fault::RankAndSure);
        }
        self.spot = at("note");
        let note = draft.note.as_deref().map(|text| self.text(text));
        self.spot = at("counsel");
        let counsel = draft.counsel.as_deref().map(|text| self.text(text));
        Some(Node {
            code: code?,
            zh,
            en,
            start: start?,
            limit: limit?,
            kind: kind?,
            warn,
            documents: documents?,
            told,
            telling: telling?,
            alarm_warn,
            alarm_expiry,
            suspended_by,
            article,
            rank: rank?,
            sure: sure?,
            note,
            counsel,
        })
    }

    fn kind(&mut self, index: usize, draft: &NodeDraft) -> Option<Kind> {
        let rounds = draft.rounds.and_then(|rounds| u16::try_from(rounds).ok());
        let rounds = rounds.filter(|rounds| (2..=100).contains(rounds));
        let kind = match draft.kind.as_str() {
            "deadline" => Kind::Deadline,
            "expiry" => Kind::Expiry,
            "minimum_wait" => Kind::MinimumWait,
            "backwards" => Kind::Backwards,
            "recurring" => Kind::Recurring { rounds: rounds.unwrap_or(2) },
            "condition" => Kind::Condition,
            other => {
                self.need(false, Fault::UnknownKind(other.to_owned()));
                return None;
            }
        };
        let recurs = matches!(kind, Kind::Recurring { .. });
        self.spot = Spot::Node(index, "rounds");
        let fits = if recurs { rounds.is_some() } else { draft.rounds.is_none() };
        self.need(fits, Fault::Rounds);
        Some(kind)
    }

    fn limit(&mut self, draft: &LimitDraft, kind: Option<Kind>) -> Option<Limit> {
        let unit = Unit::from_name(&draft.unit);
        self.need(unit.is_some(), Fault::UnknownUnit(draft.unit.clone()));
        let unit = unit?;
        let count = u32::try_from(draft.count).ok().filter(|n| (1..=unit.count_max()).contains(n));
        self.need(count.is_some(), Fault::LimitRange(unit.count_max()));
        self.need(!draft.exact || unit == Unit::Hours, Fault::ExactUnit);
        if let Some(kind) = kind {
            let fits = match kind {
                Kind::Deadline | Kind::Condition => true,
                // These never depend on the calendar.
                Kind::Expiry | Kind::MinimumWait => unit != Unit::WorkingDays,
                Kind::Backwards => unit == Unit::Days,
                Kind::Recurring { .. } => unit.ends_with_a_day() && unit != Unit::WorkingDays,
            };
            self.need(fits, Fault::UnitOfKind(kind.name(), unit.name()));
        }
        Some(Limit { count: count?, unit, exact: draft.exact })
    }

    fn start(&mut self, draft: &NodeDraft, kind: Option<Kind>, known: &Known<'_>) -> Option<Start> {
        let start = &draft.start;
        let words = start.zh.is_some() && start.en.is_some();
        match (&start.event, &start.after, &start.before_end_of) {
            (Some(event), None, None) => {
                self.need(start.zh.is_none() && start.en.is_none(), Fault::StartWords);
                let there = known.events.contains(event.as_str());
                self.need(there, Fault::UnknownEvent(event.clone()));
                Some(Start::Event(event.clone()))
            }
            (None, Some(names), None) | (None, None, Some(names)) => {
                self.need(words, Fault::StartWords);
                let zh = start.zh.as_deref().map(|text| self.text(text)).unwrap_or_default();
                let en = start.en.as_deref().map(|text| self.text(text)).unwrap_or_default();
                let nodes = self.nodes_of_start(names, known);
                if start.after.is_some() {
                    return Some(Start::After { nodes, zh, en });
                }
                self.need(kind.is_none_or(|k| k == Kind::Backwards), Fault::NotBackwards);
                for node in &nodes {
                    let (kind, unit) = known.nodes.get(node.as_str()).copied().unwrap_or_default();
                    let in_days = Unit::from_name(unit).is_none_or(Unit::ends_with_a_day);
                    self.need(kind == Kind::Deadline.name() && in_days, Fault::NoEnd(*node));
                }
                Some(Start::BeforeEndOf { nodes, zh, en })
            }
            _ => {
                self.need(false, Fault::StartForm);
                None
            }
        }
    }

    fn nodes_of_start(&mut self, names: &[String], known: &Known<'_>) -> Vec<NodeCode> {
        self.need(!names.is_empty(), Fault::StartForm);
        self.each_once(names);
        let mut nodes = Vec::new();
        for name in names {
            match name.parse() {
                Ok(code) if known.nodes.contains_key(name.as_str()) => nodes.push(code),
                _ => self.need(false, Fault::UnknownNode(name.clone())),
            }
        }
        nodes
    }

    fn warnings(
        &mut self,
        texts: &[String],
        limit: Option<Limit>,
        kind: Option<Kind>,
    ) -> Vec<Offset> {
        // A planned day may lie as far away as one likes.
        let backwards = matches!(kind, Some(Kind::Backwards | Kind::Condition));
        let mut offsets = Vec::new();
        for text in texts {
            let Some(offset) = Offset::parse(text) else {
                self.need(false, Fault::Warning(text.clone()));
                continue;
            };
            if let Some(limit) = limit {
                let in_days = matches!(offset, Offset::Days(_));
                let fits = in_days == limit.unit.ends_with_a_day();
                self.need(fits, Fault::WarningUnit(text.clone()));
                let least = limit.unit.at_least().0.saturating_mul(u64::from(limit.count));
                self.need(
                    !fits || backwards || offset.length().0 < least,
                    Fault::WarningTooLong(text.clone()),
                );
            }
            offsets.push(offset);
        }
        let falling = offsets.windows(2).all(|two| two[0].length() > two[1].length());
        self.need(falling && texts.len() <= WARNINGS_MAX, Fault::WarningOrder);
        offsets
    }

    fn documents(&mut self, draft: &NodeDraft, known: &Known<'_>) -> Option<Documents> {
        let mut listed = |names: &[String]| {
            self.need(!names.is_empty(), Fault::DocumentForm);
            self.each_once(names);
            for name in names {
                let there = known.documents.contains(name.as_str());
                self.need(there, Fault::UnknownDocument(name.clone()));
            }
            names.to_vec()
        };
        match (&draft.documents, &draft.one_of, &draft.no_document) {
            (Some(names), None, None) => Some(Documents::All(listed(names))),
            (None, Some(names), None) => Some(Documents::OneOf(listed(names))),
            (None, None, Some(why)) => Some(Documents::None(self.text(why))),
            _ => {
                self.need(false, Fault::DocumentForm);
                None
            }
        }
    }

    fn offices(&mut self, names: &[String]) -> Vec<Office> {
        self.each_once(names);
        let mut offices = Vec::new();
        for name in names {
            match Office::from_name(name) {
                Some(office) => offices.push(office),
                None => self.need(false, Fault::UnknownOffice(name.clone())),
            }
        }
        offices
    }

    fn reasons(
        &mut self,
        names: &[String],
        kind: Option<Kind>,
        limit: Option<Limit>,
        known: &Known<'_>,
    ) -> BTreeSet<String> {
        self.each_once(names);
        for name in names {
            let there = known.reasons.contains(name.as_str());
            self.need(there, Fault::UnknownReason(name.clone()));
        }
        if !names.is_empty() {
            if let Some(kind) = kind {
                self.need(kind.may_be_suspended(), Fault::NeverSuspended(kind.name()));
            }
            let in_days = limit.is_none_or(|limit| limit.unit.ends_with_a_day());
            self.need(in_days, Fault::SuspendedHours);
        }
        names.iter().cloned().collect()
    }

    fn each_once(&mut self, names: &[String]) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.need(seen.insert(name), Fault::Twice(name.clone()));
        }
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
