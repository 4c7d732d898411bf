//! Handhelds that were found enrolled and not revoked. Each socket asks every ten seconds whether its device
//! may stay; asked of the database that was a hundred reads a second for a thousand officers, each of them two
//! switches of threads, beside decisions that wait.
//!
//! All changes go through this process, so what is kept is what is stored; as with `known_sources`, a device
//! is not kept while it is being revoked, and what was read before a change began is not kept after it.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tiande_core::ids::DeviceId;

/// More devices than that are looked up: every officer of a country has one, some eight megabytes.
const KEPT_MAX: usize = 262_144;

#[derive(Default)]
struct Inner {
    allowed: HashSet<DeviceId>,
    /// Devices that are being revoked, once for each time.
    changing: Vec<DeviceId>,
    /// Grows with each change of any device, when it begins and when it ends.
    generation: u64,
}

/// The devices that are known.
#[derive(Default)]
pub(super) struct KnownDevices(Mutex<Inner>);

impl KnownDevices {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Each change below is whole before anything can panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `Ok` when the device is known to be allowed; else the generation, which goes with what is read now.
    pub(super) fn allows(&self, device: DeviceId) -> Result<(), u64> {
        let inner = self.inner();
        if inner.allowed.contains(&device) { Ok(()) } else { Err(inner.generation) }
    }

    /// Keeps that it is allowed, unless something was changed since `generation`.
    pub(super) fn keep(&self, device: DeviceId, generation: u64) {
        let mut inner = self.inner();
        let fits = inner.generation == generation
            && !inner.changing.contains(&device)
            && inner.allowed.len() < KEPT_MAX;
        if fits {
            inner.allowed.insert(device);
        }
    }

    /// The device is about to be revoked. Followed by [`Self::changed`] when that is over, however it ended;
    /// without it the device is never kept again.
    pub(super) fn change(&self, device: DeviceId) {
        let mut inner = self.inner();
        inner.generation += 1;
        inner.allowed.remove(&device);
        inner.changing.push(device);
    }

    /// The change is over.
    pub(super) fn changed(&self, device: DeviceId) {
        let mut inner = self.inner();
        inner.generation += 1;
        if let Some(at) = inner.changing.iter().position(|one| *one == device) {
            inner.changing.swap_remove(at);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(last: char) -> DeviceId {
        format!("0190a5b0-0000-7000-8000-00000000000{last}").parse().expect("an id")
    }

    #[test]
    fn a_device_is_known_from_the_first_look_until_it_is_revoked() {
        let (known, one, other) = (KnownDevices::default(), device('1'), device('2'));
        let generation = known.allows(one).expect_err("not yet");
        known.keep(one, generation);
        assert_eq!(known.allows(one), Ok(()));
        assert!(known.allows(other).is_err());
        known.change(one);
        assert!(known.allows(one).is_err(), "as soon as it begins");
        known.changed(one);
        assert!(known.allows(one).is_err());
    }

    #[test]
    fn what_was_read_before_or_while_a_device_is_revoked_is_not_kept() {
        let (known, one) = (KnownDevices::default(), device('1'));
        let before = known.allows(one).expect_err("not known");
        known.change(one);
        known.keep(one, before);
        let meanwhile = known.allows(one).expect_err("not known");
        known.keep(one, meanwhile);
        assert!(known.allows(one).is_err());
        known.changed(one);
        known.keep(one, meanwhile);
        assert!(known.allows(one).is_err());
    }
}
