//! What may be asked of a case, and why it refuses.

use super::{CaseNumber, Party};
use crate::file::{Acting, FileCommand, FileRefusal, Filing, Particulars};
use crate::ids::{IncidentId, UserId};
use crate::nodes::{NodeCommand, NodeRefusal};
use crate::procedure::NodeCode;
use crate::time::UnixMillis;

/// What a case is filed with.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed {
    /// What it is about.
    pub filing: Filing,
    /// When it was docketed, if it was.
    pub docketed: Option<UnixMillis>,
    /// The instrument's number as title, the claim in words as text.
    pub words: Particulars,
}

/// What can be asked of a case. Who may ask for what is the access policy's.
#[derive(Clone, Debug, PartialEq)]
pub enum CaseCommand {
    /// Take the case in.
    Open {
        /// Its number.
        number: CaseNumber,
        /// Its parties, 1..=200.
        parties: Vec<Party>,
        /// What was filed; `None` for a case that is only known by its number.
        filing: Option<Filed>,
    },
    /// Note an incident of this case, and how far it is. Safe to repeat.
    LinkIncident {
        /// Which.
        incident: IncidentId,
        /// Of an emergency: the procedure's nodes that it has reached, and when.
        steps: Vec<(NodeCode, UnixMillis)>,
    },
    /// Give the case to somebody.
    SetHandler {
        /// To whom.
        handler: UserId,
        /// Why; needed when it is taken from somebody else.
        reason: String,
    },
    /// Something about its nodes.
    Node(NodeCommand),
    /// Something about its file.
    File {
        /// Who wants it.
        by: Acting,
        /// What.
        command: Box<FileCommand>,
        /// What is said with it.
        words: Particulars,
    },
    /// Something about an escalation.
    Escalation {
        /// Of which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Who does it.
        by: UserId,
        /// What.
        act: EscalationAct,
    },
    /// Hold back what the applicant is told, until an operation is over.
    HoldNotices {
        /// Who decides it.
        by: UserId,
        /// Why.
        reason: String,
    },
    /// Tell what was held back, and go on telling.
    ReleaseNotices {
        /// Who decides it.
        by: UserId,
    },
}

/// What is done about an escalation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EscalationAct {
    /// Take note. Who was first stays.
    Acknowledge,
    /// Answer, as the handler.
    Answer(String),
    /// The answer is good; it is over.
    Accept,
    /// The answer is not good enough, for this reason.
    Return(String),
    /// No answer is needed, for this reason; it is over.
    Close(String),
}

/// Why a case refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CaseRefusal {
    /// It is open already.
    #[error("the case is open already")]
    AlreadyOpen,
    /// It was never opened.
    #[error("the case was never opened")]
    NotOpen,
    /// No party, or more than 200.
    #[error("a case has 1 to 200 parties")]
    Parties,
    /// The nodes refuse.
    #[error(transparent)]
    Node(#[from] NodeRefusal),
    /// The file refuses.
    #[error(transparent)]
    File(#[from] FileRefusal),
    /// Nothing was escalated there, or it is over.
    #[error("nothing is escalated there, or not any more")]
    NotEscalated,
    /// Only the handler answers.
    #[error("only the case's handler answers")]
    NotHandler,
    /// The handler does not judge the own answer.
    #[error("the handler neither accepts, returns nor closes it")]
    OwnAnswer,
    /// No answer is owed.
    #[error("no answer is owed")]
    NothingOwed,
    /// No answer waits.
    #[error("no answer waits to be judged")]
    NothingAnswered,
    /// Words are missing or too long.
    #[error("say why, in 1 to 2000 characters")]
    Words,
}
