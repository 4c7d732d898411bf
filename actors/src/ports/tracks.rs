//! The store of tracks as the actors see it: they hand fixes over and are told what is on the disk.

use std::sync::Arc;

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{Order, TrackFix};

/// Who wants to know what is durable.
pub trait TrackTeller: Send + Sync + 'static {
    /// Everything of each part's device up to its `upto` is on the disk, or was not to be kept. The
    /// parts are those of one batch. Called from the store's own thread; must neither wait nor fail.
    fn stored(&self, parts: &[TrackPart]);
}

/// Fixes of one device in a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackPart {
    /// The officer's small number in the court. Means nothing to the store: it comes back with the news.
    pub number: u32,
    /// Whose.
    pub officer: OfficerId,
    /// Which device measured them. Its (epoch, sequence) is a fix's identity.
    pub device: DeviceId,
    /// So many of the batch's fixes, behind those of the parts before. May be 0: then only the
    /// acknowledgement is wanted, in its turn.
    pub fixes: usize,
    /// The greatest fix that this part stands for, also of those that are not to be kept.
    pub upto: Order,
}

/// Fixes of any number of a court's devices, kept together or not at all.
///
/// It is borrowed: the store copies it into a queue whose room it uses again, so that handing over
/// allocates nothing on either side.
pub struct TrackBatch<'a> {
    /// Court.
    pub court: &'a CourtId,
    /// Which devices; one may come up several times.
    pub parts: &'a [TrackPart],
    /// What is to be kept, part by part.
    pub fixes: &'a [TrackFix],
    /// Who is told when all of it is durable.
    pub teller: Arc<dyn TrackTeller>,
}

/// As many fixes wait as may. Nothing of the batch is kept, and nothing acknowledged: the devices still
/// have them and send them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracksFull;

/// The store of tracks. Shared by all courts.
pub trait Tracks: Send + Sync + 'static {
    /// Takes fixes over. Never waits for the disk.
    ///
    /// # Errors
    /// [`TracksFull`].
    fn keep(&self, batch: TrackBatch<'_>) -> Result<(), TracksFull>;

    /// Up to where this device's fixes are durable; `None` when nothing of it is known.
    fn stored(&self, device: DeviceId) -> Option<Order>;
}
