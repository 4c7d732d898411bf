//! A column of numbers in few bits: Rice codes, with the parameter that suits this column best.
//!
//! A number `v` is written as `v >> k` one-bits, a zero-bit and the low `k` bits of `v`. What would
//! take too many one-bits is written in full behind [`ESCAPE`] of them. A column of zeros only takes
//! no bits at all.

/// So many one-bits say that the number follows in full.
const ESCAPE: u32 = 24;
/// Bits of a column's parameter.
const PARAMETER_BITS: u32 = 6;
/// Greatest parameter; wider numbers take the escape.
const PARAMETER_MAX: u32 = 40;
/// The parameter of a column of zeros.
const ALL_ZERO: u32 = 63;

/// Signed to unsigned, small to small.
pub(super) fn zigzag(value: i64) -> u64 {
    ((value << 1) ^ (value >> 63)).cast_unsigned()
}

/// Back again.
pub(super) fn unzigzag(value: u64) -> i64 {
    (value >> 1).cast_signed() ^ -((value & 1).cast_signed())
}

/// Bits that a column takes with that parameter.
fn cost(values: &[u64], k: u32) -> u64 {
    let each = |value: &u64| {
        let ones = value >> k;
        if ones < u64::from(ESCAPE) { ones + 1 + u64::from(k) } else { u64::from(ESCAPE) + 64 }
    };
    values.iter().map(each).sum()
}

/// The best parameter and the bits the column takes with it.
fn best(values: &[u64]) -> (u32, u64) {
    if values.iter().all(|value| *value == 0) {
        return (ALL_ZERO, 0);
    }
    let costs = (0..=PARAMETER_MAX).map(|k| (k, cost(values, k)));
    costs.min_by_key(|(_, bits)| *bits).unwrap_or((0, u64::MAX))
}

/// Bits that a column takes.
pub(super) fn bits_of(values: &[u64]) -> u64 {
    best(values).1
}

/// Writes bits, the highest of each byte first.
#[derive(Default)]
pub(super) struct BitWriter {
    bytes: Vec<u8>,
    used: u32,
}

impl BitWriter {
    /// Writes the low `count` bits (0..=64), highest first.
    pub(super) fn bits(&mut self, value: u64, count: u32) {
        for at in (0..count).rev() {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let bit = u8::from(value >> at & 1 == 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= bit << (7 - self.used);
            }
            self.used = (self.used + 1) % 8;
        }
    }

    /// Writes a column.
    pub(super) fn column(&mut self, values: &[u64]) {
        let (k, _) = best(values);
        self.bits(u64::from(k), PARAMETER_BITS);
        if k == ALL_ZERO {
            return;
        }
        for value in values {
            let ones = value >> k;
            if ones < u64::from(ESCAPE) {
                // At most 23 one-bits and the zero behind them.
                self.bits((1 << (ones + 1)) - 2, u32::try_from(ones).unwrap_or(ESCAPE) + 1);
                self.bits(*value, k);
            } else {
                self.bits((1 << ESCAPE) - 1, ESCAPE);
                self.bits(*value, 64);
            }
        }
    }

    /// What was written; the rest of the last byte is zero.
    pub(super) fn finish(self) -> Vec<u8> {
        self.bytes
    }
}

/// Reads bits that [`BitWriter`] wrote; beyond the end there is `None`.
pub(super) struct BitReader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> BitReader<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next `count` bits (0..=64).
    pub(super) fn bits(&mut self, count: u32) -> Option<u64> {
        let mut value = 0;
        for _ in 0..count {
            let byte = self.bytes.get(self.at / 8)?;
            value = value << 1 | u64::from(byte >> (7 - self.at % 8) & 1);
            self.at += 1;
        }
        Some(value)
    }

    /// A column of that many numbers.
    pub(super) fn column(&mut self, count: usize) -> Option<Vec<u64>> {
        let k = u32::try_from(self.bits(PARAMETER_BITS)?).ok()?;
        if k == ALL_ZERO {
            return Some(vec![0; count]);
        }
        if k > PARAMETER_MAX {
            return None;
        }
        let mut values = Vec::with_capacity(count);
        for _ in 0..count {
            let mut ones = 0;
            while ones < ESCAPE && self.bits(1)? == 1 {
                ones += 1;
            }
            values.push(if ones == ESCAPE {
                self.bits(64)?
            } else {
                u64::from(ones) << k | self.bits(k)?
            });
        }
        Some(values)
    }

    /// True when nothing but the rest of the last byte is left.
    pub(super) fn at_end(&self) -> bool {
        self.at.div_ceil(8) == self.bytes.len()
    }
}
