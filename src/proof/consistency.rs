//! That one root of a court goes on from an earlier one: for who has kept only the earlier one.

use ed25519_dalek::VerifyingKey;
use serde::{Deserialize, Serialize};
use tiande_core::proof::{consistency, is_consistent};

use super::kept::{KeptRoots, is_signed};
use super::wire::{Hex, RootShape};

/// Format of a proof of consistency.
pub const CONSISTENCY: &str = "tiande-consistency-v1";

/// Two roots, and the hashes that show the later one to go on from the earlier one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Consistency {
    /// [`CONSISTENCY`].
    pub format: String,
    /// The earlier root.
    pub first: RootShape,
    /// The later one.
    pub second: RootShape,
    /// RFC 9162 §2.1.4.
    pub path: Vec<Hex<32>>,
    /// The key that signs, in the proof's own words.
    pub public_key: Hex<32>,
}

/// Why it shows nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ConsistencyFault {
    /// Not a proof of consistency.
    #[error("this is no proof of consistency of Tiande, or it was damaged")]
    Unreadable,
    /// It names another key than the one from elsewhere, or none.
    #[error("the proof names another key than the one you gave")]
    OtherKey,
    /// A root was changed, or somebody else signed it.
    #[error("one of the roots is not signed with the court's key")]
    Signature,
    /// The roots are of two courts.
    #[error("the roots are of two courts")]
    OtherCourt,
    /// The hashes do not show it.
    #[error("the later root does not go on from the earlier one: the history was changed")]
    Broken,
    /// The earlier root is not the one that was kept.
    #[error("the earlier root is not the one you kept")]
    NotKept,
}

/// The proof for two roots of one court, from all its roots up to the later one. `None` when one is
/// missing.
#[must_use]
pub fn prove(
    all: &[crate::journal::day_roots::SignedRoot],
    first: u64,
    second: u64,
    public_key: [u8; 32],
) -> Option<Consistency> {
    let at = |number: u64| usize::try_from(number.checked_sub(1)?).ok();
    let (early, late) = (at(first)?, at(second)?);
    let roots = all.get(..=late)?;
    let leaves: Vec<_> = roots.iter().map(|signed| signed.root.leaf()).collect();
    let path = consistency(&leaves, early + 1)?;
    Some(Consistency {
        format: CONSISTENCY.to_owned(),
        first: RootShape::from(roots.get(early)?),
        second: RootShape::from(roots.get(late)?),
        path: path.into_iter().map(Hex).collect(),
        public_key: Hex(public_key),
    })
}

/// Reads a proof, strictly.
///
/// # Errors
/// [`ConsistencyFault::Unreadable`].
pub fn read(text: &[u8]) -> Result<Consistency, ConsistencyFault> {
    let unreadable = ConsistencyFault::Unreadable;
    let value = crate::strict_json::parse(text).map_err(|_fault| unreadable)?;
    let proof: Consistency = serde_json::from_value(value).map_err(|_shape| unreadable)?;
    if proof.format == CONSISTENCY { Ok(proof) } else { Err(unreadable) }
}

/// Checks a proof; the roots must be signed with that key if one is given, and the earlier one be
/// among those that were kept, if some are given.
///
/// # Errors
/// [`ConsistencyFault`], the first one that is found.
pub fn check(
    proof: &Consistency,
    key: Option<[u8; 32]>,
    kept: Option<&str>,
) -> Result<String, ConsistencyFault> {
    if key.is_some_and(|key| key != proof.public_key.0) {
        return Err(ConsistencyFault::OtherKey);
    }
    let key = VerifyingKey::from_bytes(&proof.public_key.0);
    let key = key.map_err(|_point| ConsistencyFault::OtherKey)?;
    let signed = |shape: &RootShape| shape.signed().filter(|signed| is_signed(signed, &key));
    let first = signed(&proof.first).ok_or(ConsistencyFault::Signature)?;
    let second = signed(&proof.second).ok_or(ConsistencyFault::Signature)?;
    if first.root.court != second.root.court {
        return Err(ConsistencyFault::OtherCourt);
    }
    let path: Vec<_> = proof.path.iter().map(|hash| hash.0).collect();
    let earlier = (first.root.number, &first.root.log_root);
    let later = (second.root.number, &second.root.log_root);
    if !is_consistent(earlier, later, &path) {
        return Err(ConsistencyFault::Broken);
    }
    if let Some(text) = kept {
        let kept = KeptRoots::read(text, &key).map_err(|_bad| ConsistencyFault::NotKept)?;
        let same = kept.get(first.root.court.as_str(), first.root.number);
        if same.is_none_or(|same| same.root != first.root) {
            return Err(ConsistencyFault::NotKept);
        }
    }
    Ok(format!(
        "root {} of {} goes on from root {}",
        second.root.number, second.root.court, first.root.number
    ))
}
