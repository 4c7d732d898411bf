//! JSON from outside, read strictly: UTF-8 without a byte order mark, no key twice in one object, at
//! most 32 levels deep, nothing after the value, only finite numbers (PROTOCOL, first paragraph).
//!
//! Two parsers that disagree about a doubled key are a way to get something signed and something
//! else read; so such a body is refused, not repaired.
//!
//! **Not here:** which fields a body has.

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

/// Objects and arrays may be nested this deep.
pub const DEPTH_MAX: usize = 32;
/// The byte order mark in UTF-8.
const BOM: &[u8] = b"\xEF\xBB\xBF";

/// What is wrong with the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JsonFault {
    /// They are no UTF-8.
    Encoding,
    /// They begin with a byte order mark.
    ByteOrderMark,
    /// An object has the same key twice.
    DuplicateKey,
    /// More than [`DEPTH_MAX`] levels.
    TooDeep,
    /// They are no JSON, not all of it, more than it, or have a number that is not finite.
    Syntax,
}

impl fmt::Display for JsonFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Encoding => "no UTF-8",
            Self::ByteOrderMark => "a byte order mark",
            Self::DuplicateKey => "a key twice in one object",
            Self::TooDeep => "nested too deep",
            Self::Syntax => "no JSON",
        })
    }
}

/// Bytes that are not taken as JSON. Shows nothing of what they say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault} at line {line}, column {column}")]
pub struct StrictJsonError {
    /// What is wrong.
    pub fault: JsonFault,
    /// In which line it was noticed, counted from 1.
    pub line: usize,
    /// After how many bytes of that line it was noticed.
    pub column: usize,
}

/// Reads bytes as one JSON value.
///
/// # Errors
/// [`StrictJsonError`] with the first fault and its place.
pub fn parse(bytes: &[u8]) -> Result<Value, StrictJsonError> {
    if bytes.starts_with(BOM) {
        return Err(StrictJsonError { fault: JsonFault::ByteOrderMark, line: 1, column: 0 });
    }
    let text = std::str::from_utf8(bytes).map_err(|wrong| {
        let (line, column) = place_of(&bytes[..wrong.valid_up_to()]);
        StrictJsonError { fault: JsonFault::Encoding, line, column }
    })?;
    let noted = Cell::new(None);
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict { level: 1, noted: &noted }
        .deserialize(&mut reader)
        .and_then(|value| reader.end().map(|()| value));
    read.map_err(|wrong| StrictJsonError {
        fault: noted.get().unwrap_or(JsonFault::Syntax),
        line: wrong.line(),
        column: wrong.column(),
    })
}

/// Line and column of the end of `before`.
fn place_of(before: &[u8]) -> (usize, usize) {
    let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
    let column = before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}

/// Reads one value whose containers would lie on `level`.
#[derive(Clone, Copy)]
struct Strict<'n> {
    level: usize,
    /// Which of the extra rules was broken; serde's own error cannot carry it.
    noted: &'n Cell<Option<JsonFault>>,
}

impl Strict<'_> {
    fn refuse<E: Error>(&self, fault: JsonFault) -> E {
        self.noted.set(Some(fault));
        E::custom(fault)
    }

    fn inner<E: Error>(self) -> Result<Self, E> {
        if self.level > DEPTH_MAX {
            return Err(self.refuse(JsonFault::TooDeep));
        }
        Ok(Self { level: self.level + 1, noted: self.noted })
    }
}

impl<'de> DeserializeSeed<'de> for Strict<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Value, E> {
        let number = serde_json::Number::from_f64(value);
        number.map(Value::Number).ok_or_else(|| self.refuse(JsonFault::Syntax))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(inner)? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<Value, A::Error> {
        let inner = self.inner()?;
        let mut object = Map::new();
        while let Some(key) = fields.next_key::<String>()? {
            if object.contains_key(&key) {
                return Err(self.refuse(JsonFault::DuplicateKey));
            }
            let value = fields.next_value_seed(inner)?;
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn fault(bytes: &[u8]) -> JsonFault {
        let found = parse(bytes).expect_err("must be refused").fault;
        assert_ne!(found.to_string(), "");
        found
    }

    #[test]
    fn plain_json_is_read() {
        let read = parse(br#" {"a":[1,-2,3.5,"x",null,true],"b":{"a":{}}} "#).expect("read");
        assert_eq!(read, json!({"a": [1, -2, 3.5, "x", null, true], "b": {"a": {}}}));
    }

    #[test]
    fn a_key_may_not_come_twice_in_one_object() {
        assert_eq!(fault(br#"{"a":1,"a":1}"#), JsonFault::DuplicateKey);
        assert_eq!(fault(br#"[{"b":{"a":1,"c":0,"a":2}}]"#), JsonFault::DuplicateKey);
        assert_eq!(fault(br#"{"a":1,"\u0061":2}"#), JsonFault::DuplicateKey, "however it is spelt");
        assert!(parse(br#"{"a":{"a":[{"a":1},{"a":1}]}}"#).is_ok());
    }

    #[test]
    fn thirty_two_levels_and_no_more() {
        let arrays = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        let objects =
            |levels: usize| format!("{}0{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
        assert!(parse(arrays(32).as_bytes()).is_ok());
        assert!(parse(objects(32).as_bytes()).is_ok());
        assert_eq!(fault(arrays(33).as_bytes()), JsonFault::TooDeep);
        assert_eq!(fault(objects(33).as_bytes()), JsonFault::TooDeep);
        // Must not end the thread, whatever the depth.
        assert_eq!(fault("[".repeat(1_000_000).as_bytes()), JsonFault::TooDeep);
    }

    #[test]
    fn nothing_may_come_before_or_after_the_value() {
        for bad in ["{} {}", "{}x", "{},", "1 2", "", " ", "\u{1}{}", "{}\0"] {
            assert_eq!(fault(bad.as_bytes()), JsonFault::Syntax, "{bad:?}");
        }
        assert_eq!(fault(b"\xEF\xBB\xBF{}"), JsonFault::ByteOrderMark);
    }

    #[test]
    fn numbers_are_finite_and_words_of_other_languages_are_none() {
        let bad =
            ["1e400", "-1e400", "NaN", "Infinity", "-Infinity", "01", "+1", ".5", "1.", "0x1"];
        for bad in bad {
            assert_eq!(fault(format!("[{bad}]").as_bytes()), JsonFault::Syntax, "{bad}");
        }
        for bad in ["{a:1}", "{'a':1}", "[1,]", r#"{"a":1,}"#, "undefined", "// no", "[\"\t\"]"] {
            assert_eq!(fault(bad.as_bytes()), JsonFault::Syntax, "{bad}");
        }
    }

    #[test]
    fn half_characters_are_refused() {
        assert_eq!(fault(b"\"\xFF\""), JsonFault::Encoding);
        assert_eq!(fault(b"\"\xC0\x80\""), JsonFault::Encoding, "overlong");
        assert_eq!(fault(br#""\ud800""#), JsonFault::Syntax);
        assert_eq!(parse(br#""\ud83d\ude00""#).expect("a pair is whole"), json!("😀"));
    }

    #[test]
    fn the_place_of_a_fault_is_told_and_nothing_else() {
        let found = parse(b"{\n \"secret\": 1,\n \"secret\": 2}").expect_err("doubled");
        assert_eq!((found.line, found.column), (3, 9));
        assert_eq!(found.to_string(), "a key twice in one object at line 3, column 9");
        let found = parse(b"{\n\"a\xFF\"}").expect_err("no UTF-8");
        assert_eq!((found.fault, found.line, found.column), (JsonFault::Encoding, 2, 2));
    }

    /// A small generator of its own: the same values in every run.
    struct Dice(u64);

    impl Dice {
        fn roll(&mut self, sides: u64) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0 % sides
        }

        fn text(&mut self) -> String {
            const CHARACTERS: [char; 10] =
                ['a', '"', '\\', '\n', '\0', '/', '案', '😀', '\u{7f}', '~'];
            (0..self.roll(6))
                .map(|_| CHARACTERS[usize::try_from(self.roll(10)).expect("fits")])
                .collect()
        }

        fn value(&mut self, levels: usize) -> Value {
            match self.roll(if levels == 0 { 6 } else { 9 }) {
                0 => Value::Null,
                1 => Value::Bool(self.roll(2) == 0),
                2 => json!(i64::from_ne_bytes(self.next_bytes())),
                3 => json!(u64::from_ne_bytes(self.next_bytes())),
                4 => json!(f64::from_bits(u64::from_ne_bytes(self.next_bytes()))),
                5 => json!(self.text()),
                6 => (0..self.roll(4)).map(|_| self.value(levels - 1)).collect(),
                _ => (0..self.roll(5))
                    .map(|_| (self.text(), self.value(levels - 1)))
                    .collect::<Map<_, _>>()
                    .into(),
            }
        }

        fn next_bytes(&mut self) -> [u8; 8] {
            self.roll(u64::MAX).to_ne_bytes()
        }
    }

    #[test]
    fn every_value_comes_back_as_it_was_written() {
        let mut dice = Dice(0x9E37_79B9_7F4A_7C15);
        for _ in 0..5_000 {
            let value = dice.value(6);
            let compact = serde_json::to_vec(&value).expect("written");
            assert_eq!(parse(&compact).expect("read"), value);
            let wide = serde_json::to_vec_pretty(&value).expect("written");
            assert_eq!(parse(&wide).expect("read"), value);
        }
    }

    #[test]
    fn what_is_taken_is_what_the_plain_parser_reads() {
        let mut dice = Dice(7);
        for _ in 0..5_000 {
            let mut bytes = serde_json::to_vec(&dice.value(4)).expect("written");
            let at = usize::try_from(dice.roll(bytes.len() as u64)).expect("fits");
            bytes[at] = u8::try_from(dice.roll(256)).expect("fits");
            if let Ok(value) = parse(&bytes) {
                assert_eq!(value, serde_json::from_slice::<Value>(&bytes).expect("read"));
            }
        }
    }
}
