//! Tips: what somebody outside reports, checked before anything is built on it.
//!
//! A [`TipDraft`] is what came over the wire, [`Tip::parse`] makes a [`Tip`] of it or names every
//! fault. After that nothing in a tip needs to be checked again. Reading JSON and base64, hashing
//! and signatures are the edge's work.

mod event;
mod fault;
mod likeness;
mod parse;

pub use event::{TipEvent, TipReceived, TipSealed};
pub use fault::{FaultCode, TipFault};
pub use likeness::{Account, Fingerprint, Likeness, LikenessRule, compare, reach};
pub use parse::{AGE_MAX, FUTURE_MAX};

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::case::CaseNumber;
use crate::geo::Place;
use crate::ids::CourtId;
use crate::incident::{IncidentKind, Urgency};
use crate::time::UnixMillis;

/// What came over the wire, unchecked. Names as in the README's body of a tip.
#[derive(Clone, Default, PartialEq)]
pub struct TipDraft {
    /// Short name of the court.
    pub court: Option<String>,
    /// Wire name of the kind.
    pub kind: Option<String>,
    /// Wire name of the urgency.
    pub urgency: Option<String>,
    /// Case the sender names, in any spelling.
    pub case_number: Option<String>,
    /// What the sender tells.
    pub description: Option<String>,
    /// When it happened, RFC 3339.
    pub occurred_at: Option<String>,
    /// Where it happened.
    pub location: Option<LocationDraft>,
    /// Where it happened, in words.
    pub address: Option<String>,
    /// Pictures.
    pub media: Vec<MediaDraft>,
    /// Who tells it.
    pub reporter: Option<ReporterDraft>,
    /// A drill.
    pub exercise: bool,
}

impl fmt::Debug for TipDraft {
    /// Leaves out what tells of people: a draft may get into a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TipDraft")
            .field("court", &self.court)
            .field("kind", &self.kind)
            .field("urgency", &self.urgency)
            .field("occurred_at", &self.occurred_at)
            .field("media", &self.media.len())
            .field("exercise", &self.exercise)
            .finish_non_exhaustive()
    }
}

/// A place as it came over the wire.
#[derive(Clone, Default, PartialEq)]
pub struct LocationDraft {
    /// Latitude, degrees.
    pub lat: Option<f64>,
    /// Longitude, degrees.
    pub lon: Option<f64>,
    /// Accuracy, metres.
    pub accuracy_m: Option<f64>,
    /// `WGS-84` (also when absent) or `GCJ-02`.
    pub datum: Option<String>,
}

/// A picture as it came over the wire.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct MediaDraft {
    /// Declared type.
    pub content_type: Option<String>,
    /// Content, decoded by the edge.
    pub bytes: Vec<u8>,
    /// SHA-256 of `bytes`, computed by the edge.
    pub sha256: [u8; 32],
}

/// The sender's person as it came over the wire.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ReporterDraft {
    /// Name.
    pub name: Option<String>,
    /// Telephone number.
    pub phone: Option<String>,
}

/// A tip that was checked: its place lies in or near its court's area, its texts are clean.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tip {
    /// Whose tip it is.
    pub court: CourtId,
    /// What it tells of; never an officer's SOS.
    pub kind: IncidentKind,
    /// How fast somebody must go.
    pub urgency: Urgency,
    /// Case the sender named.
    pub case_number: Option<CaseNumber>,
    /// When it happened, as the sender says; 30 days before to 5 minutes after it came in.
    pub occurred_at: Option<UnixMillis>,
    /// Where, WGS-84; accuracy 0..=100_000 m.
    pub place: Option<Place>,
    /// What tells of people.
    pub personal: TipPersonal,
    /// Pictures, at most eight.
    pub media: Vec<TipMedia>,
    /// A drill: no real applicant is ever told.
    pub exercise: bool,
}

/// The part of a tip that is kept encrypted under the tip's own key.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipPersonal {
    /// What the sender tells, 0–2,000 characters.
    pub description: String,
    /// Where, in words, 1–200 characters.
    pub address: Option<String>,
    /// The sender's name, 1–60 characters.
    pub reporter_name: Option<String>,
    /// The sender's telephone number, digits.
    pub reporter_phone: Option<String>,
}

macro_rules! silent_debug {
    ($($type:ident),+) => {$(
        impl fmt::Debug for $type {
            /// Says nothing: what is encrypted in the journal must not be readable in a log.
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($type)).finish_non_exhaustive()
            }
        }
    )+};
}
silent_debug!(TipPersonal, LocationDraft, MediaDraft, ReporterDraft);

/// A picture of a tip, by its hash; the content is stored elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TipMedia {
    /// What it is, by its declaration and its first bytes.
    pub content_type: MediaType,
    /// SHA-256 of the content; 64 lower-case hexadecimal digits when written.
    #[serde(with = "hex")]
    pub sha256: [u8; 32],
    /// Size of the content, bytes, at least 1.
    pub bytes: u64,
}

/// Types of pictures that are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum MediaType {
    /// JPEG.
    #[serde(rename = "image/jpeg")]
    Jpeg,
    /// PNG.
    #[serde(rename = "image/png")]
    Png,
    /// WebP.
    #[serde(rename = "image/webp")]
    Webp,
}

impl MediaType {
    /// The type as HTTP writes it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "image/jpeg",
            Self::Png => "image/png",
            Self::Webp => "image/webp",
        }
    }

    /// The type of that name, in any case of letters; parameters are not taken.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Jpeg, Self::Png, Self::Webp]
            .into_iter()
            .find(|it| it.name().eq_ignore_ascii_case(name))
    }

    /// What the first bytes of a content say it is.
    #[must_use]
    pub fn from_magic(bytes: &[u8]) -> Option<Self> {
        match bytes {
            [0xFF, 0xD8, 0xFF, ..] => Some(Self::Jpeg),
            [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n', ..] => Some(Self::Png),
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'E', b'B', b'P', ..] => Some(Self::Webp),
            _ => None,
        }
    }
}

/// A hash as text.
mod hex {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    const DIGITS: &[u8; 16] = b"0123456789abcdef";

    pub(super) fn serialize<S: Serializer>(hash: &[u8; 32], to: S) -> Result<S::Ok, S::Error> {
        let digits = hash.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let text: String = digits.map(|digit| char::from(DIGITS[usize::from(digit)])).collect();
        to.serialize_str(&text)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<[u8; 32], D::Error> {
        let text = String::deserialize(from)?;
        parse(&text).ok_or_else(|| D::Error::custom("not 64 lower-case hexadecimal digits"))
    }

    fn parse(text: &str) -> Option<[u8; 32]> {
        let value = |digit: u8| DIGITS.iter().position(|known| *known == digit);
        let (pairs, rest) = text.as_bytes().as_chunks::<2>();
        let mut hash = [0; 32];
        if pairs.len() != hash.len() || !rest.is_empty() {
            return None;
        }
        for (byte, [high, low]) in hash.iter_mut().zip(pairs) {
            *byte = u8::try_from(value(*high)? * 16 + value(*low)?).ok()?;
        }
        Some(hash)
    }
}

#[cfg(test)]
mod tests;
