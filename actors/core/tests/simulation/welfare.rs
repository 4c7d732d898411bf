//! Is everybody on scene looked after? Nobody is asked too early, nobody is forgotten, and an alarm comes
//! when there was no answer, once a level.

use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::incident::{AlarmLevel, IncidentEvent, Patience};
use tiande_core::time::UnixMillis;

use super::invariants::{Check, ensure};
use super::truth::IncidentTruth;

/// What the journal says of somebody on scene.
#[derive(Clone, Copy, Debug)]
pub struct OnScene {
    heard: i64,
    asked: Option<i64>,
    centre: Option<i64>,
    director: bool,
}

impl OnScene {
    pub fn since(at: i64) -> Self {
        Self { heard: at, asked: None, centre: None, director: false }
    }

    /// From when on something should have been done about it.
    fn due(&self, patience: Patience) -> Option<UnixMillis> {
        match (self.asked, self.centre) {
            (None, _) => Some(UnixMillis(self.heard).plus(patience.silent_after)),
            (Some(asked), None) => Some(UnixMillis(asked).plus(patience.answer_within)),
            (Some(_), Some(at)) if !self.director => {
                Some(UnixMillis(at).plus(patience.director_after))
            }
            (Some(_), Some(_)) => None,
        }
    }
}

/// Takes an event in, and says what is wrong with it.
pub fn read(
    id: IncidentId,
    incident: &mut IncidentTruth,
    event: &IncidentEvent,
    at: i64,
    patience: Patience,
) -> Check {
    let (officer, alarm) = match event {
        IncidentEvent::WelfareAsked { officer } => (officer, None),
        IncidentEvent::WelfareAlarmed { officer, level, .. } => (officer, Some(*level)),
        IncidentEvent::WelfareAnswered { officer } => {
            let crew = incident.crew.contains(officer);
            if let Some(known) = incident.scene.get_mut(officer) {
                *known = OnScene::since(at);
            }
            return ensure(crew, "WELFARE", || format!("{officer} answers {id}, and is not on it"));
        }
        _ => return Ok(()),
    };
    let Some(known) = incident.scene.get_mut(officer) else {
        return ensure(false, "WELFARE", || format!("{officer} is not on the scene of {id}"));
    };
    let early = known.due(patience).is_none_or(|due| at < due.0);
    ensure(!early, "WELFARE", || format!("{id}, {officer}: {event:?} at {at}, but {known:?}"))?;
    let in_turn = match alarm {
        None => known.asked.replace(at).is_none(),
        Some(AlarmLevel::Centre) => known.asked.is_some() && known.centre.replace(at).is_none(),
        Some(AlarmLevel::Director) => {
            known.centre.is_some() && !std::mem::replace(&mut known.director, true)
        }
    };
    ensure(in_turn, "WELFARE", || format!("{id}, {officer}: {event:?} is out of turn"))
}

/// Who should have been asked by now, or is silent without an alarm.
pub fn neglected(incident: &IncidentTruth, now: i64, patience: Patience) -> Vec<OfficerId> {
    let due = |known: &OnScene| known.due(patience).is_some_and(|due| due.0 <= now);
    let scene = incident.scene.iter().filter(|(_, known)| due(known));
    scene.map(|(officer, _)| *officer).collect()
}
