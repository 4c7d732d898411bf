//! The write-ahead file: each flush is one sealed record. A file that could not be written or forced
//! is left alone for ever; the next flush begins a new one.
//!
//! Since version 2 a record is a row of fixes in their plain form, each behind a number that stands for
//! its device in that file; where a device comes up for the first time its owner stands before it. A
//! fix that comes alone, as those of gateways do, takes 36 bytes instead of some 90, and nothing has to
//! be sorted or grouped to write it.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{PLAIN_LEN, TrackFix, decode};
use uuid::Uuid;

use super::devices::{Devices, Owner};
use super::frame::{self, Cursor};
use super::medium::Medium;
use crate::keys::{KEY_LEN, Sealer};

/// Of files that older servers wrote: blocks by owner.
pub(super) const MAGIC_1: &[u8; 8] = b"TDTWAL1\n";
const MAGIC: &[u8; 8] = b"TDTWAL2\n";

/// In front of an owner, and of a fix.
const OWNER: u8 = 0;
const FIX: u8 = 1;

/// The write-ahead files that count: those of this generation, and of earlier ones as long as no
/// checkpoint has taken them along.
pub(super) struct Wal {
    folder: PathBuf,
    sealer: Sealer,
    generation: u64,
    part: u32,
    open: Option<Open>,
    /// How many files there have been since the start: a device's number in one says nothing in another.
    files: u64,
    /// How many parts earlier generations have that still count.
    earlier: BTreeMap<u64, u32>,
    /// Bytes of all files that count.
    pub(super) length: u64,
    /// Bytes of earlier generations among them.
    pub(super) length_earlier: u64,
    /// What is to be written; kept for its room.
    plain: Vec<u8>,
    record: Vec<u8>,
}

struct Open {
    file: File,
    path: PathBuf,
    part: u32,
    offset: u64,
    /// How many devices have a number in it.
    devices: u32,
}

/// Generation and part of a file's name.
fn parse_name(name: &str) -> Option<(u64, u32)> {
    let (generation, part) = name.strip_prefix("wal-")?.split_once('-')?;
    Some((generation.parse().ok()?, part.parse().ok()?))
}

/// Binds a record to its place.
pub(super) fn context(generation: u64, part: u32, offset: u64) -> Vec<u8> {
    let mut bytes = b"tracks wal".to_vec();
    bytes.extend(generation.to_le_bytes());
    bytes.extend(part.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes
}

impl Wal {
    /// Reads what the files from `generation` on hold, in order, and removes those of earlier ones.
    pub(super) fn open(
        folder: &Path,
        key: &[u8; KEY_LEN],
        generation: u64,
        medium: &Medium,
        mut take: impl FnMut(Owner, Vec<TrackFix>),
    ) -> io::Result<Self> {
        let sealer = Sealer::new(key);
        let mut found = BTreeMap::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_name().to_str().and_then(parse_name) {
                Some((of, part)) if of >= generation => {
                    found.insert((of, part), entry.path());
                }
                // Of a checkpoint that is complete: everything in it is in day files.
                Some(_) => medium.remove(&entry.path())?,
                None => {}
            }
        }
        let (mut length, mut earlier) = (0, BTreeMap::new());
        for ((of, part), path) in &found {
            let bytes = fs::read(path)?;
            length += bytes.len() as u64;
            read(&bytes, |offset, sealed| sealer.open(&context(*of, *part, offset), sealed))
                .into_iter()
                .for_each(|(owner, fixes)| take(owner, fixes));
            earlier.insert(*of, part.saturating_add(1));
        }
        let (generation, part) = earlier.pop_last().unwrap_or((generation, 0));
        Ok(Self {
            folder: folder.to_owned(),
            sealer,
            generation,
            part,
            open: None,
            files: 0,
            earlier,
            length,
            length_earlier: 0,
            plain: Vec::new(),
            record: Vec::new(),
        })
    }

    /// Makes sure that there is a file to write to.
    ///
    /// # Errors
    /// Whatever the file system says.
    pub(super) fn ready(&mut self, medium: &Medium) -> io::Result<()> {
        if self.open.is_none() {
            let path = self.folder.join(format!("wal-{}-{}", self.generation, self.part));
            let part = self.part;
            // Also when this fails there may be a file of that name now.
            self.part = self.part.saturating_add(1);
            let file = medium.create(&path, MAGIC)?;
            self.files += 1;
            self.open = Some(Open { file, path, part, offset: MAGIC.len() as u64, devices: 0 });
        }
        Ok(())
    }

    /// Lays out what is written next.
    pub(super) fn lay_out(&mut self, fixes: &[(u32, TrackFix)], devices: &mut Devices) {
        self.plain.clear();
        let Some(open) = &mut self.open else { return };
        for (at, fix) in fixes {
            let known = &mut devices.list[*at as usize];
            if known.in_wal.0 != self.files {
                known.in_wal = (self.files, open.devices);
                open.devices += 1;
                put_owner(&mut self.plain, devices, *at);
            }
            let number = devices.list[*at as usize].in_wal.1;
            // One piece of a known length: a check for room instead of ten.
            let mut piece = [0; 5 + PLAIN_LEN];
            piece[0] = FIX;
            piece[1..5].copy_from_slice(&number.to_le_bytes());
            piece[5..].copy_from_slice(&fix.to_plain());
            self.plain.extend_from_slice(&piece);
        }
    }

    /// Writes what was laid out; durable on return.
    ///
    /// # Errors
    /// Whatever the file system says. It is not known then whether the flush is on the disk; when it
    /// is written again it goes into another file, and reading leaves out the second.
    pub(super) fn write(&mut self, medium: &Medium) -> io::Result<()> {
        let Some(mut open) = self.open.take() else { return Ok(()) };
        let context = context(self.generation, open.part, open.offset);
        let sealed = self.sealer.seal(&context, &self.plain);
        self.record.clear();
        frame::put(&mut self.record, &sealed);
        let length = self.record.len() as u64;
        self.length += length;
        medium.write(&mut open.file, &open.path, &self.record)?;
        medium.sync(&open.file, &open.path)?;
        open.offset += length;
        self.open = Some(open);
        Ok(())
    }

    /// From now on flushes go into the next generation. What there is counts until [`Self::forget`].
    pub(super) fn turn(&mut self) -> u64 {
        self.earlier.insert(self.generation, self.part);
        self.generation += 1;
        self.part = 0;
        self.open = None;
        self.length_earlier = self.length;
        self.generation
    }

    /// Bytes of this generation.
    pub(super) fn length_now(&self) -> u64 {
        self.length - self.length_earlier
    }

    /// What earlier generations hold has to be packed again: the checkpoint failed.
    pub(super) fn stay(&mut self) {
        self.length_earlier = 0;
    }

    /// Removes the files of earlier generations; the caller has made a checkpoint that holds them.
    ///
    /// # Errors
    /// Whatever the file system says; what cannot be removed now is removed at the next start.
    pub(super) fn forget(&mut self, medium: &Medium) -> io::Result<()> {
        self.length -= self.length_earlier;
        self.length_earlier = 0;
        while let Some((generation, parts)) = self.earlier.pop_first() {
            for part in 0..parts {
                medium.remove(&self.folder.join(format!("wal-{generation}-{part}")))?;
            }
        }
        Ok(())
    }
}

fn put_owner(out: &mut Vec<u8>, devices: &Devices, at: u32) {
    let owner = devices.owner(at).expect("who reports has an owner");
    out.push(OWNER);
    frame::put_text(out, owner.court.as_str());
    out.extend(owner.officer.0.as_bytes());
    out.extend(owner.device.0.as_bytes());
}

type Owned = (Owner, Vec<TrackFix>);

fn owner(cursor: &mut Cursor<'_>) -> Option<Owner> {
    let court = CourtId::parse(cursor.text()?).ok()?;
    let officer = OfficerId(Uuid::from_bytes(cursor.array()?));
    Some(Owner { court, officer, device: DeviceId(Uuid::from_bytes(cursor.array()?)) })
}

/// A record of version 2: each device's fixes in its order, each once.
fn unpack(plain: &[u8], owners: &mut Vec<Owner>) -> Option<Vec<Owned>> {
    let mut cursor = Cursor(plain);
    let mut fixes: BTreeMap<usize, Vec<TrackFix>> = BTreeMap::new();
    while !cursor.0.is_empty() {
        match cursor.u8()? {
            OWNER => owners.push(owner(&mut cursor)?),
            FIX => {
                let of = usize::try_from(cursor.u32()?).ok()?;
                let fix = TrackFix::from_plain(&cursor.array()?)?;
                fixes.entry(of).or_default().push(fix);
            }
            _ => return None,
        }
    }
    let owned = |(of, mut fixes): (usize, Vec<TrackFix>)| {
        fixes.sort_by_key(TrackFix::order);
        fixes.dedup_by_key(|fix| fix.order());
        Some((owners.get(of)?.clone(), fixes))
    };
    fixes.into_iter().map(owned).collect()
}

/// A record of version 1.
fn unpack_1(plain: &[u8]) -> Option<Vec<Owned>> {
    let mut cursor = Cursor(plain);
    let mut groups = Vec::new();
    while !cursor.0.is_empty() {
        let owner = owner(&mut cursor)?;
        let length = usize::try_from(cursor.u32()?).ok()?;
        groups.push((owner, decode(cursor.bytes(length)?).ok()?));
    }
    Some(groups)
}

/// Everything up to where the file is torn.
fn read(bytes: &[u8], open: impl Fn(u64, &[u8]) -> Option<Vec<u8>>) -> Vec<Owned> {
    let mut all = Vec::new();
    let (mut owners, old) = (Vec::new(), bytes.starts_with(MAGIC_1));
    let magic = if old { MAGIC_1 } else { MAGIC };
    let Some(mut rest) = bytes.strip_prefix(magic) else { return all };
    while let Some((sealed, behind)) = frame::take(rest) {
        let offset = (bytes.len() - rest.len()) as u64;
        let plain = open(offset, sealed);
        let record = plain
            .and_then(|plain| if old { unpack_1(&plain) } else { unpack(&plain, &mut owners) });
        match record {
            Some(groups) => all.extend(groups),
            None => {
                tracing::error!(offset, "a record of the write-ahead file of tracks is damaged");
                break;
            }
        }
        rest = behind;
    }
    all
}
