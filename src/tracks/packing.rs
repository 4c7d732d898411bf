//! A checkpoint under way: what had gathered when it began goes into day files, step by step.
//!
//! Each step is short: some thousand fixes are packed, or one file is written and forced. Between steps
//! the thread writes flushes, into the next generation of the write-ahead file, and acknowledges them. A
//! country of 3,500 courts has 3,500 day files to force; nobody waits for all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;

use tiande_core::ids::CourtId;
use tiande_core::time::UnixMillis;
use tiande_core::track::{BLOCK_FIXES_MAX, TrackFix};

use super::DAY_MS;
use super::checkpoint::{Checkpoint, DayFile};
use super::days::{self, day_of, month_of};
use super::devices::{Devices, Owner};
use super::keys::KeyRing;
use super::medium::Medium;

/// Fixes that are packed in one step: some milliseconds.
const STEP_FIXES: usize = 16_384;

/// What a step works on.
pub(super) struct Tools<'a> {
    pub(super) folder: &'a Path,
    pub(super) medium: &'a Medium,
    pub(super) known: &'a Checkpoint,
    pub(super) keys: &'a mut KeyRing,
    /// Day files that a checkpoint failed on, or that this one is writing: nobody else may.
    pub(super) spoiled: &'a mut BTreeSet<DayFile>,
    pub(super) devices: &'a Devices,
}

/// See the module.
pub(super) struct Packing {
    /// Whose fixes are packed: courts, and in them officers, one after the other.
    who: Vec<u32>,
    /// How many of them are packed.
    at: usize,
    /// Sealed blocks of one court by day, packed and not written yet.
    sealed: BTreeMap<String, Vec<u8>>,
    court: Option<CourtId>,
    /// What counts when it is complete.
    generation: u64,
    lengths: BTreeMap<DayFile, u64>,
    /// Files that were written behind what counts now.
    pub(super) touched: Vec<DayFile>,
}

impl Packing {
    /// Begins. `who` has something; `generation` is the write-ahead file's that holds nothing of it.
    pub(super) fn of(who: Vec<u32>, generation: u64, known: &Checkpoint) -> Self {
        let lengths = known.lengths.clone();
        let (sealed, court, touched) = (BTreeMap::new(), None, Vec::new());
        Self { who, at: 0, sealed, court, generation, lengths, touched }
    }

    /// One step; the checkpoint to adopt when it was the last one.
    ///
    /// # Errors
    /// Whatever the file system says. Nothing is lost: the write-ahead file still holds it all.
    pub(super) fn step(&mut self, tools: &mut Tools<'_>) -> io::Result<Option<Checkpoint>> {
        if self.pack_some(tools)? {
            return Ok(None);
        }
        if let Some((day, records)) = self.sealed.pop_first() {
            if let Some(court) = self.court.clone() {
                // Before anything that was sealed with them counts.
                tools.keys.save(tools.medium)?;
                self.write(&court, &day, &records, tools)?;
            }
            return Ok(None);
        }
        self.court = None;
        if self.at < self.who.len() {
            return Ok(None); // The next court's turn.
        }
        let (generation, lengths) = (self.generation, std::mem::take(&mut self.lengths));
        Ok(Some(Checkpoint { generation, lengths, marks: tools.devices.frozen() }))
    }

    /// Packs more of the same court; false when there is no more of it.
    fn pack_some(&mut self, tools: &mut Tools<'_>) -> io::Result<bool> {
        let mut packed = 0;
        let mut day = None;
        while packed < STEP_FIXES {
            let Some(at) = self.who.get(self.at).copied() else { break };
            let Some(owner) = tools.devices.owner(at) else {
                debug_assert!(false, "who has reported has an owner");
                self.at += 1;
                continue;
            };
            if *self.court.get_or_insert_with(|| owner.court.clone()) != owner.court {
                break;
            }
            let Some(fixes) = tools.devices.list.get(at as usize).map(|known| &known.packing)
            else {
                break;
            };
            packed += fixes.len();
            self.seal(&owner, fixes, &mut day, tools.keys)?;
            self.at += 1;
        }
        Ok(packed > 0)
    }

    fn seal(
        &mut self,
        owner: &Owner,
        fixes: &[TrackFix],
        day: &mut Option<(i64, String)>,
        keys: &mut KeyRing,
    ) -> io::Result<()> {
        let number = |fix: &TrackFix| fix.taken_at.0.div_euclid(DAY_MS);
        let mut sorted;
        let mut fixes = fixes;
        if !fixes.is_sorted_by_key(TrackFix::order) {
            sorted = fixes.to_vec(); // Stragglers of some flush.
            sorted.sort_by_key(TrackFix::order);
            fixes = &sorted;
        }
        let Some(first) = fixes.first().map(number) else { return Ok(()) };
        if fixes.iter().all(|fix| number(fix) == first) {
            return self.seal_day(owner, first, fixes, day, keys);
        }
        let mut by_day: BTreeMap<i64, Vec<TrackFix>> = BTreeMap::new();
        fixes.iter().for_each(|fix| by_day.entry(number(fix)).or_default().push(*fix));
        by_day.iter().try_for_each(|(of, fixes)| self.seal_day(owner, *of, fixes, day, keys))
    }

    fn seal_day(
        &mut self,
        owner: &Owner,
        number: i64,
        fixes: &[TrackFix],
        known: &mut Option<(i64, String)>,
        keys: &mut KeyRing,
    ) -> io::Result<()> {
        let day = match known.take() {
            Some((of, day)) if of == number => day,
            _ => day_of(UnixMillis(number.saturating_mul(DAY_MS))),
        };
        let key = keys.need(&owner.court, month_of(&day), owner.officer)?;
        if !self.sealed.contains_key(&day) {
            self.sealed.insert(day.clone(), Vec::new());
        }
        if let Some(out) = self.sealed.get_mut(&day) {
            for chunk in fixes.chunks(BLOCK_FIXES_MAX) {
                days::put_block(out, owner, &day, chunk, &key);
            }
        }
        *known = Some((number, day));
        Ok(())
    }

    fn write(
        &mut self,
        court: &CourtId,
        day: &str,
        records: &[u8],
        tools: &mut Tools<'_>,
    ) -> io::Result<()> {
        let file = days::next_file(tools.known, tools.spoiled, court, day);
        let length = tools.known.lengths.get(&file).copied();
        // Until the checkpoint is complete nobody may write behind what this one leaves there.
        tools.spoiled.insert(file.clone());
        let length = days::append(tools.folder, &file, length, records, tools.medium)?;
        self.lengths.insert(file.clone(), length);
        self.touched.push(file);
        Ok(())
    }
}
