//! Positions have come in, for whom: gathered from all threads, told to the court's thread at once.
//!
//! Waking a thread costs more than judging a position. So whoever has something puts it into the court's
//! list, and only the first of a list wakes the court's thread, where one task (`drain`) goes through all
//! of it.

use std::mem;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use metrics::gauge;
use tiande_core::ids::CourtId;
use tokio::sync::Notify;

use crate::officer::{Gateway, GatewayBatch, GatewayLine, MissingRecord};
use crate::ports::tracks::{TrackPart, TrackTeller};

/// What has come in.
#[derive(Default)]
pub(crate) struct Arrived {
    /// Numbers of officers in whose lanes something waits. Bounded by the officers: each lane rings once
    /// until it is looked at.
    pub(crate) rung: Vec<u32>,
    /// What the track store has made durable of handhelds. Bounded by what the store takes.
    pub(crate) stored: Vec<TrackPart>,
    /// Batches of gateways; bounded, see there.
    pub(crate) gateways: GatewayLine,
}

impl Arrived {
    fn is_empty(&self) -> bool {
        self.rung.is_empty() && self.stored.is_empty() && self.gateways.is_empty()
    }
}

/// What has come in for a court and was not looked at yet.
#[derive(Default)]
pub struct Arrivals {
    waiting: Mutex<Arrived>,
    some: Notify,
    over: AtomicBool,
}

impl Arrivals {
    fn waiting(&self) -> MutexGuard<'_, Arrived> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn add(&self, add: impl FnOnce(&mut Arrived)) {
        let mut waiting = self.waiting();
        let first = waiting.is_empty();
        add(&mut waiting);
        drop(waiting);
        if first {
            self.some.notify_one();
        }
    }

    /// Something waits in the lane of the officer with that number.
    pub(crate) fn ring(&self, number: u32) {
        self.add(|waiting| waiting.rung.push(number));
    }

    /// Takes a gateway's batch in. When too many records wait it is let go: all of them are to come again,
    /// and nothing that comes later is kept above them. `missing` says which, as far as the court knows
    /// their officers.
    pub(crate) fn report(
        &self,
        batch: GatewayBatch,
        missing: impl FnOnce(&GatewayBatch) -> Vec<MissingRecord>,
    ) {
        self.add(|waiting| {
            if let Err(batch) = waiting.gateways.push(batch) {
                waiting.gateways.let_go(batch.gateway(), missing(&batch));
            }
        });
    }

    /// Records of a gateway were sent away before they came here.
    pub(crate) fn miss(&self, gateway: Gateway, missing: &[MissingRecord]) {
        self.add(|waiting| waiting.gateways.miss(gateway, missing));
    }

    /// Resolves when something has come in, or the court is over; false then.
    pub(crate) async fn some(&self) -> bool {
        self.some.notified().await;
        !self.over.load(Ordering::Acquire)
    }

    /// Takes out what has come in. `into` must be empty; its room is filled next.
    pub(crate) fn take(&self, into: &mut Arrived) {
        mem::swap(into, &mut *self.waiting());
    }

    /// Ends the task that looks at what comes in.
    pub(crate) fn close(&self) {
        self.over.store(true, Ordering::Release);
        self.some.notify_one();
    }

    /// Reports how much waits.
    #[allow(clippy::cast_precision_loss)] // A bounded count.
    pub(crate) fn observe(&self, court: &CourtId) {
        let records = self.waiting().gateways.records();
        gauge!("tiande_gateway_records_waiting", "court" => court.to_string()).set(records as f64);
    }

    #[cfg(test)]
    pub(crate) fn rung(&self) -> Vec<u32> {
        self.waiting().rung.clone()
    }
}

impl TrackTeller for Arrivals {
    fn stored(&self, parts: &[TrackPart]) {
        self.add(|waiting| waiting.stored.extend_from_slice(parts));
    }
}

/// The teller of a court's handhelds.
pub(crate) fn teller(arrivals: &Arc<Arrivals>) -> Arc<dyn TrackTeller> {
    Arc::<Arrivals>::clone(arrivals)
}
