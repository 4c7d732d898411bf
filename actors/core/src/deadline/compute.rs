//! From a node and its start to a due moment.

use serde::{Deserialize, Serialize};

use super::count::working_days;
use super::stops::{Moved, Stops};
use super::{EXTENSION_MAX, Rule};
use crate::calendar::{Calendar, Consulted, Day};
use crate::procedure::{Kind, Limit, Node, Offset, Unit};
use crate::time::{Millis, UnixMillis};

const HOUR_MS: i64 = 3_600_000;

/// When a clock starts; for a backwards node: the planned day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Begin {
    /// The moment.
    pub at: UnixMillis,
    /// Only its day is known; `at` is that day's beginning.
    pub whole_day: bool,
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Question<'a> {
    /// The node.
    pub node: &'a Node,
    /// When its clock starts.
    pub begin: Begin,
    /// Days on which it stands still, for reasons that stop this node.
    pub stops: &'a Stops,
    /// Natural days of approved extensions, together, 0–[`EXTENSION_MAX`].
    pub extension_days: u32,
    /// For a recurring node: which recurrence, from 1. Else 1.
    pub round: u16,
}

/// What a question leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Computed {
    /// When it ends.
    pub end: End,
    /// When it is warned of, ascending; empty when paused.
    pub warnings: Vec<UnixMillis>,
    /// The first day that had to be taken for what it is by its weekday alone; then the date is
    /// provisional, and is computed again when the calendar has that year.
    pub unknown: Option<Day>,
    /// The rules applied, in order.
    pub because: Vec<Rule>,
}

impl Computed {
    /// The calendar may still change this date.
    #[must_use]
    pub fn provisional(&self) -> bool {
        self.unknown.is_some()
    }

    /// When it is due; `None` when paused.
    #[must_use]
    pub fn due(&self) -> Option<UnixMillis> {
        match self.end {
            End::Due { at, .. } => Some(at),
            End::Paused { .. } => None,
        }
    }

    /// The last day before it rolled; `None` when paused, and for hours and minutes. What is counted
    /// back from an end is counted from this day.
    #[must_use]
    pub fn unrolled(&self) -> Option<Day> {
        match self.end {
            End::Due { unrolled, .. } => unrolled,
            End::Paused { .. } => None,
        }
    }
}

/// The end of a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// There.
    Due {
        /// The last second of the period.
        at: UnixMillis,
        /// Its last day before it rolled; `None` for hours and minutes.
        unrolled: Option<Day>,
    },
    /// The clock stands, and nobody knows for how long.
    Paused {
        /// Since that day.
        since: Day,
    },
}

/// Why there is no answer. Each says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A condition.
    #[error(
        "{0} is a condition on two dates, not a clock: compare the planned day with the end of what \
         must still last, and renew first when less than the limit is left"
    )]
    Condition(crate::procedure::NodeCode),
    /// Too early or too late.
    #[error("dates are computed for the years 1990–2199 only")]
    OutOfRange,
    /// Too long.
    #[error("an extension may have at most 3660 days")]
    ExtensionTooLong,
    /// No such recurrence.
    #[error("the round must be 1–{0}")]
    Round(u16),
}

/// Computes when a node is due.
///
/// # Errors
/// [`Refusal`].
pub fn compute(question: &Question<'_>, calendar: &Calendar) -> Result<Computed, Refusal> {
    let Question { node, begin, .. } = *question;
    if question.extension_days > EXTENSION_MAX {
        return Err(Refusal::ExtensionTooLong);
    }
    if !(Day::FIRST..=Day::LAST).contains(&Day::of(begin.at)) {
        return Err(Refusal::OutOfRange);
    }
    let rounds = match node.kind {
        Kind::Condition => return Err(Refusal::Condition(node.code)),
        Kind::Recurring { rounds } => rounds,
        _ => 1,
    };
    if !(1..=rounds).contains(&question.round) {
        return Err(Refusal::Round(rounds));
    }
    let limit = node.limit;
    let article = node.article.clone();
    let mut work = Work {
        question,
        calendar,
        consulted: Consulted::default(),
        because: vec![Rule::Limit { count: limit.count, unit: limit.unit, article }],
    };
    let end = if limit.unit.ends_with_a_day() { work.in_days()? } else { work.in_hours(limit) };
    if end.last_day().is_some_and(|day| day > Day::LAST) {
        return Err(Refusal::OutOfRange);
    }
    let unknown = work.consulted.unknown().filter(|_| matches!(end, End::Due { .. }));
    work.because.extend(unknown.map(Rule::WeekendsOnly));
    let warnings = warnings(&node.warn, end);
    Ok(Computed { end, warnings, unknown, because: work.because })
}

impl End {
    fn last_day(self) -> Option<Day> {
        match self {
            Self::Due { at, .. } => Some(Day::of(at)),
            Self::Paused { .. } => None,
        }
    }
}

/// Days before at 09:00, hours and minutes before exactly; ascending, as offsets fall.
fn warnings(offsets: &[Offset], end: End) -> Vec<UnixMillis> {
    let End::Due { at, .. } = end else { return Vec::new() };
    let before = |offset: &Offset| match *offset {
        Offset::Days(days) => {
            Day::of(at).plus(i32::try_from(days).unwrap_or(i32::MAX).saturating_neg()).morning()
        }
        Offset::Span(span) => at.minus(span),
    };
    offsets.iter().map(before).collect()
}

struct Work<'a> {
    question: &'a Question<'a>,
    calendar: &'a Calendar,
    consulted: Consulted,
    because: Vec<Rule>,
}

impl Work<'_> {
    /// Hours and minutes run on through nights, rest days and suspensions.
    fn in_hours(&mut self, limit: Limit) -> End {
        let Begin { at, whole_day } = self.question.begin;
        if whole_day {
            self.because.push(Rule::DayTakenFromItsBeginning(Day::of(at)));
        }
        let count = u64::from(limit.count);
        let at = if limit.unit == Unit::Minutes {
            self.because.push(Rule::MinutesFromTheEvent);
            at.plus(Millis::from_secs(count * 60))
        } else if limit.exact {
            self.because.push(Rule::HoursFromTheEvent);
            at.plus(Millis::from_secs(count * 3_600))
        } else {
            // Shanghai is a whole number of hours ahead of UTC: full hours are the same in both.
            let full = UnixMillis((at.0.div_euclid(HOUR_MS) + 1) * HOUR_MS);
            self.because.push(Rule::NextFullHour(full));
            full.plus(Millis::from_secs(count * 3_600 - 1))
        };
        self.because.push(Rule::NoRollOfHours);
        self.note_what_does_not_apply();
        End::Due { at, unrolled: None }
    }

    fn in_days(&mut self) -> Result<End, Refusal> {
        let start = Day::of(self.question.begin.at);
        let node = self.question.node;
        let unrolled = match node.kind {
            Kind::Backwards => {
                self.because.push(Rule::CountedBack(start));
                start.plus(i32::try_from(node.limit.count).unwrap_or(i32::MAX).saturating_neg())
            }
            _ => {
                self.because.push(Rule::StartDayNotCounted(start));
                match self.unrolled(start)? {
                    Moved::To { day, .. } => day,
                    Moved::Paused(since) => return Ok(self.paused(since)),
                }
            }
        };
        if !(Day::FIRST..=Day::LAST).contains(&unrolled) {
            return Err(Refusal::OutOfRange);
        }
        self.note_what_does_not_apply();
        let last = self.rolled(unrolled);
        // A stay that begins in the rest days after the unrolled end finds the node still open.
        let open = self.stops().and_then(Stops::open_since).filter(|since| *since <= last);
        if let Some(since) = open {
            return Ok(self.paused(since));
        }
        self.because.push(Rule::LastSecond);
        Ok(End::Due { at: last.last_second(), unrolled: Some(unrolled) })
    }

    fn paused(&mut self, since: Day) -> End {
        self.because.push(Rule::Paused(since));
        End::Paused { since }
    }

    /// What stops this node, if anything may.
    fn stops(&self) -> Option<&Stops> {
        let node = self.question.node;
        let stops = node.kind.may_be_suspended() && !node.suspended_by.is_empty();
        stops.then_some(self.question.stops)
    }

    /// The last day before it rolls.
    fn unrolled(&mut self, start: Day) -> Result<Moved, Refusal> {
        let Question { node, extension_days, round, .. } = *self.question;
        let nothing = Stops::default();
        let stops = self.stops().unwrap_or(&nothing).clone();
        let Limit { count, unit, .. } = node.limit;
        let times = count * u32::from(round);
        let mut stopped = 0;
        // Where natural days of stops and extensions are added from.
        let mut from = start;
        let mut last = match unit {
            Unit::WorkingDays => {
                let counted =
                    working_days(start, count, &stops, self.calendar, &mut self.consulted);
                match counted.ok_or(Refusal::OutOfRange)? {
                    Moved::To { day, stopped: skipped } => {
                        stopped = skipped;
                        from = day;
                        self.because.push(Rule::WorkingDaysOnly(day));
                        day
                    }
                    paused @ Moved::Paused(_) => return Ok(paused),
                }
            }
            Unit::Months | Unit::Years => {
                let months = if unit == Unit::Years { times * 12 } else { times };
                let day = start.plus_months(months);
                let corresponds = day.civil().2 == start.civil().2;
                let rule = if corresponds { Rule::CorrespondingDay } else { Rule::MonthEnd };
                self.because.push(rule(day));
                day
            }
            Unit::Days | Unit::Hours | Unit::Minutes => {
                start.plus(i32::try_from(times).unwrap_or(i32::MAX))
            }
        };
        if let Kind::Recurring { rounds } = node.kind {
            self.because.push(Rule::Recurrence { round, rounds });
        }
        if extension_days > 0 && node.kind.may_be_extended() {
            last = last.plus(i32::try_from(extension_days).unwrap_or(i32::MAX));
            self.because.push(Rule::Extended { days: extension_days, to: last });
        }
        let moved = stops.moved(from, last);
        if let Moved::To { day, stopped: more } = moved {
            stopped += more;
            if stopped > 0 {
                self.because.push(Rule::Stopped { days: stopped, to: day });
            } else if !stops.is_empty() {
                self.because.push(Rule::StopsOutside);
            }
        }
        Ok(moved)
    }

    /// Suspensions and extensions were given, and this node does not know them.
    fn note_what_does_not_apply(&mut self) {
        let Question { node, stops, extension_days, .. } = *self.question;
        if node.kind == Kind::Expiry {
            self.because.push(Rule::ExpiryNeverMoves);
            return;
        }
        if !stops.is_empty() && self.stops().is_none() {
            self.because.push(Rule::NotSuspended);
        }
        let in_days = node.limit.unit.ends_with_a_day();
        if extension_days > 0 && !(node.kind.may_be_extended() && in_days) {
            self.because.push(Rule::NotExtended);
        }
    }

    fn rolled(&mut self, unrolled: Day) -> Day {
        match self.question.node.kind {
            Kind::Deadline => {
                let last = self.calendar.roll_on(unrolled, &mut self.consulted);
                if last != unrolled {
                    self.because.push(Rule::RolledOn { from: unrolled, to: last });
                }
                last
            }
            Kind::Backwards => {
                let last = self.calendar.roll_back(unrolled, &mut self.consulted);
                if last != unrolled {
                    self.because.push(Rule::RolledBack { from: unrolled, to: last });
                }
                last
            }
            Kind::MinimumWait => {
                self.because.push(Rule::WaitNeverRolls(unrolled.plus(1)));
                unrolled
            }
            Kind::Expiry | Kind::Recurring { .. } | Kind::Condition => unrolled,
        }
    }
}
