//! Roots that somebody has kept: a court's file of roots, or what was read from QR codes, a line
//! each.

use std::collections::BTreeMap;

use ed25519_dalek::{Signature, VerifyingKey};
use tiande_core::proof::{Log, LogFault};

use super::wire::RootShape;
use crate::journal::day_roots::SignedRoot;

/// True when the root was signed with that key.
#[must_use]
pub fn is_signed(signed: &SignedRoot, key: &VerifyingKey) -> bool {
    let signature = Signature::from_bytes(&signed.signature);
    key.verify_strict(&signed.root.message(), &signature).is_ok()
}

/// Why kept roots are of no use.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeptFault {
    /// A line is no root.
    #[error("line {0} of the roots is no root")]
    Unreadable(usize),
    /// A line was changed, or another court's key signed it.
    #[error("line {0} of the roots is not signed with this key")]
    Signature(usize),
    /// Two that differ bear one number.
    #[error(
        "line {0} of the roots contradicts another one of the same number: two histories were signed"
    )]
    Fork(usize),
    /// They are no history.
    #[error("line {0} of the roots {1}")]
    Log(usize, #[source] LogFault),
}

/// Kept roots, by court and number.
#[derive(Debug, Clone, Default)]
pub struct KeptRoots {
    roots: BTreeMap<(String, u64), (usize, SignedRoot)>,
}

impl KeptRoots {
    /// Reads lines, checks every signature, and, as far as a court's roots are without a gap from
    /// the first on, that each goes on from those before.
    ///
    /// # Errors
    /// [`KeptFault`].
    pub fn read(text: &str, key: &VerifyingKey) -> Result<Self, KeptFault> {
        let mut kept = Self::default();
        for (line, text) in (1..).zip(text.lines()) {
            if text.trim().is_empty() {
                continue;
            }
            let shape = RootShape::from_line(text.trim()).ok_or(KeptFault::Unreadable(line))?;
            let signed = shape.signed().ok_or(KeptFault::Unreadable(line))?;
            if !is_signed(&signed, key) {
                return Err(KeptFault::Signature(line));
            }
            let place = (shape.court, signed.root.number);
            let before = kept.roots.get(&place);
            if before.is_some_and(|(_, before)| before.root != signed.root) {
                return Err(KeptFault::Fork(line));
            }
            kept.roots.insert(place, (line, signed));
        }
        kept.check_logs()?;
        Ok(kept)
    }

    fn check_logs(&self) -> Result<(), KeptFault> {
        let mut logs: BTreeMap<&str, Log> = BTreeMap::new();
        for ((court, number), (line, signed)) in &self.roots {
            let log = logs.entry(court).or_default();
            // Behind a gap nothing is known of the log.
            if *number == log.size() + 1 {
                log.check(&signed.root).map_err(|fault| KeptFault::Log(*line, fault))?;
            }
        }
        Ok(())
    }

    /// The one of that number.
    #[must_use]
    pub fn get(&self, court: &str, number: u64) -> Option<&SignedRoot> {
        self.roots.get(&(court.to_owned(), number)).map(|(_, signed)| signed)
    }

    /// All, by court and number.
    pub fn iter(&self) -> impl Iterator<Item = &SignedRoot> {
        self.roots.values().map(|(_, signed)| signed)
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.roots.len()
    }

    /// True without any.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty()
    }
}
