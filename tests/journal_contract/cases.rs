//! What is known of sleeping cases: clocks, running nodes, escalations, notices. Each decision alone, and
//! all of them in one group.

use std::collections::BTreeSet;

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tiande::journal::Store;
use tiande::journal::case_queries::EscalationListed;
use tiande::journal::sql::sql;
use tiande_actors::ports::journal::{Append, CaseChange, Journal as _, SetClock};
use tiande_core::calendar::CalendarVersion;
use tiande_core::calendar::Day;
use tiande_core::case::{CaseRows, Escalation, NoticeTopic, PartyNotice, RunningNode};
use tiande_core::deadline::Level;
use tiande_core::ids::UserId;
use tiande_core::procedure::{Office, Telling};
use tiande_core::time::{Millis, UnixMillis};
use uuid::Uuid;

use crate::home::{Home, on_both};
use crate::queues::hold;
use crate::samples::{NOW, case, case_opened, court, decision};

on_both!(
    rows_of_a_case_follow_its_decisions,
    in_one_group_the_last_one_counts,
    clocks_ring_in_their_order,
);

const JUDGE: UserId = UserId(Uuid::from_u128(31));
const OTHER: UserId = UserId(Uuid::from_u128(32));

fn at(days: u64) -> UnixMillis {
    NOW.plus(Millis::from_secs(days * 86_400))
}

fn running(node: &str, due: UnixMillis) -> RunningNode {
    let node = node.parse().expect("a code");
    let (due, provisional) = (Some(due), true);
    RunningNode { node, round: 1, due, warned: false, overdue: false, wait: false, provisional }
}

fn calendar(version: u32) -> CalendarVersion {
    CalendarVersion { name: "cn".into(), version, last_year: 2026 }
}

fn change(n: u64, rows: CaseRows) -> Append {
    let change = CaseChange { case: case(n), calendar: calendar(1), rows };
    Append { case: Some(Box::new(change)), ..decision(Vec::new()) }
}

fn escalation(node: &str) -> Escalation {
    Escalation {
        node: node.parse().expect("a code"),
        round: 1,
        level: Level::Due,
        offices: BTreeSet::from([Office::Director, Office::President]),
        raised: NOW,
        answer_by: Some(at(3)),
        climbs: 0,
        acknowledged: None,
        answered: None,
        returned: 0,
        ended: None,
    }
}

fn notice(node: &str, held: bool) -> PartyNotice {
    PartyNotice {
        topic: NoticeTopic::Node,
        code: node.into(),
        number: 1,
        party: 0,
        incident: None,
        reached: NOW,
        telling: Telling::Summary,
        documents: vec!["one".into(), "two".into()],
        held,
    }
}

/// One case's story: opened, given away twice, two nodes, one of them done, one overdue.
fn story(n: u64) -> Vec<Append> {
    let number = format!("(2026)豫0783执{n}号");
    let ended = ("T01".parse().expect("a code"), 1);
    let first = CaseRows {
        next: Some(Some(at(1))),
        handler: Some(JUDGE),
        running: vec![running("T01", at(2)), running("V01", at(9))],
        notices: vec![notice("T01", true)],
        ..CaseRows::default()
    };
    let second = CaseRows {
        next: Some(Some(at(5))),
        handler: Some(OTHER),
        running: vec![RunningNode { overdue: true, ..running("V01", at(4)) }],
        ended: vec![ended],
        escalations: vec![escalation("V01")],
        ..CaseRows::default()
    };
    let third =
        CaseRows { release: true, notices: vec![notice("V01", false)], ..CaseRows::default() };
    vec![case_opened(n, &number), change(n, first), change(n, second), change(n, third)]
}

async fn escalations(
    journal: &Store,
    offices: &[Office],
    handler: Option<UserId>,
) -> Vec<EscalationListed> {
    journal.open_escalations(&court(), offices, handler, 10).await.expect("readable")
}

async fn check(journal: &Store, n: u64) {
    let clocks = journal.first_clocks(court(), 10).await.expect("readable");
    assert_eq!(clocks, [SetClock { rings: at(5), case: case(n) }]);
    let nodes = journal.nodes_due(&court(), NOW, at(30), None, 10).await.expect("readable");
    let [node] = nodes.as_slice() else { unreachable!("{nodes:?}") };
    assert_eq!((node.case, node.handler, node.node.as_str()), (case(n), Some(OTHER), "V01"));
    assert_eq!((node.due, node.overdue, node.warned, node.provisional), (at(4), true, false, true));
    assert!(journal.nodes_due(&court(), NOW, at(4), None, 10).await.expect("readable").is_empty());
    let load = journal.load_by_day(&court(), NOW, at(30)).await.expect("readable");
    assert_eq!(load.into_iter().collect::<Vec<_>>(), [((Some(OTHER), Day::of(at(4))), 1)]);
    for (user, many) in [(OTHER, 1), (JUDGE, 0)] {
        let own = journal.nodes_due(&court(), NOW, at(30), Some(user), 10).await;
        assert_eq!(own.expect("readable").len(), many);
    }
    let open = escalations(journal, &[Office::Discipline, Office::President], None).await;
    assert!(escalations(journal, &[Office::Discipline], None).await.is_empty());
    assert!(escalations(journal, &[], Some(JUDGE)).await.is_empty());
    assert_eq!(escalations(journal, &[], Some(OTHER)).await, open);
    let [listed] = open.as_slice() else { unreachable!("{open:?}") };
    assert_eq!((listed.handler, &listed.escalation), (Some(OTHER), &escalation("V01")));
    let query = sql("SELECT code, documents, released_ms FROM party_notice ORDER BY code");
    let told: Vec<(String, String, Option<i64>)> =
        journal.readers().fetch_all(query).await.expect("readable");
    let told: Vec<_> =
        told.iter().map(|(node, documents, at)| (&**node, &**documents, *at)).collect();
    assert_eq!(told, [("T01", "one two", Some(NOW.0)), ("V01", "one two", Some(NOW.0))]);
}

async fn rows_of_a_case_follow_its_decisions(home: Home) {
    let journal = home.open().await;
    for append in story(1) {
        journal.append(append).await.expect("durable");
    }
    journal.shutdown().await;
    let journal = home.open().await;
    check(&journal, 1).await;
    // Over: no clock, nothing open.
    let ended = tiande_core::case::Ended { by: Some(JUDGE), accepted: true, at: NOW };
    let over = CaseRows {
        next: Some(None),
        ended: vec![("V01".parse().expect("a code"), 1)],
        escalations: vec![Escalation { ended: Some(ended), ..escalation("V01") }],
        ..CaseRows::default()
    };
    journal.append(change(1, over)).await.expect("durable");
    assert!(journal.first_clocks(court(), 10).await.expect("readable").is_empty());
    assert!(escalations(&journal, &[Office::Director], Some(OTHER)).await.is_empty());
    assert!(journal.nodes_due(&court(), NOW, at(90), None, 10).await.expect("readable").is_empty());
    // A node is reached once: the applicant is not told of it twice.
    let again = CaseRows { notices: vec![notice("T01", false)], ..CaseRows::default() };
    assert!(journal.append(change(1, again)).await.is_err());
    journal.shutdown().await;
}

async fn in_one_group_the_last_one_counts(home: Home) {
    let journal = home.open().await;
    let (go, held) = hold(&journal).await;
    let appends = story(2).into_iter().map(|one| journal.append(one)).collect::<Vec<_>>();
    let mut appends = Box::pin(join_all(appends));
    assert!((&mut appends).now_or_never().is_none(), "they wait for the writer");
    go.send(()).expect("it waits");
    held.await.expect("held");
    for end in appends.await {
        end.expect("durable");
    }
    check(&journal, 2).await;
    journal.shutdown().await;
}

async fn clocks_ring_in_their_order(home: Home) {
    let journal = home.open().await;
    for (n, days) in [(1, 3), (2, 1), (3, 2)] {
        let next = Some(Some(at(days)));
        journal.append(change(n, CaseRows { next, ..CaseRows::default() })).await.expect("durable");
    }
    let first = journal.first_clocks(court(), 2).await.expect("readable");
    let cases: Vec<_> = first.iter().map(|clock| clock.case).collect();
    assert_eq!(cases, [case(2), case(3)]);
    let newest = journal.open_work(court()).await.expect("readable").newest_record;
    assert_eq!(newest, None, "rows alone are no record");
    journal.append(case_opened(1, "(2026)豫0783执1号")).await.expect("durable");
    let newest = journal.open_work(court()).await.expect("readable").newest_record;
    assert_eq!(newest, Some(NOW));
    journal.shutdown().await;
}
