//! What happened to a case.

use serde::{Deserialize, Serialize};

use super::CaseNumber;
use crate::deadline::Level;
use crate::file::FileRecord;
use crate::ids::{CaseId, IncidentId, UserId};
use crate::incident::Said;
use crate::journal::Subject;
use crate::nodes::NodeEvent;
use crate::procedure::{NodeCode, Office};
use crate::time::UnixMillis;

/// What a party is in a case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PartyRole {
    /// Asked for enforcement (申请执行人).
    Applicant,
    /// Against whom it runs (被执行人).
    Debtor,
    /// Anybody else with a part in it (利害关系人).
    Third,
    /// Acts for another party (代理人).
    Agent,
}

/// One party.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Its part.
    pub role: PartyRole,
    /// Its name, cleaned text.
    pub name: String,
    /// Number of an identity card or of a legal person; empty when not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub id_number: String,
    /// Telephone; empty when not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub phone: String,
    /// Address; empty when not known.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub address: String,
    /// Of an agent: for which party it acts, by number from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<u16>,
}

impl Party {
    /// A party of whom no more is known.
    #[must_use]
    pub fn named(role: PartyRole, name: &str) -> Self {
        let empty = String::new;
        let name = name.to_owned();
        Self { role, name, id_number: empty(), phone: empty(), address: empty(), acts_for: None }
    }
}

/// The personal part of a case's opening.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseParties {
    /// All parties.
    pub parties: Vec<Party>,
}

/// An event of a case's stream. Words of people stand in the sealed part, under the case's key.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", content = "data", rename_all = "snake_case")]
pub enum CaseEvent {
    /// The case was taken in.
    Opened {
        /// Its identity, and the subject of its personal part.
        case: CaseId,
        /// Its number.
        number: CaseNumber,
        /// Parties; `None` when their key is destroyed.
        personal: Option<CaseParties>,
    },
    /// An incident belongs to this case.
    IncidentLinked {
        /// Which.
        incident: IncidentId,
    },
    /// An emergency of this case has reached a step of the procedure.
    StepReached {
        /// Which incident.
        incident: IncidentId,
        /// The procedure's node for it.
        node: NodeCode,
        /// When.
        at: UnixMillis,
    },
    /// Somebody handles the case from now on (承办人).
    HandlerSet {
        /// Who.
        handler: UserId,
        /// Why, in words.
        #[serde(flatten)]
        said: Said,
    },
    /// Its nodes: opened, done, suspended, fired.
    Node(NodeEvent),
    /// Something of its file.
    File(Box<FileRecord>),
    /// A warning or an overdue node went to those offices (督办).
    EscalationRaised {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// By what.
        level: Level,
        /// Whom it reaches.
        offices: Vec<Office>,
        /// When.
        at: UnixMillis,
        /// The handler owes an answer by then.
        answer_by: Option<UnixMillis>,
    },
    /// Nobody answered in time: it went to a higher office.
    EscalationClimbed {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// How often it has climbed, from 1. Each number at most once.
        climb: u8,
        /// Whom it reaches now besides; none when there is nobody higher.
        office: Option<Office>,
        /// When the answer was due.
        due: UnixMillis,
        /// When it climbed, not before `due`.
        at: UnixMillis,
        /// By when an answer is owed now; `None` when nobody is left to climb to.
        answer_by: Option<UnixMillis>,
    },
    /// Somebody whom it reached has taken note.
    EscalationAcknowledged {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Who.
        by: UserId,
        /// When.
        at: UnixMillis,
    },
    /// The handler answered.
    EscalationAnswered {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Who.
        by: UserId,
        /// When.
        at: UnixMillis,
        /// The answer.
        #[serde(flatten)]
        said: Said,
    },
    /// The answer was not good enough; another one is owed.
    EscalationReturned {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Who.
        by: UserId,
        /// When.
        at: UnixMillis,
        /// By when.
        answer_by: UnixMillis,
        /// Why.
        #[serde(flatten)]
        said: Said,
    },
    /// It is over.
    EscalationClosed {
        /// Which node.
        node: NodeCode,
        /// Which opening or recurrence.
        round: u16,
        /// Who accepted the answer or closed it without one; `None`: what it warned of was done.
        by: Option<UserId>,
        /// The answer was accepted.
        accepted: bool,
        /// When.
        at: UnixMillis,
        /// Why it needed no answer.
        #[serde(flatten)]
        said: Said,
    },
    /// The applicant is told nothing until that is over: an operation is under way.
    NoticesHeld {
        /// Who decided it.
        by: UserId,
        /// When.
        at: UnixMillis,
        /// Why.
        #[serde(flatten)]
        said: Said,
    },
    /// What was held back is told.
    NoticesReleased {
        /// Who decided it.
        by: UserId,
        /// When.
        at: UnixMillis,
    },
}

impl CaseEvent {
    /// Whose key the personal part is encrypted with.
    #[must_use]
    pub fn subject(&self) -> Option<Subject> {
        match self {
            Self::Opened { case, .. } => Some(Subject(case.0)),
            Self::File(record) => record.sealed.subject,
            Self::HandlerSet { said, .. }
            | Self::EscalationAnswered { said, .. }
            | Self::EscalationReturned { said, .. }
            | Self::EscalationClosed { said, .. }
            | Self::NoticesHeld { said, .. } => said.subject,
            Self::IncidentLinked { .. }
            | Self::StepReached { .. }
            | Self::Node(_)
            | Self::EscalationRaised { .. }
            | Self::EscalationClimbed { .. }
            | Self::EscalationAcknowledged { .. }
            | Self::NoticesReleased { .. } => None,
        }
    }
}
