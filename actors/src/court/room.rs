//! What the actors of one court share. They all live on one arbiter, so a `RefCell` is enough; no
//! borrow is ever held across an await.

use std::cell::{Cell, OnceCell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use metrics::{Counter, counter};
use tiande_core::court::CourtProfile;
use tiande_core::dispatch::Glance;
use tiande_core::ids::{IdSource, IncidentId, OfferId, OfficerId};
use tiande_core::incident::{Incident, Urgency};
use tiande_core::officer::{Duty, FixVerdict, Officer};
use tiande_core::spatial::SpatialIndex;
use tiande_core::time::{Millis, UnixMillis};

use crate::board::{BoardActor, BoardNews, Shown};
use crate::case::CaseRules;
use crate::gate::Gate;
use crate::incident::Nudge;
use crate::intake::{OpenTips, SeenDeliveries};
use crate::limits::{CASE_IDLE, INCIDENT_IDLE, OFFERS_REMEMBERED, SEARCHES_BURST, SEARCHES_PER_S};
use crate::officer::Tally;
use crate::pause::Pace;
use crate::ports::wire::Wire;
use crate::ports::{Clock, Ids, Journal, Tracks};
use crate::views::{Moved, RosterEntry};

use super::arrivals::Arrivals;
use super::bell::Clocks;
use super::desk::CourtDesk;
use super::directory::Directory;
use super::glances::CourtGlances;
use super::lanes::Lanes;
use super::seats::Seats;
use super::snapshots::Unsaved;
use super::time::Time;

/// When somebody was last heard who was not heard since the server started.
pub(crate) const NEVER_HEARD: UnixMillis = UnixMillis(0);

/// The outside, as the actors of a court get it.
#[derive(Clone)]
pub struct RoomPorts {
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Randomness for ids.
    pub ids: Arc<dyn Ids>,
    /// Encoding.
    pub wire: Arc<dyn Wire>,
    /// Where tracks are kept.
    pub tracks: Arc<dyn Tracks>,
    /// What cases run by.
    pub rules: Arc<CaseRules>,
    /// When actors go to sleep.
    pub idle: Idle,
    /// How often what is owed to handhelds is said; [`crate::limits::ACKS_ROUND`] but in tests.
    pub acks_round: Millis,
    /// How often the clocks of cases are looked at at least; [`crate::limits::BELL_LOOK`] but in tests.
    pub bell_look: Millis,
}

/// After how long without a message an actor with nothing to do goes to sleep.
#[derive(Debug, Clone, Copy)]
pub struct Idle {
    /// An incident that is closed, or waits for a dispatcher.
    pub incident: Millis,
    /// A case.
    pub case: Millis,
}

impl Default for Idle {
    fn default() -> Self {
        Self { incident: INCIDENT_IDLE, case: CASE_IDLE }
    }
}

/// What the actors of one court share.
pub struct CourtRoom {
    /// The court.
    pub profile: CourtProfile,
    /// The journal.
    pub journal: Arc<dyn Journal>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Encoding.
    pub wire: Arc<dyn Wire>,
    /// Where tracks are kept.
    pub(crate) tracks: Arc<dyn Tracks>,
    /// What cases run by.
    pub(crate) rules: Arc<CaseRules>,
    /// When clocks of cases ring.
    pub(crate) clocks: Clocks,
    /// Court time; `None` before the court is open.
    time: RefCell<Option<Time>>,
    /// Randomness for ids.
    pub ids: RefCell<Box<dyn IdSource>>,
    /// Where officers on duty are. Each officer's seat writes its own point, and its actor takes it out.
    pub index: RefCell<SpatialIndex<OfficerId>>,
    /// How all officers stand. Each officer's actor writes its own line, and its seat the place in it.
    pub(crate) glances: RefCell<CourtGlances>,
    /// Where each officer's positions are judged.
    pub(crate) seats: RefCell<Seats>,
    /// Seats whose actors could not be told yet that they are to end.
    pub(crate) broken: RefCell<Vec<u32>>,
    /// Where actors are.
    pub(crate) directory: RefCell<Directory>,
    /// When each officer's device was last heard.
    heard: RefCell<BTreeMap<OfficerId, Arc<AtomicI64>>>,
    /// Held by the incident that plans and asks officers.
    pub(crate) planning: tokio::sync::Mutex<()>,
    /// Searches of incidents that found nobody.
    pub(crate) searches: Pace,
    /// For whom gateways may report; the edge has it too.
    pub(crate) lanes: Arc<Lanes>,
    /// Positions that have come in.
    pub(crate) arrivals: Arc<Arrivals>,
    /// What became of positions.
    pub(crate) fix_counters: FixCounters,
    /// Officers whose handhelds are owed an acknowledgement or news of the track store.
    owing: RefCell<Vec<u32>>,
    /// How often what is owed has been said.
    round: Cell<u64>,
    /// Which incident an offer belongs to.
    offers: RefCell<OfferMemory>,
    /// Incidents that look for somebody, most pressing first.
    waiting: RefCell<BTreeSet<(u8, UnixMillis, IncidentId)>>,
    /// When actors go to sleep.
    pub(crate) idle: Idle,
    /// How often what is owed to handhelds is said.
    pub(crate) acks_round: Millis,
    /// How often the clocks of cases are looked at at least.
    pub(crate) bell_look: Millis,
    /// Snapshots on their way to the store.
    pub(crate) unsaved: RefCell<Unsaved>,
    /// Open incidents that a further tip may be about.
    pub(crate) open_tips: RefCell<OpenTips>,
    /// Deliveries of tips that were taken before.
    pub(crate) seen: RefCell<SeenDeliveries>,
    /// Year and number of the newest incident.
    incident_number: Cell<(u16, u64)>,
    /// What a console that comes in gets to see, beside officers.
    pub(crate) shown: RefCell<Shown>,
    /// News for the consoles has been dropped.
    pub(crate) board_behind: Cell<bool>,
    pub(crate) board: OnceCell<Gate<BoardActor>>,
    pub(crate) desk: OnceCell<Gate<CourtDesk>>,
}

#[derive(Default)]
struct OfferMemory {
    incidents: BTreeMap<OfferId, IncidentId>,
    order: VecDeque<OfferId>,
}

impl Drop for CourtRoom {
    fn drop(&mut self) {
        self.arrivals.close();
    }
}

/// The counters of verdicts, looked up once: to find one by its name costs more than to judge a fix.
pub(crate) struct FixCounters(Vec<Counter>);

impl FixCounters {
    fn new() -> Self {
        let counter = |v: &FixVerdict| counter!("tiande_fixes_total", "verdict" => v.name());
        Self(FixVerdict::ALL.iter().map(counter).collect())
    }

    pub(crate) fn add(&self, tally: &Tally) {
        for (verdict, count) in tally.each() {
            if let Some(counter) = self.0.get(verdict as usize) {
                counter.increment(count.into());
            }
        }
    }
}

impl CourtRoom {
    pub(crate) fn new(profile: CourtProfile, ports: RoomPorts) -> Self {
        let [a, b, c, d, ..] = ports.ids.source().random_bytes();
        let run = u32::from_le_bytes([a, b, c, d]);
        Self {
            profile,
            journal: ports.journal,
            clock: ports.clock,
            wire: ports.wire,
            tracks: ports.tracks,
            rules: ports.rules,
            clocks: Clocks::default(),
            time: RefCell::default(),
            ids: RefCell::new(ports.ids.source()),
            index: RefCell::new(SpatialIndex::default()),
            glances: RefCell::default(),
            seats: RefCell::default(),
            broken: RefCell::default(),
            directory: RefCell::default(),
            heard: RefCell::default(),
            planning: tokio::sync::Mutex::new(()),
            searches: Pace::new(SEARCHES_PER_S, SEARCHES_BURST),
            lanes: Arc::new(Lanes::new(run)),
            arrivals: Arc::default(),
            fix_counters: FixCounters::new(),
            owing: RefCell::default(),
            round: Cell::new(0),
            offers: RefCell::default(),
            waiting: RefCell::default(),
            idle: ports.idle,
            acks_round: ports.acks_round,
            bell_look: ports.bell_look,
            unsaved: RefCell::default(),
            open_tips: RefCell::default(),
            seen: RefCell::default(),
            incident_number: Cell::new((0, 0)),
            shown: RefCell::default(),
            board_behind: Cell::new(false),
            board: OnceCell::new(),
            desk: OnceCell::new(),
        }
    }

    /// Now.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The time that deadlines run by: it never goes backwards, and does not follow a wall clock that
    /// jumps.
    pub(crate) fn court_now(&self) -> UnixMillis {
        let mut time = self.time.borrow_mut();
        time.as_mut().map_or_else(|| self.now(), |time| time.read(self.clock.as_ref()))
    }

    /// Court time begins; `committed` is the time of the newest record in the journal.
    pub(crate) fn begin_time(&self, committed: UnixMillis) {
        *self.time.borrow_mut() = Some(Time::new(committed, self.clock.as_ref()));
    }

    /// Does something with court time; `None` before the court is open.
    pub(super) fn with_time<T>(&self, work: impl FnOnce(&mut Time) -> T) -> Option<T> {
        self.time.borrow_mut().as_mut().map(work)
    }

    /// Makes an id of any kind.
    pub(crate) fn new_id<T>(&self, make: impl FnOnce(UnixMillis, &mut dyn IdSource) -> T) -> T {
        make(self.now(), self.ids.borrow_mut().as_mut())
    }

    /// Tells the consoles. When the board cannot keep up the news is dropped and counted, and all
    /// consoles are made to come in anew: better that than a screen with a silent gap.
    pub(crate) fn publish(&self, news: BoardNews) {
        self.shown.borrow_mut().take(&news);
        if let Some(board) = self.board.get()
            && board.offer(news).is_err()
        {
            counter!("tiande_board_news_dropped_total").increment(1);
            self.board_behind.set(true);
        }
    }

    // --- officers ---

    pub(crate) fn set_glance(&self, glance: Glance) {
        self.glances.borrow_mut().set(glance);
    }

    /// The officer's handheld is to be told something at the next round.
    pub(crate) fn note_owing(&self, number: u32) {
        self.owing.borrow_mut().push(number);
    }

    /// Begins the next round; gives those who owe something.
    pub(crate) fn next_round(&self) -> Vec<u32> {
        self.round.set(self.round.get() + 1);
        std::mem::take(&mut *self.owing.borrow_mut())
    }

    /// The number of this round.
    pub(crate) fn round(&self) -> u64 {
        self.round.get()
    }

    /// The presence cell of an officer; sockets write the moment of each frame into it.
    pub(crate) fn presence(&self, id: OfficerId) -> Arc<AtomicI64> {
        let mut heard = self.heard.borrow_mut();
        let cell = heard.entry(id).or_insert_with(|| Arc::new(AtomicI64::new(NEVER_HEARD.0)));
        Arc::clone(cell)
    }

    /// An officer's actor starts. Who was in contact before a restart gets the full grace to come back;
    /// who is off duty, or was silent already, counts as silent until heard.
    pub(crate) fn expect(&self, officer: &Officer) {
        if officer.duty != Duty::Off && !officer.contact_lost {
            let now = || Arc::new(AtomicI64::new(self.clock.now().0));
            self.heard.borrow_mut().entry(officer.id).or_insert_with(now);
        }
    }

    pub(crate) fn last_heard(&self, id: OfficerId) -> UnixMillis {
        UnixMillis(self.presence(id).load(Ordering::Relaxed))
    }

    /// The officer's small number; given on first sight.
    pub(crate) fn number_of(&self, id: OfficerId) -> u32 {
        self.glances.borrow_mut().number_of(id)
    }

    /// The name people know an officer by.
    pub(crate) fn name_of(&self, id: OfficerId) -> String {
        self.glances.borrow().get(&id).map(|g| g.officer.name.clone()).unwrap_or_default()
    }

    pub(crate) fn roster_entry(&self, id: OfficerId) -> Option<RosterEntry> {
        let n = self.number_of(id);
        let glances = self.glances.borrow();
        let glance = glances.get(&id)?;
        let officer = &glance.officer;
        Some(RosterEntry {
            n,
            id,
            name: officer.name.clone(),
            badge: officer.badge.clone(),
            skills: officer.skills.clone(),
            status: officer.status(),
            incident: officer.sos.or(officer.commitments.first().map(|c| c.incident)),
            fix: glance.fix,
        })
    }

    pub(crate) fn roster(&self) -> Vec<RosterEntry> {
        let ids: Vec<OfficerId> = self.glances.borrow().iter().map(|(id, _)| id).collect();
        ids.into_iter().filter_map(|id| self.roster_entry(id)).collect()
    }

    /// Lines of all officers who moved since the last call.
    pub(crate) fn take_moved(&self) -> Vec<Moved> {
        let numbers = self.glances.borrow_mut().take_moved();
        let glances = self.glances.borrow();
        let mut lines = Vec::with_capacity(numbers.len());
        for n in numbers {
            if let Some(glance) = glances.by_number(n) {
                let officer = &glance.officer;
                let asked = officer.offer.is_some() || !officer.commitments.is_empty();
                let pressing = officer.sos.is_some() || asked;
                let status = officer.status();
                lines.push(Moved { n, status, fix: glance.fix, pressing });
            }
        }
        lines
    }

    // --- incidents ---

    /// The next incident number of the year that `at` lies in (court's local time). A year that the
    /// court has left never comes back, whatever the clock says: its numbers are taken.
    pub(crate) fn next_incident_number(&self, at: UnixMillis) -> (u16, u64) {
        let local = UnixMillis(at.0 + i64::from(self.profile.utc_offset_minutes) * 60_000);
        let text = tiande_core::rfc3339::format_utc(local);
        let year: u16 = text.get(..4).and_then(|y| y.parse().ok()).unwrap_or(0);
        let (last_year, last) = self.incident_number.get();
        let next = if year <= last_year { (last_year, last + 1) } else { (year, 1) };
        self.incident_number.set(next);
        next
    }

    pub(crate) fn set_incident_number(&self, year: u16, last: u64) {
        self.incident_number.set((year, last));
    }

    pub(crate) fn remember_offer(&self, offer: OfferId, incident: IncidentId) {
        let mut memory = self.offers.borrow_mut();
        if memory.incidents.insert(offer, incident).is_none() {
            memory.order.push_back(offer);
        }
        if memory.order.len() > OFFERS_REMEMBERED
            && let Some(oldest) = memory.order.pop_front()
        {
            memory.incidents.remove(&oldest);
        }
    }

    /// The incident of an offer, if it is remembered.
    pub(crate) fn incident_of(&self, offer: OfferId) -> Option<IncidentId> {
        self.offers.borrow().incidents.get(&offer).copied()
    }

    /// Keeps the list of incidents that look for somebody.
    pub(crate) fn note_waiting(&self, incident: &Incident, looks: bool) {
        let Some(opened) = &incident.opened else { return };
        let priority = match (opened.starts_itself(), opened.urgency) {
            (_, _) if matches!(opened.kind, tiande_core::incident::IncidentKind::OfficerSos) => 0,
            (_, Urgency::Emergency) => 1,
            (_, Urgency::Routine) => 2,
        };
        let key = (priority, opened.at, incident.id);
        let mut waiting = self.waiting.borrow_mut();
        if looks {
            waiting.insert(key);
        } else {
            waiting.remove(&key);
        }
    }

    /// Tells the incidents that look for somebody that an officer has become free.
    pub(crate) fn somebody_is_free(&self) {
        let directory = self.directory.borrow();
        for (_, _, incident) in self.waiting.borrow().iter().take(8) {
            if let Some(gate) = directory.incidents.get(incident) {
                // A full gate means that it is about to look anyway.
                gate.offer(Nudge).ok();
            }
        }
    }
}
