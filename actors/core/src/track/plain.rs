//! A fix in a fixed number of bytes: for a write-ahead file, where fixes lie for minutes, and where
//! the time to pack them counts more than their length.

use super::TrackFix;
use super::block::{code_of, verdict_of};
use crate::time::UnixMillis;

/// Stands for an optional number that is not known.
const NONE: u16 = u16::MAX;

/// Bytes of a fix in its plain form.
pub const PLAIN_LEN: usize = 31;

impl TrackFix {
    /// The plain form, little endian: epoch u32, seq u32, time i64, latitude i32, longitude i32, accuracy
    /// u16, speed u16, heading u16, verdict u8.
    #[must_use]
    pub fn to_plain(&self) -> [u8; PLAIN_LEN] {
        let mut out = [0; PLAIN_LEN];
        out[0..4].copy_from_slice(&self.epoch.to_le_bytes());
        out[4..8].copy_from_slice(&self.seq.to_le_bytes());
        out[8..16].copy_from_slice(&self.taken_at.0.to_le_bytes());
        out[16..20].copy_from_slice(&self.lat_e7.to_le_bytes());
        out[20..24].copy_from_slice(&self.lon_e7.to_le_bytes());
        out[24..26].copy_from_slice(&self.accuracy_dm.unwrap_or(NONE).to_le_bytes());
        out[26..28].copy_from_slice(&self.speed_dmps.unwrap_or(NONE).to_le_bytes());
        out[28..30].copy_from_slice(&self.heading_deg.unwrap_or(NONE).to_le_bytes());
        out[30] = u8::try_from(code_of(self.verdict)).unwrap_or(u8::MAX);
        out
    }

    /// Reads the plain form; `None` when a number is out of range.
    #[must_use]
    pub fn from_plain(bytes: &[u8; PLAIN_LEN]) -> Option<Self> {
        let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        let known = |at: usize| Some(u16::from_le_bytes([bytes[at], bytes[at + 1]]));
        let known = |at: usize| known(at).filter(|number| *number != NONE);
        let taken_at = i64::from_le_bytes(bytes[8..16].try_into().ok()?);
        let fix = Self {
            epoch: u32::from_le_bytes(four(0)),
            seq: u32::from_le_bytes(four(4)),
            taken_at: UnixMillis(taken_at),
            lat_e7: i32::from_le_bytes(four(16)),
            lon_e7: i32::from_le_bytes(four(20)),
            accuracy_dm: known(24),
            speed_dmps: known(26),
            heading_deg: known(28),
            verdict: verdict_of(bytes[30].into())?,
        };
        let on_earth = fix.lat_e7.unsigned_abs() <= 900_000_000
            && fix.lon_e7.unsigned_abs() <= 1_800_000_000
            && fix.heading_deg.is_none_or(|degrees| degrees < 360);
        on_earth.then_some(fix)
    }
}
