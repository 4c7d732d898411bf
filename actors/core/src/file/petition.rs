//! Petitions about a case (执行信访): logged within five working days and answered within thirty (法〔2021〕322号 30条).
//! A complaint against a person is none: it goes to the discipline inspection, sealed, and is not in the file.

use serde::{Deserialize, Serialize};

use super::{Acting, Number, next_number};
use crate::time::UnixMillis;

/// One petition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Petition {
    /// Its number in the case.
    pub petition: Number,
    /// When it was received.
    pub received: UnixMillis,
    /// When it was answered, and whether that settled it (化解).
    pub answered: Option<(UnixMillis, bool)>,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PetitionCommand {
    /// Log one. The words say what it is about.
    Log {
        /// When it was received.
        received: UnixMillis,
    },
    /// Answer it. The words are the answer.
    Answer {
        /// Which.
        petition: Number,
        /// It is settled by that.
        settled: bool,
    },
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum PetitionEvent {
    /// It was logged.
    Logged {
        /// Its number.
        petition: Number,
        /// When it was received.
        received: UnixMillis,
        /// When it was logged.
        at: UnixMillis,
    },
    /// It was answered.
    Answered {
        /// Which.
        petition: Number,
        /// It is settled by that.
        settled: bool,
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PetitionRefusal {
    /// Not the court.
    #[error("the court logs and answers petitions")]
    NotCourt,
    /// No such petition, or answered.
    #[error("there is no such petition, or it was answered")]
    Unknown,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Nothing said.
    #[error("say what it is about, or what is answered")]
    Words,
    /// Too many.
    #[error("the case has too many petitions")]
    TooMany,
}

/// Decides about petitions.
///
/// # Errors
/// [`PetitionRefusal`].
pub(super) fn decide(
    all: &[Petition],
    command: &PetitionCommand,
    by: Acting,
    worded: bool,
    now: UnixMillis,
) -> Result<PetitionEvent, PetitionRefusal> {
    by.is_court().then_some(()).ok_or(PetitionRefusal::NotCourt)?;
    worded.then_some(()).ok_or(PetitionRefusal::Words)?;
    match *command {
        PetitionCommand::Log { received } => {
            (received <= now).then_some(()).ok_or(PetitionRefusal::Future)?;
            let petition = next_number(all.len()).ok_or(PetitionRefusal::TooMany)?;
            Ok(PetitionEvent::Logged { petition, received, at: now })
        }
        PetitionCommand::Answer { petition, settled } => {
            let known = all.iter().find(|known| known.petition == petition);
            // One that was answered and not settled may be answered again.
            let open = known.filter(|known| known.answered.is_none_or(|(_, settled)| !settled));
            open.ok_or(PetitionRefusal::Unknown)?;
            Ok(PetitionEvent::Answered { petition, settled, at: now })
        }
    }
}

/// Takes an event in.
pub(super) fn apply(all: &mut Vec<Petition>, event: &PetitionEvent) {
    match *event {
        PetitionEvent::Logged { petition, received, .. } => {
            all.push(Petition { petition, received, answered: None });
        }
        PetitionEvent::Answered { petition, settled, at } => {
            if let Some(known) = all.iter_mut().find(|known| known.petition == petition) {
                known.answered = Some((at, settled));
            }
        }
    }
}
