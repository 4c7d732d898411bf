//! The calendar itself: is this a rest day, and is that known for certain?

use serde::{Deserialize, Serialize};

use super::Day;

/// Which calendar a date was computed with; is recorded with it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CalendarVersion {
    /// The calendar's name, such as `cn`.
    pub name: String,
    /// Its version, 1–1000000; grows with each change.
    pub version: u32,
    /// The last year it knows.
    pub last_year: i32,
}

impl std::fmt::Display for CalendarVersion {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.name, self.version)
    }
}

/// Public holidays and make-up workdays of some years without a gap.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Calendar {
    version: CalendarVersion,
    first: Day,
    /// Each day from `first` on, to the end of the last year: true when it is a rest day. A table by
    /// day, because working days are counted one by one and a year's holidays are asked for often.
    rests: Vec<bool>,
}

/// What was looked up on the way to a date: the earliest day whose year the calendar does not have.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Consulted(Option<Day>);

impl Consulted {
    /// The first such day; what depends on it is provisional.
    #[must_use]
    pub fn unknown(self) -> Option<Day> {
        self.0
    }
}

impl Calendar {
    /// `rests` begins with the first day of a year and ends with the last day of one.
    pub(super) fn new(version: CalendarVersion, first: Day, rests: Vec<bool>) -> Self {
        Self { version, first, rests }
    }

    /// Its name, version and last year.
    #[must_use]
    pub fn version(&self) -> &CalendarVersion {
        &self.version
    }

    /// The first and the last day that it knows.
    #[must_use]
    pub fn span(&self) -> (Day, Day) {
        let length = i32::try_from(self.rests.len()).unwrap_or(i32::MAX);
        (self.first, self.first.plus(length - 1))
    }

    /// Is it a rest day? Outside the calendar's years: is it a weekend, and `consulted` remembers it.
    #[must_use]
    pub fn is_rest(&self, day: Day, consulted: &mut Consulted) -> bool {
        let index = usize::try_from(day.days_since(self.first)).ok();
        if let Some(rests) = index.and_then(|index| self.rests.get(index)) {
            return *rests;
        }
        consulted.0 = Some(consulted.0.map_or(day, |earlier| earlier.min(day)));
        day.is_weekend()
    }

    /// The day itself, or the first one after it that is no rest day (民事诉讼法 85条).
    #[must_use]
    pub fn roll_on(&self, mut day: Day, consulted: &mut Consulted) -> Day {
        while self.is_rest(day, consulted) {
            day = day.plus(1);
        }
        day
    }

    /// The day itself, or the last one before it that is no rest day.
    #[must_use]
    pub fn roll_back(&self, mut day: Day, consulted: &mut Consulted) -> Day {
        while self.is_rest(day, consulted) {
            day = day.plus(-1);
        }
        day
    }
}
