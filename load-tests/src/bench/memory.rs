//! What the server's memory is made of: bytes for each connected officer, each open incident, and each
//! case, awake and asleep.
//!
//! Measured is what the process has of its own (`Pss`), before and after. The kernel keeps more for each
//! socket, on both ends; what it says of itself is told beside the figures. A million sleeping cases and
//! closed incidents are in `start`.

use anyhow::{Context, Result, ensure};
use hyper::body::Bytes;
use serde_json::json;
use tokio::task::JoinSet;

use super::Setting;
use super::field::{COUNTY, Gang, Made, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Budget, Line};
use super::process::Process;
use super::sides::{Samples, median};
use crate::admin::Admin;
use crate::clock;
use crate::court::{SOURCE, enrol_all};
use crate::http::Http;
use crate::spawn::Server;
use crate::tips::post;

/// So many sockets come in together.
const LOT: usize = 1_000;
/// How many officers there are at each look, beside those who were there first.
const STEPS: [usize; 3] = [1_000, 10_000, 18_000];
/// All officers of a gang report within this, microseconds: the last of eighteen gangs has its turn
/// long before the server takes its sockets for dead.
const BEAT_US: u64 = 200_000;
/// And then rest for so long: with eighteen gangs, one position in some five seconds.
const PAUSE_MS: u64 = 2_000;
/// On foot.
const WALKING_MPS: f64 = 1.5;
/// Officers, tips or cases that are there before the first look: what comes once comes with them.
const FIRST: usize = 100;
/// The same of incidents: the board keeps that many news for consoles.
const FIRST_TIPS: usize = 1_500;
/// Incidents and cases that are counted.
const MANY: usize = 10_000;
/// Tips under way at once.
const TIPS_AT_ONCE: usize = 8;
/// Cases in one import.
const CASES_AT_ONCE: usize = 100;
/// A case that nobody asks sleeps within this, and so does an incident that waits for a dispatcher.
const ASLEEP_AFTER_MS: u64 = 65_000;

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut lines = incidents(setting).await?;
    lines.extend(cases(setting).await?);
    lines.extend(officers(setting).await?);
    Ok(lines)
}

/// One figure.
#[allow(clippy::cast_precision_loss)] // Thousands.
fn each(name: &str, before: f64, after: f64, count: usize, budget: Option<f64>) -> Line {
    let bytes: Samples = vec![(after - before) / count as f64];
    Line::alone(name, "B", &bytes, budget.map(Budget::AtMost))
}

/// Kilobytes that the kernel keeps for sockets' buffers, and in its slabs.
fn kernel() -> (f64, f64) {
    let number = |text: &str| text.split_whitespace().next().and_then(|n| n.parse::<f64>().ok());
    let after = |file: &str, key: &str| {
        let text = std::fs::read_to_string(file).unwrap_or_default();
        text.split_once(key).and_then(|(_, rest)| number(rest)).unwrap_or(0.0)
    };
    let tcp = std::fs::read_to_string("/proc/net/sockstat").unwrap_or_default();
    let pages = tcp.lines().find(|line| line.starts_with("TCP:"));
    let pages = pages.and_then(|line| number(line.split_once(" mem ")?.1)).unwrap_or(0.0);
    (pages * 4.0, after("/proc/meminfo", "\nSlab:"))
}

/// Lets every officer of these gangs report once.
async fn beat(gangs: &mut [Gang]) -> Result<()> {
    for gang in gangs {
        #[allow(clippy::cast_precision_loss)] // Thousands.
        let all = gang.len() as f64;
        gang.report_for(all * 1e6 / BEAT_US as f64, BEAT_US).await?;
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // Thousands.
async fn officers(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("memory-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let process = Process::of(&server)?;
    let spread = Spread { area: COUNTY, speed_mps: WALKING_MPS };
    let made = make_court(&server, "memory", FIRST).await?;
    let court = std::sync::Arc::new(vec![made.court.clone()]);
    let admin = Admin::connect(&server.admin_socket()).await?;
    let mut gangs = vec![Gang::new(enter_all(&server.http, &made.devices).await?, spread)];
    for _ in 0..3 {
        beat(&mut gangs).await?;
        clock::sleep_ms(PAUSE_MS).await;
    }
    let before = process.memory()?;
    let kernel_before = kernel();
    let mut lines = Vec::new();
    let mut there = 0;
    for count in STEPS {
        let numbers = FIRST + there..FIRST + count;
        there = count;
        let mut enrolled = before;
        let mut idle = before;
        // In lots: nobody speaks for a socket that waits for the others of its lot.
        for first in numbers.clone().step_by(LOT) {
            let lot = first..numbers.end.min(first + LOT);
            let enter = async {
                let devices = enrol_all(&admin, &server.http, &court, lot).await?;
                let enrolled = process.memory()?;
                let streams = enter_all(&server.http, &devices).await?;
                Ok::<_, anyhow::Error>((streams, enrolled))
            };
            tokio::pin!(enter);
            // A socket that says nothing is dropped: those who are there go on reporting.
            let streams = loop {
                tokio::select! {
                    entered = &mut enter => {
                        let (streams, then) = entered?;
                        enrolled = then;
                        break streams;
                    }
                    beaten = async {
                        clock::sleep_ms(PAUSE_MS).await;
                        beat(&mut gangs).await
                    } => beaten?,
                }
            };
            clock::sleep_ms(2_000).await;
            idle = process.memory()?;
            gangs.push(Gang::new(streams, spread));
            // A lot may be in before everybody has had a turn.
            beat(&mut gangs).await?;
        }
        // Three rounds of everybody: what a socket's buffers hold when they work.
        for _ in 0..3 {
            beat(&mut gangs).await?;
            clock::sleep_ms(PAUSE_MS).await;
        }
        let busy = process.memory()?;
        for gang in &gangs {
            let over = gang.heard.over.load(std::sync::atomic::Ordering::Relaxed);
            ensure!(over == 0, "{over} sockets ended");
        }
        let (tcp, slab) = kernel();
        say(&format!(
            "{count} officers on duty: {:.0} B each, idle {:.0} B, before the last of them came {:.0} B; the kernel keeps {:.0} B of slab and {:.0} B of buffers each, both ends; \
             load average {}",
            (busy - before) / count as f64,
            (idle - before) / count as f64,
            (enrolled - before) / count as f64,
            (slab - kernel_before.1) * 1024.0 / count as f64,
            (tcp - kernel_before.0) * 1024.0 / count as f64,
            host::load_average()
        ));
        let name = format!("one connected officer who reports, of {count}");
        lines.push(each(&name, before, busy, count, Some(16_000.0)));
        // Of more than one lot most have reported by then.
        if count <= LOT {
            let name = format!("one connected officer who is silent, of {count}");
            lines.push(each(&name, before, idle, count, None));
        }
    }
    server.end().await;
    Ok(lines)
}

/// Sends so many tips that wait for a dispatcher.
pub async fn send_tips(http: &Http, made: &Made, from: usize, count: usize) -> Result<()> {
    let mut tasks = JoinSet::new();
    for lane in 0..TIPS_AT_ONCE {
        let (http, court, secret) = (http.clone(), made.court.clone(), made.secret.clone());
        tasks.spawn(async move {
            for n in (from + lane..from + count).step_by(TIPS_AT_ONCE) {
                send_tip(&http, &court, &secret, n).await?;
            }
            Ok::<_, anyhow::Error>(())
        });
    }
    while let Some(lane) = tasks.join_next().await {
        lane.context("a task that sends tips died")??;
    }
    Ok(())
}

async fn send_tip(http: &Http, court: &str, secret: &str, n: usize) -> Result<()> {
    #[allow(clippy::cast_precision_loss)] // Thousands.
    let lat = COUNTY[1] + 0.1 + n as f64 * 1e-6;
    let body = json!({
        "court": court, "kind": "debtor_sighted", "urgency": "routine",
        "description": format!("被执行人在门店内，第{n}条线索"),
        "location": {"lat": lat, "lon": COUNTY[0] + 0.1, "accuracy_m": 20},
    });
    let body = Bytes::from(body.to_string());
    let id = format!("memory-{n}");
    for _ in 0..100 {
        let reply = post(http, SOURCE, secret, &id, &body).await?;
        if !matches!(reply.status, 429 | 503) {
            reply.ok("a tip")?;
            return Ok(());
        }
        clock::sleep_ms(100).await;
    }
    anyhow::bail!("tip {n} was turned away a hundred times")
}

/// What an open incident costs: just come in, and when it has waited for its dispatcher for a while.
async fn incidents(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("memory-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let process = Process::of(&server)?;
    let made = make_court(&server, "incidents", 1).await?;
    send_tips(&server.http, &made, 0, FIRST_TIPS).await?;
    clock::sleep_ms(2_000).await;
    let before = process.memory()?;
    send_tips(&server.http, &made, FIRST_TIPS, MANY).await?;
    clock::sleep_ms(2_000).await;
    let after = process.memory()?;
    clock::sleep_ms(ASLEEP_AFTER_MS).await;
    let asleep = process.memory()?;
    server.end().await;
    let name = "one open incident that waits for a dispatcher, of 10,000";
    Ok(vec![
        each("one open incident that has just come in, of 10,000", before, after, MANY, None),
        each(name, before, asleep, MANY, Some(2_000.0)),
    ])
}

async fn import(admin: &mut Admin, court: &str, from: usize, count: usize) -> Result<()> {
    for lot in (from..from + count).step_by(CASES_AT_ONCE) {
        let cases: Vec<_> = (lot..lot + CASES_AT_ONCE)
            .map(|n| {
                json!({"number": format!("(2026)豫0783执{}号", n + 1), "parties": [
                    {"role": "applicant", "name": format!("申请人{n}")},
                    {"role": "debtor", "name": format!("被执行人{n}")},
                ]})
            })
            .collect();
        admin.ask(&json!({"do": "case_import", "court": court, "cases": cases})).await?;
    }
    Ok(())
}

/// Memory of a server that has just been started again, several times.
async fn at_start(setting: &Setting, server: &mut Server) -> Result<f64> {
    let mut samples = Samples::new();
    for _ in 0..setting.rounds {
        server.restart().await?;
        clock::sleep_ms(500).await;
        samples.push(Process::of(server)?.memory()?);
    }
    Ok(median(&samples))
}

/// What a case costs, awake and asleep.
async fn cases(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("memory-server.log");
    let mut server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let made = make_court(&server, "cases", 1).await?;
    let mut admin = Admin::connect(&server.admin_socket()).await?;
    import(&mut admin, &made.court, 0, FIRST).await?;
    let empty = at_start(setting, &mut server).await?;
    // As many again as were there before: what a first import brings is no case's.
    let mut admin = Admin::connect(&server.admin_socket()).await?;
    import(&mut admin, &made.court, FIRST, FIRST).await?;
    let before = Process::of(&server)?.memory()?;
    import(&mut admin, &made.court, 2 * FIRST, MANY).await?;
    let awake = Process::of(&server)?.memory()?;
    clock::sleep_ms(ASLEEP_AFTER_MS).await;
    let asleep = Process::of(&server)?.memory()?;
    let started = at_start(setting, &mut server).await?;
    server.end().await;
    #[allow(clippy::cast_precision_loss)] // Thousands.
    let again = (asleep - before) / MANY as f64;
    say(&format!("a case that was awake and sleeps again leaves {again:.0} B with the allocator"));
    Ok(vec![
        each("one case awake, of 10,000", before, awake, MANY, Some(2_000.0)),
        each("one sleeping case after a start, of 10,000", empty, started, MANY, Some(64.0)),
    ])
}
