//! Positions in batches of 50 from gateways, all of their way: decode, judge, officer, index, board,
//! track store, and an answer when the disk has them. The other side is Redis `GEOADD` in pipelines of
//! 100, which keeps nothing on disk.
//!
//! All officers are enrolled and on duty; each went on duty over a handheld's socket, which was closed
//! then, as in a shift whose radios report and whose telephones sleep.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::task::JoinSet;

use super::Setting;
use super::field::{COUNTY, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::peers::redis::{Redis, command};
use super::process::Process;
use super::sides::{Samples, median};
use super::ws::{self, Kind};
use crate::admin::Admin;
use crate::clock;
use crate::rng::Rng;
use crate::spawn::Server;

const OFFICERS: usize = 10_000;
/// One may send 20,000 records a second.
const GATEWAYS: usize = 50;
const BATCH: usize = 50;
/// Batches of one gateway that wait for their answers, of 64 that may.
const UNDER_WAY: usize = 24;
const ROUND_US: u64 = 3_000_000;
/// Sockets of handhelds that are open at once while officers go on duty.
const AT_ONCE: usize = 400;
const WALKING_MPS: f64 = 1.5;

/// Somebody who carries a tracker, and where they are in metres from the county's corner.
#[derive(Debug, Clone, Copy)]
pub struct Tracked {
    number: u32,
    lat: f64,
    lon: f64,
    /// Degrees a millisecond.
    step: (f64, f64),
    at_ms: i64,
}

/// What a round came to.
#[derive(Debug, Default, Clone, Copy)]
pub struct Told {
    /// Positions sent.
    pub sent: u64,
    /// Positions taken.
    pub taken: u64,
    /// Batches of which nothing was looked at.
    pub turned_away: u64,
}

/// A gateway on its socket.
pub struct Post {
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
    /// Whom it reports.
    pub people: Vec<Tracked>,
    next: usize,
    seq: u32,
    frame: Vec<u8>,
}

impl Tracked {
    /// Somebody with that number, anywhere, on foot.
    pub fn somewhere(number: u32, rng: &mut Rng) -> Self {
        let [west, south, east, north] = COUNTY;
        let turn = rng.unit() * std::f64::consts::TAU;
        let degrees = WALKING_MPS / 1e3 / 111_320.0;
        Self {
            number,
            lat: south + rng.unit() * (north - south),
            lon: west + rng.unit() * (east - west),
            step: (degrees * turn.cos(), degrees * turn.sin()),
            at_ms: clock::unix_ms(),
        }
    }
}

impl Post {
    /// Connects; also gives the officers' numbers by their id.
    pub async fn open(server: &Server, secret: &str) -> Result<(Self, BTreeMap<String, u32>)> {
        let bearer = format!("Bearer {secret}");
        let bearer = [("authorization", bearer.as_str())];
        let reply = server.http.post_json("/api/ws-tickets", &bearer, &json!({})).await?;
        let ticket = reply.ok("ws-tickets")?["ticket"].clone();
        let mut tcp = ws::connect(&server.http.authority, "/ws/gateway").await?;
        let hello = json!({"type": "hello", "v": 1, "ticket": ticket});
        tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
        let welcome = ws::read_until(&mut tcp, "welcome").await?;
        let listed = welcome["officers"].as_array().context("a welcome lists officers")?;
        let number = |officer: &Value| {
            let n = u32::try_from(officer["n"].as_u64()?).ok()?;
            Some((officer["id"].as_str()?.to_owned(), n))
        };
        let numbers = listed.iter().filter_map(number).collect();
        let (read, write) = tcp.into_split();
        let frame = ws::frame(Kind::Binary, &[0; 16 + 24 * BATCH]);
        let read = BufReader::with_capacity(16 * 1024, read);
        Ok((Self { read, write, people: Vec::new(), next: 0, seq: 0, frame }, numbers))
    }

    /// Writes the next batch of these people.
    async fn send(&mut self) -> Result<()> {
        let now = clock::unix_ms();
        let head = self.frame.len() - (16 + 24 * BATCH);
        let out = &mut self.frame[head..];
        out[..4].copy_from_slice(&[1, 1, 0, 0]);
        out[4..8].copy_from_slice(&1_u32.to_le_bytes());
        out[8..16].copy_from_slice(&now.to_le_bytes());
        // All of a gateway's trackers count together: each one's numbers grow, and that is enough.
        self.seq += 1;
        for record in out[16..].chunks_exact_mut(24) {
            let many = self.people.len();
            let one = &mut self.people[self.next];
            self.next = (self.next + 1) % many;
            #[allow(clippy::cast_precision_loss)] // Minutes in milliseconds.
            let gone = (now - one.at_ms) as f64;
            one.at_ms = now;
            one.lat += one.step.0 * gone;
            one.lon += one.step.1 * gone;
            #[allow(clippy::cast_possible_truncation)] // Degrees times 1e7 fit into 32 bits.
            let units = |degrees: f64| ((degrees * 1e7).round() as i32).to_le_bytes();
            record[..4].copy_from_slice(&one.number.to_le_bytes());
            record[4..8].copy_from_slice(&self.seq.to_le_bytes());
            record[8..12].copy_from_slice(&units(one.lat));
            record[12..16].copy_from_slice(&units(one.lon));
            record[16..20].copy_from_slice(&0_i32.to_le_bytes());
            record[20..22].copy_from_slice(&80_u16.to_le_bytes());
            record[22..24].copy_from_slice(&[3, 60]);
        }
        self.write.write_all(&self.frame).await.context("a gateway's socket is over")
    }

    /// Sends batches at a pace, so many positions a second, and waits for the last of them.
    pub async fn paced(mut self, per_s: f64, for_us: u64) -> Result<(Self, Told)> {
        let begin = clock::now_us();
        let mut told = Told::default();
        let mut waiting = 0;
        for nth in 0.. {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Seconds.
            #[allow(clippy::cast_precision_loss)] // A few thousand.
            let due = (f64::from(nth) * BATCH as f64 * 1e6 / per_s) as u64;
            if due >= for_us {
                break;
            }
            clock::sleep_until_us(begin + due).await;
            self.send().await?;
            told.sent += BATCH as u64;
            waiting += 1;
            if waiting == UNDER_WAY {
                self.answered(&mut told).await?;
                waiting -= 1;
            }
        }
        for _ in 0..waiting {
            self.answered(&mut told).await?;
        }
        Ok((self, told))
    }

    /// Reads one answer.
    async fn answered(&mut self, told: &mut Told) -> Result<()> {
        let answer = ws::read_until(&mut self.read, "batch").await?;
        told.taken += answer["taken"].as_u64().unwrap_or(0);
        told.turned_away += u64::from(answer.get("code").is_some());
        Ok(())
    }

    /// Sends as fast as answers come, and waits for the last of them.
    async fn round(mut self) -> Result<(Self, Told)> {
        let until = clock::now_us() + ROUND_US;
        let mut told = Told::default();
        let mut waiting = 0;
        while waiting > 0 || clock::now_us() < until {
            while waiting < UNDER_WAY && clock::now_us() < until {
                self.send().await?;
                waiting += 1;
                told.sent += BATCH as u64;
            }
            let before = told.turned_away;
            self.answered(&mut told).await?;
            waiting -= 1;
            if told.turned_away > before {
                clock::sleep_ms(20).await; // Too fast: as a gateway would.
            }
        }
        Ok((self, told))
    }
}

/// All gateways for one round.
async fn round(posts: &mut Vec<Post>) -> Result<Told> {
    let mut tasks = JoinSet::new();
    posts.drain(..).for_each(|post| drop(tasks.spawn(post.round())));
    let mut all = Told::default();
    while let Some(done) = tasks.join_next().await {
        let (post, told) = done.context("a gateway's task died")??;
        posts.push(post);
        all.sent += told.sent;
        all.taken += told.taken;
        all.turned_away += told.turned_away;
    }
    Ok(all)
}

/// `GEOADD`s for as long, each member in turn; nanoseconds of processor time each, and how many a second.
async fn feed_redis(redis: &mut Redis, rng: &mut Rng) -> Result<(f64, f64)> {
    let [west, south, east, north] = COUNTY;
    let (begin, cpu) = (clock::now_us(), redis.process.cpu_ns()?);
    let mut commands = Vec::new();
    let mut done = 0_u32;
    while clock::now_us() - begin < ROUND_US {
        commands.clear();
        for member in 0..100 {
            let member = format!("o{}", (done as usize + member) % OFFICERS);
            let lon = format!("{:.6}", west + rng.unit() * (east - west));
            let lat = format!("{:.6}", south + rng.unit() * (north - south));
            command(&mut commands, &["GEOADD", "g", &lon, &lat, &member]);
        }
        redis.pipeline(&commands, 100).await?;
        done += 100;
    }
    #[allow(clippy::cast_precision_loss)] // Seconds in microseconds.
    let seconds = (clock::now_us() - begin) as f64 / 1e6;
    Ok(((redis.process.cpu_ns()? - cpu) / f64::from(done), f64::from(done) / seconds))
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("gateway-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let made = make_court(&server, "gateway", OFFICERS).await?;
    for some in made.devices.chunks(AT_ONCE) {
        drop(enter_all(&server.http, some).await?);
    }
    let mut admin = Admin::connect(&server.admin_socket()).await?;
    let mut posts = Vec::new();
    let mut rng = Rng::new(0x6761_7465);
    for (gateway, theirs) in made.devices.chunks(OFFICERS / GATEWAYS).enumerate() {
        let name = format!("cars-{gateway}");
        let ask = json!({"do": "gateway_add", "court": made.court, "name": name});
        let added = admin.ask(&ask).await?;
        let secret = added["secret"].as_str().context("gateway_add gave no secret")?;
        let (mut post, numbers) = Post::open(&server, secret).await?;
        for device in theirs {
            let number = *numbers.get(&device.officer).context("an officer without a number")?;
            post.people.push(Tracked::somewhere(number, &mut rng));
        }
        posts.push(post);
    }
    let mut redis = Redis::start().await?;
    say(&format!(
        "ours: tiande serve, all its threads on core {}, {OFFICERS} officers on duty, {GATEWAYS} gateways \
         with {UNDER_WAY} batches of {BATCH} each under way, on foot, answered when on the disk; \
         theirs: Redis {} on that core, GEOADD pipelined by 100, {OFFICERS} members, nothing on disk",
        host::MEASURED_CORE,
        redis.version().await?
    ));
    let process = Process::of(&server)?;
    round(&mut posts).await?; // Warms caches and buffers up on both sides.
    feed_redis(&mut redis, &mut rng).await?;
    let (mut our_ns, mut their_ns) = (Samples::new(), Samples::new());
    let (mut our_rate, mut their_rate) = (Samples::new(), Samples::new());
    let mut all = Told::default();
    for _ in 0..setting.rounds {
        let (begin, cpu) = (clock::now_us(), process.cpu_ns()?);
        let told = round(&mut posts).await?;
        anyhow::ensure!(told.taken > 0, "nothing was taken");
        #[allow(clippy::cast_precision_loss)] // A few million.
        let (taken, seconds) = (told.taken as f64, (clock::now_us() - begin) as f64 / 1e6);
        our_ns.push((process.cpu_ns()? - cpu) / taken);
        our_rate.push(taken / seconds);
        all.sent += told.sent;
        all.taken += told.taken;
        all.turned_away += told.turned_away;
        let (ns, rate) = feed_redis(&mut redis, &mut rng).await?;
        their_ns.push(ns);
        their_rate.push(rate);
    }
    say(&format!(
        "ours took {} of {} positions, {} batches turned away; {:.0} ns against {:.0} ns a position; \
         load average {}",
        all.taken,
        all.sent,
        all.turned_away,
        median(&our_ns),
        median(&their_ns),
        host::load_average()
    ));
    server.end().await;
    let name = "positions in batches of 50 from gateways, all of their way; Redis GEOADD by 100";
    Ok(vec![
        Line::versus(
            name,
            "ns CPU",
            &our_ns,
            &their_ns,
            Better::TimesCheaper,
            Budget::AtLeast(4.0),
        ),
        Line::versus(
            "the same as fast as it goes, generator on the other core",
            "/s",
            &our_rate,
            &their_rate,
            Better::Rate,
            None,
        ),
    ])
}
