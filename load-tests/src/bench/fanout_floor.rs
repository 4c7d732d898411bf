//! The other side of fan-out: writes one shared buffer to every socket once a second, and does nothing
//! else. No less can be done by a server that sends each of them the same bytes with tokio.

use std::cell::OnceCell;
use std::rc::Rc;

use anyhow::Result;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::sync::watch;

use super::other_side::{self, upgraded};
use crate::clock;

/// How often.
const EVERY_US: u64 = 1_000_000;

/// Serves until the process is ended; says its port on standard output first.
pub fn serve(bytes: usize) -> Result<()> {
    let shared = Rc::new(frame(bytes));
    let clockwork = OnceCell::new();
    other_side::serve(move |stream| {
        // Begins with the first socket: only then is there a runtime for it.
        let ticks: &watch::Receiver<u64> = clockwork.get_or_init(tick);
        write(stream, ticks.clone(), Rc::clone(&shared))
    })
}

/// A number that changes once an interval.
fn tick() -> watch::Receiver<u64> {
    let (tell, ticks) = watch::channel(0);
    tokio::task::spawn_local(async move {
        for no in 1.. {
            clock::sleep_until_us(no * EVERY_US).await;
            tell.send_replace(no);
        }
    });
    ticks
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
    upgraded(&mut stream).await?;
    loop {
        ticks.changed().await.ok()?;
        stream.write_all(&shared).await.ok()?;
    }
}
