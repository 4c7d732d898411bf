//! The desk of a court: starts everything from the journal, finds the actor a command is for, watches
//! over silent devices, and rebuilds actors that died.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use metrics::{counter, gauge};
use tiande_core::ids::{AlarmId, CaseId, IncidentId, OfficerId};
use tiande_core::incident::{IncidentCommand, StageSource};
use tiande_core::journal::By;
use tiande_core::officer::{Duty, DutyChange, OfficerCommand, OfficerRefusal};
use tracing::{error, info, warn};

use crate::board::{BoardActor, BoardNews, FindAlarm, Goodbye};
use crate::case::{LookAtCase, OrderCase};
use crate::gate::{Admitted, Gate, NotAdmitted};
use crate::incident::{IncidentDone, LookAtIncident, OrderIncident};
use crate::limits::{BOARD_NOTES, CONTACT_CHECK, DESK_COMMANDS};
use crate::officer::{
    Connect, Connected, Farewell, OfficerActor, OfficerFault, OrderOfficer, Revoke,
};
use crate::ports::journal::{Append, Audience, NoticeChange, OpenAlarm};
use crate::supervision::{ActorId, Deaths, Died, Verdict};
use crate::views::RosterEntry;

use super::directory::Absent;
use super::messages::{
    AcknowledgeAlarm, CaseImport, CaseLook, CommandFault, ConnectHandheld, DeskCounts,
    EnrolOfficer, IncidentLook, IncidentSeen, LookAtRoster, OfficerDeed, RevokeDevice, ToIncident,
    ToOfficer,
};
use super::room::CourtRoom;

/// The desk's actor.
pub struct CourtDesk {
    room: Rc<CourtRoom>,
    deaths: BTreeMap<ActorId, Deaths>,
}

impl Gate<CourtDesk> {
    /// Where death notices go.
    pub(crate) fn guardian(&self) -> Recipient<Died> {
        self.recipient()
    }
}

/// Asks how much is awake.
#[derive(Message)]
#[rtype(result = "DeskCounts")]
pub(crate) struct Count;

impl CourtDesk {
    pub(crate) fn new(room: Rc<CourtRoom>) -> Self {
        Self { room, deaths: BTreeMap::new() }
    }

    /// Looks for devices that have been silent too long.
    #[allow(clippy::cast_precision_loss)] // Counts of a court are small.
    fn check_contact(&mut self, _: &mut Context<Self>) {
        let room = &self.room;
        let now = room.now();
        let limit = room.profile.dispatch.contact_lost_after_ms;
        let silent: Vec<_> = room
            .glances
            .borrow()
            .values()
            .filter(|g| g.officer.duty != Duty::Off && !g.officer.contact_lost)
            .map(|g| (g.officer.id, room.last_heard(g.officer.id)))
            .filter(|(_, heard)| now.since(*heard).0 > limit)
            .collect();
        for (officer, last_heard) in silent {
            if let Some(gate) = room.officer(officer) {
                let command = OfficerCommand::LoseContact { last_heard };
                // Full means busy: the next check tries again.
                drop(gate.offer(OrderOfficer { command, by: By::System }));
            }
        }
        let directory = room.directory.borrow();
        let court = room.profile.id.to_string();
        gauge!("tiande_officers", "court" => court.clone()).set(directory.officers.len() as f64);
        gauge!("tiande_incidents_awake", "court" => court).set(directory.incidents.len() as f64);
    }

    fn rebuild(&mut self, who: ActorId, ctx: &mut Context<Self>) {
        counter!("tiande_actor_deaths_total").increment(1);
        let verdict = self.deaths.entry(who).or_default().note(self.room.now());
        match (who, verdict) {
            (ActorId::Case(_), Verdict::RestartAfter(_)) => {} // Wakes when it is needed.
            (_, Verdict::RestartAfter(wait)) => {
                warn!(?who, wait_ms = wait.0, "an actor died and will be rebuilt from the journal");
                ctx.run_later(Duration::from_millis(wait.0), move |desk, ctx| {
                    let room = Rc::clone(&desk.room);
                    let work = async move {
                        match who {
                            ActorId::Officer(id) => room.wake_officer(id).await.map(drop),
                            ActorId::Incident(id) => room.wake_incident(id).await.map(drop),
                            ActorId::Case(_) => Ok(()),
                        }
                    };
                    ctx.spawn(work.into_actor(desk).map(move |done, desk, ctx| match done {
                        Ok(()) => {}
                        // An incident that died before its opening was durable leaves nothing behind.
                        Err(Absent::Unknown) => {}
                        Err(Absent::Fault(fault)) => {
                            error!(?who, %fault, "an actor could not be rebuilt");
                            desk.rebuild(who, ctx);
                        }
                    }));
                });
            }
            (_, Verdict::GiveUp) => self.give_up(who, ctx),
        }
    }

    /// Leaves an actor down and calls an operator.
    fn give_up(&mut self, who: ActorId, ctx: &mut Context<Self>) {
        error!(?who, "an actor dies again and again and stays down: an operator is needed");
        let (incident, officer) = match who {
            ActorId::Incident(id) => (Some(id), None),
            ActorId::Officer(id) => (None, Some(id)),
            ActorId::Case(_) => (None, None),
        };
        let room = Rc::clone(&self.room);
        let alarm = OpenAlarm {
            alarm: room.new_id(AlarmId::new),
            audience: Audience::Centre,
            kind: "actor_down".to_owned(),
            incident,
            officer,
            at: room.now(),
        };
        let write = room.journal.append(notice_only(
            &room,
            By::System,
            NoticeChange::Raise {
                alarm: alarm.alarm,
                audience: alarm.audience,
                kind: alarm.kind.clone(),
                incident,
                officer,
            },
        ));
        ctx.spawn(write.into_actor(self).map(move |written, desk, _| {
            if let Err(fault) = written {
                error!(%fault, "the alarm about it could not be written");
            }
            // Shown in any case: this is about a failing machine.
            desk.room.publish(BoardNews::Alarm(alarm));
        }));
    }
}

fn notice_only(room: &CourtRoom, by: By, notice: NoticeChange) -> Append {
    Append {
        court: room.profile.id.clone(),
        at: room.now(),
        by,
        why: None,
        streams: Vec::new(),
        delivery: None,
        notices: vec![notice],
    }
}

/// Wakes everything that has to be awake: all officers, open incidents, the board.
pub(crate) async fn open_court(room: &Rc<CourtRoom>) -> Result<(), CommandFault> {
    let read = |absent| match absent {
        Absent::Unknown => CommandFault::NotFound,
        Absent::Fault(fault) => CommandFault::Read(fault),
    };
    let court = room.profile.id.clone();
    let work = room.journal.open_work(court).await.map_err(CommandFault::Read)?;
    if let Some((year, last)) = work.incident_number_last {
        room.set_incident_number(year, last);
    }
    room.cases.borrow_mut().extend(work.cases.into_iter().map(|(id, number)| (number, id)));
    let board = BoardActor::new(Rc::clone(room), work.alarms).start();
    room.board.set(Gate::new(board, "board", BOARD_NOTES)).ok();
    let (officers, incidents) = (work.officers.len(), work.incidents.len());
    for officer in work.officers {
        room.wake_officer(officer).await.map_err(read)?;
    }
    for incident in work.incidents {
        match room.wake_incident(incident).await {
            Ok(_) => {}
            Err(Absent::Unknown) => {
                error!(%incident, "an open incident has no opening in the journal")
            }
            Err(absent @ Absent::Fault(_)) => return Err(read(absent)),
        }
    }
    info!(court = %room.profile.id, officers, incidents, "court is open");
    Ok(())
}

impl Actor for CourtDesk {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.room.desk.set(Gate::new(ctx.address(), "desk_inside", DESK_COMMANDS)).ok();
        ctx.run_interval(Duration::from_millis(CONTACT_CHECK.0), Self::check_contact);
    }
}

impl Handler<Died> for CourtDesk {
    type Result = ();

    fn handle(&mut self, message: Died, ctx: &mut Self::Context) {
        self.rebuild(message.who, ctx);
    }
}

impl Handler<Admitted<Count>> for CourtDesk {
    type Result = MessageResult<Admitted<Count>>;

    fn handle(&mut self, _: Admitted<Count>, _: &mut Self::Context) -> Self::Result {
        let directory = self.room.directory.borrow();
        MessageResult(DeskCounts {
            officers: directory.officers.len(),
            incidents: directory.incidents.len(),
            cases: directory.cases.len(),
        })
    }
}

impl Handler<Admitted<ConnectHandheld>> for CourtDesk {
    type Result = ResponseFuture<Result<Connected, CommandFault>>;

    fn handle(
        &mut self,
        message: Admitted<ConnectHandheld>,
        _: &mut Self::Context,
    ) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let ConnectHandheld { officer, device, outbox } = message.body;
            let gate = officer_of(&room, officer)?;
            let wait = gate.ask(Connect { device, outbox }).map_err(not_admitted)?;
            wait.await.map_err(|_no_answer| CommandFault::NoAnswer)
        })
    }
}

/// The way into an officer's actor.
fn officer_of(room: &CourtRoom, officer: OfficerId) -> Result<Gate<OfficerActor>, CommandFault> {
    room.officer(officer).ok_or_else(|| {
        // Who is known is being rebuilt, or stays down: the caller may come again.
        let known = room.glances.borrow().contains_key(&officer);
        if known { CommandFault::NoAnswer } else { CommandFault::NotFound }
    })
}

fn not_admitted<M>(why: NotAdmitted<M>) -> CommandFault {
    match why {
        NotAdmitted::Full(_) => CommandFault::Overloaded,
        NotAdmitted::Gone(_) => CommandFault::NoAnswer,
    }
}

async fn order_incident(
    room: &Rc<CourtRoom>,
    incident: IncidentId,
    order: OrderIncident,
) -> Result<IncidentDone, CommandFault> {
    let gate = room.wake_incident(incident).await.map_err(|absent| match absent {
        Absent::Unknown => CommandFault::NotFound,
        Absent::Fault(fault) => CommandFault::Read(fault),
    })?;
    let wait = gate.ask(order).map_err(not_admitted)?;
    let done = wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?;
    done.map_err(CommandFault::Incident)
}

async fn order_officer(
    room: &Rc<CourtRoom>,
    officer: OfficerId,
    command: OfficerCommand,
    by: By,
) -> Result<(), CommandFault> {
    let gate = officer_of(room, officer)?;
    let wait = gate.ask(OrderOfficer { command, by }).map_err(not_admitted)?;
    let done = wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?;
    done.map_err(CommandFault::Officer)
}

/// Stops or pauses work; an offer that waits is declined first, as its own decision.
async fn leave_work(
    room: &Rc<CourtRoom>,
    officer: OfficerId,
    command: OfficerCommand,
    by: By,
) -> Result<(), CommandFault> {
    match order_officer(room, officer, command.clone(), by.clone()).await {
        Err(CommandFault::Officer(OfficerFault::Refused(OfficerRefusal::OfferOpen(open)))) => {
            let reason = Some("leaves work".to_owned());
            let decline = IncidentCommand::Decline { offer: open.offer, officer, reason };
            order_incident(room, open.incident, OrderIncident::by(by.clone(), decline)).await?;
            order_officer(room, officer, command, by).await
        }
        done => done,
    }
}

async fn do_deed(room: &Rc<CourtRoom>, order: ToOfficer) -> Result<(), CommandFault> {
    let ToOfficer { officer, device, deed } = order;
    let by = By::Officer { officer, device: Some(device) };
    let incident_of = |offer| room.incident_of(offer).ok_or(CommandFault::OfferUnknown);
    let (incident, command) = match deed {
        OfficerDeed::GoOnDuty => {
            let command = OfficerCommand::GoOnDuty { how: DutyChange::Reported };
            return order_officer(room, officer, command, by).await;
        }
        OfficerDeed::GoOffDuty => {
            return leave_work(room, officer, OfficerCommand::GoOffDuty, by).await;
        }
        OfficerDeed::StartBreak => {
            return leave_work(room, officer, OfficerCommand::StartBreak, by).await;
        }
        OfficerDeed::NoteReceived(offer) => {
            (incident_of(offer)?, IncidentCommand::NoteReceived { offer, officer })
        }
        OfficerDeed::Accept(offer) => {
            (incident_of(offer)?, IncidentCommand::Accept { offer, officer })
        }
        OfficerDeed::Decline(offer, reason) => {
            (incident_of(offer)?, IncidentCommand::Decline { offer, officer, reason })
        }
        OfficerDeed::Progress(incident, stage) => {
            let how = StageSource::Reported;
            (incident, IncidentCommand::Progress { officer, stage, how })
        }
        OfficerDeed::Finish(incident, outcome, note) => {
            (incident, IncidentCommand::Finish { officer, outcome, note })
        }
    };
    order_incident(room, incident, OrderIncident::by(by, command)).await.map(drop)
}

impl Handler<Admitted<ToOfficer>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<ToOfficer>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            do_deed(&room, message.body).await
        })
    }
}

impl Handler<Admitted<ToIncident>> for CourtDesk {
    type Result = ResponseFuture<Result<IncidentDone, CommandFault>>;

    fn handle(&mut self, message: Admitted<ToIncident>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let ToIncident { incident, order } = message.body;
            order_incident(&room, incident, order).await
        })
    }
}

impl Handler<Admitted<IncidentLook>> for CourtDesk {
    type Result = ResponseFuture<Result<IncidentSeen, CommandFault>>;

    fn handle(&mut self, message: Admitted<IncidentLook>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let IncidentLook { incident, candidates } = message.body;
            let gate = room.wake_incident(incident).await.map_err(|absent| match absent {
                Absent::Unknown => CommandFault::NotFound,
                Absent::Fault(fault) => CommandFault::Read(fault),
            })?;
            let wait = gate.ask(LookAtIncident { candidates }).map_err(not_admitted)?;
            let seen = wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?;
            Ok(*seen)
        })
    }
}

impl Handler<Admitted<AcknowledgeAlarm>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(
        &mut self,
        message: Admitted<AcknowledgeAlarm>,
        _: &mut Self::Context,
    ) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let AcknowledgeAlarm { alarm, by, audiences, who } = message.body;
            let board = room.board.get().ok_or(CommandFault::NotFound)?;
            let wait = board.ask(FindAlarm(alarm)).map_err(not_admitted)?;
            let found = wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?;
            let found = found.ok_or(CommandFault::NotFound)?;
            if !audiences.contains(&found.audience) {
                return Err(CommandFault::Forbidden);
            }
            let notice = NoticeChange::Acknowledge { alarm, by: by.clone() };
            let written = room.journal.append(notice_only(&room, who, notice)).await;
            written.map_err(CommandFault::Append)?;
            room.publish(BoardNews::AlarmAcked { alarm, by, at: room.now() });
            Ok(())
        })
    }
}

impl Handler<Admitted<EnrolOfficer>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<EnrolOfficer>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let EnrolOfficer { officer, personal, skills } = message.body;
            let gate = room.wake_officer(officer).await.map_err(|absent| match absent {
                Absent::Unknown => CommandFault::NotFound,
                Absent::Fault(fault) => CommandFault::Read(fault),
            })?;
            let command = OfficerCommand::Register { skills, personal };
            let wait =
                gate.ask(OrderOfficer { command, by: By::Operator }).map_err(not_admitted)?;
            match wait.await.map_err(|_no_answer| CommandFault::NoAnswer)? {
                Ok(()) | Err(OfficerFault::Refused(OfficerRefusal::AlreadyRegistered)) => Ok(()),
                Err(fault) => Err(CommandFault::Officer(fault)),
            }
        })
    }
}

impl Handler<Admitted<CaseImport>> for CourtDesk {
    type Result = ResponseFuture<Result<CaseId, CommandFault>>;

    fn handle(&mut self, message: Admitted<CaseImport>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let CaseImport { number, parties } = message.body;
            let text = number.to_string();
            let known = room.cases.borrow().get(&text).copied();
            if let Some(case) = known {
                return Ok(case);
            }
            let case = room.new_id(CaseId::new);
            let gate = room.wake_case(case).await.map_err(|absent| match absent {
                Absent::Unknown => CommandFault::NotFound,
                Absent::Fault(fault) => CommandFault::Read(fault),
            })?;
            let command = tiande_core::case::CaseCommand::Open { number, parties };
            let wait = gate.ask(OrderCase { command, by: By::Operator }).map_err(not_admitted)?;
            wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?.map_err(CommandFault::Case)?;
            room.cases.borrow_mut().insert(text, case);
            Ok(case)
        })
    }
}

impl Handler<Admitted<LookAtRoster>> for CourtDesk {
    type Result = MessageResult<Admitted<LookAtRoster>>;

    fn handle(&mut self, _: Admitted<LookAtRoster>, _: &mut Self::Context) -> Self::Result {
        MessageResult(Ok::<Vec<RosterEntry>, CommandFault>(self.room.roster()))
    }
}

impl Handler<Admitted<CaseLook>> for CourtDesk {
    type Result = ResponseFuture<Result<Box<tiande_core::case::Case>, CommandFault>>;

    fn handle(&mut self, message: Admitted<CaseLook>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let gate = room.wake_case(message.body.0).await.map_err(|absent| match absent {
                Absent::Unknown => CommandFault::NotFound,
                Absent::Fault(fault) => CommandFault::Read(fault),
            })?;
            let wait = gate.ask(LookAtCase).map_err(not_admitted)?;
            wait.await.map_err(|_no_answer| CommandFault::NoAnswer)
        })
    }
}

impl Handler<Admitted<RevokeDevice>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<RevokeDevice>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let RevokeDevice { officer, device } = message.body;
            let gate = officer_of(&room, officer)?;
            let wait = gate.ask(Revoke { device }).map_err(not_admitted)?;
            wait.await.map_err(|_no_answer| CommandFault::NoAnswer)
        })
    }
}

/// The server goes down: everybody who listens is told.
#[derive(Message)]
#[rtype(result = "()")]
pub(crate) struct CloseSockets;

impl Handler<Admitted<CloseSockets>> for CourtDesk {
    type Result = ();

    fn handle(&mut self, _: Admitted<CloseSockets>, _: &mut Self::Context) {
        // Whose gate is full is cut off with the connection a moment later.
        if let Some(board) = self.room.board.get() {
            board.offer(Goodbye).ok();
        }
        for gate in self.room.directory.borrow().officers.values() {
            gate.offer(Farewell).ok();
        }
    }
}
