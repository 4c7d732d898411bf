//! A connection inside a transaction, of either database.

use sqlx::{PgConnection, SqliteConnection};

use super::own;
use super::statement::{Statement, WriterShape};

/// A connection inside a transaction.
#[derive(Debug)]
pub enum Conn<'c> {
    /// Of SQLite, for reading.
    Sqlite(&'c mut SqliteConnection),
    /// The one of SQLite that writes. Its statements are done when they are asked for: it works on the
    /// writer's own thread, so that no statement waits for another thread to wake.
    SqliteWriter(&'c mut rusqlite::Connection),
    /// Of PostgreSQL.
    Postgres(&'c mut PgConnection),
}

impl Conn<'_> {
    /// Runs a statement; how many rows it changed.
    ///
    /// # Errors
    /// What the database says.
    pub async fn execute(&mut self, statement: Statement) -> Result<u64, sqlx::Error> {
        let (text, kept) = (statement.text.clone(), statement.kept);
        match self {
            Self::SqliteWriter(conn) => own::execute(conn, &statement),
            Self::Sqlite(conn) => {
                let query = sqlx::query_with(text, statement.for_sqlite()?).persistent(kept);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
            Self::Postgres(conn) => {
                let query = sqlx::query_with(text, statement.for_postgres()?).persistent(kept);
                Ok(query.execute(&mut **conn).await?.rows_affected())
            }
        }
    }

    /// The one row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_optional<T: WriterShape>(
        &mut self,
        statement: Statement,
    ) -> Result<Option<T>, sqlx::Error> {
        let (text, kept) = (statement.text.clone(), statement.kept);
        match self {
            Self::SqliteWriter(conn) => Ok(own::fetch(conn, &statement, 1)?.pop()),
            Self::Sqlite(conn) => {
                let query = sqlx::query_as_with(text, statement.for_sqlite()?).persistent(kept);
                query.fetch_optional(&mut **conn).await
            }
            Self::Postgres(conn) => {
                let query = sqlx::query_as_with(text, statement.for_postgres()?).persistent(kept);
                query.fetch_optional(&mut **conn).await
            }
        }
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// What the database says; `RowNotFound` when there is none.
    pub async fn fetch_one<T: WriterShape>(
        &mut self,
        statement: Statement,
    ) -> Result<T, sqlx::Error> {
        self.fetch_optional(statement).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// All rows.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_all<T: WriterShape>(
        &mut self,
        statement: Statement,
    ) -> Result<Vec<T>, sqlx::Error> {
        let (text, kept) = (statement.text.clone(), statement.kept);
        match self {
            Self::SqliteWriter(conn) => own::fetch(conn, &statement, usize::MAX),
            Self::Sqlite(conn) => {
                let query = sqlx::query_as_with(text, statement.for_sqlite()?).persistent(kept);
                query.fetch_all(&mut **conn).await
            }
            Self::Postgres(conn) => {
                let query = sqlx::query_as_with(text, statement.for_postgres()?).persistent(kept);
                query.fetch_all(&mut **conn).await
            }
        }
    }
}
