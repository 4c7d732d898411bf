//! A million open cases, each with a running node whose clock is set: the start of the server, its memory,
//! and what it costs the store to set one clock more. On SQLite.

use anyhow::{Context, Result};
use serde_json::Value;

use super::bed::Bed;
use crate::bench::Setting;
use crate::bench::history::Store;
use crate::bench::host::{self, say};
use crate::bench::line::{Better, Budget, Line};
use crate::bench::process::Process;
use crate::bench::sides::{Samples, median};
use crate::clock;

const CASES: u64 = 1_000_000;
/// The bell has looked at its first clock within this after a start.
const SETTLE_MS: u64 = 500;

/// Starts of a server on the same history.
#[derive(Debug, Default)]
struct Starts {
    ready_ms: Samples,
    memory: Samples,
}

/// What it costs the store to write a decision, microseconds.
#[derive(Debug)]
struct Costs {
    opens: Samples,
    opens_none: Samples,
}

impl Costs {
    /// What the clock and its rows add, by lots.
    fn clock(&self) -> Samples {
        self.opens.iter().zip(&self.opens_none).map(|(with, without)| with - without).collect()
    }
}

async fn starts(setting: &Setting, bed: &mut Bed<'_>) -> Result<Starts> {
    let mut starts = Starts::default();
    for round in 0..=setting.few() {
        let begin = clock::now_us();
        bed.server.start_again().await?;
        let ready = clock::now_us();
        clock::sleep_ms(SETTLE_MS).await;
        let memory = Process::of(&bed.server)?.memory()?;
        bed.server.stop().await?;
        if round == 0 {
            continue; // Files are cold, and what the history left in the log is put in its place.
        }
        #[allow(clippy::cast_precision_loss)] // Seconds in microseconds.
        starts.ready_ms.push((ready - begin) as f64 / 1e3);
        starts.memory.push(memory);
    }
    Ok(starts)
}

/// Cases of its own, half of which have a clock afterwards.
async fn arm(bed: &mut Bed<'_>) -> Result<Costs> {
    let costs = bed.ask("arm", &[format!("after_cases={}", bed.cases)]).await?;
    let samples = |name: &str| {
        let values = costs[name].as_array().into_iter().flatten().filter_map(Value::as_f64);
        values.collect::<Samples>()
    };
    bed.cases += costs["cases"].as_u64().context("no case was written")?;
    Ok(Costs { opens: samples("opens_us"), opens_none: samples("opens_none_us") })
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut bed = Bed::new(setting, Store::Sqlite, host::MEASURED_CORE, 0).await?;
    let empty = starts(setting, &mut bed).await?;
    let first = arm(&mut bed).await?;
    let seconds = bed.write(CASES, None).await?;
    let full = starts(setting, &mut bed).await?;
    let cases = bed.cases;
    let last = arm(&mut bed).await?;
    bed.server.end().await;
    say(&format!(
        "{CASES} cases with a clock each written in {seconds:.0} s; start to ready {:.0} ms (empty court {:.0}), \
         {:.1} MiB (empty {:.1}); a decision that opens a node {:.1} us, one that opens none {:.1} us; with no \
         clock set before {:.1} and {:.1} us; load average {}",
        median(&full.ready_ms),
        median(&empty.ready_ms),
        median(&full.memory) / f64::from(1 << 20),
        median(&empty.memory) / f64::from(1 << 20),
        median(&last.opens),
        median(&last.opens_none),
        median(&first.opens),
        median(&first.opens_none),
        host::load_average()
    ));
    #[allow(clippy::cast_precision_loss)] // A million.
    let sleeping = (median(&full.memory) - median(&empty.memory)) / cases as f64;
    let opens = |armed: u64, costs: &Costs| {
        let name = format!("decision that opens a node, {armed} clocks set; one that opens none");
        Line::versus(&name, "us", &costs.opens, &costs.opens_none, Better::Cost, None)
    };
    Ok(vec![
        Line::versus(
            &format!("start to ready, {CASES} clocks set, Sqlite; an empty court"),
            "ms",
            &full.ready_ms,
            &empty.ready_ms,
            Better::Cost,
            None,
        ),
        Line::alone(
            &format!("memory after it for each sleeping case with a clock, of {CASES}, Sqlite"),
            "B",
            &vec![sleeping.max(0.0)],
            Budget::AtMost(64.0),
        ),
        opens(0, &first),
        opens(CASES, &last),
        Line::versus(
            &format!("setting one clock beside {CASES} others, in the store, Sqlite; beside none"),
            "us",
            &last.clock(),
            &first.clock(),
            Better::Cost,
            Budget::AtMost(2.0),
        ),
    ])
}
