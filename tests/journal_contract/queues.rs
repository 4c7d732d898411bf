//! The writer's two queues: decisions come first, and errands can neither push them out nor starve.

use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tiande::journal::sql::sql;
use tiande::journal::{Store, StoreFault};
use tiande_actors::ports::journal::Journal;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use crate::home::{Home, on_both};
use crate::samples::tip_taken;

on_both!(
    a_full_queue_of_errands_refuses_no_decision,
    a_storm_of_decisions_starves_no_errand,
    shutdown_does_what_stands_in_both_queues,
    settled_is_said_when_the_decisions_before_it_have_ended,
);

/// Whatever waits for the writer is done by then.
const SOON: Duration = Duration::from_secs(60);
/// Records of one `tip_taken`.
const RECORDS: i64 = 4;

/// Holds the writer in an errand until told to go on.
pub async fn hold(journal: &Store) -> (oneshot::Sender<()>, JoinHandle<()>) {
    let (go, wait) = oneshot::channel::<()>();
    let (begun, has_begun) = oneshot::channel();
    let journal = journal.clone();
    let held = tokio::spawn(async move {
        let work = journal.write(move |_conn| {
            Box::pin(async move {
                begun.send(()).expect("the test waits");
                drop(wait.await);
                Ok(())
            })
        });
        work.await.expect("an errand that does nothing");
    });
    has_begun.await.expect("the writer has begun");
    (go, held)
}

pub type Counted = BoxFuture<'static, Result<i64, StoreFault>>;

/// Queues an errand that counts the decisions it finds; the fault when it is refused at once.
pub fn queue_count(journal: &Store) -> Result<Counted, StoreFault> {
    let journal = journal.clone();
    let mut counted: Counted = Box::pin(async move {
        let count = journal.write(|mut conn| {
            Box::pin(async move { conn.fetch_one(sql("SELECT COUNT(*) FROM journal")).await })
        });
        let (count,): (i64,) = count.await?;
        Ok(count / RECORDS)
    });
    match (&mut counted).now_or_never() {
        Some(Err(fault)) => Err(fault),
        Some(Ok(seen)) => unreachable!("the writer is held, but saw {seen}"),
        None => Ok(counted),
    }
}

async fn a_full_queue_of_errands_refuses_no_decision(home: Home) {
    let journal = home.open().await;
    let (go, held) = hold(&journal).await;
    // More than the queue of decisions holds.
    let mut errands = Vec::new();
    let mut refused = 0;
    for _ in 0..5_000 {
        match queue_count(&journal) {
            Ok(errand) => errands.push(errand),
            Err(StoreFault::Unavailable) => refused += 1,
            Err(other) => unreachable!("{other:?}"),
        }
    }
    assert!(refused > 0 && errands.len() <= 512, "{} errands wait", errands.len());
    let appends: Vec<_> = (1..=10).map(|n| journal.append(tip_taken(n))).collect();
    go.send(()).expect("the writer waits");
    for append in appends {
        timeout(SOON, append).await.expect("in time").expect("durable");
    }
    for errand in errands {
        let seen = timeout(SOON, errand).await.expect("in time").expect("counted");
        assert_eq!(seen, 10, "the decisions go first although they came last");
    }
    held.await.expect("no panic");
    journal.shutdown().await;
}

async fn a_storm_of_decisions_starves_no_errand(home: Home) {
    let journal = home.open().await;
    let (go, held) = hold(&journal).await;
    let appends: Vec<_> = (1..=2_000).map(|n| journal.append(tip_taken(n))).collect();
    let errands = [(); 3].map(|()| queue_count(&journal).expect("room"));
    go.send(()).expect("the writer waits");
    // One after each whole group: neither breaks a group up, nor waits for the last of them.
    for (errand, group) in errands.into_iter().zip(1_i64..) {
        let seen = timeout(SOON, errand).await.expect("in time").expect("counted");
        assert_eq!(seen, 512 * group);
    }
    for append in appends {
        timeout(SOON, append).await.expect("in time").expect("durable");
    }
    held.await.expect("no panic");
    journal.shutdown().await;
}

async fn shutdown_does_what_stands_in_both_queues(home: Home) {
    let journal = home.open().await;
    let (go, held) = hold(&journal).await;
    let appends: Vec<_> = (1..=300).map(|n| journal.append(tip_taken(n))).collect();
    let errands: Vec<_> = (0..5).map(|_| queue_count(&journal).expect("room")).collect();
    let mut ending = Box::pin(journal.shutdown());
    assert!((&mut ending).now_or_never().is_none(), "the writer is held");
    go.send(()).expect("the writer waits");
    timeout(SOON, ending).await.expect("in time");
    for append in appends {
        timeout(SOON, append).await.expect("in time").expect("durable");
    }
    let mut last = 0;
    for errand in errands {
        last = timeout(SOON, errand).await.expect("in time").expect("counted");
    }
    assert_eq!(last, 300, "the last errand saw all decisions");
    held.await.expect("no panic");
    assert!(matches!(queue_count(&journal), Err(StoreFault::Unavailable)));
    journal.append(tip_taken(301)).await.expect_err("stopped");
}

async fn settled_is_said_when_the_decisions_before_it_have_ended(home: Home) {
    let journal = home.open().await;
    let (go, held) = hold(&journal).await;
    let before: Vec<_> = (1..=20).map(|n| journal.append(tip_taken(n))).collect();
    let mut settled = journal.settled();
    assert!((&mut settled).now_or_never().is_none(), "the writer is held");
    let after = journal.append(tip_taken(21));
    go.send(()).expect("the writer waits");
    timeout(SOON, settled).await.expect("in time");
    for append in before {
        append.now_or_never().expect("it has ended").expect("durable");
    }
    timeout(SOON, after).await.expect("in time").expect("durable");
    held.await.expect("no panic");
    journal.shutdown().await;
}
