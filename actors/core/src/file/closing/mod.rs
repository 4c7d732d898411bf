//! How a case ends: paid, settled, or closed for this round without property (终结本次执行程序, 终本), approved and
//! with its five conditions checked; what is owed afterwards; and how it goes on again.
//!
//! 法〔2016〕373号 1, 5, 9条; 民诉法解释 517条: the applicant has signed, or a panel agrees and the president approves.

mod conditions;

use serde::{Deserialize, Serialize};

use super::paper::{Paper, issued_since};
use super::{Acting, CaseFile, Number};
use crate::case::PartyRole;
use crate::ids::UserId;
use crate::money::Fen;
use crate::procedure::Office;
use crate::time::UnixMillis;

pub use conditions::{Checked, Condition, conditions};

/// Template of the record of the interview.
pub const INTERVIEW_RECORD: &str = "closing_interview";
/// Template of the ruling that closes the round.
pub const CLOSING_RULING: &str = "closing_ruling";

plain_enum! {
    /// How a case was closed.
    ClosedBy {
        /// All was paid or done (执行完毕).
        Fulfilled => "fulfilled",
        /// The parties agreed, and the agreement was kept (和解履行完毕).
        Settled => "settled",
        /// This round ended without property (终结本次执行程序).
        RoundClosed => "round_closed",
        /// For good: withdrawn, died, extinct (终结执行).
        Terminated => "terminated",
        /// Not to be enforced (不予执行).
        NotEnforced => "not_enforced",
        /// The application was rejected (驳回申请).
        Rejected => "rejected",
        /// Another court has it (移送、提级).
        Transferred => "transferred",
    }
}

/// How a case was closed, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// How.
    pub how: ClosedBy,
    /// When.
    pub at: UnixMillis,
    /// Of a round without property: all five conditions were met, the applicant was heard, and it was approved.
    pub to_standard: bool,
}

/// What was in the file when the case went on after a closing: of an earlier round, which says nothing of this one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// Papers up to that number.
    pub papers: Number,
    /// Queries up to that number.
    pub inquiries: Number,
}

/// How the end of a case stands.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closing {
    /// Closing without property is intended since.
    pub intended: Option<UnixMillis>,
    /// The applicant was heard: when, and in which record of the file.
    pub interview: Option<(UnixMillis, Number)>,
    /// Approval was asked for, by whom.
    pub asked: Option<UserId>,
    /// Approved, by whom.
    pub approved: Option<UserId>,
    /// How it was closed.
    pub closed: Option<Closed>,
    /// Queries after the closing that were answered.
    pub requeries: Vec<u16>,
    /// Resumption was asked for, or has a ground, since.
    pub resumption: Option<UnixMillis>,
    /// When it went on again.
    pub resumed: Vec<UnixMillis>,
    /// What was there before it went on again last.
    pub before: Before,
    /// Leads up to that number were there when it was closed.
    pub leads: Number,
    /// It is in the archive.
    pub archived: bool,
}

/// What is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClosingCommand {
    /// Say that it is going to be closed without property.
    Intend,
    /// The applicant was heard. The record is a paper of the file.
    Interview {
        /// Number of the record.
        record: Number,
        /// When.
        at: UnixMillis,
    },
    /// Ask for approval.
    Ask,
    /// Approve.
    Approve {
        /// As which office.
        office: Office,
    },
    /// Refuse. The words say why.
    Return,
    /// Close the round, by the ruling that was issued.
    CloseRound,
    /// Close it otherwise. The words say on what that rests.
    Close {
        /// How.
        how: ClosedBy,
        /// When.
        at: UnixMillis,
    },
    /// Somebody asks that it goes on, or there is a ground for it. The words say which.
    AskResumption,
    /// Decide that.
    DecideResumption {
        /// It goes on.
        granted: bool,
    },
    /// The file is in the archive.
    Archive,
}

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "deed", rename_all = "snake_case")]
pub enum ClosingEvent {
    /// It is intended.
    Intended {
        /// When.
        at: UnixMillis,
    },
    /// The applicant was heard.
    InterviewHeld {
        /// Number of the record.
        record: Number,
        /// When.
        at: UnixMillis,
    },
    /// Approval is asked for.
    ApprovalAsked {
        /// By whom.
        by: UserId,
        /// When.
        at: UnixMillis,
    },
    /// It is approved.
    Approved {
        /// By whom.
        by: UserId,
        /// As which office.
        office: Office,
    },
    /// It is not approved.
    Returned {},
    /// It is closed.
    Closed(Closed),
    /// A query after the closing was answered.
    Requeried {
        /// Which, from 1.
        round: u16,
        /// When.
        at: UnixMillis,
    },
    /// It may have to go on.
    ResumptionAsked {
        /// When.
        at: UnixMillis,
    },
    /// It was decided whether it goes on.
    ResumptionDecided {
        /// It does.
        granted: bool,
        /// When.
        at: UnixMillis,
    },
    /// It is in the archive.
    Archived {
        /// When.
        at: UnixMillis,
    },
}

/// Why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClosingRefusal {
    /// Not for this one.
    #[error("that is not for you to do")]
    NotAllowed,
    /// Only the handler.
    #[error("only the case's handler does that")]
    NotHandler,
    /// Approved by who asked.
    #[error("who asks for approval does not give it")]
    OwnApproval,
    /// Closed already.
    #[error("the case is closed")]
    Closed,
    /// Not closed.
    #[error("the case is not closed so that this follows")]
    NotClosed,
    /// Something comes before.
    #[error("something has to be done before that")]
    Order,
    /// Not a record of an interview.
    #[error("the file has no such record of the interview")]
    Record,
    /// Not all met.
    #[error("not all five conditions are met")]
    Conditions,
    /// Not signed: the president.
    #[error("the applicant has not signed: a panel and the president decide")]
    President,
    /// No ruling.
    #[error("the ruling was not issued")]
    NoRuling,
    /// Money is owed or held.
    #[error("money is still owed, or held by the court")]
    Money,
    /// Before something that comes first.
    #[error(
        "that was not before the case was docketed or went on, nor before the last act in its file"
    )]
    TooEarly,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Nothing said.
    #[error("say why, or on what it rests")]
    Words,
}

/// What a decision about the end of a case looks at beside the closing itself.
pub(super) struct Around<'a> {
    pub(super) file: &'a CaseFile,
    /// What each party is, by number from 1.
    pub(super) roles: &'a [PartyRole],
    pub(super) by: Acting,
    pub(super) is_handler: bool,
    pub(super) worded: bool,
    /// The least time since docketing is over.
    pub(super) waited: bool,
    pub(super) now: UnixMillis,
}

/// Numbers of the parties of a role.
pub(crate) fn numbers_of(roles: &[PartyRole], role: PartyRole) -> impl Iterator<Item = u16> + '_ {
    (1..).zip(roles).filter(move |(_, of)| **of == role).map(|(number, _)| number)
}

impl Closing {
    /// Decides.
    ///
    /// # Errors
    /// [`ClosingRefusal`].
    pub(super) fn decide(
        &self,
        command: &ClosingCommand,
        around: &Around<'_>,
    ) -> Result<ClosingEvent, ClosingRefusal> {
        let Around { file, by, now, .. } = *around;
        let staff = by.staff().ok_or(ClosingRefusal::NotAllowed);
        let handler = || around.is_handler.then_some(()).ok_or(ClosingRefusal::NotHandler);
        let words = || around.worded.then_some(()).ok_or(ClosingRefusal::Words);
        let open = || self.closed.is_none().then_some(()).ok_or(ClosingRefusal::Closed);
        match *command {
            ClosingCommand::Intend => {
                handler()?;
                open()?;
                if self.intended.is_some() {
                    return Err(ClosingRefusal::Order);
                }
                Ok(ClosingEvent::Intended { at: now })
            }
            ClosingCommand::Interview { record, at } => {
                handler()?;
                open()?;
                self.intended.ok_or(ClosingRefusal::Order)?;
                (at <= now).then_some(()).ok_or(ClosingRefusal::Future)?;
                let paper = file.papers.iter().find(|paper| paper.paper == record);
                let own = |paper: &&Paper| paper.is_record() && record > self.before.papers;
                paper.filter(own).ok_or(ClosingRefusal::Record)?;
                // Who was heard before the case went on was heard about another closing.
                let since = self.resumed.last().is_none_or(|resumed| *resumed <= at);
                since.then_some(()).ok_or(ClosingRefusal::TooEarly)?;
                Ok(ClosingEvent::InterviewHeld { record, at })
            }
            ClosingCommand::Ask => {
                handler()?;
                open()?;
                self.interview.ok_or(ClosingRefusal::Order)?;
                if self.asked.is_some() {
                    return Err(ClosingRefusal::Order);
                }
                self.complete(around)?;
                Ok(ClosingEvent::ApprovalAsked { by: staff?, at: now })
            }
            ClosingCommand::Approve { office } => {
                let by = staff?;
                open()?;
                let asked = self.asked.ok_or(ClosingRefusal::Order)?;
                if asked == by || around.is_handler {
                    return Err(ClosingRefusal::OwnApproval);
                }
                if self.approved.is_some() {
                    return Err(ClosingRefusal::Order);
                }
                match office {
                    Office::President => {}
                    Office::Director if self.applicant_signed(around) => {}
                    Office::Director => return Err(ClosingRefusal::President),
                    _ => return Err(ClosingRefusal::NotAllowed),
                }
                Ok(ClosingEvent::Approved { by, office })
            }
            ClosingCommand::Return => {
                let by = staff?;
                open()?;
                let asked = self.asked.ok_or(ClosingRefusal::Order)?;
                if asked == by || around.is_handler {
                    return Err(ClosingRefusal::OwnApproval);
                }
                words()?;
                Ok(ClosingEvent::Returned {})
            }
            ClosingCommand::CloseRound => {
                handler()?;
                open()?;
                self.approved.ok_or(ClosingRefusal::Order)?;
                // What has changed since the approval counts: a lead of yesterday has to be verified first.
                self.complete(around)?;
                let ruling = issued_since(&file.papers, CLOSING_RULING, self.before.papers);
                ruling.ok_or(ClosingRefusal::NoRuling)?;
                let how = ClosedBy::RoundClosed;
                Ok(ClosingEvent::Closed(Closed { how, at: now, to_standard: true }))
            }
            ClosingCommand::Close { how, at } => {
                handler()?;
                open()?;
                words()?;
                (at <= now).then_some(()).ok_or(ClosingRefusal::Future)?;
                let late = file.last_act().is_none_or(|last| last <= at);
                late.then_some(()).ok_or(ClosingRefusal::TooEarly)?;
                let totals = file.money.totals();
                let money = match how {
                    // Without property there is a way of its own, that checks.
                    ClosedBy::RoundClosed => return Err(ClosingRefusal::Order),
                    ClosedBy::Fulfilled => totals.owed == Fen(0) && totals.held == Fen(0),
                    _ => totals.held == Fen(0),
                };
                money.then_some(()).ok_or(ClosingRefusal::Money)?;
                Ok(ClosingEvent::Closed(Closed { how, at, to_standard: false }))
            }
            ClosingCommand::AskResumption => {
                self.round_closed()?;
                words()?;
                if self.resumption.is_some() {
                    return Err(ClosingRefusal::Order);
                }
                Ok(ClosingEvent::ResumptionAsked { at: now })
            }
            ClosingCommand::DecideResumption { granted } => {
                self.round_closed()?;
                handler()?;
                self.resumption.ok_or(ClosingRefusal::Order)?;
                if !granted {
                    words()?;
                }
                Ok(ClosingEvent::ResumptionDecided { granted, at: now })
            }
            ClosingCommand::Archive => {
                staff?;
                self.closed.ok_or(ClosingRefusal::NotClosed)?;
                if self.archived {
                    return Err(ClosingRefusal::Order);
                }
                Ok(ClosingEvent::Archived { at: now })
            }
        }
    }

    fn round_closed(&self) -> Result<(), ClosingRefusal> {
        let round = self.closed.is_some_and(|closed| closed.how == ClosedBy::RoundClosed);
        round.then_some(()).ok_or(ClosingRefusal::NotClosed)
    }

    fn complete(&self, around: &Around<'_>) -> Result<(), ClosingRefusal> {
        let checked = conditions(around.file, around.roles, around.waited);
        let met = checked.iter().all(|checked| checked.missing.is_empty());
        met.then_some(()).ok_or(ClosingRefusal::Conditions)
    }

    /// An applicant has signed the record of the interview.
    fn applicant_signed(&self, around: &Around<'_>) -> bool {
        let Some((_, record)) = self.interview else { return false };
        // An agent signs for whom it acts for, which the court sees on paper and records for that party.
        let of = |number: u16| around.roles.get(usize::from(number).wrapping_sub(1));
        let ours = |number| of(number) == Some(&PartyRole::Applicant);
        let paper = around.file.papers.iter().find(|paper| paper.paper == record);
        paper.is_some_and(|paper| paper.signed.iter().any(|signed| ours(signed.party)))
    }

    /// Takes an event in.
    pub(super) fn apply(&mut self, event: &ClosingEvent) {
        match *event {
            ClosingEvent::Intended { at } => self.intended = Some(at),
            ClosingEvent::InterviewHeld { record, at } => self.interview = Some((at, record)),
            ClosingEvent::ApprovalAsked { by, .. } => self.asked = Some(by),
            ClosingEvent::Approved { by, .. } => self.approved = Some(by),
            ClosingEvent::Returned {} => (self.asked, self.approved) = (None, None),
            ClosingEvent::Closed(closed) => self.closed = Some(closed),
            ClosingEvent::Requeried { round, .. } => self.requeries.push(round),
            ClosingEvent::ResumptionAsked { at } => self.resumption = Some(at),
            ClosingEvent::ResumptionDecided { granted: false, .. } => self.resumption = None,
            ClosingEvent::ResumptionDecided { granted: true, at } => {
                let resumed = std::mem::take(&mut self.resumed);
                *self = Self::default();
                self.resumed = resumed;
                self.resumed.push(at);
            }
            ClosingEvent::Archived { .. } => self.archived = true,
        }
    }
}

impl Paper {
    /// It is the record of an interview before the closing.
    fn is_record(&self) -> bool {
        let super::paper::Origin::Court { template, .. } = &self.origin else { return false };
        !self.withdrawn && template == INTERVIEW_RECORD
    }
}
