//! The stack one would otherwise build: `peers/node-stack` with the Redis and the PostgreSQL that it
//! uses, all of them on the measured core.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::process::Command;

use super::npm;
use super::postgres::Postgres;
use super::redis::Redis;
use crate::bench::host;
use crate::bench::other_side::OtherSide;

/// What signs its tips.
pub const SECRET: &str = "whsec_c3RhY2stb2YtdGhlLWJlbmNoLXN0YWNr";

/// A running one.
#[derive(Debug)]
pub struct NodeStack {
    // In the order in which they are to end.
    server: OtherSide,
    redis: Redis,
    postgres: Postgres,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/node-stack")
}

impl NodeStack {
    /// Fetches its packages where they are not there yet, and starts it.
    pub async fn start(log: &Path) -> Result<Self> {
        let folder = folder();
        npm::fetch(&folder, "ws").await?;
        let redis = Redis::start().await?;
        let postgres = Postgres::start(&[])?;
        let log = std::fs::File::create(log).context("cannot open the log")?;
        let mut command = Command::new("taskset");
        command
            .args(["-c", host::MEASURED_CORE, "setpriv", "--pdeathsig", "KILL", "node"])
            .arg(folder.join("server.mjs"))
            .env("NODE_ENV", "production")
            .env("REDIS_PORT", redis.port.to_string())
            .env("PGHOST", &postgres.home)
            .env("PGUSER", "tiande")
            .env("PGDATABASE", "postgres")
            .env("SECRET", SECRET)
            .stdin(Stdio::null())
            .stderr(log);
        let server = OtherSide::of(command).await.context("cannot start the Node stack")?;
        Ok(Self { server, redis, postgres })
    }

    /// `host:port` of its HTTP and its sockets.
    pub fn authority(&self) -> &str {
        &self.server.authority
    }

    /// Processor time of Node, of Redis and of PostgreSQL so far, nanoseconds.
    pub fn cpu_ns(&self) -> Result<[f64; 3]> {
        Ok([self.server.process.cpu_ns()?, self.redis.process.cpu_ns()?, self.postgres.cpu_ns()?])
    }

    /// What it is made of, for the record.
    pub async fn versions(&mut self) -> Result<String> {
        let node = npm::node().await?;
        let packages = npm::versions(&folder(), &["ws", "@redis/client", "pg"]);
        Ok(format!("Node {node}, {packages}, Redis {}", self.redis.version().await?))
    }
}
