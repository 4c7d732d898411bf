//! Holds a receipt against what somebody has: nothing but the receipt, or also the court's key,
//! copies of its roots, the file that was handed in. Needs no server and no network.

use std::borrow::Borrow;

use ed25519_dalek::{Signature, VerifyingKey};
use tiande_core::proof::leaf_hash;
use tiande_core::rfc3339;
use tiande_core::time::UnixMillis;

use super::kept::{KeptFault, KeptRoots, is_signed};
use super::wire::{InclusionShape, PromiseShape, RECEIPT, Receipt, RootShape};

/// What a receipt is held against.
#[derive(Debug, Clone, Default)]
pub struct Against {
    /// The court's public key, from elsewhere than the receipt.
    pub key: Option<[u8; 32]>,
    /// Lines of roots that were kept.
    pub roots: Option<String>,
    /// SHA-256 of the file that was handed in.
    pub file: Option<[u8; 32]>,
}

/// Why a receipt shows nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// Not a receipt at all.
    #[error("this is no receipt of Tiande, or it was damaged")]
    Unreadable,
    /// The record was changed.
    #[error("the record was changed: its hash is not the one that the receipt names")]
    RecordChanged,
    /// The receipt names another key than the one from elsewhere.
    #[error("the receipt names another key than the one you gave")]
    OtherKey,
    /// It names a key that is none.
    #[error("the receipt's key is none")]
    KeyUnusable,
    /// It must have a root with the way to it, or a promise.
    #[error("the receipt has neither a root with the way to it nor a promise, or has both")]
    Incomplete,
    /// A field of the root is none.
    #[error("the root is unreadable")]
    RootUnreadable,
    /// The root was changed, or somebody else signed it.
    #[error("the root is not signed with the court's key")]
    RootSignature,
    /// The root is another court's.
    #[error("the root is of another court than the record")]
    RootOfOtherCourt,
    /// The root does not cover the record's position.
    #[error("the root does not cover the record's place in the journal")]
    RootElsewhere,
    /// The way was made for a tree of another size.
    #[error("the way to the root is of another tree: their sizes differ")]
    OtherSize,
    /// The way ends elsewhere.
    #[error("the way from the record does not lead to the root")]
    OtherRoot,
    /// A field of the promise is none.
    #[error("the promise is unreadable")]
    PromiseUnreadable,
    /// The promise is for something else.
    #[error("the promise is for another record or of another court")]
    PromiseElsewhere,
    /// The promise was changed, or somebody else signed it.
    #[error("the promise is not signed with the court's key")]
    PromiseSignature,
    /// The kept roots are of no use.
    #[error(transparent)]
    Kept(#[from] KeptFault),
    /// The kept roots do not hold the receipt's one.
    #[error(
        "your copy of the roots does not hold root {0} of {1}: get a newer copy, or ask for a proof of consistency"
    )]
    NotKept(u64, String),
    /// The kept roots hold another one of that number.
    #[error(
        "your copy of the roots holds another root {0} of {1}: the court has signed two histories"
    )]
    Contradicts(u64, String),
    /// The record names no file.
    #[error("the record names no file, so the file you gave cannot be held against it")]
    NoFile,
    /// The record names another file.
    #[error("the file is not the one that was handed in: the record names another one")]
    OtherFile,
}

/// What a receipt shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// The receipt.
    pub receipt: Receipt,
    /// In words, one fact a line.
    pub words: Vec<String>,
    /// What it does not show, and what to do about it.
    pub notes: Vec<String>,
}

fn moment(at_ms: i64) -> String {
    rfc3339::format_utc(UnixMillis(at_ms))
}

/// Reads a receipt, strictly.
///
/// # Errors
/// [`Refusal::Unreadable`].
pub fn read(text: &[u8]) -> Result<Receipt, Refusal> {
    let value = crate::strict_json::parse(text).map_err(|_fault| Refusal::Unreadable)?;
    let receipt: Receipt = serde_json::from_value(value).map_err(|_shape| Refusal::Unreadable)?;
    if receipt.format == RECEIPT { Ok(receipt) } else { Err(Refusal::Unreadable) }
}

/// Checks a receipt.
///
/// # Errors
/// [`Refusal`], the first one that is found.
pub fn check(receipt: Receipt, against: &Against) -> Result<Shown, Refusal> {
    let roots = |key: &VerifyingKey| {
        let read = |text: &str| KeptRoots::read(text, key);
        against.roots.as_deref().map(read).transpose()
    };
    check_by(receipt, against, roots)
}

/// Checks one of many receipts; the kept roots were read before, with the receipts' key.
///
/// # Errors
/// [`Refusal`], the first one that is found.
pub(super) fn check_one_of(
    receipt: Receipt,
    against: &Against,
    roots: Option<&KeptRoots>,
) -> Result<Shown, Refusal> {
    check_by(receipt, against, |_key| Ok(roots))
}

fn check_by<R: Borrow<KeptRoots>>(
    receipt: Receipt,
    against: &Against,
    roots: impl FnOnce(&VerifyingKey) -> Result<Option<R>, KeptFault>,
) -> Result<Shown, Refusal> {
    let record = &receipt.record;
    if record.hash() != Some(receipt.hash.0) {
        return Err(Refusal::RecordChanged);
    }
    let named = receipt.public_key.0;
    if against.key.is_some_and(|key| key != named) {
        return Err(Refusal::OtherKey);
    }
    let key = VerifyingKey::from_bytes(&named).map_err(|_point| Refusal::KeyUnusable)?;
    let kept = roots(&key)?;
    let mut words = vec![format!(
        "the record {} number {} ({}) of {} is unchanged",
        record.stream, record.seq, record.kind, record.court
    )];
    let mut notes = Vec::new();
    match (&receipt.root, &receipt.inclusion, &receipt.promise) {
        (Some(root), Some(inclusion), None) => {
            words.push(under_root(&receipt, root, inclusion, &key)?);
            match &kept {
                Some(kept) => words.push(among_kept(root, kept.borrow())?),
                None => notes.push(
                    "without a copy of the roots from elsewhere you rely on the court not having signed \
                     another history"
                        .to_owned(),
                ),
            }
        }
        (None, None, Some(promise)) => {
            words.push(promised(&receipt, promise, &key)?);
            notes.push(
                "this is a promise, not yet a proof: ask for the receipt again when the day is over"
                    .to_owned(),
            );
        }
        _ => return Err(Refusal::Incomplete),
    }
    if let Some(file) = against.file {
        let papers = record.papers();
        if papers.is_empty() {
            return Err(Refusal::NoFile);
        }
        if !papers.contains(&file) {
            return Err(Refusal::OtherFile);
        }
        words.push(format!(
            "the file is the one that the record names: SHA-256 {}",
            hex::encode(file)
        ));
    }
    match against.key {
        Some(_) => words.push("the key is the one you gave".to_owned()),
        None => notes.push(format!(
            "compare the key with the one that the court gives out: {}",
            hex::encode(named)
        )),
    }
    Ok(Shown { receipt, words, notes })
}

fn under_root(
    receipt: &Receipt,
    shape: &RootShape,
    inclusion: &InclusionShape,
    key: &VerifyingKey,
) -> Result<String, Refusal> {
    let signed = shape.signed().ok_or(Refusal::RootUnreadable)?;
    if !is_signed(&signed, key) {
        return Err(Refusal::RootSignature);
    }
    let root = &signed.root;
    if root.court.as_str() != receipt.record.court {
        return Err(Refusal::RootOfOtherCourt);
    }
    if !(root.first..=root.last).contains(&receipt.record.position) {
        return Err(Refusal::RootElsewhere);
    }
    if inclusion.size != root.size {
        return Err(Refusal::OtherSize);
    }
    let way = inclusion.inclusion();
    if way.root_with(&leaf_hash(&receipt.hash.0)) != Some(root.root) {
        return Err(Refusal::OtherRoot);
    }
    Ok(format!(
        "it is number {} of {} under root {} of {}, signed {}, for {}",
        inclusion.index + 1,
        root.size,
        root.number,
        root.court,
        moment(root.at.0),
        root.day
    ))
}

fn among_kept(root: &RootShape, kept: &KeptRoots) -> Result<String, Refusal> {
    let same = kept
        .get(&root.court, root.number)
        .ok_or_else(|| Refusal::NotKept(root.number, root.court.clone()))?;
    if root.signed().is_some_and(|signed| signed.root == same.root) {
        Ok(format!("root {} is the one in your copy of {} roots", root.number, kept.len()))
    } else {
        Err(Refusal::Contradicts(root.number, root.court.clone()))
    }
}

fn promised(
    receipt: &Receipt,
    shape: &PromiseShape,
    key: &VerifyingKey,
) -> Result<String, Refusal> {
    let promise = shape.promise().ok_or(Refusal::PromiseUnreadable)?;
    if promise.hash != receipt.hash.0 || promise.court.as_str() != receipt.record.court {
        return Err(Refusal::PromiseElsewhere);
    }
    let signature = Signature::from_bytes(&shape.signature.0);
    key.verify_strict(&promise.message(), &signature).map_err(|_bad| Refusal::PromiseSignature)?;
    Ok(format!(
        "{} has signed, on {}, that it will be under a root by {}",
        promise.court,
        moment(shape.at_ms),
        moment(shape.due_ms)
    ))
}
