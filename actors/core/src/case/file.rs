//! What a command to the file leads to in the whole case: its own event, what that brings in other parts of the
//! file and in the ledger, and what the procedure makes of it for the nodes.

use super::{Case, CaseCommand, CaseEvent, CaseRefusal, PartyRole};
use crate::deadline::Begin;
use crate::file::asset::{AssetCommand, AssetEvent};
use crate::file::closing::{ClosedBy, ClosingEvent};
use crate::file::paper::Origin;
use crate::file::search::{RestrictionDeed, SearchEvent};
use crate::file::{
    About, Acting, CaseFile, Effect, FileCommand, FileEvent, FileRecord, FileRefusal, Filing,
    Particulars, Sealed, Surroundings, effects, received,
};
use crate::ids::UserId;
use crate::incident::Said;
use crate::journal::Subject;
use crate::money::{Fen, MoneyCommand, Posting};
use crate::nodes::{NodeCommand, NodeEvent, Rulebook};
use crate::procedure::{Deed, Documents, Kind, Node, NodeCode, Start};
use crate::time::UnixMillis;

/// A decision in the making: the case as it is so far, and what has led there.
struct Work<'a> {
    after: Case,
    events: Vec<CaseEvent>,
    now: UnixMillis,
    rules: Rulebook<'a>,
}

impl Case {
    /// What each party is, by number from 1.
    #[must_use]
    pub fn roles(&self) -> Vec<PartyRole> {
        match self.file.as_deref().map(|file| &file.roles) {
            Some(roles) if !roles.is_empty() => roles.clone(),
            _ => self.parties.iter().map(|party| party.role).collect(),
        }
    }

    /// The least time before this round may be closed without property is over.
    #[must_use]
    pub fn has_waited(&self, now: UnixMillis, rules: Rulebook<'_>) -> bool {
        let waits = rules.procedure.nodes().iter().filter(|node| {
            node.kind == Kind::MinimumWait && node.done_by == Some(Deed::RoundClosed)
        });
        let mut opened = waits.filter(|node| self.nodes.opened.contains_key(&node.code)).peekable();
        opened.peek().is_some()
            && opened.all(|node| {
                open_rounds(self, node, rules)
                    .iter()
                    .all(|(opening, _)| waited(self, node, *opening, now, rules))
            })
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

impl Work<'_> {
    fn push(&mut self, event: CaseEvent) {
        self.after.apply(&event);
        self.events.push(event);
    }

    fn file(&self) -> &CaseFile {
        self.after.file.as_deref().unwrap_or(&EMPTY)
    }

    /// Takes an event of the file in, with all that follows from it.
    fn take(&mut self, record: FileRecord) -> Result<(), CaseRefusal> {
        let event = record.event.clone();
        let before = self.file().clone();
        self.push(CaseEvent::File(Box::new(record)));
        let all = effects(&event, self.file());
        self.all_effects(&all)?;
        self.consequences(&event, &before)
    }

    /// An event that follows from another, without words of its own.
    fn follow(&mut self, event: FileEvent) -> Result<(), CaseRefusal> {
        self.take(FileRecord { sealed: Sealed::default(), event })
    }

    fn post(&mut self, what: Posting, amount: Fen, document: &str) -> Result<(), CaseRefusal> {
        let document = document.to_owned();
        let command = MoneyCommand::Post { what, amount, document };
        let event = self.file().money.decide(&command, None, self.now);
        self.follow(FileEvent::Money(event.map_err(FileRefusal::Money)?))
    }

    /// The judge who was drawn has the case. Whoever had it before lost it for the reason given.
    fn hand_to(&mut self, judge: UserId, reason: &str) {
        let said = Said::under(Subject(self.after.id.0), Some(reason));
        if self.after.handler != Some(judge) {
            self.push(CaseEvent::HandlerSet { handler: judge, said });
        }
    }

    /// What an event brings in other parts of the file.
    fn consequences(&mut self, event: &FileEvent, before: &CaseFile) -> Result<(), CaseRefusal> {
        match event {
            FileEvent::Asset(event) => self.money_of_asset(event, before),
            FileEvent::Measure(measure) => {
                let (true, Some(asset)) = (measure.kind.controls(), measure.asset) else {
                    return Ok(());
                };
                let known = before.assets.iter().find(|known| known.asset == asset);
                if known.is_none_or(|known| known.control.is_some()) {
                    return Ok(()); // A second picture of the same seal.
                }
                let from = Begin { at: measure.at, whole_day: false };
                let command = AssetCommand::Control { asset, from, waiting: false, amount: None };
                let around = Surroundings {
                    by: Acting::System,
                    worded: false,
                    handler: None,
                    roles: &[],
                    waited: false,
                    now: self.now,
                };
                // What happened in the field is in the file whatever the judge has decided meanwhile.
                match self.file().decide(&FileCommand::Asset(command), &around) {
                    Ok(Some(event)) => self.follow(event),
                    Ok(None) | Err(_) => Ok(()),
                }
            }
            FileEvent::Search(SearchEvent::Answered { inquiry, found, at }) => {
                self.answered(*inquiry, *found, *at)
            }
            FileEvent::Closing(ClosingEvent::Closed(closed)) => {
                if !matches!(closed.how, ClosedBy::Fulfilled | ClosedBy::Settled) {
                    return Ok(());
                }
                let stand = self.file().search.restrictions.clone();
                for (restriction, party, deed) in stand {
                    if deed == RestrictionDeed::Imposed {
                        let (how, at) = (RestrictionDeed::GroundArose, closed.at);
                        let event = SearchEvent::Restricted { restriction, party, how, at };
                        self.follow(FileEvent::Search(event))?;
                    }
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    fn money_of_asset(&mut self, event: &AssetEvent, before: &CaseFile) -> Result<(), CaseRefusal> {
        let number = event.asset();
        let known = before.assets.iter().find(|known| known.asset == number);
        let frozen = known.and_then(|known| known.frozen);
        let of = |what: &str| format!("财产{number} {what}");
        match *event {
            AssetEvent::Controlled { amount: Some(amount), .. } => {
                self.post(Posting::Frozen, amount, &of("冻结"))
            }
            AssetEvent::Transferred { amount, .. } => match frozen {
                // What is left stays frozen, with its clock, until it is released.
                Some(_) => self.post(Posting::Transferred, amount, &of("扣划")),
                None => self.post(Posting::Received, amount, &of("提取")),
            },
            AssetEvent::Released { .. } => match frozen {
                Some(frozen) => self.post(Posting::Unfrozen, frozen, &of("解除冻结")),
                None => Ok(()),
            },
            AssetEvent::PricePaid { .. } => match known.map(|known| known.sale) {
                Some(crate::file::asset::Sale::Sold { price, .. }) => {
                    self.post(Posting::Received, price, &of("成交价款"))
                }
                _ => Ok(()),
            },
            AssetEvent::SetOff { price, .. } => self.post(Posting::SetOff, price, &of("以物抵债")),
            _ => Ok(()),
        }
    }

    /// A query after the closing was answered; what it finds is a ground to go on.
    fn answered(&mut self, inquiry: u16, found: u16, at: UnixMillis) -> Result<(), CaseRefusal> {
        let file = self.file();
        let known = file.search.inquiries.iter().find(|known| known.inquiry == inquiry);
        let round = known.and_then(|known| known.requery);
        let closing = &file.closing;
        let closed = closing.closed.is_some_and(|closed| closed.how == ClosedBy::RoundClosed);
        let new = round.filter(|round| closed && !closing.requeries.contains(round));
        let ground = closed && found > 0 && closing.resumption.is_none();
        if let Some(round) = new {
            self.follow(FileEvent::Closing(ClosingEvent::Requeried { round, at }))?;
        }
        if ground {
            self.follow(FileEvent::Closing(ClosingEvent::ResumptionAsked { at }))?;
        }
        Ok(())
    }

    // --- nodes

    fn all_effects(&mut self, effects: &[Effect]) -> Result<(), CaseRefusal> {
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
            let wanted = only.is_none_or(|only| only == round)
                && self.file().about(node.code, opening) == about
                // Of what recurs one is done at a time.
                && (only.is_some() || !matches!(node.kind, Kind::Recurring { .. }));
            if !wanted {
                continue;
            }
            if node.kind == Kind::MinimumWait && !waited(&self.after, node, opening, at, self.rules)
            {
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
                if (is_named || about.is_none()) && self.all_issued(node, opening, round) {
                    let command = NodeCommand::Complete { node: node.code, round, at };
                    self.node(&command, about)?;
                }
            }
        }
        Ok(())
    }

    /// All documents of a node were issued for that opening, or, of one that is about the case as a whole, since
    /// it began.
    fn all_issued(&self, node: &Node, opening: u16, round: u16) -> bool {
        let begin = self.after.nodes.opening(node.code, opening).map(|opened| opened.begin.at);
        let whole = self.file().about(node.code, opening).is_none();
        let counts = |template: &String| {
            self.file().papers.iter().any(|paper| {
                let Origin::Court { template: of, node: named, .. } = &paper.origin else {
                    return false;
                };
                let for_it = *named == Some((node.code, round));
                let since = whole && begin.is_some_and(|begin| paper.at >= begin);
                !paper.withdrawn && of == template && (for_it || since)
            })
        };
        match &node.documents {
            Documents::All(all) => all.iter().all(counts),
            Documents::OneOf(any) => any.iter().any(counts),
            Documents::None(_) => false,
        }
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

fn waited(case: &Case, node: &Node, opening: u16, at: UnixMillis, rules: Rulebook<'_>) -> bool {
    let computed = case.nodes.computed(node, opening, 1, rules);
    computed.and_then(|computed| computed.due()).is_some_and(|due| due < at)
}

/// An empty file, for cases that have none.
static EMPTY: std::sync::LazyLock<CaseFile> = std::sync::LazyLock::new(CaseFile::default);

impl CaseCommand {
    /// A command to the file.
    #[must_use]
    pub fn file(by: Acting, command: FileCommand, words: Particulars) -> Self {
        Self::File { by, command: Box::new(command), words }
    }
}
