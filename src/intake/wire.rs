//! From JSON to a [`TipDraft`]: names and types of fields, and base64. What the values must be is
//! the core's business (`Tip::parse`).
//!
//! A field that is `null` has the wrong type: who has nothing to say leaves it out.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use tiande_core::tip::{FaultCode, LocationDraft, MediaDraft, ReporterDraft, TipDraft, TipFault};

/// Pictures of one tip.
pub const MEDIA_MAX: usize = 8;
/// Bytes of all pictures of one tip together, decoded.
pub const MEDIA_BYTES_MAX: usize = 6 * 1024 * 1024;
/// Faults that are told; who has more has to send more than once.
const FAULTS_MAX: usize = 32;
/// A longer name of an unknown field is not repeated in the answer.
const NAME_LEN_MAX: usize = 64;

/// Makes a draft of a body, and lists what has a wrong name, type or encoding. A field with a fault
/// is absent from the draft.
#[must_use]
pub fn read(body: Value) -> (TipDraft, Vec<TipFault>) {
    let mut faults = Faults(Vec::new());
    let mut draft = TipDraft::default();
    let Some(fields) = faults.object("", body) else { return (draft, faults.0) };
    for (name, value) in fields {
        let at = pointer("", &name);
        match name.as_str() {
            "court" => draft.court = faults.text(&at, value),
            "kind" => draft.kind = faults.text(&at, value),
            "urgency" => draft.urgency = faults.text(&at, value),
            "case_number" => draft.case_number = faults.text(&at, value),
            "description" => draft.description = faults.text(&at, value),
            "occurred_at" => draft.occurred_at = faults.text(&at, value),
            "address" => draft.address = faults.text(&at, value),
            "location" => draft.location = faults.location(value),
            "media" => draft.media = faults.media(value),
            "reporter" => draft.reporter = faults.reporter(value),
            "exercise" => match value {
                Value::Bool(exercise) => draft.exercise = exercise,
                _ => faults.add(at, FaultCode::WrongType),
            },
            _ => faults.unknown("", &name),
        }
    }
    (draft, faults.0)
}

/// Puts the edge's faults and the core's together. What the core finds where the edge found
/// something already is only its echo: the draft has no value there.
#[must_use]
pub fn join(edge: Vec<TipFault>, core: Vec<TipFault>) -> Vec<TipFault> {
    let is_echo = |found: &TipFault| {
        edge.iter().any(|known| {
            let below = found.pointer.strip_prefix(known.pointer.as_str());
            below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    };
    let new: Vec<_> = core.into_iter().filter(|found| !is_echo(found)).collect();
    let mut all = edge;
    all.extend(new);
    all.truncate(FAULTS_MAX);
    all
}

/// True when a body has at least one picture, or something in their place: only then it may be
/// large.
#[must_use]
pub fn has_media(body: &Value) -> bool {
    body.get("media").and_then(Value::as_array).is_some_and(|items| !items.is_empty())
}

/// The pointer to a field of the object at `parent` (RFC 6901).
fn pointer(parent: &str, name: &str) -> String {
    format!("{parent}/{}", name.replace('~', "~0").replace('/', "~1"))
}

struct Faults(Vec<TipFault>);

impl Faults {
    fn add(&mut self, pointer: impl Into<String>, code: FaultCode) {
        if self.0.len() < FAULTS_MAX {
            self.0.push(TipFault { pointer: pointer.into(), code });
        }
    }

    fn unknown(&mut self, parent: &str, name: &str) {
        let at = if name.len() <= NAME_LEN_MAX { pointer(parent, name) } else { parent.to_owned() };
        self.add(at, FaultCode::UnknownField);
    }

    fn object(&mut self, at: &str, value: Value) -> Option<Map<String, Value>> {
        if let Value::Object(fields) = value {
            return Some(fields);
        }
        self.add(at, FaultCode::WrongType);
        None
    }

    fn text(&mut self, at: &str, value: Value) -> Option<String> {
        if let Value::String(text) = value {
            return Some(text);
        }
        self.add(at, FaultCode::WrongType);
        None
    }

    fn number(&mut self, at: &str, value: &Value) -> Option<f64> {
        let number = value.as_f64();
        if number.is_none() {
            self.add(at, FaultCode::WrongType);
        }
        number
    }

    fn location(&mut self, value: Value) -> Option<LocationDraft> {
        let mut location = LocationDraft::default();
        for (name, value) in self.object("/location", value)? {
            let at = pointer("/location", &name);
            match name.as_str() {
                "lat" => location.lat = self.number(&at, &value),
                "lon" => location.lon = self.number(&at, &value),
                "accuracy_m" => location.accuracy_m = self.number(&at, &value),
                "datum" => location.datum = self.text(&at, value),
                _ => self.unknown("/location", &name),
            }
        }
        Some(location)
    }

    fn reporter(&mut self, value: Value) -> Option<ReporterDraft> {
        let mut reporter = ReporterDraft::default();
        for (name, value) in self.object("/reporter", value)? {
            let at = pointer("/reporter", &name);
            match name.as_str() {
                "name" => reporter.name = self.text(&at, value),
                "phone" => reporter.phone = self.text(&at, value),
                _ => self.unknown("/reporter", &name),
            }
        }
        Some(reporter)
    }

    fn media(&mut self, value: Value) -> Vec<MediaDraft> {
        let Value::Array(items) = value else {
            self.add("/media", FaultCode::WrongType);
            return Vec::new();
        };
        if items.len() > MEDIA_MAX {
            // The whole list is refused, so none of it is worth decoding.
            self.add("/media", FaultCode::TooMany);
            return Vec::new();
        }
        let mut left = MEDIA_BYTES_MAX;
        let mut drafts = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            drafts.push(self.picture(index, item, &mut left));
        }
        drafts
    }

    fn picture(&mut self, index: usize, value: Value, left: &mut usize) -> MediaDraft {
        let parent = format!("/media/{index}");
        let mut picture = MediaDraft::default();
        let Some(fields) = self.object(&parent, value) else { return picture };
        let mut has_data = false;
        for (name, value) in fields {
            let at = pointer(&parent, &name);
            match name.as_str() {
                "content_type" => picture.content_type = self.text(&at, value),
                "data" => {
                    has_data = true;
                    if let Some(encoded) = self.text(&at, value) {
                        picture.bytes = self.decode(&at, &encoded, left);
                    }
                }
                _ => self.unknown(&parent, &name),
            }
        }
        if !has_data {
            // The core sees only that there are no bytes and would call it empty.
            self.add(format!("{parent}/data"), FaultCode::Missing);
        }
        picture.sha256 = Sha256::digest(&picture.bytes).into();
        picture
    }

    fn decode(&mut self, at: &str, encoded: &str, left: &mut usize) -> Vec<u8> {
        // Never less than what comes out, and known before anything is decoded.
        let size = encoded.len() / 4 * 3;
        if size > left.saturating_add(2) {
            self.add("/media", FaultCode::TooMany);
            return Vec::new();
        }
        match STANDARD.decode(encoded) {
            Ok(bytes) if bytes.len() > *left => {
                self.add("/media", FaultCode::TooMany);
                Vec::new()
            }
            Ok(bytes) => {
                *left -= bytes.len();
                bytes
            }
            Err(_malformed) => {
                self.add(at, FaultCode::Base64Invalid);
                Vec::new()
            }
        }
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
