//! How an incident looks from outside, and the lines it writes into the console's feed.

use std::sync::Arc;

use tiande_core::deadline::Level;
use tiande_core::dispatch::Decision;
use tiande_core::ids::TipId;
use tiande_core::incident::{
    Closed, Incident, IncidentEvent, MERGED_MAX, MergedTip, OfferState, Origin,
};
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::views::{
    ClockView, CrewView, DecisionView, FeedLine, IncidentBrief, IncidentView, MERGED_SHOWN,
    MergedView, OfferView,
};

/// What officers are told; `None` before the opening.
pub(super) fn brief_of(incident: &Incident) -> Option<Arc<IncidentBrief>> {
    let opened = incident.opened.as_ref()?;
    Some(Arc::new(IncidentBrief {
        id: incident.id,
        number: opened.number,
        year: opened.year,
        kind: opened.kind,
        urgency: opened.urgency,
        place: incident.place,
        address: opened.address.clone(),
        description: opened.description.clone(),
        case_number: opened.case_number.clone(),
        exercise: opened.exercise,
        need: opened.need,
        tips: first_tip(&opened.origin).map_or(0, |_| 1) + incident.merged_tips().count(),
    }))
}

fn first_tip(origin: &Origin) -> Option<TipId> {
    match origin {
        Origin::Tip { tip, .. } => Some(*tip),
        Origin::Sos { .. } | Origin::Task { .. } => None,
    }
}

/// The newest merged tips, newest last, at most so many.
fn merged_of(incident: &Incident, most: usize) -> Vec<MergedView> {
    let mut merged: Vec<_> = incident.merged_tips().collect();
    merged.sort_by_key(|it| (it.at, it.merged.tip));
    let hidden = merged.len().saturating_sub(most);
    let view = |it: &MergedTip| MergedView {
        tip: it.merged.tip,
        at: it.at,
        source: it.merged.source.clone(),
        kind: it.merged.kind,
        urgency: it.merged.urgency,
        why: it.merged.why,
        pictures: it.merged.pictures,
        personal: it.merged.personal.clone().unwrap_or_default(),
    };
    merged.into_iter().skip(hidden).map(view).collect()
}

/// What all dispatchers are shown; `None` before the opening.
pub(super) fn view_of(room: &CourtRoom, incident: &Incident) -> Option<Arc<IncidentView>> {
    view_with(room, incident, MERGED_SHOWN)
}

/// What somebody sees who looks at it: with all further tips.
pub(super) fn whole_view_of(room: &CourtRoom, incident: &Incident) -> Option<Arc<IncidentView>> {
    view_with(room, incident, MERGED_MAX)
}

fn view_with(room: &CourtRoom, incident: &Incident, most: usize) -> Option<Arc<IncidentView>> {
    let opened = incident.opened.as_ref()?;
    let crew = incident.crew.iter().map(|(officer, member)| CrewView {
        officer: *officer,
        name: room.name_of(*officer),
        stage: member.stage,
        welfare: member.welfare,
    });
    let offers_open = incident.open_offers().map(|(offer, open)| OfferView {
        offer,
        officer: open.officer,
        name: room.name_of(open.officer),
        received: open.state == (OfferState::Open { received: true }),
        expires_at: open.expires_at,
    });
    Some(Arc::new(IncidentView {
        brief: brief_of(incident)?,
        status: incident.status()?,
        trusted: opened.starts_itself(),
        opened_at: opened.at,
        updated_at: incident.updated_at,
        closed_at: incident.closed_at,
        outcome: match &incident.closed {
            Some(Closed::Finished(outcome)) => Some(*outcome),
            Some(Closed::Cancelled(_)) | None => None,
        },
        case: opened.case,
        crew: crew.collect(),
        offers_open: offers_open.collect(),
        alarm: incident.alarm,
        clock: clock_of(room, incident),
        tip: first_tip(&opened.origin),
        merged: merged_of(incident, most),
    }))
}

fn clock_of(room: &CourtRoom, incident: &Incident) -> Option<ClockView> {
    let version = incident.opened.as_ref()?.procedure.as_ref()?;
    let rules = room.rules.version(version)?;
    let running = incident.running_clock(rules)?;
    let node = rules.procedure.node(running.node)?;
    Some(ClockView { running, zh: node.zh.clone(), en: node.en.clone() })
}

/// A decision with names.
pub(super) fn decision_view(
    room: &CourtRoom,
    incident: &Incident,
    at: UnixMillis,
    decision: Decision,
) -> DecisionView {
    let names = decision.considered.iter().map(|c| (c.officer, room.name_of(c.officer))).collect();
    let offers = incident.offers.iter().filter(|(_, offer)| offer.sent_at == at);
    DecisionView {
        at,
        round: incident.round,
        offers: offers.map(|(id, offer)| (offer.officer, *id)).collect(),
        names,
        decision,
    }
}

/// The feed's line for an event, for those that a dispatcher wants to see pass by.
pub(super) fn feed_line(
    room: &CourtRoom,
    incident: &Incident,
    event: &IncidentEvent,
    at: UnixMillis,
) -> Option<FeedLine> {
    let (kind, officer, words) = match event {
        IncidentEvent::Opened(_) => ("incident.opened", None, String::new()),
        IncidentEvent::Placed { .. } => ("incident.placed", None, String::new()),
        IncidentEvent::TipMerged(merged) => ("incident.tip_merged", None, merged.source.clone()),
        IncidentEvent::TipSplit { said, .. } => {
            ("incident.tip_split", None, said.text().to_owned())
        }
        IncidentEvent::SearchStarted { .. } => ("incident.search_started", None, String::new()),
        IncidentEvent::OffersMade { offers, .. } => {
            let names: Vec<_> = offers.iter().map(|o| room.name_of(o.officer)).collect();
            ("incident.offers_made", None, names.join("、"))
        }
        IncidentEvent::OfferReceived { .. } => return None,
        IncidentEvent::OfferAccepted { officer, .. } => {
            ("incident.offer_accepted", Some(*officer), String::new())
        }
        IncidentEvent::OfferClosed { officer, how, .. } => {
            ("incident.offer_closed", Some(*officer), how.name().to_owned())
        }
        IncidentEvent::Assigned { officer, said, .. } => {
            ("incident.assigned", Some(*officer), said.text().to_owned())
        }
        IncidentEvent::StageReached { officer, stage, .. } => {
            ("incident.stage_reached", Some(*officer), stage.name().to_owned())
        }
        IncidentEvent::WelfareAsked { officer } => {
            ("incident.welfare_asked", Some(*officer), String::new())
        }
        IncidentEvent::WelfareAnswered { officer } => {
            ("incident.welfare_answered", Some(*officer), String::new())
        }
        IncidentEvent::WelfareAlarmed { officer, .. } => {
            ("incident.welfare_alarmed", Some(*officer), String::new())
        }
        IncidentEvent::OfficerFinished { officer, outcome, .. } => {
            ("incident.officer_finished", Some(*officer), outcome.name().to_owned())
        }
        IncidentEvent::OfficerReleased { officer, said } => {
            ("incident.officer_released", Some(*officer), said.text().to_owned())
        }
        IncidentEvent::Exhausted { .. } => ("incident.exhausted", None, String::new()),
        IncidentEvent::DirectorAlarmed { .. } => ("incident.director_alarmed", None, String::new()),
        IncidentEvent::ClockRang(rung) => {
            let kind = match rung.level {
                Level::Warning(_) => "incident.clock_warning",
                Level::Due => "incident.clock_overdue",
            };
            (kind, None, rung.node.to_string())
        }
        IncidentEvent::Finished { outcome } => {
            ("incident.finished", None, outcome.name().to_owned())
        }
        IncidentEvent::Cancelled { said } => ("incident.cancelled", None, said.text().to_owned()),
    };
    let number = incident.opened.as_ref().map(|o| format!("{}-{:06}", o.year, o.number));
    let name = officer.map(|officer| room.name_of(officer));
    let parts = [number, name, (!words.is_empty()).then_some(words)];
    let title = parts.into_iter().flatten().collect::<Vec<_>>().join(" · ");
    Some(FeedLine { at, kind: kind.to_owned(), incident: Some(incident.id), officer, title })
}
