//! Wires everything: the one file that knows all the parts.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix::prelude::*;
use actix_web::web::Data;
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use tiande_actors::court::{CourtHandle, Idle, RoomPorts, StartFault};
use tiande_actors::limits::{ACKS_ROUND, BELL_LOOK};
use tiande_actors::ports::Clock;
use tiande_core::court::CourtProfile;
use tiande_core::ids::CourtId;
use tracing::{error, info, warn};

use crate::access::store::Doors;
use crate::app::{App, Phase};
use crate::config::Config;
use crate::documents::Documents;
use crate::entropy::IdEntropy;
use crate::intake::media::MediaStore;
use crate::intake::sweep::sweep;
use crate::journal::{OpenOptions, Store};
use crate::machine_clock::{self, MachineClock};
use crate::papers::PaperStore;
use crate::procedure::{self, Published, Rules};
use crate::proof::{self, Proof};
use crate::sockets::JsonWire;
use crate::storage::{Reserve, Space};
use crate::tracks::{Medium, TrackOptions, TrackStore};
use crate::{admin, demo, fault, listener, storage};

/// After the journal has failed, answers under way have so long. Not less than that: a request that is
/// cut off in the middle of a read drops a connection where none can be dropped.
const LAST_ANSWERS: Duration = Duration::from_millis(500);

/// How often courts are looked at.
const COURTS_CHECK: Duration = Duration::from_secs(1);

/// The threads that courts live on, apart from HTTP workers.
static ARBITERS: Mutex<Vec<Arbiter>> = Mutex::new(Vec::new());

/// An opened data folder with its courts, not listening yet.
pub struct Opened {
    /// Everything handlers reach.
    pub app: Data<App>,
    /// The procedure and the calendar, to be given out.
    pub rules: Data<Published>,
}

/// Opens the data folder and everything in it.
///
/// # Errors
/// Another server holds the folder, or something in it cannot be read.
pub async fn open(config: Config) -> anyhow::Result<Opened> {
    let opened = open_folder(config).await?;
    open_courts(&opened.app).await?;
    opened.app.set_phase(Phase::Ready);
    Ok(opened)
}

async fn open_folder(config: Config) -> anyhow::Result<Opened> {
    let machine = Arc::new(MachineClock::default());
    let clock: Arc<dyn Clock> = machine.clone();
    let rules = Rules::load(config.procedure_file.as_deref(), config.calendar_file.as_deref())?;
    let options = OpenOptions::new(config.data.clone(), &config.hash, Arc::clone(&clock));
    let journal = Store::open(options, config.postgres()?).await.context("opening the journal")?;
    let journal = Arc::new(journal);
    // Before any court begins to keep time.
    machine_clock::start(machine, Arc::clone(&journal)).await;
    // After the journal has locked the folder.
    let case_rules = Arc::new(procedure::keep(&config.data, &rules)?);
    let master = journal.master_key();
    let doors = Doors::new(Arc::clone(&journal), Arc::clone(&clock), Arc::clone(&master));
    let media = MediaStore::open(&config.data, Arc::clone(&master)).context("opening pictures")?;
    let papers = PaperStore::open(&config.data, Arc::clone(&master)).context("opening papers")?;
    let proof = Proof::open(Arc::clone(&journal), Arc::clone(&clock)).context("opening proofs")?;
    let tracks = TrackStore::open(TrackOptions {
        folder: config.data.join("tracks"),
        master: Arc::clone(&master),
        clock: Arc::clone(&clock),
        keep_days: config.tracks_keep_days,
        wal_max: fault::number("tracks.wal_max", TrackOptions::WAL_MAX),
        medium: Medium::default(),
    });
    let tracks = Arc::new(tracks.context("opening tracks")?);
    {
        let mut arbiters = ARBITERS.lock().unwrap_or_else(PoisonError::into_inner);
        while arbiters.len() < config.arbiters {
            arbiters.push(Arbiter::new());
        }
    }
    let documents = Arc::new(Documents::built_in().context("built-in documents")?);
    let app = App::new(
        config, clock, journal, doors, media, papers, proof, tracks, master, case_rules, documents,
    );
    Ok(Opened { app: Data::new(app), rules: Data::new(Published::new(rules)) })
}

/// Sweeps pictures without a tip away, beside everything else.
fn sweep_pictures(app: &Data<App>) {
    let app = app.clone();
    let started = app.clock.now();
    actix::spawn(async move {
        let journal = app.journal.clone();
        let known = |tip| {
            let journal = journal.clone();
            async move { journal.has_tip(tip).await.map_err(std::io::Error::other) }
        };
        if let Err(fault) = sweep(&app.media, &app.config.data, started, known).await {
            warn!(%fault, "pictures without a tip were not swept; the next start tries again");
        }
    });
}

/// How often papers that wait are looked at.
const PAPERS_EACH: std::time::Duration = std::time::Duration::from_secs(3_600);

fn sweep_papers(app: &Data<App>) {
    let app = app.clone();
    actix::spawn(async move {
        let mut looks = actix_web::rt::time::interval(PAPERS_EACH);
        let started = u64::try_from(app.clock.now().0).unwrap_or(0);
        loop {
            looks.tick().await;
            if let Err(fault) = crate::papers::sweep(&app, started).await {
                warn!(%fault, "papers that wait were not swept; tried again later");
            }
        }
    });
}

async fn open_courts(app: &App) -> anyhow::Result<()> {
    for profile in app.doors.courts().await.context("reading courts")? {
        open_court(app, profile).await?;
    }
    Ok(())
}

/// All actors of a court live on one thread, so that its decisions are single-threaded.
fn arbiter_of(court: &CourtId) -> ArbiterHandle {
    let arbiters = ARBITERS.lock().unwrap_or_else(PoisonError::into_inner);
    let mut hasher = DefaultHasher::new();
    court.hash(&mut hasher);
    let count = arbiters.len() as u64;
    let index = usize::try_from(hasher.finish() % count.max(1)).unwrap_or(0);
    arbiters.get(index).map_or_else(Arbiter::current, Arbiter::handle)
}

/// Opens one court and makes it reachable.
///
/// # Errors
/// [`StartFault`].
pub async fn open_court(app: &App, profile: CourtProfile) -> Result<(), StartFault> {
    let ports = RoomPorts {
        journal: app.journal.clone(),
        clock: Arc::clone(&app.clock),
        ids: Arc::new(IdEntropy),
        wire: Arc::new(JsonWire),
        rules: Arc::clone(&app.rules),
        idle: Idle::default(),
        acks_round: ACKS_ROUND,
        bell_look: BELL_LOOK,
        tracks: app.tracks.clone(),
    };
    let court = CourtHandle::open(&arbiter_of(&profile.id), profile, ports).await?;
    app.add_court(court);
    Ok(())
}

impl Opened {
    /// Brings what is under way to its end and closes the folder.
    pub async fn close(self) {
        let app = self.app;
        app.set_phase(Phase::Stopping);
        let courts = app.courts();
        courts.iter().for_each(CourtHandle::stop);
        let tries = u32::try_from(app.config.shutdown_grace_ms / 10).unwrap_or(u32::MAX);
        for court in courts {
            if !court.drained(tries).await {
                warn!(court = %court.profile().id, "commands were still under way at the end");
            }
        }
        let tracks = Arc::clone(&app.tracks);
        // What goes wrong here is in the log; the write-ahead file holds what is not packed.
        actix_web::web::block(move || tracks.close()).await.ok();
        app.journal.shutdown().await;
    }
}

/// Runs a server until it is told to stop.
///
/// # Errors
/// It cannot start, or the journal failed while it ran.
pub async fn run(config: Config, demo: bool, metrics: PrometheusHandle) -> anyhow::Result<()> {
    let listen = config.listen;
    let opened = open_folder(config).await?;
    let rules = Data::clone(&opened.rules);
    let app = opened.app.clone();
    let server = listener::listen(&app, &Data::new(metrics), &rules);
    let server = server.with_context(|| format!("listening on {listen}"))?;
    let control = server.handle();
    let watch = actix::spawn(storage::watch(app.config.data.clone()));
    let serving = actix::spawn(server);
    admin::serve(app.clone(), &app.config.data).context("opening the admin socket")?;
    open_courts(&app).await?;
    if demo {
        demo::start(&app).await?;
    }
    crate::housekeeping::start(app.journal.clone(), app.clock.clone());
    proof::schedule::start(app.clone());
    app.set_phase(Phase::Ready);
    info!(%listen, "ready");
    sweep_pictures(&app);
    sweep_papers(&app);
    let failed = wait_for_the_end(&app).await?;
    info!("stopping");
    app.set_phase(Phase::Stopping);
    app.courts().iter().for_each(|court| {
        court.stop();
        court.close_sockets();
    });
    watch.abort();
    // Once the journal has failed, nothing under way can end well.
    let orderly = !app.journal.is_poisoned();
    if orderly {
        make_room_for_the_end(&app.config.data);
    }
    let ended = async {
        control.stop(true).await;
        serving.await.ok();
    };
    if orderly {
        ended.await;
        opened.close().await;
    } else {
        tokio::time::timeout(LAST_ANSWERS, ended).await.ok();
    }
    std::fs::remove_file(app.config.data.join(admin::SOCKET_NAME)).ok();
    if failed { Err(Failed.into()) } else { Ok(()) }
}

/// The server ended because nothing may be built on what it holds.
#[derive(Debug, thiserror::Error)]
#[error(
    "the journal or a court has failed; see the log above. Start again: what was answered is on the \
     disk"
)]
pub struct Failed;

/// On a full disk the reserve is given up for the last checkpoint.
fn make_room_for_the_end(data: &Path) {
    let released = Space::of(data).and_then(|space| Reserve::of(data).release_if_short(space));
    match released {
        Ok(true) => warn!("the disk is full: the reserve was given up for the end"),
        Ok(false) => {}
        Err(fault) => warn!(kind = ?fault.kind(), "the reserve could not be given up"),
    }
}

/// Resolves when a court has lost an actor that nobody rebuilds.
async fn a_court_died(app: &App) {
    let mut looks = actix_web::rt::time::interval(COURTS_CHECK);
    loop {
        looks.tick().await;
        if let Some(court) = app.courts().iter().find(|court| !court.alive()) {
            error!(court = %court.profile().id, "its desk, intake or board has died");
            return;
        }
    }
}

/// Resolves when the operator or a failure ends it; true when it was a failure.
async fn wait_for_the_end(app: &App) -> anyhow::Result<bool> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).context("listening for SIGTERM")?;
    let mut interrupt = signal(SignalKind::interrupt()).context("listening for SIGINT")?;
    let mut failed = app.journal.failed();
    Ok(tokio::select! {
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
        _ = failed.wait_for(|failed| *failed) => true,
        () = a_court_died(app) => true,
    })
}
