//! PostgreSQL: a private server of the machine's own packages, in a folder of its own.

use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Stdio};

use anyhow::{Context, Result, bail};

use crate::bench::host;

/// Linux counts a process's time in hundredths of a second on every machine it runs on here.
const TICKS_PER_S: f64 = 100.0;

/// A running server; ended, and its folder removed, with this.
#[derive(Debug)]
pub struct Postgres {
    script: Child,
    /// Its end is the server's end.
    orders: Option<ChildStdin>,
    /// The folder of its socket.
    pub home: PathBuf,
    /// Address of its first database.
    pub url: String,
    master: u32,
}

impl Postgres {
    /// Starts one on the measured core with these settings (`-c NAME=VALUE`).
    pub fn start(settings: &[&str]) -> Result<Self> {
        Self::start_on(host::MEASURED_CORE, settings)
    }

    /// The same on those cores.
    pub fn start_on(cores: &str, settings: &[&str]) -> Result<Self> {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../scripts/test-postgres.sh");
        let mut script = std::process::Command::new("taskset")
            .args(["-c", cores, script])
            .args(settings)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot start PostgreSQL")?;
        let orders = script.stdin.take();
        let output = script.stdout.take().context("the script has no output")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).context("no word of PostgreSQL")?;
        let url = line.trim_end().strip_prefix("ready ");
        let Some((url, (_, home))) = url.and_then(|url| Some((url, url.split_once("?host=")?)))
        else {
            bail!("no PostgreSQL: {line}");
        };
        let (url, home) = (url.to_owned(), PathBuf::from(home));
        let pid = std::fs::read_to_string(home.join("data/postmaster.pid")).context("no server")?;
        let master = pid.lines().next().and_then(|line| line.parse().ok()).context("no server")?;
        Ok(Self { script, orders, home, url, master })
    }

    /// Processor time of the server with its backends, those that have ended too, nanoseconds; counted
    /// in steps of 10 ms.
    pub fn cpu_ns(&self) -> Result<f64> {
        let master = self.master.to_string();
        let mut ticks = 0.0;
        for entry in std::fs::read_dir("/proc").context("no /proc")?.flatten() {
            let Ok(stat) = std::fs::read_to_string(entry.path().join("stat")) else { continue };
            // The name in brackets may hold spaces; the numbers follow the last bracket.
            let Some((pid, rest)) = stat.rsplit_once(')') else { continue };
            let fields: Vec<&str> = rest.split_whitespace().collect();
            let field = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok());
            let is_master = pid.split(' ').next() == Some(master.as_str());
            if is_master {
                ticks += (13..=14).filter_map(field).sum::<f64>(); // Of children that have ended.
            }
            if is_master || fields.get(1) == Some(&master.as_str()) {
                ticks += (11..=12).filter_map(field).sum::<f64>();
            }
        }
        Ok(ticks / TICKS_PER_S * 1e9)
    }
}

impl Drop for Postgres {
    /// The script ends the server and removes its folder when its input is over.
    fn drop(&mut self) {
        drop(self.orders.take());
        // Half a second. A bench that leaves a server behind is worse than one that waits.
        let _ = self.script.wait();
    }
}
