//! The procedure and the calendar that a server or a command works with.

use std::path::Path;

use actix_web::web::Bytes;
use serde_json::Value;
use tiande_core::calendar::Calendar;
use tiande_core::procedure::Procedure;

use super::reading::{FILE_MAX, LineFault};
use super::show::{answer_json, rows_json};
use super::{Ask, AskFault, read_calendar, read_procedure};

/// What is built in, for whoever names no file.
const PROCEDURE: &str = include_str!("../../config/procedures/enforcement.toml");
const CALENDAR: &str = include_str!("../../config/calendars/cn.toml");

/// A procedure and a calendar.
#[derive(Debug, Clone)]
pub struct Rules {
    /// The nodes.
    pub procedure: Procedure,
    /// The rest days.
    pub calendar: Calendar,
    /// The procedure's file, to be kept for the cases that begin with it.
    pub text: String,
}

/// What is wrong with the files, a line each, with the file's name and the line's number.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", .0.join("\n"))]
pub struct RulesFault(pub Vec<String>);

impl Rules {
    /// Reads both files; what is not named is built in.
    ///
    /// # Errors
    /// [`RulesFault`], with the faults of both.
    pub fn load(procedure: Option<&Path>, calendar: Option<&Path>) -> Result<Self, RulesFault> {
        let with_text = |text: &str| Ok((read_procedure(text)?, text.to_owned()));
        let procedure = read(procedure, "enforcement.toml", PROCEDURE, with_text);
        let calendar = read(calendar, "cn.toml", CALENDAR, read_calendar);
        match (procedure, calendar) {
            (Ok((procedure, text)), Ok(calendar)) => Ok(Self { procedure, calendar, text }),
            (procedure, calendar) => {
                let faults = [procedure.err(), calendar.err()];
                Err(RulesFault(faults.into_iter().flatten().flat_map(|fault| fault.0).collect()))
            }
        }
    }
}

fn read<T>(
    path: Option<&Path>,
    name: &str,
    built_in: &str,
    parse: impl Fn(&str) -> Result<T, Vec<LineFault>>,
) -> Result<T, RulesFault> {
    match path {
        Some(path) => read_file(path, parse),
        None => parse(built_in).map_err(|faults| lines(name, &faults)),
    }
}

/// Reads and checks one file.
///
/// # Errors
/// All its faults, or why it cannot be read.
pub(super) fn read_file<T>(
    path: &Path,
    parse: impl Fn(&str) -> Result<T, Vec<LineFault>>,
) -> Result<T, RulesFault> {
    let name = path.display().to_string();
    let one = |text: String| RulesFault(vec![format!("{name}: {text}")]);
    let length = std::fs::metadata(path).map_err(|fault| one(fault.to_string()))?.len();
    if length > FILE_MAX {
        return Err(one(format!("is larger than {FILE_MAX} bytes")));
    }
    let text = std::fs::read_to_string(path).map_err(|fault| one(fault.to_string()))?;
    parse(&text).map_err(|faults| lines(&name, &faults))
}

fn lines(name: &str, faults: &[LineFault]) -> RulesFault {
    RulesFault(faults.iter().map(|fault| format!("{name}:{fault}")).collect())
}

/// The rules as the server gives them out.
#[derive(Debug)]
pub struct Published {
    rules: Rules,
    /// All rows as JSON, made once: they are the same for everybody until the server starts again.
    rows: Bytes,
}

impl Published {
    /// Makes them ready to be given out.
    #[must_use]
    pub fn new(rules: Rules) -> Self {
        let rows = rows_json(&rules).to_string().into();
        Self { rules, rows }
    }

    /// All rows, as JSON.
    #[must_use]
    pub fn rows(&self) -> Bytes {
        self.rows.clone()
    }

    /// The calculator's answer, as JSON.
    ///
    /// # Errors
    /// [`AskFault`].
    pub fn answer(&self, ask: &Ask) -> Result<Value, AskFault> {
        Ok(answer_json(&ask.answer(&self.rules)?, &self.rules))
    }
}
