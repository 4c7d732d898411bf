//! Opening: migrations, the master key, ownership, and the durable state that the writer starts from.
//!
//! **Not here:** the session itself (`session`) and the writer's work.

use std::collections::HashMap;
use std::path::Path;

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::{PgConnection, PgPoolOptions};
use sqlx::{Connection as _, PgPool, SqlSafeStr};
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::time::UnixMillis;

use super::options::PostgresOptions;
use crate::journal::envelope::{GENESIS, HashAlg};
use crate::journal::sql::READ_LIMIT;
use crate::journal::sqlite::{OpenFault, Start};
use crate::keys::MasterKey;

/// Connections that only read. More would not help on few cores.
const READERS: u32 = 4;

fn failed(what: &'static str) -> impl FnOnce(sqlx::Error) -> OpenFault {
    move |source| OpenFault::Database { what, source }
}

/// Brings the tables up to date. A database from the future is refused.
pub async fn migrate(conn: &mut PgConnection) -> Result<(), OpenFault> {
    let files = [
        (1, "journal", include_str!("../../../migrations/postgres/0001_journal.sql")),
        (2, "read_models", include_str!("../../../migrations/postgres/0002_read_models.sql")),
        (3, "doors", include_str!("../../../migrations/postgres/0003_doors.sql")),
        (4, "snapshots", include_str!("../../../migrations/postgres/0004_snapshots.sql")),
        (5, "tips", include_str!("../../../migrations/postgres/0005_tips.sql")),
        (6, "gateways", include_str!("../../../migrations/postgres/0006_gateways.sql")),
        (7, "clocks", include_str!("../../../migrations/postgres/0007_clocks.sql")),
        (8, "file", include_str!("../../../migrations/postgres/0008_file.sql")),
        (9, "proof", include_str!("../../../migrations/postgres/0009_proof.sql")),
    ];
    let migrations = files.map(|(number, name, sql)| {
        Migration::new(number, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    });
    Ok(Migrator::with_migrations(migrations.into()).run_direct(None, conn, false).await?)
}

/// The master key of the data folder; made only for a database that nobody has opened yet.
pub async fn master_key(conn: &mut PgConnection, folder: &Path) -> Result<MasterKey, OpenFault> {
    let (used,): (bool,) = sqlx::query_as("SELECT EXISTS (SELECT 1 FROM boot)")
        .fetch_one(conn)
        .await
        .map_err(failed("ask"))?;
    Ok(MasterKey::load(&folder.join("keys").join("master.key"), !used)?)
}

/// Takes ownership: a new epoch, in `boot` and in `owner`. Whoever owned it before cannot write from
/// the moment this commits; what they were writing is waited for by the lock on `owner`.
pub async fn take_ownership(
    conn: &mut PgConnection,
    master: &MasterKey,
    wanted: HashAlg,
    now: UnixMillis,
) -> Result<Start, OpenFault> {
    let mut transaction = conn.begin().await.map_err(failed("write to"))?;
    sqlx::query("SELECT epoch FROM owner WHERE id = 1 FOR UPDATE")
        .fetch_one(&mut *transaction)
        .await
        .map_err(failed("lock"))?;
    // Primary key of `boot`, both ways.
    let first: Option<(String, Vec<u8>)> =
        sqlx::query_as("SELECT hash_alg, master_id FROM boot ORDER BY epoch LIMIT 1")
            .fetch_optional(&mut *transaction)
            .await
            .map_err(failed("ask"))?;
    let hash_alg = Start::hash_alg(first, master, wanted)?;
    let (epoch,): (i64,) = sqlx::query_as(
        "INSERT INTO boot (epoch, opened_ms, hash_alg, master_id) \
         SELECT COALESCE(MAX(epoch), 0) + 1, $1, $2, $3 FROM boot RETURNING epoch",
    )
    .bind(now.0)
    .bind(hash_alg.name())
    .bind(master.id().to_vec())
    .fetch_one(&mut *transaction)
    .await
    .map_err(failed("write to"))?;
    sqlx::query("UPDATE owner SET epoch = $1, commits = 0 WHERE id = 1")
        .bind(epoch)
        .execute(&mut *transaction)
        .await
        .map_err(failed("write to"))?;
    transaction.commit().await.map_err(failed("write to"))?;
    Ok(Start {
        epoch: u64::try_from(epoch).unwrap_or(0),
        hash_alg,
        head: head(conn).await.map_err(failed("ask"))?,
        commitments: commitments(conn).await?,
    })
}

/// Position and hash of the newest record.
pub async fn head(conn: &mut PgConnection) -> Result<(u64, [u8; 32]), sqlx::Error> {
    // Primary key of `journal`, from its end.
    let row: Option<(i64, Vec<u8>)> =
        sqlx::query_as("SELECT position, hash FROM journal ORDER BY position DESC LIMIT 1")
            .fetch_optional(conn)
            .await?;
    Ok(row.map_or((0, GENESIS), |(position, hash)| {
        (u64::try_from(position).unwrap_or(0), hash.try_into().unwrap_or(GENESIS))
    }))
}

async fn commitments(
    conn: &mut PgConnection,
) -> Result<HashMap<OfficerId, Vec<(IncidentId, bool)>>, OpenFault> {
    // The whole table in the order of its primary key: one row an active commitment.
    let rows: Vec<(String, String, i64)> = sqlx::query_as(
        "SELECT officer, incident, stacked FROM commitment ORDER BY officer, incident",
    )
    .fetch_all(conn)
    .await
    .map_err(failed("ask"))?;
    let mut found: HashMap<_, Vec<_>> = HashMap::new();
    for (officer, incident, stacked) in rows {
        if let (Ok(officer), Ok(incident)) = (officer.parse(), incident.parse()) {
            found.entry(officer).or_default().push((incident, stacked != 0));
        }
    }
    Ok(found)
}

/// Connections that cannot write, whatever is asked of them. A lost one is replaced at its next use.
pub async fn readers(options: &PostgresOptions, connections: u32) -> Result<PgPool, OpenFault> {
    let limit = READ_LIMIT.as_millis().to_string();
    let wanted = options.connect("tiande reader").options([
        ("default_transaction_read_only", "on"),
        ("statement_timeout", limit.as_str()),
        ("idle_in_transaction_session_timeout", limit.as_str()),
        ("lock_timeout", "1000"),
        // Whatever a reader asks, an index answers it (named at each question). Tables that were
        // filled and not analysed yet must not make it a scan; nor is any of it worth compiling.
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("jit", "off"),
    ]);
    PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(READ_LIMIT)
        .connect_with(wanted)
        .await
        .map_err(failed("open for reading"))
}

/// The pool of the running server.
pub async fn reader_pool(options: &PostgresOptions) -> Result<PgPool, OpenFault> {
    readers(options, READERS).await
}
