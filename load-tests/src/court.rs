//! Makes what a drill needs on the server: the court, a trusted source, a dispatcher, the officers.
//!
//! Everything goes through the admin socket and the enrolment call, as an operator would do it.

use std::ops::Range;
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::clock;
use crate::http::Http;
use crate::scenario::Scenario;

/// The name of the tip source of the first court; others have their number behind it.
pub const SOURCE: &str = "alpha";
/// The dispatcher's sign-in; the court exists for this drill only.
pub const USERNAME: &str = "drill-dispatcher";
/// Long enough for any rule about passwords.
pub const PASSWORD: &str = "drill-Dispatcher-7531-only";
/// Enrolments under way at once.
const ENROL_AT_ONCE: usize = 8;

/// Half-seconds for which a server may ask an enrolment to wait.
const ENROL_TRIES: u32 = 60;

/// Courts of a country that are made at once.
const COURTS_AT_ONCE: usize = 8;

/// What the set-up gave.
#[derive(Debug)]
pub struct Made {
    /// The courts, by their number.
    pub seats: Vec<Seat>,
    pub devices: Vec<Device>,
}

/// A court.
#[derive(Debug, Clone)]
pub struct Seat {
    pub number: u32,
    pub court: String,
    pub area: [f64; 4],
    /// Its tip source.
    pub source: String,
    /// The source's secret, `whsec_…`.
    pub secret: String,
    /// Its dispatcher, where it has one.
    pub username: Option<String>,
    /// The secret of its gateway; empty where nobody is tracked.
    pub gateway: String,
    /// Officers with a tracker only, on duty by order: the drill's number and the server's id.
    pub tracked: Vec<(u32, String)>,
}

/// An enrolled handheld.
#[derive(Debug, Clone)]
pub struct Device {
    /// The number of its court.
    pub court: u32,
    pub officer: String,
    pub token: String,
}

/// A court's id out of a name: small letters, digits and dashes.
pub fn court_id(name: &str, suffix: &str) -> String {
    let clean = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let stem: String = name.chars().map(clean).take(20).collect();
    let stem = stem.trim_matches('-');
    let stem = if stem.is_empty() { "drill" } else { stem };
    format!("{stem}{suffix}")
}

/// The court's file as JSON.
pub fn profile(scenario: &Scenario, id: &str, area: [f64; 4]) -> Value {
    let [west, south, east, north] = area;
    let mut dispatch = serde_json::to_value(&scenario.court.dispatch).unwrap_or_default();
    if scenario.court.dispatch.need.is_some() {
        // The whole table, so that a kind the scenario does not name keeps its default.
        dispatch["need"] = json!(scenario.need());
    }
    // A replay at n times the speed makes every fix look n times as fast. Above 2,000 km/h no court
    // file is accepted.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 300..=2000.
    let speed_max_kmh = (300.0 * scenario.officers.speed_up.max(1.0)).min(2_000.0) as u32;
    for (key, value) in [
        ("speed_max_kmh", json!(speed_max_kmh)),
        ("report_every_ms", json!(scenario.officers.report_every_ms)),
    ] {
        if dispatch.get(key).is_none() {
            dispatch[key] = value;
        }
    }
    json!({
        "id": id,
        "name": scenario.court.name,
        "area": area,
        // Each tip is to be seen by itself.
        "merge": {"within_m": 0},
        "area_margin_m": 5000,
        "utc_offset_minutes": 480,
        "court_house": { "lat": f64::midpoint(south, north), "lon": f64::midpoint(west, east), "radius_m": 150 },
        "shift": { "start": "00:00", "end": "23:59", "days": [1, 2, 3, 4, 5, 6, 7] },
        "dispatch": dispatch,
    })
}

/// Makes everything.
pub async fn make(scenario: &Scenario, admin: &mut Admin, http: &Http, id: &str) -> Result<Made> {
    let country = scenario.country.as_ref();
    let plan = |court| Plan {
        area: scenario.area_of(court),
        has_dispatcher: country.is_none_or(|country| country.has_dispatcher(court)),
        tracked: country.iter().flat_map(|country| country.tracked_of(court)).collect(),
    };
    let plans = (0..scenario.courts()).map(plan).collect();
    let seats = make_seats(scenario, admin, id, plans, 0).await?;
    let ids: Arc<Vec<String>> = Arc::new(seats.iter().map(|seat| seat.court.clone()).collect());
    let count = (scenario.officers.count + scenario.officers.off_duty) as usize;
    let devices = enrol_all(admin, http, &ids, 0..count).await?;
    Ok(Made { seats, devices })
}

/// What a court is to be.
#[derive(Debug, Clone)]
pub struct Plan {
    pub area: [f64; 4],
    pub has_dispatcher: bool,
    /// The drill's numbers of officers with a tracker only.
    pub tracked: Vec<u32>,
}

/// Makes courts, numbered from that one on, some at once.
pub async fn make_seats(
    scenario: &Scenario,
    admin: &Admin,
    id: &str,
    plans: Vec<Plan>,
    first: u32,
) -> Result<Vec<Seat>> {
    let plans: Vec<(u32, Plan)> = (first..).zip(plans).collect();
    let mut tasks = Vec::new();
    for lane in 0..COURTS_AT_ONCE.min(plans.len()) {
        let (mut admin, scenario, id) = (admin.another().await?, scenario.clone(), id.to_owned());
        let mine: Vec<_> = plans.iter().skip(lane).step_by(COURTS_AT_ONCE).cloned().collect();
        tasks.push(tokio::spawn(async move {
            let mut seats = Vec::new();
            for (number, plan) in mine {
                seats.push(seat(&scenario, &mut admin, &id, number, plan).await?);
            }
            Ok::<_, anyhow::Error>(seats)
        }));
    }
    let mut seats = Vec::new();
    for task in tasks {
        seats.extend(task.await.context("a task that makes courts died")??);
    }
    seats.sort_by_key(|seat| seat.number);
    Ok(seats)
}

/// Enrols the officers of these numbers, in turns in the courts named, which there are.
pub async fn enrol_all(
    admin: &Admin,
    http: &Http,
    courts: &Arc<Vec<String>>,
    numbers: Range<usize>,
) -> Result<Vec<Device>> {
    let mut tasks = Vec::new();
    for lane in 0..ENROL_AT_ONCE.min(numbers.len()) {
        let (mut admin, http, courts) = (admin.another().await?, http.clone(), Arc::clone(courts));
        let mine = numbers.clone().skip(lane).step_by(ENROL_AT_ONCE);
        tasks.push(tokio::spawn(async move {
            let mut devices = Vec::new();
            for number in mine {
                let court = number % courts.len();
                let mut device = enrol(&mut admin, &http, &courts[court], number).await?;
                device.court = u32::try_from(court).context("too many courts")?;
                devices.push((number, device));
            }
            Ok::<_, anyhow::Error>(devices)
        }));
    }
    let mut devices = Vec::new();
    for task in tasks {
        devices.extend(task.await.context("an enrolment task died")??);
    }
    devices.sort_by_key(|(number, _)| *number);
    Ok(devices.into_iter().map(|(_, device)| device).collect())
}

/// One court with its source, its dispatcher, and those who are seen through its gateway.
async fn seat(
    scenario: &Scenario,
    admin: &mut Admin,
    id: &str,
    number: u32,
    plan: Plan,
) -> Result<Seat> {
    let Plan { area, has_dispatcher, tracked: numbers } = plan;
    // Names of sources, gateways and people are one server's, not one court's.
    let named = |stem: &str| match number {
        0 => stem.to_owned(),
        number => format!("{stem}-{number}"),
    };
    let (court, source) = (named(id), named(SOURCE));
    let username = has_dispatcher.then(|| named(USERNAME));
    let profile = profile(scenario, &court, area);
    admin.ask(&json!({ "do": "court_add", "profile": profile })).await?;
    let secret = admin
        .ask(&json!({ "do": "source_add", "court": court, "name": source, "trusted": true }))
        .await?;
    let secret = secret["secret"].as_str().context("source_add gave no secret")?.to_owned();
    if let Some(username) = &username {
        admin
            .ask(&json!({
                "do": "user_add", "court": court, "username": username, "name": "Drill dispatcher",
                "roles": ["dispatcher"], "password": PASSWORD,
            }))
            .await?;
    }
    let (mut gateway, mut tracked) = (String::new(), Vec::new());
    if !numbers.is_empty() {
        let officers: Vec<Value> =
            numbers.iter().map(|n| json!({ "name": format!("Tracked {n}") })).collect();
        let added = admin
            .ask(&json!({ "do": "officers_add", "court": court, "officers": officers }))
            .await?;
        let ids = added["officers"].clone();
        let ordered = admin
            .ask(
                &json!({ "do": "officers_duty", "court": court, "officers": ids, "to": "on_duty" }),
            )
            .await?;
        let changed = ordered["changed"].as_u64();
        anyhow::ensure!(changed == Some(numbers.len() as u64), "not all went on duty: {ordered}");
        let texts = ids.as_array().into_iter().flatten().filter_map(|id| id.as_str());
        tracked = numbers.into_iter().zip(texts.map(str::to_owned)).collect();
        let name = named("drill-gateway");
        let added =
            admin.ask(&json!({ "do": "gateway_add", "court": court, "name": name })).await?;
        gateway = added["secret"].as_str().context("gateway_add gave no secret")?.to_owned();
    }
    Ok(Seat { number, court, area, source, secret, username, gateway, tracked })
}

async fn enrol(admin: &mut Admin, http: &Http, court: &str, number: usize) -> Result<Device> {
    let enrolment = admin
        .ask(&json!({
            "do": "device_enrol", "court": court, "officer": format!("Officer {}", number + 1),
            "badge": null, "skills": [],
        }))
        .await?;
    let code = enrolment["code"].as_str().context("device_enrol gave no code")?;
    let body = json!({ "code": code });
    let mut tries = 0;
    let reply = loop {
        let reply = http.post_json("/api/devices/enrol", &[], &body).await?;
        tries += 1;
        // A server may slow down many enrolments from one address; that is no fault.
        if !matches!(reply.status, 429 | 503) || tries > ENROL_TRIES {
            break reply;
        }
        clock::sleep_ms(500).await;
    };
    let answer = reply.ok("enrolment")?;
    let text = |value: &Value| value.as_str().map(str::to_owned);
    Ok(Device {
        court: 0,
        officer: text(&answer["officer"]["id"]).context("the enrolment gave no officer")?,
        token: text(&answer["token"]).context("the enrolment gave no token")?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_court_id_keeps_to_its_alphabet() {
        assert_eq!(court_id("SF evening", ""), "sf-evening");
        assert_eq!(court_id("长垣", "-1"), "drill-1");
    }
}
