//! The other side of fan-out: writes one shared buffer to every socket once a second, and does nothing
//! else. No less can be done by a server that sends each of them the same bytes with tokio.

use std::cell::RefCell;
use std::rc::Rc;

use anyhow::{Context, Result};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::clock;

/// How often.
const EVERY_US: u64 = 1_000_000;

/// Serves until the process is ended; says its port on standard output first.
pub fn serve(bytes: usize) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async {
        let listener = TcpListener::bind("127.0.0.1:0").await.context("no free port")?;
        crate::say(&listener.local_addr()?.port().to_string())?;
        let shared = Rc::new(frame(bytes));
        let (tick, _) = watch::channel(0_u64);
        let tick = Rc::new(RefCell::new(tick));
        let clockwork = Rc::clone(&tick);
        tokio::task::spawn_local(async move {
            for no in 1.. {
                clock::sleep_until_us(no * EVERY_US).await;
                clockwork.borrow_mut().send_replace(no);
            }
        });
        loop {
            let (stream, _) = listener.accept().await.context("cannot accept")?;
            let (ticks, shared) = (tick.borrow().subscribe(), Rc::clone(&shared));
            tokio::task::spawn_local(write(stream, ticks, shared));
        }
    })
}

/// A whole frame as a server sends it.
fn frame(bytes: usize) -> Vec<u8> {
    let mut out = vec![0x82, 127];
    out.extend((bytes as u64).to_be_bytes());
    out.resize(out.len() + bytes, 7);
    out
}

async fn write(
    mut stream: TcpStream,
    mut ticks: watch::Receiver<u64>,
    shared: Rc<Vec<u8>>,
) -> Option<()> {
    stream.set_nodelay(true).ok()?;
    let mut request = Vec::new();
    while !request.ends_with(b"\r\n\r\n") {
        stream.read_buf(&mut request).await.ok().filter(|read| *read > 0)?;
    }
    let answer = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\n";
    stream.write_all(answer.as_bytes()).await.ok()?;
    loop {
        ticks.changed().await.ok()?;
        stream.write_all(&shared).await.ok()?;
    }
}
