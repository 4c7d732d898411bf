//! One gateway: connects, reports everybody once an interval, and sends again what was turned away.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use super::backlog::{Backlog, Fix, Record};
use super::{EPOCH, Yard};
use crate::bench::ws::{self, Kind};
use crate::clock;
use crate::court::Seat;
use crate::fleet::walker::Walker;
use crate::fleet::{Phase, over};
use crate::rng::Rng;

/// Before something is sent again for the first time, and at most, microseconds.
const AGAIN_AFTER_US: [u64; 2] = [500_000, 4_000_000];
/// Before a broken socket is opened again, milliseconds.
const RECONNECT_AFTER_MS: u64 = 1_000;
/// What is under way when the drill is over is waited for so long, microseconds.
const LAST_ANSWERS_WITHIN_US: u64 = 5_000_000;

/// One gateway.
pub struct Gateway {
    yard: Arc<Yard>,
    bearer: String,
    /// Tracked officers by their server's id.
    officers: Vec<(String, Walker)>,
    backlog: Backlog,
    seq: u32,
    next_us: u64,
    /// When to send again what was turned away; `u64::MAX` when nothing was.
    again_us: u64,
    pause_us: u64,
    /// Nothing is sent before that: the server turned a whole batch away.
    holds: bool,
    batch: u64,
}

impl Gateway {
    /// The gateway of that court.
    pub fn new(yard: Arc<Yard>, seat: &Seat) -> Self {
        let officers = seat.tracked.iter().map(|(number, id)| {
            // Other ways than those of the officers with sockets.
            (id.clone(), Walker::new(yard.seed ^ 0x5452_4b44, *number, seat.area, 1.0))
        });
        let officers: Vec<_> = officers.collect();
        let mut rng = Rng::new(yard.seed ^ (u64::from(seat.number) << 24));
        // Spread over the interval: a country does not report in step.
        let next_us = yard.begun_us + rng.next() % yard.every_us;
        Self {
            bearer: format!("Bearer {}", seat.gateway),
            backlog: Backlog::of(officers.len()),
            officers,
            seq: 0,
            next_us,
            again_us: u64::MAX,
            pause_us: AGAIN_AFTER_US[0],
            holds: false,
            batch: 0,
            yard,
        }
    }

    /// Lives until the drill is over.
    pub async fn run(mut self, mut phase: watch::Receiver<Phase>) {
        while *phase.borrow() != Phase::Over {
            let ended = self.session(&mut phase).await;
            self.backlog.broken();
            if *phase.borrow() == Phase::Over && ended.is_ok() {
                return;
            }
            self.note_broken(ended);
            tokio::select! {
                () = clock::sleep_ms(RECONNECT_AFTER_MS) => {}
                () = over(&mut phase) => {}
            }
        }
    }

    fn note_broken(&self, ended: Result<()>) {
        let mut counts = self.yard.counts();
        counts.broken += 1;
        if let (Err(fault), true) = (ended, counts.faults.len() < super::FAULTS_KEPT) {
            counts.faults.push(format!("a gateway's socket: {fault:#}"));
        }
    }

    async fn connect(&self) -> Result<(TcpStream, Vec<u32>)> {
        let _place = self.yard.doors.acquire().await.context("the drill ends")?;
        let bearer = [("authorization", self.bearer.as_str())];
        let reply = self.yard.http.post_json("/api/ws-tickets", &bearer, &json!({})).await?;
        let ticket = reply.ok("ws-tickets")?["ticket"].clone();
        let mut tcp = ws::connect(&self.yard.http.authority, "/ws/gateway").await?;
        let hello = json!({"type": "hello", "v": 1, "ticket": ticket});
        tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
        let welcome = ws::read_until(&mut tcp, "welcome").await?;
        let numbers = self.numbers(&welcome)?;
        Ok((tcp, numbers))
    }

    /// Connects and reports until the socket breaks, which is an error, or the drill is over.
    async fn session(&mut self, phase: &mut watch::Receiver<Phase>) -> Result<()> {
        let (tcp, numbers) = tokio::select! {
            () = over(phase) => return Ok(()),
            connected = self.connect() => connected?,
        };
        self.yard.connected.fetch_add(1, Ordering::Relaxed);
        let (read, mut write) = tcp.into_split();
        let (tell, mut answers) = mpsc::unbounded_channel();
        let mut hearing = JoinSet::new();
        hearing.spawn(hear(read, tell));
        self.batch = 0;
        // A silence is as long as the connection took: what is due is due now, and once.
        self.holds = false;
        if self.backlog.waits() {
            self.again_us = clock::now_us();
        }
        loop {
            tokio::select! {
                biased;
                () = over(phase) => break,
                answer = answers.recv() => match answer {
                    Some(answer) => self.take(&answer),
                    None => bail!("the server closed it"),
                },
                () = clock::sleep_until_us(self.next_us.min(self.again_us)) => {
                    let now = clock::now_us();
                    let late = self.backlog.overdue(now);
                    if late > 0 {
                        self.yard.counts().unanswered += late;
                        bail!("{late} batches were not answered");
                    }
                    if now >= self.next_us {
                        self.next_us = (self.next_us + self.yard.every_us).max(now);
                        self.look(now);
                    }
                    // A server that turned a whole batch away is not sent more at once.
                    if !self.holds || now >= self.again_us {
                        (self.again_us, self.holds) = (u64::MAX, false);
                        self.send(&mut write, &numbers).await?;
                    }
                }
            }
        }
        let until = clock::now_us() + LAST_ANSWERS_WITHIN_US;
        while self.backlog.under_way() > 0 {
            tokio::select! {
                answer = answers.recv() => match answer {
                    Some(answer) => self.take(&answer),
                    None => bail!("the server closed it"),
                },
                () = clock::sleep_until_us(until) => {
                    self.yard.counts().unanswered += self.backlog.under_way() as u64;
                    return Ok(());
                }
            }
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

    /// Notes where everybody is.
    fn look(&mut self, now_us: u64) {
        self.seq += 1;
        #[allow(clippy::cast_precision_loss)] // Microseconds of hours are exact in f64.
        let second = now_us.saturating_sub(self.yard.begun_us) as f64 / 1e6;
        #[allow(clippy::cast_possible_truncation)] // Degrees times 1e7 fit into 32 bits.
        let units = |degrees: f64| (degrees * 1e7).round() as i32;
        let (seq, taken_at) = (self.seq, clock::unix_ms());
        for (officer, (_, walker)) in self.officers.iter_mut().enumerate() {
            let (lat, lon) = walker.at(second);
            self.backlog.add(officer, Fix { seq, taken_at, lat: units(lat), lon: units(lon) });
        }
        let given_up = self.backlog.take_given_up();
        let mut counts = self.yard.counts();
        counts.sent += self.officers.len() as u64;
        counts.given_up += given_up;
    }

    /// Sends all that waits.
    async fn send(&mut self, write: &mut OwnedWriteHalf, numbers: &[u32]) -> Result<()> {
        while self.backlog.waits() {
            self.batch += 1;
            let (records, again) = self.backlog.send(self.batch, clock::now_us());
            {
                let mut counts = self.yard.counts();
                counts.batches += 1;
                counts.resent += again;
            }
            let frame = ws::frame(Kind::Binary, &batch_of(&records, numbers)?);
            write.write_all(&frame).await.context("the socket is broken")?;
        }
        Ok(())
    }

    fn take(&mut self, answer: &Value) {
        let now = clock::now_us();
        let told = self.backlog.answered(answer, now);
        self.holds |= told.turned_away.is_some();
        if told.again > 0 {
            self.again_us = now + self.pause_us;
            self.pause_us = (self.pause_us * 2).min(AGAIN_AFTER_US[1]);
        } else {
            self.pause_us = AGAIN_AFTER_US[0];
        }
        let given_up = self.backlog.take_given_up();
        let mut counts = self.yard.counts();
        counts.given_up += given_up;
        counts.taken += told.taken;
        counts.wrong += u64::from(told.wrong);
        for (code, count) in told.refused {
            *counts.refused.entry(code).or_default() += count;
        }
        if let Some(code) = told.turned_away {
            *counts.batches_refused.entry(code).or_default() += 1;
        }
        counts.batch_us.extend(told.us.map(|us| u32::try_from(us).unwrap_or(u32::MAX)));
    }
}

/// A frame's payload (PROTOCOL §9) with these records.
fn batch_of(records: &[Record], numbers: &[u32]) -> Result<Vec<u8>> {
    let base = records.iter().map(|record| record.fix.taken_at).max().unwrap_or_default();
    let mut out = Vec::with_capacity(16 + 24 * records.len());
    out.extend([1, 1, 0, 0]);
    out.extend(EPOCH.to_le_bytes());
    out.extend(base.to_le_bytes());
    for Record { officer, fix, .. } in records {
        out.extend(numbers[*officer].to_le_bytes());
        out.extend(fix.seq.to_le_bytes());
        out.extend(fix.lat.to_le_bytes());
        out.extend(fix.lon.to_le_bytes());
        out.extend(i32::try_from(fix.taken_at - base)?.to_le_bytes());
        out.extend(80_u16.to_le_bytes());
        out.extend([3, 60]);
    }
    Ok(out)
}

/// Hands the answers on until the socket is over.
async fn hear(mut read: OwnedReadHalf, tell: mpsc::UnboundedSender<Value>) {
    while let Ok((kind, payload)) = ws::read(&mut read).await {
        if kind == 8 {
            return;
        }
        let Ok(frame) = serde_json::from_slice::<Value>(&payload) else { continue };
        if frame["type"] == "batch" && tell.send(frame).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_is_written_as_the_protocol_says() {
        let mut backlog = Backlog::of(2);
        backlog.add(0, Fix { seq: 7, taken_at: 1_000, lat: 350_000_000, lon: -5 });
        backlog.add(1, Fix { seq: 8, taken_at: 1_250, lat: 1, lon: 2 });
        let (records, _) = backlog.send(1, 1);
        let bytes = batch_of(&records, &[40, 41]).unwrap();
        assert_eq!(bytes.len(), 16 + 2 * 24);
        assert_eq!(bytes[..8], [1, 1, 0, 0, 1, 0, 0, 0]);
        assert_eq!(bytes[8..16], 1_250_i64.to_le_bytes());
        assert_eq!(bytes[16..20], 40_u32.to_le_bytes());
        assert_eq!(bytes[20..24], 7_u32.to_le_bytes());
        assert_eq!(bytes[24..28], 350_000_000_i32.to_le_bytes());
        assert_eq!(bytes[28..32], (-5_i32).to_le_bytes());
        assert_eq!(bytes[32..36], (-250_i32).to_le_bytes());
        assert_eq!(bytes[40..44], 41_u32.to_le_bytes());
    }
}
