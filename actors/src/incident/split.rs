//! A dispatcher splits a merged tip off: it gets an incident of its own, as if it had come alone.
//!
//! Both incidents and the tip change in one append, which the new incident's decision carries. The
//! old one's actor waits for it and handles nothing else meanwhile, so its stream has one writer.

use std::rc::Rc;

use actix::prelude::*;
use tiande_core::ids::{IncidentId, TipId};
use tiande_core::incident::{Incident, IncidentCommand, IncidentRefusal};
use tiande_core::journal::{By, Event, StreamId};
use tiande_core::tip::{TipEvent, TipReceived};

use crate::court::CourtRoom;
use crate::gate::Admitted;
use crate::intake::{TipFault, case_of, namesakes, open, opening_of};
use crate::ports::journal::{AppendFault, ReadFault, StreamAppend};

use super::actor::IncidentActor;
use super::messages::{Beside, IncidentFault};
use super::transact::Transacted;

/// Splits a tip off.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentId, IncidentFault>")]
pub struct SplitTip {
    /// Which.
    pub tip: TipId,
    /// Why, in the dispatcher's words.
    pub reason: String,
    /// Who.
    pub by: By,
}

impl Handler<Admitted<SplitTip>> for IncidentActor {
    type Result = AtomicResponse<Self, Result<IncidentId, IncidentFault>>;

    fn handle(&mut self, message: Admitted<SplitTip>, _: &mut Self::Context) -> Self::Result {
        let (room, state, seq) = self.at_hand();
        let work = split(room, state, seq, message.body);
        AtomicResponse::new(Box::pin(work.into_actor(self).map(|done, actor, ctx| match done {
            Ok((to, done)) => actor.settle(Ok(done), ctx).map(|()| to),
            Err(fault) => {
                actor.settle(Err(fault.clone()), ctx).ok();
                Err(fault)
            }
        })))
    }
}

async fn split(
    room: Rc<CourtRoom>,
    mut state: Incident,
    seq: u64,
    order: SplitTip,
) -> Result<(IncidentId, Transacted), IncidentFault> {
    let SplitTip { tip, reason, by } = order;
    let fresh = room.new_id(IncidentId::new);
    let command = IncidentCommand::SplitTip { tip, to: fresh, reason };
    let decided = state.decide(&command, room.now()).map_err(IncidentFault::Refused)?;
    let before = state.merged.get(&tip).and_then(|it| it.split_to);
    if let Some(to) = before {
        let at = state.updated_at;
        return Ok((to, Transacted { incident: state, events: Vec::new(), seq, at }));
    }
    let (received, length) = tip_of(&room, tip).await?;
    let own = decided.events.clone();
    let relinked = TipEvent::Relinked { from: state.id, incident: fresh };
    let streams = vec![
        StreamAppend {
            stream: StreamId::Tip(tip),
            expected_seq: length,
            events: vec![Event::Tip(relinked)],
        },
        StreamAppend {
            stream: StreamId::Incident(state.id),
            expected_seq: seq,
            events: own.iter().cloned().map(Event::Incident).collect(),
        },
    ];
    let case = case_of(&room, &received).await.map_err(unreadable)?;
    let excluded = match case {
        Some(case) => namesakes(&room, case).await,
        None => std::collections::BTreeSet::new(),
    };
    let opened = opening_of(&room, &received, fresh, case, excluded);
    let beside = Beside { streams, case, delivery: None };
    open(&room, fresh, opened, by, beside).await.map_err(|fault| match fault {
        TipFault::Incident(fault) => fault,
        TipFault::Overloaded => IncidentFault::Busy,
        TipFault::Read(_) | TipFault::Mismatch => IncidentFault::Append(AppendFault::Unavailable),
        // Whether it is written is known only to the journal, which this actor reads when rebuilt.
        TipFault::NoAnswer => IncidentFault::Append(AppendFault::Unknown),
    })?;
    let at = room.now();
    let seq = seq + own.len() as u64;
    own.iter().for_each(|event| state.apply(event, at));
    Ok((fresh, Transacted { incident: state, events: own, seq, at }))
}

/// What cannot be read now can perhaps be read later; nothing was written.
fn unreadable(_: ReadFault) -> IncidentFault {
    IncidentFault::Append(AppendFault::Unavailable)
}

/// The tip as it came in, and how many events it has.
async fn tip_of(room: &CourtRoom, tip: TipId) -> Result<(TipReceived, u64), IncidentFault> {
    let stored = room.journal.read_stream(StreamId::Tip(tip)).await;
    let stored = stored.map_err(unreadable)?;
    let length = stored.len() as u64;
    let received = stored.into_iter().find_map(|record| match record.event {
        Event::Tip(TipEvent::Received(received)) => Some(*received),
        _ => None,
    });
    let received = received.ok_or(IncidentFault::Refused(IncidentRefusal::TipNotMerged))?;
    Ok((received, length))
}
