//! Amounts, accounts and the lines of an entry.

use serde::{Deserialize, Serialize};

/// An amount of money in fen (分), a hundredth of a yuan; never negative.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Fen(pub u64);

impl Fen {
    /// The greatest amount of a line: ten thousand million yuan. Sums of a whole case stay far from the
    /// end of 64 bits.
    pub const MAX: Self = Self(1_000_000_000_000);
}

plain_enum! {
    /// An account of a case. What stands on its usual side is a balance; it is never on the other.
    Account {
        /// What the applicant asks for (申请执行标的): credit.
        Claim => "claim",
        /// What the debtor still owes of it (尚欠): debit.
        Owed => "owed",
        /// Money in the court's fund account for this case (执行款专户): debit.
        Fund => "fund",
        /// What of it is to be paid out (待发放): credit.
        Held => "held",
        /// What was paid to the applicant (已发放): debit.
        PaidOut => "paid_out",
        /// What stands frozen with banks and others (冻结): debit.
        Frozen => "frozen",
        /// The other side of that: it is theirs until it is transferred: credit.
        FrozenWith => "frozen_with",
    }
}
plain_enum! {
    /// A side of an account.
    Side {
        /// Left (借).
        Debit => "debit",
        /// Right (贷).
        Credit => "credit",
    }
}

impl Account {
    /// The side on which its balance stands.
    #[must_use]
    pub const fn usual(self) -> Side {
        match self {
            Self::Owed | Self::Fund | Self::PaidOut | Self::Frozen => Side::Debit,
            Self::Claim | Self::Held | Self::FrozenWith => Side::Credit,
        }
    }
}

impl Side {
    /// The other one.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Debit => Self::Credit,
            Self::Credit => Self::Debit,
        }
    }
}

/// A line of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Line {
    /// Which account.
    pub account: Account,
    /// On which side.
    pub side: Side,
    /// How much, 1 fen to [`Fen::MAX`].
    pub amount: Fen,
}
