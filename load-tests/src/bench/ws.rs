//! A websocket with next to nothing around it: the generator must cost less than what it measures.
//!
//! Frames are masked with the key 0, which is a key like any other and leaves the payload as it is.

use anyhow::{Context, Result, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// Longest answer to an upgrade, bytes.
const ANSWER_MAX: usize = 4096;

/// What a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Text.
    Text = 1,
    /// Binary.
    Binary = 2,
    /// The other side's question whether somebody is there.
    Ping = 9,
    /// Its answer.
    Pong = 10,
}

/// A whole frame as a client sends it.
pub fn frame(kind: Kind, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(payload.len() + 14);
    out.push(0x80 | kind as u8);
    match payload.len() {
        short @ 0..126 => out.push(0x80 | u8::try_from(short).unwrap_or(0)),
        middle if let Ok(middle) = u16::try_from(middle) => {
            out.push(0x80 | 126);
            out.extend(middle.to_be_bytes());
        }
        long => {
            out.push(0x80 | 127);
            out.extend((long as u64).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
    out
}

/// Connects and upgrades; what comes after the server's answer is left in the stream.
pub async fn connect(authority: &str, path: &str) -> Result<TcpStream> {
    let tcp = TcpStream::connect(authority).await.context("cannot connect")?;
    upgrade(tcp, authority, path).await
}

/// Upgrades a connection.
pub async fn upgrade(mut tcp: TcpStream, authority: &str, path: &str) -> Result<TcpStream> {
    tcp.set_nodelay(true).context("cannot set the socket up")?;
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {authority}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    tcp.write_all(request.as_bytes()).await.context("cannot ask for the upgrade")?;
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        if answer.len() > ANSWER_MAX {
            bail!("no answer to the upgrade");
        }
        answer.push(tcp.read_u8().await.context("the upgrade broke off")?);
    }
    if !answer.starts_with(b"HTTP/1.1 101") {
        bail!("the upgrade was refused: {}", String::from_utf8_lossy(&answer));
    }
    Ok(tcp)
}

/// Reads one frame of a server: its kind's number and its payload.
pub async fn read(tcp: &mut (impl AsyncReadExt + Unpin)) -> Result<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    tcp.read_exact(&mut head).await.context("the socket is over")?;
    let length = match head[1] & 0x7f {
        126 => u64::from(tcp.read_u16().await?),
        127 => tcp.read_u64().await?,
        short => u64::from(short),
    };
    let mut payload = vec![0; usize::try_from(length).context("a frame without end")?];
    tcp.read_exact(&mut payload).await.context("the socket is over")?;
    Ok((head[0] & 0x0f, payload))
}

/// Reads one frame of a server through a buffer and throws its payload away: the kind's number and the
/// payload's length.
pub async fn skim(tcp: &mut (impl AsyncBufReadExt + Unpin)) -> Result<(u8, usize)> {
    let mut head = [0; 2];
    tcp.read_exact(&mut head).await.context("the socket is over")?;
    let length = match head[1] & 0x7f {
        126 => u64::from(tcp.read_u16().await?),
        127 => tcp.read_u64().await?,
        short => u64::from(short),
    };
    let length = usize::try_from(length).context("a frame without end")?;
    let mut rest = length;
    while rest > 0 {
        let step = tcp.fill_buf().await.context("the socket is over")?.len().min(rest);
        if step == 0 {
            bail!("the socket is over");
        }
        tcp.consume(step);
        rest -= step;
    }
    Ok((head[0] & 0x0f, length))
}

/// Reads until a text frame of that `type`.
pub async fn read_until(tcp: &mut (impl AsyncReadExt + Unpin), wanted: &str) -> Result<Value> {
    loop {
        let (kind, payload) = read(tcp).await?;
        if kind == 8 {
            bail!("closed: {}", String::from_utf8_lossy(payload.get(2..).unwrap_or_default()));
        }
        if kind == Kind::Text as u8
            && let Ok(value) = serde_json::from_slice::<Value>(&payload)
            && value["type"] == wanted
        {
            return Ok(value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_what_rfc_6455_says() {
        assert_eq!(frame(Kind::Text, b"hi"), [0x81, 0x82, 0, 0, 0, 0, b'h', b'i']);
        let middle = frame(Kind::Binary, &[7; 300]);
        assert_eq!(middle[..8], [0x82, 0xfe, 1, 44, 0, 0, 0, 0]);
        let long = frame(Kind::Binary, &[7; 70_000]);
        assert_eq!(long[..10], [0x82, 0xff, 0, 0, 0, 0, 0, 1, 0x11, 0x70]);
    }
}
