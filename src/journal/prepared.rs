//! A decision as the writer wants it: encoded by the caller, so that the writer's one thread does
//! only what must be done in order.
//!
//! **Not here:** sealing and hashing, which need the writer's state.

use std::sync::Arc;

use tiande_actors::ports::journal::{Append, CaseChange, Delivery, NoticeChange};
use tiande_core::ids::CourtId;
use tiande_core::journal::{Encoded, Event, StreamId, encode};
use tiande_core::time::UnixMillis;

/// An encoded decision.
#[derive(Debug)]
pub struct Prepared {
    pub court: CourtId,
    pub court_text: Arc<str>,
    pub at: UnixMillis,
    pub by_json: Arc<str>,
    pub why: Option<Arc<str>>,
    pub streams: Vec<PreparedStream>,
    pub delivery: Option<Delivery>,
    pub notices: Vec<NoticeChange>,
    pub case: Option<Box<CaseChange>>,
}

/// Encoded events of one stream.
#[derive(Debug)]
pub struct PreparedStream {
    pub stream: StreamId,
    pub text: Arc<str>,
    pub expected_seq: u64,
    pub events: Vec<(Event, Encoded)>,
}

impl Prepared {
    pub fn new(append: Append) -> Self {
        let by_json = serde_json::to_string(&append.by).expect("plain data always serialises");
        Self {
            court_text: append.court.as_str().into(),
            court: append.court,
            at: append.at,
            by_json: by_json.into(),
            why: append.why.map(Into::into),
            streams: append
                .streams
                .into_iter()
                .map(|part| PreparedStream {
                    stream: part.stream,
                    text: part.stream.to_string().into(),
                    expected_seq: part.expected_seq,
                    events: part
                        .events
                        .into_iter()
                        .map(|e| {
                            let c = encode(&e);
                            (e, c)
                        })
                        .collect(),
                })
                .collect(),
            delivery: append.delivery,
            notices: append.notices,
            case: append.case,
        }
    }

    /// The bare ids of streams that this decision believes to begin.
    pub fn begun(&self) -> impl Iterator<Item = uuid::Uuid> + '_ {
        self.streams.iter().filter(|part| part.expected_seq == 0).map(|part| match part.stream {
            StreamId::Case(id) => id.0,
            StreamId::Incident(id) => id.0,
            StreamId::Officer(id) => id.0,
            StreamId::Tip(id) => id.0,
        })
    }
}
