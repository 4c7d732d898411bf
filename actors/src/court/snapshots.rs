//! Snapshots on their way to the store: taken from states that are durable, kept beside the room, and
//! handed over in small lots, never in a decision's way.
//!
//! **Not here:** what a snapshot is (`tiande_core::journal`), and where it is kept.

use std::collections::BTreeMap;

use actix::prelude::*;
use metrics::counter;
use tiande_core::journal::{Carriers, Fold, Folded, Snapshot, StreamId};

use super::desk::CourtDesk;
use super::room::CourtRoom;
use crate::limits::{
    SNAPSHOT_AT_SLEEP, SNAPSHOT_EVERY, SNAPSHOT_LOT, SNAPSHOT_ROUND, SNAPSHOTS_WAITING,
};
use crate::pause::pause;

/// What an actor remembers of its stream beside the state: what a snapshot of it needs.
#[derive(Debug, Default)]
pub(crate) struct Trail {
    carriers: Carriers,
    /// Number of the last event in the newest snapshot, as far as this actor knows.
    saved: u64,
}

impl Trail {
    /// Takes a durable event in.
    pub(crate) fn note<S: Folded>(&mut self, seq: u64, event: &S::Own) {
        self.carriers.note::<S>(seq, event);
    }
}

/// A state that is the fold of so many events, with what a snapshot of it needs.
pub(crate) struct Known<S> {
    /// The state.
    pub(crate) state: S,
    /// Number of its newest event.
    pub(crate) seq: u64,
    /// The rest.
    pub(crate) trail: Trail,
}

impl<S: Folded> Known<S> {
    /// A stream that begins now.
    pub(crate) fn new(state: S) -> Self {
        Self { state, seq: 0, trail: Trail::default() }
    }

    /// A fold that went on from a snapshot with `saved` events.
    pub(crate) fn of(fold: Fold<S>, saved: u64) -> Self {
        let Fold { state, seq, carriers } = fold;
        Self { state, seq, trail: Trail { carriers, saved } }
    }
}

/// Snapshots that wait to be handed over.
#[derive(Default)]
pub(crate) struct Unsaved {
    waiting: BTreeMap<StreamId, Snapshot>,
}

impl CourtRoom {
    /// Takes a snapshot when enough has happened since the last one.
    pub(crate) fn snapshot_when_due<S: Folded>(
        &self,
        stream: StreamId,
        state: &S,
        seq: u64,
        trail: &mut Trail,
    ) {
        self.snapshot_after(SNAPSHOT_EVERY, stream, state, seq, trail);
    }

    /// The same for an actor that goes to sleep, which pays sooner: it is folded when it wakes.
    pub(crate) fn snapshot_before_sleep<S: Folded>(
        &self,
        stream: StreamId,
        state: &S,
        seq: u64,
        trail: &mut Trail,
    ) {
        self.snapshot_after(SNAPSHOT_AT_SLEEP, stream, state, seq, trail);
    }

    fn snapshot_after<S: Folded>(
        &self,
        events: u64,
        stream: StreamId,
        state: &S,
        seq: u64,
        trail: &mut Trail,
    ) {
        if seq.saturating_sub(trail.saved) < events {
            return;
        }
        let mut unsaved = self.unsaved.borrow_mut();
        if unsaved.waiting.len() >= SNAPSHOTS_WAITING && !unsaved.waiting.contains_key(&stream) {
            // Its turn comes again with its next events.
            counter!("tiande_snapshots_dropped_total").increment(1);
            return;
        }
        unsaved.waiting.insert(stream, Snapshot::of(state, seq, &trail.carriers));
        // If it gets lost, the next one comes as many events later.
        trail.saved = seq;
    }

    /// Takes out what may go to the store now; empty when there is nothing.
    fn take_unsaved(&self) -> Vec<(StreamId, Snapshot)> {
        let mut unsaved = self.unsaved.borrow_mut();
        let mut lot = Vec::new();
        while lot.len() < SNAPSHOT_LOT
            && let Some(next) = unsaved.waiting.pop_first()
        {
            lot.push(next);
        }
        lot
    }
}

/// Hands snapshots over, a lot at a time, as long as the court lives.
pub(super) fn hand_over(desk: &mut CourtDesk, ctx: &mut Context<CourtDesk>) {
    let lot = desk.room.take_unsaved();
    let kept = (!lot.is_empty()).then(|| desk.room.journal.keep(lot));
    let round = async move {
        if let Some(kept) = kept {
            kept.await;
        }
        pause(SNAPSHOT_ROUND).await;
    };
    ctx.spawn(round.into_actor(desk).map(|(), desk, ctx| hand_over(desk, ctx)));
}
