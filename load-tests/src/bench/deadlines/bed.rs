//! A server whose cases have clocks, and what is seen of them from outside.

use anyhow::{Context, Result, bail, ensure};
use serde::Deserialize;

use crate::bench::Setting;
use crate::bench::field::{Made, make_court};
use crate::bench::history::{self, Store};
use crate::bench::peers::postgres::Postgres;
use crate::clock;
use crate::spawn::{Options, Server};

/// What fires is counted so often: that much later than it happened it may be seen.
const LOOK_MS: u64 = 10;
/// When nothing more fires for so long, something is wrong.
const STILL_MS: i64 = 60_000;
/// The server is ready so long before anything is due, or the round says nothing.
const SPARE_MS: i64 = 2_000;

/// A server with a court, and the cases that were written for it.
pub struct Bed<'s> {
    setting: &'s Setting,
    pub server: Server,
    pub made: Made,
    place: Vec<String>,
    /// Cases so far.
    pub cases: u64,
    /// The journal's last record before anything of this round could fire.
    position: u64,
    // Ends after the server.
    _postgres: Option<Postgres>,
}

/// When the clocks are due: the first one's moment, Unix milliseconds, and how far apart they are.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    pub first_ms: i64,
    pub every_ms: u64,
}

impl Due {
    /// That long from now, on a full second.
    pub fn after(lead_ms: i64, every_ms: u64) -> Self {
        let first_ms = (clock::unix_ms() + lead_ms).div_euclid(1_000) * 1_000;
        Self { first_ms, every_ms }
    }

    /// When the nth is due, from 1.
    pub fn nth(self, nth: u64) -> i64 {
        let after = (nth - 1).saturating_mul(self.every_ms);
        self.first_ms.saturating_add(i64::try_from(after).unwrap_or(i64::MAX))
    }
}

/// What fired, as the journal tells it.
#[derive(Debug, Deserialize)]
pub struct Fired {
    cases: u64,
    doubled: u64,
    early: u64,
    out_of_order: u64,
    pub decided_late_ms: Late,
}

/// Milliseconds between due and decided.
#[derive(Debug, Clone, Copy, Deserialize)]
pub struct Late {
    pub p50: f64,
    pub p99: f64,
    pub max: f64,
}

/// When how many were seen, Unix milliseconds.
#[derive(Debug)]
pub struct Seen(Vec<(i64, u64)>);

impl Seen {
    /// When the nth was there, from 1.
    pub fn when(&self, nth: u64) -> i64 {
        let at = self.0.partition_point(|(_, count)| *count < nth);
        self.0.get(at).map_or(i64::MAX, |(when, _)| *when)
    }
}

impl<'s> Bed<'s> {
    /// A server with an empty court on those cores, with its store. It is stopped, as after each round.
    pub async fn new(
        setting: &'s Setting,
        store: Store,
        cores: &'static str,
        officers: usize,
    ) -> Result<Self> {
        let postgres = match store {
            Store::Sqlite => None,
            Store::Postgres => Some(Postgres::start_on(cores, &["-c", "shared_buffers=128MB"])?),
        };
        // What it logs is not what is measured.
        let mut config = "log = \"warn\"".to_owned();
        let url = postgres.as_ref().map(|postgres| postgres.url.clone());
        if let Some(url) = &url {
            config += &format!("\n[store]\nurl = {url:?}");
        }
        let log = setting.out.join("deadlines-server.log");
        let options = Options { config, core: Some(cores) };
        let mut server = Server::start_with(&setting.binary, &log, options).await?;
        let made = make_court(&server, "deadlines", officers).await?;
        server.stop().await?;
        let mut place = vec![format!("data={}", server.data().display())];
        place.extend(url.map(|url| format!("database={url}")));
        Ok(Self { setting, server, made, place, cases: 0, position: 0, _postgres: postgres })
    }

    /// Asks the program of histories about this store. The server is to be stopped.
    pub async fn ask(&self, what: &str, words: &[String]) -> Result<serde_json::Value> {
        let mut all = vec![what.to_owned(), format!("court={}", self.made.court)];
        all.extend(self.place.iter().chain(words).cloned());
        history::ask(self.setting, &all).await
    }

    /// Writes more cases, each with a running node; without `due` in months. The server is to be stopped.
    /// Seconds that it took.
    pub async fn write(&mut self, cases: u64, due: Option<Due>) -> Result<f64> {
        let mut words = vec![format!("cases={cases}"), format!("after_cases={}", self.cases)];
        if let Some(Due { first_ms, every_ms }) = due {
            words.push(format!("due={first_ms}"));
            words.push(format!("every_ms={every_ms}"));
        }
        let written = self.ask("clocks", &words).await?;
        self.cases += cases;
        self.position = written["position"].as_u64().context("nothing was written")?;
        written["seconds"].as_f64().context("writing takes time")
    }

    /// What has fired since the last [`Bed::write`], and that it is as it must be: each once, none early,
    /// all in due order. The server is to be stopped.
    pub async fn fired(&self, cases: u64) -> Result<Fired> {
        let fired = self.ask("fired", &[format!("after={}", self.position)]).await?;
        let fired: Fired = serde_json::from_value(fired).context("nothing has fired")?;
        ensure!(
            (fired.cases, fired.doubled, fired.early, fired.out_of_order) == (cases, 0, 0, 0),
            "of {cases} clocks: {fired:?}"
        );
        Ok(fired)
    }

    /// Watches until so many have fired since the server's start.
    pub async fn watch(&self, cases: u64) -> Result<Seen> {
        let mut seen: Vec<(i64, u64)> = Vec::new();
        let mut since = clock::unix_ms();
        loop {
            let count = self.count().await?;
            let now = clock::unix_ms();
            if seen.last().is_none_or(|(_, before)| *before < count) {
                seen.push((now, count));
                since = now;
            }
            if count >= cases {
                return Ok(Seen(seen));
            }
            if now - since > STILL_MS {
                bail!("{count} of {cases} have fired, and none for {STILL_MS} ms");
            }
            clock::sleep_ms(LOOK_MS).await;
        }
    }

    /// How many have fired durably since the server's start.
    async fn count(&self) -> Result<u64> {
        let reply = self.server.http.get("/metrics", &[]).await?;
        Ok(counted(&String::from_utf8_lossy(&reply.body)))
    }
}

/// The counter in what the server tells; it is not there before anything fires.
fn counted(metrics: &str) -> u64 {
    let mut lines = metrics.lines();
    let value = lines.find_map(|line| line.strip_prefix("tiande_deadlines_fired_total "));
    value.and_then(|value| value.trim().parse().ok()).unwrap_or(0)
}

/// Waits for the moment before which nothing is due.
pub async fn until_due(due: Due) -> Result<()> {
    let left = due.first_ms - clock::unix_ms();
    ensure!(left >= SPARE_MS, "ready only {left} ms before the first clock is due");
    clock::sleep_ms(u64::try_from(left - SPARE_MS / 20)?).await;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nth_is_seen_when_as_many_were_counted() {
        let seen = Seen(vec![(100, 0), (110, 3), (120, 4)]);
        let moments: Vec<i64> = (1..=5).map(|nth| seen.when(nth)).collect();
        assert_eq!(moments, [110, 110, 110, 120, i64::MAX]);
    }

    #[test]
    fn moments_are_so_far_apart() {
        let due = Due { first_ms: 1_000, every_ms: 20 };
        assert_eq!((due.nth(1), due.nth(3)), (1_000, 1_040));
        assert_eq!(Due::after(5_000, 0).first_ms % 1_000, 0);
    }

    #[test]
    fn the_counter_is_found_among_others() {
        let text = "# TYPE tiande_deadlines_fired_total counter\ntiande_deadlines_fired_total 12\n";
        assert_eq!((counted(text), counted("tiande_clock_suspect 0\n")), (12, 0));
    }
}
