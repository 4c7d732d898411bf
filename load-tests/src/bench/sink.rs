//! The other side of ingest: a bare tokio websocket sink. It upgrades, unmasks and counts frames, and
//! throws them away. No less can be done by a server that reads websocket frames with tokio.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::Result;
use tokio::net::TcpStream;

use super::other_side::{self, upgraded};

/// Serves until the process is ended; says its port on standard output first.
pub fn serve() -> Result<()> {
    // One buffer for all: a frame is looked at as soon as it is there.
    let shared = Rc::new(RefCell::new(vec![0_u8; 64 * 1024]));
    other_side::serve(move |stream| swallow(stream, Rc::clone(&shared)))
}

async fn swallow(mut stream: TcpStream, shared: Rc<RefCell<Vec<u8>>>) -> Option<()> {
    upgraded(&mut stream).await?;
    let mut frames = 0_u64;
    // What of a frame has come, when it came in pieces.
    let mut rest: Vec<u8> = Vec::new();
    loop {
        stream.readable().await.ok()?;
        let mut buffer = shared.borrow_mut();
        let read = match stream.try_read(&mut buffer) {
            Ok(0) => return Some(()),
            Ok(read) => read,
            Err(fault) if fault.kind() == std::io::ErrorKind::WouldBlock => continue,
            Err(_) => return None,
        };
        if rest.is_empty() {
            let used = look(&mut buffer[..read], &mut frames);
            rest.extend_from_slice(&buffer[used..read]);
        } else {
            rest.extend_from_slice(&buffer[..read]);
            let used = look(&mut rest, &mut frames);
            rest.drain(..used);
        }
    }
}

/// Unmasks and counts the whole frames; gives how many bytes they were.
fn look(bytes: &mut [u8], frames: &mut u64) -> usize {
    let mut at = 0;
    loop {
        let Some(second) = bytes.get(at + 1) else { return at };
        let (mask_at, length) = match second & 0x7f {
            126 if bytes.len() >= at + 4 => {
                (at + 4, usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])))
            }
            126 | 127 => return at,
            short => (at + 2, usize::from(short)),
        };
        let begin = mask_at + 4;
        if bytes.len() < begin + length {
            return at;
        }
        let mask = [bytes[mask_at], bytes[mask_at + 1], bytes[mask_at + 2], bytes[mask_at + 3]];
        for (index, byte) in bytes[begin..begin + length].iter_mut().enumerate() {
            *byte ^= mask[index & 3];
        }
        std::hint::black_box(&bytes[begin..begin + length]);
        *frames += 1;
        at = begin + length;
    }
}

#[cfg(test)]
mod tests {
    use super::super::ws::{Kind, frame};
    use super::*;

    #[test]
    fn frames_are_counted_and_a_torn_one_is_left() {
        let mut bytes = frame(Kind::Binary, &[1; 40]);
        bytes.extend(frame(Kind::Binary, &[2; 300]));
        let whole = bytes.len();
        bytes.extend(&frame(Kind::Binary, &[3; 40])[..20]);
        let mut frames = 0;
        assert_eq!(look(&mut bytes, &mut frames), whole);
        assert_eq!(frames, 2);
    }
}
