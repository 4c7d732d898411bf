//! A court with its people, as tests use it.

use std::cell::Cell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use actix::prelude::*;
use futures_util::{FutureExt, StreamExt};
use tiande_actors::board::JoinConsole;
use tiande_actors::court::{
    CommandFault, ConnectHandheld, CourtHandle, EnrolOfficer, Idle, IncidentLook, OfficerDeed,
    RoomPorts, ToIncident, ToOfficer,
};
use tiande_actors::incident::{IncidentDone, OrderIncident, SeenIncident};
use tiande_actors::intake::{SubmitTip, TipFault, TipTaken};
use tiande_actors::officer::{FixLane, Link};
use tiande_actors::outbox::{Frame, Outbox, OutboxReader, Outgoing};
use tiande_actors::ports::journal::Audience;
use tiande_actors::ports::{Clock, Ids, Tracks};
use tiande_actors::testkit::{
    ManualClock, MemoryTracks, PlainFrame, PlainWire, SeededIds, StagedJournal, plain_rules,
};
use tiande_actors::views::RosterEntry;
use tiande_core::court::{CourtHouse, CourtProfile, DispatchSettings, MergeSettings, Shift};
use tiande_core::geo::{LatLon, Metres, Place};
use tiande_core::ids::{CourtId, DeviceId, IncidentId, OfferId, OfficerId, TipId, UserId};
use tiande_core::incident::{IncidentCommand, IncidentKind, Urgency};
use tiande_core::journal::{By, Event};
use tiande_core::officer::{Fix, OfficerPersonal};
use tiande_core::time::{Millis, UnixMillis};
use tiande_core::tip::{Tip, TipPersonal};

use crate::waiting::{found, gets, within};

/// Monday, 2026-11-23, 10:00 in the court: on shift.
pub const MONDAY_10: UnixMillis = UnixMillis(1_795_392_000_000 + 2 * 3_600_000);
/// Where things happen, 3 km from the court house.
const SCENE: (f64, f64) = (35.21, 114.70);
const METRES_A_DEGREE: f64 = 110_950.0;

/// A point so many metres north of where things happen.
pub fn north(metres: f64) -> LatLon {
    LatLon::new(SCENE.0 + metres / METRES_A_DEGREE, SCENE.1).unwrap()
}

pub fn scene() -> Place {
    Place { at: north(0.0), accuracy: Some(Metres(10.0)) }
}

/// One officer an incident, one asked at a time; long limits on a clock that stands still.
pub fn profile() -> CourtProfile {
    CourtProfile {
        id: CourtId::parse("changyuan").unwrap(),
        name: "长垣".into(),
        area: [114.4, 34.97, 114.99, 35.4],
        area_margin_m: 5_000.0,
        utc_offset_minutes: 480,
        court_house: CourtHouse { lat: 35.2, lon: 114.67, radius_m: 150.0 },
        shift: Shift::default(),
        dispatch: DispatchSettings {
            ask_extra_emergency: 0,
            need: BTreeMap::from([(IncidentKind::OfficerSos, 1)]),
            ..DispatchSettings::default()
        },
        merge: MergeSettings::default(),
    }
}

/// The same, asking one more than is needed.
pub fn asking_two() -> CourtProfile {
    let mut court = profile();
    court.dispatch.ask_extra_emergency = 1;
    court
}

/// A court, and everything a test holds of it.
pub struct World {
    pub journal: StagedJournal,
    pub clock: ManualClock,
    pub wire: PlainWire,
    pub tracks: MemoryTracks,
    pub court: CourtHandle,
    arbiter: Arbiter,
    ids: SeededIds,
    profile: CourtProfile,
    tips: Cell<u32>,
}

impl World {
    pub async fn open() -> Self {
        Self::open_with(profile()).await
    }

    pub async fn open_with(profile: CourtProfile) -> Self {
        let (clock, ids) = (ManualClock::at(MONDAY_10), SeededIds::new(7));
        Self::start(profile, StagedJournal::new(), MemoryTracks::default(), clock, ids).await
    }

    async fn start(
        profile: CourtProfile,
        journal: StagedJournal,
        tracks: MemoryTracks,
        clock: ManualClock,
        ids: SeededIds,
    ) -> Self {
        Self::start_with(profile, journal, tracks, clock, ids, |_| {}).await
    }

    /// A court whose actors go to sleep when the test wants.
    pub async fn open_sleepy(idle: Idle) -> Self {
        let (clock, ids) = (ManualClock::at(MONDAY_10), SeededIds::new(7));
        let (journal, tracks) = (StagedJournal::new(), MemoryTracks::default());
        let change = |ports: &mut RoomPorts| ports.idle = idle;
        Self::start_with(profile(), journal, tracks, clock, ids, change).await
    }

    /// A court that has no round of acknowledgements while a test runs.
    pub async fn open_without_rounds() -> Self {
        let (clock, ids) = (ManualClock::at(MONDAY_10), SeededIds::new(7));
        let (journal, tracks) = (StagedJournal::new(), MemoryTracks::default());
        let change = |ports: &mut RoomPorts| ports.acks_round = Millis::from_secs(3_600);
        Self::start_with(profile(), journal, tracks, clock, ids, change).await
    }

    /// A court without rounds that hands tracks to `tracks`.
    #[allow(dead_code, reason = "for `allocations`, a test binary of its own")]
    pub async fn open_keeping(tracks: Arc<dyn Tracks>) -> Self {
        let (clock, ids) = (ManualClock::at(MONDAY_10), SeededIds::new(7));
        let change = |ports: &mut RoomPorts| {
            ports.acks_round = Millis::from_secs(3_600);
            ports.tracks = tracks;
        };
        let (journal, unused) = (StagedJournal::new(), MemoryTracks::default());
        Self::start_with(profile(), journal, unused, clock, ids, change).await
    }

    async fn start_with(
        profile: CourtProfile,
        journal: StagedJournal,
        tracks: MemoryTracks,
        clock: ManualClock,
        ids: SeededIds,
        change: impl FnOnce(&mut RoomPorts),
    ) -> Self {
        let (wire, arbiter) = (PlainWire::default(), Arbiter::new());
        let mut ports = ports(&journal, &clock, &wire, &ids, &tracks);
        change(&mut ports);
        let thread = arbiter.handle();
        let opening = CourtHandle::open(&thread, profile.clone(), ports);
        let court = within("opening the court", opening).await.unwrap();
        Self { journal, clock, wire, tracks, court, arbiter, ids, profile, tips: Cell::new(0) }
    }

    /// Ends the court with all its actors and opens it again on the same journal.
    pub async fn reopen(self) -> Self {
        self.reopen_with(|_| {}).await
    }

    /// The same with something else outside.
    pub async fn reopen_with(self, change: impl FnOnce(&mut RoomPorts)) -> Self {
        let Self { journal, tracks, clock, ids, profile, arbiter, tips, .. } = self;
        arbiter.stop();
        arbiter.join().unwrap();
        Self { tips, ..Self::start_with(profile, journal, tracks, clock, ids, change).await }
    }

    /// Opens another court on the same thread and journal.
    pub async fn neighbour(&self, profile: CourtProfile) -> CourtHandle {
        let ports = ports(&self.journal, &self.clock, &self.wire, &self.ids, &self.tracks);
        let thread = self.arbiter.handle();
        let opening = CourtHandle::open(&thread, profile, ports);
        within("opening the neighbour", opening).await.unwrap()
    }

    pub fn new_officer(&self) -> OfficerId {
        OfficerId::new(self.clock.now(), self.ids.source().as_mut())
    }

    pub async fn enrol(&self, name: &str) -> OfficerId {
        let officer = self.new_officer();
        let personal = OfficerPersonal { name: name.to_owned(), badge: None };
        let message = EnrolOfficer { officer, personal, skills: Vec::new() };
        within("enrolling", self.court.enrol_officer(message)).await.unwrap();
        officer
    }

    /// Connects a handheld, as soon as the officer's actor is there.
    pub async fn connect(&self, officer: OfficerId) -> Handheld {
        let device = DeviceId::new(self.clock.now(), self.ids.source().as_mut());
        self.connect_again(officer, device).await
    }

    /// Connects a device that is known.
    pub async fn connect_again(&self, officer: OfficerId, device: DeviceId) -> Handheld {
        let outbox = Outbox::new();
        let mut inbox = Inbox::of(&outbox);
        let connected = gets("a connection", || {
            let outbox = outbox.clone();
            let message = ConnectHandheld { officer, device, outbox };
            let connecting = self.court.connect(message);
            connecting.map(|done| done.ok().map(|connected| (connected.lane, connected.link)))
        });
        let (lane, link) = connected.await;
        inbox.pump();
        Handheld { officer, device, inbox, lane, link, epoch: 1, seq: 0 }
    }

    /// An officer on duty, connected, so many metres north of where things happen.
    pub async fn on_duty_at(&self, metres: f64) -> Handheld {
        let officer = self.enrol(&format!("officer-at-{metres}")).await;
        let mut handheld = self.connect(officer).await;
        self.deed(&handheld, OfficerDeed::GoOnDuty).await.unwrap();
        handheld.report(self, north(metres)).await;
        handheld
    }

    /// Several of them, nearest first.
    pub async fn on_duty<const N: usize>(&self, metres: [f64; N]) -> [Handheld; N] {
        let mut handhelds = Vec::new();
        for metres in metres {
            handhelds.push(self.on_duty_at(metres).await);
        }
        handhelds.try_into().unwrap_or_else(|_| unreachable!("as many as were wanted"))
    }

    pub async fn deed(&self, who: &Handheld, deed: OfficerDeed) -> Result<(), CommandFault> {
        let message = ToOfficer { officer: who.officer, device: who.device, deed };
        within("a deed", self.court.officer(message)).await
    }

    pub async fn accept(&self, who: &Handheld, offer: OfferId) -> Result<(), CommandFault> {
        self.deed(who, OfficerDeed::Accept(offer)).await
    }

    /// The same without holding the handheld meanwhile.
    pub async fn accept_from(
        &self,
        officer: OfficerId,
        device: DeviceId,
        offer: OfferId,
    ) -> Result<(), CommandFault> {
        let message = ToOfficer { officer, device, deed: OfficerDeed::Accept(offer) };
        within("a deed", self.court.officer(message)).await
    }

    /// A trusted emergency.
    pub fn tip(&self) -> SubmitTip {
        self.tips.set(self.tips.get() + 1);
        let tip = Tip {
            court: self.profile.id.clone(),
            kind: IncidentKind::Other,
            urgency: Urgency::Emergency,
            case_number: None,
            occurred_at: None,
            place: Some(scene()),
            personal: TipPersonal::default(),
            media: Vec::new(),
            exercise: false,
        };
        SubmitTip {
            tip: Box::new(tip),
            id: TipId::new(self.clock.now(), self.ids.source().as_mut()),
            source: "police".into(),
            trusted: true,
            delivery_source: "changyuan/police".into(),
            webhook_id: format!("msg_{}", self.tips.get()),
            body_sha256: [1; 32],
        }
    }

    pub async fn submit(&self, tip: SubmitTip) -> Result<TipTaken, TipFault> {
        within("a tip", self.court.submit_tip(tip)).await
    }

    /// The incident of a trusted emergency.
    pub async fn emergency(&self) -> IncidentId {
        self.submit(self.tip()).await.unwrap().incident
    }

    pub async fn order(
        &self,
        incident: IncidentId,
        command: IncidentCommand,
    ) -> Result<IncidentDone, CommandFault> {
        let by = By::Staff { user: UserId(incident.0) };
        let message = ToIncident { incident, order: OrderIncident::by(by, command) };
        within("an order", self.court.incident(message)).await
    }

    pub async fn cancel(&self, incident: IncidentId) {
        let command = IncidentCommand::Cancel { reason: "test".into() };
        self.order(incident, command).await.unwrap();
    }

    pub async fn look(&self, incident: IncidentId) -> SeenIncident {
        let message = IncidentLook { incident, candidates: false };
        within("a look", self.court.look(message)).await.unwrap()
    }

    pub async fn status(&self, incident: IncidentId) -> &'static str {
        self.look(incident).await.view.status.name()
    }

    pub async fn roster_of(&self, officer: OfficerId) -> RosterEntry {
        let roster = within("the roster", self.court.roster()).await.unwrap();
        roster.into_iter().find(|entry| entry.id == officer).unwrap()
    }

    pub async fn officer_status(&self, officer: OfficerId) -> &'static str {
        self.roster_of(officer).await.status.name()
    }

    pub fn new_offer(&self) -> OfferId {
        OfferId::new(self.clock.now(), self.ids.source().as_mut())
    }

    /// A console; its welcome is the first frame.
    pub fn console(&self, audiences: &[Audience]) -> Inbox {
        self.console_with(audiences, |_| ())
    }

    /// A console that wants something of its own.
    pub fn console_with(
        &self,
        audiences: &[Audience],
        wants: impl FnOnce(&mut JoinConsole),
    ) -> Inbox {
        let outbox = Outbox::new();
        let inbox = Inbox::of(&outbox);
        let mut join = JoinConsole {
            outbox,
            user: "dispatcher".into(),
            audiences: audiences.to_vec(),
            binary: false,
            view: None,
            after: None,
        };
        wants(&mut join);
        self.court.join_console(join).unwrap();
        inbox
    }

    /// Returns when desk and board have dealt with all that was there before.
    pub async fn settled(&self) {
        within("the roster", self.court.roster()).await.unwrap();
        self.console(&[]).next("welcome").await;
    }

    /// All events in the journal, in order.
    pub fn events(&self) -> Vec<Event> {
        let appended = self.journal.appended();
        appended.into_iter().flat_map(|a| a.streams).flat_map(|s| s.events).collect()
    }

    pub fn count(&self, which: impl Fn(&Event) -> bool) -> usize {
        self.events().iter().filter(|event| which(event)).count()
    }
}

fn ports(
    journal: &StagedJournal,
    clock: &ManualClock,
    wire: &PlainWire,
    ids: &SeededIds,
    tracks: &MemoryTracks,
) -> RoomPorts {
    RoomPorts {
        journal: Arc::new(journal.clone()),
        clock: Arc::new(clock.clone()),
        ids: Arc::new(ids.clone()),
        wire: Arc::new(wire.clone()),
        tracks: Arc::new(tracks.clone()),
        rules: plain_rules(),
        idle: Idle::default(),
        acks_round: Millis(20),
        bell_look: Millis(5),
    }
}

/// What comes out of an outbox.
pub struct Inbox {
    pub outbox: Outbox,
    reader: OutboxReader,
    frames: VecDeque<PlainFrame>,
    closed: Option<u16>,
}

impl Inbox {
    pub fn of(outbox: &Outbox) -> Self {
        let reader = outbox.reader();
        Self { outbox: outbox.clone(), reader, frames: VecDeque::new(), closed: None }
    }

    fn pump(&mut self) {
        while let Some(Some(outgoing)) = self.reader.next().now_or_never() {
            match outgoing {
                Outgoing::Write(Frame::Text(text)) => {
                    // Several in one are a line each.
                    self.frames.extend(text.split('\n').map(PlainFrame::read));
                }
                Outgoing::Write(Frame::Binary(bytes)) => {
                    let text = std::str::from_utf8(&bytes).unwrap();
                    self.frames.push_back(PlainFrame::read(text));
                }
                Outgoing::Close(reason) => self.closed = Some(reason.code),
            }
        }
    }

    /// The next frame of that kind; what comes before it is passed over.
    pub async fn next(&mut self, kind: &str) -> PlainFrame {
        self.next_that(kind, |_| true).await
    }

    /// The next frame of that kind that is as wanted.
    pub async fn next_that(
        &mut self,
        kind: &str,
        wanted: impl Fn(&PlainFrame) -> bool,
    ) -> PlainFrame {
        self.first(kind, |frame| frame.kind == kind && wanted(frame)).await
    }

    /// The next frame of one of these kinds.
    pub async fn next_that_is(&mut self, kinds: &[&str]) -> PlainFrame {
        self.first(&kinds.join(" or "), |frame| kinds.contains(&frame.kind.as_str())).await
    }

    async fn first(&mut self, what: &str, wanted: impl Fn(&PlainFrame) -> bool) -> PlainFrame {
        found(what, || {
            self.pump();
            while let Some(frame) = self.frames.pop_front() {
                if wanted(&frame) {
                    return Some(frame);
                }
            }
            None
        })
        .await
    }

    /// All frames that have come and were not passed over.
    pub fn drain(&mut self) -> Vec<PlainFrame> {
        self.pump();
        self.frames.drain(..).collect()
    }

    /// Kinds of all frames that have come and were not passed over.
    pub fn unread(&mut self) -> Vec<String> {
        self.pump();
        self.frames.drain(..).map(|frame| frame.kind).collect()
    }

    /// The code with which this side was closed.
    pub async fn closed(&mut self) -> u16 {
        found("a close", || {
            self.pump();
            self.closed
        })
        .await
    }

    pub fn is_closed(&mut self) -> bool {
        self.pump();
        self.closed.is_some()
    }
}

/// An officer's device.
pub struct Handheld {
    pub officer: OfficerId,
    pub device: DeviceId,
    pub inbox: Inbox,
    pub lane: Arc<FixLane>,
    pub link: Link,
    pub epoch: u32,
    pub seq: u32,
}

impl Handheld {
    /// Sends a position without waiting for anything.
    pub fn send_fix(&mut self, world: &World, at: LatLon) {
        self.seq += 1;
        let fix = Fix {
            epoch: self.epoch,
            seq: self.seq,
            taken_at: world.clock.now(),
            at,
            accuracy: Some(Metres(5.0)),
            speed_mps: None,
            heading_deg: None,
        };
        self.lane.heard(world.clock.now()); // As the socket does with every frame.
        self.lane.report(self.link, false, [Ok(fix)]);
    }

    /// Sends a position and waits until it was looked at.
    pub async fn report(&mut self, world: &World, at: LatLon) -> PlainFrame {
        // A device reads at once: a test that has let hours pass is not a device that stalled.
        self.inbox.pump();
        self.send_fix(world, at);
        let seq = self.seq;
        self.inbox.next_that("ack", |ack| ack.is("seq", seq)).await
    }

    /// Sends numbered fixes of those moments, as a device does that saved them up.
    pub fn send_saved(&self, fixes: impl IntoIterator<Item = (u32, UnixMillis)>) {
        let saved = |(seq, taken_at)| Fix {
            epoch: self.epoch,
            seq,
            taken_at,
            at: north(0.0),
            accuracy: Some(Metres(5.0)),
            speed_mps: None,
            heading_deg: None,
        };
        self.lane.report(self.link, false, fixes.into_iter().map(saved).map(Ok));
    }

    /// Waits until the device is told that this fix is stored.
    pub async fn told_stored(&mut self, seq: u32) {
        self.inbox.next_that("stored", |stored| stored.is("seq", seq)).await;
    }

    /// The offer that comes next.
    pub async fn offer(&mut self) -> OfferId {
        self.inbox.next("offer").await.get("offer").parse().unwrap()
    }
}
