//! A fake server, just enough of docs/PROTOCOL.md for the drill to be proved against, over real
//! loopback sockets. This file is the wire; `dispatch` decides, honestly or not.
#![allow(clippy::unwrap_used, clippy::panic)] // A fault of the fake is to fail the test at once.

pub mod dispatch;
pub mod gateways;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use dispatch::{Mode, Town};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio_tungstenite::tungstenite::Message;

/// A running fake.
pub struct Fake {
    pub url: String,
    pub admin: PathBuf,
    folder: PathBuf,
}

impl Drop for Fake {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

pub type Shared = Arc<Mutex<Town>>;

/// A fake of its own for one test.
pub async fn start(name: &str, mode: Mode) -> Fake {
    let folder = std::env::temp_dir().join(format!("tiande-fake-{}-{name}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let admin = folder.join("admin.sock");
    let town: Shared = Arc::new(Mutex::new(Town::new(mode, &folder)));
    let address = serve("127.0.0.1:0", &admin, town).await;
    Fake { url: format!("http://{address}"), admin, folder }
}

/// Serves on both sockets in the background; the address of the first.
pub async fn serve(listen: &str, admin: &Path, town: Shared) -> SocketAddr {
    let tcp = TcpListener::bind(listen).await.unwrap();
    let address = tcp.local_addr().unwrap();
    let _ = std::fs::remove_file(admin);
    let unix = UnixListener::bind(admin).unwrap();
    let shared = Arc::clone(&town);
    tokio::spawn(async move {
        while let Ok((stream, _)) = unix.accept().await {
            tokio::spawn(serve_admin(stream, Arc::clone(&shared)));
        }
    });
    tokio::spawn(async move {
        while let Ok((stream, _)) = tcp.accept().await {
            tokio::spawn(serve_tcp(stream, Arc::clone(&town)));
        }
    });
    address
}

async fn serve_admin(stream: UnixStream, town: Shared) {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        let request: Value = serde_json::from_str(&line).unwrap();
        let ok = match request["do"].as_str().unwrap() {
            "court_add" => json!({ "court": request["profile"]["id"] }),
            "source_add" => json!({ "source": "alpha", "secret": "whsec_c2VjcmV0" }),
            "user_add" => json!({ "user": "u1" }),
            "device_enrol" => {
                let n = town.lock().unwrap().add_officer(request["court"].as_str().unwrap());
                json!({ "officer": format!("o{n}"), "code": format!("code{n}") })
            }
            "officers_add" => {
                let many = request["officers"].as_array().unwrap().len();
                let court = request["court"].as_str().unwrap();
                json!({ "officers": town.lock().unwrap().trackers.add(court, many) })
            }
            "officers_duty" => json!({ "changed": request["officers"].as_array().unwrap().len() }),
            "gateway_add" => {
                json!({ "secret": format!("tgw_{}", request["court"].as_str().unwrap()) })
            }
            other => panic!("the fake does not do {other}"),
        };
        write.write_all(format!("{}\n", json!({ "ok": ok })).as_bytes()).await.unwrap();
    }
}

async fn serve_tcp(mut stream: TcpStream, town: Shared) {
    let mut head = [0_u8; 64];
    let peeked = stream.peek(&mut head).await.unwrap_or(0);
    if head[..peeked].starts_with(b"GET /ws/") {
        return serve_socket(stream, town).await;
    }
    loop {
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"\r\n\r\n") {
            let Ok(byte) = stream.read_u8().await else { return };
            bytes.push(byte);
        }
        let text = String::from_utf8(bytes).unwrap();
        let header = |name: &str| {
            text.lines()
                .filter_map(|line| line.split_once(": "))
                .find(|(key, _)| key.eq_ignore_ascii_case(name))
                .map(|(_, value)| value.to_owned())
        };
        let length = header("content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0_u8; length];
        stream.read_exact(&mut body).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        let path = text.split(' ').nth(1).unwrap().to_owned();
        let (status, answer) = answer(&town, &path, &header, &body);
        let answer = answer.to_string();
        let reply = format!(
            "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\nset-cookie: tiande_session=s; HttpOnly\r\n\
             content-length: {}\r\n\r\n{answer}",
            answer.len()
        );
        if stream.write_all(reply.as_bytes()).await.is_err() {
            return;
        }
    }
}

fn answer(
    town: &Shared,
    path: &str,
    header: &dyn Fn(&str) -> Option<String>,
    body: &Value,
) -> (u16, Value) {
    let mut locked = town.lock().unwrap();
    match path.split('/').collect::<Vec<_>>()[1..] {
        ["api", "devices", "enrol"] => {
            let n = body["code"].as_str().unwrap().trim_start_matches("code");
            let officer = json!({ "id": format!("o{n}"), "name": n });
            (
                200,
                json!({ "device": n, "token": n, "officer": officer, "court": { "id": "c", "name": "c" } }),
            )
        }
        ["readyz"] => (200, json!({ "status": "ready" })),
        ["api", "session"] => (200, json!({})),
        // The ticket is the officer's token; a dispatcher has none.
        ["api", "ws-tickets"] => {
            let token =
                header("authorization").map(|value| value.trim_start_matches("Bearer ").to_owned());
            (200, json!({ "ticket": token.unwrap_or_default(), "expires_at": 0 }))
        }
        ["api", "tips", id] => match locked.tip(id) {
            Some(incident) => (200, json!({ "tip": id, "incident": incident })),
            None => (404, json!({ "code": "not-found" })),
        },
        ["api", "incidents", id] if locked.knows(id) => {
            (200, json!({ "id": id, "status": "finished" }))
        }
        ["hooks", "tips", _] => {
            assert!(header("webhook-signature").unwrap().starts_with("v1,"));
            let (tip, incident) = locked.take_tip(&header("webhook-id").unwrap(), body);
            drop(locked);
            dispatch::ask(town, &incident);
            (202, json!({ "tip": tip, "incident": incident, "receipt": "r" }))
        }
        _ => (404, json!({ "code": "not-found" })),
    }
}

async fn serve_socket(stream: TcpStream, town: Shared) {
    let Ok(socket) = tokio_tungstenite::accept_async(stream).await else { return };
    let (mut write, mut read) = socket.split();
    let (out, mut frames) = unbounded_channel::<Value>();
    tokio::spawn(async move {
        while let Some(frame) = frames.recv().await {
            if write.send(Message::text(frame.to_string())).await.is_err() {
                return;
            }
        }
    });
    let (mut who, mut batches) = (Who::Dispatcher, 0);
    while let Some(Ok(message)) = read.next().await {
        match message {
            Message::Text(text) => {
                let frame: Value = serde_json::from_str(&text).unwrap();
                match (frame["type"].as_str().unwrap(), who) {
                    ("hello", _) => who = welcome(&frame, &out, &town),
                    (_, Who::Officer(officer)) => dispatch::handheld(&town, officer, &frame),
                    _ => {}
                }
            }
            Message::Binary(payload) if who == Who::Gateway => {
                batches += 1;
                if let Some(answer) = town.lock().unwrap().batch(batches, &payload) {
                    out.send(answer).unwrap();
                }
            }
            _ => {}
        }
    }
}

/// Whose socket it is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Who {
    Dispatcher,
    Gateway,
    Officer(usize),
}

fn welcome(hello: &Value, out: &UnboundedSender<Value>, town: &Shared) -> Who {
    let ticket = hello["ticket"].as_str().unwrap();
    if let Some(court) = ticket.strip_prefix("tgw_") {
        let listed = town.lock().unwrap().trackers.listed(court);
        out.send(json!({ "type": "welcome", "v": 1, "run": 1, "officers": listed })).unwrap();
        return Who::Gateway;
    }
    let Ok(n) = ticket.parse::<usize>() else {
        out.send(
            json!({ "type": "welcome", "v": 1, "incidents": [], "alarms": [], "officers": [] }),
        )
        .unwrap();
        return Who::Dispatcher;
    };
    let status = town.lock().unwrap().connect(n, out.clone());
    out.send(
        json!({ "type": "welcome", "v": 1, "status": status, "offers": [], "commitments": [] }),
    )
    .unwrap();
    Who::Officer(n)
}
