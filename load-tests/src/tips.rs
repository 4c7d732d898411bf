//! The informants: plans the tips of a scenario, signs them, sends them, and sends them again with
//! the same id until the server has answered.
//!
//! What becomes of a tip is for the checker.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context, Result, bail};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use hyper::Method;
use hyper::body::Bytes;
use serde_json::json;
use sha2::Sha256;

use crate::clock;
use crate::court::{Made, Seat};
use crate::fleet::walker::inside;
use crate::http::{Http, Reply};
use crate::record::{Event, Record, open_text};
use crate::rng::Rng;
use crate::scenario::{KINDS, Scenario};

/// How often an overloaded server is asked at the end.
const ASK_TRIES: u32 = 20;

/// A tip to be sent so many seconds after the start.
#[derive(Debug, Clone, PartialEq)]
pub struct Planned {
    pub second: f64,
    /// The number of its court.
    pub court: u32,
    pub kind: String,
    pub lat: f64,
    pub lon: f64,
    pub emergency: bool,
    /// Sent again when there is no room now.
    pub retries: bool,
}

/// The tips of a scenario, in the order of their times.
#[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation, clippy::cast_sign_loss)]
// Counts of tips are far below 2^53, and rates are checked when the scenario is read.
pub fn plan(scenario: &Scenario, data: &Path) -> Result<Vec<Planned>> {
    let tips = &scenario.tips;
    let mut rng = Rng::new(scenario.seed ^ 0x5449_5053);
    let calls = match &tips.calls {
        Some(file) => calls(scenario, &scenario.data_file(file, data)?)?,
        None => Vec::new(),
    };
    let duration_s = scenario.duration_s as f64;
    let Some(rate) = tips.rate_per_s else {
        let within: Vec<Planned> =
            calls.into_iter().filter(|call| (0.0..duration_s).contains(&call.second)).collect();
        if within.is_empty() {
            bail!("no call lies between tips.start_at and the end of the drill");
        }
        return Ok(within);
    };
    let places: Vec<&Planned> = calls.iter().filter(|call| call.second >= 0.0).collect();
    if tips.calls.is_some() && places.is_empty() {
        bail!("no call is later than tips.start_at");
    }
    let count = (duration_s * rate) as usize;
    let mut plan: Vec<Planned> = (0..count)
        .map(|number| {
            // Spread inside its slot: people do not call in step.
            let second = (number as f64 + rng.unit()) / rate;
            if let Some(place) = places.get(number % places.len().max(1)) {
                return Planned { second, ..(*place).clone() };
            }
            anywhere(scenario, &mut rng, second)
        })
        .collect();
    if let Some(storm) = &tips.storm {
        let mut rng = Rng::new(scenario.seed ^ 0x5354_4f52);
        for number in 0..(storm.for_s * storm.rate_per_s) as usize {
            let second = storm.from_s + (number as f64 + rng.unit()) / storm.rate_per_s;
            let mut planned = anywhere(scenario, &mut rng, second);
            planned.emergency = rng.unit() < storm.emergency;
            planned.retries = rng.unit() < storm.retry;
            plan.push(planned);
        }
        plan.sort_by(|a, b| a.second.total_cmp(&b.second));
    }
    Ok(plan)
}

/// An emergency somewhere in the court's area.
#[allow(clippy::cast_possible_truncation)] // There are four kinds.
fn anywhere(scenario: &Scenario, rng: &mut Rng, second: f64) -> Planned {
    let court = match scenario.courts() {
        1 => 0,
        courts => rng.between([0, u64::from(courts) - 1]) as u32,
    };
    let (lat, lon) = inside(rng, scenario.area_of(court));
    let kind = KINDS[rng.between([0, KINDS.len() as u64 - 1]) as usize].0;
    Planned { second, court, kind: kind.to_owned(), lat, lon, emergency: true, retries: true }
}

/// The calls of a file with a place in the court's area, one an id, at their replayed seconds.
fn calls(scenario: &Scenario, path: &Path) -> Result<Vec<Planned>> {
    let tips = &scenario.tips;
    let columns = tips.columns.as_ref().context("tips.columns is missing")?;
    let start = tips.start_at.as_deref().and_then(clock::parse_time_s);
    let start = start.context("tips.start_at is no time")?;
    let mut reader = csv::Reader::from_reader(open_text(path)?);
    let headers = reader.headers().context("the calls have no header line")?.clone();
    let column = |name: &str| {
        headers
            .iter()
            .position(|header| header == name)
            .with_context(|| format!("{} has no column {name}", path.display()))
    };
    let (time, id) = (column(&columns.time)?, column(&columns.id)?);
    let (lat, lon) = (column(&columns.lat)?, column(&columns.lon)?);
    let kind = columns.kind.as_deref().map(column).transpose()?;
    let [west, south, east, north] = scenario.court.area;
    let mut by_id = BTreeMap::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row).with_context(|| format!("cannot read {}", path.display()))? {
        let number = |index: usize| row.get(index).and_then(|text| text.trim().parse::<f64>().ok());
        let (Some(at), Some(lat), Some(lon)) =
            (row.get(time).and_then(clock::parse_time_s), number(lat), number(lon))
        else {
            continue;
        };
        if !(west..=east).contains(&lon) || !(south..=north).contains(&lat) {
            continue;
        }
        let word = kind.and_then(|kind| row.get(kind)).unwrap_or_default();
        let kind = tips.kinds.get(word).map_or("other", String::as_str).to_owned();
        let second = (at - start) / tips.speed_up;
        by_id.entry(row.get(id).unwrap_or_default().to_owned()).or_insert(Planned {
            second,
            court: 0,
            kind,
            lat,
            lon,
            emergency: true,
            retries: true,
        });
    }
    let mut calls: Vec<Planned> = by_id.into_values().collect();
    calls.sort_by(|a, b| a.second.total_cmp(&b.second));
    Ok(calls)
}

/// The `webhook-signature` of a body (Standard Webhooks 1.0).
pub fn sign(secret: &str, id: &str, timestamp: i64, body: &[u8]) -> Result<String> {
    let key = STANDARD
        .decode(secret.trim_start_matches("whsec_"))
        .context("the source's secret is not base64")?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).context("the source's secret is no key")?;
    mac.update(format!("{id}.{timestamp}.").as_bytes());
    mac.update(body);
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Signs a tip and sends it.
///
/// # Errors
/// The secret is none, or no answer came.
pub async fn post(
    http: &Http,
    source: &str,
    secret: &str,
    id: &str,
    body: &Bytes,
) -> Result<Reply> {
    let now_s = clock::unix_ms() / 1000;
    let signature = sign(secret, id, now_s, body)?;
    let now_text = now_s.to_string();
    let headers = [
        ("content-type", "application/json"),
        ("webhook-id", id),
        ("webhook-timestamp", now_text.as_str()),
        ("webhook-signature", signature.as_str()),
    ];
    http.send(Method::POST, &format!("/hooks/tips/{source}"), &headers, body.clone()).await
}

/// A tip that was answered 202, for the check at the end.
#[derive(Debug, Clone)]
pub struct Acked {
    pub tip: u32,
    /// The number of its court.
    pub court: u32,
    pub id: String,
    pub incident: String,
    /// What was sent, where it may have to be sent once more.
    body: Option<Bytes>,
}

/// The sender of one drill's tips.
#[derive(Debug)]
pub struct Sender {
    http: Http,
    record: Arc<Record>,
    seats: Vec<Seat>,
    /// Part of each `webhook-id`, so that two drills on one server do not share ids.
    run: i64,
    acked: Mutex<Vec<Acked>>,
    under_way: AtomicUsize,
}

impl Sender {
    /// A sender for the court that was made.
    pub fn new(http: Http, record: Arc<Record>, made: &Made) -> Arc<Self> {
        Arc::new(Self {
            http,
            record,
            seats: made.seats.clone(),
            run: clock::unix_ms(),
            acked: Mutex::default(),
            under_way: AtomicUsize::new(0),
        })
    }

    /// Starts every tip at its time. Returns when the last one was started; each is sent again until
    /// it is answered or `give_up_us` has come.
    pub async fn send_all(
        self: &Arc<Self>,
        plan: Vec<Planned>,
        repeat: f64,
        mut rng: Rng,
        started_us: u64,
        give_up_us: u64,
    ) {
        for (number, planned) in plan.into_iter().enumerate() {
            #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // At most an hour.
            clock::sleep_until_us(started_us + (planned.second * 1e6) as u64).await;
            let (sender, repeats) = (Arc::clone(self), rng.unit() < repeat);
            let number = u32::try_from(number).unwrap_or(u32::MAX);
            self.under_way.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(async move {
                sender.send(number, &planned, give_up_us).await;
                if repeats {
                    clock::sleep_ms(500).await;
                    sender.send(number, &planned, give_up_us).await;
                }
                sender.under_way.fetch_sub(1, Ordering::Relaxed);
            });
        }
    }

    /// Waits until no tip is under way, at most until the moment.
    pub async fn wait_settled(&self, until_us: u64) {
        while self.under_way.load(Ordering::Relaxed) > 0 && clock::now_us() < until_us {
            clock::sleep_ms(20).await;
        }
    }

    /// The tips answered 202 so far, each once.
    pub fn acked(&self) -> Vec<Acked> {
        let mut acked =
            self.acked.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone();
        acked.sort_by_key(|acked| acked.tip);
        acked.dedup_by_key(|acked| acked.tip);
        acked
    }

    /// The body is the same for every attempt, to the byte: so nothing in it may be read anew.
    fn body(&self, tip: u32, planned: &Planned) -> Bytes {
        let body = json!({
            "court": self.seats[planned.court as usize].court,
            "kind": planned.kind,
            "urgency": if planned.emergency { "emergency" } else { "routine" },
            "description": format!("Drill tip {tip}"),
            "occurred_at": clock::rfc3339(self.run),
            "location": { "lat": planned.lat, "lon": planned.lon, "accuracy_m": 20 },
            "exercise": true,
        });
        Bytes::from(body.to_string())
    }

    /// Sends a tip that was answered once more: the answer must name the same tip and incident.
    ///
    /// # Errors
    /// The server gives no answer, or it was not to be sent once more.
    pub async fn ask_again(&self, acked: &Acked) -> Result<Event> {
        let body = acked.body.as_ref().context("a tip of a court with a dispatcher")?;
        let seat = &self.seats[acked.court as usize];
        let id = self.webhook_id(acked.tip);
        let mut tries = 0;
        let reply = loop {
            let reply = post(&self.http, &seat.source, &seat.secret, &id, body).await?;
            tries += 1;
            if !matches!(reply.status, 429 | 500..=599) || tries > ASK_TRIES {
                break reply;
            }
            clock::sleep_ms(250).await;
        };
        let json = reply.json();
        let known = |key: &str, value: &str| reply.status == 202 && json[key] == value;
        Ok(Event::EndTip {
            tip: acked.tip,
            tip_known: known("tip", &acked.id),
            incident_known: known("incident", &acked.incident),
            status: String::new(),
            by_dispatcher: false,
        })
    }

    fn webhook_id(&self, tip: u32) -> String {
        format!("drill-{}-{tip}", self.run)
    }

    async fn send(&self, tip: u32, planned: &Planned, give_up_us: u64) {
        let body = self.body(tip, planned);
        let id = self.webhook_id(tip);
        let seat = &self.seats[planned.court as usize];
        let mut wait_ms = 100;
        for attempt in 1.. {
            let (kind, lat, lon) = (planned.kind.clone(), planned.lat, planned.lon);
            self.record.push(Event::TipSent { tip, kind, lat, lon, attempt });
            if let Ok(reply) = post(&self.http, &seat.source, &seat.secret, &id, &body).await {
                let json = reply.json();
                let text = |key: &str| json[key].as_str().map(str::to_owned);
                let (id, incident) = (text("tip"), text("incident"));
                self.record.push(Event::TipAnswered {
                    tip,
                    status: reply.status,
                    id: id.clone(),
                    incident: incident.clone(),
                    code: text("code"),
                });
                if let (202, Some(id), Some(incident)) = (reply.status, id, incident) {
                    let mut acked =
                        self.acked.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    let body = seat.username.is_none().then_some(body);
                    acked.push(Acked { tip, court: planned.court, id, incident, body });
                    return;
                }
                // Overload and a starting server are to be asked again; any other refusal is final.
                if !matches!(reply.status, 429 | 500..=599) || !planned.retries {
                    return;
                }
                let after = reply.headers.get("retry-after").and_then(|value| value.to_str().ok());
                if let Some(seconds) = after.and_then(|value| value.parse::<u64>().ok()) {
                    wait_ms = wait_ms.max(seconds.min(10) * 1000);
                }
            }
            if clock::now_us() + wait_ms * 1000 > give_up_us {
                return;
            }
            // Up to half as long again: who was sent away together must not come back together.
            let jitter_ms = Rng::new(u64::from(tip) ^ clock::now_us()).between([0, wait_ms / 2]);
            clock::sleep_ms(wait_ms + jitter_ms).await;
            wait_ms = (wait_ms * 2).min(1_000);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_that_of_the_standard() {
        // The vector of the Standard Webhooks libraries.
        let body = br#"{"test": 2432232314}"#;
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
        let signature = sign(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, body).unwrap();
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }
}
