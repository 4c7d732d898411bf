//! One socket after its upgrade: a plain task on the thread that accepted the connection.
//!
//! It owns the connection, and pulls: what others have to say waits in the outbox, which is bounded, until
//! the kernel takes it. Reading goes on meanwhile, and nothing that is read makes the socket hold more.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use actix_web::rt::time::{Interval, interval};
use tiande_actors::outbox::OutboxReader;

use super::connection::{BATCH_BYTES, BATCH_FRAMES, Connection, Unsent};
use super::frames::{Frames, Kind};
use super::peer::Peer;
use super::session::{Life, Session};

/// The one timer of a socket: hello has to come within it, every second time the server pings, and each
/// time it looks for silence.
const TICK: Duration = Duration::from_secs(5);
/// So long may the close frame wait for the connection.
const CLOSE_WITHIN: Duration = Duration::from_secs(20);
/// So long the other side's close is waited for. What still comes meanwhile is read and thrown away: a
/// connection that is closed over unread bytes takes back what was written last.
const LINGER: Duration = Duration::from_secs(1);
/// Reads in a row before other sockets have their turn.
const READS_MAX: usize = 8;

/// A socket.
pub struct Socket<P: Peer> {
    connection: Connection,
    frames: Frames,
    session: Session<P>,
    outbox: OutboxReader,
    timer: Interval,
    /// What comes cannot be told into frames any more.
    deaf: bool,
    /// The other side was told that nothing more comes.
    ended: bool,
}

/// The socket is over.
struct Over;

impl From<io::Error> for Over {
    fn from(_: io::Error) -> Self {
        // A connection that is gone is the usual end of a telephone's.
        Self
    }
}

impl<P: Peer> Socket<P> {
    /// A socket over that connection. `early` is what came behind the request.
    pub fn new(connection: Connection, session: Session<P>, early: &mut [u8]) -> Self {
        let outbox = session.outbox();
        let mut timer = interval(TICK);
        timer.reset();
        let frames = Frames::default();
        let mut socket =
            Self { connection, frames, session, outbox, timer, deaf: false, ended: false };
        socket.hear(early);
        socket
    }

    fn hear(&mut self, bytes: &mut [u8]) {
        hear(&mut self.frames, &mut self.session, &mut self.deaf, bytes);
    }

    /// Reads what is there; false at the end of the stream.
    fn read(&mut self, cx: &mut Context<'_>) -> Result<bool, Over> {
        for _ in 0..READS_MAX {
            let Self { connection, frames, session, deaf, .. } = self;
            match connection.poll_read(cx, |bytes| hear(frames, session, deaf, bytes)) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return Ok(false),
                Poll::Ready(Err(gone)) => return Err(gone.into()),
                Poll::Pending => return Ok(true),
            }
        }
        cx.waker().wake_by_ref();
        Ok(true)
    }

    /// Writes what there is, as far as the kernel takes it.
    fn write(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        if self.session.life() == Life::Open {
            let Self { connection, session, outbox, .. } = self;
            let mut told = None;
            let written = connection.poll_write(cx, |cx, batch| {
                batch.extend(session.due());
                let room = BATCH_FRAMES - batch.len();
                let taken = outbox.poll_take(cx, room, BATCH_BYTES, |frame| {
                    batch.push_back(Unsent::from(frame));
                });
                if let Poll::Ready(Some(reason)) = taken {
                    told = Some(reason);
                }
            });
            if let Poll::Ready(written) = written {
                written?;
            }
            if let Some(reason) = told {
                self.session.close(reason.code, reason.text);
            }
        }
        if self.session.life() != Life::Open {
            self.finish(cx)?;
        }
        Ok(())
    }

    /// Brings the close frame on its way, and then the connection to its end.
    fn finish(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        if let Some(last) = self.session.last() {
            self.connection.finish_with(last);
            self.timer.reset_after(CLOSE_WITHIN);
        }
        if let Poll::Ready(flushed) = self.connection.poll_flush(cx) {
            flushed?;
            if !self.ended {
                self.ended = true;
                self.connection.end(cx);
                self.timer.reset_after(LINGER);
            }
            if self.session.life() == Life::Closed {
                return Err(Over);
            }
        }
        Ok(())
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Result<(), Over> {
        let more = self.read(cx)?;
        self.session.poll(cx);
        loop {
            if self.session.life() == Life::Dropped {
                return Err(Over);
            }
            self.write(cx)?;
            if !more {
                return Err(Over);
            }
            if self.timer.poll_tick(cx).is_pending() {
                return Ok(());
            }
            if self.session.life() != Life::Open {
                return Err(Over);
            }
            self.session.tick(self.session.now());
            self.session.poll(cx);
        }
    }
}

/// Bytes to frames to the session. Apart from the socket, whose connection is lent out meanwhile.
fn hear<P: Peer>(frames: &mut Frames, session: &mut Session<P>, deaf: &mut bool, bytes: &mut [u8]) {
    if *deaf || bytes.is_empty() {
        return;
    }
    // One look at the clock for all frames of one read.
    let now = session.now();
    if let Err(fault) = frames.feed(bytes, |frame| session.take_frame(&frame, now)) {
        *deaf = true;
        session.fault(fault);
    }
}

impl From<tiande_actors::outbox::Frame> for Unsent {
    fn from(frame: tiande_actors::outbox::Frame) -> Self {
        use tiande_actors::outbox::Frame;
        match frame {
            Frame::Text(text) => Self::frame(Kind::Text, text.into_bytes()),
            Frame::Binary(bytes) => Self::frame(Kind::Binary, bytes),
        }
    }
}

impl<P: Peer> Future for Socket<P> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        match self.get_mut().turn(cx) {
            Ok(()) => Poll::Pending,
            Err(Over) => Poll::Ready(()),
        }
    }
}
