//! A [`Statement`] on the connection that SQLite's one writer has for itself, and its errors in the
//! words of the others.
//!
//! **Not here:** the writer (`journal::sqlite`).

use std::borrow::Cow;
use std::error::Error as StdError;
use std::fmt;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, ToSql, ffi};
use sqlx::error::{DatabaseError, ErrorKind};

use super::statement::{Statement, Value, WriterShape};

/// What SQLite said to a connection that is not sqlx's.
#[derive(Debug)]
struct SqliteFault {
    /// Extended result code.
    code: i32,
    message: String,
}

impl fmt::Display for SqliteFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "(code: {}) {}", self.code, self.message)
    }
}

impl StdError for SqliteFault {}

impl DatabaseError for SqliteFault {
    fn message(&self) -> &str {
        &self.message
    }
    fn code(&self) -> Option<Cow<'_, str>> {
        Some(self.code.to_string().into())
    }
    fn as_error(&self) -> &(dyn StdError + Send + Sync + 'static) {
        self
    }
    fn as_error_mut(&mut self) -> &mut (dyn StdError + Send + Sync + 'static) {
        self
    }
    fn into_error(self: Box<Self>) -> Box<dyn StdError + Send + Sync + 'static> {
        self
    }
    fn kind(&self) -> ErrorKind {
        match self.code {
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                ErrorKind::UniqueViolation
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => ErrorKind::ForeignKeyViolation,
            ffi::SQLITE_CONSTRAINT_NOTNULL => ErrorKind::NotNullViolation,
            ffi::SQLITE_CONSTRAINT_CHECK => ErrorKind::CheckViolation,
            _ => ErrorKind::Other,
        }
    }
}

/// The same error as sqlx would have told it: one kind of error for all that runs statements. What the
/// database did not say (a row of another shape) is no database error here either.
pub fn as_sqlx(error: rusqlite::Error) -> sqlx::Error {
    match error {
        rusqlite::Error::SqliteFailure(ffi::Error { extended_code: code, .. }, message) => {
            let message = message.unwrap_or_else(|| ffi::code_to_str(code).to_owned());
            sqlx::Error::Database(Box::new(SqliteFault { code, message }))
        }
        rusqlite::Error::QueryReturnedNoRows => sqlx::Error::RowNotFound,
        other => sqlx::Error::Decode(Box::new(other)),
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        let value = match self {
            Self::Int(Some(value)) => ValueRef::Integer(*value),
            Self::Text(Some(text)) => ValueRef::Text(text.as_bytes()),
            Self::Bytes(Some(bytes)) => ValueRef::Blob(bytes),
            Self::Int(None) | Self::Text(None) | Self::Bytes(None) => ValueRef::Null,
        };
        Ok(ToSqlOutput::Borrowed(value))
    }
}

/// Prepares a statement, binds its values and runs it: `$2` is the second value, wherever it stands.
fn with_bound<T>(
    conn: &Connection,
    statement: &Statement,
    run: impl FnOnce(&mut rusqlite::Statement<'_>) -> rusqlite::Result<T>,
) -> Result<T, sqlx::Error> {
    let text = statement.text.as_str();
    let bound = |prepared: &mut rusqlite::Statement<'_>| {
        for at in 1..=prepared.parameter_count() {
            let name = prepared.parameter_name(at).and_then(|name| name.strip_prefix('$'));
            let number = name.and_then(|name| name.parse::<usize>().ok());
            let value = number.and_then(|number| statement.values.get(number.checked_sub(1)?));
            let value =
                value.ok_or_else(|| rusqlite::Error::InvalidParameterName(text.to_owned()))?;
            prepared.raw_bind_parameter(at, value)?;
        }
        run(prepared)
    };
    let done = if statement.kept {
        conn.prepare_cached(text).and_then(|mut prepared| bound(&mut prepared))
    } else {
        conn.prepare(text).and_then(|mut prepared| bound(&mut prepared))
    };
    done.map_err(as_sqlx)
}

/// Runs a statement; how many rows it changed.
pub fn execute(conn: &Connection, statement: &Statement) -> Result<u64, sqlx::Error> {
    let changed = with_bound(conn, statement, |prepared| prepared.raw_execute())?;
    Ok(u64::try_from(changed).unwrap_or(u64::MAX))
}

/// All rows, at most `most`.
pub fn fetch<T: WriterShape>(
    conn: &Connection,
    statement: &Statement,
    most: usize,
) -> Result<Vec<T>, sqlx::Error> {
    with_bound(conn, statement, |prepared| {
        let mut rows = prepared.raw_query();
        let mut found = Vec::new();
        while found.len() < most
            && let Some(row) = rows.next()?
        {
            found.push(T::try_from(row)?);
        }
        Ok(found)
    })
}
