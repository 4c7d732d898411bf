//! Makes what a drill needs on the server: the court, a trusted source, a dispatcher, the officers.
//!
//! Everything goes through the admin socket and the enrolment call, as an operator would do it.

use std::ops::Range;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use crate::admin::Admin;
use crate::clock;
use crate::http::Http;
use crate::scenario::Scenario;

/// The name of the tip source.
pub const SOURCE: &str = "alpha";
/// The dispatcher's sign-in; the court exists for this drill only.
pub const USERNAME: &str = "drill-dispatcher";
/// Long enough for any rule about passwords.
pub const PASSWORD: &str = "drill-Dispatcher-7531-only";
/// Enrolments under way at once.
const ENROL_AT_ONCE: usize = 8;

/// Half-seconds for which a server may ask an enrolment to wait.
const ENROL_TRIES: u32 = 60;

/// What the set-up gave.
#[derive(Debug)]
pub struct Made {
    pub court: String,
    /// The source's secret, `whsec_…`.
    pub secret: String,
    pub devices: Vec<Device>,
}

/// An enrolled handheld.
#[derive(Debug, Clone)]
pub struct Device {
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
pub fn profile(scenario: &Scenario, id: &str) -> Value {
    let [west, south, east, north] = scenario.court.area;
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
        "area": scenario.court.area,
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
    admin.ask(&json!({ "do": "court_add", "profile": profile(scenario, id) })).await?;
    let source = admin
        .ask(&json!({ "do": "source_add", "court": id, "name": SOURCE, "trusted": true }))
        .await?;
    let secret = source["secret"].as_str().context("source_add gave no secret")?.to_owned();
    admin
        .ask(&json!({
            "do": "user_add", "court": id, "username": USERNAME, "name": "Drill dispatcher",
            "roles": ["dispatcher"], "password": PASSWORD,
        }))
        .await?;
    let count = (scenario.officers.count + scenario.officers.off_duty) as usize;
    let devices = enrol_all(admin, http, id, 0..count).await?;
    Ok(Made { court: id.to_owned(), secret, devices })
}

/// Enrols the officers of these numbers in a court that there is.
pub async fn enrol_all(
    admin: &Admin,
    http: &Http,
    id: &str,
    numbers: Range<usize>,
) -> Result<Vec<Device>> {
    let mut tasks = Vec::new();
    for lane in 0..ENROL_AT_ONCE.min(numbers.len()) {
        let (mut admin, http, id) = (admin.another().await?, http.clone(), id.to_owned());
        let mine = numbers.clone().skip(lane).step_by(ENROL_AT_ONCE);
        tasks.push(tokio::spawn(async move {
            let mut devices = Vec::new();
            for number in mine {
                devices.push((number, enrol(&mut admin, &http, &id, number).await?));
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
