//! Why a file refuses, and of what class a refusal is.

use super::asset::AssetRefusal as Asset;
use super::closing::ClosingRefusal as Closing;
use super::handover::HandoverRefusal as Handover;
use super::link::LinkRefusal as Link;
use super::measure::MeasureRefusal as Measure;
use super::paper::PaperRefusal as Paper;
use super::party::{
    AppointmentRefusal as Appointment, MessageRefusal as Message, ServiceRefusal as Service,
    SituationRefusal as Situation,
};
use super::petition::PetitionRefusal as Petition;
use super::search::SearchRefusal as Search;
use crate::money::MoneyRefusal as Money;

/// Why a file refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileRefusal {
    /// Words have characters that are not allowed, or are too many.
    #[error("words are too long, or have characters that are not allowed")]
    Words,
    /// Nothing was filed.
    #[error("nothing was filed for this case yet")]
    NotFiled,
    /// Docketed before.
    #[error("the case was docketed before")]
    Docketed,
    /// In the future.
    #[error("what is not yet cannot be recorded as done")]
    Future,
    /// Not in the procedure.
    #[error("the procedure has no such event")]
    UnknownEvent,
    /// Not the court.
    #[error("that is not for you to do")]
    NotAllowed,
    /// The seed and the list give somebody else.
    #[error("this is not what the seed, the case and the list give")]
    Draw,
    /// Drawn for a case that somebody else has by now.
    #[error("the case's handler is not the one whom the draw saw")]
    HandlerChanged,
    /// One candidate.
    #[error(
        "a draw is among two judges or more, unless the court has only one who may have the case"
    )]
    OneCandidate,
    /// There is a handler, and no reason was given.
    #[error("say why the case is taken from its handler")]
    Reason,
    /// A wait that the law asks for is not over.
    #[error("a wait that the law asks for is not over")]
    TooEarly,
    /// Who has the file.
    #[error(transparent)]
    Handover(#[from] Handover),
    /// Links.
    #[error(transparent)]
    Link(#[from] Link),
    /// The search.
    #[error(transparent)]
    Search(#[from] Search),
    /// Assets.
    #[error(transparent)]
    Asset(#[from] Asset),
    /// Measures.
    #[error(transparent)]
    Measure(#[from] Measure),
    /// Money.
    #[error(transparent)]
    Money(#[from] Money),
    /// Papers.
    #[error(transparent)]
    Paper(#[from] Paper),
    /// Messages.
    #[error(transparent)]
    Message(#[from] Message),
    /// Appointments.
    #[error(transparent)]
    Appointment(#[from] Appointment),
    /// Service.
    #[error(transparent)]
    Service(#[from] Service),
    /// How the debtor stands.
    #[error(transparent)]
    Situation(#[from] Situation),
    /// Petitions.
    #[error(transparent)]
    Petition(#[from] Petition),
    /// The end of the case.
    #[error(transparent)]
    Closing(#[from] Closing),
}

/// What a refusal says about what was asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalClass {
    /// Something in it is not valid.
    Invalid,
    /// It is not for this one to ask.
    Forbidden,
    /// The case does not stand so that it can be done.
    Conflict,
}

impl FileRefusal {
    /// Of which class it is.
    #[must_use]
    pub fn class(self) -> RefusalClass {
        match self {
            Self::Words
            | Self::Future
            | Self::UnknownEvent
            | Self::Draw
            | Self::Reason
            | Self::Handover(Handover::Lasts)
            | Self::Link(Link::UnknownParty | Link::Lasts)
            | Self::Search(Search::UnknownDebtor | Search::Future | Search::Words)
            | Self::Asset(Asset::Future | Asset::Amount | Asset::Words | Asset::Unknown)
            | Self::Measure(
                Measure::TwoOfficers
                | Measure::Asset
                | Measure::UnknownParty
                | Measure::Pictures
                | Measure::Old
                | Measure::Future,
            )
            | Self::Money(
                Money::Amount
                | Money::Unbalanced
                | Money::Lines
                | Money::Document
                | Money::UnknownEntry,
            )
            | Self::Paper(
                Paper::Content | Paper::UnknownParty | Paper::Twice | Paper::Drawing | Paper::Words,
            )
            | Self::Message(Message::UnknownParty | Message::UnknownMessage | Message::Words)
            | Self::Appointment(Appointment::UnknownParty | Appointment::Time)
            | Self::Service(Service::UnknownParty | Service::Time | Service::NoProof)
            | Self::Situation(
                Situation::UnknownParty | Situation::UnknownItem | Situation::Words,
            )
            | Self::Petition(Petition::Future | Petition::Words)
            | Self::Closing(
                Closing::Future | Closing::TooEarly | Closing::Words | Closing::Record,
            ) => RefusalClass::Invalid,
            Self::NotAllowed
            | Self::Handover(Handover::NotHolder)
            | Self::Link(Link::NotCourt)
            | Self::Search(Search::NotAllowed)
            | Self::Asset(Asset::NotCourt)
            | Self::Measure(Measure::NotAllowed | Measure::NotPresent)
            | Self::Paper(Paper::NotAllowed)
            | Self::Message(Message::NotOwn)
            | Self::Appointment(Appointment::NotAllowed)
            | Self::Service(Service::NotAllowed)
            | Self::Situation(Situation::NotCourt | Situation::NotHandler)
            | Self::Petition(Petition::NotCourt)
            | Self::Closing(
                Closing::NotAllowed
                | Closing::NotHandler
                | Closing::OwnApproval
                | Closing::President,
            ) => RefusalClass::Forbidden,
            Self::NotFiled
            | Self::Docketed
            | Self::TooEarly
            | Self::HandlerChanged
            | Self::OneCandidate
            | Self::Handover(_)
            | Self::Link(_)
            | Self::Search(_)
            | Self::Asset(_)
            | Self::Measure(_)
            | Self::Money(_)
            | Self::Paper(_)
            | Self::Message(_)
            | Self::Appointment(_)
            | Self::Service(_)
            | Self::Situation(_)
            | Self::Petition(_)
            | Self::Closing(_) => RefusalClass::Conflict,
        }
    }
}
