//! RFC 3339 moments as text: read strictly, written in one way. No calendar library and no clock.
//!
//! Used wherever people or other systems write a time. Local time zones are offsets in minutes;
//! names of zones are unknown here.

use std::fmt;

use crate::time::UnixMillis;

/// The text is no RFC 3339 moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an RFC 3339 time with a zone")]
pub struct InvalidTime;

const DAY_MS: i64 = 86_400_000;
/// 0001-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z: what four digits can write.
const FIRST_MS: i64 = -62_135_596_800_000;
const LAST_MS: i64 = 253_402_300_799_999;

/// Reads `2026-11-23T14:03:00+08:00` or `2026-11-23T06:03:00.250Z`.
///
/// Strict: a zone is needed, the date must be in the calendar, years are 0001–9999, `T` and `Z` are
/// capitals, fractions have 1–9 digits (what is finer than a millisecond is cut off). A leap second
/// (`:60`) is refused: Unix time has none, and no tip was ever sent in one.
///
/// # Errors
/// [`InvalidTime`] for anything else.
pub fn parse(text: &str) -> Result<UnixMillis, InvalidTime> {
    let mut rest = Reader(text.as_bytes());
    let year = rest.number(4)?;
    rest.expect(b'-')?;
    let month = rest.number(2)?;
    rest.expect(b'-')?;
    let day = rest.number(2)?;
    rest.expect(b'T')?;
    let (hour, minute) = rest.hour_and_minute()?;
    rest.expect(b':')?;
    let second = rest.number(2)?;
    let millis = rest.fraction()?;
    let offset_minutes = rest.offset()?;
    let date_exists =
        year >= 1 && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if !(rest.0.is_empty() && date_exists && second <= 59) {
        return Err(InvalidTime);
    }
    let minutes = hour * 60 + minute - offset_minutes;
    Ok(UnixMillis(
        days_from_civil(year, month, day) * DAY_MS + minutes * 60_000 + second * 1_000 + millis,
    ))
}

/// Writes a moment in UTC, to the millisecond: `2026-11-23T06:03:00.250Z`.
///
/// Moments outside the years 0001–9999 are written as the first or last one inside.
#[must_use]
pub fn format_utc(at: UnixMillis) -> String {
    format!("{}Z", Civil::of(at.0))
}

/// Writes a moment in local time: `2026-11-23T14:03:00.250+08:00`.
///
/// `offset_minutes` is local time minus UTC, -1439..=1439, else the nearest of these. Moments whose
/// local year is outside 0001–9999 are written as the first or last one inside.
#[must_use]
pub fn format_offset(at: UnixMillis, offset_minutes: i32) -> String {
    let offset = i64::from(offset_minutes.clamp(-1_439, 1_439));
    let local = Civil::of(at.0.saturating_add(offset * 60_000));
    let (sign, size) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
    format!("{local}{sign}{:02}:{:02}", size / 60, size % 60)
}

/// A moment taken apart, ready to be written.
struct Civil {
    year: i64,
    month: i64,
    day: i64,
    millis_of_day: i64,
}

impl Civil {
    fn of(local_ms: i64) -> Self {
        let local_ms = local_ms.clamp(FIRST_MS, LAST_MS);
        let (year, month, day) = civil_from_days(local_ms.div_euclid(DAY_MS));
        Self { year, month, day, millis_of_day: local_ms.rem_euclid(DAY_MS) }
    }
}

impl fmt::Display for Civil {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { year, month, day, millis_of_day: ms } = self;
        let (hour, minute) = (ms / 3_600_000, ms / 60_000 % 60);
        let (second, milli) = (ms / 1_000 % 60, ms % 1_000);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milli:03}")
    }
}

/// What of the text is not read yet. Bytes, as nothing but ASCII is valid.
struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn next(&mut self) -> Result<u8, InvalidTime> {
        let (first, rest) = self.0.split_first().ok_or(InvalidTime)?;
        self.0 = rest;
        Ok(*first)
    }

    fn expect(&mut self, wanted: u8) -> Result<(), InvalidTime> {
        if self.next()? == wanted { Ok(()) } else { Err(InvalidTime) }
    }

    /// Exactly so many digits.
    fn number(&mut self, digits: u8) -> Result<i64, InvalidTime> {
        let mut number = 0;
        for _ in 0..digits {
            let byte = self.next()?;
            if !byte.is_ascii_digit() {
                return Err(InvalidTime);
            }
            number = number * 10 + i64::from(byte - b'0');
        }
        Ok(number)
    }

    /// `HH:MM`, 00:00..=23:59.
    fn hour_and_minute(&mut self) -> Result<(i64, i64), InvalidTime> {
        let hour = self.number(2)?;
        self.expect(b':')?;
        let minute = self.number(2)?;
        if hour <= 23 && minute <= 59 { Ok((hour, minute)) } else { Err(InvalidTime) }
    }

    /// Milliseconds of `.123456789`; 0 when there is no fraction.
    fn fraction(&mut self) -> Result<i64, InvalidTime> {
        let Some(digits) = self.0.strip_prefix(b".") else { return Ok(0) };
        let count = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
        if !(1..=9).contains(&count) {
            return Err(InvalidTime);
        }
        let (digits, rest) = digits.split_at(count);
        self.0 = rest;
        let padded = digits.iter().map(|byte| i64::from(byte - b'0')).chain([0, 0]);
        Ok(padded.take(3).fold(0, |millis, digit| millis * 10 + digit))
    }

    /// Minutes of `Z` or `±HH:MM`.
    fn offset(&mut self) -> Result<i64, InvalidTime> {
        let sign = match self.next()? {
            b'Z' => return Ok(0),
            b'+' => 1,
            b'-' => -1,
            _ => return Err(InvalidTime),
        };
        let (hour, minute) = self.hour_and_minute()?;
        Ok(sign * (hour * 60 + minute))
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

/// Days of a month, 28..=31.
pub(crate) fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// The two functions below are Howard Hinnant's `days_from_civil` and its inverse: years begin in
// March, so that the leap day is the last of its year, and 400 years ("era") are 146,097 days.

/// Days from 1970-01-01 to a date of the Gregorian calendar.
pub(crate) fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719_468
}

/// The date so many days after 1970-01-01.
pub(crate) fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let year = era * 400 + year_of_era + i64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ms(text: &str) -> Option<i64> {
        parse(text).ok().map(|at| at.0)
    }

    #[test]
    fn known_moments_are_read() {
        for (text, expected) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2026-11-23T00:00:00Z", 1_795_392_000_000),
            ("2026-11-23T14:03:00+08:00", 1_795_392_000_000 + 6 * 3_600_000 + 180_000),
            ("2026-11-22T18:30:00-05:30", 1_795_392_000_000),
            ("1969-12-31T23:59:59.999Z", -1),
            ("2000-02-29T12:00:00.5Z", 951_825_600_500),
            ("2000-02-29T12:00:00.123999999Z", 951_825_600_123),
            ("2024-02-29T00:00:00-00:00", 1_709_164_800_000),
            ("0001-01-01T00:00:00Z", FIRST_MS),
            ("9999-12-31T23:59:59.999Z", LAST_MS),
        ] {
            assert_eq!(ms(text), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for text in [
            "",
            "2026-11-23",
            "2026-11-23T14:03:00",
            "2026-11-23T14:03+08:00",
            "2026-11-23 14:03:00Z",
            "2026-11-23t14:03:00z",
            "2026-02-30T00:00:00Z",
            "2026-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2026-04-31T00:00:00Z",
            "2026-00-10T00:00:00Z",
            "2026-13-10T00:00:00Z",
            "2026-11-00T00:00:00Z",
            "0000-01-01T00:00:00Z",
            "10000-01-01T00:00:00Z",
            "-2026-01-01T00:00:00Z",
            "2026-11-23T24:00:00Z",
            "2026-11-23T14:60:00Z",
            "2016-12-31T23:59:60Z",
            "2026-11-23T14:03:00.Z",
            "2026-11-23T14:03:00.1234567890Z",
            "2026-11-23T14:03:00,5Z",
            "2026-11-23T14:03:00+0800",
            "2026-11-23T14:03:00+08",
            "2026-11-23T14:03:00+24:00",
            "2026-11-23T14:03:00+08:60",
            "2026-11-23T14:03:00Z ",
            " 2026-11-23T14:03:00Z",
            "2026-11-23T14:03:00ZZ",
            "２０２６-11-23T14:03:00Z",
            "+026-11-23T14:03:00Z",
            "2026-1-23T14:03:00Z",
        ] {
            assert_eq!(parse(text), Err(InvalidTime), "{text}");
        }
    }

    #[test]
    fn moments_are_written_in_one_way() {
        let at = UnixMillis(1_795_392_000_250);
        assert_eq!(format_utc(at), "2026-11-23T00:00:00.250Z");
        assert_eq!(format_offset(at, 480), "2026-11-23T08:00:00.250+08:00");
        assert_eq!(format_offset(at, -150), "2026-11-22T21:30:00.250-02:30");
        assert_eq!(format_offset(at, 0), "2026-11-23T00:00:00.250+00:00");
        assert_eq!(format_utc(UnixMillis(i64::MIN)), "0001-01-01T00:00:00.000Z");
        assert_eq!(format_offset(UnixMillis(i64::MAX), i32::MAX), "9999-12-31T23:59:59.999+23:59");
    }

    #[test]
    fn each_day_of_the_calendar_comes_back() {
        let mut days = days_from_civil(1890, 1, 1);
        for year in 1890..2110 {
            for month in 1..=12 {
                for day in 1..=days_in(year, month) {
                    assert_eq!(days_from_civil(year, month, day), days);
                    assert_eq!(civil_from_days(days), (year, month, day));
                    days += 1;
                }
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(
            at in FIRST_MS + DAY_MS..=LAST_MS - DAY_MS, offset in -1_439..=1_439,
        ) {
            prop_assert_eq!(ms(&format_utc(UnixMillis(at))), Some(at));
            prop_assert_eq!(ms(&format_offset(UnixMillis(at), offset)), Some(at));
        }

        #[test]
        fn any_moment_can_be_written(at: i64, offset: i32) {
            prop_assert!(parse(&format_utc(UnixMillis(at))).is_ok());
            prop_assert!(parse(&format_offset(UnixMillis(at), offset)).is_ok());
        }

        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}", near in "[0-9TZ:+.-]{0,40}") {
            let _either = (parse(&text), parse(&near));
        }
    }
}
