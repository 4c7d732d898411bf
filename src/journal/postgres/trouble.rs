//! What a failed statement means for the data, by PostgreSQL's SQLSTATE.
//!
//! The question is always: is it certain that nothing was written? An error that the server reports
//! has rolled its transaction back; only a connection that ends without an answer leaves it open.

use sqlx::Error;
use sqlx::error::DatabaseError;
use tiande_actors::ports::journal::AppendFault;

/// What `append.sql` and the writer's transactions raise when this server was replaced.
pub const REPLACED: &str = "TDE01";

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// A constraint refused a row, or a value is none that the database takes; nothing was written.
    #[error("a constraint refused it: {words}")]
    Constraint {
        /// Table, if it was one.
        table: Option<String>,
        /// The server's words.
        words: String,
    },
    /// No room on the disk; nothing was written.
    #[error("no room on the disk")]
    Full,
    /// The server would not do it now: a lock or a statement took too long; nothing was written.
    #[error("the database would not do it now")]
    Busy(#[source] Error),
    /// The connection is lost; it is not known whether the last transaction was committed.
    #[error("the connection to the database is lost")]
    Lost(#[source] Error),
    /// Another server has taken the journal over; nothing was written.
    #[error("another server has taken the journal over")]
    Replaced,
    /// The database cannot be trusted any more, or did not come back.
    #[error("the database failed: {why}")]
    Fatal {
        /// In what way.
        why: &'static str,
        /// True when it is not known whether the last transaction was committed.
        in_doubt: bool,
        /// What it said.
        #[source]
        source: Option<Error>,
    },
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        let Some(told) = error.as_database_error() else {
            return match error {
                Error::Io(_) | Error::Tls(_) | Error::Protocol(_) | Error::WorkerCrashed => {
                    Self::Lost(error)
                }
                // A row was not what this program writes: nothing was sent after it.
                _ => Self::Fatal {
                    why: "it answers what was not asked",
                    in_doubt: true,
                    source: Some(error),
                },
            };
        };
        let code = told.code().unwrap_or_default().into_owned();
        match code.as_str() {
            REPLACED => Self::Replaced,
            // disk_full
            "53100" => Self::Full,
            // admin_shutdown, crash_shutdown, cannot_connect_now, database_dropped,
            // idle_in_transaction_session_timeout: the session is over.
            "57P01" | "57P02" | "57P03" | "57P04" | "25P03" => Self::Lost(error),
            // query_canceled, lock_not_available, read_only_sql_transaction
            "57014" | "55P03" | "25006" => Self::Busy(error),
            code => match code.get(..2).unwrap_or_default() {
                // connection exception
                "08" => Self::Lost(error),
                // data exception, integrity constraint violation
                "22" | "23" => Self::constraint(told),
                // transaction rollback (deadlock), insufficient resources
                "40" | "53" => Self::Busy(error),
                _ => Self::Fatal {
                    why: "it reports an error that is no answer",
                    in_doubt: false,
                    source: Some(error),
                },
            },
        }
    }
}

impl Trouble {
    fn constraint(told: &dyn DatabaseError) -> Self {
        Self::Constraint {
            table: told.table().map(str::to_owned),
            words: told.message().to_owned(),
        }
    }

    /// True when the writer must end.
    pub fn is_the_end(&self) -> bool {
        match self {
            Self::Replaced | Self::Fatal { .. } => true,
            Self::Constraint { .. } | Self::Full | Self::Busy(_) | Self::Lost(_) => false,
        }
    }

    /// What it means for one decision of the journal.
    pub fn append_fault(&self) -> AppendFault {
        match self {
            Self::Constraint { table: Some(table), .. } if table == "delivery" => {
                AppendFault::DuplicateDelivery
            }
            Self::Constraint { words, .. } => AppendFault::Violates(words.clone()),
            Self::Full => AppendFault::StorageFull,
            Self::Busy(_) | Self::Replaced | Self::Fatal { in_doubt: false, .. } => {
                AppendFault::Unavailable
            }
            Self::Lost(_) | Self::Fatal { in_doubt: true, .. } => AppendFault::Unknown,
        }
    }
}
