//! Browsers in which somebody has signed in before (OWASP calls it a device cookie).
//!
//! After a right password the browser keeps a token that says so, for that name. It opens nothing: a
//! sign-in from such a browser needs the password like any other, but its wrong tries are counted
//! for it alone (`tries`), so that strangers who type the same name cannot shut it out, not even from
//! behind the same address. The server keeps nothing: the token is signed.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq as _;

use super::Doors;
use crate::keys::{keyed_hash, random};

/// A browser is known for so long after its last sign-in, milliseconds: 90 days.
pub const KNOWN_MS: i64 = 90 * 24 * 3_600 * 1_000;
const NONCE_LEN: usize = 16;
const TIME_LEN: usize = 8;
const MAC_LEN: usize = 32;

/// A browser that is known for a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Browser([u8; NONCE_LEN]);

impl Browser {
    /// What tells it from others.
    pub(super) fn nonce(&self) -> &[u8] {
        &self.0
    }
}

impl Doors {
    /// Names the token of a name, so that people who share a browser each have theirs: 16 hex digits
    /// that tell nothing of the name.
    #[must_use]
    pub fn browser_token_name(&self, username: &str) -> String {
        let hash = keyed_hash(&self.known_browsers, &[b"token of", username.as_bytes()]);
        hex::encode(&hash[..8])
    }

    /// A new token for the browser in which that name has just signed in.
    #[must_use]
    pub fn browser_token(&self, username: &str) -> String {
        let (time, nonce) = (self.clock.now().0.to_be_bytes(), random::<NONCE_LEN>());
        let mac = keyed_hash(&self.known_browsers, &[username.as_bytes(), &time, &nonce]);
        URL_SAFE_NO_PAD.encode([&time[..], &nonce, &mac].concat())
    }

    /// The browser that shows this token, when it was given for that name and is not too old.
    #[must_use]
    pub fn browser(&self, username: &str, token: &str) -> Option<Browser> {
        let bytes = URL_SAFE_NO_PAD.decode(token).ok()?;
        let bytes: [u8; TIME_LEN + NONCE_LEN + MAC_LEN] = bytes.try_into().ok()?;
        let (time, rest) = bytes.split_first_chunk::<TIME_LEN>()?;
        let (nonce, given) = rest.split_first_chunk::<NONCE_LEN>()?;
        let mac = keyed_hash(&self.known_browsers, &[username.as_bytes(), time, nonce]);
        let age = self.clock.now().0.saturating_sub(i64::from_be_bytes(*time));
        (bool::from(mac[..].ct_eq(given)) && age < KNOWN_MS).then_some(Browser(*nonce))
    }
}
