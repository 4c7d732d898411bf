//! The second witness: processor time by thread, and how many groups the writer has made.
//!
//! **Not here:** wall time.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::time::Duration;

use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusHandle};

/// Reads this process's own counters.
pub struct Witness(PrometheusHandle);

/// What they say at one moment, or between two.
#[derive(Default)]
pub struct Seen {
    /// Processor time by name of thread.
    threads: BTreeMap<String, Duration>,
    groups: f64,
    decisions: f64,
}

impl Witness {
    /// Installs itself; once a process.
    pub fn new() -> Self {
        Self(PrometheusBuilder::new().install_recorder().expect("the first one"))
    }

    pub fn now(&self) -> Seen {
        let mut seen = Seen::default();
        for task in fs::read_dir("/proc/self/task").into_iter().flatten().flatten() {
            let read = |name: &str| fs::read_to_string(task.path().join(name)).unwrap_or_default();
            let ns = read("schedstat").split(' ').next().and_then(|ns| ns.parse().ok());
            let name = read("comm").trim_end().to_owned();
            *seen.threads.entry(name).or_default() += Duration::from_nanos(ns.unwrap_or(0));
        }
        for line in self.0.render().lines() {
            let value = || line.rsplit(' ').next().and_then(|text| text.parse().ok());
            if line.starts_with("tiande_journal_group_decisions_count") {
                seen.groups += value().unwrap_or(0.0);
            } else if line.starts_with("tiande_journal_group_decisions_sum") {
                seen.decisions += value().unwrap_or(0.0);
            }
        }
        seen
    }
}

impl Seen {
    /// What happened since `before`.
    pub fn since(mut self, before: &Self) -> Self {
        for (name, time) in &mut self.threads {
            *time = time.saturating_sub(before.threads.get(name).copied().unwrap_or_default());
        }
        self.groups -= before.groups;
        self.decisions -= before.decisions;
        self
    }
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} decisions in {} groups, one fsync each", self.decisions, self.groups)?;
        for (name, time) in self.threads.iter().filter(|(_, time)| time.as_millis() > 0) {
            write!(f, ", {name} {} ms", time.as_millis())?;
        }
        Ok(())
    }
}
