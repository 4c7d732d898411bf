//! One value of a field: read strictly, and turned into what a template prints.

use serde_json::{Value, json};
use tiande_core::calendar::Day;

use super::declare::{Field, FieldType};
use super::fonts::Fonts;
use super::inputs::InputFault;
use super::{dates, money};

/// Longest name of a person or an organisation, characters.
const NAME_MAX: usize = 100;
/// Longest description of one, characters.
const DETAILS_MAX: usize = 400;

/// Collects the faults of one document.
pub(super) struct Reading<'a> {
    fonts: &'a Fonts,
    pub(super) faults: Vec<InputFault>,
}

impl<'a> Reading<'a> {
    pub(super) fn new(fonts: &'a Fonts) -> Self {
        Self { fonts, faults: Vec::new() }
    }

    pub(super) fn fault(&mut self, pointer: &str, code: impl Into<String>) {
        self.faults.push(InputFault { pointer: pointer.to_owned(), code: code.into() });
    }

    /// A text that can be printed as it stands. Faults are noted, and the text is used no further.
    pub(super) fn text(&mut self, pointer: &str, text: &str, max: usize, lines: bool) -> String {
        if text.chars().count() > max {
            self.fault(pointer, "too-long");
        }
        let bad = text.chars().find_map(|sign| self.unprintable(sign, lines));
        if let Some(code) = bad {
            self.fault(pointer, code);
        }
        text.trim().to_owned()
    }

    /// The same, and not empty.
    pub(super) fn wanted(&mut self, pointer: &str, text: &str, max: usize) -> String {
        let text = self.text(pointer, text, max, false);
        if text.is_empty() {
            self.fault(pointer, "missing");
        }
        text
    }

    pub(super) fn day(&mut self, pointer: &str, text: &str) -> Option<Day> {
        let day = text.parse().ok();
        if day.is_none() {
            self.fault(pointer, "date-invalid");
        }
        day
    }

    /// Why a character is refused. What cannot be seen could make a text say something else than it
    /// seems to: direction marks above all.
    fn unprintable(&self, sign: char, lines: bool) -> Option<String> {
        let named = |code: &str| Some(format!("{code}:U+{:04X}", u32::from(sign)));
        match sign {
            '\n' if lines => None,
            _ if sign.is_control() || is_hidden(sign) => named("hidden-character"),
            _ if self.fonts.have(sign) => None,
            _ => named("no-glyph"),
        }
    }

    /// A field's value as the template gets it; null when it is left out or faulty.
    pub(super) fn field(&mut self, pointer: &str, field: &Field, value: Option<&Value>) -> Value {
        let empty = |value: &&Value| match value {
            Value::Null => true,
            Value::String(text) => text.trim().is_empty(),
            Value::Array(rows) => rows.is_empty(),
            Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
        };
        let Some(value) = value.filter(|value| !empty(value)) else {
            if field.required {
                self.fault(pointer, "missing");
            }
            return Value::Null;
        };
        let read = self.value(pointer, &field.holds, value);
        if read.is_none() {
            self.fault(pointer, "wrong-type");
        }
        read.unwrap_or_default()
    }

    /// `None` when it is of another type.
    fn value(&mut self, pointer: &str, holds: &FieldType, value: &Value) -> Option<Value> {
        Some(match holds {
            FieldType::Text { max } => self.text(pointer, value.as_str()?, *max, false).into(),
            FieldType::LongText { max } => {
                let text = self.text(pointer, value.as_str()?, *max, true);
                let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
                lines.collect::<Vec<_>>().into()
            }
            FieldType::Date => self.day(pointer, value.as_str()?).map(dates::plain).into(),
            FieldType::Time => {
                let moment = dates::moment(value.as_str()?);
                if moment.is_none() {
                    self.fault(pointer, "time-invalid");
                }
                moment.into()
            }
            FieldType::Money => self.money(pointer, value.as_u64()?),
            FieldType::Number { max } => {
                let number = value.as_u64()?;
                if number > *max as u64 {
                    self.fault(pointer, "out-of-range");
                }
                number.to_string().into()
            }
            FieldType::Party => self.party(pointer, value)?,
            FieldType::List { max, each } => self.list(pointer, value.as_array()?, *max, *each),
            FieldType::Table { max, columns } => {
                self.table(pointer, value.as_array()?, *max, columns)
            }
            FieldType::Choice { choices } => {
                let value = value.as_str()?;
                let known = choices.iter().find(|choice| choice.value == value);
                if known.is_none() {
                    self.fault(pointer, "unknown-choice");
                }
                known.map(|choice| json!({"value": choice.value, "zh": choice.zh})).into()
            }
        })
    }

    fn money(&mut self, pointer: &str, fen: u64) -> Value {
        if fen > money::FEN_MAX {
            self.fault(pointer, "out-of-range");
            return Value::Null;
        }
        json!({"figures": money::figures(fen), "capitals": money::capitals(fen)})
    }

    fn party(&mut self, pointer: &str, value: &Value) -> Option<Value> {
        let known = value.as_object()?;
        if let Some(other) = known.keys().find(|key| !matches!(key.as_str(), "name" | "details")) {
            self.fault(&format!("{pointer}/{}", escaped(other)), "unknown-field");
        }
        let name = known.get("name").and_then(Value::as_str).unwrap_or_default();
        let details = known.get("details").map_or(Some(""), Value::as_str)?;
        let name = self.wanted(&format!("{pointer}/name"), name, NAME_MAX);
        let details = self.text(&format!("{pointer}/details"), details, DETAILS_MAX, false);
        Some(json!({"name": name, "details": details}))
    }

    fn list(&mut self, pointer: &str, entries: &[Value], max: usize, each: usize) -> Value {
        if entries.len() > max {
            self.fault(pointer, "too-many");
            return Value::Null;
        }
        let mut read = Vec::new();
        for (at, entry) in entries.iter().enumerate() {
            let pointer = format!("{pointer}/{at}");
            match entry.as_str() {
                Some(text) => read.push(self.wanted(&pointer, text, each)),
                None => self.fault(&pointer, "wrong-type"),
            }
        }
        read.into()
    }

    /// Headings, rows, and the sum of each column of money.
    fn table(&mut self, pointer: &str, rows: &[Value], max: usize, columns: &[Field]) -> Value {
        if rows.len() > max {
            self.fault(pointer, "too-many");
            return Value::Null;
        }
        let mut printed = Vec::new();
        for (at, row) in rows.iter().enumerate() {
            let pointer = format!("{pointer}/{at}");
            let Some(row) = row.as_object() else {
                self.fault(&pointer, "wrong-type");
                continue;
            };
            for other in row.keys().filter(|key| !columns.iter().any(|c| c.name == **key)) {
                self.fault(&format!("{pointer}/{}", escaped(other)), "unknown-field");
            }
            let cells: Vec<Value> = columns
                .iter()
                .map(|column| {
                    let pointer = format!("{pointer}/{}", column.name);
                    plain(self.field(&pointer, column, row.get(&column.name)))
                })
                .collect();
            printed.push(cells);
        }
        let sums: Vec<Value> = columns
            .iter()
            .map(|column| match column.holds {
                FieldType::Money => {
                    let cells = rows.iter().filter_map(|row| row.get(&column.name)?.as_u64());
                    // Each is at most `FEN_MAX` and there are few: no overflow that is not a fault.
                    self.money(pointer, cells.fold(0, u64::saturating_add))
                }
                _ => Value::Null,
            })
            .collect();
        let heads: Vec<&str> = columns.iter().map(|column| column.zh.as_str()).collect();
        json!({"heads": heads, "rows": printed, "sums": sums})
    }
}

/// What a cell shows.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(object) => {
            let shown = object.get("figures").or_else(|| object.get("zh"));
            shown.cloned().unwrap_or_default()
        }
        Value::Array(lines) => {
            lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n").into()
        }
        other => other,
    }
}

/// A key within a JSON pointer.
pub(super) fn escaped(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}

/// Takes no room on paper: marks of direction, joiners, separators, selectors of variants.
fn is_hidden(sign: char) -> bool {
    matches!(sign,
        '\u{00AD}' | '\u{061C}' | '\u{115F}' | '\u{1160}' | '\u{180E}' | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{206F}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}'
        | '\u{FEFF}' | '\u{FFA0}' | '\u{FFF9}'..='\u{FFFB}' | '\u{E0000}'..='\u{E0FFF}')
}
