//! Decides in memory what a group of decisions writes, before a single statement runs.
//!
//! [`Base`] is what is known of the durable state; a [`Plan`] stands on it and is either taken into it
//! whole (after the commit) or thrown away. A decision that conflicts or violates is left out of the
//! plan without a trace, and the others go on.
//!
//! **Not here:** statements and answers.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use tiande_actors::ports::journal::AppendFault;
use tiande_core::ids::{IncidentId, OfficerId};
use tiande_core::journal::{StreamId, Subject};
use tiande_core::time::UnixMillis;

use super::cache::BoundedCache;
use super::envelope::{Envelope, HashAlg};
use super::prepared::{Prepared, PreparedStream};
use super::projection::{Changes, Operation, operations};
use super::seal::{DataKey, SubjectKeys};

/// Heads of streams kept in memory, about 100 bytes each. A miss costs one look-up.
const HEADS_MAX: usize = 65_536;

/// Active commitments of one officer: incident, and whether it is stacked. Hardly ever above three.
type Bound = Vec<(IncidentId, bool)>;

/// What is known of the durable state. Owned by the writer.
#[derive(Debug)]
pub struct Base {
    pub epoch: u64,
    pub hash_alg: HashAlg,
    pub position: u64,
    pub hash: [u8; 32],
    pub heads: BoundedCache<StreamId, u64>,
    /// All active commitments: bounded by the number of officers.
    pub commitments: HashMap<OfficerId, Bound>,
    pub keys: Arc<SubjectKeys>,
}

impl Base {
    pub fn new(
        epoch: u64,
        hash_alg: HashAlg,
        head: (u64, [u8; 32]),
        commitments: HashMap<OfficerId, Bound>,
        keys: Arc<SubjectKeys>,
    ) -> Self {
        let heads = BoundedCache::new(HEADS_MAX);
        Self { epoch, hash_alg, position: head.0, hash: head.1, heads, commitments, keys }
    }

    /// Takes in what has become durable.
    pub fn absorb(&mut self, plan: Plan) {
        self.position = plan.position;
        self.hash = plan.hash;
        for (stream, head) in plan.heads {
            self.heads.insert(stream, head);
        }
        for (officer, bound) in plan.commitments {
            if bound.is_empty() {
                self.commitments.remove(&officer);
            } else {
                self.commitments.insert(officer, bound);
            }
        }
        let generation = self.keys.generation();
        for (subject, key) in plan.keys {
            self.keys.remember(subject, key, generation);
        }
    }
}

/// What was looked up for one group because the caches did not know it.
#[derive(Debug, Default)]
pub struct Known {
    pub heads: HashMap<StreamId, u64>,
    pub keys: HashMap<Subject, DataKey>,
    /// Keys that are there and cannot be unwrapped. Nothing may be sealed under a new one instead.
    pub damaged_keys: HashSet<Subject>,
}

/// One journal row to be written.
#[derive(Debug)]
pub struct JournalRow {
    pub position: u64,
    pub court: Arc<str>,
    pub stream: Arc<str>,
    pub seq: u64,
    pub kind: String,
    pub schema_version: u16,
    pub at: UnixMillis,
    pub by_json: Arc<str>,
    pub why: Option<Arc<str>>,
    pub prev_hash: [u8; 32],
    pub hash: [u8; 32],
    pub subject: Option<Subject>,
    pub body: Vec<u8>,
    pub sealed: Option<Vec<u8>>,
}

/// What a group writes.
#[derive(Debug)]
pub struct Plan {
    position: u64,
    hash: [u8; 32],
    heads: HashMap<StreamId, u64>,
    commitments: HashMap<OfficerId, Bound>,
    keys: HashMap<Subject, DataKey>,
    deliveries: HashSet<(String, String)>,
    pub new_keys: Vec<(Subject, Vec<u8>, UnixMillis)>,
    pub rows: Vec<JournalRow>,
    pub changes: Changes,
}

impl Plan {
    pub fn new(base: &Base) -> Self {
        Self {
            position: base.position,
            hash: base.hash,
            heads: HashMap::new(),
            commitments: HashMap::new(),
            keys: HashMap::new(),
            deliveries: HashSet::new(),
            new_keys: Vec::new(),
            rows: Vec::new(),
            changes: Changes::default(),
        }
    }

    /// Position and hash of the newest record after it.
    pub fn head(&self) -> (u64, [u8; 32]) {
        (self.position, self.hash)
    }

    /// True when nothing is to be written.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.changes == Changes::default()
    }

    /// Adds a decision, or leaves it out and says why. Returns the position of its last record.
    pub fn add(
        &mut self,
        base: &mut Base,
        known: &Known,
        decision: &Prepared,
    ) -> Result<u64, AppendFault> {
        let heads = self.check_heads(base, known, decision)?;
        let (operations, bound) = self.check_rules(base, known, decision)?;
        if let Some(delivery) = &decision.delivery {
            let key = (delivery.source.clone(), delivery.webhook_id.clone());
            if !self.deliveries.insert(key) {
                return Err(AppendFault::DuplicateDelivery);
            }
            self.changes.deliveries.push((delivery.clone(), decision.at));
        }
        // From here on nothing refuses.
        for part in &decision.streams {
            self.add_rows(base, known, decision, part);
        }
        self.heads.extend(heads);
        self.commitments.extend(bound);
        operations.into_iter().for_each(|operation| self.changes.take(operation));
        for notice in &decision.notices {
            self.changes.notice(&decision.court, self.position, decision.at, notice);
        }
        if let Some(change) = &decision.case {
            self.changes.case(&decision.court, decision.at, change);
        }
        Ok(self.position)
    }

    fn check_heads(
        &self,
        base: &mut Base,
        known: &Known,
        decision: &Prepared,
    ) -> Result<Vec<(StreamId, u64)>, AppendFault> {
        let mut heads: Vec<(StreamId, u64)> = Vec::with_capacity(decision.streams.len());
        for PreparedStream { stream, expected_seq: expected, events, .. } in &decision.streams {
            if events.is_empty() {
                return Err(AppendFault::Violates("a stream without events".into()));
            }
            let own = heads.iter().rev().find(|(other, _)| other == stream).map(|(_, head)| *head);
            // What is in no cache and was not looked up is believed to be new; if it is not, the
            // unique index refuses the group and the decisions are tried one by one.
            let actual = own
                .or_else(|| self.heads.get(stream).copied())
                .or_else(|| known.heads.get(stream).copied())
                .or_else(|| base.heads.get(stream))
                .unwrap_or(0);
            if actual != *expected {
                return Err(AppendFault::Conflict { stream: *stream, expected: *expected, actual });
            }
            let added = u64::try_from(events.len()).expect("a length fits 64 bits");
            heads.push((*stream, actual + added));
        }
        Ok(heads)
    }

    /// I05 in memory, at every event and not only at the end of the group.
    #[allow(clippy::type_complexity, reason = "both parts are used once, by the caller above")]
    fn check_rules(
        &self,
        base: &Base,
        known: &Known,
        decision: &Prepared,
    ) -> Result<(Vec<Operation>, HashMap<OfficerId, Bound>), AppendFault> {
        let mut all = Vec::new();
        let mut bound: HashMap<OfficerId, Bound> = HashMap::new();
        let before = |officer: OfficerId| {
            let found = self.commitments.get(&officer).or_else(|| base.commitments.get(&officer));
            found.cloned().unwrap_or_default()
        };
        for part in &decision.streams {
            for (event, _) in &part.events {
                if event.subject().is_some_and(|subject| known.damaged_keys.contains(&subject)) {
                    return Err(AppendFault::Violates("the key of its subject is damaged".into()));
                }
                let found = operations(&decision.court, part.stream, decision.at, event);
                let Some(found) = found else {
                    return Err(AppendFault::Violates("an event of another kind of stream".into()));
                };
                for operation in &found {
                    if let Operation::Commit(officer, incident, row) = operation {
                        let list = bound.entry(*officer).or_insert_with(|| before(*officer));
                        if list
                            .iter()
                            .any(|(other, stacked)| other == incident || !(*stacked || row.stacked))
                        {
                            return Err(AppendFault::Violates("a second commitment".into()));
                        }
                        list.push((*incident, row.stacked));
                    } else if let Operation::Release(officer, incident) = operation {
                        let list = bound.entry(*officer).or_insert_with(|| before(*officer));
                        list.retain(|(other, _)| other != incident);
                    }
                }
                all.extend(found);
            }
        }
        Ok((all, bound))
    }

    fn add_rows(&mut self, base: &Base, known: &Known, decision: &Prepared, part: &PreparedStream) {
        for (n, (event, encoded)) in (1..).zip(&part.events) {
            let seq = part.expected_seq + n;
            let subject = event.subject().filter(|_| encoded.personal.is_some());
            let sealed = subject.zip(encoded.personal.as_ref()).map(|(subject, personal)| {
                let key = self.key(base, known, subject, decision.at);
                base.keys.seal(key, &part.text, seq, &encoded.kind, personal)
            });
            let position = self.position + 1;
            let prev_hash = self.hash;
            let hash = Envelope {
                position,
                court: &decision.court_text,
                stream: &part.text,
                seq,
                epoch: base.epoch,
                kind: &encoded.kind,
                schema_version: encoded.version,
                at_ms: decision.at.0,
                by_json: &decision.by_json,
                why: decision.why.as_deref(),
                hash_alg: base.hash_alg,
                prev_hash: &prev_hash,
                subject: subject.as_ref().map(|s| s.0.as_bytes().as_slice()),
                body: &encoded.body,
                sealed: sealed.as_deref(),
            }
            .hash();
            self.rows.push(JournalRow {
                position,
                court: Arc::clone(&decision.court_text),
                stream: Arc::clone(&part.text),
                seq,
                kind: encoded.kind.clone(),
                schema_version: encoded.version,
                at: decision.at,
                by_json: Arc::clone(&decision.by_json),
                why: decision.why.clone(),
                prev_hash,
                hash,
                subject,
                body: encoded.body.clone(),
                sealed,
            });
            self.position = position;
            self.hash = hash;
        }
    }

    fn key(&mut self, base: &Base, known: &Known, subject: Subject, at: UnixMillis) -> DataKey {
        let found = self.keys.get(&subject).copied();
        let found = found.or_else(|| known.keys.get(&subject).copied());
        if let Some(key) = found.or_else(|| base.keys.cached(subject)) {
            return key;
        }
        let (key, wrapped) = base.keys.create(subject);
        self.new_keys.push((subject, wrapped, at));
        self.keys.insert(subject, key);
        key
    }
}
