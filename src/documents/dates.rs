//! Days and moments as documents print them.

use tiande_core::calendar::Day;

const DIGITS: [char; 10] = ['〇', '一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// As a document is dated: `二〇二六年十一月三十日`.
#[must_use]
pub fn han(day: Day) -> String {
    let (year, month, day) = day.civil();
    let year: String = year
        .to_string()
        .chars()
        .filter_map(|digit| DIGITS.get(usize::try_from(digit.to_digit(10)?).ok()?))
        .collect();
    format!("{year}年{}月{}日", below_hundred(month), below_hundred(day))
}

/// As a text names it: `2026年11月30日`.
#[must_use]
pub fn plain(day: Day) -> String {
    let (year, month, day) = day.civil();
    format!("{year}年{month}月{day}日")
}

/// A moment such as `2026-11-30T14:03` in Shanghai time, as a text names it: `2026年11月30日14时03分`.
#[must_use]
pub fn moment(text: &str) -> Option<String> {
    let (day, clock) = text.split_once('T')?;
    let day: Day = day.parse().ok()?;
    let (hour, minute) = clock.split_once(':')?;
    let two = |text: &str, below: u8| {
        let digits = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<u8>().ok().filter(|number| digits && *number < below)
    };
    Some(format!("{}{}时{:02}分", plain(day), two(hour, 24)?, two(minute, 60)?))
}

/// 1 to 99 in words.
fn below_hundred(number: u8) -> String {
    let (tens, ones) = (usize::from(number / 10), usize::from(number % 10));
    let mut text = String::new();
    if tens > 1 {
        text.push(DIGITS[tens % 10]);
    }
    if tens > 0 {
        text.push('十');
    }
    if ones > 0 {
        text.push(DIGITS[ones]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_in_words() {
        for (day, words) in [
            ("2026-11-30", "二〇二六年十一月三十日"),
            ("2030-01-01", "二〇三〇年一月一日"),
            ("2026-10-20", "二〇二六年十月二十日"),
            ("2026-12-21", "二〇二六年十二月二十一日"),
        ] {
            let day: Day = day.parse().expect("a day");
            assert_eq!(han(day), words);
        }
        assert_eq!(plain("2026-01-05".parse().expect("a day")), "2026年1月5日");
    }

    #[test]
    fn moments_are_read_strictly() {
        assert_eq!(moment("2026-11-30T14:03").as_deref(), Some("2026年11月30日14时03分"));
        for bad in [
            "2026-11-30",
            "2026-11-31T10:00",
            "2026-11-30T24:00",
            "2026-11-30T+1:00",
            "2026-11-30T1:00",
        ] {
            assert_eq!(moment(bad), None, "{bad}");
        }
    }
}
