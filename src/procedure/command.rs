//! `tiande procedure …`: checks files, and computes dates.
#![allow(clippy::print_stdout)] // What commands answer goes to standard output; logs do not.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Subcommand};

use super::rules::read_file;
use super::show::{answer_json, answer_text};
use super::{Ask, Rules, RulesFault, read_calendar, read_procedure};
use crate::config::Config;

/// What can be done with procedures.
#[derive(Subcommand)]
pub enum ProcedureCommand {
    /// Check a procedure's file: every fault on a line, with the line's number.
    Check {
        /// The file (see config/procedures).
        file: PathBuf,
        /// List the nodes when it is sound.
        #[arg(long)]
        list: bool,
    },
    /// Check a calendar's file: every fault on a line, with the line's number.
    Calendar {
        /// The file (see config/calendars).
        file: PathBuf,
    },
    /// Compute when a node is due, and why.
    Due(DueArgs),
}

/// A question to the date calculator.
#[derive(Args)]
pub struct DueArgs {
    /// The node's code, such as T01.
    #[arg(long, value_name = "CODE")]
    node: String,
    /// When its clock starts, or for a node that is counted back: the planned day. A date, or a time
    /// such as 2026-02-10T09:30 (Shanghai) or 2026-02-10T09:30:00+08:00.
    #[arg(long, value_name = "TIME")]
    from: String,
    /// A suspension, FROM/TO: the day TO runs again. FROM/ while it goes on. May be repeated. With
    /// @REASON it stops only nodes that this reason stops.
    #[arg(long, value_name = "FROM/TO[@REASON]")]
    suspend: Vec<String>,
    /// An approved extension, natural days.
    #[arg(long, value_name = "DAYS", default_value_t = 0)]
    extend: u32,
    /// Which recurrence of a node that recurs.
    #[arg(long, value_name = "K")]
    round: Option<u16>,
    /// A calendar's file; else that of the settings, else the one that is built in.
    #[arg(long, value_name = "FILE")]
    calendar: Option<PathBuf>,
    /// A procedure's file; else that of the settings, else the one that is built in.
    #[arg(long, value_name = "FILE")]
    procedure: Option<PathBuf>,
    /// One JSON object instead of lines.
    #[arg(long)]
    json: bool,
}

impl ProcedureCommand {
    /// Does it.
    ///
    /// # Errors
    /// A question that has no answer, or files that the calculator cannot use.
    pub fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Check { file, list } => Ok(report(read_file(&file, read_procedure).map(|read| {
                if list {
                    for node in read.nodes() {
                        println!("{}\t{}\t{}", node.code, node.zh, node.en);
                    }
                }
                format!(
                    "{}: sound; {} version {}, {} nodes, {} of them to be confirmed by the court, {} \
                     marked for counsel",
                    file.display(),
                    read.version().name,
                    read.version().version,
                    read.nodes().len(),
                    read.nodes().iter().filter(|node| node.sure.must_be_confirmed()).count(),
                    read.nodes().iter().filter(|node| node.counsel.is_some()).count(),
                )
            }))),
            Self::Calendar { file } => Ok(report(read_file(&file, read_calendar).map(|read| {
                let (first, last) = read.span();
                let version = read.version();
                let name = file.display();
                format!("{name}: sound; {} version {}, {first} to {last}", version.name, version.version)
            }))),
            Self::Due(args) => args.run(config),
        }
    }
}

fn report(checked: Result<String, RulesFault>) -> ExitCode {
    match checked {
        Ok(line) => {
            println!("{line}");
            ExitCode::SUCCESS
        }
        Err(RulesFault(lines)) => {
            lines.iter().for_each(|line| eprintln!("{line}"));
            ExitCode::FAILURE
        }
    }
}

impl DueArgs {
    fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        let procedure = self.procedure.as_deref().or(config.procedure_file.as_deref());
        let calendar = self.calendar.as_deref().or(config.calendar_file.as_deref());
        let rules = match Rules::load(procedure, calendar) {
            Ok(rules) => rules,
            Err(fault) => return Ok(report(Err(fault))),
        };
        let ask = Ask {
            node: self.node,
            from: self.from,
            suspensions: self.suspend,
            extension_days: self.extend,
            round: self.round,
        };
        let asked = ask.answer(&rules)?;
        if self.json {
            println!("{}", answer_json(&asked, &rules));
        } else {
            print!("{}", answer_text(&asked));
        }
        Ok(ExitCode::SUCCESS)
    }
}
