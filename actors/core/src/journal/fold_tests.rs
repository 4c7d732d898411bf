//! A snapshot with what came after it is the fold of everything, and tells nothing of people.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::tests::{
    AT, CASE, INCIDENT, OFFICER, SECRETS, case_events, incident_events, officer_events,
};
use super::{Event, Fold, Folded, RestoreFault, Snapshot, SnapshotVersion, StreamId};
use super::{decode, encode, snapshot_version};
use crate::case::Case;
use crate::incident::Incident;
use crate::officer::Officer;
use crate::time::{Millis, UnixMillis};

const GOLDEN: &str = include_str!("../../tests/golden/snapshots.json");

fn at(seq: u64) -> UnixMillis {
    AT.plus(Millis(seq))
}

fn numbered(events: &[Event]) -> impl Iterator<Item = (u64, &Event)> {
    (1..).zip(events)
}

fn fold<S: Folded>(stream: StreamId, events: &[Event]) -> Fold<S> {
    let mut fold = Fold::before(stream).expect("a stream of this kind");
    numbered(events).for_each(|(seq, event)| fold.take(seq, event, at(seq)));
    fold
}

/// The event as it reads once its subject's key is destroyed.
fn forgotten(event: &Event) -> Event {
    let bytes = encode(event);
    decode(&bytes.kind, bytes.version, &bytes.body, None).expect("readable without")
}

fn woken<S: Folded>(snapshot: &Snapshot, events: &[Event]) -> Fold<S> {
    let kept = numbered(events).filter(|(seq, _)| snapshot.kept.contains(seq));
    let mut fold = Fold::<S>::restore(snapshot, kept).expect("this program's own");
    let tail = numbered(events).filter(|(seq, _)| *seq > snapshot.seq);
    tail.for_each(|(seq, event)| fold.take(seq, event, at(seq)));
    fold
}

/// The rule, for one history cut at one point; also when all keys are destroyed after the snapshot.
fn rule<S: Folded + std::fmt::Debug>(stream: StreamId, events: &[Event], cut: usize) {
    let (before, _) = events.split_at(cut);
    let snapshot = fold::<S>(stream, before).snapshot();
    assert_eq!(woken::<S>(&snapshot, events), fold::<S>(stream, events));
    let gone: Vec<Event> = events.iter().map(forgotten).collect();
    assert_eq!(woken::<S>(&snapshot, &gone), fold::<S>(stream, &gone));
    let body = String::from_utf8(snapshot.body).expect("JSON is text");
    for secret in SECRETS.iter().copied().chain(["35.19", "误报"]) {
        assert!(!body.contains(secret), "a snapshot tells {secret}: {body}");
    }
}

fn histories() -> [(StreamId, Vec<Event>); 3] {
    [
        (StreamId::Officer(OFFICER), officer_events().into_iter().map(Event::Officer).collect()),
        (
            StreamId::Incident(INCIDENT),
            incident_events().into_iter().map(Event::Incident).collect(),
        ),
        (StreamId::Case(CASE), case_events().into_iter().map(Event::Case).collect()),
    ]
}

fn check(stream: StreamId, events: &[Event], cut: usize) {
    match stream {
        StreamId::Officer(_) => rule::<Officer>(stream, events, cut),
        StreamId::Incident(_) => rule::<Incident>(stream, events, cut),
        StreamId::Case(_) => rule::<Case>(stream, events, cut),
        StreamId::Tip(_) => unreachable!("no state is folded from a tip"),
    }
}

#[test]
fn a_snapshot_and_what_came_after_is_the_fold_of_everything() {
    for (stream, events) in histories() {
        (0..=events.len()).for_each(|cut| check(stream, &events, cut));
    }
}

proptest! {
    #[test]
    fn whatever_happened_and_wherever_it_was_cut(
        kind in 0_usize..3,
        picks in prop::collection::vec(any::<prop::sample::Index>(), 0..60),
        cut in any::<prop::sample::Index>(),
    ) {
        let (stream, samples) = histories().swap_remove_at(kind);
        let events: Vec<Event> = picks.iter().map(|pick| pick.get(&samples).clone()).collect();
        check(stream, &events, cut.index(events.len() + 1));
    }
}

trait SwapRemove<T> {
    fn swap_remove_at(self, index: usize) -> T;
}

impl<T, const N: usize> SwapRemove<T> for [T; N] {
    fn swap_remove_at(self, index: usize) -> T {
        Vec::from(self).swap_remove(index)
    }
}

#[test]
fn a_snapshot_of_another_version_is_refused() {
    let (stream, events) = histories().swap_remove_at(0);
    let good = fold::<Officer>(stream, &events).snapshot();
    let SnapshotVersion { shape, fold: rules } = good.version;
    for version in [
        SnapshotVersion { shape: shape + 1, fold: rules },
        SnapshotVersion { shape, fold: rules + 1 },
    ] {
        let other = Snapshot { version, ..good.clone() };
        let refused = Fold::<Officer>::restore(&other, numbered(&events));
        assert!(matches!(refused, Err(RestoreFault::Version)));
    }
}

#[test]
fn a_snapshot_that_is_damaged_or_lacks_a_record_is_refused() {
    let (stream, events) = histories().swap_remove_at(0);
    let good = fold::<Officer>(stream, &events).snapshot();
    let refused = Fold::<Officer>::restore(&good, []);
    assert!(matches!(refused, Err(RestoreFault::Missing(1))));
    let cut = Snapshot { body: good.body[..good.body.len() - 1].to_vec(), ..good.clone() };
    let refused = Fold::<Officer>::restore(&cut, numbered(&events));
    assert!(matches!(refused, Err(RestoreFault::Body(_))));
    let poorer = Snapshot { body: b"{}".to_vec(), ..good };
    let refused = Fold::<Officer>::restore(&poorer, numbered(&events));
    assert!(matches!(refused, Err(RestoreFault::Body(_))));
}

/// What this program folds from the sample histories, after each event.
fn folded_now() -> Value {
    let mut all = serde_json::Map::new();
    for (stream, events) in histories() {
        let snapshots = (1..=events.len()).map(|len| {
            let (before, _) = events.split_at(len);
            let snapshot = match stream {
                StreamId::Officer(_) => fold::<Officer>(stream, before).snapshot(),
                StreamId::Incident(_) => fold::<Incident>(stream, before).snapshot(),
                StreamId::Case(_) | StreamId::Tip(_) => fold::<Case>(stream, before).snapshot(),
            };
            let body: Value = serde_json::from_slice(&snapshot.body).expect("JSON");
            json!({ "kept": snapshot.kept, "body": body })
        });
        let version = snapshot_version(stream).expect("it is folded");
        let family = stream.to_string().split('/').next().unwrap_or_default().to_owned();
        let entry = json!({
            "shape": version.shape,
            "fold": version.fold,
            "snapshots": snapshots.collect::<Vec<_>>(),
        });
        all.insert(family, entry);
    }
    Value::Object(all)
}

/// A running server finds the snapshots of the one before it. Whoever changes what stands here raises
/// `Folded::VERSION` of that state, and then writes the golden file anew from this test's output.
#[test]
fn what_this_version_makes_of_the_samples_is_held() {
    let golden: Value = serde_json::from_str(GOLDEN).expect("JSON");
    let now = folded_now();
    assert!(now == golden, "raise Folded::VERSION; this program makes of the samples:\n{now}");
}

#[test]
fn no_state_is_folded_from_a_tip() {
    let tip = StreamId::Tip(crate::ids::TipId(uuid::Uuid::from_u128(1)));
    assert_eq!(snapshot_version(tip), None);
    assert!(Fold::<Officer>::before(tip).is_none());
    assert!(Fold::<Officer>::before(StreamId::Case(CASE)).is_none());
}
