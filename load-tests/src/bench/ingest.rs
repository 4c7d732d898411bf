//! One position in one frame over a socket of its own, everything on: decode, judge, officer, index,
//! board, track store, acknowledgement. The other side is a sink that throws the same frames away.

use std::sync::atomic::Ordering;

use anyhow::Result;

use super::Setting;
use super::field::{COUNTY, Gang, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::other_side::OtherSide;
use super::process::Process;
use super::sides::{Samples, median};
use crate::clock;
use crate::spawn::Server;

const SOCKETS: usize = 1_000;
/// Positions a second of all together.
const PER_S: f64 = 40_000.0;
const ROUND_US: u64 = 3_000_000;
/// What is under way when a round ends is over after this, milliseconds.
const SETTLE_MS: u64 = 500;
/// On foot.
const WALKING_MPS: f64 = 1.5;

/// Processor time for each position, nanoseconds.
pub async fn round(gang: &mut Gang, process: Process) -> Result<f64> {
    let before = process.cpu_ns()?;
    let sent = gang.report_for(PER_S, ROUND_US).await?;
    clock::sleep_ms(SETTLE_MS).await;
    #[allow(clippy::cast_precision_loss)] // A few hundred thousand.
    let each = (process.cpu_ns()? - before) / sent as f64;
    Ok(each)
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("ingest-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let made = make_court(&server, "ingest", SOCKETS).await?;
    let spread = Spread { area: COUNTY, speed_mps: WALKING_MPS };
    let mut ours = Gang::new(enter_all(&server.http, &made.devices).await?, spread);
    let sink = OtherSide::start(&["sink"]).await?;
    let mut theirs = Gang::new(sink.sockets(SOCKETS).await?, spread);
    say(&format!(
        "ours: tiande serve, all its threads on core {}, {} handhelds on duty, journal and tracks on \
         disk; theirs: a tokio sink of one thread on that core; {PER_S} positions a second in turns",
        host::MEASURED_CORE,
        ours.len()
    ));
    let server_process = Process::of(&server)?;
    round(&mut ours, server_process).await?; // Warms caches and buffers up on both sides.
    round(&mut theirs, sink.process).await?;
    let heard = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
    let taken_before = heard(&ours.heard.taken);
    let frames_before = heard(&ours.heard.frames);
    let (mut our_ns, mut their_ns) = (Samples::new(), Samples::new());
    for _ in 0..setting.rounds {
        our_ns.push(round(&mut ours, server_process).await?);
        their_ns.push(round(&mut theirs, sink.process).await?);
    }
    let taken = heard(&ours.heard.taken) - taken_before;
    let frames = heard(&ours.heard.frames) - frames_before;
    anyhow::ensure!(heard(&ours.heard.over) == 0, "{} sockets ended", heard(&ours.heard.over));
    say(&format!(
        "ours took {taken} positions and said {frames} frames, {} acks and {} stored among them; \
         {:.0} ns against {:.0} ns a position; load average {}",
        heard(&ours.heard.acks),
        heard(&ours.heard.stored),
        median(&our_ns),
        median(&their_ns),
        host::load_average()
    ));
    server.end().await;
    Ok(vec![Line::versus(
        "one position in one frame, all of its way; 1,000 sockets; bare tokio sink",
        "ns CPU",
        &our_ns,
        &their_ns,
        Better::Cost,
        Budget::AtMost(1.6),
    )])
}
