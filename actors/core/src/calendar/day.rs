//! Days of the court: whole days in Shanghai time, and how they are moved.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::rfc3339::{civil_from_days, days_from_civil, days_in};
use crate::time::UnixMillis;

/// Minutes by which Shanghai is ahead of UTC. The mainland has one zone and no summer time; that of
/// 1986–1991 is left out, as no open case reaches back so far.
pub const SHANGHAI_OFFSET_MINUTES: i32 = 480;

const HOUR_MS: i64 = 3_600_000;
const DAY_MS: i64 = 24 * HOUR_MS;
const SHANGHAI_MS: i64 = 8 * HOUR_MS;

/// A day in Shanghai, as days since 1970-01-01. Written `2026-02-10`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Day(i32);

/// The text is no date of the calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a date such as 2026-02-10")]
pub struct InvalidDay;

impl Day {
    /// The first day that dates are computed for, 1990-01-01.
    pub const FIRST: Self = Self(7_305);
    /// The last day that dates are computed for, 2199-12-31.
    pub const LAST: Self = Self(84_005);

    /// A date of the Gregorian calendar; years 1–9999.
    #[must_use]
    pub fn from_civil(year: i32, month: u8, day: u8) -> Option<Self> {
        let (year, month, day) = (i64::from(year), i64::from(month), i64::from(day));
        let exists = (1..=9_999).contains(&year)
            && (1..=12).contains(&month)
            && (1..=days_in(year, month)).contains(&day);
        let days = exists.then(|| days_from_civil(year, month, day))?;
        i32::try_from(days).ok().map(Self)
    }

    /// The day on which a moment lies.
    #[must_use]
    pub fn of(at: UnixMillis) -> Self {
        let days = at.0.saturating_add(SHANGHAI_MS).div_euclid(DAY_MS);
        Self(i32::try_from(days).unwrap_or(if days < 0 { i32::MIN } else { i32::MAX }))
    }

    /// Days since 1970-01-01.
    #[must_use]
    pub fn number(self) -> i32 {
        self.0
    }

    /// Its year, month and day.
    #[must_use]
    pub fn civil(self) -> (i32, u8, u8) {
        let (year, month, day) = civil_from_days(i64::from(self.0));
        let small = |part: i64| u8::try_from(part).unwrap_or(0);
        (i32::try_from(year).unwrap_or(0), small(month), small(day))
    }

    /// Its year.
    #[must_use]
    pub fn year(self) -> i32 {
        self.civil().0
    }

    /// Monday 1 … Sunday 7.
    #[must_use]
    pub fn weekday(self) -> u8 {
        // 1970-01-01 was a Thursday.
        u8::try_from((i64::from(self.0) + 3).rem_euclid(7) + 1).unwrap_or(1)
    }

    /// True on Saturday and Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        self.weekday() >= 6
    }

    /// So many days later; earlier when negative. Stops at the ends of the number.
    #[must_use]
    pub fn plus(self, days: i32) -> Self {
        Self(self.0.saturating_add(days))
    }

    /// How many days later than `earlier` it is; negative when it is before.
    #[must_use]
    pub fn days_since(self, earlier: Self) -> i32 {
        self.0.saturating_sub(earlier.0)
    }

    /// The corresponding day so many months later, or that month's last day when it has none
    /// (民法典 202条): 2025-08-31 and six months are 2026-02-28.
    #[must_use]
    pub fn plus_months(self, months: u32) -> Self {
        let (year, month, day) = self.civil();
        let index = i64::from(year) * 12 + i64::from(month) - 1 + i64::from(months);
        let (year, month) = (index.div_euclid(12), index.rem_euclid(12) + 1);
        let day = i64::from(day).min(days_in(year, month));
        Self(i32::try_from(days_from_civil(year, month, day)).unwrap_or(i32::MAX))
    }

    /// 00:00:00 of the day.
    #[must_use]
    pub fn begins(self) -> UnixMillis {
        UnixMillis(i64::from(self.0) * DAY_MS - SHANGHAI_MS)
    }

    /// 09:00 of the day, when warnings are given.
    #[must_use]
    pub fn morning(self) -> UnixMillis {
        UnixMillis(self.begins().0 + 9 * HOUR_MS)
    }

    /// 23:59:59 of the day: the last second of a period that ends on it.
    #[must_use]
    pub fn last_second(self) -> UnixMillis {
        UnixMillis(self.begins().0 + DAY_MS - 1_000)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Day {
    type Err = InvalidDay;
    fn from_str(text: &str) -> Result<Self, InvalidDay> {
        let bytes = text.as_bytes();
        let digits = |from: usize, to: usize| {
            let part = bytes.get(from..to)?;
            let plain = part.iter().all(u8::is_ascii_digit);
            plain.then(|| part.iter().fold(0, |sum, byte| sum * 10 + i32::from(byte - b'0')))
        };
        let dashes = bytes.len() == 10 && bytes[4] == b'-' && bytes[7] == b'-';
        let parts = || Some((digits(0, 4)?, digits(5, 7)?, digits(8, 10)?));
        let (year, month, day) = dashes.then(parts).flatten().ok_or(InvalidDay)?;
        let small = |part: i32| u8::try_from(part).map_err(|_large| InvalidDay);
        Self::from_civil(year, small(month)?, small(day)?).ok_or(InvalidDay)
    }
}

impl TryFrom<String> for Day {
    type Error = InvalidDay;
    fn try_from(text: String) -> Result<Self, InvalidDay> {
        text.parse()
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}
