//! A block: fixes of one device in ascending order, column by column, each number as its difference
//! from what the ones before it let expect.
//!
//! ```text
//! 1 byte   version (1)
//! 2 bytes  how many fixes, little endian
//! 24 bytes the first fix's epoch u32, seq u32, time i64, latitude i32, longitude i32
//! bits     which prediction the two coordinates use, then ten columns (see `columns`)
//! ```

use crate::officer::FixVerdict;
use crate::time::UnixMillis;

use super::column::{BitReader, BitWriter, bits_of, unzigzag, zigzag};
use super::{Order, TrackFix};

/// Most fixes of a block: at one a second a bit more than a quarter of an hour.
pub const BLOCK_FIXES_MAX: usize = 1_024;

const VERSION: u8 = 1;
const HEAD_LEN: usize = 27;

/// Why fixes are no block, or bytes are none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockFault {
    /// None, or more than [`BLOCK_FIXES_MAX`].
    #[error("a block holds 1 to 1024 fixes")]
    Count,
    /// Not strictly ascending by (epoch, seq).
    #[error("fixes are not in ascending order")]
    Order,
    /// A version that this program does not know.
    #[error("unknown version of a block")]
    Version,
    /// Cut off, too long, or numbers out of range.
    #[error("damaged block")]
    Damaged,
}

/// The number that stands for a verdict. Stored: append only.
pub(super) fn code_of(verdict: FixVerdict) -> u64 {
    match verdict {
        FixVerdict::Taken => 0,
        FixVerdict::Older => 1,
        FixVerdict::Stale => 2,
        FixVerdict::Implausible => 3,
        FixVerdict::Inaccurate => 4,
        FixVerdict::Future => 5,
        FixVerdict::OffDuty => 6,
        FixVerdict::OutOfRange => 7,
    }
}

pub(super) fn verdict_of(code: u64) -> Option<FixVerdict> {
    FixVerdict::ALL.iter().copied().find(|verdict| code_of(*verdict) == code)
}

/// What the next coordinate is expected to be.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    /// Where the last one was: good for somebody who stands or walks, under a device's noise.
    Same,
    /// As far again as the last step: good for a car.
    Onward,
}

impl Expect {
    fn of(self, before: &[i64]) -> i64 {
        match (self, before) {
            (Self::Onward, [.., a, b]) => b.wrapping_mul(2).wrapping_sub(*a),
            (_, [.., b]) => *b,
            (_, []) => 0,
        }
    }

    fn residuals(self, values: &[i64]) -> Vec<u64> {
        let each = |at: usize| zigzag(values[at].wrapping_sub(self.of(&values[..at])));
        (1..values.len()).map(each).collect()
    }

    fn restore(self, first: i64, residuals: &[u64]) -> Vec<i64> {
        let mut values = Vec::with_capacity(residuals.len() + 1);
        values.push(first);
        for residual in residuals {
            values.push(self.of(&values).wrapping_add(unzigzag(*residual)));
        }
        values
    }
}

/// The better expectation for a column, and its residuals.
fn best_of(values: &[i64]) -> (Expect, Vec<u64>) {
    let (same, onward) = (Expect::Same.residuals(values), Expect::Onward.residuals(values));
    if bits_of(&same) <= bits_of(&onward) { (Expect::Same, same) } else { (Expect::Onward, onward) }
}

/// An optional number as one number: 0 for none.
fn plus_one(value: Option<u16>) -> i64 {
    value.map_or(0, |value| i64::from(value) + 1)
}

fn minus_one(value: i64, most: i64) -> Option<Option<u16>> {
    match value {
        0 => Some(None),
        1.. if value <= most => u16::try_from(value - 1).ok().map(Some),
        _ => None,
    }
}

/// Headings go round: no step is longer than half a turn. 0 stands for none, 1..=360 for the rest.
const HEADINGS: i64 = 361;

fn turn(from: i64, to: i64) -> u64 {
    let step = (to - from).rem_euclid(HEADINGS);
    zigzag(if step > HEADINGS / 2 { step - HEADINGS } else { step })
}

/// Differences from one fix to the next; the first is from nothing.
fn steps(values: impl Iterator<Item = i64>) -> Vec<u64> {
    let mut last = 0;
    values.map(|value| zigzag(value - std::mem::replace(&mut last, value))).collect()
}

fn sums(steps: &[u64]) -> impl Iterator<Item = i64> {
    steps.iter().scan(0_i64, |sum, step| {
        *sum = sum.wrapping_add(unzigzag(*step));
        Some(*sum)
    })
}

/// How far the order goes on: epochs, and within an epoch numbers left out.
fn order_steps(fixes: &[TrackFix]) -> Result<(Vec<u64>, Vec<u64>), BlockFault> {
    let (mut epochs, mut seqs) = (Vec::new(), Vec::new());
    for pair in fixes.windows(2) {
        let [a, b] = pair else { continue };
        if a.order() >= b.order() {
            return Err(BlockFault::Order);
        }
        epochs.push(u64::from(b.epoch - a.epoch));
        seqs.push(u64::from(if a.epoch == b.epoch { b.seq - a.seq - 1 } else { b.seq }));
    }
    Ok((epochs, seqs))
}

fn next_order(last: Order, epochs: u64, seqs: u64) -> Option<Order> {
    let epoch = u64::from(last.0).checked_add(epochs)?;
    let seq = if epochs == 0 { u64::from(last.1).checked_add(seqs)?.checked_add(1)? } else { seqs };
    Some((u32::try_from(epoch).ok()?, u32::try_from(seq).ok()?))
}

/// Packs fixes of one device.
///
/// # Errors
/// [`BlockFault::Count`] or [`BlockFault::Order`].
pub fn encode(fixes: &[TrackFix]) -> Result<Vec<u8>, BlockFault> {
    let first = fixes.first().ok_or(BlockFault::Count)?;
    let count = u16::try_from(fixes.len()).map_err(|_more| BlockFault::Count)?;
    if fixes.len() > BLOCK_FIXES_MAX {
        return Err(BlockFault::Count);
    }
    let mut out = vec![VERSION];
    out.extend(count.to_le_bytes());
    out.extend(first.epoch.to_le_bytes());
    out.extend(first.seq.to_le_bytes());
    out.extend(first.taken_at.0.to_le_bytes());
    out.extend(first.lat_e7.to_le_bytes());
    out.extend(first.lon_e7.to_le_bytes());
    let (epochs, seqs) = order_steps(fixes)?;
    let column = |of: fn(&TrackFix) -> i64| fixes.iter().map(of).collect::<Vec<i64>>();
    let (lat_by, lats) = best_of(&column(|fix| fix.lat_e7.into()));
    let (lon_by, lons) = best_of(&column(|fix| fix.lon_e7.into()));
    let mut bits = BitWriter::default();
    bits.bits(u64::from(lat_by == Expect::Onward), 1);
    bits.bits(u64::from(lon_by == Expect::Onward), 1);
    bits.column(&epochs);
    bits.column(&seqs);
    bits.column(&Expect::Onward.residuals(&column(|fix| fix.taken_at.0)));
    bits.column(&lats);
    bits.column(&lons);
    bits.column(&steps(fixes.iter().map(|fix| plus_one(fix.accuracy_dm))));
    bits.column(&steps(fixes.iter().map(|fix| plus_one(fix.speed_dmps))));
    let mut heading = 0;
    let turns = fixes.iter().map(|fix| {
        let next = plus_one(fix.heading_deg);
        turn(std::mem::replace(&mut heading, next), next)
    });
    bits.column(&turns.collect::<Vec<_>>());
    bits.column(&fixes.iter().map(|fix| code_of(fix.verdict)).collect::<Vec<_>>());
    out.extend(bits.finish());
    Ok(out)
}

/// Reads a block. Takes any bytes: what is no block is a fault, and no more than
/// [`BLOCK_FIXES_MAX`] fixes are ever made of it.
///
/// # Errors
/// [`BlockFault`].
pub fn decode(bytes: &[u8]) -> Result<Vec<TrackFix>, BlockFault> {
    if bytes.first() != Some(&VERSION) {
        return Err(BlockFault::Version);
    }
    let (head, rest) = bytes.split_first_chunk::<HEAD_LEN>().ok_or(BlockFault::Damaged)?;
    let count = usize::from(u16::from_le_bytes([head[1], head[2]]));
    if count == 0 || count > BLOCK_FIXES_MAX {
        return Err(BlockFault::Count);
    }
    read(head, rest, count).ok_or(BlockFault::Damaged)
}

fn number<const N: usize>(head: &[u8; HEAD_LEN], at: usize) -> Option<[u8; N]> {
    head.get(at..at + N)?.try_into().ok()
}

fn read(head: &[u8; HEAD_LEN], rest: &[u8], count: usize) -> Option<Vec<TrackFix>> {
    let mut order = (u32::from_le_bytes(number(head, 3)?), u32::from_le_bytes(number(head, 7)?));
    let at = i64::from_le_bytes(number(head, 11)?);
    let lat = i32::from_le_bytes(number(head, 19)?);
    let lon = i32::from_le_bytes(number(head, 23)?);
    let mut bits = BitReader::new(rest);
    let mut expect = || Some(if bits.bits(1)? == 1 { Expect::Onward } else { Expect::Same });
    let (lat_by, lon_by) = (expect()?, expect()?);
    let epochs = bits.column(count - 1)?;
    let seqs = bits.column(count - 1)?;
    let times = Expect::Onward.restore(at, &bits.column(count - 1)?);
    let lats = lat_by.restore(lat.into(), &bits.column(count - 1)?);
    let lons = lon_by.restore(lon.into(), &bits.column(count - 1)?);
    let accuracies = bits.column(count)?;
    let speeds = bits.column(count)?;
    let headings = bits.column(count)?;
    let verdicts = bits.column(count)?;
    if !bits.at_end() {
        return None;
    }
    let (mut accuracy, mut speed) = (sums(&accuracies), sums(&speeds));
    let mut heading = 0_i64;
    let mut fixes = Vec::with_capacity(count);
    for at in 0..count {
        if at > 0 {
            order = next_order(order, epochs[at - 1], seqs[at - 1])?;
        }
        heading = heading.wrapping_add(unzigzag(headings[at])).rem_euclid(HEADINGS);
        let (lat_e7, lon_e7) = (i32::try_from(lats[at]).ok()?, i32::try_from(lons[at]).ok()?);
        if lat_e7.abs_diff(0) > 900_000_000 || lon_e7.abs_diff(0) > 1_800_000_000 {
            return None;
        }
        let most = i64::from(TrackFix::ACCURACY_MAX_DM) + 1;
        fixes.push(TrackFix {
            epoch: order.0,
            seq: order.1,
            taken_at: UnixMillis(times[at]),
            lat_e7,
            lon_e7,
            accuracy_dm: minus_one(accuracy.next()?, most)?,
            speed_dmps: minus_one(speed.next()?, most)?,
            heading_deg: minus_one(heading, HEADINGS - 1)?,
            verdict: verdict_of(verdicts[at])?,
        });
    }
    Some(fixes)
}
