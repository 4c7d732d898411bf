//! One row of a procedure, checked.

use std::collections::BTreeSet;

use super::{AssetKind, Deed, IncidentStep, NodeCode, Office, Rank, Sure, Telling};
use crate::time::Millis;

/// A node: what is due, and by when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Its code.
    pub code: NodeCode,
    /// Chinese name.
    pub zh: String,
    /// English name.
    pub en: String,
    /// What starts its clock.
    pub start: Start,
    /// How long it runs.
    pub limit: Limit,
    /// What its end means.
    pub kind: Kind,
    /// Warnings, the earliest first; none for rows without offsets.
    pub warn: Vec<Offset>,
    /// An incident reaches it by itself, with that step; `None`: a node of cases.
    pub reached_by: Option<IncidentStep>,
    /// What in the file ends it by itself; `None`: it ends by hand.
    pub done_by: Option<Deed>,
    /// When it is about an asset: only about one of these; empty: about any.
    pub assets: Vec<AssetKind>,
    /// What is made.
    pub documents: Documents,
    /// Who is told when it is reached.
    pub told: Vec<Office>,
    /// How much they are told.
    pub telling: Telling,
    /// Who is alarmed near its end.
    pub alarm_warn: Vec<Office>,
    /// Who is alarmed when it has passed.
    pub alarm_expiry: Vec<Office>,
    /// Codes of the reasons that stop its clock; empty when suspension does not.
    pub suspended_by: BTreeSet<String>,
    /// Where it stands.
    pub article: String,
    /// What kind of norm that is.
    pub rank: Rank,
    /// How sure it is.
    pub sure: Sure,
    /// For people.
    pub note: Option<String>,
    /// Why its start day or its term needs counsel; screens show the mark.
    pub counsel: Option<String>,
}

impl Node {
    /// Its end is that something may be done from then on: nobody is late with that, and nobody owes an answer.
    #[must_use]
    pub fn only_permits(&self) -> bool {
        self.kind == Kind::MinimumWait && self.done_by.is_some()
    }
}

/// What starts a clock.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// An event of the procedure's table.
    Event(String),
    /// The day on which one of these nodes was done.
    After {
        /// Which.
        nodes: Vec<NodeCode>,
        /// It does not start by itself: whether it applies is for somebody to say.
        by_hand: bool,
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
    /// The unrolled end of one of these nodes, counted back from.
    BeforeEndOf {
        /// Which.
        nodes: Vec<NodeCode>,
        /// In Chinese.
        zh: String,
        /// In English.
        en: String,
    },
}

impl Start {
    /// Nodes it depends on.
    #[must_use]
    pub fn nodes(&self) -> &[NodeCode] {
        match self {
            Self::Event(_) => &[],
            Self::After { nodes, .. } | Self::BeforeEndOf { nodes, .. } => nodes,
        }
    }
}

plain_enum! {
    /// What a limit is counted in.
    Unit {
        /// Natural days.
        Days => "days",
        /// Days that are no rest days.
        WorkingDays => "working_days",
        /// Calendar months.
        Months => "months",
        /// Calendar years.
        Years => "years",
        /// Hours, through the night.
        Hours => "hours",
        /// Minutes.
        Minutes => "minutes",
    }
}

impl Unit {
    /// The greatest count that a limit may have.
    #[must_use]
    pub const fn count_max(self) -> u32 {
        match self {
            Self::Days | Self::WorkingDays => 3_660,
            Self::Months => 600,
            Self::Years => 50,
            Self::Hours => 8_760,
            Self::Minutes => 10_080,
        }
    }

    /// Counted in whole days or longer, so that it ends with a day.
    #[must_use]
    pub const fn ends_with_a_day(self) -> bool {
        !matches!(self, Self::Hours | Self::Minutes)
    }

    /// It is never shorter than so long.
    pub(super) const fn at_least(self) -> Millis {
        let day = 86_400;
        Millis::from_secs(match self {
            Self::Days | Self::WorkingDays => day,
            Self::Months => 28 * day,
            Self::Years => 365 * day,
            Self::Hours => 3_600,
            Self::Minutes => 60,
        })
    }
}

/// How long a clock runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    /// How many, 1 to [`Unit::count_max`].
    pub count: u32,
    /// Of what.
    pub unit: Unit,
    /// For hours: counted from the event itself, not from the next full hour.
    pub exact: bool,
}

/// What the end of a clock means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An act is due; the last day rolls on over rest days.
    Deadline,
    /// An effect ends by itself. Never moves and never rolls.
    Expiry,
    /// The act is not allowed before it has passed. Never rolls.
    MinimumWait,
    /// Counted back from a planned day; a rest day gives the working day before.
    Backwards,
    /// Again and again, each counted from the start. Never rolls.
    Recurring {
        /// How often, 2–100.
        rounds: u16,
    },
    /// A comparison of two dates, without a clock.
    Condition,
}

impl Kind {
    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Deadline => "deadline",
            Self::Expiry => "expiry",
            Self::MinimumWait => "minimum_wait",
            Self::Backwards => "backwards",
            Self::Recurring { .. } => "recurring",
            Self::Condition => "condition",
        }
    }

    /// May a suspension of the case stop such a clock at all?
    #[must_use]
    pub const fn may_be_suspended(self) -> bool {
        matches!(self, Self::Deadline | Self::MinimumWait)
    }

    /// May somebody approve more time? An expiry is renewed instead, by a ruling with a clock of its own.
    #[must_use]
    pub const fn may_be_extended(self) -> bool {
        matches!(self, Self::Deadline)
    }

    /// Does its end depend on the calendar of rest days?
    #[must_use]
    pub const fn rolls(self) -> bool {
        matches!(self, Self::Deadline | Self::Backwards)
    }
}

/// How long before the due day a warning is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offset {
    /// Calendar days, at 09:00 of that day.
    Days(u32),
    /// Exactly so long.
    Span(Millis),
}

impl Offset {
    /// Its length; a day is 24 hours.
    #[must_use]
    pub fn length(self) -> Millis {
        match self {
            Self::Days(days) => Millis::from_secs(u64::from(days) * 86_400),
            Self::Span(span) => span,
        }
    }

    /// Reads `5d`, `4h` or `2min`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (count, unit) = text.split_at(digits);
        let count: u32 = count.parse().ok().filter(|count| (1..=3_660).contains(count))?;
        match unit {
            "d" => Some(Self::Days(count)),
            "h" => Some(Self::Span(Millis::from_secs(u64::from(count) * 3_600))),
            "min" => Some(Self::Span(Millis::from_secs(u64::from(count) * 60))),
            _ => None,
        }
    }
}

/// What is made when a node is reached; codes of the procedure's table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Documents {
    /// All of these.
    All(Vec<String>),
    /// One of these.
    OneOf(Vec<String>),
    /// None, for this reason.
    None(String),
}
