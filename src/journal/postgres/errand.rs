//! Errands of the writer: transactions of other tables, and forgetting.
//!
//! **Not here:** decisions of the journal (`writer`).

use futures_util::FutureExt as _;
use sqlx::{Connection as _, PgConnection};
use tiande_core::journal::Subject;
use tokio::sync::oneshot;

use super::script::signed;
use super::trouble::Trouble;
use super::writer::{TRIES_MAX, Writer, answered};
use crate::journal::job::{Errand, StoreFault, WriteJob};
use crate::journal::sql::Conn;

/// How a transaction of an errand ended.
enum End {
    /// Committed.
    Done,
    /// The job's own statement failed; rolled back.
    Refused(sqlx::Error),
    /// The job has a bug; rolled back.
    Panicked,
}

/// Counts the transaction, if this server is still the owner.
async fn fence(conn: &mut PgConnection, epoch: i64, commit: i64) -> Result<(), Trouble> {
    // Primary key of `owner`.
    let counted = sqlx::query(
        "UPDATE owner SET commits = $1 WHERE id = 1 AND epoch = $2 AND commits = $1 - 1",
    )
    .bind(commit)
    .bind(epoch)
    .execute(conn)
    .await?;
    if counted.rows_affected() == 1 { Ok(()) } else { Err(Trouble::Replaced) }
}

/// One transaction around a job. An error of the job that leaves the session usable is an [`End`].
async fn transact(
    conn: &mut PgConnection,
    (epoch, commit): (i64, i64),
    job: &mut dyn WriteJob,
) -> Result<End, Trouble> {
    let mut transaction = conn.begin().await?;
    fence(&mut transaction, epoch, commit).await?;
    // A bug in a job must not take the journal with it.
    let done = std::panic::AssertUnwindSafe(job.run(Conn::Postgres(&mut transaction)));
    match done.catch_unwind().await {
        Ok(Ok(())) => {
            transaction.commit().await?;
            Ok(End::Done)
        }
        Ok(Err(error)) => {
            transaction.rollback().await?;
            Ok(End::Refused(error))
        }
        Err(_panic) => {
            transaction.rollback().await?;
            Ok(End::Panicked)
        }
    }
}

async fn delete_key(
    conn: &mut PgConnection,
    (epoch, commit): (i64, i64),
    subject: Subject,
) -> Result<(), Trouble> {
    let mut transaction = conn.begin().await?;
    fence(&mut transaction, epoch, commit).await?;
    // Primary key of `subject_key`.
    sqlx::query("DELETE FROM subject_key WHERE subject = $1")
        .bind(subject.0.as_bytes().to_vec())
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}

impl Writer {
    /// The epoch, and the number of the next transaction.
    fn own(&self) -> (i64, i64) {
        (signed(self.base.epoch), self.commits + 1)
    }

    pub(super) async fn run_errand(&mut self, errand: Errand) -> Result<(), Trouble> {
        match errand {
            Errand::Write(job) => self.write(job).await,
            Errand::Forget(subject, answer) => self.forget(subject, answer).await,
        }
    }

    /// A transaction of another table, between groups.
    async fn write(&mut self, mut job: Box<dyn WriteJob>) -> Result<(), Trouble> {
        let end = self.transact(job.as_mut()).await;
        let fault = match end {
            Ok(End::Done) => {
                self.has_committed();
                job.finish(Ok(()));
                return Ok(());
            }
            Ok(End::Panicked) => StoreFault::Unavailable,
            Ok(End::Refused(error)) => refusal(error),
            Err(Trouble::Lost(error)) => {
                // A job runs once: one that was not committed is refused, and may be asked again.
                let back = match self.come_back(error, true).await {
                    Ok(back) => back,
                    Err(trouble) => {
                        self.tell_if_the_end(&trouble);
                        job.finish(Err(fault_of(&trouble)));
                        return Err(trouble);
                    }
                };
                if back.is_committed(None)? {
                    self.has_committed();
                    job.finish(Ok(()));
                    return Ok(());
                }
                StoreFault::Unavailable
            }
            Err(trouble) => {
                self.tell_if_the_end(&trouble);
                job.finish(Err(fault_of(&trouble)));
                return if trouble.is_the_end() { Err(trouble) } else { Ok(()) };
            }
        };
        job.finish(Err(fault));
        Ok(())
    }

    async fn transact(&mut self, job: &mut dyn WriteJob) -> Result<End, Trouble> {
        let own = self.own();
        answered(transact(&mut self.session.conn, own, job)).await
    }

    async fn forget(
        &mut self,
        subject: Subject,
        answer: oneshot::Sender<Result<(), StoreFault>>,
    ) -> Result<(), Trouble> {
        let mut end = Err(StoreFault::Unavailable);
        // Forgetting twice is the same as once, so it is simply done again.
        for _ in 0..TRIES_MAX {
            let own = self.own();
            match answered(delete_key(&mut self.session.conn, own, subject)).await {
                Ok(()) => {
                    self.has_committed();
                    end = Ok(());
                    break;
                }
                Err(Trouble::Lost(error)) => match self.come_back(error, true).await {
                    Ok(back) if back.is_committed(None)? => {
                        self.has_committed();
                        end = Ok(());
                        break;
                    }
                    Ok(_) => {}
                    Err(trouble) => {
                        self.tell_if_the_end(&trouble);
                        drop(answer.send(Err(fault_of(&trouble))));
                        return Err(trouble);
                    }
                },
                Err(trouble) => {
                    end = Err(fault_of(&trouble));
                    self.tell_if_the_end(&trouble);
                    if trouble.is_the_end() {
                        drop(answer.send(end));
                        return Err(trouble);
                    }
                    break;
                }
            }
        }
        if end.is_ok() {
            self.base.keys.forget(subject);
        }
        drop(answer.send(end));
        Ok(())
    }
}

/// What a job's own failure means for whoever asked.
fn refusal(error: sqlx::Error) -> StoreFault {
    let code = error.as_database_error().and_then(|told| told.code());
    match code.as_deref() {
        // disk_full
        Some("53100") => StoreFault::StorageFull,
        // query_canceled, lock_not_available, read_only_sql_transaction, deadlock_detected
        Some("57014" | "55P03" | "25006" | "40P01") => StoreFault::Unavailable,
        // A constraint, or the job's own reading of rows.
        Some(_) | None => StoreFault::Statement(error),
    }
}

fn fault_of(trouble: &Trouble) -> StoreFault {
    match trouble {
        Trouble::Full => StoreFault::StorageFull,
        Trouble::Constraint { words, .. } => {
            StoreFault::Statement(sqlx::Error::Protocol(words.clone()))
        }
        Trouble::Busy(_) | Trouble::Replaced | Trouble::Fatal { in_doubt: false, .. } => {
            StoreFault::Unavailable
        }
        Trouble::Lost(_) | Trouble::Fatal { in_doubt: true, .. } => StoreFault::Unknown,
    }
}
