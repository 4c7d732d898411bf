//! Consoles as the bench needs them: many of one dispatcher, told of everybody in binary, and cheap to
//! play. Also one that never reads.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, Result};
use serde_json::json;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpSocket, TcpStream};
use tokio::task::JoinHandle;

use super::ws::{self, Kind};
use crate::clock;
use crate::http::Http;

/// A frame with fewer bytes than this is no tick of a court that moves.
const TICK_MIN: usize = 1_000;

/// What the consoles of a crowd have heard, all together.
#[derive(Debug, Default)]
pub struct Seen {
    /// Ticks.
    pub ticks: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Between two ticks at one console, microseconds.
    pub gaps_us: Vec<u64>,
    /// Consoles that were closed.
    pub over: u64,
}

/// Consoles that read.
#[derive(Debug)]
pub struct Crowd {
    readers: Vec<JoinHandle<()>>,
    seen: Arc<Mutex<Seen>>,
}

/// A console's socket after its `hello`, over that connection.
async fn open(http: &Http, cookie: &str, tcp: TcpStream) -> Result<TcpStream> {
    let credentials = [("cookie", cookie), ("origin", http.base.as_str())];
    let reply = http.post_json("/api/ws-tickets", &credentials, &json!({})).await?;
    let ticket = reply.ok("ws-tickets")?["ticket"].clone();
    let mut tcp = ws::upgrade(tcp, &http.authority, "/ws/console").await?;
    let hello = json!({"type": "hello", "v": 1, "ticket": ticket, "binary": true});
    tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
    Ok(tcp)
}

/// A socket with the smallest receive buffer there is, of a console that will not read.
pub async fn deaf(http: &Http, cookie: &str) -> Result<TcpStream> {
    let socket = TcpSocket::new_v4().context("a socket")?;
    socket.set_recv_buffer_size(1).context("a small buffer")?;
    let address = http.authority.parse().context("the server has no plain address")?;
    open(http, cookie, socket.connect(address).await.context("cannot connect")?).await
}

/// Reads what is left in a socket; the code it was closed with, if it was told one.
pub async fn close_code(tcp: &mut TcpStream) -> Option<u16> {
    let mut tcp = BufReader::new(tcp);
    loop {
        let (kind, payload) = ws::read(&mut tcp).await.ok()?;
        if kind == 8 {
            return payload.first_chunk().map(|code| u16::from_be_bytes(*code));
        }
    }
}

impl Crowd {
    /// So many consoles, all of them welcomed.
    pub async fn enter(http: &Http, cookie: &str, count: usize) -> Result<Self> {
        let mut streams = Vec::with_capacity(count);
        for _ in 0..count {
            let tcp = TcpStream::connect(&http.authority).await.context("cannot connect")?;
            let mut tcp = BufReader::with_capacity(256 << 10, open(http, cookie, tcp).await?);
            ws::read_until(&mut tcp, "welcome").await?;
            streams.push(tcp);
        }
        Ok(Self::over(streams))
    }

    /// Takes streams over from which frames come.
    pub fn over(streams: Vec<BufReader<TcpStream>>) -> Self {
        let seen = Arc::new(Mutex::new(Seen::default()));
        let readers = streams.into_iter().map(|tcp| tokio::spawn(listen(tcp, Arc::clone(&seen))));
        Self { readers: readers.collect(), seen }
    }

    /// What was heard since the last look.
    pub fn look(&self) -> Seen {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        self.readers.iter().for_each(JoinHandle::abort);
    }
}

/// Counts ticks until the socket is over, and answers pings: a console says nothing else.
async fn listen(mut tcp: BufReader<TcpStream>, seen: Arc<Mutex<Seen>>) {
    let mut before = None;
    let note = |change: &dyn Fn(&mut Seen)| {
        change(&mut seen.lock().unwrap_or_else(PoisonError::into_inner));
    };
    while let Ok((kind, length)) = ws::skim(&mut tcp).await {
        if kind == Kind::Ping as u8 {
            let pong = ws::frame(Kind::Pong, b"");
            if tcp.get_mut().write_all(&pong).await.is_err() {
                break;
            }
        } else if kind == Kind::Binary as u8 && length >= TICK_MIN {
            let now = clock::now_us();
            let gap = before.replace(now).map(|before| now - before);
            note(&|seen| {
                seen.ticks += 1;
                seen.bytes += length as u64;
                seen.gaps_us.extend(gap);
            });
        }
    }
    note(&|seen| seen.over += 1);
    let _ = tcp.shutdown().await; // It is over already.
}
