//! Positions have come in, for whom: gathered from all threads, told to the court's thread at once.
//!
//! Waking a thread costs more than judging a position. So a socket that has something for an officer
//! puts the officer's [`Bell`] into the court's list, and only the first of a list wakes the court's
//! thread. There one task rings all bells of the list: each wakes its actor without a message, without
//! an allocation, and without leaving the thread.

use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use futures_util::Stream;
use futures_util::task::AtomicWaker;
use tokio::sync::Notify;

/// The bells of a court that are to be rung. Bounded by its officers: each is in it once at most.
#[derive(Default)]
pub(crate) struct Arrivals {
    bells: Mutex<Vec<Arc<Bell>>>,
    some: Notify,
    over: AtomicBool,
}

impl Arrivals {
    fn push(&self, bell: Arc<Bell>) {
        let mut bells = self.bells.lock().unwrap_or_else(PoisonError::into_inner);
        let first = bells.is_empty();
        bells.push(bell);
        drop(bells);
        if first {
            self.some.notify_one();
        }
    }

    /// Rings what is put in, until the court is over. Runs on the court's thread.
    pub(crate) async fn ring_all(self: Arc<Self>) {
        let mut now = Vec::new();
        while !self.over.load(Ordering::Acquire) {
            self.some.notified().await;
            // The list that was emptied is filled next: no list is made anew.
            std::mem::swap(
                &mut now,
                &mut *self.bells.lock().unwrap_or_else(PoisonError::into_inner),
            );
            for bell in now.drain(..) {
                bell.rung.store(true, Ordering::Release);
                bell.actor.wake();
            }
        }
    }

    /// Ends the task that rings.
    pub(crate) fn close(&self) {
        self.over.store(true, Ordering::Release);
        self.some.notify_one();
    }
}

/// Wakes one officer's actor because positions wait in one of its lanes.
pub(crate) struct Bell {
    /// It is in the list, or was rung and is not answered yet.
    pulled: AtomicBool,
    rung: AtomicBool,
    actor: AtomicWaker,
    arrivals: Arc<Arrivals>,
}

impl Bell {
    pub(crate) fn new(arrivals: Arc<Arrivals>) -> Arc<Self> {
        let (pulled, rung) = (AtomicBool::new(false), AtomicBool::new(false));
        Arc::new(Self { pulled, rung, actor: AtomicWaker::new(), arrivals })
    }

    /// Something waits. From any thread; often again costs nothing.
    pub(crate) fn pull(self: &Arc<Self>) {
        if !self.pulled.swap(true, Ordering::AcqRel) {
            self.arrivals.push(Arc::clone(self));
        }
    }

    /// The actor looks now. What comes from here on pulls again.
    pub(crate) fn answer(&self) {
        self.pulled.store(false, Ordering::Release);
    }
}

/// The bell as the actor hears it: a stream that never ends.
pub(crate) struct Ringing(pub(crate) Arc<Bell>);

/// The bell was rung.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Rung;

impl Stream for Ringing {
    type Item = Rung;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Rung>> {
        self.0.actor.register(cx.waker());
        if self.0.rung.swap(false, Ordering::AcqRel) {
            Poll::Ready(Some(Rung))
        } else {
            Poll::Pending
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;
    use tokio::task::LocalSet;

    use super::*;

    #[test]
    fn however_often_it_is_pulled_it_stands_in_the_list_once() {
        let arrivals = Arc::new(Arrivals::default());
        let bells: Vec<_> = (0..2).map(|_| Bell::new(Arc::clone(&arrivals))).collect();
        (0..5).for_each(|_| bells.iter().for_each(Bell::pull));
        assert_eq!(arrivals.bells.lock().expect("whole").len(), 2);
    }

    #[actix_rt::test]
    async fn no_ring_is_missed_whoever_pulls_and_when() {
        let arrivals = Arc::new(Arrivals::default());
        let tasks = LocalSet::new();
        tasks.spawn_local(Arc::clone(&arrivals).ring_all());
        tasks
            .run_until(async {
                let bells: Vec<_> = (0..3).map(|_| Bell::new(Arc::clone(&arrivals))).collect();
                let mut heard: Vec<_> =
                    bells.iter().map(|bell| Ringing(Arc::clone(bell))).collect();
                for round in 0..50 {
                    let pulled = bells.clone();
                    let other = std::thread::spawn(move || {
                        pulled.iter().for_each(Bell::pull);
                        pulled.iter().for_each(Bell::pull);
                    });
                    for (bell, ringing) in bells.iter().zip(&mut heard) {
                        assert_eq!(ringing.next().await, Some(Rung), "round {round}");
                        bell.answer();
                    }
                    other.join().expect("pulled");
                    // What was pulled again after the answer rings again.
                    for (bell, ringing) in bells.iter().zip(&mut heard) {
                        bell.pull();
                        assert_eq!(ringing.next().await, Some(Rung));
                        bell.answer();
                    }
                }
                arrivals.close();
            })
            .await;
        tasks.await;
    }
}
