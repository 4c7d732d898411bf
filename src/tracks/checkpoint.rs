//! The checkpoint: which write-ahead generation is valid, how far each day file counts, and up to
//! where each device is in them.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tiande_core::ids::{CourtId, DeviceId};
use tiande_core::track::Order;
use uuid::Uuid;

use super::frame::{self, Cursor};

const MAGIC: &[u8; 8] = b"TDTCHK1\n";

/// One day file: court, UTC day (`2026-11-25`), number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct DayFile {
    pub(super) court: CourtId,
    pub(super) day: String,
    pub(super) part: u32,
}

impl DayFile {
    pub(super) fn path(&self, folder: &Path) -> PathBuf {
        folder.join(self.court.as_str()).join(format!("{}-{}.trk", self.day, self.part))
    }
}

/// Up to where each device is durable.
pub(super) type Marks = HashMap<DeviceId, Order>;

/// What is safely in day files.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Checkpoint {
    pub(super) generation: u64,
    pub(super) lengths: BTreeMap<DayFile, u64>,
    pub(super) marks: Marks,
}

impl Checkpoint {
    pub(super) fn path(folder: &Path) -> PathBuf {
        folder.join("checkpoint")
    }

    /// The one in that folder; a new store's has nothing.
    ///
    /// # Errors
    /// Whatever the file system says; `InvalidData` when it is damaged.
    pub(super) fn load(folder: &Path) -> io::Result<Self> {
        match fs::read(Self::path(folder)) {
            Ok(bytes) => Self::unpack(&bytes).ok_or_else(|| {
                io::Error::new(io::ErrorKind::InvalidData, "the checkpoint of tracks is damaged")
            }),
            Err(fault) if fault.kind() == io::ErrorKind::NotFound => Ok(Self::default()),
            Err(fault) => Err(fault),
        }
    }

    pub(super) fn pack(&self) -> Vec<u8> {
        let count = |length: usize| u32::try_from(length).unwrap_or(u32::MAX).to_le_bytes();
        let mut payload = self.generation.to_le_bytes().to_vec();
        payload.extend(count(self.lengths.len()));
        for (file, length) in &self.lengths {
            frame::put_text(&mut payload, file.court.as_str());
            frame::put_text(&mut payload, &file.day);
            payload.extend(file.part.to_le_bytes());
            payload.extend(length.to_le_bytes());
        }
        payload.extend(count(self.marks.len()));
        for (device, (epoch, seq)) in &self.marks {
            payload.extend(device.0.as_bytes());
            payload.extend(epoch.to_le_bytes());
            payload.extend(seq.to_le_bytes());
        }
        let mut out = MAGIC.to_vec();
        frame::put(&mut out, &payload);
        out
    }

    fn unpack(bytes: &[u8]) -> Option<Self> {
        let (payload, _) = frame::take(bytes.strip_prefix(MAGIC)?)?;
        let mut cursor = Cursor(payload);
        let mut checkpoint = Self { generation: cursor.u64()?, ..Self::default() };
        for _ in 0..cursor.u32()? {
            let court = CourtId::parse(cursor.text()?).ok()?;
            let day = cursor.text()?.to_owned();
            let file = DayFile { court, day, part: cursor.u32()? };
            checkpoint.lengths.insert(file, cursor.u64()?);
        }
        for _ in 0..cursor.u32()? {
            let device = DeviceId(Uuid::from_bytes(cursor.array()?));
            checkpoint.marks.insert(device, (cursor.u32()?, cursor.u32()?));
        }
        cursor.0.is_empty().then_some(checkpoint)
    }
}
