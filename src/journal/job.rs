//! What stands in the writer's two queues.
//!
//! **Not here:** how it is done.

use futures_util::future::BoxFuture;
use tiande_actors::ports::journal::{AppendFault, Appended};
use tiande_core::journal::Subject;
use tokio::sync::oneshot;

use super::prepared::Prepared;
use super::sql::Conn;

/// A write through the journal's connection did not become durable.
#[derive(Debug, thiserror::Error)]
pub enum StoreFault {
    /// The queue in front of the writer is full, or the writer has stopped: nothing was written.
    #[error("the store takes no more now")]
    Unavailable,
    /// No room on the disk: nothing was written.
    #[error("no room for the store")]
    StorageFull,
    /// A statement failed or a constraint refused it: nothing was written.
    #[error("a statement of the store failed")]
    Statement(#[source] sqlx::Error),
    /// A read took too long or failed.
    #[error("cannot read the store")]
    Read(#[source] Option<sqlx::Error>),
    /// What is stored is not what this program writes.
    #[error("the store holds something unreadable: {0}")]
    Unreadable(&'static str),
    /// It is not known whether it was written.
    #[error("it is not known whether the store was written")]
    Unknown,
}

impl StoreFault {
    /// True when a unique index refused the row.
    #[must_use]
    pub fn is_taken(&self) -> bool {
        match self {
            Self::Statement(error) => {
                error.as_database_error().is_some_and(|e| e.is_unique_violation())
            }
            Self::Unavailable
            | Self::StorageFull
            | Self::Read(_)
            | Self::Unreadable(_)
            | Self::Unknown => false,
        }
    }
}

/// A decision and where its answer goes.
#[derive(Debug)]
pub struct Waiting {
    pub decision: Prepared,
    pub answer: oneshot::Sender<Result<Appended, AppendFault>>,
}

/// A transaction of another table. `run` does the work; `finish` answers, after the commit.
pub trait WriteJob: Send {
    fn run<'c>(&'c mut self, conn: Conn<'c>) -> BoxFuture<'c, Result<(), sqlx::Error>>;
    fn finish(self: Box<Self>, end: Result<(), StoreFault>);
}

/// What stands in the queue of decisions.
pub enum Job {
    /// A decision of the journal.
    Append(Box<Waiting>),
    /// A place in the queue; whoever put it there hears when it is reached.
    Mark(Mark),
}

/// What it means to reach a mark.
pub enum Mark {
    /// All decisions that stood before this have ended.
    Settled(oneshot::Sender<()>),
    /// Do what stands in both queues, then stop.
    Shutdown(oneshot::Sender<()>),
}

/// What stands in the other queue: sessions, sign-ins, enrolments and the like. Strangers can cause
/// some of it, so it neither takes a decision's place nor breaks up a group.
pub enum Errand {
    /// A transaction of another table.
    Write(Box<dyn WriteJob>),
    /// Destroy a subject's key.
    Forget(Subject, oneshot::Sender<Result<(), StoreFault>>),
}

impl Errand {
    /// Tells whoever waits that nothing was done.
    pub fn refuse(self) {
        match self {
            Self::Write(job) => job.finish(Err(StoreFault::Unavailable)),
            Self::Forget(_, answer) => drop(answer.send(Err(StoreFault::Unavailable))),
        }
    }
}

/// A closure as a job.
pub struct Closure<F, T> {
    pub work: Option<F>,
    pub result: Option<T>,
    pub answer: oneshot::Sender<Result<T, StoreFault>>,
}

impl<F, T> WriteJob for Closure<F, T>
where
    F: for<'c> FnOnce(Conn<'c>) -> BoxFuture<'c, Result<T, sqlx::Error>> + Send,
    T: Send + 'static,
{
    fn run<'c>(&'c mut self, conn: Conn<'c>) -> BoxFuture<'c, Result<(), sqlx::Error>> {
        Box::pin(async move {
            if let Some(work) = self.work.take() {
                self.result = Some(work(conn).await?);
            }
            Ok(())
        })
    }

    fn finish(self: Box<Self>, end: Result<(), StoreFault>) {
        let answer = match (end, self.result) {
            (Ok(()), Some(result)) => Ok(result),
            (Ok(()), None) => Err(StoreFault::Unknown),
            (Err(fault), _) => Err(fault),
        };
        // Whoever asked may have gone; the write stands all the same.
        drop(self.answer.send(answer));
    }
}
