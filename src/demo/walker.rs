//! Officers of the demo who move, answer offers, go, arrive and finish. They come in through the same
//! doors as a handheld's socket: they report positions, read frames, send commands.

use std::f64::consts::TAU;
use std::sync::Arc;
use std::time::Duration;

use actix_web::rt::time::interval;
use actix_web::web::Data;
use anyhow::Context as _;
use futures_util::{FutureExt as _, StreamExt as _};
use serde_json::{Value, json};
use tiande_actors::court::{ConnectHandheld, CourtHandle, OfficerDeed, ToOfficer};
use tiande_actors::intake::SubmitTip;
use tiande_actors::officer::{FixLane, Link};
use tiande_actors::outbox::{Frame, Outbox, OutboxReader, Outgoing};
use tiande_core::geo::{LatLon, Metres};
use tiande_core::ids::{CourtId, DeviceId, IdSource as _, IncidentId, OfferId, OfficerId, TipId};
use tiande_core::incident::Outcome;
use tiande_core::officer::{Fix, Stage};
use tiande_core::time::Millis;
use tiande_core::tip::{LocationDraft, Tip, TipDraft};

use super::people;
use crate::admin::{AdminRequest, execute};
use crate::app::App;
use crate::entropy::IdEntropy;

/// Metres of one degree of latitude.
const METRES_PER_DEGREE: f64 = 111_320.0;
/// One step of every walker.
const STEP: Duration = Duration::from_secs(1);

/// A number in 0..1.
fn chance() -> f64 {
    let bytes = IdEntropy.random_bytes();
    f64::from(u32::from_be_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])) / f64::from(u32::MAX)
}

/// A point at most `radius_m` from the court house.
fn somewhere(court: &CourtHandle, radius_m: f64) -> (f64, f64) {
    let house = court.profile().court_house;
    let (angle, distance) = (chance() * TAU, chance().sqrt() * radius_m);
    let lat = house.lat + distance * angle.cos() / METRES_PER_DEGREE;
    let lon =
        house.lon + distance * angle.sin() / (METRES_PER_DEGREE * house.lat.to_radians().cos());
    (lat, lon)
}

/// What a walker is doing.
enum Doing {
    /// Going about.
    Patrol,
    /// Has been asked and thinks it over for so many steps.
    Thinking(OfferId, u32),
    /// On the way to an incident.
    Going(IncidentId, (f64, f64)),
    /// There for so many steps more.
    There(IncidentId, u32),
}

struct Walker {
    court: CourtHandle,
    officer: OfficerId,
    device: DeviceId,
    lane: Arc<FixLane>,
    link: Link,
    inbox: OutboxReader,
    at: (f64, f64),
    goal: (f64, f64),
    speed_mps: f64,
    seq: u32,
    epoch: u32,
    doing: Doing,
}

/// Starts the walkers and the tips.
pub(super) async fn start(
    app: &Data<App>,
    court: &CourtId,
    count: usize,
    tip_every: Millis,
) -> anyhow::Result<()> {
    let court = app.court(court).context("the demo court is open")?;
    let epoch = u32::try_from(app.clock.now().0 / 1_000).unwrap_or(u32::MAX);
    for n in 0..count {
        let walker = enter(app, &court, n, epoch).await?;
        actix_web::rt::spawn(walker.run(app.clone()));
    }
    actix_web::rt::spawn(send_tips(app.clone(), court, tip_every));
    Ok(())
}

async fn enter(app: &App, court: &CourtHandle, n: usize, epoch: u32) -> anyhow::Result<Walker> {
    let id = court.profile().id.as_str();
    let request = json!({"do": "device_enrol", "court": id, "officer": people::officer(n),
        "badge": format!("豫0783-{:02}", n + 1)});
    let request: AdminRequest = serde_json::from_value(request).context("a demo request")?;
    let done = execute(app, request).await.map_err(|fault| anyhow::anyhow!("{fault}"))?;
    let officer =
        done["officer"].as_str().unwrap_or_default().parse().context("an officer's id")?;
    let device = DeviceId::new(app.clock.now(), &mut IdEntropy);
    let outbox = Outbox::new();
    let inbox = outbox.reader();
    let connected = court.connect(ConnectHandheld { officer, device, outbox }).await;
    let connected = connected.map_err(|fault| anyhow::anyhow!("{fault:?}"))?;
    let at = somewhere(court, 6_000.0);
    let speed_mps = if n.is_multiple_of(3) { 11.0 } else { 1.5 };
    let mut walker = Walker {
        court: court.clone(),
        officer,
        device,
        lane: connected.lane,
        link: connected.link,
        inbox,
        at,
        goal: somewhere(court, 6_000.0),
        speed_mps,
        seq: 0,
        epoch,
        doing: Doing::Patrol,
    };
    walker.deed(OfficerDeed::GoOnDuty).await;
    Ok(walker)
}

impl Walker {
    async fn deed(&mut self, deed: OfficerDeed) -> bool {
        let order = ToOfficer { officer: self.officer, device: self.device, deed };
        self.court.officer(order).await.is_ok()
    }

    async fn run(mut self, app: Data<App>) {
        let mut steps = interval(STEP);
        loop {
            steps.tick().await;
            while let Some(Some(Outgoing::Write(Frame::Text(text)))) =
                self.inbox.next().now_or_never()
            {
                if let Ok(frame) = serde_json::from_str::<Value>(&text) {
                    self.read(&frame).await;
                }
            }
            self.act().await;
            self.walk(&app);
        }
    }

    async fn read(&mut self, frame: &Value) {
        match frame["type"].as_str() {
            Some("offer") => {
                let Some(offer) = frame["offer"].as_str().and_then(|id| id.parse().ok()) else {
                    return;
                };
                self.deed(OfficerDeed::NoteReceived(offer)).await;
                if matches!(self.doing, Doing::Patrol) {
                    // Slow enough for a newcomer with a handheld to be the first.
                    self.doing = Doing::Thinking(offer, 8 + (chance() * 6.0) as u32);
                }
            }
            Some("offer_closed") if frame["reason"] != "accepted" => {
                if matches!(self.doing, Doing::Thinking(..)) {
                    self.doing = Doing::Patrol;
                }
            }
            Some("state" | "welcome") => self.follow_orders(frame).await,
            _ => {}
        }
    }

    /// The state is the truth: what it says the walker is bound to is what the walker does.
    async fn follow_orders(&mut self, state: &Value) {
        let bound = &state["commitments"][0]["incident"];
        let incident = bound["id"].as_str().and_then(|id| id.parse::<IncidentId>().ok());
        let place = &bound["place"];
        let goal = place["lat"].as_f64().zip(place["lon"].as_f64());
        match (incident, goal, &self.doing) {
            (None, _, Doing::Going(..) | Doing::There(..)) => self.doing = Doing::Patrol,
            (Some(incident), Some(goal), Doing::Patrol | Doing::Thinking(..)) => {
                self.doing = Doing::Going(incident, goal);
                self.deed(OfficerDeed::Progress(incident, Stage::EnRoute)).await;
            }
            _ => {}
        }
    }

    async fn act(&mut self) {
        match self.doing {
            Doing::Thinking(offer, 0) => {
                self.doing = Doing::Patrol;
                let deed = if chance() < 0.85 {
                    OfficerDeed::Accept(offer)
                } else {
                    OfficerDeed::Decline(offer, Some("手头有事".into()))
                };
                self.deed(deed).await;
            }
            Doing::Thinking(offer, left) => self.doing = Doing::Thinking(offer, left - 1),
            Doing::There(incident, 0) => {
                self.doing = Doing::Patrol;
                let outcomes =
                    [Outcome::Found, Outcome::Resolved, Outcome::Served, Outcome::NotFound];
                let outcome = outcomes[(chance() * 3.99) as usize];
                self.deed(OfficerDeed::Finish(incident, outcome, None)).await;
            }
            Doing::There(incident, left) => self.doing = Doing::There(incident, left - 1),
            Doing::Going(incident, goal) if self.distance_to(goal) < 40.0 => {
                self.doing = Doing::There(incident, 12 + (chance() * 20.0) as u32);
            }
            Doing::Patrol | Doing::Going(..) => {}
        }
    }

    fn distance_to(&self, (lat, lon): (f64, f64)) -> f64 {
        let north = (lat - self.at.0) * METRES_PER_DEGREE;
        let east = (lon - self.at.1) * METRES_PER_DEGREE * lat.to_radians().cos();
        north.hypot(east)
    }

    fn walk(&mut self, app: &App) {
        let (goal, speed) = match self.doing {
            Doing::Going(_, goal) => (goal, 16.0),
            Doing::Patrol | Doing::Thinking(..) => (self.goal, self.speed_mps),
            Doing::There(..) => (self.at, 0.0),
        };
        let distance = self.distance_to(goal);
        let (north, east) = (goal.0 - self.at.0, goal.1 - self.at.1);
        if distance < speed.max(5.0) {
            if matches!(self.doing, Doing::Patrol) {
                self.goal = somewhere(&self.court, 6_000.0);
            }
        } else if speed > 0.0 {
            self.at.0 += north * speed / distance;
            self.at.1 += east * speed / distance;
        }
        let heading = east.atan2(north).to_degrees().rem_euclid(360.0);
        let Ok(at) = LatLon::new(self.at.0, self.at.1) else { return };
        self.seq += 1;
        let now = app.clock.now();
        self.lane.heard(now);
        self.lane.report(
            self.link,
            false,
            [Ok(Fix {
                epoch: self.epoch,
                seq: self.seq,
                taken_at: now,
                at,
                accuracy: Some(Metres(8.0)),
                speed_mps: Some(speed as f32),
                heading_deg: Some(heading as f32),
            })],
        );
    }
}

/// Sends a tip now and then, marked as an exercise.
async fn send_tips(app: Data<App>, court: CourtHandle, every: Millis) {
    let mut turns = interval(Duration::from_millis(every.0));
    turns.tick().await; // The first turn comes at once: officers need a moment to be known.
    for n in 0_usize.. {
        turns.tick().await;
        let (kind, words) = people::TIPS[n % people::TIPS.len()];
        let (lat, lon) = somewhere(&court, 5_000.0);
        let draft = TipDraft {
            court: Some(court.profile().id.to_string()),
            kind: Some(kind.to_owned()),
            urgency: Some("emergency".to_owned()),
            case_number: Some(people::case_number(n % 12)),
            description: Some(words.to_owned()),
            location: Some(LocationDraft {
                lat: Some(lat),
                lon: Some(lon),
                accuracy_m: Some(20.0),
                datum: None,
            }),
            exercise: true,
            ..TipDraft::default()
        };
        let now = app.clock.now();
        let Ok(tip) = Tip::parse(&draft, court.profile(), now) else { continue };
        let id = TipId::new(now, &mut IdEntropy);
        let submitted = SubmitTip {
            tip: Box::new(tip),
            id,
            source: "demo".to_owned(),
            trusted: !n.is_multiple_of(4),
            delivery_source: "demo-walkers".to_owned(),
            webhook_id: id.to_string(),
            body_sha256: [0; 32],
        };
        if let Err(fault) = court.submit_tip(submitted).await {
            tracing::warn!(?fault, "a demo tip was not taken");
        }
    }
}
