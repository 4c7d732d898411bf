//! A guard in front of the websocket codec.
//!
//! The codec compares a frame's length with its limit only after the whole frame has arrived, so one
//! client that announces a gigabyte makes the server hold it. This reads the headers that pass by and
//! ends the stream as soon as one announces too much. It keeps no payload.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::error::PayloadError;
use actix_web::web::Bytes;
use futures_util::Stream;

/// Largest frame a client may announce, bytes (PROTOCOL §3).
pub const FRAME_MAX: u64 = 64 * 1024;

/// Follows frame headers through a byte stream.
#[derive(Debug, Default)]
struct Headers {
    /// Payload bytes of the current frame that are still to pass.
    to_pass: u64,
    /// Bytes of a header that is not complete yet.
    partial: Vec<u8>,
}

/// A frame is announced that is larger than allowed.
#[derive(Debug, PartialEq, Eq)]
struct TooLarge;

impl Headers {
    fn follow(&mut self, mut bytes: &[u8]) -> Result<(), TooLarge> {
        while !bytes.is_empty() {
            if self.to_pass > 0 {
                let step = usize::try_from(self.to_pass).unwrap_or(usize::MAX).min(bytes.len());
                self.to_pass -= step as u64;
                bytes = &bytes[step..];
                continue;
            }
            self.partial.push(bytes[0]);
            bytes = &bytes[1..];
            if let Some(length) = payload_length(&self.partial) {
                if length > FRAME_MAX {
                    return Err(TooLarge);
                }
                self.to_pass = length;
                self.partial.clear();
            }
        }
        Ok(())
    }
}

/// The payload length of a complete header (RFC 6455 §5.2); `None` while bytes are missing.
fn payload_length(header: &[u8]) -> Option<u64> {
    let second = *header.get(1)?;
    let mask = if second & 0x80 == 0 { 0 } else { 4 };
    let (length, extended) = match second & 0x7f {
        126 => (u64::from(u16::from_be_bytes(header.get(2..4)?.try_into().ok()?)), 2),
        127 => (u64::from_be_bytes(header.get(2..10)?.try_into().ok()?), 8),
        short => (u64::from(short), 0),
    };
    // A length is judged as soon as it is known; the mask only has to pass.
    (length > FRAME_MAX || header.len() == 2 + extended + mask).then_some(length)
}

/// The guarded stream of a socket's bytes.
pub struct FrameGuard<S> {
    inner: S,
    headers: Headers,
    tripped: bool,
}

impl<S> FrameGuard<S> {
    /// Guards `inner`.
    pub fn new(inner: S) -> Self {
        Self { inner, headers: Headers::default(), tripped: false }
    }
}

impl<S> Stream for FrameGuard<S>
where
    S: Stream<Item = Result<Bytes, PayloadError>> + Unpin,
{
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.tripped {
            return Poll::Ready(None);
        }
        let next = Pin::new(&mut self.inner).poll_next(cx);
        if let Poll::Ready(Some(Ok(bytes))) = &next
            && self.headers.follow(bytes).is_err()
        {
            self.tripped = true;
            return Poll::Ready(Some(Err(PayloadError::Overflow)));
        }
        next
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A masked text frame's header announcing `length` bytes.
    fn header(length: u64) -> Vec<u8> {
        let mut bytes = vec![0x81];
        match length {
            0..=125 => bytes.push(0x80 | u8::try_from(length).expect("small")),
            126..=65_535 => {
                bytes.push(0x80 | 126);
                bytes.extend(u16::try_from(length).expect("medium").to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend(length.to_be_bytes());
            }
        }
        bytes.extend([1, 2, 3, 4]);
        bytes
    }

    #[test]
    fn frames_pass_however_the_bytes_are_cut() {
        let mut stream = Vec::new();
        for length in [0_u64, 1, 125, 126, 65_535, 3] {
            stream.extend(header(length));
            stream.extend(vec![0xff; usize::try_from(length).expect("small")]);
        }
        for cut in [1, 2, 3, 7, 1_000, stream.len()] {
            let mut headers = Headers::default();
            for chunk in stream.chunks(cut) {
                assert_eq!(headers.follow(chunk), Ok(()), "cut {cut}");
            }
            assert_eq!(headers.to_pass, 0);
            assert!(headers.partial.is_empty());
        }
    }

    #[test]
    fn an_announced_giant_is_stopped_at_its_header() {
        for length in [FRAME_MAX + 1, 1 << 30, u64::MAX] {
            let mut headers = Headers::default();
            assert_eq!(headers.follow(&header(length)), Err(TooLarge), "{length}");
        }
        let mut headers = Headers::default();
        assert_eq!(headers.follow(&header(FRAME_MAX)), Ok(()));
    }
}
