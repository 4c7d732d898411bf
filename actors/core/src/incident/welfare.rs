//! Is everybody on scene all right? An officer who has said nothing for too long is asked; who does not
//! answer is an alarm, at the centre and then at the director.
//!
//! Only what a person does is a sign of life: a telephone that lies in the grass still reports where it
//! is. **Not here:** the silence of a device (`officer`: out of contact).

use serde::{Deserialize, Serialize};

use crate::ids::{AlarmId, OfficerId};
use crate::officer::{OfficerPart, Stage};
use crate::time::{Millis, UnixMillis};

use super::command::{Decided, IncidentRefusal};
use super::event::IncidentEvent;
use super::state::{AlarmLevel, Incident};

/// How long things may take before time alone changes something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// Without enough officers for so long: the director is alarmed. The same after the centre's alarm
    /// about an officer who does not answer.
    pub director_after: Millis,
    /// Silent on scene for so long: the officer is asked.
    pub silent_after: Millis,
    /// Asked, and no answer for so long: the centre is alarmed.
    pub answer_within: Millis,
}

/// What is known of a crew member's well-being.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Welfare {
    /// Heard of at that moment; nothing is asked.
    Heard(UnixMillis),
    /// Asked at that moment, and not answered yet.
    Asked(UnixMillis),
    /// Did not answer; alarmed at that moment, up to that level.
    Alarmed(UnixMillis, AlarmLevel),
}

/// What is due about one crew member.
enum Due {
    Ask,
    Alarm(AlarmLevel),
}

impl Welfare {
    /// The next moment at which something is due on scene, and what.
    fn next(self, patience: Patience) -> Option<(UnixMillis, Due)> {
        match self {
            Self::Heard(at) => Some((at.plus(patience.silent_after), Due::Ask)),
            Self::Asked(at) => {
                Some((at.plus(patience.answer_within), Due::Alarm(AlarmLevel::Centre)))
            }
            Self::Alarmed(at, AlarmLevel::Centre) => {
                Some((at.plus(patience.director_after), Due::Alarm(AlarmLevel::Director)))
            }
            Self::Alarmed(_, AlarmLevel::Director) => None,
        }
    }
}

impl Incident {
    fn welfare_due(
        &self,
        patience: Patience,
    ) -> impl Iterator<Item = (UnixMillis, OfficerId, Due)> {
        let on_scene = self.crew.iter().filter(|(_, member)| member.stage == Stage::OnScene);
        on_scene.filter_map(move |(officer, member)| {
            member.welfare.next(patience).map(|(at, due)| (at, *officer, due))
        })
    }

    /// The next moment at which somebody on scene is to be asked, or an alarm is due.
    pub(super) fn next_welfare_due(&self, patience: Patience) -> Option<UnixMillis> {
        self.welfare_due(patience).map(|(at, _, _)| at).min()
    }

    /// Asks who is due, and raises at most one alarm, under the identity given; the next one is due at
    /// once and gets an identity of its own.
    pub(super) fn look_after_crew(
        &self,
        alarm: AlarmId,
        patience: Patience,
        now: UnixMillis,
        decided: &mut Decided,
    ) {
        let mut alarmed = false;
        for (_, officer, due) in self.welfare_due(patience).filter(|(at, _, _)| now >= *at) {
            match due {
                Due::Ask => {
                    decided.events.push(IncidentEvent::WelfareAsked { officer });
                    let part = OfficerPart::BeAskedWell { incident: self.id };
                    decided.parts.push((officer, part));
                }
                Due::Alarm(level) if !alarmed => {
                    alarmed = true;
                    decided.events.push(IncidentEvent::WelfareAlarmed { officer, level, alarm });
                }
                Due::Alarm(_) => {}
            }
        }
    }

    /// A crew member says that all is well. Also unasked: it starts the wait anew.
    pub(super) fn report_well(&self, officer: OfficerId) -> Result<Decided, IncidentRefusal> {
        if !self.crew.contains_key(&officer) {
            let done = self.outcomes.iter().any(|(who, _)| *who == officer);
            return if done { Ok(Decided::default()) } else { Err(IncidentRefusal::NotCrew) };
        }
        Ok(Decided {
            events: vec![IncidentEvent::WelfareAnswered { officer }],
            parts: vec![(officer, OfficerPart::SayWell { incident: self.id })],
        })
    }
}

#[cfg(test)]
#[path = "welfare_tests.rs"]
mod tests;
