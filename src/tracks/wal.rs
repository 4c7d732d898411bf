//! The write-ahead file: each flush is one sealed record. A file that could not be written or forced
//! is left alone for ever; the next flush begins a new one.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use tiande_core::ids::{CourtId, DeviceId, OfficerId};
use tiande_core::track::{BLOCK_FIXES_MAX, TrackFix, decode, encode};
use uuid::Uuid;

use super::frame::{self, Cursor};
use super::medium::Medium;
use super::pending::{Flush, Owner};
use crate::keys::{KEY_LEN, Sealer};

const MAGIC: &[u8; 8] = b"TDTWAL1\n";

/// The write-ahead files of one generation.
pub(super) struct Wal {
    folder: PathBuf,
    sealer: Sealer,
    generation: u64,
    part: u32,
    open: Option<(File, PathBuf, u64)>,
    /// Bytes of all files of this generation.
    pub(super) length: u64,
}

/// Generation and part of a file's name.
fn parse_name(name: &str) -> Option<(u64, u32)> {
    let (generation, part) = name.strip_prefix("wal-")?.split_once('-')?;
    Some((generation.parse().ok()?, part.parse().ok()?))
}

/// Binds a record to its place.
fn context(generation: u64, part: u32, offset: u64) -> Vec<u8> {
    let mut bytes = b"tracks wal".to_vec();
    bytes.extend(generation.to_le_bytes());
    bytes.extend(part.to_le_bytes());
    bytes.extend(offset.to_le_bytes());
    bytes
}

impl Wal {
    /// Reads what the files of `generation` hold, in order, and removes those of others.
    pub(super) fn open(
        folder: &Path,
        key: &[u8; KEY_LEN],
        generation: u64,
        medium: &Medium,
        mut take: impl FnMut(Owner, Vec<TrackFix>),
    ) -> io::Result<Self> {
        let sealer = Sealer::new(key);
        let mut parts = Vec::new();
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            match entry.file_name().to_str().and_then(parse_name) {
                Some((of, part)) if of == generation => parts.push((part, entry.path())),
                // Of a checkpoint that is complete, or of one that never was: nothing is in it.
                Some(_) => medium.remove(&entry.path())?,
                None => {}
            }
        }
        parts.sort();
        let mut length = 0;
        for (part, path) in &parts {
            let bytes = fs::read(path)?;
            length += bytes.len() as u64;
            read(&bytes, |offset, sealed| sealer.open(&context(generation, *part, offset), sealed))
                .into_iter()
                .for_each(|(owner, fixes)| take(owner, fixes));
        }
        let part = parts.last().map_or(0, |(part, _)| part.saturating_add(1));
        let folder = folder.to_owned();
        Ok(Self { folder, sealer, generation, part, open: None, length })
    }

    fn path(&self) -> PathBuf {
        self.folder.join(format!("wal-{}-{}", self.generation, self.part))
    }

    /// Writes a flush; durable on return.
    ///
    /// # Errors
    /// Whatever the file system says. It is not known then whether the flush is on the disk; when it
    /// is written again it goes into another file, and reading leaves out the second.
    pub(super) fn append(&mut self, flush: &Flush, medium: &Medium) -> io::Result<()> {
        let plain = pack(flush);
        let (mut file, path, offset) = match self.open.take() {
            Some(open) => open,
            None => {
                let path = self.path();
                // Also when this fails there may be a file of that name now.
                self.part = self.part.saturating_add(1);
                (medium.create(&path, MAGIC)?, path, MAGIC.len() as u64)
            }
        };
        let part = self.part.saturating_sub(1);
        let sealed = self.sealer.seal(&context(self.generation, part, offset), &plain);
        let mut record = Vec::with_capacity(sealed.len() + frame::HEAD_LEN);
        frame::put(&mut record, &sealed);
        let length = record.len() as u64;
        self.length += length;
        medium.write(&mut file, &path, &record)?;
        medium.sync(&file, &path)?;
        self.open = Some((file, path, offset + length));
        Ok(())
    }

    /// Begins the next generation, which holds nothing yet; the caller has made it the valid one.
    pub(super) fn begin(&mut self, generation: u64, medium: &Medium) -> io::Result<()> {
        let old = std::mem::replace(&mut self.generation, generation);
        let parts = std::mem::replace(&mut self.part, 0);
        self.open = None;
        self.length = 0;
        for part in 0..parts {
            // What cannot be removed now is removed at the next start.
            medium.remove(&self.folder.join(format!("wal-{old}-{part}")))?;
        }
        Ok(())
    }
}

fn pack(flush: &Flush) -> Vec<u8> {
    let mut out = Vec::with_capacity(flush.fixes * 96);
    for ((court, officer, device), group) in &flush.groups {
        for fixes in group.fixes.chunks(BLOCK_FIXES_MAX) {
            let block = encode(fixes).expect("a flush is in order, and chunks are not too long");
            frame::put_text(&mut out, court.as_str());
            out.extend(officer.0.as_bytes());
            out.extend(device.0.as_bytes());
            let length = u32::try_from(block.len()).expect("a block is some kilobytes");
            out.extend(length.to_le_bytes());
            out.extend(block);
        }
    }
    out
}

fn unpack(plain: &[u8]) -> Option<Vec<(Owner, Vec<TrackFix>)>> {
    let mut cursor = Cursor(plain);
    let mut groups = Vec::new();
    while !cursor.0.is_empty() {
        let court = CourtId::parse(cursor.text()?).ok()?;
        let officer = OfficerId(Uuid::from_bytes(cursor.array()?));
        let device = DeviceId(Uuid::from_bytes(cursor.array()?));
        let length = usize::try_from(cursor.u32()?).ok()?;
        let fixes = decode(cursor.bytes(length)?).ok()?;
        groups.push(((court, officer, device), fixes));
    }
    Some(groups)
}

/// Everything up to where the file is torn.
fn read(bytes: &[u8], open: impl Fn(u64, &[u8]) -> Option<Vec<u8>>) -> Vec<(Owner, Vec<TrackFix>)> {
    let mut all = Vec::new();
    let Some(mut rest) = bytes.strip_prefix(MAGIC) else { return all };
    while let Some((sealed, behind)) = frame::take(rest) {
        let offset = (bytes.len() - rest.len()) as u64;
        match open(offset, sealed).as_deref().and_then(unpack) {
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
