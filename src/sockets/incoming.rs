//! What clients send, as JSON (PROTOCOL §5, §6): shapes and nothing else. Every frame is first looked
//! at for its `type`, so that an unknown one can be answered without closing.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use tiande_actors::board::View;
use tiande_core::geo::{Area, LatLon, Metres};
use tiande_core::officer::Fix;
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::track::Order;

use crate::strict_json;

/// The first frame.
#[derive(Debug, Deserialize)]
pub struct Hello {
    pub v: u32,
    pub ticket: String,
    #[serde(default)]
    pub epoch: Option<u32>,
    /// Binary frames are spoken too (PROTOCOL §9).
    #[serde(default)]
    pub binary: bool,
    /// Where a console looks; everywhere without.
    #[serde(default)]
    pub view: Option<ViewIn>,
    /// The newest a console was told before.
    #[serde(default)]
    pub after: Option<AfterIn>,
}

/// Where a console looks.
#[derive(Debug, Deserialize)]
pub struct ViewIn {
    /// West, south, east, north; degrees.
    pub r#box: [f64; 4],
    #[serde(default)]
    pub limit: Option<usize>,
    #[serde(default)]
    pub outside_every_ms: Option<u64>,
}

impl ViewIn {
    /// The view; `None` when a value is out of its range.
    pub fn view(&self) -> Option<View> {
        let area = Area::new(self.r#box).ok()?;
        let limit_ok = self.limit.is_none_or(|limit| (1..=10_000).contains(&limit));
        let every_ok = self.outside_every_ms.is_none_or(|ms| (1_000..=600_000).contains(&ms));
        let outside_every = self.outside_every_ms.map(Millis);
        (limit_ok && every_ok).then_some(View { area, limit: self.limit, outside_every })
    }
}

/// Up to where a console was told.
#[derive(Debug, Deserialize)]
pub struct AfterIn {
    pub run: u32,
    pub no: u64,
}

/// One position report.
#[derive(Debug, Deserialize)]
pub struct FixIn {
    pub seq: u32,
    pub taken_at: i64,
    pub lat: f64,
    pub lon: f64,
    #[serde(default)]
    pub accuracy_m: Option<f64>,
    #[serde(default)]
    pub speed_mps: Option<f32>,
    #[serde(default)]
    pub heading_deg: Option<f32>,
}

impl FixIn {
    /// A report as the domain knows it, counted in that epoch.
    ///
    /// # Errors
    /// The order of what is no place on earth.
    pub fn fix(&self, epoch: u32) -> Result<Fix, Order> {
        let order = (epoch, self.seq);
        let accuracy_ok = self.accuracy_m.is_none_or(|a| a.is_finite() && a >= 0.0);
        let at = LatLon::new(self.lat, self.lon).map_err(|_no_place| order)?;
        if !accuracy_ok {
            return Err(order);
        }
        Ok(Fix {
            epoch,
            seq: self.seq,
            taken_at: UnixMillis(self.taken_at),
            at,
            accuracy: self.accuracy_m.map(Metres),
            speed_mps: self.speed_mps.filter(|v| v.is_finite() && *v >= 0.0),
            heading_deg: self.heading_deg.filter(|h| (0.0..=360.0).contains(h)),
        })
    }
}

/// What a handheld sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromHandheld {
    Position {
        fixes: Vec<FixIn>,
        #[serde(default)]
        ahead: bool,
    },
    Duty {
        id: String,
        to: String,
    },
    OfferReceived {
        offer: String,
    },
    Accept {
        id: String,
        offer: String,
    },
    Decline {
        id: String,
        offer: String,
        #[serde(default)]
        reason: Option<String>,
    },
    Progress {
        id: String,
        incident: String,
        stage: String,
    },
    Well {
        id: String,
        incident: String,
    },
    Finish {
        id: String,
        incident: String,
        outcome: String,
        #[serde(default)]
        note: Option<String>,
    },
    Sos {
        id: String,
        #[serde(default)]
        fix: Option<SosFix>,
    },
    Ping {
        #[serde(default)]
        t: Value,
    },
}

/// What a gateway sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromGateway {
    Positions {
        id: String,
        #[serde(default)]
        epoch: u32,
        fixes: Vec<Value>,
    },
    Officers {
        id: String,
    },
    Ping {
        #[serde(default)]
        t: Value,
    },
}

/// Where a call for help comes from.
#[derive(Debug, Deserialize)]
pub struct SosFix {
    pub lat: f64,
    pub lon: f64,
    #[serde(default)]
    pub accuracy_m: Option<f64>,
}

/// What a console sends.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum FromConsole {
    Detail {
        id: String,
        incident: String,
    },
    Candidates {
        id: String,
        incident: String,
    },
    Dispatch {
        id: String,
        incident: String,
    },
    Place {
        id: String,
        incident: String,
        lat: f64,
        lon: f64,
    },
    Assign {
        id: String,
        incident: String,
        officer: String,
        #[serde(default)]
        stack: bool,
        #[serde(default)]
        reason: Option<String>,
    },
    Release {
        id: String,
        incident: String,
        officer: String,
        reason: String,
    },
    Cancel {
        id: String,
        incident: String,
        reason: String,
    },
    SplitTip {
        id: String,
        incident: String,
        tip: String,
        reason: String,
    },
    AckAlarm {
        id: String,
        alarm: String,
    },
    View {
        #[serde(default)]
        view: Option<ViewIn>,
    },
    Ping {
        #[serde(default)]
        t: Value,
    },
}

/// Why a frame was not understood.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Misread {
    /// A type this version does not know: answered, harmless.
    UnknownType,
    /// No JSON object, or a field is missing or of another type.
    Invalid,
}

/// Reads a frame whose `type` must be one of `types`.
pub fn read<T: DeserializeOwned>(
    text: &str,
    types: &[&str],
) -> Result<T, (Misread, Option<String>)> {
    let value =
        strict_json::parse(text.as_bytes()).map_err(|_malformed| (Misread::Invalid, None))?;
    let reference = value.get("id").and_then(Value::as_str).map(|id| id.chars().take(64).collect());
    if value.get("id").and_then(Value::as_str).is_some_and(|id| !is_command_id(id)) {
        return Err((Misread::Invalid, reference));
    }
    match value.get("type").and_then(Value::as_str) {
        Some(kind) if types.contains(&kind) => {}
        Some(_) => return Err((Misread::UnknownType, reference)),
        None => return Err((Misread::Invalid, reference)),
    }
    serde_json::from_value(value).map_err(|_shape| (Misread::Invalid, reference))
}

/// 1–64 characters: it comes back with the answer, and waits in the outbox until then.
fn is_command_id(id: &str) -> bool {
    (1..=64).contains(&id.chars().take(65).count())
}

/// True when a frame's own `type` is this one, whatever else stands in it.
pub fn is_of_type(text: &str, kind: &str) -> bool {
    #[derive(Deserialize)]
    struct Typed<'a> {
        #[serde(borrow)]
        r#type: Cow<'a, str>,
    }
    serde_json::from_str::<Typed<'_>>(text).is_ok_and(|frame| frame.r#type == kind)
}

/// Types a handheld may send.
pub const HANDHELD_TYPES: &[&str] = &[
    "position",
    "duty",
    "offer_received",
    "accept",
    "decline",
    "progress",
    "well",
    "finish",
    "sos",
    "ping",
];
/// Types a gateway may send.
pub const GATEWAY_TYPES: &[&str] = &["positions", "officers", "ping"];
/// Types a console may send.
pub const CONSOLE_TYPES: &[&str] = &[
    "detail",
    "candidates",
    "dispatch",
    "place",
    "assign",
    "release",
    "cancel",
    "split_tip",
    "ack_alarm",
    "view",
    "ping",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_types_and_broken_frames_are_told_apart() {
        let unknown = read::<FromHandheld>(r#"{"type":"teleport","id":"7"}"#, HANDHELD_TYPES);
        assert_eq!(unknown.err(), Some((Misread::UnknownType, Some("7".into()))));
        let twice = r#"{"type":"ping","type":"ping"}"#;
        let long = format!(r#"{{"type":"ping","id":"{}"}}"#, "长".repeat(65));
        for bad in [long.as_str(), r#"{"type":"ping","id":""}"#] {
            let read = read::<FromHandheld>(bad, HANDHELD_TYPES);
            assert_eq!(read.err().map(|e| e.0), Some(Misread::Invalid), "{bad}");
        }
        assert!(read::<FromHandheld>(&long.replacen('长', "", 1), HANDHELD_TYPES).is_ok());
        for broken in ["", "[]", "{}", "nonsense", r#"{"type":"accept"}"#, r#"{"type":7}"#, twice] {
            let read = read::<FromHandheld>(broken, HANDHELD_TYPES);
            assert_eq!(read.err().map(|e| e.0), Some(Misread::Invalid), "{broken}");
        }
    }

    #[test]
    fn a_word_elsewhere_is_not_the_type() {
        assert!(is_of_type(r#"{"fixes":[],"type":"position"}"#, "position"));
        let disguised = [
            r#"{"type":"ping","t":{"type":"position"}}"#,
            r#"{"type":"ping","position":"position"}"#,
            r#"{"type":"ping","type":"position"}"#,
            r#""type":"position""#,
        ];
        for text in disguised {
            assert!(!is_of_type(text, "position"), "{text}");
        }
    }

    #[test]
    fn every_listed_type_is_read() {
        let read = read::<FromConsole>(
            r#"{"type":"assign","id":"1","incident":"i","officer":"o"}"#,
            CONSOLE_TYPES,
        );
        assert!(matches!(read, Ok(FromConsole::Assign { stack: false, reason: None, .. })));
    }
}
