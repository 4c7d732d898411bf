//! Commands at the desk: finds the actor that a command is for, waits for its answer, and puts it in
//! the words of the edge. Decides nothing by itself.

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::case::{Case, CaseCommand, CaseRefusal};
use tiande_core::ids::{CaseId, IncidentId, OfficerId};
use tiande_core::incident::{IncidentCommand, StageSource};
use tiande_core::journal::By;
use tiande_core::officer::{DutyChange, OfficerCommand, OfficerRefusal};

use crate::board::{BoardNews, FindAlarm, ForgetNews};
use crate::case::{CaseFault, LookAtCase, OrderCase};
use crate::gate::{Admitted, Gate, NotAdmitted};
use crate::incident::{IncidentDone, LookAtIncident, OrderIncident, ReadAgain};
use crate::limits::BUSY_RETRY;
use crate::officer::{Connect, Connected, OfficerActor, OfficerFault, OrderOfficer, Revoke};
use crate::pause::pause;
use crate::ports::journal::{AppendFault, NoticeChange};
use crate::views::RosterEntry;

use super::messages::{
    AcknowledgeAlarm, CaseImport, CaseLook, CommandFault, ConnectHandheld, EnrolOfficer, ForgetTip,
    IncidentLook, IncidentSeen, LookAtRoster, NoteTrackRead, OfficerDeed, RevokeDevice, SplitOff,
    ToCase, ToIncident, ToOfficer,
};
use super::room::CourtRoom;
use super::snapshots::Known;

use super::desk::{CourtDesk, not_asked, notice_only, out_of_reach};

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
    let done = room.ask_incident(incident, order).await.map_err(not_asked)?;
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
            return leave_work(
                room,
                officer,
                OfficerCommand::GoOffDuty { how: DutyChange::Reported },
                by,
            )
            .await;
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
        OfficerDeed::ReportWell(incident) => (incident, IncidentCommand::ReportWell { officer }),
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

impl Handler<Admitted<SplitOff>> for CourtDesk {
    type Result = ResponseFuture<Result<IncidentId, CommandFault>>;

    fn handle(&mut self, message: Admitted<SplitOff>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let SplitOff { incident, order } = message.body;
            let done = room.ask_incident(incident, order).await.map_err(not_asked)?;
            done.map_err(CommandFault::Incident)
        })
    }
}

impl Handler<Admitted<ForgetTip>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<ForgetTip>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            for incident in &message.body.incidents {
                let shown = room.shown.borrow().has_incident(*incident);
                if shown {
                    // Open, and on screens with what was told, also while it sleeps.
                    let done = room.ask_incident(*incident, ReadAgain).await.map_err(not_asked)?;
                    done.map_err(CommandFault::Incident)?;
                    continue;
                }
                // One that sleeps, or falls asleep meanwhile, wakes from what can still be read.
                let Some(gate) = room.incident(*incident) else { continue };
                match gate.ask(ReadAgain) {
                    Ok(wait) => {
                        let done = wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?;
                        done.map_err(CommandFault::Incident)?;
                    }
                    Err(NotAdmitted::Gone(_)) => {}
                    Err(full @ NotAdmitted::Full(_)) => return Err(not_admitted(full)),
                }
            }
            forget_news(&room).await
        })
    }
}

/// The board keeps news as it was told, words and all, also of incidents that sleep or are closed. Behind
/// what the incidents have just told anew, so that no older word is kept after it.
async fn forget_news(room: &CourtRoom) -> Result<(), CommandFault> {
    let Some(board) = room.board.get() else { return Ok(()) };
    match board.ask(ForgetNews) {
        Ok(wait) => wait.await.map_err(|_no_answer| CommandFault::NoAnswer),
        Err(NotAdmitted::Gone(_)) => Ok(()), // With all it kept.
        Err(full @ NotAdmitted::Full(_)) => Err(not_admitted(full)),
    }
}

impl Handler<Admitted<IncidentLook>> for CourtDesk {
    type Result = ResponseFuture<Result<IncidentSeen, CommandFault>>;

    fn handle(&mut self, message: Admitted<IncidentLook>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let IncidentLook { incident, candidates } = message.body;
            let look = LookAtIncident { candidates };
            room.ask_incident(incident, look).await.map(|seen| *seen).map_err(not_asked)
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
            let audience = found.audience;
            room.publish(BoardNews::AlarmAcked { alarm, audience, by, at: room.now() });
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
            let gate = room.wake_officer(officer).await.map_err(out_of_reach)?;
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

impl Handler<Admitted<NoteTrackRead>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<NoteTrackRead>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let NoteTrackRead { officer, from, to, reason, by } = message.body;
            let command = OfficerCommand::NoteTrackRead { from, to, reason };
            order_officer(&room, officer, command, by).await
        })
    }
}

impl Handler<Admitted<CaseImport>> for CourtDesk {
    type Result = ResponseFuture<Result<CaseId, CommandFault>>;

    fn handle(&mut self, message: Admitted<CaseImport>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let CaseImport { number, parties, filing, by, only_new } = message.body;
            let court = room.profile.id.clone();
            let known = || room.journal.case_numbered(court.clone(), number.clone());
            if let Some(case) = known().await.map_err(CommandFault::Read)? {
                let there = CommandFault::Case(CaseFault::Refused(CaseRefusal::AlreadyOpen));
                return if only_new { Err(there) } else { Ok(case) };
            }
            let case = room.new_id(CaseId::new);
            let gate = room.start_case(Known::new(Case::new(case)));
            let command = CaseCommand::Open { number: number.clone(), parties, filing };
            let wait = gate.ask(OrderCase { command, by }).map_err(not_admitted)?;
            match wait.await.map_err(|_no_answer| CommandFault::NoAnswer)? {
                Ok(()) => Ok(case),
                // Two imports of one number at the same moment: the other one was first.
                Err(fault @ CaseFault::Append(AppendFault::Violates(_))) if !only_new => {
                    let first = known().await.map_err(CommandFault::Read)?;
                    first.ok_or(CommandFault::Case(fault))
                }
                Err(fault) => Err(CommandFault::Case(fault)),
            }
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
    type Result = ResponseFuture<Result<Box<Case>, CommandFault>>;

    fn handle(&mut self, message: Admitted<CaseLook>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            room.ask_case(message.body.0, LookAtCase).await.map_err(not_asked)
        })
    }
}

/// So often a command waits for a case that is in the middle of another decision.
const CASE_BUSY_TRIES: u32 = 500;

impl Handler<Admitted<ToCase>> for CourtDesk {
    type Result = ResponseFuture<Result<(), CommandFault>>;

    fn handle(&mut self, message: Admitted<ToCase>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let ToCase { case, command, by } = &message.body;
            for _ in 0..CASE_BUSY_TRIES {
                let order = OrderCase { command: command.clone(), by: by.clone() };
                match room.ask_case(*case, order).await.map_err(not_asked)? {
                    // Its clock rings, or an incident is being linked: over with an fsync.
                    Err(CaseFault::Busy) => pause(BUSY_RETRY).await,
                    done => return done.map_err(CommandFault::Case),
                }
            }
            Err(CommandFault::Overloaded)
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
