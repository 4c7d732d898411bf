//! The root of a tree that only grows, without its leaves: the tops of the whole trees it is made
//! of.

use super::merkle::{Hash, node_hash, root};

/// A growing tree. As many hashes as its size has ones in binary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peaks {
    size: u64,
    tops: Vec<Hash>,
}

impl Peaks {
    /// Adds a leaf at the end.
    pub fn push(&mut self, leaf: Hash) {
        let mut top = leaf;
        // Each one at the end of the size is a whole tree as large as what comes in.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.tops.pop() {
                top = node_hash(&left, &top);
            }
        }
        self.tops.push(top);
        self.size += 1;
    }

    /// How many leaves it has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Its root, the one of RFC 9162.
    #[must_use]
    pub fn root(&self) -> Hash {
        let mut tops = self.tops.iter().rev();
        let Some(last) = tops.next() else { return root(&[]) };
        tops.fold(*last, |right, left| node_hash(left, &right))
    }
}
