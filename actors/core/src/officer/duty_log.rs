//! When an officer was on duty lately: what a device saved up without network is kept only as far as
//! it was measured on duty (I18), also when it comes hours later, in another shift.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::time::{Millis, UnixMillis};

/// Spans on duty, oldest first, as far back as a late report may reach.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DutyLog {
    over: VecDeque<(UnixMillis, UnixMillis)>,
    /// Since when the officer is on duty now.
    since: Option<UnixMillis>,
}

impl DutyLog {
    /// Spans that ended longer ago than this are let go.
    pub const REACH: Millis = Millis::from_secs(72 * 3_600);
    /// Most spans that are over: a change of duty every hour for as long as [`Self::REACH`].
    pub const SPANS_MAX: usize = 72;

    /// The officer went on duty.
    pub(super) fn begin(&mut self, at: UnixMillis) {
        self.since = Some(at);
        self.over.retain(|(_, to)| to.plus(Self::REACH) >= at);
    }

    /// The officer went off duty.
    pub(super) fn end(&mut self, at: UnixMillis) {
        if let Some(since) = self.since.take() {
            self.over.push_back((since, at));
            while self.over.len() > Self::SPANS_MAX {
                self.over.pop_front();
            }
        }
    }

    /// True when the officer was on duty at that moment, breaks included.
    #[must_use]
    pub fn on_duty_at(&self, at: UnixMillis) -> bool {
        self.since.is_some_and(|since| since <= at)
            || self.over.iter().any(|(from, to)| *from <= at && at <= *to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(hours: i64) -> UnixMillis {
        UnixMillis(hours * 3_600_000)
    }

    #[test]
    fn a_late_report_counts_when_it_was_measured_on_duty() {
        let mut log = DutyLog::default();
        assert!(!log.on_duty_at(hours(1)));
        log.begin(hours(8));
        assert!(log.on_duty_at(hours(8)) && log.on_duty_at(hours(12)));
        assert!(!log.on_duty_at(UnixMillis(hours(8).0 - 1)));
        log.end(hours(17));
        assert!(log.on_duty_at(hours(9)) && log.on_duty_at(hours(17)));
        assert!(!log.on_duty_at(UnixMillis(hours(17).0 + 1)));
        log.begin(hours(32));
        assert!(log.on_duty_at(hours(9)), "the shift before");
        assert!(!log.on_duty_at(hours(20)), "the night between");
        assert!(log.on_duty_at(hours(33)));
    }

    #[test]
    fn it_reaches_back_two_days_and_stays_small() {
        let mut log = DutyLog::default();
        for day in 0..30 {
            log.begin(hours(day * 24 + 8));
            log.end(hours(day * 24 + 17));
        }
        assert!(log.on_duty_at(hours(27 * 24 + 9)), "two days back");
        assert!(!log.on_duty_at(hours(9)), "a month back");
        for minute in 0..1_000 {
            log.begin(UnixMillis(hours(1_000).0 + minute * 60_000));
            log.end(UnixMillis(hours(1_000).0 + minute * 60_000 + 1));
        }
        assert_eq!(log.over.len(), DutyLog::SPANS_MAX);
    }
}
