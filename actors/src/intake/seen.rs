//! Which deliveries were taken before, as far as that can be said without asking the journal.
//!
//! Nearly every tip is new, and finding that out in the journal stands before everything else that is
//! done for it. So a court that gets tips reads the keys of the deliveries it remembers once, beside its
//! work, and from then on knows a new one by itself. What is not surely new is looked up, as everything
//! is until that list is there. The append refuses a doubled delivery in any case.
//!
//! **Not here:** what was answered. That is in the journal alone.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::rc::Rc;

use tracing::warn;

use crate::court::CourtRoom;
use crate::limits::{DELIVERIES_KNOWN, DELIVERIES_READ_AGAIN};
use crate::pause::pause;

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Known {
    /// Nobody has asked yet.
    #[default]
    Nothing,
    /// The journal is being read.
    Reading,
    /// Everything taken before is among the keys.
    All,
    /// There are too many, or the store cannot tell them.
    Never,
}

/// Keys of deliveries, of eight bytes each: two that are alike only cost a look into the journal.
#[derive(Debug, Default)]
pub(crate) struct SeenDeliveries {
    keys: HashSet<u64>,
    known: Known,
}

fn key_of(source: &str, webhook_id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    (source, webhook_id).hash(&mut hasher);
    hasher.finish()
}

impl SeenDeliveries {
    /// Takes a delivery in; true when it was surely never seen before.
    fn take(&mut self, source: &str, webhook_id: &str) -> bool {
        if self.known == Known::Never {
            return false;
        }
        let new = self.keys.insert(key_of(source, webhook_id));
        if self.keys.len() > DELIVERIES_KNOWN {
            (self.keys, self.known) = (HashSet::new(), Known::Never);
        }
        new && self.known == Known::All
    }

    /// What the journal says; `None` when it cannot tell.
    fn learn(&mut self, keys: Option<Vec<(String, String)>>) {
        match keys {
            // What came in meanwhile is among the keys already.
            Some(keys) if self.keys.len() + keys.len() <= DELIVERIES_KNOWN => {
                self.keys.extend(keys.iter().map(|(source, id)| key_of(source, id)));
                self.known = Known::All;
            }
            Some(_) | None => (self.keys, self.known) = (HashSet::new(), Known::Never),
        }
    }
}

/// Notes a delivery; true when it is surely new. The first of a court lets the others be read.
pub(super) fn surely_new(room: &Rc<CourtRoom>, source: &str, webhook_id: &str) -> bool {
    let mut seen = room.seen.borrow_mut();
    if seen.known == Known::Nothing {
        seen.known = Known::Reading;
        let room = Rc::clone(room);
        actix::spawn(async move { read(&room).await });
    }
    seen.take(source, webhook_id)
}

async fn read(room: &CourtRoom) {
    loop {
        match room.journal.deliveries(room.profile.id.clone(), DELIVERIES_KNOWN).await {
            Ok(keys) => return room.seen.borrow_mut().learn(keys),
            Err(fault) => warn!(%fault, "deliveries taken before could not be read; tried again"),
        }
        pause(DELIVERIES_READ_AGAIN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(ids: &[&str]) -> Option<Vec<(String, String)>> {
        Some(ids.iter().map(|id| ("court/a".to_owned(), (*id).to_owned())).collect())
    }

    #[test]
    fn nothing_is_new_before_all_is_known() {
        let mut seen = SeenDeliveries::default();
        assert!(!seen.take("court/a", "1"));
        seen.learn(keys(&["2"]));
        assert!(!seen.take("court/a", "1"), "taken in before the rest was known");
        assert!(!seen.take("court/a", "2"));
        assert!(seen.take("court/a", "3"));
        assert!(!seen.take("court/a", "3"));
        assert!(seen.take("court/b", "3"), "another source's");
    }

    #[test]
    fn too_many_or_a_store_that_cannot_tell_means_looking_up() {
        let mut seen = SeenDeliveries::default();
        seen.learn(None);
        assert!(!seen.take("court/a", "1"));
        let mut seen = SeenDeliveries::default();
        seen.learn(keys(&[]));
        (0..DELIVERIES_KNOWN).for_each(|id| assert!(seen.take("court/a", &id.to_string())));
        assert!(!seen.take("court/a", "one more"));
        assert!(!seen.take("court/a", "and another"));
    }
}
