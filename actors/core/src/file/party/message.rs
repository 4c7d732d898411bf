//! Messages between a party and the court (留言). The words are in the sealed part of the event.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::file::{Acting, Number, next_number};
use crate::time::UnixMillis;

/// How the messages of a case stand: for each party, the last one of each side.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Messages {
    /// How many there were.
    pub count: u16,
    /// By party: the last message of the party, when it came, and the last of the court.
    pub threads: BTreeMap<u16, Thread>,
}

/// The messages with one party.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Thread {
    /// Last message of the party, and when.
    pub party: Option<(Number, UnixMillis)>,
    /// Last message of the court, and when.
    pub court: Option<(Number, UnixMillis)>,
    /// Up to which message of the court the party has read.
    pub read_by_party: Number,
    /// Up to which message of the party the court has read.
    pub read_by_court: Number,
}

impl Thread {
    /// Since when the party waits for an answer.
    #[must_use]
    pub fn waits_since(&self) -> Option<UnixMillis> {
        let (asked, at) = self.party?;
        self.court.is_none_or(|(answered, _)| answered < asked).then_some(at)
    }
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageCommand {
    /// Write to a party, or, as a party, to the court.
    Write {
        /// With which party.
        party: u16,
    },
    /// Say that one has read so far.
    Read {
        /// With which party.
        party: u16,
        /// Up to which message.
        upto: Number,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum MessageEvent {
    /// Somebody wrote.
    Written {
        /// Its number in the case.
        message: Number,
        /// With which party.
        party: u16,
        /// From the party; else from the court.
        from_party: bool,
        /// When.
        at: UnixMillis,
    },
    /// Somebody read.
    Read {
        /// With which party.
        party: u16,
        /// The party did; else the court.
        by_party: bool,
        /// Up to which message.
        upto: Number,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MessageRefusal {
    /// Another's.
    #[error("a party writes and reads for itself")]
    NotOwn,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// No such message of the other side.
    #[error("there is no such message to read")]
    UnknownMessage,
    /// Nothing said.
    #[error("a message has words")]
    Words,
    /// Too many.
    #[error("the case has too many messages")]
    TooMany,
}

impl Messages {
    /// Decides; `None` when nothing changes.
    ///
    /// # Errors
    /// [`MessageRefusal`].
    pub(in crate::file) fn decide(
        &self,
        command: &MessageCommand,
        by: Acting,
        worded: bool,
        parties: usize,
        now: UnixMillis,
    ) -> Result<Option<MessageEvent>, MessageRefusal> {
        let (MessageCommand::Write { party } | MessageCommand::Read { party, .. }) = *command;
        if !(1..=parties).contains(&usize::from(party)) {
            return Err(MessageRefusal::UnknownParty);
        }
        if by.party().is_some_and(|own| own != party) {
            return Err(MessageRefusal::NotOwn);
        }
        let by_party = by.party().is_some();
        match command {
            MessageCommand::Write { .. } => {
                worded.then_some(()).ok_or(MessageRefusal::Words)?;
                let message =
                    next_number(usize::from(self.count)).ok_or(MessageRefusal::TooMany)?;
                Ok(Some(MessageEvent::Written { message, party, from_party: by_party, at: now }))
            }
            MessageCommand::Read { upto, .. } => {
                let thread = self.threads.get(&party).copied().unwrap_or_default();
                let (other, so_far) = if by_party {
                    (thread.court, thread.read_by_party)
                } else {
                    (thread.party, thread.read_by_court)
                };
                let last = other.map_or(0, |(number, _)| number);
                if *upto > last {
                    return Err(MessageRefusal::UnknownMessage);
                }
                let read = MessageEvent::Read { party, by_party, upto: *upto, at: now };
                Ok((*upto > so_far).then_some(read))
            }
        }
    }

    /// Takes an event in.
    pub(in crate::file) fn apply(&mut self, event: &MessageEvent) {
        match event {
            MessageEvent::Written { message, party, from_party, at } => {
                self.count = self.count.max(*message);
                let thread = self.threads.entry(*party).or_default();
                let side = if *from_party { &mut thread.party } else { &mut thread.court };
                *side = Some((*message, *at));
            }
            MessageEvent::Read { party, by_party, upto, .. } => {
                let thread = self.threads.entry(*party).or_default();
                let read =
                    if *by_party { &mut thread.read_by_party } else { &mut thread.read_by_court };
                *read = (*read).max(*upto);
            }
        }
    }
}
