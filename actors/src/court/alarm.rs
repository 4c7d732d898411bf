//! Alarms that are no part of somebody's decision: something of the system itself is wrong.

use tiande_core::ids::{AlarmId, IncidentId, OfficerId};
use tiande_core::journal::By;
use tracing::error;

use crate::board::BoardNews;
use crate::ports::journal::{Audience, NoticeChange, OpenAlarm};

use super::desk::notice_only;
use super::room::CourtRoom;

/// What an alarm is about.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    pub(super) incident: Option<IncidentId>,
    pub(super) officer: Option<OfficerId>,
}

/// Raises it: written, and shown in any case, because a failing machine may be what it is about.
pub(super) async fn raise(room: &CourtRoom, audience: Audience, kind: &str, about: About) {
    let About { incident, officer } = about;
    let (alarm, at) = (room.new_id(AlarmId::new), room.now());
    let kind = kind.to_owned();
    let open = OpenAlarm { alarm, audience, kind: kind.clone(), incident, officer, node: None, at };
    let notice = NoticeChange::Raise { alarm, audience, kind, incident, officer, node: None };
    if let Err(fault) = room.journal.append(notice_only(room, By::System, notice)).await {
        error!(%fault, "an alarm could not be written");
    }
    room.publish(BoardNews::Alarm(open));
}
