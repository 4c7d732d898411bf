//! What waits to be written to one socket: bounded, shared between the actor that speaks and the
//! socket that writes.
//!
//! The socket takes a frame only when its connection has room. So a phone that does not read fills
//! this and nothing else: beyond the bound it is closed with a code of its own, and nobody waits.

use std::collections::VecDeque;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Waker};

use bytes::Bytes;
use bytestring::ByteString;
use futures_util::Stream;
use metrics::counter;
use tiande_core::time::{Millis, UnixMillis};

/// Frames that may wait. A handheld gets a few a second, a console tens: ten seconds of both.
pub const FRAMES_MAX: usize = 256;
/// Bytes that may wait behind the next frame.
pub const BYTES_MAX: usize = 1024 * 1024;
/// The oldest frame may wait so long.
pub const STALL_MAX: Millis = Millis(10_000);

/// Why a socket is closed from this side: a websocket close code with its words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseReason {
    /// Code, 1000..=4999.
    pub code: u16,
    /// For people who read logs.
    pub text: &'static str,
}

impl CloseReason {
    /// The reader is too slow.
    pub const TOO_SLOW: Self = Self { code: 4431, text: "does not read" };
    /// The same device has come in elsewhere.
    pub const ELSEWHERE: Self = Self { code: 4409, text: "connected elsewhere" };
    /// The server is going down.
    pub const GOING_DOWN: Self = Self { code: 1001, text: "server going down" };
    /// The actor behind the socket is started anew.
    pub const RESTART: Self = Self { code: 1012, text: "starting anew" };
    /// Not allowed any more.
    pub const REVOKED: Self = Self { code: 4401, text: "revoked" };
}

/// A frame for a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// Text.
    Text(ByteString),
    /// Binary.
    Binary(Bytes),
}

impl Frame {
    /// Its length, bytes.
    #[must_use]
    pub fn length(&self) -> usize {
        match self {
            Self::Text(text) => text.len(),
            Self::Binary(bytes) => bytes.len(),
        }
    }
}

impl<T: Into<ByteString>> From<T> for Frame {
    fn from(text: T) -> Self {
        Self::Text(text.into())
    }
}

/// What the socket is to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outgoing {
    /// Write this frame.
    Write(Frame),
    /// Close.
    Close(CloseReason),
}

/// What became of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pushed {
    /// It waits to be written.
    Queued,
    /// The socket is closed, or has just been because of this.
    Closed,
}

#[derive(Default)]
struct State {
    frames: VecDeque<(UnixMillis, Frame)>,
    bytes: usize,
    closing: Option<CloseReason>,
    close_told: bool,
    reader_gone: bool,
    waker: Option<Waker>,
}

/// The speaker's end. Clones speak to the same socket.
#[derive(Clone)]
pub struct Outbox {
    shared: Arc<Mutex<State>>,
}

/// The socket's end: a stream of what to do.
pub struct OutboxReader {
    shared: Arc<Mutex<State>>,
}

impl Default for Outbox {
    fn default() -> Self {
        Self::new()
    }
}

impl Outbox {
    /// An empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self { shared: Arc::new(Mutex::new(State::default())) }
    }

    /// The socket's end. There must be one only: two would share the frames.
    #[must_use]
    pub fn reader(&self) -> OutboxReader {
        OutboxReader { shared: Arc::clone(&self.shared) }
    }

    fn with<T>(&self, change: impl FnOnce(&mut State) -> T) -> T {
        // A panic while holding the lock leaves at worst a frame too many; the state stays sound.
        change(&mut self.shared.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same, and then wakes the socket if it is to write. Not before the lock is free: the socket's
    /// thread may run at once, would find the state locked, and sleep again. That cost a tip two more
    /// switches of threads wherever they share a core.
    fn with_reader<T>(&self, change: impl FnOnce(&mut State) -> (T, Option<Waker>)) -> T {
        let (done, waker) = self.with(change);
        if let Some(waker) = waker {
            waker.wake();
        }
        done
    }

    /// Lets a frame wait to be written. Never blocks.
    pub fn push(&self, frame: impl Into<Frame>, now: UnixMillis) -> Pushed {
        let frame = frame.into();
        self.with_reader(|state| {
            if state.closing.is_some() || state.reader_gone {
                return (Pushed::Closed, None);
            }
            let stalled = state.frames.front().is_some_and(|(at, _)| now.since(*at) > STALL_MAX);
            if stalled
                || state.frames.len() >= FRAMES_MAX
                || state.behind_next().is_some_and(|bytes| bytes + frame.length() > BYTES_MAX)
            {
                counter!("tiande_outbox_too_slow_total").increment(1);
                return (Pushed::Closed, state.close(CloseReason::TOO_SLOW));
            }
            state.bytes += frame.length();
            state.frames.push_back((now, frame));
            (Pushed::Queued, state.waker.take())
        })
    }

    /// Frames that wait to be written.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.with(|state| state.frames.len())
    }

    /// Closes the socket. What waits is dropped: who is closed gets the whole state on return.
    pub fn close(&self, reason: CloseReason) {
        self.with_reader(|state| ((), state.close(reason)));
    }

    /// True when nothing can be pushed any more.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.with(|state| state.closing.is_some() || state.reader_gone)
    }

    /// True when both speak to the same socket.
    #[must_use]
    pub fn same_socket(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.shared, &other.shared)
    }

    /// Closes the socket if its oldest frame has waited too long; true when it did.
    pub fn close_if_stalled(&self, now: UnixMillis) -> bool {
        self.with_reader(|state| {
            let stalled = state.frames.front().is_some_and(|(at, _)| now.since(*at) > STALL_MAX);
            if !stalled || state.closing.is_some() {
                return (stalled, None);
            }
            counter!("tiande_outbox_too_slow_total").increment(1);
            (stalled, state.close(CloseReason::TOO_SLOW))
        })
    }
}

impl State {
    /// What waits behind the next frame, bytes; `None` when nothing waits at all. The next one itself
    /// may be of any length: the whole state of a large court is one frame.
    fn behind_next(&self) -> Option<usize> {
        self.frames.front().map(|(_, next)| self.bytes - next.length())
    }

    fn pop(&mut self) -> Option<Frame> {
        let (_, frame) = self.frames.pop_front()?;
        self.bytes -= frame.length();
        Some(frame)
    }

    /// The reader's task is woken when there is something. The reader looks after each thing that it
    /// reads from its connection; its waker is the same nearly always, and then not made anew.
    fn wait(&mut self, cx: &Context<'_>) {
        match &mut self.waker {
            Some(waker) => waker.clone_from(cx.waker()),
            None => self.waker = Some(cx.waker().clone()),
        }
    }

    /// Closes it, unless it is closed; gives the socket's task when it is to be woken.
    fn close(&mut self, reason: CloseReason) -> Option<Waker> {
        if self.closing.is_some() {
            return None;
        }
        self.closing = Some(reason);
        self.frames = VecDeque::new();
        self.bytes = 0;
        self.waker.take()
    }
}

impl OutboxReader {
    /// Takes what waits, oldest first, with one look: at most `frames`, and none after `bytes` are
    /// reached. `Pending` when nothing waits; `Ready(Some)` is the order to close, and the last.
    pub fn poll_take(
        &mut self,
        cx: &mut Context<'_>,
        frames: usize,
        bytes: usize,
        mut take: impl FnMut(Frame),
    ) -> Poll<Option<CloseReason>> {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if !state.close_told
            && let Some(reason) = state.closing
        {
            state.close_told = true;
            return Poll::Ready(Some(reason));
        }
        let (mut taken, mut length) = (0, 0);
        while taken < frames
            && length < bytes
            && let Some(frame) = state.pop()
        {
            taken += 1;
            length += frame.length();
            take(frame);
        }
        if taken > 0 {
            return Poll::Ready(None);
        }
        state.wait(cx);
        Poll::Pending
    }
}

impl Stream for OutboxReader {
    type Item = Outgoing;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Outgoing>> {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reason) = state.closing {
            if state.close_told {
                return Poll::Ready(None);
            }
            state.close_told = true;
            return Poll::Ready(Some(Outgoing::Close(reason)));
        }
        if let Some(frame) = state.pop() {
            return Poll::Ready(Some(Outgoing::Write(frame)));
        }
        state.wait(cx);
        Poll::Pending
    }
}

impl Drop for OutboxReader {
    fn drop(&mut self) {
        let mut state = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        state.reader_gone = true;
        state.frames = VecDeque::new();
        state.bytes = 0;
        state.waker = None;
    }
}

#[cfg(test)]
mod tests {
    use futures_util::StreamExt;

    use super::*;

    const NOW: UnixMillis = UnixMillis(1_000_000);

    #[test]
    fn a_reader_that_stops_is_closed_at_the_bound_and_holds_no_memory() {
        let outbox = Outbox::new();
        let mut reader = outbox.reader();
        for _ in 0..FRAMES_MAX {
            assert_eq!(outbox.push("x", NOW), Pushed::Queued);
        }
        assert_eq!(outbox.push("x", NOW), Pushed::Closed);
        let told = futures_util::FutureExt::now_or_never(reader.next()).flatten();
        assert_eq!(told, Some(Outgoing::Close(CloseReason::TOO_SLOW)));
        assert!(outbox.with(|s| s.frames.is_empty() && s.bytes == 0));
    }

    #[test]
    fn bytes_count_too() {
        let outbox = Outbox::new();
        let half: ByteString = "x".repeat(BYTES_MAX / 2).into();
        for _ in 0..3 {
            assert_eq!(outbox.push(half.clone(), NOW), Pushed::Queued);
        }
        assert_eq!(outbox.push("x", NOW), Pushed::Closed);
    }

    #[test]
    fn the_whole_state_of_a_large_court_passes_and_so_does_what_follows_it() {
        let outbox = Outbox::new();
        let welcome: ByteString = "x".repeat(3 * BYTES_MAX).into();
        assert_eq!(outbox.push(welcome.clone(), NOW), Pushed::Queued);
        assert_eq!(outbox.push("tick", NOW), Pushed::Queued);
        assert_eq!(outbox.push(welcome, NOW), Pushed::Closed, "one of them, not two");
    }

    #[test]
    fn a_frame_that_waits_too_long_closes() {
        let outbox = Outbox::new();
        outbox.push("x", NOW);
        assert!(!outbox.close_if_stalled(NOW.plus(STALL_MAX)));
        assert!(outbox.close_if_stalled(NOW.plus(STALL_MAX).plus(Millis(1))));
        assert!(outbox.is_closed());
    }

    #[test]
    fn several_are_taken_at_once_within_bounds_and_a_close_comes_last() {
        let outbox = Outbox::new();
        let mut reader = outbox.reader();
        let mut look = |frames, bytes| {
            let mut taken = Vec::new();
            let mut cx = Context::from_waker(Waker::noop());
            let told = reader.poll_take(&mut cx, frames, bytes, |frame| taken.push(frame));
            (told, taken)
        };
        let some = |texts: &[&'static str]| texts.iter().map(|text| (*text).into()).collect();
        assert_eq!(look(9, 9), (Poll::Pending, Vec::new()));
        for text in ["one", "two", "three", "four"] {
            outbox.push(text, NOW);
        }
        assert_eq!(look(2, 99), (Poll::Ready(None), some(&["one", "two"])));
        assert_eq!(look(9, 1), (Poll::Ready(None), some(&["three"])), "the last one is whole");
        assert_eq!(outbox.with(|state| (state.frames.len(), state.bytes)), (1, 4));
        outbox.close(CloseReason::ELSEWHERE);
        assert_eq!(look(9, 99), (Poll::Ready(Some(CloseReason::ELSEWHERE)), Vec::new()));
        assert_eq!(look(9, 99), (Poll::Pending, Vec::new()));
    }

    #[test]
    fn frames_keep_their_order_and_a_gone_reader_ends_it() {
        let outbox = Outbox::new();
        let mut reader = outbox.reader();
        outbox.push("1", NOW);
        outbox.push("2", NOW);
        let first = futures_util::FutureExt::now_or_never(reader.next()).flatten();
        assert_eq!(first, Some(Outgoing::Write("1".into())));
        drop(reader);
        assert_eq!(outbox.push("3", NOW), Pushed::Closed);
    }
}
