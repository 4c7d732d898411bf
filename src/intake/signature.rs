//! Standard Webhooks 1.0: who sent this, and is it fresh.
//!
//! Done here and not by `standardwebhooks::Webhook::verify`, because that one asks the system's clock
//! and signs nothing but UTF-8, while a body that is no UTF-8 has to be refused as such *after* its
//! signature was found right. The tests hold this against that crate, which also signs what
//! `tiande tip` sends.
//!
//! The time counts only once the signature is right: to a stranger every refusal looks the same. Of a
//! large body the time is looked at before it is read ([`Signed::check_head`]), for everybody alike.

use actix_web::http::header::HeaderMap;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use subtle::{Choice, ConstantTimeEq};
use tiande_core::time::UnixMillis;

use crate::api::problem::Problem;
use crate::keys::random;

/// A delivery may have been signed so many seconds before or after now.
pub const TOLERANCE_S: i64 = 300;
/// Of several signatures so many of our version are looked at.
const SIGNATURES_MAX: usize = 16;
const ID_LEN_MAX: usize = 256;
const SECRET_PREFIX: &str = "whsec_";

/// The three headers of a delivery.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed {
    /// `webhook-id`: 1–256 visible ASCII characters, no full stop.
    pub id: String,
    /// `webhook-timestamp` as it came: its spelling was signed.
    timestamp: String,
    /// `webhook-signature` as it came.
    signatures: String,
}

impl Signed {
    /// Takes the headers out of a request.
    ///
    /// # Errors
    /// 401 when one of them is absent or there twice, 400 when the id is malformed.
    pub fn read(headers: &HeaderMap) -> Result<Self, Problem> {
        let only = |name: &str| {
            let mut values = headers.get_all(name);
            match (values.next(), values.next()) {
                (Some(only), None) => Ok(only.as_bytes()),
                _ => Err(Problem::signature()),
            }
        };
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec());
        let id = only("webhook-id")?;
        let timestamp = only("webhook-timestamp")?;
        let signatures = only("webhook-signature")?;
        let is_id = (1..=ID_LEN_MAX).contains(&id.len())
            && id.iter().all(|byte| byte.is_ascii_graphic() && *byte != b'.');
        if !is_id {
            return Err(Problem::webhook_id_invalid());
        }
        Ok(Self {
            id: text(id).map_err(|_never| Problem::webhook_id_invalid())?,
            timestamp: text(timestamp).map_err(|_no_text| Problem::signature())?,
            signatures: text(signatures).map_err(|_no_text| Problem::signature())?,
        })
    }

    /// Checks the signatures, then the time. It passes when any signature was made with any of the
    /// secrets. Takes as long for a wrong signature as for a right one.
    ///
    /// # Errors
    /// 401 `signature`, or 401 `timestamp` when only the time is wrong.
    pub fn verify(&self, body: &[u8], secrets: &[Secret], now: UnixMillis) -> Result<(), Problem> {
        let given: Vec<[u8; 32]> = self.given().collect();
        let mut found = Choice::from(0);
        for secret in secrets {
            let expected = secret.sign(self, body);
            for signature in &given {
                found |= signature.ct_eq(&expected);
            }
        }
        if !bool::from(found) {
            return Err(Problem::signature());
        }
        if self.is_fresh(now) { Ok(()) } else { Err(Problem::timestamp()) }
    }

    /// The clock that a delivery is judged by: the server's, or what the machine shows when only by that it is
    /// fresh. While the machine's clock is doubted nobody knows which of them is right, and a tip that is
    /// genuine by either must come in.
    #[must_use]
    pub fn clock(&self, believed: UnixMillis, shown: UnixMillis) -> UnixMillis {
        if !self.is_fresh(believed) && self.is_fresh(shown) { shown } else { believed }
    }

    /// The signatures of our version that could be one.
    fn given(&self) -> impl Iterator<Item = [u8; 32]> {
        self.signatures
            .split(' ')
            .filter_map(|signature| signature.strip_prefix("v1,"))
            .take(SIGNATURES_MAX)
            .filter_map(|encoded| STANDARD.decode(encoded).ok()?.try_into().ok())
    }

    /// What the head alone shows, asked before a large body is read. It says the same to everybody,
    /// whatever source is named and whatever its secret, so nobody learns anything from it; whether
    /// there is such a source and whether the signature is right shows only when the body is there.
    ///
    /// # Errors
    /// 401 `signature` when nothing in the head can be one, 401 `timestamp` when its time is not now.
    pub fn check_head(&self, now: UnixMillis) -> Result<(), Problem> {
        if self.given().next().is_none() {
            return Err(Problem::signature());
        }
        if self.is_fresh(now) { Ok(()) } else { Err(Problem::timestamp()) }
    }

    fn is_fresh(&self, now: UnixMillis) -> bool {
        let is_number = self.timestamp.bytes().all(|digit| digit.is_ascii_digit());
        let Ok(at) = self.timestamp.parse::<i64>() else { return false };
        let distance = now.0.div_euclid(1_000).saturating_sub(at);
        is_number && (-TOLERANCE_S..=TOLERANCE_S).contains(&distance)
    }
}

/// The key of a source. Shows nothing of itself.
#[derive(Clone)]
pub struct Secret(Vec<u8>);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

impl Secret {
    /// Reads a secret as it is handed out: `whsec_` and base64.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let encoded = text.strip_prefix(SECRET_PREFIX)?;
        STANDARD.decode(encoded).ok().filter(|key| !key.is_empty()).map(Self)
    }

    /// A secret that nobody has: checking with it takes as long as with a real one, and fails. For
    /// sources that there are not.
    #[must_use]
    pub fn nobodys() -> Self {
        Self(random::<32>().to_vec())
    }

    fn sign(&self, signed: &Signed, body: &[u8]) -> [u8; 32] {
        let mut mac =
            <Hmac<Sha256> as KeyInit>::new_from_slice(&self.0).expect("HMAC takes any key length");
        for part in [signed.id.as_bytes(), b".", signed.timestamp.as_bytes(), b".", body] {
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }
}

/// A head signed at that second, with a signature that could be one.
#[cfg(test)]
pub(super) fn a_head(second: i64) -> Signed {
    let signatures = format!("v1,{}", STANDARD.encode([7; 32]));
    Signed { id: "msg".to_owned(), timestamp: second.to_string(), signatures }
}

/// That second.
#[cfg(test)]
pub(super) fn at(second: i64) -> UnixMillis {
    UnixMillis(second * 1_000)
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
