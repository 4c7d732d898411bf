//! The streams of cases that somebody looks at through the portal, as they were read last. A page that polls costs
//! one look at how long the stream is, and no record, as long as nothing happens.
//!
//! It holds few streams, for a short time's work, and none that was read before something was forgotten.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use tiande_actors::ports::Journal as _;
use tiande_actors::ports::journal::Stored;
use tiande_core::ids::CaseId;
use tiande_core::journal::StreamId;

use crate::api::problem::Problem;
use crate::journal::Store;

/// Streams that are held at once.
const STREAMS_MAX: usize = 64;
/// The longest stream that is held, records.
const RECORDS_MAX: usize = 4_000;

#[derive(Debug)]
struct Held {
    length: u64,
    forgettings: u64,
    records: Arc<Vec<Stored>>,
    /// When somebody asked last, by number.
    asked: u64,
}

/// Streams as they were read last.
#[derive(Debug, Default)]
pub struct Seen(Mutex<(u64, BTreeMap<CaseId, Held>)>);

impl Seen {
    /// All records of a case.
    pub(crate) async fn records(
        &self,
        journal: &Store,
        case: CaseId,
    ) -> Result<Arc<Vec<Stored>>, Problem> {
        // Before the read: what was read may be older than a forgetting, never newer.
        let forgettings = journal.forgettings();
        let length = journal.stream_length(StreamId::Case(case)).await;
        let length = length.map_err(|_fault| Problem::overloaded())?;
        if let Some(records) = self.held(case, length, forgettings) {
            return Ok(records);
        }
        let records = journal.read_stream(StreamId::Case(case)).await;
        let records = Arc::new(records.map_err(|_fault| Problem::overloaded())?);
        self.hold(case, forgettings, &records);
        Ok(records)
    }

    fn held(&self, case: CaseId, length: u64, forgettings: u64) -> Option<Arc<Vec<Stored>>> {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, streams) = &mut *seen;
        let held = streams.get_mut(&case)?;
        if (held.length, held.forgettings) != (length, forgettings) {
            streams.remove(&case);
            return None;
        }
        *count += 1;
        held.asked = *count;
        Some(Arc::clone(&held.records))
    }

    fn hold(&self, case: CaseId, forgettings: u64, records: &Arc<Vec<Stored>>) {
        if records.len() > RECORDS_MAX {
            return;
        }
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (count, streams) = &mut *seen;
        // What was read before something was forgotten is of no use any more, and must not stay.
        streams.retain(|_, held| held.forgettings == forgettings);
        if streams.len() >= STREAMS_MAX && !streams.contains_key(&case) {
            let oldest = streams.iter().min_by_key(|(_, held)| held.asked).map(|(case, _)| *case);
            oldest.and_then(|oldest| streams.remove(&oldest));
        }
        *count += 1;
        let (length, records) = (records.len() as u64, Arc::clone(records));
        streams.insert(case, Held { length, forgettings, records, asked: *count });
    }
}
