//! Many officers at once: made known, and ordered on or off duty. A lot of them is one decision, and
//! one append: an import of a country's officers must not be a queue of as many forced writes.
//!
//! **Not here:** who may order it (the edge), and what one officer decides (`tiande_core::officer`).

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::ids::OfficerId;
use tiande_core::journal::By;
use tiande_core::officer::{DutyChange, OfficerCommand, OfficerRefusal};

use crate::gate::{Admitted, Gate, NotAdmitted};
use crate::limits::ROSTER_LOT;
use crate::officer::{
    AskForMany, CatchUp, OfficerActor, OfficerAnswer, OfficerFault, OrderOfficer, SettleOfficer,
    Written, after,
};
use crate::ports::journal::{Append, AppendFault, StreamAppend};

use super::desk::{CourtDesk, out_of_reach};
use super::messages::{CommandFault, EnrolOfficer};
use super::room::CourtRoom;

/// Officers become known to the court; the answer is how many were not yet.
#[derive(Debug, Message)]
#[rtype(result = "Result<usize, CommandFault>")]
pub struct EnrolMany {
    /// Who.
    pub officers: Vec<EnrolOfficer>,
}

/// The bureau orders officers on duty, or off it.
#[derive(Debug, Message)]
#[rtype(result = "Result<DutyOrdered, CommandFault>")]
pub struct DutyOrder {
    /// Who.
    pub officers: Vec<OfficerId>,
    /// On duty, or off.
    pub on: bool,
}

/// What became of such an order. Who is in neither list was so already.
#[derive(Debug, Default)]
pub struct DutyOrdered {
    /// Whose duty has changed.
    pub changed: Vec<OfficerId>,
    /// Whose could not, and why.
    pub refused: Vec<(OfficerId, CommandFault)>,
}

/// An officer who has agreed, and the number of the last event when it is written.
struct Held {
    officer: OfficerId,
    gate: Gate<OfficerActor>,
    seq: u64,
}

/// What became of a lot.
#[derive(Default)]
struct Lot {
    changed: Vec<OfficerId>,
    /// In the middle of another decision, or not to be reached at the moment.
    busy: Vec<(OfficerId, OfficerCommand)>,
    refused: Vec<(OfficerId, OfficerRefusal)>,
}

/// Decides for a lot of officers, in one append. Nobody is waited for while others are held.
async fn decide_lot(
    room: &Rc<CourtRoom>,
    lot: Vec<(OfficerId, OfficerCommand)>,
) -> Result<Lot, AppendFault> {
    let at = room.now();
    let (mut done, mut held) = (Lot::default(), Vec::with_capacity(lot.len()));
    let mut streams: Vec<StreamAppend> = Vec::with_capacity(lot.len());
    for (officer, command) in lot {
        let Some(gate) = room.officer(officer) else {
            done.busy.push((officer, command));
            continue;
        };
        let answer = match gate.ask(AskForMany { command: command.clone(), now: at }) {
            Ok(wait) => wait.await.unwrap_or(OfficerAnswer::Busy),
            Err(_full_or_gone) => OfficerAnswer::Busy,
        };
        match answer {
            OfficerAnswer::Granted(Some(append)) => {
                let seq = append.expected_seq + append.events.len() as u64;
                streams.push(append);
                held.push(Held { officer, gate, seq });
            }
            OfficerAnswer::Granted(None) => {}
            OfficerAnswer::Busy => done.busy.push((officer, command)),
            OfficerAnswer::Refused(refusal) => done.refused.push((officer, refusal)),
        }
    }
    if streams.is_empty() {
        return Ok(done);
    }
    let written = room.journal.append(Append {
        court: room.profile.id.clone(),
        at,
        by: By::Operator,
        why: None,
        streams,
        delivery: None,
        notices: Vec::new(),
        case: None,
    });
    let written = written.await;
    let how = written.as_ref().map_or_else(after, |_durable| Written::Yes);
    done.changed = held.iter().map(|held| held.officer).collect();
    settle(room, held, how);
    written.map(|_durable| done)
}

fn settle(room: &CourtRoom, held: Vec<Held>, written: Written) {
    for Held { officer, gate, seq } in held {
        // A full gate: the officer's own timer sends it to the journal.
        let told = gate.offer(SettleOfficer { written, card: None });
        // An actor rebuilt while this was on its way may have read the stream without it.
        if matches!(told, Err(NotAdmitted::Gone(_)))
            && written == Written::Yes
            && let Some(rebuilt) = room.officer(officer)
        {
            rebuilt.offer(CatchUp { seq }).ok();
        }
    }
}

/// One officer alone, who is waited for.
async fn decide_one(
    room: &Rc<CourtRoom>,
    officer: OfficerId,
    command: OfficerCommand,
) -> Result<(), CommandFault> {
    let known = room.glances.borrow().contains_key(&officer);
    let gate = room.officer(officer);
    let gate = gate.ok_or(if known { CommandFault::NoAnswer } else { CommandFault::NotFound })?;
    let wait = gate.ask(OrderOfficer { command, by: By::Operator }).map_err(|why| match why {
        NotAdmitted::Full(_) => CommandFault::Overloaded,
        NotAdmitted::Gone(_) => CommandFault::NoAnswer,
    })?;
    wait.await.map_err(|_no_answer| CommandFault::NoAnswer)?.map_err(CommandFault::Officer)
}

impl Handler<Admitted<EnrolMany>> for CourtDesk {
    type Result = ResponseFuture<Result<usize, CommandFault>>;

    fn handle(&mut self, message: Admitted<EnrolMany>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let mut new = 0;
            let mut officers = message.body.officers.into_iter().peekable();
            while officers.peek().is_some() {
                let lot: Vec<_> = officers.by_ref().take(ROSTER_LOT).collect();
                let ids: Vec<OfficerId> = lot.iter().map(|one| one.officer).collect();
                room.wake_officers(&ids).await.map_err(out_of_reach)?;
                let commands = lot.into_iter().map(|EnrolOfficer { officer, personal, skills }| {
                    (officer, OfficerCommand::Register { skills, personal })
                });
                let lot = decide_lot(&room, commands.collect()).await;
                let Lot { changed, busy, refused } = lot.map_err(CommandFault::Append)?;
                new += changed.len();
                for (officer, command) in busy {
                    match decide_one(&room, officer, command).await {
                        Ok(()) => new += 1,
                        Err(CommandFault::Officer(OfficerFault::Refused(
                            OfficerRefusal::AlreadyRegistered,
                        ))) => {}
                        Err(fault) => return Err(fault),
                    }
                }
                let other =
                    |refusal: &OfficerRefusal| *refusal != OfficerRefusal::AlreadyRegistered;
                if let Some((_, refusal)) = refused.into_iter().find(|(_, why)| other(why)) {
                    return Err(CommandFault::Officer(OfficerFault::Refused(refusal)));
                }
            }
            Ok(new)
        })
    }
}

impl Handler<Admitted<DutyOrder>> for CourtDesk {
    type Result = ResponseFuture<Result<DutyOrdered, CommandFault>>;

    fn handle(&mut self, message: Admitted<DutyOrder>, _: &mut Self::Context) -> Self::Result {
        let room = Rc::clone(&self.room);
        Box::pin(async move {
            let message = message; // With its place in the queue.
            let DutyOrder { officers, on } = message.body;
            let how = DutyChange::Ordered;
            let command = |officer: &OfficerId| {
                let command = if on {
                    OfficerCommand::GoOnDuty { how }
                } else {
                    OfficerCommand::GoOffDuty { how }
                };
                (*officer, command)
            };
            let mut done = DutyOrdered::default();
            for lot in officers.chunks(ROSTER_LOT) {
                let lot = decide_lot(&room, lot.iter().map(command).collect()).await;
                let Lot { changed, busy, refused } = lot.map_err(CommandFault::Append)?;
                done.changed.extend(changed);
                let refused = refused.into_iter();
                done.refused.extend(refused.map(|(officer, refusal)| {
                    (officer, CommandFault::Officer(OfficerFault::Refused(refusal)))
                }));
                for (officer, command) in busy {
                    match decide_one(&room, officer, command).await {
                        Ok(()) => done.changed.push(officer),
                        Err(fault) => done.refused.push((officer, fault)),
                    }
                }
            }
            Ok(done)
        })
    }
}
