//! What an officer's actor understands.

use std::sync::Arc;

use actix::prelude::*;
use tiande_core::ids::{DeviceId, IncidentId};
use tiande_core::journal::By;
use tiande_core::officer::{OfficerCommand, OfficerPart, OfficerRefusal};
use tiande_core::time::UnixMillis;

use crate::outbox::Outbox;
use crate::ports::journal::{AppendFault, StreamAppend};
use crate::views::IncidentBrief;

use super::{FixLane, Link};

/// An incident asks for this officer's part in its decision.
#[derive(Debug, Message)]
#[rtype(result = "OfficerAnswer")]
pub struct AskOfficer {
    /// What the officer is to agree to, in order; all or nothing.
    pub parts: Vec<OfficerPart>,
    /// The moment of the decision.
    pub now: UnixMillis,
}

/// The court decides something for many officers in one append, and asks each of them.
#[derive(Debug, Message)]
#[rtype(result = "OfficerAnswer")]
pub(crate) struct AskForMany {
    /// What.
    pub(crate) command: OfficerCommand,
    /// The moment of the decision.
    pub(crate) now: UnixMillis,
}

/// What the officer's actor says.
#[derive(Debug)]
pub enum OfficerAnswer {
    /// Agreed, and held for this decision until it is settled. `None`: nothing changes here, and
    /// nothing is held.
    Granted(Option<StreamAppend>),
    /// Held for another decision. Ask again, or somebody else.
    Busy,
    /// The rules say no.
    Refused(OfficerRefusal),
}

/// Whether a decision became durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Written {
    /// It is durable.
    Yes,
    /// Nothing was written.
    No,
    /// Not known: read the journal.
    Unknown,
}

/// The decision the officer agreed to is over.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SettleOfficer {
    /// How.
    pub written: Written,
    /// What the handheld shows of the incident.
    pub card: Option<Card>,
}

/// A decision that the officer agreed to has been written up to this event of the officer's stream,
/// while the actor that agreed was already gone. Whoever has been rebuilt too early reads again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct CatchUp {
    /// Number of the last event.
    pub(crate) seq: u64,
}

/// What a handheld shows of an incident.
#[derive(Debug, Clone, PartialEq)]
pub struct Card {
    /// Which.
    pub incident: IncidentId,
    /// What officers are told.
    pub brief: Arc<IncidentBrief>,
    /// Geodesic metres when asked.
    pub distance_m: Option<f64>,
    /// When asked.
    pub sent_at: Option<UnixMillis>,
}

/// An incident tells what it is about, again: after a restart, or because it changed.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct BriefOfficer {
    /// What.
    pub card: Card,
}

/// A command that concerns this officer alone.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), OfficerFault>")]
pub struct OrderOfficer {
    /// What.
    pub command: OfficerCommand,
    /// Who wants it.
    pub by: By,
}

/// Why a command to an officer failed.
#[derive(Debug, Clone)]
pub enum OfficerFault {
    /// The rules say no.
    Refused(OfficerRefusal),
    /// The journal does.
    Append(AppendFault),
    /// Too many commands wait already.
    Overloaded,
}

/// A handheld has come in.
#[derive(Message)]
#[rtype(result = "Connected")]
pub struct Connect {
    /// Which device.
    pub device: DeviceId,
    /// Where frames for it go.
    pub outbox: Outbox,
}

/// What the socket gets for it.
pub struct Connected {
    /// Where its positions go.
    pub lane: Arc<FixLane>,
    /// As which connection.
    pub link: Link,
}

/// A handheld is gone.
#[derive(Message)]
#[rtype(result = "()")]
pub struct Disconnect {
    /// Its outbox: an older socket's end must not cut off a newer one.
    pub outbox: Outbox,
}

/// A device is not to be trusted any more.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct Revoke {
    /// Which.
    pub device: DeviceId,
}

/// The server goes down: the handheld is told.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Farewell;
