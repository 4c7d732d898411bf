//! The fleet: every officer is one task with one socket, as a handheld in the field would be.
//!
//! This file starts them and counts them; `officer` is the life of one, `book` what it must not
//! forget, `track` and `walker` where it is.

pub mod book;
pub mod officer;
pub mod track;
pub mod walker;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use anyhow::Result;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinHandle;

use crate::clock;
use crate::court::Device;
use crate::http::Http;
use crate::record::Record;
use crate::scenario::Scenario;
use track::Track;
use walker::Walker;

/// How far the drill is; officers and helpers act on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    WarmUp,
    Running,
    Over,
}

/// Returns when the drill is over, or its conductor gone.
pub async fn over(phase: &mut watch::Receiver<Phase>) {
    // The guard of the answer must not live on across an await of the caller.
    let _ = phase.wait_for(|phase| *phase == Phase::Over).await;
}

/// What all officers share.
#[derive(Debug)]
pub struct Field {
    pub record: Arc<Record>,
    pub http: Http,
    pub scenario: Scenario,
    /// The moment that is second 0 of tracks and walks.
    pub begun_us: u64,
    /// Officers that have done what the warm-up asks of them.
    pub ready: AtomicU32,
    /// Those who connect at the moment: a socket and a request each.
    pub doors: Semaphore,
    /// Open offers, work and unanswered commands of all officers.
    pub open: AtomicI64,
}

/// Where an officer is.
#[derive(Debug)]
pub enum Way {
    Track(Box<Track>, f64),
    Walk(Box<Walker>),
}

impl Way {
    /// The place at a second of the run.
    pub fn at(&mut self, second: f64) -> (f64, f64) {
        match self {
            Self::Track(track, speed_up) => track.at(second * *speed_up),
            Self::Walk(walker) => walker.at(second),
        }
    }
}

/// The ways of a scenario's officers: as many as there are tracks, or as are asked for.
pub fn ways(scenario: &Scenario, data: &Path) -> Result<Vec<Way>> {
    let officers = &scenario.officers;
    let walk = |number| {
        Way::Walk(Box::new(Walker::new(
            scenario.seed,
            number,
            scenario.area_of(number % scenario.courts()),
            officers.speed_up,
        )))
    };
    let mut ways = match (&officers.tracks, &officers.columns, &officers.start_at) {
        (Some(file), Some(columns), Some(start_at)) => {
            let path = scenario.data_file(file, data)?;
            #[allow(clippy::cast_precision_loss)] // At most 3,600.
            let span_s = (scenario.duration_s as f64 + 60.0) * officers.speed_up;
            let count = officers.count as usize;
            track::load(&path, columns, start_at, span_s, scenario.court.area, count)?
                .into_iter()
                .map(|track| Way::Track(Box::new(track), officers.speed_up))
                .collect()
        }
        _ => (0..officers.count).map(walk).collect::<Vec<_>>(),
    };
    let first = u32::try_from(ways.len()).unwrap_or(u32::MAX);
    ways.extend((first..first + officers.off_duty).map(walk));
    Ok(ways)
}

/// The running fleet.
#[derive(Debug)]
pub struct Fleet {
    pub field: Arc<Field>,
    tasks: Vec<JoinHandle<()>>,
}

impl Fleet {
    /// Sends everybody out. The last `off_duty` of them leave duty again before the drill starts.
    pub fn start(
        field: Field,
        devices: Vec<Device>,
        ways: Vec<Way>,
        phase: &watch::Receiver<Phase>,
    ) -> Self {
        let field = Arc::new(field);
        let on_duty = devices.len() - field.scenario.officers.off_duty as usize;
        let stalled = field.scenario.faults.stalled_sockets as usize;
        let mut tasks = Vec::new();
        for (index, (device, way)) in devices.into_iter().zip(ways).enumerate() {
            let role = if index >= on_duty {
                officer::Role::OffDuty
            } else if index < stalled {
                officer::Role::Stalls
            } else {
                officer::Role::Serves
            };
            let number = u32::try_from(index).expect("a scenario has at most 20,000 officers");
            let officer =
                officer::Officer::new(Arc::clone(&field), number, device, way, role, phase.clone());
            tasks.push(tokio::spawn(officer.run()));
        }
        Self { field, tasks }
    }

    /// Waits until everybody is ready, at most so long. How many are.
    pub async fn wait_ready(&self, within_ms: u64) -> u32 {
        let until = clock::now_us() + within_ms * 1000;
        loop {
            let ready = self.field.ready.load(Ordering::Relaxed);
            if ready as usize >= self.tasks.len() || clock::now_us() > until {
                return ready;
            }
            clock::sleep_ms(20).await;
        }
    }

    /// Waits until nothing is open, at most so long.
    pub async fn wait_idle(&self, within_ms: u64) {
        let until = clock::now_us() + within_ms * 1000;
        let mut quiet = 0;
        while quiet < 10 && clock::now_us() < until {
            quiet = if self.field.open.load(Ordering::Relaxed) <= 0 { quiet + 1 } else { 0 };
            clock::sleep_ms(100).await;
        }
    }

    /// Waits for the officers' tasks after the phase is over; those that hang are ended.
    pub async fn end(self) {
        let until = clock::now_us() + 5_000_000;
        for mut task in self.tasks {
            let left_us = until.saturating_sub(clock::now_us());
            let left = std::time::Duration::from_micros(left_us);
            if tokio::time::timeout(left, &mut task).await.is_err() {
                task.abort();
            }
        }
    }
}
