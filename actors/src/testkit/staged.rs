//! A journal in memory that a test directs: appends wait for a word, answers get lost, and a stream
//! can be a trap that makes the actor which appends to it panic.
//!
//! The traps are how tests kill an actor without a line of product code for it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::FutureExt;
use futures_util::future::{BoxFuture, ready};
use tiande_core::calendar::CalendarVersion;
use tiande_core::case::CaseNumber;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::{Snapshot, StreamId};
use tokio::sync::oneshot;

use super::MemoryJournal;
use crate::ports::journal::{
    Append, AppendFault, Appended, Delivery, DeliveryKeys, Journal, OpenAlarm, OpenWork, ReadFault,
    Remembered, SetClock, Stored,
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
    waiting: VecDeque<Waiting>,
    /// The next appends lose their answer; `true`: after they were written.
    losses: VecDeque<bool>,
    /// How often an append to that stream still panics.
    traps: BTreeMap<StreamId, u32>,
    /// How many reads still fail.
    unreadable: u32,
    /// Whoever asks whether all has ended is told so at once, whatever waits.
    hasty: bool,
    appends: usize,
}

/// What stands in the queue while the journal is held. As with a real one, it is done in its turn
/// also when whoever asked is gone.
#[derive(Debug)]
enum Waiting {
    Append(Box<Append>, oneshot::Sender<Result<Appended, AppendFault>>),
    Settled(oneshot::Sender<()>),
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
        let stage = self.stage();
        stage.waiting.iter().filter(|waiting| matches!(waiting, Waiting::Append(..))).count()
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
        for waiting in waiting {
            // Whoever waited for it may be gone.
            match waiting {
                Waiting::Append(append, answer) => answer.send(self.write(*append)).unwrap_or(()),
                Waiting::Settled(answer) => answer.send(()).unwrap_or(()),
            }
        }
    }

    fn write(&self, append: Append) -> Result<Appended, AppendFault> {
        let loss = self.stage().losses.pop_front();
        let write = |append| {
            let written = self.memory.append(append).now_or_never();
            written.unwrap_or(Err(AppendFault::Unknown))
        };
        match loss {
            None => write(append),
            Some(true) => write(append).and(Err(AppendFault::Unknown)),
            Some(false) => Err(AppendFault::Unknown),
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

    /// From now on [`Journal::settled`] waits for nothing: what is read may be older than what waits.
    pub fn be_hasty(&self) {
        self.stage().hasty = true;
    }

    /// The next `times` reads of a stream fail.
    pub fn fail_reads(&self, times: u32) {
        self.stage().unreadable = times;
    }

    fn unreadable(&self, stream: StreamId) -> Option<ReadFault> {
        let mut stage = self.stage();
        let fails = stage.unreadable > 0;
        stage.unreadable -= u32::from(fails);
        fails.then(|| ReadFault { what: stream.to_string(), source: None })
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
        let mut stage = self.stage();
        stage.appends += 1;
        if stage.holding {
            let (answer, done) = oneshot::channel();
            stage.waiting.push_back(Waiting::Append(Box::new(append), answer));
            return async move { done.await.unwrap_or(Err(AppendFault::Unknown)) }.boxed();
        }
        drop(stage);
        ready(self.write(append)).boxed()
    }

    fn settled(&self) -> BoxFuture<'static, ()> {
        let mut stage = self.stage();
        if !stage.holding || stage.hasty {
            return ready(()).boxed();
        }
        let (answer, settled) = oneshot::channel();
        stage.waiting.push_back(Waiting::Settled(answer));
        async move { settled.await.unwrap_or_default() }.boxed()
    }

    fn read_stream(&self, stream: StreamId) -> BoxFuture<'static, Result<Vec<Stored>, ReadFault>> {
        match self.unreadable(stream) {
            Some(fault) => ready(Err(fault)).boxed(),
            None => self.memory.read_stream(stream),
        }
    }

    fn recall(
        &self,
        streams: Vec<StreamId>,
    ) -> BoxFuture<'static, Result<Vec<Remembered>, ReadFault>> {
        match streams.first().and_then(|first| self.unreadable(*first)) {
            Some(fault) => ready(Err(fault)).boxed(),
            None => self.memory.recall(streams),
        }
    }

    fn keep(&self, snapshots: Vec<(StreamId, Snapshot)>) -> BoxFuture<'static, ()> {
        self.memory.keep(snapshots)
    }

    fn case_numbered(
        &self,
        court: CourtId,
        number: CaseNumber,
    ) -> BoxFuture<'static, Result<Option<CaseId>, ReadFault>> {
        self.memory.case_numbered(court, number)
    }

    fn first_clocks(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<SetClock>, ReadFault>> {
        self.memory.first_clocks(court, most)
    }

    fn outdated_cases(
        &self,
        court: CourtId,
        calendar: CalendarVersion,
        most: usize,
    ) -> BoxFuture<'static, Result<Vec<CaseId>, ReadFault>> {
        self.memory.outdated_cases(court, calendar, most)
    }

    fn open_work(&self, court: CourtId) -> BoxFuture<'static, Result<OpenWork, ReadFault>> {
        self.memory.open_work(court)
    }

    fn open_alarms(&self, court: CourtId) -> BoxFuture<'static, Result<Vec<OpenAlarm>, ReadFault>> {
        self.memory.open_alarms(court)
    }

    fn deliveries(
        &self,
        court: CourtId,
        most: usize,
    ) -> BoxFuture<'static, Result<Option<DeliveryKeys>, ReadFault>> {
        self.memory.deliveries(court, most)
    }

    fn delivery(
        &self,
        source: String,
        webhook_id: String,
    ) -> BoxFuture<'static, Result<Option<Delivery>, ReadFault>> {
        self.memory.delivery(source, webhook_id)
    }
}
