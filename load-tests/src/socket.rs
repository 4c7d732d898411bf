//! One websocket to the server: ticket, upgrade, `hello`; then text frames in and out.
//!
//! Shared by handhelds and the console. Knows nothing of what the frames mean.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::WebSocketConfig;

use crate::http::Http;

/// Connecting, and each write, must end within this.
const WITHIN: Duration = Duration::from_secs(10);

/// What came out of a socket.
#[derive(Debug)]
pub enum Incoming {
    Text(String),
    /// The socket is over; the close code when the server sent one.
    Closed(Option<u16>),
}

/// An open socket after its `hello` was sent.
#[derive(Debug)]
pub struct Socket {
    stream: WebSocketStream<TcpStream>,
    close_code: Option<u16>,
}

impl Socket {
    /// Fetches a ticket with the given credentials, upgrades, and says hello. `before_upgrade` runs
    /// when the server may know of the connection from then on.
    pub async fn open(
        http: &Http,
        path: &str,
        credentials: &[(&str, &str)],
        epoch: Option<u32>,
        before_upgrade: impl FnOnce() + Send,
    ) -> Result<Self> {
        let reply = http.post_json("/api/ws-tickets", credentials, &json!({})).await?;
        let ticket = reply.ok("ws-tickets")?;
        let ticket = ticket["ticket"].as_str().context("the answer has no ticket")?;
        before_upgrade();
        let connect = async {
            let tcp = TcpStream::connect(&http.authority).await.context("cannot connect")?;
            tcp.set_nodelay(true).context("cannot set the socket up")?;
            // Small buffers: thousands of these live in one process.
            let config = WebSocketConfig::default().read_buffer_size(4 << 10).write_buffer_size(0);
            let url = format!("ws://{}{path}", http.authority);
            let upgrade =
                Box::pin(tokio_tungstenite::client_async_with_config(url, tcp, Some(config)));
            Ok::<_, anyhow::Error>(upgrade.await.context("the upgrade was refused")?.0)
        };
        let stream =
            tokio::time::timeout(WITHIN, connect).await.context("no upgrade in time")??;
        let mut socket = Self { stream, close_code: None };
        let mut hello = json!({ "type": "hello", "v": 1, "ticket": ticket });
        if let Some(epoch) = epoch {
            hello["epoch"] = json!(epoch);
        }
        socket.send(&hello.to_string()).await?;
        Ok(socket)
    }

    /// Sends one text frame.
    pub async fn send(&mut self, text: &str) -> Result<()> {
        match tokio::time::timeout(WITHIN, self.stream.send(Message::text(text))).await {
            Ok(sent) => sent.context("the socket is broken"),
            Err(_) => bail!("the server takes no more frames"),
        }
    }

    /// The next text frame. Pings are answered underneath.
    ///
    /// # Cancel safety
    /// Safe: nothing that was read is lost.
    pub async fn next(&mut self) -> Incoming {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => return Incoming::Text(text.as_str().to_owned()),
                Some(Ok(Message::Close(frame))) => {
                    self.close_code = frame.map(|frame| frame.code.into());
                }
                Some(Ok(Message::Ping(_))) => {
                    // The answer is queued by the library; it goes out with a flush.
                    let _ = self.stream.flush().await;
                }
                Some(Ok(Message::Binary(_) | Message::Pong(_) | Message::Frame(_))) => {}
                Some(Err(_)) | None => return Incoming::Closed(self.close_code),
            }
        }
    }

    /// Says goodbye; a server that does not answer is not waited for.
    pub async fn close(mut self) {
        let _ = tokio::time::timeout(Duration::from_millis(500), self.stream.close(None)).await;
    }
}

/// A frame from the server, and its `type`.
pub fn parse(text: &str) -> Option<(Value, String)> {
    let value: Value = serde_json::from_str(text).ok()?;
    let kind = value.get("type")?.as_str()?.to_owned();
    Some((value, kind))
}
