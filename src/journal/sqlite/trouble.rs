//! What a failed statement means for the data, by SQLite's result code.
//!
//! The question is always: is it certain that nothing was written? If not, nobody may go on as if it
//! were.

use tiande_actors::ports::journal::AppendFault;

use crate::journal::sql::as_sqlx;

/// Primary result codes, <https://sqlite.org/rescode.html>.
const BUSY: i32 = 5;
const LOCKED: i32 = 6;
const FULL: i32 = 13;
const CONSTRAINT: i32 = 19;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A constraint refused a row; the transaction was rolled back. Holds SQLite's words.
    #[error("a constraint refused it: {0}")]
    Constraint(String),
    /// No room on the disk; the transaction was rolled back.
    #[error("no room on the disk")]
    Full,
    /// Another process holds the database; nothing was begun.
    #[error("another process holds the database")]
    Busy,
    /// Anything else: an I/O error, a failed fsync. What is on the disk is
    /// not known, and the operating system may already have thrown the failed pages away.
    #[error("the database failed")]
    Fatal(#[source] sqlx::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        as_sqlx(error).into()
    }
}

impl From<sqlx::Error> for Trouble {
    fn from(error: sqlx::Error) -> Self {
        let code = error
            .as_database_error()
            .and_then(|e| e.code())
            .and_then(|code| code.parse::<i32>().ok())
            .map(|code| code & 0xff);
        match code {
            Some(CONSTRAINT) => Self::Constraint(
                error.as_database_error().map(|e| e.message().to_owned()).unwrap_or_default(),
            ),
            Some(FULL) => Self::Full,
            Some(BUSY | LOCKED) => Self::Busy,
            Some(_) | None => Self::Fatal(error),
        }
    }
}

/// What a trouble of the whole transaction means for one decision of the journal.
pub fn append_fault(trouble: &Trouble) -> AppendFault {
    match trouble {
        Trouble::Constraint(words) if words.contains("delivery.") => AppendFault::DuplicateDelivery,
        Trouble::Constraint(words) => AppendFault::Violates(words.clone()),
        Trouble::Full => AppendFault::StorageFull,
        Trouble::Busy => AppendFault::Unavailable,
        Trouble::Fatal(_) => AppendFault::Unknown,
    }
}
