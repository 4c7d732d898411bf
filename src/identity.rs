//! A case's identity code (案件二维码): what is on its paper file and at the foot of its documents. It names the case to
//! who may know it, and shows nothing to anybody else: neither the number nor whether there is such a case.
//!
//! It is no key: it opens nothing by itself. Links that do are in the case's file.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;
use tiande_core::ids::CaseId;
use uuid::Uuid;

use crate::keys::{MasterKey, keyed_hash};

/// What such a code begins with.
const PREFIX: &str = "i1";
/// Bytes of its seal.
const SEAL: usize = 16;

fn seal(master: &MasterKey, case: CaseId) -> [u8; SEAL] {
    let hash = keyed_hash(&master.derive("case-identity"), &[case.0.as_bytes()]);
    let mut short = [0; SEAL];
    short.iter_mut().zip(hash).for_each(|(to, from)| *to = from);
    short
}

/// The code of a case: the same for ever.
#[must_use]
pub fn code_of(master: &MasterKey, case: CaseId) -> String {
    let mut bytes = case.0.as_bytes().to_vec();
    bytes.extend(seal(master, case));
    format!("{PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
}

/// The case of a code; `None` for what is none of ours.
#[must_use]
pub fn case_of(master: &MasterKey, code: &str) -> Option<CaseId> {
    let bytes = URL_SAFE_NO_PAD.decode(code.strip_prefix(PREFIX)?).ok()?;
    let (id, sealed) = bytes.split_at_checked(16)?;
    let case = Uuid::from_slice(id).ok().map(CaseId)?;
    bool::from(seal(master, case).ct_eq(sealed)).then_some(case)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_names_its_case_and_no_other_text_does() {
        let master = MasterKey::from_bytes([7; 32]);
        let case = CaseId(Uuid::from_u128(0x0190_a5b0_0000_7000_8000_0000_0000_0001));
        let code = code_of(&master, case);
        assert_eq!(code.len(), 45);
        assert_eq!(case_of(&master, &code), Some(case));
        assert_eq!(case_of(&MasterKey::from_bytes([8; 32]), &code), None, "another server's");
        for nth in 0..code.len() {
            let mut changed: Vec<u8> = code.bytes().collect();
            changed[nth] = if changed[nth] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(changed).expect("ASCII");
            assert_eq!(case_of(&master, &changed).filter(|of| *of == case), None, "{nth}");
        }
        for none in ["", "i1", "i1AAAA", "p1", &code[..44]] {
            assert_eq!(case_of(&master, none), None, "{none}");
        }
    }
}
