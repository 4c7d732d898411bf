//! What waits in front of the disk, and what of it is written with one flush.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use tiande_actors::ports::tracks::{TrackBatch, TrackPart, TrackTeller};
use tiande_core::ids::CourtId;
use tiande_core::track::{Order, TrackFix};

use super::FLUSH_FIXES;
use super::devices::Devices;

/// A batch that waits: its parts are the next ones in line.
struct Waits {
    court: CourtId,
    parts: usize,
    teller: Arc<dyn TrackTeller>,
}

/// Batches one behind the other, without an allocation for any of them.
#[derive(Default)]
pub(super) struct Waiting {
    batches: Vec<Waits>,
    parts: Vec<TrackPart>,
    fixes: Vec<TrackFix>,
    /// Fixes, where a part without fixes takes a place too.
    pub(super) places: usize,
}

/// Places that a batch takes.
pub(super) fn places_of(batch: &TrackBatch<'_>) -> usize {
    batch.parts.iter().map(|part| part.fixes.max(1)).sum()
}

impl Waiting {
    pub(super) fn is_empty(&self) -> bool {
        self.batches.is_empty()
    }

    /// Puts a batch into the line.
    pub(super) fn push(&mut self, batch: TrackBatch<'_>) {
        self.places += places_of(&batch);
        self.parts.extend_from_slice(batch.parts);
        self.fixes.extend_from_slice(batch.fixes);
        let (court, parts) = (batch.court.clone(), batch.parts.len());
        self.batches.push(Waits { court, parts, teller: batch.teller });
    }

    fn clear(&mut self) {
        let Self { batches, parts, fixes, places } = self;
        batches.clear();
        parts.clear();
        fixes.clear();
        *places = 0;
        // What gathered while the disk failed does not keep its room.
        batches.shrink_to(FLUSH_FIXES);
        parts.shrink_to(4 * FLUSH_FIXES);
        fixes.shrink_to(4 * FLUSH_FIXES);
    }
}

/// What is written with one flush.
#[derive(Default)]
pub(super) struct Flush {
    taken: Waiting,
    /// What is not stored yet, each once, by the device's number; a device's in its order but for
    /// stragglers, which stand at the end.
    pub(super) new: Vec<(u32, TrackFix)>,
    stragglers: Vec<(u32, TrackFix)>,
}

impl Flush {
    /// True when nobody waits to be told anything.
    pub(super) fn is_empty(&self) -> bool {
        self.taken.is_empty()
    }

    /// Takes over what waits; `waiting` gets the room of the flush before.
    pub(super) fn take(&mut self, waiting: &mut Waiting) {
        self.taken.clear();
        mem::swap(&mut self.taken, waiting);
    }

    /// Finds out what of it is not stored yet.
    pub(super) fn sift(&mut self, devices: &mut Devices) {
        self.new.clear();
        let (mut parts, mut fixes) = (self.taken.parts.iter(), self.taken.fixes.iter());
        for batch in &self.taken.batches {
            let court = devices.court(&batch.court);
            for part in parts.by_ref().take(batch.parts) {
                let at = devices.number_of(court, part.officer, part.device);
                let known = &mut devices.list[at as usize];
                for fix in fixes.by_ref().take(part.fixes) {
                    let order = Some(fix.order());
                    if order > known.newest {
                        known.newest = order;
                        self.new.push((at, *fix));
                    } else if order > known.mark {
                        self.stragglers.push((at, *fix));
                    }
                }
            }
        }
        if !self.stragglers.is_empty() {
            self.add_stragglers();
        }
    }

    /// What came behind a newer one, with the same flush: mostly a device's second try, now and then what
    /// another connection overtook.
    fn add_stragglers(&mut self) {
        let key = |(at, fix): &(u32, TrackFix)| -> (u32, Order) { (*at, fix.order()) };
        let mut there: HashSet<(u32, Order)> = self.new.iter().map(key).collect();
        let late = self.stragglers.drain(..);
        self.new.extend(late.filter(|one| there.insert(key(one))));
        self.stragglers.shrink_to(FLUSH_FIXES);
    }

    /// Tells everybody; for when everything is durable.
    pub(super) fn tell(&mut self) {
        let mut parts = self.taken.parts.as_slice();
        for batch in &self.taken.batches {
            let (told, rest) = parts.split_at(batch.parts);
            batch.teller.stored(told);
            parts = rest;
        }
        self.taken.clear();
        self.new.clear();
        self.new.shrink_to(4 * FLUSH_FIXES);
    }
}
