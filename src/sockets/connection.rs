//! The TCP connection under a socket: one buffer for all that are read on a thread, and frames that go
//! out as they are, without being copied.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use actix_web::rt::net::TcpStream;
use actix_web::web::Bytes;
use tokio::io::{AsyncRead as _, AsyncWrite as _, ReadBuf};

use super::frames::{CONTROL_MAX, HEAD_MAX, Kind, write_head};

/// Room of a thread's read buffer, bytes. The largest frame fits.
const READ_ROOM: usize = 64 * 1024 + 64;
/// Most frames handed to the kernel at once: what a console gets in a second, several times.
pub const BATCH_FRAMES: usize = 16;
/// Frames are added to a batch until it holds so many bytes; the last one may be of any length.
pub const BATCH_BYTES: usize = 64 * 1024;

thread_local! {
    /// What one read brings is used up before the next, so all sockets of a thread read into the same
    /// buffer, and an idle socket holds none. A buffer each was half of what a connected officer cost.
    static READ: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_ROOM].into_boxed_slice());
    /// Room for the frames of one batch. What the kernel takes at once leaves it here for the next
    /// socket, so writing allocates nothing.
    static BATCH: RefCell<VecDeque<Unsent>> = const { RefCell::new(VecDeque::new()) };
}

/// A frame that the kernel has not taken.
pub struct Unsent {
    head: [u8; HEAD_MAX],
    head_len: u8,
    body: Bytes,
}

impl Unsent {
    /// A frame, whole.
    pub fn frame(kind: Kind, body: Bytes) -> Self {
        let mut head = [0; HEAD_MAX];
        let written = write_head(&mut head, kind, body.len());
        Self { head, head_len: u8::try_from(written).unwrap_or(0), body }
    }

    /// Bytes as they are: the end of the conversation before the upgrade.
    pub fn bytes(body: Bytes) -> Self {
        Self { head: [0; HEAD_MAX], head_len: 0, body }
    }

    /// A close frame.
    pub fn close(code: u16, text: &str) -> Self {
        let mut body = code.to_be_bytes().to_vec();
        body.extend(text.bytes().take(CONTROL_MAX - 2));
        Self::frame(Kind::Close, body.into())
    }

    /// Its length on the wire, bytes.
    pub fn length(&self) -> usize {
        usize::from(self.head_len) + self.body.len()
    }
}

/// A connection.
pub struct Connection {
    tcp: TcpStream,
    /// What the kernel has not taken, in order. Empty but for connections that are slow.
    unsent: VecDeque<Unsent>,
    /// Bytes of the first of these that are gone.
    gone: usize,
}

impl Connection {
    /// Takes a stream over, with what is to be written before any frame.
    pub fn new(tcp: TcpStream, first: Bytes) -> Self {
        let unsent = if first.is_empty() { None } else { Some(Unsent::bytes(first)) };
        Self { tcp, unsent: unsent.into_iter().collect(), gone: 0 }
    }

    /// Reads once, when something is there, and shows it to `take`; false at the end of the stream.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn poll_read(
        &mut self,
        cx: &mut Context<'_>,
        take: impl FnOnce(&mut [u8]),
    ) -> Poll<io::Result<bool>> {
        READ.with_borrow_mut(|room| {
            let mut buffer = ReadBuf::new(room);
            // `poll_read` and not `try_read`: after a read that did not fill the buffer it knows that
            // nothing is left, so that no second, empty one has to find that out.
            ready!(Pin::new(&mut self.tcp).poll_read(cx, &mut buffer))?;
            let some = !buffer.filled().is_empty();
            take(buffer.filled_mut());
            Poll::Ready(Ok(some))
        })
    }

    /// Writes what waits, and then asks `more` for further frames for as long as the kernel takes them.
    /// `Ready` when everything that there was is written.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn poll_write(
        &mut self,
        cx: &mut Context<'_>,
        mut more: impl FnMut(&mut Context<'_>, &mut VecDeque<Unsent>),
    ) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_flush(cx))?;
            // Room that was kept for what a slow connection left is given back.
            self.unsent = BATCH.take();
            more(cx, &mut self.unsent);
            let flushed = if self.unsent.is_empty() {
                Poll::Ready(Ok(true))
            } else {
                self.poll_flush(cx).map_ok(|()| false)
            };
            if self.unsent.is_empty() {
                BATCH.set(std::mem::take(&mut self.unsent));
            }
            if ready!(flushed)? {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes what waits.
    ///
    /// # Errors
    /// The connection is broken.
    pub fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            let mut slices = [IoSlice::new(&[]); 2 * BATCH_FRAMES];
            let mut used = 0;
            let mut skip = self.gone;
            for frame in self.unsent.iter().take(BATCH_FRAMES) {
                for part in [&frame.head[..usize::from(frame.head_len)], &frame.body] {
                    let passed = skip.min(part.len());
                    skip -= passed;
                    if passed < part.len() {
                        slices[used] = IoSlice::new(&part[passed..]);
                        used += 1;
                    }
                }
            }
            let tcp = Pin::new(&mut self.tcp);
            let written = ready!(tcp.poll_write_vectored(cx, &slices[..used]))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.forget(written);
        }
        Poll::Ready(Ok(()))
    }

    /// Lets go of what the kernel has taken.
    fn forget(&mut self, written: usize) {
        self.gone += written;
        while let Some(first) = self.unsent.front()
            && self.gone >= first.length()
        {
            self.gone -= first.length();
            self.unsent.pop_front();
        }
    }

    /// Lets this be the last that is written, behind at most the frame that was begun.
    pub fn finish_with(&mut self, last: Unsent) {
        // What was said before the first frame has to come before the last one.
        let begun = self.gone > 0 || self.unsent.front().is_some_and(|first| first.head_len == 0);
        self.unsent.truncate(usize::from(begun));
        self.unsent.push_back(last);
    }

    /// Tells the other side that nothing more comes.
    pub fn end(&mut self, cx: &mut Context<'_>) {
        // A stream that is not there any more needs no end; plain TCP never waits here.
        let _ended = Pin::new(&mut self.tcp).poll_shutdown(cx);
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use actix_web::rt::net::TcpListener;
    use futures_util::future::join;
    use socket2::SockRef;
    use tokio::io::AsyncReadExt as _;

    use super::*;

    const FIRST: &[u8] = b"HTTP/1.1 101\r\n\r\n";

    /// A connection with a small send buffer, and its other end.
    async fn pair() -> (Connection, TcpStream) {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let other = TcpStream::connect(listener.local_addr().expect("bound")).await;
        let other = other.expect("connected");
        let (tcp, _) = listener.accept().await.expect("accepted");
        SockRef::from(&tcp).set_send_buffer_size(8 * 1024).expect("a small buffer");
        (Connection::new(tcp, Bytes::from_static(FIRST)), other)
    }

    /// Frames of many lengths, and how they look on the wire.
    fn frames() -> Vec<(Bytes, Vec<u8>)> {
        let lengths = (0..300_usize).map(|n| n * n * 7 % 3_000).chain([400_000, 0, 125, 126]);
        let frame = |(n, length)| {
            let body = vec![u8::try_from(n % 251).expect("small"); length];
            let mut head = [0; HEAD_MAX];
            let size = write_head(&mut head, Kind::Binary, length);
            let wire = [&head[..size], &body].concat();
            (body.into(), wire)
        };
        lengths.enumerate().map(frame).collect()
    }

    fn fill<'a>(
        from: &mut impl Iterator<Item = &'a (Bytes, Vec<u8>)>,
        batch: &mut VecDeque<Unsent>,
    ) {
        batch.extend(
            from.take(BATCH_FRAMES).map(|(body, _)| Unsent::frame(Kind::Binary, body.clone())),
        );
    }

    #[actix_web::test]
    async fn whatever_the_kernel_takes_every_byte_arrives_once_and_in_order() {
        let (mut connection, mut other) = pair().await;
        let frames = frames();
        let mut expected = FIRST.to_vec();
        frames.iter().for_each(|(_, wire)| expected.extend(wire));
        let mut waiting = frames.iter();
        let written =
            poll_fn(|cx| connection.poll_write(cx, |_, batch| fill(&mut waiting.by_ref(), batch)));
        let read = async {
            let mut all = vec![0; expected.len()];
            other.read_exact(&mut all).await.expect("read");
            all
        };
        let (written, read) = join(written, read).await;
        written.expect("written");
        assert!(read == expected, "not what was sent");
        assert_eq!(connection.unsent.capacity(), 0, "a connection that is quick holds no room");
    }

    #[actix_web::test]
    async fn nothing_more_is_taken_while_the_kernel_takes_nothing_and_the_last_word_comes_last() {
        let (mut connection, mut other) = pair().await;
        let frames = frames();
        let (mut waiting, mut batches) = (frames.iter(), 0);
        let blocked = poll_fn(|cx| {
            let written = connection.poll_write(cx, |_, batch| {
                batches += 1;
                fill(&mut waiting.by_ref(), batch);
            });
            Poll::Ready(written.is_pending())
        });
        assert!(blocked.await, "the kernel takes everything");
        let before = batches;
        let blocked = poll_fn(|cx| {
            let written = connection.poll_write(cx, |_, _| batches += 1);
            Poll::Ready(written.is_pending())
        });
        assert!(blocked.await);
        assert_eq!(batches, before, "a batch was asked for though one waits");
        assert!((1..=BATCH_FRAMES).contains(&connection.unsent.len()));
        connection.finish_with(Unsent::close(4431, "does not read"));
        assert!(connection.unsent.len() <= 2, "what was not begun is dropped");
        let read = async {
            let mut all = Vec::new();
            other.read_to_end(&mut all).await.expect("read");
            all
        };
        let written = async {
            poll_fn(|cx| connection.poll_flush(cx)).await.expect("written");
            poll_fn(|cx| {
                connection.end(cx);
                Poll::Ready(())
            })
            .await;
        };
        let (read, ()) = join(read, written).await;
        let close = b"\x88\x0f\x11\x4fdoes not read";
        let mut rest = read.strip_prefix(FIRST).and_then(|rest| rest.strip_suffix(close));
        for (_, wire) in &frames {
            rest = rest.map(|rest| rest.strip_prefix(&wire[..]).unwrap_or(rest));
        }
        assert_eq!(rest, Some(&[][..]), "whole frames, and then the close");
    }
}
