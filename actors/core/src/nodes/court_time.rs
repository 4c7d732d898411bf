//! The time that deadlines fire by. It never goes backwards, and a wall clock that jumps fires nothing by
//! itself (I12, I15).

use crate::time::{Millis, UnixMillis};

/// The wall clock and the monotonic one may differ by so much before the wall clock is suspected.
const STEP: u64 = 2_000;
/// A suspected wall clock is believed again after it has agreed with a second source for so long.
const AGREED_FOR: u64 = 60_000;
/// A wall clock that is being adjusted may run faster or slower by one part in so many; what is faster is
/// no adjustment. NTP slews by at most one in 2,000.
const SLEW: u64 = 1_000;

/// Keeps court time. Readings of the clocks are arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CourtTime {
    /// What was last told. Nothing earlier is told again.
    told: UnixMillis,
    /// The wall clock as it should stand at `mono`.
    expected: UnixMillis,
    /// The monotonic clock at the last reading.
    mono: Millis,
    /// Time since the last millisecond by which an adjustment was followed.
    unslewed: Millis,
    /// The wall clock is not believed.
    suspect: bool,
    /// Because the second source contradicts it: then only that can take the doubt back.
    by_second: bool,
    /// An operator has believed the wall clock against the second source.
    overruled: bool,
    /// Since when, by the monotonic clock, a suspected wall clock agrees with the second source.
    agrees_since: Option<Millis>,
}

/// What time it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Court time, by which deadlines fire.
    pub now: UnixMillis,
    /// The wall clock as far as it is believed. Goes back only when an operator or the second source says so.
    pub believed: UnixMillis,
    /// The wall clock is not believed: an operator must know.
    pub clock_suspect: bool,
}

impl CourtTime {
    /// At the start of a server. `committed` is the time of the last event in the journal: court time begins
    /// there even when the wall clock is behind it. When the second source shows another time the wall clock
    /// is suspected from the beginning, and the earlier of the two holds: nothing fires too early.
    #[must_use]
    pub fn new(
        committed: UnixMillis,
        wall: UnixMillis,
        mono: Millis,
        second: Option<UnixMillis>,
    ) -> Self {
        let other = second.filter(|second| apart(*second, wall) > STEP);
        let expected = other.map_or(wall, |other| other.min(wall));
        Self {
            told: committed.max(expected),
            expected,
            mono,
            unslewed: Millis(0),
            suspect: other.is_some(),
            by_second: other.is_some(),
            overruled: false,
            agrees_since: None,
        }
    }

    /// Reads the clocks. `second` is another source, such as the database's clock, when there is one.
    pub fn read(&mut self, wall: UnixMillis, mono: Millis, second: Option<UnixMillis>) -> Reading {
        // A monotonic clock does not go backwards; if one does, no time has passed.
        let passed = Millis(mono.0.saturating_sub(self.mono.0));
        self.mono = self.mono.max(mono);
        self.expected = self.expected.plus(passed);
        let agrees = second.map(|second| apart(second, wall) <= STEP);
        self.overruled &= agrees != Some(true);
        let contradicted = agrees == Some(false) && !self.overruled;
        if !self.suspect && (contradicted || apart(wall, self.expected) > STEP) {
            self.suspect = true;
            self.agrees_since = None;
        }
        if self.suspect {
            self.by_second |= contradicted;
            self.believe_again_when_agreed(wall, agrees);
        }
        if !self.suspect {
            // Follow an adjustment, but only as fast as one may be.
            self.unslewed = Millis(self.unslewed.0.saturating_add(passed.0));
            let most = Millis(self.unslewed.0 / SLEW);
            self.unslewed = Millis(self.unslewed.0 % SLEW);
            let (low, high) = (self.expected.minus(most), self.expected.plus(most));
            self.expected = wall.clamp(low, high);
        }
        self.told = self.told.max(self.expected);
        Reading { now: self.told, believed: self.expected, clock_suspect: self.suspect }
    }

    /// An operator has set the clock and says that it is right.
    pub fn confirm(&mut self, wall: UnixMillis) {
        self.believe(wall);
        self.overruled = true;
    }

    fn believe(&mut self, wall: UnixMillis) {
        self.expected = wall;
        (self.suspect, self.by_second) = (false, false);
        self.agrees_since = None;
    }

    fn believe_again_when_agreed(&mut self, wall: UnixMillis, agrees: Option<bool>) {
        let taken_back = !self.by_second || agrees == Some(true);
        // It jumped and jumped back: there is nothing to doubt any more.
        if taken_back && apart(wall, self.expected) <= STEP {
            return self.believe(self.expected);
        }
        if agrees != Some(true) {
            self.agrees_since = None;
            return;
        }
        let since = *self.agrees_since.get_or_insert(self.mono);
        if self.mono.0.saturating_sub(since.0) >= AGREED_FOR {
            self.believe(wall);
        }
    }
}

fn apart(one: UnixMillis, other: UnixMillis) -> u64 {
    one.0.abs_diff(other.0)
}
