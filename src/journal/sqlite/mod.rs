//! The journal in one SQLite file: one writer with group commit, several readers.
//!
//! [`SqliteJournal::open`] takes the data folder for itself and starts the writer on its own thread;
//! [`SqliteJournal::shutdown`] ends it in order. Whoever holds the server together watches
//! [`SqliteJournal::failed`] and exits when it turns true.
//!
//! **Not here:** rules of dispatch, and any second connection that writes.

mod errand;
mod lookup;
mod open;
mod script;
mod trouble;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use sqlx::SqlitePool;
use tiande_actors::ports::clock::Clock;
use tiande_actors::ports::journal::{
    Append, AppendFault, Appended, Delivery, DeliveryKeys, Journal, OpenAlarm, OpenWork, ReadFault,
    Remembered, SetClock, Stored,
};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::{Snapshot, StreamId, Subject};
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::{mpsc, oneshot, watch};

use self::job::{Closure, Errand, Job, Mark, StoreFault, Waiting};
use self::plan::Base;
use self::prepared::Prepared;
use self::writer::{Tidy, Writer};
use super::checkpoint::CheckpointWriter;
use super::envelope::HashAlg;
use super::seal::{Randomness, SubjectKeys};
use super::snapshots::{self, SnapshotKey};
use super::sql::{Conn, Readers};
use super::{job, plan, prepared, reader, stopwatch};
use crate::fault;
use crate::keys::MasterKey;

pub use self::open::OpenFault;
pub(in crate::journal) use self::open::{DATABASE, Start, lock_folder, readers};
pub(in crate::journal) use self::writer::{GROUP_MAX, Gauges};

/// Decisions that may wait for the writer: at 512 a group and one fsync each, 8 groups, which at
/// 20 ms each (a slow disk) is a sixth of a second. Who comes later is better refused early.
pub(in crate::journal) const QUEUE_MAX: usize = 4_096;
/// Errands that may wait: a shift's worth of people who sign in at once. One is done between two
/// groups of decisions, each with an fsync of its own, so on a slow disk (20 ms a full group) under
/// full load the last one waits about six seconds.
pub(in crate::journal) const ERRANDS_MAX: usize = 256;

/// How to open the journal.
#[derive(Clone)]
pub struct OpenOptions {
    /// Folder of the database, the keys and the checkpoints; made when missing.
    pub data_dir: PathBuf,
    /// Hash function for a database that is made now; an older one keeps its own.
    pub hash_alg: HashAlg,
    /// Wall time for epochs and checkpoints.
    pub clock: Arc<dyn Clock>,
    /// Where keys and nonces of sealed parts come from; only a test has another than the default.
    pub randomness: Randomness,
}

impl OpenOptions {
    /// Options for a data folder; an unknown hash name means the default, SHA-256.
    #[must_use]
    pub fn new(data_dir: PathBuf, hash_alg: &str, clock: Arc<dyn Clock>) -> Self {
        let hash_alg = HashAlg::from_name(hash_alg).unwrap_or_default();
        Self { data_dir, hash_alg, clock, randomness: Randomness::default() }
    }
}

struct Inner {
    jobs: mpsc::Sender<Job>,
    errands: mpsc::Sender<Errand>,
    readers: SqlitePool,
    keys: Arc<SubjectKeys>,
    master: Arc<MasterKey>,
    failed: watch::Receiver<bool>,
    refused: metrics::Counter,
    errands_refused: metrics::Counter,
    data_dir: PathBuf,
    epoch: u64,
}

/// The journal. Cheap to clone; all clones are one.
#[derive(Clone)]
pub struct SqliteJournal(Arc<Inner>);

impl fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteJournal").field("data_dir", &self.0.data_dir).finish_non_exhaustive()
    }
}

impl SqliteJournal {
    /// How often something was forgotten since the start.
    pub(super) fn forgettings(&self) -> u64 {
        self.0.keys.generation()
    }

    /// Opens or makes the journal of a data folder. Metrics go to the recorder installed before.
    ///
    /// # Errors
    /// [`OpenFault`]: another server works there, a key is missing or wrong, the database is broken.
    pub async fn open(options: OpenOptions) -> Result<Self, OpenFault> {
        let OpenOptions { data_dir, hash_alg, clock, randomness } = options;
        let lock = open::lock_folder(&data_dir)?;
        let master = open::master_key(&data_dir)?;
        let signer = CheckpointWriter::open(&data_dir)?;
        let conn = open::migrate(&data_dir, open::writer_connection).await?;
        let start = open::take_ownership(&conn, &master, hash_alg, clock.now())?;
        open::hook_faults(&conn)?;
        let readers = open::reader_pool(&data_dir).await?;
        let keys = Arc::new(SubjectKeys::new(&master, randomness));
        let (jobs, queue) = mpsc::channel(QUEUE_MAX);
        let (errands, waiting_errands) = mpsc::channel(ERRANDS_MAX);
        let (failed_tx, failed) = watch::channel(false);
        let gauges = Gauges::new();
        let inner = Inner {
            jobs,
            errands,
            readers: readers.clone(),
            keys: Arc::clone(&keys),
            master: Arc::new(master),
            failed,
            refused: gauges.refused.clone(),
            errands_refused: gauges.errands_refused.clone(),
            data_dir: data_dir.clone(),
            epoch: start.epoch,
        };
        let base = Base::new(start.epoch, start.hash_alg, start.head, start.commitments, keys);
        let tidy = Tidy::new(start.head.0);
        let writer = Writer {
            conn,
            base,
            jobs: queue,
            errands: waiting_errands,
            readers,
            signer,
            clock,
            failed: failed_tx,
            gauges,
            tidy,
            lock,
        };
        run_alone(writer).map_err(|source| OpenFault::Folder { path: data_dir, source })?;
        Ok(Self(Arc::new(inner)))
    }

    /// Turns true when the database has failed in a way that nothing may be built on. The server
    /// must exit then; its next start reads what is really on the disk.
    #[must_use]
    pub fn failed(&self) -> watch::Receiver<bool> {
        self.0.failed.clone()
    }

    /// True when the database has failed; see [`Self::failed`].
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        *self.0.failed.borrow()
    }

    /// Does all that stands in the queues, signs the head, empties the log and unlocks the folder.
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
    /// stays whole (I36). Copies of the database keep the key until they are destroyed too.
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
    pub fn readers(&self) -> &SqlitePool {
        &self.0.readers
    }

    fn reading(&self) -> Readers {
        Readers::Sqlite(self.0.readers.clone())
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

/// Starts the writer on a thread of its own.
fn run_alone(writer: Writer) -> std::io::Result<()> {
    let failed = writer.failed.clone();
    let alone = move || {
        crate::urgent::go_first();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let ran = runtime.map(|runtime| {
            let run = std::panic::AssertUnwindSafe(writer.run()).catch_unwind();
            runtime.block_on(run)
        });
        if !matches!(ran, Ok(Ok(()))) {
            tracing::error!("the journal's writer died");
            failed.send_replace(true);
        }
    };
    std::thread::Builder::new().name("tiande-journal".to_owned()).spawn(alone).map(drop)
}

impl Journal for SqliteJournal {
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
        reader::read_stream(self.reading(), Arc::clone(&self.0.keys), stream).boxed()
    }

    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>> {
        let (keys, key) = (Arc::clone(&self.0.keys), SnapshotKey::of(&self.0.master));
        snapshots::recall(self.reading(), keys, key, streams).boxed()
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
        snapshots::keep(self.reading(), key, snapshots, write).boxed()
    }

    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>> {
        reader::case_numbered(self.reading(), court, number).boxed()
    }

    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>> {
        reader::first_clocks(self.reading(), court, most).boxed()
    }

    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>> {
        reader::outdated_cases(self.reading(), court, calendar, most).boxed()
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        reader::open_work(self.reading(), court).boxed()
    }

    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>> {
        reader::open_alarms(self.reading(), court).boxed()
    }

    fn deliveries(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Option<DeliveryKeys>, ReadFault>> {
        reader::deliveries(self.reading(), court, most).boxed()
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        reader::delivery(self.reading(), source, webhook_id).boxed()
    }
}
