//! How much memory the bodies of tips may take together. Anybody may begin to send one: whose it is
//! shows only when all of it is there.
//!
//! Plain bodies share a number of bytes, counted as they come in, so that a connection that sends
//! nothing holds nothing. A larger one needs a place of its own, of which one network gets only a
//! part; without one it is refused at once and not read any further. What a body holds goes with its
//! bytes and comes back with the last of them.
//!
//! **Not here:** for how long: a body is whole in time, or given up (`body`).

use std::sync::Arc;

use actix_web::web::{Bytes, BytesMut};
use tiande_core::time::UnixMillis;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::body::PLAIN_BODY_MAX;
use super::signature::Signed;
use crate::access::peers::{PeerNetwork, Place, Places};
use crate::api::problem::Problem;

/// Bodies with pictures at once: 24 of 8 MiB are 192 MiB, and with their decoded pictures about half
/// a gigabyte, which a small server has.
pub const LARGE_MAX: usize = 24;
/// Of these, at most so many for one network, so that three must conspire to take them all.
pub const LARGE_EACH: usize = 8;
/// What plain bodies hold is counted in pieces of so many bytes.
const PIECE: usize = 1_024;
/// Pieces of all plain bodies together: 64 MiB, a thousand of the longest, or some ten thousand usual
/// ones, each for the few milliseconds of its way.
const PLAIN_PIECES: usize = 64 * 1_024;

/// What the bodies of this process may hold.
#[derive(Debug)]
pub struct BodyBudget {
    plain: Arc<Semaphore>,
    plain_gauge: metrics::Gauge,
    plain_refused: metrics::Counter,
    large: Arc<Places>,
}

impl BodyBudget {
    /// Nothing is held yet. Metrics go to the recorder installed before.
    #[must_use]
    pub fn new() -> Self {
        Self {
            plain: Arc::new(Semaphore::new(PLAIN_PIECES)),
            plain_gauge: metrics::gauge!("tiande_tip_plain_bytes"),
            plain_refused: metrics::counter!("tiande_tip_plain_refused_total"),
            large: Places::new("tips", LARGE_MAX, LARGE_EACH),
        }
    }

    /// For a body that comes from a network under that head.
    #[must_use]
    pub fn begin<'a>(
        &'a self,
        network: PeerNetwork,
        signed: &'a Signed,
        now: UnixMillis,
    ) -> Coming<'a> {
        Coming { budget: self, network, signed, now, held: Held::Nothing }
    }
}

impl Default for BodyBudget {
    fn default() -> Self {
        Self::new()
    }
}

/// What a body holds of the budget.
#[derive(Debug)]
enum Held {
    Nothing,
    Plain(Pieces),
    Large { _place: Place },
}

#[derive(Debug)]
struct Pieces {
    permit: OwnedSemaphorePermit,
    gauge: metrics::Gauge,
}

fn bytes_of(pieces: usize) -> f64 {
    f64::from(u32::try_from(pieces * PIECE).unwrap_or(u32::MAX))
}

impl Drop for Pieces {
    fn drop(&mut self) {
        self.gauge.decrement(bytes_of(self.permit.num_permits()));
    }
}

/// A body that is coming in.
#[derive(Debug)]
pub struct Coming<'a> {
    budget: &'a BodyBudget,
    network: PeerNetwork,
    signed: &'a Signed,
    now: UnixMillis,
    held: Held,
}

impl Coming<'_> {
    /// Makes room for a body of so many bytes in all; asked again as it grows.
    ///
    /// # Errors
    /// 503 when there is none; for a large one also 401 when its head shows already that it will not
    /// be taken. Neither depends on whether there is such a source.
    pub fn room_for(&mut self, total: usize) -> Result<(), Problem> {
        if matches!(self.held, Held::Large { .. }) {
            return Ok(());
        }
        if total > PLAIN_BODY_MAX {
            self.signed.check_head(self.now)?;
            let place = self.budget.large.take(Some(self.network));
            // What it held as a plain one is free from now on.
            self.held = Held::Large { _place: place.ok_or_else(Problem::overloaded)? };
            return Ok(());
        }
        let needed = total.div_ceil(PIECE);
        let has = match &self.held {
            Held::Plain(pieces) => pieces.permit.num_permits(),
            Held::Nothing | Held::Large { .. } => 0,
        };
        let more = needed.saturating_sub(has);
        if more == 0 {
            return Ok(());
        }
        let count = u32::try_from(more).unwrap_or(u32::MAX);
        let taken = Arc::clone(&self.budget.plain).try_acquire_many_owned(count);
        let permit = taken.map_err(|_full| {
            self.budget.plain_refused.increment(1);
            Problem::overloaded()
        })?;
        self.budget.plain_gauge.increment(bytes_of(more));
        match &mut self.held {
            Held::Plain(pieces) => pieces.permit.merge(permit),
            Held::Nothing | Held::Large { .. } => {
                self.held = Held::Plain(Pieces { permit, gauge: self.budget.plain_gauge.clone() });
            }
        }
        Ok(())
    }

    /// The whole body. What it holds comes back when the last of its clones is gone.
    #[must_use]
    pub fn whole(self, body: BytesMut) -> Bytes {
        Bytes::from_owner(Whole { body, _held: self.held })
    }
}

struct Whole {
    body: BytesMut,
    _held: Held,
}

impl AsRef<[u8]> for Whole {
    fn as_ref(&self) -> &[u8] {
        &self.body
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::intake::signature::{a_head, at};

    const HERE: PeerNetwork = PeerNetwork::V4([203, 0, 113]);
    const LARGE: usize = PLAIN_BODY_MAX + 1;

    #[test]
    fn large_bodies_have_places_and_one_network_not_all() {
        let (budget, signed) = (BodyBudget::new(), a_head(0));
        let begin = |n: usize| {
            let network = PeerNetwork::V4([198, 51, u8::try_from(n).expect("few")]);
            let mut coming = budget.begin(network, &signed, at(0));
            coming.room_for(LARGE).map(|()| coming)
        };
        let mut held: Vec<_> = (0..LARGE_EACH).map(|_| begin(0).expect("room")).collect();
        assert_eq!(begin(0).err(), Some(Problem::overloaded()), "one network has its part");
        held.extend((LARGE_EACH..LARGE_MAX).map(|n| begin(1 + n).expect("room for others")));
        assert_eq!(begin(99).err(), Some(Problem::overloaded()), "all are taken");
        // A plain one needs none of these.
        budget.begin(HERE, &signed, at(0)).room_for(PLAIN_BODY_MAX).expect("room");
        // What is whole holds its place until nobody has its bytes.
        let body = held.pop().expect("one").whole(BytesMut::from(&b"{}"[..]));
        let clone = body.clone();
        drop(body);
        assert!(begin(99).is_err() && clone == "{}");
        drop(clone);
        assert!(begin(99).is_ok());
    }

    #[test]
    fn plain_bodies_share_their_bytes() {
        let (budget, signed) = (BodyBudget::new(), a_head(0));
        let mut held = Vec::new();
        let mut refused = None;
        while refused.is_none() {
            let mut coming = budget.begin(HERE, &signed, at(0));
            // In two steps: what it holds grows with it.
            let room = coming.room_for(1).and_then(|()| coming.room_for(PLAIN_BODY_MAX));
            refused = room.err();
            held.push(coming);
        }
        assert_eq!(refused, Some(Problem::overloaded()));
        assert_eq!(held.len(), PLAIN_PIECES * PIECE / PLAIN_BODY_MAX + 1);
        drop(held);
        assert_eq!(budget.plain.available_permits(), PLAIN_PIECES);
        // What grows beyond a plain one gives back what it held as such.
        let mut coming = budget.begin(HERE, &signed, at(0));
        coming.room_for(PLAIN_BODY_MAX).expect("room");
        coming.room_for(LARGE).expect("room");
        assert_eq!(budget.plain.available_permits(), PLAIN_PIECES);
    }

    #[test]
    fn a_head_that_cannot_be_good_gets_no_large_place() {
        let budget = BodyBudget::new();
        let stale = a_head(0);
        let mut coming = budget.begin(HERE, &stale, at(301));
        assert_eq!(coming.room_for(LARGE), Err(Problem::timestamp()));
        assert_eq!(
            coming.room_for(PLAIN_BODY_MAX),
            Ok(()),
            "a plain one is judged when it is whole"
        );
        assert_eq!(budget.begin(HERE, &stale, at(300)).room_for(LARGE), Ok(()));
    }
}
