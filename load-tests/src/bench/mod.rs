//! The bench: what Tiande costs beside what a user would pick instead, both sides in one run.
//!
//! Each subject is a file with one function that gives [`Line`]s. A subject starts what it needs (a
//! server of ours, a peer), measures both sides in turns, at least five times each, says on standard
//! error what each side was and did, and ends what it started. Nothing of the server is a dependency:
//! ours is the release binary, told of by its wire and by `/proc`. What can only be measured inside
//! (the index, the journal) is a bench of its own crate, which `inside.rs` runs and reads.

mod convoy;
mod crowd;
mod fanout;
pub mod fanout_floor;
mod field;
mod host;
mod ingest;
mod line;
mod memory;
mod process;
mod sides;
pub mod sink;
mod table;
mod ws;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use line::Line;

/// How the bench is started.
#[derive(Debug, Args)]
pub struct Bench {
    /// Where bench.json and bench.md go.
    #[arg(long)]
    out: PathBuf,
    /// The server's binary; by default `tiande` beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// How often each side is measured; five at least for figures that are to be quoted.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Only these subjects; by default all.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Subject>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// One position in one frame, against a bare websocket sink.
    Ingest,
    /// A court that moves, told to many consoles, against bare writes of one shared buffer.
    Fanout,
    /// Bytes for each officer, incident and case.
    Memory,
}

/// What every subject needs to know.
#[derive(Debug)]
pub struct Setting {
    /// The server's binary.
    pub binary: PathBuf,
    /// Where logs and leftovers may lie.
    pub out: PathBuf,
    /// How often each side is measured.
    pub rounds: usize,
}

/// Measures; true when every budget is kept.
pub async fn run(bench: Bench) -> Result<bool> {
    let beside = || std::env::current_exe().map(|this| this.with_file_name("tiande"));
    let binary = bench.binary.map_or_else(beside, Ok).context("cannot find this program")?;
    if !binary.is_file() {
        bail!("there is no server binary {}; name it with --binary", binary.display());
    }
    std::fs::create_dir_all(&bench.out).context("cannot make the folder for results")?;
    let setting = Setting { binary, out: bench.out, rounds: bench.rounds.max(1) };
    host::announce();
    host::keep_to_second_core();
    let chosen = |subject| bench.only.is_empty() || bench.only.contains(&subject);
    let mut lines: Vec<Line> = Vec::new();
    for subject in Subject::value_variants().iter().copied().filter(|subject| chosen(*subject)) {
        host::say(&format!("== {subject:?}, load average {}", host::load_average()));
        let more = match subject {
            Subject::Ingest => ingest::measure(&setting).await,
            Subject::Fanout => fanout::measure(&setting).await,
            Subject::Memory => memory::measure(&setting).await,
        };
        lines.extend(more.with_context(|| format!("{subject:?}"))?);
        // After each, so that a bench that breaks off leaves what it has.
        write(&setting.out, &lines)?;
    }
    crate::say(&table::markdown(&lines))?;
    Ok(lines.iter().all(|line| line.met != Some(false)))
}

fn write(out: &Path, lines: &[Line]) -> Result<()> {
    let json = serde_json::to_string_pretty(lines).context("lines are JSON")?;
    std::fs::write(out.join("bench.json"), json + "\n").context("cannot write bench.json")?;
    std::fs::write(out.join("bench.md"), table::markdown(lines)).context("cannot write bench.md")
}
