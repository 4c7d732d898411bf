//! A decision in the making: the event of the file, and what that brings in other parts of the file and in the
//! ledger. What it does to the nodes is in `file_nodes`.

use super::{Case, CaseEvent, CaseRefusal, PartyRole};
use crate::deadline::Begin;
use crate::file::asset::{Asset, AssetCommand, AssetEvent, AssetRefusal};
use crate::file::closing::{ClosedBy, ClosingEvent, numbers_of};
use crate::file::search::{Restriction, RestrictionDeed, SearchEvent};
use crate::file::{
    Acting, CaseFile, FileCommand, FileEvent, FileRecord, FileRefusal, Sealed, Surroundings,
    effects,
};
use crate::ids::UserId;
use crate::incident::Said;
use crate::journal::Subject;
use crate::money::{Fen, MoneyCommand, Posting};
use crate::nodes::Rulebook;
use crate::time::UnixMillis;

/// A decision in the making: the case as it is so far, and what has led there.
pub(super) struct Work<'a> {
    pub(super) after: Case,
    pub(super) events: Vec<CaseEvent>,
    pub(super) now: UnixMillis,
    pub(super) rules: Rulebook<'a>,
}

impl Work<'_> {
    pub(super) fn push(&mut self, event: CaseEvent) {
        self.after.apply(&event);
        self.events.push(event);
    }

    pub(super) fn file(&self) -> &CaseFile {
        self.after.file.as_deref().unwrap_or(&EMPTY)
    }

    /// Takes an event of the file in, with all that follows from it.
    pub(super) fn take(&mut self, record: FileRecord) -> Result<(), CaseRefusal> {
        let event = record.event.clone();
        let before = self.file().clone();
        self.push(CaseEvent::File(Box::new(record)));
        if let FileEvent::Asset(AssetEvent::Controlled { asset, .. }) = event {
            self.lapse(asset)?;
        }
        let all = effects(&event, &before, self.file());
        self.all_effects(&all)?;
        self.consequences(&event, &before)
    }

    /// An event that follows from another, without words of its own.
    pub(super) fn follow(&mut self, event: FileEvent) -> Result<(), CaseRefusal> {
        self.take(FileRecord { sealed: Sealed::default(), event })
    }

    pub(super) fn post(
        &mut self,
        what: Posting,
        amount: Fen,
        document: &str,
    ) -> Result<(), CaseRefusal> {
        let document = document.to_owned();
        let command = MoneyCommand::Post { what, amount, document };
        let event = self.file().money.decide(&command, None, self.now);
        self.follow(FileEvent::Money(event.map_err(FileRefusal::Money)?))
    }

    /// The judge who was drawn has the case. Whoever had it before lost it for the reason given.
    pub(super) fn hand_to(&mut self, judge: UserId, reason: &str) {
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
                let lapsed = self.after.lapsed(self.now, self.rules);
                let held = |known: &Asset| known.control.is_some() && !lapsed.contains(&asset);
                if known.is_none_or(held) {
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
                    requery: None,
                    lapsed: &lapsed,
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
        let holds = matches!(
            event,
            AssetEvent::Controlled { .. }
                | AssetEvent::TookEffect { .. }
                | AssetEvent::Renewed { .. }
        );
        // A term that was over before it was recorded holds nothing.
        if holds && self.after.lapsed(self.now, self.rules).contains(&number) {
            return Err(FileRefusal::Asset(AssetRefusal::Lapsed).into());
        }
        let of = |what: &str| format!("财产{number} {what}");
        match *event {
            AssetEvent::Controlled { amount, waiting, .. } => {
                // What had lapsed is free, whatever the ledger still had.
                if let Some(lapsed) = frozen {
                    self.post(Posting::Unfrozen, lapsed, &of("冻结失效"))?;
                }
                match amount.filter(|_| !waiting) {
                    Some(amount) => self.post(Posting::Frozen, amount, &of("冻结")),
                    None => Ok(()),
                }
            }
            AssetEvent::TookEffect { .. } => match known.and_then(|known| known.to_freeze) {
                Some(amount) => self.post(Posting::Frozen, amount, &of("轮候冻结生效")),
                None => Ok(()),
            },
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

    /// A query after the closing was answered; what it finds is a ground to go on. The query that is owed is done
    /// when each debtor has an answer.
    fn answered(&mut self, inquiry: u16, found: u16, at: UnixMillis) -> Result<(), CaseRefusal> {
        let roles = self.after.roles();
        let file = self.file();
        let closing = &file.closing;
        if closing.closed.is_none_or(|closed| closed.how != ClosedBy::RoundClosed) {
            return Ok(());
        }
        let known = file.search.inquiries.iter().find(|known| known.inquiry == inquiry);
        let round = known.filter(|known| known.inquiry > closing.before.inquiries);
        let round = round.and_then(|known| known.requery);
        let all = |round: &u16| {
            let mut debtors = numbers_of(&roles, PartyRole::Debtor);
            debtors.all(|debtor| answers(file, debtor, *round).next().is_some())
        };
        let new = round.filter(|round| !closing.requeries.contains(round)).filter(all);
        let ground = found > 0 && closing.resumption.is_none();
        if let Some(round) = new {
            self.follow(FileEvent::Closing(ClosingEvent::Requeried { round, at }))?;
            self.off_the_list(round, at)?;
        }
        if ground {
            self.follow(FileEvent::Closing(ClosingEvent::ResumptionAsked { at }))?;
        }
        Ok(())
    }

    /// Two queries in a row after the closing that found nothing of a debtor, and no lead since: a ground to take
    /// the debtor off the list (失信规定 10条四项).
    fn off_the_list(&mut self, round: u16, at: UnixMillis) -> Result<(), CaseRefusal> {
        let file = self.file();
        let mut leads = file.search.leads.iter().skip(usize::from(file.closing.leads));
        if round < 2 || !leads.all(|lead| lead.useful == Some(false)) {
            return Ok(());
        }
        let listed = |party: u16| {
            let stands = file.search.restriction(Restriction::Blacklist, party);
            stands == Some(RestrictionDeed::Imposed)
        };
        let empty = |party: u16| {
            let mut both = (round - 1..=round).flat_map(|round| answers(file, party, round));
            both.all(|found| found == 0)
        };
        let roles = self.after.roles();
        let debtors = numbers_of(&roles, PartyRole::Debtor);
        let off: Vec<u16> = debtors.filter(|party| listed(*party) && empty(*party)).collect();
        for party in off {
            let (restriction, how) = (Restriction::Blacklist, RestrictionDeed::GroundArose);
            let event = SearchEvent::Restricted { restriction, party, how, at };
            self.follow(FileEvent::Search(event))?;
        }
        Ok(())
    }
}

/// What answers about a debtor to that query after the closing found.
fn answers(file: &CaseFile, party: u16, round: u16) -> impl Iterator<Item = u16> + '_ {
    let before = file.closing.before.inquiries;
    let of = file.search.inquiries.iter().filter(move |known| {
        known.party == party && known.requery == Some(round) && known.inquiry > before
    });
    of.filter_map(|known| known.answered.map(|(_, found)| found))
}

/// An empty file, for cases that have none.
static EMPTY: std::sync::LazyLock<CaseFile> = std::sync::LazyLock::new(CaseFile::default);
