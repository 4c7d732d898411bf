//! A store of tracks in memory, which is full or slow on demand.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tiande_core::ids::{DeviceId, OfficerId};
use tiande_core::track::{Order, TrackFix};

use crate::ports::tracks::{TrackBatch, TrackPart, TrackTeller, Tracks, TracksFull};

/// Keeps tracks in memory.
#[derive(Clone, Default)]
pub struct MemoryTracks(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    full: bool,
    holds: bool,
    held: Vec<Held>,
    marks: BTreeMap<DeviceId, Order>,
    fixes: BTreeMap<OfficerId, Vec<TrackFix>>,
}

/// A batch as it is kept.
struct Held {
    parts: Vec<TrackPart>,
    fixes: Vec<TrackFix>,
    teller: Arc<dyn TrackTeller>,
}

impl MemoryTracks {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on nothing more is taken, or again.
    pub fn set_full(&self, full: bool) {
        self.state().full = full;
    }

    /// From now on what is taken is not durable until [`Self::release`].
    pub fn hold(&self) {
        self.state().holds = true;
    }

    /// What was held becomes durable.
    pub fn release(&self) {
        let held = {
            let mut state = self.state();
            state.holds = false;
            std::mem::take(&mut state.held)
        };
        held.into_iter().for_each(|batch| self.write(&batch));
    }

    /// What is durable of an officer.
    #[must_use]
    pub fn of(&self, officer: OfficerId) -> Vec<TrackFix> {
        self.state().fixes.get(&officer).cloned().unwrap_or_default()
    }

    fn write(&self, batch: &Held) {
        {
            let state = &mut *self.state();
            let mut fixes = batch.fixes.iter();
            for part in &batch.parts {
                let known = state.marks.get(&part.device).copied();
                let new = fixes.by_ref().take(part.fixes).filter(|fix| Some(fix.order()) > known);
                let new: Vec<TrackFix> = new.copied().collect();
                if let Some(last) = new.last() {
                    state.marks.insert(part.device, last.order());
                }
                state.fixes.entry(part.officer).or_default().extend(new);
            }
        }
        batch.teller.stored(&batch.parts);
    }
}

impl Tracks for MemoryTracks {
    fn keep(&self, batch: TrackBatch<'_>) -> Result<(), TracksFull> {
        let TrackBatch { parts, fixes, teller, .. } = batch;
        let batch = Held { parts: parts.to_vec(), fixes: fixes.to_vec(), teller };
        {
            let mut state = self.state();
            if state.full {
                return Err(TracksFull);
            }
            if state.holds {
                state.held.push(batch);
                return Ok(());
            }
        }
        self.write(&batch);
        Ok(())
    }

    fn stored(&self, device: DeviceId) -> Option<Order> {
        self.state().marks.get(&device).copied()
    }
}
