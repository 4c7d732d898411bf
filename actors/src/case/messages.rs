//! What a case's actor is asked, and what it says.

use actix::prelude::*;
use tiande_core::case::{Case, CaseCommand, CaseRefusal};
use tiande_core::journal::By;
use tiande_core::time::UnixMillis;

use crate::ports::journal::{Append, AppendFault, StreamAppend};

/// Asks a case for its part in somebody else's decision.
#[derive(Debug, Message)]
#[rtype(result = "CaseAnswer")]
pub struct AskCase {
    /// What it is to do.
    pub command: CaseCommand,
}

/// What the case says.
#[derive(Debug)]
pub enum CaseAnswer {
    /// Agreed. Held until settled, when there is something to append.
    Granted(Option<StreamAppend>),
    /// In the middle of another decision.
    Busy,
    /// The rules say no.
    Refused(CaseRefusal),
}

/// The decision the case agreed to is durable, or is not.
#[derive(Debug, Message)]
#[rtype(result = "()")]
pub struct SettleCase {
    /// `Some(true)`: durable. `Some(false)`: nothing was written. `None`: not known.
    pub written: Option<bool>,
}

/// A command to the case alone.
#[derive(Debug, Message)]
#[rtype(result = "Result<(), CaseFault>")]
pub struct OrderCase {
    /// What.
    pub command: CaseCommand,
    /// Who wants it.
    pub by: By,
}

/// Why a command to a case failed.
#[derive(Debug, Clone)]
pub enum CaseFault {
    /// The rules say no.
    Refused(CaseRefusal),
    /// The journal does.
    Append(AppendFault),
    /// In the middle of another decision.
    Busy,
}

/// Asks how the case stands.
#[derive(Debug, Message)]
#[rtype(result = "Box<Case>")]
pub struct LookAtCase;

/// Asks at which moments up to that one something is to happen by itself, ascending.
#[derive(Debug, Message)]
#[rtype(result = "Vec<UnixMillis>")]
pub(crate) struct MomentsUpTo(pub(crate) UnixMillis);

/// The case's clock rings: it prepares what is due up to a moment, and holds it until settled.
#[derive(Debug, Message)]
#[rtype(result = "RingAnswer")]
pub(crate) struct RingCase {
    /// Up to which moment; not after `now`.
    pub(crate) upto: UnixMillis,
    /// Court time.
    pub(crate) now: UnixMillis,
}

/// What the case says to that.
#[derive(Debug)]
pub(crate) enum RingAnswer {
    /// To be written, then settled.
    Due(Box<Append>),
    /// In the middle of another decision.
    Busy,
    /// The procedure that it runs by is not at hand.
    NoRules,
}
