//! 100,000 cases whose clocks are due in one and the same moment, on both stores, beside as many delayed
//! jobs of BullMQ, whose work is one entry of a stream. Both sides have the same two cores, in turns.
//!
//! A clock of ours reads the case's story, computes its dates anew, and writes two records in a chain of
//! hashes with the case's rows, all in due order. It counts when it is durable; a job, when its worker has
//! been told that it is completed.

use anyhow::{Context, Result};

use super::bed::{Bed, Due, until_due};
use crate::bench::Setting;
use crate::bench::history::Store;
use crate::bench::host::{self, say};
use crate::bench::line::{Better, Budget, Line};
use crate::bench::peers::bullmq::{self, Forced};
use crate::bench::process::Process;
use crate::bench::sides::Samples;

const CLOCKS: u64 = 100_000;
/// Between the beginning of the writing, or adding, and the moment at which all are due, milliseconds.
const LEAD_MS: u64 = 60_000;

/// What one round of a side gave.
#[derive(Debug, Clone, Copy)]
struct Round {
    /// Until half, all but a hundredth, and all of them were done, milliseconds.
    late: [f64; 3],
    /// Lost, doubled or early.
    wrong: f64,
}

/// All rounds of a side.
#[derive(Debug, Default)]
struct Side(Vec<Round>);

impl Side {
    fn of(&self, value: impl Fn(&Round) -> f64) -> Samples {
        self.0.iter().map(value).collect()
    }

    fn late_s(&self, which: usize) -> Samples {
        self.of(|round| round.late[which] / 1e3)
    }

    fn per_s(&self) -> Samples {
        #[allow(clippy::cast_precision_loss)] // 100,000.
        self.of(|round| CLOCKS as f64 * 1e3 / round.late[2])
    }
}

/// Ours, with the memory that each case takes that was just rung.
async fn ours(bed: &mut Bed<'_>, store: Store) -> Result<(Round, f64)> {
    let due = Due::after(i64::try_from(LEAD_MS)?, 0);
    let written = bed.write(CLOCKS, Some(due)).await?;
    bed.server.start_again().await?;
    let process = Process::of(&bed.server)?;
    until_due(due).await?;
    let (before, cpu_before) = (process.memory()?, process.cpu_ns()?);
    let seen = bed.watch(CLOCKS).await?;
    let (after, cpu_after) = (process.memory()?, process.cpu_ns()?);
    bed.server.stop().await?;
    let fired = bed.fired(CLOCKS).await?;
    #[allow(clippy::cast_precision_loss)] // Milliseconds of minutes.
    let late = [CLOCKS / 2, CLOCKS - CLOCKS / 100, CLOCKS]
        .map(|nth| (seen.when(nth) - due.first_ms) as f64);
    let decided = fired.decided_late_ms;
    #[allow(clippy::cast_precision_loss)] // 100,000.
    let each = (after - before) / CLOCKS as f64;
    say(&format!(
        "ours, {store:?}: written in {written:.0} s; durable, seen from outside: p50/p99/last {:.2}/{:.2}/{:.2} s; \
         decided {:.2}/{:.2}/{:.2} s; {:.1} s of processor time of the server; {:.0} MiB before, {:.0} after; \
         each once, none early, in order; load average {}",
        late[0] / 1e3,
        late[1] / 1e3,
        late[2] / 1e3,
        decided.p50 / 1e3,
        decided.p99 / 1e3,
        decided.max / 1e3,
        (cpu_after - cpu_before) / 1e9,
        before / f64::from(1 << 20),
        after / f64::from(1 << 20),
        host::load_average()
    ));
    // Anything else was an error.
    Ok((Round { late, wrong: 0.0 }, each))
}

async fn theirs(forced: Forced) -> Result<Round> {
    let burst = bullmq::burst(forced, CLOCKS, LEAD_MS).await?;
    let (late, worked) = (burst.completed_late_ms, burst.worked_late_ms);
    say(&format!(
        "BullMQ, appendfsync {}: added in {:.1} s; completed: {}, p50/p99/last {:.2}/{:.2}/{:.2} s; work in \
         Redis {:.2}/{:.2}/{:.2} s; {} lost, {} doubled, {} early; load average {}",
        forced.name(),
        burst.added_s,
        burst.completed,
        late.p50 / 1e3,
        late.p99 / 1e3,
        late.max / 1e3,
        worked.p50 / 1e3,
        worked.p99 / 1e3,
        worked.max / 1e3,
        burst.lost,
        burst.doubled,
        burst.early,
        host::load_average()
    ));
    #[allow(clippy::cast_precision_loss)] // 100,000 at most.
    let wrong = (burst.lost + burst.doubled + burst.early) as f64;
    Ok(Round { late: [late.p50, late.p99, late.max], wrong })
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    say(&format!(
        "ours: tiande serve with its store; theirs: {}, two workers, appendonly, noeviction; both on cores {}; \
         {CLOCKS} due in one moment, {} rounds in turns",
        bullmq::versions().await?,
        host::BOTH_CORES,
        setting.few()
    ));
    let stores = [Store::Sqlite, Store::Postgres];
    let ways = [Forced::EverySecond, Forced::Always];
    let mut beds = Vec::new();
    for store in stores {
        beds.push(Bed::new(setting, store, host::BOTH_CORES, 0).await?);
    }
    let (mut our, mut their) = ([const { Side(Vec::new()) }; 2], [const { Side(Vec::new()) }; 2]);
    let mut memory = [Samples::new(), Samples::new()];
    for _ in 0..setting.few() {
        for (at, store) in stores.into_iter().enumerate() {
            let ours = ours(&mut beds[at], store).await;
            let (round, each) = ours.with_context(|| format!("{store:?}"))?;
            our[at].0.push(round);
            memory[at].push(each);
        }
        for (side, forced) in their.iter_mut().zip(ways) {
            side.0.push(theirs(forced).await?);
        }
    }
    let mut lines = Vec::new();
    for ((store, our), memory) in stores.into_iter().zip(&our).zip(&memory) {
        for (their, forced) in their.iter().zip(ways) {
            lines.extend(versus(store, our, forced, their));
        }
        lines.push(Line::alone(
            &format!("memory of a case that has just been rung, {store:?}"),
            "B",
            memory,
            None,
        ));
    }
    Ok(lines)
}

/// A side of ours beside a side of theirs.
fn versus(store: Store, our: &Side, forced: Forced, their: &Side) -> Vec<Line> {
    let what = format!("{CLOCKS} due in one moment, {store:?}");
    let peer = format!("BullMQ, appendfsync {}", forced.name());
    let late = |name: &str, which: usize| {
        let name = format!("{what}, {name}; {peer}");
        let (our, their) = (our.late_s(which), their.late_s(which));
        Line::versus(&name, "s", &our, &their, Better::TimesCheaper, None)
    };
    let name = format!("{what}, fired a second; {peer}");
    let rate = Line::versus(&name, "/s", &our.per_s(), &their.per_s(), Better::Rate, None);
    let most = |side: &Side| side.of(|round| round.wrong).into_iter().fold(0.0, f64::max);
    let wrong = Line::alone(
        &format!("{what}, lost, doubled or early in the worst round; {peer}"),
        "",
        &vec![most(our)],
        Budget::AtMost(0.0),
    );
    vec![
        late("until the last is done", 2),
        late("p99", 1),
        Line { detail: true, ..late("p50", 0) },
        Line { detail: true, ..rate },
        Line { theirs: Some(most(their)), ..wrong },
    ]
}
