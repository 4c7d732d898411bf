//! A whole procedure, checked.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Node, NodeCode, Office, Sure};
use crate::calendar::Day;

/// Which procedure a case runs by; it keeps the one it began with.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ProcedureVersion {
    /// The procedure's name, such as `enforcement`.
    pub name: String,
    /// Its version, 1–1000000; grows with each change.
    pub version: u32,
}

/// A name in two languages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Words {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// A reason that stops clocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    /// What it is.
    pub words: Words,
    /// Where it stands.
    pub article: String,
    /// How sure that is.
    pub sure: Sure,
}

/// A procedure without contradictions. Made by [`Procedure::parse`] only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Procedure {
    pub(super) version: ProcedureVersion,
    pub(super) effective_from: Day,
    pub(super) answer_working_days: u32,
    pub(super) ladder: Vec<Office>,
    pub(super) reasons: BTreeMap<String, Reason>,
    pub(super) events: BTreeMap<String, Words>,
    pub(super) documents: BTreeMap<String, Words>,
    pub(super) nodes: Vec<Node>,
    /// Where each node is in `nodes`.
    pub(super) places: BTreeMap<NodeCode, usize>,
}

impl Procedure {
    /// Its name and version.
    #[must_use]
    pub fn version(&self) -> &ProcedureVersion {
        &self.version
    }

    /// From this day on new cases begin with it.
    #[must_use]
    pub fn effective_from(&self) -> Day {
        self.effective_from
    }

    /// For what is overdue the handler owes an answer within so many working days, 1–30.
    #[must_use]
    pub fn answer_working_days(&self) -> u32 {
        self.answer_working_days
    }

    /// The offices that an escalation climbs while nobody answers, from below; never empty.
    #[must_use]
    pub fn ladder(&self) -> &[Office] {
        &self.ladder
    }

    /// All nodes in the order of the file.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// The node of that code.
    #[must_use]
    pub fn node(&self, code: NodeCode) -> Option<&Node> {
        self.nodes.get(*self.places.get(&code)?)
    }

    /// All reasons that may stop a clock, by code.
    #[must_use]
    pub fn reasons(&self) -> &BTreeMap<String, Reason> {
        &self.reasons
    }

    /// All events that start clocks, by code.
    #[must_use]
    pub fn events(&self) -> &BTreeMap<String, Words> {
        &self.events
    }

    /// All documents, by code.
    #[must_use]
    pub fn documents(&self) -> &BTreeMap<String, Words> {
        &self.documents
    }
}
