//! What stops a clock: whole days, as the union of intervals that may overlap.

use crate::calendar::Day;

/// Days from `first` up to, not including, `until`; without an end: still going on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    first: Day,
    until: Option<Day>,
}

/// An interval that ends before it begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the suspension ends before it begins")]
pub struct ReversedSpan;

impl Span {
    /// A span. One that ends on the day on which it begins is empty, and has no effect.
    ///
    /// # Errors
    /// [`ReversedSpan`].
    pub fn new(first: Day, until: Option<Day>) -> Result<Self, ReversedSpan> {
        if until.is_some_and(|until| until < first) {
            return Err(ReversedSpan);
        }
        Ok(Self { first, until })
    }

    fn is_empty(self) -> bool {
        self.until == Some(self.first)
    }
}

/// The union of spans: sorted, apart from each other, none empty. Only the last may be open.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stops(Vec<Span>);

/// Where a day comes to lie when stopped days are left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Moved {
    /// There, after so many stopped days.
    To {
        /// The day.
        day: Day,
        /// Stopped days that counted.
        stopped: u32,
    },
    /// Nobody knows: it has been stopped since that day.
    Paused(Day),
}

impl Stops {
    /// The union of spans in any order.
    #[must_use]
    pub fn union(spans: impl IntoIterator<Item = Span>) -> Self {
        let mut spans: Vec<Span> = spans.into_iter().filter(|span| !span.is_empty()).collect();
        spans.sort_unstable_by_key(|span| span.first);
        let mut union: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans {
            match union.last_mut() {
                Some(last) if last.until.is_none_or(|until| span.first <= until) => {
                    // No end is later than any end.
                    last.until = last.until.zip(span.until).map(|(a, b)| a.max(b));
                }
                _ => union.push(span),
            }
        }
        Self(union)
    }

    /// Nothing stops it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The first day of the span that has no end.
    #[must_use]
    pub fn open_since(&self) -> Option<Day> {
        self.0.last().filter(|span| span.until.is_none()).map(|span| span.first)
    }

    /// Is the clock stopped on that day?
    #[must_use]
    pub fn contains(&self, day: Day) -> bool {
        let after = self.0.partition_point(|span| span.first <= day);
        let span = after.checked_sub(1).and_then(|index| self.0.get(index));
        span.is_some_and(|span| span.until.is_none_or(|until| day < until))
    }

    /// That day, or the first one after it on which the clock runs; `None` when it is stopped without an
    /// end.
    #[must_use]
    pub fn runs_from(&self, day: Day) -> Option<Day> {
        let span = self
            .0
            .iter()
            .find(|span| span.first <= day && span.until.is_none_or(|until| day < until));
        span.map_or(Some(day), |span| span.until)
    }

    /// Moves the last day of a period that began on `start` by the stopped days in it. Stopped days on
    /// or before `start` do not count, nor do those after the moved last day: a stay never revives
    /// what is overdue.
    pub(super) fn moved(&self, start: Day, last: Day) -> Moved {
        let (mut day, mut stopped) = (last, 0);
        for span in &self.0 {
            let first = span.first.max(start.plus(1));
            if first > day {
                break;
            }
            let Some(until) = span.until else { return Moved::Paused(span.first) };
            // A span that begins in the period lies in it altogether once the last day has moved.
            let days = until.days_since(first).max(0);
            day = day.plus(days);
            stopped += u32::try_from(days).unwrap_or(0);
        }
        Moved::To { day, stopped }
    }
}
