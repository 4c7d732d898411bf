//! The client behind `tiande tip`: builds a tip, signs it, posts it.
//!
//! Plain `http://` only: it is for the machine itself, for drills and for trying a source out. What
//! comes from outside comes through the proxy that holds the certificate.

use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use serde_json::{Map, Value, json};
use standardwebhooks::Webhook;
use tiande_actors::ports::Clock;
use tiande_core::time::UnixMillis;

use crate::keys::random;
use crate::telemetry::SystemClock;

/// Connecting, writing and each read may take so long.
const PATIENCE: Duration = Duration::from_secs(15);
/// No answer is longer.
const ANSWER_MAX: u64 = 1024 * 1024;

/// Sends a tip as a source does.
#[derive(Debug, Clone, clap::Args)]
pub struct TipArgs {
    /// The server, such as `http://127.0.0.1:8080`
    #[arg(long)]
    pub url: String,
    /// Name of the source; not needed when the URL is the whole `…/hooks/tips/SOURCE`
    #[arg(long)]
    pub source: Option<String>,
    /// File with the source's secret (`whsec_…`); other users cannot see it there
    #[arg(long, required_unless_present = "secret")]
    pub secret_file: Option<PathBuf>,
    /// The source's secret itself
    #[arg(long, conflicts_with = "secret_file")]
    pub secret: Option<String>,
    /// Short name of the court
    #[arg(long)]
    pub court: String,
    /// `debtor_sighted`, `asset_sighted`, `obstruction` or `other`
    #[arg(long, default_value = "debtor_sighted")]
    pub kind: String,
    /// `emergency` or `routine`
    #[arg(long, default_value = "emergency")]
    pub urgency: String,
    /// Latitude, degrees, WGS-84
    #[arg(long, requires = "lon", allow_negative_numbers = true)]
    pub lat: Option<f64>,
    /// Longitude, degrees, WGS-84
    #[arg(long, requires = "lat", allow_negative_numbers = true)]
    pub lon: Option<f64>,
    /// How exact the place is, metres
    #[arg(long, requires = "lat", allow_negative_numbers = true)]
    pub accuracy: Option<f64>,
    /// What is to be told
    #[arg(long)]
    pub description: Option<String>,
    /// Number of the case
    #[arg(long)]
    pub case_number: Option<String>,
    /// A drill: no real applicant is ever told
    #[arg(long)]
    pub exercise: bool,
    /// Id of the delivery; the same id again repeats it. A new one when absent
    #[arg(long)]
    pub id: Option<String>,
}

impl TipArgs {
    /// The tip as JSON, with the fields that were given.
    #[must_use]
    pub fn body(&self) -> Value {
        let mut body = Map::new();
        let mut put = |name: &str, value: Value| body.insert(name.to_owned(), value);
        put("court", json!(self.court));
        put("kind", json!(self.kind));
        put("urgency", json!(self.urgency));
        if let (Some(lat), Some(lon)) = (self.lat, self.lon) {
            let mut location = json!({ "lat": lat, "lon": lon });
            if let Some(accuracy) = self.accuracy {
                location["accuracy_m"] = json!(accuracy);
            }
            put("location", location);
        }
        if let Some(description) = &self.description {
            put("description", json!(description));
        }
        if let Some(number) = &self.case_number {
            put("case_number", json!(number));
        }
        if self.exercise {
            put("exercise", json!(true));
        }
        Value::Object(body)
    }

    /// Sends the tip, signed now, and prints the answer's status and body. A failure when it was
    /// not taken.
    ///
    /// # Errors
    /// When the arguments are no request, or no answer came.
    pub fn run(&self) -> anyhow::Result<ExitCode> {
        let status = send(self, SystemClock.now(), &mut std::io::stdout().lock())?;
        Ok(if status == 202 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }

    fn read_secret(&self) -> anyhow::Result<String> {
        match (&self.secret_file, &self.secret) {
            (Some(path), _) => {
                let text =
                    std::fs::read_to_string(path).context("cannot read the secret's file")?;
                Ok(text.trim().to_owned())
            }
            (None, Some(secret)) => Ok(secret.clone()),
            (None, None) => bail!("a secret is needed"),
        }
    }
}

/// Sends the tip and writes the answer's status and body to `out`. Returns the status.
fn send(args: &TipArgs, now: UnixMillis, out: &mut dyn Write) -> anyhow::Result<u16> {
    let mut target = Target::parse(&args.url)?;
    if target.path == "/" {
        let source = args.source.as_deref().context("name the source with --source")?;
        target.path = format!("/hooks/tips/{source}");
    }
    let request = request(args, &target, now)?;
    let answer = exchange(&target, &request)?;
    writeln!(out, "{}", answer.status)?;
    out.write_all(&answer.body)?;
    writeln!(out)?;
    Ok(answer.status)
}

fn request(args: &TipArgs, target: &Target, now: UnixMillis) -> anyhow::Result<Vec<u8>> {
    let id = args.id.clone().unwrap_or_else(|| format!("msg_{}", hex::encode(random::<16>())));
    ensure!(id.bytes().all(|byte| byte.is_ascii_graphic()), "the id has odd characters");
    let body = serde_json::to_vec(&args.body())?;
    let seconds = now.0.div_euclid(1_000);
    let signature = Webhook::new(&args.read_secret()?)
        .and_then(|webhook| webhook.sign(&id, seconds, &body))
        .map_err(|_no_secret| anyhow::anyhow!("the secret must be whsec_ and base64"))?;
    let mut request = format!(
        "POST {} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         webhook-id: {id}\r\nwebhook-timestamp: {seconds}\r\nwebhook-signature: {signature}\r\n\
         Connection: close\r\n\r\n",
        target.path,
        target.authority,
        body.len(),
    )
    .into_bytes();
    request.extend(body);
    Ok(request)
}

#[derive(Debug, PartialEq, Eq)]
struct Target {
    authority: String,
    /// Host and port, for resolving.
    address: String,
    path: String,
}

impl Target {
    fn parse(url: &str) -> anyhow::Result<Self> {
        let rest = url.strip_prefix("http://").context("the URL must begin with http://")?;
        ensure!(rest.bytes().all(|byte| byte.is_ascii_graphic()), "the URL has odd characters");
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        ensure!(!authority.is_empty() && !authority.contains('@'), "the URL must name a host");
        // The colon of a port comes after an IPv6 address's bracket.
        let has_port = authority.rsplit(']').next().is_some_and(|end| end.contains(':'));
        let address = if has_port { authority.to_owned() } else { format!("{authority}:80") };
        let path = if path.is_empty() { "/" } else { path };
        Ok(Self { authority: authority.to_owned(), address, path: path.to_owned() })
    }
}

#[derive(Debug, PartialEq, Eq)]
struct Answered {
    status: u16,
    body: Vec<u8>,
}

fn exchange(target: &Target, request: &[u8]) -> anyhow::Result<Answered> {
    let mut addresses = target.address.to_socket_addrs().context("no such host")?;
    let address = addresses.next().context("the host has no address")?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE).context("cannot connect")?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    stream.write_all(request).context("cannot send")?;
    let mut bytes = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut bytes).context("no whole answer")?;
    read_answer(&bytes)
}

/// Reads an answer that ended with the connection.
fn read_answer(bytes: &[u8]) -> anyhow::Result<Answered> {
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").context("no HTTP answer")?;
    let head = std::str::from_utf8(&bytes[..end]).context("no HTTP answer")?;
    let status = head
        .strip_prefix("HTTP/1.")
        .and_then(|rest| rest.split(' ').nth(1)?.lines().next()?.parse().ok())
        .context("no HTTP answer")?;
    let field = |wanted: &str| {
        head.lines().skip(1).find_map(|line| {
            let (name, value) = line.split_once(':')?;
            name.eq_ignore_ascii_case(wanted).then(|| value.trim())
        })
    };
    let rest = &bytes[end + 4..];
    let body = if field("transfer-encoding").is_some_and(|it| it.eq_ignore_ascii_case("chunked")) {
        unchunk(rest).context("the answer broke off")?
    } else if let Some(length) = field("content-length") {
        let length: usize = length.parse().context("no HTTP answer")?;
        rest.get(..length).context("the answer broke off")?.to_vec()
    } else {
        rest.to_vec()
    };
    Ok(Answered { status, body })
}

fn unchunk(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|two| two == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
#[path = "send_tests.rs"]
mod tests;
