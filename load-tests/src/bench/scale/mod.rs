//! What a position and a tip cost the server when there is more and more of everything: officers, courts,
//! open incidents. The load is the same at each step, so a flat curve says that nothing grows with it.
//!
//! Beside the officers' curve stands that of a bare websocket sink with as many sockets: what the
//! machine itself asks for more of them.

mod bed;

use anyhow::Result;

use super::Setting;
use super::curve::Curve;
use super::field::{Gang, enter_all, make_court, make_courts};
use super::gateway::{Post, Told, Tracked};
use super::host::{self, say};
use super::memory::send_tips;
use super::other_side::OtherSide;
use super::process::Process;
use super::sides::Samples;
use crate::court::Device;
use crate::rng::Rng;
use crate::spawn::Server;
use bed::{Bed, CREW, SPREAD, step_of};

/// Sockets of one court at each step, the crew's among them.
const SOCKETS: [usize; 4] = [100, 1_000, 10_000, 18_000];
/// Courts at each step, and the officers of all of them together.
const COURTS: [u32; 5] = [1, 10, 100, 1_000, 3_500];
const IN_COURTS: usize = 3_500;
/// Open incidents of one court at each step, and its officers.
const INCIDENTS: [usize; 5] = [0, 100, 1_000, 10_000, 50_000];
const BESIDE_INCIDENTS: usize = 1_000;
/// Courts with a gateway each at each step, and the officers of each.
const GATEWAYS: [u32; 4] = [1, 10, 100, 350];
const BEHIND_EACH: u32 = 500;
/// Positions a second of all gateways: what one alone may send.
const GATEWAYS_PER_S: f64 = 15_000.0;
const ROUND_US: u64 = 2_000_000;

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Curve>> {
    let mut curves = officers(setting).await?;
    curves.extend(gateways(setting).await?);
    curves.extend(courts(setting).await?);
    curves.extend(incidents(setting).await?);
    Ok(curves)
}

/// The four figures over one number.
fn four(over: &'static str) -> [Curve; 4] {
    [
        Curve::new(over, "CPU of a position", "ns CPU"),
        Curve::new(over, "CPU of a tip until its officer is done", "us CPU"),
        Curve::new(over, "tip to offer, p50", "us"),
        Curve::new(over, "tip to 202, p50", "us"),
    ]
}

/// Measures a step and puts what it gave behind the curves.
async fn step(curves: &mut [Curve; 4], count: usize, bed: &mut Bed, rounds: usize) -> Result<()> {
    let all = step_of(bed, rounds).await?;
    say(&format!("{count} {}: load average {}", curves[0].over, host::load_average()));
    for (curve, samples) in curves.iter_mut().zip(all) {
        curve.points.push((count as u64, samples));
    }
    Ok(())
}

async fn start(setting: &Setting) -> Result<Server> {
    let log = setting.out.join("scale-server.log");
    Server::start_with(&setting.binary, &log, host::measured()).await
}

/// A position thrown away by a sink with as many sockets. Not in turns with ours: one process may not have
/// so many sockets of both.
async fn sinks(rounds: usize) -> Result<Vec<(u64, Samples)>> {
    let sink = OtherSide::start(&["sink"]).await?;
    let mut gang = Gang::new(Vec::new(), SPREAD);
    let mut points = Vec::new();
    for count in SOCKETS {
        gang.join(sink.sockets(count - gang.len()).await?);
        #[allow(clippy::cast_precision_loss)] // Thousands.
        let each = count as f64;
        gang.report_for(each, 1_000_000).await?; // Each has been used once.
        let mut samples = Samples::new();
        for _ in 0..rounds {
            samples.push(bed::positions(&mut gang, sink.process).await?);
        }
        points.push((count as u64, samples));
    }
    Ok(points)
}

/// One court whose officers become more.
async fn officers(setting: &Setting) -> Result<Vec<Curve>> {
    let sinks = sinks(setting.few()).await?;
    let server = start(setting).await?;
    let made = make_court(&server, "scale", SOCKETS[0]).await?;
    let devices = made.devices.clone();
    let posts = super::tip_offer::posts(&made, CREW);
    let streams = enter_all(&server.http, &devices).await?;
    let mut bed = Bed::new(&server, streams, posts).await?;
    let mut curves = four("sockets in one court");
    for (nth, count) in SOCKETS.into_iter().enumerate() {
        if let Some(before) = nth.checked_sub(1) {
            bed.more(&server, &made.court, SOCKETS[before]..count).await?;
        }
        step(&mut curves, count, &mut bed, setting.few()).await?;
    }
    server.end().await;
    curves[0].beside = Some(("bare tokio sink", sinks));
    Ok(curves.into())
}

/// As many officers and as many positions in more and more courts.
async fn courts(setting: &Setting) -> Result<Vec<Curve>> {
    let mut curves = four("courts");
    for courts in COURTS {
        let server = start(setting).await?;
        let seats = make_courts(&server, "scale", 0, courts, 0).await?;
        let devices = super::field::enrol(&server, &seats, IN_COURTS).await?;
        // The crew is in as many courts as it can be.
        let (crew, others): (Vec<_>, Vec<_>) =
            devices.into_iter().enumerate().partition(|(nth, _)| {
                nth.is_multiple_of(IN_COURTS / CREW) && nth / (IN_COURTS / CREW) < CREW
            });
        let crew: Vec<Device> = crew.into_iter().map(|(_, device)| device).collect();
        let posts = crew
            .iter()
            .enumerate()
            .map(|(nth, device)| bed::post_in(&seats[device.court as usize], nth));
        let posts = posts.collect();
        let mut all: Vec<Device> = others.into_iter().map(|(_, device)| device).collect();
        all.extend(crew);
        let streams = enter_all(&server.http, &all).await?;
        let mut bed = Bed::new(&server, streams, posts).await?;
        step(&mut curves, courts as usize, &mut bed, setting.few()).await?;
        server.end().await;
    }
    Ok(curves.into())
}

/// One court in which more and more waits for a dispatcher.
async fn incidents(setting: &Setting) -> Result<Vec<Curve>> {
    let server = start(setting).await?;
    let made = make_court(&server, "scale", BESIDE_INCIDENTS).await?;
    let posts = super::tip_offer::posts(&made, CREW);
    let streams = enter_all(&server.http, &made.devices).await?;
    let mut bed = Bed::new(&server, streams, posts).await?;
    let mut curves = four("open incidents");
    let mut open = 0;
    for count in INCIDENTS {
        bed.beside(send_tips(&server.http, &made, open, count - open)).await?;
        open = count;
        step(&mut curves, count, &mut bed, setting.few()).await?;
    }
    server.end().await;
    Ok(curves.into())
}

/// Officers with a tracker in more and more courts, each behind its gateway.
async fn gateways(setting: &Setting) -> Result<Vec<Curve>> {
    let server = start(setting).await?;
    let process = Process::of(&server)?;
    let mut curve =
        Curve::new("officers behind gateways", "CPU of a position in a batch of 50", "ns CPU");
    let (mut posts, mut rng) = (Vec::new(), Rng::new(0x7363_616c));
    for courts in GATEWAYS {
        let there = u32::try_from(posts.len())?;
        for seat in make_courts(&server, "scale", there, courts - there, BEHIND_EACH).await? {
            let (mut post, numbers) = Post::open(&server, &seat.gateway).await?;
            post.people = numbers.values().map(|n| Tracked::somewhere(*n, &mut rng)).collect();
            posts.push(post);
        }
        let mut samples = Samples::new();
        let mut all = Told::default();
        for round in 0..=setting.few() {
            let before = process.run_ns()?;
            let told = paced(&mut posts).await?;
            anyhow::ensure!(told.taken > 0, "nothing was taken");
            #[allow(clippy::cast_precision_loss)] // A few ten thousand.
            let each = (process.run_ns()? - before) / told.taken as f64;
            if round > 0 {
                samples.push(each); // The first round finds everybody for the first time.
                all.sent += told.sent;
                all.taken += told.taken;
                all.turned_away += told.turned_away;
            }
        }
        say(&format!(
            "{} officers behind {courts} gateways: {} of {} positions taken, {} batches turned away; load \
             average {}",
            courts * BEHIND_EACH,
            all.taken,
            all.sent,
            all.turned_away,
            host::load_average()
        ));
        curve.points.push((u64::from(courts * BEHIND_EACH), samples));
    }
    server.end().await;
    Ok(vec![curve])
}

/// All gateways at their part of the pace.
async fn paced(posts: &mut Vec<Post>) -> Result<Told> {
    #[allow(clippy::cast_precision_loss)] // Hundreds.
    let each = GATEWAYS_PER_S / posts.len() as f64;
    let mut tasks = tokio::task::JoinSet::new();
    for post in posts.drain(..) {
        tasks.spawn(post.paced(each, ROUND_US));
    }
    let mut all = Told::default();
    while let Some(done) = tasks.join_next().await {
        let (post, told) = done??;
        posts.push(post);
        all.sent += told.sent;
        all.taken += told.taken;
        all.turned_away += told.turned_away;
    }
    Ok(all)
}
