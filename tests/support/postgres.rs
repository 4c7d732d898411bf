//! PostgreSQL for tests: a server from Debian's package, a database for each test.
//!
//! One server is shared: the one that `TIANDE_TEST_POSTGRES` names (the test runner starts it for a
//! whole layer), or else one of this process. Each ends with whoever started it, however that ends:
//! see `scripts/test-postgres.sh`. Where there is no PostgreSQL, tests say SKIP and why.
#![allow(dead_code, reason = "each test binary uses what it needs")]
#![allow(clippy::disallowed_methods, reason = "a test has no configuration but its environment")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, OnceLock};

use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

/// Name of the shared server's address in the environment.
const SHARED: &str = "TIANDE_TEST_POSTGRES";

/// A server of one's own; gone when it is dropped.
#[derive(Debug)]
pub struct Cluster {
    pub url: String,
    script: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Cluster {
    /// A new one with these settings (`-c NAME=VALUE`).
    ///
    /// # Errors
    /// Why there is none.
    pub fn start(settings: &[&str]) -> Result<Self, String> {
        Self::start_in(&std::env::temp_dir(), settings)
    }

    /// One whose folder is in that one.
    ///
    /// # Errors
    /// Why there is none.
    pub fn start_in(folder: &Path, settings: &[&str]) -> Result<Self, String> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts/test-postgres.sh");
        let mut child = Command::new(script)
            .args(settings)
            .env("TMPDIR", folder)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| error.to_string())?;
        let orders = child.stdin.take();
        let answers = BufReader::new(child.stdout.take().ok_or("no output")?);
        let mut cluster = Self { url: String::new(), script: child, orders, answers };
        cluster.url = cluster.answer()?;
        Ok(cluster)
    }

    fn answer(&mut self) -> Result<String, String> {
        let mut line = String::new();
        self.answers.read_line(&mut line).map_err(|error| error.to_string())?;
        match line.trim_end().split_once(' ') {
            Some(("ready", url)) => Ok(url.to_owned()),
            _ => Err(line),
        }
    }

    /// Sends an order (`restart`, `kill`, `stop`, `start`) and waits until it is done.
    pub fn order(&mut self, order: &str) {
        let orders = self.orders.as_mut().expect("it runs");
        writeln!(orders, "{order}").expect("the script listens");
        self.answer().unwrap_or_else(|said| unreachable!("{order}: {said}"));
    }

    /// The server's folder.
    pub fn home(&self) -> &Path {
        Path::new(self.url.split_once("?host=").map_or("", |(_, home)| home))
    }

    /// What it has logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.home().join("log")).expect("a log")
    }

    /// The address of another database of this server.
    pub fn at(&self, name: &str) -> String {
        at(&self.url, name)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.orders.take());
        self.script.wait().ok();
    }
}

/// The address of the database `name` beside that of `url`.
fn at(url: &str, name: &str) -> String {
    url.replacen("/postgres?", &format!("/{name}?"), 1)
}

static OWN: OnceLock<Result<Mutex<Cluster>, String>> = OnceLock::new();

/// The shared server's address, or why there is none.
fn shared() -> Result<String, String> {
    if let Ok(url) = std::env::var(SHARED) {
        return Ok(url);
    }
    let own = OWN.get_or_init(|| Cluster::start(&[]).map(Mutex::new));
    match own {
        Ok(cluster) => Ok(cluster.lock().expect("nobody panics with it").url.clone()),
        Err(why) => Err(why.clone()),
    }
}

/// True when there is a server; says SKIP when there is none.
pub fn is_here() -> bool {
    let found = shared();
    if let Err(why) = &found {
        eprintln!("SKIP: {}", why.trim_end());
    }
    found.is_ok()
}

/// Runs statements on the database at `url`.
pub async fn run(url: &str, statements: &[&str]) {
    let mut conn = connect(url).await;
    for sql in statements {
        sqlx::raw_sql(AssertSqlSafe((*sql).to_owned())).execute(&mut conn).await.expect(sql);
    }
    conn.close().await.expect("closes");
}

/// A connection of an administrator.
pub async fn connect(url: &str) -> PgConnection {
    let options: sqlx::postgres::PgConnectOptions = url.parse().expect("an address");
    options.disable_statement_logging().connect().await.expect("connects")
}

/// A database of one test on the shared server.
pub struct Database {
    pub url: String,
    pub name: String,
    server: String,
}

impl Database {
    /// An empty one. Ask [`is_here`] first.
    pub async fn fresh() -> Self {
        Self::made(shared().expect("asked before"), "template1").await
    }

    /// A copy of this one, which nobody may be connected to.
    pub async fn twin(&self) -> Self {
        Self::made(self.server.clone(), &self.name).await
    }

    async fn made(server: String, template: &str) -> Self {
        let name = format!("t{}", hex::encode(tiande::keys::random::<8>()));
        run(&server, &[&format!("CREATE DATABASE {name} TEMPLATE {template}")]).await;
        Self { url: at(&server, &name), name, server }
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let drop_it = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        let server = self.server.clone();
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(run(&server, &[&drop_it]));
        });
        dropped.join().ok();
    }
}
