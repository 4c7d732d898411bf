//! What can be wrong with a procedure, and where.

use super::NodeCode;

/// Where a fault is; positions count from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum ProcedureSpot {
    /// One of the keys at its top.
    Head(&'static str),
    /// A reason.
    Reason(usize),
    /// An event.
    Event(usize),
    /// A document.
    Document(usize),
    /// One of a node's keys.
    Node(usize, &'static str),
}

/// What is wrong with a procedure. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProcedureFault {
    /// Name.
    #[error("the name must be 1–32 of a–z, 0–9 and -")]
    Name,
    /// Version.
    #[error("the version must be 1–1000000")]
    Version,
    /// A date.
    #[error("{0:?} is no date such as 2026-12-01")]
    Date(String),
    /// Answer.
    #[error("an answer is owed within 1–30 working days")]
    AnswerDays,
    /// Nobody to climb to.
    #[error("the ladder needs at least one office")]
    NoLadder,
    /// No row.
    #[error("a procedure needs at least one [[node]], and may have 500")]
    Nodes,
    /// The code of an entry.
    #[error("the code must be 1–48 of a–z, 0–9 and _")]
    EntryCode,
    /// The code of a row.
    #[error("{0:?} is no node's code: a capital letter, two digits, perhaps one more letter")]
    Code(String),
    /// Twice.
    #[error("the code {0} is used twice; it is also in the node before")]
    DoubledCode(NodeCode),
    /// Text.
    #[error("the text must have 1–200 characters and no control characters")]
    Text,
    /// None or several.
    #[error("start needs exactly one of event, after and before_end_of")]
    StartForm,
    /// Not in the table.
    #[error("unknown start: there is no event {0:?} in [events]")]
    UnknownEvent(String),
    /// Not a row.
    #[error("unknown start: there is no node {0:?}")]
    UnknownNode(String),
    /// Not after a node.
    #[error("by_hand is for a start after another node only: all others are started by somebody")]
    ByHand,
    /// By two things, or by documents it does not have.
    #[error(
        "done_by is for nodes that no incident reaches, and documents_issued for those with documents"
    )]
    DoneBy,
    /// Not in minutes.
    #[error(
        "what an incident reaches by itself is a deadline in minutes or hours that starts with the event \"tip_sent\" or after another such node"
    )]
    IncidentClock,
    /// Somebody else.
    #[error("an incident's clock alarms command_centre, director and president only")]
    IncidentOffice,
    /// Words are missing, or too many.
    #[error(
        "a start at another node needs its words, zh and en; one at an event has those of [events]"
    )]
    StartWords,
    /// Forwards.
    #[error("before_end_of is for kind \"backwards\" only")]
    NotBackwards,
    /// Not a running period.
    #[error(
        "{0} has no unrolled last day to count back from: it must be a deadline in days, months or years"
    )]
    NoEnd(NodeCode),
    /// In a circle.
    #[error("these nodes start each other in a circle: {0}")]
    Cycle(String),
    /// No such unit.
    #[error("unknown unit {0:?}: use days, working_days, months, years, hours or minutes")]
    UnknownUnit(String),
    /// Out of range.
    #[error("the limit must be 1–{0}")]
    LimitRange(u32),
    /// Not in hours.
    #[error("exact is for limits in hours only; minutes are exact anyway")]
    ExactUnit,
    /// No such kind.
    #[error(
        "unknown kind {0:?}: use deadline, expiry, minimum_wait, backwards, recurring or condition"
    )]
    UnknownKind(String),
    /// The kind cannot have it.
    #[error("a node of kind {0} cannot be counted in {1}")]
    UnitOfKind(&'static str, &'static str),
    /// Missing or surplus.
    #[error("rounds must be 2–100 for kind \"recurring\", and be left out for others")]
    Rounds,
    /// Not an offset.
    #[error("{0:?} is no warning such as 5d, 4h or 2min")]
    Warning(String),
    /// Of the wrong unit.
    #[error(
        "{0:?}: a limit in days or longer is warned of in days, one in hours or minutes in h or min"
    )]
    WarningUnit(String),
    /// Before the start.
    #[error("{0:?} is not shorter than the limit: it would warn before the clock runs")]
    WarningTooLong(String),
    /// Out of order.
    #[error("warnings must be at most 8, the longest first, each once")]
    WarningOrder,
    /// None or several.
    #[error("a node needs exactly one of documents, one_of and no_document")]
    DocumentForm,
    /// Not in the table.
    #[error("missing document: there is no {0:?} in [documents]")]
    UnknownDocument(String),
    /// No such office.
    #[error(
        "unknown role {0:?}: use handler, applicant, filing_head, finance, command_centre, director, president or discipline"
    )]
    UnknownOffice(String),
    /// Nobody.
    #[error("somebody must be alarmed")]
    NoOffice,
    /// Twice.
    #[error("{0:?} is named twice")]
    Twice(String),
    /// No such word.
    #[error("unknown {what} {word:?}: use {known}")]
    UnknownWord {
        /// What it should be.
        what: &'static str,
        /// What is there.
        word: String,
        /// What may be there.
        known: String,
    },
    /// Not in the table.
    #[error("unknown reason: there is no {0:?} in [reasons]")]
    UnknownReason(String),
    /// Must not be stopped.
    #[error("a node of kind {0} is never suspended: leave suspended_by empty")]
    NeverSuspended(&'static str),
    /// Whole days only.
    #[error("suspensions count whole days: a limit in hours or minutes cannot be suspended")]
    SuspendedHours,
    /// Contradiction.
    #[error(
        "rank \"court_default\" and sure \"default\" belong together: a default has no text behind it"
    )]
    RankAndSure,
}
