//! What may be posted.

use super::state::sums;
use super::{Account, CaseMoney, Entry, Fen, Line, MoneyEvent, Side};
use crate::ids::UserId;
use crate::text::clean_text;
use crate::time::UnixMillis;

/// Longest name of a document, and longest reason, characters.
const TEXT_MAX: usize = 200;
/// Most lines of an entry.
const LINES_MAX: usize = 20;
/// Most entries of a case.
const ENTRIES_MAX: usize = 10_000;

plain_enum! {
    /// What usually happens to money, with lines of its own.
    Posting {
        /// The applicant asks for so much (申请执行、追加标的).
        Claimed => "claimed",
        /// The applicant gives up so much (放弃).
        Waived => "waived",
        /// So much was frozen with somebody (冻结).
        Frozen => "frozen",
        /// So much is free again (解除冻结).
        Unfrozen => "unfrozen",
        /// So much came in (到账).
        Received => "received",
        /// So much that was frozen came in (划拨).
        Transferred => "transferred",
        /// So much was paid to the applicant (发放).
        PaidOut => "paid_out",
        /// So much went back to whom it came from (退款).
        Refunded => "refunded",
        /// The applicant took something in payment of so much (以物抵债).
        SetOff => "set_off",
    }
}

impl Posting {
    /// Its lines.
    #[must_use]
    pub fn lines(self, amount: Fen) -> Vec<Line> {
        let debit = |account| Line { account, side: Side::Debit, amount };
        let credit = |account| Line { account, side: Side::Credit, amount };
        match self {
            Self::Claimed => vec![debit(Account::Owed), credit(Account::Claim)],
            Self::Waived => vec![debit(Account::Claim), credit(Account::Owed)],
            Self::Frozen => vec![debit(Account::Frozen), credit(Account::FrozenWith)],
            Self::Unfrozen => vec![debit(Account::FrozenWith), credit(Account::Frozen)],
            Self::Received => vec![debit(Account::Fund), credit(Account::Held)],
            Self::Transferred => vec![
                debit(Account::FrozenWith),
                credit(Account::Frozen),
                debit(Account::Fund),
                credit(Account::Held),
            ],
            // Two things at once: money leaves the court, and the debt is smaller.
            Self::PaidOut => vec![
                debit(Account::Held),
                credit(Account::Fund),
                debit(Account::PaidOut),
                credit(Account::Owed),
            ],
            Self::Refunded => vec![debit(Account::Held), credit(Account::Fund)],
            // No money moves: the debt is smaller, and that much is recovered.
            Self::SetOff => vec![debit(Account::PaidOut), credit(Account::Owed)],
        }
    }
}

/// What is wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MoneyCommand {
    /// Post what usually happens.
    Post {
        /// What.
        what: Posting,
        /// How much.
        amount: Fen,
        /// The document that shows it.
        document: String,
    },
    /// Post lines of one's own.
    Enter {
        /// The lines.
        lines: Vec<Line>,
        /// The document that shows it.
        document: String,
    },
    /// Undo an entry by one of its own.
    Reverse {
        /// Which.
        entry: u32,
        /// Why.
        reason: String,
    },
}

/// Why nothing was posted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MoneyRefusal {
    /// An amount is nothing, or more than anybody owes.
    #[error("an amount is 0.01 to 10,000,000,000.00 yuan")]
    Amount,
    /// Debits and credits differ.
    #[error("the lines do not balance")]
    Unbalanced,
    /// None, or too many.
    #[error("an entry has 2 to 20 lines")]
    Lines,
    /// There is not so much.
    #[error("there is not so much in {}", .0.name())]
    NotEnough(Account),
    /// No such entry.
    #[error("there is no such entry")]
    UnknownEntry,
    /// Not by hand.
    #[error(
        "this follows from what is done with an asset, and is neither posted nor reversed by hand"
    )]
    Derived,
    /// Undone before, or itself what undoes another.
    #[error("the entry was reversed, or is a reversal itself")]
    Reversed,
    /// Without a document or reason.
    #[error("name the document, or the reason, in 1 to 200 characters")]
    Document,
    /// Too many.
    #[error("the ledger of this case is full")]
    Full,
}

impl CaseMoney {
    /// Refuses by hand what follows from the assets of the file: else the ledger and they would disagree.
    ///
    /// # Errors
    /// [`MoneyRefusal::Derived`].
    pub fn check_by_hand(&self, command: &MoneyCommand) -> Result<(), MoneyRefusal> {
        let of_assets = |account| matches!(account, Account::Frozen | Account::FrozenWith);
        let derived = match command {
            MoneyCommand::Post { what, .. } => matches!(
                what,
                Posting::Frozen | Posting::Unfrozen | Posting::Transferred | Posting::SetOff
            ),
            MoneyCommand::Enter { lines, .. } => lines.iter().any(|line| of_assets(line.account)),
            MoneyCommand::Reverse { entry, .. } => {
                let known = self.entries.iter().find(|known| known.number == *entry);
                known.is_some_and(|known| known.by.is_none())
            }
        };
        if derived { Err(MoneyRefusal::Derived) } else { Ok(()) }
    }

    /// Decides what a command leads to.
    ///
    /// # Errors
    /// [`MoneyRefusal`].
    pub fn decide(
        &self,
        command: &MoneyCommand,
        by: Option<UserId>,
        now: UnixMillis,
    ) -> Result<MoneyEvent, MoneyRefusal> {
        let (what, lines, document, reverses) = match command {
            MoneyCommand::Post { what, amount, document } => {
                (what.name(), what.lines(*amount), document, None)
            }
            MoneyCommand::Enter { lines, document } => ("entered", lines.clone(), document, None),
            MoneyCommand::Reverse { entry, reason } => {
                ("reversal", self.reversal_of(*entry)?, reason, Some(*entry))
            }
        };
        if !(2..=LINES_MAX).contains(&lines.len()) {
            return Err(MoneyRefusal::Lines);
        }
        if lines.iter().any(|line| !(1..=Fen::MAX.0).contains(&line.amount.0)) {
            return Err(MoneyRefusal::Amount);
        }
        let (debits, credits) = sums(&lines);
        if debits != credits {
            return Err(MoneyRefusal::Unbalanced);
        }
        let document = clean_text(document, TEXT_MAX, false);
        let document = document.map_err(|_fault| MoneyRefusal::Document)?;
        let after = self.after(&lines).map_err(MoneyRefusal::NotEnough)?;
        let of = |account: Account| after.get(&account).map_or(0, |balance| balance.0);
        // What is in the fund is what is to be paid out, what is frozen is somebody's, and what was asked for is
        // owed or paid: lines that balance among themselves may still say otherwise.
        if of(Account::Fund) != of(Account::Held)
            || of(Account::Frozen) != of(Account::FrozenWith)
            || of(Account::Claim) != of(Account::Owed) + of(Account::PaidOut)
        {
            return Err(MoneyRefusal::Unbalanced);
        }
        let number = u32::try_from(self.entries.len() + 1).unwrap_or(u32::MAX);
        if self.entries.len() >= ENTRIES_MAX {
            return Err(MoneyRefusal::Full);
        }
        let what = what.to_owned();
        Ok(MoneyEvent::Posted(Entry { number, what, lines, document, reverses, by, at: now }))
    }

    fn reversal_of(&self, number: u32) -> Result<Vec<Line>, MoneyRefusal> {
        let entry = self.entries.iter().find(|entry| entry.number == number);
        let entry = entry.ok_or(MoneyRefusal::UnknownEntry)?;
        if entry.reverses.is_some() || self.reversed_by(number).is_some() {
            return Err(MoneyRefusal::Reversed);
        }
        let turned = |line: &Line| Line { side: line.side.other(), ..*line };
        Ok(entry.lines.iter().map(turned).collect())
    }
}
