//! What is known of a case's money, as a fold of its entries.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Account, Fen, Line, Side};
use crate::ids::UserId;
use crate::time::UnixMillis;

/// What happened to a case's money.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum MoneyEvent {
    /// An entry was posted.
    Posted(Entry),
}

/// An entry of the ledger. Its number is its place in the order of posting, from 1.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Number, from 1 without a gap.
    pub number: u32,
    /// What it is, in one word of the wire: `claimed`, `received`, `reversal` …
    pub what: String,
    /// Its lines; debits and credits are equal.
    pub lines: Vec<Line>,
    /// The document that shows it: a bank's slip, a ruling, an approval.
    pub document: String,
    /// The entry that it reverses.
    pub reverses: Option<u32>,
    /// Who posted it; `None`: it follows from something else in the file.
    pub by: Option<UserId>,
    /// When.
    pub at: UnixMillis,
}

/// The money of one case.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseMoney {
    /// Balances on the usual sides; an account without one has none.
    pub(super) balances: BTreeMap<Account, Fen>,
    /// All entries, in order.
    pub(super) entries: Vec<Entry>,
}

/// The sums that people ask for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// Asked for.
    pub claimed: Fen,
    /// Still owed.
    pub owed: Fen,
    /// Frozen with others.
    pub frozen: Fen,
    /// In the court's account, to be paid out.
    pub held: Fen,
    /// Paid to the applicant: what the applicant sees as recovered (已执行到位).
    pub recovered: Fen,
}

impl Entry {
    /// How much came to be held for paying out.
    #[must_use]
    pub fn received(&self) -> Fen {
        self.sum_of_held(Side::Credit)
    }

    fn sum_of_held(&self, side: Side) -> Fen {
        let held = self.lines.iter().filter(|l| l.account == Account::Held && l.side == side);
        Fen(held.map(|line| line.amount.0).sum())
    }
}

impl CaseMoney {
    /// Receipts that stand, in order, and whether everything of them has left the court again, first in, first out:
    /// numbers of their entries. What was reversed does not count.
    #[must_use]
    pub fn receipts(&self) -> Vec<(u32, bool)> {
        let stands =
            |entry: &&Entry| entry.reverses.is_none() && self.reversed_by(entry.number).is_none();
        let standing = || self.entries.iter().filter(stands);
        let mut left: u64 = standing().map(|entry| entry.sum_of_held(Side::Debit).0).sum();
        let receipts = standing().filter(|entry| entry.received().0 > 0);
        receipts
            .map(|entry| {
                let rest = left.checked_sub(entry.received().0);
                left = rest.unwrap_or(0);
                (entry.number, rest.is_some())
            })
            .collect()
    }

    /// The balance of an account, on its usual side.
    #[must_use]
    pub fn balance(&self, account: Account) -> Fen {
        self.balances.get(&account).copied().unwrap_or_default()
    }

    /// The sums.
    #[must_use]
    pub fn totals(&self) -> Totals {
        Totals {
            claimed: self.balance(Account::Claim),
            owed: self.balance(Account::Owed),
            frozen: self.balance(Account::Frozen),
            held: self.balance(Account::Held),
            recovered: self.balance(Account::PaidOut),
        }
    }

    /// All entries, in order.
    #[must_use]
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The entry that reverses this one, if it was reversed.
    #[must_use]
    pub fn reversed_by(&self, number: u32) -> Option<u32> {
        self.entries.iter().find(|entry| entry.reverses == Some(number)).map(|entry| entry.number)
    }

    /// Balances after these lines; the account that would go below nothing, if one would.
    pub(super) fn after(&self, lines: &[Line]) -> Result<BTreeMap<Account, Fen>, Account> {
        let mut balances = self.balances.clone();
        let (more, less): (Vec<&Line>, Vec<&Line>) =
            lines.iter().partition(|line| line.side == line.account.usual());
        // First what comes: the order of lines within an entry means nothing.
        for line in more {
            let balance = balances.entry(line.account).or_default();
            balance.0 = balance.0.saturating_add(line.amount.0);
        }
        for line in less {
            let balance = balances.entry(line.account).or_default();
            balance.0 = balance.0.checked_sub(line.amount.0).ok_or(line.account)?;
        }
        balances.retain(|_, balance| balance.0 > 0);
        Ok(balances)
    }

    /// Makes an event part of the state. One that does not fit was never decided, and changes nothing.
    pub fn apply(&mut self, event: &MoneyEvent) {
        let MoneyEvent::Posted(entry) = event;
        if let Ok(balances) = self.after(&entry.lines) {
            self.balances = balances;
            self.entries.push(entry.clone());
        }
    }
}

/// Debits and credits of lines.
pub(super) fn sums(lines: &[Line]) -> (u64, u64) {
    let of = |side: Side| lines.iter().filter(|l| l.side == side).map(|l| l.amount.0).sum();
    (of(Side::Debit), of(Side::Credit))
}
