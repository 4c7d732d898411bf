//! The dispatchers: one key now and then, on whatever waits for it.

use tiande_core::geo::{LatLon, Metres, Place};
use tiande_core::ids::{IncidentId, OfferId, OfficerId};
use tiande_core::incident::IncidentCommand;

use super::invariants::Check;
use super::server::{Caller, Want};
use super::truth::Status;
use super::world::{Happening, World};

impl World {
    pub fn desk_acts(&mut self) -> Check {
        self.agenda.push(self.now + self.rng.range(1_500, 6_000), Happening::DeskActs);
        if self.rng.chance(100) {
            return self.split();
        }
        let open: Vec<(IncidentId, Status)> = self
            .truth
            .incidents
            .iter()
            .filter(|(_, incident)| incident.over.is_none() || self.now % 7 == 0)
            .map(|(id, incident)| (*id, incident.status()))
            .collect();
        let Some((incident, status)) = self.rng.pick(&open).copied() else { return Ok(()) };
        let command = match (status, self.rng.below(10)) {
            (_, 0) if !self.calm => self.assign(),
            (Status::AwaitingPlace, 1..9) => Some(self.place()),
            (Status::AwaitingDispatch, 1..9) => Some(IncidentCommand::Dispatch),
            (Status::Queued, 1..6) => Some(IncidentCommand::Dispatch),
            (Status::Queued | Status::Exhausted, 6..9) => self.assign(),
            (Status::Underway | Status::Exhausted | Status::Searching, 1..3) => {
                self.release(incident)
            }
            (Status::Searching, 3) => Some(self.place()),
            (Status::Underway | Status::Exhausted, 3 | 4) => self.assign(),
            (_, 9) if self.rng.chance(300) => {
                Some(IncidentCommand::Cancel { reason: "误报".into() })
            }
            _ => None,
        };
        match command {
            Some(command) => self.job(Caller::Desk, Want::Incident { incident, command }),
            None => Ok(()),
        }
    }

    fn place(&mut self) -> IncidentCommand {
        let (lat, lon) = (35.1 + self.rng.unit() * 0.2, 114.5 + self.rng.unit() * 0.3);
        let at = LatLon::new(lat, lon).expect("a place");
        IncidentCommand::SetPlace { place: Place { at, accuracy: Some(Metres(30.0)) } }
    }

    fn anybody(&mut self) -> Option<OfficerId> {
        self.rng.pick(&self.devices).map(|device| device.officer)
    }

    fn assign(&mut self) -> Option<IncidentCommand> {
        let officer = self.anybody()?;
        let offer = OfferId::new(self.wall(), &mut self.ids);
        let stack_max = self.court.dispatch.stack_max;
        let stack = self.rng.chance(500);
        let reason = self.rng.chance(500).then(|| "离得最近".to_owned());
        Some(IncidentCommand::Assign { offer, officer, stack, stack_max, reason })
    }

    fn release(&mut self, incident: IncidentId) -> Option<IncidentCommand> {
        let crew: Vec<OfficerId> =
            self.truth.incidents.get(&incident)?.crew.iter().copied().collect();
        let officer = *self.rng.pick(&crew)?;
        Some(IncidentCommand::Release { officer, reason: "另有任务".into() })
    }
}
