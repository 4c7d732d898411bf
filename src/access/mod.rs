//! Doors: who is it, and may it? Authentication lives here; the policy itself is `tiande_core::access`.

pub mod guard;
pub mod peers;
pub mod store;
pub mod tickets;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

/// 256 random bits as URL-safe text: tokens of sessions, devices, tickets.
///
/// # Panics
/// When the operating system has no randomness; nothing secret can be made then.
#[must_use]
pub fn random_token() -> String {
    let mut bytes = [0; 32];
    getrandom::fill(&mut bytes).expect("the operating system gives randomness");
    URL_SAFE_NO_PAD.encode(bytes)
}

/// What is kept of a token.
#[must_use]
pub fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
