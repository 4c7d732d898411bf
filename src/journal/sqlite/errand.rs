//! Errands: what goes through the one writer and is no decision of the journal. Sessions, sign-ins,
//! enrolments, settings of courts, and the destruction of keys.
//!
//! **Not here:** when an errand gets its turn (`writer`).

use futures_util::FutureExt;
use tiande_core::journal::Subject;
use tokio::sync::oneshot;

use super::job::{Errand, StoreFault, WriteJob};
use super::trouble::Trouble;
use super::writer::{Writer, length};
use crate::journal::sql::{Conn, as_sqlx};

impl Writer {
    /// Does one errand and answers it.
    pub(super) async fn run_errand(&mut self, errand: Errand) -> Result<(), Trouble> {
        self.gauges.errands.set(length(self.errands.len()));
        match errand {
            Errand::Write(job) => self.write(job).await,
            Errand::Forget(subject, answer) => self.forget(subject, answer),
        }
    }

    /// A transaction of another table.
    async fn write(&mut self, mut job: Box<dyn WriteJob>) -> Result<(), Trouble> {
        self.tidy.dirty = true;
        if let Err(error) = self.run_alone("BEGIN IMMEDIATE") {
            return end_job(job, error, true);
        }
        // A bug in a job must not take the journal with it.
        let done = std::panic::AssertUnwindSafe(job.run(Conn::SqliteWriter(&mut self.conn)));
        let done = done.catch_unwind().await;
        match done {
            Ok(Ok(())) => match self.run_alone("COMMIT") {
                Ok(()) => {
                    job.finish(Ok(()));
                    Ok(())
                }
                Err(error) => {
                    let end = end_job(job, error, true);
                    if end.is_ok() { self.roll_back() } else { end }
                }
            },
            Ok(Err(error)) => {
                self.roll_back()?;
                end_job(job, error, false)
            }
            Err(_panic) => {
                self.roll_back()?;
                job.finish(Err(StoreFault::Unavailable));
                Ok(())
            }
        }
    }

    /// A statement without values and rows.
    fn run_alone(&self, text: &str) -> Result<(), sqlx::Error> {
        let done = self.conn.prepare_cached(text).and_then(|mut statement| statement.raw_execute());
        done.map(drop).map_err(as_sqlx)
    }

    fn forget(
        &mut self,
        subject: Subject,
        answer: oneshot::Sender<Result<(), StoreFault>>,
    ) -> Result<(), Trouble> {
        // Primary key of `subject_key`.
        let delete = "DELETE FROM subject_key WHERE subject = ?";
        let end = self.conn.execute(delete, [subject.0.as_bytes()]);
        let end = match end.map_err(Trouble::from) {
            Ok(_) => {
                self.base.keys.forget(subject);
                // The key's old page must not stay in the log, as far as readers let us.
                self.checkpoint_wal("PRAGMA wal_checkpoint(TRUNCATE)")?;
                Ok(())
            }
            Err(Trouble::Full) => Err(StoreFault::StorageFull),
            Err(Trouble::Busy | Trouble::Constraint(_)) => Err(StoreFault::Unavailable),
            Err(fatal @ Trouble::Fatal(_)) => {
                drop(answer.send(Err(StoreFault::Unknown)));
                return Err(fatal);
            }
        };
        drop(answer.send(end));
        Ok(())
    }
}

/// Ends a job that failed, and the writer with it when the database did.
fn end_job(job: Box<dyn WriteJob>, error: sqlx::Error, of_store: bool) -> Result<(), Trouble> {
    if !of_store && error.as_database_error().is_none() {
        // The job's own reading of rows failed; the database is well.
        job.finish(Err(StoreFault::Statement(error)));
        return Ok(());
    }
    if error.as_database_error().is_some_and(|e| {
        e.is_unique_violation() || e.is_foreign_key_violation() || e.is_check_violation()
    }) {
        job.finish(Err(StoreFault::Statement(error)));
        return Ok(());
    }
    match Trouble::from(error) {
        Trouble::Full => job.finish(Err(StoreFault::StorageFull)),
        Trouble::Busy => job.finish(Err(StoreFault::Unavailable)),
        Trouble::Constraint(words) => {
            job.finish(Err(StoreFault::Statement(sqlx::Error::Protocol(words))));
        }
        fatal @ Trouble::Fatal(_) => {
            job.finish(Err(StoreFault::Unknown));
            return Err(fatal);
        }
    }
    Ok(())
}
