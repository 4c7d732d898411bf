//! Access links: what lets one person look into one case for one purpose, from a code on paper. The token itself
//! is never kept, only its hash.

use serde::{Deserialize, Serialize};

use super::handover::{CodeHash, hex32};
use super::{Acting, Number, next_number};
use crate::time::{Millis, UnixMillis};

/// The longest a link is good: three years.
const LASTS_MAX: Millis = Millis::from_secs(3 * 366 * 86_400);

plain_enum! {
    /// What a link is for.
    Purpose {
        /// To be a party at the portal: read, write, hand in, be served.
        Party => "party",
        /// To read the state of the case, and nothing else.
        Look => "look",
    }
}

/// One link.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// Its number in the case.
    pub link: Number,
    /// For which party of the case, by number.
    pub party: u16,
    /// For what.
    pub purpose: Purpose,
    /// Hash of its token.
    #[serde(with = "hex32")]
    pub token: CodeHash,
    /// Until when it is good.
    pub until: UnixMillis,
    /// It is good no more.
    #[serde(default)]
    pub revoked: bool,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkCommand {
    /// Give somebody a link.
    Grant {
        /// To which party.
        party: u16,
        /// For what.
        purpose: Purpose,
        /// Hash of its token.
        token: CodeHash,
        /// How long it is good.
        lasts: Millis,
    },
    /// Make it worthless.
    Revoke {
        /// Which.
        link: Number,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum LinkEvent {
    /// A link was given.
    Granted(Link),
    /// A link is worthless.
    Revoked {
        /// Which.
        link: Number,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinkRefusal {
    /// Only the court gives links.
    #[error("only the court gives links")]
    NotCourt,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// Too long.
    #[error("a link is good for at most three years")]
    Lasts,
    /// No such link, or not any more.
    #[error("there is no such link, or not any more")]
    UnknownLink,
    /// Too many.
    #[error("the case has too many links")]
    TooMany,
}

/// Decides about a case's links.
///
/// # Errors
/// [`LinkRefusal`].
pub(super) fn decide(
    links: &[Link],
    command: &LinkCommand,
    by: Acting,
    parties: usize,
    now: UnixMillis,
) -> Result<LinkEvent, LinkRefusal> {
    if !by.is_court() {
        return Err(LinkRefusal::NotCourt);
    }
    match command {
        LinkCommand::Grant { party, purpose, token, lasts } => {
            if !(1..=parties).contains(&usize::from(*party)) {
                return Err(LinkRefusal::UnknownParty);
            }
            if !(1..=LASTS_MAX.0).contains(&lasts.0) {
                return Err(LinkRefusal::Lasts);
            }
            let link = next_number(links.len()).ok_or(LinkRefusal::TooMany)?;
            let until = now.plus(*lasts);
            let (party, purpose, token) = (*party, *purpose, *token);
            Ok(LinkEvent::Granted(Link { link, party, purpose, token, until, revoked: false }))
        }
        LinkCommand::Revoke { link } => {
            let known = links.iter().any(|known| known.link == *link && !known.revoked);
            if known {
                Ok(LinkEvent::Revoked { link: *link })
            } else {
                Err(LinkRefusal::UnknownLink)
            }
        }
    }
}

/// Takes an event in.
pub(super) fn apply(links: &mut Vec<Link>, event: &LinkEvent) {
    match event {
        LinkEvent::Granted(link) => links.push(*link),
        LinkEvent::Revoked { link } => {
            if let Some(known) = links.iter_mut().find(|known| known.link == *link) {
                known.revoked = true;
            }
        }
    }
}

impl Link {
    /// It opens the case for who has its token.
    #[must_use]
    pub fn opens(&self, token: &CodeHash, now: UnixMillis) -> bool {
        !self.revoked && now < self.until && self.token == *token
    }
}
