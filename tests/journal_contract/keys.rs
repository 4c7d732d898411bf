//! Keys, forgetting, locks and settings of a store.

use std::os::unix::fs::PermissionsExt;

use tiande::journal::sql::sql;
use tiande::journal::{HashAlg, OpenFault, OpenOptions, SqliteJournal};
use tiande::keys::KeyFault;
use tiande_actors::ports::journal::{AppendFault, Journal};
use tiande_core::incident::{IncidentEvent, Said};
use tiande_core::journal::{Event, StreamId, Subject};
use tiande_core::tip::TipEvent;

use crate::home::{Home, on_both};
use crate::samples::{SECRET, decision, incident, officer_event, part, registered, tip, tip_taken};
use crate::sqlite::{Folder, open, options};

on_both!(
    a_forgotten_person_is_unreadable_and_the_chain_is_whole,
    what_tells_of_people_is_nowhere_in_clear,
    what_people_said_is_sealed_and_can_be_forgotten,
    after_shutdown_everything_is_refused,
    each_opening_has_its_own_epoch,
    a_journal_in_sm3_stays_in_sm3,
    rows_are_the_same_bytes_after_reopening,
    lists_of_the_api_come_from_the_read_models,
    the_newest_number_is_found_with_its_year_whatever_the_clock_says,
);

fn personal_parts(tip: &Event, incident: &Event) -> (bool, bool) {
    match (tip, incident) {
        (Event::Tip(TipEvent::Received(t)), Event::Incident(IncidentEvent::Opened(i))) => {
            (t.personal.is_some(), i.personal.is_some())
        }
        other => unreachable!("{other:?}"),
    }
}

async fn a_forgotten_person_is_unreadable_and_the_chain_is_whole(home: Home) {
    let mut journal = home.open().await;
    journal.append(tip_taken(1)).await.expect("durable");
    journal.append(tip_taken(2)).await.expect("durable");
    journal.forget(Subject(tip(1).0)).await.expect("forgotten");
    for round in 0..2 {
        for (n, there) in [(1, false), (2, true)] {
            let t = journal.read_stream(StreamId::Tip(tip(n))).await.expect("readable");
            let i = journal.read_stream(StreamId::Incident(incident(n))).await.expect("readable");
            let found = personal_parts(&t[0].event, &i[0].event);
            assert_eq!(found, (there, there), "tip {n} round {round}");
        }
        journal.shutdown().await;
        let report = home.verify().await;
        assert!(report.is_whole(), "{:?}", report.broken);
        journal = home.open().await;
    }
    // New data of that subject gets a new key; the old stays forgotten and is no damage.
    let mut again = tip_taken(1);
    again.delivery = None;
    again.streams.remove(0);
    let events = vec![Event::Incident(IncidentEvent::Placed {
        subject: Subject(tip(1).0),
        personal: Some(tiande_core::incident::PlacedAt {
            place: tiande_core::geo::Place {
                at: tiande_core::geo::LatLon::new(35.0, 114.0).expect("in range"),
                accuracy: None,
            },
        }),
    })];
    again.streams[0].expected_seq = 2;
    again.streams[0].events = events;
    journal.append(again).await.expect("durable");
    let stored = journal.read_stream(StreamId::Incident(incident(1))).await.expect("readable");
    assert!(matches!(&stored[0].event,
        Event::Incident(IncidentEvent::Opened(o)) if o.personal.is_none()));
    assert!(matches!(
        &stored[2].event,
        Event::Incident(IncidentEvent::Placed { personal: Some(_), .. })
    ));
    journal.shutdown().await;
}

async fn what_tells_of_people_is_nowhere_in_clear(home: Home) {
    let journal = home.open().await;
    journal.append(tip_taken(1)).await.expect("durable");
    journal.append(officer_event(1, 0, registered(1))).await.expect("durable");
    let bytes = home.bytes().await;
    for secret in [SECRET, "13800000000", "张三", "王建国"] {
        let found = bytes.windows(secret.len()).any(|w| w == secret.as_bytes());
        assert!(!found, "{secret} is in clear");
    }
    assert!(
        bytes.windows(6).any(|w| w == b"msg_1\x01" || w == b"alpham"),
        "the test looks at data"
    );
    journal.shutdown().await;
}

async fn what_people_said_is_sealed_and_can_be_forgotten(home: Home) {
    const REASON: &str = "王五说债务人已还清";
    let journal = home.open().await;
    journal.append(tip_taken(1)).await.expect("durable");
    let subject = Subject(tip(1).0);
    let said = Said::under(subject, Some(REASON));
    let stream = StreamId::Incident(incident(1));
    let cancelled = Event::Incident(IncidentEvent::Cancelled { said });
    journal.append(decision(vec![part(stream, 2, vec![cancelled])])).await.expect("durable");
    let bytes = home.bytes().await;
    assert!(!bytes.windows(REASON.len()).any(|w| w == REASON.as_bytes()), "in clear");
    let words = async || {
        let stored = journal.read_stream(stream).await.expect("readable");
        let last = stored.last().map(|s| s.event.clone());
        let Some(Event::Incident(event)) = last else { unreachable!("{last:?}") };
        event.said().map(|said| said.text().to_owned())
    };
    assert_eq!(words().await.as_deref(), Some(REASON));
    journal.forget(subject).await.expect("forgotten");
    assert_eq!(words().await.as_deref(), Some(""), "called off, nobody knows why");
    journal.shutdown().await;
}

#[tokio::test]
async fn a_second_server_is_refused_while_the_first_lives() {
    let folder = Folder::new();
    let journal = open(folder.path()).await;
    let second = SqliteJournal::open(options(folder.path())).await.expect_err("locked");
    assert!(matches!(second, OpenFault::Locked { .. }), "{second:?}");
    assert!(second.to_string().contains("another tiande"), "{second}");
    journal.shutdown().await;
    open(folder.path()).await.shutdown().await;
}

async fn after_shutdown_everything_is_refused(home: Home) {
    let journal = home.open().await;
    journal.shutdown().await;
    journal.shutdown().await;
    let late = journal.append(tip_taken(1)).await;
    assert!(matches!(late, Err(AppendFault::Unavailable)), "{late:?}");
    assert!(!*journal.failed().borrow());
}

async fn each_opening_has_its_own_epoch(home: Home) {
    for epoch in 1..=3 {
        let journal = home.open().await;
        assert_eq!(journal.epoch(), epoch);
        journal.shutdown().await;
    }
}

#[tokio::test]
async fn keys_must_be_there_private_and_the_same() {
    let folder = Folder::new();
    open(folder.path()).await.shutdown().await;
    let key = folder.path().join("keys/master.key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("changed");
    let fault = SqliteJournal::open(options(folder.path())).await.expect_err("open to all");
    assert!(matches!(fault, OpenFault::Key(KeyFault::Open { mode: 0o644, .. })), "{fault:?}");
    std::fs::remove_file(&key).expect("removed");
    let fault = SqliteJournal::open(options(folder.path())).await.expect_err("missing");
    assert!(matches!(fault, OpenFault::Key(KeyFault::Missing { .. })), "{fault:?}");
    std::fs::write(&key, [1; 32]).expect("written");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o600)).expect("changed");
    let fault = SqliteJournal::open(options(folder.path())).await.expect_err("another");
    assert!(matches!(fault, OpenFault::OtherMasterKey), "{fault:?}");
}

async fn a_journal_in_sm3_stays_in_sm3(home: Home) {
    let first = OpenOptions { hash_alg: HashAlg::Sm3, ..options(home.path()) };
    let journal = home.try_open(first).await.expect("opens");
    journal.append(tip_taken(1)).await.expect("durable");
    journal.shutdown().await;
    let journal = home.open().await;
    journal.append(tip_taken(2)).await.expect("durable");
    let kinds = sql("SELECT DISTINCT hash_alg FROM journal");
    let kinds: Vec<(String,)> = journal.readers().fetch_all(kinds).await.expect("read");
    assert_eq!(kinds, [("sm3".to_owned(),)]);
    journal.shutdown().await;
    let report = home.verify().await;
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!(report.records, 8);
}

/// Position, who, previous hash, hash, body, sealed part.
type RowBytes = (i64, String, Vec<u8>, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

async fn rows_are_the_same_bytes_after_reopening(home: Home) {
    let mut dumps = Vec::new();
    for round in 0..2 {
        let journal = home.open().await;
        if round == 0 {
            journal.append(tip_taken(1)).await.expect("durable");
        }
        let query = "SELECT position, by_json, prev_hash, hash, body, sealed FROM journal \
                     ORDER BY position";
        let rows: Vec<RowBytes> = journal.readers().fetch_all(sql(query)).await.expect("read");
        dumps.push(rows);
        journal.shutdown().await;
    }
    assert_eq!(dumps[0], dumps[1]);
    assert_eq!(dumps[0].len(), 4);
}

async fn lists_of_the_api_come_from_the_read_models(home: Home) {
    let journal = home.open().await;
    for n in 1..=3 {
        journal.append(tip_taken(n)).await.expect("durable");
    }
    let end = crate::samples::finished();
    let end = crate::samples::part(StreamId::Incident(incident(2)), 2, vec![end]);
    journal.append(crate::samples::decision(vec![end])).await.expect("durable");
    journal.append(crate::samples::case_opened(1, "(2026)豫0783执7号")).await.expect("durable");
    let court = crate::samples::court();
    let open = journal.incident_rows(&court, true, 10).await.expect("read");
    assert_eq!(open.iter().map(|row| row.number).collect::<Vec<_>>(), [3, 1]);
    let all = journal.incident_rows(&court, false, 2).await.expect("read");
    assert_eq!(all.iter().map(|row| row.status.as_str()).collect::<Vec<_>>(), ["open", "finished"]);
    assert_eq!(all[1].outcome.as_deref(), Some("found"));
    let row = journal.tip_row(&court, tip(2)).await.expect("read").expect("there");
    assert_eq!((row.incident, row.source.as_str()), (Some(incident(2)), "alpha"));
    let strange = tiande_core::ids::CourtId::parse("drill").expect("a court");
    assert_eq!(journal.tip_row(&strange, tip(2)).await.expect("read"), None);
    let number = tiande_core::case::CaseNumber::parse("(2026)豫0783执7号").expect("a number");
    let found = journal.case_numbered(court.clone(), number).await.expect("read");
    assert_eq!(found, Some(crate::samples::case(1)));
    assert!(journal.case_in(&court, crate::samples::case(1)).await.expect("read"));
    assert!(!journal.case_in(&strange, crate::samples::case(1)).await.expect("read"));
    assert!(journal.incident_in(&court, incident(1)).await.expect("read"));
    assert!(!journal.incident_in(&strange, incident(1)).await.expect("read"));
    journal.shutdown().await;
}

async fn the_newest_number_is_found_with_its_year_whatever_the_clock_says(home: Home) {
    struct At(i64);
    impl tiande_actors::ports::clock::Clock for At {
        fn now(&self) -> tiande_core::time::UnixMillis {
            tiande_core::time::UnixMillis(self.0)
        }
    }
    let new_year = 1_798_761_600_000;
    let journal = home.open().await;
    journal.append(tip_taken(7)).await.expect("durable");
    journal.shutdown().await;
    for hours in [-24 * 400, -1, 1, 13] {
        let clock = std::sync::Arc::new(At(new_year + hours * 3_600_000));
        let options = OpenOptions { clock, ..options(home.path()) };
        let journal = home.try_open(options).await.expect("opens");
        let work = journal.open_work(crate::samples::court()).await.expect("read");
        assert_eq!(work.incident_number_last, Some((crate::samples::YEAR, 7)), "{hours}");
        journal.shutdown().await;
    }
}
