//! What is said over one socket: frames of a client to its [`Peer`], and what the protocol itself wants.
//!
//! It knows no connection: what it has to say beside the outbox (a ping, a pong, a close) stands in it
//! until [`super::socket::Socket`] has written it.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::web::{Bytes, Data};
use metrics::{counter, gauge};
use tiande_actors::outbox::{CloseReason, Outbox, OutboxReader};
use tiande_core::time::UnixMillis;

use crate::app::App;

use super::bucket::Bucket;
use super::connection::Unsent;
use super::encode::{self, VERSION};
use super::frames::{Fault, Frame, Kind, read_close};
use super::incoming::{Hello, Misread};
use super::peer::{Peer, Speaker};

/// Every so many ticks of the socket's clock the server pings.
const PING_TICKS: u8 = 2;
/// A socket silent for so long is dropped, milliseconds.
const SILENT_MAX_MS: u64 = 25_000;
/// Largest message of several frames, bytes.
const MESSAGE_MAX: usize = 64 * 1024;
/// Most frames of one message.
const FRAGMENTS_MAX: usize = 64;
/// Frames that may wait for the ticket to be checked.
const HASTY_MAX: usize = 16;
/// Misread frames within a minute that close the socket.
const MISREAD_MAX: usize = 3;
/// That minute, milliseconds.
const MISREAD_WINDOW_MS: u64 = 60_000;

type Coming<T> = Pin<Box<dyn Future<Output = T>>>;

enum Stage<P> {
    /// Nothing said yet.
    Silent,
    /// The ticket is being checked; what a hasty client says meanwhile waits.
    Greeting(Coming<Result<P, CloseReason>>, Vec<Hasty>),
    /// Connected.
    Met(P),
}

/// A frame that came before the ticket was checked. Its sender need not be hasty: `welcome` can reach
/// it, and its answer come back, before this side has taken the check's result.
enum Hasty {
    Text(String),
    Binary(Vec<u8>),
}

/// How far a socket is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// Frames go both ways.
    Open,
    /// This side has said its last; the other one's close frame may still come.
    Closing,
    /// Both have said their last.
    Closed,
    /// Nobody is there: it ends without a word.
    Dropped,
}

/// A message that comes in pieces.
#[derive(Default)]
struct Pieces {
    text: Vec<u8>,
    count: usize,
}

/// What is said over one socket.
pub struct Session<P: Peer> {
    speaker: Speaker,
    stage: Stage<P>,
    life: Life,
    heard_at: UnixMillis,
    bucket: Bucket,
    /// When frames were misread lately, oldest first.
    misread: Vec<UnixMillis>,
    /// Boxed: hardly any client sends pieces.
    pieces: Option<Box<Pieces>>,
    /// Whether the other side is still allowed; asked with each ping.
    allowed: Option<Coming<bool>>,
    /// Ticks of the socket's clock since the last ping.
    ticks: u8,
    ping: bool,
    /// The newest ping's payload: who pings without reading gets one pong, and costs one.
    pong: Option<Bytes>,
    last: Option<Unsent>,
}

impl<P: Peer> Session<P> {
    /// A session that has not been greeted.
    pub fn new(app: Data<App>) -> Self {
        gauge!("tiande_sockets", "kind" => P::KIND).increment(1.0);
        let now = app.clock.now();
        Self {
            speaker: Speaker { app, outbox: Outbox::new() },
            stage: Stage::Silent,
            life: Life::Open,
            heard_at: now,
            bucket: Bucket::new(now),
            misread: Vec::new(),
            pieces: None,
            allowed: None,
            ticks: 0,
            ping: false,
            pong: None,
            last: None,
        }
    }

    /// Where what it has to say waits.
    pub fn outbox(&self) -> OutboxReader {
        self.speaker.outbox.reader()
    }

    /// The time.
    pub fn now(&self) -> UnixMillis {
        self.speaker.app.clock.now()
    }

    /// How far it is.
    pub fn life(&self) -> Life {
        self.life
    }

    /// A pong or a ping that is due.
    pub fn due(&mut self) -> impl Iterator<Item = Unsent> {
        let pong = self.pong.take().map(|payload| Unsent::frame(Kind::Pong, payload));
        let ping = std::mem::take(&mut self.ping).then(|| Unsent::frame(Kind::Ping, Bytes::new()));
        pong.into_iter().chain(ping)
    }

    /// The close frame, once.
    pub fn last(&mut self) -> Option<Unsent> {
        self.last.take()
    }

    /// Closes.
    pub fn close(&mut self, code: u16, text: &str) {
        if self.life == Life::Open {
            counter!("tiande_socket_closed_total", "kind" => P::KIND, "code" => code.to_string())
                .increment(1);
            self.end_with(Life::Closing, Unsent::close(code, text));
        }
    }

    fn end_with(&mut self, life: Life, last: Unsent) {
        (self.life, self.last) = (life, Some(last));
        (self.ping, self.pong) = (false, None);
        self.leave();
    }

    /// Lets go of the peer: the connection may take a while to end.
    fn leave(&mut self) {
        self.allowed = None;
        if let Stage::Met(mut peer) = std::mem::replace(&mut self.stage, Stage::Silent) {
            peer.bye(&self.speaker.outbox);
        }
    }

    /// The bytes that came are no frames.
    pub fn fault(&mut self, fault: Fault) {
        match fault {
            Fault::Malformed => self.close(1002, "protocol error"),
            Fault::TooLarge => self.close(1009, "frame too large"),
        }
    }

    /// A frame of the other side, which came at `now`.
    pub fn take_frame(&mut self, frame: &Frame<'_>, now: UnixMillis) {
        if self.life == Life::Open {
            self.heard_at = now;
            match frame.kind {
                Kind::Text if frame.last => self.take_text(frame.payload, now),
                Kind::Binary if frame.last => self.take_binary(frame.payload, now),
                Kind::Text | Kind::Piece => self.piece(frame, now),
                Kind::Binary => self.close(1003, "text frames only"),
                Kind::Ping => self.pong = Some(Bytes::copy_from_slice(frame.payload)),
                Kind::Pong => {
                    if let Stage::Met(peer) = &self.stage {
                        peer.heard(now);
                    }
                }
                Kind::Close => self.answer_close(frame.payload),
            }
        } else if self.life == Life::Closing && frame.kind == Kind::Close {
            self.life = Life::Closed;
        }
    }

    /// The other side closes: it gets its own code back, and that is all.
    fn answer_close(&mut self, payload: &[u8]) {
        match read_close(payload) {
            Ok(_code) => {
                let answer = Unsent::frame(Kind::Close, Bytes::copy_from_slice(payload));
                self.end_with(Life::Closed, answer);
            }
            Err(code) => self.close(code, "not a close frame"),
        }
    }

    fn take_text(&mut self, bytes: &[u8], now: UnixMillis) {
        match std::str::from_utf8(bytes) {
            Ok(text) => self.take(text, now),
            Err(_) => self.close(1007, "not UTF-8"),
        }
    }

    fn take(&mut self, text: &str, now: UnixMillis) {
        match &mut self.stage {
            Stage::Met(peer) => {
                peer.heard(now);
                if peer.take_fast(text) {
                    return;
                }
                if !P::is_coalesced(text) && !self.bucket.take(now) {
                    return self.close(4429, "too many messages");
                }
                if let Err((misread, reference)) = peer.take(text, &self.speaker) {
                    self.misread(misread, reference.as_deref(), now);
                }
            }
            Stage::Greeting(_, waiting) if waiting.len() < HASTY_MAX => {
                waiting.push(Hasty::Text(text.to_owned()));
            }
            Stage::Greeting(..) => self.close(4429, "wait for welcome"),
            Stage::Silent => self.greet(text),
        }
    }

    fn greet(&mut self, text: &str) {
        let hello = match super::incoming::read::<Hello>(text, &["hello"]) {
            Ok(hello) => hello,
            Err(_) => return self.close(4400, "the first frame must be hello"),
        };
        if hello.v != VERSION {
            return self.close(4410, "protocol version not supported");
        }
        let greeting = P::greet(self.speaker.app.clone(), hello, self.speaker.outbox.clone());
        self.stage = Stage::Greeting(Box::pin(greeting), Vec::new());
    }

    fn take_binary(&mut self, bytes: &[u8], now: UnixMillis) {
        match &mut self.stage {
            Stage::Met(peer) if peer.speaks_binary() => {
                peer.heard(now);
                if let Err(misread) = peer.take_binary(bytes) {
                    self.misread(misread, None, now);
                }
            }
            Stage::Greeting(_, waiting) if waiting.len() < HASTY_MAX => {
                waiting.push(Hasty::Binary(bytes.to_vec()));
            }
            Stage::Greeting(..) => self.close(4429, "wait for welcome"),
            Stage::Met(_) | Stage::Silent => self.close(1003, "text frames only"),
        }
    }

    /// Answers a frame that was not understood, and counts it.
    fn misread(&mut self, misread: Misread, reference: Option<&str>, now: UnixMillis) {
        match misread {
            Misread::UnknownType => self.speaker.say(encode::error(reference, "type-unknown")),
            Misread::Invalid => {
                self.speaker.say(encode::error(reference, "frame-invalid"));
                self.misread.retain(|at| now.since(*at).0 < MISREAD_WINDOW_MS);
                self.misread.push(now);
                if self.misread.len() >= MISREAD_MAX {
                    self.close(4400, "repeated bad messages");
                }
            }
        }
    }

    /// A piece of text. The reader of frames has seen to it that pieces come in their order.
    fn piece(&mut self, frame: &Frame<'_>, now: UnixMillis) {
        let pieces = self.pieces.get_or_insert_default();
        pieces.count += 1;
        if pieces.count > FRAGMENTS_MAX || pieces.text.len() + frame.payload.len() > MESSAGE_MAX {
            return self.close(1009, "message too large");
        }
        pieces.text.extend_from_slice(frame.payload);
        if frame.last
            && let Some(whole) = self.pieces.take()
        {
            self.take_text(&whole.text, now);
        }
    }

    /// The socket's clock ticks: every five seconds while it is open.
    pub fn tick(&mut self, now: UnixMillis) {
        if matches!(self.stage, Stage::Silent) {
            return self.close(4408, "no hello");
        }
        if now.since(self.heard_at).0 > SILENT_MAX_MS {
            counter!("tiande_socket_silent_total", "kind" => P::KIND).increment(1);
            self.life = Life::Dropped;
            return;
        }
        self.ticks += 1;
        if self.ticks == PING_TICKS {
            (self.ticks, self.ping) = (0, true);
            if let Stage::Met(peer) = &self.stage {
                self.allowed = Some(Box::pin(peer.still_allowed()));
            }
        }
    }

    /// Goes on with what it waits for: the greeting, and the question whether that still holds.
    pub fn poll(&mut self, cx: &mut Context<'_>) {
        if self.life != Life::Open {
            return;
        }
        if let Stage::Greeting(greeting, _) = &mut self.stage
            && let Poll::Ready(met) = greeting.as_mut().poll(cx)
        {
            self.meet(met);
        }
        if let Some(allowed) = &mut self.allowed
            && let Poll::Ready(allowed) = allowed.as_mut().poll(cx)
        {
            self.allowed = None;
            if !allowed {
                self.close(CloseReason::REVOKED.code, CloseReason::REVOKED.text);
            }
        }
    }

    fn meet(&mut self, met: Result<P, CloseReason>) {
        match met {
            Ok(peer) => {
                peer.heard(self.heard_at);
                let greeting = std::mem::replace(&mut self.stage, Stage::Met(peer));
                if let Stage::Greeting(_, waiting) = greeting {
                    for frame in waiting {
                        let now = self.now();
                        match frame {
                            _ if self.life != Life::Open => break,
                            Hasty::Text(text) => self.take(&text, now),
                            Hasty::Binary(bytes) => self.take_binary(&bytes, now),
                        }
                    }
                }
            }
            Err(reason) => self.close(reason.code, reason.text),
        }
    }
}

impl<P: Peer> Drop for Session<P> {
    fn drop(&mut self) {
        gauge!("tiande_sockets", "kind" => P::KIND).decrement(1.0);
        self.leave();
    }
}
