//! Sources of tips that were read before: a tip is not to wait for the database only to learn whose
//! secret it was signed with.
//!
//! All changes go through this process, so what is kept is what is stored. While a source is changed it
//! is not kept, and a change whose caller went away keeps it out for good: then the database is asked,
//! as for everybody who is not known here. Names that do not exist are never kept, for strangers choose
//! them; nor is a source while old secrets of it still count, because those end by the clock.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::Source;

/// More sources than that are read from the database.
const KEPT_MAX: usize = 4_096;

#[derive(Default)]
struct Inner {
    sources: HashMap<String, Source>,
    /// How many changes of a source are under way.
    changing: HashMap<String, usize>,
    /// Grows with each change of any source, when it begins and when it ends.
    generation: u64,
}

/// The sources that are known.
#[derive(Default)]
pub(super) struct KnownSources(Mutex<Inner>);

impl KnownSources {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Each change below is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The source of that name, if it is kept; else the generation, which goes with what is read now.
    pub(super) fn get(&self, name: &str) -> Result<Source, u64> {
        let inner = self.inner();
        inner.sources.get(name).cloned().ok_or(inner.generation)
    }

    /// Keeps what was read, unless something was changed since `generation`.
    pub(super) fn keep(&self, source: &Source, generation: u64) {
        let mut inner = self.inner();
        let fits = inner.generation == generation
            && !inner.changing.contains_key(&source.name)
            && source.old_secrets.is_empty()
            && inner.sources.len() < KEPT_MAX;
        if fits {
            inner.sources.insert(source.name.clone(), source.clone());
        }
    }

    /// The source is about to be changed. Followed by [`Self::changed`] when that is over, however it
    /// ended; without it the name is never kept again.
    pub(super) fn change(&self, name: &str) {
        let mut inner = self.inner();
        inner.generation += 1;
        inner.sources.remove(name);
        *inner.changing.entry(name.to_owned()).or_default() += 1;
    }

    /// The change is over.
    pub(super) fn changed(&self, name: &str) {
        let mut inner = self.inner();
        inner.generation += 1;
        if let Some(under_way) = inner.changing.get_mut(name) {
            *under_way -= 1;
            if *under_way == 0 {
                inner.changing.remove(name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use tiande_core::ids::CourtId;

    use super::*;

    fn source(old: &[&str]) -> Source {
        Source {
            court: CourtId::parse("changyuan").expect("a court"),
            name: "alpha".into(),
            secret: "whsec_a".into(),
            old_secrets: old.iter().map(|&old| old.to_owned()).collect(),
            trusted: true,
        }
    }

    fn generation(known: &KnownSources) -> u64 {
        known.get("alpha").expect_err("not kept")
    }

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let known = KnownSources::default();
        let before = generation(&known);
        known.change("alpha");
        let during = generation(&known);
        known.keep(&source(&[]), before);
        known.keep(&source(&[]), during);
        assert_eq!(generation(&known), during, "nothing is kept while it is changed");
        known.changed("alpha");
        known.keep(&source(&[]), during);
        let after = generation(&known);
        known.keep(&source(&[]), after);
        assert!(known.get("alpha").is_ok());
        known.change("alpha");
        assert!(known.get("alpha").is_err(), "at once, not when it is over");
    }

    #[test]
    fn a_change_that_was_never_seen_to_end_keeps_a_source_out() {
        let known = KnownSources::default();
        known.change("alpha");
        known.keep(&source(&[]), generation(&known));
        assert!(known.get("alpha").is_err());
    }

    #[test]
    fn of_two_changes_the_last_to_end_lets_it_in_again() {
        let known = KnownSources::default();
        known.change("alpha");
        known.change("alpha");
        known.changed("alpha");
        known.keep(&source(&[]), generation(&known));
        assert!(known.get("alpha").is_err(), "the other one may not be written yet");
        known.changed("alpha");
        known.keep(&source(&[]), generation(&known));
        assert!(known.get("alpha").is_ok());
    }

    #[test]
    fn secrets_that_end_by_the_clock_are_not_kept() {
        let known = KnownSources::default();
        known.keep(&source(&["whsec_b"]), generation(&known));
        assert!(known.get("alpha").is_err());
    }
}
