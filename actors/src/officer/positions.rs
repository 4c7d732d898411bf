//! Positions of the handheld: judged, shown, indexed; and the two geofences that act by themselves.

use std::mem;

use tiande_core::incident::ON_SCENE_RADIUS_M;
use tiande_core::officer::{Duty, Fix, FixRules, FixVerdict};
use tiande_core::time::UnixMillis;

use crate::court::CourtRoom;
use crate::views::FixCounts;

use super::lane::Waiting;
use super::seat::{Seat, SeatNews};
use super::tracks::Kept;

/// What a seat needs of the court to judge, the same for all that are judged in one turn.
pub(crate) struct Judging<'a> {
    pub(crate) room: &'a CourtRoom,
    /// Read once a turn, not for each fix.
    pub(crate) now: UnixMillis,
    pub(crate) rules: FixRules,
    pub(crate) kept: &'a mut Kept,
    pub(crate) tally: &'a mut Tally,
}

impl Judging<'_> {
    pub(super) fn rules_since(&self, on_duty_since: UnixMillis) -> FixRules {
        FixRules { on_duty_since, ..self.rules }
    }
}

impl Seat {
    /// Takes in what waits in the officer's lane; `waiting` is used for it and has nothing to say.
    pub(crate) fn take_fixes(&mut self, waiting: &mut Waiting, court: &mut Judging<'_>) {
        if self.is_closed() {
            return; // Whose actor has died keeps what waits: the device sends it again.
        }
        self.lane.take(waiting);
        for (link, first) in &waiting.shed_first {
            self.links.turned_away(*link, *first);
        }
        let Some(newest) = waiting.newest else { return };
        let before = self.known().map(|known| known.fix);
        if let Some(device) = self.device {
            self.judge_by(device);
        }
        let mut tally = Tally::default();
        for reported in &waiting.fixes {
            let verdict = match reported.what {
                Ok(fix) => {
                    // What was saved up for hours says nothing of who leaves the house now. Nor does a
                    // tracker: it may be in somebody else's hands.
                    let fresh = court.now.since(fix.taken_at) <= court.rules.age_max;
                    if self.duty == Duty::Off && fresh {
                        self.watch_the_house(&fix, court);
                    }
                    self.take_fix(fix, court)
                }
                Err(_order) => FixVerdict::OutOfRange,
            };
            tally.note(verdict);
            self.note_for_track(reported, verdict, court);
        }
        tally.many(FixVerdict::Older, waiting.shed);
        court.tally.add(&tally);
        self.show_place(before, court.room);
        if self.contact_lost {
            // When too much waits for the actor, the next fix says it again.
            self.tell(SeatNews::Heard, court.room);
        }
        self.owe_ack(newest, &tally, court.room);
    }

    /// Off duty nothing of a fix is kept but the side of the court house's fence it lies on. Leaving
    /// the house on shift is what puts an officer on duty.
    fn watch_the_house(&mut self, fix: &Fix, court: &Judging<'_>) {
        let house = court.room.profile.court_house;
        let Some(centre) = house.centre() else { return };
        let slop = fix.accuracy.map_or(0.0, |accuracy| accuracy.0);
        if slop > FixRules::ACCURACY_MAX_M {
            return;
        }
        let distance = centre.distance(fix.at).0;
        if distance <= house.radius_m {
            self.inside_house = Some(true);
        } else if distance > house.radius_m + slop {
            let leaves = self.inside_house == Some(true) && court.room.profile.on_shift(court.now);
            // When it cannot be told now, the next fix tells it.
            if !leaves || self.tell(SeatNews::LeftTheHouse, court.room) {
                self.inside_house = Some(false);
            }
        }
    }

    /// Tells of the arrival at an incident whose place the officer has come near to. The actor reports it,
    /// and says if it is to be watched for again.
    pub(super) fn watch_arrivals(&mut self, fix: &Fix, room: &CourtRoom) {
        let vague = fix.accuracy.is_some_and(|accuracy| accuracy.0 > ON_SCENE_RADIUS_M);
        if vague {
            return;
        }
        let mut goals = mem::take(&mut self.goals);
        goals.retain(|(incident, place)| {
            let near = place.distance(fix.at).0 <= ON_SCENE_RADIUS_M;
            !(near && self.tell(SeatNews::NearTo(*incident), room))
        });
        self.goals = goals;
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

    pub(crate) fn add(&mut self, other: &Self) {
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
