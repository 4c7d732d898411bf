//! The bench: what Tiande costs beside what a user would pick instead, both sides in one run.
//!
//! Each subject is a file with one function that gives [`Line`]s. A subject starts what it needs (a
//! server of ours, a peer), measures both sides in turns, at least five times each, says on standard
//! error what each side was and did, and ends what it started. Nothing of the server is a dependency:
//! ours is the release binary, told of by its wire and by `/proc`. What can only be measured inside
//! (the index, the journal) is a bench of its own crate, which `inside.rs` runs and reads.

mod convoy;
mod crew;
mod crowd;
mod curve;
mod deadlines;
pub mod echo;
mod fanout;
pub mod fanout_floor;
mod field;
mod gateway;
mod history;
mod host;
mod index;
mod ingest;
mod inside;
mod journal;
mod line;
mod load;
mod memory;
mod moments;
mod nearest;
mod other_side;
mod page;
mod peers;
mod process;
mod scale;
mod sides;
pub mod sink;
mod stack;
mod start;
mod table;
mod tip_offer;
pub mod ws;

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use clap::{Args, ValueEnum};

use curve::Curve;
use line::Line;

use crate::clock;

/// How the bench is started.
#[derive(Debug, Args)]
pub struct Bench {
    /// Where bench.json, bench.md and bench.html go.
    #[arg(long)]
    out: PathBuf,
    /// The server's binary; by default `tiande` beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// How often each side is measured; five at least for figures that are to be quoted.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// The bench of tiande-core's index, as `cargo bench --no-run` builds it.
    #[arg(long)]
    spatial: Option<PathBuf>,
    /// The server's bench of the journal, built the same way.
    #[arg(long)]
    journal: Option<PathBuf>,
    /// The server's program that writes long histories, built the same way.
    #[arg(long)]
    history: Option<PathBuf>,
    /// Only these subjects; by default all.
    #[arg(long, value_enum, value_delimiter = ',')]
    only: Vec<Subject>,
}

/// What can be measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Subject {
    /// One position in one frame, against a bare websocket sink.
    Ingest,
    /// Positions in batches, against Redis.
    Gateway,
    /// A position noted in the index, against an R-tree.
    Index,
    /// The nearest who may be asked, against Redis and PostGIS.
    Nearest,
    /// A tip on its officer's screen, against a websocket round trip and one fdatasync.
    TipOffer,
    /// Durable events, against plain inserts and one fdatasync.
    Journal,
    /// A court that moves, told to many consoles, against bare writes of one shared buffer.
    Fanout,
    /// Beside Node with ws, Redis and PostgreSQL.
    Stack,
    /// What a position and a tip cost with more officers, courts and open incidents.
    Scale,
    /// A start with a million cases, against one bare scan of the journal's rows.
    Start,
    /// Bytes for each officer, incident and case.
    Memory,
    /// Clocks of cases: a million of them, 100,000 in one second, against BullMQ.
    Deadlines,
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
    /// The index's bench program, where it was named.
    spatial: Option<PathBuf>,
    /// The journal's, the same.
    journal: Option<PathBuf>,
    /// The program that writes histories, the same.
    history: Option<PathBuf>,
}

impl Setting {
    /// Rounds of subjects of which each round, or what is made for them, takes long.
    pub fn few(&self) -> usize {
        self.rounds.min(3)
    }

    /// The journal's bench program.
    pub fn journal(&self) -> Result<&Path> {
        self.journal.as_deref().context("name the bench of the journal with --journal")
    }

    /// The program that writes histories.
    pub fn history(&self) -> Result<&Path> {
        self.history.as_deref().context("name the program of histories with --history")
    }

    /// The index's bench program.
    pub fn spatial(&self) -> Result<&Path> {
        self.spatial.as_deref().context("name the bench of the index with --spatial")
    }
}

/// Measures; true when every budget is kept.
pub async fn run(bench: Bench) -> Result<bool> {
    let beside = || std::env::current_exe().map(|this| this.with_file_name("tiande"));
    let binary = bench.binary.map_or_else(beside, Ok).context("cannot find this program")?;
    if !binary.is_file() {
        bail!("there is no server binary {}; name it with --binary", binary.display());
    }
    std::fs::create_dir_all(&bench.out).context("cannot make the folder for results")?;
    let rounds = bench.rounds.max(1);
    let Bench { out, spatial, journal, history, .. } = bench;
    let setting = Setting { binary, out, rounds, spatial, journal, history };
    host::announce();
    host::keep_to_second_core();
    let chosen = |subject| bench.only.is_empty() || bench.only.contains(&subject);
    let mut found = Found::default();
    for subject in Subject::value_variants().iter().copied().filter(|subject| chosen(*subject)) {
        let begin = clock::now_us();
        host::say(&format!("== {subject:?}, load average {}", host::load_average()));
        let more = match subject {
            Subject::Ingest => ingest::measure(&setting).await,
            Subject::Gateway => gateway::measure(&setting).await,
            Subject::Index => index::measure(&setting).await,
            Subject::Nearest => nearest::measure(&setting).await,
            Subject::TipOffer => tip_offer::measure(&setting).await,
            Subject::Fanout => fanout::measure(&setting).await,
            Subject::Journal => journal::measure(&setting).await,
            Subject::Stack => stack::measure(&setting).await,
            Subject::Scale => scale::measure(&setting).await.map(|curves| found.draw(curves)),
            Subject::Start => start::measure(&setting).await,
            Subject::Memory => memory::measure(&setting).await,
            Subject::Deadlines => deadlines::measure(&setting).await,
        };
        found.add(subject, more.with_context(|| format!("{subject:?}"))?);
        host::say(&format!("{subject:?} took {} s", (clock::now_us() - begin) / 1_000_000));
        // After each, so that a bench that breaks off leaves what it has.
        found.write(&setting.out)?;
    }
    let lines = found.lines;
    crate::say(&table::markdown(&lines))?;
    Ok(lines.iter().all(|line| line.met != Some(false)))
}

/// Everything that was found so far.
#[derive(Debug, Default)]
struct Found {
    lines: Vec<Line>,
    curves: Vec<Curve>,
}

impl Found {
    fn add(&mut self, subject: Subject, lines: Vec<Line>) {
        let name = subject.to_possible_value();
        let name = name.map_or_else(String::new, |value| value.get_name().to_owned());
        self.lines.extend(lines.into_iter().map(|line| Line { subject: name.clone(), ..line }));
    }

    /// Keeps curves for the page; gives their lines.
    fn draw(&mut self, curves: Vec<Curve>) -> Vec<Line> {
        let lines = curves.iter().flat_map(Curve::lines).collect();
        self.curves.extend(curves);
        lines
    }

    fn write(&self, out: &Path) -> Result<()> {
        let json = serde_json::to_string_pretty(&self.lines).context("lines are JSON")?;
        std::fs::write(out.join("bench.json"), json + "\n").context("cannot write bench.json")?;
        std::fs::write(out.join("bench.md"), table::markdown(&self.lines))
            .context("cannot write bench.md")?;
        let page = page::page(&self.lines, &self.curves, &host::description());
        std::fs::write(out.join("bench.html"), page).context("cannot write bench.html")
    }
}
