//! The journal in a PostgreSQL database: one writer with group commit, several readers, and a fence
//! against a server that was replaced.
//!
//! The server owns the database alone, as it owns a data folder. Ownership is an epoch in the row
//! `owner`, checked in each transaction that writes; keys, checkpoints and pictures stay in the data
//! folder. All connections live on a runtime of the store's own.
//!
//! In the order in which the data goes: `options` say where, `session` connects (`settings` refuses a
//! server that would lose data), `open` takes ownership, `writer` makes groups durable (`lookup`,
//! `script`, `append.sql`) and runs errands (`errand`), `recovery` comes back after a lost connection,
//! `trouble` says what an error means.
//!
//! **Not here:** rules of dispatch, and any second connection that writes.

mod errand;
mod lookup;
mod open;
mod options;
mod recovery;
mod script;
mod session;
mod settings;
mod trouble;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use sqlx::PgPool;
use tiande_actors::ports::journal::{
    Append, AppendFault, Appended, Delivery, Journal, OpenAlarm, OpenWork, ReadFault, Remembered,
    SetClock, Stored,
};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::{Snapshot, StreamId, Subject};
use tokio::runtime::Handle;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use self::session::Session;
use self::writer::{Signed, Writer};
use super::checkpoint::CheckpointWriter;
use super::job::{Closure, Errand, Job, Mark, StoreFault, Waiting};
use super::plan::Base;
use super::prepared::Prepared;
use super::reader;
use super::seal::SubjectKeys;
use super::snapshots::{self, SnapshotKey};
use super::sql::{Conn, PgReaders, Readers};
use super::sqlite::{ERRANDS_MAX, Gauges, OpenFault, OpenOptions, QUEUE_MAX, lock_folder};
use crate::fault;
use crate::keys::MasterKey;

pub use self::options::PostgresOptions;

/// Threads of the readers' runtime. The writer has one of its own beside it: the thread that waits for
/// the database's answer is the one that needs it, and no other has to be woken in between.
const READER_THREADS: usize = 1;

struct Inner {
    jobs: mpsc::Sender<Job>,
    errands: mpsc::Sender<Errand>,
    readers: PgReaders,
    keys: Arc<SubjectKeys>,
    master: Arc<MasterKey>,
    failed: watch::Receiver<bool>,
    refused: metrics::Counter,
    errands_refused: metrics::Counter,
    data_dir: PathBuf,
    epoch: u64,
    /// The database runs on another machine.
    elsewhere: bool,
}

/// The journal. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct PostgresJournal(Arc<Inner>);

impl fmt::Debug for PostgresJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresJournal")
            .field("data_dir", &self.0.data_dir)
            .finish_non_exhaustive()
    }
}

impl PostgresJournal {
    /// How often something was forgotten since the start.
    pub(super) fn forgettings(&self) -> u64 {
        self.0.keys.generation()
    }

    /// Opens or makes the journal of a database. Metrics go to the recorder installed before.
    ///
    /// # Errors
    /// [`OpenFault`]: the server cannot be reached or would lose data, another tiande works on it, a
    /// key is missing or wrong, the database is broken.
    pub async fn open(options: OpenOptions, place: PostgresOptions) -> Result<Self, OpenFault> {
        let data_dir = options.data_dir.clone();
        let (answer, opened) = oneshot::channel();
        let alone = move || {
            let runtimes = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(READER_THREADS)
                .thread_name("tiande-postgres")
                .enable_all()
                .build()
                .and_then(|readers| {
                    let own = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                    Ok((own, readers))
                });
            match runtimes {
                Ok((own, readers)) => {
                    crate::urgent::go_first(); // Not the readers: their threads are there already.
                    own.block_on(run(options, place, readers.handle().clone(), answer));
                }
                Err(source) => {
                    let path = options.data_dir;
                    drop(answer.send(Err(OpenFault::Folder { path, source })));
                }
            }
        };
        std::thread::Builder::new()
            .name("tiande-journal".to_owned())
            .spawn(alone)
            .map_err(|source| OpenFault::Folder { path: data_dir.clone(), source })?;
        let inner = opened.await.unwrap_or_else(|_died| {
            let source = std::io::Error::other("the store's thread died");
            Err(OpenFault::Folder { path: data_dir, source })
        })?;
        Ok(Self(Arc::new(inner)))
    }

    /// True when the database is on another machine, whose clock is not this one's.
    #[must_use]
    pub fn is_elsewhere(&self) -> bool {
        self.0.elsewhere
    }

    /// Turns true when the database did not come back or another server has taken it over. The server
    /// must exit then.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<bool> {
        self.0.failed.clone()
    }

    /// Does all that stands in the queues, signs the head, and unlocks database and folder.
    /// Everything that comes later is refused.
    pub async fn shutdown(&self) {
        let (answer, done) = oneshot::channel();
        if self.0.jobs.send(Job::Mark(Mark::Shutdown(answer))).await.is_ok() {
            // Without an answer the writer had failed, and has said so by itself.
            drop(done.await);
        }
    }

    /// Runs a transaction of another table through the one writer, between two groups of decisions.
    /// It is done whether or not the returned future is still polled.
    ///
    /// # Errors
    /// [`StoreFault`]; all but `Unknown` mean that nothing was written.
    pub async fn write<T, F>(&self, job: F) -> Result<T, StoreFault>
    where
        T: Send + 'static,
        F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send + 'static,
    {
        let (answer, done) = oneshot::channel();
        let job = Box::new(Closure { work: Some(job), result: None, answer });
        self.queue(Errand::Write(job))?;
        done.await.unwrap_or(Err(StoreFault::Unknown))
    }

    /// Destroys a subject's key: what was sealed under it reads as absent from now on, and the chain
    /// stays whole (I36). The wrapped key is gone from the table's pages when PostgreSQL has next
    /// vacuumed it; its logs and copies keep it until they are destroyed too.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn forget(&self, subject: Subject) -> Result<(), StoreFault> {
        let (answer, done) = oneshot::channel();
        self.queue(Errand::Forget(subject, answer))?;
        done.await.unwrap_or(Err(StoreFault::Unknown))
    }

    /// Puts an errand into its queue, or refuses it at once.
    fn queue(&self, errand: Errand) -> Result<(), StoreFault> {
        self.0.errands.try_send(errand).map_err(|_full_or_stopped| {
            self.0.errands_refused.increment(1);
            StoreFault::Unavailable
        })
    }

    /// Connections for reading; they cannot write.
    #[must_use]
    pub fn readers(&self) -> Readers {
        Readers::Postgres(self.0.readers.clone())
    }

    /// The master key, for the other stores beside the journal.
    #[must_use]
    pub fn master_key(&self) -> Arc<MasterKey> {
        Arc::clone(&self.0.master)
    }

    /// The data folder.
    #[must_use]
    pub fn data_dir(&self) -> &Path {
        &self.0.data_dir
    }

    /// This server's ownership epoch.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.0.epoch
    }
}

/// What the store's thread does: opens, answers, and writes to the end.
async fn run(
    options: OpenOptions,
    place: PostgresOptions,
    readers: Handle,
    answer: oneshot::Sender<Result<Inner, OpenFault>>,
) {
    let (writer, inner) = match start(options, place, readers).await {
        Ok(started) => started,
        Err(fault) => {
            drop(answer.send(Err(fault)));
            return;
        }
    };
    let failed = writer.failed.clone();
    drop(answer.send(Ok(inner)));
    let run = std::panic::AssertUnwindSafe(writer.run()).catch_unwind();
    if run.await.is_err() {
        tracing::error!("the journal's writer died");
        failed.send_replace(true);
    }
}

async fn start(
    options: OpenOptions,
    place: PostgresOptions,
    readers: Handle,
) -> Result<(Writer, Inner), OpenFault> {
    let OpenOptions { data_dir, hash_alg, clock, randomness } = options;
    let lock = lock_folder(&data_dir)?;
    let mut session = Session::open(&place, None).await?;
    open::migrate(&mut session.conn).await?;
    let master = open::master_key(&mut session.conn, &data_dir).await?;
    let signer = CheckpointWriter::open(&data_dir)?;
    let start = open::take_ownership(&mut session.conn, &master, hash_alg, clock.now()).await?;
    session.make_ready().await?;
    // A pool's sockets, and what tends them, live where it was made.
    let options = place.clone();
    let pool = readers.spawn(async move { open::reader_pool(&options).await }).await;
    let pool: PgPool = pool.unwrap_or_else(|_died| {
        let source = sqlx::Error::PoolClosed;
        Err(OpenFault::Database { what: "open for reading", source })
    })?;
    let keys = Arc::new(SubjectKeys::new(&master, randomness));
    let (jobs, queue) = mpsc::channel(QUEUE_MAX);
    let (errands, waiting_errands) = mpsc::channel(ERRANDS_MAX);
    let (failed_tx, failed) = watch::channel(false);
    let gauges = Gauges::new();
    let inner = Inner {
        jobs,
        errands,
        readers: PgReaders { pool: pool.clone(), runtime: readers },
        keys: Arc::clone(&keys),
        master: Arc::new(master),
        failed,
        refused: gauges.refused.clone(),
        errands_refused: gauges.errands_refused.clone(),
        data_dir,
        epoch: start.epoch,
        elsewhere: !place.is_here(),
    };
    let writer = Writer {
        session,
        options: place,
        base: Base::new(start.epoch, start.hash_alg, start.head, start.commitments, keys),
        commits: 0,
        lost: None,
        jobs: queue,
        errands: waiting_errands,
        readers: pool,
        signer,
        clock,
        failed: failed_tx,
        gauges,
        signed: Signed::nothing(),
        marks: Vec::new(),
        stopped: None,
        lock,
    };
    Ok((writer, inner))
}

/// One connection that only reads, for `journal verify`.
///
/// # Errors
/// [`OpenFault`].
pub(in crate::journal) async fn verifying_pool(
    place: &PostgresOptions,
) -> Result<PgPool, OpenFault> {
    open::readers(place, 1).await
}

impl Journal for PostgresJournal {
    /// The decision is queued by the call itself: dropping the future takes nothing back.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendFault>> {
        let (answer, done) = oneshot::channel();
        let decision = Prepared::new(append);
        match self.0.jobs.try_send(Job::Append(Box::new(Waiting { decision, answer }))) {
            Ok(()) => async move { done.await.unwrap_or(Err(AppendFault::Unknown)) }.boxed(),
            Err(TrySendError::Full(_) | TrySendError::Closed(_)) => {
                self.0.refused.increment(1);
                async { Err(AppendFault::Unavailable) }.boxed()
            }
        }
    }

    fn settled(&self) -> BoxFuture<'static, ()> {
        let jobs = self.0.jobs.clone();
        async move {
            let (answer, settled) = oneshot::channel();
            // A writer that has stopped has ended all there was.
            if jobs.send(Job::Mark(Mark::Settled(answer))).await.is_ok() {
                settled.await.unwrap_or_default();
            }
        }
        .boxed()
    }

    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>> {
        reader::read_stream(self.readers(), Arc::clone(&self.0.keys), stream).boxed()
    }

    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>> {
        let (keys, key) = (Arc::clone(&self.0.keys), SnapshotKey::of(&self.0.master));
        snapshots::recall(self.readers(), keys, key, streams).boxed()
    }

    fn keep(&self, snapshots: Vec<(StreamId, Snapshot)>) -> BoxFuture<'static, ()> {
        let (journal, key) = (self.clone(), SnapshotKey::of(&self.0.master));
        let write = move |statement| {
            let journal = journal.clone();
            async move {
                let insert = journal.write(|mut conn| {
                    Box::pin(async move {
                        let kept = conn.execute(statement).await?;
                        fault::point("snapshot.mid_write");
                        Ok(kept)
                    })
                });
                insert.await
            }
        };
        snapshots::keep(self.readers(), key, snapshots, write).boxed()
    }

    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>> {
        reader::case_numbered(self.readers(), court, number).boxed()
    }

    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>> {
        reader::first_clocks(self.readers(), court, most).boxed()
    }

    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>> {
        reader::outdated_cases(self.readers(), court, calendar, most).boxed()
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        reader::open_work(self.readers(), court).boxed()
    }

    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>> {
        reader::open_alarms(self.readers(), court).boxed()
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        reader::delivery(self.readers(), source, webhook_id).boxed()
    }
}
