//! The one store of a server: its journal, its read models and its doors, in SQLite or in PostgreSQL.
//!
//! **Not here:** how either of them does it (`journal::sqlite`, `journal::postgres`), and any
//! statement.

use std::path::Path;
use std::sync::Arc;

use futures_util::future::BoxFuture;
use tiande_actors::ports::journal::{
    Append, AppendFault, Appended, Delivery, DeliveryKeys, Journal, OpenAlarm, OpenWork, ReadFault,
    Remembered, SetClock, Stored,
};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::{Snapshot, StreamId, Subject};
use tiande_core::time::UnixMillis;
use tokio::sync::watch;

use super::job::StoreFault;
use super::postgres::{PostgresJournal, PostgresOptions};
use super::reader::{limited, unreadable};
use super::sql::{Conn, Readers, sql};
use super::sqlite::{OpenFault, OpenOptions, SqliteJournal};
use crate::keys::MasterKey;

/// The store. Cheap to clone; all clones are one.
#[derive(Clone, Debug)]
pub enum Store {
    /// One file in the data folder.
    Sqlite(SqliteJournal),
    /// A database of a PostgreSQL server; keys, checkpoints and pictures stay in the data folder.
    Postgres(PostgresJournal),
}

impl Store {
    /// Opens the store: the PostgreSQL database if one is named, else the data folder's SQLite.
    ///
    /// # Errors
    /// [`OpenFault`].
    pub async fn open(
        options: OpenOptions,
        postgres: Option<PostgresOptions>,
    ) -> Result<Self, OpenFault> {
        match postgres {
            Some(wanted) => PostgresJournal::open(options, wanted).await.map(Self::Postgres),
            None => SqliteJournal::open(options).await.map(Self::Sqlite),
        }
    }

    /// Turns true when the database has failed in a way that nothing may be built on, or when
    /// another server has taken it over. This server must exit then.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<bool> {
        match self {
            Self::Sqlite(journal) => journal.failed(),
            Self::Postgres(journal) => journal.failed(),
        }
    }

    /// True when the store has failed; see [`Self::failed`].
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        *self.failed().borrow()
    }

    /// Does all that stands in the queue, signs the head and lets the database go. Everything that
    /// comes later is refused.
    pub async fn shutdown(&self) {
        match self {
            Self::Sqlite(journal) => journal.shutdown().await,
            Self::Postgres(journal) => journal.shutdown().await,
        }
    }

    /// Runs a transaction of another table through the one writer, between two groups. It is done
    /// whether or not the returned future is still polled.
    ///
    /// # Errors
    /// [`StoreFault`]; all but `Unknown` mean that nothing was written.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
    {
        match self {
            Self::Sqlite(journal) => journal.write(job).await,
            Self::Postgres(journal) => journal.write(job).await,
        }
    }

    /// Destroys a subject's key: what was sealed under it reads as absent from now on, and the chain
    /// stays whole (I36). Copies of the database keep the key until they are destroyed too.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn forget(&self, subject: Subject) -> Result<(), StoreFault> {
        match self {
            Self::Sqlite(journal) => journal.forget(subject).await,
            Self::Postgres(journal) => journal.forget(subject).await,
        }
    }

    /// Connections for reading; they cannot write.
    #[must_use]
    pub fn readers(&self) -> Readers {
        match self {
            Self::Sqlite(journal) => Readers::Sqlite(journal.readers().clone()),
            Self::Postgres(journal) => journal.readers(),
        }
    }

    /// The master key, for the other stores beside the journal.
    #[must_use]
    pub fn master_key(&self) -> Arc<MasterKey> {
        match self {
            Self::Sqlite(journal) => journal.master_key(),
            Self::Postgres(journal) => journal.master_key(),
        }
    }

    /// True when the database has a wall clock of its own, because it runs on another machine.
    #[must_use]
    pub fn has_a_clock_of_its_own(&self) -> bool {
        match self {
            Self::Sqlite(_) => false,
            Self::Postgres(journal) => journal.is_elsewhere(),
        }
    }

    /// What the database's wall clock shows; SQLite has none but this machine's.
    ///
    /// # Errors
    /// [`ReadFault`].
    pub async fn wall_clock(&self) -> Result<UnixMillis, ReadFault> {
        const WHAT: &str = "the clock of the database";
        let query = match self {
            Self::Sqlite(_) => sql("SELECT CAST(unixepoch('subsec') * 1000 AS INTEGER)"),
            Self::Postgres(_) => {
                sql("SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint")
            }
        };
        let row: Option<(i64,)> = limited(WHAT, self.readers().fetch_optional(query)).await?;
        row.map(|(at,)| UnixMillis(at)).ok_or_else(|| unreadable(WHAT))
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        match self {
            Self::Sqlite(journal) => journal.data_dir(),
            Self::Postgres(journal) => journal.data_dir(),
        }
    }

    /// This server's ownership epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        match self {
            Self::Sqlite(journal) => journal.epoch(),
            Self::Postgres(journal) => journal.epoch(),
        }
    }

    /// How often something was forgotten since the start: what was read before the last time must not be held.
    #[must_use]
    pub(crate) fn forgettings(&self) -> u64 {
        match self {
            Self::Sqlite(journal) => journal.forgettings(),
            Self::Postgres(journal) => journal.forgettings(),
        }
    }

    fn journal(&self) -> &dyn Journal {
        match self {
            Self::Sqlite(journal) => journal,
            Self::Postgres(journal) => journal,
        }
    }
}

impl Journal for Store {
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendFault>> {
        self.journal().append(append)
    }

    fn settled(&self) -> BoxFuture<'static, ()> {
        self.journal().settled()
    }

    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>> {
        self.journal().read_stream(stream)
    }

    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>> {
        self.journal().recall(streams)
    }

    fn keep(&self, snapshots: Vec<(StreamId, Snapshot)>) -> BoxFuture<'static, ()> {
        self.journal().keep(snapshots)
    }

    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>> {
        self.journal().case_numbered(court, number)
    }

    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>> {
        self.journal().first_clocks(court, most)
    }

    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>> {
        self.journal().outdated_cases(court, calendar, most)
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        self.journal().open_work(court)
    }

    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>> {
        self.journal().open_alarms(court)
    }

    fn deliveries(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Option<DeliveryKeys>, ReadFault>> {
        self.journal().deliveries(court, most)
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        self.journal().delivery(source, webhook_id)
    }
}
