//! Text from outside: what is kept of it, and what is refused.
//!
//! Whatever passes is NFC, trimmed, short enough, and cannot lie about its own order on a screen.
//! It is still data: pages escape it, and nobody runs it.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// More marks on one letter are no language but an attack on the layout.
const MARKS_IN_A_ROW_MAX: usize = 8;

/// Why a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextFault {
    /// It has control characters, bidirectional overrides or isolates, or too many marks in a row.
    #[error("the text has characters that are not allowed")]
    Invalid,
    /// Nothing that can be seen is left after trimming.
    #[error("the text is empty")]
    Empty,
    /// It has too many characters.
    #[error("the text is too long")]
    TooLong,
}

/// Cleans a text: trims white space, brings it to NFC, and checks it.
///
/// `max_chars` counts Unicode scalar values after that. With `multiline` line feeds and tabs are
/// allowed inside, and CR LF becomes LF. Cleaning twice is the same as cleaning once.
///
/// # Errors
/// [`TextFault`]; of several, the first in this order: too long, invalid, empty.
pub fn clean_text(raw: &str, max_chars: usize, multiline: bool) -> Result<String, TextFault> {
    let trimmed = raw.trim();
    // NFC makes at most four characters into one: a text that is longer than that is not worth the
    // work of normalising it.
    if trimmed.chars().nth(max_chars.saturating_mul(4)).is_some() {
        return Err(TextFault::TooLong);
    }
    let text: String = if multiline {
        trimmed.replace("\r\n", "\n").nfc().collect()
    } else {
        trimmed.nfc().collect()
    };
    if text.chars().nth(max_chars).is_some() {
        return Err(TextFault::TooLong);
    }
    let mut marks = 0;
    let mut visible = false;
    for char in text.chars() {
        if is_forbidden(char, multiline) {
            return Err(TextFault::Invalid);
        }
        marks = if is_combining_mark(char) { marks + 1 } else { 0 };
        if marks > MARKS_IN_A_ROW_MAX {
            return Err(TextFault::Invalid);
        }
        visible |= !(char.is_whitespace() || is_invisible(char));
    }
    if visible { Ok(text) } else { Err(TextFault::Empty) }
}

fn is_forbidden(char: char, multiline: bool) -> bool {
    match char {
        // The last two separate lines and paragraphs: line feeds by another name.
        '\n' | '\t' | '\u{2028}' | '\u{2029}' => !multiline,
        // Overrides and isolates make a text look as if it were another one.
        '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => true,
        _ => char.is_control(),
    }
}

/// Characters of no width that alone are no text.
fn is_invisible(char: char) -> bool {
    matches!(
        char,
        '\u{00AD}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}' | '\u{3164}' | '\u{FEFF}'
    )
}

/// Telephone numbers.
pub mod phone {
    /// The text is no telephone number.
    #[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
    #[error("not a telephone number")]
    pub struct InvalidPhone;

    /// Brings a number to its digits, with a leading `+` when there was one: `138 0013-8000` is
    /// `13800138000`.
    ///
    /// Spaces, dashes and full-width forms are normalised away. Accepted are 5–20 digits, and of
    /// them: with `+` 7–15 (E.164), the first not 0; eleven that begin with 1 (also after `+86`)
    /// only as a Chinese mobile (13–19…); with a leading 0 (area code) at least ten. Short service
    /// numbers such as 12368 pass. Whether the number is in use nobody can know.
    ///
    /// # Errors
    /// [`InvalidPhone`] for anything else.
    pub fn clean_phone(raw: &str) -> Result<String, InvalidPhone> {
        let mut number = String::with_capacity(21);
        for char in raw.trim().chars() {
            match char {
                '0'..='9' => number.push(char),
                // The full-width block repeats ASCII, 0xFEE0 higher.
                '０'..='９' => number.extend(char::from_u32(u32::from(char) - 0xFEE0)),
                '+' | '＋' if number.is_empty() => number.push('+'),
                ' ' | '\u{A0}' | '\u{3000}' | '-' | '\u{2010}'..='\u{2014}' | '\u{2212}' | '－' => {
                }
                _ => return Err(InvalidPhone),
            }
            if number.len() > 21 {
                return Err(InvalidPhone);
            }
        }
        if is_plausible(&number) { Ok(number) } else { Err(InvalidPhone) }
    }

    fn is_plausible(number: &str) -> bool {
        if let Some(national) = number.strip_prefix("+86") {
            is_mobile_if_it_looks_so(national) && (7..=13).contains(&national.len())
        } else if let Some(international) = number.strip_prefix('+') {
            (7..=15).contains(&international.len()) && !international.starts_with('0')
        } else if number.starts_with('0') {
            (10..=20).contains(&number.len())
        } else {
            (5..=20).contains(&number.len()) && is_mobile_if_it_looks_so(number)
        }
    }

    /// Eleven digits after a 1 are a mobile in China, and those go on with 3–9.
    fn is_mobile_if_it_looks_so(number: &str) -> bool {
        let looks_mobile = number.len() == 11 && number.starts_with('1');
        !looks_mobile || matches!(number.as_bytes().get(1), Some(b'3'..=b'9'))
    }
}

#[cfg(test)]
mod tests {
    use super::phone::{InvalidPhone, clean_phone};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_text_is_trimmed_and_composed() {
        assert_eq!(clean_text("  王建国\u{3000}", 60, false), Ok("王建国".to_owned()));
        assert_eq!(clean_text("e\u{301}", 1, false), Ok("é".to_owned()));
        assert_eq!(clean_text("a\r\nb\tc\n", 60, true), Ok("a\nb\tc".to_owned()));
    }

    #[test]
    fn a_long_text_is_refused_whatever_it_is_made_of() {
        assert_eq!(clean_text("警警警", 3, false), Ok("警警警".to_owned()));
        assert_eq!(clean_text("警警警警", 3, false), Err(TextFault::TooLong));
        assert_eq!(clean_text(&"x".repeat(1_000_000), 3, false), Err(TextFault::TooLong));
        // Four characters that become one, the most there is.
        assert_eq!(clean_text("\u{3c9}\u{313}\u{300}\u{345}", 1, false), Ok("\u{1fa2}".to_owned()));
        assert_eq!(clean_text("x", 0, false), Err(TextFault::TooLong));
    }

    #[test]
    fn characters_that_lie_or_control_are_refused() {
        for bad in ["a\0b", "a\u{7}b", "a\u{1b}[31mb", "a\u{85}b", "a\rb", "a\u{7f}b"] {
            assert_eq!(clean_text(bad, 60, true), Err(TextFault::Invalid), "{bad:?}");
        }
        for bad in ('\u{202A}'..='\u{202E}').chain('\u{2066}'..='\u{2069}') {
            assert_eq!(
                clean_text(&format!("a{bad}b"), 60, true),
                Err(TextFault::Invalid),
                "{bad:?}"
            );
        }
        for bad in ["a\nb", "a\tb", "a\r\nb", "a\u{2028}b"] {
            assert_eq!(clean_text(bad, 60, false), Err(TextFault::Invalid), "{bad:?}");
        }
    }

    #[test]
    fn a_letter_carries_eight_marks_at_most() {
        let with_marks = |count| format!("x{}", "\u{302}".repeat(count));
        assert!(clean_text(&with_marks(8), 60, false).is_ok());
        assert_eq!(clean_text(&with_marks(9), 60, false), Err(TextFault::Invalid));
        assert_eq!(clean_text(&with_marks(10_000), 2_000, true), Err(TextFault::TooLong));
        // One that is two marks after normalisation.
        assert_eq!(
            clean_text(&format!("x{}", "\u{344}".repeat(5)), 60, false),
            Err(TextFault::Invalid)
        );
    }

    #[test]
    fn what_nobody_can_see_is_empty() {
        for blank in ["", "   ", "\u{3000}\n", "\u{200b}\u{feff}", "\u{2003}\u{200d}\u{2003}"] {
            assert_eq!(clean_text(blank, 60, true), Err(TextFault::Empty), "{blank:?}");
        }
    }

    #[test]
    fn telephone_numbers_are_brought_to_digits() {
        for (raw, clean) in [
            ("138 0013 8000", "13800138000"),
            ("138-0013-8000", "13800138000"),
            ("１３８００１３８０００", "13800138000"),
            (" +86 138 0013 8000 ", "+8613800138000"),
            ("＋86－373－8888888", "+863738888888"),
            ("0373-8888888", "03738888888"),
            ("12368", "12368"),
            ("400-810-8888", "4008108888"),
            ("+1 415 555 0100", "+14155550100"),
        ] {
            assert_eq!(clean_phone(raw), Ok(clean.to_owned()), "{raw}");
        }
    }

    #[test]
    fn what_is_no_telephone_number_is_refused() {
        for bad in [
            "",
            "-",
            "1234",
            "110",
            "12800138000",
            "+86 128 0013 8000",
            "+0123456789",
            "+123456",
            "+1234567890123456",
            "01234567",
            "123456789012345678901",
            "138001380ab",
            "138+00138000",
            "++8613800138000",
            "13800138000\0",
            "tel:13800138000",
        ] {
            assert_eq!(clean_phone(bad), Err(InvalidPhone), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(raw: String, max in 0..40_usize, multiline: bool) {
            if let Ok(clean) = clean_text(&raw, max, multiline) {
                prop_assert!(clean.chars().count() <= max);
                prop_assert_eq!(clean_text(&clean, max, multiline), Ok(clean));
            }
        }

        #[test]
        fn a_clean_number_is_digits(raw in "[-+ 0-9０-９a]{0,25}") {
            if let Ok(clean) = clean_phone(&raw) {
                let digits = clean.strip_prefix('+').unwrap_or(&clean);
                prop_assert!(digits.bytes().all(|byte| byte.is_ascii_digit()));
                prop_assert!((5..=20).contains(&digits.len()));
                prop_assert_eq!(clean_phone(&clean), Ok(clean));
            }
        }
    }
}
