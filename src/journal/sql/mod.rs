//! One SQL text for both databases: what is asked of SQLite and of PostgreSQL in the same words
//! stands once.
//!
//! A [`Statement`] is a text with `$1, $2, …` and its values. It runs on a [`Conn`] (the writer's
//! transaction, or a read of one moment) or on the [`Readers`]. The texts keep to what both databases
//! understand: integers are `bigint`, never `boolean`; `user` is quoted; a column is named with its
//! table where `excluded` stands beside it.
//!
//! **Not here:** the statements themselves, and what the databases do differently (`journal::sqlite`,
//! `journal::postgres`).

mod conn;
mod own;
mod readers;
mod statement;

pub use conn::Conn;
pub(in crate::journal) use own::as_sqlx;
pub use readers::Readers;
pub(in crate::journal) use readers::{PgReaders, READ_LIMIT};
pub use statement::{Shape, Statement, Value, WriterShape, sql, sql_of_list};
