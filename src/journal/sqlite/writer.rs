//! The one task that writes: takes what stands in the queue, makes it durable together, answers.
//!
//! It owns the only connection that writes or checkpoints, and a thread of its own, so that no
//! runtime's end can cut a transaction in half. A failed fsync is the end of it: everything after is
//! refused, and the server is told to exit (I27).
//!
//! Decisions and errands stand in queues of their own. Decisions come first, and one errand gets its
//! turn after each group: so errands can neither fill the decisions' queue nor break up its groups,
//! and no storm of decisions starves them.
//!
//! **Not here:** what a group writes (`plan`), how it looks in SQL (`script`), errands (`errand`).

use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use sqlx::SqlitePool;
use tiande_actors::ports::clock::Clock;
use tiande_actors::ports::journal::{AppendFault, Appended};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::job::{Errand, Job, Mark, Waiting};
use super::lookup::look_up;
use super::plan::{Base, Plan};
use super::script;
use super::stopwatch::Stopwatch;
use super::trouble::{Trouble, append_fault};
use crate::fault;
use crate::journal::checkpoint::{Checkpoint, CheckpointWriter};
use crate::journal::sql::as_sqlx;

/// Decisions in one transaction. They share its fsync, and each page that several of them change is
/// written once.
pub const GROUP_MAX: usize = 512;
/// Without a new job for so long the writer is idle and tidies up.
const IDLE: Duration = Duration::from_millis(200);
/// A changed head is signed at least that often.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// A head is signed after so many records too.
const SIGN_RECORDS: u64 = 1_000;
/// Pages in the write-ahead log at which an idle writer checkpoints: 4 MiB.
const WAL_PAGES_IDLE: u64 = 1_000;
/// Pages at which even a busy one does: 64 MiB, a pause every few thousand groups.
const WAL_PAGES_BUSY: u64 = 4_000;
/// Records between two looks at the log's size while busy.
const WAL_LOOK_RECORDS: u64 = 4_096;
/// Groups between two looks at the log's size while busy.
const WAL_LOOK_GROUPS: u64 = 512;

/// What the writer shows of itself.
pub struct Gauges {
    pub queue: metrics::Gauge,
    pub group: metrics::Histogram,
    pub commit: metrics::Histogram,
    pub refused: metrics::Counter,
    pub errands: metrics::Gauge,
    pub errands_refused: metrics::Counter,
}

impl Gauges {
    pub fn new() -> Self {
        Self {
            queue: metrics::gauge!("tiande_journal_queue"),
            group: metrics::histogram!("tiande_journal_group_decisions"),
            commit: metrics::histogram!("tiande_journal_commit_seconds"),
            refused: metrics::counter!("tiande_journal_refused_total"),
            errands: metrics::gauge!("tiande_journal_errands"),
            errands_refused: metrics::counter!("tiande_journal_errands_refused_total"),
        }
    }
}

/// What the writer does next.
enum Next {
    Job(Job),
    Errand(Errand),
    /// Nothing came for a while.
    Nothing,
    /// Nothing will come any more.
    End,
}

/// A queue's length for a gauge.
pub fn length(queue: usize) -> f64 {
    f64::from(u32::try_from(queue).unwrap_or(u32::MAX))
}

/// The task's state.
pub struct Writer {
    pub conn: Connection,
    pub base: Base,
    pub jobs: mpsc::Receiver<Job>,
    pub errands: mpsc::Receiver<Errand>,
    pub readers: SqlitePool,
    pub signer: CheckpointWriter,
    pub clock: Arc<dyn Clock>,
    pub failed: watch::Sender<bool>,
    pub gauges: Gauges,
    pub tidy: Tidy,
    /// Keeps the data folder locked as long as anything may be written to it.
    pub lock: std::fs::File,
}

/// What is to be tidied up.
pub struct Tidy {
    pub signed_position: u64,
    pub since_signed: Stopwatch,
    pub looked_position: u64,
    pub groups: u64,
    pub dirty: bool,
}

impl Tidy {
    pub fn new(position: u64) -> Self {
        Self {
            // A server that was killed has signed its head or has not: it is signed in its turn, also
            // when nothing new comes.
            signed_position: 0,
            since_signed: Stopwatch::start(),
            looked_position: position,
            groups: 0,
            dirty: false,
        }
    }
}

impl Writer {
    /// Works until the queue is closed and empty, or until the database fails.
    pub async fn run(mut self) {
        match self.serve().await {
            Ok(stopped) => self.finish(stopped).await,
            Err(trouble) => self.fail(&trouble),
        }
    }

    async fn serve(&mut self) -> Result<Option<oneshot::Sender<()>>, Trouble> {
        let mut stopped = None;
        loop {
            match self.next().await {
                Next::Job(Job::Append(first)) => {
                    let mut group = Vec::with_capacity(8);
                    group.push(*first);
                    let mut mark = None;
                    while group.len() < GROUP_MAX && mark.is_none() {
                        match self.jobs.try_recv() {
                            Ok(Job::Append(waiting)) => group.push(*waiting),
                            Ok(Job::Mark(reached)) => mark = Some(reached),
                            Err(_empty) => break,
                        }
                    }
                    self.gauges.queue.set(length(self.jobs.len()));
                    self.group(group)?;
                    if let Some(mark) = mark {
                        stopped = self.reach(mark).or(stopped);
                    }
                    // However many decisions wait: one errand gets its turn after each group.
                    if let Ok(errand) = self.errands.try_recv() {
                        self.run_errand(errand).await?;
                    }
                }
                Next::Job(Job::Mark(mark)) => stopped = self.reach(mark).or(stopped),
                Next::Errand(errand) => self.run_errand(errand).await?,
                Next::Nothing => {
                    self.tidy_up(true)?;
                    continue;
                }
                Next::End => return Ok(stopped),
            }
            self.tidy_up(false)?;
        }
    }

    /// What to do next: a decision if one waits, else an errand. `End` when both queues are closed
    /// and empty.
    async fn next(&mut self) -> Next {
        let patience = self.patience();
        let either = async {
            tokio::select! {
                biased;
                Some(job) = self.jobs.recv() => Next::Job(job),
                Some(errand) = self.errands.recv() => Next::Errand(errand),
                else => Next::End,
            }
        };
        timeout(patience, either).await.unwrap_or(Next::Nothing)
    }

    /// Does what a mark asks for: all decisions that stood before it have ended. For a shutdown
    /// nothing more is taken in; what stands in the queues is still done, and then this is answered.
    fn reach(&mut self, mark: Mark) -> Option<oneshot::Sender<()>> {
        match mark {
            Mark::Settled(answer) => {
                // Whoever asked may have gone.
                answer.send(()).unwrap_or_default();
                None
            }
            Mark::Shutdown(answer) => {
                self.jobs.close();
                self.errands.close();
                Some(answer)
            }
        }
    }

    fn patience(&self) -> Duration {
        if self.tidy.dirty { IDLE } else { SIGN_EVERY }
    }

    /// Makes a group durable and answers each of it.
    fn group(&mut self, mut group: Vec<Waiting>) -> Result<(), Trouble> {
        let size = u32::try_from(group.len()).unwrap_or(u32::MAX);
        self.gauges.group.record(f64::from(size));
        match self.commit(&group, false) {
            Ok(ends) => {
                fault::point("journal.after_commit");
                answer_all(group, ends);
                fault::point("journal.after_ack");
            }
            // Somebody in the group is wrong about what is new. Each alone, with everything looked up.
            Err(Trouble::Constraint(_)) => {
                while !group.is_empty() {
                    let rest = group.split_off(1);
                    match self.commit(&group, true) {
                        Ok(ends) => answer_all(group, ends),
                        Err(fatal @ Trouble::Fatal(_)) => {
                            answer_all_with(group, &AppendFault::Unknown);
                            answer_all_with(rest, &AppendFault::Unavailable);
                            return Err(fatal);
                        }
                        Err(trouble) => answer_all_with(group, &append_fault(&trouble)),
                    }
                    group = rest;
                }
            }
            Err(fatal @ Trouble::Fatal(_)) => {
                answer_all_with(group, &AppendFault::Unknown);
                return Err(fatal);
            }
            Err(trouble) => answer_all_with(group, &append_fault(&trouble)),
        }
        Ok(())
    }

    /// Plans the group, runs it as one transaction and says how each ended. On an error nothing of it
    /// is written, except that `Fatal` cannot tell.
    fn commit(
        &mut self,
        group: &[Waiting],
        exact: bool,
    ) -> Result<Vec<Result<u64, AppendFault>>, Trouble> {
        let decisions = group.iter().map(|waiting| &waiting.decision);
        let known = look_up(&self.conn, &mut self.base, decisions.clone(), exact)?;
        let mut plan = Plan::new(&self.base);
        let ends: Vec<_> =
            decisions.map(|decision| plan.add(&mut self.base, &known, decision)).collect();
        if !plan.is_empty() {
            let watch = Stopwatch::start();
            let (epoch, hash_alg) = (self.base.epoch, self.base.hash_alg);
            if let Err(error) = script::run(&self.conn, &plan, epoch, hash_alg) {
                let trouble = Trouble::from(error);
                match trouble {
                    // Nothing more may be asked of a database that has failed.
                    Trouble::Fatal(_) | Trouble::Busy => {}
                    Trouble::Constraint(_) | Trouble::Full => self.roll_back()?,
                }
                return Err(trouble);
            }
            self.gauges.commit.record(watch.elapsed().as_secs_f64());
            self.base.absorb(plan);
            self.tidy.groups += 1;
            self.tidy.dirty = true;
        }
        Ok(ends)
    }

    /// Ends a failed transaction, unless SQLite has ended it by itself.
    pub(super) fn roll_back(&self) -> Result<(), Trouble> {
        if self.conn.is_autocommit() {
            return Ok(());
        }
        let rolled = self.conn.execute("ROLLBACK", []);
        rolled.map(drop).map_err(|error| Trouble::Fatal(as_sqlx(error)))
    }

    /// Checkpoints the log and signs the head, when it is time.
    fn tidy_up(&mut self, idle: bool) -> Result<(), Trouble> {
        let position = self.base.position;
        let unsigned = position - self.tidy.signed_position;
        let late = self.tidy.since_signed.elapsed() >= SIGN_EVERY;
        if unsigned >= fault::number("journal.sign_records", SIGN_RECORDS) || (unsigned > 0 && late)
        {
            // By count it need not be on the disk at once: it proves, it does not keep.
            self.sign(late);
        }
        let look = position - self.tidy.looked_position >= WAL_LOOK_RECORDS
            || self.tidy.groups >= fault::number("journal.wal_look_groups", WAL_LOOK_GROUPS);
        if look || (idle && self.tidy.dirty) {
            self.tidy.looked_position = position;
            self.tidy.groups = 0;
            self.tidy.dirty = !idle;
            let limit = if idle { WAL_PAGES_IDLE } else { WAL_PAGES_BUSY };
            let limit = fault::number("journal.wal_pages", limit);
            let pages = self.checkpoint_wal("PRAGMA wal_checkpoint(NOOP)")?;
            if u64::try_from(pages).unwrap_or(0) >= limit {
                let _during = fault::during("journal.mid_wal_checkpoint");
                self.checkpoint_wal("PRAGMA wal_checkpoint(PASSIVE)")?;
            }
        }
        Ok(())
    }

    /// Runs one of the checkpoint pragmas; returns the pages that the log holds.
    pub(super) fn checkpoint_wal(&mut self, pragma: &'static str) -> Result<i64, Trouble> {
        match self.conn.query_row(pragma, [], |row| row.get(1)) {
            Ok(pages) => Ok(pages),
            Err(error) => match Trouble::from(error) {
                fatal @ Trouble::Fatal(_) => Err(fatal),
                // The log stays as long as it is; the next look tries again.
                Trouble::Full | Trouble::Busy | Trouble::Constraint(_) => Ok(0),
            },
        }
    }

    fn sign(&mut self, durable: bool) {
        let checkpoint = Checkpoint {
            position: self.base.position,
            hash: self.base.hash,
            hash_alg: self.base.hash_alg,
            at_ms: self.clock.now().0,
            epoch: self.base.epoch,
        };
        if let Err(error) = self.signer.append(&checkpoint, durable) {
            // The journal is whole without it; the next one is tried in its turn.
            tracing::error!(%error, "cannot write a signed checkpoint");
        }
        self.tidy.signed_position = self.base.position;
        self.tidy.since_signed = Stopwatch::start();
    }

    /// The end in order: last checkpoint signed, log emptied, folder unlocked.
    async fn finish(mut self, stopped: Option<oneshot::Sender<()>>) {
        if self.base.position > self.tidy.signed_position {
            self.sign(true);
        }
        self.readers.close().await;
        if let Err(error) = self.checkpoint_wal("PRAGMA wal_checkpoint(TRUNCATE)") {
            tracing::error!(%error, "cannot empty the write-ahead log");
        }
        if let Err((_conn, error)) = self.conn.close() {
            tracing::error!(%error, "cannot close the journal");
        }
        drop(self.lock);
        if let Some(stopped) = stopped {
            // Whoever asked may have gone.
            let _gone = stopped.send(());
        }
    }

    /// The end in disorder: refuse everything, tell the server, touch nothing any more.
    fn fail(mut self, trouble: &Trouble) {
        let source = std::error::Error::source(trouble).map(ToString::to_string);
        tracing::error!(%trouble, source, "the journal has failed and stops");
        // Before anybody is refused, so that who is refused can already see why.
        self.failed.send_replace(true);
        self.jobs.close();
        while let Ok(job) = self.jobs.try_recv() {
            refuse(job);
        }
        self.errands.close();
        while let Ok(errand) = self.errands.try_recv() {
            errand.refuse();
        }
        // Closing would checkpoint: pages of which the system does not know whether they are on the
        // disk would be copied into the database. The next start reads the log from the disk instead.
        std::mem::forget(self.conn);
        std::mem::forget(self.lock);
    }
}

fn answer_all(group: Vec<Waiting>, ends: Vec<Result<u64, AppendFault>>) {
    for (waiting, end) in group.into_iter().zip(ends) {
        // Whoever asked may have gone; the decision stands all the same.
        drop(waiting.answer.send(end.map(|position| Appended { position })));
    }
}

fn answer_all_with(group: Vec<Waiting>, fault: &AppendFault) {
    for waiting in group {
        drop(waiting.answer.send(Err(fault.clone())));
    }
}

fn refuse(job: Job) {
    match job {
        Job::Append(waiting) => drop(waiting.answer.send(Err(AppendFault::Unavailable))),
        Job::Mark(Mark::Settled(answer) | Mark::Shutdown(answer)) => {
            answer.send(()).unwrap_or_default();
        }
    }
}
