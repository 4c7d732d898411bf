//! Coming back after the connection was lost, and finding out how the last transaction ended.
//!
//! Whoever holds the lock of the database again knows that the lost session is over, and with it its
//! transaction: `owner.commits` says whether it was committed. So "unknown" remains only when the
//! database does not come back in time, or belongs to another server by then.
//!
//! **Not here:** what is done again afterwards (`writer`, `errand`).

use std::time::Duration;

use tokio::time::{interval, timeout};

use super::open::head;
use super::script::signed;
use super::session::Session;
use super::trouble::Trouble;
use super::writer::{TRIES_MAX, Writer, refuse, within};
use crate::journal::job::Job;
use crate::journal::sqlite::OpenFault;
use crate::journal::stopwatch::Stopwatch;

/// A database that is not back within this, or is back and lost again without one commit, is gone,
/// and the server ends: actors that wait for an
/// answer stand still meanwhile, and its supervisor starts it again. A PostgreSQL that was killed on
/// a loaded machine took five seconds to take connections again.
pub const COME_BACK_LIMIT: Duration = Duration::from_secs(15);
/// Time between two tries.
const TRY_EVERY: Duration = Duration::from_millis(100);

/// How the last transaction ended.
#[derive(Clone, Copy, Debug)]
pub struct Back {
    committed: bool,
    head: (u64, [u8; 32]),
}

impl Back {
    /// True when it was committed. `wanted` is the head that it would have made.
    ///
    /// # Errors
    /// The journal ends where this server did not leave it.
    pub fn is_committed(self, wanted: Option<(u64, [u8; 32])>) -> Result<bool, Trouble> {
        match wanted {
            Some(wanted) if self.committed && wanted != self.head => Err(Trouble::Fatal {
                why: "the journal ends where this server did not leave it",
                in_doubt: true,
                source: None,
            }),
            _ => Ok(self.committed),
        }
    }
}

impl Writer {
    /// Finds the database again. `in_doubt` says that a transaction may have been under way.
    pub(super) async fn come_back(
        &mut self,
        lost: sqlx::Error,
        in_doubt: bool,
    ) -> Result<Back, Trouble> {
        tracing::warn!(%lost, "the connection to the database is lost");
        // Once more in the same outage, if nothing was committed since.
        self.lost.get_or_insert_with(Stopwatch::start);
        for _ in 0..TRIES_MAX {
            self.find(in_doubt).await?;
            match self.how_it_ended(in_doubt).await {
                // Lost again at once.
                Err(Trouble::Lost(error) | Trouble::Busy(error)) => {
                    tracing::warn!(%error, "the database is back, and does not answer");
                }
                Ok(back) => {
                    tracing::info!(committed = back.committed, "the database is back");
                    return Ok(back);
                }
                Err(trouble) => return Err(trouble),
            }
        }
        Err(Trouble::Fatal { why: "it is lost again and again", in_doubt, source: None })
    }

    /// Makes a new session.
    async fn find(&mut self, in_doubt: bool) -> Result<(), Trouble> {
        let (options, before) = (self.options.clone(), self.session.backend());
        let found = async move {
            let mut tries = interval(TRY_EVERY);
            loop {
                tries.tick().await;
                let mut session = match Session::open(&options, Some(&before)).await {
                    Ok(session) => session,
                    // The lost session is still at its end.
                    Err(OpenFault::Held { by, .. }) if before.is(&by) => continue,
                    // It is there again and must not be used; that does not pass by itself.
                    Err(fault @ (OpenFault::Held { .. } | OpenFault::Unsafe { .. })) => {
                        return Err(fault);
                    }
                    Err(fault) => {
                        tracing::debug!(%fault, "the database is not back yet");
                        continue;
                    }
                };
                match session.make_ready().await {
                    Ok(()) => return Ok(session),
                    Err(fault) => tracing::debug!(%fault, "the database is not back yet"),
                }
            }
        };
        let gone = |why| Trouble::Fatal { why, in_doubt, source: None };
        let gone_for = self.lost.map_or(Duration::ZERO, Stopwatch::elapsed);
        let left = COME_BACK_LIMIT.saturating_sub(gone_for);
        let found = self.refusing_until(timeout(left, found)).await;
        self.session = match found {
            Ok(Ok(session)) => session,
            Ok(Err(fault)) => {
                tracing::error!(%fault, "the database is back, and must not be used");
                return Err(gone("it is back and must not be used"));
            }
            Err(_elapsed) => return Err(gone("it did not come back in time")),
        };
        Ok(())
    }

    /// Refuses all that comes while `attempt` goes on.
    async fn refusing_until<T>(&mut self, attempt: impl Future<Output = T>) -> T {
        tokio::pin!(attempt);
        loop {
            tokio::select! {
                biased;
                done = &mut attempt => return done,
                Some(job) = self.jobs.recv() => match job {
                    Job::Append(_) => {
                        self.gauges.refused.increment(1);
                        refuse(job);
                    }
                    // What it waits for has not ended yet.
                    Job::Mark(mark) => self.marks.push(mark),
                },
                Some(errand) = self.errands.recv() => errand.refuse(),
            }
        }
    }

    async fn how_it_ended(&mut self, in_doubt: bool) -> Result<Back, Trouble> {
        let conn = &mut self.session.conn;
        let question = async {
            // Primary key of `owner`.
            let owner = sqlx::query_as("SELECT epoch, commits FROM owner WHERE id = 1");
            let owner: (i64, i64) = owner.fetch_one(&mut *conn).await?;
            Ok((owner, head(conn).await?))
        };
        let fatal = |why| Trouble::Fatal { why, in_doubt, source: None };
        let ((epoch, commits), head) = within(question).await?;
        if epoch != signed(self.base.epoch) {
            // `commits` is the new owner's by now.
            return Err(if in_doubt {
                fatal("another server has taken the journal over")
            } else {
                Trouble::Replaced
            });
        }
        let committed = commits == self.commits + 1;
        let here = (self.base.position, self.base.hash);
        if committed || (commits == self.commits && head == here) {
            Ok(Back { committed, head })
        } else {
            Err(fatal("the journal ends where this server did not leave it"))
        }
    }
}
