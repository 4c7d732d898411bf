//! Open incidents of a court that a further tip may be about, found by place.
//!
//! An incident stands here from the moment its opening is decided, before that is durable: the second
//! of two tips that come at once finds the first. Merges into one incident wait in line here and not
//! in its mailbox, so that an officer's word never waits behind a storm of tips.

use std::cell::Cell;
use std::collections::HashMap;
use std::rc::Rc;

use tiande_core::court::MergeSettings;
use tiande_core::geo::Metres;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{Incident, MERGED_MAX, Origin};
use tiande_core::spatial::SpatialIndex;
use tiande_core::tip::{Account, Fingerprint, Likeness, LikenessRule, compare};

use crate::limits::MERGES_IN_LINE;

/// So many of those nearby are compared: words cost time, and others wait behind it.
const NEAREST_MAX: usize = 64;

/// One of them.
struct Entry {
    account: Account,
    turn: Rc<Turn>,
}

/// Whose turn it is to merge into an incident. A storm of tips about one thing stands in line for it,
/// and must not take all places of the court's other tips: so the line is short.
#[derive(Default)]
pub(super) struct Turn {
    lock: tokio::sync::Mutex<()>,
    line: Cell<usize>,
}

impl Turn {
    /// Waits for the turn; `None` when the line is too long.
    pub(super) async fn wait(&self) -> Option<InLine<'_>> {
        if self.line.get() >= MERGES_IN_LINE {
            return None;
        }
        let line = Line::stand(&self.line);
        Some(InLine { _turn: self.lock.lock().await, _line: line })
    }
}

/// Who has the turn.
pub(super) struct InLine<'a> {
    _turn: tokio::sync::MutexGuard<'a, ()>,
    _line: Line<'a>,
}

/// A place in the line, also while waiting; free again when this is dropped.
struct Line<'a>(&'a Cell<usize>);

impl<'a> Line<'a> {
    fn stand(line: &'a Cell<usize>) -> Self {
        line.set(line.get() + 1);
        Self(line)
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}

/// All of them.
#[derive(Default)]
pub(crate) struct OpenTips {
    places: SpatialIndex<IncidentId>,
    /// Never iterated, so its order cannot matter.
    entries: HashMap<IncidentId, Entry>,
}

/// What a new tip is about.
pub(super) struct Same {
    pub(super) incident: IncidentId,
    pub(super) why: Likeness,
    /// Held by whoever merges into it.
    pub(super) turn: Rc<Turn>,
}

impl OpenTips {
    /// Takes an incident in whose opening has been decided.
    pub(super) fn put(&mut self, incident: IncidentId, account: Account) {
        self.places.update(incident, account.place.at);
        let turn = self.entries.remove(&incident).map(|entry| entry.turn).unwrap_or_default();
        self.entries.insert(incident, Entry { account, turn });
    }

    /// Takes an incident out.
    pub(crate) fn remove(&mut self, incident: IncidentId) {
        self.places.remove(incident);
        self.entries.remove(&incident);
    }

    /// Follows an incident: whether it is open, where it is, when it was last told of.
    pub(crate) fn note(&mut self, incident: &Incident, settings: &MergeSettings) {
        let (Some(opened), Some(place), Some(at)) =
            (&incident.opened, incident.place, incident.told_last())
        else {
            return self.remove(incident.id);
        };
        let told = matches!(opened.origin, Origin::Tip { .. });
        let full = incident.merged.len() >= MERGED_MAX;
        if incident.closed.is_some() || !told || full || settings.within_m <= 0.0 {
            return self.remove(incident.id);
        }
        if let Some(entry) = self.entries.get_mut(&incident.id) {
            // The words it was opened with never change.
            (entry.account.place, entry.account.at) = (place, at.max(entry.account.at));
            entry.account.moving = incident.is_moving();
            self.places.update(incident.id, place.at);
            return;
        }
        let account = Account {
            place,
            at,
            kind: opened.kind,
            urgency: opened.urgency,
            exercise: opened.exercise,
            case_number: opened.case_number.clone(),
            moving: incident.is_moving(),
            words: Fingerprint::of(&opened.description),
        };
        self.put(incident.id, account);
    }

    /// The incident that the new tip is most like, but for those in `not`: of the same case, else the
    /// one in the most similar words, else the nearest.
    pub(super) fn find(
        &self,
        new: &Account,
        settings: &MergeSettings,
        not: &[IncidentId],
    ) -> Option<Same> {
        if settings.within_m <= 0.0 {
            return None;
        }
        // No further apart than this, whatever their accuracies (`likeness::reach`).
        let radius = Metres(settings.within_m * 3.0);
        let near = self.places.within(new.place.at, radius);
        let likely = near.into_iter().filter(|near| !not.contains(&near.id)).take(NEAREST_MAX);
        let alike = likely.filter_map(|near| {
            let entry = self.entries.get(&near.id)?;
            let why = compare(new, &entry.account, settings)?;
            Some((near.id, why, entry))
        });
        // The nearest comes first, and the first of equals is kept.
        let best = alike.reduce(|best, next| {
            let rank = |why: &Likeness| (why.rule == LikenessRule::SameCase, why.text_percent);
            if rank(&next.1) > rank(&best.1) { next } else { best }
        });
        best.map(|(incident, why, entry)| Same { incident, why, turn: Rc::clone(&entry.turn) })
    }
}
