//! One row of a procedure: from a draft to a [`Node`].

use std::collections::BTreeSet;

use super::check::{Check, Known};
use super::draft::{LimitDraft, NodeDraft};
use super::node::{Documents, Kind, Limit, Node, Offset, Start, Unit};
use super::{
    AssetKind, Deed, IncidentStep, NodeCode, Office, ProcedureFault as Fault,
    ProcedureSpot as Spot, Rank, Sure, Telling,
};

/// Most warnings of a row; its levels are counted in a byte.
const WARNINGS_MAX: usize = 8;

/// The event of a procedure's table that is the opening of an incident.
pub(super) const INCIDENT_BEGINS: &str = "tip_sent";

impl Check {
    /// `None` when so much is wrong that there is no row.
    pub(super) fn node(
        &mut self,
        index: usize,
        draft: &NodeDraft,
        known: &Known<'_>,
    ) -> Option<Node> {
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
        self.spot = at("reached_by");
        let reached_by = self.reached_by(draft, kind, limit);
        self.spot = at("done_by");
        let done_by = self.done_by(draft);
        self.spot = at("assets");
        let assets = self.assets(&draft.assets);
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
            reached_by,
            done_by,
            assets,
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
                self.need(!start.by_hand, Fault::ByHand);
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
                    return Some(Start::After { nodes, by_hand: start.by_hand, zh, en });
                }
                self.need(!start.by_hand, Fault::ByHand);
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

    /// Only what an incident's own clock can do: minutes that begin with the tip or with a step before.
    fn reached_by(
        &mut self,
        draft: &NodeDraft,
        kind: Option<Kind>,
        limit: Option<Limit>,
    ) -> Option<IncidentStep> {
        let name = draft.reached_by.as_deref()?;
        let known = (IncidentStep::from_name, IncidentStep::ALL, IncidentStep::name);
        let step = self.word("reached_by", name, known.0, known.1, known.2);
        let begins = draft.start.event.as_deref().is_none_or(|event| event == INCIDENT_BEGINS);
        let runs = kind.is_none_or(|kind| kind == Kind::Deadline)
            && limit.is_none_or(|limit| !limit.unit.ends_with_a_day());
        self.need(begins && runs && draft.start.before_end_of.is_none(), Fault::IncidentClock);
        let here = [Office::CommandCentre, Office::Director, Office::President];
        let named = draft.alarm_warn.iter().chain(&draft.alarm_expiry);
        let offices = named.filter_map(|name| Office::from_name(name));
        self.need(offices.into_iter().all(|office| here.contains(&office)), Fault::IncidentOffice);
        step
    }

    /// What an incident reaches is not also ended by the file, and only what has documents ends with them.
    fn done_by(&mut self, draft: &NodeDraft) -> Option<Deed> {
        let name = draft.done_by.as_deref()?;
        let deed = self.word("done_by", name, Deed::from_name, Deed::ALL, Deed::name)?;
        let of_file = draft.reached_by.is_none();
        let documents = deed != Deed::DocumentsIssued || draft.no_document.is_none();
        self.need(of_file && documents, Fault::DoneBy);
        Some(deed)
    }

    fn assets(&mut self, names: &[String]) -> Vec<AssetKind> {
        self.each_once(names);
        let known = (AssetKind::from_name, AssetKind::ALL, AssetKind::name);
        let kinds =
            names.iter().filter_map(|name| self.word("asset", name, known.0, known.1, known.2));
        kinds.collect()
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

    pub(super) fn offices(&mut self, names: &[String]) -> Vec<Office> {
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
}
