//! Further tips about an incident, as JSON (PROTOCOL §4).

use serde::Serialize;
use tiande_actors::views::MergedView;
use tiande_core::tip::Likeness;
use utoipa::ToSchema;

use super::PlaceShape;

/// Why a tip was taken for a further one.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub struct LikenessShape {
    /// `same_case` or `similar_text`.
    rule: &'static str,
    distance_m: f64,
    apart_ms: u64,
    text_percent: u8,
}

impl From<&Likeness> for LikenessShape {
    fn from(why: &Likeness) -> Self {
        let Likeness { rule, distance_m, apart_ms, text_percent } = *why;
        Self { rule: rule.name(), distance_m, apart_ms, text_percent }
    }
}

/// A further tip about an incident.
#[derive(Debug, Serialize, ToSchema)]
pub struct MergedShape {
    tip: String,
    at: i64,
    source: String,
    kind: &'static str,
    urgency: &'static str,
    place: Option<PlaceShape>,
    address: Option<String>,
    description: String,
    pictures: u8,
    why: LikenessShape,
}

impl From<&MergedView> for MergedShape {
    fn from(view: &MergedView) -> Self {
        Self {
            tip: view.tip.to_string(),
            at: view.at.0,
            source: view.source.clone(),
            kind: view.kind.name(),
            urgency: view.urgency.name(),
            place: view.personal.place.map(PlaceShape::from),
            address: view.personal.address.clone(),
            description: view.personal.description.clone(),
            pictures: view.pictures,
            why: LikenessShape::from(&view.why),
        }
    }
}
