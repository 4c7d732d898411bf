//! All devices that the store knows, by a number of its own: up to where each is durable, and what of it
//! is in no day file yet.
//!
//! One look-up by identity finds everything that a flush needs of a device; from there on it goes by its
//! number.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem;

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{Order, TrackFix};

use super::checkpoint::Marks;

/// Whose fixes these are.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Owner {
    pub(super) court: CourtId,
    pub(super) officer: OfficerId,
    pub(super) device: DeviceId,
}

/// What is known of one device.
pub(super) struct Device {
    pub(super) device: DeviceId,
    /// Court, by its number here, and officer; `None` as long as it has reported nothing since the start.
    pub(super) owner: Option<(u32, OfficerId)>,
    /// Up to where it is durable.
    pub(super) mark: Option<Order>,
    /// Up to where it is durable or in a flush.
    pub(super) newest: Option<Order>,
    /// Up to where it is durable in what the checkpoint under way takes along.
    pub(super) frozen: Option<Order>,
    /// A write-ahead file, and the device's number in it.
    pub(super) in_wal: (u64, u32),
    /// Durable since the last checkpoint began.
    pub(super) waiting: Vec<TrackFix>,
    /// Durable, and being packed into day files.
    pub(super) packing: Vec<TrackFix>,
}

/// The devices.
#[derive(Default)]
pub(super) struct Devices {
    pub(super) list: Vec<Device>,
    numbers: HashMap<DeviceId, u32, BuildHasherDefault<IdHasher>>,
    pub(super) courts: Vec<CourtId>,
    by_court: HashMap<CourtId, u32>,
    /// How many fixes are in no day file yet, those that are being packed left out.
    pub(super) waiting: usize,
}

fn number(length: usize) -> u32 {
    u32::try_from(length).expect("there are fewer devices and courts than four thousand millions")
}

impl Devices {
    /// The devices of a checkpoint.
    pub(super) fn of(marks: &Marks) -> Self {
        let mut devices = Self::default();
        for (device, mark) in marks {
            let at = devices.join(*device, None);
            let known = &mut devices.list[at as usize];
            (known.mark, known.newest, known.frozen) = (Some(*mark), Some(*mark), Some(*mark));
        }
        devices
    }

    fn join(&mut self, device: DeviceId, owner: Option<(u32, OfficerId)>) -> u32 {
        let at = number(self.list.len());
        self.list.push(Device {
            device,
            owner,
            mark: None,
            newest: None,
            frozen: None,
            in_wal: (0, 0),
            waiting: Vec::new(),
            packing: Vec::new(),
        });
        self.numbers.insert(device, at);
        at
    }

    /// The court's number here.
    pub(super) fn court(&mut self, court: &CourtId) -> u32 {
        if let Some(known) = self.by_court.get(court) {
            return *known;
        }
        let at = number(self.courts.len());
        self.courts.push(court.clone());
        self.by_court.insert(court.clone(), at);
        at
    }

    /// The device's number; a new one joins.
    pub(super) fn number_of(&mut self, court: u32, officer: OfficerId, device: DeviceId) -> u32 {
        let owner = Some((court, officer));
        let Some(at) = self.numbers.get(&device).copied() else {
            return self.join(device, owner);
        };
        let known = &mut self.list[at as usize];
        if known.owner == owner {
            return at;
        }
        if known.owner.is_none() {
            known.owner = owner;
            return at;
        }
        // Somebody else has the device now. What it reported before stays the other's; it counts on.
        let (mark, newest, frozen) = (known.mark, known.newest, known.frozen);
        let at = self.join(device, owner);
        let known = &mut self.list[at as usize];
        (known.mark, known.newest, known.frozen) = (mark, newest, frozen);
        at
    }

    /// Up to where this device is durable.
    pub(super) fn mark(&self, device: DeviceId) -> Option<Order> {
        self.numbers.get(&device).and_then(|at| self.list.get(*at as usize)?.mark)
    }

    /// Whose fixes a device reports.
    pub(super) fn owner(&self, at: u32) -> Option<Owner> {
        let known = self.list.get(at as usize)?;
        let (court, officer) = known.owner?;
        let court = self.courts.get(court as usize)?.clone();
        Some(Owner { court, officer, device: known.device })
    }

    /// Takes in what has become durable.
    pub(super) fn keep(&mut self, fixes: &[(u32, TrackFix)]) {
        for (at, fix) in fixes {
            let known = &mut self.list[*at as usize];
            known.waiting.push(*fix);
            known.mark = known.mark.max(Some(fix.order()));
        }
        self.waiting += fixes.len();
    }

    /// What is durable by now is packed next. Returns who has anything, an officer's devices side by side.
    pub(super) fn freeze(&mut self) -> Vec<u32> {
        for known in &mut self.list {
            debug_assert!(known.packing.is_empty(), "one checkpoint at a time");
            known.packing = mem::take(&mut known.waiting);
            known.frozen = known.mark;
        }
        self.waiting = 0;
        let (list, courts) = (&self.list, &self.courts);
        let some = (0..number(list.len())).filter(|at| !list[*at as usize].packing.is_empty());
        let mut some: Vec<u32> = some.collect();
        some.sort_by_key(|at| {
            let known = &list[*at as usize];
            let court = known.owner.and_then(|(court, _)| courts.get(court as usize));
            (court, known.owner.map(|(_, officer)| officer), known.device)
        });
        some
    }

    /// What was to be packed waits again: the checkpoint failed.
    pub(super) fn thaw(&mut self) {
        for known in &mut self.list {
            let mut fixes = mem::take(&mut known.packing);
            self.waiting += fixes.len();
            fixes.append(&mut known.waiting);
            known.waiting = fixes;
        }
    }

    /// What was packed is in day files.
    pub(super) fn packed(&mut self) {
        self.list.iter_mut().for_each(|known| known.packing = Vec::new());
    }

    /// Up to where each device is in day files when the checkpoint under way is complete.
    pub(super) fn frozen(&self) -> Marks {
        // Of one that has changed hands the later entry knows more.
        self.list.iter().filter_map(|known| Some((known.device, known.frozen?))).collect()
    }
}

/// A quick hash. Devices' ids are made by the server, at random or by SHA-256: nobody can choose them so
/// that they collide.
#[derive(Default)]
pub(super) struct IdHasher(u64);

impl Hasher for IdHasher {
    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.write_u64(u64::from_le_bytes(word));
        }
    }
    fn write_u64(&mut self, word: u64) {
        // 2^64 divided by the golden ratio: an odd number with many bits.
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_usize(&mut self, _: usize) {} // The length, which is always the same.
    fn finish(&self) -> u64 {
        // Multiplying leaves the low bits poor, and the table takes those first.
        self.0.rotate_left(26)
    }
}
