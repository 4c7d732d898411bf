//! Opening: the folder's lock, the keys, the connections and their pragmas, the migrations, the
//! durable state that the writer starts from.
//!
//! **Not here:** the writer's work.

use std::collections::HashMap;
use std::fs::{self, File, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use rusqlite::{Connection as Own, OptionalExtension as _, ToSql, params};
use sqlx::migrate::{MigrateError, Migration, MigrationType, Migrator};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{ConnectOptions, Connection, SqlSafeStr, SqlitePool};
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::time::UnixMillis;

use crate::fault;
use crate::journal::envelope::{GENESIS, HashAlg};
use crate::journal::sql::{READ_LIMIT, as_sqlx};
use crate::keys::{KeyFault, MasterKey};

/// The database's name in the data folder.
pub const DATABASE: &str = "tiande.sqlite";
/// First SQLite without the WAL-reset bug, which can corrupt a database.
const SQLITE_MIN: (u32, u32, u32) = (3, 51, 3);
/// Connections that only read. More would not help on few cores.
const READERS: u32 = 4;
/// Prepared statements kept by a connection; there are fewer than that.
const STATEMENTS: usize = 256;
/// The writer's page cache, as SQLite wants it: negative for KiB.
const CACHE_KIB: i64 = -32_768;

/// The journal could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenFault {
    /// The data folder cannot be used.
    #[error("cannot use the data folder {path}")]
    Folder {
        /// Which folder or file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Another server works on it.
    #[error("another tiande works on this data folder: {path} is locked")]
    Locked {
        /// The lock file.
        path: PathBuf,
    },
    /// Another server works on the PostgreSQL database.
    #[error("another tiande works on the database {place}: it is locked by {by}")]
    Held {
        /// Which database.
        place: String,
        /// Who holds it.
        by: String,
    },
    /// The PostgreSQL server is not one to entrust the only copy to.
    #[error("the database {place} must not be used: {faults}")]
    Unsafe {
        /// Which database.
        place: String,
        /// What is wrong, and what to do.
        faults: String,
    },
    /// A key file cannot be used.
    #[error(transparent)]
    Key(#[from] KeyFault),
    /// The master key is not the one that the database was written with.
    #[error("the master key is not the one that this database was written with")]
    OtherMasterKey,
    /// The library is too old to be trusted with the only copy.
    #[error("sqlite {found} has known ways to corrupt a database; 3.51.3 or newer is needed")]
    SqliteTooOld {
        /// Its version.
        found: String,
    },
    /// The database does not do what the journal relies on.
    #[error("sqlite refused {wanted}")]
    Setting {
        /// Which setting.
        wanted: &'static str,
    },
    /// A statement failed.
    #[error("cannot {what} the database")]
    Database {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        #[source]
        source: sqlx::Error,
    },
    /// The tables could not be brought up to date.
    #[error("cannot migrate the database")]
    Migrate(#[from] MigrateError),
}

fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> OpenFault {
    move |source| OpenFault::Database { what, source }
}

fn failed_own(what: &'static str) -> impl FnOnce(rusqlite::Error) -> OpenFault {
    move |error| failed(what)(as_sqlx(error))
}

/// Makes the folder if needed and takes its lock, which lasts until the file is dropped.
pub fn lock_folder(data_dir: &Path) -> Result<File, OpenFault> {
    let fault = |path: &Path, source| OpenFault::Folder { path: path.to_owned(), source };
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(data_dir);
    made.map_err(|source| fault(data_dir, source))?;
    let path = data_dir.join("lock");
    let file = File::options().create(true).truncate(false).write(true).open(&path);
    let file = file.map_err(|source| fault(&path, source))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenFault::Locked { path }),
        Err(TryLockError::Error(source)) => Err(fault(&path, source)),
    }
}

/// The master key; made only beside a database that is not there yet.
pub fn master_key(data_dir: &Path) -> Result<MasterKey, OpenFault> {
    let fresh = !data_dir.join(DATABASE).exists();
    Ok(MasterKey::load(&data_dir.join("keys").join("master.key"), fresh)?)
}

fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(true)
        .pragma("trusted_schema", "OFF")
        .pragma("cell_size_check", "ON")
        // A bad page of a mapped file is a signal that kills; of a read it is an error.
        .pragma("mmap_size", "0")
        .statement_cache_capacity(STATEMENTS)
        .disable_statement_logging()
}

/// The one connection that writes and checkpoints. It works on the writer's own thread: a statement
/// costs no hop to another thread and back, which a lone decision would wait for.
pub fn writer_connection(data_dir: &Path) -> Result<Own, OpenFault> {
    // The control of the power cuts, which must lose what was answered; never in a release build.
    let (wanted, wanted_code) = match fault::setting("journal.synchronous") {
        Some("normal") => ("NORMAL", 1),
        Some(_) | None => ("FULL", 2),
    };
    let version = rusqlite::version();
    if !new_enough(version) {
        return Err(OpenFault::SqliteTooOld { found: version.to_owned() });
    }
    let conn = Own::open(data_dir.join(DATABASE)).map_err(failed_own("open"))?;
    let settings: [(&str, &dyn ToSql); 9] = [
        ("journal_mode", &"WAL"),
        ("synchronous", &wanted),
        ("foreign_keys", &true),
        ("trusted_schema", &false),
        ("cell_size_check", &true),
        // A bad page of a mapped file is a signal that kills; of a read it is an error.
        ("mmap_size", &0),
        // Deleted keys must not stay readable in free pages.
        ("secure_delete", &true),
        // The writer checkpoints when it is idle, not in the middle of somebody's commit.
        ("wal_autocheckpoint", &0),
        ("cache_size", &CACHE_KIB),
    ];
    for (name, value) in settings {
        conn.pragma_update(None, name, value).map_err(failed_own("set up"))?;
    }
    conn.set_prepared_statement_cache_capacity(STATEMENTS);
    let mode: String = conn
        .pragma_query_value(None, "journal_mode", |row| row.get(0))
        .map_err(failed_own("ask"))?;
    let synchronous: i64 = conn
        .pragma_query_value(None, "synchronous", |row| row.get(0))
        .map_err(failed_own("ask"))?;
    match (mode.as_str(), synchronous) {
        ("wal", found) if found == wanted_code => Ok(conn),
        ("wal", _) => Err(OpenFault::Setting { wanted: "synchronous=FULL" }),
        _ => Err(OpenFault::Setting { wanted: "journal_mode=WAL" }),
    }
}

/// Lets a test's faults come inside a transaction. In a release build there are none.
pub fn hook_faults(conn: &Own) -> Result<(), OpenFault> {
    if fault::wanted() {
        let each_row = |_action, _database: &str, _table: &str, _row| {
            fault::point("journal.mid_group");
        };
        conn.update_hook(Some(each_row)).map_err(failed_own("ask"))?;
        let before_commit = || {
            fault::point("journal.before_commit");
            // True would roll back.
            false
        };
        conn.commit_hook(Some(before_commit)).map_err(failed_own("ask"))?;
    }
    Ok(())
}

fn new_enough(version: &str) -> bool {
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let mut next = || parts.next().unwrap_or(0);
    (next(), next(), next()) >= SQLITE_MIN
}

/// Connections that cannot write, whatever is asked of them.
pub async fn readers(database: &Path, connections: u32) -> Result<SqlitePool, OpenFault> {
    SqlitePoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(READ_LIMIT)
        .connect_with(options(database).read_only(true).pragma("query_only", "ON"))
        .await
        .map_err(failed("open for reading"))
}

/// The pool of the running server.
pub async fn reader_pool(data_dir: &Path) -> Result<SqlitePool, OpenFault> {
    readers(&data_dir.join(DATABASE), READERS).await
}

/// Makes the database if needed and brings its tables up to date. A database from the future is refused.
/// `then` opens the writer's own connection, before this one closes: the last one to close would empty
/// the write-ahead log.
pub async fn migrate<T>(
    data_dir: &Path,
    then: impl FnOnce(&Path) -> Result<T, OpenFault>,
) -> Result<T, OpenFault> {
    let options = options(&data_dir.join(DATABASE))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .pragma("secure_delete", "ON")
        .pragma("wal_autocheckpoint", "0");
    let mut conn = options.connect().await.map_err(failed("open"))?;
    let files = [
        (1, "journal", include_str!("../../../migrations/sqlite/0001_journal.sql")),
        (2, "read_models", include_str!("../../../migrations/sqlite/0002_read_models.sql")),
        (3, "doors", include_str!("../../../migrations/sqlite/0003_doors.sql")),
        (4, "snapshots", include_str!("../../../migrations/sqlite/0004_snapshots.sql")),
        (5, "tips", include_str!("../../../migrations/sqlite/0005_tips.sql")),
        (6, "gateways", include_str!("../../../migrations/sqlite/0006_gateways.sql")),
        (7, "clocks", include_str!("../../../migrations/sqlite/0007_clocks.sql")),
        (8, "file", include_str!("../../../migrations/sqlite/0008_file.sql")),
        (9, "proof", include_str!("../../../migrations/sqlite/0009_proof.sql")),
    ];
    let migrations = files.map(|(number, name, sql)| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Migrator::with_migrations(migrations.into()).run_direct(None, &mut conn, false).await?;
    let opened = then(data_dir)?;
    conn.close().await.map_err(failed("close"))?;
    Ok(opened)
}

/// What the writer starts from.
#[derive(Debug)]
pub struct Start {
    pub epoch: u64,
    pub hash_alg: HashAlg,
    pub head: (u64, [u8; 32]),
    pub commitments: HashMap<OfficerId, Vec<(IncidentId, bool)>>,
}

impl Start {
    /// The hash algorithm of a database, by its first row of `boot`: hash and master key.
    pub fn hash_alg(
        first: Option<(String, Vec<u8>)>,
        master: &MasterKey,
        wanted: HashAlg,
    ) -> Result<HashAlg, OpenFault> {
        let Some((hash_alg, master_id)) = first else { return Ok(wanted) };
        if master_id != master.id() {
            return Err(OpenFault::OtherMasterKey);
        }
        let hash_alg = HashAlg::from_name(&hash_alg).unwrap_or(wanted);
        if hash_alg != wanted {
            tracing::warn!(
                used = hash_alg.name(),
                wanted = wanted.name(),
                "the journal keeps the hash algorithm that it was made with"
            );
        }
        Ok(hash_alg)
    }
}

/// Takes ownership: notes a new epoch and reads the state.
pub fn take_ownership(
    conn: &Own,
    master: &MasterKey,
    wanted: HashAlg,
    now: UnixMillis,
) -> Result<Start, OpenFault> {
    // Primary key of `boot`, both ways.
    let first = conn
        .query_row("SELECT hash_alg, master_id FROM boot ORDER BY epoch LIMIT 1", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .optional()
        .map_err(failed_own("ask"))?;
    let hash_alg = Start::hash_alg(first, master, wanted)?;
    let epoch: i64 = conn
        .query_row(
            "INSERT INTO boot (epoch, opened_ms, hash_alg, master_id) \
             SELECT COALESCE(MAX(epoch), 0) + 1, ?, ?, ? FROM boot RETURNING epoch",
            params![now.0, hash_alg.name(), master.id()],
            |row| row.get(0),
        )
        .map_err(failed_own("write to"))?;
    Ok(Start {
        epoch: u64::try_from(epoch).unwrap_or(0),
        hash_alg,
        head: head(conn).map_err(failed_own("ask"))?,
        commitments: commitments(conn).map_err(failed_own("ask"))?,
    })
}

fn head(conn: &Own) -> Result<(u64, [u8; 32]), rusqlite::Error> {
    // Primary key of `journal`, from its end.
    let last = "SELECT position, hash FROM journal ORDER BY position DESC LIMIT 1";
    let row: Option<(i64, [u8; 32])> =
        conn.query_row(last, [], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((position, hash)) = row else { return Ok((0, GENESIS)) };
    Ok((u64::try_from(position).unwrap_or(0), hash))
}

fn commitments(conn: &Own) -> Result<HashMap<OfficerId, Vec<(IncidentId, bool)>>, rusqlite::Error> {
    // The whole table in the order of its primary key: one row an active commitment.
    let mut all = conn
        .prepare("SELECT officer, incident, stacked FROM commitment ORDER BY officer, incident")?;
    let mut rows = all.query([])?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    while let Some(row) = rows.next()? {
        let ids = (row.get::<_, String>(0)?.parse(), row.get::<_, String>(1)?.parse());
        if let (Ok(officer), Ok(incident)) = ids {
            let stacked = row.get::<_, i64>(2)? != 0;
            found.entry(officer).or_default().push((incident, stacked));
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_with_the_bug_are_refused() {
        for bad in ["3.51.2", "3.40.1", "3.7.0", "", "x"] {
            assert!(!new_enough(bad), "{bad}");
        }
        for good in ["3.51.3", "3.52.0", "4.0.0"] {
            assert!(new_enough(good), "{good}");
        }
    }
}
