//! Where a record is under which root, and the receipt that shows it.

use tiande_actors::ports::journal::ReadFault;
use tiande_core::ids::CourtId;
use tiande_core::journal::StreamId;
use tiande_core::proof::{Hash, leaf_hash};

use super::Proof;
use super::wire::{Hex, InclusionShape, PromiseShape, RECEIPT, Receipt, RecordShape, RootShape};
use crate::journal::Store;
use crate::journal::evidence::{Record, WINDOW};

/// How a record is shown to be under a root.
#[derive(Clone, Debug)]
pub(super) enum Standing {
    /// It is, by this way.
    Under(Box<RootShape>, InclusionShape),
    /// It will be.
    Promised(PromiseShape),
}

/// Finds ways to roots. Keeps the leaves of the block that it read last: records of one case often
/// stand close together.
pub(super) struct Prover<'p> {
    proof: &'p Proof,
    block: Option<Block>,
}

/// The leaves of a block that was read.
struct Block {
    /// Number of the root, and which block of its tree.
    of: (u64, usize),
    /// Positions of its records.
    positions: Vec<u64>,
    /// Its leaves.
    leaves: Vec<Hash>,
}

fn changed(number: u64) -> ReadFault {
    let what = format!("the records under root {number} are not those that were counted");
    ReadFault { what, source: None }
}

impl<'p> Prover<'p> {
    pub(super) fn new(proof: &'p Proof) -> Self {
        Self { proof, block: None }
    }

    /// How a record of a court stands.
    pub(super) async fn standing(
        &mut self,
        court: &CourtId,
        record: &Record,
    ) -> Result<Standing, ReadFault> {
        let hash = record.envelope().hash();
        let journal = &self.proof.journal;
        let over = journal.root_over(court, record.position).await?;
        let Some((signed, blocks)) = over else {
            return Ok(Standing::Promised(self.proof.promise(court.clone(), hash)));
        };
        let number = signed.root.number;
        let place = blocks.place(record.position).ok_or_else(|| changed(number))?;
        let of = (number, place.block);
        let block = match self.block.take() {
            Some(block) if block.of == of => block,
            _ => {
                let end = place.next.map_or(signed.root.last, |next| next - 1);
                Block::read(journal, court, of, (place.first, end)).await?
            }
        };
        let block = self.block.insert(block);
        let index = block.positions.binary_search(&record.position);
        let index = index.map_err(|_missing| changed(number))?;
        let way =
            blocks.inclusion(place.block, &block.leaves, index).ok_or_else(|| changed(number))?;
        // What was counted is the hash that stood there then.
        if way.root_with(&leaf_hash(&hash)) != Some(signed.root.root) {
            return Err(changed(number));
        }
        Ok(Standing::Under(Box::new(RootShape::from(&signed)), way.into()))
    }
}

impl Block {
    async fn read(
        journal: &Store,
        court: &CourtId,
        of: (u64, usize),
        (first, last): (u64, u64),
    ) -> Result<Self, ReadFault> {
        let mut block = Self { of, positions: Vec::new(), leaves: Vec::new() };
        let mut from = first;
        while from <= last {
            for (position, hash) in journal.hashes_between(court, from, last).await? {
                block.positions.push(position);
                block.leaves.push(leaf_hash(&hash));
            }
            from = from.saturating_add(WINDOW);
        }
        Ok(block)
    }
}

impl Proof {
    /// The receipt for a record of a court's stream; `None` when there is none. As long as no root
    /// covers the record it has a promise instead, and is whole when it is asked for again later.
    /// Who may have it is the caller's business.
    ///
    /// # Errors
    /// [`ReadFault`]; also when the records are not those that were counted.
    pub async fn receipt(
        &self,
        court: &CourtId,
        stream: StreamId,
        seq: u64,
    ) -> Result<Option<Receipt>, ReadFault> {
        let record = self.journal.record_at(stream, seq).await?;
        let Some(record) = record.filter(|record| record.court == court.as_str()) else {
            return Ok(None);
        };
        let standing = Prover::new(self).standing(court, &record).await?;
        Ok(Some(receipt_of(record, standing, self.public_key())))
    }
}

/// Puts a receipt together.
fn receipt_of(record: Record, standing: Standing, public_key: [u8; 32]) -> Receipt {
    let hash = Hex(record.envelope().hash());
    let (root, inclusion, promise) = match standing {
        Standing::Under(root, inclusion) => (Some(*root), Some(inclusion), None),
        Standing::Promised(promise) => (None, None, Some(promise)),
    };
    Receipt {
        format: RECEIPT.to_owned(),
        record: RecordShape::from(record),
        hash,
        root,
        inclusion,
        promise,
        public_key: Hex(public_key),
    }
}
