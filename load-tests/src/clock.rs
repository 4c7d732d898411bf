//! The one place where the drill reads a clock, sleeps or looks at the environment.
//!
//! Everything else takes times as numbers, so that the checker can be run again on a saved record.
#![allow(clippy::disallowed_methods)] // The ban exists to lead callers to this file.

use std::sync::LazyLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

static START: LazyLock<Instant> = LazyLock::new(Instant::now);

/// Microseconds since the drill's first call, monotonic.
pub fn now_us() -> u64 {
    u64::try_from(START.elapsed().as_micros()).expect("a drill is shorter than 500,000 years")
}

/// Unix milliseconds, UTC.
pub fn unix_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is after 1970");
    i64::try_from(since.as_millis()).expect("milliseconds fit into 63 bits")
}

/// Waits for a number of milliseconds.
pub async fn sleep_ms(ms: u64) {
    tokio::time::sleep(Duration::from_millis(ms)).await;
}

/// Waits until `now_us()` has reached the given moment.
pub async fn sleep_until_us(at_us: u64) {
    let now = now_us();
    if at_us > now {
        tokio::time::sleep(Duration::from_micros(at_us - now)).await;
    }
}

/// An environment variable that is set and not empty.
pub fn env(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// RFC 3339 of Unix milliseconds, in UTC, to the second.
pub fn rfc3339(unix_ms: i64) -> String {
    let seconds = unix_ms.div_euclid(1000);
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // Days to a civil date: years begin in March, so that the leap day is a year's last.
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_index + 2) / 5 + 1;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Unix seconds of a time as the data files write it: a number of seconds, RFC 3339, or an ISO time
/// without an offset, which is read as if it were UTC (only differences of such times are used).
pub fn parse_time_s(text: &str) -> Option<f64> {
    let text = text.trim();
    if let Ok(seconds) = text.parse::<f64>() {
        return seconds.is_finite().then_some(seconds);
    }
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    if !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let shifted_year = if month <= 2 { year - 1 } else { year };
    let era = shifted_year.div_euclid(400);
    let year_of_era = shifted_year.rem_euclid(400);
    let month_index = (month + 9) % 12;
    let day_of_year = (153 * month_index + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    let days = era * 146_097 + day_of_era - 719_468;
    let rest = text.get(19..)?;
    let zone = rest.find(['+', '-', 'Z']).and_then(|at| rest.get(at..)).unwrap_or("");
    let offset = match zone {
        "" | "Z" => 0,
        _ => {
            let minutes =
                zone.get(1..3)?.parse::<i64>().ok()? * 60 + zone.get(4..6)?.parse::<i64>().ok()?;
            if zone.starts_with('-') { -minutes * 60 } else { minutes * 60 }
        }
    };
    #[allow(clippy::cast_precision_loss)] // Seconds of this millennium are exact in f64.
    Some((days * 86_400 + hour * 3600 + minute * 60 + second - offset) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_data_files_are_read() {
        assert_eq!(parse_time_s("1211353200"), Some(1_211_353_200.0));
        assert_eq!(parse_time_s("2008-05-21T00:00:00-07:00"), Some(1_211_353_200.0));
        assert_eq!(parse_time_s("1970-01-02T00:00:01"), Some(86_401.0));
        assert_eq!(parse_time_s("yesterday"), None);
    }

    #[test]
    fn rfc3339_is_the_inverse() {
        for ms in [0, 951_782_400_000, 1_211_353_200_000, 1_795_417_379_000] {
            let text = rfc3339(ms);
            assert_eq!(parse_time_s(&text), Some(ms as f64 / 1000.0), "{text}");
        }
        assert_eq!(rfc3339(951_782_400_000), "2000-02-29T00:00:00Z");
    }
}
