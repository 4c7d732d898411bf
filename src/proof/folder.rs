//! Checks the export of a case: every record as a receipt of its own, that none is missing between
//! the first and the last, and every paper. Needs no server and no network.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use ed25519_dalek::VerifyingKey;
use sha2::{Digest as _, Sha256};

use super::check::{Against, Refusal, check_one_of};
use super::export::{EXPORT, ExportShape, ExportedRecord};
use super::kept::{KeptFault, KeptRoots};
use super::wire::{RECEIPT, Receipt, RootShape};

/// Why an export shows nothing.
#[derive(Debug, thiserror::Error)]
pub enum FolderFault {
    /// A file is missing.
    #[error("cannot read {path}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// `proof.json` is none.
    #[error("proof.json is unreadable")]
    Proof,
    /// A line of the records is none.
    #[error("line {0} of records.jsonl is unreadable")]
    Record(usize),
    /// The records are not those of the proof.
    #[error("record {0} is missing, doubled, or of another stream")]
    Gap(u64),
    /// The roots are of no use.
    #[error("roots.jsonl: {0}")]
    Roots(#[from] KeptFault),
    /// The roots from elsewhere are of no use.
    #[error("your roots: {0}")]
    Kept(#[source] KeptFault),
    /// A record shows nothing.
    #[error("record {0}: {1}")]
    Refused(u64, #[source] Refusal),
    /// A paper is not the one that was named.
    #[error("paper {0} was changed or is missing")]
    Paper(String),
    /// A record names a paper that the proof does not list.
    #[error("proof.json does not list the paper {0} that a record names")]
    Unlisted(String),
}

fn text(folder: &Path, name: &str) -> Result<String, FolderFault> {
    let path = folder.join(name);
    fs::read_to_string(&path).map_err(|source| FolderFault::File { path, source })
}

/// Checks a folder against a key and roots that were kept elsewhere, if any; what it shows, in
/// words.
///
/// # Errors
/// [`FolderFault`], the first one that is found.
pub fn check_folder(folder: &Path, against: &Against) -> Result<Vec<String>, FolderFault> {
    let shape = text(folder, "proof.json")?;
    let shape = crate::strict_json::parse(shape.as_bytes()).map_err(|_fault| FolderFault::Proof)?;
    let shape: ExportShape = serde_json::from_value(shape).map_err(|_shape| FolderFault::Proof)?;
    if shape.format != EXPORT {
        return Err(FolderFault::Proof);
    }
    let key = VerifyingKey::from_bytes(&shape.public_key.0).map_err(|_point| FolderFault::Proof)?;
    let roots = KeptRoots::read(&text(folder, "roots.jsonl")?, &key)?;
    let kept = against.roots.as_deref().map(|text| KeptRoots::read(text, &key)).transpose();
    let kept = kept.map_err(FolderFault::Kept)?;
    let papers: BTreeMap<[u8; 32], &str> =
        shape.papers.iter().map(|paper| (paper.sha256.0, paper.state.as_str())).collect();
    let lines = text(folder, "records.jsonl")?;
    let mut proofs = shape.records.iter();
    let (mut seq, mut promised) = (0, 0);
    let mut words = Vec::new();
    for (number, line) in (1..).zip(lines.lines()) {
        let unreadable = || FolderFault::Record(number);
        let line = crate::strict_json::parse(line.as_bytes()).map_err(|_fault| unreadable())?;
        let line: ExportedRecord = serde_json::from_value(line).map_err(|_shape| unreadable())?;
        seq += 1;
        let proof = proofs.next().ok_or(FolderFault::Gap(seq))?;
        let placed = line.record.seq == seq && line.record.stream == shape.stream;
        if !placed
            || proof.seq != seq
            || proof.hash != line.hash
            || line.record.court != shape.court
        {
            return Err(FolderFault::Gap(seq));
        }
        for paper in line.record.papers() {
            if !papers.contains_key(&paper) {
                return Err(FolderFault::Unlisted(hex::encode(paper)));
            }
        }
        promised += usize::from(proof.promise.is_some());
        let root = proof.root.and_then(|number| roots.get(&shape.court, number));
        let receipt = Receipt {
            format: RECEIPT.to_owned(),
            record: line.record,
            hash: line.hash,
            root: root.map(RootShape::from),
            inclusion: proof.inclusion.clone(),
            promise: proof.promise.clone(),
            public_key: shape.public_key,
        };
        check_one_of(receipt, against, kept.as_ref())
            .map_err(|refusal| FolderFault::Refused(seq, refusal))?;
    }
    if proofs.next().is_some() {
        return Err(FolderFault::Gap(seq + 1));
    }
    words.push(format!("{seq} records of {}, without a gap, unchanged", shape.number));
    words
        .push(format!("{} of them under signed roots, {promised} promised", seq - promised as u64));
    words.push(check_papers(folder, &papers)?);
    Ok(words)
}

fn check_papers(folder: &Path, papers: &BTreeMap<[u8; 32], &str>) -> Result<String, FolderFault> {
    let mut there = 0;
    for (sha256, state) in papers {
        if *state != "there" {
            continue;
        }
        let name = hex::encode(sha256);
        let bytes = fs::read(folder.join("papers").join(&name));
        if bytes.ok().is_none_or(|bytes| <[u8; 32]>::from(Sha256::digest(bytes)) != *sha256) {
            return Err(FolderFault::Paper(name));
        }
        there += 1;
    }
    let missing = papers.len() - there;
    Ok(format!("{there} papers as the records name them, {missing} not in the folder"))
}
