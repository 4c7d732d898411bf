//! Where everybody was at the newest tick, and a tick itself: encoded once, whoever listens.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use bytes::Bytes;
use bytestring::ByteString;
use tiande_core::time::UnixMillis;

use crate::outbox::Frame;
use crate::ports::wire::Wire;
use crate::views::{ConsoleNote, Moved};

use super::view::Line;

/// The newest line of everybody who has moved since the court was opened.
#[derive(Default)]
pub(super) struct Lines(BTreeMap<u32, Moved>);

impl Lines {
    /// Takes in who moved; the lines with where they were.
    pub(super) fn take(&mut self, moved: Vec<Moved>) -> Vec<Line> {
        let take = |moved: Moved| {
            let before = self.0.insert(moved.n, moved);
            let was = before.and_then(|moved| moved.fix).map(|known| known.fix.at);
            Line { moved, was, fresh: true }
        };
        moved.into_iter().map(take).collect()
    }

    /// The newest lines of these.
    pub(super) fn of(&self, numbers: &BTreeSet<u32>) -> Vec<Line> {
        let known = numbers.iter().filter_map(|n| self.0.get(n));
        known.map(|moved| Line { moved: *moved, was: None, fresh: false }).collect()
    }

    /// The newest lines of everybody.
    pub(super) fn all(&self) -> Vec<Line> {
        self.0.values().map(|moved| Line { moved: *moved, was: None, fresh: true }).collect()
    }
}

/// A tick.
pub(super) struct Tick<'a> {
    wire: &'a dyn Wire,
    no: u64,
    now: UnixMillis,
    lines: Vec<Line>,
    /// All lines in binary, one behind the other.
    records: OnceCell<Vec<u8>>,
    /// What those get who look at everything.
    whole_binary: OnceCell<Bytes>,
    whole_text: OnceCell<ByteString>,
}

impl<'a> Tick<'a> {
    pub(super) fn new(wire: &'a dyn Wire, no: u64, now: UnixMillis, lines: Vec<Line>) -> Self {
        Self {
            wire,
            no,
            now,
            lines,
            records: OnceCell::new(),
            whole_binary: OnceCell::new(),
            whole_text: OnceCell::new(),
        }
    }

    pub(super) fn lines(&self) -> &[Line] {
        &self.lines
    }

    /// For who looks at everything: whatever is fresh. `None` when nothing is.
    pub(super) fn whole(&self, binary: bool) -> Option<Frame> {
        let fresh = || self.lines.iter().enumerate().filter(|(_, line)| line.fresh);
        fresh().next()?;
        let all = || fresh().map(|(index, _)| index).collect::<Vec<_>>();
        Some(if binary {
            Frame::Binary(self.whole_binary.get_or_init(|| self.binary(&all())).clone())
        } else {
            Frame::Text(self.whole_text.get_or_init(|| self.text(&all())).clone())
        })
    }

    /// Some of the lines; `None` when it is none.
    pub(super) fn part(&self, indexes: &[usize], binary: bool) -> Option<Frame> {
        if indexes.is_empty() {
            return None;
        }
        Some(if binary {
            Frame::Binary(self.binary(indexes))
        } else {
            Frame::Text(self.text(indexes))
        })
    }

    fn binary(&self, indexes: &[usize]) -> Bytes {
        let length = self.wire.tick_record_len();
        let records = self.records.get_or_init(|| {
            let mut records = Vec::with_capacity(self.lines.len() * length);
            for line in &self.lines {
                self.wire.tick_record(self.now, &line.moved, &mut records);
            }
            records
        });
        let mut frame = self.wire.tick_head(self.no, self.now);
        frame.reserve_exact(indexes.len() * length);
        for index in indexes {
            let record = records.get(index * length..(index + 1) * length);
            frame.extend_from_slice(record.unwrap_or_default());
        }
        frame.into()
    }

    fn text(&self, indexes: &[usize]) -> ByteString {
        let moved = indexes.iter().filter_map(|index| self.lines.get(*index));
        let moved: Vec<Moved> = moved.map(|line| line.moved).collect();
        self.wire.console(self.no, &ConsoleNote::Tick { now: self.now, moved: &moved })
    }
}
