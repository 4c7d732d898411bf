//! The rules of every journal.

use std::sync::Arc;

use tiande_actors::ports::journal::{Append, AppendFault, Journal, NoticeChange};
use tiande_core::ids::CourtId;
use tiande_core::incident::{IncidentEvent, IncidentOpened};
use tiande_core::journal::{Event, StreamId};

use crate::Harness;
pub use crate::recalling::{
    a_case_is_found_by_its_number_in_its_court, a_snapshot_of_what_is_not_there_is_not_used,
    of_two_snapshots_kept_together_the_newer_is_used, streams_are_recalled_as_they_fold,
};
use crate::samples::*;

fn seqs(stored: &[tiande_actors::ports::journal::Stored]) -> Vec<u64> {
    stored.iter().map(|s| s.seq).collect()
}

async fn must(journal: &Arc<dyn Journal>, append: Append) -> u64 {
    journal.append(append).await.expect("durable").position
}

async fn length(journal: &Arc<dyn Journal>, stream: StreamId) -> usize {
    journal.read_stream(stream).await.expect("readable").len()
}

pub async fn a_stream_reads_back_as_it_was_written<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let append = Append { why: Some("换班 \"x\"".into()), ..tip_taken(1) };
    must(&journal, append.clone()).await;
    for part in &append.streams {
        let stored = journal.read_stream(part.stream).await.expect("readable");
        assert_eq!(seqs(&stored), [1, 2]);
        for (stored, event) in stored.iter().zip(&part.events) {
            assert_eq!(&stored.event, event);
            assert_eq!((&stored.by, &stored.why, stored.at), (&append.by, &append.why, append.at));
        }
    }
    assert_eq!(length(&journal, StreamId::Tip(tip(2))).await, 0);
}

pub async fn positions_grow_with_every_record<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    assert_eq!(must(&journal, tip_taken(1)).await, 4);
    assert_eq!(must(&journal, officer_event(1, 0, registered(1))).await, 5);
    assert_eq!(must(&journal, officer_event(1, 1, on_duty())).await, 6);
}

pub async fn a_wrong_expectation_is_a_conflict_and_writes_nothing<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    must(&journal, officer_event(1, 1, on_duty())).await;
    for (expected, _why) in [(0, "behind"), (1, "behind"), (3, "ahead"), (99, "far ahead")] {
        let fault = journal.append(officer_event(1, expected, on_duty())).await.expect_err("wrong");
        let stream = StreamId::Officer(officer(1));
        match fault {
            AppendFault::Conflict { stream: s, expected: e, actual } => {
                assert_eq!((s, e, actual), (stream, expected, 2));
            }
            other => unreachable!("{other:?}"),
        }
        assert_eq!(length(&journal, stream).await, 2);
    }
    let ahead = journal.append(officer_event(2, 1, on_duty())).await;
    assert!(matches!(ahead, Err(AppendFault::Conflict { actual: 0, .. })), "{ahead:?}");
}

pub async fn a_hundred_writers_of_one_stream_each_get_their_own_number<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    let tasks: Vec<_> = (0..100)
        .map(|_| {
            let journal = Arc::clone(&journal);
            tokio::spawn(async move {
                let mut expected = 0;
                loop {
                    match journal.append(officer_event(1, expected, on_duty())).await {
                        Ok(_) => return expected + 1,
                        Err(AppendFault::Conflict { actual, .. }) => expected = actual,
                        Err(other) => unreachable!("{other:?}"),
                    }
                }
            })
        })
        .collect();
    let mut won = Vec::new();
    for task in tasks {
        won.push(task.await.expect("no panic"));
    }
    won.sort_unstable();
    assert_eq!(won, (2..=101).collect::<Vec<_>>());
    let stored = journal.read_stream(StreamId::Officer(officer(1))).await.expect("readable");
    assert_eq!(seqs(&stored), (1..=101).collect::<Vec<_>>());
}

pub async fn a_decision_of_several_streams_is_whole_or_absent<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    let mut both = tip_taken(1);
    both.streams.extend(officer_event(1, 5, on_duty()).streams);
    both.notices.push(raise(1, 1));
    let fault = journal.append(both.clone()).await.expect_err("one stream is wrong");
    assert!(matches!(fault, AppendFault::Conflict { actual: 1, .. }), "{fault:?}");
    assert_eq!(length(&journal, StreamId::Tip(tip(1))).await, 0);
    assert_eq!(length(&journal, StreamId::Incident(incident(1))).await, 0);
    assert_eq!(
        journal.delivery("changyuan/alpha".into(), "msg_1".into()).await.expect("read"),
        None
    );
    let work = journal.open_work(court()).await.expect("readable");
    assert!(
        work.incidents.is_empty() && work.alarms.is_empty() && work.incident_number_last.is_none()
    );
    both.streams[2].expected_seq = 1;
    must(&journal, both).await;
    assert_eq!(length(&journal, StreamId::Incident(incident(1))).await, 2);
}

pub async fn a_repeated_delivery_is_refused_and_the_first_stands<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, tip_taken(1)).await;
    let mut again = tip_taken(2);
    again.delivery = Some(tiande_actors::ports::journal::Delivery {
        body_sha256: [9; 32],
        tip: tip(2),
        incident: incident(2),
        ..delivery(1)
    });
    let fault = journal.append(again.clone()).await.expect_err("taken before");
    assert!(matches!(fault, AppendFault::DuplicateDelivery), "{fault:?}");
    assert_eq!(length(&journal, StreamId::Tip(tip(2))).await, 0);
    let known = journal.delivery("changyuan/alpha".into(), "msg_1".into()).await.expect("readable");
    assert_eq!(known, Some(delivery(1)));
    // The same id of another source is another delivery.
    again.delivery = Some(tiande_actors::ports::journal::Delivery {
        source: "changyuan/beta".into(),
        ..delivery(1)
    });
    must(&journal, again).await;
    // At the same moment: one of many.
    let tries = (10..30).map(|n| {
        let append = Append { delivery: Some(delivery(3)), ..tip_taken(n) };
        journal.append(append)
    });
    let ends: Vec<_> = futures_util::future::join_all(tries).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1);
    let refused =
        ends.iter().filter(|end| matches!(end, Err(AppendFault::DuplicateDelivery))).count();
    assert_eq!(refused, 19, "{ends:?}");
}

pub async fn a_second_commitment_is_refused_and_a_stacked_one_is_not<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    must(&journal, officer_event(1, 1, committed(1, false))).await;
    let second = journal.append(officer_event(1, 2, committed(2, false))).await;
    assert!(matches!(second, Err(AppendFault::Violates(_))), "{second:?}");
    must(&journal, officer_event(1, 2, committed(2, true))).await;
    let same = journal.append(officer_event(1, 3, committed(2, true))).await;
    assert!(matches!(same, Err(AppendFault::Violates(_))), "{same:?}");
    assert_eq!(length(&journal, StreamId::Officer(officer(1))).await, 3);
    // The rule is kept by the store and not by a memory of this run.
    drop(journal);
    let store = store.again().await;
    let journal = store.journal();
    let second = journal.append(officer_event(1, 3, committed(3, false))).await;
    assert!(matches!(second, Err(AppendFault::Violates(_))), "{second:?}");
}

pub async fn a_released_officer_can_be_bound_again<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    must(&journal, officer_event(1, 1, committed(1, false))).await;
    let stream = StreamId::Officer(officer(1));
    let events = vec![Event::Officer(released(1)), Event::Officer(committed(1, false))];
    must(&journal, decision(vec![part(stream, 2, events)])).await;
    must(&journal, officer_event(1, 4, released(1))).await;
    // Bound twice between: the end would be right, the way there is not.
    let events = vec![
        Event::Officer(committed(2, false)),
        Event::Officer(committed(3, false)),
        Event::Officer(released(3)),
    ];
    let twice = journal.append(decision(vec![part(stream, 5, events)])).await;
    assert!(matches!(twice, Err(AppendFault::Violates(_))), "{twice:?}");
    must(&journal, officer_event(1, 5, committed(2, false))).await;
}

pub async fn concurrent_commitments_of_one_officer_leave_one<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, officer_event(1, 0, registered(1))).await;
    let tries = (1..=50).map(|n| journal.append(officer_event(1, 1, committed(n, false))));
    let ends = futures_util::future::join_all(tries).await;
    assert_eq!(ends.iter().filter(|end| end.is_ok()).count(), 1, "{ends:?}");
    assert_eq!(length(&journal, StreamId::Officer(officer(1))).await, 2);
}

pub async fn a_number_of_an_incident_is_given_once<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, tip_taken(1)).await;
    let mut same = tip_taken(2);
    let mut row = opened(2);
    row.number = 1;
    same.streams[1].events[0] =
        Event::Incident(tiande_core::incident::IncidentEvent::Opened(row.into()));
    let (good, bad, after) = tokio::join!(
        journal.append(tip_taken(3)),
        journal.append(same),
        journal.append(tip_taken(4))
    );
    assert!(good.is_ok() && after.is_ok(), "{good:?} {after:?}");
    assert!(matches!(bad, Err(AppendFault::Violates(_))), "{bad:?}");
    assert_eq!(length(&journal, StreamId::Tip(tip(2))).await, 0);
    let twice = (case_opened(1, "(2026)豫0783执1号"), case_opened(2, "(2026)豫0783执1号"));
    must(&journal, twice.0).await;
    let fault = journal.append(twice.1).await;
    assert!(matches!(fault, Err(AppendFault::Violates(_))), "{fault:?}");
}

pub async fn notices_are_raised_acknowledged_and_settled<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let open = || async {
        let work = journal.open_work(court()).await.expect("readable");
        work.alarms.into_iter().map(|a| a.alarm).collect::<Vec<_>>()
    };
    let mut first = tip_taken(1);
    first.notices = vec![raise(1, 1), raise(2, 1), raise(3, 2)];
    must(&journal, first).await;
    assert_eq!(open().await, [alarm(1), alarm(2), alarm(3)]);
    let ack = |n| NoticeChange::Acknowledge { alarm: alarm(n), by: "d1".into() };
    must(&journal, notices(vec![ack(1), ack(99)])).await;
    must(&journal, notices(vec![ack(1)])).await;
    assert_eq!(open().await, [alarm(2), alarm(3)]);
    let settle = NoticeChange::Settle { incident: incident(1) };
    must(&journal, notices(vec![settle, raise(4, 1)])).await;
    assert_eq!(open().await, [alarm(3), alarm(4)]);
    let strange = CourtId::parse("drill").expect("a court");
    must(&journal, Append { court: strange, ..notices(vec![ack(3)]) }).await;
    assert_eq!(open().await, [alarm(3), alarm(4)]);
    let twice = journal.append(notices(vec![raise(3, 1)])).await;
    assert!(matches!(twice, Err(AppendFault::Violates(_))), "{twice:?}");
}

pub async fn open_work_is_what_is_open_in_that_court<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let drill = CourtId::parse("drill").expect("a court");
    for n in 1..=3 {
        must(&journal, tip_taken(n)).await;
    }
    must(&journal, Append { court: drill.clone(), ..tip_taken(50) }).await;
    must(&journal, Append { court: drill.clone(), ..officer_event(9, 0, registered(9)) }).await;
    must(&journal, officer_event(1, 0, registered(1))).await;
    must(&journal, case_opened(1, "(2026)豫0783执7号")).await;
    must(&journal, decision(vec![part(StreamId::Incident(incident(2)), 2, vec![finished()])]))
        .await;
    let work = journal.open_work(court()).await.expect("readable");
    assert_eq!(work.incidents, [incident(1), incident(3)]);
    assert_eq!(work.officers, [officer(1)]);
    assert_eq!(work.incident_number_last, Some((YEAR, 3)));
    let work = journal.open_work(drill).await.expect("readable");
    assert_eq!((work.incidents, work.officers), (vec![incident(50)], vec![officer(9)]));
    assert_eq!(work.incident_number_last, Some((YEAR, 50)));
    let next_year = IncidentOpened { number: 1, year: YEAR + 1, ..opened(60) };
    let event = Event::Incident(IncidentEvent::Opened(next_year.into()));
    must(&journal, decision(vec![part(StreamId::Incident(incident(60)), 0, vec![event])])).await;
    let work = journal.open_work(court()).await.expect("readable");
    assert_eq!(work.incident_number_last, Some((YEAR + 1, 1)), "the newest, not the greatest");
}

pub async fn a_closed_and_opened_journal_says_the_same<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, Append { notices: vec![raise(1, 1)], ..tip_taken(1) }).await;
    must(&journal, officer_event(1, 0, registered(1))).await;
    must(&journal, case_opened(1, "(2026)豫0783执7号")).await;
    let streams = [
        StreamId::Tip(tip(1)),
        StreamId::Incident(incident(1)),
        StreamId::Officer(officer(1)),
        StreamId::Case(case(1)),
    ];
    let mut before = Vec::new();
    for stream in streams {
        before.push(journal.read_stream(stream).await.expect("readable"));
    }
    let work = journal.open_work(court()).await.expect("readable");
    drop(journal);
    let store = store.again().await;
    let journal = store.journal();
    for (stream, before) in streams.into_iter().zip(before) {
        assert_eq!(journal.read_stream(stream).await.expect("readable"), before);
    }
    assert_eq!(journal.open_work(court()).await.expect("readable"), work);
    let known = journal.delivery("changyuan/alpha".into(), "msg_1".into()).await.expect("readable");
    assert_eq!(known, Some(delivery(1)));
    // And it goes on where it was: six records so far.
    assert_eq!(must(&journal, officer_event(1, 1, on_duty())).await, 7);
    let conflict = journal.append(officer_event(1, 1, on_duty())).await;
    assert!(matches!(conflict, Err(AppendFault::Conflict { actual: 2, .. })), "{conflict:?}");
}

pub async fn a_dropped_future_takes_nothing_back<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    for n in 1..=200 {
        drop(journal.append(tip_taken(n)));
    }
    // The queue is in order: when this one is durable, those are.
    must(&journal, officer_event(1, 0, registered(1))).await;
    drop(journal);
    let store = store.again().await;
    let journal = store.journal();
    for n in 1..=200 {
        assert_eq!(length(&journal, StreamId::Tip(tip(n))).await, 2);
        assert_eq!(length(&journal, StreamId::Incident(incident(n))).await, 2);
    }
}

pub async fn an_event_on_a_strange_stream_is_refused<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let append = decision(vec![part(StreamId::Tip(tip(1)), 0, vec![finished()])]);
    let fault = journal.append(append).await;
    assert!(matches!(fault, Err(AppendFault::Violates(_))), "{fault:?}");
}

pub async fn an_empty_stream_part_is_refused<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    let fault = journal.append(decision(vec![part(StreamId::Tip(tip(1)), 0, Vec::new())])).await;
    assert!(matches!(fault, Err(AppendFault::Violates(_))), "{fault:?}");
}

pub async fn a_notice_alone_needs_no_stream<H: Harness>() {
    let store = H::fresh().await;
    let journal = store.journal();
    must(&journal, tip_taken(1)).await;
    assert_eq!(must(&journal, notices(vec![raise(1, 1)])).await, 4);
    assert_eq!(must(&journal, notices(Vec::new())).await, 4);
}
