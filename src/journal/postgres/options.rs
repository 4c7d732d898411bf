//! Where the database is, and how to get in.
//!
//! **Not here:** the configuration file that it comes from (`config`).

use std::fmt;
use std::str::FromStr as _;

use sqlx::ConnectOptions as _;
use sqlx::postgres::{PgConnectOptions, PgSslMode};

/// What may stand behind the `?` of the address.
const PARAMETERS: [&str; 9] =
    ["host", "hostaddr", "port", "dbname", "user", "sslmode", "sslrootcert", "sslcert", "sslkey"];

/// A PostgreSQL database and the password for it, if it needs one. Never shows the password.
#[derive(Clone)]
pub struct PostgresOptions(PgConnectOptions);

impl fmt::Debug for PostgresOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresOptions").field(&self.place()).finish()
    }
}

impl PostgresOptions {
    /// The database at `url` (`postgres://USER@HOST/DATABASE`). Without a password the usual ones
    /// hold: `PGPASSWORD`, then the `.pgpass` file.
    ///
    /// # Errors
    /// One line that says what is wrong with the address; it never repeats a password.
    pub fn new(url: &str, password: Option<&str>) -> Result<Self, String> {
        let rest = url.strip_prefix("postgres://").or_else(|| url.strip_prefix("postgresql://"));
        let rest = rest.ok_or("must be postgres://USER@HOST/DATABASE")?;
        let (place, parameters) = rest.split_once('?').unwrap_or((rest, ""));
        let who = place.split_once('/').map_or(place, |(who, _)| who);
        let secret = who.rsplit_once('@').is_some_and(|(user, _)| user.contains(':'));
        for parameter in parameters.split('&').filter(|text| !text.is_empty()) {
            let name = parameter.split_once('=').map_or(parameter, |(name, _)| name);
            if name == "password" || secret {
                return Err(SECRET.to_owned());
            }
            if !PARAMETERS.contains(&name) {
                return Err(format!("knows no parameter {name}"));
            }
        }
        if secret {
            return Err(SECRET.to_owned());
        }
        let mut options = PgConnectOptions::from_str(url)
            .map_err(|_| "must be postgres://USER@HOST/DATABASE".to_owned())?;
        if options.get_database().is_none() {
            return Err("must name a database: postgres://USER@HOST/DATABASE".to_owned());
        }
        let local = options.get_socket().is_some() || is_this_machine(options.get_host());
        let known = match options.get_ssl_mode() {
            PgSslMode::VerifyCa | PgSslMode::VerifyFull => true,
            PgSslMode::Disable | PgSslMode::Allow | PgSslMode::Prefer | PgSslMode::Require => false,
        };
        if !local && !known {
            return Err("must say sslmode=verify-full (or verify-ca): the database is on another \
                        machine, and without it anybody on the way could be the database"
                .to_owned());
        }
        if let Some(password) = password {
            options = options.password(password);
        }
        Ok(Self(options.disable_statement_logging()))
    }

    /// How to connect, under a name that an administrator recognises.
    pub(super) fn connect(&self, name: &str) -> PgConnectOptions {
        self.0.clone().application_name(name)
    }

    /// True when it runs on this machine, and has no clock of its own.
    pub(super) fn is_here(&self) -> bool {
        self.0.get_socket().is_some() || is_this_machine(self.0.get_host())
    }

    /// Which database it is, for people; without any password.
    #[must_use]
    pub fn place(&self) -> String {
        let socket = self.0.get_socket().map(|path| path.display().to_string());
        let host = socket.unwrap_or_else(|| self.0.get_host().to_owned());
        format!("{} on {host}:{}", self.0.get_database().unwrap_or("?"), self.0.get_port())
    }
}

const SECRET: &str = "must not hold a password: put it into a file of its own and name that in \
                      password_file";

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    host.starts_with('/')
        || host == "localhost"
        || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(url: &str) -> String {
        PostgresOptions::new(url, None).err().unwrap_or_default()
    }

    #[test]
    fn an_address_is_taken_or_said_to_be_wrong() {
        for good in [
            "postgres://tiande@localhost/tiande",
            "postgresql://tiande@127.0.0.1:5433/tiande",
            "postgres://tiande@[::1]/tiande",
            "postgres://tiande@localhost/tiande?host=/run/postgresql",
            "postgres://tiande@db.court.cn/tiande?sslmode=verify-full&sslrootcert=/etc/ca.pem",
        ] {
            assert_eq!(fault(good), "", "{good}");
        }
        assert!(fault("mysql://x").contains("must be postgres://"));
        assert!(fault("postgres://tiande@localhost").contains("name a database"));
        assert!(fault("postgres://tiande@localhost/x?sslmod=off").contains("no parameter sslmod"));
    }

    #[test]
    fn a_password_in_the_address_is_refused_and_not_repeated() {
        for url in [
            "postgres://tiande:geheim@localhost/x",
            "postgres://tiande@localhost/x?password=geheim",
            "postgres://tiande:geheim@localhost/x?sslmode=disable",
        ] {
            let fault = fault(url);
            assert!(fault.contains("password_file") && !fault.contains("geheim"), "{fault}");
        }
        let options = PostgresOptions::new("postgres://t@localhost/x", Some("geheim"));
        assert!(!format!("{options:?}").contains("geheim"));
    }

    #[test]
    fn another_machine_must_prove_who_it_is() {
        for mode in ["", "?sslmode=disable", "?sslmode=prefer", "?sslmode=require"] {
            let url = format!("postgres://tiande@db.court.cn/tiande{mode}");
            assert!(fault(&url).contains("verify-full"), "{url}");
        }
    }
}
