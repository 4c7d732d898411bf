//! Events to bytes and back, with schema versions.
//!
//! Every event enum serialises as `{"type": …, "data": {…}}`. The type with its stream's name in
//! front is the *kind*; the data, without its key `personal`, is the *body*; `personal` is kept apart,
//! because the store encrypts it under the subject's key.

use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Map, Value};

use super::event::Event;
use super::split::{Pieces, split};

/// Bytes of one event, as the store keeps them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Such as `incident.opened`.
    pub kind: String,
    /// Schema version of the body, from 1.
    pub version: u16,
    /// JSON object, in clear.
    pub body: Vec<u8>,
    /// JSON, to be encrypted under the subject's key.
    pub personal: Option<Vec<u8>>,
}

/// A stored event cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DecodeFault {
    /// Neither this program nor its upcasts know the kind in that version.
    #[error("unknown event kind {kind} version {version}")]
    Unknown {
        /// Kind as stored.
        kind: String,
        /// Version as stored.
        version: u16,
    },
    /// The body is not of the kind's shape.
    #[error("event of kind {kind} has an unreadable body")]
    Body {
        /// Kind as stored.
        kind: String,
        /// What serde says.
        #[source]
        source: serde_json::Error,
    },
}

/// Turns a body of one version of one kind into the next version's.
struct Upcast {
    kind: &'static str,
    from: u16,
    change: fn(&mut Map<String, Value>),
}

/// All changes of shape since the first release, oldest first. Append only.
const UPCASTS: &[Upcast] = &[];

/// The version that this program writes.
fn current_version(upcasts: &[Upcast], kind: &str) -> u16 {
    1 + u16::try_from(upcasts.iter().filter(|u| u.kind == kind).count()).unwrap_or(u16::MAX - 1)
}

/// Turns an event into bytes.
#[must_use]
pub fn encode(event: &Event) -> Encoded {
    match event {
        Event::Case(event) => encode_one("case", event),
        Event::Incident(event) => encode_one("incident", event),
        Event::Officer(event) => encode_one("officer", event),
        Event::Tip(event) => encode_one("tip", event),
    }
}

fn encode_one<E: Serialize>(family: &str, event: &E) -> Encoded {
    let Pieces { name, body, personal } =
        split(event).expect("events are plain data with text keys");
    let mut kind = String::with_capacity(family.len() + 1 + name.len());
    for part in [family, ".", name] {
        kind.push_str(part);
    }
    let version = current_version(UPCASTS, &kind);
    Encoded { kind, version, body, personal }
}

/// Reads an event back, whatever version it was written in.
///
/// `personal` is the decrypted part, or `None` when there was none or its key is destroyed; events
/// hold it as an option for that reason.
///
/// # Errors
/// [`DecodeFault`] for kinds, versions or bodies that this program does not know.
pub fn decode(
    kind: &str,
    version: u16,
    body: &[u8],
    personal: Option<&[u8]>,
) -> Result<Event, DecodeFault> {
    let unknown = || DecodeFault::Unknown { kind: kind.to_owned(), version };
    let fault = |source| DecodeFault::Body { kind: kind.to_owned(), source };
    let (family, name) = kind.split_once('.').ok_or_else(unknown)?;
    let mut data: Map<String, Value> = serde_json::from_slice(body).map_err(fault)?;
    if !upcast(UPCASTS, kind, version, &mut data) {
        return Err(unknown());
    }
    if let Some(personal) = personal {
        data.insert("personal".into(), serde_json::from_slice(personal).map_err(fault)?);
    }
    let mut whole = Map::new();
    whole.insert("type".into(), Value::String(name.to_owned()));
    whole.insert("data".into(), Value::Object(data));
    let whole = Value::Object(whole);
    match family {
        "case" => read(whole).map(Event::Case).map_err(fault),
        "incident" => read(whole).map(Event::Incident).map_err(fault),
        "officer" => read(whole).map(Event::Officer).map_err(fault),
        "tip" => read(whole).map(Event::Tip).map_err(fault),
        _ => Err(unknown()),
    }
}

fn read<E: DeserializeOwned>(whole: Value) -> Result<E, serde_json::Error> {
    serde_json::from_value(whole)
}

/// Lifts `data` to the current version; false when `version` is newer than this program.
fn upcast(upcasts: &[Upcast], kind: &str, version: u16, data: &mut Map<String, Value>) -> bool {
    if version == 0 || version > current_version(upcasts, kind) {
        return false;
    }
    for step in upcasts.iter().filter(|u| u.kind == kind && u.from >= version) {
        (step.change)(data);
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const HISTORY: &[Upcast] = &[
        Upcast {
            kind: "x.y",
            from: 1,
            change: |d| drop(d.insert("second".into(), Value::Bool(true))),
        },
        Upcast { kind: "x.z", from: 1, change: |d| d.clear() },
        Upcast {
            kind: "x.y",
            from: 2,
            change: |d| {
                if let Some(old) = d.remove("old") {
                    d.insert("new".into(), old);
                }
            },
        },
    ];

    fn object(text: &str) -> Map<String, Value> {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn an_old_body_climbs_through_every_later_version() {
        let mut first = object(r#"{"old":1}"#);
        assert!(upcast(HISTORY, "x.y", 1, &mut first));
        assert_eq!(first, object(r#"{"second":true,"new":1}"#));
        let mut second = object(r#"{"old":1,"second":false}"#);
        assert!(upcast(HISTORY, "x.y", 2, &mut second));
        assert_eq!(second, object(r#"{"second":false,"new":1}"#));
        assert_eq!(current_version(HISTORY, "x.y"), 3);
    }

    #[test]
    fn a_version_from_the_future_is_refused() {
        assert!(!upcast(HISTORY, "x.y", 4, &mut object("{}")));
        assert!(!upcast(HISTORY, "x.y", 0, &mut object("{}")));
    }

    #[test]
    fn an_unknown_kind_is_named() {
        let fault = decode("incident.exploded", 1, b"{}", None).expect_err("unknown");
        assert!(fault.to_string().contains("incident.exploded"));
        assert!(matches!(decode("weather.rain", 1, b"{}", None), Err(DecodeFault::Unknown { .. })));
    }
}
