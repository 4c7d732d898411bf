//! Courts, their tip sources, and which officer has which name.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tiande_core::court::CourtProfile;
use tiande_core::ids::{CourtId, OfficerId};

use super::{Doors, court_of, parsed_in_job, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;
use crate::keys::{keyed_hash, random};

/// Random bytes of a source's secret; Standard Webhooks wants 24 to 64.
const SECRET_LEN: usize = 32;

/// A tip source that may deliver.
#[derive(Clone, PartialEq, Eq)]
pub struct Source {
    /// Its court.
    pub court: CourtId,
    /// Its name.
    pub name: String,
    /// What it signs with, `whsec_` and base64.
    pub secret: String,
    /// What it may still sign with, while the secret is changed.
    pub old_secrets: Vec<String>,
    /// True when it may start a dispatch by itself.
    pub trusted: bool,
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source")
            .field("court", &self.court)
            .field("name", &self.name)
            .field("trusted", &self.trusted)
            .finish_non_exhaustive()
    }
}

/// Binds a sealed secret to its source.
pub(super) fn context(court: &str, name: &str) -> Vec<u8> {
    // A court's id has no slash, so the border cannot move.
    format!("source/{court}/{name}").into_bytes()
}

/// A secret as it is handed out.
pub(super) fn fresh_secret() -> String {
    format!("whsec_{}", STANDARD.encode(random::<SECRET_LEN>()))
}

impl Doors {
    /// Adds a court.
    ///
    /// # Errors
    /// [`StoreFault`]; `is_taken` when there is one of that id.
    pub async fn add_court(&self, profile: &CourtProfile) -> Result<(), StoreFault> {
        let id = profile.id.to_string();
        let json = serde_json::to_string(profile).expect("plain data always serialises");
        let now = self.clock.now().0;
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    conn.execute(
                        sql("INSERT INTO court (id, profile_json, added_ms) \
                             VALUES ($1, $2, $3)")
                        .bind(id)
                        .bind(json)
                        .bind(now),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }

    /// All courts, by id.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn courts(&self) -> Result<Vec<CourtProfile>, StoreFault> {
        // The whole table in the order of its primary key.
        let query = sql("SELECT profile_json FROM court ORDER BY id");
        let rows: Vec<(String,)> = read(self.journal.readers().fetch_all(query)).await?;
        let parse = |(json,): &(String,)| {
            serde_json::from_str(json).map_err(|_| StoreFault::Unreadable("a court's profile"))
        };
        rows.iter().map(parse).collect()
    }

    /// Adds a tip source and returns its secret, which is shown this once. `None` when the server
    /// has one of that name; a revoked one comes back with a new secret.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_source(
        &self,
        court: &CourtId,
        name: &str,
        trusted: bool,
    ) -> Result<Option<String>, StoreFault> {
        let secret = fresh_secret();
        let sealed = self.secrets.seal(&context(court.as_str(), name), secret.as_bytes());
        self.known_sources.change(name);
        let changed = name;
        let (court, name) = (court.to_string(), name.to_owned());
        let now = self.clock.now().0;
        let added = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `source`.
                    conn.execute(
                        sql("INSERT INTO source (court, name, secret_sealed, trusted, added_ms) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (court, name) DO UPDATE SET \
                         secret_sealed = excluded.secret_sealed, trusted = excluded.trusted, \
                         added_ms = excluded.added_ms, revoked_ms = NULL \
                         WHERE source.revoked_ms IS NOT NULL")
                        .bind(court)
                        .bind(name)
                        .bind(sealed)
                        .bind(trusted)
                        .bind(now),
                    )
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await;
        self.known_sources.changed(changed);
        match added {
            Ok(added) => Ok(added.then_some(secret)),
            Err(fault) if fault.is_taken() => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// The source of that name, if it may deliver. A name is one source on the whole server, because a
    /// webhook's address names no court.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn source_by_name(&self, name: &str) -> Result<Option<Source>, StoreFault> {
        let generation = match self.known_sources.get(name) {
            Ok(known) => return Ok(Some(known)),
            Err(generation) => generation,
        };
        // Index source_by_name.
        let query = sql("SELECT court, secret_sealed, trusted FROM source \
             WHERE name = $1 AND revoked_ms IS NULL")
        .bind(name);
        let row: Option<(String, Vec<u8>, i64)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        let Some((court, sealed, trusted)) = row else { return Ok(None) };
        let secret = self.secrets.open(&context(&court, name), &sealed);
        let secret = secret.and_then(|bytes| String::from_utf8(bytes).ok());
        let secret = secret.ok_or(StoreFault::Unreadable("a source's secret"))?;
        let old_secrets = self.old_secrets(&court, name).await?;
        let court = court_of(&court)?;
        let name = name.to_owned();
        let source = Source { court, name, secret, old_secrets, trusted: trusted != 0 };
        self.known_sources.keep(&source, generation);
        Ok(Some(source))
    }

    /// Ends a source with all its secrets; false when there is none that may deliver.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn revoke_source(&self, court: &CourtId, name: &str) -> Result<bool, StoreFault> {
        self.known_sources.change(name);
        let changed = name;
        let (court, name, now) = (court.to_string(), name.to_owned(), self.clock.now().0);
        let revoked = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary keys of `source_old_secret` and `source`.
                    conn.execute(
                        sql("DELETE FROM source_old_secret WHERE court = $1 AND name = $2")
                            .bind(court.clone())
                            .bind(name.clone()),
                    )
                    .await?;
                    conn.execute(
                        sql("UPDATE source SET revoked_ms = $1 \
                         WHERE court = $2 AND name = $3 AND revoked_ms IS NULL")
                        .bind(now)
                        .bind(court)
                        .bind(name),
                    )
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await;
        self.known_sources.changed(changed);
        revoked
    }

    fn officer_key(&self, court: &CourtId, name: &str) -> Vec<u8> {
        keyed_hash(&self.officer_names, &[court.as_str().as_bytes(), name.as_bytes()]).to_vec()
    }

    /// The officer of that name; when there is none, the name is given to `fresh`.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn officer_named(
        &self,
        court: &CourtId,
        name: &str,
        fresh: OfficerId,
    ) -> Result<OfficerId, StoreFault> {
        let key = self.officer_key(court, name);
        let court = court.to_string();
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Primary key of `officer_name`; the empty update makes RETURNING see the row.
                    let (id,): (String,) = conn
                        .fetch_one(
                            sql("INSERT INTO officer_name (name_key, court, officer) \
                         VALUES ($1, $2, $3) \
                         ON CONFLICT (name_key) DO UPDATE SET officer = officer_name.officer \
                         RETURNING officer")
                            .bind(key)
                            .bind(court)
                            .bind(fresh.to_string()),
                        )
                        .await?;
                    parsed_in_job(&id)
                })
            })
            .await
    }

    /// The officers of these names, in their order; where there is none, the name is given to the one
    /// beside it. All or nothing.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn officers_named(
        &self,
        court: &CourtId,
        named: Vec<(String, OfficerId)>,
    ) -> Result<Vec<OfficerId>, StoreFault> {
        let keyed = named.into_iter().map(|(name, fresh)| (self.officer_key(court, &name), fresh));
        let (keyed, court): (Vec<_>, _) = (keyed.collect(), court.to_string());
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    let mut officers = Vec::with_capacity(keyed.len());
                    for (key, fresh) in keyed {
                        // As in `officer_named`.
                        let (id,): (String,) = conn
                            .fetch_one(
                                sql("INSERT INTO officer_name (name_key, court, officer) \
                             VALUES ($1, $2, $3) \
                             ON CONFLICT (name_key) DO UPDATE SET officer = officer_name.officer \
                             RETURNING officer")
                                .bind(key)
                                .bind(court.clone())
                                .bind(fresh.to_string()),
                            )
                            .await?;
                        officers.push(parsed_in_job(&id)?);
                    }
                    Ok(officers)
                })
            })
            .await
    }

    /// Forgets which name an officer has.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn forget_officer_name(&self, officer: OfficerId) -> Result<(), StoreFault> {
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Index officer_name_by_officer.
                    conn.execute(
                        sql("DELETE FROM officer_name WHERE officer = $1")
                            .bind(officer.to_string()),
                    )
                    .await
                    .map(drop)
                })
            })
            .await
    }
}
