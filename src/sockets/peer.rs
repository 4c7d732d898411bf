//! The other side of a socket, whoever it is, as a session sees it; and how it is answered.

use actix_web::web::Data;
use bytestring::ByteString;
use tiande_actors::outbox::{CloseReason, Outbox};
use tiande_core::time::UnixMillis;

use crate::app::App;

use super::encode;
use super::incoming::{Hello, Misread};

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

    /// Takes a coalesced text frame in its usual form, without reading it into anything general first;
    /// false leaves it untaken, for [`Self::take`].
    fn take_fast(&mut self, _: &str) -> bool {
        false
    }

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
