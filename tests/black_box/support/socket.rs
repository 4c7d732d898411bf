//! A websocket of a client that may behave badly: text frames, single frames, bare bytes.

use std::collections::VecDeque;
use std::io::{ErrorKind, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::handshake::HandshakeError;
use tokio_tungstenite::tungstenite::http::{HeaderName, HeaderValue};
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
use tokio_tungstenite::tungstenite::protocol::frame::{Frame, FrameHeader};
use tokio_tungstenite::tungstenite::{Error, Message, WebSocket, client};

use super::Door;
use super::waiting::{Deadline, SOON};

/// One look at the connection takes at most so long.
const LOOK: Duration = Duration::from_millis(50);

/// What came.
#[derive(Debug, Clone, PartialEq)]
pub enum Got {
    Frame(Value),
    /// The end; with the close code, when the server sent one.
    Closed(Option<u16>),
    /// Nothing in time.
    Nothing,
}

/// A socket.
#[derive(Debug)]
pub struct Socket {
    ws: WebSocket<TcpStream>,
    /// Frames that came while another one was waited for.
    inbox: VecDeque<Value>,
    /// Frames that came in one with others and are to be read next.
    unread: VecDeque<Value>,
    code: Option<u16>,
    closed: bool,
    commands: u32,
}

impl Socket {
    /// Upgrades; the HTTP status when the server refuses that, 0 when it does not answer.
    pub fn upgrade(door: &Door, path: &str, headers: &[(&str, &str)]) -> Result<Self, u16> {
        Self::over(door.connect().expect("a connection"), door, path, headers)
    }

    /// The same over a connection that was made before.
    pub fn over(
        stream: TcpStream,
        door: &Door,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Self, u16> {
        let url = format!("ws://127.0.0.1:{}{path}", door.port);
        let mut request = url.into_client_request().expect("an address");
        for (name, value) in headers {
            let name = HeaderName::from_bytes(name.as_bytes()).expect("a header's name");
            let value = HeaderValue::from_str(value).expect("a header's value");
            request.headers_mut().insert(name, value);
        }
        match client(request, stream) {
            Ok((ws, _)) => {
                ws.get_ref().set_read_timeout(Some(LOOK)).expect("a limit");
                let (inbox, unread) = <(VecDeque<_>, VecDeque<_>)>::default();
                Ok(Self { ws, inbox, unread, code: None, closed: false, commands: 0 })
            }
            Err(HandshakeError::Failure(Error::Http(response))) => Err(response.status().as_u16()),
            // No answer at all, as from a server that is being killed.
            Err(_) => Err(0),
        }
    }

    /// Upgrades and says hello with a ticket.
    pub fn hello(door: &Door, path: &str, ticket: &str, epoch: u32) -> Self {
        let mut socket = Self::upgrade(door, path, &[]).expect("an upgrade");
        socket.send(&json!({"type": "hello", "v": 1, "ticket": ticket, "epoch": epoch}));
        socket
    }

    /// Sends a frame. That the server has closed meanwhile is seen when reading.
    pub fn send(&mut self, frame: &Value) {
        self.send_text(&frame.to_string());
    }

    pub fn send_text(&mut self, text: &str) {
        self.ws.send(Message::text(text)).ok();
    }

    pub fn send_binary(&mut self, bytes: &[u8]) {
        self.ws.send(Message::binary(bytes.to_vec())).ok();
    }

    /// Sends one frame of a message.
    pub fn send_piece(&mut self, bytes: &[u8], first: bool, last: bool) -> bool {
        let kind = if first { Data::Text } else { Data::Continue };
        let frame = Frame::message(bytes.to_vec(), OpCode::Data(kind), last);
        self.ws.send(Message::Frame(frame)).is_ok()
    }

    /// Sends the header of a text frame that announces `length` bytes, and none of them.
    pub fn announce(&mut self, length: u64) {
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Text),
            mask: Some([1, 2, 3, 4]),
            ..FrameHeader::default()
        };
        let mut bytes = Vec::new();
        header.format(length, &mut bytes).expect("a header");
        self.send_raw(&bytes);
    }

    /// Sends bytes as they stand; false when the connection takes no more.
    pub fn send_raw(&mut self, bytes: &[u8]) -> bool {
        self.ws.get_mut().write_all(bytes).is_ok()
    }

    /// The next thing that comes, whatever it is.
    pub fn next(&mut self, deadline: Deadline) -> Got {
        match self.inbox.pop_front() {
            Some(frame) => Got::Frame(frame),
            None => self.read(deadline),
        }
    }

    /// The next frame that comes; those that came together come one after the other.
    fn read(&mut self, deadline: Deadline) -> Got {
        match self.read_one(deadline) {
            Got::Frame(mut frame) if frame["type"] == "news" => {
                let mut news = frame["news"].take();
                let news = news.as_array_mut().expect("a list of frames");
                for frame in news.drain(1..).rev() {
                    self.unread.push_front(frame);
                }
                Got::Frame(news.remove(0))
            }
            got => got,
        }
    }

    fn read_one(&mut self, deadline: Deadline) -> Got {
        if let Some(frame) = self.unread.pop_front() {
            return Got::Frame(frame);
        }
        loop {
            if self.closed {
                return Got::Closed(self.code);
            }
            match self.ws.read() {
                Ok(Message::Text(text)) => {
                    return Got::Frame(serde_json::from_str(text.as_str()).expect("JSON"));
                }
                Ok(Message::Binary(bytes)) => {
                    let bytes: Vec<u8> = bytes.to_vec();
                    return Got::Frame(json!({"type": "(binary)", "bytes": bytes}));
                }
                Ok(Message::Close(frame)) => self.code = frame.map(|frame| frame.code.into()),
                Ok(_) => {}
                Err(Error::Io(fault))
                    if matches!(fault.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Err(_) => self.closed = true,
            }
            if !self.closed && deadline.left().is_none() {
                return Got::Nothing;
            }
        }
    }

    /// The first frame that fits, come already or to come; others are kept.
    pub fn find(&mut self, deadline: Deadline, fits: impl Fn(&Value) -> bool) -> Option<Value> {
        if let Some(at) = self.inbox.iter().position(&fits) {
            return self.inbox.remove(at);
        }
        loop {
            match self.read(deadline) {
                Got::Frame(frame) if fits(&frame) => return Some(frame),
                Got::Frame(frame) => self.inbox.push_back(frame),
                Got::Closed(_) | Got::Nothing => return None,
            }
        }
    }

    /// The same; it has to come soon.
    pub fn expect_where(&mut self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        let found = self.find(Deadline::after(SOON), fits);
        found.unwrap_or_else(|| {
            unreachable!("{what} did not come; closed {:?}, had {:?}", self.code, self.inbox)
        })
    }

    /// The next frame of a type.
    pub fn expect(&mut self, kind: &str) -> Value {
        self.expect_where(kind, |frame| frame["type"] == kind)
    }

    /// Sends a command with an id of its own and waits for its one answer.
    pub fn command(&mut self, mut command: Value) -> Value {
        self.commands += 1;
        let id = format!("c{}", self.commands);
        command["id"] = json!(id);
        self.send(&command);
        self.expect_where(&command.to_string(), |frame| frame["ref"] == id)
    }

    /// Sends a command that is done.
    pub fn done(&mut self, command: Value) -> Value {
        let answer = self.command(command.clone());
        assert_eq!(answer["type"], "done", "{command}: {answer}");
        answer
    }

    /// Sends a command that is refused; its code.
    pub fn refused(&mut self, command: Value) -> String {
        let answer = self.command(command.clone());
        assert_eq!(answer["type"], "refused", "{command}: {answer}");
        assert!(answer["title"].as_str().is_some_and(|title| !title.is_empty()), "{answer}");
        answer["code"].as_str().expect("a code").to_owned()
    }

    /// Reads to the end. `None`: it did not end in time; `Some(None)`: it ended without a code.
    pub fn close_code(&mut self, limit: Duration) -> Option<Option<u16>> {
        let deadline = Deadline::after(limit);
        loop {
            match self.read(deadline) {
                Got::Frame(frame) => self.inbox.push_back(frame),
                Got::Closed(code) => return Some(code),
                Got::Nothing => return None,
            }
        }
    }

    /// Checks that the server closes with this code.
    pub fn closes_with(&mut self, code: u16, what: &str) {
        assert_eq!(self.close_code(SOON), Some(Some(code)), "{what}");
    }

    /// Checks that it still answers.
    pub fn is_alive(&mut self) {
        self.commands += 1;
        let mark = self.commands;
        self.send(&json!({"type": "ping", "t": mark}));
        self.expect_where("pong", |frame| frame["type"] == "pong" && frame["t"] == mark);
    }
}
