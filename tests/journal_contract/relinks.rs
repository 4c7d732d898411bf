//! A tip that is split off: the link that counts follows, the old one forwards. Alone, and in one
//! group of decisions with the tip itself.

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use tiande_actors::ports::journal::{Append, Journal as _};
use tiande_core::journal::{Event, StreamId};
use tiande_core::time::Millis;
use tiande_core::tip::TipEvent;

use crate::home::{Home, on_both};
use crate::queues::hold;
use crate::samples::{NOW, court, decision, incident, part, tip, tip_taken};

on_both!(a_tip_follows_its_moves, moves_in_the_group_of_the_tip_itself_count);

/// The tip's `nth` move, from 1: from one incident to the next.
fn moved(n: u64, nth: u64) -> Append {
    let events = vec![Event::Tip(TipEvent::Relinked {
        from: incident(n + (nth - 1) * 100),
        incident: incident(n + nth * 100),
    })];
    let at = NOW.plus(Millis(nth));
    Append { at, ..decision(vec![part(StreamId::Tip(tip(n)), 1 + nth, events)]) }
}

async fn check(home: &Home, n: u64) {
    let journal = home.open().await;
    let row = journal.tip_row(&court(), tip(n)).await.expect("readable").expect("there");
    assert_eq!(row.incident, Some(incident(n + 200)));
    let moves = journal.tip_moves(tip(n)).await.expect("readable");
    let seen: Vec<_> = moves.iter().map(|one| (one.from, one.to, one.at)).collect();
    let wanted = [
        (incident(n), incident(n + 100), NOW.plus(Millis(1))),
        (incident(n + 100), incident(n + 200), NOW.plus(Millis(2))),
    ];
    assert_eq!(seen, wanted);
    assert!(journal.tip_moves(tip(n + 1)).await.expect("readable").is_empty());
    journal.shutdown().await;
}

async fn a_tip_follows_its_moves(home: Home) {
    let journal = home.open().await;
    for append in [tip_taken(1), moved(1, 1), moved(1, 2)] {
        journal.append(append).await.expect("durable");
    }
    journal.shutdown().await;
    check(&home, 1).await;
}

async fn moves_in_the_group_of_the_tip_itself_count(home: Home) {
    let journal = home.open().await;
    // The writer is held, so that all three stand in one group.
    let (go, held) = hold(&journal).await;
    let appends = [tip_taken(1), moved(1, 1), moved(1, 2)].map(|one| journal.append(one));
    let mut appends = Box::pin(join_all(appends));
    assert!((&mut appends).now_or_never().is_none(), "they wait for the writer");
    go.send(()).expect("it waits");
    held.await.expect("held");
    for end in appends.await {
        end.expect("durable");
    }
    journal.shutdown().await;
    check(&home, 1).await;
}
