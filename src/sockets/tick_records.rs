//! A tick in binary (PROTOCOL §9): a head of 24 bytes and records of 24, all little endian.
//!
//! ```text
//! head    u8 version (1) · u8 kind (2: a tick) · u16 flags (0) · u32 (0) · u64 number
//!         i64 now, Unix milliseconds
//! record  u32 officer's number · u32 status · i32 latitude · i32 longitude (1e-7 degrees; both
//!         -2147483648: no place) · i32 taken, milliseconds after now · u16 accuracy (decimetres,
//!         65535 unknown) · u8 speed (half metres a second, 255 unknown) · u8 heading (1.5 degrees,
//!         255 unknown)
//! ```

use tiande_actors::views::Moved;
use tiande_core::time::UnixMillis;

use super::encode::code_of;

/// Length of a record.
pub const RECORD_LEN: usize = 24;

const VERSION: u8 = 1;
const KIND_TICK: u8 = 2;
const NOWHERE: i32 = i32::MIN;

/// A tick without records.
pub fn head(no: u64, now: UnixMillis) -> Vec<u8> {
    let mut out = vec![VERSION, KIND_TICK, 0, 0, 0, 0, 0, 0];
    out.extend(no.to_le_bytes());
    out.extend(now.0.to_le_bytes());
    out
}

/// Appends an officer's record.
pub fn put(now: UnixMillis, moved: &Moved, out: &mut Vec<u8>) {
    out.extend(moved.n.to_le_bytes());
    out.extend(code_of(moved.status).to_le_bytes());
    let Some(known) = &moved.fix else {
        out.extend(NOWHERE.to_le_bytes());
        out.extend(NOWHERE.to_le_bytes());
        out.extend([0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff]);
        return;
    };
    let fix = &known.fix;
    out.extend(units(fix.at.lat()).to_le_bytes());
    out.extend(units(fix.at.lon()).to_le_bytes());
    let after = fix.taken_at.0.saturating_sub(now.0);
    let after = after.clamp(i32::MIN.into(), i32::MAX.into());
    out.extend(i32::try_from(after).unwrap_or(i32::MIN).to_le_bytes());
    let accuracy = fix.accuracy.map_or(u16::MAX, |accuracy| small(accuracy.0 * 10.0, 65_534));
    out.extend(accuracy.to_le_bytes());
    let byte = |value: u16| u8::try_from(value).unwrap_or(u8::MAX);
    let speed = fix.speed_mps.map_or(255, |speed| small(f64::from(speed) * 2.0, 254));
    // 360 degrees are north again.
    let heading = fix.heading_deg.map_or(255, |h| small(f64::from(h) / 1.5, 240) % 240);
    out.extend([byte(speed), byte(heading)]);
}

#[allow(clippy::cast_possible_truncation)] // A place on earth is at most 1.8e9 of these.
fn units(degrees: f64) -> i32 {
    (degrees * 1e7).round() as i32
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // It is clamped first.
fn small(value: f64, most: u16) -> u16 {
    value.round().clamp(0.0, most.into()) as u16
}

#[cfg(test)]
mod tests {
    use tiande_core::geo::{LatLon, Metres};
    use tiande_core::officer::{Fix, KnownFix, OfficerStatus};

    use super::*;

    fn moved(fix: Option<Fix>) -> Moved {
        let fix = fix.map(|fix| KnownFix { fix, received_at: UnixMillis(0) });
        Moved { n: 3, status: OfficerStatus::Committed, fix, pressing: true }
    }

    fn fix() -> Fix {
        Fix {
            epoch: 1,
            seq: 4,
            taken_at: UnixMillis(98_500),
            at: LatLon::new(35.201, -114.673).expect("a place"),
            accuracy: Some(Metres(8.3)),
            speed_mps: Some(1.5),
            heading_deg: Some(90.0),
        }
    }

    const NOW: UnixMillis = UnixMillis(100_000);

    fn record(moved: &Moved) -> String {
        let mut out = Vec::new();
        put(NOW, moved, &mut out);
        assert_eq!(out.len(), RECORD_LEN);
        hex::encode(out)
    }

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        assert_eq!(hex::encode(head(5, NOW)), "01020000000000000500000000000000a086010000000000");
        assert_eq!(record(&moved(Some(fix()))), "0300000003000000103ffb14f049a6bb24faffff5300033c");
        assert_eq!(record(&moved(None)), "0300000003000000000000800000008000000000ffffffff");
    }

    #[test]
    fn what_is_unknown_or_beyond_the_range_stays_in_it() {
        let unknown = Fix { accuracy: None, speed_mps: None, heading_deg: None, ..fix() };
        assert!(record(&moved(Some(unknown))).ends_with("ffffffff"));
        let great = Fix {
            accuracy: Some(Metres(1e9)),
            speed_mps: Some(1e6),
            heading_deg: Some(359.9),
            taken_at: UnixMillis(i64::MIN),
            ..fix()
        };
        assert!(record(&moved(Some(great))).ends_with("00000080fefffe00"));
    }
}
