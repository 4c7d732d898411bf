//! Counts what the journal says, for the closing summary.

use tiande_core::dispatch::Verdict;
use tiande_core::ids::IncidentId;
use tiande_core::incident::{IncidentEvent, Urgency};
use tiande_core::journal::Event;
use tiande_core::officer::{OfferEnd, OfficerEvent};
use tiande_core::tip::TipEvent;

use super::counters::Counters;
use super::truth::Truth;

pub fn count(of: Option<IncidentId>, event: &Event, truth: &Truth, c: &mut Counters) {
    match event {
        Event::Incident(event) => {
            let known = of.and_then(|id| truth.incidents.get(&id));
            let found = matches!(event, IncidentEvent::OffersMade { .. });
            let exhausted = known.is_some_and(|known| known.exhausted.is_some());
            c.exhausted_then_found += u64::from(found && exhausted);
            c.words_sealed += u64::from(event.subject().is_some() && event.said().is_some());
            let [centre, director] = known.map_or([0; 2], |known| known.alarms);
            let again = |n: u32| u64::from(n > 0);
            match event {
                IncidentEvent::Exhausted { .. } => c.exhausted_again += again(centre),
                IncidentEvent::DirectorAlarmed { .. } => c.director_alarms_again += again(director),
                _ => {}
            }
            incident(event, c);
        }
        Event::Officer(event) => officer(event, truth, c),
        Event::Tip(TipEvent::Received(tip)) => {
            let emergency = tip.urgency == Urgency::Emergency;
            let placed = tip.personal.as_ref().is_some_and(|p| p.place.is_some());
            c.tips_trusted_emergency += u64::from(tip.trusted && emergency && placed);
            c.tips_untrusted += u64::from(!tip.trusted);
            c.tips_routine += u64::from(!emergency);
            c.tips_without_place += u64::from(!placed);
        }
        Event::Tip(
            TipEvent::Linked { .. } | TipEvent::Relinked { .. } | TipEvent::OriginalRead { .. },
        )
        | Event::Case(_) => {}
    }
}

fn officer(event: &OfficerEvent, truth: &Truth, c: &mut Counters) {
    match event {
        OfficerEvent::WentOnDuty { how } => {
            c.duty_on += 1;
            c.sos_off_duty += u64::from(*how == tiande_core::officer::DutyChange::Sos);
        }
        OfficerEvent::WentOffDuty { .. } => c.duty_off += 1,
        OfficerEvent::BreakStarted {} => c.breaks += 1,
        OfficerEvent::ContactLost { .. } => c.contact_lost += 1,
        OfficerEvent::ContactRegained {} => c.contact_regained += 1,
        OfficerEvent::Committed { stacked, .. } => {
            c.commitments += 1;
            c.assigns_stacked += u64::from(*stacked);
        }
        OfficerEvent::SosRaised { incident } => {
            c.sos += 1;
            c.sos_without_place +=
                u64::from(truth.incidents.get(incident).is_some_and(|i| i.place.is_none()));
        }
        OfficerEvent::Registered { .. }
        | OfficerEvent::BreakEnded {}
        | OfficerEvent::Offered { .. }
        | OfficerEvent::OfferClosed { .. }
        | OfficerEvent::StageReached { .. }
        | OfficerEvent::WelfareAsked { .. }
        | OfficerEvent::WelfareAnswered { .. }
        | OfficerEvent::Released { .. }
        | OfficerEvent::SosEnded { .. }
        | OfficerEvent::TrackRead { .. } => {}
    }
}

fn incident(event: &IncidentEvent, c: &mut Counters) {
    match event {
        IncidentEvent::Opened(_) => c.incidents += 1,
        IncidentEvent::Placed { .. } => c.places_set += 1,
        IncidentEvent::TipMerged(_) => c.tips_merged += 1,
        IncidentEvent::TipSplit { .. } => c.tips_split += 1,
        IncidentEvent::SearchStarted { why } => {
            let desk = *why == tiande_core::incident::SearchReason::Dispatcher;
            c.dispatches += u64::from(desk);
        }
        IncidentEvent::OffersMade { round, offers, decision } => {
            c.offers += offers.len() as u64;
            c.rounds_later += u64::from(*round > 1);
            for considered in &decision.considered {
                c.lacked_skill += u64::from(considered.verdict == Verdict::LacksSkill);
                c.conflict_of_interest +=
                    u64::from(considered.verdict == Verdict::ConflictOfInterest);
                c.stale_nearer += u64::from(considered.verdict == Verdict::FixStale);
            }
        }
        IncidentEvent::OfferReceived { .. } => c.offers_received += 1,
        IncidentEvent::OfferAccepted { .. } => c.accepts += 1,
        IncidentEvent::OfferClosed { how, .. } => match how {
            OfferEnd::Declined => c.declines += 1,
            OfferEnd::Expired => c.expired += 1,
            OfferEnd::Undelivered => c.undelivered += 1,
            OfferEnd::Withdrawn => c.withdrawn += 1,
        },
        IncidentEvent::Assigned { .. } => c.assigns += 1,
        IncidentEvent::StageReached { .. } => c.stages += 1,
        IncidentEvent::WelfareAsked { .. } => c.welfare_asked += 1,
        IncidentEvent::WelfareAnswered { .. } => c.welfare_answered += 1,
        IncidentEvent::WelfareAlarmed { .. } => c.welfare_alarms += 1,
        IncidentEvent::OfficerFinished { .. } => c.finishes += 1,
        IncidentEvent::OfficerReleased { .. } => c.releases += 1,
        IncidentEvent::Exhausted { .. } => c.exhausted += 1,
        IncidentEvent::DirectorAlarmed { .. } => c.director_alarms += 1,
        // No procedure runs here; `incident/clocks_tests.rs` has its own model of these.
        IncidentEvent::ClockRang(_) => {}
        IncidentEvent::Finished { .. } => c.closed_finished += 1,
        IncidentEvent::Cancelled { .. } => {
            c.cancels += 1;
            c.closed_cancelled += 1;
        }
    }
}
