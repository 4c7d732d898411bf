//! The other side of tip → offer: a bare tokio websocket that sends each frame back. No server that
//! speaks websocket with tokio can answer sooner.

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::other_side::{self, upgraded};

/// Serves until the process is ended; says its port on standard output first.
pub fn serve() -> Result<()> {
    other_side::serve(repeat)
}

async fn repeat(mut stream: TcpStream) -> Option<()> {
    upgraded(&mut stream).await?;
    let mut bytes = Vec::with_capacity(16 * 1024);
    let mut out = Vec::with_capacity(16 * 1024);
    loop {
        stream.read_buf(&mut bytes).await.ok().filter(|read| *read > 0)?;
        let mut used = 0;
        while let Some(length) = echo_of(&bytes[used..], &mut out) {
            used += length;
        }
        bytes.drain(..used);
        if !out.is_empty() {
            stream.write_all(&out).await.ok()?;
            out.clear();
        }
    }
}

/// Puts what a whole frame of a client carries into a frame of a server; gives the frame's length.
fn echo_of(bytes: &[u8], out: &mut Vec<u8>) -> Option<usize> {
    let second = *bytes.get(1)? & 0x7f;
    let (mask_at, length) = match second {
        126 => (4, usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))),
        127 => return None,
        short => (2, usize::from(short)),
    };
    let begin = mask_at + 4;
    let payload = bytes.get(begin..begin + length)?;
    out.push(bytes[0]);
    out.push(second);
    out.extend_from_slice(&bytes[2..mask_at]);
    let mask = &bytes[mask_at..begin];
    out.extend(payload.iter().enumerate().map(|(index, byte)| byte ^ mask[index & 3]));
    Some(begin + length)
}

#[cfg(test)]
mod tests {
    use super::super::ws::{Kind, frame};
    use super::*;

    #[test]
    fn what_comes_back_is_what_was_said() {
        for length in [5_u8, 200] {
            let said = vec![length; usize::from(length)];
            let frame = frame(Kind::Text, &said);
            let mut out = Vec::new();
            assert_eq!(echo_of(&frame[..frame.len() - 1], &mut out), None, "not whole yet");
            assert_eq!(echo_of(&frame, &mut out), Some(frame.len()));
            assert!(out.ends_with(&said) && out[0] == 0x81 && out[1] & 0x80 == 0);
        }
    }
}
