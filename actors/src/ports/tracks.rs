//! The store of tracks as the actors see it: they hand fixes over and are told what is on the disk.

use std::sync::Arc;

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{Order, TrackFix};

/// Who wants to know what is durable.
pub trait TrackTeller: Send + Sync + 'static {
    /// Everything of that device up to `upto` is on the disk, or was not to be kept. Called from the
    /// store's own thread; must neither wait nor fail.
    fn stored(&self, device: DeviceId, upto: Order);
}

/// Fixes of one device.
pub struct TrackBatch {
    /// Court.
    pub court: CourtId,
    /// Whose.
    pub officer: OfficerId,
    /// Which device measured them. Its (epoch, sequence) is a fix's identity.
    pub device: DeviceId,
    /// What is to be kept. May be empty: then only the acknowledgement is wanted, in its turn.
    pub fixes: Vec<TrackFix>,
    /// The greatest fix that this batch stands for, also of those that are not to be kept.
    pub upto: Order,
    /// Who is told when all of it is durable.
    pub teller: Arc<dyn TrackTeller>,
}

/// As many fixes wait as may. Nothing of the batch is kept, and nothing acknowledged: the device still
/// has them and sends them again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TracksFull;

/// The store of tracks. Shared by all courts.
pub trait Tracks: Send + Sync + 'static {
    /// Takes fixes over. Never waits for the disk.
    ///
    /// # Errors
    /// [`TracksFull`].
    fn keep(&self, batch: TrackBatch) -> Result<(), TracksFull>;

    /// Up to where this device's fixes are durable; `None` when nothing of it is known.
    fn stored(&self, device: DeviceId) -> Option<Order>;
}
