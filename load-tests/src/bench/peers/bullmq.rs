//! BullMQ, the queue that one would otherwise set deadlines with: `peers/bullmq` on a Redis of its own,
//! set up as BullMQ's guide to production advises.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result};
use serde::Deserialize;
use tokio::process::Command;

use super::npm;
use super::redis::Redis;
use crate::bench::{host, inside};

/// When Redis forces its log to the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forced {
    /// Once a second, as the guide advises: a power cut takes a second of work.
    EverySecond,
    /// Before it answers, as ours does.
    Always,
}

impl Forced {
    /// As Redis calls it.
    pub fn name(self) -> &'static str {
        match self {
            Self::EverySecond => "everysec",
            Self::Always => "always",
        }
    }
}

/// Milliseconds between due and done.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Late {
    /// Half of them within this.
    pub p50: f64,
    /// All but a hundredth.
    pub p99: f64,
    /// All of them.
    pub max: f64,
}

/// What became of the jobs.
#[derive(Debug, Deserialize)]
pub struct Burst {
    /// Workers have told that so many are completed.
    pub completed: u64,
    /// Of these no work is in the store.
    pub lost: u64,
    /// Work that was done once more.
    pub doubled: u64,
    /// Work that was done before it was due.
    pub early: u64,
    /// How long it took to add them all, seconds.
    pub added_s: f64,
    /// Until each was completed.
    pub completed_late_ms: Late,
    /// Until the work of each was in Redis, by the clock of Redis.
    pub worked_late_ms: Late,
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers/bullmq")
}

/// Adds so many jobs that are due in one moment, `lead_ms` from now, lets two workers do them, and counts.
pub async fn burst(forced: Forced, jobs: u64, lead_ms: u64) -> Result<Burst> {
    npm::fetch(&folder(), "bullmq").await?;
    let settings =
        ["--appendonly", "yes", "--appendfsync", forced.name(), "--maxmemory-policy", "noeviction"];
    let redis = Redis::start_on(host::BOTH_CORES, &settings).await?;
    let mut command = Command::new("taskset");
    command
        .args(["-c", host::BOTH_CORES, "setpriv", "--pdeathsig", "KILL", "node"])
        .arg(folder().join("burst.mjs"))
        .env("NODE_ENV", "production")
        .env("REDIS_PORT", redis.port.to_string())
        .env("JOBS", jobs.to_string())
        .env("LEAD_MS", lead_ms.to_string())
        .stdin(Stdio::null());
    let output = inside::output(command).await.context("peers/bullmq")?;
    serde_json::from_str(output.trim()).context("peers/bullmq gave no figures")
}

/// What it is made of, for the record.
pub async fn versions() -> Result<String> {
    npm::fetch(&folder(), "bullmq").await?;
    let packages = npm::versions(&folder(), &["bullmq", "ioredis"]);
    let redis = Redis::start().await?.version().await?;
    Ok(format!("Node {}, {packages}, Redis {redis}", npm::node().await?))
}
