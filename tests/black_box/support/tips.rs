//! Tips: good ones, and their signature made by hand, not by the program's own code.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::waiting::unix_ms;
use super::{Door, Reply};

/// The smallest picture that looks like one: a JPEG's beginning, and words to look for on the disk.
pub const PICTURE: &[u8] = b"\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x10\x00\x10\x01\x01\x11\x00 JFIF black box picture, in the clear";

/// A tip whose place is near the court house.
pub fn good_tip(court: &str) -> Value {
    json!({
        "court": court, "kind": "debtor_sighted", "urgency": "emergency",
        "case_number": "(2026)豫0783执123号", "description": "被执行人在门店内",
        "location": {"lat": 35.1997, "lon": 114.6689, "accuracy_m": 20},
        "address": "蒲西街道", "reporter": {"name": "王某", "phone": "13800000000"},
    })
}

/// A good tip with some fields changed; null takes a field away.
pub fn tip_with(court: &str, changes: Value) -> Value {
    let mut tip = good_tip(court);
    if let (Some(tip), Value::Object(changes)) = (tip.as_object_mut(), changes) {
        for (name, value) in changes {
            if value.is_null() {
                tip.remove(&name);
            } else {
                tip.insert(name, value);
            }
        }
    }
    tip
}

/// `v1,<base64 HMAC-SHA256 of id.timestamp.body>` (Standard Webhooks 1.0).
pub fn signature(secret: &str, id: &str, timestamp: &str, body: &[u8]) -> String {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).expect("a secret is base64");
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).expect("any length");
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// A source of tips.
#[derive(Debug, Clone)]
pub struct Source {
    pub name: String,
    pub secret: String,
}

impl Source {
    /// The headers of a delivery.
    pub fn headers(&self, id: &str, body: &[u8]) -> Vec<(&'static str, String)> {
        self.headers_at(id, unix_ms() / 1_000, body)
    }

    /// The same, signed at some other moment (Unix seconds).
    pub fn headers_at(&self, id: &str, at: i64, body: &[u8]) -> Vec<(&'static str, String)> {
        let at = at.to_string();
        let signature = signature(&self.secret, id, &at, body);
        vec![
            ("content-type", "application/json".to_owned()),
            ("webhook-id", id.to_owned()),
            ("webhook-timestamp", at),
            ("webhook-signature", signature),
        ]
    }

    pub fn path(&self) -> String {
        format!("/hooks/tips/{}", self.name)
    }

    /// Sends bytes, rightly signed.
    pub fn send_bytes(&self, door: &Door, id: &str, body: &[u8]) -> Reply {
        self.try_send(door, id, body).expect("an answer")
    }

    /// The same; `None` when there was no answer.
    pub fn try_send(&self, door: &Door, id: &str, body: &[u8]) -> Option<Reply> {
        door.try_send("POST", &self.path(), &borrowed(&self.headers(id, body)), body)
    }

    /// Sends a tip, rightly signed.
    pub fn send(&self, door: &Door, id: &str, tip: &Value) -> Reply {
        self.send_bytes(door, id, tip.to_string().as_bytes())
    }

    /// Sends a tip that is taken; the id of its incident.
    pub fn incident(&self, door: &Door, id: &str, tip: &Value) -> String {
        let reply = self.send(door, id, tip);
        assert_eq!(reply.status, 202, "{}", String::from_utf8_lossy(&reply.body));
        reply.json()["incident"].as_str().expect("an incident").to_owned()
    }
}

/// Headers as the client takes them.
pub fn borrowed<'a>(headers: &'a [(&'static str, String)]) -> Vec<(&'static str, &'a str)> {
    headers.iter().map(|(name, value)| (*name, value.as_str())).collect()
}
