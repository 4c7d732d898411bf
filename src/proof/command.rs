//! `tiande proof …`: what somebody does with roots and receipts, without a server; and making a
//! root now, by one.
#![allow(clippy::print_stdout)] // What commands answer goes to standard output; logs do not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use sha2::{Digest as _, Sha256};

use super::check::{Against, check, read};
use super::consistency;
use super::file::{file_of, line};
use super::folder::check_folder;
use super::kept::KeptRoots;
use super::wire::RootShape;
use crate::admin::{self, AdminRequest};
use crate::config::Config;
use crate::journal::checkpoint::{default_public_key, read_public_key};

/// What can be done with proofs.
#[derive(Subcommand)]
pub enum ProofCommand {
    /// Make a court's root now, over everything since the last one.
    Close {
        /// Court.
        #[arg(long)]
        court: String,
    },
    /// Print the signed roots, a line each, after checking that each goes on from those before.
    Roots {
        /// Only of this court.
        #[arg(long)]
        court: Option<String>,
    },
    /// Check receipts, exports of cases (folders), or proofs of consistency. Needs no server and no
    /// network.
    Check(CheckArgs),
    /// Print a proof that one root goes on from an earlier one.
    Consistency {
        /// Court.
        #[arg(long)]
        court: String,
        /// Number of the earlier root.
        first: u64,
        /// Number of the later root.
        second: u64,
    },
}

/// What is checked, against what.
#[derive(Args)]
pub struct CheckArgs {
    /// Receipts, folders of exports, proofs of consistency.
    #[arg(required = true)]
    what: Vec<PathBuf>,
    /// Roots you have kept: lines of a court's file of roots, or of its QR codes.
    #[arg(long, value_name = "FILE")]
    roots: Option<PathBuf>,
    /// The court's public key, from elsewhere.
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
    /// The file that was handed in.
    #[arg(long, value_name = "FILE")]
    file: Option<PathBuf>,
}

impl ProofCommand {
    /// Does it. What is checked and shows nothing is exit status 1, with a line that says why.
    ///
    /// # Errors
    /// Files that cannot be read, or a server that refuses.
    pub fn run(self, config: &Config) -> anyhow::Result<ExitCode> {
        match self {
            Self::Close { court } => {
                match admin::send(config, AdminRequest::ProofClose { court }) {
                    Ok(done) => println!("{done:#}"),
                    Err(fault) => bail!("{fault}"),
                }
            }
            Self::Roots { court } => roots(config, court.as_deref())?,
            Self::Check(args) => return args.run(),
            Self::Consistency { court, first, second } => {
                let key = read_public_key(&default_public_key(&config.data))?;
                let kept = kept_of(config, &court)?;
                let all: Vec<_> = kept.iter().cloned().collect();
                let proof = consistency::prove(&all, first, second, key.to_bytes());
                let proof = proof.context("there are no such two roots, the earlier one first")?;
                println!("{}", serde_json::to_string(&proof)?);
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| path.display().to_string())
}

/// A court's own file of roots, checked.
fn kept_of(config: &Config, court: &str) -> anyhow::Result<KeptRoots> {
    let path = file_of(&config.data, court);
    let key = read_public_key(&default_public_key(&config.data))?;
    KeptRoots::read(&text(&path)?, &key).with_context(|| path.display().to_string())
}

fn roots(config: &Config, court: Option<&str>) -> anyhow::Result<()> {
    let courts = match court {
        Some(court) => vec![court.to_owned()],
        None => courts(config)?,
    };
    for court in courts {
        let kept = kept_of(config, &court)?;
        kept.iter().for_each(|signed| print!("{}", line(&RootShape::from(signed))));
    }
    Ok(())
}

/// Courts that have a file of roots.
fn courts(config: &Config) -> anyhow::Result<Vec<String>> {
    let folder = config.data.join("checkpoints");
    let mut courts = Vec::new();
    for entry in fs::read_dir(&folder).with_context(|| folder.display().to_string())? {
        let name = entry?.file_name();
        courts
            .extend(name.to_str().and_then(|name| name.strip_suffix(".roots")).map(str::to_owned));
    }
    courts.sort();
    Ok(courts)
}

impl CheckArgs {
    fn run(self) -> anyhow::Result<ExitCode> {
        let key = self.key.as_deref().map(read_public_key).transpose()?;
        let file = self.file.as_deref().map(|path| {
            let bytes = fs::read(path).with_context(|| path.display().to_string())?;
            anyhow::Ok(<[u8; 32]>::from(Sha256::digest(bytes)))
        });
        let against = Against {
            key: key.map(|key| key.to_bytes()),
            roots: self.roots.as_deref().map(text).transpose()?,
            file: file.transpose()?,
        };
        let mut good = true;
        for path in &self.what {
            let shown = path.display();
            match one(path, &against)? {
                Ok((words, notes)) => {
                    println!("{shown}: SHOWN");
                    words.iter().for_each(|line| println!("  {line}"));
                    notes.iter().for_each(|line| println!("  note: {line}"));
                }
                Err(why) => {
                    good = false;
                    println!("{shown}: REFUSED: {why}");
                }
            }
        }
        Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Words and notes of what is shown, or why nothing is.
type Verdict = Result<(Vec<String>, Vec<String>), String>;

fn one(path: &Path, against: &Against) -> anyhow::Result<Verdict> {
    if path.is_dir() {
        let shown = check_folder(path, against);
        let mut notes = Vec::new();
        if against.key.is_none() || against.roots.is_none() {
            notes.push(
                "without a key and roots from elsewhere it is only shown to agree with itself"
                    .to_owned(),
            );
        }
        return Ok(shown.map(|words| (words, notes)).map_err(|fault| chain(&fault)));
    }
    let bytes = fs::read(path).with_context(|| path.display().to_string())?;
    if let Ok(proof) = consistency::read(&bytes) {
        let shown = consistency::check(&proof, against.key, against.roots.as_deref());
        return Ok(shown.map(|word| (vec![word], Vec::new())).map_err(|fault| fault.to_string()));
    }
    let shown = read(&bytes).and_then(|receipt| check(receipt, against));
    Ok(shown.map(|shown| (shown.words, shown.notes)).map_err(|fault| fault.to_string()))
}

/// A fault with what is beneath it, where its own words do not say it.
fn chain(fault: &super::folder::FolderFault) -> String {
    match fault {
        super::folder::FolderFault::File { source, .. } => format!("{fault}: {source}"),
        other => other.to_string(),
    }
}
