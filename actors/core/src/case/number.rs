//! The number of an enforcement case (案号), brought to one spelling.
//!
//! People write one number in many ways: full-width brackets and digits, spaces, leading zeros. Two
//! spellings of one number must meet in one case, so the parts are read and written anew.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

/// Longer than any number with spaces between all its characters.
const RAW_CHARS_MAX: usize = 64;
/// First characters of a court's code: provinces, the corps' and the military courts.
const PROVINCES: &str = "京津冀晋内辽吉黑沪苏浙皖闽赣鲁豫鄂湘粤桂琼渝川黔云藏陕甘青宁新兵军";
/// The one court without a code.
const SUPREME_COURT: &str = "最高法";
/// Han numerals of 之一 … 之九.
const NUMERALS: [char; 9] = ['一', '二', '三', '四', '五', '六', '七', '八', '九'];

/// The text is no number of an enforcement case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a case number such as (2026)豫0783执123号")]
pub struct InvalidCaseNumber;

/// A case number in its one spelling: `(2026)豫0783执123号`, `(2026)最高法执监7号之二`.
///
/// Year 1949..=2100; a court's code of a province and 0 or 2–4 digits, or 最高法; a kind of 1–6 Han
/// characters with 执 among them; a number 1..=9_999_999; perhaps 之 with 1..=99. Order is by text.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct CaseNumber(String);

impl CaseNumber {
    /// Reads a number and normalises it: half-width brackets and digits, no spaces, no leading
    /// zeros in the number, Han numerals after 之.
    ///
    /// # Errors
    /// [`InvalidCaseNumber`] when it has another shape. A number of another procedure (`民初`) is
    /// refused too: an enforcement bureau has none.
    pub fn parse(raw: &str) -> Result<Self, InvalidCaseNumber> {
        if raw.chars().nth(RAW_CHARS_MAX).is_some() {
            return Err(InvalidCaseNumber);
        }
        let text: String = raw.nfc().filter(|char| !char.is_whitespace()).map(half_width).collect();
        read(&text).map(Self).ok_or(InvalidCaseNumber)
    }

    /// The number as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Reads half-width text and writes it anew.
fn read(text: &str) -> Option<String> {
    let (year, rest) = text.strip_prefix('(')?.split_once(')')?;
    let year = digits(year, 4..=4).filter(|year| (1949..=2100).contains(year))?;
    let (court, rest) = split_court(rest)?;
    let (kind, rest) = rest.split_at(rest.find(|char: char| char.is_ascii_digit())?);
    let han = kind.chars().all(|char| ('\u{4E00}'..='\u{9FFF}').contains(&char));
    if !(han && kind.contains('执') && kind.chars().count() <= 6) {
        return None;
    }
    let (number, suffix) = rest.split_once('号')?;
    let number = digits(number, 1..=7).filter(|number| *number > 0)?;
    let suffix = if suffix.is_empty() {
        String::new()
    } else {
        format!("之{}", han_numeral(part_number(suffix.strip_prefix('之')?)?))
    };
    Some(format!("({year}){court}{kind}{number}号{suffix}"))
}

/// Splits the court's code from what follows.
fn split_court(text: &str) -> Option<(&str, &str)> {
    if text.starts_with(SUPREME_COURT) {
        return Some(text.split_at(SUPREME_COURT.len()));
    }
    let province = text.chars().next().filter(|char| PROVINCES.contains(*char))?;
    let after = &text[province.len_utf8()..];
    let code = after.bytes().take_while(u8::is_ascii_digit).count();
    matches!(code, 0 | 2..=4).then(|| text.split_at(province.len_utf8() + code))
}

/// The value of so many ASCII digits.
fn digits(text: &str, count: std::ops::RangeInclusive<usize>) -> Option<u32> {
    // `parse` alone would take a sign.
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    if plain && count.contains(&text.len()) { text.parse().ok() } else { None }
}

/// 1..=99 from digits or Han numerals.
fn part_number(text: &str) -> Option<u32> {
    let part = digits(text, 1..=2).or_else(|| (1..=99).find(|part| han_numeral(*part) == text));
    part.filter(|part| *part > 0)
}

/// The Han numeral of 1..=99: 一, 十, 十二, 二十, 九十九.
fn han_numeral(part: u32) -> String {
    let numeral = |digit: u32| {
        let index = usize::try_from(digit).ok().and_then(|digit| digit.checked_sub(1));
        index.and_then(|index| NUMERALS.get(index)).copied()
    };
    let (tens, ones) = (part / 10, part % 10);
    let mut text = String::new();
    // Ten alone has no 一 before it.
    text.extend(if tens > 1 { numeral(tens) } else { None });
    text.extend((tens > 0).then_some('十'));
    text.extend(numeral(ones));
    text
}

/// Brings brackets and digits to their half-width forms.
fn half_width(char: char) -> char {
    match char {
        '（' | '〔' | '［' | '[' | '【' => '(',
        '）' | '〕' | '］' | ']' | '】' => ')',
        // The full-width block repeats ASCII, 0xFEE0 higher.
        '０'..='９' => char::from_u32(u32::from(char) - 0xFEE0).unwrap_or(char),
        _ => char,
    }
}

impl fmt::Display for CaseNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
impl FromStr for CaseNumber {
    type Err = InvalidCaseNumber;
    fn from_str(text: &str) -> Result<Self, InvalidCaseNumber> {
        Self::parse(text)
    }
}
impl TryFrom<String> for CaseNumber {
    type Error = InvalidCaseNumber;
    fn try_from(text: String) -> Result<Self, InvalidCaseNumber> {
        Self::parse(&text)
    }
}
impl From<CaseNumber> for String {
    fn from(number: CaseNumber) -> Self {
        number.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn normal(raw: &str) -> Option<String> {
        CaseNumber::parse(raw).ok().map(String::from)
    }

    #[test]
    fn many_spellings_are_one_number() {
        for raw in [
            "(2026)豫0783执123号",
            "（2026）豫0783执123号",
            "（２０２６）豫０７８３执１２３号",
            "〔2026〕豫0783执123号",
            "[2026]豫0783执123号",
            "【2026】豫0783执123号",
            " ( 2026 ) 豫 0783 执 123 号\u{3000}",
            "(2026）豫0783执0000123号",
        ] {
            assert_eq!(normal(raw).as_deref(), Some("(2026)豫0783执123号"), "{raw}");
        }
    }

    #[test]
    fn all_kinds_of_enforcement_are_known() {
        for good in [
            "(2026)京01执1号",
            "(2026)京执9999999号",
            "(2026)豫0783执恢12号",
            "(2026)豫0783执保12号",
            "(2026)豫0783执异12号",
            "(2026)豫07执复12号",
            "(2026)豫执监12号",
            "(2026)最高法执监7号",
            "(1949)兵0101执1号",
            "(2100)沪7101司执1号",
            "(2026)豫0783财保执1号",
        ] {
            assert_eq!(normal(good).as_deref(), Some(good));
        }
    }

    #[test]
    fn a_part_has_one_spelling_too() {
        for (raw, part) in [
            ("之一", "之一"),
            ("之1", "之一"),
            ("之０２", "之二"),
            ("之10", "之十"),
            ("之十二", "之十二"),
            ("之20", "之二十"),
            ("之99", "之九十九"),
        ] {
            let text = format!("(2026)豫0783执123号{raw}");
            assert_eq!(normal(&text), Some(format!("(2026)豫0783执123号{part}")), "{raw}");
        }
    }

    #[test]
    fn other_shapes_are_refused() {
        for bad in [
            "",
            "2026豫0783执123号",
            "(2026豫0783执123号",
            "(1948)豫0783执123号",
            "(2101)豫0783执123号",
            "(26)豫0783执123号",
            "(+026)豫0783执123号",
            "(2026)0783执123号",
            "(2026)长0783执123号",
            "(2026)豫7执123号",
            "(2026)豫07831执123号",
            "(2026)最高法01执1号",
            "(2026)豫0783民初123号",
            "(2026)豫0783123号",
            "(2026)豫0783执恢恢恢恢恢恢1号",
            "(2026)豫0783执x1号",
            "(2026)豫0783执号",
            "(2026)豫0783执0号",
            "(2026)豫0783执12345678号",
            "(2026)豫0783执123",
            "(2026)豫0783执123号之",
            "(2026)豫0783执123号之0",
            "(2026)豫0783执123号之100",
            "(2026)豫0783执123号之百",
            "(2026)豫0783执123号x",
            "(2026)豫0783执12\x003号",
        ] {
            assert_eq!(normal(bad), None, "{bad}");
        }
        assert_eq!(normal(&format!("{}(2026)豫0783执123号", " ".repeat(1_000))), None);
    }

    #[test]
    fn a_number_that_is_read_back_is_checked_again() {
        let number = CaseNumber::parse("（2026）豫0783执123号").expect("a number");
        let json = serde_json::to_string(&number).expect("plain");
        assert_eq!(json, "\"(2026)豫0783执123号\"");
        assert_eq!(serde_json::from_str::<CaseNumber>(&json).expect("a number"), number);
        assert!(serde_json::from_str::<CaseNumber>("\"(2026)豫0783\"").is_err());
        assert_eq!(number.to_string().parse(), Ok(number));
    }

    proptest! {
        #[test]
        fn parsing_twice_is_parsing_once(
            head in "[(（]?[0-9０-９]{0,5}[)）]?[豫京最高法x]{0,3}[0-9]{0,5}",
            tail in "[执恢保]{0,7}[0-9０-９]{0,8}号?之?[一十2]{0,3}",
        ) {
            if let Ok(number) = CaseNumber::parse(&(head + &tail)) {
                prop_assert_eq!(CaseNumber::parse(number.as_str()), Ok(number));
            }
        }

        #[test]
        fn every_sound_number_passes(
            year in 1949..=2100, code in "|[0-9]{2,4}", number in 1..=9_999_999, part in 1..=99_u32,
        ) {
            let plain = format!("({year})豫{code}执恢{number}号");
            prop_assert_eq!(normal(&plain), Some(plain.clone()));
            let with_part = normal(&format!("{plain}之{part}"));
            prop_assert_eq!(with_part, Some(format!("{plain}之{}", han_numeral(part))));
        }

        #[test]
        fn no_text_makes_it_panic(raw: String) {
            let _either = CaseNumber::parse(&raw);
        }
    }
}
