//! One socket: frames in, frames out, and nothing else.
//!
//! The actor is thin on purpose. It is polled only while its connection has room, so what it sends it
//! takes from an [`Outbox`] that others fill and that is bounded; what it gets it hands to a
//! [`Peer`], which knows who is on the other side.

use std::collections::VecDeque;
use std::time::Duration;

use actix::prelude::*;
use actix_web::web::Data;
use actix_web_actors::ws;
use bytestring::ByteString;
use metrics::{counter, gauge};
use tiande_actors::outbox::{CloseReason, Frame, Outbox, Outgoing};
use tiande_core::time::UnixMillis;

use crate::app::App;

use super::bucket::Bucket;
use super::encode::{self, VERSION};
use super::incoming::{Hello, Misread};

/// A socket that has not said who it is by then is closed.
const HELLO_WITHIN: Duration = Duration::from_secs(5);
/// How often the server pings.
const PING_EVERY: Duration = Duration::from_secs(10);
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

/// Who is on the other side of a socket.
pub trait Peer: Unpin + Sized + 'static {
    /// Name for metrics.
    const KIND: &'static str;

    /// The first frame: checks the ticket and connects to the court. The future resolves to the
    /// connected peer, or to the reason for closing.
    fn greet(
        app: Data<App>,
        hello: Hello,
        outbox: Outbox,
    ) -> impl Future<Output = Result<Self, CloseReason>> + 'static;

    /// A text frame after the first. Answers go to the outbox.
    fn take(&mut self, text: &str, session: &Speaker) -> Result<(), (Misread, Option<String>)>;

    /// True when the other side has said that it sends binary frames.
    fn speaks_binary(&self) -> bool {
        false
    }

    /// A binary frame of a side that does.
    fn take_binary(&mut self, _: &[u8]) -> Result<(), Misread> {
        Err(Misread::Invalid)
    }

    /// True for frames that do not count against the message rate: they are coalesced further in.
    fn is_coalesced(text: &str) -> bool;

    /// Something was heard from the other side.
    fn heard(&self, now: UnixMillis);

    /// True while the session or device behind the socket is still valid.
    fn still_allowed(&self) -> impl Future<Output = bool> + 'static;

    /// The socket is gone.
    fn bye(&mut self, outbox: &Outbox);
}

/// How a peer answers.
pub struct Speaker {
    pub(super) app: Data<App>,
    pub(super) outbox: Outbox,
}

impl Speaker {
    /// Sends a frame.
    pub fn say(&self, frame: ByteString) {
        self.outbox.push(frame, self.app.clock.now());
    }

    /// Works on a command and sends its one answer, whenever it comes.
    pub fn answer(
        &self,
        reference: String,
        work: impl Future<Output = Result<serde_json::Value, Refusal>> + 'static,
    ) {
        let (app, outbox) = (self.app.clone(), self.outbox.clone());
        // Outlives the socket: what was commanded is done also when the phone has gone.
        actix::spawn(async move {
            let frame = match work.await {
                Ok(more) => encode::done(&reference, &more),
                Err(refusal) => encode::refused(&reference, refusal.code, refusal.title),
            };
            outbox.push(frame, app.clock.now());
        });
    }
}

/// Why a command over a socket is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// Stable code.
    pub code: &'static str,
    /// In words.
    pub title: &'static str,
}

enum Stage<P> {
    /// Nothing said yet.
    Silent,
    /// The ticket is being checked; what a hasty client says meanwhile waits.
    Greeting(Vec<String>),
    /// Connected.
    Met(P),
}

/// A message that comes in pieces.
#[derive(Default)]
struct Pieces {
    text: Option<Vec<u8>>,
    count: usize,
}

/// One socket.
pub struct Session<P: Peer> {
    speaker: Speaker,
    stage: Stage<P>,
    heard_at: UnixMillis,
    bucket: Bucket,
    /// When frames were misread lately, oldest first.
    misread: VecDeque<UnixMillis>,
    pieces: Pieces,
}

impl<P: Peer> Session<P> {
    /// A session that has not been greeted.
    pub fn new(app: Data<App>) -> Self {
        let now = app.clock.now();
        Self {
            speaker: Speaker { app, outbox: Outbox::new() },
            stage: Stage::Silent,
            heard_at: now,
            bucket: Bucket::new(now),
            misread: VecDeque::new(),
            pieces: Pieces::default(),
        }
    }

    fn close(&self, ctx: &mut ws::WebsocketContext<Self>, code: u16, text: &str) {
        counter!("tiande_socket_closed_total", "kind" => P::KIND, "code" => code.to_string())
            .increment(1);
        ctx.close(Some(ws::CloseReason { code: code.into(), description: Some(text.to_owned()) }));
        ctx.stop();
    }

    fn greet(&mut self, text: &str, ctx: &mut ws::WebsocketContext<Self>) {
        let hello = match super::incoming::read::<Hello>(text, &["hello"]) {
            Ok(hello) => hello,
            Err(_) => return self.close(ctx, 4400, "the first frame must be hello"),
        };
        if hello.v != VERSION {
            return self.close(ctx, 4410, "protocol version not supported");
        }
        self.stage = Stage::Greeting(Vec::new());
        let greeting = P::greet(self.speaker.app.clone(), hello, self.speaker.outbox.clone());
        ctx.spawn(greeting.into_actor(self).map(|met, session, ctx| match met {
            Ok(peer) => {
                peer.heard(session.heard_at);
                let met = std::mem::replace(&mut session.stage, Stage::Met(peer));
                if let Stage::Greeting(waiting) = met {
                    waiting.iter().for_each(|text| session.take(text, ctx));
                }
            }
            Err(reason) => session.close(ctx, reason.code, reason.text),
        }));
    }

    fn take(&mut self, text: &str, ctx: &mut ws::WebsocketContext<Self>) {
        let now = self.speaker.app.clock.now();
        let Stage::Met(peer) = &mut self.stage else {
            return match &mut self.stage {
                Stage::Greeting(waiting) if waiting.len() < HASTY_MAX => {
                    waiting.push(text.to_owned())
                }
                Stage::Greeting(_) => self.close(ctx, 4429, "wait for welcome"),
                Stage::Silent | Stage::Met(_) => self.greet(text, ctx),
            };
        };
        peer.heard(now);
        if !P::is_coalesced(text) && !self.bucket.take(now) {
            return self.close(ctx, 4429, "too many messages");
        }
        if let Err((misread, reference)) = peer.take(text, &self.speaker) {
            self.misread(misread, reference.as_deref(), ctx);
        }
    }

    fn take_binary(&mut self, bytes: &[u8], ctx: &mut ws::WebsocketContext<Self>) {
        let now = self.speaker.app.clock.now();
        match &mut self.stage {
            Stage::Met(peer) if peer.speaks_binary() => {
                peer.heard(now);
                if let Err(misread) = peer.take_binary(bytes) {
                    self.misread(misread, None, ctx);
                }
            }
            Stage::Greeting(_) => self.close(ctx, 4429, "wait for welcome"),
            Stage::Met(_) | Stage::Silent => self.close(ctx, 1003, "text frames only"),
        }
    }

    /// Answers a frame that was not understood, and counts it.
    fn misread(
        &mut self,
        misread: Misread,
        reference: Option<&str>,
        ctx: &mut ws::WebsocketContext<Self>,
    ) {
        match misread {
            Misread::UnknownType => self.speaker.say(encode::error(reference, "type-unknown")),
            Misread::Invalid => {
                let now = self.speaker.app.clock.now();
                self.speaker.say(encode::error(reference, "frame-invalid"));
                self.misread.retain(|at| now.since(*at).0 < MISREAD_WINDOW_MS);
                self.misread.push_back(now);
                if self.misread.len() >= MISREAD_MAX {
                    self.close(ctx, 4400, "repeated bad messages");
                }
            }
        }
    }

    fn piece(&mut self, item: actix_http::ws::Item, ctx: &mut ws::WebsocketContext<Self>) {
        use actix_http::ws::Item;
        let (bytes, last) = match item {
            Item::FirstText(bytes) => {
                self.pieces = Pieces { text: Some(Vec::new()), count: 0 };
                (bytes, false)
            }
            Item::FirstBinary(_) => return self.close(ctx, 1003, "text frames only"),
            Item::Continue(bytes) => (bytes, false),
            Item::Last(bytes) => (bytes, true),
        };
        self.pieces.count += 1;
        let Some(text) = &mut self.pieces.text else { return };
        if self.pieces.count > FRAGMENTS_MAX || text.len() + bytes.len() > MESSAGE_MAX {
            return self.close(ctx, 1009, "message too large");
        }
        text.extend_from_slice(&bytes);
        if last {
            let whole = self.pieces.text.take().unwrap_or_default();
            match String::from_utf8(whole) {
                Ok(text) => self.take(&text, ctx),
                Err(_) => self.close(ctx, 1007, "not UTF-8"),
            }
        }
    }

    fn beat(&mut self, ctx: &mut ws::WebsocketContext<Self>) {
        let now = self.speaker.app.clock.now();
        if now.since(self.heard_at).0 > SILENT_MAX_MS {
            counter!("tiande_socket_silent_total", "kind" => P::KIND).increment(1);
            ctx.stop();
            return;
        }
        ctx.ping(b"");
        if let Stage::Met(peer) = &self.stage {
            let allowed = peer.still_allowed();
            ctx.spawn(allowed.into_actor(self).map(|allowed, session, ctx| {
                if !allowed {
                    let CloseReason { code, text } = CloseReason::REVOKED;
                    session.close(ctx, code, text);
                }
            }));
        }
    }
}

impl<P: Peer> Actor for Session<P> {
    type Context = ws::WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        gauge!("tiande_sockets", "kind" => P::KIND).increment(1.0);
        ctx.add_stream(self.speaker.outbox.reader());
        ctx.run_later(HELLO_WITHIN, |session, ctx| {
            if matches!(session.stage, Stage::Silent) {
                session.close(ctx, 4408, "no hello");
            }
        });
        ctx.run_interval(PING_EVERY, Self::beat);
    }
}

impl<P: Peer> Drop for Session<P> {
    fn drop(&mut self) {
        gauge!("tiande_sockets", "kind" => P::KIND).decrement(1.0);
        if let Stage::Met(peer) = &mut self.stage {
            peer.bye(&self.speaker.outbox);
        }
    }
}

impl<P: Peer> StreamHandler<Outgoing> for Session<P> {
    fn handle(&mut self, item: Outgoing, ctx: &mut Self::Context) {
        match item {
            Outgoing::Write(Frame::Text(text)) => ctx.text(text),
            Outgoing::Write(Frame::Binary(bytes)) => ctx.binary(bytes),
            Outgoing::Close(reason) => self.close(ctx, reason.code, reason.text),
        }
    }

    fn finished(&mut self, _: &mut Self::Context) {
        // The outbox ends only after its close has been handled.
    }
}

impl<P: Peer> StreamHandler<Result<ws::Message, ws::ProtocolError>> for Session<P> {
    fn handle(&mut self, item: Result<ws::Message, ws::ProtocolError>, ctx: &mut Self::Context) {
        self.heard_at = self.speaker.app.clock.now();
        match item {
            Ok(ws::Message::Text(text)) => self.take(&text, ctx),
            Ok(ws::Message::Binary(bytes)) => self.take_binary(&bytes, ctx),
            Ok(ws::Message::Continuation(item)) => self.piece(item, ctx),
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(ws::Message::Pong(_)) => {
                if let Stage::Met(peer) = &self.stage {
                    peer.heard(self.heard_at);
                }
            }
            Ok(ws::Message::Close(reason)) => {
                ctx.close(reason);
                ctx.stop();
            }
            Ok(ws::Message::Nop) => {}
            // The codec hands bad text and the guard's veto on as the same kind of error.
            Err(ws::ProtocolError::Io(fault)) if fault.to_string().contains("utf-8") => {
                self.close(ctx, 1007, "not UTF-8");
            }
            Err(ws::ProtocolError::Overflow | ws::ProtocolError::Io(_)) => {
                self.close(ctx, 1009, "frame too large");
            }
            Err(_) => self.close(ctx, 1002, "protocol error"),
        }
    }
}
