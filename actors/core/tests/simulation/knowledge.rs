//! Where officers are, as an observer knows it who saw each fix arrive: by its own rules, not the
//! filter's, and with brute force instead of an index.

use std::collections::{BTreeMap, BTreeSet};

use tiande_core::geo::LatLon;
use tiande_core::ids::OfficerId;
use tiande_core::time::UnixMillis;

use super::device::Sample;
use super::truth::Truth;

/// A device's clock may be so far off, milliseconds.
pub const SKEW_MS: i64 = 5_000;

/// The newest honest fix.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    pub order: (u32, u32),
    pub taken_at: i64,
    pub received_at: i64,
    pub at: LatLon,
}

impl Known {
    pub fn age(&self, now: i64) -> i64 {
        (now - self.taken_at.min(self.received_at)).max(0)
    }
}

#[derive(Clone, Debug, Default)]
pub struct Whereabouts {
    /// On duty since then.
    pub since: Option<i64>,
    pub best: Option<Known>,
    /// Greatest order of an earlier shift.
    floor: Option<(u32, u32)>,
    greatest: Option<(u32, u32)>,
}

/// All officers' whereabouts since the server started.
#[derive(Default)]
pub struct Knowledge {
    pub officers: BTreeMap<OfficerId, Whereabouts>,
}

/// Who could be asked at the moment of a plan, and where they stood.
pub type Witness = Vec<(OfficerId, LatLon)>;

impl Knowledge {
    /// The server lost everything.
    pub fn restart(&mut self, truth: &Truth) {
        self.officers.clear();
        for (id, officer) in &truth.officers {
            self.set_since(*id, officer.since);
        }
    }

    pub fn set_since(&mut self, officer: OfficerId, since: Option<i64>) {
        let known = self.officers.entry(officer).or_default();
        if known.since.is_some() && since.is_none() {
            known.best = None;
            known.floor = known.greatest;
        }
        known.since = since;
    }

    /// A fix has arrived.
    pub fn arrived(&mut self, officer: OfficerId, sample: &Sample, now: UnixMillis) {
        let known = self.officers.entry(officer).or_default();
        let order = (sample.fix.epoch, sample.fix.seq);
        let Some(since) = known.since else { return };
        let taken_at = sample.fix.taken_at.0;
        if taken_at > now.0 + SKEW_MS || taken_at < since - SKEW_MS {
            return;
        }
        known.greatest = known.greatest.max(Some(order));
        let newest = known.best.map(|best| best.order).max(known.floor);
        if sample.good() && newest < Some(order) {
            known.best = Some(Known { order, taken_at, received_at: now.0, at: sample.fix.at });
        }
    }

    /// Who may be asked for anything at all, with the places that decide.
    pub fn witness(
        &self,
        truth: &Truth,
        now: UnixMillis,
        age_max: i64,
        held: &BTreeSet<OfficerId>,
    ) -> Witness {
        let free = truth.officers.iter().filter(|(id, o)| o.free() && !held.contains(*id));
        free.filter_map(|(id, _)| {
            let best = self.officers.get(id)?.best?;
            (best.age(now.0) <= age_max).then_some((*id, best.at))
        })
        .collect()
    }
}
