//! Redis: a private server, and its wire, pipelined.

use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::bench::host;
use crate::bench::process::Process;
use crate::clock;

/// Debian's `redis-server` is this program under another name; its package `redis-tools` brings it
/// without a system service.
const UNDER_ANOTHER_NAME: &str = "/usr/bin/redis-check-rdb";
const READY_WITHIN_MS: u64 = 5_000;

/// A running server.
#[derive(Debug)]
pub struct Redis {
    child: Child,
    folder: PathBuf,
    /// Its process.
    pub process: Process,
    /// Where it listens.
    pub port: u16,
    wire: TcpStream,
    answers: Vec<u8>,
}

impl Redis {
    /// Starts one: no snapshots, no log of commands, one thread, as for a cache of positions.
    pub async fn start() -> Result<Self> {
        Self::start_on(host::MEASURED_CORE, &["--appendonly", "no"]).await
    }

    /// Starts one on those cores with these settings; without snapshots in any case.
    pub async fn start_on(cores: &str, settings: &[&str]) -> Result<Self> {
        let folder =
            std::env::temp_dir().join(format!("tiande-bench-redis-{}", std::process::id()));
        std::fs::create_dir_all(&folder).context("cannot make a folder")?;
        let installed = ["/usr/bin/redis-server", "/usr/local/bin/redis-server"];
        let program = match installed.iter().map(PathBuf::from).find(|path| path.exists()) {
            Some(program) => program,
            None => {
                let link = folder.join("redis-server");
                if !link.exists() {
                    std::os::unix::fs::symlink(UNDER_ANOTHER_NAME, &link).context("cannot link")?;
                }
                link
            }
        };
        let port = {
            let probe = std::net::TcpListener::bind("127.0.0.1:0").context("no free port")?;
            probe.local_addr().context("no free port")?.port()
        };
        let child = Command::new("taskset")
            .args(["-c", cores, "setpriv", "--pdeathsig", "KILL"])
            .arg(&program)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--dir"])
            .arg(&folder)
            .args(settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start redis-server; scripts/setup-system.sh bench installs it")?;
        let process = Process(child.id().context("redis-server has ended")?);
        let until = clock::now_us() + READY_WITHIN_MS * 1000;
        let wire = loop {
            match TcpStream::connect(("127.0.0.1", port)).await {
                Ok(wire) => break wire,
                Err(fault) if clock::now_us() > until => {
                    return Err(fault).context("redis-server does not come up");
                }
                Err(_) => clock::sleep_ms(20).await,
            }
        };
        wire.set_nodelay(true).context("cannot set the socket up")?;
        Ok(Self { child, folder, process, port, wire, answers: Vec::new() })
    }

    /// Its version, for the record.
    pub async fn version(&mut self) -> Result<String> {
        let mut ask = Vec::new();
        command(&mut ask, &["INFO", "server"]);
        self.pipeline(&ask, 1).await?;
        let text = String::from_utf8_lossy(&self.answers);
        let line = text.lines().find_map(|line| line.strip_prefix("redis_version:"));
        Ok(line.unwrap_or("?").to_owned())
    }

    /// Sends commands and waits for as many answers; an error among them is one.
    pub async fn pipeline(&mut self, commands: &[u8], answers: usize) -> Result<()> {
        self.wire.write_all(commands).await.context("redis-server is gone")?;
        self.answers.clear();
        let (mut at, mut seen) = (0, 0);
        while seen < answers {
            while let Some(end) = answer_end(&self.answers, at)? {
                at = end;
                seen += 1;
            }
            if seen < answers {
                let read = self.wire.read_buf(&mut self.answers).await;
                if read.context("redis-server is gone")? == 0 {
                    bail!("redis-server closed the connection");
                }
            }
        }
        Ok(())
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        // Nothing is left to do when it has ended by itself.
        let _ = self.child.start_kill();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// Writes a command as clients of Redis do.
pub fn command(out: &mut Vec<u8>, words: &[&str]) {
    out.extend(format!("*{}\r\n", words.len()).bytes());
    for word in words {
        out.extend(format!("${}\r\n{word}\r\n", word.len()).bytes());
    }
}

/// Where the answer that begins at `at` ends, when all of it is there.
fn answer_end(bytes: &[u8], at: usize) -> Result<Option<usize>> {
    let rest = bytes.get(at..).unwrap_or_default();
    let Some(line) = rest.windows(2).position(|two| two == b"\r\n") else { return Ok(None) };
    let after = at + line + 2;
    let text = String::from_utf8_lossy(&rest[..line]);
    let count = || text[1..].parse::<i64>().with_context(|| format!("no answer: {text}"));
    match rest.first() {
        Some(b'+' | b':') => Ok(Some(after)),
        Some(b'$') => {
            let Ok(length) = usize::try_from(count()?) else { return Ok(Some(after)) };
            let end = after + length + 2;
            Ok((bytes.len() >= end).then_some(end))
        }
        Some(b'*') => {
            let mut end = after;
            for _ in 0..count()?.max(0) {
                match answer_end(bytes, end)? {
                    Some(next) => end = next,
                    None => return Ok(None),
                }
            }
            Ok(Some(end))
        }
        _ => bail!("redis-server says {text}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_an_array_of_words() {
        let mut out = Vec::new();
        command(&mut out, &["GEOADD", "g", "1.5"]);
        assert_eq!(out, b"*3\r\n$6\r\nGEOADD\r\n$1\r\ng\r\n$3\r\n1.5\r\n");
    }

    #[test]
    fn answers_end_where_they_end_however_they_are_cut() {
        for whole in [
            &b":0\r\n"[..],
            b"+OK\r\n",
            b"$5\r\na\r\nbc\r\n",
            b"$-1\r\n",
            b"*2\r\n$1\r\na\r\n*1\r\n:7\r\n",
            b"*0\r\n",
            b"*-1\r\n",
        ] {
            let mut bytes = b":9\r\n".to_vec();
            bytes.extend(whole);
            let end = bytes.len();
            for cut in 4..end {
                assert_eq!(answer_end(&bytes[..cut], 4).unwrap(), None, "{whole:?} {cut}");
            }
            bytes.extend(b"+more\r\n");
            assert_eq!(answer_end(&bytes, 4).unwrap(), Some(end));
        }
        assert!(answer_end(b"-ERR wrong\r\n", 0).is_err());
    }
}
