//! How all officers of a court stand, by small numbers: what searches, ticks and rosters read.
//!
//! A position finds its line by the number that its seat has, without a look-up by identity; who asks by
//! identity takes one more step.

use std::collections::BTreeMap;
use std::mem;

use tiande_core::dispatch::{Glance, Glances};
use tiande_core::ids::OfficerId;
use tiande_core::officer::KnownFix;

use super::lanes::Whom;

struct Line {
    glance: Option<Glance>,
    /// It is among those who moved.
    moved: bool,
}

/// See the module.
#[derive(Default)]
pub(crate) struct CourtGlances {
    /// Small numbers, given on first sight.
    numbers: BTreeMap<OfficerId, u32>,
    lines: Vec<Line>,
    /// Whose line changed since the last tick.
    moved: Vec<u32>,
}

impl CourtGlances {
    /// The officer's number; given on first sight.
    pub(crate) fn number_of(&mut self, id: OfficerId) -> u32 {
        let next = u32::try_from(self.lines.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(id).or_insert(next);
        if number == next {
            self.lines.push(Line { glance: None, moved: false });
        }
        number
    }

    /// The number of somebody who has one.
    pub(crate) fn number(&self, id: OfficerId) -> Option<u32> {
        self.numbers.get(&id).copied()
    }

    /// The number that a gateway's record means, if anybody has it.
    pub(crate) fn number_for(&self, whom: Whom) -> Option<u32> {
        match whom {
            Whom::Number(number) => {
                usize::try_from(number).is_ok_and(|at| at < self.lines.len()).then_some(number)
            }
            Whom::Id(officer) => self.number(officer),
        }
    }

    fn line(&mut self, number: u32) -> Option<&mut Line> {
        self.lines.get_mut(usize::try_from(number).ok()?)
    }

    pub(crate) fn get(&self, id: &OfficerId) -> Option<&Glance> {
        self.by_number(self.number(*id)?)
    }

    pub(crate) fn by_number(&self, number: u32) -> Option<&Glance> {
        self.lines.get(usize::try_from(number).ok()?)?.glance.as_ref()
    }

    pub(crate) fn contains_key(&self, id: &OfficerId) -> bool {
        self.get(id).is_some()
    }

    /// In order of their ids.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (OfficerId, &Glance)> {
        self.numbers.iter().filter_map(|(id, number)| Some((*id, self.by_number(*number)?)))
    }

    pub(crate) fn values(&self) -> impl Iterator<Item = &Glance> {
        self.iter().map(|(_, glance)| glance)
    }

    /// Writes somebody's line; it goes out with the next tick.
    pub(crate) fn set(&mut self, glance: Glance) {
        let number = self.number_of(glance.officer.id);
        if let Some(line) = self.line(number) {
            line.glance = Some(glance);
        }
        self.mark_moved(number);
    }

    /// Somebody is elsewhere.
    pub(crate) fn moved_to(&mut self, number: u32, known: KnownFix) {
        if let Some(glance) = self.line(number).and_then(|line| line.glance.as_mut()) {
            glance.fix = Some(known);
        }
        self.mark_moved(number);
    }

    fn mark_moved(&mut self, number: u32) {
        let Some(line) = self.line(number) else { return };
        if !mem::replace(&mut line.moved, true) {
            self.moved.push(number);
        }
    }

    /// The numbers of those whose line changed since the last call, in order.
    pub(crate) fn take_moved(&mut self) -> Vec<u32> {
        let room = Vec::with_capacity(self.moved.len());
        let mut moved = mem::replace(&mut self.moved, room);
        moved.sort_unstable();
        for number in &moved {
            if let Some(line) = self.line(*number) {
                line.moved = false;
            }
        }
        moved
    }
}

impl Glances for CourtGlances {
    fn glance(&self, officer: OfficerId) -> Option<&Glance> {
        self.get(&officer)
    }

    fn each(&self) -> impl Iterator<Item = (OfficerId, &Glance)> {
        self.iter()
    }
}
