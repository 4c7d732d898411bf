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
    /// The wall clock has jumped, and is not believed.
    suspect: bool,
    /// Since when, by the monotonic clock, a suspected wall clock agrees with the second source.
    agrees_since: Option<Millis>,
}

/// What time it is for deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Court time.
    pub now: UnixMillis,
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
        let told = committed.max(expected);
        Self { told, expected, mono, suspect: other.is_some(), agrees_since: None }
    }

    /// Reads the clocks. `second` is another source, such as the database's clock, when there is one.
    pub fn read(&mut self, wall: UnixMillis, mono: Millis, second: Option<UnixMillis>) -> Reading {
        // A monotonic clock does not go backwards; if one does, no time has passed.
        let passed = Millis(mono.0.saturating_sub(self.mono.0));
        self.mono = self.mono.max(mono);
        self.expected = self.expected.plus(passed);
        if !self.suspect && apart(wall, self.expected) > STEP {
            self.suspect = true;
            self.agrees_since = None;
        }
        if self.suspect {
            self.believe_again_when_agreed(wall, second);
        }
        if !self.suspect {
            // Follow an adjustment, but only as fast as one may be.
            let most = Millis(passed.0 / SLEW);
            let (low, high) = (self.expected.minus(most), self.expected.plus(most));
            self.expected = wall.clamp(low, high);
        }
        self.told = self.told.max(self.expected);
        Reading { now: self.told, clock_suspect: self.suspect }
    }

    /// An operator has set the clock and says that it is right.
    pub fn confirm(&mut self, wall: UnixMillis) {
        self.expected = wall;
        self.suspect = false;
        self.agrees_since = None;
    }

    fn believe_again_when_agreed(&mut self, wall: UnixMillis, second: Option<UnixMillis>) {
        // It jumped and jumped back: there is nothing to doubt any more, unless the second source does.
        let contradicted = second.is_some_and(|second| apart(second, wall) > STEP);
        if apart(wall, self.expected) <= STEP && !contradicted {
            return self.confirm(self.expected);
        }
        if second.is_none_or(|second| apart(second, wall) > STEP) {
            self.agrees_since = None;
            return;
        }
        let since = *self.agrees_since.get_or_insert(self.mono);
        if self.mono.0.saturating_sub(since.0) >= AGREED_FOR {
            self.confirm(wall);
        }
    }
}

fn apart(one: UnixMillis, other: UnixMillis) -> u64 {
    one.0.abs_diff(other.0)
}
