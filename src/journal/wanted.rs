//! What a group needs to know of the database before it is planned.
//!
//! A stream that a decision begins, and the key of a subject that begins with it, are believed to be
//! new and not looked up: the unique indexes refuse the group if that is wrong, and then the
//! decisions are tried one by one with everything looked up (`exact`).
//!
//! **Not here:** the look-ups.

use std::collections::HashSet;

use tiande_core::journal::{StreamId, Subject};
use uuid::Uuid;

use super::plan::{Base, Known};
use super::prepared::Prepared;

/// What is to be looked up.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Streams whose heads no cache knows.
    pub heads: HashSet<StreamId>,
    /// Subjects whose keys no cache knows.
    pub subjects: HashSet<Subject>,
}

impl Wanted {
    /// What these decisions need and no cache knows.
    pub fn by<'a>(
        base: &mut Base,
        decisions: impl Iterator<Item = &'a Prepared> + Clone,
        exact: bool,
    ) -> Self {
        let begun: HashSet<Uuid> = if exact {
            HashSet::new()
        } else {
            decisions.clone().flat_map(Prepared::begun).collect()
        };
        let mut wanted = Self::default();
        for part in decisions.flat_map(|decision| &decision.streams) {
            if (exact || part.expected_seq > 0) && base.heads.get(&part.stream).is_none() {
                wanted.heads.insert(part.stream);
            }
            for (event, encoded) in &part.events {
                if encoded.personal.is_none() {
                    continue;
                }
                if let Some(subject) = event.subject()
                    && !begun.contains(&subject.0)
                    && base.keys.cached(subject).is_none()
                {
                    wanted.subjects.insert(subject);
                }
            }
        }
        wanted
    }
}

impl Known {
    /// Takes in a wrapped key that was found.
    pub fn take_key(&mut self, base: &Base, subject: Subject, wrapped: &[u8]) {
        match base.keys.unwrap_stored(subject, wrapped) {
            Some(key) => {
                base.keys.remember(subject, key, base.keys.generation());
                self.keys.insert(subject, key);
            }
            None => {
                self.damaged_keys.insert(subject);
            }
        }
    }
}
