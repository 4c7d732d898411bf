//! The life of one officer: connect, go on duty, report, answer offers, come back after a break.
//!
//! Everything sent or received goes into the record. Nothing here judges the server; a refusal is
//! written down like any other answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use anyhow::Result;
use serde_json::{Value, json};
use tokio::sync::watch;

use super::book::{Book, Command};
use super::{Field, Phase, Way, over};
use crate::clock;
use crate::court::Device;
use crate::record::{Event, Held};
use crate::rng::Rng;
use crate::socket::{Incoming, Socket, parse};

/// The only epoch: the counter of fixes runs on through reconnects.
const EPOCH: u32 = 1;
/// Back-off before the first and before the latest retry of a connection, milliseconds.
const BACK_OFF_MS: [u64; 2] = [100, 2_000];
/// The id of an officer's only call for help.
const SOS_ID: &str = "sos";
/// A stalled officer stops reading so long after the first tip, microseconds.
const STALL_AFTER_US: u64 = 1_000_000;

/// What a scenario wants of an officer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Serves,
    /// Stops reading during the drill, and goes on sending.
    Stalls,
    /// Leaves duty before the first tip and stays connected.
    OffDuty,
}

/// How far an officer is with duty.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Duty {
    Unknown,
    On,
    Leaving,
    Off,
}

/// One officer.
#[derive(Debug)]
pub struct Officer {
    field: Arc<Field>,
    o: u32,
    device: Device,
    way: Way,
    role: Role,
    phase: watch::Receiver<Phase>,
    book: Book,
    rng: Rng,
    seq: u32,
    duty: Duty,
    duty_commands: u32,
    ready: bool,
    stalled: bool,
    stall_at_us: Option<u64>,
    /// When to call for help; `None` before it is known, never when `u64::MAX`.
    sos_at_us: Option<u64>,
    open_before: i64,
    next_report_us: u64,
}

/// On which frame an offer was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    Frame,
    State,
    Welcome,
}

/// Why a connection ended.
enum End {
    Broken(Option<u16>),
    Over,
}

impl Officer {
    /// An officer who has not connected yet.
    pub fn new(
        field: Arc<Field>,
        o: u32,
        device: Device,
        way: Way,
        role: Role,
        phase: watch::Receiver<Phase>,
    ) -> Self {
        let seed = field.scenario.seed;
        let book = Book::new(seed, o, field.scenario.answers.clone());
        let mut rng = Rng::new(seed ^ (u64::from(o) << 16) ^ 0x4f46_4643);
        // Spread over the interval: a real fleet does not report in step.
        let every_us = field.scenario.officers.report_every_ms * 1000;
        let next_report_us = clock::now_us() + rng.next() % every_us;
        Self {
            field,
            o,
            device,
            way,
            role,
            phase,
            book,
            rng,
            seq: 0,
            duty: Duty::Unknown,
            duty_commands: 0,
            ready: false,
            stalled: false,
            stall_at_us: None,
            sos_at_us: None,
            open_before: 0,
            next_report_us,
        }
    }

    /// Lives until the drill is over.
    pub async fn run(mut self) {
        let mut back_off_ms = BACK_OFF_MS[0];
        while *self.phase.borrow() != Phase::Over && !self.stalled {
            match self.connect().await {
                Ok(mut socket) => {
                    back_off_ms = BACK_OFF_MS[0];
                    let end = self.serve(&mut socket).await;
                    let code = match end {
                        End::Broken(code) => code,
                        End::Over => None,
                    };
                    self.field.record.push(Event::Disconnected { o: self.o, code });
                    if matches!(end, End::Over) {
                        socket.close().await;
                        break;
                    }
                }
                Err(_) => {
                    self.field.record.push(Event::Disconnected { o: self.o, code: None });
                }
            }
            let wait_ms = self.rng.between([back_off_ms / 2, back_off_ms]);
            back_off_ms = (back_off_ms * 2).min(BACK_OFF_MS[1]);
            tokio::select! {
                () = clock::sleep_ms(wait_ms) => {}
                () = over(&mut self.phase) => {}
            }
        }
        self.field.open.fetch_sub(self.open_before, Ordering::Relaxed);
    }

    async fn connect(&self) -> Result<Socket> {
        let _place = self.field.doors.acquire().await;
        let bearer = format!("Bearer {}", self.device.token);
        let (record, o) = (Arc::clone(&self.field.record), self.o);
        Socket::open(
            &self.field.http,
            "/ws/handheld",
            &[("authorization", &bearer)],
            Some(EPOCH),
            move || {
                record.push(Event::Connecting { o });
            },
        )
        .await
    }

    async fn serve(&mut self, socket: &mut Socket) -> End {
        let mut welcomed = false;
        let mut phase = self.phase.clone();
        loop {
            let wake_us = if welcomed {
                self.book.next_due_us().unwrap_or(u64::MAX).min(self.next_report_us)
            } else {
                clock::now_us() + 10_000_000
            };
            let stall_us = self.stall_at_us().min(self.sos_at_us());
            let step = tokio::select! {
                biased;
                () = over(&mut phase) => return End::Over,
                incoming = socket.next(), if !self.stalled => match incoming {
                    Incoming::Text(text) => self.take(&text, socket, &mut welcomed).await,
                    Incoming::Closed(code) => return End::Broken(code),
                },
                () = clock::sleep_until_us(wake_us.min(stall_us)) => {
                    if clock::now_us() >= self.stall_at_us() {
                        self.stalled = true;
                        self.field.record.push(Event::Stalled { o: self.o });
                    }
                    if welcomed {
                        self.act(socket).await
                    } else {
                        Err(anyhow::anyhow!("no welcome"))
                    }
                }
            };
            self.count_open();
            if step.is_err() {
                return End::Broken(None);
            }
        }
    }

    /// When to call for help: those who are off duty do, one after the other.
    fn sos_at_us(&mut self) -> u64 {
        let scenario = &self.field.scenario;
        let per_s = scenario.sos.per_s;
        if self.role != Role::OffDuty || per_s <= 0.0 || *self.phase.borrow() == Phase::WarmUp {
            return u64::MAX;
        }
        let nth = f64::from(self.o.saturating_sub(scenario.officers.count));
        #[allow(clippy::cast_precision_loss)] // At most 3,600.
        let duration_s = scenario.duration_s as f64;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // At most an hour.
        *self.sos_at_us.get_or_insert_with(|| match (nth + 0.5) / per_s {
            second if second < duration_s => clock::now_us() + (second * 1e6) as u64,
            _ => u64::MAX,
        })
    }

    /// When to stop reading; never for most.
    fn stall_at_us(&mut self) -> u64 {
        if self.role != Role::Stalls || self.stalled || *self.phase.borrow() == Phase::WarmUp {
            return u64::MAX;
        }
        *self.stall_at_us.get_or_insert_with(|| clock::now_us() + STALL_AFTER_US)
    }

    fn count_open(&mut self) {
        let open = i64::try_from(if self.stalled { 0 } else { self.book.open() })
            .expect("a book holds few lines");
        self.field.open.fetch_add(open - self.open_before, Ordering::Relaxed);
        self.open_before = open;
    }

    /// Sends what is due: a report, planned commands.
    async fn act(&mut self, socket: &mut Socket) -> Result<()> {
        let now = clock::now_us();
        if now >= self.next_report_us {
            let every_us = self.field.scenario.officers.report_every_ms * 1000;
            self.next_report_us = (self.next_report_us + every_us).max(now + every_us / 2);
            if self.duty == Duty::On {
                self.report(socket).await?;
            }
        }
        if now >= self.sos_at_us() {
            self.sos_at_us = Some(u64::MAX);
            self.field.record.push(Event::SosSent { o: self.o });
            socket.send(&json!({ "type": "sos", "id": SOS_ID }).to_string()).await?;
        }
        for command in self.book.due(now) {
            self.issue(socket, &command, false).await?;
        }
        Ok(())
    }

    async fn report(&mut self, socket: &mut Socket) -> Result<()> {
        self.seq += 1;
        #[allow(clippy::cast_precision_loss)] // Microseconds of hours are exact in f64.
        let second = clock::now_us().saturating_sub(self.field.begun_us) as f64 / 1e6;
        let (lat, lon) = self.way.at(second);
        // Seven digits are a centimetre; the checker must see exactly what the server sees.
        let (lat, lon) = ((lat * 1e7).round() / 1e7, (lon * 1e7).round() / 1e7);
        let (o, seq, taken_at) = (self.o, self.seq, clock::unix_ms());
        self.field.record.push(Event::Fix { o, seq, taken_at, lat, lon });
        let fix =
            json!({ "seq": seq, "taken_at": taken_at, "lat": lat, "lon": lon, "accuracy_m": 8 });
        socket.send(&json!({ "type": "position", "fixes": [fix] }).to_string()).await
    }

    async fn issue(&self, socket: &mut Socket, command: &Command, again: bool) -> Result<()> {
        let (o, verb, subject) = (self.o, command.verb, command.subject.clone());
        self.field.record.push(Event::Command { o, verb, subject, again });
        socket.send(&command.frame().to_string()).await
    }

    async fn send_duty(&mut self, socket: &mut Socket, on: bool) -> Result<()> {
        self.duty_commands += 1;
        self.field.record.push(Event::DutySent { o: self.o, on });
        let (id, to) = if on {
            (format!("on{}", self.duty_commands), "on_duty")
        } else {
            (format!("off{}", self.duty_commands), "off_duty")
        };
        socket.send(&json!({ "type": "duty", "id": id, "to": to }).to_string()).await
    }

    async fn take(&mut self, text: &str, socket: &mut Socket, welcomed: &mut bool) -> Result<()> {
        let Some((frame, kind)) = parse(text) else {
            self.note(format!("a frame that is no JSON object: {text:.80}"));
            return Ok(());
        };
        let now = clock::now_us();
        match kind.as_str() {
            "welcome" => {
                *welcomed = true;
                self.told(now, &frame, true, socket).await?;
                // A server that forgot the duty is at fault; the drill goes on all the same.
                let forgotten = self.duty == Duty::On && status_of(&frame) == "off_duty";
                if self.duty == Duty::Unknown || forgotten {
                    self.send_duty(socket, true).await?;
                } else if self.duty == Duty::Leaving {
                    self.send_duty(socket, false).await?;
                }
                for command in self.book.unanswered() {
                    self.issue(socket, &command, true).await?;
                }
            }
            "state" => self.told(now, &frame, false, socket).await?,
            "offer" => self.offered(now, &frame, Seen::Frame, socket).await?,
            "offer_closed" => {
                let (offer, reason) = (text_of(&frame["offer"]), text_of(&frame["reason"]));
                self.book.closed(&offer);
                self.field.record.push(Event::OfferClosed { o: self.o, offer, reason });
            }
            "ack" => self.acked(&frame, socket).await?,
            "done" => self.answered(now, &frame, true, socket).await?,
            "refused" => self.answered(now, &frame, false, socket).await?,
            "error" => self.note(format!("officer {}: {text:.200}", self.o)),
            // An order of a dispatcher shows in the state that follows; notices and pongs say
            // nothing that the checker needs.
            _ => {}
        }
        Ok(())
    }

    fn note(&self, text: String) {
        self.field.record.push(Event::Note { text });
    }

    async fn told(
        &mut self,
        now: u64,
        frame: &Value,
        welcome: bool,
        socket: &mut Socket,
    ) -> Result<()> {
        let state = state_of(frame);
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let shown = list(&state["offers"]);
        let held: Vec<Held> = list(&state["commitments"])
            .iter()
            .map(|commitment| Held {
                incident: text_of(&commitment["incident"]["id"]),
                stacked: commitment["stacked"].as_bool().unwrap_or(false),
            })
            .collect();
        for offer in &shown {
            let seen = if welcome { Seen::Welcome } else { Seen::State };
            self.offered(now, offer, seen, socket).await?;
        }
        let offers: Vec<String> = shown.iter().map(|offer| text_of(&offer["offer"])).collect();
        self.book.told(now, &offers, &held);
        let status = status_of(frame);
        self.field.record.push(Event::State { o: self.o, welcome, status, offers, held });
        Ok(())
    }

    /// An offer was seen, on a frame of its own or in a state. A state repeats what is open, so
    /// there only a new one is confirmed.
    async fn offered(
        &mut self,
        now: u64,
        frame: &Value,
        seen: Seen,
        socket: &mut Socket,
    ) -> Result<()> {
        let offer = text_of(&frame["offer"]);
        let incident = &frame["incident"];
        let incident_id = text_of(&incident["id"]);
        let new = self.book.offered(now, &offer, &incident_id);
        if new {
            self.field.record.push(Event::Offer {
                o: self.o,
                offer: offer.clone(),
                incident: incident_id,
                sent_at: frame["sent_at"].as_i64().unwrap_or_default(),
                lat: incident["place"]["lat"].as_f64().unwrap_or(f64::NAN),
                lon: incident["place"]["lon"].as_f64().unwrap_or(f64::NAN),
                late: seen == Seen::Welcome,
            });
        } else if seen == Seen::State {
            return Ok(());
        }
        socket.send(&json!({ "type": "offer_received", "offer": offer }).to_string()).await
    }

    async fn acked(&mut self, frame: &Value, socket: &mut Socket) -> Result<()> {
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let taken = count(&frame["taken"]);
        let codes: BTreeMap<String, u64> = frame["codes"]
            .as_object()
            .map(|codes| codes.iter().map(|(code, value)| (code.clone(), count(value))).collect())
            .unwrap_or_default();
        // A `seq` of another epoch, or beside no fix ever taken, names none of this drill's fixes.
        let ours = frame["epoch"].as_u64().is_none_or(|epoch| epoch == u64::from(EPOCH));
        let seq = frame["seq"]
            .as_u64()
            .and_then(|seq| u32::try_from(seq).ok())
            .filter(|seq| ours && *seq > 0);
        let refused = count(&frame["refused"]);
        self.field.record.push(Event::Ack { o: self.o, seq, taken, refused, codes });
        if taken > 0 && self.role == Role::OffDuty && self.duty == Duty::On {
            self.duty = Duty::Leaving;
            return self.send_duty(socket, false).await;
        }
        if taken > 0 && self.duty == Duty::On {
            self.become_ready();
        }
        Ok(())
    }

    fn become_ready(&mut self) {
        if !self.ready {
            self.ready = true;
            self.field.ready.fetch_add(1, Ordering::Relaxed);
        }
    }

    async fn answered(
        &mut self,
        now: u64,
        frame: &Value,
        ok: bool,
        socket: &mut Socket,
    ) -> Result<()> {
        let id = text_of(&frame["ref"]);
        let code = (!ok).then(|| text_of(&frame["code"]));
        if let Some(command) = self.book.answered(now, &id, ok) {
            let (o, verb, subject) = (self.o, command.verb, command.subject);
            self.field.record.push(Event::Answer { o, verb, subject, ok, code });
        } else if id == SOS_ID {
            let incident = frame["incident"].as_str().map(str::to_owned);
            self.field.record.push(Event::SosAnswered { o: self.o, ok, incident, code });
        } else if id.starts_with("on") || id.starts_with("off") {
            let on = id.starts_with("on");
            self.field.record.push(Event::DutyDone { o: self.o, on, ok });
            match (on, ok) {
                (true, true) => {
                    self.duty = Duty::On;
                    // The first fix follows at once: without one the officer is of no use.
                    let every_us = self.field.scenario.officers.report_every_ms * 1000;
                    self.next_report_us = now + self.rng.between([every_us / 2, every_us]);
                    self.report(socket).await?;
                }
                (false, true) => {
                    self.duty = Duty::Off;
                    self.become_ready();
                }
                (_, false) => self.note(format!("officer {}: duty refused: {code:?}", self.o)),
            }
        }
        Ok(())
    }
}

/// PROTOCOL §5: the welcome holds all of `state`, itself or under that name.
fn state_of(frame: &Value) -> &Value {
    if frame["state"].is_object() { &frame["state"] } else { frame }
}

fn status_of(frame: &Value) -> String {
    text_of(&state_of(frame)["status"])
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
