//! What it costs the store to set a clock: decisions that open a node beside decisions of the same cases
//! that open none, in turns.

use std::path::Path;

use futures_util::future::join_all;
use tiande::journal::Store;
use tiande::telemetry::SystemClock;
use tiande_actors::ports::Clock as _;
use tiande_actors::ports::journal::{Append, CaseChange, Journal as _};
use tiande_core::case::{Case, CaseEvent};
use tiande_core::ids::IncidentId;
use uuid::Uuid;

use crate::clocks::{Clocks, decision};
use crate::fill::{History, append_all, case_id, open};
use crate::support::waiting::Stopwatch;

/// Decisions of one kind that are under way at once: a few of the writer's groups.
const LOT: u64 = 2_000;
/// Lots of each kind that are measured; one more before them warms up.
const LOTS: u64 = 5;
/// Cases that this writes; every other lot of them has a clock afterwards.
pub const CASES: u64 = 2 * LOT * (LOTS + 1);

/// Microseconds for each decision, a value a lot.
#[derive(Debug, Default)]
pub struct Costs {
    /// That opens a node and sets its clock.
    pub opens: Vec<f64>,
    /// That opens none.
    pub opens_none: Vec<f64>,
}

/// Measures on new cases, numbered after `after`, beside whatever is there.
pub async fn arm(data: &Path, database: Option<&str>, history: &History, after: u64) -> Costs {
    let clocks = Clocks::far_away();
    let journal = open(data, database).await;
    let now = SystemClock.now();
    let all = after + 1..=after + CASES;
    let begin = |n| decision(history, now, n, 0, clocks.beginning(n), None);
    append_all(&journal, all.map(begin)).await;
    let opens = |n| {
        let mut case = Case::new(case_id(n));
        clocks.beginning(n).iter().for_each(|event| case.apply(event));
        let events = vec![clocks.set(now, n)];
        let rows = case.rows(&events, clocks.book());
        assert!(rows.next.is_some() && rows.running.len() == 1, "a clock is set");
        decision(
            history,
            now,
            n,
            2,
            events,
            Some(CaseChange {
                case: case.id,
                calendar: clocks.book().calendar.version().clone(),
                rows,
            }),
        )
    };
    // One record of the same stream, too, and no row beside it.
    let opens_none = |n: u64| {
        let incident = IncidentId(Uuid::from_u128(u128::from(n)));
        decision(history, now, n, 2, vec![CaseEvent::IncidentLinked { incident }], None)
    };
    let mut costs = Costs::default();
    for lot in 0..=LOTS {
        let first = after + 1 + 2 * LOT * lot;
        let with = timed(&journal, (first..first + LOT).map(opens)).await;
        let without = timed(&journal, (first + LOT..first + 2 * LOT).map(opens_none)).await;
        if lot > 0 {
            costs.opens.push(with);
            costs.opens_none.push(without);
        }
    }
    journal.shutdown().await;
    costs
}

/// Microseconds for each of these decisions, which are made before the watch runs.
async fn timed(journal: &Store, decisions: impl Iterator<Item = Append>) -> f64 {
    let lot: Vec<Append> = decisions.collect();
    let count = lot.len();
    let watch = Stopwatch::start();
    let writes: Vec<_> = lot.into_iter().map(|append| journal.append(append)).collect();
    for end in join_all(writes).await {
        end.expect("durable");
    }
    watch.elapsed().as_secs_f64() * 1e6 / count as f64
}
