//! Sends tips through the real webhook, remembers every answer, and afterwards asks for each of them.
//!
//! What was answered is kept in the memory of this process alone: no disk that is under test has a
//! part in it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::cluster::Cluster;
use crate::support::server::Launch;
use crate::support::tips::{PICTURE, tip_with};
use crate::support::waiting::{Deadline, SOON, Stopwatch, let_pass, until};
use crate::support::{Court, Server};
use crate::table::Counts;

/// Senders at once: enough for groups of more than one.
const SENDERS: u32 = 3;
/// More tips than this are not put into one folder: the list of incidents shows 500.
pub const TIPS_MAX: usize = 440;
/// A tip with a picture comes once in so many.
const PICTURE_EVERY: u32 = 4;
/// A tip about the case comes once in so many: each is an event of the case, which gets a snapshot
/// after some dozens.
const CASE_EVERY: u32 = 2;
/// The case.
const CASE: &str = "(2026)豫0783执7号";

/// Where a server keeps its journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Store {
    Sqlite,
    Postgres,
}

impl Store {
    pub const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    pub fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "sqlite",
            Self::Postgres => "postgres",
        }
    }

    /// Its database server, when it has one, in a folder of its own in `folder`.
    ///
    /// # Errors
    /// Why there is none here.
    fn cluster(self, folder: Option<&Path>) -> Result<Option<Cluster>, String> {
        let usual = std::env::temp_dir();
        match self {
            Self::Sqlite => Ok(None),
            // Its own log is written out by commits alone: nothing is durable by the way.
            Self::Postgres => {
                let late = ["-c", "wal_writer_delay=10s"];
                Cluster::start_in(folder.unwrap_or(&usual), &late).map(Some)
            }
        }
    }
}

/// What a tip was answered with.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Answer {
    tip: String,
    incident: String,
}

impl Answer {
    fn of(json: &Value) -> Self {
        let text = |name: &str| json[name].as_str().unwrap_or_default().to_owned();
        Self { tip: text("tip"), incident: text("incident") }
    }
}

/// A server, and everything that it has answered.
#[derive(Debug)]
pub struct Driver {
    pub server: Server,
    /// Ends after the server that uses it.
    pub cluster: Option<Cluster>,
    pub court: Court,
    cookie: String,
    fault: PathBuf,
    next: AtomicU32,
    acked: Mutex<BTreeMap<u32, Answer>>,
    unknown: Mutex<BTreeSet<u32>>,
    /// Answers other than 202, by status.
    pub refused: Mutex<BTreeMap<u16, u32>>,
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Driver {
    /// A fresh server of a store, with the bounds at which it tidies up set low.
    ///
    /// # Errors
    /// Why the store is not to be had here.
    pub fn start(store: Store, data: Option<PathBuf>, more: &str) -> Result<Self, String> {
        let cluster = store.cluster(data.as_deref().and_then(Path::parent))?;
        let settings = cluster.as_ref().map(|cluster| format!("[store]\nurl = {:?}", cluster.url));
        let fault = std::env::temp_dir().join(format!(
            "tbb-fault-{}-{}",
            std::process::id(),
            crate::support::server::free_port()
        ));
        fs::write(&fault, "").expect("a file for the fault");
        // What a crash left is swept by the next start, and not an hour later.
        let low = "journal.sign_records=40,journal.wal_pages=60,journal.wal_look_groups=5,\
                   sweep.margin_ms=0";
        let set = format!("{low}{more}");
        let env =
            vec![("TIANDE_FAULT", format!("@{}", fault.display())), ("TIANDE_FAULT_SET", set)];
        let server = Server::start_as(&settings.unwrap_or_default(), Launch { data, env });
        let court = Court::add(&server, "alpha");
        let cookie = court.dispatcher();
        let parties = json!([{"role": "applicant", "name": "甲"}]);
        let cases = json!([{"number": CASE, "parties": parties}]);
        server.admin(&json!({"do": "case_import", "court": "alpha", "cases": cases}));
        let (next, acked, unknown, refused) = Default::default();
        Ok(Self { server, cluster, court, cookie, fault, next, acked, unknown, refused })
    }

    /// Lets a fault come, or none with an empty text.
    pub fn arm(&self, text: &str) {
        let draft = self.fault.with_extension("new");
        fs::write(&draft, text).expect("a file for the fault");
        fs::rename(&draft, &self.fault).expect("a file for the fault");
    }

    pub fn is_full(&self) -> bool {
        held(&self.acked).len() + held(&self.unknown).len() >= TIPS_MAX
    }

    /// True when another round may not find room in the list any more.
    pub fn is_nearly_full(&self) -> bool {
        held(&self.acked).len() >= TIPS_MAX / 2
    }

    pub fn acked(&self) -> usize {
        held(&self.acked).len()
    }

    fn body(number: u32) -> Vec<u8> {
        let mut changes = json!({"address": format!("第{number}号"), "urgency": "routine"});
        if number.is_multiple_of(CASE_EVERY) {
            changes["case_number"] = json!(CASE);
        }
        if number.is_multiple_of(PICTURE_EVERY) {
            let data = STANDARD.encode([PICTURE, &number.to_be_bytes()].concat());
            changes["media"] = json!([{"content_type": "image/jpeg", "data": data}]);
        }
        tip_with("alpha", changes).to_string().into_bytes()
    }

    /// Delivers a tip, perhaps again; the status when there was an answer.
    fn deliver(&self, number: u32) -> Option<(u16, Value)> {
        let id = format!("tip-{number}");
        let reply = self.court.source.try_send(&self.server, &id, &Self::body(number))?;
        Some((reply.status, reply.json()))
    }

    /// One more tip; its status.
    pub fn send_one(&self) -> Option<(u16, Value)> {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        // Unknown until it is answered: the fault may come at any moment.
        held(&self.unknown).insert(number);
        let answer = self.deliver(number);
        if let Some((status, json)) = &answer {
            if *status == 202 {
                held(&self.acked).insert(number, Answer::of(json));
                held(&self.unknown).remove(&number);
            } else {
                *held(&self.refused).entry(*status).or_default() += 1;
            }
        }
        answer
    }

    /// Sends tips from several threads while `meanwhile` runs, and until it has ended.
    pub fn storm<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            for _ in 0..SENDERS {
                scope.spawn(|| {
                    while !over.load(Ordering::Relaxed) && !self.is_full() {
                        match self.send_one() {
                            // No answer: the server has gone, and what is sent now only counts up.
                            None => break,
                            Some((202, _)) => {}
                            Some(_) => let_pass(Duration::from_millis(20)),
                        }
                    }
                });
            }
            // Also when it panics.
            let stop = Stop(&over);
            let end = meanwhile();
            drop(stop);
            end
        })
    }

    /// Incidents that the list shows.
    pub fn incidents(&self) -> usize {
        let all = "/api/incidents?state=all&limit=500";
        let list = self.server.get(all, &[("cookie", &self.cookie)]).ok("incidents");
        list["incidents"].as_array().map_or(0, Vec::len)
    }

    /// The signed checkpoints, copied to another place while the server works.
    pub fn keep_checkpoints(&self) -> Option<PathBuf> {
        let file = self.server.data.join("checkpoints").join("journal.checkpoints");
        let kept = self.fault.with_extension("checkpoints");
        let text = fs::read(file).ok().filter(|text| !text.is_empty())?;
        fs::write(&kept, text).ok()?;
        Some(kept)
    }

    /// Starts the server and asks for everything it has answered before.
    pub fn start_and_check(&mut self, checkpoints: Option<PathBuf>) -> Counts {
        self.arm("");
        let watch = Stopwatch::start();
        self.server.start_again();
        let ready_ms = u32::try_from(watch.elapsed().as_millis()).unwrap_or(u32::MAX);
        Counts { ready_ms, ..self.check(checkpoints) }
    }

    /// Asks for everything that was answered before; sends again what was not.
    pub fn check(&self, checkpoints: Option<PathBuf>) -> Counts {
        let acked = held(&self.acked).clone();
        let unknown = std::mem::take(&mut *held(&self.unknown));
        let mut counts = Counts {
            acked: u32::try_from(acked.len()).unwrap_or(u32::MAX),
            unknown: u32::try_from(unknown.len()).unwrap_or(u32::MAX),
            ..Counts::default()
        };
        counts.broken += u32::from(!self.is_whole(checkpoints));
        let mut now = BTreeMap::new();
        for number in acked.keys().chain(&unknown) {
            let (status, json) = until(SOON, "an answer to a tip that is sent again", || {
                self.deliver(*number).filter(|(status, _)| *status != 503)
            });
            let answer = Answer::of(&json);
            if acked.get(number).is_some_and(|first| *first != answer) || status != 202 {
                eprintln!("tip {number}: {:?}, then {status} {json}", acked.get(number));
                counts.lost += u32::from(acked.contains_key(number));
            }
            now.insert(*number, answer);
        }
        // Exactly once: as many incidents and pictures as tips, and each shows its own tip's words.
        let list =
            self.server.get("/api/incidents?state=all&limit=500", &[("cookie", &self.cookie)]);
        let list = list.ok("incidents")["incidents"].as_array().cloned().unwrap_or_default();
        let there: BTreeMap<&str, &Value> =
            list.iter().filter_map(|i| Some((i["id"].as_str()?, i))).collect();
        let wanted: BTreeSet<&str> = now.values().map(|a| a.incident.as_str()).collect();
        counts.doubled += diff(there.len(), wanted.len()) + diff(wanted.len(), now.len());
        for (number, answer) in &now {
            let found = there.get(answer.incident.as_str());
            let words = format!("第{number}号");
            if !found.is_some_and(|incident| incident.to_string().contains(&words)) {
                counts.lost += 1;
                eprintln!("tip {number}: no incident with its words");
            }
        }
        let pictures = now.keys().filter(|number| number.is_multiple_of(PICTURE_EVERY)).count();
        // What a kill left between a picture and its tip is swept in the background.
        let deadline = Deadline::after(SOON);
        while self.server.pictures().len() != pictures && deadline.left().is_some() {
            let_pass(Duration::from_millis(10));
        }
        counts.doubled += diff(self.server.pictures().len(), pictures);
        *held(&self.acked) = now;
        counts
    }

    /// `tiande journal verify`, against the checkpoints that were kept elsewhere.
    fn is_whole(&self, checkpoints: Option<PathBuf>) -> bool {
        let kept = checkpoints.map(|path| path.display().to_string());
        let mut args = vec!["journal", "verify"];
        if let Some(kept) = &kept {
            args.extend(["--checkpoint", kept]);
        }
        let said = self.server.command(&args, "");
        if said.code != Some(0) {
            eprintln!("{}{}", said.out, said.err);
        }
        said.code == Some(0) && said.out.contains("whole")
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        fs::remove_file(&self.fault).ok();
        fs::remove_file(self.fault.with_extension("checkpoints")).ok();
    }
}

struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn diff(a: usize, b: usize) -> u32 {
    if a != b {
        eprintln!("{a} instead of {b}");
    }
    u32::try_from(a.abs_diff(b)).unwrap_or(u32::MAX)
}
