//! Appointments (约谈): asked for by a party or made by the court, kept or not. What it is about and where is in
//! the sealed part.

use serde::{Deserialize, Serialize};

use crate::file::{Acting, Number, next_number};
use crate::time::{Millis, UnixMillis};

/// How long before it a party is reminded, milliseconds: a day.
const REMINDER: i64 = 86_400_000;
/// How far ahead one is made, at most: a year.
const AHEAD_MAX: Millis = Millis::from_secs(366 * 86_400);

plain_enum! {
    /// How an appointment stands.
    AppointmentDeed {
        /// A party asks for it.
        Asked => "asked",
        /// It stands.
        Made => "made",
        /// It is not to be.
        Cancelled => "cancelled",
        /// Both were there.
        Kept => "kept",
        /// The party was not.
        Missed => "missed",
    }
}

/// One appointment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Its number in the case.
    pub appointment: Number,
    /// With which party.
    pub party: u16,
    /// When it is.
    pub at: UnixMillis,
    /// How it stands.
    pub deed: AppointmentDeed,
    /// Since when it stands so.
    pub changed: UnixMillis,
    /// The party was reminded of it, or it was made so late that being told was reminder enough.
    pub reminded: bool,
}

impl Appointment {
    /// When the party is to be reminded; `None` when that is done, or not to be.
    #[must_use]
    pub fn reminds(&self) -> Option<UnixMillis> {
        let due = self.deed == AppointmentDeed::Made && !self.reminded;
        due.then_some(UnixMillis(self.at.0.saturating_sub(REMINDER)))
    }

    fn made(self, at: UnixMillis, now: UnixMillis) -> Self {
        let reminded = at.0.saturating_sub(REMINDER) <= now.0;
        Self { at, deed: AppointmentDeed::Made, changed: now, reminded, ..self }
    }
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppointmentCommand {
    /// Ask for one, as a party.
    Ask {
        /// When.
        at: UnixMillis,
    },
    /// Make one, as the court.
    Make {
        /// With which party.
        party: u16,
        /// When.
        at: UnixMillis,
    },
    /// The court agrees to one that was asked for, perhaps at another time; or moves it.
    Agree {
        /// Which.
        appointment: Number,
        /// When.
        at: UnixMillis,
    },
    /// Cancel it; either side may.
    Cancel {
        /// Which.
        appointment: Number,
    },
    /// Say how it went.
    Close {
        /// Which.
        appointment: Number,
        /// Both were there.
        kept: bool,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AppointmentRefusal {
    /// Not for this one.
    #[error("that is for the other side to do")]
    NotAllowed,
    /// No such party.
    #[error("the case has no such party")]
    UnknownParty,
    /// Past, or too far.
    #[error("an appointment is ahead, within a year")]
    Time,
    /// There is one.
    #[error("there is an appointment with this party at that time")]
    Twice,
    /// No such appointment.
    #[error("there is no such appointment, or it is over")]
    Unknown,
    /// It has not been yet.
    #[error("how it went is said afterwards")]
    NotYet,
    /// Too many.
    #[error("the case has too many appointments")]
    TooMany,
}

/// Decides about appointments.
///
/// # Errors
/// [`AppointmentRefusal`].
pub(in crate::file) fn decide(
    all: &[Appointment],
    command: &AppointmentCommand,
    by: Acting,
    parties: usize,
    now: UnixMillis,
) -> Result<Appointment, AppointmentRefusal> {
    let ahead = |at: UnixMillis| {
        let fits = now < at && at <= now.plus(AHEAD_MAX);
        fits.then_some(()).ok_or(AppointmentRefusal::Time)
    };
    let court = || by.is_court().then_some(()).ok_or(AppointmentRefusal::NotAllowed);
    let open = |number: Number| {
        let found = all.iter().find(|known| {
            known.appointment == number
                && matches!(known.deed, AppointmentDeed::Asked | AppointmentDeed::Made)
        });
        found.copied().ok_or(AppointmentRefusal::Unknown)
    };
    let fresh = |party: u16, at: UnixMillis| {
        let same = |known: &&Appointment| {
            (known.party, known.at) == (party, at)
                && matches!(known.deed, AppointmentDeed::Asked | AppointmentDeed::Made)
        };
        if all.iter().any(|known| same(&known)) {
            return Err(AppointmentRefusal::Twice);
        }
        let appointment = next_number(all.len()).ok_or(AppointmentRefusal::TooMany)?;
        let deed = AppointmentDeed::Asked;
        Ok(Appointment { appointment, party, at, deed, changed: now, reminded: false })
    };
    match *command {
        AppointmentCommand::Ask { at } => {
            let party = by.party().ok_or(AppointmentRefusal::NotAllowed)?;
            ahead(at)?;
            fresh(party, at)
        }
        AppointmentCommand::Make { party, at } => {
            court()?;
            let known = (1..=parties).contains(&usize::from(party));
            known.then_some(()).ok_or(AppointmentRefusal::UnknownParty)?;
            ahead(at)?;
            Ok(fresh(party, at)?.made(at, now))
        }
        AppointmentCommand::Agree { appointment, at } => {
            court()?;
            let known = open(appointment)?;
            ahead(at)?;
            Ok(known.made(at, now))
        }
        AppointmentCommand::Cancel { appointment } => {
            let known = open(appointment)?;
            let may = by.is_court() || by.party() == Some(known.party);
            may.then_some(()).ok_or(AppointmentRefusal::NotAllowed)?;
            Ok(Appointment { deed: AppointmentDeed::Cancelled, changed: now, ..known })
        }
        AppointmentCommand::Close { appointment, kept } => {
            court()?;
            let known = open(appointment)?;
            (known.deed == AppointmentDeed::Made && known.at <= now)
                .then_some(())
                .ok_or(AppointmentRefusal::NotYet)?;
            let deed = if kept { AppointmentDeed::Kept } else { AppointmentDeed::Missed };
            Ok(Appointment { deed, changed: now, ..known })
        }
    }
}

/// Takes an event in: an appointment as it stands now.
pub(in crate::file) fn apply(all: &mut Vec<Appointment>, event: &Appointment) {
    match all.iter_mut().find(|known| known.appointment == event.appointment) {
        Some(known) => *known = *event,
        None => all.push(*event),
    }
}
