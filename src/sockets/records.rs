//! Positions in binary (PROTOCOL §9): a head of 16 bytes and records of 24, all little endian.
//!
//! ```text
//! head    u8 version (1) · u8 kind (1: positions) · u16 flags (1: sent ahead) · u32 epoch
//!         i64 base, Unix milliseconds
//! record  u32 number · u32 seq · i32 latitude · i32 longitude (1e-7 degrees)
//!         i32 taken, milliseconds after the base · u16 accuracy (decimetres, 65535 unknown)
//!         u8 speed (half metres a second, 255 unknown) · u8 heading (1.5 degrees, 255 unknown)
//! ```

use tiande_core::geo::{LatLon, Metres};
use tiande_core::officer::{Fix, FixVerdict};
use tiande_core::time::UnixMillis;
use tiande_core::track::{Order, TrackFix};

/// Length of a frame's head.
pub const HEAD_LEN: usize = 16;
/// Length of a record.
pub const RECORD_LEN: usize = 24;

const VERSION: u8 = 1;
const KIND_POSITIONS: u8 = 1;
const FLAG_AHEAD: u16 = 1;
const PER_DEGREE: f64 = 1e7;
const NO_ACCURACY: u16 = u16::MAX;
const NO_BYTE: u8 = u8::MAX;

/// One position as it stands in a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Record {
    /// Whose, by the small number that the sender was given; 0 on a handheld's own socket.
    pub number: u32,
    /// The device's sequence.
    pub seq: u32,
    lat_e7: i32,
    lon_e7: i32,
    taken_ms: i32,
    accuracy_dm: u16,
    speed: u8,
    heading: u8,
}

/// A frame's head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// The device's epoch.
    pub epoch: u32,
    /// What the records' times are counted from.
    pub base: UnixMillis,
    /// Sent ahead of older ones.
    pub ahead: bool,
}

/// Reads a frame of 1 to `most` records; `None` when it is none.
#[must_use]
pub fn read(bytes: &[u8], most: usize) -> Option<(Head, impl ExactSizeIterator<Item = Record>)> {
    let (head, rest) = bytes.split_first_chunk::<HEAD_LEN>()?;
    let [version, kind, f0, f1, e0, e1, e2, e3, base @ ..] = *head;
    let flags = u16::from_le_bytes([f0, f1]);
    let (records, torn) = rest.as_chunks::<RECORD_LEN>();
    let counted = (1..=most).contains(&records.len()) && torn.is_empty();
    if version != VERSION || kind != KIND_POSITIONS || flags & !FLAG_AHEAD != 0 || !counted {
        return None;
    }
    let head = Head {
        epoch: u32::from_le_bytes([e0, e1, e2, e3]),
        base: UnixMillis(i64::from_le_bytes(base)),
        ahead: flags & FLAG_AHEAD != 0,
    };
    Some((head, records.iter().map(Record::read)))
}

impl Record {
    fn read(bytes: &[u8; RECORD_LEN]) -> Self {
        let four = |at: usize| [bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]];
        Self {
            number: u32::from_le_bytes(four(0)),
            seq: u32::from_le_bytes(four(4)),
            lat_e7: i32::from_le_bytes(four(8)),
            lon_e7: i32::from_le_bytes(four(12)),
            taken_ms: i32::from_le_bytes(four(16)),
            accuracy_dm: u16::from_le_bytes([bytes[20], bytes[21]]),
            speed: bytes[22],
            heading: bytes[23],
        }
    }

    /// Appends the record to a frame.
    pub fn put(&self, out: &mut Vec<u8>) {
        out.extend(self.number.to_le_bytes());
        out.extend(self.seq.to_le_bytes());
        out.extend(self.lat_e7.to_le_bytes());
        out.extend(self.lon_e7.to_le_bytes());
        out.extend(self.taken_ms.to_le_bytes());
        out.extend(self.accuracy_dm.to_le_bytes());
        out.extend([self.speed, self.heading]);
    }

    /// A frame without records.
    #[must_use]
    pub fn head(epoch: u32, base: UnixMillis, ahead: bool) -> Vec<u8> {
        let mut out = vec![VERSION, KIND_POSITIONS];
        out.extend(u16::from(ahead).to_le_bytes());
        out.extend(epoch.to_le_bytes());
        out.extend(base.0.to_le_bytes());
        out
    }

    /// A report as the domain knows it.
    ///
    /// # Errors
    /// The order of what is no place on earth, or of no moment.
    pub fn fix(&self, head: &Head) -> Result<Fix, Order> {
        let order = (head.epoch, self.seq);
        let degrees = |units: i32| f64::from(units) / PER_DEGREE;
        let taken_at = head.base.0.checked_add(self.taken_ms.into()).ok_or(order)?;
        let at = LatLon::new(degrees(self.lat_e7), degrees(self.lon_e7));
        let known = |byte: u8| (byte != NO_BYTE).then(|| f32::from(byte));
        Ok(Fix {
            epoch: head.epoch,
            seq: self.seq,
            taken_at: UnixMillis(taken_at),
            at: at.map_err(|_no_place| order)?,
            accuracy: (self.accuracy_dm != NO_ACCURACY)
                .then(|| Metres(f64::from(self.accuracy_dm) / 10.0)),
            speed_mps: known(self.speed).map(|speed| speed / 2.0),
            heading_deg: known(self.heading).map(|heading| heading * 1.5).filter(|h| *h < 360.0),
        })
    }

    /// A stored fix; its number is the verdict: 0 taken, 1 older, 2 stale, 3 implausible,
    /// 4 inaccurate, 5 future.
    #[must_use]
    pub fn of_track(fix: &TrackFix, base: UnixMillis) -> Self {
        let number = match fix.verdict {
            FixVerdict::Taken => 0,
            FixVerdict::Older => 1,
            FixVerdict::Stale => 2,
            FixVerdict::Implausible => 3,
            FixVerdict::Inaccurate => 4,
            FixVerdict::Future => 5,
            FixVerdict::OffDuty => 6,
            FixVerdict::OutOfRange => 7,
        };
        let taken_ms = fix.taken_at.0.saturating_sub(base.0);
        let speed = fix.speed_dmps.map_or(NO_BYTE, |dm| u8::try_from(dm / 5).unwrap_or(NO_BYTE));
        // Whole degrees: two thirds of one are below the record's step.
        let heading = fix.heading_deg.and_then(|h| u8::try_from(h * 2 / 3).ok());
        Self {
            number,
            seq: fix.seq,
            lat_e7: fix.lat_e7,
            lon_e7: fix.lon_e7,
            // A page lies in a window of a day.
            taken_ms: i32::try_from(taken_ms).unwrap_or(i32::MAX),
            accuracy_dm: fix.accuracy_dm.unwrap_or(NO_ACCURACY),
            speed,
            heading: heading.unwrap_or(NO_BYTE),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(number: u32, seq: u32) -> Record {
        Record {
            number,
            seq,
            lat_e7: 352_010_000,
            lon_e7: -1_146_730_000,
            taken_ms: -1_500,
            accuracy_dm: 83,
            speed: 3,
            heading: 60,
        }
    }

    fn frame(records: &[Record]) -> Vec<u8> {
        let mut bytes = Record::head(7, UnixMillis(1_795_413_600_000), true);
        records.iter().for_each(|record| record.put(&mut bytes));
        bytes
    }

    #[test]
    fn a_frame_comes_back_as_it_was() {
        let records = [record(0, 1), record(9, u32::MAX)];
        let bytes = frame(&records);
        assert_eq!(bytes.len(), 16 + 2 * 24);
        let (head, read) = read(&bytes, 2).expect("a frame");
        assert_eq!(head, Head { epoch: 7, base: UnixMillis(1_795_413_600_000), ahead: true });
        let read: Vec<Record> = read.collect();
        assert_eq!(read, records);
        let fix = read[0].fix(&head).expect("a place");
        assert_eq!((fix.epoch, fix.seq, fix.taken_at.0), (7, 1, 1_795_413_598_500));
        assert!((fix.at.lat() - 35.201).abs() < 1e-9 && (fix.at.lon() + 114.673).abs() < 1e-9);
        assert_eq!(fix.accuracy, Some(Metres(8.3)));
        assert_eq!((fix.speed_mps, fix.heading_deg), (Some(1.5), Some(90.0)));
    }

    #[test]
    fn the_bytes_are_those_of_the_protocol() {
        let mut bytes = Record::head(1, UnixMillis(2), false);
        record(3, 4).put(&mut bytes);
        let expected = "010100000100000002000000000000000300000004000000103ffb14\
                        f049a6bb24faffff5300033c";
        assert_eq!(hex::encode(bytes), expected);
    }

    #[test]
    fn what_is_no_frame_is_refused() {
        let good = frame(&[record(0, 1)]);
        assert!(read(&good, 1).is_some());
        for length in 0..good.len() {
            assert!(read(&good[..length], 1).is_none(), "{length} bytes");
        }
        for (at, byte) in [(0, 2), (1, 2), (2, 2), (3, 1)] {
            let mut bad = good.clone();
            bad[at] = byte;
            assert!(read(&bad, 1).is_none(), "byte {at}");
        }
        assert!(read(&frame(&[record(0, 1); 3]), 2).is_none(), "too many");
        assert!(read(&frame(&[]), 2).is_none(), "none");
    }

    #[test]
    fn what_is_unknown_or_no_place_is_told_apart() {
        let head = Head { epoch: 1, base: UnixMillis(0), ahead: false };
        let vague = Record { accuracy_dm: u16::MAX, speed: 255, heading: 255, ..record(0, 5) };
        let fix = vague.fix(&head).expect("a place");
        assert_eq!((fix.accuracy, fix.speed_mps, fix.heading_deg), (None, None, None));
        for nowhere in
            [Record { lat_e7: 900_000_001, ..vague }, Record { lon_e7: i32::MIN, ..vague }]
        {
            assert_eq!(nowhere.fix(&head), Err((1, 5)));
        }
        let head = Head { base: UnixMillis(i64::MAX), ..head };
        assert_eq!(Record { taken_ms: 1, ..vague }.fix(&head), Err((1, 5)));
    }
}
