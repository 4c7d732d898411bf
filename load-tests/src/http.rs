//! A small HTTP client over kept connections, without TLS.
//!
//! It sends one request and gives back status, headers and body. It never retries: whether sending
//! again is safe is known only by the caller.

use std::time::Duration;

use anyhow::{Context, Result, bail};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::{HeaderMap, Method, Request, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// A request without an answer for so long has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(10);
/// A larger answer is not read further, bytes.
const BODY_MAX: usize = 8 << 20;

/// What a server answered.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
}

impl Reply {
    /// The body as JSON; null when it is none.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    /// The body of a success, or an error that quotes the refusal.
    pub fn ok(self, what: &str) -> Result<serde_json::Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.json());
        }
        bail!(
            "{what}: the server answered {}: {}",
            self.status,
            String::from_utf8_lossy(&self.body)
        )
    }
}

/// A client of one server.
#[derive(Debug, Clone)]
pub struct Http {
    client: Client<HttpConnector, Full<Bytes>>,
    /// `http://host:port`, without a slash at the end.
    pub base: String,
    /// `host:port`.
    pub authority: String,
}

impl Http {
    /// A client of the server at `http://host:port`.
    pub fn new(base: &str) -> Result<Self> {
        let base = base.trim_end_matches('/').to_owned();
        let uri: Uri = base.parse().with_context(|| format!("{base} is no address"))?;
        if uri.scheme_str() != Some("http") {
            bail!("{base}: only http:// is spoken; put the drill on the server's machine");
        }
        let host = uri.host().context("the address has no host")?;
        let authority = format!("{host}:{}", uri.port_u16().unwrap_or(80));
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(Duration::from_secs(5)));
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Ok(Self { client, base, authority })
    }

    /// Sends one request.
    ///
    /// # Errors
    /// No answer, or none in time: what the server did is then unknown.
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Bytes,
    ) -> Result<Reply> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.base));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Full::new(body)).context("a request that cannot be written")?;
        let answer = async {
            let response = self.client.request(request).await.context("no answer")?;
            let (parts, mut body) = response.into_parts();
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                if let Ok(data) = frame.context("the answer broke off")?.into_data() {
                    bytes.extend_from_slice(&data);
                }
                if bytes.len() > BODY_MAX {
                    bail!("the answer is larger than {BODY_MAX} bytes");
                }
            }
            Ok(Reply { status: parts.status.as_u16(), headers: parts.headers, body: bytes.into() })
        };
        tokio::time::timeout(ANSWER_WITHIN, answer).await.context("no answer in time")?
    }

    /// Sends a JSON body.
    pub async fn post_json(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &serde_json::Value,
    ) -> Result<Reply> {
        let mut all = vec![("content-type", "application/json")];
        all.extend_from_slice(headers);
        self.send(Method::POST, path, &all, Bytes::from(body.to_string())).await
    }

    /// Fetches a path.
    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Result<Reply> {
        self.send(Method::GET, path, headers, Bytes::new()).await
    }
}
