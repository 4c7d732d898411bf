//! A gateway that moves a whole court's officers: what it costs the server is little, so that what a
//! tick costs can be seen beside it.

use anyhow::{Context, Result};
use serde_json::json;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;

use super::ws::{self, Kind};
use crate::admin::Admin;
use crate::clock;
use crate::http::Http;
use crate::spawn::Server;

/// Records of a frame; no frame may hold more.
const RECORDS: usize = 500;

/// One gateway and the officers it reports.
#[derive(Debug)]
pub struct Convoy {
    socket: OwnedWriteHalf,
    officers: usize,
    seq: u32,
}

impl Convoy {
    /// Adds a gateway to that court and connects it.
    pub async fn enter(server: &Server, court: &str, officers: usize) -> Result<Self> {
        let mut admin = Admin::connect(&server.admin_socket()).await?;
        let added = json!({"do": "gateway_add", "court": court, "name": "convoy"});
        let secret = admin.ask(&added).await?["secret"].as_str().context("a secret")?.to_owned();
        let http: &Http = &server.http;
        let bearer = format!("Bearer {secret}");
        let bearer = [("authorization", bearer.as_str())];
        let reply = http.post_json("/api/ws-tickets", &bearer, &json!({})).await?;
        let ticket = reply.ok("ws-tickets")?["ticket"].clone();
        let mut tcp: TcpStream = ws::connect(&http.authority, "/ws/gateway").await?;
        let hello = json!({"type": "hello", "v": 1, "ticket": ticket});
        tcp.write_all(&ws::frame(Kind::Text, hello.to_string().as_bytes())).await?;
        ws::read_until(&mut tcp, "welcome").await?;
        let (read, socket) = tcp.into_split();
        tokio::spawn(async move {
            let mut read = tokio::io::BufReader::new(read);
            while ws::skim(&mut read).await.is_ok() {}
        });
        Ok(Self { socket, officers, seq: 0 })
    }

    /// Reports every officer once a second, each a little further on, for so many seconds.
    pub async fn report_for(&mut self, seconds: u32) -> Result<()> {
        let begin = clock::now_us();
        for second in 0..u64::from(seconds) {
            self.seq += 1;
            let lots = self.officers.div_ceil(RECORDS);
            for lot in 0..lots {
                let due = begin + second * 1_000_000 + lot as u64 * 1_000_000 / lots as u64;
                clock::sleep_until_us(due).await;
                let to = ((lot + 1) * RECORDS).min(self.officers);
                let frame = self.frame(lot * RECORDS..to)?;
                self.socket.write_all(&frame).await.context("the gateway's socket is over")?;
            }
        }
        clock::sleep_until_us(begin + u64::from(seconds) * 1_000_000).await;
        Ok(())
    }

    fn frame(&self, officers: std::ops::Range<usize>) -> Result<Vec<u8>> {
        let mut out = vec![1, 1, 0, 0];
        out.extend(1_u32.to_le_bytes());
        out.extend(clock::unix_ms().to_le_bytes());
        for n in officers {
            let n = u32::try_from(n)?;
            let (row, column) = (i32::try_from(n / 100)?, i32::try_from(n % 100)?);
            let step = i32::try_from(self.seq)? * 130; // Some 1.5 metres.
            out.extend(n.to_le_bytes());
            out.extend(self.seq.to_le_bytes());
            out.extend((350_600_000 + row * 25_000 + step).to_le_bytes());
            out.extend((1_145_100_000 + column * 30_000).to_le_bytes());
            out.extend(0_i32.to_le_bytes());
            out.extend(80_u16.to_le_bytes());
            out.extend([3, 0]);
        }
        Ok(ws::frame(Kind::Binary, &out))
    }
}
