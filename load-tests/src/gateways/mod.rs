//! The gateways of a country: one socket a court, one batch of all its tracked officers at a time
//! (PROTOCOL §9, §10).
//!
//! `gateway` is the life of one, `backlog` what it has still to tell.
//!
//! Tens of thousands of positions a second are counted, not recorded one by one: who has a tracker and no
//! handheld is never asked to go anywhere, so the checker needs no such place to judge an offer.

mod backlog;
mod gateway;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, watch};
use tokio::task::{JoinHandle, JoinSet};

use crate::clock;
use crate::court::Seat;
use crate::fleet::Phase;
use crate::http::Http;
use crate::record::{Event, GatewayCounts, Record};
use gateway::Gateway;

/// Gateways that connect at once.
const CONNECT_AT_ONCE: usize = 16;
/// How often what was counted goes into the record, milliseconds.
const COUNT_EVERY_MS: u64 = 1_000;
/// The epoch of all trackers.
const EPOCH: u32 = 1;

/// Faults of sockets that are noted; more say nothing new.
const FAULTS_KEPT: usize = 5;
/// Everybody has said how it ended within this after the drill is over, milliseconds.
const END_WITHIN_MS: u64 = 8_000;

/// What was counted since the last line of the record.
#[derive(Debug, Default)]
struct Counts {
    told: GatewayCounts,
    /// What went wrong with sockets, of all the time.
    faults: Vec<String>,
}

impl std::ops::Deref for Counts {
    type Target = GatewayCounts;

    fn deref(&self) -> &GatewayCounts {
        &self.told
    }
}

impl std::ops::DerefMut for Counts {
    fn deref_mut(&mut self) -> &mut GatewayCounts {
        &mut self.told
    }
}

/// What all gateways share.
struct Yard {
    http: Http,
    seed: u64,
    every_us: u64,
    begun_us: u64,
    doors: Semaphore,
    connected: AtomicU32,
    counts: Mutex<Counts>,
}

impl Yard {
    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The running gateways.
pub struct Gateways {
    yard: Arc<Yard>,
    record: Arc<Record>,
    asked: usize,
    tasks: JoinSet<()>,
    counting: JoinHandle<()>,
}

impl Gateways {
    /// Sends them out; they report until the drill is over.
    pub fn start(
        http: Http,
        record: &Arc<Record>,
        seats: &[Seat],
        (seed, report_every_ms): (u64, u64),
        phase: &watch::Receiver<Phase>,
    ) -> Self {
        let yard = Arc::new(Yard {
            http,
            seed,
            every_us: report_every_ms * 1000,
            begun_us: clock::now_us(),
            doors: Semaphore::new(CONNECT_AT_ONCE),
            connected: AtomicU32::new(0),
            counts: Mutex::default(),
        });
        let mut tasks = JoinSet::new();
        let mut asked = 0;
        for seat in seats.iter().filter(|seat| !seat.tracked.is_empty()) {
            asked += 1;
            let gateway = Gateway::new(Arc::clone(&yard), seat);
            tasks.spawn(gateway.run(phase.clone()));
        }
        let (counted, into) = (Arc::clone(&yard), Arc::clone(record));
        let counting = tokio::spawn(async move {
            loop {
                clock::sleep_ms(COUNT_EVERY_MS).await;
                count(&counted, &into);
            }
        });
        Self { yard, record: Arc::clone(record), asked, tasks, counting }
    }

    /// Waits until all are connected, at most so long; how many are, and how many there are to be.
    pub async fn wait_ready(&self, within_ms: u64) -> (usize, usize) {
        let until = clock::now_us() + within_ms * 1000;
        loop {
            let connected = self.yard.connected.load(Ordering::Relaxed) as usize;
            if connected >= self.asked || clock::now_us() > until {
                return (connected, self.asked);
            }
            clock::sleep_ms(20).await;
        }
    }

    /// Waits for the last answers after the phase is over, and writes the last counts down.
    pub async fn end(mut self) {
        let all = async { while self.tasks.join_next().await.is_some() {} };
        tokio::select! {
            () = all => {}
            () = clock::sleep_ms(END_WITHIN_MS) => {}
        }
        self.counting.abort();
        if self.asked > 0 {
            count(&self.yard, &self.record);
        }
        for text in std::mem::take(&mut self.yard.counts().faults) {
            self.record.push(Event::Note { text });
        }
    }
}

impl Drop for Gateways {
    fn drop(&mut self) {
        self.counting.abort();
    }
}

fn count(yard: &Yard, record: &Record) {
    let told = std::mem::take(&mut yard.counts().told);
    record.push(Event::Gateways(told));
}
