//! Tip → offer on the officer's screen, durable first: from just before a signed tip is written to its
//! kept connection until an `offer` has been read from an officer's socket. The other side is what
//! nobody can do without: one websocket round trip and one `fdatasync` of the tip's bytes.
//!
//! One tip at a time. Its officer accepts and finishes, so that the next one finds the same court. The
//! thread that measures goes before the load's on the generator's core, for both sides alike.
//!
//! **Not here:** the stack one would otherwise build.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::process::{Command as Plain, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};

use super::field::{COUNTY, Gang, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::moments::Moments;
use super::sides::{Samples, median};
use super::{Setting, ws};
use crate::clock;
use crate::court::SOURCE;
use crate::spawn::Server;
use crate::tips::sign;

/// Handhelds of the court.
const SOCKETS: usize = 1_000;
/// Of these, officers near the tips, whose sockets the measuring thread reads.
const CREW: usize = 32;
/// Half of what a server sustains on one core in ingest's own bench, positions a second.
const HALF_LOAD_PER_S: u64 = 40_000;
/// Tips of one round and kind.
const TIPS: usize = 400;
/// Between two operations of a round that is paced, milliseconds: some 30 tips a second.
const PACE_MS: u64 = 10;
/// An offer that is not there by then will not come, milliseconds.
const OFFER_WITHIN_MS: u64 = 5_000;
/// The load runs for so long before somebody measures under it, milliseconds.
const LOAD_SETTLES_MS: u64 = 1_500;
/// Bytes of the file that the bare fdatasync writes to.
const FILE_BYTES: usize = 16 << 20;

/// How the tips of a round follow each other, and what else goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Kind {
    paced: bool,
    loaded: bool,
}

/// What one round gave.
#[derive(Debug, Default)]
struct Round {
    tip: Moments,
    echo: Moments,
    sync: Moments,
}

impl Round {
    fn floor(&self, share: f64) -> f64 {
        self.echo.quantile(share) + self.sync.quantile(share)
    }
}

/// The echo as a process of its own.
struct Echo {
    child: Child,
    authority: String,
}

impl Echo {
    async fn start() -> Result<Self> {
        let this = std::env::current_exe().context("cannot find this program")?;
        let mut child = Command::new("taskset")
            .args(["-c", host::MEASURED_CORE])
            .arg(this)
            .arg("echo")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start the echo")?;
        let stdout = child.stdout.take().context("the echo has no output")?;
        let port = BufReader::new(stdout).lines().next_line().await?.context("no port")?;
        Ok(Self { child, authority: format!("127.0.0.1:{}", port.trim()) })
    }
}

/// The load: a thread of its own, which reports while it is told to.
struct Load {
    per_s: Arc<AtomicU64>,
    sent: Arc<AtomicU64>,
    over: Arc<AtomicBool>,
    fault: oneshot::Receiver<anyhow::Error>,
}

impl Load {
    fn start(streams: Vec<TcpStream>, spread: Spread) -> Result<Self> {
        let streams = streams.into_iter().map(TcpStream::into_std);
        let streams: Vec<_> = streams.collect::<Result<_, _>>().context("a socket is lost")?;
        let (per_s, sent) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        let over = Arc::new(AtomicBool::new(false));
        let (tell, fault) = oneshot::channel();
        let (wanted, done, ended) = (Arc::clone(&per_s), Arc::clone(&sent), Arc::clone(&over));
        std::thread::spawn(move || {
            let work = || -> Result<()> {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
                runtime.block_on(async {
                    let mut here = Vec::with_capacity(streams.len());
                    for stream in streams {
                        let stream = TcpStream::from_std(stream)?;
                        stream.writable().await?; // This runtime knows nothing of it yet.
                        here.push(stream);
                    }
                    let mut gang = Gang::new(here, spread);
                    gang.report(gang.len())?;
                    while !ended.load(Ordering::Relaxed) {
                        match wanted.load(Ordering::Relaxed) {
                            // A handheld that says nothing for long is taken for lost: some 100 frames a
                            // second keep a thousand of them.
                            0 => {
                                gang.report(2)?;
                                clock::sleep_ms(20).await;
                            }
                            per_s => {
                                #[allow(clippy::cast_precision_loss)] // Thousands.
                                let lot = gang.report_for(per_s as f64, 100_000).await?;
                                done.fetch_add(lot, Ordering::Relaxed);
                            }
                        }
                    }
                    Ok(())
                })
            };
            if let Err(fault) = work() {
                // Whoever waited may have gone.
                tell.send(fault).unwrap_or_default();
            }
        });
        Ok(Self { per_s, sent, over, fault })
    }

    /// Reports so many positions a second from now on.
    fn set(&mut self, per_s: u64) -> Result<()> {
        if let Ok(fault) = self.fault.try_recv() {
            return Err(fault.context("the load broke off"));
        }
        self.per_s.store(per_s, Ordering::Relaxed);
        Ok(())
    }
}

/// A frame of the crew, and when it was read, microseconds.
struct Heard {
    who: usize,
    at_us: u64,
    frame: Value,
}

/// The officers near the tips.
struct Crew {
    sockets: Vec<OwnedWriteHalf>,
    heard: mpsc::UnboundedReceiver<Heard>,
    fixes: u32,
}

/// Where the crew and the tips are: the north-eastern corner.
fn corner(nth: usize) -> (f64, f64) {
    let [_, _, east, north] = COUNTY;
    #[allow(clippy::cast_precision_loss)] // A few dozen.
    let step = nth as f64 * 0.0004;
    (north - 0.002 - step, east - 0.002)
}

impl Crew {
    fn new(streams: Vec<TcpStream>) -> Self {
        let (tell, heard) = mpsc::unbounded_channel();
        let sockets = streams.into_iter().enumerate().map(|(who, stream)| {
            let (mut read, write) = stream.into_split();
            let tell = tell.clone();
            tokio::spawn(async move {
                while let Ok((_, payload)) = ws::read(&mut read).await {
                    let at_us = clock::now_us();
                    let frame = serde_json::from_slice(&payload).unwrap_or_default();
                    if tell.send(Heard { who, at_us, frame }).is_err() {
                        return;
                    }
                }
            });
            write
        });
        Self { sockets: sockets.collect(), heard, fixes: 0 }
    }

    async fn say(&mut self, who: usize, frame: &Value) -> Result<()> {
        let frame = ws::frame(ws::Kind::Text, frame.to_string().as_bytes());
        self.sockets[who].write_all(&frame).await.context("a handheld's socket is broken")
    }

    /// Everybody says where they are, so that they are fit to be asked.
    async fn report(&mut self) -> Result<()> {
        self.fixes += 1;
        for who in 0..self.sockets.len() {
            let (lat, lon) = corner(who);
            let fix = json!({"seq": self.fixes, "taken_at": clock::unix_ms(), "lat": lat,
                "lon": lon, "accuracy_m": 8});
            self.say(who, &json!({"type": "position", "fixes": [fix]})).await?;
        }
        Ok(())
    }

    async fn next(&mut self) -> Result<Heard> {
        let within = std::time::Duration::from_millis(OFFER_WITHIN_MS);
        let heard = tokio::time::timeout(within, self.heard.recv()).await;
        heard.context("the server says nothing")?.context("the crew is gone")
    }

    /// Waits for the offer of this tip; gives who got it, the offer, its incident, and the moment.
    async fn offered(&mut self, words: &str) -> Result<(usize, Value, Value, u64)> {
        loop {
            let Heard { who, at_us, frame } = self.next().await?;
            let incident = &frame["incident"];
            if frame["type"] == "offer" && incident["description"] == words {
                return Ok((who, frame["offer"].clone(), incident["id"].clone(), at_us));
            }
        }
    }

    /// Accepts and finishes, and waits until that is done.
    async fn finish(&mut self, who: usize, offer: &Value, incident: &Value) -> Result<()> {
        self.say(who, &json!({"type": "accept", "id": "a", "offer": offer})).await?;
        self.done("a").await?;
        let finish =
            json!({"type": "finish", "id": "f", "incident": incident, "outcome": "not_found"});
        self.say(who, &finish).await?;
        self.done("f").await
    }

    async fn done(&mut self, id: &str) -> Result<()> {
        loop {
            let Heard { frame, .. } = self.next().await?;
            match frame["type"].as_str() {
                Some("done") if frame["ref"] == id => return Ok(()),
                Some("refused") => bail!("refused: {frame}"),
                _ => {}
            }
        }
    }
}

/// The informant: one kept connection.
struct Informant {
    tcp: TcpStream,
    authority: String,
    court: String,
    secret: String,
    run: i64,
    sent: usize,
}

impl Informant {
    /// A whole signed request, and the words that its offer will carry.
    fn request(&mut self) -> Result<(Vec<u8>, String)> {
        self.sent += 1;
        let words = format!("Bench tip {}", self.sent);
        let (lat, lon) = corner(self.sent % CREW);
        let body = json!({
            "court": self.court, "kind": "other", "urgency": "emergency", "description": words,
            "occurred_at": clock::rfc3339(clock::unix_ms()), "exercise": true,
            "location": {"lat": lat, "lon": lon, "accuracy_m": 20},
        })
        .to_string();
        let (id, now_s) = (format!("bench-{}-{}", self.run, self.sent), clock::unix_ms() / 1000);
        let signature = sign(&self.secret, &id, now_s, body.as_bytes())?;
        let request = format!(
            "POST /hooks/tips/{SOURCE} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {now_s}\r\n\
             webhook-signature: {signature}\r\n\r\n{body}",
            self.authority,
            body.len()
        );
        Ok((request.into_bytes(), words))
    }

    /// Reads the answer, which must be a 202.
    async fn answered(&mut self) -> Result<()> {
        let mut bytes = Vec::with_capacity(1024);
        loop {
            let read = self.tcp.read_buf(&mut bytes).await.context("no answer to the tip")?;
            anyhow::ensure!(read > 0, "the server closed the informant's connection");
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let length = head.lines().find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            if body.len() >= length.unwrap_or(0_usize) {
                anyhow::ensure!(head.starts_with("HTTP/1.1 202"), "the tip was refused: {text}");
                return Ok(());
            }
        }
    }
}

/// Everything that the measuring thread holds.
struct Bench {
    informant: Informant,
    crew: Crew,
    echo: TcpStream,
    file: File,
    file_at: usize,
}

#[allow(clippy::cast_precision_loss)] // Microseconds of seconds.
fn since(begin_us: u64, end_us: u64) -> f64 {
    end_us.saturating_sub(begin_us) as f64
}

impl Bench {
    async fn tip(&mut self) -> Result<(f64, usize)> {
        let (request, words) = self.informant.request()?;
        let begin = clock::now_us();
        self.informant.tcp.write_all(&request).await.context("the informant's connection")?;
        let (who, offer, incident, at_us) = self.crew.offered(&words).await?;
        self.informant.answered().await?;
        self.crew.finish(who, &offer, &incident).await?;
        Ok((since(begin, at_us), request.len()))
    }

    async fn echoed(&mut self, length: usize) -> Result<f64> {
        let frame = ws::frame(ws::Kind::Text, &vec![b'x'; length]);
        let begin = clock::now_us();
        self.echo.write_all(&frame).await.context("the echo's socket")?;
        ws::read(&mut self.echo).await?;
        Ok(since(begin, clock::now_us()))
    }

    fn synced(&mut self, length: usize) -> Result<f64> {
        let bytes = vec![b'x'; length];
        if self.file_at + length > FILE_BYTES {
            self.file_at = 0;
        }
        let begin = clock::now_us();
        self.file.write_all_at(&bytes, self.file_at as u64).context("the bare file")?;
        self.file.sync_data().context("the bare file")?;
        self.file_at += length;
        Ok(since(begin, clock::now_us()))
    }

    /// The three operations in turns; each begins after the same rest.
    async fn round(&mut self, paced: bool, tips: usize) -> Result<Round> {
        let rest = if paced { PACE_MS } else { 0 };
        let mut round = Round::default();
        for nth in 0..tips {
            if nth % 100 == 0 {
                self.crew.report().await?;
                clock::sleep_ms(50).await;
            }
            clock::sleep_ms(rest).await;
            let (us, length) = self.tip().await?;
            round.tip.push(us);
            clock::sleep_ms(rest).await;
            round.echo.push(self.echoed(length).await?);
            clock::sleep_ms(rest).await;
            round.sync.push(self.synced(length)?);
        }
        Ok(round)
    }
}

/// Lets this thread go before all others of its core. Not possible for everybody.
fn go_first() {
    // `PID/task/TID`.
    let this = std::fs::read_link("/proc/thread-self").unwrap_or_default();
    let this = this.file_name().unwrap_or_default();
    let done = Plain::new("chrt")
        .args(["--fifo", "-p", "1"])
        .arg(this)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    if !done.is_ok_and(|status| status.success()) {
        say(
            "note: the measuring thread cannot go first; the load's own generator is in the figures",
        );
    }
}

const KINDS: [Kind; 3] = [
    Kind { paced: true, loaded: false },
    Kind { paced: false, loaded: false },
    Kind { paced: true, loaded: true },
];

/// All rounds, in turns, by kind.
async fn rounds(mut bench: Bench, mut load: Load, rounds: usize) -> Result<[Vec<Round>; 3]> {
    let mut all = [const { Vec::new() }; 3];
    bench.round(false, 50).await?; // Warms both sides up.
    for _ in 0..rounds {
        for (kind, into) in KINDS.into_iter().zip(&mut all) {
            load.set(if kind.loaded { HALF_LOAD_PER_S } else { 0 })?;
            clock::sleep_ms(if kind.loaded { LOAD_SETTLES_MS } else { 500 }).await;
            let (sent, begin) = (load.sent.load(Ordering::Relaxed), clock::now_us());
            let round = bench.round(kind.paced, TIPS).await?;
            let sent = load.sent.load(Ordering::Relaxed) - sent;
            #[allow(clippy::cast_precision_loss)] // A few hundred thousand.
            let per_s = sent as f64 / (since(begin, clock::now_us()) / 1e6);
            say(&format!(
                "{kind:?}: {} tips, {per_s:.0} positions/s; tip to offer p50/p99 {:.0}/{:.0} us; echo \
                 {:.0}/{:.0}; fdatasync {:.0}/{:.0}",
                round.tip.len(),
                round.tip.quantile(0.5),
                round.tip.quantile(0.99),
                round.echo.quantile(0.5),
                round.echo.quantile(0.99),
                round.sync.quantile(0.5),
                round.sync.quantile(0.99),
            ));
            into.push(round);
        }
    }
    load.set(0)?;
    load.over.store(true, Ordering::Relaxed);
    Ok(all)
}

/// A file whose blocks are all there and written.
fn bare_file() -> Result<File> {
    let path = std::env::temp_dir().join(format!("tiande-bench-{}", std::process::id()));
    let mut options = File::options();
    let file = options.read(true).write(true).create(true).truncate(true).open(&path);
    let file = file.context("cannot make the bare file")?;
    std::fs::remove_file(&path).context("cannot unlink the bare file")?;
    file.write_all_at(&vec![0; FILE_BYTES], 0).context("cannot fill the bare file")?;
    file.sync_all().context("cannot fill the bare file")?;
    Ok(file)
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("tip-offer-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let made = make_court(&server, "tipoffer", SOCKETS).await?;
    let mut streams = enter_all(&server.http, &made.devices).await?;
    let crew = streams.split_off(SOCKETS - CREW);
    // The load keeps to the south-west, so that the crew is nearest.
    let [west, south, east, north] = COUNTY;
    let area = [west, south, f64::midpoint(west, east), f64::midpoint(south, north)];
    let load = Load::start(streams, Spread { area, speed_mps: 1.5 })?;
    let echo = Echo::start().await?;
    let authority = server.http.authority.clone();
    let echo_at = echo.authority.clone();
    let crew: Vec<_> =
        crew.into_iter().map(TcpStream::into_std).collect::<Result<_, _>>().context("lost")?;
    say(&format!(
        "ours: tiande serve, all its threads on core {}, {SOCKETS} handhelds on duty; the other side: \
         an echo of one thread on that core, and a file of {FILE_BYTES} written bytes; {TIPS} tips a \
         round; loaded: {HALF_LOAD_PER_S} positions a second",
        host::MEASURED_CORE
    ));
    let times = setting.rounds;
    let (tell, done) = oneshot::channel();
    std::thread::spawn(move || {
        go_first();
        let work = || -> Result<[Vec<Round>; 3]> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let crew = crew.into_iter().map(TcpStream::from_std);
                let crew = Crew::new(crew.collect::<Result<_, _>>()?);
                let tcp = TcpStream::connect(&authority).await.context("cannot connect")?;
                tcp.set_nodelay(true)?;
                let informant = Informant {
                    tcp,
                    authority,
                    court: made.court,
                    secret: made.secret,
                    run: clock::unix_ms(),
                    sent: 0,
                };
                let echo = ws::connect(&echo_at, "/").await?;
                let bench = Bench { informant, crew, echo, file: bare_file()?, file_at: 0 };
                rounds(bench, load, times).await
            })
        };
        // Whoever waited may have gone.
        tell.send(work()).unwrap_or_default();
    });
    let all = done.await.context("the measuring thread died")??;
    drop(echo.child);
    server.end().await;
    let side = |index: usize, value: &dyn Fn(&Round) -> f64| -> Samples {
        all[index].iter().map(value).collect()
    };
    say(&format!("load average {}", host::load_average()));
    let line = |name: &str, index: usize, floor: usize, share: f64, most: Option<f64>| {
        let ours = side(index, &|round| round.tip.quantile(share));
        let floor = side(floor, &|round| round.floor(share));
        let budget = most.map(Budget::AtMost);
        Line::versus(&format!("tip to offer, {name}"), "us", &ours, &floor, Better::Cost, budget)
    };
    say(&format!(
        "under load the echo and the fdatasync took {:.0} us at p99 together",
        median(&side(2, &|round| round.floor(0.99)))
    ));
    Ok(vec![
        line("idle, paced, p50; ws round trip + fdatasync", 0, 0, 0.5, Some(1.6)),
        line("idle, paced, p99; ws round trip + fdatasync", 0, 0, 0.99, Some(2.0)),
        line("idle, back to back, p50; ws round trip + fdatasync", 1, 1, 0.5, None),
        line("idle, back to back, p99; ws round trip + fdatasync", 1, 1, 0.99, None),
        line("half the ingest load, p50; idle ws round trip + fdatasync", 2, 0, 0.5, None),
        line("half the ingest load, p99; idle ws round trip + fdatasync", 2, 0, 0.99, Some(3.0)),
    ])
}
