//! The one task that writes: takes what stands in the queues, makes it durable together, answers.
//!
//! A group is one call and one transaction. Should the connection be lost, the writer comes back
//! within [`COME_BACK_LIMIT`] and reads from `owner` whether its last transaction was committed; a
//! group that was not is written again, and nobody need hear of it. Meanwhile everything new is
//! refused at once. When it does not come back, or another server has taken over, it ends and the
//! server exits, as with a failed disk (I27).
//!
//! **Not here:** what a group writes (`plan`), its statements (`append.sql`), errands (`errand`).

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection as _, PgPool};
use tiande_actors::ports::clock::Clock;
use tiande_actors::ports::journal::{AppendFault, Appended};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::timeout;

use super::lookup::look_up;
use super::options::PostgresOptions;
use super::script::{self, CALL, signed};
use super::session::Session;
use super::trouble::Trouble;
use crate::fault;
use crate::journal::checkpoint::{Checkpoint, CheckpointWriter};
use crate::journal::job::{Errand, Job, Mark, Waiting};
use crate::journal::plan::{Base, Known, Plan};
use crate::journal::sqlite::{GROUP_MAX, Gauges};
use crate::journal::stopwatch::Stopwatch;

/// Without a job for so long the writer looks whether it is still the owner.
const LOOK_EVERY: Duration = Duration::from_secs(2);
/// A changed head is signed at least that often.
const SIGN_EVERY: Duration = Duration::from_secs(60);
/// A head is signed after so many records too.
const SIGN_RECORDS: u64 = 1_000;
/// A transaction that has no answer after so long is one whose connection is lost. Statements end by
/// themselves after 2 s; the rest is for the commit, whose fsync has no limit.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);
/// Tries of one group, when the connection is lost again and again.
pub(super) const TRIES_MAX: u32 = 3;

/// The task's state.
pub struct Writer {
    pub session: Session,
    pub options: PostgresOptions,
    pub base: Base,
    /// Transactions of this epoch that are known to be committed.
    pub commits: i64,
    /// Since when there was no commit because the connection was lost.
    pub lost: Option<Stopwatch>,
    pub jobs: mpsc::Receiver<Job>,
    pub errands: mpsc::Receiver<Errand>,
    pub readers: PgPool,
    pub signer: CheckpointWriter,
    pub clock: Arc<dyn Clock>,
    pub failed: watch::Sender<bool>,
    pub gauges: Gauges,
    pub signed: Signed,
    /// Marks that were reached while a decision was still under way.
    pub marks: Vec<Mark>,
    /// Whoever asked for the end.
    pub stopped: Option<oneshot::Sender<()>>,
    /// Keeps the data folder locked as long as anything may be written to it.
    pub lock: std::fs::File,
}

/// What was signed last.
pub struct Signed {
    position: u64,
    since: Stopwatch,
}

impl Signed {
    /// Nothing by this server yet: whoever was killed has signed its head or has not.
    pub fn nothing() -> Self {
        Self { position: 0, since: Stopwatch::start() }
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

impl Writer {
    /// Works until the queues are closed and empty, or until the database fails.
    pub async fn run(mut self) {
        match self.serve().await {
            Ok(()) => self.finish().await,
            Err(trouble) => self.fail(&trouble),
        }
    }

    async fn serve(&mut self) -> Result<(), Trouble> {
        loop {
            match self.next().await {
                Next::Job(Job::Append(first)) => {
                    let mut group = Vec::with_capacity(8);
                    group.push(*first);
                    while group.len() < GROUP_MAX && self.marks.is_empty() {
                        match self.jobs.try_recv() {
                            Ok(Job::Append(waiting)) => group.push(*waiting),
                            Ok(Job::Mark(mark)) => self.marks.push(mark),
                            Err(_empty) => break,
                        }
                    }
                    let waiting = u32::try_from(self.jobs.len()).unwrap_or(u32::MAX);
                    self.gauges.queue.set(f64::from(waiting));
                    self.group(group).await?;
                    self.reach_marks();
                    // However many decisions wait: one errand gets its turn after each group.
                    if let Ok(errand) = self.errands.try_recv() {
                        self.run_errand(errand).await?;
                    }
                }
                Next::Job(Job::Mark(mark)) => self.marks.push(mark),
                Next::Errand(errand) => self.run_errand(errand).await?,
                Next::Nothing => self.look_at_owner().await?,
                Next::End => return Ok(()),
            }
            self.reach_marks();
            self.sign_in_turn();
        }
    }

    /// What to do next: a decision if one waits, else an errand.
    async fn next(&mut self) -> Next {
        let either = async {
            tokio::select! {
                biased;
                Some(job) = self.jobs.recv() => Next::Job(job),
                Some(errand) = self.errands.recv() => Next::Errand(errand),
                else => Next::End,
            }
        };
        timeout(LOOK_EVERY, either).await.unwrap_or(Next::Nothing)
    }

    /// Does what the marks ask for: all decisions that stood before them have ended. For a shutdown
    /// nothing more is taken in; what stands in the queues is still done, and then this is answered.
    fn reach_marks(&mut self) {
        for mark in std::mem::take(&mut self.marks) {
            match mark {
                // Whoever asked may have gone.
                Mark::Settled(answer) => answer.send(()).unwrap_or_default(),
                Mark::Shutdown(answer) => {
                    self.jobs.close();
                    self.errands.close();
                    self.stopped = Some(answer);
                }
            }
        }
    }

    /// Makes a group durable and answers each of it.
    async fn group(&mut self, mut group: Vec<Waiting>) -> Result<(), Trouble> {
        let size = u32::try_from(group.len()).unwrap_or(u32::MAX);
        self.gauges.group.record(f64::from(size));
        match self.commit(&group, false).await {
            Ok(ends) => {
                fault::point("journal.after_commit");
                answer_all(group, ends);
                fault::point("journal.after_ack");
            }
            // Somebody in the group is wrong about what is new. Each alone, with everything looked up.
            Err(Trouble::Constraint { .. }) => {
                while !group.is_empty() {
                    let rest = group.split_off(1);
                    match self.commit(&group, true).await {
                        Ok(ends) => answer_all(group, ends),
                        Err(trouble) => {
                            self.tell_if_the_end(&trouble);
                            answer_all_with(group, &trouble.append_fault());
                            if trouble.is_the_end() {
                                answer_all_with(rest, &AppendFault::Unavailable);
                                return Err(trouble);
                            }
                        }
                    }
                    group = rest;
                }
            }
            Err(trouble) => {
                self.tell_if_the_end(&trouble);
                answer_all_with(group, &trouble.append_fault());
                if trouble.is_the_end() {
                    return Err(trouble);
                }
            }
        }
        Ok(())
    }

    /// Counts a transaction that is known to be committed: whatever outage there was is over.
    pub(super) fn has_committed(&mut self) {
        self.commits += 1;
        self.lost = None;
    }

    /// Before anybody is refused, so that who is refused can already see why.
    pub(super) fn tell_if_the_end(&self, trouble: &Trouble) {
        if trouble.is_the_end() {
            self.failed.send_replace(true);
        }
    }

    /// Plans the group, runs it as one transaction and says how each ended. On an error nothing of it
    /// is written, unless the error says that this is in doubt.
    async fn commit(
        &mut self,
        group: &[Waiting],
        exact: bool,
    ) -> Result<Vec<Result<u64, AppendFault>>, Trouble> {
        let decisions = || group.iter().map(|waiting| &waiting.decision);
        for _ in 0..TRIES_MAX {
            let conn = &mut self.session.conn;
            let asked = look_up(conn, &mut self.base, decisions(), exact);
            let known: Known = match within(asked).await {
                Ok(known) => known,
                Err(Trouble::Lost(error)) => {
                    // Nothing was being written.
                    self.come_back(error, false).await?;
                    continue;
                }
                Err(trouble) => return Err(trouble),
            };
            let mut plan = Plan::new(&self.base);
            let ends: Vec<_> =
                decisions().map(|decision| plan.add(&mut self.base, &known, decision)).collect();
            if plan.is_empty() {
                return Ok(ends);
            }
            match self.append(&plan).await {
                Ok(()) => {}
                Err(Trouble::Lost(error)) => {
                    if !self.come_back(error, true).await?.is_committed(Some(plan.head()))? {
                        continue;
                    }
                }
                Err(trouble) => return Err(trouble),
            }
            self.has_committed();
            self.base.absorb(plan);
            return Ok(ends);
        }
        Err(Trouble::Busy(sqlx::Error::WorkerCrashed))
    }

    async fn append(&mut self, plan: &Plan) -> Result<(), Trouble> {
        let (epoch, hash_alg) = (self.base.epoch, self.base.hash_alg);
        let values = script::values(plan, epoch, self.commits + 1, hash_alg);
        let values = values.map_err(sqlx::Error::Encode).map_err(|error| Trouble::Fatal {
            why: "a decision cannot be sent",
            in_doubt: false,
            source: Some(error),
        })?;
        fault::point("journal.before_commit");
        // The group is one call: whoever dies during it does not know how it ends.
        let _during = fault::during("journal.mid_group");
        let watch = Stopwatch::start();
        within(sqlx::query_with(CALL, values).execute(&mut self.session.conn)).await?;
        self.gauges.commit.record(watch.elapsed().as_secs_f64());
        Ok(())
    }

    /// Looks whether this server is still the owner, and whether the database is still there.
    async fn look_at_owner(&mut self) -> Result<(), Trouble> {
        // Primary key of `owner`.
        let query = sqlx::query_as("SELECT epoch FROM owner WHERE id = 1");
        let epoch: Result<(i64,), Trouble> = within(query.fetch_one(&mut self.session.conn)).await;
        match epoch {
            Ok((epoch,)) if epoch == signed(self.base.epoch) => {
                self.lost = None;
                Ok(())
            }
            Ok(_) => Err(Trouble::Replaced),
            Err(Trouble::Lost(error)) => self.come_back(error, false).await.map(drop),
            Err(Trouble::Busy(error)) => {
                tracing::warn!(%error, "the database is slow");
                Ok(())
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// Signs the head, when it is time.
    fn sign_in_turn(&mut self) {
        let unsigned = self.base.position - self.signed.position;
        let late = self.signed.since.elapsed() >= SIGN_EVERY;
        if unsigned >= fault::number("journal.sign_records", SIGN_RECORDS) || (unsigned > 0 && late)
        {
            // By count it need not be on the disk at once: it proves, it does not keep.
            self.sign(late);
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
        self.signed = Signed { position: self.base.position, since: Stopwatch::start() };
    }

    /// The end in order: last checkpoint signed, database and folder unlocked.
    async fn finish(mut self) {
        if self.base.position > self.signed.position {
            self.sign(true);
        }
        self.readers.close().await;
        if let Err(error) = self.session.conn.close().await {
            tracing::error!(%error, "cannot close the journal");
        }
        drop(self.lock);
        if let Some(stopped) = self.stopped {
            // Whoever asked may have gone.
            let _gone = stopped.send(());
        }
    }

    /// The end in disorder: refuse everything, tell the server.
    fn fail(mut self, trouble: &Trouble) {
        let source = std::error::Error::source(trouble).map(ToString::to_string);
        tracing::error!(%trouble, source, "the journal has failed and stops");
        self.failed.send_replace(true);
        self.jobs.close();
        self.errands.close();
        self.reach_marks();
        while let Ok(job) = self.jobs.try_recv() {
            refuse(job);
        }
        while let Ok(errand) = self.errands.try_recv() {
            errand.refuse();
        }
        if let Some(stopped) = self.stopped {
            let _gone = stopped.send(());
        }
    }
}

/// Waits for an answer of the database, and calls the connection lost when none comes.
pub(super) async fn within<T>(
    question: impl Future<Output = Result<T, sqlx::Error>>,
) -> Result<T, Trouble> {
    answered(async { question.await.map_err(Trouble::from) }).await
}

/// The same for several questions.
pub(super) async fn answered<T>(
    questions: impl Future<Output = Result<T, Trouble>>,
) -> Result<T, Trouble> {
    let none = || Trouble::Lost(sqlx::Error::Io(std::io::ErrorKind::TimedOut.into()));
    timeout(ANSWER_LIMIT, questions).await.unwrap_or_else(|_elapsed| Err(none()))
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

/// Refuses a job: nothing of it was written.
pub(super) fn refuse(job: Job) {
    match job {
        Job::Append(waiting) => drop(waiting.answer.send(Err(AppendFault::Unavailable))),
        Job::Mark(Mark::Settled(answer) | Mark::Shutdown(answer)) => {
            answer.send(()).unwrap_or_default();
        }
    }
}
