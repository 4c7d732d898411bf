//! A plain HTTP/1.1 client: one request a connection, nothing hidden, nothing repeated.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

use super::Door;

/// An answer that takes longer is none.
const ANSWER_WITHIN: Duration = Duration::from_secs(15);

/// Where the case (2026)豫0783执7号 is looked up.
pub const CASE: &str = "/api/cases?number=%282026%29%E8%B1%AB0783%E6%89%A77%E5%8F%B7";

/// What the server answered.
#[derive(Debug, Clone, PartialEq)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Reply {
    /// A header's value; `name` in small letters.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// The body as JSON; null when it is none.
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body of a good answer.
    pub fn ok(&self, what: &str) -> Value {
        let text = String::from_utf8_lossy(&self.body);
        assert!((200..300).contains(&self.status), "{what}: {} {text}", self.status);
        self.json()
    }

    /// Checks that this is a refusal as PROTOCOL §1 describes it.
    pub fn refused(&self, status: u16, code: &str, what: &str) -> &Self {
        let text = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{what}: {text}");
        let kind = self.header("content-type");
        assert_eq!(kind, Some("application/problem+json"), "{what}: {text}");
        let body = self.json();
        assert_eq!(body["code"], code, "{what}: {text}");
        assert_eq!(body["status"], status, "{what}: {text}");
        for field in ["type", "title", "request_id"] {
            assert!(body[field].as_str().is_some_and(|s| !s.is_empty()), "{what}: {field}: {text}");
        }
        if status == 429 || status == 503 {
            let wait = self.header("retry-after").and_then(|wait| wait.parse::<u32>().ok());
            assert!(wait.is_some(), "{what}: no Retry-After");
        }
        self
    }

    /// Pointers and codes of the faults in a refusal.
    pub fn faults(&self) -> Vec<(String, String)> {
        let body = self.json();
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        body["errors"]
            .as_array()
            .map(|all| all.iter().map(|e| (text(&e["pointer"]), text(&e["code"]))).collect())
            .unwrap_or_default()
    }
}

/// The head of a request.
pub fn head(method: &str, path: &str, port: u16, headers: &[(&str, &str)]) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nconnection: close\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text += &format!("host: 127.0.0.1:{port}\r\n");
    }
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    text + "\r\n"
}

impl Door {
    /// One request and its answer.
    pub fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Reply {
        self.try_send(method, path, headers, body).expect("an answer")
    }

    /// The same; `None` when there was no answer, as from a server that is being killed.
    pub fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Option<Reply> {
        let length = body.len().to_string();
        let mut all = headers.to_vec();
        if !body.is_empty() || method == "POST" {
            all.push(("content-length", &length));
        }
        let mut bytes = head(method, path, self.port, &all).into_bytes();
        bytes.extend_from_slice(body);
        let mut stream = self.connect()?;
        // The answer may come before everything is sent; then it counts, not the broken pipe.
        stream.write_all(&bytes).ok();
        read_reply(&mut stream, method)
    }

    /// A request as it stands, and whatever comes back.
    pub fn send_bytes(&self, bytes: &[u8]) -> Option<Reply> {
        let mut stream = self.connect()?;
        stream.write_all(bytes).ok();
        read_reply(&mut stream, "GET")
    }

    /// A bare connection.
    pub fn connect(&self) -> Option<TcpStream> {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).ok()?;
        stream.set_read_timeout(Some(ANSWER_WITHIN)).ok()?;
        stream.set_write_timeout(Some(ANSWER_WITHIN)).ok()?;
        stream.set_nodelay(true).ok()?;
        Some(stream)
    }

    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Reply {
        self.send("GET", path, headers, b"")
    }

    /// Posts JSON.
    pub fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send("POST", path, &all, body.to_string().as_bytes())
    }

    /// The origin of the server's own pages.
    pub fn origin(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

/// Reads an answer to its end; `None` when the connection ends or stays silent before that.
pub fn read_reply(stream: &mut TcpStream, method: &str) -> Option<Reply> {
    let mut bytes = Vec::new();
    let mut chunk = [0; 16 * 1024];
    loop {
        if let Some(reply) = parse(&bytes, method, false) {
            return Some(reply);
        }
        match stream.read(&mut chunk) {
            Ok(0) => return parse(&bytes, method, true),
            Ok(count) => bytes.extend_from_slice(&chunk[..count]),
            Err(fault) if fault.kind() == ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
}

/// The answer, once it is whole.
fn parse(bytes: &[u8], method: &str, ended: bool) -> Option<Reply> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n")?;
    let head = String::from_utf8_lossy(&bytes[..end]);
    let mut lines = head.split("\r\n");
    let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let rest = &bytes[end + 4..];
    let reply = |body: &[u8]| Some(Reply { status, headers: headers.clone(), body: body.to_vec() });
    if method == "HEAD" || matches!(status, 204 | 304) {
        return reply(b"");
    }
    let find = |name: &str| headers.iter().find(|(known, _)| known == name).map(|(_, v)| v);
    if find("transfer-encoding").is_some_and(|value| value == "chunked") {
        return reply(&unchunk(rest)?);
    }
    match find("content-length").and_then(|length| length.parse::<usize>().ok()) {
        Some(length) => rest.get(..length).and_then(reply),
        None if ended => reply(rest),
        None => None,
    }
}

fn unchunk(mut bytes: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = bytes.windows(2).position(|two| two == b"\r\n")?;
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).ok()?, 16).ok()?;
        let data = bytes.get(end + 2..end + 2 + size)?;
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(data);
        bytes = bytes.get(end + 2 + size + 2..)?;
    }
}
