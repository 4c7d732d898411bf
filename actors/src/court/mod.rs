//! A court: the room its actors share, the desk that starts, finds and rebuilds them, and the handle
//! by which the edge reaches it.

mod alarm;
mod arrivals;
mod bell;
mod commands;
mod desk;
mod directory;
mod drain;
mod glances;
mod handle;
mod lanes;
mod messages;
mod recount;
mod room;
mod roster;
mod seats;
mod snapshots;
mod time;

pub(crate) use arrivals::Arrivals;
pub use desk::CourtDesk;
pub(crate) use directory::Absent;
pub use handle::{CourtHandle, StartFault};
pub use lanes::{Lanes, Whom};
pub use messages::{
    AcknowledgeAlarm, CaseImport, CaseLook, ClockShown, CommandFault, ConfirmClock,
    ConnectHandheld, ConnectedHandheld, DeskCounts, EnrolOfficer, ForgetTip, IncidentLook,
    IncidentSeen, LookAtClock, LookAtRoster, NoteTrackRead, OfficerDeed, RevokeDevice, SplitOff,
    ToCase, ToIncident, ToOfficer,
};
pub(crate) use room::NEVER_HEARD;
pub use room::{CourtRoom, Idle, RoomPorts};
pub use roster::{DutyOrder, DutyOrdered, EnrolMany};
pub(crate) use seats::SharedSeat;
pub(crate) use snapshots::{Known, Trail};
