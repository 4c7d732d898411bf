//! `tiande-drill`: plays a court's officers, informants and dispatcher against a server, and judges
//! it from the wire alone.
//!
//! This file is the command line. A run makes a record (`run`, `fleet`, `tips`, `console`), the
//! checker reads nothing but the record, and the report says what it found.

#![cfg_attr(test, allow(clippy::unwrap_used, clippy::panic))] // Tests fail that way.

mod admin;
mod bench;
mod checker;
mod clock;
mod console;
mod country;
mod court;
mod fleet;
mod gateways;
mod http;
mod record;
mod report;
mod rng;
mod run;
mod scenario;
mod socket;
mod spawn;
mod tips;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Args, Parser, Subcommand};

use crate::run::Target;
use crate::scenario::Scenario;

/// Black-box drills for a Tiande server.
#[derive(Debug, Parser)]
#[command(version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Plays a scenario; exit code 1 when a limit is broken, 2 when it could not be played.
    Run(Run),
    /// Judges a saved record again and prints what the checker finds.
    Check {
        /// `record.jsonl`, plain or gzipped.
        record: PathBuf,
    },
    /// Measures Tiande beside what a user would pick instead.
    Bench(bench::Bench),
    /// One of the other sides of the bench: a bare websocket sink.
    #[command(hide = true)]
    Sink,
    /// Another one: a bare websocket echo.
    #[command(hide = true)]
    Echo,
    /// Another: one shared buffer, written to all sockets once a second.
    #[command(hide = true)]
    FanoutFloor {
        /// Payload of the frame, bytes.
        bytes: usize,
    },
    /// Puts several runs under one report.
    Summary {
        /// Folders with a report.json each.
        #[arg(required = true)]
        runs: Vec<PathBuf>,
        /// Where report.json and report.html go; by default the folder that holds the first run.
        #[arg(long)]
        out: Option<PathBuf>,
    },
}

#[derive(Debug, Args)]
struct Run {
    scenario: PathBuf,
    /// A running server, http://host:port; with --admin.
    #[arg(long, requires = "admin", conflicts_with = "spawn")]
    server: Option<String>,
    /// The admin socket of that server.
    #[arg(long)]
    admin: Option<PathBuf>,
    /// Starts a server with a fresh data folder.
    #[arg(long)]
    spawn: bool,
    /// The server's binary; by default `tiande` beside this program.
    #[arg(long)]
    binary: Option<PathBuf>,
    /// Where report.json, report.html and the record go.
    #[arg(long)]
    out: PathBuf,
    /// Where recordings are that do not lie beside the scenario; default: DATA, else ../shared/data.
    #[arg(long)]
    data: Option<PathBuf>,
}

fn main() -> ExitCode {
    // The clock's zero is the program's start.
    clock::now_us();
    match command(Cli::parse().command) {
        Ok(code) => code,
        Err(fault) => {
            // Nothing is left to do when even standard error is closed.
            let _ = writeln!(std::io::stderr(), "tiande-drill: {fault:#}");
            ExitCode::from(2)
        }
    }
}

fn command(command: Command) -> Result<ExitCode> {
    match command {
        Command::Run(run) => play(run),
        Command::Check { record } => {
            let entries = record::load(&record)?;
            let findings = checker::check(&entries);
            say(&serde_json::to_string_pretty(&findings).context("findings are JSON")?)?;
            Ok(if findings.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Bench(bench) => {
            let runtime = runtime()?;
            let met = runtime.block_on(async {
                tokio::select! {
                    signal = stopped() => { signal?; bail!("stopped by a signal") }
                    met = bench::run(bench) => met,
                }
            });
            runtime.shutdown_background();
            Ok(if met? { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Command::Echo => bench::echo::serve().map(|()| ExitCode::SUCCESS),
        Command::Sink => bench::sink::serve().map(|()| ExitCode::SUCCESS),
        Command::FanoutFloor { bytes } => {
            bench::fanout_floor::serve(bytes).map(|()| ExitCode::SUCCESS)
        }
        Command::Summary { runs, out } => {
            let above = || runs.first().and_then(|run| run.parent()).map(Path::to_path_buf);
            let out = out.or_else(above).context("name --out")?;
            let passed = report::summary(&runs, &out)?;
            say(&format!("{}", out.join("report.html").display()))?;
            Ok(if passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
    }
}

fn play(run: Run) -> Result<ExitCode> {
    let scenario = Scenario::load(&run.scenario)?;
    let target = match (run.server, run.admin, run.spawn) {
        (Some(url), Some(admin), false) => Target::Running { url, admin },
        (None, _, true) => {
            let binary = match run.binary {
                Some(binary) => binary,
                None => std::env::current_exe()
                    .context("cannot find this program")?
                    .with_file_name("tiande"),
            };
            Target::Spawn { binary }
        }
        _ => bail!("give --server URL --admin SOCKET, or --spawn"),
    };
    let data = run
        .data
        .or_else(|| clock::env("DATA").map(PathBuf::from))
        .unwrap_or_else(|| Path::new("../shared/data").to_path_buf());
    std::fs::create_dir_all(&run.out)
        .with_context(|| format!("cannot make {}", run.out.display()))?;
    for earlier in ["report.json", "report.html", "record.jsonl.gz", "server.log"] {
        // What an earlier run left must not be taken for this one's when this one breaks off.
        let _ = std::fs::remove_file(run.out.join(earlier));
    }
    let runtime = runtime()?;
    let drill = async {
        tokio::select! {
            // A signal drops the run, and with it the server that it started.
            signal = stopped() => { signal?; bail!("stopped by a signal") }
            entries = run::run(&scenario, target, &data, &run.out) => entries,
        }
    };
    let entries = runtime.block_on(drill)?;
    runtime.shutdown_background();
    record::save(&entries, &run.out.join("record.jsonl.gz"))?;
    let findings = checker::check(&entries);
    let report = report::Report::new(&scenario.limits, &entries, findings);
    report.write(&entries, &run.out)?;
    say(&report.verdict_lines())?;
    Ok(if report.limits_broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn runtime() -> Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")
}

async fn stopped() -> Result<()> {
    let mut term = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
    tokio::select! {
        _ = term.recv() => {}
        interrupt = tokio::signal::ctrl_c() => interrupt?,
    }
    Ok(())
}

fn say(text: &str) -> Result<()> {
    writeln!(std::io::stdout(), "{text}").context("cannot write to standard output")
}
