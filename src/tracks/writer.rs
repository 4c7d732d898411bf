//! The writer's thread: flushes what waits, makes checkpoints in steps between flushes, keeps to the
//! days of retention.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use tiande_actors::ports::Clock;
use tiande_core::ids::{CourtId, OfficerId};
use tiande_core::time::UnixMillis;
use tiande_core::track::{TrackFix, TrackWindow};
use tracing::{error, info, warn};

use super::checkpoint::{Checkpoint, DayFile};
use super::days::{self, day_of, month_of};
use super::devices::Devices;
use super::flush::Flush;
use super::keys::KeyRing;
use super::medium::Medium;
use super::packing::{Packing, Tools};
use super::reading::{DaySource, Sources, StoredFix};
use super::wal::Wal;
use super::{DAY_MS, FLUSH_EVERY, FLUSH_FIXES, Queue, Request, Shared, TrackOptions, show_waiting};

/// A disk that failed is tried again after this.
const RETRY_EVERY: Duration = Duration::from_secs(1);
/// When nothing happens the day is looked at so often.
const LOOK_EVERY: Duration = Duration::from_secs(30);
/// So much of the write-ahead file may gather, as a multiple of its usual length, when checkpoints
/// fail. Then nothing more is taken.
const WAL_OVERRUN: u64 = 4;
/// A checkpoint that failed is tried again after so many flushes: it costs more than a flush.
const CHECKPOINT_RETRY_FLUSHES: u32 = 64;
/// Steps of a checkpoint between two flushes when somebody waits. A step takes as long as one file is
/// forced to the disk, so this is some tens of milliseconds.
const STEPS_BETWEEN: usize = 16;

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
    flush: Flush,
    /// The flush could not be written; nothing is written before it.
    stuck: bool,
    /// A checkpoint under way.
    packing: Option<Packing>,
    /// Day files that a checkpoint failed on: never written again.
    spoiled: BTreeSet<DayFile>,
    checkpoint_wait: u32,
    /// The disk has failed and was complained about.
    complained: bool,
    today: String,
    /// The first day that is kept.
    first_day: String,
    /// Days before it may still be on the disk.
    expires: bool,
}

/// What the thread finds when it wakes.
struct Work {
    requests: Vec<Request>,
    stop: bool,
}

impl Writer {
    pub(super) fn open(options: TrackOptions, shared: Arc<Shared>) -> io::Result<Self> {
        let TrackOptions { folder, master, clock, keep_days, wal_max, medium } = options;
        medium.folder(&folder)?;
        let mut known = Checkpoint::load(&folder)?;
        days::cut(&folder, &mut known, &medium)?;
        let key = master.derive("write-ahead file of tracks");
        let (mut devices, mut fixes) = (Devices::of(&known.marks), 0);
        let wal = Wal::open(&folder, &key, known.generation, &medium, |owner, mut found| {
            let court = devices.court(&owner.court);
            let at = devices.number_of(court, owner.officer, owner.device);
            // A flush that was written twice, because it was not known whether it had been.
            let mark = devices.mark(owner.device);
            found.retain(|fix| Some(fix.order()) > mark);
            fixes += found.len();
            let found: Vec<_> = found.into_iter().map(|fix| (at, fix)).collect();
            devices.keep(&found);
        })?;
        devices.list.iter_mut().for_each(|known| known.newest = known.mark);
        if fixes > 0 {
            info!(fixes, "fixes of tracks were read from the write-ahead file");
        }
        *shared.devices.write().unwrap_or_else(PoisonError::into_inner) = devices;
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
            flush: Flush::default(),
            stuck: false,
            packing: None,
            spoiled: BTreeSet::new(),
            checkpoint_wait: 0,
            complained: false,
            today: String::new(),
            first_day: String::new(),
            expires: false,
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
            if !self.stuck {
                self.shared.change(|devices| self.flush.sift(devices));
            }
            if self.stuck || !self.flush.is_empty() {
                self.write();
            }
            self.look_at_the_day();
            if self.checkpoint_is_due() {
                self.begin_packing();
            }
            self.pack_some();
            if work.stop && self.ends() {
                return;
            }
        }
    }

    /// The last round: true when there is nothing more to do, or nothing that can be done.
    fn ends(&mut self) -> bool {
        let more = !self.shared.queue().waiting.is_empty();
        // What is full takes nothing more: its devices were not told, and send again.
        if more && !self.stuck && !self.full() {
            return false;
        }
        if let Err(fault) = self.checkpoint() {
            warn!(%fault, "tracks stay in the write-ahead file");
        }
        true
    }

    /// Waits for something to do; then a moment more, for others to come along. While a checkpoint is
    /// under way there is always something to do.
    fn wait(&mut self) -> Work {
        let shared = Arc::clone(&self.shared);
        let queue = shared.queue();
        let blocked = self.stuck || self.full();
        let recover = |broken: PoisonError<_>| broken.into_inner();
        let mut queue = if self.packing.is_some() && !self.stuck {
            queue
        } else if blocked {
            let asked = |q: &mut Queue| q.requests.is_empty() && !q.stop;
            shared.changed.wait_timeout_while(queue, RETRY_EVERY, asked).unwrap_or_else(recover).0
        } else {
            let idle = |q: &mut Queue| q.waiting.is_empty() && q.requests.is_empty() && !q.stop;
            let (queue, _) =
                shared.changed.wait_timeout_while(queue, LOOK_EVERY, idle).unwrap_or_else(recover);
            let gathers = |q: &mut Queue| {
                !q.waiting.is_empty()
                    && q.waiting.places < FLUSH_FIXES
                    && q.requests.is_empty()
                    && !q.stop
            };
            shared.changed.wait_timeout_while(queue, FLUSH_EVERY, gathers).unwrap_or_else(recover).0
        };
        let requests = std::mem::take(&mut queue.requests);
        // What is stuck goes first; until then the queue fills, and refuses.
        if !blocked {
            self.flush.take(&mut queue.waiting);
        }
        show_waiting(queue.waiting.places);
        Work { requests, stop: queue.stop }
    }

    fn full(&self) -> bool {
        self.wal.length > self.wal_max.saturating_mul(WAL_OVERRUN)
    }

    /// Writes the flush and tells the devices, or keeps it for the next try.
    fn write(&mut self) {
        match self.make_durable() {
            Ok(()) => {
                if self.complained {
                    info!("tracks are written again");
                    self.complained = false;
                }
                self.stuck = false;
                self.flush.tell();
            }
            Err(fault) => {
                self.complain(&fault, "tracks cannot be written; positions go on without");
                self.stuck = true;
            }
        }
    }

    fn make_durable(&mut self) -> io::Result<()> {
        let fixes = self.flush.new.len();
        if fixes == 0 {
            return Ok(()); // Nothing to keep, but somebody waits to be told.
        }
        self.wal.ready(&self.medium)?;
        self.shared.change(|devices| self.wal.lay_out(&self.flush.new, devices));
        self.wal.write(&self.medium)?;
        self.shared.change(|devices| devices.keep(&self.flush.new));
        self.checkpoint_wait = self.checkpoint_wait.saturating_sub(1);
        counter!("tiande_track_fixes_stored_total").increment(fixes as u64);
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
        let enough = self.wal.length_now() > self.wal_max;
        enough && self.packing.is_none() && (self.checkpoint_wait == 0 || self.full())
    }

    /// From now on what has gathered is packed into day files, step by step.
    fn begin_packing(&mut self) {
        if self.packing.is_some() || self.shared.devices().waiting == 0 {
            return;
        }
        self.checkpoint_wait = CHECKPOINT_RETRY_FLUSHES;
        let generation = self.wal.turn();
        let who = self.shared.change(Devices::freeze);
        self.packing = Some(Packing::of(who, generation, &self.known));
    }

    /// Some steps of the checkpoint that is under way, as long as not too many wait for a flush.
    fn pack_some(&mut self) {
        for _ in 0..STEPS_BETWEEN {
            match self.step() {
                Ok(true) => break,
                Ok(false) => {}
                Err(fault) => {
                    self.complain(&fault, "tracks cannot be packed into day files");
                    break;
                }
            }
            let queue = self.shared.queue();
            if queue.stop || !queue.requests.is_empty() || queue.waiting.places >= FLUSH_FIXES {
                break;
            }
        }
        self.remove_old_days();
    }

    /// One step of the checkpoint that is under way; true when none is any more.
    ///
    /// When it fails nothing is lost: the write-ahead file still holds it all.
    fn step(&mut self) -> io::Result<bool> {
        let Some(mut packing) = self.packing.take() else { return Ok(true) };
        let next = packing.step(&mut Tools {
            folder: &self.folder,
            medium: &self.medium,
            known: &self.known,
            keys: &mut self.keys,
            spoiled: &mut self.spoiled,
            devices: &self.shared.devices(),
        });
        match next.and_then(|next| next.map(|next| self.adopt(next)).transpose()) {
            Ok(None) => {
                self.packing = Some(packing);
                Ok(false)
            }
            Ok(Some(())) => {
                self.spoiled.retain(|file| !packing.touched.contains(file));
                self.shared.change(Devices::packed);
                self.checkpoint_wait = 0;
                counter!("tiande_track_checkpoints_total").increment(1);
                self.wal.forget(&self.medium)?;
                Ok(true)
            }
            Err(fault) => {
                self.shared.change(Devices::thaw);
                self.wal.stay();
                Err(fault)
            }
        }
    }

    /// Packs everything that has gathered into day files.
    fn checkpoint(&mut self) -> io::Result<()> {
        // One that is under way does not take along what came since it began.
        while !self.step()? {}
        self.begin_packing();
        while !self.step()? {}
        Ok(())
    }

    /// Makes a checkpoint the one that counts.
    ///
    /// When this fails it is not known which of the two is there. Both are right: day files are written
    /// behind what the old one counts, in files that nobody touches again, and flushes go into a
    /// write-ahead file that counts for either.
    fn adopt(&mut self, next: Checkpoint) -> io::Result<()> {
        self.medium.replace(&Checkpoint::path(&self.folder), &next.pack())?;
        self.known = next;
        Ok(())
    }

    /// When a new day has begun: packs the old one, and sees to it that those that are too old go.
    fn look_at_the_day(&mut self) {
        let now = self.clock.now();
        let today = day_of(now);
        if today == self.today {
            return;
        }
        let began = !self.today.is_empty();
        self.today = today;
        self.first_day = day_of(UnixMillis(now.0 - i64::from(self.keep_days) * DAY_MS));
        self.expires = true;
        if began {
            self.begin_packing();
        }
        self.remove_old_days();
    }

    /// Removes what is too old; not while a checkpoint counts on it.
    fn remove_old_days(&mut self) {
        if !self.expires || self.packing.is_some() {
            return;
        }
        self.expires = false;
        let first = self.first_day.clone();
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
        // Days that are over are not shown, also when they have not been removed yet.
        let (first, last) = (day_of(window.from).max(self.first_day.clone()), day_of(window.to));
        let mut keys = BTreeMap::new();
        let mut sources = Vec::new();
        let since = DayFile { court: court.clone(), day: first, part: 0 };
        let of_court = self.known.lengths.range(since..);
        for (file, length) in of_court.take_while(|(file, _)| file.court == court) {
            if file.day > last {
                break;
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
        let devices = self.shared.devices();
        let of_court = devices.courts.iter().position(|known| *known == court);
        let owner = of_court.and_then(|of| Some((u32::try_from(of).ok()?, officer)));
        for known in devices.list.iter().filter(|known| known.owner.is_some()) {
            if known.owner == owner {
                let fixes = known.packing.iter().chain(&known.waiting).filter(inside);
                pending.extend(fixes.map(|fix| StoredFix { device: known.device, fix: *fix }));
            }
        }
        drop(devices);
        Ok(Sources { court, officer, window, pending, days: sources, keys })
    }
}
