//! What a court's desk understands: everything that comes in from the edge but tips.

use actix::prelude::*;
use tiande_core::case::{Case, CaseCommand, CaseNumber, Filed, Party};
use tiande_core::ids::{AlarmId, CaseId, DeviceId, IncidentId, OfferId, OfficerId};
use tiande_core::incident::Outcome;
use tiande_core::journal::By;
use tiande_core::officer::{OfficerPersonal, Stage};
use tiande_core::time::UnixMillis;

use crate::incident::{IncidentDone, IncidentFault, OrderIncident, SeenIncident, SplitTip};
use crate::intake::TipFault;
use crate::officer::{Connected, OfficerFault};
use crate::outbox::Outbox;
use crate::ports::clock::ClockStanding;
use crate::ports::journal::{AppendFault, Audience};
use crate::views::RosterEntry;

/// A handheld has come in.
#[derive(Message)]
#[rtype(result = "Result<ConnectedHandheld, CommandFault>")]
pub struct ConnectHandheld {
    /// Whose.
    pub officer: OfficerId,
    /// Which device.
    pub device: DeviceId,
    /// Where frames for it go.
    pub outbox: Outbox,
}

/// What the socket gets for it.
pub type ConnectedHandheld = Connected;

/// What an officer does with a handheld.
#[derive(Debug, Clone, PartialEq)]
pub enum OfficerDeed {
    /// Begin to work, or end a break.
    GoOnDuty,
    /// Stop working. An offer that waits is declined by it.
    GoOffDuty,
    /// Begin a break. An offer that waits is declined by it.
    StartBreak,
    /// The device shows an offer.
    NoteReceived(OfferId),
    /// Yes.
    Accept(OfferId),
    /// No.
    Decline(OfferId, Option<String>),
    /// Further on the way.
    Progress(IncidentId, Stage),
    /// All is well.
    ReportWell(IncidentId),
    /// Done there.
    Finish(IncidentId, Outcome, Option<String>),
}

/// An officer does something.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct ToOfficer {
    /// Who.
    pub officer: OfficerId,
    /// With which device.
    pub device: DeviceId,
    /// What.
    pub deed: OfficerDeed,
}

/// Somebody at a desk commands an incident.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentDone, CommandFault>")]
pub struct ToIncident {
    /// Which.
    pub incident: IncidentId,
    /// What.
    pub order: OrderIncident,
}

/// Somebody at a desk gives a merged tip an incident of its own; the answer is that incident.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentId, CommandFault>")]
pub struct SplitOff {
    /// From which.
    pub incident: IncidentId,
    /// What.
    pub order: SplitTip,
}

/// A tip was forgotten: these incidents told of it. The answer comes when no actor holds it any more,
/// nor the board news of it.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct ForgetTip {
    /// Which.
    pub incidents: Vec<IncidentId>,
}

/// Somebody looks at an incident.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentSeen, CommandFault>")]
pub struct IncidentLook {
    /// Which.
    pub incident: IncidentId,
    /// Also work out who could go now.
    pub candidates: bool,
}

/// How it stands.
pub type IncidentSeen = SeenIncident;

/// Somebody takes note of an alarm.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct AcknowledgeAlarm {
    /// Which.
    pub alarm: AlarmId,
    /// Name of that person.
    pub by: String,
    /// Whose alarms that person may acknowledge.
    pub audiences: Vec<Audience>,
    /// For the journal.
    pub who: tiande_core::journal::By,
}

/// Somebody asks what time it is for deadlines.
#[derive(Debug, Message)]
#[rtype(result = "Result<ClockShown, CommandFault>")]
pub struct LookAtClock;

/// An operator has looked at the wall clock and says that it is right: court time goes on by it, and what
/// is due by then fires.
#[derive(Debug, Message)]
#[rtype(result = "Result<ClockShown, CommandFault>")]
pub struct ConfirmClock;

/// What time it is for deadlines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockShown {
    /// Court time.
    pub court_time: UnixMillis,
    /// How the machine's clock stands.
    pub standing: ClockStanding,
}

/// An officer becomes known to the court.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct EnrolOfficer {
    /// Identity.
    pub officer: OfficerId,
    /// Name and badge.
    pub personal: OfficerPersonal,
    /// Skills.
    pub skills: Vec<String>,
}

/// Somebody is about to read where an officer was; resolves when that is written.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct NoteTrackRead {
    /// Whose track.
    pub officer: OfficerId,
    /// Begin of what is read.
    pub from: UnixMillis,
    /// End of it.
    pub to: UnixMillis,
    /// What the reader gave as the reason.
    pub reason: Option<String>,
    /// The reader.
    pub by: By,
}

/// A case becomes known to the court.
#[derive(Debug, Message)]
#[rtype(result = "Result<CaseId, CommandFault>")]
pub struct CaseImport {
    /// Its number.
    pub number: CaseNumber,
    /// Its parties.
    pub parties: Vec<Party>,
    /// What was filed, if that is known.
    pub filing: Option<Filed>,
    /// Who makes it known.
    pub by: By,
    /// It is refused when there is a case of that number; else that one is the answer.
    pub only_new: bool,
}

/// Asks for all officers of the court.
#[derive(Debug, Message)]
#[rtype(result = "Result<Vec<RosterEntry>, CommandFault>")]
pub struct LookAtRoster;

/// Asks how a case stands.
#[derive(Debug, Message)]
#[rtype(result = "Result<Box<Case>, CommandFault>")]
pub struct CaseLook(pub CaseId);

/// A command to a case.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct ToCase {
    /// Which.
    pub case: CaseId,
    /// What.
    pub command: CaseCommand,
    /// Who wants it.
    pub by: By,
}

/// A device is not to be trusted any more: its socket is closed.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CommandFault>")]
pub struct RevokeDevice {
    /// Whose.
    pub officer: OfficerId,
    /// Which.
    pub device: DeviceId,
}

/// How much is awake, for metrics and tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeskCounts {
    /// Officers' actors.
    pub officers: usize,
    /// Incidents' actors.
    pub incidents: usize,
    /// Cases' actors.
    pub cases: usize,
}

/// Why a command failed.
#[derive(Debug, Clone)]
pub enum CommandFault {
    /// There is no such thing, or not for this caller.
    NotFound,
    /// The caller may not.
    Forbidden,
    /// No such offer of this officer.
    OfferUnknown,
    /// An incident says no, or its journal.
    Incident(IncidentFault),
    /// An officer says no, or its journal.
    Officer(OfficerFault),
    /// A case says no.
    Case(crate::case::CaseFault),
    /// A call for help failed.
    Sos(TipFault),
    /// The journal refuses.
    Append(AppendFault),
    /// The journal cannot be read.
    Read(crate::ports::journal::ReadFault),
    /// Too much is going on: come back.
    Overloaded,
    /// The server is going down.
    Stopping,
    /// The actor ended before it answered. Whether it acted is not known; the same command again is
    /// safe.
    NoAnswer,
}
