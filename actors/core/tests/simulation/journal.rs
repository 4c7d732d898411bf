//! The model of the store: one append is atomic, sequences are checked, a delivery is taken once.
//!
//! Events are kept as the bytes of `journal::encode`, so each recovery goes through the codec.

use std::collections::BTreeMap;
use std::ops::Range;

use tiande_core::ids::{IncidentId, TipId};
use tiande_core::journal::{Encoded, Event, Snapshot, StreamId, decode, encode};
use tiande_core::time::UnixMillis;

/// Source and webhook id.
pub type DeliveryKey = (u8, u64);

/// The memory of one delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Stands for the hash of the body.
    pub body: u64,
    pub tip: TipId,
    pub incident: IncidentId,
}

/// One decision on its way into the store.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Who writes.
    pub owner: u32,
    pub at: UnixMillis,
    /// Stream, how many events the decider believes are there, what is new.
    pub streams: Vec<(StreamId, u64, Vec<Event>)>,
    pub delivery: Option<(DeliveryKey, Delivery)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AppendFault {
    Conflict(StreamId),
    DuplicateDelivery,
    /// The journal has another owner by now.
    Fenced,
}

/// One stored event.
pub struct Record {
    pub stream: StreamId,
    pub seq: u64,
    pub at: UnixMillis,
    encoded: Encoded,
}

/// What people of the simulated court say; none of it may stand in clear.
pub const WORDS: [&str; 5] = ["在另一处", "离得最近", "已查封", "另有任务", "误报"];

impl Record {
    /// Words of people in the clear part.
    pub fn tells(&self) -> Option<&'static str> {
        let body = String::from_utf8_lossy(&self.encoded.body);
        WORDS.into_iter().find(|words| body.contains(words))
    }

    pub fn event(&self) -> Event {
        let stored = &self.encoded;
        decode(&stored.kind, stored.version, &stored.body, stored.personal.as_deref())
            .expect("what was encoded can be decoded")
    }
}

#[derive(Default)]
pub struct Store {
    pub records: Vec<Record>,
    pub heads: BTreeMap<StreamId, u64>,
    pub deliveries: BTreeMap<DeliveryKey, Delivery>,
    pub snapshots: BTreeMap<StreamId, Snapshot>,
    /// Who may write.
    pub owner: u32,
    /// A planted bug: anybody may.
    pub open_to_all: bool,
    /// A planted bug: numbers are left out.
    pub leaves_out: bool,
    /// A planted bug: personal parts stand in the body as well.
    pub leaks: bool,
}

impl Store {
    /// Writes everything, or nothing; gives the positions of the new records.
    pub fn append(&mut self, batch: &Batch) -> Result<Range<usize>, AppendFault> {
        if batch.owner != self.owner && !self.open_to_all {
            return Err(AppendFault::Fenced);
        }
        if let Some((key, _)) = &batch.delivery
            && self.deliveries.contains_key(key)
        {
            return Err(AppendFault::DuplicateDelivery);
        }
        for (stream, expected, _) in &batch.streams {
            if self.head(*stream) != *expected {
                return Err(AppendFault::Conflict(*stream));
            }
        }
        let start = self.records.len();
        for (stream, _, events) in &batch.streams {
            for event in events {
                let left_out = self.leaves_out && self.head(*stream) == 4;
                let seq = self.head(*stream) + 1 + u64::from(left_out);
                self.heads.insert(*stream, seq);
                let mut encoded = encode(event);
                if let (true, Some(personal)) = (self.leaks, &encoded.personal) {
                    encoded.body.truncate(encoded.body.len() - 1);
                    encoded.body.extend([b",\"told\":", personal.as_slice(), b"}"].concat());
                }
                self.records.push(Record { stream: *stream, seq, at: batch.at, encoded });
            }
        }
        self.deliveries.extend(batch.delivery);
        Ok(start..self.records.len())
    }

    pub fn head(&self, stream: StreamId) -> u64 {
        self.heads.get(&stream).copied().unwrap_or(0)
    }

    /// A planted bug's store: its last records are gone after the crash.
    pub fn lose_tail(&mut self, records: usize) {
        for record in self.records.split_off(self.records.len().saturating_sub(records)) {
            self.heads.insert(record.stream, record.seq - 1);
        }
    }
}
