//! Connections that only read.

use std::time::Duration;

use futures_util::future::BoxFuture;
use sqlx::{Connection as _, PgConnection, PgPool, SqlitePool};
use tokio::runtime::Handle;
use tokio::time::timeout;

use super::conn::Conn;
use super::statement::{Shape, Statement};

/// Limit of one read. In SQLite a longer one would keep the write-ahead log from being emptied, in
/// PostgreSQL it would keep old rows alive.
pub const READ_LIMIT: Duration = Duration::from_secs(5);

/// Connections that cannot write, whatever is asked of them. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Readers {
    /// Of SQLite, each with a thread of its own.
    Sqlite(SqlitePool),
    /// Of PostgreSQL.
    Postgres(PgReaders),
}

/// A pool whose sockets all live on the store's own runtime. The server has a runtime for each
/// worker, and a socket dies with the runtime that opened it: so none of them opens one.
#[derive(Clone, Debug)]
pub struct PgReaders {
    pub pool: PgPool,
    pub runtime: Handle,
}

/// After this a reader that has said nothing is given up, connection and all: the database's own limit
/// would have ended the statement, so nobody is there any more. Longer than [`READ_LIMIT`].
const SILENCE_LIMIT: Duration = Duration::from_secs(7);

impl PgReaders {
    /// Runs a read on the store's runtime.
    async fn run<T, F>(&self, read: F) -> Result<T, sqlx::Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(&'c mut PgConnection) -> BoxFuture<'c, Result<T, sqlx::Error>>
            + Send
            + 'static,
    {
        let pool = self.pool.clone();
        let reading = async move {
            let mut conn = pool.acquire().await?;
            if let Ok(done) = timeout(SILENCE_LIMIT, read(&mut conn)).await {
                return done;
            }
            // Giving it back would ask it whether it is still there, without a limit.
            conn.close_on_drop();
            Err(sqlx::Error::PoolTimedOut)
        };
        // A read that nobody waits for any more ends with its time limit at the latest.
        self.runtime.spawn(reading).await.unwrap_or(Err(sqlx::Error::PoolClosed))
    }
}

impl Readers {
    /// The one row, if there is one.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_optional<T: Shape>(
        &self,
        statement: Statement,
    ) -> Result<Option<T>, sqlx::Error> {
        let (text, kept) = (statement.text.clone(), statement.kept);
        match self {
            Self::Sqlite(pool) => {
                sqlx::query_as_with(text, statement.for_sqlite()?)
                    .persistent(kept)
                    .fetch_optional(pool)
                    .await
            }
            Self::Postgres(readers) => {
                let values = statement.for_postgres()?;
                readers
                    .run(move |conn| {
                        let query = sqlx::query_as_with(text, values).persistent(kept);
                        Box::pin(async move { query.fetch_optional(conn).await })
                    })
                    .await
            }
        }
    }

    /// The one row that must be there.
    ///
    /// # Errors
    /// What the database says; `RowNotFound` when there is none.
    pub async fn fetch_one<T: Shape>(&self, statement: Statement) -> Result<T, sqlx::Error> {
        self.fetch_optional(statement).await?.ok_or(sqlx::Error::RowNotFound)
    }

    /// All rows.
    ///
    /// # Errors
    /// What the database says.
    pub async fn fetch_all<T: Shape>(&self, statement: Statement) -> Result<Vec<T>, sqlx::Error> {
        let (text, kept) = (statement.text.clone(), statement.kept);
        match self {
            Self::Sqlite(pool) => {
                sqlx::query_as_with(text, statement.for_sqlite()?)
                    .persistent(kept)
                    .fetch_all(pool)
                    .await
            }
            Self::Postgres(readers) => {
                let values = statement.for_postgres()?;
                readers
                    .run(move |conn| {
                        let query = sqlx::query_as_with(text, values).persistent(kept);
                        Box::pin(async move { query.fetch_all(conn).await })
                    })
                    .await
            }
        }
    }

    /// Runs several reads that all see the same moment.
    ///
    /// # Errors
    /// What the database or `read` says.
    pub async fn at_one_moment<T, F>(&self, read: F) -> Result<T, sqlx::Error>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
    {
        match self {
            Self::Sqlite(pool) => {
                let mut transaction = pool.begin().await?;
                let found = read(Conn::Sqlite(&mut transaction)).await?;
                transaction.commit().await?;
                Ok(found)
            }
            Self::Postgres(readers) => {
                readers
                    .run(move |conn| {
                        Box::pin(async move {
                            let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
                            let mut transaction = conn.begin_with(begin).await?;
                            let found = read(Conn::Postgres(&mut transaction)).await?;
                            transaction.commit().await?;
                            Ok(found)
                        })
                    })
                    .await
            }
        }
    }
}
