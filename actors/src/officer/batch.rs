//! What becomes of each record of a gateway's batch. Shared by whoever works on a part of it: when the
//! last of them lets go, the gateway gets its one answer.
//!
//! A record that nobody said anything about is to be sent again. So an actor that dies with a part in
//! its hands, a full queue and a disk that fails need no care of their own: they say nothing.

use std::sync::{Arc, Mutex, PoisonError};

use tiande_core::officer::FixVerdict;
use tokio::sync::oneshot;

/// The end of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordEnd {
    /// Not judged, or not on the disk: the gateway sends it again.
    #[default]
    Again,
    /// The court has no such officer.
    OfficerUnknown,
    /// It was no position of anybody.
    Invalid,
    /// Judged, and on the disk, or not to be kept.
    Judged(FixVerdict),
}

impl RecordEnd {
    /// The stable code of a record that is not the officer's position now; `None` of one that was taken.
    #[must_use]
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Again => Some("overloaded"),
            Self::Invalid => Some("field-invalid"),
            Self::OfficerUnknown => Some("officer-unknown"),
            Self::Judged(FixVerdict::Taken) => None,
            Self::Judged(verdict) => Some(verdict.name()),
        }
    }
}

/// A batch under way.
#[derive(Debug)]
pub struct Batch {
    ends: Mutex<Vec<RecordEnd>>,
    done: Mutex<Option<oneshot::Sender<Vec<RecordEnd>>>>,
}

impl Batch {
    /// A batch of so many records; the other end resolves when everybody has let go of it, to the end
    /// of each record in order.
    #[must_use]
    pub fn of(records: usize) -> (Arc<Self>, oneshot::Receiver<Vec<RecordEnd>>) {
        let (tell, told) = oneshot::channel();
        let ends = Mutex::new(vec![RecordEnd::Again; records]);
        (Arc::new(Self { ends, done: Mutex::new(Some(tell)) }), told)
    }

    /// Says how a record ended. One that the batch does not have is passed over.
    pub fn end(&self, index: usize, end: RecordEnd) {
        self.end_all([(index, end)]);
    }

    /// The same for several.
    pub fn end_all(&self, ended: impl IntoIterator<Item = (usize, RecordEnd)>) {
        let mut ends = self.ends.lock().unwrap_or_else(PoisonError::into_inner);
        for (index, end) in ended {
            if let Some(place) = ends.get_mut(index) {
                *place = end;
            }
        }
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let ends = self.ends.get_mut().unwrap_or_else(PoisonError::into_inner);
        let done = self.done.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(done) = done.take() {
            done.send(std::mem::take(ends)).ok(); // The gateway may have gone.
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_answered_when_the_last_lets_go_and_what_nobody_spoke_of_comes_again() {
        let (batch, mut told) = Batch::of(3);
        let other = Arc::clone(&batch);
        batch.end(0, RecordEnd::Judged(FixVerdict::Taken));
        drop(batch);
        assert!(told.try_recv().is_err(), "somebody still works on it");
        other.end_all([(2, RecordEnd::OfficerUnknown), (3, RecordEnd::OfficerUnknown)]);
        drop(other);
        let ends = told.try_recv().expect("answered");
        let codes: Vec<_> = ends.into_iter().map(RecordEnd::code).collect();
        assert_eq!(codes, [None, Some("overloaded"), Some("officer-unknown")]);
    }
}
