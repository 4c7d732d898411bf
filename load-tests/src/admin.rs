//! The server's admin socket: one JSON object a line, one answer line each.
//!
//! Used only before the drill begins, to make the court, the source and the people. Knows nothing of
//! what the answers mean.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

/// An answer that takes longer has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// One connection to the socket.
#[derive(Debug)]
pub struct Admin {
    path: PathBuf,
    read: BufReader<OwnedReadHalf>,
    write: OwnedWriteHalf,
}

impl Admin {
    /// Connects.
    pub async fn connect(path: &Path) -> Result<Self> {
        let stream = UnixStream::connect(path)
            .await
            .with_context(|| format!("cannot connect to the admin socket {}", path.display()))?;
        let (read, write) = stream.into_split();
        Ok(Self { path: path.to_path_buf(), read: BufReader::new(read), write })
    }

    /// A second connection to the same socket.
    pub async fn another(&self) -> Result<Self> {
        Self::connect(&self.path).await
    }

    /// Sends one request and gives back what is under `ok`.
    pub async fn ask(&mut self, request: &Value) -> Result<Value> {
        let what = request["do"].as_str().unwrap_or("request").to_owned();
        let exchange = async {
            self.write.write_all(format!("{request}\n").as_bytes()).await?;
            let mut line = String::new();
            self.read.read_line(&mut line).await?;
            Ok::<_, std::io::Error>(line)
        };
        let line = tokio::time::timeout(ANSWER_WITHIN, exchange)
            .await
            .with_context(|| format!("the admin socket did not answer {what} in time"))?
            .with_context(|| format!("the admin socket broke off at {what}"))?;
        let mut answer: Value = serde_json::from_str(&line)
            .with_context(|| format!("the admin socket answered {what} with no JSON: {line:?}"))?;
        match answer.get_mut("ok") {
            Some(ok) => Ok(ok.take()),
            None => bail!("the admin socket refused {what}: {}", line.trim()),
        }
    }
}
