//! Why a command failed, in the words of the wire: one table for sockets and HTTP.

use tiande_actors::case::CaseFault;
use tiande_actors::court::CommandFault;
use tiande_actors::incident::IncidentFault;
use tiande_actors::intake::TipFault;
use tiande_actors::officer::OfficerFault;
use tiande_actors::ports::AppendFault;
use tiande_core::case::CaseRefusal;
use tiande_core::file::RefusalClass;
use tiande_core::incident::IncidentRefusal;
use tiande_core::nodes::NodeRefusal;
use tiande_core::officer::OfficerRefusal;

use super::problem::Problem;
use crate::sockets::Refusal;

const fn refusal(code: &'static str, title: &'static str) -> Refusal {
    Refusal { code, title }
}

/// A field of the frame has a value that is none.
pub const FIELD_INVALID: Refusal = refusal("field-invalid", "a field is not valid");
const NOT_FOUND: Refusal = refusal("not-found", "not found");
const FORBIDDEN: Refusal = refusal("forbidden", "not permitted");
const OVERLOADED: Refusal = refusal("overloaded", "too much is going on; try again");
const STOPPING: Refusal = refusal("stopping", "the server is stopping; try again");
const JOURNAL: Refusal =
    refusal("journal-unavailable", "the decision could not be recorded; try again");
const STORAGE_FULL: Refusal = refusal("storage-full", "the server has no room left");
const STATE_CONFLICT: Refusal = refusal("state-conflict", "its state does not allow this now");

/// The stable code and words for a fault.
#[must_use]
pub fn refusal_of(fault: &CommandFault) -> Refusal {
    match fault {
        CommandFault::NotFound => NOT_FOUND,
        CommandFault::Forbidden => FORBIDDEN,
        CommandFault::OfferUnknown => refusal("offer-unknown", "no such offer of yours"),
        CommandFault::Overloaded => OVERLOADED,
        CommandFault::Stopping => STOPPING,
        CommandFault::NoAnswer | CommandFault::Read(_) => JOURNAL,
        CommandFault::Append(fault) => append(fault),
        CommandFault::Incident(fault) => incident(fault),
        CommandFault::Officer(OfficerFault::Refused(refusal)) => officer(*refusal),
        CommandFault::Officer(OfficerFault::Append(fault)) => append(fault),
        CommandFault::Officer(OfficerFault::Overloaded) => OVERLOADED,
        CommandFault::Case(CaseFault::Append(fault)) => append(fault),
        CommandFault::Case(CaseFault::Busy) => OVERLOADED,
        CommandFault::Case(CaseFault::Refused(why)) => case(*why),
        CommandFault::Sos(TipFault::Incident(fault)) => incident(fault),
        CommandFault::Sos(TipFault::Overloaded) => OVERLOADED,
        CommandFault::Sos(TipFault::Mismatch) => STATE_CONFLICT,
        CommandFault::Sos(TipFault::NoAnswer | TipFault::Read(_)) => JOURNAL,
    }
}

/// What somebody has written is at fault, or how the case stands.
fn case(why: CaseRefusal) -> Refusal {
    match why {
        CaseRefusal::Words | CaseRefusal::Parties => FIELD_INVALID,
        CaseRefusal::Node(
            NodeRefusal::UnknownNode
            | NodeRefusal::UnknownReason
            | NodeRefusal::NoClock
            | NodeRefusal::Document
            | NodeRefusal::Reversed
            | NodeRefusal::Future
            | NodeRefusal::NotExtendable,
        ) => FIELD_INVALID,
        CaseRefusal::File(why) => match why.class() {
            RefusalClass::Invalid => FIELD_INVALID,
            RefusalClass::Forbidden => FORBIDDEN,
            RefusalClass::Conflict => STATE_CONFLICT,
        },
        CaseRefusal::NotHandler | CaseRefusal::OwnAnswer => FORBIDDEN,
        CaseRefusal::Node(_)
        | CaseRefusal::AlreadyOpen
        | CaseRefusal::NotOpen
        | CaseRefusal::NotEscalated
        | CaseRefusal::NothingOwed
        | CaseRefusal::NothingAnswered => STATE_CONFLICT,
    }
}

fn append(fault: &AppendFault) -> Refusal {
    match fault {
        AppendFault::StorageFull => STORAGE_FULL,
        AppendFault::Unavailable | AppendFault::Unknown | AppendFault::Conflict { .. } => JOURNAL,
        AppendFault::DuplicateDelivery | AppendFault::Violates(_) => STATE_CONFLICT,
    }
}

fn incident(fault: &IncidentFault) -> Refusal {
    match fault {
        IncidentFault::Append(fault) => append(fault),
        IncidentFault::Busy => OVERLOADED,
        IncidentFault::NoSuchOfficer(_) => NOT_FOUND,
        IncidentFault::Refused(why) => match why {
            IncidentRefusal::OfferUnknown => refusal("offer-unknown", "no such offer of yours"),
            IncidentRefusal::OfferExpired => refusal("offer-expired", "the offer's time is over"),
            IncidentRefusal::OfferWithdrawn => {
                refusal("offer-withdrawn", "the offer was withdrawn")
            }
            IncidentRefusal::OfferReassigned => refusal("offer-reassigned", "others have taken it"),
            IncidentRefusal::OfferDeclined => refusal("offer-declined", "you have declined it"),
            IncidentRefusal::NoPlace => refusal("place-missing", "nobody knows where it is"),
            IncidentRefusal::NotOpen => NOT_FOUND,
            IncidentRefusal::NotCrew => refusal("not-crew", "that officer is not on this incident"),
            IncidentRefusal::Excluded => {
                refusal("conflict-of-interest", "that officer must not go")
            }
            IncidentRefusal::TipNotMerged => {
                refusal("tip-not-merged", "that tip is none that was merged into it")
            }
            IncidentRefusal::Unlike => STATE_CONFLICT,
            IncidentRefusal::Closed(_) => refusal("incident-closed", "the incident is over"),
            IncidentRefusal::AlreadyOpen | IncidentRefusal::OfferAccepted => STATE_CONFLICT,
            IncidentRefusal::Officer(why) => officer(*why),
        },
    }
}

fn officer(why: OfficerRefusal) -> Refusal {
    match why {
        OfficerRefusal::OffDuty => refusal("officer-off-duty", "that officer is off duty"),
        OfficerRefusal::OnBreak => refusal("officer-on-break", "that officer is on a break"),
        OfficerRefusal::OutOfContact => refusal("officer-out-of-contact", "the device is silent"),
        OfficerRefusal::OfferOpen(_) => refusal("officer-offered", "that officer weighs an offer"),
        OfficerRefusal::Committed(_) => {
            refusal("officer-committed", "that officer is on an incident")
        }
        OfficerRefusal::InSos => refusal("officer-in-sos", "that officer calls for help"),
        OfficerRefusal::StackFull => refusal("stack-full", "that officer holds enough incidents"),
        OfficerRefusal::NoSuchOffer => refusal("offer-withdrawn", "the offer was withdrawn"),
        OfficerRefusal::OfferExpired => refusal("offer-expired", "the offer's time is over"),
        OfficerRefusal::NotCommitted => refusal("not-crew", "that officer is not on this incident"),
        OfficerRefusal::AlreadyRegistered | OfficerRefusal::NotRegistered => STATE_CONFLICT,
    }
}

impl From<&CommandFault> for Problem {
    fn from(fault: &CommandFault) -> Self {
        let refusal = refusal_of(fault);
        let problem = match refusal.code {
            "not-found" => Self::not_found(),
            "forbidden" => Self::forbidden(),
            "field-invalid" => Self::field_invalid(),
            "overloaded" => Self::overloaded(),
            "stopping" => Self::stopping(),
            "journal-unavailable" => Self::journal_unavailable(),
            "storage-full" => Self::storage_full(),
            _ => Self::state_conflict(),
        };
        match fault {
            CommandFault::Case(CaseFault::Refused(why)) => problem.with_detail(why.to_string()),
            _ => problem,
        }
    }
}
