//! The fake's dispatch: nearest first and everything kept, unless its mode says otherwise.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use geographiclib_rs::{Geodesic, InverseGeodesic};
use serde_json::{Value, json};
use tokio::sync::mpsc::UnboundedSender;

use super::Shared;
use super::gateways::Trackers;

/// What is wrong with this fake.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Honest,
    /// The nearest officer is passed over.
    SecondNearest,
    /// An officer who is committed counts as free.
    Doubles,
    /// Every fifth tip is answered 202 and forgotten.
    LosesTips,
    /// Asks those who went off duty too.
    AsksOffDuty,
    /// Every third batch of a gateway is never answered.
    LosesBatches,
    /// Every third answer to a batch leaves one record out.
    Miscounts,
    /// Turns batches and records away, as an honest server without room does, and keeps nothing above
    /// what it turned away.
    TurnsAway,
    /// The same for ever, of one officer.
    NeverHasRoom,
}

/// An unanswered offer passes on after this.
const TTL: Duration = Duration::from_millis(2_000);
/// Officers asked beyond the open seats.
const EXTRA: usize = 1;

#[derive(Default)]
struct Officer {
    court: String,
    on_duty: bool,
    place: Option<(f64, f64)>,
    offered: bool,
    committed: bool,
    out: Option<UnboundedSender<Value>>,
}

struct Incident {
    court: String,
    need: usize,
    place: (f64, f64),
    asked: HashSet<usize>,
    open: HashMap<String, usize>,
    crew: Vec<usize>,
}

/// Everything the fake knows.
pub struct Town {
    mode: Mode,
    officers: Vec<Officer>,
    incidents: HashMap<String, Incident>,
    tips: HashMap<String, String>,
    /// Numbers go on where no earlier process can have been.
    number: u64,
    /// One line an officer, the court: all that this server remembers through a kill.
    file: PathBuf,
    /// Those behind gateways.
    pub trackers: Trackers,
}

impl Town {
    pub fn new(mode: Mode, folder: &Path) -> Self {
        let file = folder.join("officers");
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        let officer =
            |court: &str| Officer { court: court.to_owned(), on_duty: true, ..Officer::default() };
        let officers = known.lines().map(officer).collect();
        let (incidents, tips) = Default::default();
        let trackers = Trackers::default();
        Self { mode, officers, incidents, tips, number: unix_ms() * 1_000, file, trackers }
    }

    fn next_number(&mut self) -> u64 {
        self.number += 1;
        self.number
    }

    pub fn add_officer(&mut self, court: &str) -> usize {
        self.officers.push(Officer { court: court.to_owned(), ..Officer::default() });
        let lines: Vec<&str> = self.officers.iter().map(|one| one.court.as_str()).collect();
        std::fs::write(&self.file, lines.join("\n")).unwrap();
        self.officers.len() - 1
    }

    /// The officer's status now.
    pub fn connect(&mut self, n: usize, out: UnboundedSender<Value>) -> &'static str {
        self.officers[n].out = Some(out);
        if self.officers[n].on_duty { "available" } else { "off_duty" }
    }

    pub fn tip(&self, id: &str) -> Option<String> {
        self.tips
            .get(id.trim_start_matches("tip-"))
            .cloned()
            .filter(|incident| self.knows(incident))
    }

    /// The answer to a gateway's batch, if one comes.
    pub fn batch(&mut self, number: u64, payload: &[u8]) -> Option<Value> {
        self.trackers.batch(self.mode, number, payload)
    }

    pub fn knows(&self, incident: &str) -> bool {
        let number: u64 = incident.trim_start_matches("incident-").parse().unwrap();
        self.incidents.contains_key(incident) && (self.mode != Mode::LosesTips || number % 5 != 4)
    }

    /// The answer's tip and incident; the same for the same webhook id.
    pub fn take_tip(&mut self, webhook_id: &str, body: &Value) -> (String, String) {
        let number = self.next_number();
        let incident =
            self.tips.entry(webhook_id.to_owned()).or_insert(format!("incident-{number}")).clone();
        let need = if matches!(body["kind"].as_str(), Some("debtor_sighted" | "obstruction")) {
            2
        } else {
            1
        };
        let degree = |name: &str| body["location"][name].as_f64().unwrap();
        self.incidents.entry(incident.clone()).or_insert(Incident {
            court: body["court"].as_str().unwrap().to_owned(),
            need,
            place: (degree("lat"), degree("lon")),
            asked: HashSet::new(),
            open: HashMap::new(),
            crew: Vec::new(),
        });
        (format!("tip-{webhook_id}"), incident)
    }

    fn candidates(&self, incident: &Incident) -> Vec<usize> {
        let geodesic = Geodesic::wgs84();
        let mut near: Vec<(f64, usize)> = Vec::new();
        for (n, officer) in self.officers.iter().enumerate() {
            let free = match self.mode {
                Mode::Doubles => !officer.offered,
                _ => !officer.offered && !officer.committed,
            };
            let free = free && officer.court == incident.court;
            let on_duty = officer.on_duty || self.mode == Mode::AsksOffDuty;
            if let (true, true, Some(at)) =
                (free, on_duty && !incident.asked.contains(&n), officer.place)
            {
                let metres: f64 = geodesic.inverse(incident.place.0, incident.place.1, at.0, at.1);
                near.push((metres, n));
            }
        }
        near.sort_by(|a, b| a.0.total_cmp(&b.0));
        let skip = usize::from(self.mode == Mode::SecondNearest && near.len() > 1);
        near.into_iter().skip(skip).map(|(_, n)| n).collect()
    }

    fn send(&self, n: usize, frame: Value) {
        if let Some(out) = &self.officers[n].out {
            let _ = out.send(frame);
        }
    }

    /// Asks until as many are out as there are open seats and one more. What was offered.
    fn fill(&mut self, id: &str) -> Vec<String> {
        let mut new = Vec::new();
        while let Some(incident) = self.incidents.get(id) {
            let seats = incident.need.saturating_sub(incident.crew.len());
            if seats == 0 || incident.open.len() >= seats + EXTRA {
                break;
            }
            let Some(n) = self.candidates(incident).first().copied() else { break };
            let offer = format!("offer-{}", self.next_number());
            self.officers[n].offered = true;
            let incident = self.incidents.get_mut(id).unwrap();
            incident.asked.insert(n);
            incident.open.insert(offer.clone(), n);
            let place = json!({ "lat": incident.place.0, "lon": incident.place.1 });
            let need = incident.need;
            self.send(
                n,
                json!({
                    "type": "offer", "offer": offer, "sent_at": unix_ms(), "expires_at": unix_ms() + 2_000,
                    "distance_m": 1, "incident": { "id": id, "place": place, "need": need },
                }),
            );
            new.push(offer);
        }
        new
    }

    /// Takes an offer off the table. Its incident, when it was open.
    fn close(&mut self, n: usize, offer: &str, reason: &str) -> Option<String> {
        let id = self
            .incidents
            .iter()
            .find(|(_, one)| one.open.contains_key(offer))
            .map(|(id, _)| id.clone())?;
        self.incidents.get_mut(&id).unwrap().open.remove(offer);
        self.officers[n].offered = false;
        self.send(n, json!({ "type": "offer_closed", "offer": offer, "reason": reason }));
        Some(id)
    }

    fn accept(&mut self, n: usize, offer: &str) -> bool {
        let Some(id) = self.close(n, offer, "accepted") else { return false };
        self.officers[n].committed = true;
        let incident = self.incidents.get_mut(&id).unwrap();
        incident.crew.push(n);
        if incident.crew.len() >= incident.need {
            let rest: Vec<(String, usize)> =
                incident.open.iter().map(|(offer, n)| (offer.clone(), *n)).collect();
            for (offer, n) in rest {
                self.close(n, &offer, "withdrawn");
            }
        }
        true
    }
}

/// Starts or goes on with the search of an incident.
pub fn ask(town: &Shared, incident: &str) {
    let new = town.lock().unwrap().fill(incident);
    for offer in new {
        let (town, incident) = (Arc::clone(town), incident.to_owned());
        tokio::spawn(async move {
            expire().await;
            let mut locked = town.lock().unwrap();
            let holder = locked.incidents[&incident].open.get(&offer).copied();
            if let Some(n) = holder {
                locked.close(n, &offer, "expired");
                drop(locked);
                ask(&town, &incident);
            }
        });
    }
}

/// A frame of an officer.
pub fn handheld(town: &Shared, n: usize, frame: &Value) {
    let mut locked = town.lock().unwrap();
    let offer = frame["offer"].as_str().unwrap_or_default().to_owned();
    let done = json!({ "type": "done", "ref": frame["id"] });
    match frame["type"].as_str().unwrap() {
        "duty" => {
            locked.officers[n].on_duty = frame["to"] == "on_duty";
            locked.send(n, done);
        }
        "position" => {
            let fix = &frame["fixes"][0];
            locked.officers[n].place =
                Some((fix["lat"].as_f64().unwrap(), fix["lon"].as_f64().unwrap()));
            let ack = json!({ "type": "ack", "epoch": 1, "seq": fix["seq"], "taken": 1, "refused": 0, "codes": {} });
            locked.send(n, ack);
        }
        "accept" => {
            let answer = if locked.accept(n, &offer) {
                done
            } else {
                json!({ "type": "refused", "ref": frame["id"], "code": "offer-reassigned", "title": "" })
            };
            locked.send(n, answer);
        }
        "decline" => {
            let incident = locked.close(n, &offer, "declined");
            locked.send(n, done);
            drop(locked);
            if let Some(incident) = incident {
                ask(town, &incident);
            }
        }
        "finish" => {
            locked.officers[n].committed = false;
            locked.send(n, done);
        }
        "progress" => locked.send(n, done),
        _ => {}
    }
}

#[allow(clippy::disallowed_methods)] // The fake has no clock of its own to ask.
async fn expire() {
    tokio::time::sleep(TTL).await;
}

#[allow(clippy::disallowed_methods)] // The same.
fn unix_ms() -> u64 {
    u64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_millis()).unwrap()
}
