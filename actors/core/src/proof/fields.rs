//! The bytes that are signed: fields in fixed order, each with its length in front, as in the
//! journal's envelope, so that no border between two fields can move.

/// The fields, each with its length (u32, big-endian) in front.
pub(super) fn joined(fields: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(256);
    for field in fields {
        bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(field);
    }
    bytes
}
