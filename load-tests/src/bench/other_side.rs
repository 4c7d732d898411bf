//! A side of ours that is another one's floor (a sink, an echo, a bare writer): this program itself, as a
//! process of its own on the measured core, which says its port on standard output first.
//!
//! Here is what all of them have in common, on both ends.

use std::process::Stdio;

use anyhow::{Context, Result};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::process::{Child, Command};

use super::process::Process;
use super::{host, ws};

/// A running one; ends with this.
#[derive(Debug)]
pub struct OtherSide {
    _child: Child,
    /// Its process.
    pub process: Process,
    /// `host:port`.
    pub authority: String,
}

impl OtherSide {
    /// Starts this program with those words on the measured core.
    pub async fn start(words: &[&str]) -> Result<Self> {
        let this = std::env::current_exe().context("cannot find this program")?;
        let mut command = Command::new("taskset");
        command.args(["-c", host::MEASURED_CORE]).arg(this).args(words);
        Self::of(command).await.with_context(|| format!("cannot start {}", words.join(" ")))
    }

    /// Starts a program that says its port on its first line.
    pub async fn of(mut command: Command) -> Result<Self> {
        let mut child = command.stdout(Stdio::piped()).kill_on_drop(true).spawn()?;
        let stdout = child.stdout.take().context("it has no output")?;
        let port = BufReader::new(stdout).lines().next_line().await?.context("it says no port")?;
        let process = Process(child.id().context("it has ended")?);
        Ok(Self { _child: child, process, authority: format!("127.0.0.1:{}", port.trim()) })
    }

    /// Upgraded sockets to it.
    pub async fn sockets(&self, count: usize) -> Result<Vec<TcpStream>> {
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            streams.push(ws::connect(&self.authority, "/").await?);
        }
        Ok(streams)
    }
}

/// Serves until the process is ended: one thread, and a task for each socket, made by `each`.
pub fn serve<F: Future<Output = Option<()>> + 'static>(
    each: impl Fn(TcpStream) -> F,
) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        crate::say(&listener.local_addr()?.port().to_string())?;
        loop {
            let (stream, _) = listener.accept().await.context("cannot accept")?;
            tokio::task::spawn_local(each(stream));
        }
    })
}

/// Answers the request for an upgrade, whatever it asks for.
pub async fn upgraded(stream: &mut TcpStream) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.ok().filter(|read| *read > 0)?;
    }
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.ok()
}
