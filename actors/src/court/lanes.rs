//! For which officers gateways may report, and by which numbers. Shared with the edge.

use std::collections::BTreeMap;
use std::sync::{PoisonError, RwLock};

use tiande_core::ids::OfficerId;

#[derive(Default)]
struct Book {
    numbers: BTreeMap<OfficerId, u32>,
    officers: BTreeMap<u32, OfficerId>,
}

/// The officers of a court for whom gateways may report.
pub struct Lanes {
    run: u32,
    book: RwLock<Book>,
}

/// How a record names its officer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Whom {
    /// By the small number of ticks.
    Number(u32),
    /// By identity.
    Id(OfficerId),
}

impl Lanes {
    /// Nobody yet. `run` tells this life of the court from others.
    pub(crate) fn new(run: u32) -> Self {
        Self { run, book: RwLock::default() }
    }

    /// The life of the court in which the numbers are good.
    #[must_use]
    pub fn run(&self) -> u32 {
        self.run
    }

    pub(crate) fn put(&self, number: u32, officer: OfficerId) {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        book.numbers.insert(officer, number);
        book.officers.insert(number, officer);
    }

    /// The numbers of all of these whom the court knows, each with what it stands beside.
    pub(crate) fn find<T>(&self, whom: impl IntoIterator<Item = (Whom, T)>) -> Vec<(u32, T)> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let number = |whom| match whom {
            Whom::Number(number) => Some(number).filter(|n| book.officers.contains_key(n)),
            Whom::Id(officer) => book.numbers.get(&officer).copied(),
        };
        whom.into_iter().filter_map(|(whom, beside)| Some((number(whom)?, beside))).collect()
    }

    /// All officers with their numbers.
    #[must_use]
    pub fn numbers(&self) -> Vec<(u32, OfficerId)> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.officers.iter().map(|(number, officer)| (*number, *officer)).collect()
    }
}
