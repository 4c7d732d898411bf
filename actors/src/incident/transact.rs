//! One decision, from plan to durable.

use std::collections::BTreeSet;
use std::rc::Rc;

use tiande_core::deadline::Level;
use tiande_core::dispatch::{Plan, Planner};
use tiande_core::ids::OfficerId;
use tiande_core::incident::{AlarmLevel, Incident, IncidentCommand, IncidentEvent, Origin};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::procedure::Office;
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::limits::{BUSY_RETRIES_MAX, BUSY_RETRY, CASE_RETRIES_MAX, REPLANS_MAX};
use crate::officer::{Written, after};
use crate::pause::pause;
use crate::ports::journal::{Append, AppendFault, Audience, NoticeChange, OpenAlarm, StreamAppend};

use super::gather::{Agreed, Disagreed, Link, gather, settle};
use super::link::link_afterwards;
use super::messages::{Beside, IncidentFault};
use super::show::brief_of;

/// What to decide.
pub(super) enum Step {
    /// A command.
    Command(IncidentCommand),
    /// Only look whether there is somebody to ask.
    Search,
}

/// A decision that is durable.
pub(super) struct Transacted {
    /// The incident as it is now.
    pub(super) incident: Incident,
    /// Its new events.
    pub(super) events: Vec<IncidentEvent>,
    /// Number of its newest event.
    pub(super) seq: u64,
    /// When it was decided.
    pub(super) at: UnixMillis,
}

/// Decides and writes. Nothing of it is seen by anybody before it is durable.
pub(super) async fn transact(
    room: Rc<CourtRoom>,
    incident: Incident,
    seq: u64,
    step: Step,
    by: By,
    why: Option<String>,
    beside: Beside,
) -> Result<Transacted, IncidentFault> {
    let mut without = BTreeSet::new();
    let (mut replans, mut retries, mut case_retries) = (0, 0, 0);
    // Woken beforehand: reading the journal must not hold up other incidents' planning. A case that
    // cannot be woken must not stand in the way of an emergency: the incident carries its number.
    let mut link = match beside.case {
        Some(case) => room.wake_case(case).await.map_or(Link::None, |gate| Link::With(case, gate)),
        None => Link::None,
    };
    loop {
        // One incident of the court at a time plans and asks: otherwise two that want the same
        // officers would each see the other's passing hold as "busy" and both send somebody farther
        // away. Appends are not waited for here.
        let planning = room.planning.lock().await;
        let now = room.now();
        let plan = make_plan(&room, &incident, &step, &without, now)?;
        if plan.is_empty() && beside.streams.is_empty() {
            return Ok(Transacted { incident: plan.incident, events: Vec::new(), seq, at: now });
        }
        let gathered = gather(&room, &plan, &link, now).await;
        drop(planning);
        match gathered {
            Ok(agreed) => {
                let write = Write { by, why, beside, seq, at: now };
                return append(&room, plan, agreed, write).await;
            }
            Err(Disagreed::PlanWithout(officer)) if replans < REPLANS_MAX => {
                without.insert(officer);
                replans += 1;
            }
            Err(Disagreed::TryAgain) if retries < BUSY_RETRIES_MAX => {
                retries += 1;
                pause(BUSY_RETRY).await;
            }
            Err(Disagreed::WakeFirst(officer)) if retries < BUSY_RETRIES_MAX => {
                retries += 1;
                // Nobody plans meanwhile in vain: the lock is free while the journal is read.
                if room.wake_officer(officer).await.is_err() {
                    pause(BUSY_RETRY).await;
                }
            }
            Err(Disagreed::CaseBusy) => {
                case_retries += 1;
                if case_retries > CASE_RETRIES_MAX {
                    link = link.later();
                } else {
                    pause(BUSY_RETRY).await;
                }
            }
            Err(Disagreed::Refused(fault)) => return Err(fault),
            Err(Disagreed::PlanWithout(_) | Disagreed::TryAgain | Disagreed::WakeFirst(_)) => {
                return Err(IncidentFault::Busy);
            }
        }
    }
}

fn make_plan(
    room: &CourtRoom,
    incident: &Incident,
    step: &Step,
    without: &BTreeSet<OfficerId>,
    now: UnixMillis,
) -> Result<Plan, IncidentFault> {
    let index = room.index.borrow();
    let glances = room.glances.borrow();
    let mut ids = room.ids.borrow_mut();
    let planner =
        Planner { court: &room.profile, index: &index, glances: &*glances, busy: without, now };
    match step {
        Step::Command(command) => planner.plan(incident, command, ids.as_mut()),
        Step::Search => planner.plan_round(incident, ids.as_mut()),
    }
    .map_err(IncidentFault::Refused)
}

/// What an append needs beside the plan.
struct Write {
    by: By,
    why: Option<String>,
    beside: Beside,
    seq: u64,
    at: UnixMillis,
}

async fn append(
    room: &Rc<CourtRoom>,
    plan: Plan,
    mut agreed: Agreed,
    write: Write,
) -> Result<Transacted, IncidentFault> {
    let Write { by, why, beside, seq, at } = write;
    let mut streams = beside.streams;
    if !plan.events.is_empty() {
        streams.push(StreamAppend {
            stream: StreamId::Incident(plan.incident.id),
            expected_seq: seq,
            events: plan.events.iter().cloned().map(Event::Incident).collect(),
        });
    }
    streams.append(&mut agreed.streams);
    if streams.is_empty() {
        // Those concerned had nothing to change.
        return Ok(Transacted { incident: plan.incident, events: plan.events, seq, at });
    }
    let append = Append {
        court: room.profile.id.clone(),
        at,
        by,
        why,
        streams,
        delivery: beside.delivery,
        notices: notices_of(&plan.incident, &plan.events),
        case: None,
    };
    match room.journal.append(append).await {
        Ok(_) => {
            if let Some(case) = agreed.link_later.take() {
                link_afterwards(room, case, plan.incident.id, Vec::new());
            }
            let brief = brief_of(&plan.incident);
            settle(agreed, Written::Yes, brief.map(|brief| (brief, &plan.incident)));
            let seq = seq + plan.events.len() as u64;
            Ok(Transacted { incident: plan.incident, events: plan.events, seq, at })
        }
        Err(fault) => {
            settle(agreed, after(&fault), None);
            Err(IncidentFault::Append(fault))
        }
    }
}

/// Durable notices that go with an incident's events.
fn notices_of(incident: &Incident, events: &[IncidentEvent]) -> Vec<NoticeChange> {
    let raise = |alarm, audience, kind: &str, officer| NoticeChange::Raise {
        alarm,
        audience,
        kind: kind.to_owned(),
        incident: Some(incident.id),
        officer,
        node: None,
    };
    let mut notices = Vec::new();
    for event in events {
        match event {
            IncidentEvent::Opened(opened) => {
                if let (Some(alarm), Origin::Sos { officer }) = (opened.alarm, &opened.origin) {
                    notices.push(raise(alarm, Audience::Centre, "sos", Some(*officer)));
                }
            }
            IncidentEvent::Exhausted { alarm, .. } => {
                notices.push(raise(*alarm, Audience::Centre, "exhausted", None));
            }
            IncidentEvent::DirectorAlarmed { alarm } => {
                notices.push(raise(*alarm, Audience::Director, "exhausted", None));
            }
            IncidentEvent::WelfareAlarmed { officer, level, alarm } => {
                let audience = match level {
                    AlarmLevel::Centre => Audience::Centre,
                    AlarmLevel::Director => Audience::Director,
                };
                notices.push(raise(*alarm, audience, "officer_silent", Some(*officer)));
            }
            IncidentEvent::ClockRang(rung) => {
                let kind = match rung.level {
                    Level::Warning(_) => "clock_warning",
                    Level::Due => "clock_overdue",
                };
                notices.extend(rung.alarms.iter().filter_map(|(office, alarm)| {
                    Some(NoticeChange::Raise {
                        alarm: *alarm,
                        audience: audience_of(*office)?,
                        kind: kind.to_owned(),
                        incident: Some(incident.id),
                        officer: None,
                        node: Some(rung.node),
                    })
                }));
            }
            IncidentEvent::Finished { .. } | IncidentEvent::Cancelled { .. } => {
                notices.push(NoticeChange::Settle { incident: incident.id });
            }
            IncidentEvent::Placed { .. }
            | IncidentEvent::TipMerged(_)
            | IncidentEvent::TipSplit { .. }
            | IncidentEvent::SearchStarted { .. }
            | IncidentEvent::OffersMade { .. }
            | IncidentEvent::OfferReceived { .. }
            | IncidentEvent::OfferAccepted { .. }
            | IncidentEvent::OfferClosed { .. }
            | IncidentEvent::Assigned { .. }
            | IncidentEvent::StageReached { .. }
            | IncidentEvent::WelfareAsked { .. }
            | IncidentEvent::WelfareAnswered { .. }
            | IncidentEvent::OfficerFinished { .. }
            | IncidentEvent::OfficerReleased { .. } => {}
        }
    }
    notices
}

/// Whose alarm an office's is; `None` for those that no incident alarms (the procedure is checked).
fn audience_of(office: Office) -> Option<Audience> {
    match office {
        Office::CommandCentre => Some(Audience::Centre),
        Office::Director => Some(Audience::Director),
        Office::President => Some(Audience::President),
        Office::Handler
        | Office::Applicant
        | Office::FilingHead
        | Office::Finance
        | Office::Discipline => None,
    }
}

/// The alarms of a decision, as consoles show them.
pub(super) fn alarms_of(
    incident: &Incident,
    events: &[IncidentEvent],
    at: UnixMillis,
) -> Vec<OpenAlarm> {
    notices_of(incident, events)
        .into_iter()
        .filter_map(|notice| match notice {
            NoticeChange::Raise { alarm, audience, kind, incident, officer, node } => {
                Some(OpenAlarm { alarm, audience, kind, incident, officer, node, at })
            }
            NoticeChange::Acknowledge { .. } | NoticeChange::Settle { .. } => None,
        })
        .collect()
}

/// True when a fault leaves the actor without knowledge of its own state.
pub(super) fn lost_track(fault: &IncidentFault) -> bool {
    match fault {
        IncidentFault::Append(AppendFault::Unknown | AppendFault::Conflict { .. }) => true,
        IncidentFault::Append(
            AppendFault::DuplicateDelivery
            | AppendFault::Violates(_)
            | AppendFault::Unavailable
            | AppendFault::StorageFull,
        )
        | IncidentFault::Refused(_)
        | IncidentFault::Busy
        | IncidentFault::NoSuchOfficer(_) => false,
    }
}
