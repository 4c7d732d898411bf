//! What the outside sees of incidents, officers and decisions as JSON (PROTOCOL §4). Domain types are
//! turned into these by hand, here and nowhere else.

mod merged;

pub use merged::{LikenessShape, MergedShape};

use std::collections::BTreeMap;

use serde::Serialize;
use tiande_actors::ports::journal::{Audience, OpenAlarm, Stored};
use tiande_actors::views::{
    ClockView, CrewView, DecisionView, HandheldState, IncidentBrief, IncidentView, OfferCard,
    RosterEntry,
};
use tiande_core::geo::Place;
use tiande_core::incident::{IncidentEvent, Welfare};
use tiande_core::journal::{By, Event};
use tiande_core::officer::KnownFix;
use utoipa::ToSchema;

/// A place.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct PlaceShape {
    /// Degrees, WGS-84.
    pub lat: f64,
    /// Degrees, WGS-84.
    pub lon: f64,
    /// Metres; null when nobody said.
    pub accuracy_m: Option<f64>,
}

impl From<Place> for PlaceShape {
    fn from(place: Place) -> Self {
        Self { lat: place.at.lat(), lon: place.at.lon(), accuracy_m: place.accuracy.map(|a| a.0) }
    }
}

/// The newest position of an officer.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct FixShape {
    lat: f64,
    lon: f64,
    accuracy_m: Option<f64>,
    taken_at: i64,
    speed_mps: Option<f32>,
    heading_deg: Option<f32>,
}

impl From<&KnownFix> for FixShape {
    fn from(known: &KnownFix) -> Self {
        let fix = &known.fix;
        Self {
            lat: fix.at.lat(),
            lon: fix.at.lon(),
            accuracy_m: fix.accuracy.map(|a| a.0),
            taken_at: fix.taken_at.0,
            speed_mps: fix.speed_mps,
            heading_deg: fix.heading_deg,
        }
    }
}

/// An officer in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct RosterShape {
    n: u32,
    id: String,
    name: String,
    badge: Option<String>,
    skills: Vec<String>,
    status: &'static str,
    incident: Option<String>,
    fix: Option<FixShape>,
}

impl From<&RosterEntry> for RosterShape {
    fn from(entry: &RosterEntry) -> Self {
        Self {
            n: entry.n,
            id: entry.id.to_string(),
            name: entry.name.clone(),
            badge: entry.badge.clone(),
            skills: entry.skills.clone(),
            status: entry.status.name(),
            incident: entry.incident.map(|id| id.to_string()),
            fix: entry.fix.as_ref().map(FixShape::from),
        }
    }
}

/// A crew member.
#[derive(Debug, Serialize, ToSchema)]
pub struct CrewShape {
    officer: String,
    name: String,
    stage: &'static str,
    /// `well`, `asked`, `silent`: whether the officer on scene has been heard of.
    welfare: &'static str,
    /// Since when, milliseconds.
    welfare_at: i64,
}

impl From<&CrewView> for CrewShape {
    fn from(member: &CrewView) -> Self {
        let (welfare, at) = match member.welfare {
            Welfare::Heard(at) => ("well", at),
            Welfare::Asked(at) => ("asked", at),
            Welfare::Alarmed(at, _) => ("silent", at),
        };
        Self {
            officer: member.officer.to_string(),
            name: member.name.clone(),
            stage: member.stage.name(),
            welfare,
            welfare_at: at.0,
        }
    }
}

/// An open offer.
#[derive(Debug, Serialize, ToSchema)]
pub struct OpenOfferShape {
    offer: String,
    officer: String,
    name: String,
    received: bool,
    expires_at: i64,
}

/// A clock of an emergency.
#[derive(Debug, Serialize, ToSchema)]
pub struct ClockShape {
    /// The procedure's node.
    node: String,
    zh: String,
    en: String,
    due: i64,
    overdue: bool,
}

impl From<&ClockView> for ClockShape {
    fn from(clock: &ClockView) -> Self {
        Self {
            node: clock.running.node.to_string(),
            zh: clock.zh.clone(),
            en: clock.en.clone(),
            due: clock.running.due.0,
            overdue: clock.running.overdue,
        }
    }
}

/// An incident in a list.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentShape {
    id: String,
    number: String,
    kind: &'static str,
    urgency: &'static str,
    status: &'static str,
    exercise: bool,
    trusted: bool,
    opened_at: i64,
    updated_at: i64,
    closed_at: Option<i64>,
    outcome: Option<&'static str>,
    place: Option<PlaceShape>,
    address: Option<String>,
    description: String,
    case_number: Option<String>,
    case: Option<String>,
    need: u8,
    crew: Vec<CrewShape>,
    offers_open: Vec<OpenOfferShape>,
    alarm: Option<&'static str>,
    /// Of an emergency: its clock that is due next.
    clock: Option<ClockShape>,
    /// The tip it came from.
    tip: Option<String>,
    /// How many tips tell of it.
    tips: usize,
    /// The newest further ones.
    merged: Vec<MergedShape>,
}

/// The number people use for an incident.
#[must_use]
pub fn incident_number(year: u16, number: u64) -> String {
    format!("{year}-{number:06}")
}

impl From<&IncidentView> for IncidentShape {
    fn from(view: &IncidentView) -> Self {
        let brief = &view.brief;
        let offers_open = view.offers_open.iter().map(|open| OpenOfferShape {
            offer: open.offer.to_string(),
            officer: open.officer.to_string(),
            name: open.name.clone(),
            received: open.received,
            expires_at: open.expires_at.0,
        });
        Self {
            id: brief.id.to_string(),
            number: incident_number(brief.year, brief.number),
            kind: brief.kind.name(),
            urgency: brief.urgency.name(),
            status: view.status.name(),
            exercise: brief.exercise,
            trusted: view.trusted,
            opened_at: view.opened_at.0,
            updated_at: view.updated_at.0,
            closed_at: view.closed_at.map(|at| at.0),
            outcome: view.outcome.map(|outcome| outcome.name()),
            place: brief.place.map(PlaceShape::from),
            address: brief.address.clone(),
            description: brief.description.clone(),
            case_number: brief.case_number.as_ref().map(ToString::to_string),
            case: view.case.map(|case| case.to_string()),
            need: brief.need,
            crew: view.crew.iter().map(CrewShape::from).collect(),
            offers_open: offers_open.collect(),
            alarm: view.alarm.map(|alarm| alarm.name()),
            clock: view.clock.as_ref().map(ClockShape::from),
            tip: view.tip.map(|tip| tip.to_string()),
            tips: brief.tips,
            merged: view.merged.iter().map(MergedShape::from).collect(),
        }
    }
}

/// An officer who was asked.
#[derive(Debug, Serialize, ToSchema)]
pub struct AskedShape {
    officer: String,
    name: String,
    offer: String,
    distance_m: Option<f64>,
    fix_age_ms: Option<u64>,
}

/// An officer who was considered.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConsideredShape {
    officer: String,
    name: String,
    distance_m: Option<f64>,
    fix_age_ms: Option<u64>,
    verdict: &'static str,
}

/// A dispatch decision, explained.
#[derive(Debug, Serialize, ToSchema)]
pub struct DecisionShape {
    at: i64,
    round: u32,
    seats: u8,
    asked: Vec<AskedShape>,
    considered: Vec<ConsideredShape>,
    not_listed: u32,
}

impl From<&DecisionView> for DecisionShape {
    fn from(view: &DecisionView) -> Self {
        let names: BTreeMap<_, _> = view.names.iter().map(|(id, name)| (*id, name)).collect();
        let name = |id| names.get(&id).map(|name| (*name).clone()).unwrap_or_default();
        let considered = &view.decision.considered;
        let asked = view.offers.iter().map(|(officer, offer)| {
            let line = considered.iter().find(|c| c.officer == *officer);
            AskedShape {
                officer: officer.to_string(),
                name: name(*officer),
                offer: offer.to_string(),
                distance_m: line.and_then(|c| c.distance_m),
                fix_age_ms: line.and_then(|c| c.fix_age_ms),
            }
        });
        Self {
            at: view.at.0,
            round: view.round,
            seats: view.decision.seats,
            asked: asked.collect(),
            considered: considered
                .iter()
                .map(|c| ConsideredShape {
                    officer: c.officer.to_string(),
                    name: name(c.officer),
                    distance_m: c.distance_m,
                    fix_age_ms: c.fix_age_ms,
                    verdict: c.verdict.name(),
                })
                .collect(),
            not_listed: view.decision.not_listed,
        }
    }
}

/// One entry of a time line.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimelineShape {
    seq: u64,
    at: i64,
    kind: String,
    by: String,
    why: Option<String>,
    title: String,
    #[schema(value_type = Object)]
    data: serde_json::Value,
}

impl TimelineShape {
    /// An entry for a stored event of an incident; `name` finds the name of a person.
    #[must_use]
    pub fn from_stored(stored: &Stored, name: &dyn Fn(&By) -> String) -> Option<Self> {
        let Event::Incident(event) = &stored.event else { return None };
        let encoded = tiande_core::journal::encode(&stored.event);
        let data = match event {
            // The opening's facts are the incident itself; its personal part is not repeated here.
            IncidentEvent::Opened(_) | IncidentEvent::Placed { .. } => serde_json::Value::Null,
            IncidentEvent::TipMerged(merged) => serde_json::json!({
                "tip": merged.tip.to_string(), "source": merged.source,
                "why": LikenessShape::from(&merged.why),
            }),
            _ => with_words(serde_json::from_slice(&encoded.body).unwrap_or_default(), event),
        };
        let by = name(&stored.by);
        let kind = encoded.kind;
        Some(Self {
            seq: stored.seq,
            at: stored.at.0,
            title: kind.clone(),
            kind,
            by,
            why: stored.why.clone(),
            data,
        })
    }
}

/// What people said with an event stands beside its facts; whose key it is under concerns nobody.
fn with_words(mut data: serde_json::Value, event: &IncidentEvent) -> serde_json::Value {
    if let (Some(facts), Some(said)) = (data.as_object_mut(), event.said()) {
        facts.remove("subject");
        if let Some(words) = &said.personal {
            facts.insert("words".into(), words.text.clone().into());
        }
    }
    data
}

/// An incident with its history.
#[derive(Debug, Serialize, ToSchema)]
pub struct IncidentDetailShape {
    #[serde(flatten)]
    summary: IncidentShape,
    timeline: Vec<TimelineShape>,
    decision: Option<DecisionShape>,
}

impl IncidentDetailShape {
    /// Puts the parts together.
    #[must_use]
    pub fn new(
        view: &IncidentView,
        timeline: Vec<TimelineShape>,
        decision: Option<&DecisionView>,
    ) -> Self {
        Self { summary: view.into(), timeline, decision: decision.map(DecisionShape::from) }
    }
}

/// An alarm.
#[derive(Debug, Serialize, ToSchema)]
pub struct AlarmShape {
    alarm: String,
    level: &'static str,
    kind: String,
    incident: Option<String>,
    officer: Option<String>,
    /// The clock of an emergency it is about: a node of the procedure.
    node: Option<String>,
    at: i64,
    title: String,
}

impl From<&OpenAlarm> for AlarmShape {
    fn from(alarm: &OpenAlarm) -> Self {
        let title = match alarm.kind.as_str() {
            "sos" => "干警求助",
            "exhausted" => "无人可派",
            "officer_silent" => "现场人员无应答",
            "clock_warning" => "应急时限将届满",
            "clock_overdue" => "应急时限已超过",
            "clock_suspect" => "系统时钟异常，需要确认",
            "actor_down" => "系统故障，需要运维",
            _ => "告警",
        };
        Self {
            alarm: alarm.alarm.to_string(),
            level: level_of(alarm.audience),
            kind: alarm.kind.clone(),
            incident: alarm.incident.map(|id| id.to_string()),
            officer: alarm.officer.map(|id| id.to_string()),
            node: alarm.node.map(|node| node.to_string()),
            at: alarm.at.0,
            title: title.to_owned(),
        }
    }
}

/// The wire's name of an audience.
#[must_use]
pub fn level_of(audience: Audience) -> &'static str {
    match audience {
        Audience::Centre => "centre",
        Audience::Director => "director",
        Audience::President => "president",
    }
}

/// What a handheld is told of an incident.
#[derive(Debug, Serialize)]
pub struct BriefShape {
    id: String,
    number: String,
    kind: &'static str,
    urgency: &'static str,
    place: Option<PlaceShape>,
    address: Option<String>,
    description: String,
    case_number: Option<String>,
    exercise: bool,
    need: u8,
    /// How many tips tell of it.
    tips: usize,
}

impl From<&IncidentBrief> for BriefShape {
    fn from(brief: &IncidentBrief) -> Self {
        Self {
            id: brief.id.to_string(),
            number: incident_number(brief.year, brief.number),
            kind: brief.kind.name(),
            urgency: brief.urgency.name(),
            place: brief.place.map(PlaceShape::from),
            address: brief.address.clone(),
            description: brief.description.clone(),
            case_number: brief.case_number.as_ref().map(ToString::to_string),
            exercise: brief.exercise,
            need: brief.need,
            tips: brief.tips,
        }
    }
}

/// An incident of which only the id is known yet (the moments after a restart).
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum BriefOrId {
    /// All of it.
    Brief(Box<BriefShape>),
    /// Only which.
    Id {
        /// Which.
        id: String,
    },
}

/// An offer or order on a handheld.
#[derive(Debug, Serialize)]
pub struct OfferShape {
    offer: String,
    incident: BriefOrId,
    distance_m: Option<f64>,
    sent_at: Option<i64>,
    expires_at: Option<i64>,
}

impl From<&OfferCard> for OfferShape {
    fn from(card: &OfferCard) -> Self {
        let incident = match &card.brief {
            Some(brief) => BriefOrId::Brief(Box::new(brief.as_ref().into())),
            None => BriefOrId::Id { id: card.incident.to_string() },
        };
        Self {
            offer: card.offer.to_string(),
            incident,
            distance_m: card.distance_m,
            sent_at: card.sent_at.map(|at| at.0),
            expires_at: card.expires_at.map(|at| at.0),
        }
    }
}

/// A commitment on a handheld.
#[derive(Debug, Serialize)]
pub struct CommitmentShape {
    offer: String,
    incident: BriefOrId,
    stage: &'static str,
    stacked: bool,
    /// Since when an answer to "is all well?" is wanted; null when it is not.
    asked_well_at: Option<i64>,
}

/// The whole truth of an officer, on the handheld.
#[derive(Debug, Serialize)]
pub struct HandheldShape {
    status: &'static str,
    offers: Vec<OfferShape>,
    commitments: Vec<CommitmentShape>,
}

impl From<&HandheldState> for HandheldShape {
    fn from(state: &HandheldState) -> Self {
        let commitments = state.commitments.iter().map(|card| CommitmentShape {
            offer: card.commitment.offer.to_string(),
            incident: match &card.brief {
                Some(brief) => BriefOrId::Brief(Box::new(brief.as_ref().into())),
                None => BriefOrId::Id { id: card.commitment.incident.to_string() },
            },
            stage: card.commitment.stage.name(),
            stacked: card.commitment.stacked,
            asked_well_at: card.commitment.asked_well.map(|at| at.0),
        });
        Self {
            status: state.status.name(),
            offers: state.offers.iter().map(OfferShape::from).collect(),
            commitments: commitments.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use tiande_core::ids::{CourtId, OfficerId};
    use tiande_core::incident::Said;
    use tiande_core::journal::Subject;
    use tiande_core::time::UnixMillis;
    use uuid::Uuid;

    use super::*;

    fn entry(said: Said) -> serde_json::Value {
        let officer = OfficerId(Uuid::from_u128(7));
        let event = Event::Incident(IncidentEvent::OfficerReleased { officer, said });
        let court = CourtId::parse("a").expect("a name");
        let stored = Stored { court, seq: 3, at: UnixMillis(5), by: By::System, why: None, event };
        let shape = TimelineShape::from_stored(&stored, &|_| "席位".into()).expect("an incident's");
        serde_json::to_value(shape).expect("JSON")["data"].take()
    }

    #[test]
    fn what_was_said_stands_in_the_time_line_until_it_is_forgotten() {
        let officer = Uuid::from_u128(7).to_string();
        let said = Said::under(Subject(Uuid::from_u128(9)), Some("另有任务"));
        let forgotten = Said { personal: None, ..said.clone() };
        assert_eq!(entry(said), serde_json::json!({"officer": officer, "words": "另有任务"}));
        assert_eq!(entry(forgotten), serde_json::json!({"officer": officer}));
    }
}
