//! The numbers of what consoles are told, and the newest news as it was encoded: a console that was
//! away for a moment gets what it missed and not everything anew.
//!
//! **Not here:** positions. Of those only the newest counts (`lines`).

use std::collections::{HashSet, VecDeque};

use bytestring::ByteString;
use tiande_core::ids::OfficerId;

use crate::limits::{
    NEWS_KEPT, NEWS_KEPT_BYTES, NEWS_OWED, NEWS_OWED_BYTES, RESUME_BYTES, RESUME_FRAMES,
};
use crate::ports::journal::Audience;

struct Kept {
    no: u64,
    frame: ByteString,
    /// Whose it is; `None` for everybody.
    audience: Option<Audience>,
    /// How this officer stands: whoever is told what came later need not be told this.
    stands: Option<OfficerId>,
}

/// News by number.
#[derive(Default)]
pub(super) struct NewsLog {
    newest: u64,
    /// Nothing up to this number can be told again.
    floor: u64,
    kept: VecDeque<Kept>,
    bytes: usize,
}

impl NewsLog {
    /// The newest number that was given.
    pub(super) fn newest(&self) -> u64 {
        self.newest
    }

    /// Gives the next number.
    pub(super) fn next(&mut self) -> u64 {
        self.newest += 1;
        self.newest
    }

    /// Keeps the news of that number: for those who are away, and for those to whom everything after
    /// `owed` has still to be told. `stands` says that it is how that officer stands now.
    pub(super) fn keep(
        &mut self,
        no: u64,
        frame: ByteString,
        audience: Option<Audience>,
        stands: Option<OfficerId>,
        owed: Option<u64>,
    ) {
        self.bytes += frame.len();
        self.kept.push_back(Kept { no, frame, audience, stands });
        while let Some(oldest) = self.kept.front() {
            let count = self.kept.len();
            let old = count > NEWS_KEPT || self.bytes > NEWS_KEPT_BYTES;
            let too_much = count > NEWS_OWED || self.bytes > NEWS_OWED_BYTES;
            if !old || (!too_much && owed.is_some_and(|owed| oldest.no > owed)) {
                break;
            }
            self.bytes -= oldest.frame.len();
            self.floor = oldest.no;
            self.kept.pop_front();
        }
    }

    /// Nobody can go on from before now: news was dropped, not kept, or must not be told again.
    /// It takes a number of its own: who has the newest one did not get what was dropped either.
    pub(super) fn break_off(&mut self) {
        self.floor = self.next();
        self.kept.clear();
        self.bytes = 0;
    }

    /// What somebody of these audiences missed after that number; `None` when not all of it is kept, or
    /// when there is so much that everything anew is as quick.
    pub(super) fn since(&self, after: u64, audiences: &[Audience]) -> Option<Vec<ByteString>> {
        let missed: Vec<_> = self.of(after, audiences)?.map(|kept| kept.frame.clone()).collect();
        let bytes: usize = missed.iter().map(|frame| frame.len()).sum();
        (missed.len() <= RESUME_FRAMES && bytes <= RESUME_BYTES).then_some(missed)
    }

    /// What somebody of these audiences is to be told who was told everything up to that number: all of it,
    /// but how an officer stands only as it was last. `None` when not all of it is kept.
    pub(super) fn gathered(&self, after: u64, audiences: &[Audience]) -> Option<Vec<ByteString>> {
        let mut told = HashSet::new();
        let newest_first = self.of(after, audiences)?.rev();
        let of_use = newest_first.filter(|kept| kept.stands.is_none_or(|who| told.insert(who)));
        let mut frames: Vec<_> = of_use.map(|kept| kept.frame.clone()).collect();
        frames.reverse();
        Some(frames)
    }

    /// What came after that number for these audiences; `None` when not all of it is kept.
    fn of(
        &self,
        after: u64,
        audiences: &[Audience],
    ) -> Option<impl DoubleEndedIterator<Item = &Kept>> {
        if after < self.floor || after > self.newest {
            return None;
        }
        let first = self.kept.partition_point(|kept| kept.no <= after);
        let theirs = |kept: &&Kept| kept.audience.is_none_or(|of| audiences.contains(&of));
        Some(self.kept.range(first..).filter(theirs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(log: &mut NewsLog, count: usize, audience: Option<Audience>) {
        for _ in 0..count {
            let no = log.next();
            log.keep(no, format!("{no}").into(), audience, None, None);
        }
    }

    fn since(log: &NewsLog, after: u64) -> Option<Vec<ByteString>> {
        log.since(after, &[Audience::Centre])
    }

    #[test]
    fn what_was_missed_is_told_and_nothing_of_somebody_else() {
        let mut log = NewsLog::default();
        told(&mut log, 2, None);
        log.next(); // A tick.
        told(&mut log, 1, Some(Audience::Director));
        told(&mut log, 1, Some(Audience::Centre));
        assert_eq!(since(&log, 0), Some(vec!["1".into(), "2".into(), "5".into()]));
        assert_eq!(since(&log, 2), Some(vec!["5".into()]));
        assert_eq!(since(&log, 5), Some(vec![]));
        assert_eq!(since(&log, 6), None, "never told");
    }

    #[test]
    fn whoever_missed_too_much_begins_anew() {
        let mut log = NewsLog::default();
        told(&mut log, NEWS_KEPT + 10, None);
        assert_eq!(since(&log, 9), None);
        assert_eq!(since(&log, 10), None, "kept, but too much");
        let last = (NEWS_KEPT + 10 - RESUME_FRAMES) as u64;
        assert_eq!(since(&log, last).map(|all| all.len()), Some(RESUME_FRAMES));
        assert_eq!(since(&log, last - 1), None);
        let had = log.newest();
        log.break_off();
        assert_eq!(since(&log, had), None, "something after it was dropped");
        assert_eq!(since(&log, log.newest()), Some(vec![]));
    }

    #[test]
    fn what_is_kept_is_bounded_in_bytes() {
        let mut log = NewsLog::default();
        for _ in 0..10 {
            let no = log.next();
            log.keep(no, "x".repeat(NEWS_KEPT_BYTES / 4).into(), None, None, None);
        }
        assert!(log.bytes <= NEWS_KEPT_BYTES && log.kept.len() == 4);
        assert_eq!(log.floor, 6);
    }

    #[test]
    fn what_is_owed_is_kept_but_not_for_ever() {
        let mut log = NewsLog::default();
        let keep = |log: &mut NewsLog, owed| {
            let no = log.next();
            log.keep(no, format!("{no}").into(), None, None, owed);
        };
        (0..NEWS_OWED).for_each(|_| keep(&mut log, Some(0)));
        let owed = log.gathered(0, &[]).map(|all| all.len());
        assert_eq!((owed, log.floor), (Some(NEWS_OWED), 0));
        keep(&mut log, Some(0));
        assert_eq!(log.gathered(0, &[]), None, "more than is kept for anybody");
        // When it is told, no more is kept than for those who are away.
        let all = Some(log.newest());
        keep(&mut log, all);
        assert_eq!(log.kept.len(), NEWS_KEPT);
    }

    #[test]
    fn how_an_officer_stands_is_told_once_and_as_it_was_last() {
        let mut log = NewsLog::default();
        let who = |text: &str| Some(text.parse::<OfficerId>().expect("an id"));
        let one = who("0190a5b0-0000-7000-8000-000000000001");
        let other = who("0190a5b0-0000-7000-8000-000000000002");
        for stands in [one, other, None, one, None] {
            let no = log.next();
            log.keep(no, format!("{no}").into(), None, stands, None);
        }
        let told = log.gathered(0, &[]).expect("all is kept");
        assert_eq!(told, ["2", "3", "4", "5"].map(ByteString::from));
        assert_eq!(log.gathered(4, &[]), Some(vec!["5".into()]));
    }
}
