//! Open incidents and alarms as consoles show them. Kept in the room and not in the board's mailbox, so
//! that it is whole also when news had to be dropped.

use std::collections::BTreeMap;
use std::sync::Arc;

use tiande_core::ids::{AlarmId, IncidentId};

use crate::ports::journal::{Audience, OpenAlarm};
use crate::views::IncidentView;

use super::BoardNews;

/// What a console that comes in gets to see, beside officers.
#[derive(Default)]
pub(crate) struct Shown {
    incidents: BTreeMap<IncidentId, Arc<IncidentView>>,
    alarms: BTreeMap<AlarmId, OpenAlarm>,
}

impl Shown {
    /// Puts alarms there that are open from before.
    pub(super) fn begin(&mut self, alarms: Vec<OpenAlarm>) {
        self.alarms.extend(alarms.into_iter().map(|alarm| (alarm.alarm, alarm)));
    }

    /// True when consoles show this incident as open.
    pub(crate) fn has_incident(&self, incident: IncidentId) -> bool {
        self.incidents.contains_key(&incident)
    }

    /// How consoles show this incident, if they show it as open.
    pub(crate) fn incident(&self, incident: IncidentId) -> Option<&Arc<IncidentView>> {
        self.incidents.get(&incident)
    }

    /// Alarms about this incident that consoles show.
    pub(crate) fn alarms_about(&self, incident: IncidentId) -> Vec<AlarmId> {
        let about = |alarm: &&OpenAlarm| alarm.incident == Some(incident);
        self.alarms.values().filter(about).map(|alarm| alarm.alarm).collect()
    }

    /// Alarms of this kind that consoles show.
    pub(crate) fn alarms_of(&self, kind: &str) -> Vec<(AlarmId, Audience)> {
        let alarms = self.alarms.values().filter(|alarm| alarm.kind == kind);
        alarms.map(|alarm| (alarm.alarm, alarm.audience)).collect()
    }

    /// An alarm that nobody has acknowledged.
    pub(super) fn alarm(&self, alarm: AlarmId) -> Option<OpenAlarm> {
        self.alarms.get(&alarm).cloned()
    }

    /// Everything open, with the alarms of these audiences.
    pub(super) fn all(&self, of: &[Audience]) -> (Vec<Arc<IncidentView>>, Vec<OpenAlarm>) {
        let alarms = self.alarms.values().filter(|alarm| of.contains(&alarm.audience));
        (self.incidents.values().cloned().collect(), alarms.cloned().collect())
    }

    /// Takes news in.
    pub(crate) fn take(&mut self, news: &BoardNews) {
        match news {
            BoardNews::Officer(_) | BoardNews::Feed(_) => {}
            BoardNews::Incident(view) if view.closed_at.is_some() => {
                self.incidents.remove(&view.brief.id);
                self.alarms.retain(|_, alarm| alarm.incident != Some(view.brief.id));
            }
            BoardNews::Incident(view) => {
                self.incidents.insert(view.brief.id, Arc::clone(view));
            }
            BoardNews::Alarm(alarm) => {
                self.alarms.insert(alarm.alarm, alarm.clone());
            }
            BoardNews::AlarmAcked { alarm, .. } => {
                self.alarms.remove(alarm);
            }
        }
    }
}
