//! A running server with officers and a crew, and what a position and a tip cost it now.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use tokio::net::TcpStream;

use crate::admin::Admin;
use crate::bench::crew::{Crew, Post, corner};
use crate::bench::field::{COUNTY, Gang, Spread, enter_all};
use crate::bench::moments::Moments;
use crate::bench::process::Process;
use crate::bench::sides::Samples;
use crate::clock;
use crate::court::{Seat, enrol_all};
use crate::spawn::Server;

/// Officers near the tips.
pub const CREW: usize = 32;
/// Positions a second of all together.
const PER_S: f64 = 4_000.0;
const ROUND_US: u64 = 2_000_000;
/// What is under way when a round ends is over after this, milliseconds.
const SETTLE_MS: u64 = 500;
/// Tips of a round.
const TIPS: usize = 100;
/// While others come in, those who are there report so often, milliseconds: a socket that says nothing
/// is dropped.
const BEAT_MS: u64 = 2_000;

/// So many sockets come in together.
const LOT: usize = 1_000;

/// Away from the tips, on foot.
pub const SPREAD: Spread = {
    let [west, south, east, north] = COUNTY;
    let area = [west, south, f64::midpoint(west, east), f64::midpoint(south, north)];
    Spread { area, speed_mps: 1.5 }
};

/// All of it.
pub struct Bed {
    process: Process,
    gang: Gang,
    crew: Crew,
}

/// The post of one of the crew in a court.
pub fn post_in(seat: &Seat, nth: usize) -> Post {
    Post {
        court: seat.court.clone(),
        source: seat.source.clone(),
        secret: seat.secret.clone(),
        place: corner(nth),
    }
}

impl Bed {
    /// The last of these sockets are the crew's.
    pub async fn new(
        server: &Server,
        mut streams: Vec<TcpStream>,
        posts: Vec<Post>,
    ) -> Result<Self> {
        let crew = streams.split_off(streams.len() - posts.len());
        let crew = Crew::new(crew, posts, &server.http.authority).await?;
        let mut gang = Gang::new(streams, SPREAD);
        gang.report(gang.len().min(500))?;
        Ok(Self { process: Process::of(server)?, gang, crew })
    }

    /// Does something that takes long while everybody goes on reporting.
    pub async fn beside<T>(&mut self, work: impl Future<Output = Result<T>>) -> Result<T> {
        tokio::pin!(work);
        let Self { gang, crew, .. } = self;
        loop {
            tokio::select! {
                done = &mut work => return done,
                beaten = beat(gang, crew) => beaten?,
            }
        }
    }

    /// Officers of these numbers join the court, and report. In lots: nobody reads or speaks for a socket
    /// that waits for the others of its lot, and a silent one is dropped after 25 seconds.
    pub async fn more(
        &mut self,
        server: &Server,
        court: &str,
        numbers: Range<usize>,
    ) -> Result<()> {
        for first in numbers.clone().step_by(LOT) {
            let lot = first..numbers.end.min(first + LOT);
            self.join(server, court, lot).await?;
        }
        Ok(())
    }

    async fn join(&mut self, server: &Server, court: &str, numbers: Range<usize>) -> Result<()> {
        let courts = Arc::new(vec![court.to_owned()]);
        let admin = Admin::connect(&server.admin_socket()).await?;
        let streams = self
            .beside(async {
                let devices = enrol_all(&admin, &server.http, &courts, numbers).await?;
                enter_all(&server.http, &devices).await
            })
            .await?;
        self.gang.join(streams);
        Ok(())
    }
}

/// Everybody says where they are, over two seconds.
async fn beat(gang: &mut Gang, crew: &mut Crew) -> Result<()> {
    crew.report().await?;
    #[allow(clippy::cast_precision_loss)] // Thousands.
    let all = gang.len() as f64;
    gang.report_for(all * 1e3 / BEAT_MS as f64, BEAT_MS * 1_000).await?;
    clock::sleep_ms(BEAT_MS).await;
    Ok(())
}

/// Processor time of a position, nanoseconds.
pub async fn positions(gang: &mut Gang, process: Process) -> Result<f64> {
    let before = process.run_ns()?;
    let sent = gang.report_for(PER_S, ROUND_US).await?;
    clock::sleep_ms(SETTLE_MS).await;
    #[allow(clippy::cast_precision_loss)] // Thousands.
    Ok((process.run_ns()? - before) / sent as f64)
}

/// Rounds of a position's processor time (ns), a tip's (us), and its ways to the offer and to the 202 (us,
/// the medians of each round).
pub async fn step_of(bed: &mut Bed, rounds: usize) -> Result<[Samples; 4]> {
    let Bed { process, gang, crew } = bed;
    // Whoever has come last has been nowhere yet.
    beat(gang, crew).await?;
    clock::sleep_ms(SETTLE_MS).await;
    for _ in 0..20 {
        crew.tip().await?; // Warms it up.
    }
    let mut samples = [const { Samples::new() }; 4];
    for _ in 0..rounds {
        samples[0].push(positions(gang, *process).await?);
        crew.report().await?;
        clock::sleep_ms(SETTLE_MS).await;
        let (begin, before) = (clock::now_us(), process.run_ns()?);
        let (mut ways, mut acks) = (Moments::default(), Moments::default());
        for _ in 0..TIPS {
            let took = crew.tip().await?;
            ways.push(took.offer_us);
            acks.push(took.ack_us);
        }
        let (took_us, used) = (clock::now_us() - begin, process.run_ns()? - before);
        // What the server does anyway in that time is no tip's.
        let before = process.run_ns()?;
        clock::sleep_ms(took_us.div_ceil(1_000)).await;
        let anyway = process.run_ns()? - before;
        #[allow(clippy::cast_precision_loss)] // A hundred.
        samples[1].push((used - anyway) / 1e3 / TIPS as f64);
        samples[2].push(ways.quantile(0.5));
        samples[3].push(acks.quantile(0.5));
    }
    let over = gang.heard.over.load(std::sync::atomic::Ordering::Relaxed);
    ensure!(over == 0, "{over} sockets ended");
    samples[1].iter().all(|us| *us > 0.0).then_some(()).context("a tip that costs nothing")?;
    Ok(samples)
}
