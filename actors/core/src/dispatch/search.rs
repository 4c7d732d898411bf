//! The search for the nearest officers who may be asked, with its explanation.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::geo::LatLon;
use crate::ids::OfficerId;
use crate::spatial::SpatialIndex;
use crate::time::UnixMillis;

use super::{Considered, Decision, Glance, SearchFor, Verdict, fitness};

/// An officer who may be asked.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Candidate {
    /// Who.
    pub officer: OfficerId,
    /// Geodesic metres to the place.
    pub distance_m: f64,
    /// Age of the newest fix, milliseconds.
    pub fix_age_ms: u64,
}

/// What a search found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Found {
    /// The nearest who may be asked, nearest first.
    pub candidates: Vec<Candidate>,
    /// Everybody considered up to the last candidate; when there were too few candidates, everybody.
    /// Candidates stand in it as asked.
    pub decision: Decision,
}

/// How everybody of a court stands, however it is kept.
pub trait Glances {
    /// One officer's glance.
    fn glance(&self, officer: OfficerId) -> Option<&Glance>;

    /// All, in order of their ids.
    fn each(&self) -> impl Iterator<Item = (OfficerId, &Glance)>;
}

impl Glances for BTreeMap<OfficerId, Glance> {
    fn glance(&self, officer: OfficerId) -> Option<&Glance> {
        self.get(&officer)
    }

    fn each(&self) -> impl Iterator<Item = (OfficerId, &Glance)> {
        self.iter().map(|(id, glance)| (*id, glance))
    }
}

/// Finds up to `want` officers who may be asked, nearest to `at` first.
///
/// The index holds officers on duty with a fix; `glances` everybody of the court. Ends after the last
/// wanted one, so its cost does not grow with the court, except when nobody is left: then everybody
/// is looked at, because the explanation must say why.
pub fn search(
    index: &SpatialIndex<OfficerId>,
    glances: &impl Glances,
    at: LatLon,
    want: usize,
    seats: u8,
    wanted: &SearchFor<'_>,
    now: UnixMillis,
) -> Found {
    let mut found = Found::default();
    found.decision.seats = seats;
    if want == 0 {
        return found;
    }
    // Some are passed over for each one asked; growing the lists step by step would cost as much as
    // finding the officers.
    found.candidates.reserve(want.min(index.len()));
    found.decision.considered.reserve((2 * want).min(index.len()).min(Decision::LISTED_MAX));
    index.walk(at, |near| {
        let Some(glance) = glances.glance(near.id) else { return ControlFlow::Continue(()) };
        let fix_age_ms = glance.fix.map(|known| known.age(now).0);
        let verdict = match fitness(glance, wanted, now) {
            Ok(()) => {
                found.candidates.push(Candidate {
                    officer: near.id,
                    distance_m: near.distance.0,
                    fix_age_ms: fix_age_ms.unwrap_or(0),
                });
                Verdict::Asked
            }
            Err(verdict) => verdict,
        };
        let distance_m = Some(near.distance.0);
        found.decision.note(Considered { officer: near.id, distance_m, fix_age_ms, verdict });
        if found.candidates.len() >= want {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    });
    if found.candidates.len() < want {
        // The walk has seen everybody in the index. Who is not in it has no fix to measure from, so a
        // good word changes nothing.
        for (id, glance) in glances.each().filter(|(id, _)| index.get(*id).is_none()) {
            let verdict = fitness(glance, wanted, now).err().unwrap_or(Verdict::NoFix);
            found.decision.note(Considered {
                officer: id,
                distance_m: None,
                fix_age_ms: None,
                verdict,
            });
        }
    }
    found
}
