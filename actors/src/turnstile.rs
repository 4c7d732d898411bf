//! A queue in front of a class of work that ends by age: a few at work, some waiting, and whoever
//! would wait too long is refused before anything is done for it.
//!
//! Only those who have passed stand at the planning lock and in the journal's queue: so a call for
//! help or an accept, which pass by on the side, never has more tips before it than may be at work at
//! once. A wait that is dropped (its caller has gone) leaves the queue, and nothing is done for it.
//!
//! **Not here:** which work passes; what a refusal looks like to a client.
#![allow(clippy::disallowed_methods)] // The age of a queue is a duration of the real clock.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use metrics::{counter, gauge, histogram};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::class::Class;
use crate::limits::{TURNSTILE_PATIENCE, TURNSTILE_WAITING};

/// Leave to work. The place is free again when this is dropped.
#[derive(Debug)]
pub struct Pass {
    _seat: OwnedSemaphorePermit,
}

/// There is no room now: nothing was done, and the same again later is safe.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too much of this class is waiting")]
pub struct NoRoom;

#[derive(Debug)]
struct Inner {
    class: Class,
    seats: Arc<Semaphore>,
    waiting: AtomicUsize,
    /// How long the last one to pass had waited, milliseconds.
    age_ms: AtomicU64,
}

/// The queue. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Turnstile(Arc<Inner>);

/// Counts a caller who waits, also when it stops to.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

impl Turnstile {
    /// A queue of this class, with `at_work` beyond it at once.
    #[must_use]
    pub fn new(class: Class, at_work: usize) -> Self {
        Self(Arc::new(Inner {
            class,
            seats: Arc::new(Semaphore::new(at_work)),
            waiting: AtomicUsize::new(0),
            age_ms: AtomicU64::new(0),
        }))
    }

    /// True while newcomers are refused: somebody waits, and the last one to pass had stood there for
    /// longer than the class's target. Costs two loads, so that it can be asked before any work.
    #[must_use]
    pub fn sheds(&self) -> bool {
        let waiting = self.0.waiting.load(Ordering::Relaxed);
        let aged =
            self.0.class.target().is_some_and(|target| {
                waiting > 0 && self.0.age_ms.load(Ordering::Relaxed) > target.0
            });
        aged || waiting >= TURNSTILE_WAITING
    }

    /// Counts a newcomer that was sent away because of [`Self::sheds`].
    pub fn count_shed(&self) {
        counter!("tiande_shed_total", "class" => self.0.class.name()).increment(1);
    }

    /// Waits for leave to work.
    ///
    /// # Errors
    /// [`NoRoom`]: at once when newcomers are refused, and after [`TURNSTILE_PATIENCE`] for those who
    /// came before that.
    ///
    /// # Cancel safety
    /// Safe: who stops waiting leaves the queue.
    pub async fn enter(&self) -> Result<Pass, NoRoom> {
        if self.sheds() {
            self.count_shed();
            return Err(NoRoom);
        }
        let inner = &self.0;
        let since = Instant::now();
        let seat = if let Ok(seat) = Arc::clone(&inner.seats).try_acquire_owned() {
            Ok(seat)
        } else {
            inner.waiting.fetch_add(1, Ordering::Relaxed);
            let _waiting = Waiting(&inner.waiting);
            let patience = Duration::from_millis(TURNSTILE_PATIENCE.0);
            let seat = Arc::clone(&inner.seats).acquire_owned();
            match tokio::time::timeout(patience, seat).await {
                Ok(Ok(seat)) => Ok(seat),
                // Nobody closes the semaphore; a wait that is over is the same to the caller.
                Ok(Err(_)) | Err(_) => Err(NoRoom),
            }
        };
        let age = since.elapsed();
        let age_ms = u64::try_from(age.as_millis()).unwrap_or(u64::MAX);
        inner.age_ms.store(age_ms, Ordering::Relaxed);
        histogram!("tiande_queue_age_seconds", "class" => inner.class.name())
            .record(age.as_secs_f64());
        if seat.is_err() {
            self.count_shed();
        }
        seat.map(|seat| Pass { _seat: seat })
    }

    /// Reports how many wait.
    #[allow(clippy::cast_precision_loss)] // Queue lengths are small.
    pub fn observe(&self) {
        let waiting = self.0.waiting.load(Ordering::Relaxed) as f64;
        gauge!("tiande_queue_waiting", "class" => self.0.class.name()).set(waiting);
    }
}
