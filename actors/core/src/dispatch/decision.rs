//! A dispatch decision, explained: it stands in the journal and on the dispatcher's screen.

use serde::{Deserialize, Serialize};

use crate::ids::OfficerId;

plain_enum! {
    /// What was found about one officer.
    Verdict {
        /// Asked.
        Asked => "asked",
        /// Off duty.
        OffDuty => "off_duty",
        /// On a break.
        OnBreak => "on_break",
        /// Weighs another offer.
        OfferedElsewhere => "offered_elsewhere",
        /// Bound to another incident, or calling for help.
        Committed => "committed",
        /// The device is silent.
        OutOfContact => "out_of_contact",
        /// Was asked for this incident before.
        AlreadyAsked => "already_asked",
        /// Never said where.
        NoFix => "no_fix",
        /// The newest fix is too old.
        FixStale => "fix_stale",
        /// The newest fix is too vague.
        FixInaccurate => "fix_inaccurate",
        /// Cannot do what is needed.
        LacksSkill => "lacks_skill",
        /// Must not go.
        ConflictOfInterest => "conflict_of_interest",
        /// Belongs to another court.
        OtherCourt => "other_court",
        /// In the middle of another decision.
        Busy => "busy",
    }
}

/// One officer who was considered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Considered {
    /// Who.
    pub officer: OfficerId,
    /// Geodesic metres to the place; `None` without a fix.
    pub distance_m: Option<f64>,
    /// Age of the newest fix, milliseconds.
    pub fix_age_ms: Option<u64>,
    /// What was found.
    pub verdict: Verdict,
}

/// A round of the search, explained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// Seats that were open.
    pub seats: u8,
    /// Who was considered, nearest first; those without a fix at the end. At most
    /// [`Decision::LISTED_MAX`].
    pub considered: Vec<Considered>,
    /// How many more were considered and rejected.
    pub not_listed: u32,
}

impl Decision {
    /// Longest list of considered officers: an explanation is for people.
    pub const LISTED_MAX: usize = 40;

    /// Adds one who was considered. Those who are asked are always listed.
    pub fn note(&mut self, considered: Considered) {
        if self.considered.len() < Self::LISTED_MAX || considered.verdict == Verdict::Asked {
            self.considered.push(considered);
        } else {
            self.not_listed = self.not_listed.saturating_add(1);
        }
    }
}
