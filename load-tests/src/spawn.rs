//! The server under test as a child process: started, watched from `/proc`, killed, started again.
//!
//! The child never outlives the drill: it dies with the handle, and with the drill's own process
//! where the system has `setpriv`.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::process::{Child, Command};

use crate::clock;
use crate::http::Http;
use crate::record::{Event, Record};

/// A server that is not ready after so long has failed to start, milliseconds.
const READY_WITHIN_MS: u64 = 60_000;
/// Between two questions whether it is ready, milliseconds: a start is measured to this.
const READY_LOOK_MS: u64 = 2;
/// Linux counts a process's time in hundredths of a second on every machine it runs on here.
const TICKS_PER_S: f64 = 100.0;

/// How a server is started.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Further lines of its configuration file.
    pub config: String,
    /// The core it is kept to; by default all.
    pub core: Option<&'static str>,
}

/// A running `tiande serve` with a data folder of its own.
#[derive(Debug)]
pub struct Server {
    binary: PathBuf,
    log: PathBuf,
    core: Option<&'static str>,
    /// Its data folder, which holds the admin socket too. Short, for a socket's path is.
    folder: PathBuf,
    pub http: Http,
    port: u16,
    child: Child,
    /// Processor seconds of the processes killed so far.
    cpu_before_s: f64,
    with_setpriv: bool,
}

impl Server {
    /// Starts the binary and waits until it is ready.
    pub async fn start(binary: &Path, log: &Path) -> Result<Self> {
        Self::start_with(binary, log, Options::default()).await
    }

    /// The same, with options.
    pub async fn start_with(binary: &Path, log: &Path, options: Options) -> Result<Self> {
        if !binary.is_file() {
            bail!("there is no server binary {}; name it with --binary", binary.display());
        }
        let port = {
            let probe = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
            probe.local_addr().context("no free port")?.port()
        };
        let unique = clock::unix_ms() % 1_000_000_000;
        let folder =
            std::env::temp_dir().join(format!("tiande-drill-{}-{unique}", std::process::id()));
        std::fs::create_dir_all(folder.join("data")).context("cannot make the server's folder")?;
        let config = format!(
            "listen = \"127.0.0.1:{port}\"\ndata = {}\n{}\n",
            toml::Value::String(folder.join("data").display().to_string()),
            options.config
        );
        std::fs::write(folder.join("config.toml"), config).context("cannot write the config")?;
        let mut probe = Command::new("setpriv");
        probe.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        let with_setpriv = probe.status().await.is_ok_and(|status| status.success());
        let http = Http::new(&format!("http://127.0.0.1:{port}"))?;
        let core = options.core;
        let child = launch(binary, log, &folder, port, with_setpriv, core)?;
        let mut server = Self {
            binary: binary.to_path_buf(),
            log: log.to_path_buf(),
            core,
            http,
            port,
            child,
            folder,
            cpu_before_s: 0.0,
            with_setpriv,
        };
        server.wait_ready().await?;
        Ok(server)
    }

    /// The admin socket's path.
    pub fn admin_socket(&self) -> PathBuf {
        self.folder.join("data").join("admin.sock")
    }

    /// The id of its process; of none when it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    async fn wait_ready(&mut self) -> Result<()> {
        let until = clock::now_us() + READY_WITHIN_MS * 1000;
        loop {
            if let Some(status) = self.child.try_wait().context("cannot watch the server")? {
                bail!(
                    "the server ended with {status} before it was ready; see {}",
                    self.log.display()
                );
            }
            if self.http.get("/readyz", &[]).await.is_ok_and(|reply| reply.status == 200) {
                return Ok(());
            }
            if clock::now_us() > until {
                bail!(
                    "the server is not ready after {READY_WITHIN_MS} ms; see {}",
                    self.log.display()
                );
            }
            clock::sleep_ms(READY_LOOK_MS).await;
        }
    }

    /// `kill -9`, then a fresh start on the same data.
    pub async fn kill_and_restart(&mut self, record: &Record) -> Result<()> {
        self.cpu_before_s += self.usage().map_or(0.0, |(_, cpu)| cpu);
        let killed_at = record.push(Event::Killed);
        self.child.kill().await.context("cannot kill the server")?;
        let (folder, with_setpriv) = (&self.folder, self.with_setpriv);
        self.child = launch(&self.binary, &self.log, folder, self.port, with_setpriv, self.core)?;
        self.wait_ready().await?;
        let down_ms = (clock::now_us() - killed_at) / 1000;
        record.push(Event::Restarted { down_ms });
        Ok(())
    }

    /// `kill -9`, then a fresh start on the same data, of which no record speaks.
    pub async fn restart(&mut self) -> Result<()> {
        self.stop().await?;
        self.start_again().await
    }

    /// `kill -9`; [`Server::start_again`] follows.
    pub async fn stop(&mut self) -> Result<()> {
        self.child.kill().await.context("cannot kill the server")
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// A start on the same data, after [`Server::stop`]; until it is ready.
    pub async fn start_again(&mut self) -> Result<()> {
        let (folder, with_setpriv) = (&self.folder, self.with_setpriv);
        self.child = launch(&self.binary, &self.log, folder, self.port, with_setpriv, self.core)?;
        self.wait_ready().await
    }

    /// Memory and processor time now, into the record.
    pub fn sample(&self, record: &Record) {
        if let Some((rss_mb, cpu)) = self.usage() {
            let cpu_s = self.cpu_before_s + cpu;
            record.push(Event::Sample { rss_mb, cpu_s, drill_cpu_s: cpu_of("self") });
        }
    }

    /// Resident megabytes at most so far, and processor seconds, of the running process.
    fn usage(&self) -> Option<(f64, f64)> {
        let pid = self.child.id()?;
        let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
        let kib: f64 = peak.trim().trim_end_matches("kB").trim().parse().ok()?;
        Some((kib / 1024.0, cpu_of(&pid.to_string())?))
    }

    /// Ends the server and waits until it is gone; dropping the rest removes its folder.
    pub async fn end(mut self) {
        // A server that is already gone is what is wanted.
        let _ = self.child.kill().await;
    }
}

impl Drop for Server {
    /// Also on a signal or a fault: no process and no folder is left behind.
    fn drop(&mut self) {
        let _ = self.child.start_kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Processor seconds that a process has used so far.
pub fn cpu_of(pid: &str) -> Option<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name in brackets may hold spaces; the numbers follow the last bracket.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |index: usize| fields.get(index)?.parse::<f64>().ok();
    Some((ticks(11)? + ticks(12)?) / TICKS_PER_S)
}

fn launch(
    binary: &Path,
    log: &Path,
    folder: &Path,
    port: u16,
    with_setpriv: bool,
    core: Option<&str>,
) -> Result<Child> {
    let log =
        OpenOptions::new().create(true).append(true).open(log).context("cannot open the log")?;
    // Each of these programs becomes the next one: the child is the server in the end.
    let mut words: Vec<&std::ffi::OsStr> = Vec::new();
    if let Some(core) = core {
        words.extend(["taskset", "-c", core].map(std::ffi::OsStr::new));
    }
    if with_setpriv {
        words.extend(["setpriv", "--pdeathsig", "KILL"].map(std::ffi::OsStr::new));
    }
    words.push(binary.as_os_str());
    let mut command = Command::new(words[0]);
    command
        .args(&words[1..])
        .arg("serve")
        .args(["--listen", &format!("127.0.0.1:{port}")])
        .arg("--data")
        .arg(folder.join("data"))
        .arg("--config")
        .arg(folder.join("config.toml"))
        .stdin(Stdio::null())
        .stdout(log.try_clone().context("cannot open the log")?)
        .stderr(log)
        .kill_on_drop(true)
        .spawn()
        .with_context(|| format!("cannot start {}", binary.display()))
}
