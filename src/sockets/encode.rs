//! Notes to JSON frames. The only place that knows how a note looks on the wire.

use std::collections::BTreeMap;

use bytestring::ByteString;
use serde::Serialize;
use serde_json::json;
use tiande_actors::ports::wire::Wire;
use tiande_actors::views::{ConsoleNote, HandheldNote, Moved};
use tiande_core::court::CourtProfile;
use tiande_core::officer::OfficerStatus;
use tiande_core::time::UnixMillis;

use super::tick_records;
use crate::shapes::{AlarmShape, HandheldShape, IncidentShape, OfferShape, RosterShape};

/// Version of the protocol.
pub const VERSION: u32 = 1;

/// The JSON of PROTOCOL, version 1.
pub struct JsonWire;

#[derive(Serialize)]
struct Typed<'a, T: Serialize> {
    r#type: &'a str,
    #[serde(flatten)]
    body: T,
}

fn frame<T: Serialize>(kind: &str, body: T) -> ByteString {
    text(&Typed { r#type: kind, body })
}

fn text<T: Serialize>(value: &T) -> ByteString {
    // Plain data with text keys always serialises.
    serde_json::to_string(value).expect("plain data serialises").into()
}

/// News for consoles, under its number.
fn news<T: Serialize>(kind: &str, no: u64, body: T) -> ByteString {
    #[derive(Serialize)]
    struct Numbered<T: Serialize> {
        no: u64,
        #[serde(flatten)]
        body: T,
    }
    frame(kind, Numbered { no, body })
}

/// An answer to a command.
pub fn done(reference: &str, more: &serde_json::Value) -> ByteString {
    let mut body = json!({"type": "done", "ref": reference});
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    text(&body)
}

/// A refused command.
pub fn refused(reference: &str, code: &str, title: &str) -> ByteString {
    text(&json!({"type": "refused", "ref": reference, "code": code, "title": title}))
}

/// A frame that could not be understood.
pub fn error(reference: Option<&str>, code: &str) -> ByteString {
    text(&json!({"type": "error", "ref": reference, "code": code}))
}

/// A gateway is connected; `officers` are its court's with their numbers.
pub fn gateway_welcome(
    now: i64,
    profile: &CourtProfile,
    officers: &serde_json::Value,
) -> ByteString {
    let mut body = json!({"type": "welcome", "v": VERSION, "now": now, "court": court(profile)});
    if let (Some(body), Some(officers)) = (body.as_object_mut(), officers.as_object()) {
        body.extend(officers.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    text(&body)
}

/// The answer to a gateway's binary frame, by its number on that socket.
pub fn batch(number: u64, answer: &serde_json::Value) -> ByteString {
    let mut body = json!({"type": "batch", "batch": number});
    if let (Some(body), Some(answer)) = (body.as_object_mut(), answer.as_object()) {
        body.extend(answer.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    text(&body)
}

/// The answer to a ping.
pub fn pong(t: &serde_json::Value, now: i64) -> ByteString {
    text(&json!({"type": "pong", "t": t, "now": now}))
}

fn court(profile: &CourtProfile) -> serde_json::Value {
    json!({
        "id": profile.id.as_str(), "name": profile.name, "area": profile.area,
        "court_house": {
            "lat": profile.court_house.lat, "lon": profile.court_house.lon,
            "radius_m": profile.court_house.radius_m,
        },
    })
}

/// A status in a tick.
pub fn code_of(status: OfficerStatus) -> u32 {
    match status {
        OfficerStatus::OffDuty => 0,
        OfficerStatus::Available => 1,
        OfficerStatus::Offered => 2,
        OfficerStatus::Committed => 3,
        OfficerStatus::OnBreak => 4,
        OfficerStatus::OutOfContact => 5,
    }
}

/// A tick's line: `[n, lat, lon, status, heading_deg, taken_at, accuracy_m]`.
fn line(moved: &Moved) -> serde_json::Value {
    let status = code_of(moved.status);
    match &moved.fix {
        Some(known) => {
            let fix = &known.fix;
            json!([
                moved.n,
                fix.at.lat(),
                fix.at.lon(),
                status,
                fix.heading_deg,
                fix.taken_at.0,
                fix.accuracy.map(|a| a.0),
            ])
        }
        None => json!([moved.n, null, null, status, null, null, null]),
    }
}

impl Wire for JsonWire {
    fn console(&self, no: u64, note: &ConsoleNote<'_>) -> ByteString {
        match note {
            ConsoleNote::Welcome {
                now,
                run,
                user,
                court: profile,
                officers,
                incidents,
                alarms,
            } => {
                let officers: Vec<RosterShape> = officers.iter().map(RosterShape::from).collect();
                let incidents: Vec<IncidentShape> =
                    incidents.iter().map(|view| view.as_ref().into()).collect();
                let alarms: Vec<AlarmShape> = alarms.iter().map(AlarmShape::from).collect();
                text(&json!({
                    "type": "welcome", "v": VERSION, "run": run, "no": no, "now": now.0, "user": user,
                    "court": court(profile), "officers": officers, "incidents": incidents,
                    "alarms": alarms,
                }))
            }
            ConsoleNote::Resumed { now, run } => text(&json!({
                "type": "resumed", "v": VERSION, "run": run, "no": no, "now": now.0,
            })),
            ConsoleNote::Tick { now, moved } => {
                let moved: Vec<_> = moved.iter().map(line).collect();
                text(&json!({"type": "tick", "no": no, "now": now.0, "moved": moved}))
            }
            ConsoleNote::Officer(entry) => news("officer", no, RosterShape::from(*entry)),
            ConsoleNote::Incident(view) => news("incident", no, IncidentShape::from(*view)),
            ConsoleNote::Event(event) => text(&json!({
                "type": "event", "no": no, "at": event.at.0, "kind": event.kind,
                "incident": event.incident.map(|id| id.to_string()),
                "officer": event.officer.map(|id| id.to_string()),
                "title": event.title,
            })),
            ConsoleNote::Alarm(alarm) => news("alarm", no, AlarmShape::from(*alarm)),
            ConsoleNote::AlarmAcked { alarm, by, at } => text(&json!({
                "type": "alarm_acked", "no": no, "alarm": alarm.to_string(), "by": by, "at": at.0,
            })),
        }
    }

    fn console_many(&self, frames: &[ByteString]) -> ByteString {
        // They are JSON already: put together, not encoded again.
        let length: usize = frames.iter().map(|frame| frame.len() + 1).sum();
        let mut text = String::with_capacity(length + 32);
        text.push_str(r#"{"type":"news","news":["#);
        for (nth, frame) in frames.iter().enumerate() {
            text.extend((nth > 0).then_some(','));
            text.push_str(frame);
        }
        text.push_str("]}");
        text.into()
    }

    fn tick_head(&self, no: u64, now: UnixMillis) -> Vec<u8> {
        tick_records::head(no, now)
    }

    fn tick_record(&self, now: UnixMillis, moved: &Moved, out: &mut Vec<u8>) {
        tick_records::put(now, moved, out);
    }

    fn tick_record_len(&self) -> usize {
        tick_records::RECORD_LEN
    }

    fn handheld(&self, note: &HandheldNote<'_>) -> ByteString {
        match note {
            HandheldNote::Welcome { now, officer, name, court: profile, state, stored } => {
                let mut body = json!({
                    "v": VERSION, "now": now.0,
                    "officer": {"id": officer.to_string(), "name": name},
                    "court": court(profile),
                    "heartbeat_ms": 10_000,
                    "report_every_ms": profile.dispatch.report_every_ms,
                    "stored": stored.map(|(epoch, seq)| json!({"epoch": epoch, "seq": seq})),
                });
                let state = serde_json::to_value(HandheldShape::from(*state));
                if let (Some(body), Ok(serde_json::Value::Object(state))) =
                    (body.as_object_mut(), state)
                {
                    body.extend(state);
                }
                frame("welcome", body)
            }
            HandheldNote::State(state) => frame("state", HandheldShape::from(*state)),
            HandheldNote::Offer(card) => frame("offer", OfferShape::from(*card)),
            HandheldNote::Assigned(card) => frame("assigned", OfferShape::from(*card)),
            HandheldNote::OfferClosed { offer, how } => text(&json!({
                "type": "offer_closed", "offer": offer.to_string(),
                "reason": how.map_or("accepted", |how| how.name()),
            })),
            HandheldNote::Ack { epoch, seq, counts } => {
                let codes: BTreeMap<_, _> = counts.refused.iter().copied().collect();
                let refused: u32 = codes.values().sum();
                text(&json!({
                    "type": "ack", "epoch": epoch, "seq": seq, "taken": counts.taken,
                    "refused": refused, "codes": codes,
                }))
            }
            HandheldNote::Stored { epoch, seq } => {
                text(&json!({"type": "stored", "epoch": epoch, "seq": seq}))
            }
            HandheldNote::Notice { code, at } => {
                text(&json!({"type": "notice", "code": code, "at": at.0}))
            }
        }
    }
}
