//! What an incident's actor understands.

use std::sync::Arc;

use actix::prelude::*;
use tiande_core::ids::{CaseId, OfferId, OfficerId};
use tiande_core::incident::{IncidentCommand, IncidentRefusal};
use tiande_core::journal::By;

use crate::ports::journal::{AppendFault, Delivery, StreamAppend};
use crate::views::{DecisionView, IncidentView};

/// A command to an incident. Handled one after the other; answered when durable.
#[derive(Debug, Message)]
#[rtype(result = "Result<IncidentDone, IncidentFault>")]
pub struct OrderIncident {
    /// What.
    pub command: IncidentCommand,
    /// Who wants it.
    pub by: By,
    /// A fixed code for the reason; a person's words belong into the command.
    pub why: Option<String>,
    /// What becomes durable with it.
    pub beside: Beside,
}

impl OrderIncident {
    /// A command without anything beside it.
    #[must_use]
    pub fn by(by: By, command: IncidentCommand) -> Self {
        Self { command, by, why: None, beside: Beside::default() }
    }
}

/// What becomes durable together with an incident's decision.
#[derive(Debug, Default)]
pub struct Beside {
    /// Streams nobody else writes, such as the new tip's.
    pub streams: Vec<StreamAppend>,
    /// The case that gets a link to the incident.
    pub case: Option<CaseId>,
    /// The webhook delivery it answers.
    pub delivery: Option<Delivery>,
}

/// The command is done and durable.
#[derive(Debug, Clone)]
pub struct IncidentDone {
    /// How the incident stands now.
    pub view: Arc<IncidentView>,
}

/// Why a command to an incident failed.
#[derive(Debug, Clone)]
pub enum IncidentFault {
    /// The rules say no.
    Refused(IncidentRefusal),
    /// The journal does.
    Append(AppendFault),
    /// An officer it concerns stayed in the middle of another decision.
    Busy,
    /// An officer it concerns is not of this court, or not there now.
    NoSuchOfficer(OfficerId),
}

/// Somebody has become free: look again.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct Nudge;

/// An officer's actor was rebuilt and knows nothing of what this incident is about.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub(crate) struct BriefAgain {
    /// Who.
    pub(crate) officer: OfficerId,
    /// The offer of this incident that the officer weighs, as far as the officer knows.
    pub(crate) offer: Option<OfferId>,
}

/// Asks how an incident stands.
#[derive(Debug, Message)]
#[rtype(result = "Box<SeenIncident>")]
pub struct LookAtIncident {
    /// Also work out who could go, asking nobody.
    pub candidates: bool,
}

/// How an incident stands.
#[derive(Debug, Clone)]
pub struct SeenIncident {
    /// For screens.
    pub view: Arc<IncidentView>,
    /// The newest decision, explained.
    pub decision: Option<DecisionView>,
    /// Who could go now, explained; only when asked for.
    pub candidates: Option<DecisionView>,
}
