//! The writer's thread: flushes what waits, makes checkpoints, keeps to the days of retention.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use tiande_actors::ports::Clock;
use tiande_actors::ports::tracks::TrackBatch;
use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::time::UnixMillis;
use tiande_core::track::{BLOCK_FIXES_MAX, Order, TrackFix, TrackWindow};
use tracing::{error, info, warn};

use super::checkpoint::{Checkpoint, DayFile};
use super::days::{self, day_of, month_of};
use super::keys::KeyRing;
use super::medium::Medium;
use super::pending::{Flush, Pending};
use super::reading::{DaySource, Sources, StoredFix};
use super::wal::Wal;
use super::{FLUSH_EVERY, FLUSH_FIXES, Request, Shared, TrackOptions, show_waiting};

/// A disk that failed is tried again after this.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// When nothing happens the day is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// So much of the write-ahead file may gather, as a multiple of its usual length, when checkpoints
/// fail. Then nothing more is taken.
const WAL_OVERRUN: u64 = 4;
/// A checkpoint that failed is tried again after so many flushes: it costs more than a flush.
const CHECKPOINT_RETRY_FLUSHES: u32 = 64;

const DAY_MS: i64 = 86_400_000;

/// The thread's state.
pub(super) struct Writer {
    shared: Arc<Shared>,
    folder: PathBuf,
    clock: Arc<dyn Clock>,
    keep_days: u32,
    wal_max: u64,
    medium: Medium,
    known: Checkpoint,
    keys: KeyRing,
    wal: Wal,
    pending: Pending,
    /// A flush that could not be written; nothing is written before it.
    stuck: Option<Flush>,
    /// Day files that a checkpoint failed on: never written again.
    spoiled: BTreeSet<DayFile>,
    /// The checkpoint file may be the new one or the old: nothing may be acknowledged before one is.
    unsure: bool,
    checkpoint_wait: u32,
    /// The disk has failed and was complained about.
    complained: bool,
    today: String,
}

/// What the thread finds when it wakes.
struct Work {
    batches: Vec<TrackBatch>,
    requests: Vec<Request>,
    stop: bool,
}

impl Writer {
    pub(super) fn open(options: TrackOptions, shared: Arc<Shared>) -> io::Result<Self> {
        let TrackOptions { folder, master, clock, keep_days, wal_max, medium } = options;
        medium.folder(&folder)?;
        let mut known = Checkpoint::load(&folder)?;
        days::cut(&folder, &mut known, &medium)?;
        let mut pending = Pending::default();
        let key = master.derive("write-ahead file of tracks");
        let (mut marks, mut fixes) = (known.marks.clone(), 0);
        let wal = Wal::open(&folder, &key, known.generation, &medium, |owner, mut found| {
            let mark = marks.get(&owner.2).copied();
            // A flush that was written twice, because it was not known whether it had been.
            found.retain(|fix| Some(fix.order()) > mark);
            if let Some(last) = found.last() {
                marks.insert(owner.2, last.order());
                fixes += found.len();
                pending.add(&owner, &found);
            }
        })?;
        if fixes > 0 {
            info!(fixes, "fixes of tracks were read from the write-ahead file");
        }
        *shared.marks.write().unwrap_or_else(PoisonError::into_inner) = marks;
        let keys = KeyRing::new(&folder, &master);
        let mut writer = Self {
            shared,
            folder,
            clock,
            keep_days,
            wal_max,
            medium,
            known,
            keys,
            wal,
            pending,
            stuck: None,
            spoiled: BTreeSet::new(),
            unsure: false,
            checkpoint_wait: 0,
            complained: false,
            today: String::new(),
        };
        writer.look_at_the_day();
        Ok(writer)
    }

    /// Works until it is told to stop.
    pub(super) fn run(&mut self) {
        loop {
            let work = self.wait();
            for request in work.requests {
                self.answer(request);
            }
            let flush = match self.stuck.take() {
                Some(stuck) => Some(stuck),
                None if work.batches.is_empty() => None,
                None => Some(Flush::of(work.batches, |device| self.mark_of(device))),
            };
            if let Some(flush) = flush {
                self.write(flush);
            }
            self.look_at_the_day();
            if self.checkpoint_is_due()
                && let Err(fault) = self.checkpoint()
            {
                self.complain(&fault, "tracks cannot be packed into day files");
            }
            if work.stop && self.ends() {
                return;
            }
        }
    }

    /// The last round: true when there is nothing more to do, or nothing that can be done.
    fn ends(&mut self) -> bool {
        let more = !self.shared.queue().batches.is_empty();
        // What is full takes nothing more: its devices were not told, and send again.
        if more && self.stuck.is_none() && !self.full() {
            return false;
        }
        if let Err(fault) = self.checkpoint() {
            warn!(%fault, "tracks stay in the write-ahead file");
        }
        true
    }

    fn mark_of(&self, device: DeviceId) -> Option<Order> {
        self.shared.marks.read().unwrap_or_else(PoisonError::into_inner).get(&device).copied()
    }

    /// Waits for something to do; then a moment more, for others to come along.
    fn wait(&mut self) -> Work {
        let shared = Arc::clone(&self.shared);
        let queue = shared.queue();
        let blocked = self.stuck.is_some() || self.full();
        let recover = |broken: PoisonError<_>| broken.into_inner();
        let (queue, _) = if blocked {
            let asked = |q: &mut super::Queue| q.requests.is_empty() && !q.stop;
            shared.changed.wait_timeout_while(queue, RETRY_EVERY, asked).unwrap_or_else(recover)
        } else {
            let idle =
                |q: &mut super::Queue| q.batches.is_empty() && q.requests.is_empty() && !q.stop;
            let (queue, _) =
                shared.changed.wait_timeout_while(queue, LOOK_EVERY, idle).unwrap_or_else(recover);
            let gathers = |q: &mut super::Queue| {
                !q.batches.is_empty() && q.fixes < FLUSH_FIXES && q.requests.is_empty() && !q.stop
            };
            shared.changed.wait_timeout_while(queue, FLUSH_EVERY, gathers).unwrap_or_else(recover)
        };
        let mut queue = queue;
        let requests = std::mem::take(&mut queue.requests);
        // What is stuck goes first; until then the queue fills, and refuses.
        let batches = if blocked { Vec::new() } else { std::mem::take(&mut queue.batches) };
        if !blocked {
            queue.fixes = 0;
        }
        show_waiting(queue.fixes);
        Work { batches, requests, stop: queue.stop }
    }

    fn full(&self) -> bool {
        self.wal.length > self.wal_max.saturating_mul(WAL_OVERRUN)
    }

    /// Writes a flush and tells the devices, or keeps it for the next try.
    fn write(&mut self, flush: Flush) {
        match self.make_durable(&flush) {
            Ok(()) => {
                if self.complained {
                    info!("tracks are written again");
                    self.complained = false;
                }
                flush.tell();
            }
            Err(fault) => {
                self.complain(&fault, "tracks cannot be written; positions go on without");
                self.stuck = Some(flush);
            }
        }
    }

    fn make_durable(&mut self, flush: &Flush) -> io::Result<()> {
        if flush.fixes == 0 {
            return Ok(()); // Nothing to keep, but somebody waits to be told.
        }
        if self.unsure {
            self.checkpoint()?;
        }
        self.wal.append(flush, &self.medium)?;
        let mut marks = self.shared.marks.write().unwrap_or_else(PoisonError::into_inner);
        for (owner, group) in &flush.groups {
            self.pending.add(owner, &group.fixes);
            if let Some(last) = group.fixes.last() {
                marks.insert(owner.2, last.order());
            }
        }
        drop(marks);
        self.checkpoint_wait = self.checkpoint_wait.saturating_sub(1);
        counter!("tiande_track_fixes_stored_total").increment(flush.fixes as u64);
        counter!("tiande_track_flushes_total").increment(1);
        #[allow(clippy::cast_precision_loss)] // Megabytes.
        gauge!("tiande_track_wal_bytes").set(self.wal.length as f64);
        Ok(())
    }

    /// Counts every failure, and logs the first of a spell.
    fn complain(&mut self, fault: &io::Error, what: &'static str) {
        counter!("tiande_track_disk_faults_total").increment(1);
        if !self.complained {
            error!(%fault, "{what}");
            self.complained = true;
        }
    }

    fn checkpoint_is_due(&self) -> bool {
        self.wal.length > self.wal_max && (self.checkpoint_wait == 0 || self.full())
    }

    /// Packs everything that has gathered into day files.
    ///
    /// When it fails nothing is lost: the write-ahead file still holds it all.
    fn checkpoint(&mut self) -> io::Result<()> {
        self.checkpoint_wait = CHECKPOINT_RETRY_FLUSHES;
        if self.pending.owners.is_empty() && !self.unsure {
            return Ok(());
        }
        let files = self.pack()?;
        self.keys.save(&self.medium)?;
        let mut next = self.known.clone();
        next.generation += 1;
        let mut touched = Vec::with_capacity(files.len());
        for ((court, day), records) in files {
            let file = days::next_file(&self.known, &self.spoiled, &court, &day);
            let length = self.known.lengths.get(&file).copied();
            // Until the checkpoint is complete nobody may write behind what this one leaves there.
            self.spoiled.insert(file.clone());
            let length = days::append(&self.folder, &file, length, &records, &self.medium)?;
            next.lengths.insert(file.clone(), length);
            touched.push(file);
        }
        next.marks = self.shared.marks.read().unwrap_or_else(PoisonError::into_inner).clone();
        self.adopt(next)?;
        self.spoiled.retain(|file| !touched.contains(file));
        self.pending = Pending::default();
        self.checkpoint_wait = 0;
        counter!("tiande_track_checkpoints_total").increment(1);
        let generation = self.known.generation;
        self.wal.begin(generation, &self.medium)
    }

    fn adopt(&mut self, next: Checkpoint) -> io::Result<()> {
        let path = Checkpoint::path(&self.folder);
        self.medium.draft(&path, &next.pack())?;
        self.unsure = true;
        self.medium.adopt(&path)?;
        self.unsure = false;
        self.known = next;
        Ok(())
    }

    /// Sealed records by court and day.
    fn pack(&mut self) -> io::Result<BTreeMap<(CourtId, String), Vec<u8>>> {
        let mut files: BTreeMap<(CourtId, String), Vec<u8>> = BTreeMap::new();
        for (owner, fixes) in &self.pending.owners {
            let (court, officer, _) = owner;
            let mut by_day: BTreeMap<String, Vec<TrackFix>> = BTreeMap::new();
            let mut last: Option<(i64, String)> = None;
            for fix in fixes {
                let number = fix.taken_at.0.div_euclid(DAY_MS);
                let day = match last.take() {
                    Some((of, day)) if of == number => day,
                    _ => day_of(fix.taken_at),
                };
                match by_day.get_mut(&day) {
                    Some(of_day) => of_day.push(*fix),
                    None => drop(by_day.insert(day.clone(), vec![*fix])),
                }
                last = Some((number, day));
            }
            for (day, fixes) in by_day {
                let key = self.keys.need(court, month_of(&day), *officer)?;
                let out = files.entry((court.clone(), day.clone())).or_default();
                for chunk in fixes.chunks(BLOCK_FIXES_MAX) {
                    days::put_block(out, owner, &day, chunk, &key);
                }
            }
        }
        Ok(files)
    }

    /// When a new day has begun: packs the old one, and removes those that are too old.
    fn look_at_the_day(&mut self) {
        let now = self.clock.now();
        let today = day_of(now);
        if today == self.today {
            return;
        }
        let began = !self.today.is_empty();
        self.today = today;
        if began && let Err(fault) = self.checkpoint() {
            self.complain(&fault, "tracks cannot be packed into day files");
        }
        let first = day_of(UnixMillis(now.0 - i64::from(self.keep_days) * DAY_MS));
        match self.expire(&first) {
            Ok(0) => {}
            Ok(files) => info!(files, %first, "tracks of earlier days were removed"),
            Err(fault) => self.complain(&fault, "tracks of earlier days cannot be removed"),
        }
        self.keys.drop_before(month_of(&first));
    }

    fn expire(&mut self, first_day: &str) -> io::Result<usize> {
        let mut next = self.known.clone();
        next.lengths.retain(|file, _| file.day.as_str() >= first_day);
        if next != self.known {
            self.adopt(next)?;
        }
        days::expire(&self.folder, first_day, &self.medium)
    }

    fn answer(&mut self, request: Request) {
        // Who asked may have gone.
        match request {
            Request::Read(court, officer, window, reply) => {
                reply.send(self.sources(court, officer, window)).ok();
            }
            Request::Forget(court, officer, month, reply) => {
                reply.send(self.forget(&court, officer, &month)).ok();
            }
            Request::Checkpoint(reply) => drop(reply.send(self.checkpoint())),
        }
    }

    fn forget(&mut self, court: &CourtId, officer: OfficerId, month: &str) -> io::Result<bool> {
        // What is in the write-ahead file is sealed with a key that stays.
        self.checkpoint()?;
        self.keys.destroy(court, month, officer, &self.medium)
    }

    fn sources(
        &mut self,
        court: CourtId,
        officer: OfficerId,
        window: TrackWindow,
    ) -> io::Result<Sources> {
        let (first, last) = (day_of(window.from), day_of(window.to));
        let mut keys = BTreeMap::new();
        let mut sources = Vec::new();
        for (file, length) in &self.known.lengths {
            if file.court != court || file.day < first || file.day > last {
                continue;
            }
            let month = month_of(&file.day).to_owned();
            if let Some(key) = self.keys.find(&court, &month, officer)? {
                keys.insert(month, key);
            }
            let (path, day) = (file.path(&self.folder), file.day.clone());
            sources.push(DaySource { path, day, length: *length });
        }
        let inside = |fix: &&TrackFix| window.from <= fix.taken_at && fix.taken_at <= window.to;
        let mut pending = Vec::new();
        for ((of, whose, device), fixes) in &self.pending.owners {
            if *of == court && *whose == officer {
                let fixes = fixes.iter().filter(inside);
                pending.extend(fixes.map(|fix| StoredFix { device: *device, fix: *fix }));
            }
        }
        Ok(Sources { court, officer, window, pending, days: sources, keys })
    }
}
