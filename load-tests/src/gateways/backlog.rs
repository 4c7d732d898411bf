//! What one gateway has still to tell: positions that wait for a batch, and batches that wait for their
//! answer (PROTOCOL §10).
//!
//! Pure. What the server could not take in goes out again, with whatever of that officer came later, in
//! ascending order: otherwise the server keeps nothing of that officer until a minute has passed.

use std::collections::{BTreeMap, VecDeque};

use serde_json::Value;

/// Records of one batch at most.
const RECORDS: usize = 500;
/// Positions of one officer that are kept for sending again; then the oldest is given up. Two minutes
/// at one in five seconds, twice as long as the server waits for a missing one.
const KEPT: usize = 24;
/// A batch that is not answered by then was lost, microseconds. A server answers within ten seconds.
const ANSWER_WITHIN_US: u64 = 15_000_000;

/// Where somebody was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fix {
    /// Counts up, for each officer.
    pub seq: u32,
    /// Unix milliseconds.
    pub taken_at: i64,
    /// Degrees times 1e7.
    pub lat: i32,
    /// The same.
    pub lon: i32,
}

/// A position on its way, and when it first was: 0 when it has not been sent yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Record {
    /// The drill's place of the officer in this gateway's list.
    pub officer: usize,
    /// The position.
    pub fix: Fix,
    first_us: u64,
}

#[derive(Debug)]
struct Batch {
    number: u64,
    sent_us: u64,
    records: Vec<Record>,
}

/// What an answer said.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// Records that were taken.
    pub taken: u64,
    /// Records that were refused for good, by code.
    pub refused: BTreeMap<String, u64>,
    /// Records that go out again.
    pub again: u64,
    /// The batch was refused as a whole, with this code.
    pub turned_away: Option<String>,
    /// Since the first sending of the oldest record that was taken, microseconds.
    pub us: Option<u64>,
    /// The answer fits no batch, or does not speak of each of its records once.
    pub wrong: bool,
}

/// All of it, for one gateway.
#[derive(Debug)]
pub struct Backlog {
    /// By officer, ascending in `seq`.
    waiting: Vec<VecDeque<Record>>,
    /// How many they are together.
    many: usize,
    under_way: VecDeque<Batch>,
    /// Positions that waited too long.
    given_up: u64,
}

impl Backlog {
    /// Nothing yet, of so many officers.
    pub fn of(officers: usize) -> Self {
        let waiting = vec![VecDeque::new(); officers];
        Self { waiting, many: 0, under_way: VecDeque::new(), given_up: 0 }
    }

    /// A new position of an officer.
    pub fn add(&mut self, officer: usize, fix: Fix) {
        self.put(Record { officer, fix, first_us: 0 });
    }

    fn put(&mut self, record: Record) {
        let queue = &mut self.waiting[record.officer];
        let at = queue.partition_point(|other| other.fix.seq < record.fix.seq);
        queue.insert(at, record);
        self.many += 1;
        if queue.len() > KEPT {
            queue.pop_front();
            self.many -= 1;
            self.given_up += 1;
        }
    }

    /// Whether something waits for a batch.
    pub fn waits(&self) -> bool {
        self.many > 0
    }

    /// The next batch, which is under way from now on; the second number says how many of its records
    /// are sent again.
    pub fn send(&mut self, number: u64, now_us: u64) -> (Vec<Record>, u64) {
        let mut records = Vec::with_capacity(self.many.min(RECORDS));
        let mut again = 0;
        for queue in &mut self.waiting {
            while records.len() < RECORDS
                && let Some(mut record) = queue.pop_front()
            {
                again += u64::from(record.first_us > 0);
                if record.first_us == 0 {
                    record.first_us = now_us.max(1);
                }
                records.push(record);
            }
        }
        self.many -= records.len();
        self.under_way.push_back(Batch { number, sent_us: now_us, records: records.clone() });
        (records, again)
    }

    /// Takes the answer to a batch.
    pub fn answered(&mut self, answer: &Value, now_us: u64) -> Told {
        let number = answer["batch"].as_u64();
        let at = self.under_way.iter().position(|batch| Some(batch.number) == number);
        let Some(batch) = at.and_then(|at| self.under_way.remove(at)) else {
            return Told { wrong: true, ..Told::default() };
        };
        let mut told = Told::default();
        if let Some(code) = answer["code"].as_str() {
            told.turned_away = Some(code.to_owned());
            told.again = batch.records.len() as u64;
            batch.records.into_iter().for_each(|record| self.put(record));
            return told;
        }
        let mut ends: Vec<Option<&str>> = vec![None; batch.records.len()];
        for refused in answer["refused"].as_array().into_iter().flatten() {
            let index = refused[0].as_u64().and_then(|index| usize::try_from(index).ok());
            let place = index.and_then(|index| ends.get_mut(index));
            match (place, refused[1].as_str()) {
                (Some(place @ None), Some(code)) => *place = Some(code),
                _ => told.wrong = true,
            }
        }
        told.taken = ends.iter().filter(|end| end.is_none()).count() as u64;
        told.wrong |= answer["taken"].as_u64() != Some(told.taken);
        for (record, end) in batch.records.into_iter().zip(ends) {
            match end {
                None => {
                    let us = now_us.saturating_sub(record.first_us);
                    told.us = told.us.max(Some(us));
                }
                Some("overloaded") => {
                    told.again += 1;
                    self.put(record);
                }
                Some(code) => *told.refused.entry(code.to_owned()).or_default() += 1,
            }
        }
        told
    }

    /// Batches that should have been answered by now.
    pub fn overdue(&self, now_us: u64) -> u64 {
        let late = |batch: &&Batch| now_us.saturating_sub(batch.sent_us) > ANSWER_WITHIN_US;
        self.under_way.iter().filter(late).count() as u64
    }

    /// Batches whose answers are not there.
    pub fn under_way(&self) -> usize {
        self.under_way.len()
    }

    /// The socket is over: whatever was not answered goes out again on the next one.
    pub fn broken(&mut self) {
        for batch in std::mem::take(&mut self.under_way) {
            batch.records.into_iter().for_each(|record| self.put(record));
        }
    }

    /// Positions that were given up since the last call.
    pub fn take_given_up(&mut self) -> u64 {
        std::mem::take(&mut self.given_up)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fix(seq: u32) -> Fix {
        Fix { seq, taken_at: i64::from(seq), lat: 0, lon: 0 }
    }

    fn seqs(records: &[Record]) -> Vec<(usize, u32)> {
        records.iter().map(|record| (record.officer, record.fix.seq)).collect()
    }

    fn two() -> Backlog {
        let mut backlog = Backlog::of(2);
        backlog.add(0, fix(1));
        backlog.add(1, fix(1));
        backlog
    }

    #[test]
    fn a_refused_record_comes_again_before_what_came_later() {
        let mut backlog = two();
        assert_eq!(seqs(&backlog.send(1, 100).0), [(0, 1), (1, 1)]);
        backlog.add(0, fix(2));
        let answer = json!({"batch": 1, "taken": 1, "refused": [[0, "overloaded"]]});
        let told = backlog.answered(&answer, 130);
        assert_eq!((told.taken, told.again, told.us, told.wrong), (1, 1, Some(30), false));
        let (records, again) = backlog.send(2, 200);
        assert_eq!((seqs(&records), again), (vec![(0, 1), (0, 2)], 1));
        // Its age counts from the first sending.
        let told = backlog.answered(&json!({"batch": 2, "taken": 2, "refused": []}), 250);
        assert_eq!((told.taken, told.us), (2, Some(150)));
        assert!(!backlog.waits() && backlog.under_way() == 0);
    }

    #[test]
    fn a_batch_turned_away_or_lost_comes_again_as_a_whole() {
        let mut backlog = two();
        backlog.send(1, 100);
        let told = backlog.answered(&json!({"batch": 1, "code": "overloaded"}), 130);
        assert_eq!((told.again, told.turned_away.as_deref()), (2, Some("overloaded")));
        backlog.send(2, 200);
        assert_eq!((backlog.overdue(200 + ANSWER_WITHIN_US), backlog.under_way()), (0, 1));
        assert_eq!(backlog.overdue(201 + ANSWER_WITHIN_US), 1);
        backlog.broken();
        assert_eq!(seqs(&backlog.send(1, 300).0), [(0, 1), (1, 1)]);
    }

    #[test]
    fn other_codes_are_final_and_answers_that_do_not_add_up_are_wrong() {
        let mut backlog = two();
        backlog.send(1, 100);
        let answer = json!({"batch": 1, "taken": 1, "refused": [[1, "officer-unknown"]]});
        let told = backlog.answered(&answer, 130);
        assert_eq!((told.refused["officer-unknown"], told.again, told.wrong), (1, 0, false));
        assert!(backlog.answered(&answer, 130).wrong, "answered twice");
        for wrong in [
            json!({"batch": 2, "taken": 1, "refused": []}),
            json!({"batch": 2, "taken": 2, "refused": [[2, "overloaded"]]}),
            json!({"batch": 2, "taken": 1, "refused": [[0, "older"], [0, "older"]]}),
            json!({"batch": 2, "refused": []}),
        ] {
            let mut backlog = two();
            backlog.send(2, 100);
            assert!(backlog.answered(&wrong, 130).wrong, "{wrong}");
        }
    }

    #[test]
    fn what_waits_is_bounded_and_counted() {
        let mut backlog = Backlog::of(1);
        (1..=30).for_each(|seq| backlog.add(0, fix(seq)));
        assert_eq!((backlog.take_given_up(), backlog.take_given_up()), (6, 0));
        let (records, _) = backlog.send(1, 100);
        assert_eq!((records.len(), records[0].fix.seq), (KEPT, 7));
        let mut many = Backlog::of(600);
        (0..600).for_each(|officer| many.add(officer, fix(1)));
        assert_eq!((many.send(1, 1).0.len(), many.send(2, 1).0.len()), (500, 100));
    }
}
