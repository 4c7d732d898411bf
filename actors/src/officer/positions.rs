//! Positions: judged, shown, indexed; and the two geofences that act by themselves.

use actix::prelude::*;
use tiande_core::ids::{DeviceId, IncidentId};
use tiande_core::incident::{IncidentCommand, ON_SCENE_RADIUS_M, StageSource};
use tiande_core::journal::By;
use tiande_core::officer::{
    Duty, DutyChange, Fix, FixRules, FixVerdict, OfficerCommand, OfficerStatus, Stage,
};
use tiande_core::time::UnixMillis;

use crate::court::Rung;
use crate::incident::OrderIncident;
use crate::views::FixCounts;

use super::actor::OfficerActor;
use super::lane::Waiting;
use super::tracks::TrackParts;

impl OfficerActor {
    pub(super) fn fix_rules(&self) -> FixRules {
        let court = &self.room.profile;
        FixRules {
            age_max: court.fix_age_max(),
            skew_max: FixRules::SKEW_MAX,
            speed_max_mps: court.dispatch.speed_max_kmh / 3.6,
            accuracy_max_m: FixRules::ACCURACY_MAX_M,
            // Without a moment the officer is off duty, and the filter is not asked.
            on_duty_since: self.state.on_duty_since.unwrap_or(UnixMillis(i64::MAX)),
        }
    }

    /// Off duty nothing of a fix is kept but the side of the court house's fence it lies on. Leaving
    /// the house on shift is what puts an officer on duty.
    fn watch_the_house(&mut self, fix: &Fix, ctx: &mut Context<Self>) {
        let house = self.room.profile.court_house;
        let Some(centre) = house.centre() else { return };
        let slop = fix.accuracy.map_or(0.0, |accuracy| accuracy.0);
        if slop > FixRules::ACCURACY_MAX_M {
            return;
        }
        let distance = centre.distance(fix.at).0;
        if distance <= house.radius_m {
            self.inside_house = Some(true);
        } else if distance > house.radius_m + slop {
            let left = self.inside_house == Some(true);
            self.inside_house = Some(false);
            if left && self.room.profile.on_shift(self.room.now()) {
                let how = DutyChange::Geofence;
                self.order_by_rule(OfficerCommand::GoOnDuty { how }, ctx);
            }
        }
    }

    /// Reports the arrival at an incident whose place the officer has come near to.
    fn watch_arrivals(&mut self, fix: &Fix, ctx: &mut Context<Self>) {
        let vague = fix.accuracy.is_some_and(|accuracy| accuracy.0 > ON_SCENE_RADIUS_M);
        if vague {
            return;
        }
        let due: Vec<IncidentId> = self
            .state
            .commitments
            .iter()
            .filter(|c| c.stage < Stage::OnScene && !self.arrived.contains(&c.incident))
            .filter(|c| {
                let place = self.cards.get(&c.incident).and_then(|card| card.brief.place);
                place.is_some_and(|place| place.at.distance(fix.at).0 <= ON_SCENE_RADIUS_M)
            })
            .map(|c| c.incident)
            .collect();
        for incident in due {
            let how = StageSource::Geofence;
            let officer = self.id();
            let command = IncidentCommand::Progress { officer, stage: Stage::OnScene, how };
            let Some(gate) = self.room.incident(incident) else { continue };
            let Ok(answer) = gate.ask(OrderIncident::by(By::System, command)) else { continue };
            // The officer is told when it is durable.
            self.arrived.push(incident);
            // Beside the mailbox: the incident asks this very actor for its part.
            ctx.spawn(answer.into_actor(self).map(move |done, officer, _| {
                if !matches!(done, Ok(Ok(_))) {
                    // Not written: the next fix reports it again.
                    officer.arrived.retain(|arrived| *arrived != incident);
                }
            }));
        }
    }

    /// The fixes that come now are counted by that device.
    pub(super) fn judge_by(&mut self, device: DeviceId) {
        if self.judged.replace(device).is_some_and(|before| before != device) {
            self.filter.change_device();
        }
    }

    pub(super) fn known_fix(&self) -> Option<Fix> {
        self.filter.current().map(|known| known.fix)
    }

    /// Lets index and board know when the officer is elsewhere than `before`.
    pub(super) fn show_place(&mut self, before: Option<Fix>, ctx: &mut Context<Self>) {
        let known = self.filter.current().copied();
        let Some(known) = known.filter(|known| Some(known.fix) != before) else { return };
        self.room.index.borrow_mut().update(self.id(), known.fix.at);
        if let Some(glance) = self.room.glances.borrow_mut().get_mut(&self.id()) {
            glance.fix = Some(known);
        }
        self.room.mark_moved(self.id());
        self.watch_arrivals(&known.fix, ctx);
        if before.is_none() && self.state.status() == OfficerStatus::Available {
            self.room.somebody_is_free();
        }
    }

    pub(super) fn take_fix(&mut self, fix: Fix, rules: &FixRules) -> FixVerdict {
        if self.state.duty == Duty::Off {
            return FixVerdict::OffDuty;
        }
        self.filter.take(fix, self.room.now(), rules)
    }
}

impl StreamHandler<Rung> for OfficerActor {
    fn handle(&mut self, _: Rung, ctx: &mut Self::Context) {
        self.bell.answer();
        self.take_fixes(ctx);
        self.take_parts(ctx);
    }
}

impl OfficerActor {
    fn take_fixes(&mut self, ctx: &mut Context<Self>) {
        let mut waiting = std::mem::take(&mut self.looked_at);
        self.lane.take(&mut waiting);
        self.judge(&waiting, ctx);
        self.looked_at = waiting; // Its room is used again.
    }

    fn judge(&mut self, waiting: &Waiting, ctx: &mut Context<Self>) {
        for (device, upto) in &waiting.stored {
            self.owe_stored(*device, *upto);
        }
        self.note_shed(waiting);
        let Some(newest) = waiting.newest else { return };
        let rules = self.fix_rules();
        let before = self.known_fix();
        if let Some(device) = self.device {
            self.judge_by(device);
        }
        let mut tally = Tally::default();
        let mut parts = TrackParts::default();
        for reported in &waiting.fixes {
            let verdict = match reported.what {
                Ok(fix) => {
                    // What was saved up for hours says nothing of who leaves the house now. Nor does a
                    // tracker: it may be in somebody else's hands.
                    let fresh = self.room.now().since(fix.taken_at) <= rules.age_max;
                    if self.state.duty == Duty::Off && fresh {
                        self.watch_the_house(&fix, ctx);
                    }
                    self.take_fix(fix, &rules)
                }
                Err(_order) => FixVerdict::OutOfRange,
            };
            tally.note(verdict);
            self.note_for_track(&mut parts, reported, verdict);
        }
        tally.many(FixVerdict::Older, waiting.shed);
        self.room.fix_counters.add(&tally);
        self.show_place(before, ctx);
        if self.state.contact_lost {
            self.order_by_rule(OfficerCommand::RegainContact, ctx);
        }
        self.owe_ack(newest, &tally);
        self.hand_over(parts);
    }
}

/// Counts verdicts by kind.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    counts: [u32; FixVerdict::ALL.len()],
}

impl Tally {
    pub(super) fn note(&mut self, verdict: FixVerdict) {
        self.many(verdict, 1);
    }

    fn many(&mut self, verdict: FixVerdict, count: u32) {
        self.counts[verdict as usize] += count;
    }

    /// Those that there are.
    pub(crate) fn each(&self) -> impl Iterator<Item = (FixVerdict, u32)> {
        let all = FixVerdict::ALL.iter().copied().zip(self.counts);
        all.filter(|(_, count)| *count > 0)
    }

    pub(super) fn add(&mut self, other: &Self) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
    }

    /// All fixes that were counted.
    pub(super) fn all(&self) -> u32 {
        self.counts.iter().sum()
    }

    /// True when something was refused that the device should know of at once. That a newer fix is known
    /// is none.
    pub(super) fn has_fault(&self) -> bool {
        self.each().any(|(v, _)| v != FixVerdict::Taken && v != FixVerdict::Older)
    }

    pub(super) fn views(&self) -> FixCounts {
        let refused = self.each().filter(|(verdict, _)| *verdict != FixVerdict::Taken);
        FixCounts {
            taken: self.counts[FixVerdict::Taken as usize],
            refused: refused.map(|(verdict, count)| (verdict.name(), count)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_has_a_place_of_its_own() {
        for (place, verdict) in FixVerdict::ALL.iter().enumerate() {
            assert_eq!(*verdict as usize, place);
        }
    }
}
