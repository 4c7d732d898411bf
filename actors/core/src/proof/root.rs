//! What a court signs at the end of a day: the root over its records since the last one, and the
//! root over all its day roots so far. The second makes every root stand for all history before it.

use super::fields::joined;
use super::merkle::{Hash, leaf_hash};
use super::peaks::Peaks;
use crate::calendar::Day;
use crate::ids::CourtId;
use crate::time::UnixMillis;

/// Stands in front of what is a leaf of the log.
const ENTRY: &str = "tiande-day-root-v1";
/// Stands in front of what is signed.
const SIGNED: &str = "tiande-signed-root-v1";

/// The root of one day of a court.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayRoot {
    /// Whose.
    pub court: CourtId,
    /// Number among the court's roots, from 1, without a gap.
    pub number: u64,
    /// The day it is made for: the last one that was over, or the one that ran when somebody wanted
    /// a root.
    pub day: Day,
    /// First position of the journal that it covers: the one after the root before.
    pub first: u64,
    /// Last position that it covers; one less than `first` when the journal stood still.
    pub last: u64,
    /// How many of the records between are the court's.
    pub size: u64,
    /// Root of the tree over them, in order.
    pub root: Hash,
    /// When it was made.
    pub at: UnixMillis,
    /// Root of the tree over all roots of the court, up to this one.
    pub log_root: Hash,
}

impl DayRoot {
    fn fields(&self, format: &str, log_root: Option<&Hash>) -> Vec<u8> {
        let day = self.day.to_string();
        let (number, at) = (self.number.to_be_bytes(), self.at.0.to_be_bytes());
        let (first, last) = (self.first.to_be_bytes(), self.last.to_be_bytes());
        let size = self.size.to_be_bytes();
        let mut fields: Vec<&[u8]> = vec![
            format.as_bytes(),
            self.court.as_str().as_bytes(),
            &number,
            day.as_bytes(),
            &first,
            &last,
            &size,
            &self.root,
            &at,
        ];
        fields.extend(log_root.map(|root| root.as_slice()));
        joined(&fields)
    }

    /// Its leaf in the log of the court's roots: everything but the log's own root.
    #[must_use]
    pub fn leaf(&self) -> Hash {
        leaf_hash(&self.fields(ENTRY, None))
    }

    /// What is signed.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        self.fields(SIGNED, Some(&self.log_root))
    }
}

/// Why a list of roots is not the history of one court.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LogFault {
    /// One is missing, or twice there.
    #[error("is not the next one: roots are missing or doubled")]
    Number,
    /// Of another court.
    #[error("is of another court")]
    Court,
    /// It does not begin where the one before ended.
    #[error("does not begin where the root before it ended")]
    Range,
    /// Its log root is not that of the roots before it.
    #[error("does not go on from the roots before it")]
    LogRoot,
}

/// The roots of one court, one after the other.
#[derive(Clone, Debug, Default)]
pub struct Log {
    peaks: Peaks,
    newest: Option<(CourtId, u64)>,
}

impl Log {
    /// Position up to which the roots so far cover the journal.
    #[must_use]
    pub fn covered(&self) -> u64 {
        self.newest.as_ref().map_or(0, |(_, last)| *last)
    }

    /// How many roots there are.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.peaks.size()
    }

    /// Takes the next root in, whatever it says of the log; the log's root with it.
    pub fn push(&mut self, root: &DayRoot) -> Hash {
        self.peaks.push(root.leaf());
        self.newest = Some((root.court.clone(), root.last));
        self.peaks.root()
    }

    /// Takes the next root in, if it is one.
    ///
    /// # Errors
    /// [`LogFault`].
    pub fn check(&mut self, root: &DayRoot) -> Result<(), LogFault> {
        if root.number != self.size() + 1 {
            return Err(LogFault::Number);
        }
        if self.newest.as_ref().is_some_and(|(court, _)| *court != root.court) {
            return Err(LogFault::Court);
        }
        if root.first != self.covered().saturating_add(1)
            || root.last.saturating_add(1) < root.first
        {
            return Err(LogFault::Range);
        }
        let log_root = self.push(root);
        if log_root == root.log_root { Ok(()) } else { Err(LogFault::LogRoot) }
    }
}
