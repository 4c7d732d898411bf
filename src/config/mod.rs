//! Settings: defaults, then the file, then the command line. Unknown keys and values out of range
//! refuse to start, one line per fault.

use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use tiande_core::file::paper::Quota;

use crate::journal::PostgresOptions;

/// Settings of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// Where it listens.
    pub listen: SocketAddr,
    /// Where everything durable lies.
    pub data: PathBuf,
    /// The PostgreSQL database that holds journal and read models; without it they are in the data
    /// folder.
    pub store: Option<StoreConfig>,
    /// The address people use, such as `https://zhihui.example.cn`. Without it the server trusts the
    /// `Host` it is reached under, which is for one machine only.
    pub public_origin: Option<String>,
    /// Addresses of reverse proxies whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Hash of a new journal: `sha256` or `sm3`.
    pub hash: String,
    /// HTTP workers, 1..=64.
    pub workers: usize,
    /// Threads for courts, 1..=64.
    pub arbiters: usize,
    /// Filter for logs, as of `tracing`.
    pub log: String,
    /// Logs as JSON lines.
    pub log_json: bool,
    /// What is under way may take so long at the end, 0..=60_000.
    pub shutdown_grace_ms: u64,
    /// Sockets and requests at once, 10..=1_000_000.
    pub connections_max: usize,
    /// Tracks of officers are removed after so many days, 1..=3_650.
    pub tracks_keep_days: u32,
    /// What one party may hand in in one case: 1..=2_000 papers, 50..=100_000 MiB.
    pub papers: Quota,
    /// The procedure of enforcement; without it the one that is built in.
    pub procedure_file: Option<PathBuf>,
    /// The calendar of rest days; without it the one that is built in.
    pub calendar_file: Option<PathBuf>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            data: PathBuf::from("./data"),
            store: None,
            public_origin: None,
            trusted_proxies: Vec::new(),
            hash: "sha256".to_owned(),
            workers: 2,
            arbiters: 1,
            log: "info".to_owned(),
            log_json: false,
            shutdown_grace_ms: 5_000,
            connections_max: 19_000,
            tracks_keep_days: 90,
            papers: Quota::default(),
            procedure_file: None,
            calendar_file: None,
        }
    }
}

/// The section `[store]`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StoreConfig {
    /// `postgres://USER@HOST/DATABASE`, without a password.
    pub url: String,
    /// File with the password, readable by the server's user only.
    pub password_file: Option<PathBuf>,
}

/// The file, as it is written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct File {
    listen: Option<String>,
    data: Option<PathBuf>,
    store: Option<StoreConfig>,
    public_origin: Option<String>,
    trusted_proxies: Option<Vec<String>>,
    hash: Option<String>,
    workers: Option<usize>,
    arbiters: Option<usize>,
    log: Option<String>,
    log_json: Option<bool>,
    shutdown_grace_ms: Option<u64>,
    connections_max: Option<usize>,
    tracks: TracksTable,
    papers: PapersTable,
    procedure: ProcedureTable,
}

/// `[procedure]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct ProcedureTable {
    file: Option<PathBuf>,
    calendar: Option<PathBuf>,
}

/// `[tracks]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct TracksTable {
    keep_days: Option<u32>,
}

/// `[papers]`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct PapersTable {
    per_party: Option<usize>,
    per_party_mib: Option<u64>,
}

const MIB: u64 = 1024 * 1024;

/// What the command line says.
#[derive(Debug, Default, Clone)]
pub struct Overrides {
    /// `--listen`.
    pub listen: Option<String>,
    /// `--data`.
    pub data: Option<PathBuf>,
}

/// Everything wrong with the settings, a line each.
#[derive(Debug, PartialEq, Eq)]
pub struct ConfigFaults(pub Vec<String>);

impl std::fmt::Display for ConfigFaults {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ConfigFaults {}

impl Config {
    /// Reads the file at `path`, if one is named, and puts the command line on top.
    ///
    /// # Errors
    /// [`ConfigFaults`].
    pub fn load(path: Option<&Path>, overrides: &Overrides) -> Result<Self, ConfigFaults> {
        let text = match path {
            None => String::new(),
            Some(path) => std::fs::read_to_string(path)
                .map_err(|fault| ConfigFaults(vec![format!("{}: {fault}", path.display())]))?,
        };
        Self::build(&text, overrides)
    }

    /// Settings from a file's text and the command line.
    ///
    /// # Errors
    /// [`ConfigFaults`].
    pub fn build(text: &str, overrides: &Overrides) -> Result<Self, ConfigFaults> {
        let file: File = toml::from_str(text)
            .map_err(|fault| ConfigFaults(vec![fault.to_string().trim().replace('\n', " | ")]))?;
        let default = Self::default();
        let mut faults = Vec::new();
        let listen = overrides.listen.as_ref().or(file.listen.as_ref());
        let listen = listen.map_or(Ok(default.listen), |text| text.parse());
        let listen = listen.unwrap_or_else(|_| {
            faults.push("listen: must be ADDRESS:PORT, such as 127.0.0.1:8080".to_owned());
            default.listen
        });
        let mut trusted_proxies = Vec::new();
        for text in file.trusted_proxies.unwrap_or_default() {
            match text.parse() {
                Ok(address) => trusted_proxies.push(address),
                Err(_) => faults.push(format!("trusted_proxies: {text:?} is no IP address")),
            }
        }
        let config = Self {
            listen,
            data: overrides.data.clone().or(file.data).unwrap_or(default.data),
            store: file.store,
            public_origin: file.public_origin,
            trusted_proxies,
            hash: file.hash.unwrap_or(default.hash),
            workers: file.workers.unwrap_or(default.workers),
            arbiters: file.arbiters.unwrap_or(default.arbiters),
            log: file.log.unwrap_or(default.log),
            log_json: file.log_json.unwrap_or(default.log_json),
            shutdown_grace_ms: file.shutdown_grace_ms.unwrap_or(default.shutdown_grace_ms),
            connections_max: file.connections_max.unwrap_or(default.connections_max),
            tracks_keep_days: file.tracks.keep_days.unwrap_or(default.tracks_keep_days),
            papers: Quota {
                papers: file.papers.per_party.unwrap_or(default.papers.papers),
                bytes: file
                    .papers
                    .per_party_mib
                    .map_or(default.papers.bytes, |mib| mib.saturating_mul(MIB)),
            },
            procedure_file: file.procedure.file,
            calendar_file: file.procedure.calendar,
        };
        let mut need = |ok: bool, line: &str| {
            if !ok {
                faults.push(line.to_owned());
            }
        };
        need(matches!(config.hash.as_str(), "sha256" | "sm3"), "hash: must be sha256 or sm3");
        need((1..=64).contains(&config.workers), "workers: must be 1..=64");
        need((1..=64).contains(&config.arbiters), "arbiters: must be 1..=64");
        need(config.shutdown_grace_ms <= 60_000, "shutdown_grace_ms: must be 0..=60000");
        need(
            (10..=1_000_000).contains(&config.connections_max),
            "connections_max: must be 10..=1000000",
        );
        need((1..=3_650).contains(&config.tracks_keep_days), "tracks.keep_days: must be 1..=3650");
        need((1..=2_000).contains(&config.papers.papers), "papers.per_party: must be 1..=2000");
        need(
            (50 * MIB..=100_000 * MIB).contains(&config.papers.bytes),
            "papers.per_party_mib: must be 50..=100000",
        );
        if let Some(Err(line)) =
            config.store.as_ref().map(|store| PostgresOptions::new(&store.url, None))
        {
            need(false, &format!("store.url: {line}"));
        }
        let origin_ok = config.public_origin.as_deref().is_none_or(is_origin);
        need(origin_ok, "public_origin: must be https://NAME[:PORT], without a path");
        let open = !config.listen.ip().is_loopback() && config.public_origin.is_none();
        need(!open, "public_origin: must be set when listening beyond this machine");
        if faults.is_empty() { Ok(config) } else { Err(ConfigFaults(faults)) }
    }

    /// The PostgreSQL database, with its password read.
    ///
    /// # Errors
    /// [`ConfigFaults`]: the address is wrong, or the password's file cannot be used.
    pub fn postgres(&self) -> Result<Option<PostgresOptions>, ConfigFaults> {
        let Some(store) = &self.store else { return Ok(None) };
        let password = store.password_file.as_deref().map(password).transpose();
        let password = password.map_err(|line| ConfigFaults(vec![line]))?;
        let options = PostgresOptions::new(&store.url, password.as_deref());
        options.map(Some).map_err(|line| ConfigFaults(vec![format!("store.url: {line}")]))
    }
}

/// A password from a file that nobody else may read.
fn password(path: &Path) -> Result<String, String> {
    let fault = |what: &str| format!("store.password_file: {}: {what}", path.display());
    let metadata = std::fs::metadata(path).map_err(|error| fault(&error.to_string()))?;
    if metadata.permissions().mode() & 0o077 != 0 {
        return Err(fault("can be read by others; it must be 0600"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| fault(&error.to_string()))?;
    let password = text.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        return Err(fault("is empty"));
    }
    Ok(password.to_owned())
}

/// True for `https://name[:port]`, and for `http://` of this machine.
fn is_origin(text: &str) -> bool {
    let local = text.strip_prefix("http://").filter(|host| {
        host.starts_with("localhost") || host.starts_with("127.") || host.starts_with("[::1]")
    });
    let Some(host) = text.strip_prefix("https://").or(local) else { return false };
    !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        Config::build(text, &Overrides::default()).err().map(|f| f.0).unwrap_or_default()
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(Config::build("", &Overrides::default()), Ok(Config::default()));
    }

    #[test]
    fn the_command_line_comes_last() {
        let line = Overrides { listen: Some("127.0.0.1:1".into()), data: Some("x".into()) };
        let config = Config::build("listen = \"127.0.0.1:2\"", &line).expect("sound");
        assert_eq!(config.listen.port(), 1);
        assert_eq!(config.data, PathBuf::from("x"));
    }

    #[test]
    fn every_fault_is_a_line() {
        assert_eq!(faults("workers = 0\nhash = \"md5\"").len(), 2);
        assert_eq!(faults("wrokers = 2").len(), 1);
        assert_eq!(faults("[tracks]\nkeep_days = 0").len(), 1);
        assert_eq!(faults("[tracks]\nkeep_dyas = 7").len(), 1);
        assert_eq!(faults("[papers]\nper_party = 0\nper_party_mib = 49").len(), 2);
        assert_eq!(faults("listen = \"0.0.0.0:80\"").len(), 1);
        assert_eq!(faults("listen = \"0.0.0.0:80\"\npublic_origin = \"https://a.cn\"").len(), 0);
        assert_eq!(faults("public_origin = \"http://a.cn\"").len(), 1);
        assert_eq!(faults("trusted_proxies = [\"proxy\", \"10.0.0.0/8\", \"::1\"]").len(), 2);
    }

    #[test]
    fn the_example_of_the_repository_is_sound() {
        let example = include_str!("../../config/default.toml");
        assert_eq!(Config::build(example, &Overrides::default()), Ok(Config::default()));
    }

    #[test]
    fn the_example_with_postgres_is_sound() {
        let example = include_str!("../../config/postgres.toml");
        let config = Config::build(example, &Overrides::default()).expect("sound");
        assert!(config.store.is_some_and(|store| store.url.contains("sslmode=verify-full")));
    }

    #[test]
    fn a_store_that_is_named_wrongly_is_refused() {
        assert!(faults("[store]\nurl = \"mysql://x\"")[0].starts_with("store.url: must be"));
        assert_eq!(faults("[store]\nurl = \"postgres://t@localhost/t\"\nport = 1").len(), 1);
        assert_eq!(faults("[store]\npassword_file = \"x\"").len(), 1);
        let fault = faults("[store]\nurl = \"postgres://t:geheim@localhost/t\"");
        assert!(fault[0].contains("password_file") && !fault[0].contains("geheim"), "{fault:?}");
    }

    #[test]
    fn a_password_that_others_may_read_is_refused_and_never_shown() {
        let name = format!("tiande-password-{}", hex::encode(crate::keys::random::<8>()));
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, "geheim\n").expect("written");
        let text = format!("[store]\nurl = \"postgres://t@localhost/t\"\npassword_file = {path:?}");
        let config = Config::build(&text, &Overrides::default()).expect("sound");
        let mode = |mode| std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode));
        mode(0o644).expect("set");
        let fault = config.postgres().expect_err("open to all");
        assert!(fault.0[0].contains("must be 0600"), "{fault}");
        mode(0o600).expect("set");
        let options = config.postgres().expect("private").expect("there");
        assert!(!format!("{config:?}{options:?}").contains("geheim"));
        std::fs::remove_file(&path).expect("removed");
        assert!(config.postgres().is_err(), "missing");
    }
}
