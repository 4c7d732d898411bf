//! The gateways of a country: one socket a court, one batch of all its tracked officers at a time
//! (PROTOCOL §9, §10).
//!
//! Tens of thousands of positions a second are counted, not recorded one by one: who has a tracker and no
//! handheld is never asked to go anywhere, so the checker needs no such place to judge an offer.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::tcp::OwnedReadHalf;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::bench::ws::{self, Kind};
use crate::clock;
use crate::court::Seat;
use crate::fleet::walker::Walker;
use crate::fleet::{Phase, over};
use crate::http::Http;
use crate::record::{Event, Record};
use crate::rng::Rng;

/// Gateways that connect at once.
const CONNECT_AT_ONCE: usize = 16;
/// How often what was counted goes into the record, milliseconds.
const COUNT_EVERY_MS: u64 = 1_000;
/// The epoch of all trackers.
const EPOCH: u32 = 1;

/// What was counted since the last line of the record.
#[derive(Debug, Default)]
struct Counts {
    sent: u64,
    taken: u64,
    refused: BTreeMap<String, u64>,
    batches: u64,
    batches_refused: BTreeMap<String, u64>,
    batch_us: Vec<u32>,
    broken: u64,
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
    asked: usize,
    /// Ended with the drop of this.
    _tasks: JoinSet<()>,
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
        tasks.spawn(count(Arc::clone(&yard), Arc::clone(record), phase.clone()));
        Self { yard, asked, _tasks: tasks }
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
}

async fn count(yard: Arc<Yard>, record: Arc<Record>, mut phase: watch::Receiver<Phase>) {
    while *phase.borrow() != Phase::Over {
        tokio::select! {
            () = clock::sleep_ms(COUNT_EVERY_MS) => {}
            () = over(&mut phase) => {}
        }
        let counts = std::mem::take(&mut *yard.counts());
        let Counts { sent, taken, refused, batches, batches_refused, batch_us, broken } = counts;
        record.push(Event::Gateways {
            sent,
            taken,
            refused,
            batches,
            batches_refused,
            batch_us,
            broken,
        });
    }
}

/// One gateway.
struct Gateway {
    yard: Arc<Yard>,
    bearer: String,
    /// Tracked officers by their server's id.
    officers: Vec<(String, Walker)>,
    seq: u32,
    next_us: u64,
}

impl Gateway {
    fn new(yard: Arc<Yard>, seat: &Seat) -> Self {
        let officers = seat.tracked.iter().map(|(number, id)| {
            // Other ways than those of the officers with sockets.
            (id.clone(), Walker::new(yard.seed ^ 0x5452_4b44, *number, seat.area, 1.0))
        });
        let mut rng = Rng::new(yard.seed ^ (u64::from(seat.number) << 24));
        // Spread over the interval: a country does not report in step.
        let next_us = yard.begun_us + rng.next() % yard.every_us;
        let bearer = format!("Bearer {}", seat.gateway);
        Self { bearer, officers: officers.collect(), seq: 0, next_us, yard }
    }

    async fn run(mut self, mut phase: watch::Receiver<Phase>) {
        while *phase.borrow() != Phase::Over {
            tokio::select! {
                () = over(&mut phase) => return,
                _broken = self.session() => {}
            }
            self.yard.counts().broken += 1;
            clock::sleep_ms(1_000).await;
        }
    }

    /// Connects and reports until the socket breaks.
    async fn session(&mut self) -> Result<()> {
        let (tcp, numbers) = {
            let _place = self.yard.doors.acquire().await.context("the drill ends")?;
            let bearer = [("authorization", self.bearer.as_str())];
            let reply = self.yard.http.post_json("/api/ws-tickets", &bearer, &json!({})).await?;
            let ticket = reply.ok("ws-tickets")?["ticket"].clone();
            let mut tcp = ws::connect(&self.yard.http.authority, "/ws/gateway").await?;
            let hello = json!({"type": "hello", "v": 1, "ticket": ticket});
            tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
            let welcome = ws::read_until(&mut tcp, "welcome").await?;
            (tcp, self.numbers(&welcome)?)
        };
        self.yard.connected.fetch_add(1, Ordering::Relaxed);
        let (read, mut write) = tcp.into_split();
        let waiting: Arc<Mutex<VecDeque<(u64, u64)>>> = Arc::default();
        let mut hearing = JoinSet::new();
        hearing.spawn(hear(Arc::clone(&self.yard), read, Arc::clone(&waiting)));
        let mut frame = ws::frame(Kind::Binary, &vec![0; 16 + 24 * numbers.len()]);
        let head = frame.len() - 16 - 24 * numbers.len();
        for batch in 1.. {
            tokio::select! {
                () = clock::sleep_until_us(self.next_us) => {}
                _ended = hearing.join_next() => break,
            }
            self.next_us = (self.next_us + self.yard.every_us).max(clock::now_us());
            self.fill(&mut frame[head..], &numbers);
            let sent_us = clock::now_us();
            waiting.lock().unwrap_or_else(PoisonError::into_inner).push_back((batch, sent_us));
            {
                let mut counts = self.yard.counts();
                counts.sent += numbers.len() as u64;
                counts.batches += 1;
            }
            write.write_all(&frame).await.context("the socket is broken")?;
        }
        Ok(())
    }

    /// The small numbers of the tracked officers, in their order here.
    fn numbers(&self, welcome: &Value) -> Result<Vec<u32>> {
        let listed = welcome["officers"].as_array().context("a welcome without officers")?;
        let by_id: BTreeMap<&str, u64> = listed
            .iter()
            .filter_map(|one| Some((one["id"].as_str()?, one["n"].as_u64()?)))
            .collect();
        let number = |(id, _): &(String, Walker)| {
            let number = by_id.get(id.as_str()).context("the welcome lacks an officer")?;
            Ok(u32::try_from(*number)?)
        };
        self.officers.iter().map(number).collect()
    }

    /// Writes everybody's place now: a batch of PROTOCOL §9.
    fn fill(&mut self, out: &mut [u8], numbers: &[u32]) {
        self.seq += 1;
        #[allow(clippy::cast_precision_loss)] // Microseconds of hours are exact in f64.
        let second = clock::now_us().saturating_sub(self.yard.begun_us) as f64 / 1e6;
        #[allow(clippy::cast_possible_truncation)] // Degrees times 1e7 fit into 32 bits.
        let units = |degrees: f64| (degrees * 1e7).round() as i32;
        let (head, records) = out.split_at_mut(16);
        head[..4].copy_from_slice(&[1, 1, 0, 0]);
        head[4..8].copy_from_slice(&EPOCH.to_le_bytes());
        head[8..16].copy_from_slice(&clock::unix_ms().to_le_bytes());
        let everybody = self.officers.iter_mut().zip(numbers);
        for (record, ((_, walker), number)) in records.chunks_exact_mut(24).zip(everybody) {
            let (lat, lon) = walker.at(second);
            record[..4].copy_from_slice(&number.to_le_bytes());
            record[4..8].copy_from_slice(&self.seq.to_le_bytes());
            record[8..12].copy_from_slice(&units(lat).to_le_bytes());
            record[12..16].copy_from_slice(&units(lon).to_le_bytes());
            record[16..20].copy_from_slice(&0_i32.to_le_bytes());
            record[20..22].copy_from_slice(&80_u16.to_le_bytes());
            record[22..24].copy_from_slice(&[3, 60]);
        }
    }
}

/// Counts the answers until the socket is over.
async fn hear(yard: Arc<Yard>, mut read: OwnedReadHalf, waiting: Arc<Mutex<VecDeque<(u64, u64)>>>) {
    while let Ok((kind, payload)) = ws::read(&mut read).await {
        if kind == 8 {
            return;
        }
        let Ok(frame) = serde_json::from_slice::<Value>(&payload) else { continue };
        if frame["type"] != "batch" {
            continue;
        }
        let sent_us = {
            let mut waiting = waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let number = frame["batch"].as_u64();
            let at = waiting.iter().position(|(batch, _)| Some(*batch) == number);
            at.and_then(|at| waiting.remove(at)).map(|(_, sent_us)| sent_us)
        };
        let mut counts = yard.counts();
        if let Some(code) = frame["code"].as_str() {
            *counts.batches_refused.entry(code.to_owned()).or_default() += 1;
            continue;
        }
        if let Some(sent_us) = sent_us {
            let us = clock::now_us().saturating_sub(sent_us);
            counts.batch_us.push(u32::try_from(us).unwrap_or(u32::MAX));
        }
        counts.taken += frame["taken"].as_u64().unwrap_or_default();
        for refused in frame["refused"].as_array().into_iter().flatten() {
            let code = refused[1].as_str().unwrap_or("?").to_owned();
            *counts.refused.entry(code).or_default() += 1;
        }
    }
}
