//! What may be done with a case's nodes.

use super::plan::recurrences;
use super::{CaseNodes, NodeEvent, Rulebook, Suspension};
use crate::calendar::Day;
use crate::deadline::{Begin, EXTENSION_MAX};
use crate::procedure::{Kind, Node, NodeCode, ProcedureVersion, Start};
use crate::text::clean_text;
use crate::time::UnixMillis;

/// Longest name of a document, characters.
const DOCUMENT_MAX: usize = 200;
/// Most openings of one node, and most suspensions of one case.
const ENTRIES_MAX: usize = 200;

/// What is wanted of a case's nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeCommand {
    /// Run by this procedure. Needed first; later it is the explicit act that applies a newer one.
    ChooseProcedure(ProcedureVersion),
    /// Start a node's clock.
    Open {
        /// Which.
        node: NodeCode,
        /// When it starts; for a node counted back: the planned day.
        begin: Begin,
    },
    /// Another start than was recorded.
    Correct {
        /// Which.
        node: NodeCode,
        /// Which opening.
        opening: u16,
        /// The right start.
        begin: Begin,
        /// The document that shows it.
        document: String,
    },
    /// More time.
    Extend {
        /// Which.
        node: NodeCode,
        /// Which opening.
        opening: u16,
        /// Natural days more, 1–[`EXTENSION_MAX`] together.
        days: u32,
        /// The approval.
        document: String,
    },
    /// It was done.
    Complete {
        /// Which.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// When; not in the future.
        at: UnixMillis,
    },
    /// It does not apply any more.
    Cancel {
        /// Which.
        node: NodeCode,
        /// Which opening.
        opening: u16,
        /// The document that says so.
        document: String,
    },
    /// The case stands still.
    Suspend(Suspension),
    /// It runs again.
    Resume {
        /// Document of the suspension that ends.
        document: String,
        /// The first day on which clocks run again.
        until: Day,
    },
}

/// Why nothing was done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NodeRefusal {
    /// No procedure was chosen, or the rules at hand are another's.
    #[error("the case runs by another procedure, or by none yet")]
    Procedure,
    /// No such node.
    #[error("the procedure has no such node")]
    UnknownNode,
    /// A condition has no clock.
    #[error("the node is a condition and has no clock")]
    NoClock,
    /// Never opened.
    #[error("the node was not opened, or not so often")]
    NotOpen,
    /// Over already.
    #[error("the node is done or cancelled")]
    Over,
    /// No document.
    #[error(
        "name the document: without one nothing is corrected, extended, cancelled or suspended"
    )]
    Document,
    /// The same one.
    #[error("this document suspends the case already")]
    SameDocument,
    /// No such reason.
    #[error("the procedure has no such reason")]
    UnknownReason,
    /// Reversed.
    #[error("the suspension would end before it begins")]
    Reversed,
    /// No such suspension.
    #[error("no suspension by that document is going on")]
    NotSuspended,
    /// Cannot be extended.
    #[error("the node cannot be extended, or not so far")]
    NotExtendable,
    /// Not yet.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// A wait is not over.
    #[error("a wait that the law asks for is not over")]
    TooEarly,
    /// Its start follows from another node.
    #[error("the start of this node follows from the end of another")]
    DerivedStart,
    /// Too many.
    #[error("a case has at most 200 openings of a node, and 200 suspensions")]
    TooMany,
}

impl CaseNodes {
    /// Decides what a command leads to; an empty list means that nothing changes.
    ///
    /// # Errors
    /// [`NodeRefusal`].
    pub fn decide(
        &self,
        command: &NodeCommand,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<NodeEvent>, NodeRefusal> {
        if let NodeCommand::ChooseProcedure(version) = command {
            let same = version == rules.procedure.version();
            same.then_some(()).ok_or(NodeRefusal::Procedure)?;
            let changes = self.procedure.as_ref() != Some(version);
            return Ok(changes
                .then(|| NodeEvent::ProcedureChosen(version.clone()))
                .into_iter()
                .collect());
        }
        if self.procedure.as_ref() != Some(rules.procedure.version()) {
            return Err(NodeRefusal::Procedure);
        }
        let event = match command {
            NodeCommand::ChooseProcedure(_) => return Ok(Vec::new()),
            NodeCommand::Open { node, begin } => {
                let found = known(*node, rules)?;
                if found.kind == Kind::Condition {
                    return Err(NodeRefusal::NoClock);
                }
                let before = self.opened.get(node).map_or(0, Vec::len);
                let opening = u16::try_from(before + 1).ok().filter(|_| before < ENTRIES_MAX);
                let opening = opening.ok_or(NodeRefusal::TooMany)?;
                NodeEvent::Opened { node: *node, opening, begin: *begin }
            }
            NodeCommand::Correct { node, opening, begin, document } => {
                let found = self.running(*node, *opening, rules)?;
                if matches!(found.start, Start::BeforeEndOf { .. }) {
                    return Err(NodeRefusal::DerivedStart);
                }
                let document = named(document)?;
                if self.opening(*node, *opening).is_some_and(|opened| opened.begin == *begin) {
                    return Ok(Vec::new());
                }
                NodeEvent::Corrected { node: *node, opening: *opening, begin: *begin, document }
            }
            NodeCommand::Extend { node, opening, days, document } => {
                let found = self.running(*node, *opening, rules)?;
                let before =
                    self.opening(*node, *opening).map_or(0, |opened| opened.extension_days);
                let fits = found.kind.may_be_extended()
                    && found.limit.unit.ends_with_a_day()
                    && *days > 0
                    && before.saturating_add(*days) <= EXTENSION_MAX;
                fits.then_some(()).ok_or(NodeRefusal::NotExtendable)?;
                let document = named(document)?;
                NodeEvent::Extended { node: *node, opening: *opening, days: *days, document }
            }
            NodeCommand::Complete { node, round, at } => {
                let found = known(*node, rules)?;
                let every = recurrences(found);
                let opening = round.checked_sub(1).ok_or(NodeRefusal::NotOpen)? / every + 1;
                let opened = self.opening(*node, opening).ok_or(NodeRefusal::NotOpen)?;
                if self.done.contains(&(*node, *round)) {
                    return Ok(Vec::new());
                }
                if opened.cancelled {
                    return Err(NodeRefusal::Over);
                }
                if *at > now {
                    return Err(NodeRefusal::Future);
                }
                if found.kind == Kind::MinimumWait && !self.waited(found, opening, *at, rules) {
                    return Err(NodeRefusal::TooEarly);
                }
                NodeEvent::Completed { node: *node, round: *round, at: *at }
            }
            NodeCommand::Cancel { node, opening, document } => {
                let document = named(document)?;
                let opened = self.opening(*node, *opening).ok_or(NodeRefusal::NotOpen)?;
                if opened.cancelled {
                    return Ok(Vec::new());
                }
                NodeEvent::Cancelled { node: *node, opening: *opening, document }
            }
            NodeCommand::Suspend(suspension) => {
                let document = named(&suspension.document)?;
                if !rules.procedure.reasons().contains_key(&suspension.reason) {
                    return Err(NodeRefusal::UnknownReason);
                }
                if suspension.until.is_some_and(|until| until < suspension.first) {
                    return Err(NodeRefusal::Reversed);
                }
                if self.suspensions.iter().any(|known| known.document == document) {
                    return Err(NodeRefusal::SameDocument);
                }
                if self.suspensions.len() >= ENTRIES_MAX {
                    return Err(NodeRefusal::TooMany);
                }
                NodeEvent::Suspended(Suspension { document, ..suspension.clone() })
            }
            NodeCommand::Resume { document, until } => {
                let document = named(document)?;
                let mut open = self.suspensions.iter().filter(|known| known.until.is_none());
                let open = open.find(|known| known.document == document);
                let open = open.ok_or(NodeRefusal::NotSuspended)?;
                if *until < open.first {
                    return Err(NodeRefusal::Reversed);
                }
                NodeEvent::Resumed { document, until: *until }
            }
        };
        Ok(vec![event])
    }

    /// The node of an opening that is not over.
    fn running<'a>(
        &self,
        node: NodeCode,
        opening: u16,
        rules: Rulebook<'a>,
    ) -> Result<&'a Node, NodeRefusal> {
        let found = known(node, rules)?;
        let opened = self.opening(node, opening).ok_or(NodeRefusal::NotOpen)?;
        let last = opening.saturating_mul(recurrences(found));
        let over = opened.cancelled || self.done.contains(&(node, last));
        if over { Err(NodeRefusal::Over) } else { Ok(found) }
    }
}

fn known(node: NodeCode, rules: Rulebook<'_>) -> Result<&Node, NodeRefusal> {
    rules.procedure.node(node).ok_or(NodeRefusal::UnknownNode)
}

fn named(document: &str) -> Result<String, NodeRefusal> {
    clean_text(document, DOCUMENT_MAX, false).map_err(|_fault| NodeRefusal::Document)
}
