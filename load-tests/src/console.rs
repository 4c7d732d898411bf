//! One dispatcher at the console: signs in, watches the incidents, and asks at the end what became
//! of the tips.
//!
//! It never commands anything: a drill is about what the server does by itself.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::clock;
use crate::court::{PASSWORD, Seat};
use crate::fleet::{Phase, over};
use crate::http::Http;
use crate::record::{Event, Record};
use crate::socket::{Incoming, Socket, parse};
use crate::tips::{Acked, Sender};

/// Dispatchers who sign in at once: fewer than a server lets in from one network.
const SIGN_IN_AT_ONCE: usize = 4;
/// Half-seconds for which a server may put a sign-in off.
const SIGN_IN_TRIES: u32 = 40;
/// Questions under way at once in the check at the end.
const ASK_AT_ONCE: usize = 16;

/// Signs the dispatcher in; the cookie to send.
pub async fn sign_in(http: &Http, username: &str) -> Result<String> {
    let origin = http.base.clone();
    let body = json!({ "username": username, "password": PASSWORD });
    let mut tries = 0;
    let reply = loop {
        let reply = http.post_json("/api/session", &[("origin", &origin)], &body).await?;
        tries += 1;
        // Too much going on is to be asked again; one refusal must not leave every tip unasked for.
        if !matches!(reply.status, 429 | 503) || tries > SIGN_IN_TRIES {
            break reply;
        }
        clock::sleep_ms(500).await;
    };
    let cookies: Vec<String> = reply
        .headers
        .get_all("set-cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .filter_map(|value| value.split(';').next())
        .map(str::to_owned)
        .collect();
    reply.ok("the dispatcher's sign-in")?;
    Ok(cookies.join("; "))
}

/// Watches until the drill is over; comes back after every break.
pub async fn watch(
    http: Http,
    username: String,
    record: Arc<Record>,
    mut phase: watch::Receiver<Phase>,
) {
    let mut statuses = HashMap::new();
    let mut cookie: Option<String> = None;
    while *phase.borrow() != Phase::Over {
        tokio::select! {
            () = over(&mut phase) => return,
            ended = session(&http, &username, &record, &mut cookie, &mut statuses) => {
                if let Err(fault) = ended {
                    let text = format!("the console: {fault:#}");
                    if text.contains("answered 401") {
                        cookie = None;
                    }
                    record.push(Event::Note { text });
                }
            }
        }
        clock::sleep_ms(300).await;
    }
}

async fn session(
    http: &Http,
    username: &str,
    record: &Record,
    cookie: &mut Option<String>,
    statuses: &mut HashMap<String, String>,
) -> Result<()> {
    let cookie = match cookie {
        Some(cookie) => cookie.clone(),
        None => cookie.insert(sign_in(http, username).await?).clone(),
    };
    let credentials = [("cookie", cookie.as_str()), ("origin", http.base.as_str())];
    let mut socket = Socket::open(http, "/ws/console", &credentials, None, || {}).await?;
    loop {
        let text = match socket.next().await {
            Incoming::Text(text) => text,
            Incoming::Closed(_) => return Ok(()),
        };
        if let Some((frame, kind)) = parse(&text) {
            take(record, statuses, &frame, &kind);
        }
    }
}

/// Takes what a console is told, also when several frames came in one.
fn take(record: &Record, statuses: &mut HashMap<String, String>, frame: &Value, kind: &str) {
    match kind {
        "news" => {
            for frame in frame["news"].as_array().into_iter().flatten() {
                take(record, statuses, frame, frame["type"].as_str().unwrap_or_default());
            }
        }
        "welcome" => {
            for incident in frame["incidents"].as_array().into_iter().flatten() {
                seen(record, statuses, incident);
            }
        }
        // The summary stands beside `type`, or under its own name.
        "incident" if frame["incident"].is_object() => seen(record, statuses, &frame["incident"]),
        "incident" => seen(record, statuses, frame),
        "alarm" => {
            let word = |key: &str| frame[key].as_str().unwrap_or_default().to_owned();
            record.push(Event::Alarm { incident: word("incident"), kind: word("kind") });
        }
        _ => {}
    }
}

fn seen(record: &Record, statuses: &mut HashMap<String, String>, incident: &Value) {
    let (Some(id), Some(status)) = (incident["id"].as_str(), incident["status"].as_str()) else {
        return;
    };
    if statuses.get(id).is_none_or(|before| before != status) {
        statuses.insert(id.to_owned(), status.to_owned());
        record.push(Event::IncidentSeen { incident: id.to_owned(), status: status.to_owned() });
    }
}

/// Signs the dispatchers of these courts in; the cookies by the court's number.
async fn sign_in_all(
    http: &Http,
    seats: &[Seat],
    courts: BTreeSet<u32>,
) -> Result<HashMap<u32, String>> {
    let dispatcher = |court: u32| Some((court, seats[court as usize].username.clone()?));
    let dispatchers: Vec<(u32, String)> = courts.into_iter().filter_map(dispatcher).collect();
    let mut lanes = JoinSet::new();
    for lane in 0..SIGN_IN_AT_ONCE {
        let mine = dispatchers.iter().skip(lane).step_by(SIGN_IN_AT_ONCE).cloned();
        let (http, mine) = (http.clone(), mine.collect::<Vec<_>>());
        lanes.spawn(async move {
            let mut cookies = Vec::new();
            for (court, username) in mine {
                cookies.push((court, sign_in(&http, &username).await?));
            }
            Ok::<_, anyhow::Error>(cookies)
        });
    }
    let mut cookies = HashMap::new();
    while let Some(lane) = lanes.join_next().await {
        cookies.extend(lane.context("a task that signs in died")??);
    }
    Ok(cookies)
}

/// Asks the server, as the dispatcher, for every tip it has answered with 202. In a court without a
/// dispatcher the same delivery is sent once more instead, and must get the same answer.
pub async fn check_tips(
    http: &Http,
    record: &Arc<Record>,
    seats: &[Seat],
    sender: &Arc<Sender>,
) -> Result<()> {
    let acked = sender.acked();
    let courts = acked.iter().map(|tip| tip.court).collect();
    let cookies = Arc::new(sign_in_all(http, seats, courts).await?);
    let acked = Arc::new(acked);
    let mut tasks = Vec::new();
    for lane in 0..ASK_AT_ONCE {
        let (http, record) = (http.clone(), Arc::clone(record));
        let (cookies, acked) = (Arc::clone(&cookies), Arc::clone(&acked));
        let sender = Arc::clone(sender);
        tasks.push(tokio::spawn(async move {
            for tip in acked.iter().skip(lane).step_by(ASK_AT_ONCE) {
                record.push(match cookies.get(&tip.court) {
                    Some(cookie) => check_tip(&http, cookie, tip).await?,
                    None => sender.ask_again(tip).await?,
                });
            }
            Ok::<_, anyhow::Error>(())
        }));
    }
    for task in tasks {
        task.await.context("a task of the check at the end died")??;
    }
    Ok(())
}

async fn check_tip(http: &Http, cookie: &str, acked: &Acked) -> Result<Event> {
    let tip = ask(http, cookie, &format!("/api/tips/{}", acked.id)).await?;
    let incident = ask(http, cookie, &format!("/api/incidents/{}", acked.incident)).await?;
    let incident_of_tip = tip.as_ref().and_then(|tip| tip["incident"].as_str());
    Ok(Event::EndTip {
        tip: acked.tip,
        tip_known: incident_of_tip == Some(acked.incident.as_str()),
        incident_known: incident
            .as_ref()
            .is_some_and(|incident| incident["id"].as_str() == Some(acked.incident.as_str())),
        status: incident
            .and_then(|incident| incident["status"].as_str().map(str::to_owned))
            .unwrap_or_default(),
        by_dispatcher: true,
    })
}

/// The answer, or `None` for 404. An overloaded or restarting server is asked again for a while.
async fn ask(http: &Http, cookie: &str, path: &str) -> Result<Option<Value>> {
    let mut fault = anyhow::anyhow!("{path}: never asked");
    for _ in 0..20 {
        match http.get(path, &[("cookie", cookie)]).await {
            Ok(reply) if reply.status == 404 => return Ok(None),
            Ok(reply) if matches!(reply.status, 429 | 500..=599) => {
                fault = anyhow::anyhow!("{path}: {}", reply.status);
            }
            Ok(reply) => return reply.ok(path).map(Some),
            Err(broken) => fault = broken,
        }
        clock::sleep_ms(250).await;
    }
    Err(fault)
}
