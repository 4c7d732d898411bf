//! No hole below what is acknowledged: once a fix of a device could not be taken, later ones are not
//! taken either, until the device sends that one again.

use super::Order;

/// The first fix of a device that was turned away, if one was.
///
/// A device drops from its queue everything up to the newest fix that is stored. So when one had to be
/// turned away for want of room, a later one must not be stored before it: the device would drop both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gap {
    first_missing: Option<Order>,
}

impl Gap {
    /// True when a fix may be taken. The device sends what is not stored again, in order: its arrival
    /// at the missing fix, or before it, closes the gap.
    pub fn admits(&mut self, order: Order) -> bool {
        if self.first_missing.is_some_and(|missing| order <= missing) {
            self.first_missing = None;
        }
        self.first_missing.is_none()
    }

    /// Notes that a fix was turned away.
    pub fn turned_away(&mut self, order: Order) {
        self.first_missing = Some(self.first_missing.map_or(order, |missing| missing.min(order)));
    }

    /// A new connection: the device begins with the oldest that it still holds.
    pub fn close(&mut self) {
        self.first_missing = None;
    }
}
