//! Officers near the tips, whose sockets the measuring thread reads, and the informant who sends the
//! tips: one at a time, from just before it is written to its kept connection until an `offer` has been
//! read.
//!
//! Its officer accepts and finishes, so that the next tip finds the same court.

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::OwnedWriteHalf;
use tokio::sync::mpsc;

use super::field::COUNTY;
use super::ws;
use crate::clock;
use crate::tips::sign;

/// An offer that is not there by then will not come, milliseconds.
const OFFER_WITHIN_MS: u64 = 5_000;

/// A frame of the crew, and when it was read, microseconds.
struct Heard {
    who: usize,
    at_us: u64,
    frame: Value,
}

/// Where an officer of the crew stands, and to whom tips about that place go.
#[derive(Debug, Clone)]
pub struct Post {
    /// The court.
    pub court: String,
    /// Its tip source.
    pub source: String,
    /// The source's secret.
    pub secret: String,
    /// Latitude and longitude.
    pub place: (f64, f64),
}

/// Where the crew and the tips are: the north-eastern corner.
pub fn corner(nth: usize) -> (f64, f64) {
    let [_, _, east, north] = COUNTY;
    #[allow(clippy::cast_precision_loss)] // A few dozen.
    let step = nth as f64 * 0.0004;
    (north - 0.002 - step, east - 0.002)
}

/// What a tip took, microseconds from just before its first byte was written.
#[derive(Debug, Clone, Copy)]
pub struct Took {
    /// Until the offer was read.
    pub offer_us: f64,
    /// Until the 202 was read.
    pub ack_us: f64,
    /// Bytes of the request.
    pub length: usize,
}

/// The crew and its informant.
pub struct Crew {
    sockets: Vec<OwnedWriteHalf>,
    posts: Vec<Post>,
    heard: mpsc::UnboundedReceiver<Heard>,
    fixes: u32,
    informant: TcpStream,
    authority: String,
    /// Part of each `webhook-id`.
    run: i64,
    sent: usize,
    /// When the last tip was answered, microseconds.
    used_us: u64,
}

/// A connection that is not used is closed by any server after some seconds.
const IDLE_US: u64 = 2_000_000;

async fn call(authority: &str) -> Result<TcpStream> {
    let tcp = TcpStream::connect(authority).await.context("cannot connect")?;
    tcp.set_nodelay(true).context("cannot set the connection up")?;
    Ok(tcp)
}

impl Crew {
    /// Takes the sockets of officers over, each with a post; and connects the informant.
    pub async fn new(streams: Vec<TcpStream>, posts: Vec<Post>, authority: &str) -> Result<Self> {
        anyhow::ensure!(streams.len() == posts.len(), "each of the crew has a post");
        let (tell, heard) = mpsc::unbounded_channel();
        let sockets = streams.into_iter().enumerate().map(|(who, stream)| {
            let (mut read, write) = stream.into_split();
            let tell = tell.clone();
            tokio::spawn(async move {
                while let Ok((_, payload)) = ws::read(&mut read).await {
                    let at_us = clock::now_us();
                    let frame = serde_json::from_slice(&payload).unwrap_or_default();
                    if tell.send(Heard { who, at_us, frame }).is_err() {
                        return;
                    }
                }
            });
            write
        });
        let sockets = sockets.collect();
        let informant = call(authority).await?;
        let (authority, run, used_us) = (authority.to_owned(), clock::unix_ms(), clock::now_us());
        Ok(Self { sockets, posts, heard, fixes: 0, informant, authority, run, sent: 0, used_us })
    }

    async fn say(&mut self, who: usize, frame: &Value) -> Result<()> {
        let frame = ws::frame(ws::Kind::Text, frame.to_string().as_bytes());
        self.sockets[who].write_all(&frame).await.context("a handheld's socket is broken")
    }

    /// Everybody says where they are, so that they are fit to be asked.
    pub async fn report(&mut self) -> Result<()> {
        self.fixes += 1;
        for who in 0..self.sockets.len() {
            let (lat, lon) = self.posts[who].place;
            let fix = json!({"seq": self.fixes, "taken_at": clock::unix_ms(), "lat": lat,
                "lon": lon, "accuracy_m": 8});
            self.say(who, &json!({"type": "position", "fixes": [fix]})).await?;
        }
        Ok(())
    }

    /// Sends a tip about the next one's post, and lets whoever is asked accept and finish.
    pub async fn tip(&mut self) -> Result<Took> {
        if clock::now_us() - self.used_us > IDLE_US {
            self.informant = call(&self.authority).await?;
        }
        let (request, words) = self.request()?;
        let begin = clock::now_us();
        self.informant.write_all(&request).await.context("the informant's connection")?;
        let Self { informant, heard, .. } = self;
        let (ack, offered) = tokio::join!(answered(informant), offered(heard, &words));
        let (ack, (who, offer, incident, at_us)) = (ack?, offered?);
        self.used_us = ack;
        self.finish(who, &offer, &incident).await?;
        let (offer_us, ack_us) = (since(begin, at_us), since(begin, ack));
        Ok(Took { offer_us, ack_us, length: request.len() })
    }

    /// A whole signed request, and the words that its offer will carry.
    fn request(&mut self) -> Result<(Vec<u8>, String)> {
        self.sent += 1;
        let words = format!("Bench tip {}", self.sent);
        let Post { court, source, secret, place } = &self.posts[self.sent % self.posts.len()];
        let body = json!({
            "court": court, "kind": "other", "urgency": "emergency", "description": words,
            "occurred_at": clock::rfc3339(clock::unix_ms()), "exercise": true,
            "location": {"lat": place.0, "lon": place.1, "accuracy_m": 20},
        })
        .to_string();
        let (id, now_s) = (format!("bench-{}-{}", self.run, self.sent), clock::unix_ms() / 1000);
        let signature = sign(secret, &id, now_s, body.as_bytes())?;
        let request = format!(
            "POST /hooks/tips/{source} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nwebhook-id: {id}\r\nwebhook-timestamp: {now_s}\r\n\
             webhook-signature: {signature}\r\n\r\n{body}",
            self.authority,
            body.len()
        );
        Ok((request.into_bytes(), words))
    }

    /// Accepts and finishes, and waits until that is done.
    async fn finish(&mut self, who: usize, offer: &Value, incident: &Value) -> Result<()> {
        self.say(who, &json!({"type": "accept", "id": "a", "offer": offer})).await?;
        self.done("a").await?;
        let finish =
            json!({"type": "finish", "id": "f", "incident": incident, "outcome": "not_found"});
        self.say(who, &finish).await?;
        self.done("f").await
    }

    async fn done(&mut self, id: &str) -> Result<()> {
        loop {
            let Heard { frame, .. } = next(&mut self.heard).await?;
            match frame["type"].as_str() {
                Some("done") if frame["ref"] == id => return Ok(()),
                Some("refused") => bail!("refused: {frame}"),
                _ => {}
            }
        }
    }
}

async fn next(heard: &mut mpsc::UnboundedReceiver<Heard>) -> Result<Heard> {
    let within = std::time::Duration::from_millis(OFFER_WITHIN_MS);
    let heard = tokio::time::timeout(within, heard.recv()).await;
    heard.context("the server says nothing")?.context("the crew is gone")
}

/// Waits for the offer of this tip; gives who got it, the offer, its incident, and the moment.
async fn offered(
    heard: &mut mpsc::UnboundedReceiver<Heard>,
    words: &str,
) -> Result<(usize, Value, Value, u64)> {
    loop {
        let Heard { who, at_us, frame } = next(heard).await?;
        let incident = &frame["incident"];
        if frame["type"] == "offer" && incident["description"] == words {
            return Ok((who, frame["offer"].clone(), incident["id"].clone(), at_us));
        }
    }
}

/// Reads the answer, which must be a 202; gives the moment.
async fn answered(tcp: &mut TcpStream) -> Result<u64> {
    let mut bytes = Vec::with_capacity(1024);
    loop {
        let read = tcp.read_buf(&mut bytes).await.context("no answer to the tip")?;
        anyhow::ensure!(read > 0, "the server closed the informant's connection");
        let text = String::from_utf8_lossy(&bytes);
        let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
        });
        if body.len() >= length.unwrap_or(0_usize) {
            anyhow::ensure!(head.starts_with("HTTP/1.1 202"), "the tip was refused: {text}");
            return Ok(clock::now_us());
        }
    }
}

/// Microseconds between two moments.
#[allow(clippy::cast_precision_loss)] // Microseconds of seconds.
pub fn since(begin_us: u64, end_us: u64) -> f64 {
    end_us.saturating_sub(begin_us) as f64
}
