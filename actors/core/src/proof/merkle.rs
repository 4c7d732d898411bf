//! Merkle trees over records, as RFC 9162 has them (§2.1): a root that stands for all of them in order, and
//! short proofs that a record is among them, or that a later tree only went on from an earlier one.
//!
//! Leaves and inner nodes are hashed apart (0x00, 0x01), so that none can be taken for the other.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 hash.
pub type Hash = [u8; 32];

/// The hash of a leaf.
#[must_use]
pub fn leaf_hash(record: &[u8]) -> Hash {
    Sha256::new().chain_update([0]).chain_update(record).finalize().into()
}

pub(super) fn node_hash(left: &Hash, right: &Hash) -> Hash {
    Sha256::new().chain_update([1]).chain_update(left).chain_update(right).finalize().into()
}

/// The greatest power of two that is smaller than `n`; `n` is at least 2.
fn split(n: usize) -> usize {
    1 << (usize::BITS - 1 - (n - 1).leading_zeros())
}

/// The root of a tree of these leaves, in order. Without a leaf: the hash of nothing.
#[must_use]
pub fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Sha256::new().finalize().into(),
        [only] => *only,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            node_hash(&root(left), &root(right))
        }
    }
}

/// A proof that a leaf is in a tree.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Inclusion {
    /// Place of the leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// Hashes beside the way to the root, from below.
    pub path: Vec<Hash>,
}

/// The proof for the leaf at that place; `None` when there is none.
#[must_use]
pub fn inclusion(leaves: &[Hash], index: usize) -> Option<Inclusion> {
    (index < leaves.len()).then(|| {
        let mut path = Vec::new();
        beside(leaves, index, &mut path);
        Inclusion { index: index as u64, size: leaves.len() as u64, path }
    })
}

pub(super) fn beside(leaves: &[Hash], index: usize, path: &mut Vec<Hash>) {
    if leaves.len() < 2 {
        return;
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if index < middle {
        beside(left, index, path);
        path.push(root(right));
    } else {
        beside(right, index - middle, path);
        path.push(root(left));
    }
}

impl Inclusion {
    /// The root of a tree that has this leaf at this place; `None` when the path does not fit the tree's size.
    /// RFC 9162 §2.1.3.2.
    #[must_use]
    pub fn root_with(&self, leaf: &Hash) -> Option<Hash> {
        if self.index >= self.size {
            return None;
        }
        let (mut here, mut last, mut hash) = (self.index, self.size - 1, *leaf);
        for beside in &self.path {
            if last == 0 {
                return None;
            }
            if here & 1 == 1 || here == last {
                hash = node_hash(beside, &hash);
                while here & 1 == 0 && here != 0 {
                    here >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node_hash(&hash, beside);
            }
            here >>= 1;
            last >>= 1;
        }
        (last == 0).then_some(hash)
    }
}

/// The proof that the tree of all these leaves goes on from the tree of the first `earlier` of them; `None`
/// when there are not so many, or none.
#[must_use]
pub fn consistency(leaves: &[Hash], earlier: usize) -> Option<Vec<Hash>> {
    if earlier == 0 || earlier > leaves.len() {
        return None;
    }
    let mut path = Vec::new();
    goes_on(leaves, earlier, true, &mut path);
    Some(path)
}

fn goes_on(leaves: &[Hash], earlier: usize, whole: bool, path: &mut Vec<Hash>) {
    if earlier == leaves.len() {
        if !whole {
            path.push(root(leaves));
        }
        return;
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if earlier <= middle {
        goes_on(left, earlier, whole, path);
        path.push(root(right));
    } else {
        goes_on(right, earlier - middle, false, path);
        path.push(root(left));
    }
}

/// Whether a path shows that the tree of `later` leaves with that root goes on from the tree of `earlier`
/// leaves with that one. RFC 9162 §2.1.4.2.
#[must_use]
pub fn is_consistent(earlier: (u64, &Hash), later: (u64, &Hash), path: &[Hash]) -> bool {
    let ((first, first_root), (second, second_root)) = (earlier, later);
    if first == 0 || first > second {
        return false;
    }
    if first == second {
        return path.is_empty() && first_root == second_root;
    }
    let (mut here, mut last) = (first - 1, second - 1);
    while here & 1 == 1 {
        here >>= 1;
        last >>= 1;
    }
    // A whole earlier tree is a node of the later one; it is not repeated in the path.
    let mut rest = path.iter();
    let begin = if first.is_power_of_two() { Some(first_root) } else { rest.next() };
    let Some(begin) = begin else { return false };
    let (mut old, mut new) = (*begin, *begin);
    for beside in rest {
        if last == 0 {
            return false;
        }
        if here & 1 == 1 || here == last {
            old = node_hash(beside, &old);
            new = node_hash(beside, &new);
            while here & 1 == 0 && here != 0 {
                here >>= 1;
                last >>= 1;
            }
        } else {
            new = node_hash(&new, beside);
        }
        here >>= 1;
        last >>= 1;
    }
    last == 0 && old == *first_root && new == *second_root
}
