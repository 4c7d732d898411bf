//! The simulated court.

use std::collections::BTreeMap;

use tiande_core::court::{CourtHouse, CourtProfile, DispatchSettings, MergeSettings, Shift};
use tiande_core::ids::CourtId;
use tiande_core::incident::IncidentKind;

use super::rng::Rng;

/// A court whose times are short enough for a short day.
pub fn court(rng: &mut Rng) -> CourtProfile {
    let offer_ttl_ms = rng.range(3_000, 15_000).unsigned_abs();
    let skills = if rng.chance(300) {
        BTreeMap::from([(IncidentKind::Obstruction, vec!["vehicle".to_owned()])])
    } else {
        BTreeMap::new()
    };
    let dispatch = DispatchSettings {
        offer_ttl_ms,
        receive_ttl_ms: rng.range(1_500, 5_000).unsigned_abs().min(offer_ttl_ms),
        ask_extra_emergency: u8::try_from(rng.below(3)).unwrap_or(0),
        ask_extra_sos: u8::try_from(rng.below(4)).unwrap_or(0),
        director_after_ms: rng.range(3_000, 20_000).unsigned_abs(),
        stack_max: u8::try_from(1 + rng.below(3)).unwrap_or(1),
        report_every_ms: 2_000,
        contact_lost_after_ms: rng.range(10_000, 20_000).unsigned_abs(),
        welfare_after_ms: rng.range(1_000, 6_000).unsigned_abs(),
        welfare_answer_ms: rng.range(1_000, 5_000).unsigned_abs(),
        skills,
        ..DispatchSettings::default()
    };
    let court = CourtProfile {
        merge: MergeSettings::default(),
        id: CourtId::parse("changyuan").expect("a name"),
        name: "长垣市人民法院".into(),
        area: [114.4, 34.97, 114.99, 35.4],
        area_margin_m: 5_000.0,
        utc_offset_minutes: 480,
        court_house: CourtHouse { lat: 35.2, lon: 114.67, radius_m: 150.0 },
        shift: Shift::default(),
        dispatch,
    };
    assert_eq!(court.check(), vec![], "the simulated court is a possible one");
    court
}
