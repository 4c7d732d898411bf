//! The whole file of one case as a folder, with what shows each record to be under a signed root:
//! for an inspection (一案双查). What is in it and how to check it is in `docs/PROOF.md`; `folder`
//! checks it.
//!
//! The records are read while the court works: the folder holds what was there when it was begun,
//! or more.
//!
//! **Not here:** who may have it, and the note that somebody had it.

use std::collections::BTreeSet;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use tiande_actors::ports::journal::ReadFault;
use tiande_core::ids::{CaseId, CourtId};
use tiande_core::journal::StreamId;
use tokio::fs::{self, File, OpenOptions};
use tokio::io::AsyncWriteExt as _;

use super::Proof;
use super::file::line;
use super::prover::{Prover, Standing};
use super::wire::{Hex, InclusionShape, PromiseShape, RecordShape, RootShape};
use crate::journal::evidence::Personal;
use crate::papers::PaperStore;

/// Format of `proof.json`.
pub const EXPORT: &str = "tiande-export-v1";
/// Records of one read.
const PAGE: u32 = 200;

/// A line of `records.jsonl`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedRecord {
    /// The record.
    pub record: RecordShape,
    /// Its hash.
    pub hash: Hex<32>,
    /// `none`, `opened`, or `forgotten`: its key was destroyed.
    pub personal_state: String,
    /// The personal part in clear: JSON. It stands in the record sealed, so its truth is not proved
    /// by the hash without the key.
    pub personal: Option<String>,
}

/// How one record stands.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedProof {
    /// Number in the case's stream.
    pub seq: u64,
    /// The record's hash.
    pub hash: Hex<32>,
    /// Number of the root it is under; the root itself is in `roots.jsonl`.
    pub root: Option<u64>,
    /// The way there.
    pub inclusion: Option<InclusionShape>,
    /// Instead of these two, as long as the day is not over.
    pub promise: Option<PromiseShape>,
}

/// A paper that a record names.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportedPaper {
    /// Its name in `papers/`.
    pub sha256: Hex<32>,
    /// `there`; `missing`: it was never kept as a paper of this case, or forgotten; `damaged`.
    pub state: String,
}

/// `proof.json`.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ExportShape {
    /// [`EXPORT`].
    pub format: String,
    /// Court.
    pub court: String,
    /// The case's number.
    pub number: String,
    /// Its stream.
    pub stream: String,
    /// The key that signs, in the export's own words.
    pub public_key: Hex<32>,
    /// All records of the stream, in order.
    pub records: Vec<ExportedProof>,
    /// All papers that the records name.
    pub papers: Vec<ExportedPaper>,
}

/// Why there is no export. What was written of it is no export either.
#[derive(Debug, thiserror::Error)]
pub enum ExportFault {
    /// The folder is there and not empty.
    #[error("{0} is not an empty folder")]
    NotEmpty(PathBuf),
    /// The journal could not be read, or a record was changed.
    #[error("cannot read the case")]
    Read(#[from] ReadFault),
    /// A file could not be written or a paper not be read.
    #[error("cannot write the export")]
    Write(#[from] std::io::Error),
}

/// What was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// Records.
    pub records: usize,
    /// Of them, those that only a promise covers.
    pub promised: usize,
    /// Papers.
    pub papers: usize,
    /// Papers that records name and that are not there.
    pub papers_missing: usize,
    /// Roots of the court.
    pub roots: usize,
}

/// Which case.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// Its court.
    pub court: CourtId,
    /// Its identity.
    pub case: CaseId,
    /// Its number.
    pub number: String,
}

/// Writes the export of a case into a folder that is empty or not there yet.
///
/// # Errors
/// [`ExportFault`].
pub async fn export(
    proof: &Proof,
    papers: &PaperStore,
    wanted: Wanted,
    out: &Path,
) -> Result<Exported, ExportFault> {
    let Wanted { court, case, number } = wanted;
    make_folder(out).await?;
    let stream = StreamId::Case(case);
    let mut shape = ExportShape {
        format: EXPORT.to_owned(),
        court: court.to_string(),
        number,
        stream: stream.to_string(),
        public_key: Hex(proof.public_key()),
        records: Vec::new(),
        papers: Vec::new(),
    };
    let mut lines = create(&out.join("records.jsonl")).await?;
    let mut prover = Prover::new(proof);
    let mut named = BTreeSet::new();
    let mut after = 0;
    loop {
        let page = proof.journal.records_of(stream, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for record in page {
            let personal = proof.journal.personal_of(&record).await?;
            let standing = prover.standing(&court, &record).await?;
            let hash = Hex(record.envelope().hash());
            let (root, inclusion, promise) = match standing {
                Standing::Under(root, way) => (Some(root.number), Some(way), None),
                Standing::Promised(promise) => (None, None, Some(promise)),
            };
            shape.records.push(ExportedProof { seq: record.seq, hash, root, inclusion, promise });
            let (state, personal) = match personal {
                Personal::None => ("none", None),
                Personal::Forgotten => ("forgotten", None),
                Personal::Plain(text) => ("opened", Some(text)),
            };
            let record = RecordShape::from(record);
            named.extend(record.papers());
            let personal_state = state.to_owned();
            let exported = ExportedRecord { record, hash, personal_state, personal };
            let mut text = serde_json::to_string(&exported).map_err(std::io::Error::other)?;
            text.push('\n');
            lines.write_all(text.as_bytes()).await?;
        }
    }
    lines.sync_all().await?;
    for sha256 in named {
        let state = write_paper(papers, case, sha256, out).await?.to_owned();
        shape.papers.push(ExportedPaper { sha256: Hex(sha256), state });
    }
    // After the records: every root that they name is among them.
    let roots = proof.all_roots(&court).await?;
    let text: String = roots.iter().map(|signed| line(&RootShape::from(signed))).collect();
    write(&out.join("roots.jsonl"), text.as_bytes()).await?;
    let key = format!("{}\n", hex::encode(proof.public_key()));
    write(&out.join("public-key"), key.as_bytes()).await?;
    write(&out.join("README.txt"), README.as_bytes()).await?;
    let text = serde_json::to_vec_pretty(&shape).map_err(std::io::Error::other)?;
    // Last: a folder without it is no export.
    write(&out.join("proof.json"), &text).await?;
    let there = shape.papers.iter().filter(|paper| paper.state == "there").count();
    Ok(Exported {
        records: shape.records.len(),
        promised: shape.records.iter().filter(|record| record.promise.is_some()).count(),
        papers: there,
        papers_missing: shape.papers.len() - there,
        roots: roots.len(),
    })
}

async fn make_folder(out: &Path) -> Result<(), ExportFault> {
    let mut builder = fs::DirBuilder::new();
    match builder.mode(0o700).create(out).await {
        Err(fault) if fault.kind() == ErrorKind::AlreadyExists => {
            let empty = match fs::read_dir(out).await {
                Ok(mut entries) => entries.next_entry().await?.is_none(),
                Err(_no_folder) => false,
            };
            if empty { Ok(()) } else { Err(ExportFault::NotEmpty(out.to_owned())) }
        }
        made => Ok(made?),
    }
}

async fn write_paper(
    papers: &PaperStore,
    case: CaseId,
    sha256: [u8; 32],
    out: &Path,
) -> std::io::Result<&'static str> {
    let damaged = |fault: std::io::Error| match fault.kind() {
        ErrorKind::InvalidData => Ok("damaged"),
        _ => Err(fault),
    };
    let mut reading = match papers.look(case, sha256).await {
        Ok(Some(reading)) => reading,
        Ok(None) => return Ok("missing"),
        Err(fault) => return damaged(fault),
    };
    let folder = out.join("papers");
    fs::create_dir_all(&folder).await?;
    let path = folder.join(hex::encode(sha256));
    let mut file = create(&path).await?;
    loop {
        match papers.piece(reading).await {
            Ok(Some((piece, rest))) => {
                file.write_all(&piece).await?;
                reading = rest;
            }
            Ok(None) => break,
            Err(fault) => {
                // A part of a paper is none.
                fs::remove_file(&path).await?;
                return damaged(fault);
            }
        }
    }
    file.sync_all().await?;
    Ok("there")
}

async fn create(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().write(true).create_new(true).mode(0o600).open(path).await
}

async fn write(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = create(path).await?;
    file.write_all(bytes).await?;
    file.sync_all().await
}

/// For whoever opens the folder.
const README: &str = include_str!("export-readme.txt");
