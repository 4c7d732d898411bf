//! Ten thousand officers of one court who report once a second, told to fifty consoles that look at all
//! of them.
//!
//! What the consoles cost is the difference to the same time without them. Beside ten thousand sockets
//! it is lost in what these cost more or less from one window to the next, so there the officers are
//! moved by a gateway. The other side is a server that writes the same bytes to as many sockets and
//! does nothing else.

use anyhow::{Result, ensure};
use tokio::io::BufReader;

use super::Setting;
use super::convoy::Convoy;
use super::crowd::{self, Crowd, Seen};
use super::field::{COUNTY, Gang, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::other_side::OtherSide;
use super::process::Process;
use super::sides::{Samples, median};
use crate::clock;
use crate::console::sign_in;
use crate::court::USERNAME;
use crate::http::Http;
use crate::spawn::Server;

const OFFICERS: usize = 10_000;
/// Positions a second of all together.
const PER_S: f64 = 10_000.0;
const CONSOLES: usize = 50;
const ROUND_S: u32 = 5;
const ROUND_US: u64 = ROUND_S as u64 * 1_000_000;
/// A console that never reads is closed within this: what the kernel holds for it, and ten seconds.
const CLOSED_WITHIN_US: u64 = 40_000_000;
/// Officers whose sockets have gone are out of contact within this, seconds.
const SILENCE_S: u32 = 70;
/// On foot.
const WALKING_MPS: f64 = 1.5;

/// Consoles that listen to the bare writer.
async fn floor_crowd(floor: &OtherSide) -> Result<Crowd> {
    let streams = floor.sockets(CONSOLES).await?.into_iter();
    Ok(Crowd::over(streams.map(|tcp| BufReader::with_capacity(256 << 10, tcp)).collect()))
}

/// What a window of time was like.
struct Window {
    /// Processor milliseconds a second.
    cpu: f64,
    seen: Seen,
}

/// Lets the officers report for a while; gives what the server did meanwhile.
async fn window(gang: &mut Gang, process: Process, crowd: Option<&Crowd>) -> Result<Window> {
    // Two seconds for what was before: connections that end, buffers that grow.
    gang.report_for(PER_S, 2_000_000).await?;
    if let Some(crowd) = crowd {
        crowd.look();
    }
    let (begin, before) = (clock::now_us(), process.run_ns()?);
    gang.report_for(PER_S, ROUND_US).await?;
    let (end, after) = (clock::now_us(), process.run_ns()?);
    let seen = crowd.map(Crowd::look).unwrap_or_default();
    ensure!(seen.over == 0, "{} consoles were closed", seen.over);
    #[allow(clippy::cast_precision_loss)] // Seconds.
    let cpu = (after - before) / 1e6 / ((end - begin) as f64 / 1e6);
    Ok(Window { cpu, seen })
}

/// Listens to the bare writer for as long.
async fn floor_window(floor: &OtherSide, crowd: &Crowd) -> Result<Window> {
    clock::sleep_ms(1_000).await;
    crowd.look();
    let (begin, before) = (clock::now_us(), floor.process.run_ns()?);
    clock::sleep_ms(ROUND_US / 1_000).await;
    let (end, after) = (clock::now_us(), floor.process.run_ns()?);
    #[allow(clippy::cast_precision_loss)] // Seconds.
    let cpu = (after - before) / 1e6 / ((end - begin) as f64 / 1e6);
    Ok(Window { cpu, seen: crowd.look() })
}

/// The longest time between two ticks at one console, milliseconds.
#[allow(clippy::cast_precision_loss)] // Seconds.
fn longest_gap_ms(seen: &Seen) -> f64 {
    seen.gaps_us.iter().copied().max().unwrap_or(0) as f64 / 1e3
}

/// How many sockets the server has closed because they did not read.
async fn too_slow(http: &Http) -> Result<u64> {
    let reply = http.get("/metrics", &[]).await?;
    let text = String::from_utf8_lossy(&reply.body).into_owned();
    let count = text.lines().find_map(|line| line.strip_prefix("tiande_outbox_too_slow_total "));
    Ok(count.and_then(|count| count.trim().parse().ok()).unwrap_or(0))
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("fanout-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let begun = clock::now_us();
    let made = make_court(&server, "fanout", OFFICERS).await?;
    let streams = enter_all(&server.http, &made.devices).await?;
    say(&format!("{OFFICERS} officers in {} ms", (clock::now_us() - begun) / 1_000));
    let mut gang = Gang::new(streams, Spread { area: COUNTY, speed_mps: WALKING_MPS });
    let cookie = sign_in(&server.http, USERNAME).await?;
    let process = Process::of(&server)?;
    // Everybody has been somewhere before the first window.
    window(&mut gang, process, None).await?;
    let (mut alone, mut with) = (Samples::new(), Samples::new());
    for _ in 0..setting.rounds {
        let crowd = Crowd::enter(&server.http, &cookie, CONSOLES).await?;
        let told = window(&mut gang, process, Some(&crowd)).await?;
        drop(crowd);
        let untold = window(&mut gang, process, None).await?;
        say(&format!(
            "{} ticks, {:.1} ms of processor a second, {:.1} without consoles; load average {}",
            told.seen.ticks,
            told.cpu,
            untold.cpu,
            host::load_average()
        ));
        alone.push(untold.cpu);
        with.push(told.cpu);
    }
    let (gaps, costs) = slow(setting, &server, &mut gang, &cookie).await?;
    drop(gang); // The officers stay on duty.
    let (share, floors) = consoles_alone(setting, &server, &made.court, &cookie).await?;
    server.end().await;
    Ok(vec![
        Line::alone(
            "10,000 officers at 1 Hz to 50 consoles, everything",
            "ms CPU a second",
            &with,
            Budget::AtMost(500.0),
        ),
        Line::alone("of it the 10,000 positions", "ms CPU a second", &alone, None),
        Line::versus(
            "50 consoles, told of 10,000 who move; bare tokio writes of one shared buffer",
            "ms CPU a second",
            &share,
            &floors,
            Better::Cost,
            Budget::AtMost(1.3),
        ),
        Line::versus(
            "longest gap between two ticks beside a console that never reads; without one",
            "ms",
            &gaps.0,
            &gaps.1,
            Better::Cost,
            Budget::AtMost(1.05),
        ),
        Line::versus(
            "50 consoles and one that never reads; without it",
            "ms CPU a second",
            &costs.0,
            &costs.1,
            Better::Cost,
            Budget::AtMost(1.05),
        ),
    ])
}

/// What fifty consoles add to a court that a gateway moves, and what the bare writer needs for them.
async fn consoles_alone(
    setting: &Setting,
    server: &Server,
    court: &str,
    cookie: &str,
) -> Result<(Samples, Samples)> {
    let process = Process::of(server)?;
    let mut convoy = Convoy::enter(server, court, OFFICERS).await?;
    // Handhelds that are gone count as silent after 45 s, and consoles hear of each of them. After that
    // it is quiet.
    convoy.report_for(SILENCE_S).await?;
    let (mut share, mut floors) = (Samples::new(), Samples::new());
    let mut floor = None;
    for _ in 0..setting.rounds {
        let crowd = Crowd::enter(&server.http, cookie, CONSOLES).await?;
        let told = convoy_window(&mut convoy, process, Some(&crowd)).await?;
        drop(crowd);
        let untold = convoy_window(&mut convoy, process, None).await?;
        let each = told.seen.bytes / told.seen.ticks.max(1);
        let floor = match &floor {
            Some(floor) => floor,
            None => floor.insert(OtherSide::start(&["fanout-floor", &each.to_string()]).await?),
        };
        let crowd = floor_crowd(floor).await?;
        let bare = floor_window(floor, &crowd).await?;
        say(&format!(
            "moved by a gateway: {} ticks of {each} bytes, {:.2} ms of processor a second, {:.2} without \
             consoles; bare: {} ticks of {} bytes, {:.2} ms; load average {}",
            told.seen.ticks,
            told.cpu,
            untold.cpu,
            bare.seen.ticks,
            bare.seen.bytes / bare.seen.ticks.max(1),
            bare.cpu,
            host::load_average()
        ));
        share.push(told.cpu - untold.cpu);
        floors.push(bare.cpu);
    }
    Ok((share, floors))
}

/// The same while a gateway moves the officers.
async fn convoy_window(
    convoy: &mut Convoy,
    process: Process,
    crowd: Option<&Crowd>,
) -> Result<Window> {
    convoy.report_for(2).await?;
    if let Some(crowd) = crowd {
        crowd.look();
    }
    let (begin, before) = (clock::now_us(), process.run_ns()?);
    convoy.report_for(ROUND_S).await?;
    let (end, after) = (clock::now_us(), process.run_ns()?);
    let seen = crowd.map(Crowd::look).unwrap_or_default();
    ensure!(seen.over == 0, "{} consoles were closed", seen.over);
    #[allow(clippy::cast_precision_loss)] // Seconds.
    let cpu = (after - before) / 1e6 / ((end - begin) as f64 / 1e6);
    Ok(Window { cpu, seen })
}

/// The same with a console that never reads, and without it: gaps and costs, each in this order.
async fn slow(
    setting: &Setting,
    server: &Server,
    gang: &mut Gang,
    cookie: &str,
) -> Result<((Samples, Samples), (Samples, Samples))> {
    let process = Process::of(server)?;
    let (mut gaps, mut costs) = <((Samples, Samples), (Samples, Samples))>::default();
    let crowd = Crowd::enter(&server.http, cookie, CONSOLES).await?;
    for _ in 0..setting.rounds {
        let quiet = window(gang, process, Some(&crowd)).await?;
        let before = too_slow(&server.http).await?;
        let mut deaf = crowd::deaf(&server.http, cookie).await?;
        let beside = window(gang, process, Some(&crowd)).await?;
        let begun = clock::now_us();
        while too_slow(&server.http).await? == before {
            ensure!(clock::now_us() - begun < CLOSED_WITHIN_US, "the deaf console is not closed");
            gang.report_for(PER_S, 1_000_000).await?;
        }
        let code = crowd::close_code(&mut deaf).await;
        ensure!(matches!(code, Some(4431) | None), "the deaf console was closed with {code:?}");
        say(&format!(
            "a console that never reads: closed with {code:?}; longest gap {:.1} ms, {:.1} without; \
             {:.1} ms of processor a second, {:.1} without",
            longest_gap_ms(&beside.seen),
            longest_gap_ms(&quiet.seen),
            beside.cpu,
            quiet.cpu
        ));
        gaps.0.push(longest_gap_ms(&beside.seen));
        gaps.1.push(longest_gap_ms(&quiet.seen));
        costs.0.push(beside.cpu);
        costs.1.push(quiet.cpu);
    }
    say(&format!("medians: {:.1} ms, {:.1} without", median(&gaps.0), median(&gaps.1)));
    Ok((gaps, costs))
}
