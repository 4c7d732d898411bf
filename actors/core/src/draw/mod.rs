//! Random assignment of cases (随机分案) that nobody can steer, and everybody can check afterwards.
//!
//! A court publishes the end of a chain of hashes before any of its cases is known. Each draw uses up one
//! link, from the end backwards: a link is shown with its draw, and its hash is the link shown before. So the
//! seed of a draw was fixed when the chain was published, and cannot be chosen for a case; and whoever has
//! the published end, the case's number and the list of candidates works out the same judge.
//!
//! **Not here:** who is a candidate with which load (the court's own lists), and keeping the chain secret.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::case::CaseNumber;
use crate::ids::UserId;
use crate::time::UnixMillis;

#[cfg(test)]
mod tests;

/// A link of a chain, and what is shown of it.
pub type Seed = [u8; 32];

/// The link that was shown before this one.
#[must_use]
pub fn shown_before(seed: &Seed) -> Seed {
    Sha256::digest(seed).into()
}

/// The link that the `nth` draw of a chain uses, from 1; `length` links follow from `first`, the secret
/// beginning. The chain's end, which is published, is its link 0. `None` when the chain is used up.
#[must_use]
pub fn link(first: &Seed, length: u32, nth: u32) -> Option<Seed> {
    let steps = length.checked_sub(nth)?;
    Some((0..steps).fold(*first, |seed, _| shown_before(&seed)))
}

/// Somebody who may get the case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Candidate {
    /// Who.
    pub judge: UserId,
    /// Cases in the judge's hands; those about to be late count more. The fewer, the likelier.
    pub load: u32,
}

/// How likely each is, as a share of all: one more than the heaviest load has over the own one. Nobody is
/// without a chance, so that the draw cannot be steered by loading others.
fn weights(candidates: &[Candidate]) -> Vec<u64> {
    let most = candidates.iter().map(|candidate| candidate.load).max().unwrap_or(0);
    candidates.iter().map(|candidate| u64::from(most - candidate.load) + 1).collect()
}

/// Draws. The order of the list means nothing, and who stands in it twice stands in it once; `None` without
/// candidates.
#[must_use]
pub fn draw(seed: &Seed, number: &CaseNumber, candidates: &[Candidate]) -> Option<UserId> {
    let mut list = candidates.to_vec();
    list.sort_unstable();
    list.dedup_by_key(|candidate| candidate.judge);
    let mut hash = Sha256::new();
    hash.update(seed);
    hash.update(u32::try_from(number.as_str().len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(number.as_str());
    for candidate in &list {
        hash.update(candidate.judge.0.as_bytes());
        hash.update(candidate.load.to_be_bytes());
    }
    let digest: [u8; 32] = hash.finalize().into();
    let [a, b, c, d, e, f, g, h, ..] = digest;
    let drawn = u64::from_be_bytes([a, b, c, d, e, f, g, h]);
    let weights = weights(&list);
    let total: u64 = weights.iter().sum();
    // A share of 64 bits: what the bias of that is, nobody will ever see.
    let mut point = u64::try_from((u128::from(drawn) * u128::from(total)) >> 64).unwrap_or(0);
    for (candidate, weight) in list.iter().zip(weights) {
        if point < weight {
            return Some(candidate.judge);
        }
        point -= weight;
    }
    None
}

plain_enum! {
    /// Why somebody is not among the candidates.
    Exclusion {
        /// Has declared a conflict of interest, or was challenged (回避).
        Recused => "recused",
        /// Has had the case in another role before.
        Involved => "involved",
        /// Is away (请假、出差).
        Away => "away",
        /// Handles no such cases.
        OtherCases => "other_cases",
    }
}

/// A draw as it stands in the case's file: together with the case's number it is a [`Drawn`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DrawRecord {
    /// Number of the court's chain.
    pub chain: u32,
    /// Which draw of the chain, from 1.
    pub nth: u32,
    /// Its link.
    #[serde(with = "crate::file::hex32")]
    pub seed: Seed,
    /// Among whom.
    pub candidates: Vec<Candidate>,
    /// Who was not among them, and why.
    pub excluded: Vec<(UserId, Exclusion)>,
    /// Who was drawn.
    pub judge: UserId,
    /// From whom the case is taken, as whoever drew saw it; `None`: from nobody.
    pub replaces: Option<UserId>,
    /// The court has only one judge who may have the case: nothing was left to chance.
    pub only: bool,
    /// When.
    pub at: UnixMillis,
}

impl DrawRecord {
    /// It was among two or more; or the court has only one judge who may have the case, which it says. Keeping all
    /// others out of it is no draw.
    #[must_use]
    pub fn had_a_choice(&self) -> bool {
        let judges: BTreeSet<UserId> = self.candidates.iter().map(|known| known.judge).collect();
        match judges.len() {
            0 => false,
            1 => self.only && self.excluded.iter().all(|(judge, _)| Some(*judge) == self.replaces),
            _ => !self.only,
        }
    }

    /// The draw that it records, for the case of that number.
    #[must_use]
    pub fn of_case(&self, number: &CaseNumber) -> Drawn {
        Drawn {
            nth: self.nth,
            seed: self.seed,
            number: number.clone(),
            candidates: self.candidates.clone(),
            judge: self.judge,
        }
    }
}

/// What is recorded of a draw, and enough to check it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Which draw of the chain, from 1.
    pub nth: u32,
    /// Its link.
    pub seed: Seed,
    /// For which case.
    pub number: CaseNumber,
    /// Among whom.
    pub candidates: Vec<Candidate>,
    /// Who was drawn.
    pub judge: UserId,
}

/// Why a draw does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DrawFault {
    /// The seed is not the chain's.
    #[error("the seed does not lead to the published end of the chain in so many steps")]
    Seed,
    /// Somebody else.
    #[error("the seed, the case and the list give another judge")]
    Judge,
}

impl Drawn {
    /// Checks it against the published end of the chain.
    ///
    /// # Errors
    /// [`DrawFault`].
    pub fn check(&self, published: &Seed) -> Result<(), DrawFault> {
        let end = (0..self.nth).fold(self.seed, |seed, _| shown_before(&seed));
        if self.nth == 0 || end != *published {
            return Err(DrawFault::Seed);
        }
        self.judge_fits().then_some(()).ok_or(DrawFault::Judge)
    }

    /// The seed, the case and the list give this judge. Whether the seed is the chain's is another question.
    #[must_use]
    pub fn judge_fits(&self) -> bool {
        draw(&self.seed, &self.number, &self.candidates) == Some(self.judge)
    }
}
