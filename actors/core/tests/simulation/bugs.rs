//! Mistakes that a shell, a store or a rule could make, planted on purpose. Each must be found by the
//! invariant it breaks: a checker that never fails checks nothing.

use std::collections::BTreeSet;

use tiande_core::dispatch::Plan;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{IncidentEvent, OfferState, Outcome, Said};
use tiande_core::journal::{Event, StreamId};
use tiande_core::officer::{OfferEnd, OfficerPart};
use tiande_core::tip::TipEvent;

use super::journal::Batch;

macro_rules! bugs {
    ($($(#[$doc:meta])* $name:ident => [$($id:literal),+]),+ $(,)?) => {
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Bug { None, $($(#[$doc])* $name),+ }

        /// All bugs, with the invariants that may catch each.
        pub const ALL: &[(Bug, &[&str])] = &[$((Bug::$name, &[$($id),+])),+];
    };
}

bugs! {
    /// The 202 leaves before the append.
    AckBeforeAppend => ["I01"],
    /// The store forgets its last records in a crash.
    LoseTail => ["I01"],
    /// The tip is not linked to its incident.
    DropLink => ["I02"],
    /// The tip is linked to two.
    LinkTwice => ["I02"],
    /// A merged tip is not linked.
    MergeUnlinked => ["I02"],
    /// The incident does not know of the tip that joined it.
    MergeUnknown => ["I02"],
    /// A drill is merged with what is real.
    MergeExercise => ["I02"],
    /// A split leaves the tip where it was.
    SplitUnforwarded => ["I02"],
    /// Another body under a known id gets the first one's 202.
    AnswerOtherBody => ["I03"],
    /// Deliveries are not remembered.
    ForgetDelivery => ["I03"],
    /// A refused tip leaves a row.
    RowOnRefusal => ["I04"],
    /// A dispatcher's plain order is taken by a committed officer.
    OrderCommitted => ["I05"],
    /// A plain order is treated as a stacked one.
    StackUnasked => ["I05"],
    /// An offer can be accepted after its end.
    AcceptAfterExpiry => ["I06"],
    /// The other offers stay open when the last seat is taken.
    KeepOthersOpen => ["I06"],
    /// Old fixes count as fresh.
    OfferToStale => ["I07"],
    /// Who is on a break is asked.
    OfferOnBreak => ["I07"],
    /// Conflicts of interest do not count.
    OfferExcluded => ["I07"],
    /// Skills do not count.
    OfferUnskilled => ["I07"],
    /// The nearest one is passed over.
    SecondNearest => ["I07"],
    /// A closed offer can still be accepted.
    ReopenClosedOffer => ["I08"],
    /// A declined offer is not followed by the next.
    ForgetNext => ["I09"],
    /// Offers do not end by themselves.
    ForgetTick => ["I09"],
    /// Nobody is told that nobody is left.
    SwallowExhausted => ["I09"],
    /// The director is never told.
    ForgetDirector => ["I09"],
    /// The centre is alarmed again each time nobody is found.
    AlarmEachRound => ["I09"],
    /// The director's alarm waits while somebody weighs an offer.
    DirectorWaits => ["I09"],
    /// The director is alarmed in an incident's first spell only.
    DirectorOnce => ["I09"],
    /// An incident ends although nobody has reported an outcome.
    FinishUnreported => ["I10"],
    /// A cancellation gives no reason.
    CancelSilently => ["I10"],
    /// An incident that is over opens again.
    ReopenIncident => ["I10"],
    /// The newest fix is the one that came last.
    FixByArrival => ["I16"],
    /// A jump is believed at once.
    FixImplausible => ["I17"],
    /// A vague fix decides.
    FixVague => ["I17"],
    /// The position stays after going off duty.
    KeepPosition => ["I18"],
    /// What a device saved up off duty is taken as a position.
    KeepEarlierFixes => ["I18"],
    /// Commands are sent away when others are at work.
    ShedCommands => ["I19"],
    /// A tip is sent away after it was written.
    ShedWritten => ["I19"],
    /// A console that was away gets what is left of what it missed.
    ResumeWithGap => ["I21"],
    /// A number of an earlier life is believed.
    ResumeAcrossLives => ["I21", "I23"],
    /// A console that reads slowly misses something and stays.
    SlowConsoleSkips => ["I21"],
    /// That an incident is over is told to no console.
    ChangeUntold => ["I23"],
    /// A server that others took for dead writes when it wakes.
    LateOwnerWrites => ["I24"],
    /// A stream leaves a number out.
    LeaveNumberOut => ["I25"],
    /// What was not written is acknowledged.
    AckFailedAppend => ["I01"],
    /// The server goes on after its disk has refused a sync.
    CarryOnAfterFailedSync => ["I27"],
    /// Who comes back late finds the door shut for good.
    DoorStaysShut => ["I38"],
    /// The officers of a decision that failed are held for ever.
    KeepHold => ["I09", "I38"],
    /// Who is silent on scene is not asked.
    ForgetSilent => ["WELFARE"],
    /// Who does not answer alarms nobody.
    SwallowSilence => ["WELFARE"],
    /// Who has just arrived is asked at once.
    AskEarly => ["WELFARE"],
    /// Words of people stand in the clear part of the journal.
    WordsInClear => ["SEALED"],
    /// An officer's own stream is not written.
    ForgetOfficersPart => ["AGREE"],
    /// The live state does not follow the journal.
    SkipApply => ["FOLD"],
    /// What stands right after a snapshot is not folded.
    SnapshotSkips => ["FOLD"],
    /// The records that carry names and places are not read beside a snapshot.
    SnapshotWithoutNames => ["FOLD"],
    /// A snapshot is kept of a decision that was not written.
    SnapshotOfNothing => ["FOLD"],
    /// The offer leaves before the append.
    OfferBeforeAppend => ["FIRST"],
}

impl Bug {
    /// Spoils a plan.
    pub fn spoil_plan(self, plan: &mut Plan) {
        match self {
            Self::KeepOthersOpen => {
                let accepts = |e: &IncidentEvent| matches!(e, IncidentEvent::OfferAccepted { .. });
                if plan.events.iter().any(accepts) {
                    plan.events.retain(|e| !closes(e, OfferEnd::Withdrawn));
                    plan.parts.retain(|_, parts| {
                        !parts.iter().any(|p| matches!(p, OfficerPart::CloseOffer { .. }))
                    });
                    plan.incident.offers.values_mut().for_each(|offer| {
                        if offer.state == OfferState::Closed(OfferEnd::Withdrawn) {
                            offer.state = OfferState::Open { received: true };
                        }
                    });
                }
            }
            Self::SwallowExhausted => {
                plan.events.retain(|e| !matches!(e, IncidentEvent::Exhausted { .. }));
                plan.incident.exhausted_since = None;
            }
            Self::ForgetDirector => {
                plan.events.retain(|e| !matches!(e, IncidentEvent::DirectorAlarmed { .. }));
            }
            Self::ForgetSilent => {
                plan.events.retain(|e| !matches!(e, IncidentEvent::WelfareAsked { .. }));
                plan.parts.retain(|_, parts| {
                    !parts.iter().any(|p| matches!(p, OfficerPart::BeAskedWell { .. }))
                });
            }
            Self::SwallowSilence => {
                plan.events.retain(|e| !matches!(e, IncidentEvent::WelfareAlarmed { .. }));
            }
            Self::DirectorWaits if plan.incident.open_offers().next().is_some() => {
                plan.events.retain(|e| !matches!(e, IncidentEvent::DirectorAlarmed { .. }));
            }
            Self::FinishUnreported => {
                let released =
                    |e: &IncidentEvent| matches!(e, IncidentEvent::OfficerReleased { .. });
                if plan.events.iter().any(released) {
                    plan.events.push(IncidentEvent::Finished { outcome: Outcome::Other });
                }
            }
            Self::CancelSilently => {
                for event in &mut plan.events {
                    if let IncidentEvent::Cancelled { said } = event {
                        *said = Said::default();
                    }
                }
            }
            Self::ReopenIncident => {
                if let Some(IncidentEvent::Finished { .. }) = plan.events.last() {
                    let why = tiande_core::incident::SearchReason::Dispatcher;
                    plan.events.push(IncidentEvent::SearchStarted { why });
                }
            }
            _ => {}
        }
    }

    /// Spoils an append.
    pub fn spoil_batch(self, batch: &mut Batch, other: IncidentId) {
        let merged = |e: &Event| matches!(e, Event::Incident(IncidentEvent::TipMerged(_)));
        let merges = batch.streams.iter().any(|(_, _, events)| events.iter().any(merged));
        for (stream, _, events) in &mut batch.streams {
            match (self, &*stream) {
                (Self::DropLink, StreamId::Tip(_)) => events.truncate(1),
                (Self::MergeUnlinked, StreamId::Tip(_)) if merges => events.truncate(1),
                (Self::MergeUnknown, StreamId::Incident(_)) => events.retain(|e| !merged(e)),
                (Self::SplitUnforwarded, StreamId::Tip(_)) => {
                    events.retain(|e| !matches!(e, Event::Tip(TipEvent::Relinked { .. })));
                }
                (Self::LinkTwice, StreamId::Tip(_)) => {
                    events.push(Event::Tip(TipEvent::Linked { incident: other }));
                }
                (Self::ForgetOfficersPart, StreamId::Officer(_)) => events.clear(),
                _ => {}
            }
        }
        batch.streams.retain(|(_, _, events)| !events.is_empty());
        if self == Self::ForgetDelivery {
            batch.delivery = None;
        }
    }
}

fn closes(event: &IncidentEvent, wanted: OfferEnd) -> bool {
    matches!(event, IncidentEvent::OfferClosed { how, .. } if *how == wanted)
}

/// What the table of the bug hunt shows.
pub struct Caught {
    pub bug: Bug,
    pub seeds: u64,
    pub ids: BTreeSet<&'static str>,
}
