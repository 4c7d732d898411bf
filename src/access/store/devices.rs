//! Handhelds: one-time codes to enrol them, tokens to know them again.

use sha2::{Digest as _, Sha256};
use tiande_core::ids::{CourtId, DeviceId, OfficerId};

use super::{Doors, court_of, parsed, parsed_in_job, read};
use crate::access::peers::{PeerNetwork, Place};
use crate::journal::StoreFault;
use crate::journal::sql::sql;
use crate::keys::random;

/// Crockford's base32: no I, L, O, U.
const DIGITS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters of a code, five bits each: a hundred bits that nobody guesses in a day.
const CODE_LEN: usize = 20;
/// A code's life, milliseconds: a day.
const CODE_LIFE_MS: i64 = 24 * 3_600 * 1_000;

/// A handheld and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRow {
    /// Its identity.
    pub device: DeviceId,
    /// Its court.
    pub court: CourtId,
    /// Its officer.
    pub officer: OfficerId,
}

/// A code that is good at this moment.
#[derive(Debug)]
pub struct Enrolment {
    hash: Vec<u8>,
    /// The court whose handheld it enrols.
    pub court: CourtId,
}

/// A new code.
fn new_code() -> String {
    random::<CODE_LEN>().iter().map(|b| char::from(DIGITS[usize::from(b % 32)])).collect()
}

/// What is kept of a code, however it was typed: small letters, spaces and dashes do not matter, and
/// the letters that Crockford leaves out are read as the digits they look like.
fn code_hash(typed: &str) -> Vec<u8> {
    let mut digest = Sha256::new();
    digest.update(b"enrolment code ");
    for typed in typed.chars().filter(|c| !c.is_whitespace() && *c != '-') {
        let meant = match typed.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        };
        digest.update(meant.encode_utf8(&mut [0; 4]).as_bytes());
    }
    digest.finalize().to_vec()
}

impl Doors {
    /// Makes a code by which one handheld can become this officer's, within a day.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_enrolment(
        &self,
        court: &CourtId,
        officer: OfficerId,
    ) -> Result<String, StoreFault> {
        let code = new_code();
        let (hash, court, now) = (code_hash(&code), court.to_string(), self.clock.now().0);
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Index enrolment_by_expiry.
                    conn.execute(sql("DELETE FROM enrolment WHERE expires_ms < $1").bind(now))
                        .await?;
                    conn.execute(
                        sql("INSERT INTO enrolment (code_sha256, court, officer, expires_ms) \
                         VALUES ($1, $2, $3, $4)")
                        .bind(hash)
                        .bind(court)
                        .bind(officer.to_string())
                        .bind(now.saturating_add(CODE_LIFE_MS)),
                    )
                    .await
                    .map(drop)
                })
            })
            .await?;
        Ok(code)
    }

    /// A place for an enrolment, held until it is over; `None` when too many are under way, in all or
    /// in that network.
    #[must_use]
    pub fn admit_enrolment(&self, network: PeerNetwork) -> Option<Place> {
        self.enrolments.take(Some(network))
    }

    /// Looks a code up, without the writer: strangers who guess reach no further. `None` for an
    /// unknown, used or old code.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn find_enrolment(&self, code: &str) -> Result<Option<Enrolment>, StoreFault> {
        let hash = code_hash(code);
        // Primary key of `enrolment`.
        let query = sql("SELECT court FROM enrolment \
             WHERE code_sha256 = $1 AND used_ms IS NULL AND expires_ms > $2")
        .bind(hash.clone())
        .bind(self.clock.now().0);
        let court: Option<(String,)> = read(self.journal.readers().fetch_optional(query)).await?;
        court.map(|(court,)| Ok(Enrolment { hash, court: court_of(&court)? })).transpose()
    }

    /// Turns a code that was found into a handheld with that token. `None` when it was used or grew
    /// old meanwhile: of two that use one code at the same moment, one gets it.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn redeem_enrolment(
        &self,
        found: Enrolment,
        device: DeviceId,
        token_sha256: [u8; 32],
    ) -> Result<Option<DeviceRow>, StoreFault> {
        let (hash, now) = (found.hash, self.clock.now().0);
        let enrolled = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `enrolment`.
                    let owner: Option<(String, String)> = conn
                        .fetch_optional(
                            sql("UPDATE enrolment SET used_ms = $1 \
                         WHERE code_sha256 = $2 AND used_ms IS NULL AND expires_ms > $3 \
                         RETURNING court, officer")
                            .bind(now)
                            .bind(hash)
                            .bind(now),
                        )
                        .await?;
                    let Some((court, officer)) = owner else { return Ok(None) };
                    conn.execute(
                        sql("INSERT INTO device (id, court, officer, token_sha256, enrolled_ms) \
                         VALUES ($1, $2, $3, $4, $5)")
                        .bind(device.to_string())
                        .bind(&court)
                        .bind(&officer)
                        .bind(token_sha256.to_vec())
                        .bind(now),
                    )
                    .await?;
                    Ok(Some((court, parsed_in_job::<OfficerId>(&officer)?)))
                })
            })
            .await?;
        let Some((court, officer)) = enrolled else { return Ok(None) };
        Ok(Some(DeviceRow { device, court: court_of(&court)?, officer }))
    }

    /// The handheld with that token, if it was not revoked.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn device_by_token(
        &self,
        token_sha256: [u8; 32],
    ) -> Result<Option<DeviceRow>, StoreFault> {
        // UNIQUE (token_sha256) of `device`.
        let query = sql("SELECT id, court, officer FROM device \
             WHERE token_sha256 = $1 AND revoked_ms IS NULL")
        .bind(token_sha256.to_vec());
        let row: Option<(String, String, String)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        row.map(|(device, court, officer)| device_row(&device, &court, &officer)).transpose()
    }

    /// True when the handheld is enrolled and was not revoked.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn device_allowed(&self, device: DeviceId) -> Result<bool, StoreFault> {
        let generation = match self.known_devices.allows(device) {
            Ok(()) => return Ok(true),
            Err(generation) => generation,
        };
        // Primary key of `device`.
        let query =
            sql("SELECT EXISTS (SELECT 1 FROM device WHERE id = $1 AND revoked_ms IS NULL)")
                .bind(device.to_string());
        let (allowed,): (bool,) = read(self.journal.readers().fetch_one(query)).await?;
        if allowed {
            self.known_devices.keep(device, generation);
        }
        Ok(allowed)
    }

    /// Revokes a handheld. `None` when there is none of that id; revoking again is the same.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn revoke_device(&self, device: DeviceId) -> Result<Option<DeviceRow>, StoreFault> {
        let now = self.clock.now().0;
        self.known_devices.change(device);
        let revoked = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `device`.
                    conn.fetch_optional(
                        sql(
                            "UPDATE device SET revoked_ms = COALESCE(revoked_ms, $1) WHERE id = $2 \
                         RETURNING court, officer",
                        )
                        .bind(now)
                        .bind(device.to_string()),
                    )
                    .await
                })
            })
            .await;
        self.known_devices.changed(device);
        let row: Option<(String, String)> = revoked?;
        row.map(|(court, officer)| device_row(&device.to_string(), &court, &officer)).transpose()
    }
}

fn device_row(device: &str, court: &str, officer: &str) -> Result<DeviceRow, StoreFault> {
    Ok(DeviceRow {
        device: parsed("a device's id", device)?,
        court: court_of(court)?,
        officer: parsed("an officer's id", officer)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_plain_and_read_as_people_type() {
        let code = new_code();
        assert_eq!(code.len(), CODE_LEN);
        assert!(code.bytes().all(|digit| DIGITS.contains(&digit)), "{code}");
        assert_ne!(code, new_code());
        let typed = format!(" {}-{} ", &code[..10].to_ascii_lowercase(), &code[10..]);
        assert_eq!(code_hash(&typed), code_hash(&code));
        assert_eq!(code_hash("oil"), code_hash("011"));
    }
}
