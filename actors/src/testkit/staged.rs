//! A journal in memory that a test directs: appends wait for a word, answers get lost, and a stream
//! can be a trap that makes the actor which appends to it panic.
//!
//! The traps are how tests kill an actor without a line of product code for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tiande_core::ids::CourtId;
use tiande_core::journal::StreamId;
use tokio::sync::oneshot;

use super::MemoryJournal;
use crate::ports::journal::{
    Append, AppendFault, Appended, Delivery, Journal, OpenWork, ReadFault, Stored,
};

/// The journal. Clones are one.
#[derive(Clone, Debug, Default)]
pub struct StagedJournal {
    memory: MemoryJournal,
    stage: Arc<Mutex<Stage>>,
}

#[derive(Debug, Default)]
struct Stage {
    holding: bool,
    waiting: VecDeque<oneshot::Sender<()>>,
    /// The next appends lose their answer; `true`: after they were written.
    losses: VecDeque<bool>,
    /// How often an append to that stream still panics.
    traps: BTreeMap<StreamId, u32>,
    /// How many reads still fail.
    unreadable: u32,
    appends: usize,
}

impl StagedJournal {
    /// An empty journal.
    #[must_use]
    pub fn new() -> Self {
        Self { memory: MemoryJournal::new(), stage: Arc::default() }
    }

    /// What is durable.
    #[must_use]
    pub fn memory(&self) -> &MemoryJournal {
        &self.memory
    }

    /// All decisions that are durable, in order.
    #[must_use]
    pub fn appended(&self) -> Vec<Append> {
        self.memory.appended()
    }

    /// From now on appends wait to be released.
    pub fn hold(&self) {
        self.stage().holding = true;
    }

    /// How many appends wait.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.stage().waiting.len()
    }

    /// How many appends were tried, whatever became of them.
    #[must_use]
    pub fn tried(&self) -> usize {
        self.stage().appends
    }

    /// Lets everything that waits go on, in order, and holds nothing any more.
    pub fn release(&self) {
        let waiting = {
            let mut stage = self.stage();
            stage.holding = false;
            std::mem::take(&mut stage.waiting)
        };
        for append in waiting {
            append.send(()).ok(); // Who waited for it may be gone.
        }
    }

    /// The next append fails like that; nothing is written.
    pub fn fail_next(&self, fault: AppendFault) {
        self.memory.fail_next(fault);
    }

    /// The next append answers [`AppendFault::Unknown`], after it was written or without.
    pub fn lose_next_answer(&self, written: bool) {
        self.stage().losses.push_back(written);
    }

    /// The next `times` appends to `stream` panic before anything is written.
    pub fn trap(&self, stream: StreamId, times: u32) {
        self.stage().traps.insert(stream, times);
    }

    /// The next `times` reads of a stream fail.
    pub fn fail_reads(&self, times: u32) {
        self.stage().unreadable = times;
    }

    fn stage(&self) -> MutexGuard<'_, Stage> {
        self.stage.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn springs(&self, append: &Append) -> bool {
        let mut stage = self.stage();
        append.streams.iter().any(|part| match stage.traps.get_mut(&part.stream) {
            Some(left) if *left > 0 => {
                *left -= 1;
                true
            }
            Some(_) | None => false,
        })
    }
}

impl Journal for StagedJournal {
    #[allow(clippy::panic)] // That is what a trap is for.
    fn append(&self, append: Append) -> BoxFuture<'static, Result<Appended, AppendFault>> {
        if self.springs(&append) {
            panic!("a test has set a trap on this stream");
        }
        let turn = {
            let mut stage = self.stage();
            stage.appends += 1;
            stage.holding.then(|| {
                let (go, turn) = oneshot::channel();
                stage.waiting.push_back(go);
                turn
            })
        };
        let journal = self.clone();
        async move {
            if let Some(turn) = turn {
                turn.await.ok();
            }
            let loss = journal.stage().losses.pop_front();
            match loss {
                None => journal.memory.append(append).await,
                Some(written) => {
                    if written {
                        journal.memory.append(append).await?;
                    }
                    Err(AppendFault::Unknown)
                }
            }
        }
        .boxed()
    }

    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>> {
        let mut stage = self.stage();
        if stage.unreadable > 0 {
            stage.unreadable -= 1;
            let fault = ReadFault { what: stream.to_string(), source: None };
            return ready(Err(fault)).boxed();
        }
        self.memory.read_stream(stream)
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        self.memory.open_work(court)
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        self.memory.delivery(source, webhook_id)
    }
}
