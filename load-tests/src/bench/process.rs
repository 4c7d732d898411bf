//! A process that is measured: its processor time and its memory, from `/proc`.

use anyhow::{Context, Result};

use crate::spawn::Server;

/// A running process, by its id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Process(pub u32);

impl Process {
    /// The server's.
    pub fn of(server: &Server) -> Result<Self> {
        server.pid().map(Self).context("the server has ended")
    }

    /// Processor time of all its threads so far, also of those that have ended, nanoseconds; counted in
    /// steps of 10 ms, so a window is seconds long.
    pub fn cpu_ns(self) -> Result<f64> {
        let seconds = crate::spawn::cpu_of(&self.0.to_string()).context("the process is gone")?;
        Ok(seconds * 1e9)
    }

    /// Processor time of the threads that it has now, nanoseconds, to the nanosecond: for what costs less
    /// than the steps of [`Process::cpu_ns`]. No thread may end in between.
    pub fn run_ns(self) -> Result<f64> {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0));
        let mut sum = 0.0;
        for task in tasks.context("the process is gone")? {
            let stat = std::fs::read_to_string(task?.path().join("schedstat"))?;
            sum += stat.split(' ').next().and_then(|ns| ns.parse::<f64>().ok()).unwrap_or(0.0);
        }
        Ok(sum)
    }

    /// Memory of its own, with its part of what it shares (`Pss`), bytes.
    pub fn memory(self) -> Result<f64> {
        let rollup = std::fs::read_to_string(format!("/proc/{}/smaps_rollup", self.0))
            .context("the process is gone")?;
        let kib = rollup
            .lines()
            .find_map(|line| line.strip_prefix("Pss:"))
            .and_then(|rest| rest.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
            .context("the system does not tell a process's memory")?;
        Ok(kib * 1024.0)
    }
}
