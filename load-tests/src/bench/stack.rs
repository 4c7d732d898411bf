//! Beside the stack one would otherwise build: Node with `ws`, Redis GEO and PostgreSQL.
//!
//! Both get the same bytes over as many sockets and have five consoles that are told once a second, and
//! all processes of both are on the measured core. First what a position costs; then tip → offer, durable
//! first, while each takes half of what the Node stack can take at most by that figure.

use anyhow::{Context, Result};
use tokio::io::BufReader;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

use super::Setting;
use super::crew::{Crew, Post, corner};
use super::crowd::Crowd;
use super::field::{COUNTY, Gang, Spread, enter_all, make_court};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::load::{Load, go_first};
use super::moments::Moments;
use super::peers::node::{NodeStack, SECRET};
use super::process::Process;
use super::sides::{Samples, median};
use super::tip_offer::posts;
use super::ws;
use crate::clock;
use crate::console::sign_in;
use crate::court::USERNAME;
use crate::spawn::Server;

const SOCKETS: usize = 1_000;
/// Of these, officers near the tips.
const CREW: usize = 32;
const CONSOLES: usize = 5;
/// Positions a second while their cost is measured: what both can take for certain.
const PER_S: f64 = 30_000.0;
const ROUND_US: u64 = 3_000_000;
/// What is under way when a round ends is over after this, milliseconds.
const SETTLE_MS: u64 = 500;
/// Tips of one round.
const TIPS: usize = 300;
/// Between two tips, milliseconds.
const PACE_MS: u64 = 10;
/// The load runs for so long before somebody measures under it, milliseconds.
const LOAD_SETTLES_MS: u64 = 1_500;
/// On foot, metres a second.
const WALKING_MPS: f64 = 1.5;

/// What a side needs for the tips.
struct Half {
    load: Load,
    crew: Vec<std::net::TcpStream>,
    posts: Vec<Post>,
    authority: String,
}

fn spread() -> Spread {
    // The south-west, so that the crew is nearest to the tips.
    let [west, south, east, north] = COUNTY;
    let area = [west, south, f64::midpoint(west, east), f64::midpoint(south, north)];
    Spread { area, speed_mps: WALKING_MPS }
}

/// Lets all of a gang report for a while; how many did.
async fn round(gang: &mut Gang) -> Result<f64> {
    let sent = gang.report_for(PER_S, ROUND_US).await?;
    clock::sleep_ms(SETTLE_MS).await;
    #[allow(clippy::cast_precision_loss)] // A few hundred thousand.
    Ok(sent as f64)
}

/// Sockets of handhelds of the Node stack, numbered from that one on.
async fn their_sockets(stack: &NodeStack, from: usize, count: usize) -> Result<Vec<TcpStream>> {
    let mut streams = Vec::with_capacity(count);
    for n in from..from + count {
        streams.push(ws::connect(stack.authority(), &format!("/ws/handheld/{n}")).await?);
    }
    Ok(streams)
}

async fn their_consoles(stack: &NodeStack) -> Result<Crowd> {
    let mut streams = Vec::new();
    for _ in 0..CONSOLES {
        let tcp = ws::connect(stack.authority(), "/ws/console").await?;
        streams.push(BufReader::with_capacity(256 << 10, tcp));
    }
    Ok(Crowd::over(streams))
}

fn std_streams(streams: Vec<TcpStream>) -> Result<Vec<std::net::TcpStream>> {
    streams.into_iter().map(TcpStream::into_std).collect::<Result<_, _>>().context("a lost socket")
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let log = setting.out.join("stack-server.log");
    let server = Server::start_with(&setting.binary, &log, host::measured()).await?;
    let made = make_court(&server, "stack", SOCKETS).await?;
    let (many, crew) = made.devices.split_at(SOCKETS - CREW);
    let ours = enter_all(&server.http, many).await?;
    let cookie = sign_in(&server.http, USERNAME).await?;
    let our_consoles = Crowd::enter(&server.http, &cookie, CONSOLES).await?;
    let mut stack = NodeStack::start(&setting.out.join("stack-node.log")).await?;
    let theirs = their_sockets(&stack, 0, SOCKETS - CREW).await?;
    let their_consoles = their_consoles(&stack).await?;
    say(&format!(
        "ours: tiande serve, all its threads; theirs: {}, PostgreSQL; both on core {}, {SOCKETS} sockets, \
         {CONSOLES} consoles, {PER_S} positions a second in turns",
        stack.versions().await?,
        host::MEASURED_CORE
    ));
    let process = Process::of(&server)?;
    let (mut ours, mut theirs) = (Gang::new(ours, spread()), Gang::new(theirs, spread()));
    let (mut our_ns, mut their_ns) = (Samples::new(), Samples::new());
    let mut parts = [Samples::new(), Samples::new(), Samples::new()];
    round(&mut ours).await?; // Warms both sides up.
    round(&mut theirs).await?;
    our_consoles.look();
    their_consoles.look();
    for _ in 0..setting.rounds {
        let before = process.cpu_ns()?;
        let sent = round(&mut ours).await?;
        our_ns.push((process.cpu_ns()? - before) / sent);
        let before = stack.cpu_ns()?;
        let sent = round(&mut theirs).await?;
        let after = stack.cpu_ns()?;
        let each = [0, 1, 2].map(|part| (after[part] - before[part]) / sent);
        their_ns.push(each.iter().sum());
        parts.iter_mut().zip(each).for_each(|(part, ns)| part.push(ns));
    }
    let (our_seen, their_seen) = (our_consoles.look(), their_consoles.look());
    anyhow::ensure!(our_seen.ticks > 0 && their_seen.ticks > 0, "a console saw nothing");
    let rate = |ns: &Samples| ns.iter().map(|ns| 1e9 / ns).collect::<Samples>();
    let half = median(&rate(&their_ns)) / 2.0;
    say(&format!(
        "a position: ours {:.0} ns, {} ticks at consoles; theirs {:.0} ns (Node {:.0}, Redis {:.0}, \
         PostgreSQL {:.0}), {} ticks; half of what theirs can take: {half:.0} a second; load average {}",
        median(&our_ns),
        our_seen.ticks,
        median(&their_ns),
        median(&parts[0]),
        median(&parts[1]),
        median(&parts[2]),
        their_seen.ticks,
        host::load_average()
    ));
    // Only now: a handheld that says nothing for long is dropped.
    let our_crew = std_streams(enter_all(&server.http, crew).await?)?;
    let their_crew = std_streams(their_sockets(&stack, SOCKETS - CREW, CREW).await?)?;
    let their_post = |nth| Post {
        court: "stack".to_owned(),
        source: "alpha".to_owned(),
        secret: SECRET.to_owned(),
        place: corner(nth),
    };
    let halves = [
        Half {
            load: Load::over(ours),
            crew: our_crew,
            posts: posts(&made, CREW),
            authority: server.http.authority.clone(),
        },
        Half {
            load: Load::over(theirs),
            crew: their_crew,
            posts: (0..CREW).map(their_post).collect(),
            authority: stack.authority().to_owned(),
        },
    ];
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // Some ten thousand.
    let (per_s, times) = (half as u64, setting.rounds);
    let (tell, done) = oneshot::channel();
    std::thread::spawn(move || {
        go_first();
        // Whoever waited may have gone.
        tell.send(tips(halves, per_s, times)).unwrap_or_default();
    });
    let [our_tips, their_tips] = done.await.context("the measuring thread died")??;
    say(&format!("load average {}", host::load_average()));
    drop(stack);
    server.end().await;
    let line = |name: &str, share: f64, budget: Option<Budget>| {
        let side = |rounds: &[Moments]| rounds.iter().map(|round| round.quantile(share)).collect();
        let (ours, theirs) = (side(&our_tips), side(&their_tips));
        Line::versus(name, "us", &ours, &theirs, Better::TimesCheaper, budget)
    };
    Ok(vec![
        Line::versus(
            "positions a second and core, 1,000 sockets, 5 consoles; Node ws + Redis GEO",
            "/s",
            &rate(&our_ns),
            &rate(&their_ns),
            Better::Rate,
            Budget::AtLeast(1.5),
        ),
        line(
            "tip to offer under half of Node's ingest load, p50; Node + Redis + PostgreSQL",
            0.5,
            None,
        ),
        line(
            "tip to offer under half of Node's ingest load, p99; Node + Redis + PostgreSQL",
            0.99,
            Some(Budget::AtLeast(10.0)),
        ),
    ])
}

/// Rounds of tips, in turns: ours under its load, then theirs.
fn tips(halves: [Half; 2], per_s: u64, rounds: usize) -> Result<[Vec<Moments>; 2]> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut sides = Vec::new();
        for Half { load, crew, posts, authority } in halves {
            let crew = crew.into_iter().map(TcpStream::from_std).collect::<Result<Vec<_>, _>>()?;
            let mut crew = Crew::new(crew, posts, &authority).await?;
            one_round(&mut crew, 20).await?; // Warms it up.
            sides.push((load, crew));
        }
        let mut all = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for ((load, crew), into) in sides.iter_mut().zip(&mut all) {
                load.set(per_s)?;
                clock::sleep_ms(LOAD_SETTLES_MS).await;
                let (sent, begin) = (load.sent(), clock::now_us());
                let round = one_round(crew, TIPS).await?;
                #[allow(clippy::cast_precision_loss)] // Some ten thousand.
                let per_s = (load.sent() - sent) as f64 * 1e6 / (clock::now_us() - begin) as f64;
                load.set(0)?;
                say(&format!(
                    "{TIPS} tips beside {per_s:.0} positions a second: p50/p99 {:.0}/{:.0} us",
                    round.quantile(0.5),
                    round.quantile(0.99)
                ));
                into.push(round);
                clock::sleep_ms(SETTLE_MS).await;
            }
        }
        Ok(all)
    })
}

async fn one_round(crew: &mut Crew, tips: usize) -> Result<Moments> {
    let mut round = Moments::default();
    for nth in 0..tips {
        if nth % 100 == 0 {
            crew.report().await?;
            clock::sleep_ms(50).await;
        }
        clock::sleep_ms(PACE_MS).await;
        round.push(crew.tip().await?.offer_us);
    }
    Ok(round)
}
