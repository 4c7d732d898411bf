//! Who may write: one server at a time, by the number that the store gave it when it started.
//!
//! A server that is only paused looks dead to others. It wakes when its successor works already, and
//! writes what it had decided before (I24). And a server whose disk refused a sync may not go on: what
//! was acknowledged before that may be gone, and only reading it again tells (I27).

use super::bugs::Bug;
use super::invariants::{Check, ensure};
use super::journal::{AppendFault, Batch};
use super::server::Reply;
use super::truth::Behind;
use super::world::{Happening, World};

/// What the observer knows of the owners, without asking the store.
#[derive(Default)]
pub struct Owners {
    /// How many there have been; the newest one's number.
    pub newest: u32,
    /// Owners whose disk has refused a sync.
    spent: Option<u32>,
}

impl Owners {
    /// I24: only the newest writes. I27: and not after a failed sync.
    pub fn writes(&self, owner: u32) -> Check {
        let newest = self.newest;
        ensure(owner == newest, "I24", || format!("owner {owner} wrote, but {newest} owns"))?;
        ensure(self.spent != Some(owner), "I27", || {
            format!("owner {owner} wrote on after a failed sync")
        })
    }

    /// I27: nor does it answer anybody.
    pub fn answers(&self, owner: u32, reply: Reply) -> Check {
        let good = matches!(reply, Reply::Done | Reply::Sos(_) | Reply::Tip(_));
        ensure(!good || self.spent != Some(owner), "I27", || {
            format!("owner {owner} acknowledged {reply:?} after a failed sync")
        })
    }
}

impl World {
    /// The store has a new owner; the number is the server's as long as it lives.
    pub fn claim(&mut self) -> u32 {
        self.owners.newest += 1;
        self.store.owner = self.owners.newest;
        self.store.owner
    }

    /// The server stops for a while, which looks like a death from outside: what it was about to
    /// write comes later.
    pub fn pause(&mut self) {
        let Some(server) = &self.server else { return };
        let ready = server.flights.values().filter(|flight| !flight.committed);
        let late: Vec<Batch> = ready.filter_map(|flight| flight.batch.clone()).collect();
        let wakes = self.now + self.rng.range(500, 8_000);
        for batch in late {
            self.agenda.push(wakes, Happening::WritesLate(Box::new(batch)));
        }
        self.crash();
    }

    /// An earlier owner has woken, and writes.
    pub fn writes_late(&mut self, batch: &Batch) -> Check {
        if batch.streams.is_empty() || batch.owner == self.store.owner {
            // Its successor is not there yet: it would find what was written, as after any crash.
            return Ok(());
        }
        if self.commit(batch, Behind::default())? == Err(AppendFault::Fenced) {
            self.counters.late_owners_refused += 1;
        }
        Ok(())
    }

    /// The disk refuses a sync in the middle of an append. Whether the batch is there, nobody knows.
    pub fn sync_fails(&mut self, batch: &Batch, behind: Behind<'_>) -> Check {
        self.counters.syncs_failed += 1;
        if self.bug == Bug::CarryOnAfterFailedSync {
            self.owners.spent = Some(batch.owner);
            return Ok(());
        }
        if self.rng.chance(500) {
            let _written_or_refused = self.commit(batch, behind)?;
        }
        self.owners.spent = Some(batch.owner);
        self.crash();
        Ok(())
    }
}
