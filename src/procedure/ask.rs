//! A question to the date calculator as people write it, and its answer.

use tiande_core::calendar::Day;
use tiande_core::deadline::{
    Begin, Computed, EXTENSION_MAX, Question, Refusal, Rule, Span, Stops, compute,
};
use tiande_core::procedure::{Kind, Node, NodeCode};
use tiande_core::rfc3339;
use tiande_core::time::UnixMillis;

use super::Rules;

/// Most suspensions of one question.
pub const SUSPENSIONS_MAX: usize = 64;

/// A question, in texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ask {
    /// The node's code.
    pub node: String,
    /// When its clock starts: a date or a time.
    pub from: String,
    /// Suspensions, `A/B`, `A/` while it goes on, each perhaps with `@REASON`.
    pub suspensions: Vec<String>,
    /// Natural days of extension.
    pub extension_days: u32,
    /// Which recurrence; the first when not said.
    pub round: Option<u16>,
}

/// An answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked<'a> {
    /// The node.
    pub node: &'a Node,
    /// When its clock starts.
    pub begin: Begin,
    /// What it leads to.
    pub computed: Computed,
    /// For a recurring node: all its due moments, in order.
    pub recurrences: Vec<UnixMillis>,
}

/// Why a question has no answer. The texts say what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AskFault {
    /// No node of that code.
    #[error("node: there is no {0:?}; `tiande procedure check FILE --list` lists the codes")]
    UnknownNode(String),
    /// No time.
    #[error(
        "{field}: {text:?} is no date such as 2026-02-10 and no time such as 2026-02-10T09:30:00+08:00"
    )]
    Time {
        /// Of which argument.
        field: &'static str,
        /// What it was.
        text: String,
    },
    /// No interval.
    #[error(
        "suspend: {0:?} must be FROM/TO (TO is the day on which it runs again), or FROM/ while it is still suspended"
    )]
    Interval(String),
    /// Reversed.
    #[error("suspend: {0:?} ends before it begins; give the earlier day first")]
    Reversed(String),
    /// No such reason.
    #[error("suspend: there is no reason {word:?}; use one of {known}")]
    UnknownReason {
        /// What was given.
        word: String,
        /// What there is.
        known: String,
    },
    /// Too many.
    #[error("suspend: at most 64 suspensions; join those that overlap")]
    TooMany,
    /// Too long.
    #[error("extend: must be 0–3660 days")]
    Extension,
    /// The rules refuse.
    #[error(transparent)]
    Refused(#[from] Refusal),
}

impl AskFault {
    /// The argument it is about, and its stable code.
    #[must_use]
    pub fn code(&self) -> (&'static str, &'static str) {
        match self {
            Self::UnknownNode(_) => ("node", "unknown-node"),
            Self::Time { field, .. } => (field, "time-invalid"),
            Self::Interval(_) => ("suspend", "interval-invalid"),
            Self::Reversed(_) => ("suspend", "interval-reversed"),
            Self::UnknownReason { .. } => ("suspend", "unknown-reason"),
            Self::TooMany => ("suspend", "too-many"),
            Self::Extension | Self::Refused(Refusal::ExtensionTooLong) => {
                ("extend", "out-of-range")
            }
            Self::Refused(Refusal::Condition(_)) => ("node", "condition"),
            Self::Refused(Refusal::OutOfRange) => ("from", "out-of-range"),
            Self::Refused(Refusal::Round(_)) => ("round", "out-of-range"),
        }
    }
}

impl Ask {
    /// Answers it.
    ///
    /// # Errors
    /// [`AskFault`], the first one in the order of the fields.
    pub fn answer<'a>(&self, rules: &'a Rules) -> Result<Asked<'a>, AskFault> {
        let unknown = || AskFault::UnknownNode(self.node.chars().take(20).collect());
        let code: NodeCode = self.node.parse().map_err(|_bad| unknown())?;
        let node = rules.procedure.node(code).ok_or_else(unknown)?;
        let begin = read_time("from", &self.from)?;
        if self.suspensions.len() > SUSPENSIONS_MAX {
            return Err(AskFault::TooMany);
        }
        let mut spans = Vec::new();
        let mut others = false;
        for text in &self.suspensions {
            let (span, reason) = read_suspension(text, rules)?;
            // Without a reason it is taken for one that stops this node.
            if reason.is_none_or(|reason| node.suspended_by.contains(reason)) {
                spans.push(span);
            } else {
                others = true;
            }
        }
        if self.extension_days > EXTENSION_MAX {
            return Err(AskFault::Extension);
        }
        let stops = Stops::union(spans);
        let question = |round| Question {
            node,
            begin,
            stops: &stops,
            extension_days: self.extension_days,
            round,
        };
        let mut computed = compute(&question(self.round.unwrap_or(1)), &rules.calendar)?;
        let said = computed
            .because
            .iter()
            .any(|rule| matches!(rule, Rule::NotSuspended | Rule::ExpiryNeverMoves));
        if others && !said {
            computed.because.push(Rule::NotSuspended);
        }
        let mut recurrences = Vec::new();
        if let Kind::Recurring { rounds } = node.kind {
            for round in 1..=rounds {
                recurrences.extend(compute(&question(round), &rules.calendar)?.due());
            }
        }
        Ok(Asked { node, begin, computed, recurrences })
    }
}

/// A date, an RFC 3339 time, or a Shanghai time without a zone, with or without seconds.
///
/// # Errors
/// [`AskFault::Time`].
pub fn read_time(field: &'static str, text: &str) -> Result<Begin, AskFault> {
    if let Ok(day) = text.parse::<Day>() {
        return Ok(Begin { at: day.begins(), whole_day: true });
    }
    let seconds = if text.len() == "2026-02-10T09:30".len() { ":00" } else { "" };
    let at = rfc3339::parse(text).or_else(|_| rfc3339::parse(&format!("{text}{seconds}+08:00")));
    let fault = |_bad| AskFault::Time { field, text: text.chars().take(40).collect() };
    Ok(Begin { at: at.map_err(fault)?, whole_day: false })
}

fn read_suspension<'t>(text: &'t str, rules: &Rules) -> Result<(Span, Option<&'t str>), AskFault> {
    let shown = || text.chars().take(100).collect::<String>();
    let (interval, reason) = match text.split_once('@') {
        Some((interval, reason)) => (interval, Some(reason)),
        None => (text, None),
    };
    let unknown = reason.filter(|reason| !rules.procedure.reasons().contains_key(*reason));
    if let Some(word) = unknown {
        let known: Vec<&str> = rules.procedure.reasons().keys().map(String::as_str).collect();
        let word = word.chars().take(48).collect();
        return Err(AskFault::UnknownReason { word, known: known.join(", ") });
    }
    let (first, until) = interval.split_once('/').ok_or_else(|| AskFault::Interval(shown()))?;
    let first = read_time("suspend", first)?;
    let until = match until {
        "" | ".." => None,
        until => Some(read_time("suspend", until)?),
    };
    // Within one day only times can be reversed; a bare date says nothing about the time.
    let reversed =
        until.is_some_and(|until| !first.whole_day && !until.whole_day && until.at < first.at);
    if reversed {
        return Err(AskFault::Reversed(shown()));
    }
    let span = Span::new(Day::of(first.at), until.map(|until| Day::of(until.at)));
    Ok((span.map_err(|_reversed| AskFault::Reversed(shown()))?, reason))
}
