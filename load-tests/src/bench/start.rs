//! How long a start takes when a court has been at work for years: ten thousand cases, then a million,
//! beside 200,000 incidents that are over. The other side is one bare scan of the journal's rows, which
//! a start that read everything could not do without.
//!
//! The history is written by a program of the server's crate, with the code that the tests of starts
//! use; here the binary is started on it. Both stores, files warm in the machine's memory.

use anyhow::{Context, Result, bail};
use hyper::body::Bytes;
use serde_json::json;

use super::Setting;
use super::field::{COUNTY, Made, make_court};
use super::history::{self, Store};
use super::host::{self, say};
use super::line::{Better, Budget, Line};
use super::peers::postgres::Postgres;
use super::process::Process;
use super::sides::{Samples, median};
use crate::clock;
use crate::court::SOURCE;
use crate::spawn::Server;
use crate::tips::post;

/// Cases at each look.
const CASES: [u64; 2] = [10_000, 1_000_000];
/// Officers, and events of each.
const OFFICERS: [u64; 2] = [5_000, 50];
/// Incidents that are over, and that are open.
const INCIDENTS: [u64; 2] = [200_000, 50];

/// What one look gave.
#[derive(Debug, Default)]
struct Look {
    start_ms: Samples,
    scan_ms: Samples,
    tip_ms: Samples,
    memory: Samples,
    records: u64,
}

/// See the module.
pub async fn measure(setting: &Setting) -> Result<Vec<Line>> {
    let mut lines = Vec::new();
    for store in [Store::Sqlite, Store::Postgres] {
        lines.extend(of(setting, store).await.with_context(|| format!("{store:?}"))?);
    }
    Ok(lines)
}

async fn of(setting: &Setting, store: Store) -> Result<Vec<Line>> {
    let postgres = match store {
        Store::Sqlite => None,
        Store::Postgres => Some(Postgres::start(&["-c", "shared_buffers=128MB"])?),
    };
    let url = postgres.as_ref().map(|postgres| postgres.url.clone());
    let mut options = host::measured();
    if let Some(url) = &url {
        options.config += &format!("\n[store]\nurl = {url:?}");
    }
    let log = setting.out.join("start-server.log");
    let mut server = Server::start_with(&setting.binary, &log, options).await?;
    let made = make_court(&server, "start", 0).await?;
    server.stop().await?;
    let mut place = vec![format!("data={}", server.data().display())];
    place.extend(url.map(|url| format!("database={url}")));
    let mut looks = Vec::new();
    let mut there = 0;
    for cases in CASES {
        let mut words = vec!["fill".to_owned()];
        words.extend(place.iter().cloned());
        words.push(format!("court={}", made.court));
        words.push(format!("cases={}", cases - there));
        words.push(format!("after_cases={there}"));
        if there == 0 {
            let [officers, events] = OFFICERS;
            let [closed, open] = INCIDENTS;
            words.push(format!("officers={officers}"));
            words.push(format!("events={events}"));
            words.push(format!("closed={closed}"));
            words.push(format!("open={open}"));
        } else {
            words.push(format!("after_incidents={}", INCIDENTS.iter().sum::<u64>()));
        }
        let filled = history::ask(setting, &words).await?;
        let case = filled["case"].as_str().context("no case was written")?.to_owned();
        there = cases;
        let look = look(setting, &mut server, &made, &case, &place).await?;
        say(&format!(
            "{store:?}, {cases} cases: written in {:.0} s, {} records; start to ready {:.0} ms, scan {:.0} ms, \
             first tip {:.1} ms, {:.1} MiB; load average {}",
            filled["seconds"].as_f64().unwrap_or_default(),
            look.records,
            median(&look.start_ms),
            median(&look.scan_ms),
            median(&look.tip_ms),
            median(&look.memory) / f64::from(1 << 20),
            host::load_average()
        ));
        looks.push((cases, look));
    }
    server.end().await;
    lines(store, &looks)
}

/// Starts the server again and again.
async fn look(
    setting: &Setting,
    server: &mut Server,
    made: &Made,
    case: &str,
    place: &[String],
) -> Result<Look> {
    let mut look = Look::default();
    for round in 0..=setting.few() {
        let mut words = vec!["scan".to_owned()];
        words.extend(place.iter().cloned());
        let scanned = history::ask(setting, &words).await?;
        let begin = clock::now_us();
        server.start_again().await?;
        let ready = clock::now_us();
        let memory = Process::of(server)?.memory()?;
        let begin_tip = clock::now_us();
        tip(server, made, case, round).await?;
        let told = clock::now_us();
        server.stop().await?;
        if round == 0 {
            continue; // Files are cold, and what the history left in the log is put in its place.
        }
        look.records = scanned["records"].as_u64().context("a scan counts")?;
        look.scan_ms.push(scanned["ms"].as_f64().context("a scan takes time")?);
        look.start_ms.push(ms(begin, ready));
        look.tip_ms.push(ms(begin_tip, told));
        look.memory.push(memory);
    }
    Ok(look)
}

#[allow(clippy::cast_precision_loss)] // Seconds in microseconds.
fn ms(begin_us: u64, end_us: u64) -> f64 {
    (end_us - begin_us) as f64 / 1e3
}

/// A tip about a sleeping case.
async fn tip(server: &Server, made: &Made, case: &str, nth: usize) -> Result<()> {
    let body = json!({
        "court": made.court, "kind": "debtor_sighted", "urgency": "routine", "case_number": case,
        "description": "Seen", "location": {"lat": COUNTY[1] + 0.1, "lon": COUNTY[0] + 0.1},
    });
    let id = format!("start-{}-{nth}", clock::unix_ms());
    let body = Bytes::from(body.to_string());
    let reply = post(&server.http, SOURCE, &made.secret, &id, &body).await?;
    if reply.status != 202 {
        bail!(
            "the first tip after a start: {} {}",
            reply.status,
            String::from_utf8_lossy(&reply.body)
        );
    }
    Ok(())
}

#[allow(clippy::cast_precision_loss)] // A million.
fn lines(store: Store, looks: &[(u64, Look)]) -> Result<Vec<Line>> {
    let [(few, first), (many, last)] = looks else { bail!("two looks were to be taken") };
    let mut lines = Vec::new();
    for (cases, look) in [(few, first), (many, last)] {
        lines.push(Line::versus(
            &format!(
                "start to ready, {cases} cases, {store:?}; one bare scan of the journal's rows"
            ),
            "ms",
            &look.start_ms,
            &look.scan_ms,
            Better::Cost,
            Budget::AtMost(3.0),
        ));
    }
    lines.push(Line::alone(
        &format!("first tip after it, {many} cases, {store:?}"),
        "ms",
        &last.tip_ms,
        Budget::AtMost(100.0),
    ));
    let sleeping = (median(&last.memory) - median(&first.memory)) / (many - few) as f64;
    lines.push(Line::alone(
        &format!("memory after it for each sleeping case, of {many}, {store:?}"),
        "B",
        &vec![sleeping.max(0.0)],
        Budget::AtMost(64.0),
    ));
    Ok(lines)
}
