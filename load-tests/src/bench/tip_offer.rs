//! Tip → offer on the officer's screen, durable first: from just before a signed tip is written to its
//! kept connection until an `offer` has been read from an officer's socket. The other side is what
//! nobody can do without: one websocket round trip and one `fdatasync` of the tip's bytes.
//!
//! One tip at a time. Its officer accepts and finishes, so that the next one finds the same court. The
//! thread that measures goes before the load's on the generator's core, for both sides alike.
//!
//! **Not here:** the stack one would otherwise build (`stack`).

use std::fs::File;
use std::os::unix::fs::FileExt as _;

use anyhow::{Context, Result};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::crew::{Crew, Post, corner, since};
use super::field::{COUNTY, Made, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::load::{Load, go_first};
use super::moments::Moments;
use super::other_side::OtherSide;
use super::sides::{Samples, median};
use super::{Setting, ws};
use crate::clock;
use crate::court::SOURCE;
use crate::spawn::Server;

/// Handhelds of the court.
const SOCKETS: usize = 1_000;
/// Of these, officers near the tips, whose sockets the measuring thread reads.
const CREW: usize = 32;
/// Half of what a server sustains on one core in ingest's own bench, positions a second.
pub const HALF_LOAD_PER_S: u64 = 40_000;
/// Tips of one round and kind.
const TIPS: usize = 400;
/// Between two operations of a round that is paced, milliseconds: some 30 tips a second.
const PACE_MS: u64 = 10;
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

/// Everything that the measuring thread holds.
struct Bench {
    crew: Crew,
    echo: TcpStream,
    file: File,
    file_at: usize,
}

impl Bench {
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
            let took = self.crew.tip().await?;
            round.tip.push(took.offer_us);
            clock::sleep_ms(rest).await;
            round.echo.push(self.echoed(took.length).await?);
            clock::sleep_ms(rest).await;
            round.sync.push(self.synced(took.length)?);
        }
        Ok(round)
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
            let (sent, begin) = (load.sent(), clock::now_us());
            let round = bench.round(kind.paced, TIPS).await?;
            let sent = load.sent() - sent;
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

/// The posts of a crew of one court.
pub fn posts(made: &Made, many: usize) -> Vec<Post> {
    let post = |nth| Post {
        court: made.court.clone(),
        source: SOURCE.to_owned(),
        secret: made.secret.clone(),
        place: corner(nth),
    };
    (0..many).map(post).collect()
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
    let echo = OtherSide::start(&["echo"]).await?;
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
    let (times, posts) = (setting.rounds, posts(&made, CREW));
    let (tell, done) = oneshot::channel();
    std::thread::spawn(move || {
        go_first();
        let work = || -> Result<[Vec<Round>; 3]> {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                let crew = crew.into_iter().map(TcpStream::from_std);
                let crew = crew.collect::<Result<Vec<_>, _>>()?;
                let crew = Crew::new(crew, posts, &authority).await?;
                let echo = ws::connect(&echo_at, "/").await?;
                let bench = Bench { crew, echo, file: bare_file()?, file_at: 0 };
                rounds(bench, load, times).await
            })
        };
        // Whoever waited may have gone.
        tell.send(work()).unwrap_or_default();
    });
    let all = done.await.context("the measuring thread died")??;
    drop(echo);
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
