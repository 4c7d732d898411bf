//! What an act in the file does to the case's nodes: which start with it, which it ends, and which run again.

use std::collections::BTreeSet;

use super::work::Work;
use super::{Case, CaseEvent, CaseRefusal};
use crate::deadline::Begin;
use crate::file::paper::Origin;
use crate::file::{About, Effect, FileEvent, FileRecord, FileRefusal, Sealed};
use crate::nodes::{NodeCommand, NodeEvent, Rulebook};
use crate::procedure::{Deed, Documents, Kind, Node, NodeCode, Start};
use crate::time::UnixMillis;

impl Work<'_> {
    pub(super) fn all_effects(&mut self, effects: &[Effect]) -> Result<(), CaseRefusal> {
        effects.iter().try_for_each(|effect| self.effect(effect))
    }

    fn effect(&mut self, effect: &Effect) -> Result<(), CaseRefusal> {
        let nodes = self.rules.procedure.nodes();
        match effect {
            Effect::Happened { event, at, about, kind } => {
                let begins = |node: &&Node| {
                    matches!(&node.start, Start::Event(starts) if starts == event)
                        && node.reached_by.is_none()
                        && node.kind != Kind::Condition
                        && (node.assets.is_empty()
                            || kind.is_some_and(|k| node.assets.contains(&k)))
                };
                for node in nodes.iter().filter(begins) {
                    let command = NodeCommand::Open { node: node.code, begin: *at };
                    self.node(&command, *about)?;
                }
                Ok(())
            }
            Effect::Did { deed, about, at, round } => {
                for node in nodes.iter().filter(|node| node.done_by == Some(*deed)) {
                    self.done(node, *about, *at, *round)?;
                }
                Ok(())
            }
            Effect::Issued { template, node, at } => self.issued(template, *node, *at),
            Effect::Ended { about, document, but } => {
                let of: Vec<_> =
                    self.file().bound.iter().filter(|(of, ..)| of == about).copied().collect();
                for (_, code, opening) in of {
                    let Some(node) = self.rules.procedure.node(code) else { continue };
                    if but.is_some() && node.done_by == *but {
                        continue;
                    }
                    let open = open_rounds(&self.after, node, self.rules);
                    if open.iter().any(|(of, _)| *of == opening) {
                        let document = document.clone();
                        let command = NodeCommand::Cancel { node: code, opening, document };
                        self.node(&command, Some(*about))?;
                    }
                }
                Ok(())
            }
            Effect::Withdrawn { paper } => self.withdrawn(*paper),
            Effect::Undone { deed, about } => self.undone(*deed, *about),
            Effect::Resumed { at } => self.resume_nodes(*at),
            Effect::Closed { round_only, .. } => self.close_nodes(*round_only),
        }
    }

    fn node(&mut self, command: &NodeCommand, about: Option<About>) -> Result<(), CaseRefusal> {
        let events = self.after.node(command, self.now, self.rules)?;
        for event in events {
            let opened = match &event {
                CaseEvent::Node(NodeEvent::Opened { node, opening, .. }) => Some((*node, *opening)),
                _ => None,
            };
            self.push(event);
            if let (Some(about), Some((node, opening))) = (about, opened) {
                let event = FileEvent::Bound { about, node, opening };
                self.push(CaseEvent::File(Box::new(FileRecord {
                    sealed: Sealed::default(),
                    event,
                })));
            }
        }
        Ok(())
    }

    fn done(
        &mut self,
        node: &Node,
        about: Option<About>,
        at: UnixMillis,
        only: Option<u16>,
    ) -> Result<(), CaseRefusal> {
        for (opening, round) in open_rounds(&self.after, node, self.rules) {
            let first = *self.after.nodes.rounds_of(node.code, opening, self.rules).start();
            let wanted = only.is_none_or(|only| only == (round - first).saturating_add(1))
                && self.file().about(node.code, opening) == about
                // Of what recurs one is done at a time.
                && (only.is_some() || !matches!(node.kind, Kind::Recurring { .. }));
            if !wanted {
                continue;
            }
            let early = !self.after.nodes.waited(node, opening, at, self.rules);
            if node.kind == Kind::MinimumWait && early {
                return Err(FileRefusal::TooEarly.into());
            }
            let command = NodeCommand::Complete { node: node.code, round, at };
            self.node(&command, about)?;
        }
        Ok(())
    }

    /// A document ends what has all its documents by it.
    fn issued(
        &mut self,
        template: &str,
        named: Option<(NodeCode, u16)>,
        at: UnixMillis,
    ) -> Result<(), CaseRefusal> {
        let nodes = self.rules.procedure.nodes();
        for node in nodes.iter().filter(|node| node.done_by == Some(Deed::DocumentsIssued)) {
            let wants = match &node.documents {
                Documents::All(all) | Documents::OneOf(all) => all.iter().any(|d| d == template),
                Documents::None(_) => false,
            };
            if !wants {
                continue;
            }
            for (opening, round) in open_rounds(&self.after, node, self.rules) {
                let about = self.file().about(node.code, opening);
                let is_named = named == Some((node.code, round));
                if (is_named || about.is_none()) && self.all_issued(node, opening, None) {
                    let command = NodeCommand::Complete { node: node.code, round, at };
                    self.node(&command, about)?;
                }
            }
        }
        Ok(())
    }

    /// All documents of a node were issued for that opening, or, of one that is about the case as a whole, since
    /// it began. `with` counts although it was withdrawn.
    fn all_issued(&self, node: &Node, opening: u16, with: Option<u16>) -> bool {
        let begin = self.after.nodes.opening(node.code, opening).map(|opened| opened.begin.at);
        let whole = self.file().about(node.code, opening).is_none();
        let rounds: Vec<(NodeCode, u16)> =
            self.same(node.code, opening).map(|nth| (node.code, nth)).collect();
        let counts = |template: &String| {
            self.file().papers.iter().any(|paper| {
                let Origin::Court { template: of, node: named, .. } = &paper.origin else {
                    return false;
                };
                let for_it = named.is_some_and(|named| rounds.contains(&named));
                let since = whole && begin.is_some_and(|begin| paper.at >= begin);
                let valid = !paper.withdrawn || with == Some(paper.paper);
                valid && of == template && (for_it || since)
            })
        };
        match &node.documents {
            Documents::All(all) => all.iter().all(counts),
            Documents::OneOf(any) => any.iter().any(counts),
            Documents::None(_) => false,
        }
    }

    /// A document that counts no more leaves what it had ended to be done, unless that has all its documents without
    /// it, or was ended by hand without them.
    fn withdrawn(&mut self, paper: u16) -> Result<(), CaseRefusal> {
        let nodes = self.rules.procedure.nodes();
        for node in nodes.iter().filter(|node| node.done_by == Some(Deed::DocumentsIssued)) {
            for opening in 1..=self.after.nodes.newest(node.code).unwrap_or(0) {
                let by_it = self.all_issued(node, opening, Some(paper))
                    && !self.all_issued(node, opening, None);
                if by_it && self.same(node.code, opening).max() == Some(opening) {
                    self.reopen(node, opening)?;
                }
            }
        }
        Ok(())
    }

    /// Openings of a node that are one and the same, reopened: about the same and from the same moment.
    fn same(&self, node: NodeCode, opening: u16) -> impl Iterator<Item = u16> + '_ {
        let of = move |nth| {
            let begin = self.after.nodes.opening(node, nth).map(|opened| opened.begin);
            (begin, self.file().about(node, nth))
        };
        let wanted = of(opening);
        (1..=self.after.nodes.newest(node).unwrap_or(0)).filter(move |nth| of(*nth) == wanted)
    }

    /// A control that had ended by itself is followed by another: its clock is over.
    pub(super) fn lapse(&mut self, asset: u16) -> Result<(), CaseRefusal> {
        let about = About::Asset(asset);
        let of: Vec<_> =
            self.file().bound.iter().filter(|(of, ..)| *of == about).copied().collect();
        for (_, code, opening) in of {
            let Some(node) = self.rules.procedure.node(code) else { continue };
            let open = open_rounds(&self.after, node, self.rules);
            let runs = open.iter().any(|(of, _)| *of == opening);
            if node.done_by == Some(Deed::ControlRenewed) && runs {
                let document = "控制期限届满失效".to_owned();
                let command = NodeCommand::Cancel { node: code, opening, document };
                self.node(&command, Some(about))?;
            }
        }
        Ok(())
    }

    /// What ended these nodes counts no more. Each runs again as another opening from where it began, so that time
    /// that had passed is not given back.
    fn undone(&mut self, deed: Deed, about: Option<About>) -> Result<(), CaseRefusal> {
        let nodes = self.rules.procedure.nodes();
        for node in nodes.iter().filter(|node| node.done_by == Some(deed)) {
            let openings = 1..=self.after.nodes.newest(node.code).unwrap_or(0);
            let mut own = openings.rev().filter(|o| self.file().about(node.code, *o) == about);
            let last = own.next();
            if let Some(opening) = last {
                self.reopen(node, opening)?;
            }
        }
        Ok(())
    }

    /// Opens a node again that is done, about the same and from the same moment.
    fn reopen(&mut self, node: &Node, opening: u16) -> Result<(), CaseRefusal> {
        let Some(known) = self.after.nodes.opening(node.code, opening).copied() else {
            return Ok(());
        };
        let mut rounds = self.after.nodes.rounds_of(node.code, opening, self.rules);
        let over = rounds.all(|round| self.after.nodes.done.contains(&(node.code, round)));
        if known.cancelled || !over {
            return Ok(());
        }
        let about = self.file().about(node.code, opening);
        self.node(&NodeCommand::Open { node: node.code, begin: known.begin }, about)
    }

    /// A case that goes on is no closed one: it is not queried as one and not archived, and the terms that its
    /// closing had ended run anew.
    fn resume_nodes(&mut self, at: UnixMillis) -> Result<(), CaseRefusal> {
        let begin = Begin { at, whole_day: false };
        let rules = self.rules;
        for node in rules.procedure.nodes() {
            let wait = node.kind == Kind::MinimumWait;
            match node.done_by {
                Some(Deed::Requeried | Deed::Archived) => {
                    let open = open_rounds(&self.after, node, rules);
                    let openings: BTreeSet<u16> = open.into_iter().map(|(of, _)| of).collect();
                    for opening in openings {
                        let document = "恢复执行".to_owned();
                        let command = NodeCommand::Cancel { node: node.code, opening, document };
                        self.node(&command, None)?;
                    }
                }
                Some(Deed::CaseClosed) => self.run_anew(node, begin)?,
                Some(Deed::RoundClosed) if wait => self.run_anew(node, begin)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Opens a node anew that the closing had ended.
    fn run_anew(&mut self, node: &Node, begin: Begin) -> Result<(), CaseRefusal> {
        let nodes = &self.after.nodes;
        let ended = nodes.newest(node.code).is_some_and(|newest| {
            let opening = nodes.opening(node.code, newest);
            opening.is_some_and(|opening| !opening.cancelled)
                && nodes.done.contains(&(node.code, newest))
        });
        if !ended {
            return Ok(());
        }
        self.node(&NodeCommand::Open { node: node.code, begin }, None)
    }

    /// What was still to be done in a case that is closed is not. What looks after assets, money, restrictions
    /// and petitions goes on.
    fn close_nodes(&mut self, round_only: bool) -> Result<(), CaseRefusal> {
        let goes_on = |node: &Node| match node.done_by {
            Some(
                Deed::Archived
                | Deed::Delisted
                | Deed::FundsIdentified
                | Deed::PaidOut
                | Deed::SaleConfirmed
                | Deed::AssetHandedOver
                | Deed::PetitionLogged
                | Deed::PetitionAnswered
                | Deed::ControlRenewed
                | Deed::Requeried
                | Deed::ResumptionDecided,
            ) => true,
            // What ends by itself, such as a detention, is not over because the case is.
            _ => node.kind == Kind::Expiry && (round_only || node.done_by.is_none()),
        };
        let rules = self.rules;
        for node in rules.procedure.nodes().iter().filter(|node| !goes_on(node)) {
            for (opening, _) in open_rounds(&self.after, node, rules) {
                let document = "结案".to_owned();
                let command = NodeCommand::Cancel { node: node.code, opening, document };
                self.node(&command, None)?;
            }
        }
        Ok(())
    }
}

/// Openings and rounds of a node that are neither done nor cancelled.
fn open_rounds(case: &Case, node: &Node, rules: Rulebook<'_>) -> Vec<(u16, u16)> {
    let openings = case.nodes.opened.get(&node.code).map_or(&[][..], Vec::as_slice);
    let mut all = Vec::new();
    for (opening, opened) in (1..).zip(openings) {
        if opened.cancelled {
            continue;
        }
        let rounds = case.nodes.rounds_of(node.code, opening, rules);
        let open = rounds.filter(|round| !case.nodes.done.contains(&(node.code, *round)));
        all.extend(open.map(|round| (opening, round)));
    }
    all
}
