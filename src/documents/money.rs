//! Money as documents print it: integer fen, in figures and in the capitals that cannot be altered.

/// No sum of one field is larger, fen: ten million million yuan.
pub const FEN_MAX: u64 = 1_000_000_000_000_000;

const DIGITS: [char; 10] = ['零', '壹', '贰', '叁', '肆', '伍', '陆', '柒', '捌', '玖'];
const PLACES: [&str; 4] = ["", "拾", "佰", "仟"];
const GROUPS: [&str; 5] = ["", "万", "亿", "万亿", "亿亿"];

/// In figures, such as `1,234.56元`.
#[must_use]
pub fn figures(fen: u64) -> String {
    let yuan = (fen / 100).to_string();
    let mut grouped = String::with_capacity(yuan.len() * 2);
    for (at, digit) in yuan.chars().enumerate() {
        if at > 0 && (yuan.len() - at).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{grouped}.{:02}元", fen % 100)
}

/// In capitals, such as `壹仟贰佰叁拾肆元伍角陆分`.
#[must_use]
pub fn capitals(fen: u64) -> String {
    let (yuan, jiao, rest) = (fen / 100, digit(fen / 10), digit(fen));
    let mut text = if yuan > 0 { whole(yuan) + "元" } else { String::new() };
    if jiao > 0 {
        text.push(DIGITS[jiao]);
        text.push('角');
    }
    if rest > 0 {
        // 壹元零伍分: without 零 somebody could write a 角 between.
        if jiao == 0 && yuan > 0 {
            text.push('零');
        }
        text.push(DIGITS[rest]);
        text.push('分');
    } else {
        if text.is_empty() {
            text.push_str("零元");
        }
        text.push('整');
    }
    text
}

/// The last decimal digit.
fn digit(number: u64) -> usize {
    usize::try_from(number % 10).unwrap_or(0)
}

/// A whole number above zero. Groups of four digits; one 零 for each gap, none at a group's end.
fn whole(mut number: u64) -> String {
    let mut groups = Vec::new();
    while number > 0 {
        groups.push(number % 10_000);
        number /= 10_000;
    }
    let mut text = String::new();
    let mut gap = false;
    for (name, group) in GROUPS.iter().zip(&groups).rev() {
        if *group == 0 {
            gap = true;
            continue;
        }
        for (place, unit) in PLACES.iter().enumerate().rev() {
            let digit = digit(group / 10_u64.pow(u32::try_from(place).unwrap_or(0)));
            if digit == 0 {
                gap = true;
                continue;
            }
            if gap && !text.is_empty() {
                text.push('零');
            }
            gap = false;
            text.push(DIGITS[digit]);
            text.push_str(unit);
        }
        // What is missing at the group's end shows as a gap before the next group's first digit.
        text.push_str(name);
    }
    // 亿 once: 壹万亿零贰亿 is 壹万零贰亿.
    match text.find("万亿") {
        Some(at) if text[at + "万亿".len()..].contains('亿') => text.replacen("万亿", "万", 1),
        _ => text,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn sums_as_a_bank_writes_them() {
        for (fen, in_figures, in_capitals) in [
            (0, "0.00元", "零元整"),
            (5, "0.05元", "伍分"),
            (50, "0.50元", "伍角整"),
            (105, "1.05元", "壹元零伍分"),
            (123_456, "1,234.56元", "壹仟贰佰叁拾肆元伍角陆分"),
            (100_000, "1,000.00元", "壹仟元整"),
            (168_032, "1,680.32元", "壹仟陆佰捌拾元叁角贰分"),
            (10_700_053, "107,000.53元", "壹拾万零柒仟元伍角叁分"),
            (600_130_000, "6,001,300.00元", "陆佰万零壹仟叁佰元整"),
            (1_000_000_100, "10,000,001.00元", "壹仟万零壹元整"),
            (10_000_000_000, "100,000,000.00元", "壹亿元整"),
            (100_002_000_000_000, "1,000,020,000,000.00元", "壹万亿零贰仟万元整"),
            (100_020_000_000_000, "1,000,200,000,000.00元", "壹万零贰亿元整"),
            (FEN_MAX, "10,000,000,000,000.00元", "壹拾万亿元整"),
        ] {
            assert_eq!(figures(fen), in_figures);
            assert_eq!(capitals(fen), in_capitals, "{fen}");
        }
    }

    /// Reads capitals back by another way: place values added up.
    fn read(text: &str) -> u64 {
        let (mut total, mut section, mut digit) = (0, 0, 0);
        for sign in text.chars() {
            if let Some(value) = DIGITS.iter().position(|known| *known == sign) {
                digit = value as u64;
                continue;
            }
            match sign {
                '拾' => section += digit * 10,
                '佰' => section += digit * 100,
                '仟' => section += digit * 1_000,
                '万' => {
                    total += (section + digit) * 10_000;
                    section = 0;
                }
                '亿' => {
                    total = (total + section + digit) * 100_000_000;
                    section = 0;
                }
                '元' => {
                    total = (total + section + digit) * 100;
                    section = 0;
                }
                '角' => total += digit * 10,
                '分' => total += digit,
                '整' => {}
                other => unreachable!("{other} in {text}"),
            }
            digit = 0;
        }
        total
    }

    proptest! {
        #[test]
        fn capitals_say_the_sum_and_nothing_else(fen in 0..=FEN_MAX) {
            let text = capitals(fen);
            prop_assert_eq!(read(&text), fen, "{}", &text);
            for wrong in ["零零", "零万", "零亿", "零拾", "零佰", "零仟", "元零整"] {
                prop_assert!(!text.contains(wrong), "{}", &text);
            }
            prop_assert!(text.ends_with('整') || text.ends_with('分'));
        }

        #[test]
        fn round_sums_too(digits in 1_u64..10_000, zeros in 0_u32..11) {
            let fen = digits * 10_u64.pow(zeros);
            prop_assert_eq!(read(&capitals(fen)), fen);
        }

        #[test]
        fn figures_say_the_sum(fen in 0..=FEN_MAX) {
            let plain: String = figures(fen).chars().filter(char::is_ascii_digit).collect();
            prop_assert_eq!(plain.parse::<u64>().expect("a number"), fen);
        }
    }
}
