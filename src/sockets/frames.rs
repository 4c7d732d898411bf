//! Websocket frames as bytes (RFC 6455 §5): a reader that may be fed in any pieces, and heads to write.
//!
//! Pure: no socket, no clock. Whatever is wrong with a frame is said as soon as its head is there, before
//! any of its payload is kept; so one that announces a gigabyte costs nothing. What text means, and how
//! many pieces a message may have, is the session's business.

/// Largest frame a client may announce, bytes (PROTOCOL §3).
pub const FRAME_MAX: usize = 64 * 1024;
/// Largest payload of a control frame, bytes.
pub const CONTROL_MAX: usize = 125;
/// Longest head that a server writes, bytes: its frames have no mask.
pub const HEAD_MAX: usize = 10;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A further piece of a message.
    Piece,
    /// Text, or the first piece of one.
    Text,
    /// Bytes, or the first piece of them.
    Binary,
    /// The end of the socket.
    Close,
    /// To be answered with a pong.
    Ping,
    /// The answer to a ping.
    Pong,
}

impl Kind {
    fn of_opcode(opcode: u8) -> Option<Self> {
        Some(match opcode {
            0 => Self::Piece,
            1 => Self::Text,
            2 => Self::Binary,
            8 => Self::Close,
            9 => Self::Ping,
            10 => Self::Pong,
            _ => return None,
        })
    }

    fn opcode(self) -> u8 {
        match self {
            Self::Piece => 0,
            Self::Text => 1,
            Self::Binary => 2,
            Self::Close => 8,
            Self::Ping => 9,
            Self::Pong => 10,
        }
    }

    fn is_control(self) -> bool {
        matches!(self, Self::Close | Self::Ping | Self::Pong)
    }
}

/// Why a client's bytes are no frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Against the protocol.
    Malformed,
    /// More than [`FRAME_MAX`] is announced.
    TooLarge,
}

/// A whole frame, its mask taken off.
#[derive(Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// What it is.
    pub kind: Kind,
    /// False when further pieces of the message follow.
    pub last: bool,
    /// What it carries.
    pub payload: &'a [u8],
}

/// What a client's frame begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    kind: Kind,
    last: bool,
    mask: [u8; 4],
    /// Length of the head itself, bytes.
    size: usize,
    /// Length of the payload, bytes.
    length: usize,
}

impl Head {
    /// Reads the head that `bytes` begin with; `None` while some of it is missing and nothing is wrong
    /// yet.
    fn read(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let [first, second, rest @ ..] = bytes else {
            return match bytes.first() {
                Some(first) => Self::first(*first).map(|_| None),
                None => Ok(None),
            };
        };
        let (kind, last) = Self::first(*first)?;
        // Every frame of a client has a mask.
        if second & 0x80 == 0 {
            return Err(Fault::Malformed);
        }
        let short = usize::from(second & 0x7f);
        let (length, extended) = match short {
            126 => match rest.first_chunk() {
                Some(length) => (u64::from(u16::from_be_bytes(*length)), 2),
                None => (126, 2),
            },
            127 => match rest.first_chunk() {
                Some(length) => (u64::from_be_bytes(*length), 8),
                None => (1 << 16, 8),
            },
            _ => (short as u64, 0),
        };
        if kind.is_control() && short > CONTROL_MAX {
            return Err(Fault::Malformed);
        }
        // A length is judged as soon as it is known; the mask only has to pass.
        if rest.len() >= extended {
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if length > FRAME_MAX {
                return Err(Fault::TooLarge);
            }
            // The shortest form is the only one.
            if (extended == 2 && length < 126) || (extended == 8 && length <= 0xffff) {
                return Err(Fault::Malformed);
            }
            if let Some(mask) = rest.get(extended..).and_then(<[u8]>::first_chunk) {
                return Ok(Some(Self { kind, last, mask: *mask, size: 2 + extended + 4, length }));
            }
        }
        Ok(None)
    }

    /// What the first byte says: no extension is spoken, so its reserved bits are none.
    fn first(byte: u8) -> Result<(Kind, bool), Fault> {
        let kind = Kind::of_opcode(byte & 0x0f).ok_or(Fault::Malformed)?;
        let last = byte & 0x80 != 0;
        if byte & 0x70 != 0 || (kind.is_control() && !last) {
            return Err(Fault::Malformed);
        }
        Ok((kind, last))
    }

    fn whole(&self) -> usize {
        self.size + self.length
    }
}

/// A client's bytes, from piece to piece. Between frames it holds nothing.
#[derive(Debug, Default)]
pub struct Frames {
    /// What has come of a frame that is not whole. Grows with what comes, not with what is announced.
    rest: Vec<u8>,
    /// A message is under way of which further pieces have to come.
    open: bool,
}

impl Frames {
    /// Takes the next bytes, and hands each frame that is whole to `take`. Unmasks in place.
    ///
    /// # Errors
    /// The bytes are no frames. Nothing may be fed after that.
    pub fn feed(
        &mut self,
        mut input: &mut [u8],
        mut take: impl FnMut(Frame<'_>),
    ) -> Result<(), Fault> {
        if !self.rest.is_empty() {
            let Some(mut frame) = self.complete(&mut input)? else { return Ok(()) };
            if let Some(head) = self.head(&frame)? {
                take(self.frame(&head, &mut frame));
            }
        }
        while let Some(head) = self.head(input)? {
            let whole = head.whole();
            if whole > input.len() {
                break;
            }
            let (frame, behind) = std::mem::take(&mut input).split_at_mut(whole);
            input = behind;
            take(self.frame(&head, frame));
        }
        self.rest.extend_from_slice(input);
        Ok(())
    }

    /// Moves bytes from `input` behind those that came before, up to the end of that frame; the frame
    /// once it is whole. Linear in the bytes, also when they come one at a time.
    fn complete(&mut self, input: &mut &mut [u8]) -> Result<Option<Vec<u8>>, Fault> {
        loop {
            // Of a head each byte may tell how many follow.
            let missing = self.head(&self.rest)?.map_or(1, |head| head.whole() - self.rest.len());
            if missing == 0 {
                return Ok(Some(std::mem::take(&mut self.rest)));
            }
            if input.is_empty() {
                return Ok(None);
            }
            let step = missing.min(input.len());
            let (now, behind) = std::mem::take(input).split_at_mut(step);
            self.rest.extend_from_slice(now);
            *input = behind;
        }
    }

    /// The head of the next frame, if that may come now.
    fn head(&self, bytes: &[u8]) -> Result<Option<Head>, Fault> {
        let head = Head::read(bytes)?;
        let in_order = head.is_none_or(|head| match head.kind {
            Kind::Piece => self.open,
            Kind::Text | Kind::Binary => !self.open,
            Kind::Close | Kind::Ping | Kind::Pong => true,
        });
        if in_order { Ok(head) } else { Err(Fault::Malformed) }
    }

    fn frame<'a>(&mut self, head: &Head, bytes: &'a mut [u8]) -> Frame<'a> {
        if !head.kind.is_control() {
            self.open = !head.last;
        }
        let payload = &mut bytes[head.size..];
        unmask(payload, head.mask);
        Frame { kind: head.kind, last: head.last, payload }
    }
}

/// Takes a mask off, eight bytes at a time.
fn unmask(payload: &mut [u8], mask: [u8; 4]) {
    let [a, b, c, d] = mask;
    let wide = u64::from_ne_bytes([a, b, c, d, a, b, c, d]);
    let (words, tail) = payload.as_chunks_mut::<8>();
    for word in words {
        *word = (u64::from_ne_bytes(*word) ^ wide).to_ne_bytes();
    }
    for (byte, mask) in tail.iter_mut().zip([a, b, c, d, a, b, c]) {
        *byte ^= mask;
    }
}

/// Writes the head of a server's frame; how many bytes of `into` it takes.
#[allow(clippy::cast_possible_truncation)] // Each length is written in a form that holds it.
pub fn write_head(into: &mut [u8; HEAD_MAX], kind: Kind, length: usize) -> usize {
    into[0] = 0x80 | kind.opcode();
    match length {
        0..=125 => {
            into[1] = length as u8;
            2
        }
        126..=0xffff => {
            into[1] = 126;
            into[2..4].copy_from_slice(&(length as u16).to_be_bytes());
            4
        }
        _ => {
            into[1] = 127;
            into[2..].copy_from_slice(&(length as u64).to_be_bytes());
            10
        }
    }
}

/// True for codes that a close frame may carry (RFC 6455 §7.4).
fn is_close_code(code: u16) -> bool {
    matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999)
}

/// What a client's close frame says: its code, if it gives one.
///
/// # Errors
/// The code with which to close instead: 1002 for what is no close code, 1007 for words that are no
/// UTF-8.
pub fn read_close(payload: &[u8]) -> Result<Option<u16>, u16> {
    match payload {
        [] => Ok(None),
        [high, low, words @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !is_close_code(code) {
                return Err(1002);
            }
            std::str::from_utf8(words).map(|_| Some(code)).map_err(|_not_utf8| 1007)
        }
        [_] => Err(1002),
    }
}

#[cfg(test)]
#[path = "frames_tests.rs"]
mod tests;
