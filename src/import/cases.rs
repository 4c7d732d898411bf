//! Rows of a table as cases.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use tiande_core::calendar::Day;
use tiande_core::case::CaseNumber;
use tiande_core::file::{CaseKind, FilingBasis};

use super::Table;

/// A fault of a row. Row 1 is the first of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// Which row.
    pub row: usize,
    /// Which column, by the name it has in the file; empty: the row as a whole.
    pub column: String,
    /// What is wrong.
    pub what: String,
}

/// What a column is, by the names it may have.
const COLUMNS: &[(&str, &[&str])] = &[
    ("number", &["案号", "number"]),
    ("kind", &["案件类型", "kind"]),
    ("basis", &["执行依据类型", "basis"]),
    ("instrument", &["执行依据", "执行依据文号", "instrument"]),
    ("claim", &["执行标的", "申请执行标的", "claim"]),
    ("claim_text", &["申请事项", "claim_text"]),
    ("applied", &["收到申请日期", "申请日期", "applied"]),
    ("docketed", &["立案日期", "docketed"]),
    ("applicant", &["申请执行人", "申请人", "applicant"]),
    ("applicant_id", &["申请执行人证件号", "applicant_id"]),
    ("applicant_phone", &["申请执行人电话", "applicant_phone"]),
    ("applicant_address", &["申请执行人地址", "applicant_address"]),
    ("debtor", &["被执行人", "debtor"]),
    ("debtor_id", &["被执行人证件号", "debtor_id"]),
    ("debtor_phone", &["被执行人电话", "debtor_phone"]),
    ("debtor_address", &["被执行人地址", "debtor_address"]),
    ("agent", &["代理人", "agent"]),
    ("agent_phone", &["代理人电话", "agent_phone"]),
];
/// Columns without which there is no case.
const NEEDED: [&str; 4] = ["number", "applicant", "debtor", "claim"];

/// Chinese words for kinds and bases, as people write them in tables.
const KINDS: &[(&str, CaseKind)] = &[
    ("金钱给付", CaseKind::Money),
    ("交付", CaseKind::Delivery),
    ("行为", CaseKind::Conduct),
    ("非诉", CaseKind::NonLitigation),
    ("受托", CaseKind::Delegated),
    ("恢复", CaseKind::Resumed),
];
const BASES: &[(&str, FilingBasis)] = &[
    ("刑事", FilingBasis::Penal),
    ("行政", FilingBasis::Administrative),
    ("判决", FilingBasis::Judgment),
    ("调解", FilingBasis::Mediation),
    ("裁定", FilingBasis::Ruling),
    ("仲裁", FilingBasis::Award),
    ("公证", FilingBasis::Notarised),
];

/// Cases of a table, as the admin socket takes them (`case_import`); or all faults, by row.
///
/// # Errors
/// Every fault that can be seen without the court: columns, numbers, dates, amounts, the same number twice.
pub fn cases(table: &Table) -> Result<Vec<Value>, Vec<RowFault>> {
    let mut faults = Vec::new();
    let columns = columns(table, &mut faults);
    for needed in NEEDED {
        if !columns.contains_key(needed) {
            let zh = COLUMNS.iter().find(|(name, _)| *name == needed).map_or(needed, |(_, n)| n[0]);
            faults.push(fault(1, zh, "this column is missing"));
        }
    }
    let mut seen = BTreeMap::new();
    let mut cases = Vec::new();
    for (row, cells) in &table.rows {
        let reader = Row { row: *row, cells, head: &table.head, columns: &columns };
        let case = reader.case(&mut faults);
        let number = case.get("number").and_then(Value::as_str).unwrap_or_default().to_owned();
        if let Some(first) = seen.insert(number, *row)
            && case.get("number").is_some()
        {
            faults.push(fault(*row, "", &format!("the same number as row {first}")));
        }
        cases.push(Value::Object(case));
    }
    if cases.is_empty() {
        faults.push(fault(1, "", "no case in it"));
    }
    if faults.is_empty() { Ok(cases) } else { Err(faults) }
}

fn fault(row: usize, column: &str, what: &str) -> RowFault {
    RowFault { row, column: column.to_owned(), what: what.to_owned() }
}

/// Where each column is. One that nobody knows is a fault: it may be one that was misspelled.
fn columns(table: &Table, faults: &mut Vec<RowFault>) -> BTreeMap<&'static str, usize> {
    let mut columns = BTreeMap::new();
    for (index, name) in table.head.iter().enumerate().filter(|(_, name)| !name.is_empty()) {
        let known = COLUMNS.iter().find(|(_, names)| names.contains(&name.as_str()));
        match known {
            None => faults.push(fault(1, name, "no such column")),
            Some((column, _)) if columns.contains_key(column) => {
                faults.push(fault(1, name, "this column is there twice"));
            }
            Some((column, _)) => drop(columns.insert(*column, index)),
        }
    }
    columns
}

struct Row<'t> {
    row: usize,
    cells: &'t [String],
    head: &'t [String],
    columns: &'t BTreeMap<&'static str, usize>,
}

impl Row<'_> {
    fn cell(&self, column: &str) -> &str {
        let index = self.columns.get(column);
        index.and_then(|index| self.cells.get(*index)).map_or("", String::as_str)
    }

    fn wrong(&self, column: &str, what: &str) -> RowFault {
        let index = self.columns.get(column);
        let name = index.and_then(|index| self.head.get(*index)).map_or(column, String::as_str);
        fault(self.row, name, what)
    }

    fn case(&self, faults: &mut Vec<RowFault>) -> Map<String, Value> {
        let mut case = Map::new();
        let mut put = |key: &str, value: Value| drop(case.insert(key.to_owned(), value));
        match CaseNumber::parse(self.cell("number")) {
            Ok(number) => put("number", json!(number)),
            Err(_) => faults.push(self.wrong("number", "not a case number")),
        }
        let kind = self.word("kind", KINDS, CaseKind::from_name, CaseKind::Money, faults);
        let basis =
            self.word("basis", BASES, FilingBasis::from_name, FilingBasis::Judgment, faults);
        put("kind", json!(kind));
        put("basis", json!(basis));
        match fen(self.cell("claim")) {
            Some(claim) => put("claim", json!(claim)),
            None => faults.push(self.wrong("claim", "not an amount in yuan")),
        }
        for key in ["instrument", "claim_text"] {
            put(key, json!(self.cell(key)));
        }
        for key in ["applied", "docketed"] {
            match date(self.cell(key)) {
                Some(Some(day)) => put(key, json!(day)),
                Some(None) => {}
                None => faults.push(self.wrong(key, "not a date such as 2026-01-05")),
            }
        }
        if self.cell("applied").is_empty() {
            // The day of docketing is the latest on which it can have been received.
            let docketed = date(self.cell("docketed")).flatten();
            match docketed {
                Some(day) => put("applied", json!(day)),
                None => faults.push(self.wrong("applied", "give this day, or that of docketing")),
            }
        }
        put("parties", Value::Array(self.parties(faults)));
        case
    }

    fn word<T: Copy>(
        &self,
        column: &str,
        words: &[(&str, T)],
        from_name: fn(&str) -> Option<T>,
        or: T,
        faults: &mut Vec<RowFault>,
    ) -> T {
        let text = self.cell(column);
        if text.is_empty() {
            return or;
        }
        let found = words.iter().find(|(word, _)| text.contains(word)).map(|(_, value)| *value);
        from_name(text).or(found).unwrap_or_else(|| {
            faults.push(self.wrong(column, "not a word of this column"));
            or
        })
    }

    fn parties(&self, faults: &mut Vec<RowFault>) -> Vec<Value> {
        let mut parties = Vec::new();
        let mut names = BTreeSet::new();
        for role in ["applicant", "debtor"] {
            let [id, phone, address] = ["id", "phone", "address"]
                .map(|what| several(self.cell(&format!("{role}_{what}"))));
            let listed = several(self.cell(role));
            if listed.is_empty() && self.columns.contains_key(role) {
                faults.push(self.wrong(role, "nobody"));
            }
            // Who is who by place: an entry left out would give a number to the wrong person.
            for list in [&id, &phone, &address] {
                if !list.is_empty() && list.len() != listed.len() {
                    faults
                        .push(self.wrong(role, "as many numbers and addresses as names, or none"));
                }
            }
            for (nth, name) in listed.iter().enumerate() {
                let of = |list: &[String]| list.get(nth).cloned().unwrap_or_default();
                if !names.insert((role, name.clone())) {
                    faults.push(self.wrong(role, "the same name twice"));
                }
                parties.push(json!({
                    "role": role, "name": name, "id_number": of(&id), "phone": of(&phone),
                    "address": of(&address),
                }));
            }
        }
        let phones = several(self.cell("agent_phone"));
        for (nth, name) in several(self.cell("agent")).iter().enumerate() {
            let phone = phones.get(nth).cloned().unwrap_or_default();
            // Of the applicant, which is the first.
            parties.push(json!({"role": "agent", "name": name, "phone": phone, "acts_for": 1}));
        }
        if parties.len() > 200 {
            faults.push(self.wrong("debtor", "more than 200 parties"));
        }
        parties
    }
}

/// Several entries of one cell.
fn several(cell: &str) -> Vec<String> {
    let parts = cell.split([';', '；', '、', '\n']).map(str::trim);
    parts.filter(|part| !part.is_empty()).map(str::to_owned).collect()
}

/// Yuan with up to two decimals, also in full-width digits and with commas, as fen.
fn fen(text: &str) -> Option<u64> {
    let plain: String = text
        .chars()
        .filter(|char| !matches!(char, ',' | '，' | ' ' | '元' | '¥' | '￥'))
        .map(|char| match char {
            '０'..='９' => char::from_u32(u32::from(char) - 0xFEE0).unwrap_or(char),
            '．' => '.',
            other => other,
        })
        .collect();
    let (yuan, cents) = plain.split_once('.').unwrap_or((&plain, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if yuan.is_empty() || !digits(yuan) || !digits(cents) || cents.len() > 2 || yuan.len() > 10 {
        return None;
    }
    let cents: u64 = format!("{cents:0<2}").parse().ok()?;
    yuan.parse::<u64>().ok()?.checked_mul(100)?.checked_add(cents)
}

/// A date as people write it: 2026-01-05, 2026/1/5, 2026年1月5日, 2026.1.5. `Some(None)`: nothing.
fn date(text: &str) -> Option<Option<String>> {
    if text.is_empty() {
        return Some(None);
    }
    let parts: Vec<&str> =
        text.split(['-', '/', '.', '年', '月', '日']).filter(|part| !part.is_empty()).collect();
    let [year, month, day] = parts.as_slice() else { return None };
    let (month, day): (u8, u8) = (month.parse().ok()?, day.parse().ok()?);
    let day = format!("{year}-{month:02}-{day:02}");
    day.parse::<Day>().ok().map(|_| Some(day))
}
