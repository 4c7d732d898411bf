//! TOML with line numbers. serde stops at the first fault and forgets where values stood; here all
//! faults of a file come at once, each with its line.

use std::collections::BTreeSet;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Longest file, bytes.
pub const FILE_MAX: u64 = 1024 * 1024;

/// A fault of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct LineFault {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong, and what to do.
    pub text: String,
}

impl std::fmt::Display for LineFault {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.line, self.text)
    }
}

/// Collects the faults of one file.
pub(super) struct Reader {
    /// Where each line begins.
    begins: Vec<usize>,
    faults: Vec<LineFault>,
    /// Keys that have a fault already, by the place of their table: one fault a key is enough.
    told: BTreeSet<(usize, String)>,
}

impl Reader {
    pub(super) fn new(text: &str) -> Self {
        let after = text.match_indices('\n').map(|(at, _)| at + 1);
        let begins = std::iter::once(0).chain(after).collect();
        Self { begins, faults: Vec::new(), told: BTreeSet::new() }
    }

    /// The file as a table. Faults of its syntax are noted; what could be read is there all the same.
    pub(super) fn parse<'t>(&mut self, text: &'t str) -> Fields<'t> {
        let (table, faults) = DeTable::parse_recoverable(text);
        for fault in faults {
            let at = fault.span().map_or(0, |span| span.start);
            self.fault_at(at, fault.message().trim().replace('\n', " "));
        }
        Fields { table: table.into_inner(), at: 0, asked: BTreeSet::new() }
    }

    pub(super) fn line(&self, at: usize) -> usize {
        self.begins.partition_point(|begins| *begins <= at)
    }

    pub(super) fn fault_at(&mut self, at: usize, text: impl Into<String>) {
        let line = self.line(at);
        self.faults.push(LineFault { line, text: text.into() });
    }

    /// A fault that the rules found in what stands at that key; dropped when the key has one already.
    pub(super) fn fault_of_key(&mut self, place: &Place, key: &str, text: impl Into<String>) {
        if !self.told.contains(&(place.at, key.to_owned())) {
            self.fault_at(place.key(key), text);
        }
    }

    /// What is wrong at that key has been said; what the rules find there as well is dropped.
    pub(super) fn said(&mut self, table: &Fields<'_>, key: &str) {
        self.told.insert((table.at, key.to_owned()));
    }

    /// All faults, in the order of lines.
    pub(super) fn end(mut self) -> Vec<LineFault> {
        self.faults.sort();
        self.faults.dedup();
        self.faults
    }

    fn key_fault(&mut self, table: usize, key: &str, at: usize, text: String) {
        self.told.insert((table, key.to_owned()));
        self.fault_at(at, text);
    }
}

/// Where a table and its keys stand.
#[derive(Clone, Debug, Default)]
pub(super) struct Place {
    at: usize,
    keys: Vec<(String, usize)>,
}

impl Place {
    /// Does the table have that key?
    pub(super) fn has(&self, key: &str) -> bool {
        self.keys.iter().any(|(name, _)| name == key)
    }

    /// Where a key stands; the table's head when it has none.
    fn key(&self, key: &str) -> usize {
        self.keys.iter().find(|(name, _)| name == key).map_or(self.at, |(_, at)| *at)
    }
}

/// A table that is being read. Whoever is done calls [`Fields::end`], which finds keys nobody asked for.
pub(super) struct Fields<'t> {
    table: DeTable<'t>,
    at: usize,
    asked: BTreeSet<&'static str>,
}

impl<'t> Fields<'t> {
    fn of(value: Spanned<DeValue<'t>>) -> Result<Self, Range<usize>> {
        let span = value.span();
        match value.into_inner() {
            DeValue::Table(table) => Ok(Self { table, at: span.start, asked: BTreeSet::new() }),
            _ => Err(span),
        }
    }

    /// Where it stands, with all its keys.
    pub(super) fn place(&self) -> Place {
        let keys = self.table.keys();
        let keys = keys.map(|key| (key.get_ref().to_string(), key.span().start)).collect();
        Place { at: self.at, keys }
    }

    /// True when it has no key.
    pub(super) fn is_empty(&self) -> bool {
        self.table.is_empty()
    }

    /// Where it begins.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    fn get(&mut self, key: &'static str) -> Option<&Spanned<DeValue<'t>>> {
        self.asked.insert(key);
        self.table.iter().find(|(name, _)| name.get_ref() == key).map(|(_, value)| value)
    }

    fn missing(&self, reader: &mut Reader, key: &str) {
        reader.key_fault(self.at, key, self.at, format!("missing key {key:?}"));
    }

    /// A text that must be there.
    pub(super) fn text(&mut self, reader: &mut Reader, key: &'static str) -> String {
        let text = self.text_if_any(reader, key);
        if text.is_none() && self.get(key).is_none() {
            self.missing(reader, key);
        }
        text.unwrap_or_default()
    }

    /// A text that may be left out.
    pub(super) fn text_if_any(&mut self, reader: &mut Reader, key: &'static str) -> Option<String> {
        let table = self.at;
        let value = self.get(key)?;
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        let at = value.span().start;
        reader.key_fault(table, key, at, format!("{key} must be a text in quotes"));
        None
    }

    /// A whole number that must be there.
    pub(super) fn number(&mut self, reader: &mut Reader, key: &'static str) -> i64 {
        let number = self.number_if_any(reader, key);
        if number.is_none() && self.get(key).is_none() {
            self.missing(reader, key);
        }
        number.unwrap_or_default()
    }

    /// A whole number that may be left out.
    pub(super) fn number_if_any(&mut self, reader: &mut Reader, key: &'static str) -> Option<i64> {
        let table = self.at;
        let value = self.get(key)?;
        let number = whole(value.get_ref());
        let at = value.span().start;
        if number.is_none() {
            reader.key_fault(table, key, at, format!("{key} must be a whole number"));
        }
        number
    }

    /// A list of texts that must be there; it may be empty.
    pub(super) fn texts(&mut self, reader: &mut Reader, key: &'static str) -> Vec<String> {
        let texts = self.texts_if_any(reader, key);
        if texts.is_none() && self.get(key).is_none() {
            self.missing(reader, key);
        }
        texts.unwrap_or_default()
    }

    /// A list of texts that may be left out.
    pub(super) fn texts_if_any(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
    ) -> Option<Vec<String>> {
        let placed = self.placed_texts_if_any(reader, key)?;
        Some(placed.into_iter().map(|(text, _)| text).collect())
    }

    /// The same, each text with its place.
    pub(super) fn placed_texts_if_any(
        &mut self,
        reader: &mut Reader,
        key: &'static str,
    ) -> Option<Vec<(String, usize)>> {
        let table = self.at;
        let value = self.get(key)?;
        let at = value.span().start;
        let read = match value.get_ref() {
            DeValue::Array(array) => array
                .iter()
                .map(|item| match item.get_ref() {
                    DeValue::String(text) => Some((text.to_string(), item.span().start)),
                    _ => None,
                })
                .collect::<Option<Vec<_>>>(),
            _ => None,
        };
        if read.is_none() {
            let text = format!("{key} must be a list of texts, such as [\"a\", \"b\"]");
            reader.key_fault(table, key, at, text);
        }
        read
    }

    /// A table that must be there; an empty one when it is not.
    pub(super) fn table(&mut self, reader: &mut Reader, key: &'static str) -> Fields<'t> {
        let table = self.at;
        match self.get(key).cloned().map(Fields::of) {
            Some(Ok(fields)) => return fields,
            Some(Err(span)) => {
                reader.key_fault(table, key, span.start, format!("{key} must be a table"));
            }
            None => self.missing(reader, key),
        }
        Fields { table: DeTable::new(), at: self.at, asked: BTreeSet::new() }
    }

    /// A list of tables; none when it is not there.
    pub(super) fn tables(&mut self, reader: &mut Reader, key: &'static str) -> Vec<Fields<'t>> {
        let table = self.at;
        let Some(value) = self.get(key).cloned() else { return Vec::new() };
        let at = value.span().start;
        let DeValue::Array(array) = value.into_inner() else {
            reader.key_fault(table, key, at, format!("{key} must be a list of tables"));
            return Vec::new();
        };
        let mut read = Vec::new();
        for item in array {
            match Fields::of(item) {
                Ok(fields) => read.push(fields),
                Err(span) => {
                    let text = format!("{key} must be a list of tables");
                    reader.key_fault(table, key, span.start, text);
                }
            }
        }
        read
    }

    /// All its entries as tables, in the order of the file: for tables whose keys are codes.
    pub(super) fn entries(self, reader: &mut Reader) -> Vec<(String, Fields<'t>)> {
        let mut read = Vec::new();
        for (key, value) in self.table {
            let at = key.span().start;
            let key = key.into_inner().into_owned();
            match Fields::of(value) {
                // The key's place, which is on the entry's own line.
                Ok(fields) => read.push((key, Fields { at, ..fields })),
                Err(span) => reader.fault_at(span.start, format!("{key} must be a table")),
            }
        }
        read.sort_by_key(|(_, fields)| fields.at);
        read
    }

    /// The entry of a table that must have one besides `also`: its key and its number.
    pub(super) fn single_number(
        &mut self,
        reader: &mut Reader,
        also: &'static str,
        what: &str,
    ) -> Option<(String, i64)> {
        let others = self.table.iter().filter(|(key, _)| key.get_ref() != also);
        let others: Vec<_> =
            others.map(|(key, value)| (key.get_ref().to_string(), value)).collect();
        let [(key, value)] = others.as_slice() else {
            reader.fault_at(self.at, what);
            return None;
        };
        let number = whole(value.get_ref());
        if number.is_none() {
            reader.fault_at(value.span().start, format!("{key} must be a whole number"));
        }
        Some((key.clone(), number?))
    }

    /// `true` or `false`; false when it is not there.
    pub(super) fn flag(&mut self, reader: &mut Reader, key: &'static str) -> bool {
        let table = self.at;
        let Some(value) = self.get(key) else { return false };
        if let DeValue::Boolean(flag) = value.get_ref() {
            return *flag;
        }
        let at = value.span().start;
        reader.key_fault(table, key, at, format!("{key} must be true or false"));
        false
    }

    /// Notes the keys that nobody asked for.
    pub(super) fn end(self, reader: &mut Reader) {
        for key in self.table.keys() {
            if !self.asked.contains(key.get_ref().as_ref()) {
                let known: Vec<&str> = self.asked.iter().copied().collect();
                let text =
                    format!("unknown key {:?}; known are {}", key.get_ref(), known.join(", "));
                reader.fault_at(key.span().start, text);
            }
        }
    }
}

fn whole(value: &DeValue<'_>) -> Option<i64> {
    match value {
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix()).ok(),
        _ => None,
    }
}
