//! I07 and half of I09: who is asked, by brute force over what the observer knows.

use std::collections::BTreeMap;

use tiande_core::geo::LatLon;
use tiande_core::ids::OfficerId;

use super::invariants::{Check, ensure};
use super::truth::{IncidentTruth, OfficerTruth};

/// Distances that differ by less are equal, metres (design §2).
const TIE_M: f64 = 1.0;

/// Everybody who may be asked for this incident, nearest first.
pub fn eligible(
    incident: &IncidentTruth,
    officers: &BTreeMap<OfficerId, OfficerTruth>,
    witness: &[(OfficerId, LatLon)],
) -> Vec<(OfficerId, f64)> {
    let Some(place) = incident.place else { return Vec::new() };
    let suits =
        |id: &OfficerId| officers.get(id).is_some_and(|officer| incident.suits(*id, officer));
    let mut found: Vec<(OfficerId, f64)> = witness
        .iter()
        .filter(|(id, _)| suits(id))
        .map(|(id, at)| (*id, at.distance(place).0))
        .collect();
    found.sort_by(|a, b| a.1.total_cmp(&b.1));
    found
}

/// I07: a round asks those who may be asked, the nearest of them, and as many as it should.
pub fn check_round(
    incident: &IncidentTruth,
    asked: &[OfficerId],
    extra: usize,
    officers: &BTreeMap<OfficerId, OfficerTruth>,
    witness: Option<&[(OfficerId, LatLon)]>,
) -> Check {
    let Some(witness) = witness else {
        return ensure(false, "I07", || "a round was decided without looking".into());
    };
    let right = eligible(incident, officers, witness);
    let metres = |id: &OfficerId| right.iter().find(|(known, _)| known == id).map(|(_, m)| *m);
    let mut farthest: f64 = 0.0;
    for id in asked {
        let Some(metres) = metres(id) else {
            let state = officers.get(id);
            return ensure(false, "I07", || format!("{id} may not be asked: {state:?}"));
        };
        farthest = farthest.max(metres);
    }
    let passed_over = right.iter().find(|(id, m)| !asked.contains(id) && *m < farthest - TIE_M);
    ensure(passed_over.is_none(), "I07", || {
        format!("{passed_over:?} is nearer than {farthest} m, but was not asked: {asked:?}")
    })?;
    let want = (incident.seats() + extra).saturating_sub(incident.open_offers().count());
    let count = asked.len();
    ensure(incident.seats() > 0, "I07", || format!("{count} asked, but no seat is open"))?;
    ensure(count == want.min(right.len()), "I07", || {
        format!("{count} asked, {want} wanted, {} could be", right.len())
    })
}

/// I09: the alarm says that nobody is left, so nobody must be.
pub fn check_exhausted(
    incident: &IncidentTruth,
    officers: &BTreeMap<OfficerId, OfficerTruth>,
    witness: Option<&[(OfficerId, LatLon)]>,
) -> Check {
    let left = eligible(incident, officers, witness.unwrap_or_default());
    let alone = left.is_empty() && incident.open_offers().next().is_none() && incident.seats() > 0;
    ensure(alone && witness.is_some(), "I09", || format!("alarmed, but {left:?} could be asked"))
}
