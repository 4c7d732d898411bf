//! How the edge reaches a court: a handful of bounded ways, from any thread.

use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use actix::prelude::*;
use tiande_core::case::Case;
use tiande_core::court::CourtProfile;
use tiande_core::ids::{CaseId, DeviceId, IncidentId, OfficerId};
use tokio::sync::oneshot;

use crate::board::{BoardActor, JoinConsole, LookElsewhere};
use crate::class::Class;
use crate::gate::{Admitted, Gate, NotAdmitted};
use crate::incident::IncidentDone;
use crate::intake::{IntakeActor, OrderTask, RaiseSos, SubmitTip, TipFault, TipTaken};
use crate::limits::{BOARD_NOTES, DESK_COMMANDS, DESK_SOS, INTAKE_TIPS, TIPS_AT_WORK};
use crate::officer::{Connected, Gateway, GatewayBatch, MissingRecord, Record};
use crate::turnstile::{Pass, Turnstile};

use crate::views::RosterEntry;

use super::arrivals::Arrivals;
use super::bell::ring_clocks;
use super::desk::{CloseSockets, Count, CourtDesk, open_court};
use super::drain::Drain;
use super::lanes::Lanes;
use super::messages::{
    AcknowledgeAlarm, CaseImport, CaseLook, ClockShown, CommandFault, ConfirmClock,
    ConnectHandheld, DeskCounts, EnrolOfficer, ForgetTip, IncidentLook, IncidentSeen, LookAtClock,
    LookAtRoster, NoteTrackRead, RevokeDevice, SplitOff, ToCase, ToIncident, ToOfficer,
};
use super::recount::recount_cases;
use super::room::{CourtRoom, RoomPorts};
use super::roster::{DutyOrder, DutyOrdered, EnrolMany};

/// A court that could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("court {court} cannot be opened: {why}")]
pub struct StartFault {
    /// Which.
    pub court: String,
    /// Why.
    pub why: String,
}

/// The ways into one court. Cheap to clone.
#[derive(Clone)]
pub struct CourtHandle {
    profile: Arc<CourtProfile>,
    desk: Gate<CourtDesk>,
    sos: Gate<IntakeActor>,
    tips: Gate<IntakeActor>,
    tips_turnstile: Turnstile,
    consoles: Gate<BoardActor>,
    lanes: Arc<Lanes>,
    arrivals: Arc<Arrivals>,
    stopping: Arc<AtomicBool>,
}

impl CourtHandle {
    /// Opens a court on `arbiter`: wakes everything the journal says is open. Resolves when it is
    /// ready to take commands.
    ///
    /// # Errors
    /// [`StartFault`] when the journal cannot be read, or the arbiter is gone.
    pub async fn open(
        arbiter: &ArbiterHandle,
        profile: CourtProfile,
        ports: RoomPorts,
    ) -> Result<Self, StartFault> {
        let court = profile.id.to_string();
        let fault = |why: String| StartFault { court: court.clone(), why };
        let shared = Arc::new(profile.clone());
        let (tell, ready) = oneshot::channel();
        let spawned = arbiter.spawn_fn(move || {
            // Everything of the court is made on its own thread and never leaves it.
            actix::spawn(async move {
                let room = Rc::new(CourtRoom::new(profile, ports));
                let desk = CourtDesk::new(Rc::clone(&room)).start();
                let desk = Gate::new(desk, "desk", DESK_COMMANDS);
                room.desk.set(desk.clone()).ok();
                actix::spawn(Drain::of(&room).run(Arc::clone(&room.arrivals)));
                let opened = open_court(&room).await;
                if opened.is_ok() {
                    actix::spawn(ring_clocks(Rc::downgrade(&room)));
                    actix::spawn(recount_cases(Rc::downgrade(&room)));
                }
                let intake = IntakeActor::new(Rc::clone(&room)).start();
                let ways = opened.map(|()| {
                    let board =
                        room.board.get().map(|gate| gate.beside("console_join", BOARD_NOTES));
                    let tips = Gate::new(intake, "tips", INTAKE_TIPS);
                    let positions = (Arc::clone(&room.lanes), Arc::clone(&room.arrivals));
                    (desk, tips.beside("sos", DESK_SOS), tips, board, positions)
                });
                tell.send(ways).ok();
            });
        });
        if !spawned {
            return Err(fault("its arbiter is gone".to_owned()));
        }
        let ways = ready.await.map_err(|_gone| fault("it died while opening".to_owned()))?;
        let (desk, sos, tips, board, (lanes, arrivals)) =
            ways.map_err(|why| fault(format!("{why:?}")))?;
        let consoles = board.ok_or_else(|| fault("it has no board".to_owned()))?;
        let stopping = Arc::new(AtomicBool::new(false));
        let tips_turnstile = Turnstile::new(Class::Tip, TIPS_AT_WORK);
        Ok(Self {
            profile: shared,
            desk,
            sos,
            tips,
            tips_turnstile,
            consoles,
            lanes,
            arrivals,
            stopping,
        })
    }

    /// The court.
    #[must_use]
    pub fn profile(&self) -> &CourtProfile {
        &self.profile
    }

    /// True while desk, intake and board live. They hold nothing that is not in the journal, and are
    /// not rebuilt one by one: when one of them dies the server has to start anew.
    #[must_use]
    pub fn alive(&self) -> bool {
        self.desk.connected() && self.tips.connected() && self.consoles.connected()
    }

    /// From now on every command is refused; what was begun is brought to its end.
    pub fn stop(&self) {
        self.stopping.store(true, Ordering::Release);
    }

    /// Tells everybody who listens that the server goes down.
    pub fn close_sockets(&self) {
        // When the desk is that full, the end of the connection tells them.
        self.desk.offer(CloseSockets).ok();
    }

    /// Reports how full the ways are.
    pub fn observe(&self) {
        self.desk.observe();
        self.sos.observe();
        self.tips.observe();
        self.tips_turnstile.observe();
        self.arrivals.observe(&self.profile.id);
    }

    /// For which officers gateways may report.
    #[must_use]
    pub fn lanes(&self) -> &Lanes {
        &self.lanes
    }

    /// Takes a gateway's batch in. Never waits; the batch is answered in any case.
    pub fn report(&self, batch: GatewayBatch) {
        self.arrivals.report(batch, |batch| self.missing(&batch.records));
    }

    /// Records of a gateway were sent away before they came here: what comes later is not kept above the
    /// hole until they have come again.
    pub fn miss(&self, gateway: Gateway, records: &[Record]) {
        self.arrivals.miss(gateway, &self.missing(records));
    }

    fn missing(&self, records: &[Record]) -> Vec<MissingRecord> {
        let found = self.lanes.find(records.iter().filter_map(|record| match record {
            Record::Of(whom, what) => Some((*whom, *what)),
            Record::Invalid => None,
        }));
        found.into_iter().map(|(number, what)| MissingRecord { number, what }).collect()
    }

    async fn ask_desk<M, T>(&self, message: M) -> Result<T, CommandFault>
    where
        M: Message<Result = Result<T, CommandFault>> + Send + 'static,
        T: Send + 'static,
        CourtDesk: Handler<Admitted<M>>,
    {
        if self.stopping.load(Ordering::Acquire) {
            return Err(CommandFault::Stopping);
        }
        match self.desk.ask(message) {
            Ok(wait) => wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?,
            Err(NotAdmitted::Full(_)) => Err(CommandFault::Overloaded),
            Err(NotAdmitted::Gone(_)) => Err(CommandFault::Stopping),
        }
    }

    async fn ask_intake<M, T>(&self, gate: &Gate<IntakeActor>, message: M) -> Result<T, TipFault>
    where
        M: Message<Result = Result<T, TipFault>> + Send + 'static,
        T: Send + 'static,
        IntakeActor: Handler<Admitted<M>>,
    {
        if self.stopping.load(Ordering::Acquire) {
            return Err(TipFault::Overloaded);
        }
        match gate.ask(message) {
            Ok(wait) => wait.await.map_err(|_no_answer| TipFault::NoAnswer)?,
            Err(NotAdmitted::Full(_) | NotAdmitted::Gone(_)) => Err(TipFault::Overloaded),
        }
    }

    /// Where tips wait.
    #[must_use]
    pub fn tips(&self) -> &Turnstile {
        &self.tips_turnstile
    }

    /// Takes a tip. Resolves when it is durable.
    ///
    /// # Errors
    /// [`TipFault`]; nothing of the tip is kept then, except after `NoAnswer`: send it again.
    ///
    /// # Cancel safety
    /// A tip that still waits is dropped, and nothing is done for it.
    pub async fn submit_tip(&self, tip: SubmitTip) -> Result<TipTaken, TipFault> {
        let pass = self.tips_turnstile.enter().await.map_err(|_no_room| TipFault::Overloaded)?;
        self.submit_admitted(pass, tip).await
    }

    /// The same for a tip that has waited already.
    ///
    /// # Errors
    /// As [`Self::submit_tip`].
    pub async fn submit_admitted(&self, pass: Pass, tip: SubmitTip) -> Result<TipTaken, TipFault> {
        let taken = self.ask_intake(&self.tips, tip).await;
        drop(pass); // Not before it is durable, or refused.
        taken
    }

    /// Takes an officer's call for help; it has a way in of its own.
    ///
    /// # Errors
    /// [`CommandFault::Sos`].
    pub async fn raise_sos(&self, call: RaiseSos) -> Result<IncidentId, CommandFault> {
        self.ask_intake(&self.sos, call).await.map_err(CommandFault::Sos)
    }

    /// Sends officers out for a case. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault::Sos`].
    pub async fn order_task(&self, task: OrderTask) -> Result<IncidentId, CommandFault> {
        let pass = self.tips_turnstile.enter().await;
        let _pass = pass.map_err(|_no_room| CommandFault::Sos(TipFault::Overloaded))?;
        self.ask_intake(&self.tips, task).await.map_err(CommandFault::Sos)
    }

    /// Connects a handheld.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn connect(&self, message: ConnectHandheld) -> Result<Connected, CommandFault> {
        self.ask_desk(message).await
    }

    /// Does what an officer wants. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn officer(&self, message: ToOfficer) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// Commands an incident. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn incident(&self, message: ToIncident) -> Result<IncidentDone, CommandFault> {
        self.ask_desk(message).await
    }

    /// Gives a merged tip an incident of its own.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn split_off(&self, message: SplitOff) -> Result<IncidentId, CommandFault> {
        self.ask_desk(message).await
    }

    /// Lets no actor hold what a tip told whose key has been destroyed.
    ///
    /// # Errors
    /// [`CommandFault`]; to be done again, which is safe.
    pub async fn forget_tip(&self, message: ForgetTip) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// Looks at an incident.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn look(&self, message: IncidentLook) -> Result<IncidentSeen, CommandFault> {
        self.ask_desk(message).await
    }

    /// Acknowledges an alarm. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn acknowledge(&self, message: AcknowledgeAlarm) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// What time it is for deadlines.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn clock(&self) -> Result<ClockShown, CommandFault> {
        self.ask_desk(LookAtClock).await
    }

    /// Believes the wall clock, because an operator does.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn confirm_clock(&self) -> Result<ClockShown, CommandFault> {
        self.ask_desk(ConfirmClock).await
    }

    /// Makes an officer known.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn enrol_officer(&self, message: EnrolOfficer) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// Makes many officers known; gives back how many were not yet.
    ///
    /// # Errors
    /// [`CommandFault`]; a part of them may be known then, and the same again is safe.
    pub async fn enrol_many(&self, message: EnrolMany) -> Result<usize, CommandFault> {
        self.ask_desk(message).await
    }

    /// Orders many officers on or off duty.
    ///
    /// # Errors
    /// [`CommandFault`]; a part of them may be by then, and the same again is safe.
    pub async fn order_duty(&self, message: DutyOrder) -> Result<DutyOrdered, CommandFault> {
        self.ask_desk(message).await
    }

    /// Writes down that somebody is about to read where an officer was. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault`]; the track must not be shown then.
    pub async fn note_track_read(&self, message: NoteTrackRead) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// Takes a case in.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn import_case(&self, message: CaseImport) -> Result<CaseId, CommandFault> {
        self.ask_desk(message).await
    }

    /// All officers of the court.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn roster(&self) -> Result<Vec<RosterEntry>, CommandFault> {
        self.ask_desk(LookAtRoster).await
    }

    /// The name of an officer; `None` when the court has no such officer.
    pub async fn officer_name(&self, officer: OfficerId) -> Option<String> {
        let roster = self.roster().await.ok()?;
        roster.into_iter().find(|entry| entry.id == officer).map(|entry| entry.name)
    }

    /// A case.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn case(&self, case: CaseId) -> Result<Box<Case>, CommandFault> {
        self.ask_desk(CaseLook(case)).await
    }

    /// Commands a case. Resolves when it is durable.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn command_case(&self, message: ToCase) -> Result<(), CommandFault> {
        self.ask_desk(message).await
    }

    /// Closes the socket of a device that is not to be trusted any more.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn revoke(&self, officer: OfficerId, device: DeviceId) -> Result<(), CommandFault> {
        self.ask_desk(RevokeDevice { officer, device }).await
    }

    /// Lets a console join; everything comes through its outbox.
    ///
    /// # Errors
    /// [`CommandFault::Overloaded`] or [`CommandFault::Stopping`].
    pub fn join_console(&self, message: JoinConsole) -> Result<(), CommandFault> {
        if self.stopping.load(Ordering::Acquire) {
            return Err(CommandFault::Stopping);
        }
        self.consoles.offer(message).map_err(|why| match why {
            NotAdmitted::Full(_) => CommandFault::Overloaded,
            NotAdmitted::Gone(_) => CommandFault::Stopping,
        })
    }

    /// Lets a console look elsewhere.
    ///
    /// # Errors
    /// [`CommandFault::Overloaded`] or [`CommandFault::Stopping`].
    pub fn look_elsewhere(&self, message: LookElsewhere) -> Result<(), CommandFault> {
        self.consoles.offer(message).map_err(|why| match why {
            NotAdmitted::Full(_) => CommandFault::Overloaded,
            NotAdmitted::Gone(_) => CommandFault::Stopping,
        })
    }

    /// How much is awake.
    ///
    /// # Errors
    /// [`CommandFault`].
    pub async fn counts(&self) -> Result<DeskCounts, CommandFault> {
        match self.desk.ask(Count) {
            Ok(wait) => wait.await.map_err(|_no_answer| CommandFault::NoAnswer),
            Err(_) => Err(CommandFault::Overloaded),
        }
    }

    /// Waits until nothing is under way, or `tries` short pauses have passed; true when it is quiet.
    pub async fn drained(&self, tries: u32) -> bool {
        for _ in 0..tries {
            if self.desk.idle() && self.tips.idle() && self.sos.idle() {
                return true;
            }
            crate::pause::pause(tiande_core::time::Millis(10)).await;
        }
        false
    }
}
