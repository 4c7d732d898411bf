//! Fixes in memory: those that go to the disk together, and those that are in the write-ahead file
//! and in no day file yet.

use std::collections::BTreeMap;
use std::sync::Arc;

use tiande_actors::ports::tracks::{TrackBatch, TrackTeller};
use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{Order, TrackFix};

/// Whose fixes these are. In this order they lie in a day file: an officer's blocks side by side.
pub(super) type Owner = (CourtId, OfficerId, DeviceId);

/// Fixes of one device that are written together.
pub(super) struct Group {
    /// In order of the device, each once, all newer than what is stored.
    pub(super) fixes: Vec<TrackFix>,
    upto: Order,
    tellers: Vec<Arc<dyn TrackTeller>>,
}

/// What is written with one flush.
#[derive(Default)]
pub(super) struct Flush {
    pub(super) groups: BTreeMap<Owner, Group>,
    pub(super) fixes: usize,
}

impl Flush {
    /// Puts batches together, and leaves out what is stored already.
    pub(super) fn of(batches: Vec<TrackBatch>, stored: impl Fn(DeviceId) -> Option<Order>) -> Self {
        let mut groups: BTreeMap<Owner, Group> = BTreeMap::new();
        for batch in batches {
            let owner = (batch.court.clone(), batch.officer, batch.device);
            let new =
                || Group { fixes: Vec::new(), upto: batch.upto, tellers: Vec::with_capacity(1) };
            let group = groups.entry(owner).or_insert_with(new);
            group.fixes.extend(batch.fixes);
            group.upto = group.upto.max(batch.upto);
            if !group.tellers.iter().any(|teller| Arc::ptr_eq(teller, &batch.teller)) {
                group.tellers.push(batch.teller);
            }
        }
        let mut fixes = 0;
        for ((_, _, device), group) in &mut groups {
            let mark = stored(*device);
            group.fixes.retain(|fix| Some(fix.order()) > mark);
            group.fixes.sort_by_key(TrackFix::order);
            group.fixes.dedup_by_key(|fix| fix.order());
            fixes += group.fixes.len();
        }
        Self { groups, fixes }
    }

    /// Tells all devices; for when everything is durable.
    pub(super) fn tell(&self) {
        for ((_, _, device), group) in &self.groups {
            for teller in &group.tellers {
                teller.stored(*device, group.upto);
            }
        }
    }
}

/// What is in no day file yet.
#[derive(Default)]
pub(super) struct Pending {
    pub(super) owners: BTreeMap<Owner, Vec<TrackFix>>,
}

impl Pending {
    /// Takes fixes in; they are newer than those of that owner here.
    pub(super) fn add(&mut self, owner: &Owner, fixes: &[TrackFix]) {
        if fixes.is_empty() {
            return;
        }
        match self.owners.get_mut(owner) {
            Some(held) => held.extend(fixes),
            None => drop(self.owners.insert(owner.clone(), fixes.to_vec())),
        }
    }
}
