//! What is said in words, sealed under the case's key.

use serde::{Deserialize, Serialize};

use super::FileEvent;
use crate::geo::LatLon;
use crate::journal::Subject;
use crate::text::clean_text;

/// Longest long text, characters.
pub const TEXT_MAX: usize = 10_000;
/// Longest title, name or address, characters.
pub const TITLE_MAX: usize = 200;

/// What is personal in an event of a file. Which of these an event has is said where the event is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Particulars {
    /// A title: a thing's name, a paper's, an instrument's number.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// Words, perhaps many lines.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
    /// A place in words, or an address of a person.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// A place.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub place: Option<LatLon>,
}

impl Particulars {
    /// A title alone.
    #[must_use]
    pub fn titled(title: &str) -> Self {
        Self { title: title.to_owned(), ..Self::default() }
    }

    /// Words alone.
    #[must_use]
    pub fn said(text: &str) -> Self {
        Self { text: text.to_owned(), ..Self::default() }
    }

    /// Cleaned; `None` when something is too long or has characters that are not allowed.
    #[must_use]
    pub fn clean(&self) -> Option<Self> {
        let line = |text: &str| tidy(text, TITLE_MAX, false);
        Some(Self {
            title: line(&self.title)?,
            text: tidy(&self.text, TEXT_MAX, true)?,
            address: line(&self.address)?,
            place: self.place,
        })
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

fn tidy(text: &str, max: usize, lines: bool) -> Option<String> {
    if text.trim().is_empty() { Some(String::new()) } else { clean_text(text, max, lines).ok() }
}

/// An event of a file, with what is personal in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FileRecord {
    /// What is personal.
    #[serde(flatten)]
    pub sealed: Sealed,
    /// What happened.
    #[serde(flatten)]
    pub event: FileEvent,
}

/// The personal part of an event. A subject without particulars says that there were some, and that their key
/// is destroyed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sealed {
    /// Whose key it is encrypted with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subject: Option<Subject>,
    /// What is personal; `None` when nothing is, or the key is destroyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub personal: Option<Particulars>,
}

impl Sealed {
    /// These particulars under that subject's key; nothing when there are none.
    #[must_use]
    pub fn under(subject: Subject, particulars: Particulars) -> Self {
        if particulars.is_empty() {
            return Self::default();
        }
        Self { subject: Some(subject), personal: Some(particulars) }
    }

    /// The particulars; empty ones when there were none or they are forgotten.
    #[must_use]
    pub fn particulars(&self) -> Particulars {
        self.personal.clone().unwrap_or_default()
    }
}
