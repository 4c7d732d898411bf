//! A handheld's position as text, in the form in which telephones send it (PROTOCOL §5).
//!
//! Nearly all frames are this one. It is read straight into what is wanted of it, while the general way
//! makes a tree of values first, after a look at its `type`. A frame that has anything unusual in it goes
//! that way, which alone says what is wrong: what is read here is read there as the same.

use serde::Deserialize;
use serde::de::{Deserializer, SeqAccess, Visitor};

use super::incoming::FixIn;

/// Fixes of one frame; nearly always one, and that needs no room of its own.
#[derive(Debug)]
pub enum Fixes {
    /// One.
    One(FixIn),
    /// None, or several.
    Many(Vec<FixIn>),
}

/// A position frame.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PositionFrame<'a> {
    r#type: &'a str,
    /// Sent ahead of older ones.
    #[serde(default)]
    pub ahead: bool,
    fixes: Fixes,
}

impl PositionFrame<'_> {
    /// The fixes.
    pub fn fixes(&self) -> &[FixIn] {
        match &self.fixes {
            Fixes::One(fix) => std::slice::from_ref(fix),
            Fixes::Many(fixes) => fixes,
        }
    }
}

/// Reads a position frame in its usual form; `None` for everything else.
pub fn read_usual(text: &str) -> Option<PositionFrame<'_>> {
    // A list would be read as a struct's fields in their order.
    if !text.starts_with('{') {
        return None;
    }
    // A key that comes twice, or that nobody knows, fails here.
    serde_json::from_str::<PositionFrame<'_>>(text).ok().filter(|frame| frame.r#type == "position")
}

/// [`FixIn`] without fields that are not known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UsualFix {
    seq: u32,
    taken_at: i64,
    lat: f64,
    lon: f64,
    #[serde(default)]
    accuracy_m: Option<f64>,
    #[serde(default)]
    speed_mps: Option<f32>,
    #[serde(default)]
    heading_deg: Option<f32>,
}

impl From<UsualFix> for FixIn {
    fn from(fix: UsualFix) -> Self {
        let UsualFix { seq, taken_at, lat, lon, accuracy_m, speed_mps, heading_deg } = fix;
        Self { seq, taken_at, lat, lon, accuracy_m, speed_mps, heading_deg }
    }
}

impl<'de> Deserialize<'de> for Fixes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct List;
        impl<'de> Visitor<'de> for List {
            type Value = Fixes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a list of fixes")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Fixes, A::Error> {
                let Some(first) = list.next_element::<UsualFix>()? else {
                    return Ok(Fixes::Many(Vec::new()));
                };
                let Some(second) = list.next_element::<UsualFix>()? else {
                    return Ok(Fixes::One(first.into()));
                };
                let mut fixes = vec![first.into(), second.into()];
                while let Some(fix) = list.next_element::<UsualFix>()? {
                    fixes.push(fix.into());
                }
                Ok(Fixes::Many(fixes))
            }
        }
        from.deserialize_seq(List)
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::super::incoming::{FromHandheld, HANDHELD_TYPES, read};
    use super::*;

    /// Everything that is read of a frame.
    fn shown(ahead: bool, fixes: &[FixIn]) -> String {
        format!("{ahead} {fixes:?}")
    }

    fn fast(text: &str) -> Option<String> {
        read_usual(text).map(|frame| shown(frame.ahead, frame.fixes()))
    }

    fn slow(text: &str) -> Option<String> {
        match read(text, HANDHELD_TYPES) {
            Ok(FromHandheld::Position { fixes, ahead }) => Some(shown(ahead, &fixes)),
            _ => None,
        }
    }

    fn fix() -> impl Strategy<Value = Value> {
        let number = || prop_oneof![any::<f64>().prop_map(|n| json!(n)), Just(json!(35))];
        let bare = (any::<u32>(), any::<i64>(), number(), number());
        let more = (proptest::option::of(number()), proptest::option::of(any::<f32>()), 0..3);
        (bare, more).prop_map(|((seq, taken_at, lat, lon), (accuracy, speed, form))| {
            let mut fix = json!({"seq": seq, "taken_at": taken_at, "lat": lat, "lon": lon});
            if form > 0 {
                fix["accuracy_m"] = json!(accuracy);
                fix["speed_mps"] = json!(speed);
            }
            if form > 1 {
                fix["heading_deg"] = json!(359.5);
            }
            fix
        })
    }

    proptest! {
        #[test]
        fn what_is_read_fast_is_read_slowly_as_the_same(
            fixes in vec(fix(), 0..4),
            ahead in any::<bool>(),
            at in any::<prop::sample::Index>(),
            byte in prop_oneof![0x20..0x7f_u8, Just(b'"'), Just(b','), Just(b'0')],
        ) {
            let whole = json!({"type": "position", "ahead": ahead, "fixes": fixes}).to_string();
            prop_assert_eq!(fast(&whole), slow(&whole));
            // And with one byte that is another.
            let mut bytes = whole.into_bytes();
            let at = at.index(bytes.len());
            bytes[at] = byte;
            if let Ok(text) = std::str::from_utf8(&bytes)
                && let Some(read) = fast(text)
            {
                prop_assert_eq!(Some(read), slow(text));
            }
        }
    }

    #[test]
    fn usual_frames_are_read_fast() {
        let one = r#"{"type":"position","fixes":[{"seq":1,"taken_at":2,"lat":35.2,"lon":114.67,"accuracy_m":8}]}"#;
        let frame = read_usual(one).expect("the usual one");
        assert!(matches!(frame.fixes, Fixes::One(_)) && !frame.ahead);
        let later = r#"{"fixes":[{"seq":1,"taken_at":2,"lat":35,"lon":114}],"ahead":true,"type":"position"} "#;
        assert!(read_usual(later).is_some_and(|frame| frame.ahead));
    }

    #[test]
    fn the_unusual_goes_the_other_way() {
        let fix = r#"{"seq":1,"taken_at":2,"lat":35,"lon":114}"#;
        let cases = [
            (format!(r#"["position",false,[{fix}]]"#), false),
            (format!(r#"{{"type":"position","id":"","fixes":[{fix}]}}"#), false),
            (format!(r#"{{"type":"position","type":"position","fixes":[{fix}]}}"#), false),
            (format!(r#"{{"type":"position","fixes":[{fix}],"fixes":[{fix}]}}"#), false),
            (
                r#"{"type":"position","fixes":[{"seq":1,"seq":1,"taken_at":2,"lat":3,"lon":4}]}"#
                    .into(),
                false,
            ),
            (format!(r#"{{"type":"ping","fixes":[{fix}]}}"#), false),
            (format!(r#"{{"type":"position","fixes":[{fix}]}}x"#), false),
            (format!(r#"{{"type":"position","new":{{"a":1,"a":2}},"fixes":[{fix}]}}"#), false),
            // These are good, and only unusual.
            (format!(r#"{{"type":"p\u006fsition","fixes":[{fix}]}}"#), true),
            (format!(r#" {{"type":"position","fixes":[{fix}]}}"#), true),
            (format!(r#"{{"type":"position","new":1,"fixes":[{fix}]}}"#), true),
            (
                r#"{"type":"position","fixes":[{"seq":1,"taken_at":2,"lat":3,"lon":4,"new":5}]}"#
                    .into(),
                true,
            ),
        ];
        for (text, good) in cases {
            assert_eq!(fast(&text), None, "{text}");
            assert_eq!(slow(&text).is_some(), good, "{text}");
        }
    }
}
