//! Day roots over a real journal: when they are made, over what, and that every record is shown to be
//! under its own.

use std::sync::Arc;

use tiande::journal::Store;
use tiande::proof::Proof;
use tiande::proof::check::{Against, check};
use tiande::proof::export::{Wanted, export};
use tiande::proof::folder::check_folder;
use tiande_actors::ports::journal::Journal as _;
use tiande_actors::testkit::ManualClock;
use tiande_core::calendar::Day;
use tiande_core::ids::CourtId;
use tiande_core::journal::{Event, StreamId};
use tiande_core::time::{Millis, UnixMillis};

use crate::home::{Home, on_both};
use crate::samples::{NOW, case, court, decision, officer, on_duty, part, registered};

on_both!(
    a_root_is_made_once_for_each_day_and_leaves_nothing_out,
    every_record_of_a_large_day_is_under_its_root,
);

const DAY: Millis = Millis(86_400_000);

/// The journal with proofs over it, and the clock they go by.
async fn opened(home: &Home, clock: &ManualClock) -> (Arc<Store>, Proof) {
    let store = Arc::new(home.open().await);
    let proof = Proof::open(Arc::clone(&store), Arc::new(clock.clone())).expect("opens");
    (store, proof)
}

/// So many more events of an officer of a court, after those that there are.
async fn more(store: &Store, of: &CourtId, n: u64, after: u64, count: usize) {
    let first = if after == 0 { registered(n) } else { on_duty() };
    let events = std::iter::once(first).chain(std::iter::repeat_with(on_duty)).take(count);
    let stream = StreamId::Officer(officer(n));
    let events = events.map(Event::Officer).collect();
    let mut append = decision(vec![part(stream, after, events)]);
    append.court = of.clone();
    store.append(append).await.expect("durable");
}

async fn a_root_is_made_once_for_each_day_and_leaves_nothing_out(home: Home) {
    let clock = ManualClock::at(NOW);
    let (store, proof) = opened(&home, &clock).await;
    let (here, there) = (court(), CourtId::parse("beta").expect("a court"));
    let due = async |proof: &Proof| proof.close_if_due(&here).await.expect("no fault");
    assert!(due(&proof).await.is_none(), "nothing there yet");
    more(&store, &here, 1, 0, 3).await;
    more(&store, &there, 2, 0, 2).await;
    assert!(due(&proof).await.is_none(), "the day is not over");
    // Half a minute into the next day; one more comes before the root.
    let today = Day::of(NOW);
    clock.advance(today.plus(1).begins().since(NOW));
    clock.advance(Millis(30_000));
    more(&store, &here, 1, 3, 1).await;
    let first = due(&proof).await.expect("a root").root;
    assert_eq!((first.number, first.day, first.size), (1, today, 4));
    assert_eq!((first.first, first.last), (1, 6));
    assert!(due(&proof).await.is_none(), "it is there");
    // The server stands still for days, and starts again.
    store.shutdown().await;
    drop(proof);
    clock.advance(Millis(DAY.0 * 5));
    let (store, proof) = opened(&home, &clock).await;
    more(&store, &there, 2, 2, 2).await;
    let second = due(&proof).await.expect("a root").root;
    assert_eq!((second.number, second.day, second.size), (2, today.plus(5), 0));
    assert_eq!((second.first, second.last), (7, 8));
    // By hand, twice at once: one after the other, over nothing.
    // And whoever looks after the file meanwhile writes no line twice.
    let both = tokio::join!(
        proof.close_now(&here),
        proof.close_now(&here),
        proof.bring_file_up(&here),
        proof.bring_file_up(&here)
    );
    both.2.and(both.3).expect("the file");
    let mut numbers = [both.0, both.1].map(|signed| signed.expect("a root").root.number);
    numbers.sort_unstable();
    assert_eq!(numbers, [3, 4]);
    assert!(due(&proof).await.is_none(), "made today by hand");
    clock.advance(DAY);
    let fifth = due(&proof).await.expect("a root").root;
    assert_eq!((fifth.day, fifth.first, fifth.last), (today.plus(6), 9, 8));
    // The other court has roots of its own.
    let other = proof.close_now(&there).await.expect("a root").root;
    assert_eq!((other.number, other.size, other.last), (1, 4, 8));
    // A clock that went back makes nothing.
    clock.set(UnixMillis(NOW.0));
    assert!(due(&proof).await.is_none());
    let file = home.path().join("checkpoints").join("changyuan.roots");
    assert_eq!(std::fs::read_to_string(file).expect("roots").lines().count(), 5);
    let report = home.verify().await;
    assert!(report.is_whole(), "{:?}", report.broken);
    assert_eq!(report.roots, 6);
    store.shutdown().await;
}

async fn every_record_of_a_large_day_is_under_its_root(home: Home) {
    let clock = ManualClock::at(NOW);
    let (store, proof) = opened(&home, &clock).await;
    let (here, there) = (court(), CourtId::parse("beta").expect("a court"));
    // More than two blocks, with another court's records between.
    for n in 0..27 {
        more(&store, &here, 1, n * 100, 100).await;
        more(&store, &there, 2, n * 7, 7).await;
    }
    let root = proof.close_now(&here).await.expect("a root").root;
    assert_eq!(root.size, 2_700);
    more(&store, &here, 1, 2_700, 1).await;
    let stream = StreamId::Officer(officer(1));
    let key = Some(proof.public_key());
    for seq in [1, 2, 1_023, 1_024, 1_025, 2_048, 2_049, 2_699, 2_700] {
        let receipt = proof.receipt(&here, stream, seq).await.expect("read").expect("a receipt");
        let way = receipt.inclusion.as_ref().expect("a way");
        assert_eq!((way.index, way.size), (seq - 1, 2_700));
        check(receipt, &Against { key, ..Against::default() }).expect("shown");
    }
    // Not yet under one; of another court; of nobody.
    let receipt = proof.receipt(&here, stream, 2_701).await.expect("read").expect("a receipt");
    assert!(receipt.promise.is_some() && receipt.root.is_none());
    check(receipt, &Against { key, ..Against::default() }).expect("shown");
    for (of, seq) in [(&there, 1), (&here, 2_702), (&here, 0)] {
        assert!(proof.receipt(of, stream, seq).await.expect("read").is_none(), "{of} {seq}");
    }
    // A case of which nothing is known has an export of nothing.
    let papers = tiande::papers::PaperStore::open(home.path(), store.master_key()).expect("opens");
    let out = home.path().join("export");
    let wanted = Wanted { court: here.clone(), case: case(1), number: "x".to_owned() };
    let done = export(&proof, &papers, wanted, &out).await.expect("written");
    assert_eq!((done.records, done.roots), (0, 1));
    check_folder(&out, &Against { key, ..Against::default() }).expect("shown");
    // What was changed since is not proved any more.
    home.change("UPDATE journal SET hash = prev_hash WHERE position = 5").await;
    let fault = proof.receipt(&here, stream, 9).await.expect_err("changed");
    assert!(fault.to_string().contains("root 1"), "{fault}");
    store.shutdown().await;
}
