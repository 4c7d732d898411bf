//! A table as rows of text, whatever file it came in.

use std::io::Cursor;

use calamine::{Data, Reader as _, Xlsx, XlsxError};
use encoding_rs::GB18030;

/// Most rows of a table: more is a mistake, or another tool's work.
const ROWS_MAX: usize = 20_000;
/// Most columns.
const COLUMNS_MAX: usize = 64;
/// Largest file, bytes.
pub const BYTES_MAX: usize = 32 * 1024 * 1024;

/// Rows of cells; the first row has the names of the columns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// Names of the columns, cleaned of blanks.
    pub head: Vec<String>,
    /// Number of the row in the file, from 1, and its cells.
    pub rows: Vec<(usize, Vec<String>)>,
}

/// The bytes are no table.
#[derive(Debug, thiserror::Error)]
pub enum TableFault {
    /// Neither UTF-8 nor GB18030.
    #[error("the text is neither UTF-8 nor GB18030")]
    Encoding,
    /// Not CSV.
    #[error("row {row}: not CSV: {why}")]
    Csv {
        /// Where.
        row: u64,
        /// Why.
        why: String,
    },
    /// Not a workbook.
    #[error("the workbook cannot be read: {0}")]
    Workbook(#[from] XlsxError),
    /// A long number that the workbook holds as a number.
    #[error(
        "row {row}, column {column}: a number of more than fifteen digits has lost its last ones; format the \
         column as text and enter it again (请将该列设为文本格式后重新录入)"
    )]
    Digits {
        /// Which row.
        row: usize,
        /// Which column, by its letters.
        column: String,
    },
    /// No sheet, or nothing on it.
    #[error("there is no row in it")]
    Empty,
    /// Too large.
    #[error("a table has up to {ROWS_MAX} rows, {COLUMNS_MAX} columns and 32 MiB")]
    TooLarge,
}

/// Reads a table. A workbook is known by its first bytes, whatever the file is called.
///
/// # Errors
/// [`TableFault`].
pub fn read(bytes: &[u8]) -> Result<Table, TableFault> {
    if bytes.len() > BYTES_MAX {
        return Err(TableFault::TooLarge);
    }
    let rows = if bytes.starts_with(b"PK\x03\x04") { workbook(bytes)? } else { csv(bytes)? };
    let mut rows = rows.into_iter().filter(|(_, cells)| cells.iter().any(|cell| !cell.is_empty()));
    let (_, head) = rows.next().ok_or(TableFault::Empty)?;
    let rows: Vec<_> = rows.collect();
    let wide = rows.iter().map(|(_, cells)| cells.len()).chain([head.len()]).max().unwrap_or(0);
    if rows.len() > ROWS_MAX || wide > COLUMNS_MAX {
        return Err(TableFault::TooLarge);
    }
    Ok(Table { head, rows })
}

type Rows = Vec<(usize, Vec<String>)>;

/// UTF-8 with or without a mark, else GB18030, which holds GBK and GB 2312.
fn text(bytes: &[u8]) -> Result<String, TableFault> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(text.to_owned());
    }
    let (text, _, broken) = GB18030.decode(bytes);
    if broken { Err(TableFault::Encoding) } else { Ok(text.into_owned()) }
}

fn csv(bytes: &[u8]) -> Result<Rows, TableFault> {
    let text = text(bytes)?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(text.as_bytes());
    let mut rows = Vec::new();
    let mut lines = Lines { text: &text, byte: 0, line: 1 };
    for record in reader.records() {
        let record = record.map_err(|fault| {
            let row = fault.position().map_or(0, csv::Position::line);
            TableFault::Csv { row, why: fault.to_string() }
        })?;
        let row = lines.of(record.position().map_or(0, csv::Position::byte));
        rows.push((row, record.iter().map(|cell| cell.trim().to_owned()).collect()));
        if rows.len() > ROWS_MAX + 1 {
            return Err(TableFault::TooLarge);
        }
    }
    Ok(rows)
}

/// Counts lines as far as records have come: what the reader calls a record's line is where it began to look,
/// which is before blank lines.
struct Lines<'t> {
    text: &'t str,
    byte: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, byte: u64) -> usize {
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        let rest = self.text.get(byte..).unwrap_or_default();
        let blank = rest.len() - rest.trim_start_matches(['\r', '\n']).len();
        let begins = byte.saturating_add(blank);
        let passed = self.text.get(self.byte..begins).unwrap_or_default();
        self.line += passed.bytes().filter(|byte| *byte == b'\n').count();
        self.byte = begins;
        self.line
    }
}

fn workbook(bytes: &[u8]) -> Result<Rows, TableFault> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes))?;
    let sheet = book.worksheet_range_at(0).ok_or(TableFault::Empty)??;
    let (first, across) = sheet.start().map_or((0, 0), |(row, at)| (row as usize, at as usize));
    let rows = sheet.rows().enumerate();
    let mut all = Vec::new();
    for (nth, cells) in rows {
        let row = first + nth + 1;
        for (column, data) in cells.iter().enumerate() {
            // A workbook holds fifteen digits of a number and writes noughts for the rest: an identity card's
            // number that was typed as a number is another one by now.
            let lossy = match data {
                Data::Float(value) => value.abs() >= DIGITS_MAX,
                Data::Int(value) => value.unsigned_abs() >= 1_000_000_000_000_000,
                _ => false,
            };
            if lossy {
                return Err(TableFault::Digits { row, column: letters(across + column) });
            }
        }
        all.push((row, cells.iter().map(cell).collect()));
    }
    Ok(all)
}

/// From here on numbers of a workbook have lost digits.
const DIGITS_MAX: f64 = 1e15;

/// A column's name in a workbook, from 0: A, B … Z, AA.
fn letters(column: usize) -> String {
    let last = char::from(b'A' + u8::try_from(column % 26).unwrap_or(0));
    let before = if column < 26 { String::new() } else { letters(column / 26 - 1) };
    format!("{before}{last}")
}

/// A cell as people see it: a date as a date, a whole number without a point.
fn cell(data: &Data) -> String {
    match data {
        Data::Empty | Data::Error(_) => String::new(),
        Data::Float(value) if value.fract() == 0.0 => format!("{value:.0}"),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        other => other.to_string().trim().to_owned(),
    }
}
