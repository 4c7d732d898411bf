//! When two tips tell of the same thing: near in place and time, and of the same case or alike in
//! words. Every part of the answer is a number that a dispatcher can be shown.
//!
//! **Not here:** finding the incidents that come into question (an index by place), and what merging
//! does (`incident/merge.rs`, which checks the hard rules once more).

use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::case::CaseNumber;
use crate::court::MergeSettings;
use crate::geo::Place;
use crate::incident::{IncidentKind, Urgency};
use crate::time::UnixMillis;

/// Fewer letters than this are no evidence: "老赖在家" is said of many.
const LETTERS_MIN: usize = 6;

plain_enum! {
    /// Why a tip is taken for a further one about an incident.
    LikenessRule {
        /// Same kind, and both name the same case.
        SameCase => "same_case",
        /// Same kind, and much the same words.
        SimilarText => "similar_text",
    }
}

/// How alike two accounts are.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Likeness {
    /// By which rule they are one.
    pub rule: LikenessRule,
    /// Geodesic metres between the two places.
    pub distance_m: f64,
    /// Milliseconds between the two.
    pub apart_ms: u64,
    /// Alikeness of the words, percent.
    pub text_percent: u8,
}

/// What is compared: of a new tip, or of an open incident.
#[derive(Clone, Debug, PartialEq)]
pub struct Account {
    /// Where.
    pub place: Place,
    /// When it was told of last.
    pub at: UnixMillis,
    /// Kind.
    pub kind: IncidentKind,
    /// Urgency.
    pub urgency: Urgency,
    /// A drill.
    pub exercise: bool,
    /// Case.
    pub case_number: Option<CaseNumber>,
    /// It asks officers by itself, or people have let it.
    pub moving: bool,
    /// What is told.
    pub words: Fingerprint,
}

/// A text as far as it is compared: its pairs of neighbouring letters, and the marks in it.
///
/// Pairs work for Chinese, where words have no spaces, as for English. Marks stand apart because they
/// tell things apart that are told in the same words: numbers of houses, rooms and cars, also in
/// Chinese numerals (三号楼), the name after 被执行人 or 老赖, and names in Latin letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fingerprint {
    pairs: Vec<u64>,
    marks: Vec<String>,
    letters: usize,
}

impl Fingerprint {
    /// The fingerprint of a text: NFKC, lower case, without white space and punctuation.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let mut letters: Vec<char> = Vec::new();
        let mut marks = marks_of(text);
        let mut in_number = false;
        for char in text.nfkc().flat_map(char::to_lowercase) {
            if char.is_ascii_digit() {
                if !in_number {
                    marks.push(String::new());
                }
                if let Some(number) = marks.last_mut() {
                    number.push(char);
                }
            }
            in_number = char.is_ascii_digit();
            if char.is_alphanumeric() {
                letters.push(char);
            }
        }
        let mut pairs: Vec<u64> =
            letters.windows(2).map(|two| u64::from(two[0]) << 32 | u64::from(two[1])).collect();
        pairs.sort_unstable();
        pairs.dedup();
        marks.sort_unstable();
        marks.dedup();
        Self { pairs, marks, letters: letters.len() }
    }

    /// How alike two texts are, percent: the Dice coefficient of their pairs. 0 when one is too short
    /// to be evidence, or when each has a mark that the other has not.
    #[must_use]
    pub fn alike(&self, other: &Self) -> u8 {
        let lacks = |one: &Self, of: &Self| of.marks.iter().any(|mark| !one.marks.contains(mark));
        let short = self.letters.min(other.letters) < LETTERS_MIN;
        if short || (lacks(self, other) && lacks(other, self)) {
            return 0;
        }
        let (mut a, mut b) = (self.pairs.iter().peekable(), other.pairs.iter().peekable());
        let mut both = 0;
        while let (Some(x), Some(y)) = (a.peek(), b.peek()) {
            match x.cmp(y) {
                std::cmp::Ordering::Less => drop(a.next()),
                std::cmp::Ordering::Greater => drop(b.next()),
                std::cmp::Ordering::Equal => {
                    both += 1;
                    a.next();
                    b.next();
                }
            }
        }
        let all = self.pairs.len() + other.pairs.len();
        u8::try_from(200 * both / all.max(1)).unwrap_or(100)
    }
}

/// What comes after a Chinese numeral that is a number and no word: 三号楼, 二单元.
const COUNTED: &str = "号楼栋幢座单室层排巷组区";
const NUMERALS: &str = "〇零一二两三四五六七八九十百千";
/// What a name comes after, and what no name begins with.
const DEBTOR: [&str; 3] = ["被执行人", "老赖", "债务人"];
const NO_NAME: &str = "的在住出开正已将把被从往到有与和及也又还现今刚驾乘带穿是名为家";

/// Numbers in Chinese numerals, names of debtors, names in Latin letters.
fn marks_of(text: &str) -> Vec<String> {
    let text: String = text.nfkc().collect();
    let mut marks = Vec::new();
    let chars: Vec<char> = text.chars().filter(|char| !char.is_whitespace()).collect();
    let mut numeral = String::new();
    for char in &chars {
        if NUMERALS.contains(*char) {
            numeral.push(*char);
        } else {
            if COUNTED.contains(*char) && !numeral.is_empty() {
                marks.push(std::mem::take(&mut numeral));
            }
            numeral.clear();
        }
    }
    for word in DEBTOR {
        for (at, _) in text.match_indices(word) {
            let mut name = text[at + word.len()..].chars().filter(|char| !char.is_whitespace());
            let (Some(first), Some(second)) = (name.next(), name.next()) else { continue };
            if first.is_alphabetic() && !first.is_ascii() && !NO_NAME.contains(first) {
                marks.push(format!("{first}{second}"));
            }
        }
    }
    // The first word has a capital in any case.
    let words = text.split(|char: char| !char.is_alphanumeric()).filter(|word| !word.is_empty());
    let capital = |word: &&str| word.starts_with(|char: char| char.is_ascii_uppercase());
    marks.extend(words.skip(1).filter(capital).map(str::to_lowercase));
    marks
}

/// How far two places may be apart, metres: the court's distance, and how far off each may be. A
/// vague place does not reach everywhere, so each accuracy counts at most as the distance itself.
#[must_use]
pub fn reach(settings: &MergeSettings, one: Place, other: Place) -> f64 {
    let off = |place: Place| place.accuracy.map_or(0.0, |a| a.0.clamp(0.0, settings.within_m));
    settings.within_m + off(one) + off(other)
}

/// Compares a new tip with an open incident's account; `None` when it has to have an incident of its
/// own.
///
/// One hurts more than the other: a merge that is wrong hides somebody's emergency in another one,
/// a merge that is missed costs a second look. So whatever is doubtful is not merged: drills never
/// with what is real, an emergency never into what is routine (its own incident starts its own
/// search), no tip that brings a case number into an incident without one (the case may rule
/// officers out that are already asked), and none that starts by itself into one that waits for a
/// person (officers would go to where a stranger says).
#[must_use]
pub fn compare(new: &Account, open: &Account, settings: &MergeSettings) -> Option<Likeness> {
    let sos = IncidentKind::OfficerSos;
    if settings.within_m <= 0.0 || new.kind == sos || open.kind == sos {
        return None;
    }
    if new.exercise != open.exercise || new.kind != open.kind {
        return None;
    }
    if new.moving && !open.moving {
        return None;
    }
    if new.urgency == Urgency::Emergency && open.urgency == Urgency::Routine {
        return None;
    }
    if new.case_number.is_some() && new.case_number != open.case_number {
        return None;
    }
    let apart_ms = new.at.0.abs_diff(open.at.0);
    if apart_ms > settings.within_ms {
        return None;
    }
    let distance_m = new.place.at.distance(open.place.at).0;
    if distance_m > reach(settings, new.place, open.place) {
        return None;
    }
    let text_percent = new.words.alike(&open.words);
    let rule = if new.case_number.is_some() {
        LikenessRule::SameCase
    } else if text_percent >= settings.text_percent {
        LikenessRule::SimilarText
    } else {
        return None;
    };
    Some(Likeness { rule, distance_m, apart_ms, text_percent })
}

#[cfg(test)]
#[path = "likeness_tests.rs"]
mod tests;
