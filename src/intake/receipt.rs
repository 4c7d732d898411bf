//! The receipt that a sender gets for a tip: 25 characters that nobody can guess and that are the
//! same for every answer to the same tip.

use tiande_core::ids::TipId;

use crate::keys::{MasterKey, keyed_hash};

/// Crockford's base32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Length of a receipt, characters of five bits each.
pub const RECEIPT_LEN: usize = 25;

/// The receipt of a tip: the first 125 bits of an HMAC-SHA256 under a key of its own.
#[must_use]
pub fn receipt(master: &MasterKey, tip: TipId) -> String {
    let hash = keyed_hash(&master.derive("receipts of tips"), &[b"receipt", tip.0.as_bytes()]);
    let bit = |index: usize| hash[index / 8] >> (7 - index % 8) & 1;
    (0..RECEIPT_LEN)
        .map(|place| {
            let digit = (0..5).fold(0, |digit, offset| digit << 1 | bit(place * 5 + offset));
            char::from(DIGITS[usize::from(digit)])
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tip(last: char) -> TipId {
        format!("0190a5b0-0000-7000-8000-00000000000{last}").parse().expect("an id")
    }

    #[test]
    fn a_receipt_is_the_same_for_the_same_tip_and_no_other() {
        let master = MasterKey::from_bytes([1; 32]);
        let first = receipt(&master, tip('1'));
        assert_eq!(first, receipt(&master, tip('1')));
        assert_ne!(first, receipt(&master, tip('2')));
        assert_ne!(first, receipt(&MasterKey::from_bytes([2; 32]), tip('1')));
        assert_eq!(first.len(), RECEIPT_LEN);
        assert!(first.bytes().all(|digit| DIGITS.contains(&digit)), "{first}");
    }

    #[test]
    fn bits_are_taken_in_order() {
        let master = MasterKey::from_bytes([1; 32]);
        let hash =
            keyed_hash(&master.derive("receipts of tips"), &[b"receipt", tip('1').0.as_bytes()]);
        let text = receipt(&master, tip('1'));
        assert_eq!(text.as_bytes()[0], DIGITS[usize::from(hash[0] >> 3)]);
        assert_eq!(
            text.as_bytes()[24],
            DIGITS[usize::from(hash[15] >> 3)],
            "characters 0..24 use 120 bits, the last one the next five"
        );
    }
}
