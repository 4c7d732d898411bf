//! Waking from snapshots: the rules of every journal, whether or not it keeps any.

use std::sync::Arc;

use tiande_actors::ports::journal::{Append, Journal, Remembered};
use tiande_core::case::CaseNumber;
use tiande_core::ids::CourtId;
use tiande_core::incident::Incident;
use tiande_core::journal::{Fold, Folded, Snapshot, StreamId};
use tiande_core::officer::Officer;

use crate::Harness;
use crate::samples::*;

/// Folds what was recalled, as an actor does when it wakes.
pub fn woken<S: Folded>(stream: StreamId, found: &Remembered) -> Fold<S> {
    let from = found.snapshot.as_ref().map_or(0, |snapshot| snapshot.seq);
    let kept = found.records.iter().filter(|record| record.seq <= from);
    let kept = kept.map(|record| (record.seq, &record.event));
    let mut fold = match &found.snapshot {
        Some(snapshot) => Fold::restore(snapshot, kept).expect("usable"),
        None => Fold::before(stream).expect("of this kind"),
    };
    let tail = found.records.iter().filter(|record| record.seq > from);
    tail.for_each(|record| fold.take(record.seq, &record.event, record.at));
    fold
}

/// The fold of the whole stream.
pub async fn folded<S: Folded>(journal: &Arc<dyn Journal>, stream: StreamId) -> Fold<S> {
    let records = journal.read_stream(stream).await.expect("readable");
    woken(stream, &Remembered { snapshot: None, records })
}

async fn must(journal: &Arc<dyn Journal>, append: Append) {
    journal.append(append).await.expect("durable");
}

pub async fn streams_are_recalled_as_they_fold<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let (one, two) = (StreamId::Officer(officer(1)), StreamId::Officer(officer(2)));
    let (begun, unknown) = (StreamId::Incident(incident(1)), StreamId::Officer(officer(9)));
    must(&journal, tip_taken(1)).await;
    for n in [1, 2] {
        must(&journal, officer_event(n, 0, registered(n))).await;
        must(&journal, officer_event(n, 1, on_duty())).await;
    }
    let snapshot = folded::<Officer>(&journal, one).await.snapshot();
    let of_incident = folded::<Incident>(&journal, begun).await.snapshot();
    journal.keep(vec![(one, snapshot), (begun, of_incident)]).await;
    must(&journal, officer_event(1, 2, committed(7, false))).await;
    let mut store = store;
    let mut journal = journal;
    for _ in 0..2 {
        let found = journal.recall(vec![two, begun, unknown, one]).await.expect("readable");
        assert_eq!(found.len(), 4);
        assert_eq!(woken(two, &found[0]), folded::<Officer>(&journal, two).await);
        assert_eq!(woken(begun, &found[1]), folded::<Incident>(&journal, begun).await);
        assert_eq!(found[2], Remembered::default());
        let whole = folded::<Officer>(&journal, one).await;
        assert_eq!(woken(one, &found[3]), whole);
        assert_eq!((whole.state.name.as_str(), whole.state.commitments.len()), ("王建国", 1));
        drop(journal);
        store = store.again().await;
        journal = store.journal();
    }
}

pub async fn a_snapshot_of_what_is_not_there_is_not_used<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let stream = StreamId::Officer(officer(1));
    must(&journal, officer_event(1, 0, registered(1))).await;
    let good = folded::<Officer>(&journal, stream).await.snapshot();
    journal.keep(vec![(stream, Snapshot { seq: 3, ..good })]).await;
    for seq in 1..=4 {
        must(&journal, officer_event(1, seq, on_duty())).await;
        let found = journal.recall(vec![stream]).await.expect("readable");
        assert_eq!(found[0].snapshot, None, "it was kept before there was a record 3");
        assert_eq!(found[0].records.len() as u64, seq + 1);
    }
}

pub async fn of_two_snapshots_kept_together_the_newer_is_used<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let stream = StreamId::Officer(officer(1));
    must(&journal, officer_event(1, 0, registered(1))).await;
    let older = folded::<Officer>(&journal, stream).await.snapshot();
    must(&journal, officer_event(1, 1, on_duty())).await;
    let newer = folded::<Officer>(&journal, stream).await.snapshot();
    journal.keep(vec![(stream, newer), (stream, older)]).await;
    let found = journal.recall(vec![stream]).await.expect("readable");
    assert_eq!(found[0].snapshot.as_ref().map(|snapshot| snapshot.seq), Some(2));
}

pub async fn a_case_is_found_by_its_number_in_its_court<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let number = |text| CaseNumber::parse(text).expect("a case number");
    must(&journal, case_opened(1, "(2026)豫0783执7号")).await;
    must(&journal, case_opened(2, "(2026)豫0783执8号")).await;
    let find = |court, text| journal.case_numbered(court, number(text));
    assert_eq!(find(court(), "(2026)豫0783执8号").await.expect("read"), Some(case(2)));
    assert_eq!(find(court(), "(2026)豫0783执9号").await.expect("read"), None);
    let drill = CourtId::parse("drill").expect("a court");
    assert_eq!(find(drill, "(2026)豫0783执8号").await.expect("read"), None);
}
