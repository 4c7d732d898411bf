//! Records in files: length, CRC-32C, bytes. And numbers in records: little endian.

use crc::{CRC_32_ISCSI, Crc, Table};

/// Length and checksum in front of each record.
pub(super) const HEAD_LEN: usize = 8;
/// No record is longer, bytes: a damaged length never makes anybody allocate.
pub(super) const RECORD_MAX: usize = 64 * 1024 * 1024;

const CRC32C: Crc<u32, Table<16>> = Crc::<u32, Table<16>>::new(&CRC_32_ISCSI);

/// Appends a record to `out`.
pub(super) fn put(out: &mut Vec<u8>, payload: &[u8]) {
    let length = u32::try_from(payload.len()).expect("records are bounded by their makers");
    out.extend(length.to_le_bytes());
    out.extend(CRC32C.checksum(payload).to_le_bytes());
    out.extend(payload);
}

/// The length and checksum of the record that begins here.
pub(super) fn head(bytes: &[u8]) -> Option<(usize, u32)> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let (sum, _) = rest.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    (length <= RECORD_MAX).then_some((length, u32::from_le_bytes(*sum)))
}

/// True when the bytes are what was summed.
pub(super) fn is_sound(payload: &[u8], sum: u32) -> bool {
    CRC32C.checksum(payload) == sum
}

/// The first record and what is behind it; `None` at the end, or where the file is torn.
pub(super) fn take(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, sum) = head(bytes)?;
    let rest = bytes.get(HEAD_LEN..)?;
    let (payload, rest) = (rest.get(..length)?, rest.get(length..)?);
    is_sound(payload, sum).then_some((payload, rest))
}

/// Reads numbers and bytes one after the other.
pub(super) struct Cursor<'a>(pub(super) &'a [u8]);

impl<'a> Cursor<'a> {
    pub(super) fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (taken, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*taken)
    }

    pub(super) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = (self.0.get(..count)?, self.0.get(count..)?);
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.array::<1>().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    pub(super) fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A text of at most 255 bytes with its length in front.
    pub(super) fn text(&mut self) -> Option<&'a str> {
        let length = self.u8()?;
        std::str::from_utf8(self.bytes(length.into())?).ok()
    }
}

/// Writes a text of at most 255 bytes with its length in front.
pub(super) fn put_text(out: &mut Vec<u8>, text: &str) {
    let length = u8::try_from(text.len()).expect("names of courts and files are short");
    out.push(length);
    out.extend(text.as_bytes());
}
