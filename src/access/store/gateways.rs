//! Gateways: machines that report positions of a court's officers, known by a secret of their own.

use tiande_core::ids::{CourtId, GatewayId};
use tiande_core::time::UnixMillis;

use super::{Doors, court_of, parsed, read};
use crate::access::{random_token, token_hash};
use crate::entropy::IdEntropy;
use crate::journal::StoreFault;
use crate::journal::sql::sql;

/// What every gateway's secret begins with; a handheld's token never does.
pub const SECRET_PREFIX: &str = "tgw_";

/// A gateway that may report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayRow {
    /// Its identity.
    pub gateway: GatewayId,
    /// Its court.
    pub court: CourtId,
}

/// A gateway in the operator's list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayListed {
    /// Its identity.
    pub gateway: GatewayId,
    /// Its court.
    pub court: CourtId,
    /// Its name.
    pub name: String,
    /// Since when there is it.
    pub added_at: UnixMillis,
    /// Since when it may not report any more.
    pub revoked_at: Option<UnixMillis>,
}

impl Doors {
    /// Adds a gateway and returns its identity and its secret, which is shown this once. `None` when
    /// the server has one of that name; a revoked one comes back as another, with a new secret.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn add_gateway(
        &self,
        court: &CourtId,
        name: &str,
    ) -> Result<Option<(GatewayId, String)>, StoreFault> {
        let gateway = GatewayId::new(self.clock.now(), &mut IdEntropy);
        let secret = format!("{SECRET_PREFIX}{}", random_token());
        let hash = token_hash(&secret).to_vec();
        let (court, name, now) = (court.to_string(), name.to_owned(), self.clock.now().0);
        let added = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // UNIQUE (name) of `gateway`.
                    conn.execute(
                        sql("INSERT INTO gateway (id, court, name, secret_sha256, added_ms) \
                         VALUES ($1, $2, $3, $4, $5) ON CONFLICT (name) DO UPDATE SET \
                         id = excluded.id, court = excluded.court, \
                         secret_sha256 = excluded.secret_sha256, \
                         added_ms = excluded.added_ms, revoked_ms = NULL \
                         WHERE gateway.revoked_ms IS NOT NULL")
                        .bind(gateway.to_string())
                        .bind(court)
                        .bind(name)
                        .bind(hash)
                        .bind(now),
                    )
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await?;
        Ok(added.then_some((gateway, secret)))
    }

    /// The gateway with that secret, if it was not revoked.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn gateway_by_secret(&self, secret: &str) -> Result<Option<GatewayRow>, StoreFault> {
        // UNIQUE (secret_sha256) of `gateway`.
        let query =
            sql("SELECT id, court FROM gateway WHERE secret_sha256 = $1 AND revoked_ms IS NULL")
                .bind(token_hash(secret).to_vec());
        let row: Option<(String, String)> =
            read(self.journal.readers().fetch_optional(query)).await?;
        row.map(|(gateway, court)| {
            Ok(GatewayRow {
                gateway: parsed("a gateway's id", &gateway)?,
                court: court_of(&court)?,
            })
        })
        .transpose()
    }

    /// True when the gateway is known and was not revoked.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn gateway_allowed(&self, gateway: GatewayId) -> Result<bool, StoreFault> {
        // Primary key of `gateway`.
        let query =
            sql("SELECT EXISTS (SELECT 1 FROM gateway WHERE id = $1 AND revoked_ms IS NULL)")
                .bind(gateway.to_string());
        let (allowed,): (bool,) = read(self.journal.readers().fetch_one(query)).await?;
        Ok(allowed)
    }

    /// Ends a gateway; false when there is none of that name that may report.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn revoke_gateway(&self, name: &str) -> Result<bool, StoreFault> {
        let (name, now) = (name.to_owned(), self.clock.now().0);
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // UNIQUE (name) of `gateway`.
                    conn.execute(
                        sql("UPDATE gateway SET revoked_ms = $1 \
                         WHERE name = $2 AND revoked_ms IS NULL")
                        .bind(now)
                        .bind(name),
                    )
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await
    }

    /// All gateways, by name.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn gateways(&self) -> Result<Vec<GatewayListed>, StoreFault> {
        // The whole table, a few rows, in the order of UNIQUE (name).
        let query = sql("SELECT id, court, name, added_ms, revoked_ms FROM gateway ORDER BY name");
        let rows: Vec<(String, String, String, i64, Option<i64>)> =
            read(self.journal.readers().fetch_all(query)).await?;
        let listed = |(gateway, court, name, added, revoked): (String, String, String, i64, _)| {
            Ok(GatewayListed {
                gateway: parsed("a gateway's id", &gateway)?,
                court: court_of(&court)?,
                name,
                added_at: UnixMillis(added),
                revoked_at: Option::map(revoked, UnixMillis),
            })
        };
        rows.into_iter().map(listed).collect()
    }
}
