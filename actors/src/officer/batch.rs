//! A gateway's batch: one thing from the edge to the disk, and an answer for each record.
//!
//! A record that nobody said anything about is to be sent again. So an officer whose actor has died, a
//! full queue and a disk that fails need no care of their own: they say nothing.

use std::collections::{BTreeMap, VecDeque};
use std::mem;
use std::sync::{Mutex, PoisonError};

use metrics::counter;
use tiande_core::ids::{DeviceId, GatewayId, OfficerId};
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::track::Order;
use tokio::sync::oneshot;

use crate::court::Whom;
use crate::limits::GATEWAY_RECORDS_WAITING;
use crate::ports::tracks::{TrackPart, TrackTeller};

/// One record.
#[derive(Clone, Debug, PartialEq)]
pub enum Record {
    /// Of that officer; of what is no place on earth only its order.
    Of(Whom, Result<Fix, Order>),
    /// Nothing that could be somebody's position.
    Invalid,
}

/// The end of one record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecordEnd {
    /// Not judged, or not on the disk: the gateway sends it again.
    #[default]
    Again,
    /// The court has no such officer.
    OfficerUnknown,
    /// It was no position of anybody.
    Invalid,
    /// Judged, and on the disk, or not to be kept.
    Judged(FixVerdict),
}

impl RecordEnd {
    /// The stable code of a record that is not the officer's position now; `None` of one that was taken.
    #[must_use]
    pub fn code(self) -> Option<&'static str> {
        match self {
            Self::Again => Some("overloaded"),
            Self::Invalid => Some("field-invalid"),
            Self::OfficerUnknown => Some("officer-unknown"),
            Self::Judged(FixVerdict::Taken) => None,
            Self::Judged(verdict) => Some(verdict.name()),
        }
    }
}

/// A gateway, and under which identity the track store knows its tracker of an officer.
#[derive(Clone, Copy, Debug)]
pub struct Gateway {
    /// Which.
    pub id: GatewayId,
    /// The tracker's identity: always the same for the same two. Asked once for each officer.
    pub tracker: fn(GatewayId, OfficerId) -> DeviceId,
}

/// What a gateway gets in the end: the end of each record in order. Whoever drops it answers.
#[derive(Debug)]
pub(crate) struct Reply {
    ends: Vec<RecordEnd>,
    tell: Option<oneshot::Sender<Vec<RecordEnd>>>,
}

impl Reply {
    /// Answers.
    pub(crate) fn say(mut self, ends: Vec<RecordEnd>) {
        self.ends = ends;
    }
}

impl Drop for Reply {
    fn drop(&mut self) {
        if let Some(tell) = self.tell.take() {
            tell.send(mem::take(&mut self.ends)).ok(); // The gateway may have gone.
        }
    }
}

/// A batch under way.
#[derive(Debug)]
pub struct GatewayBatch {
    gateway: Gateway,
    pub(crate) records: Vec<Record>,
    reply: Reply,
}

impl GatewayBatch {
    /// A batch of these records; the other end resolves to the end of each record, in order, when all that
    /// is to be kept is on the disk, or when the batch is let go.
    #[must_use]
    pub fn new(
        gateway: Gateway,
        records: Vec<Record>,
    ) -> (Self, oneshot::Receiver<Vec<RecordEnd>>) {
        let (tell, told) = oneshot::channel();
        let reply = Reply { ends: vec![RecordEnd::Again; records.len()], tell: Some(tell) };
        (Self { gateway, records, reply }, told)
    }

    pub(crate) fn gateway(&self) -> Gateway {
        self.gateway
    }

    /// The records, and who is answered.
    pub(crate) fn open(self) -> (Gateway, Vec<Record>, Reply) {
        (self.gateway, self.records, self.reply)
    }
}

/// Answers a batch when its records are durable.
pub(crate) struct BatchTeller(Mutex<Option<(Reply, Vec<RecordEnd>)>>);

impl BatchTeller {
    /// `ends` is said when everything is durable; until then, and if that never comes, that of each
    /// record that was judged is to come again.
    pub(crate) fn new(mut reply: Reply, ends: Vec<RecordEnd>) -> Self {
        let undecided = |end: &RecordEnd| match end {
            RecordEnd::Judged(_) | RecordEnd::Again => RecordEnd::Again,
            RecordEnd::OfficerUnknown | RecordEnd::Invalid => *end,
        };
        reply.ends = ends.iter().map(undecided).collect();
        Self(Mutex::new(Some((reply, ends))))
    }
}

impl TrackTeller for BatchTeller {
    fn stored(&self, _: &[TrackPart]) {
        if let Some((reply, ends)) = self.0.lock().unwrap_or_else(PoisonError::into_inner).take() {
            reply.say(ends);
        }
    }
}

/// A record that did not come through, by its officer's number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissingRecord {
    pub(crate) number: u32,
    pub(crate) what: Result<Fix, Order>,
}

/// What is missing of one officer's tracker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MissingOf {
    pub(crate) gateway: Gateway,
    /// The first that is missing.
    pub(crate) first: Order,
    /// The newest place of what was let go: it decides all the same.
    pub(crate) decides: Option<Fix>,
}

type Missing = BTreeMap<(GatewayId, u32), MissingOf>;

/// What stands in line. That something is missing stands where it would have stood itself: what came
/// before it is kept, what comes after it is not, until it has come again.
pub(crate) enum Waits {
    Batch(GatewayBatch),
    Missing(Missing),
}

/// Batches of all gateways of a court, as they come. At most [`GATEWAY_RECORDS_WAITING`] records wait:
/// beyond, newcomers are let go, and their gateway is told to send them again. What waits already stays: a
/// gateway that sends everything again at once gets on with each try.
#[derive(Default)]
pub(crate) struct GatewayLine {
    line: VecDeque<Waits>,
    records: usize,
}

pub(super) fn order_of(what: &Result<Fix, Order>) -> Order {
    what.as_ref().map_or_else(|order| *order, Fix::order)
}

impl GatewayLine {
    pub(crate) fn is_empty(&self) -> bool {
        self.line.is_empty()
    }

    pub(crate) fn records(&self) -> usize {
        self.records
    }

    /// Puts a batch into the line; it comes back when too many records wait.
    pub(crate) fn push(&mut self, batch: GatewayBatch) -> Result<(), GatewayBatch> {
        let more = batch.records.len();
        if self.records > 0 && self.records + more > GATEWAY_RECORDS_WAITING {
            return Err(batch);
        }
        self.records += more;
        self.line.push_back(Waits::Batch(batch));
        Ok(())
    }

    /// Remembers that these records did not come through.
    ///
    /// One word for each tracker is enough since the last batch that was taken in. When the words
    /// themselves become too many they are added to earlier ones: then more has to come again than
    /// needs to, but nothing is kept above a hole.
    pub(crate) fn miss(&mut self, gateway: Gateway, missing: &[MissingRecord]) {
        self.remember(gateway, missing, false);
    }

    /// The same for a batch that found no room: the newest place of each officer decides all the same.
    pub(crate) fn let_go(&mut self, gateway: Gateway, missing: Vec<MissingRecord>) {
        counter!("tiande_fixes_superseded_total").increment(missing.len() as u64);
        self.remember(gateway, &missing, true);
    }

    fn remember(&mut self, gateway: Gateway, missing: &[MissingRecord], decides: bool) {
        if missing.is_empty() {
            return;
        }
        let is_missing = |waits: &&mut Waits| matches!(waits, Waits::Missing(_));
        let there = if self.records > GATEWAY_RECORDS_WAITING {
            self.line.iter_mut().find(is_missing)
        } else {
            self.line.back_mut().filter(|waits| is_missing(waits))
        };
        let mut new = Missing::new();
        let (words, before) = match there {
            Some(Waits::Missing(words)) => {
                let before = words.len();
                (words, before)
            }
            Some(Waits::Batch(_)) | None => (&mut new, 0),
        };
        for record in missing {
            let first = order_of(&record.what);
            let of = MissingOf { gateway, first, decides: None };
            let known = words.entry((gateway.id, record.number)).or_insert(of);
            known.first = first.min(known.first);
            if let (true, Ok(fix)) = (decides, record.what)
                && known.decides.is_none_or(|known| known.taken_at <= fix.taken_at)
            {
                known.decides = Some(fix);
            }
        }
        self.records += words.len() - before;
        if !new.is_empty() {
            self.line.push_back(Waits::Missing(new));
        }
    }

    /// The next in line.
    pub(crate) fn next(&mut self) -> Option<Waits> {
        let waits = self.line.pop_front()?;
        self.records -= match &waits {
            Waits::Batch(batch) => batch.records.len(),
            Waits::Missing(words) => words.len(),
        };
        Some(waits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cars() -> Gateway {
        let id: GatewayId = "00000000-0000-0000-0000-000000000077".parse().expect("an id");
        Gateway { id, tracker: |gateway, _officer| DeviceId(gateway.0) }
    }

    fn batch(
        seqs: std::ops::Range<usize>,
    ) -> (GatewayBatch, Vec<MissingRecord>, oneshot::Receiver<Vec<RecordEnd>>) {
        let order = |seq: usize| (1, u32::try_from(seq).expect("few"));
        let records = seqs.clone().map(|seq| Record::Of(Whom::Number(3), Err(order(seq))));
        let (batch, told) = GatewayBatch::new(cars(), records.collect());
        let missing = seqs.map(|seq| MissingRecord { number: 3, what: Err(order(seq)) });
        (batch, missing.collect(), told)
    }

    #[test]
    fn beyond_the_bound_newcomers_are_answered_and_remembered_as_missing() {
        let mut line = GatewayLine::default();
        let part = GATEWAY_RECORDS_WAITING / 5 * 2;
        let mut told = Vec::new();
        for first in [0, part, 2 * part, 3 * part] {
            let (batch, missing, answer) = batch(first..first + part);
            if line.push(batch).is_err() {
                line.let_go(cars(), missing);
            }
            told.push(answer);
        }
        let mut answered =
            || told.iter_mut().map(|told| told.try_recv().is_ok()).collect::<Vec<_>>();
        assert_eq!(answered(), [false, false, true, true], "the third was too many");
        assert_eq!(line.records(), 2 * part + 1);
        let taken: Vec<_> = std::iter::from_fn(|| line.next()).collect();
        assert_eq!((taken.len(), line.records()), (3, 0));
        let Some(Waits::Missing(words)) = taken.last() else { unreachable!("it stands last") };
        let first = words[&(cars().id, 3)].first;
        assert_eq!(first.1 as usize, 2 * part, "the least of both");
        drop(taken);
        assert_eq!(answered()[..2], [true, true], "whoever drops a batch answers it");
    }

    #[test]
    fn words_of_what_is_missing_are_bounded_and_never_stand_later_than_they_should() {
        let mut line = GatewayLine::default();
        let word = |number: usize, seq: u32| MissingRecord {
            number: u32::try_from(number).expect("few"),
            what: Err((1, seq)),
        };
        line.miss(cars(), &[word(0, 9)]);
        let all: Vec<_> = (0..GATEWAY_RECORDS_WAITING).map(|number| word(number, 5)).collect();
        let (batch, ..) = batch(0..1);
        line.push(batch).expect("room");
        line.miss(cars(), &all);
        for seq in [7, 4] {
            line.miss(cars(), &[word(0, seq)]);
        }
        assert_eq!(line.line.len(), 3);
        let Some(Waits::Missing(first)) = line.next() else { unreachable!("the first word") };
        assert_eq!(first[&(cars().id, 0)].first, (1, 4));
    }

    #[test]
    fn what_nobody_spoke_of_comes_again() {
        let (batch, _, mut told) = batch(0..3);
        let (_, _, reply) = batch.open();
        let taken = RecordEnd::Judged(FixVerdict::Taken);
        let ends = vec![taken, RecordEnd::OfficerUnknown, RecordEnd::Again];
        let teller = BatchTeller::new(reply, ends.clone());
        assert!(told.try_recv().is_err(), "it is not on the disk");
        drop(teller);
        let said: Vec<_> =
            told.try_recv().expect("answered").into_iter().map(RecordEnd::code).collect();
        assert_eq!(said, [Some("overloaded"), Some("officer-unknown"), Some("overloaded")]);
        let (batch, _, mut told) = self::batch(0..3);
        BatchTeller::new(batch.open().2, ends.clone()).stored(&[]);
        assert_eq!(told.try_recv().expect("answered"), ends);
    }
}
