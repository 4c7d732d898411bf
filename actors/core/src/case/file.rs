//! What a command to the file leads to in the whole case.

use super::work::Work;
use super::{Case, CaseCommand, CaseEvent, CaseRefusal, PartyRole};
use crate::file::{
    About, Acting, CaseFile, FileCommand, FileEvent, FileRecord, FileRefusal, Filing, Particulars,
    Sealed, Surroundings, received,
};
use crate::journal::Subject;
use crate::money::{Fen, Posting};
use crate::nodes::Rulebook;
use crate::procedure::{Deed, Kind};
use crate::time::UnixMillis;

impl Case {
    /// What each party is, by number from 1.
    #[must_use]
    pub fn roles(&self) -> Vec<PartyRole> {
        match self.file.as_deref().map(|file| &file.roles) {
            Some(roles) if !roles.is_empty() => roles.clone(),
            _ => self.parties.iter().map(|party| party.role).collect(),
        }
    }

    /// The least time before this round may be closed without property is over. The newest opening counts, also
    /// when somebody has ended it by hand.
    #[must_use]
    pub fn has_waited(&self, now: UnixMillis, rules: Rulebook<'_>) -> bool {
        let waits = rules.procedure.nodes().iter().filter(|node| {
            node.kind == Kind::MinimumWait && node.done_by == Some(Deed::RoundClosed)
        });
        let mut opened =
            waits.filter_map(|node| Some((node, self.nodes.newest(node.code)?))).peekable();
        opened.peek().is_some()
            && opened.all(|(node, newest)| {
                let opening = self.nodes.opening(node.code, newest);
                opening.is_some_and(|opening| !opening.cancelled)
                    && self.nodes.waited(node, newest, now, rules)
            })
    }

    /// The query after a closing that may go out now, from 1: the oldest that is owed, from its first warning on.
    #[must_use]
    pub fn requery_owed(&self, now: UnixMillis, rules: Rulebook<'_>) -> Option<u16> {
        let mut owed =
            rules.procedure.nodes().iter().filter(|n| n.done_by == Some(Deed::Requeried));
        owed.find_map(|node| {
            let newest = self.nodes.newest(node.code)?;
            if self.nodes.opening(node.code, newest)?.cancelled {
                return None;
            }
            let mut rounds = (1..).zip(self.nodes.rounds_of(node.code, newest, rules));
            let (recurrence, _) =
                rounds.find(|(_, round)| !self.nodes.done.contains(&(node.code, *round)))?;
            let computed = self.nodes.computed(node, newest, recurrence, rules)?;
            let from = computed.warnings.first().copied().or_else(|| computed.due())?;
            (from <= now).then_some(recurrence)
        })
    }

    /// Assets whose control has ended by itself: nobody has renewed it in time.
    #[must_use]
    pub fn lapsed(&self, now: UnixMillis, rules: Rulebook<'_>) -> Vec<u16> {
        let bound = self.file.iter().flat_map(|file| &file.bound);
        let ended = bound.filter_map(|(about, code, opening)| {
            let About::Asset(asset) = about else { return None };
            let node = rules.procedure.node(*code)?;
            let renewed = node.done_by == Some(Deed::ControlRenewed);
            let opened = self.nodes.opening(*code, *opening)?;
            let over = opened.cancelled || self.nodes.done.contains(&(*code, *opening));
            let due = self.nodes.computed(node, *opening, 1, rules)?.due()?;
            (renewed && !over && due < now).then_some(*asset)
        });
        ended.collect()
    }

    /// Decides what is wanted of the file.
    pub(super) fn decide_file(
        &self,
        by: Acting,
        command: &FileCommand,
        words: &Particulars,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let words = words.clean().ok_or(FileRefusal::Words)?;
        let roles = self.roles();
        let empty = CaseFile::default();
        let file = self.file.as_deref().unwrap_or(&empty);
        let around = Surroundings {
            by,
            worded: words != Particulars::default(),
            handler: self.handler,
            roles: &roles,
            waited: self.has_waited(now, rules),
            requery: self.requery_owed(now, rules),
            lapsed: &self.lapsed(now, rules),
            now,
        };
        if let FileCommand::Draw(record) = command {
            self.check_draw(record)?;
        }
        if let FileCommand::Note { event, .. } = command
            && !rules.procedure.events().contains_key(event)
        {
            return Err(FileRefusal::UnknownEvent.into());
        }
        let Some(event) = file.decide(command, &around)? else { return Ok(Vec::new()) };
        let mut work = Work { after: self.clone(), events: Vec::new(), now, rules };
        let sealed = Sealed::under(Subject(self.id.0), words.clone());
        work.take(FileRecord { sealed, event })?;
        if let FileCommand::Draw(record) = command {
            if self.handler.is_none() {
                // The file is electronic: who is drawn has it in that moment, and cannot put off receiving it.
                work.all_effects(&received(record.at))?;
            }
            work.hand_to(record.judge, &words.text);
        }
        Ok(work.events)
    }

    fn check_draw(&self, record: &crate::draw::DrawRecord) -> Result<(), FileRefusal> {
        let number = self.number.as_ref().ok_or(FileRefusal::Draw)?;
        let drawn = record.of_case(number);
        drawn.judge_fits().then_some(()).ok_or(FileRefusal::Draw)
    }

    /// What was filed, as the case is opened.
    pub(super) fn file_at_opening(
        opened: &Self,
        filing: &Filing,
        docketed: Option<UnixMillis>,
        words: &Particulars,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        let words = words.clean().ok_or(FileRefusal::Words)?;
        if filing.applied.at > now || docketed.is_some_and(|at| at > now) {
            return Err(FileRefusal::Future.into());
        }
        let mut work = Work { after: opened.clone(), events: Vec::new(), now, rules };
        let roles = opened.parties.iter().map(|party| party.role).collect();
        let sealed = Sealed::under(Subject(opened.id.0), words);
        work.take(FileRecord { sealed, event: FileEvent::Filed { filing: *filing, roles } })?;
        if filing.claim > Fen(0) {
            work.post(Posting::Claimed, filing.claim, "申请执行书")?;
        }
        if let Some(at) = docketed {
            work.follow(FileEvent::Docketed { at })?;
        }
        Ok(work.events)
    }

    /// What follows when somebody is given the case by hand for the first time.
    pub(super) fn receive_file(
        &self,
        now: UnixMillis,
        rules: Rulebook<'_>,
    ) -> Result<Vec<CaseEvent>, CaseRefusal> {
        if self.file.as_deref().is_none_or(|file| file.filing.is_none()) {
            return Ok(Vec::new());
        }
        let mut work = Work { after: self.clone(), events: Vec::new(), now, rules };
        work.all_effects(&received(now))?;
        Ok(work.events)
    }
}

impl CaseCommand {
    /// A command to the file.
    #[must_use]
    pub fn file(by: Acting, command: FileCommand, words: Particulars) -> Self {
        Self::File { by, command: Box::new(command), words }
    }
}
