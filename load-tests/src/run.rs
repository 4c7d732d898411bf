//! One drill from beginning to end: set up, warm up, run, let it settle, ask what became of it.
//!
//! Every wait here is bounded, and the server of `--spawn` ends with the run. What the result means
//! is for the checker.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tokio::sync::{Semaphore, watch};

use crate::admin::Admin;
use crate::clock;
use crate::console;
use crate::court;
use crate::fleet::{self, Field, Fleet, Phase};
use crate::gateways::Gateways;
use crate::http::Http;
use crate::record::{Entry, Event, Record, Setting};
use crate::rng::Rng;
use crate::scenario::Scenario;
use crate::spawn::Server;
use crate::tips::{self, Sender};

/// Those of a country have as many times that long: a minute for each so many officers.
const OFFICERS_A_MINUTE: u32 = 5_000;
/// Officers of a country who connect at once: a request and a socket each, of 20,000 files in all.
const DOORS: usize = 64;
/// Everybody must be on duty within this, milliseconds.
const WARM_UP_MS: u64 = 60_000;
/// Court, source and all officers must be made within this, milliseconds.
const SET_UP_MS: u64 = 180_000;
/// All tips must be asked for at the end within this, milliseconds.
const END_CHECK_MS: u64 = 120_000;
/// How often the server's process is measured, milliseconds.
const SAMPLE_EVERY_MS: u64 = 500;

/// Which server is drilled.
#[derive(Debug)]
pub enum Target {
    /// A running one.
    Running { url: String, admin: PathBuf },
    /// One of our own, from this binary.
    Spawn { binary: PathBuf },
}

/// Runs a scenario and gives its record.
pub async fn run(
    scenario: &Scenario,
    target: Target,
    data: &Path,
    out: &Path,
) -> Result<Vec<Entry>> {
    // What can be wrong without a server is found before one is started.
    let ways = fleet::ways(scenario, data)?;
    let plan = tips::plan(scenario, data)?;
    let kills = scenario.faults.kill_server_every_s > 0.0;
    let record = Arc::new(Record::default());
    match target {
        Target::Running { url, admin } => {
            if kills {
                bail!("faults.kill_server_every_s needs --spawn: a server of others is not killed");
            }
            let http = Http::new(&url)?;
            // A server of others may have seen this scenario before.
            let suffix = format!("-{}", clock::unix_ms() / 1000 % 100_000_000);
            let court = court::court_id(&scenario.court.name, &suffix);
            let mut admin = Admin::connect(&admin).await?;
            let drill = Drill { scenario, record: &record, http };
            Box::pin(drill.play(&mut admin, &court, ways, plan, None)).await?;
        }
        Target::Spawn { binary } => {
            let mut server = Server::start(&binary, &out.join("server.log")).await?;
            let played = async {
                let mut admin = Admin::connect(&server.admin_socket()).await?;
                let court = court::court_id(&scenario.court.name, "");
                let drill = Drill { scenario, record: &record, http: server.http.clone() };
                Box::pin(drill.play(&mut admin, &court, ways, plan, Some(&mut server))).await
            }
            .await;
            server.end().await;
            played?;
        }
    }
    Ok(record.take())
}

struct Drill<'a> {
    scenario: &'a Scenario,
    record: &'a Arc<Record>,
    http: Http,
}

impl Drill<'_> {
    async fn play(
        &self,
        admin: &mut Admin,
        court: &str,
        mut ways: Vec<fleet::Way>,
        plan: Vec<tips::Planned>,
        mut server: Option<&mut Server>,
    ) -> Result<()> {
        let scenario = self.scenario;
        // Tracks may be fewer than the officers that were asked for.
        let mut scenario_now = scenario.clone();
        scenario_now.officers.count =
            u32::try_from(ways.len()).unwrap_or(u32::MAX) - scenario.officers.off_duty;
        let begun_us = clock::now_us();
        let making = court::make(&scenario_now, admin, &self.http, court);
        let made = tokio::time::timeout(Duration::from_millis(SET_UP_MS * self.times()), making)
            .await
            .context("the court could not be set up in time")??;
        self.begin(&made);
        let made_us = clock::now_us();
        let (set_phase, phase) = watch::channel(Phase::WarmUp);
        let watching = tokio::spawn(console::watch(
            self.http.clone(),
            made.seats[0].username.clone().context("the first court has a dispatcher")?,
            Arc::clone(self.record),
            phase.clone(),
        ));
        let field = Field {
            record: Arc::clone(self.record),
            http: self.http.clone(),
            scenario: scenario_now,
            begun_us: clock::now_us(),
            doors: Semaphore::new(match scenario.country {
                Some(_) => DOORS,
                None => Semaphore::MAX_PERMITS,
            }),
            ready: AtomicU32::new(0),
            open: AtomicI64::new(0),
        };
        let sender = Sender::new(self.http.clone(), Arc::clone(self.record), &made);
        let pace = (scenario.seed, scenario.officers.report_every_ms);
        let gateways = Gateways::start(self.http.clone(), self.record, &made.seats, pace, &phase);
        let seats = made.seats;
        let asked = ways.len();
        ways.shrink_to_fit();
        let fleet = Fleet::start(field, made.devices, ways, &phase);
        let ready = fleet.wait_ready(WARM_UP_MS * self.times()).await;
        if ready == 0 {
            bail!(
                "no officer of {asked} came on duty with an acknowledged position in {WARM_UP_MS} ms"
            );
        }
        if (ready as usize) < asked {
            self.note(format!("only {ready} of {asked} officers were ready after the warm-up"));
        }
        let (connected, gateways_asked) = gateways.wait_ready(WARM_UP_MS).await;
        if connected < gateways_asked {
            self.note(format!("only {connected} of {gateways_asked} gateways were connected"));
        }
        if scenario.country.is_some() {
            // What a reader needs to tell a slow server from a busy machine.
            let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
            self.note(format!(
                "set up in {} s, all connected in {} s; load average then {}",
                (made_us - begun_us) / 1_000_000,
                (clock::now_us() - made_us) / 1_000_000,
                load.split_whitespace().take(3).collect::<Vec<_>>().join(" ")
            ));
        }
        self.record.push(Event::Started);
        // The phase's receivers are the officers and the console, which live on.
        let _ = set_phase.send(Phase::Running);
        let started_us = clock::now_us();
        let over_us = started_us + scenario.duration_s * 1_000_000;
        let grace_ms = self.grace_ms();
        let sending = {
            let (sender, repeat) = (Arc::clone(&sender), scenario.tips.repeat);
            let rng = Rng::new(scenario.seed ^ 0x5245_5045);
            let give_up_us = over_us + grace_ms * 1000;
            tokio::spawn(async move {
                sender.send_all(plan, repeat, rng, started_us, give_up_us).await;
            })
        };
        let faults = self.until(over_us, server.as_deref_mut()).await;
        sending.abort();
        self.record.push(Event::TipsOver);
        faults?;
        sender.wait_settled(over_us + grace_ms * 1000).await;
        let left_ms = (over_us + grace_ms * 1000).saturating_sub(clock::now_us()) / 1000;
        fleet.wait_idle(left_ms.max(1_000)).await;
        if let Some(server) = server {
            server.sample(self.record);
        }
        let asking = console::check_tips(&self.http, self.record, &seats, &sender);
        let asked =
            tokio::time::timeout(Duration::from_millis(END_CHECK_MS * self.times()), asking).await;
        // The checker counts a tip that was not answered for as lost; these lines say why.
        match asked {
            Ok(Ok(())) => {}
            Ok(Err(fault)) => self.note(format!("the check at the end failed: {fault:#}")),
            Err(_) => self.note("the check at the end did not come to its end in time".to_owned()),
        }
        let _ = set_phase.send(Phase::Over);
        tokio::join!(fleet.end(), gateways.end());
        watching.abort();
        Ok(())
    }

    fn begin(&self, made: &court::Made) {
        let scenario = self.scenario;
        let now_us = i64::try_from(clock::now_us() / 1000).unwrap_or_default();
        self.record.push(Event::Begin(Box::new(Setting {
            scenario: scenario.name.clone(),
            seed: scenario.seed,
            duration_s: scenario.duration_s,
            area: scenario.court.area,
            need: scenario.need(),
            ask_extra: scenario.ask_extra(),
            shortest_ttl_ms: scenario.shortest_ttl_ms(),
            unix_ms_at_0: clock::unix_ms() - now_us,
            storm: scenario
                .tips
                .storm
                .as_ref()
                .map(|storm| [storm.from_s, storm.from_s + storm.for_s]),
            normal_ms: scenario.limits.normal_ms,
            courts: scenario.country.as_ref().map_or(0, |country| country.courts),
            tracked: scenario.country.as_ref().map_or(0, |country| country.tracked),
        })));
        for (o, device) in (0..).zip(&made.devices) {
            self.record.push(Event::Officer { o, id: device.officer.clone(), court: device.court });
        }
    }

    /// How much more time than usual the set-up, the warm-up and the check at the end get.
    fn times(&self) -> u64 {
        match self.scenario.country {
            Some(_) => u64::from(self.scenario.officers.count / OFFICERS_A_MINUTE + 2),
            None => 1,
        }
    }

    fn note(&self, text: String) {
        self.record.push(Event::Note { text });
    }

    /// What may still be open when the last tip was sent is over after this.
    fn grace_ms(&self) -> u64 {
        let answers = &self.scenario.answers;
        let rounds =
            2 * self.scenario.offer_ttl_ms() + answers.delay_ms[1] + answers.finish_after_ms[1];
        rounds.clamp(5_000, 60_000)
    }

    /// Watches, and kills, the server until the last tip was sent.
    async fn until(&self, over_us: u64, server: Option<&mut Server>) -> Result<()> {
        let Some(server) = server else {
            clock::sleep_until_us(over_us).await;
            return Ok(());
        };
        let every_s = self.scenario.faults.kill_server_every_s;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 or 1..=3600.
        let every_us = (every_s * 1e6) as u64;
        let mut rng = Rng::new(self.scenario.seed ^ 0x4b49_4c4c);
        // A kill at an even time would always meet the same phase of the server's own timers.
        let mut next = |now: u64| match every_us {
            0 => u64::MAX,
            _ => now + rng.between([every_us * 3 / 4, every_us * 5 / 4]),
        };
        let mut kill_us = next(clock::now_us());
        while clock::now_us() < over_us {
            let sample_us = clock::now_us() + SAMPLE_EVERY_MS * 1000;
            clock::sleep_until_us(over_us.min(kill_us).min(sample_us)).await;
            server.sample(self.record);
            if clock::now_us() >= kill_us {
                server.kill_and_restart(self.record).await?;
                kill_us = next(clock::now_us());
            }
        }
        Ok(())
    }
}
