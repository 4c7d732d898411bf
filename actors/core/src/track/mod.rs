//! Tracks (轨迹): where an officer was, fix by fix, as it is kept.
//!
//! A [`TrackFix`] is a position report in the units of the store, together with what the filter made
//! of it: a bad fix is kept and marked, and used for nothing (I17). [`encode`] packs up to
//! [`BLOCK_FIXES_MAX`] of them into a block of a few bytes a fix, [`decode`] reads one back and takes
//! any bytes without harm. [`Gap`] sees to it that what is acknowledged as stored has no hole.
//!
//! **Not here:** files, keys, checksums; when a block is cut; what is durable.

mod block;
mod column;
mod gap;
mod plain;
mod reading;

pub use block::{BLOCK_FIXES_MAX, BlockFault, decode, encode};
pub use gap::Gap;
pub use plain::PLAIN_LEN;
pub use reading::{TrackRefusal, TrackWindow};

use crate::officer::{Fix, FixVerdict};
use crate::time::UnixMillis;

/// What a device counts its fixes by: (epoch, sequence). The greater one is the newer fix.
pub type Order = (u32, u32);

/// Units of [`TrackFix::lat_e7`] in a degree.
const PER_DEGREE: f64 = 1e7;

/// A fix as it is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrackFix {
    /// Of the device: grows each time its counter starts again.
    pub epoch: u32,
    /// Of the device: grows with each fix of an epoch.
    pub seq: u32,
    /// When the device measured it, by the device's clock.
    pub taken_at: UnixMillis,
    /// Latitude in units of 1e-7 degrees (1.1 cm), WGS-84.
    pub lat_e7: i32,
    /// Longitude, likewise.
    pub lon_e7: i32,
    /// Accuracy in decimetres, at most [`TrackFix::ACCURACY_MAX_DM`]; `None` when not known.
    pub accuracy_dm: Option<u16>,
    /// Speed in decimetres a second, likewise bounded.
    pub speed_dmps: Option<u16>,
    /// Whole degrees clockwise from north, 0..=359.
    pub heading_deg: Option<u16>,
    /// What the filter made of it.
    pub verdict: FixVerdict,
}

impl TrackFix {
    /// Greatest accuracy and speed that are kept; worse and faster ones are kept as this.
    pub const ACCURACY_MAX_DM: u16 = 65_534;

    /// A report in the units of the store.
    #[must_use]
    pub fn of(fix: &Fix, verdict: FixVerdict) -> Self {
        let heading = fix.heading_deg.map(|degrees| whole(f64::from(degrees), 360) % 360);
        Self {
            epoch: fix.epoch,
            seq: fix.seq,
            taken_at: fix.taken_at,
            lat_e7: units(fix.at.lat()),
            lon_e7: units(fix.at.lon()),
            accuracy_dm: fix.accuracy.map(|a| whole(a.0 * 10.0, Self::ACCURACY_MAX_DM)),
            speed_dmps: fix
                .speed_mps
                .map(|speed| whole(f64::from(speed) * 10.0, Self::ACCURACY_MAX_DM)),
            heading_deg: heading,
            verdict,
        }
    }

    /// What the device counts by.
    #[must_use]
    pub fn order(&self) -> Order {
        (self.epoch, self.seq)
    }

    /// Latitude, degrees north.
    #[must_use]
    pub fn lat(&self) -> f64 {
        f64::from(self.lat_e7) / PER_DEGREE
    }

    /// Longitude, degrees east.
    #[must_use]
    pub fn lon(&self) -> f64 {
        f64::from(self.lon_e7) / PER_DEGREE
    }
}

/// Degrees in the store's units. A [`crate::geo::LatLon`] is within 180, and 1.8e9 fits.
#[allow(clippy::cast_possible_truncation)] // A float cast saturates, and is in range anyway.
fn units(degrees: f64) -> i32 {
    (degrees * PER_DEGREE).round() as i32
}

/// The nearest whole number, not above `most`; what is no number is 0.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // A float cast saturates.
fn whole(value: f64, most: u16) -> u16 {
    (value.round() as u16).min(most)
}

#[cfg(test)]
mod tests;
