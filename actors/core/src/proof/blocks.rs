//! The tree of one day, kept as a hash for each block of leaves: so a proof needs the leaves of one
//! block and not the million of a day, and a day that is being counted holds no more than one block
//! in memory.
//!
//! A block is a whole tree in the day's tree (the last one may be smaller), so the tree over the
//! blocks is the upper part of the tree of RFC 9162, and no other one.

use super::merkle::{Hash, Inclusion, beside, root};

/// Leaves of a block; a power of two.
pub const BLOCK: usize = 1_024;

/// Bytes of a block in [`Blocks::to_bytes`].
const ROW: usize = 8 + 32;

/// The blocks of a tree that is complete.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocks {
    size: u64,
    /// Position of each block's first leaf in the journal, ascending.
    firsts: Vec<u64>,
    /// Hash of each block.
    tops: Vec<Hash>,
}

/// Where a block's leaves are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// Which block, from 0.
    pub block: usize,
    /// Position of its first leaf.
    pub first: u64,
    /// Position of the next block's first leaf, if there is one.
    pub next: Option<u64>,
}

/// A tree that is being counted.
#[derive(Clone, Debug, Default)]
pub struct Growing {
    done: Blocks,
    open: Vec<Hash>,
}

impl Growing {
    /// Adds a leaf, which stands at that position of the journal. Positions ascend.
    pub fn push(&mut self, position: u64, leaf: Hash) {
        if self.open.is_empty() {
            self.done.firsts.push(position);
        }
        self.open.push(leaf);
        self.done.size += 1;
        if self.open.len() == BLOCK {
            self.close();
        }
    }

    fn close(&mut self) {
        self.done.tops.push(root(&self.open));
        self.open.clear();
    }

    /// The tree, complete.
    #[must_use]
    pub fn finish(mut self) -> Blocks {
        if !self.open.is_empty() {
            self.close();
        }
        self.done
    }
}

impl Blocks {
    /// How many leaves the tree has.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// The root of the whole tree.
    #[must_use]
    pub fn root(&self) -> Hash {
        root(&self.tops)
    }

    /// For keeping: of each block the first position (u64, big-endian) and the hash.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let rows = self.firsts.iter().zip(&self.tops);
        rows.flat_map(|(first, top)| first.to_be_bytes().into_iter().chain(*top)).collect()
    }

    /// What was kept of a tree of that size; `None` when it is none.
    #[must_use]
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (rows, rest) = bytes.as_chunks::<ROW>();
        if !rest.is_empty() || rows.len() as u64 != size.div_ceil(BLOCK as u64) {
            return None;
        }
        let mut read = Self { size, ..Self::default() };
        for row in rows {
            let (first, top) = row.split_first_chunk::<8>()?;
            read.firsts.push(u64::from_be_bytes(*first));
            read.tops.push(<Hash>::try_from(top).ok()?);
        }
        Some(read)
    }

    /// The block in which a leaf of that position must be, if any.
    #[must_use]
    pub fn place(&self, position: u64) -> Option<Place> {
        let block = self.firsts.partition_point(|first| *first <= position).checked_sub(1)?;
        let first = *self.firsts.get(block)?;
        Some(Place { block, first, next: self.firsts.get(block + 1).copied() })
    }

    /// The proof for a leaf, from all leaves of its block. `None` when there is no such leaf, or
    /// the leaves are not those that were counted.
    #[must_use]
    pub fn inclusion(&self, block: usize, leaves: &[Hash], index: usize) -> Option<Inclusion> {
        let counted = self.tops.get(block).is_some_and(|top| *top == root(leaves));
        if !counted || index >= leaves.len() {
            return None;
        }
        let mut path = Vec::new();
        beside(leaves, index, &mut path);
        beside(&self.tops, block, &mut path);
        Some(Inclusion { index: (block * BLOCK + index) as u64, size: self.size, path })
    }
}
