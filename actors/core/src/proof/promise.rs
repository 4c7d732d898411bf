//! What a court signs when somebody hands something in, before the day's root is there.

use super::fields::joined;
use super::merkle::Hash;
use crate::calendar::Day;
use crate::ids::CourtId;
use crate::time::UnixMillis;

/// Stands in front of what is signed.
const FORMAT: &str = "tiande-promise-v1";

/// A court's word that a record will be under one of its roots.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// Whose word.
    pub court: CourtId,
    /// Hash of the record.
    pub hash: Hash,
    /// When it was given.
    pub at: UnixMillis,
    /// By when a root is there.
    pub due: UnixMillis,
}

impl Promise {
    /// A promise that is given now. Roots are made when a day is over; a day more is for a server
    /// that stood still.
    #[must_use]
    pub fn given(court: CourtId, hash: Hash, now: UnixMillis) -> Self {
        Self { court, hash, at: now, due: Day::of(now).plus(2).begins() }
    }

    /// What is signed.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        joined(&[
            FORMAT.as_bytes(),
            self.court.as_str().as_bytes(),
            &self.hash,
            &self.at.0.to_be_bytes(),
            &self.due.0.to_be_bytes(),
        ])
    }
}
