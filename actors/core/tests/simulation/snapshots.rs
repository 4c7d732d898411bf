//! Snapshots in the model: taken from the live state after a decision, saved later and not for sure,
//! and used by most restarts. The observers compare what comes of it with the fold of everything.

use std::collections::BTreeMap;

use tiande_core::dispatch::Glance;
use tiande_core::incident::Incident;
use tiande_core::journal::{Event, Fold, Folded, Snapshot, StreamId};
use tiande_core::officer::Officer;

use super::bugs::Bug;
use super::counters::Counters;
use super::journal::{Record, Store};
use super::server::{Flight, Server};

/// Every so many events of a stream; few, so that short days see many.
const EVERY: u64 = 3;

/// What a restart reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wakes {
    FromZero,
    FromSnapshots,
}

impl Store {
    /// Keeps a snapshot, unless it tells of records that are not there.
    pub fn save(&mut self, stream: StreamId, snapshot: Snapshot) {
        if snapshot.seq <= self.head(stream) {
            self.snapshots.insert(stream, snapshot);
        }
    }

    fn usable(&self, stream: StreamId) -> Option<&Snapshot> {
        self.snapshots.get(&stream).filter(|snapshot| snapshot.seq <= self.head(stream))
    }
}

impl Server {
    /// Takes a durable event's number in.
    pub fn note(&mut self, stream: StreamId, seq: u64, event: &Event) {
        let carriers = self.carriers.entry(stream).or_default();
        match event {
            Event::Officer(event) => carriers.note::<Officer>(seq, event),
            Event::Incident(event) => carriers.note::<Incident>(seq, event),
            Event::Case(_) | Event::Tip(_) => {}
        }
    }

    fn snapshot(&self, stream: StreamId, seq: u64) -> Option<Snapshot> {
        let carriers = self.carriers.get(&stream)?;
        match stream {
            StreamId::Officer(id) => {
                self.glances.get(&id).map(|g| Snapshot::of(&g.officer, seq, carriers))
            }
            StreamId::Incident(id) => {
                self.incidents.get(&id).map(|state| Snapshot::of(state, seq, carriers))
            }
            StreamId::Case(_) | StreamId::Tip(_) => None,
        }
    }

    /// Takes snapshots of the streams of a decision that is durable and applied.
    pub fn take_snapshots(&mut self, flight: &Flight, counters: &mut Counters) {
        for (stream, before, events) in flight.batch.iter().flat_map(|b| &b.streams) {
            let seq = before + events.len() as u64;
            if seq / EVERY != before / EVERY
                && let Some(snapshot) = self.snapshot(*stream, seq)
            {
                counters.snapshots_taken += 1;
                self.unsaved.push((*stream, snapshot));
            }
        }
    }

    /// A planted bug: a snapshot of a decision that was not written.
    pub fn snapshot_of_nothing(&self, flight: &Flight) -> Option<(StreamId, Snapshot)> {
        let plan = flight.plan.as_ref()?;
        let stream = StreamId::Incident(plan.incident.id);
        let seq = self.seqs.get(&stream).copied().unwrap_or(0) + plan.events.len() as u64;
        Some((stream, Snapshot::of(&plan.incident, seq, self.carriers.get(&stream)?)))
    }

    /// Folds the journal, from its snapshots where there are any.
    pub fn wake(&mut self, store: &Store, wakes: Wakes) -> u64 {
        let mut streams: BTreeMap<StreamId, Vec<&Record>> = BTreeMap::new();
        for record in &store.records {
            streams.entry(record.stream).or_default().push(record);
        }
        let mut restored = 0;
        for (stream, records) in streams {
            let snapshot = match wakes {
                Wakes::FromZero => None,
                Wakes::FromSnapshots => store.usable(stream),
            };
            let mut after = snapshot.map_or(0, |snapshot| snapshot.seq);
            if let Some(snapshot) = snapshot {
                restored += 1;
                self.restore(stream, snapshot, &records);
                after += u64::from(self.bug == Bug::SnapshotSkips);
            }
            for record in records.into_iter().filter(|record| record.seq > after) {
                self.fold(stream, record.seq, &record.event(), record.at);
            }
        }
        restored
    }

    fn restore(&mut self, stream: StreamId, snapshot: &Snapshot, records: &[&Record]) {
        match stream {
            StreamId::Officer(id) => {
                let fold = self.restored(stream, snapshot, records);
                let glance = Glance { officer: fold, fix: None, busy: false };
                self.glances.insert(id, glance);
            }
            StreamId::Incident(id) => {
                let fold = self.restored(stream, snapshot, records);
                self.incidents.insert(id, fold);
            }
            StreamId::Case(_) | StreamId::Tip(_) => {}
        }
    }

    fn restored<S: Folded>(
        &mut self,
        stream: StreamId,
        snapshot: &Snapshot,
        records: &[&Record],
    ) -> S {
        let kept: Vec<(u64, Event)> = records
            .iter()
            .filter(|record| snapshot.kept.contains(&record.seq))
            .map(|record| (record.seq, record.event()))
            .collect();
        let unread = Snapshot { kept: Vec::new(), ..snapshot.clone() };
        let snapshot = if self.bug == Bug::SnapshotWithoutNames { &unread } else { snapshot };
        let kept = kept.iter().map(|(seq, event)| (*seq, event));
        let fold = Fold::restore(snapshot, kept).expect("this program's own");
        self.carriers.insert(stream, fold.carriers);
        fold.state
    }
}
