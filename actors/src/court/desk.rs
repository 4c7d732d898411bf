//! The desk of a court: starts everything from the journal, finds the actor a command is for, watches
//! over silent devices, and rebuilds actors that died.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use actix::prelude::*;
use metrics::{counter, gauge};
use tiande_core::dispatch::Glance;
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::journal::By;
use tiande_core::officer::{Duty, OfficerCommand};
use tiande_core::time::UnixMillis;
use tracing::{error, info, warn};

use crate::board::{BoardActor, BoardNews, Goodbye};
use crate::gate::{Admitted, Gate};
use crate::incident::BriefAgain;
use crate::limits::{ACKS_A_TURN, ACKS_TURNS, BOARD_NOTES, CONTACT_CHECK, DESK_COMMANDS};
use crate::officer::{Farewell, OrderOfficer};
use crate::ports::journal::{Append, Audience, NoticeChange};
use crate::supervision::{ActorId, Deaths, Died, Verdict};

use super::alarm::{About, raise};
use super::directory::{Absent, NotAsked};
use super::messages::{CommandFault, DeskCounts};
use super::room::CourtRoom;
use super::snapshots::hand_over;

/// The desk's actor.
pub struct CourtDesk {
    pub(super) room: Rc<CourtRoom>,
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

    /// Looks for devices that have been silent too long, and for those that are not any more.
    #[allow(clippy::cast_precision_loss)] // Counts of a court are small.
    fn check_contact(&mut self, _: &mut Context<Self>) {
        let room = &self.room;
        let now = room.now();
        let limit = room.profile.dispatch.contact_lost_after_ms;
        let on_duty = |g: &&Glance| g.officer.duty != Duty::Off;
        let changed: Vec<_> = room
            .glances
            .borrow()
            .values()
            .filter(on_duty)
            .filter_map(|g| {
                let last_heard = room.last_heard(g.officer.id);
                let silent = now.since(last_heard).0 > limit;
                let command = match (g.officer.contact_lost, silent) {
                    (false, true) => OfficerCommand::LoseContact { last_heard },
                    // Found again when it was heard, unless that could not be written then.
                    (true, false) => OfficerCommand::RegainContact,
                    (false, false) | (true, true) => return None,
                };
                Some((g.officer.id, command))
            })
            .collect();
        for (officer, command) in changed {
            if let Some(gate) = room.officer(officer) {
                // Full means busy: the next check tries again.
                drop(gate.offer(OrderOfficer { command, by: By::System }));
            }
        }
        let directory = room.directory.borrow();
        let court = room.profile.id.to_string();
        gauge!("tiande_officers", "court" => court.clone()).set(directory.officers.len() as f64);
        gauge!("tiande_incidents_awake", "court" => court.clone())
            .set(directory.incidents.len() as f64);
        gauge!("tiande_cases_awake", "court" => court).set(directory.cases.len() as f64);
    }

    /// Has the handhelds told what was put off; many of them spread over the round, so that a tip does
    /// not wait behind a frame to each of them.
    fn say_what_is_owed(&mut self, ctx: &mut Context<Self>) {
        self.room.end_broken();
        let owed = self.room.next_round();
        let each = owed.len().div_ceil(ACKS_TURNS as usize).max(ACKS_A_TURN);
        self.say_in_turns(owed, each, ctx);
    }

    /// Tells the first `each` of them now, and the others in the turns that follow.
    fn say_in_turns(&mut self, mut owed: Vec<u32>, each: usize, ctx: &mut Context<Self>) {
        let rest = owed.split_off(each.min(owed.len()));
        let room = &self.room;
        for number in owed {
            room.at_seat(number, |seat| seat.say_owed(room));
        }
        if !rest.is_empty() {
            let turn = Duration::from_millis(room.acks_round.0) / ACKS_TURNS;
            ctx.run_later(turn, move |desk, ctx| desk.say_in_turns(rest, each, ctx));
        }
    }

    fn rebuild(&mut self, who: ActorId, ctx: &mut Context<Self>) {
        counter!("tiande_actor_deaths_total").increment(1);
        self.room.forget_dead(who);
        let verdict = self.deaths.entry(who).or_default().note(self.room.now());
        match (who, verdict) {
            (ActorId::Case(_), Verdict::RestartAfter(_)) => {} // Wakes when it is needed.
            (_, Verdict::RestartAfter(wait)) => {
                warn!(?who, wait_ms = wait.0, "an actor died and will be rebuilt from the journal");
                ctx.run_later(Duration::from_millis(wait.0), move |desk, ctx| {
                    let room = Rc::clone(&desk.room);
                    let work = async move {
                        match who {
                            ActorId::Officer(id) => {
                                room.wake_officer(id).await?;
                                brief_again(&room, id);
                            }
                            ActorId::Incident(id) => {
                                room.wake_incident(id).await?;
                                show_alarms_again(&room, id).await?;
                            }
                            ActorId::Case(_) => {}
                        }
                        Ok(())
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
        let work = async move {
            raise(&room, Audience::Centre, "actor_down", About { incident, officer }).await;
        };
        ctx.spawn(work.into_actor(self));
    }
}

/// Has a rebuilt officer told again what each incident is about that concerns the officer.
fn brief_again(room: &CourtRoom, officer: OfficerId) {
    let (offer, bound): (_, Vec<IncidentId>) = match room.glances.borrow().get(&officer) {
        None => return,
        Some(glance) => {
            let commitments = glance.officer.commitments.iter();
            (glance.officer.offer, commitments.map(|c| c.incident).collect())
        }
    };
    let weighed = offer.map(|open| (open.incident, Some(open.offer)));
    for (incident, offer) in bound.into_iter().map(|id| (id, None)).chain(weighed) {
        // One that is not awake briefs everybody when it wakes.
        if let Some(gate) = room.incident(incident) {
            gate.offer(BriefAgain { officer, offer }).ok();
        }
    }
}

/// What the journal says of a rebuilt incident's alarms is what consoles are to show: the actor may
/// have died before it could tell of one.
async fn show_alarms_again(room: &CourtRoom, incident: IncidentId) -> Result<(), Absent> {
    let open = room.journal.open_alarms(room.profile.id.clone()).await?;
    let shown = room.shown.borrow().alarms_about(incident);
    let about = open.into_iter().filter(|alarm| alarm.incident == Some(incident));
    for alarm in about.filter(|alarm| !shown.contains(&alarm.alarm)) {
        room.publish(BoardNews::Alarm(alarm));
    }
    Ok(())
}

/// Why an actor that a command needs cannot be reached.
pub(super) fn out_of_reach(absent: Absent) -> CommandFault {
    match absent {
        Absent::Unknown => CommandFault::NotFound,
        Absent::Fault(fault) => CommandFault::Read(fault),
    }
}

/// Why an actor did not answer a command.
pub(super) fn not_asked(why: NotAsked) -> CommandFault {
    match why {
        NotAsked::Absent(absent) => out_of_reach(absent),
        NotAsked::Full => CommandFault::Overloaded,
        NotAsked::NoAnswer => CommandFault::NoAnswer,
    }
}

/// An append that changes a notice only.
pub(super) fn notice_only(room: &CourtRoom, by: By, notice: NoticeChange) -> Append {
    Append {
        court: room.profile.id.clone(),
        at: room.now(),
        by,
        why: None,
        streams: Vec::new(),
        delivery: None,
        notices: vec![notice],
        case: None,
    }
}

/// Wakes everything that has to be awake: all officers, open incidents, the board.
pub(crate) async fn open_court(room: &Rc<CourtRoom>) -> Result<(), CommandFault> {
    let court = room.profile.id.clone();
    let work = room.journal.open_work(court).await.map_err(CommandFault::Read)?;
    room.begin_time(work.newest_record.unwrap_or(UnixMillis(0)));
    if let Some((year, last)) = work.incident_number_last {
        room.set_incident_number(year, last);
    }
    let board = BoardActor::new(Rc::clone(room), work.alarms).start();
    room.board.set(Gate::new(board, "board", BOARD_NOTES)).ok();
    let (officers, incidents) = (work.officers.len(), work.incidents.len());
    room.wake_officers(&work.officers).await.map_err(out_of_reach)?;
    for incident in room.wake_incidents(&work.incidents).await.map_err(out_of_reach)? {
        error!(%incident, "an open incident has no opening in the journal");
    }
    info!(court = %room.profile.id, officers, incidents, "court is open");
    Ok(())
}

impl Actor for CourtDesk {
    type Context = Context<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        self.room.desk.set(Gate::new(ctx.address(), "desk_inside", DESK_COMMANDS)).ok();
        ctx.run_interval(Duration::from_millis(CONTACT_CHECK.0), Self::check_contact);
        ctx.run_interval(Duration::from_millis(self.room.acks_round.0), Self::say_what_is_owed);
        hand_over(self, ctx);
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
