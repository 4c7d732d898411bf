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

/// Values that are summed up between two looks at whether it is worth going on.
const STRETCH: usize = 64;

/// Bits that a column takes with that parameter; anything above `most` once it is clear that it takes more.
fn cost(values: &[u64], k: u32, most: u64) -> u64 {
    let each = |value: &u64| {
        let ones = value >> k;
        if ones < u64::from(ESCAPE) { ones + 1 + u64::from(k) } else { u64::from(ESCAPE) + 64 }
    };
    let mut bits = 0;
    for stretch in values.chunks(STRETCH) {
        bits += stretch.iter().map(each).sum::<u64>();
        if bits > most {
            break;
        }
    }
    bits
}

/// The best parameter, the least of several, and the bits the column takes with it.
///
/// Begins at the parameter that fits the mean, which is the best or beside it for nearly all columns, and
/// gives the others up early: a greater one when its fixed bits alone are too many, a lesser one as soon as
/// its sum is. All 41 of each of some twelve columns were a quarter of what a gateway's position cost.
fn best(values: &[u64]) -> (u32, u64) {
    let sum = values.iter().fold(0_u64, |sum, value| sum.saturating_add(*value));
    if sum == 0 {
        return (ALL_ZERO, 0);
    }
    let count = values.len() as u64;
    let fitting = (sum / count).checked_ilog2().unwrap_or(0).min(PARAMETER_MAX);
    let (mut parameter, mut bits) = (fitting, cost(values, fitting, u64::MAX));
    for k in fitting + 1..=PARAMETER_MAX {
        if count * u64::from(k + 1) >= bits {
            break;
        }
        let tried = cost(values, k, bits);
        if tried < bits {
            (parameter, bits) = (k, tried);
        }
    }
    for k in (0..fitting).rev() {
        let tried = cost(values, k, bits);
        if tried <= bits {
            (parameter, bits) = (k, tried);
        }
    }
    (parameter, bits)
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
    pub(super) fn bits(&mut self, value: u64, mut count: u32) {
        while count > 0 {
            if self.used == 0 {
                self.bytes.push(0);
            }
            let step = count.min(8 - self.used);
            count -= step;
            let [piece, ..] = (value >> count & ((1 << step) - 1)).to_le_bytes();
            if let Some(last) = self.bytes.last_mut() {
                *last |= piece << (8 - self.used - step);
            }
            self.used = (self.used + step) % 8;
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// All parameters, each to its end.
    fn plainly_best(values: &[u64]) -> (u32, u64) {
        if values.iter().all(|value| *value == 0) {
            return (ALL_ZERO, 0);
        }
        let costs = (0..=PARAMETER_MAX).map(|k| (k, cost(values, k, u64::MAX)));
        costs.min_by_key(|(_, bits)| *bits).expect("41 of them")
    }

    proptest! {
        #[test]
        fn giving_up_early_finds_the_same(
            widths in prop::collection::vec((0..=64_u32, any::<u64>()), 1..400),
            narrow in 1..=64_u32,
        ) {
            // Of few bits mostly, with some that stand out.
            let values: Vec<u64> = widths
                .into_iter()
                .enumerate()
                .map(|(at, (width, value))| {
                    let width = if at % 7 == 0 { width } else { width % narrow };
                    if width == 0 { 0 } else { value >> (64 - width) }
                })
                .collect();
            prop_assert_eq!(best(&values), plainly_best(&values));
        }

        #[test]
        fn bits_come_back_in_their_order(
            pieces in prop::collection::vec((any::<u64>(), 0..=64_u32), 0..100),
        ) {
            let mut writer = BitWriter::default();
            pieces.iter().for_each(|(value, count)| writer.bits(*value, *count));
            let written = writer.finish();
            let mut reader = BitReader::new(&written);
            for (value, count) in pieces {
                let low = if count == 64 { value } else { value & ((1 << count) - 1) };
                prop_assert_eq!(reader.bits(count), Some(low));
            }
            prop_assert!(reader.at_end());
        }
    }
}
