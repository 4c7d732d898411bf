//! How the debtor stands (被执行人现状): what was found out, item by item, and which of it the judge lets the
//! applicant read. What an item says is in the sealed part of its event.
//!
//! Found by query it is secret until the judge decides otherwise: 法释〔2017〕8号 8、12条.

use serde::{Deserialize, Serialize};

use crate::file::{Acting, Number, next_number};
use crate::time::UnixMillis;

plain_enum! {
    /// What an item is about.
    SituationTopic {
        /// Income and deposits.
        Income => "income",
        /// Houses and land.
        Immovables => "immovables",
        /// Vehicles.
        Vehicles => "vehicles",
        /// Shares, securities, claims.
        Rights => "rights",
        /// Where the debtor lives and works.
        Whereabouts => "whereabouts",
        /// Health, family, other debts.
        Circumstances => "circumstances",
        /// Measures taken against the debtor.
        Measures => "measures",
    }
}

/// One item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SituationItem {
    /// Its number in the case.
    pub item: Number,
    /// About which debtor, by number.
    pub party: u16,
    /// About what.
    pub topic: SituationTopic,
    /// The applicant may read it.
    pub released: bool,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SituationCommand {
    /// Note an item.
    Note {
        /// About which debtor, by number.
        party: u16,
        /// About what.
        topic: SituationTopic,
    },
    /// Let the applicant read it, or no more.
    Release {
        /// Which.
        item: Number,
        /// Or take it back.
        released: bool,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum SituationEvent {
    /// An item was noted; nobody outside may read it yet.
    Noted {
        /// Its number.
        item: Number,
        /// About which debtor, by number.
        party: u16,
        /// About what.
        topic: SituationTopic,
    },
    /// It was released, or that was taken back.
    Released {
        /// Which.
        item: Number,
        /// It may be read.
        released: bool,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SituationRefusal {
    /// Not for this one.
    #[error("only the court notes how a debtor stands")]
    NotCourt,
    /// Not the handler.
    #[error("only the case's handler decides what an applicant may read")]
    NotHandler,
    /// Not a debtor.
    #[error("the case has no such party")]
    UnknownParty,
    /// No such item.
    #[error("there is no such item")]
    UnknownItem,
    /// Nothing said.
    #[error("an item has words")]
    Words,
    /// Too many.
    #[error("the case has too many items")]
    TooMany,
}

/// Decides; `None` when nothing changes.
///
/// # Errors
/// [`SituationRefusal`].
pub(in crate::file) fn decide(
    items: &[SituationItem],
    command: &SituationCommand,
    by: Acting,
    is_handler: bool,
    worded: bool,
    parties: usize,
    now: UnixMillis,
) -> Result<Option<SituationEvent>, SituationRefusal> {
    by.is_court().then_some(()).ok_or(SituationRefusal::NotCourt)?;
    match *command {
        SituationCommand::Note { party, topic } => {
            let known = (1..=parties).contains(&usize::from(party));
            known.then_some(()).ok_or(SituationRefusal::UnknownParty)?;
            worded.then_some(()).ok_or(SituationRefusal::Words)?;
            let item = next_number(items.len()).ok_or(SituationRefusal::TooMany)?;
            Ok(Some(SituationEvent::Noted { item, party, topic }))
        }
        SituationCommand::Release { item, released } => {
            is_handler.then_some(()).ok_or(SituationRefusal::NotHandler)?;
            let known = items.iter().find(|known| known.item == item);
            let known = known.ok_or(SituationRefusal::UnknownItem)?;
            let event = SituationEvent::Released { item, released, at: now };
            Ok((known.released != released).then_some(event))
        }
    }
}

/// Takes an event in.
pub(in crate::file) fn apply(items: &mut Vec<SituationItem>, event: &SituationEvent) {
    match *event {
        SituationEvent::Noted { item, party, topic } => {
            items.push(SituationItem { item, party, topic, released: false });
        }
        SituationEvent::Released { item, released, .. } => {
            if let Some(known) = items.iter_mut().find(|known| known.item == item) {
                known.released = released;
            }
        }
    }
}
