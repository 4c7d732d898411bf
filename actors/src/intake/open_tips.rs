//! Open incidents of a court that a further tip may be about, found by place.
//!
//! An incident stands here from the moment its opening is decided, before that is durable: the second
//! of two tips that come at once finds the first. Merges into one incident wait in line here and not
//! in its mailbox, so that an officer's word never waits behind a storm of tips.

use std::collections::HashMap;
use std::rc::Rc;

use tiande_core::court::MergeSettings;
use tiande_core::geo::Metres;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{Incident, Origin};
use tiande_core::spatial::SpatialIndex;
use tiande_core::tip::{Account, Fingerprint, Likeness, compare};

/// One of them.
struct Entry {
    account: Account,
    turn: Rc<tokio::sync::Mutex<()>>,
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
    pub(super) turn: Rc<tokio::sync::Mutex<()>>,
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
        if incident.closed.is_some() || !told || settings.within_m <= 0.0 {
            return self.remove(incident.id);
        }
        if let Some(entry) = self.entries.get_mut(&incident.id) {
            // The words it was opened with never change.
            (entry.account.place, entry.account.at) = (place, at.max(entry.account.at));
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
            words: Fingerprint::of(&opened.description),
        };
        self.put(incident.id, account);
    }

    /// The nearest incident that the new tip is about, but for those in `not`.
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
        near.into_iter().filter(|near| !not.contains(&near.id)).find_map(|near| {
            let entry = self.entries.get(&near.id)?;
            let why = compare(new, &entry.account, settings)?;
            Some(Same { incident: near.id, why, turn: Rc::clone(&entry.turn) })
        })
    }
}
