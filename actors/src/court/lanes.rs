//! The ways in for positions that gateways report, by officer. Shared with the edge: a batch of many
//! officers finds them with one look, without a message to the desk.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

use tiande_core::ids::OfficerId;

use crate::officer::GatewayLane;

/// One officer's way in.
#[derive(Clone)]
pub struct OfficerLane {
    /// Who.
    pub officer: OfficerId,
    /// The way in. That of an actor that has died takes nothing; a rebuilt one has another.
    pub lane: Arc<GatewayLane>,
}

#[derive(Default)]
struct Book {
    numbers: BTreeMap<OfficerId, u32>,
    lanes: BTreeMap<u32, OfficerLane>,
}

/// The ways into all officers of a court.
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

    pub(crate) fn put(&self, number: u32, officer: OfficerId, lane: Arc<GatewayLane>) {
        let mut book = self.book.write().unwrap_or_else(PoisonError::into_inner);
        book.numbers.insert(officer, number);
        book.lanes.insert(number, OfficerLane { officer, lane });
    }

    /// Looks all of these up at once; `None` for nobody, and for whom the court does not know.
    pub fn find(&self, whom: impl IntoIterator<Item = Option<Whom>>) -> Vec<Option<OfficerLane>> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        let number = |whom| match whom {
            Whom::Number(number) => Some(number),
            Whom::Id(officer) => book.numbers.get(&officer).copied(),
        };
        let found = whom.into_iter().map(|whom| number(whom?).and_then(|n| book.lanes.get(&n)));
        found.map(|lane| lane.cloned()).collect()
    }

    /// All officers with their numbers.
    #[must_use]
    pub fn numbers(&self) -> Vec<(u32, OfficerId)> {
        let book = self.book.read().unwrap_or_else(PoisonError::into_inner);
        book.lanes.iter().map(|(number, lane)| (*number, lane.officer)).collect()
    }
}
