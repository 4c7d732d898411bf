//! What every handler of the edge can reach.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tiande_actors::case::CaseRules;
use tiande_actors::class::Class;
use tiande_actors::court::CourtHandle;
use tiande_actors::limits::REPORTS_AT_WORK;
use tiande_actors::ports::Clock;
use tiande_actors::turnstile::{Pass, Turnstile};
use tiande_core::ids::CourtId;

use crate::access::store::Doors;
use crate::access::tickets::Tickets;
use crate::api::problem::Problem;
use crate::config::Config;
use crate::documents::Documents;
use crate::documents::press::Press;
use crate::gateway::budget::Budgets;
use crate::intake::budget::BodyBudget;
use crate::intake::media::MediaStore;
use crate::journal::Store;
use crate::keys::MasterKey;
use crate::papers::PaperStore;
use crate::pictures::workshop::Workshop;
use crate::portal::Seen;
use crate::proof::Proof;
use crate::tracks::TrackStore;
use tokio::sync::Semaphore;

/// Papers that are read from bodies at once: each has a draft of up to 50 MiB on the disk, and a piece in memory.
const PAPERS_AT_WORK: usize = 32;

/// Strangers who are answered at once.
const CURIOUS_AT_WORK: usize = 1;

/// Where the server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Courts are being opened.
    Starting,
    /// Takes everything.
    Ready,
    /// Takes nothing new.
    Stopping,
}

/// What every handler of the edge can reach. Shared by all workers.
pub struct App {
    /// Settings.
    pub config: Config,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Journal and read models.
    pub journal: Arc<Store>,
    /// Courts, sources, devices, people.
    pub doors: Doors,
    /// One-use tickets for sockets.
    pub tickets: Tickets,
    /// What the bodies of tips may hold together.
    pub bodies: BodyBudget,
    /// Where reports wait: the lowest class, refused first.
    pub reports: Turnstile,
    /// Where strangers wait who look at what is public: apart from the reports of staff.
    pub curious: Turnstile,
    /// What each gateway may send.
    pub gateways: Arc<Budgets>,
    /// Pictures that came with tips.
    pub media: MediaStore,
    /// Papers of cases.
    pub papers: PaperStore,
    /// Streams of cases as the portal read them last.
    pub seen: Seen,
    /// Places for papers that are being read; each has a draft on the disk.
    pub paper_places: Semaphore,
    /// Roots and receipts.
    pub proof: Proof,
    /// Where officers were.
    pub tracks: Arc<TrackStore>,
    /// Makes the copies of pictures that people see.
    pub workshop: Workshop,
    /// Templates of documents.
    pub documents: Arc<Documents>,
    /// Renders documents.
    pub press: Press,
    /// Makes receipts and the like.
    pub master: Arc<MasterKey>,
    /// What cases run by.
    pub rules: Arc<CaseRules>,
    courts: RwLock<BTreeMap<CourtId, CourtHandle>>,
    phase: AtomicU8,
}

impl App {
    /// Puts the parts together; no court is open yet.
    #[must_use]
    #[allow(clippy::too_many_arguments)] // The parts of a server, each once.
    pub fn new(
        config: Config,
        clock: Arc<dyn Clock>,
        journal: Arc<Store>,
        doors: Doors,
        media: MediaStore,
        papers: PaperStore,
        proof: Proof,
        tracks: Arc<TrackStore>,
        master: Arc<MasterKey>,
        rules: Arc<CaseRules>,
        documents: Arc<Documents>,
    ) -> Self {
        let tickets = Tickets::new(Arc::clone(&clock));
        let bodies = BodyBudget::new();
        // The server's own program, in its other part: the very one that runs, also when another has
        // taken its place on the disk since.
        let workshop = Workshop::new("/proc/self/exe".into());
        let press = Press::new("/proc/self/exe".into());
        let reports = Turnstile::new(Class::Report, REPORTS_AT_WORK);
        let curious = Turnstile::new(Class::Report, CURIOUS_AT_WORK);
        let gateways = Arc::default();
        let courts = RwLock::default();
        let phase = AtomicU8::new(0);
        Self {
            config,
            clock,
            journal,
            doors,
            tickets,
            bodies,
            reports,
            curious,
            gateways,
            media,
            papers,
            seen: Seen::default(),
            paper_places: Semaphore::new(PAPERS_AT_WORK),
            proof,
            tracks,
            workshop,
            documents,
            press,
            master,
            rules,
            courts,
            phase,
        }
    }

    /// Leave to read a report. Kept until the answer is made.
    ///
    /// # Errors
    /// Too many are being read: 503, with a time to come back.
    pub async fn report(&self) -> Result<Pass, Problem> {
        self.reports.enter().await.map_err(|_no_room| Problem::overloaded().retry_after(2))
    }

    /// The ways into a court.
    #[must_use]
    pub fn court(&self, id: &CourtId) -> Option<CourtHandle> {
        self.courts.read().unwrap_or_else(PoisonError::into_inner).get(id).cloned()
    }

    /// All open courts.
    #[must_use]
    pub fn courts(&self) -> Vec<CourtHandle> {
        self.courts.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// Adds a court that has been opened.
    pub fn add_court(&self, court: CourtHandle) {
        let id = court.profile().id.clone();
        self.courts.write().unwrap_or_else(PoisonError::into_inner).insert(id, court);
    }

    /// Where the server stands.
    #[must_use]
    pub fn phase(&self) -> Phase {
        match self.phase.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Stopping,
        }
    }

    /// Refuses before the courts are open, and at the end: for whatever changes something or needs a
    /// court, first of all.
    ///
    /// # Errors
    /// [`Problem::starting`], [`Problem::stopping`].
    pub fn check_open(&self) -> Result<(), Problem> {
        match self.phase() {
            Phase::Starting => Err(Problem::starting()),
            Phase::Ready => Ok(()),
            Phase::Stopping => Err(Problem::stopping()),
        }
    }

    /// Moves on; never back.
    pub fn set_phase(&self, phase: Phase) {
        let next = match phase {
            Phase::Starting => 0,
            Phase::Ready => 1,
            Phase::Stopping => 2,
        };
        self.phase.fetch_max(next, Ordering::AcqRel);
    }
}
