//! What a case is about, as it was filed.

use serde::{Deserialize, Serialize};

use crate::deadline::Begin;
use crate::money::Fen;

plain_enum! {
    /// What is to be enforced.
    CaseKind {
        /// Payment of money (金钱给付).
        Money => "money",
        /// Delivery of a thing (交付).
        Delivery => "delivery",
        /// An act, or to refrain from one (行为).
        Conduct => "conduct",
        /// A decision of an administration (非诉行政执行).
        NonLitigation => "non_litigation",
        /// Another court's case (受托执行).
        Delegated => "delegated",
        /// A case that goes on after it was closed without property (恢复执行).
        Resumed => "resumed",
    }
}

plain_enum! {
    /// What it rests on (执行依据).
    FilingBasis {
        /// A judgment (判决).
        Judgment => "judgment",
        /// A mediation (调解书).
        Mediation => "mediation",
        /// A ruling (裁定).
        Ruling => "ruling",
        /// An award (仲裁裁决).
        Award => "award",
        /// A notarised instrument (公证债权文书).
        Notarised => "notarised",
        /// The property part of a criminal judgment (刑事涉财产部分).
        Penal => "penal",
        /// An administrative decision (行政决定).
        Administrative => "administrative",
    }
}

/// What was filed. The instrument's number and the claim in words are in the sealed part of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filing {
    /// What is to be enforced.
    pub kind: CaseKind,
    /// What it rests on.
    pub basis: FilingBasis,
    /// When the application was received.
    pub applied: Begin,
    /// What is claimed in money; nothing for an act or a thing.
    pub claim: Fen,
}
