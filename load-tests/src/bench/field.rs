//! Officers in the field as the bench needs them: enrolled, connected, on duty, and cheap to play.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::task::JoinSet;

use super::ws::{self, Kind};
use crate::admin::Admin;
use crate::clock;
use crate::court::{self, Device, Seat};
use crate::http::Http;
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::spawn::Server;

/// West, south, east, north of the county that benches play in: some 30 by 30 km.
pub const COUNTY: [f64; 4] = [114.50, 35.05, 114.83, 35.32];
/// Sockets that are opened at once.
const CONNECT_AT_ONCE: usize = 16;
/// The epoch of all devices.
const EPOCH: u32 = 1;

/// A court that was made.
#[derive(Debug)]
pub struct Made {
    pub court: String,
    /// The secret of its tip source, whose name is [`court::SOURCE`].
    pub secret: String,
    pub devices: Vec<Device>,
}

/// A scenario as the courts of a bench need it: all of them have the whole county.
fn scenario(id: &str) -> Result<Scenario> {
    toml::from_str(&format!(
        "name = {id:?}\nseed = 1\nduration_s = 1\n[court]\nname = {id:?}\narea = {COUNTY:?}\n\
         [officers]\ncount = 0\n[tips]\nrate_per_s = 1.0\n[answers]\naccept = 1.0\ndecline = 0.0\ndelay_ms = [1, 1]\n\
         finish_after_ms = [1, 1]\n"
    ))
    .context("the bench's own scenario")
}

/// Makes a court with so many officers, who are not connected yet.
pub async fn make_court(server: &Server, id: &str, officers: usize) -> Result<Made> {
    let mut scenario = scenario(id)?;
    scenario.officers.count = u32::try_from(officers)?;
    let mut admin = Admin::connect(&server.admin_socket()).await?;
    let court::Made { seats, devices } =
        court::make(&scenario, &mut admin, &server.http, id).await?;
    let seat = seats.into_iter().next().context("no court was made")?;
    Ok(Made { court: seat.court, secret: seat.secret, devices })
}

/// Makes courts without dispatchers, numbered from that one on, each with so many officers who have a
/// tracker only.
pub async fn make_courts(
    server: &Server,
    id: &str,
    first: u32,
    count: u32,
    tracked: u32,
) -> Result<Vec<Seat>> {
    let admin = Admin::connect(&server.admin_socket()).await?;
    let plan = |court| court::Plan {
        area: COUNTY,
        has_dispatcher: false,
        tracked: (court * tracked..(court + 1) * tracked).collect(),
    };
    let plans = (first..first + count).map(plan).collect();
    court::make_seats(&scenario(id)?, &admin, id, plans, first).await
}

/// Enrols so many officers, in turns in these courts.
pub async fn enrol(server: &Server, seats: &[Seat], count: usize) -> Result<Vec<Device>> {
    let courts = Arc::new(seats.iter().map(|seat| seat.court.clone()).collect());
    let admin = Admin::connect(&server.admin_socket()).await?;
    court::enrol_all(&admin, &server.http, &courts, 0..count).await
}

/// Opens the socket of a handheld, says hello and goes on duty; gives the stream back after the answer.
pub async fn enter(http: &Http, device: &Device) -> Result<TcpStream> {
    let bearer = format!("Bearer {}", device.token);
    let bearer = [("authorization", bearer.as_str())];
    let reply = http.post_json("/api/ws-tickets", &bearer, &json!({})).await?;
    let ticket = reply.ok("ws-tickets")?["ticket"].clone();
    let mut tcp = ws::connect(&http.authority, "/ws/handheld").await?;
    let hello = json!({"type": "hello", "v": 1, "ticket": ticket, "epoch": EPOCH, "binary": true});
    tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
    ws::read_until(&mut tcp, "welcome").await?;
    let duty = json!({"type": "duty", "id": "duty", "to": "on_duty"});
    tcp.write_all(&ws::frame(Kind::Text, duty.to_string().as_bytes())).await?;
    ws::read_until(&mut tcp, "done").await?;
    Ok(tcp)
}

/// Opens the sockets of all these devices.
pub async fn enter_all(http: &Http, devices: &[Device]) -> Result<Vec<TcpStream>> {
    let mut tasks = JoinSet::new();
    for lane in 0..CONNECT_AT_ONCE.min(devices.len()) {
        let mine: Vec<(usize, Device)> =
            devices.iter().cloned().enumerate().skip(lane).step_by(CONNECT_AT_ONCE).collect();
        let http = http.clone();
        tasks.spawn(async move {
            let mut streams = Vec::new();
            for (index, device) in mine {
                streams.push((index, enter(&http, &device).await?));
            }
            Ok::<_, anyhow::Error>(streams)
        });
    }
    let mut streams = Vec::new();
    while let Some(lane) = tasks.join_next().await {
        streams.extend(lane.context("a connecting task died")??);
    }
    streams.sort_by_key(|(index, _)| *index);
    Ok(streams.into_iter().map(|(_, stream)| stream).collect())
}

/// What came back from the other side, of all sockets together.
#[derive(Debug, Default)]
pub struct Heard {
    /// Frames.
    pub frames: AtomicU64,
    /// Of these, `ack`s.
    pub acks: AtomicU64,
    /// Of these, `stored`s.
    pub stored: AtomicU64,
    /// Fixes that acks counted as taken.
    pub taken: AtomicU64,
    /// Sockets that are over.
    pub over: AtomicU64,
}

/// Where somebody is and how they walk.
#[derive(Debug, Clone, Copy)]
struct Walk {
    lat: f64,
    lon: f64,
    north: f64,
    east: f64,
    at_ms: i64,
    seq: u32,
}

/// Officers with a socket each, who report on command.
#[derive(Debug)]
pub struct Gang {
    sockets: Vec<OwnedWriteHalf>,
    walks: Vec<Walk>,
    next: usize,
    frame: Vec<u8>,
    spread: Spread,
    rng: Rng,
    /// What they are told.
    pub heard: Arc<Heard>,
}

/// How the officers of a gang are spread and move.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    /// West, south, east, north.
    pub area: [f64; 4],
    /// Metres a second.
    pub speed_mps: f64,
}

impl Gang {
    /// Takes sockets over. The readers of what comes back run until their sockets end.
    pub fn new(streams: Vec<TcpStream>, spread: Spread) -> Self {
        let mut gang = Self {
            sockets: Vec::new(),
            walks: Vec::new(),
            next: 0,
            frame: ws::frame(Kind::Binary, &[0; 40]),
            spread,
            rng: Rng::new(0x6265_6e63),
            heard: Arc::default(),
        };
        gang.join(streams);
        gang
    }

    /// More officers.
    pub fn join(&mut self, streams: Vec<TcpStream>) {
        let [west, south, east, north] = self.spread.area;
        let now = clock::unix_ms();
        for stream in streams {
            let turn = self.rng.unit() * std::f64::consts::TAU;
            let lat = south + self.rng.unit() * (north - south);
            let metres_of_lon = 111_320.0 * lat.to_radians().cos();
            self.walks.push(Walk {
                lat,
                lon: west + self.rng.unit() * (east - west),
                north: self.spread.speed_mps * turn.cos() / 111_320.0,
                east: self.spread.speed_mps * turn.sin() / metres_of_lon,
                at_ms: now,
                seq: 0,
            });
            let (mut read, write) = stream.into_split();
            let heard = Arc::clone(&self.heard);
            tokio::spawn(async move {
                listen(&mut read, &heard).await;
                heard.over.fetch_add(1, Ordering::Relaxed);
            });
            self.sockets.push(write);
        }
    }

    /// How many they are.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Sends one position in one frame from each of the next `count` officers, in turns.
    pub fn report(&mut self, count: usize) -> Result<()> {
        let now = clock::unix_ms();
        for _ in 0..count {
            let walk = &mut self.walks[self.next];
            walk.seq += 1;
            #[allow(clippy::cast_precision_loss)] // Less than a minute in milliseconds.
            let seconds = (now - walk.at_ms) as f64 / 1e3;
            walk.at_ms = now;
            walk.lat += walk.north * seconds;
            walk.lon += walk.east * seconds;
            position(&mut self.frame[6..], walk);
            let written =
                self.sockets[self.next].try_write(&self.frame).context("a full socket")?;
            anyhow::ensure!(written == self.frame.len(), "a socket took part of a frame");
            self.next = (self.next + 1) % self.sockets.len();
        }
        Ok(())
    }

    /// Reports `per_s` positions a second, of all together, for so long; gives how many were sent.
    pub async fn report_for(&mut self, per_s: f64, for_us: u64) -> Result<u64> {
        let begin = clock::now_us();
        let mut sent = 0_u64;
        loop {
            let gone = clock::now_us() - begin;
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
            #[allow(clippy::cast_precision_loss)] // A minute's positions at most.
            let due = (gone.min(for_us) as f64 * per_s / 1e6) as u64;
            // In lots of a millisecond; the readers get their turn in between.
            let lot = usize::try_from(due - sent)?.min(500);
            self.report(lot)?;
            sent += lot as u64;
            if gone >= for_us && sent == due {
                return Ok(sent);
            }
            if due - sent < 500 {
                clock::sleep_ms(1).await;
            } else {
                tokio::task::yield_now().await;
            }
        }
    }
}

/// A frame of PROTOCOL §9 with one record.
fn position(out: &mut [u8], walk: &Walk) {
    #[allow(clippy::cast_possible_truncation)] // Degrees times 1e7 fit into 32 bits.
    let units = |degrees: f64| (degrees * 1e7).round() as i32;
    out[..4].copy_from_slice(&[1, 1, 0, 0]);
    out[4..8].copy_from_slice(&EPOCH.to_le_bytes());
    out[8..16].copy_from_slice(&walk.at_ms.to_le_bytes());
    out[16..20].copy_from_slice(&0_u32.to_le_bytes());
    out[20..24].copy_from_slice(&walk.seq.to_le_bytes());
    out[24..28].copy_from_slice(&units(walk.lat).to_le_bytes());
    out[28..32].copy_from_slice(&units(walk.lon).to_le_bytes());
    out[32..36].copy_from_slice(&0_i32.to_le_bytes());
    out[36..38].copy_from_slice(&80_u16.to_le_bytes());
    out[38..40].copy_from_slice(&[3, 60]);
}

/// Counts what comes back, until the socket is over. Pings need no answer: whoever reports is heard.
async fn listen(read: &mut (impl AsyncReadExt + Unpin), heard: &Heard) {
    let mut buffer = Vec::with_capacity(4096);
    loop {
        match read.read_buf(&mut buffer).await {
            Ok(0) | Err(_) => return,
            Ok(_) => {}
        }
        let mut at = 0;
        while let Some((payload, end)) = whole_frame(&buffer, at) {
            count(&buffer[payload..end], heard);
            at = end;
        }
        buffer.drain(..at);
    }
}

/// Where the payload of the frame at `at` begins and ends, when all of it is there.
fn whole_frame(buffer: &[u8], at: usize) -> Option<(usize, usize)> {
    let (begin, length) = match *buffer.get(at + 1)? & 0x7f {
        126 => {
            let bytes = buffer.get(at + 2..at + 4)?.try_into().ok()?;
            (at + 4, usize::from(u16::from_be_bytes(bytes)))
        }
        127 => {
            let bytes = buffer.get(at + 2..at + 10)?.try_into().ok()?;
            (at + 10, usize::try_from(u64::from_be_bytes(bytes)).ok()?)
        }
        short => (at + 2, usize::from(short)),
    };
    (buffer.len() >= begin + length).then_some((begin, begin + length))
}

fn count(payload: &[u8], heard: &Heard) {
    heard.frames.fetch_add(1, Ordering::Relaxed);
    let Ok(text) = std::str::from_utf8(payload) else { return };
    if text.contains("\"type\":\"ack\"") {
        heard.acks.fetch_add(1, Ordering::Relaxed);
        let taken = text.split_once("\"taken\":").map(|(_, rest)| rest);
        let digits = taken.and_then(|rest| rest.split(|c: char| !c.is_ascii_digit()).next());
        let taken = digits.and_then(|digits| digits.parse().ok()).unwrap_or(0);
        heard.taken.fetch_add(taken, Ordering::Relaxed);
    } else if text.contains("\"type\":\"stored\"") {
        heard.stored.fetch_add(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_back_is_counted_however_it_is_cut() {
        let ack = br#"{"type":"ack","epoch":1,"seq":9,"taken":4,"refused":0}"#;
        let mut bytes = vec![0x81, u8::try_from(ack.len()).unwrap()];
        bytes.extend(ack);
        bytes.extend([0x81, 126, 0, 200]);
        bytes.extend([b'x'; 200]);
        for cut in 1..bytes.len() {
            assert!(whole_frame(&bytes[..cut.min(10)], 0).is_none() || cut > 10);
        }
        let (begin, end) = whole_frame(&bytes, 0).unwrap();
        assert_eq!(&bytes[begin..end], ack);
        let heard = Heard::default();
        count(&bytes[begin..end], &heard);
        assert_eq!(heard.taken.load(Ordering::Relaxed), 4);
        let (begin, end) = whole_frame(&bytes, end).unwrap();
        assert_eq!((end - begin, end), (200, bytes.len()));
    }
}
