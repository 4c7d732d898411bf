//! The writer's session: connected to a server that was looked at, alone on the database, with
//! limits of its own.
//!
//! The lock that keeps a second server out lasts as long as the session. It is a courtesy: what makes
//! a late write impossible is the epoch in `owner`, which each transaction checks.
//!
//! **Not here:** what is written, and when to come back.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tokio::time::timeout;

use super::options::PostgresOptions;
use super::settings;
use crate::fault;
use crate::journal::sqlite::OpenFault;

/// Key of the lock: one server a database. The bytes of `tiande`, and 1.
const LOCK: i64 = 0x7469_616e_6465_0001;
/// A connection is made within this.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// What every session of the writer sets for itself (reliability.md, F09). A statement that would
/// take longer is refused and its transaction rolled back. A client that went away without a word is
/// noticed by the server after 5 + 3 × 2 seconds, and its locks with it.
const LIMITS: &str = "SET statement_timeout = '2s'; SET lock_timeout = '1s'; \
    SET idle_in_transaction_session_timeout = '5s'; \
    SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; \
    SET client_min_messages = warning";

/// Whatever the database or the role prefers. One session writes, and the row of `owner` is the fence:
/// who waited for it must see what the other left there. Under a stricter isolation that would be an
/// error like one that passes.
const ISOLATION: &str = "SET default_transaction_isolation = 'read committed'; \
    SET default_transaction_deferrable = off";

/// A session and who serves it.
#[derive(Debug)]
pub struct Session {
    pub conn: PgConnection,
    backend: Backend,
}

/// A process of PostgreSQL. Numbers come again; together with its start it is one.
#[derive(Clone, Debug)]
pub struct Backend {
    process: i32,
    started: String,
}

impl Backend {
    /// True when it is the one that holds the lock, as [`OpenFault::Held`] names it.
    pub fn is(&self, holder: &str) -> bool {
        holder
            .split_once(" from ")
            .is_some_and(|(who, _)| who == format!("process {}", self.process))
    }
}

fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> OpenFault {
    move |source| OpenFault::Database { what, source }
}

impl Session {
    /// Connects, looks at the server and locks the database. `before` is the session that was lost,
    /// if there was one: should the server not have noticed that yet, it is told.
    ///
    /// # Errors
    /// [`OpenFault`]: it cannot be reached, would lose data, or another server works on it.
    pub async fn open(
        options: &PostgresOptions,
        before: Option<&Backend>,
    ) -> Result<Self, OpenFault> {
        let wanted = options.connect("tiande writer");
        let conn = match timeout(CONNECT_LIMIT, PgConnection::connect_with(&wanted)).await {
            Ok(conn) => conn,
            Err(_elapsed) => Err(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into())),
        };
        let mut conn = conn.map_err(failed("reach"))?;
        sqlx::raw_sql(ISOLATION).execute(&mut conn).await.map_err(failed("set up"))?;
        let faults = settings::faults(&mut conn).await.map_err(failed("ask"))?;
        if !faults.is_empty() {
            let (place, faults) = (options.place(), faults.join("; "));
            return Err(OpenFault::Unsafe { place, faults });
        }
        if let Some(Backend { process, started }) = before {
            sqlx::query(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                 WHERE pid = $1 AND backend_start::text = $2",
            )
            .bind(process)
            .bind(started)
            .execute(&mut conn)
            .await
            .map_err(failed("ask"))?;
        }
        lock(&mut conn, options).await?;
        let (process, started) = sqlx::query_as(
            "SELECT pid, backend_start::text FROM pg_stat_activity WHERE pid = pg_backend_pid()",
        )
        .fetch_one(&mut conn)
        .await
        .map_err(failed("ask"))?;
        Ok(Self { conn, backend: Backend { process, started } })
    }

    /// Sets the limits and makes the function that writes a group. After the migrations, which may
    /// take longer.
    pub async fn make_ready(&mut self) -> Result<(), OpenFault> {
        let (commit,): (String,) = sqlx::query_as("SELECT current_setting('synchronous_commit')")
            .fetch_one(&mut self.conn)
            .await
            .map_err(failed("ask"))?;
        if !settings::is_stronger(&commit) {
            let wanted = match fault::setting("journal.synchronous") {
                // The control of the tests, which must lose what it answered.
                Some("normal") => "SET synchronous_commit = off",
                _ => "SET synchronous_commit = on",
            };
            sqlx::raw_sql(wanted).execute(&mut self.conn).await.map_err(failed("set up"))?;
        }
        for text in [LIMITS, include_str!("append.sql")] {
            sqlx::raw_sql(AssertSqlSafe(text))
                .execute(&mut self.conn)
                .await
                .map_err(failed("set up"))?;
        }
        Ok(())
    }

    /// Who serves this session.
    pub fn backend(&self) -> Backend {
        self.backend.clone()
    }
}

/// Takes the lock. A server that was killed a moment ago may still hold it, for as long as PostgreSQL
/// needs to notice: so a little patience.
async fn lock(conn: &mut PgConnection, options: &PostgresOptions) -> Result<(), OpenFault> {
    sqlx::raw_sql("SET lock_timeout = '3s'").execute(&mut *conn).await.map_err(failed("lock"))?;
    let locked =
        sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK).execute(&mut *conn).await.map(drop);
    match locked {
        Ok(()) => {
            let reset = sqlx::raw_sql("RESET lock_timeout").execute(conn).await;
            reset.map(drop).map_err(failed("lock"))
        }
        Err(error)
            if error.as_database_error().is_some_and(|e| e.code() == Some("55P03".into())) =>
        {
            let holder: Option<(String,)> = sqlx::query_as(
                "SELECT 'process ' || a.pid || ' from ' || COALESCE(host(a.client_addr), 'this machine') \
                 FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid \
                 WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 1 \
                 AND (l.classid::bigint << 32) | l.objid::bigint = $1 \
                 AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            )
            .bind(LOCK)
            .fetch_optional(conn)
            .await
            .map_err(failed("ask"))?;
            let by = holder.map_or_else(|| "nobody any more".to_owned(), |(holder,)| holder);
            Err(OpenFault::Held { place: options.place(), by })
        }
        Err(error) => Err(failed("lock")(error)),
    }
}
