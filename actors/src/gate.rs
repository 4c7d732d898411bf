//! Admission in front of a mailbox: a bound that holds.
//!
//! actix's own capacity does not (a cloned address starts with a free slot, `do_send` never refuses),
//! so a [`Gate`] counts what waits and runs, and gives a message back when that is too many. Only this
//! file and the death notices of `supervision` may call `do_send`.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use actix::dev::{MessageResponse, ToEnvelope};
use actix::prelude::*;
use metrics::{counter, gauge};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

/// A message that was let in. Its place in the queue is free again when this is dropped.
///
/// An `async move` block that uses only the body captures only the body, and the place is free at
/// once: such a block begins with `let message = message;`, which takes the whole along.
pub struct Admitted<M> {
    /// The message.
    pub body: M,
    _slot: OwnedSemaphorePermit,
}

impl<M: Message> Message for Admitted<M> {
    type Result = M::Result;
}

/// A message that was not let in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotAdmitted<M> {
    /// As many as may wait do wait. The message comes back.
    Full(M),
    /// The actor is gone, or has closed its gate and is going. The message comes back.
    Gone(M),
}

/// No answer came: the actor died, or was stopped, with the message in its hands. Whether it acted is
/// not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the actor ended before it answered")]
pub struct NoAnswer;

/// A bounded way into one actor for one kind of message.
pub struct Gate<A: Actor> {
    to: Addr<A>,
    name: &'static str,
    slots: Arc<Semaphore>,
    capacity: usize,
}

impl<A: Actor> Clone for Gate<A> {
    fn clone(&self) -> Self {
        Self {
            to: self.to.clone(),
            name: self.name,
            slots: Arc::clone(&self.slots),
            capacity: self.capacity,
        }
    }
}

impl<A: Actor> fmt::Debug for Gate<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Gate({}, {} free)", self.name, self.slots.available_permits())
    }
}

impl<A: Actor> Gate<A> {
    /// A way into `to` for at most `capacity` messages that wait or run.
    #[must_use]
    pub fn new(to: Addr<A>, name: &'static str, capacity: usize) -> Self {
        Self { to, name, slots: Arc::new(Semaphore::new(capacity)), capacity }
    }

    /// A second way into the same actor, with a bound of its own.
    #[must_use]
    pub fn beside(&self, name: &'static str, capacity: usize) -> Self {
        Self::new(self.to.clone(), name, capacity)
    }

    /// True while the actor lives and takes messages.
    #[must_use]
    pub fn connected(&self) -> bool {
        !self.slots.is_closed() && self.to.connected()
    }

    /// Closes the gate for ever when nothing waits or runs; false when something does. From then on
    /// every message comes back to who sends it, so an actor that has closed its gate can stop and
    /// nothing is lost with it.
    #[must_use]
    pub fn close_if_idle(&self) -> bool {
        let all = u32::try_from(self.capacity).unwrap_or(u32::MAX);
        // All places at once: nobody can come in between the look and the closing.
        let idle = self.slots.try_acquire_many(all);
        if idle.is_ok() {
            self.slots.close();
        }
        idle.is_ok()
    }

    /// True when nothing waits or runs.
    #[must_use]
    pub fn idle(&self) -> bool {
        self.slots.available_permits() == self.capacity
    }

    /// True when both lead to the same actor.
    #[must_use]
    pub fn same_actor(&self, other: &Self) -> bool {
        self.to == other.to
    }

    /// A bare way in for death notices, which may neither wait nor be refused.
    pub(crate) fn recipient<M>(&self) -> Recipient<M>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<M>,
        A::Context: ToEnvelope<A, M>,
    {
        self.to.clone().recipient()
    }

    fn admit<M>(&self, body: M) -> Result<Admitted<M>, NotAdmitted<M>> {
        if !self.to.connected() {
            return Err(NotAdmitted::Gone(body));
        }
        match Arc::clone(&self.slots).try_acquire_owned() {
            Ok(slot) => Ok(Admitted { body, _slot: slot }),
            Err(TryAcquireError::Closed) => Err(NotAdmitted::Gone(body)),
            Err(TryAcquireError::NoPermits) => {
                counter!("tiande_gate_refused_total", "gate" => self.name).increment(1);
                Err(NotAdmitted::Full(body))
            }
        }
    }

    /// Reports how full the gate is.
    #[allow(clippy::cast_precision_loss)] // Queue lengths are small.
    pub fn observe(&self) {
        gauge!("tiande_gate_free", "gate" => self.name).set(self.slots.available_permits() as f64);
    }

    /// Queues a message that wants no answer. Never waits.
    ///
    /// # Errors
    /// The message comes back when the gate is full or the actor gone.
    #[allow(clippy::disallowed_methods)] // The one place: what is sent here has been counted.
    pub fn offer<M>(&self, body: M) -> Result<(), NotAdmitted<M>>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<Admitted<M>>,
        A::Context: ToEnvelope<A, Admitted<M>>,
    {
        let admitted = self.admit(body)?;
        self.to.do_send(admitted);
        Ok(())
    }

    /// Queues a message and returns the wait for its answer. Never waits for room.
    ///
    /// # Errors
    /// The message comes back when the gate is full or the actor gone.
    ///
    /// # Cancel safety
    /// A dropped wait cancels the message if it has not been begun; afterwards it runs on, and the
    /// outcome is unknown to who dropped it.
    pub fn ask<M>(
        &self,
        body: M,
    ) -> Result<impl Future<Output = Result<M::Result, NoAnswer>> + use<A, M>, NotAdmitted<M>>
    where
        M: Message + Send + 'static,
        M::Result: Send,
        A: Handler<Admitted<M>>,
        A::Context: ToEnvelope<A, Admitted<M>>,
        <A as Handler<Admitted<M>>>::Result: MessageResponse<A, Admitted<M>>,
    {
        let admitted = self.admit(body)?;
        let to = self.to.clone();
        Ok(async move { to.send(admitted).await.map_err(|_mailbox| NoAnswer) })
    }
}
