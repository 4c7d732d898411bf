//! Members of staff: who there is, by which name they sign in, what they are.

use std::collections::BTreeMap;
use std::fmt;

use tiande_core::access::Role;
use tiande_core::ids::{CourtId, UserId};

use super::{DoorFault, Doors, court_of, parsed, read};
use crate::journal::StoreFault;
use crate::journal::sql::sql;

/// Somebody who is to get a sign-in.
#[derive(Clone)]
pub struct NewStaff {
    /// Identity.
    pub user: UserId,
    /// Court.
    pub court: CourtId,
    /// Name to sign in with, one person on the whole server.
    pub username: String,
    /// Name to be shown.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
    /// Password in clear; only its hash is kept.
    pub password: String,
}

impl fmt::Debug for NewStaff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewStaff").field("user", &self.user).finish_non_exhaustive()
    }
}

/// Somebody who has signed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StaffSession {
    /// Identity.
    pub user: UserId,
    /// Court.
    pub court: CourtId,
    /// Name to sign in with.
    pub username: String,
    /// Name to be shown.
    pub name: String,
    /// Roles.
    pub roles: Vec<Role>,
}

/// Columns of a member of staff: id, court, username, name, roles.
pub(super) type StaffColumns = (String, String, String, String, String);

pub(super) fn staff_of(columns: StaffColumns) -> Result<StaffSession, StoreFault> {
    let (user, court, username, name, roles) = columns;
    let names: Vec<String> =
        serde_json::from_str(&roles).map_err(|_| StoreFault::Unreadable("somebody's roles"))?;
    let roles: Option<Vec<Role>> = names.iter().map(|name| Role::from_name(name)).collect();
    Ok(StaffSession {
        user: parsed("a user's id", &user)?,
        court: court_of(&court)?,
        username,
        name,
        roles: roles.ok_or(StoreFault::Unreadable("somebody's roles"))?,
    })
}

impl Doors {
    /// Gives somebody a sign-in; false when there is one of that username.
    ///
    /// # Errors
    /// [`DoorFault`].
    pub async fn add_staff(&self, staff: NewStaff) -> Result<bool, DoorFault> {
        let NewStaff { user, court, username, name, roles, password } = staff;
        let hash = self.passwords.hash(password).await?;
        let roles: Vec<&str> = roles.iter().map(|role| role.name()).collect();
        let roles = serde_json::to_string(&roles).expect("texts always serialise");
        let now = self.clock.now().0;
        let added = self
            .journal
            .write(move |mut conn| {
                Box::pin(async move {
                    conn.execute(sql("INSERT INTO staff (id, court, username, name, roles_json, password_hash, \
                         added_ms) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (username) DO NOTHING")
                    .bind(user.to_string())
                    .bind(court.to_string())
                    .bind(username)
                    .bind(name)
                    .bind(roles)
                    .bind(hash)
                    .bind(now))
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await?;
        Ok(added)
    }

    /// Takes the sign-in away and ends all sessions; false when there is nobody of that id.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn disable_staff(&self, user: UserId) -> Result<bool, StoreFault> {
        let now = self.clock.now().0;
        self.journal
            .write(move |mut conn| {
                Box::pin(async move {
                    // Index session_by_user.
                    conn.execute(sql("DELETE FROM session WHERE \"user\" = $1")
                        .bind(user.to_string()))
                        .await?;
                    // Primary key of `staff`.
                    conn.execute(sql("UPDATE staff SET disabled_ms = COALESCE(disabled_ms, $1) WHERE id = $2")
                    .bind(now)
                    .bind(user.to_string()))
                    .await
                    .map(|changed| changed == 1)
                })
            })
            .await
    }

    /// The judges of a court who may sign in: those to whom a case may be given.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn judges(&self, court: &CourtId) -> Result<Vec<UserId>, StoreFault> {
        // A scan of `staff`, which has as many rows as the server has people.
        let query =
            sql("SELECT id, roles_json FROM staff WHERE court = $1 AND disabled_ms IS NULL \
                         ORDER BY id")
            .bind(court.as_str());
        let rows: Vec<(String, String)> = read(self.journal.readers().fetch_all(query)).await?;
        let judge = |roles: &str| {
            serde_json::from_str::<Vec<String>>(roles)
                .is_ok_and(|roles| roles.iter().any(|role| role == Role::Judge.name()))
        };
        let judges = rows.iter().filter(|(_, roles)| judge(roles));
        judges.map(|(id, _)| parsed("a user's id", id)).collect()
    }

    /// Names of all staff of a court, those who have left too: old decisions name them.
    ///
    /// # Errors
    /// [`StoreFault`].
    pub async fn staff_names(
        &self,
        court: &CourtId,
    ) -> Result<BTreeMap<UserId, String>, StoreFault> {
        // A scan of `staff`, which has as many rows as the server has people.
        let query =
            sql("SELECT id, name FROM staff WHERE court = $1 ORDER BY id").bind(court.as_str());
        let rows: Vec<(String, String)> = read(self.journal.readers().fetch_all(query)).await?;
        rows.into_iter().map(|(id, name)| Ok((parsed("a user's id", &id)?, name))).collect()
    }
}
