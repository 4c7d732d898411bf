//! The record of a drill: every wire event in the order in which the drill saw it.
//!
//! A thing sent is stamped just before it is written, a thing received just after it was read, so
//! the server's own moment always lies between the two. The checker and the report see only this.
//! Nothing here judges.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, BufWriter, Read, Write};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result};
use flate2::Compression;
use flate2::read::MultiGzDecoder;
use flate2::write::GzEncoder;
use serde::{Deserialize, Serialize};

use crate::clock;

/// One line of the record.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    /// Microseconds since the drill began, monotonic.
    pub t: u64,
    #[serde(flatten)]
    pub event: Event,
}

/// What an officer sends about an offer or an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    Accept,
    Decline,
    EnRoute,
    OnScene,
    Finish,
}

/// The facts of a run that the checker needs beside its events.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Setting {
    pub scenario: String,
    pub seed: u64,
    pub duration_s: u64,
    pub area: [f64; 4],
    /// Officers asked for, by kind of tip.
    pub need: BTreeMap<String, u32>,
    /// Officers asked beyond the open seats.
    pub ask_extra: u32,
    /// The shortest time after which an offer may pass on without an answer, milliseconds.
    pub shortest_ttl_ms: u64,
    /// The wall clock at `t = 0`, Unix milliseconds.
    pub unix_ms_at_0: i64,
    /// Begin and end of the storm, seconds after `Started`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub storm: Option<[f64; 2]>,
    /// Courts of a country, and its officers with a tracker only; 0 where there is one court.
    #[serde(default)]
    pub courts: u32,
    #[serde(default)]
    pub tracked: u32,
    /// What counts as normal for tip → offer, milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub normal_ms: Option<f64>,
}

/// An incident as one commitment of an officer's state shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Held {
    pub incident: String,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub stacked: bool,
}

/// What the gateways of a country counted.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct GatewayCounts {
    /// Positions that were to be reported, each counted once.
    pub sent: u64,
    /// Positions that were taken.
    pub taken: u64,
    /// Positions that were refused for good, by code.
    pub refused: BTreeMap<String, u64>,
    /// Positions that were sent once more.
    pub resent: u64,
    /// Positions that waited for that too long.
    pub given_up: u64,
    /// Batches sent.
    pub batches: u64,
    /// Batches of which nothing was looked at, by code.
    pub batches_refused: BTreeMap<String, u64>,
    /// Batches that were never answered.
    pub unanswered: u64,
    /// Answers that fit no batch, or do not speak of each of its records once.
    pub wrong: u64,
    /// For each answered batch: since the first sending of its oldest position, microseconds.
    pub batch_us: Vec<u32>,
    /// Sockets that broke.
    pub broken: u64,
}

/// A wire event. `o` is the drill's own number of an officer, `tip` of a tip.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(tag = "e", rename_all = "snake_case")]
pub enum Event {
    Begin(Box<Setting>),
    /// An officer was enrolled; `id` is the server's.
    Officer {
        o: u32,
        id: String,
        /// The number of the court: nobody else's officers can be asked.
        #[serde(default)]
        court: u32,
    },
    /// All officers are on duty; the first tip follows.
    Started,
    /// The upgrade to a socket was sent: from here on the server may write to it.
    Connecting {
        o: u32,
    },
    Disconnected {
        o: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<u16>,
    },
    /// The officer stops reading on purpose.
    Stalled {
        o: u32,
    },
    Fix {
        o: u32,
        seq: u32,
        taken_at: i64,
        lat: f64,
        lon: f64,
    },
    /// `seq` is the greatest one taken of the drill's only epoch; `None` while none was taken.
    Ack {
        o: u32,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        seq: Option<u32>,
        taken: u64,
        refused: u64,
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        codes: BTreeMap<String, u64>,
    },
    DutySent {
        o: u32,
        on: bool,
    },
    DutyDone {
        o: u32,
        on: bool,
        ok: bool,
    },
    /// The first sight of an offer, on whatever frame.
    Offer {
        o: u32,
        offer: String,
        incident: String,
        sent_at: i64,
        lat: f64,
        lon: f64,
        /// Seen in the state of a fresh connection, not in an `offer` frame.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        late: bool,
    },
    OfferClosed {
        o: u32,
        offer: String,
        reason: String,
    },
    /// A command was sent; `again` after a reconnect, with the same id.
    Command {
        o: u32,
        verb: Verb,
        subject: String,
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    Answer {
        o: u32,
        verb: Verb,
        subject: String,
        ok: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The whole truth of an officer as the server tells it.
    State {
        o: u32,
        /// True in the `welcome` of a fresh connection.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        welcome: bool,
        status: String,
        offers: Vec<String>,
        held: Vec<Held>,
    },
    TipSent {
        tip: u32,
        kind: String,
        lat: f64,
        lon: f64,
        attempt: u32,
    },
    /// `id` and `incident` are there when the status is 202.
    TipAnswered {
        tip: u32,
        status: u16,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// An officer called for help.
    SosSent {
        o: u32,
    },
    SosAnswered {
        o: u32,
        ok: bool,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        incident: Option<String>,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        code: Option<String>,
    },
    /// The console saw an incident in a new status.
    IncidentSeen {
        incident: String,
        status: String,
    },
    Alarm {
        incident: String,
        kind: String,
    },
    Killed,
    /// The server answers `/readyz` again after a kill.
    Restarted {
        down_ms: u64,
    },
    /// No new tip follows.
    TipsOver,
    /// The check at the end, of a tip that was answered 202.
    EndTip {
        tip: u32,
        tip_known: bool,
        incident_known: bool,
        status: String,
        /// Shown to a dispatcher; otherwise the same delivery was sent once more and answered.
        #[serde(default)]
        by_dispatcher: bool,
    },
    /// The server's process, measured from outside.
    Sample {
        rss_mb: f64,
        cpu_s: f64,
        /// Processor seconds of the drill itself.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        drill_cpu_s: Option<f64>,
    },
    /// What the gateways of a country did since the last such line.
    Gateways(GatewayCounts),
    /// Something of the drill itself that a reader should know.
    Note {
        text: String,
    },
}

/// The log that all tasks of a running drill write to.
#[derive(Debug, Default)]
pub struct Record {
    entries: Mutex<Vec<Entry>>,
}

impl Record {
    /// Appends an event and returns its time. Times never go back, for they are taken inside the
    /// lock.
    pub fn push(&self, event: Event) -> u64 {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        let t = clock::now_us();
        entries.push(Entry { t, event });
        t
    }

    /// Takes everything out.
    pub fn take(&self) -> Vec<Entry> {
        std::mem::take(&mut *self.entries.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Writes a record as gzipped JSON lines.
pub fn save(entries: &[Entry], path: &Path) -> Result<()> {
    let file = File::create(path).with_context(|| format!("cannot create {}", path.display()))?;
    let mut out = BufWriter::new(GzEncoder::new(file, Compression::fast()));
    for entry in entries {
        serde_json::to_writer(&mut out, entry).context("cannot write the record")?;
        out.write_all(b"\n").context("cannot write the record")?;
    }
    let gzip =
        out.into_inner().map_err(|fault| anyhow::anyhow!("cannot write the record: {fault}"))?;
    gzip.finish().context("cannot write the record")?;
    Ok(())
}

/// Reads a record, plain or gzipped.
pub fn load(path: &Path) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (number, line) in open_text(path)?.lines().enumerate() {
        let line = line.with_context(|| format!("cannot read {}", path.display()))?;
        if !line.is_empty() {
            let entry = serde_json::from_str(&line).with_context(|| {
                format!("{}:{}: no entry of a record", path.display(), number + 1)
            })?;
            entries.push(entry);
        }
    }
    Ok(entries)
}

/// Opens a text file that may be gzipped, told by its first two bytes.
pub fn open_text(path: &Path) -> Result<Box<dyn BufRead>> {
    let open = || File::open(path).with_context(|| format!("cannot open {}", path.display()));
    let mut magic = [0_u8; 2];
    let read =
        open()?.read(&mut magic).with_context(|| format!("cannot read {}", path.display()))?;
    let file = open()?;
    Ok(if read == 2 && magic == [0x1f, 0x8b] {
        Box::new(BufReader::new(MultiGzDecoder::new(file)))
    } else {
        Box::new(BufReader::new(file))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_entry_survives_its_line() {
        let entry = Entry {
            t: 7,
            event: Event::Ack {
                o: 1,
                seq: Some(4),
                taken: 2,
                refused: 1,
                codes: BTreeMap::from([("older".into(), 1)]),
            },
        };
        let line = serde_json::to_string(&entry).unwrap();
        assert_eq!(
            line,
            r#"{"t":7,"e":"ack","o":1,"seq":4,"taken":2,"refused":1,"codes":{"older":1}}"#
        );
        let back: Entry = serde_json::from_str(&line).unwrap();
        assert_eq!(format!("{back:?}"), format!("{entry:?}"));
        let begin = Entry { t: 0, event: Event::Begin(Box::default()) };
        let back: Entry = serde_json::from_str(&serde_json::to_string(&begin).unwrap()).unwrap();
        assert!(matches!(back.event, Event::Begin(_)));
    }
}
