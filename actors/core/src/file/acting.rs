//! Who acts in a file.

use crate::case::PartyRole;
use crate::ids::{OfficerId, UserId};

/// Who wants something of a file. What the office may do was asked before; here it matters who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Acting {
    /// A member of staff.
    Staff(UserId),
    /// An officer in the field.
    Officer(OfficerId),
    /// A party, by its number in the case and its role there.
    Party(u16, PartyRole),
    /// A machine beside the court's: the query system, an import, a clock.
    System,
}

impl Acting {
    /// The member of staff, if it is one.
    #[must_use]
    pub fn staff(self) -> Option<UserId> {
        match self {
            Self::Staff(user) => Some(user),
            Self::Officer(_) | Self::Party(..) | Self::System => None,
        }
    }

    /// The party's number, if it is one.
    #[must_use]
    pub fn party(self) -> Option<u16> {
        match self {
            Self::Party(number, _) => Some(number),
            Self::Staff(_) | Self::Officer(_) | Self::System => None,
        }
    }

    /// True for whoever works for the court.
    #[must_use]
    pub fn is_court(self) -> bool {
        !matches!(self, Self::Party(..))
    }
}
