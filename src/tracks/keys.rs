//! One random key for each officer and month, wrapped by the master key, in one file a court and
//! month. Who is to be forgotten has a key destroyed: the file is written anew without it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use metrics::counter;
use tiande_core::ids::{CourtId, OfficerId};
use tracing::error;
use uuid::Uuid;

use super::frame::{self, Cursor};
use super::medium::Medium;
use crate::keys::{KEY_LEN, MasterKey, Sealer, keyed_hash, random};

const MAGIC: &[u8; 8] = b"TDTKEY1\n";
/// Nonce, key and tag.
const WRAPPED_LEN: usize = 24 + KEY_LEN + 16;
/// Length of a key's mark in front of what it sealed.
pub(super) const MARK_LEN: usize = 8;

/// A key of one officer and month.
#[derive(Clone, Copy)]
pub(super) struct MonthKey([u8; KEY_LEN]);

impl MonthKey {
    /// Tells this key from a later one of the same officer and month, and tells nothing else.
    pub(super) fn mark(&self) -> [u8; MARK_LEN] {
        let hash = keyed_hash(&self.0, &[b"mark of a track key"]);
        let mut mark = [0; MARK_LEN];
        mark.copy_from_slice(&hash[..MARK_LEN]);
        mark
    }

    pub(super) fn sealer(&self) -> Sealer {
        Sealer::new(&self.0)
    }
}

type Month = (CourtId, String);

/// All keys that were needed since the start.
pub(super) struct KeyRing {
    folder: PathBuf,
    wrapper: Sealer,
    months: BTreeMap<Month, BTreeMap<OfficerId, MonthKey>>,
    /// Months with keys that are not on the disk yet.
    unsaved: BTreeSet<Month>,
}

impl KeyRing {
    pub(super) fn new(folder: &Path, master: &MasterKey) -> Self {
        let wrapper = Sealer::new(&master.derive("wrapping of track keys"));
        let (folder, months) = (folder.to_owned(), BTreeMap::new());
        Self { folder, wrapper, months, unsaved: BTreeSet::new() }
    }

    fn path(&self, month: &Month) -> PathBuf {
        self.folder.join(month.0.as_str()).join(format!("keys-{}", month.1))
    }

    fn month(&mut self, month: &Month) -> io::Result<&mut BTreeMap<OfficerId, MonthKey>> {
        if !self.months.contains_key(month) {
            let keys = match fs::read(self.path(month)) {
                Ok(bytes) => match self.read(month, &bytes) {
                    Some(keys) => keys,
                    None => self.set_aside(month)?,
                },
                Err(fault) if fault.kind() == io::ErrorKind::NotFound => BTreeMap::new(),
                Err(fault) => return Err(fault),
            };
            self.months.insert(month.clone(), keys);
        }
        Ok(self.months.entry(month.clone()).or_default())
    }

    /// Keys that cannot be read are put aside for people to look at, and the month goes on with new
    /// ones: one damaged file must not keep all courts' tracks from being stored.
    fn set_aside(&self, month: &Month) -> io::Result<BTreeMap<OfficerId, MonthKey>> {
        let path = self.path(month);
        let mark = hex::encode(random::<4>());
        let aside = path.with_file_name(format!("keys-{}.damaged-{mark}", month.1));
        fs::rename(&path, &aside)?;
        if let Some(folder) = path.parent() {
            fs::File::open(folder)?.sync_all()?;
        }
        counter!("tiande_track_key_files_damaged_total").increment(1);
        error!(
            file = %aside.display(),
            "keys of tracks are damaged: what was kept of that month cannot be read; restore the file \
             from a copy of the data folder while the server is down"
        );
        Ok(BTreeMap::new())
    }

    fn read(&self, month: &Month, bytes: &[u8]) -> Option<BTreeMap<OfficerId, MonthKey>> {
        let (payload, _) = frame::take(bytes.strip_prefix(MAGIC)?)?;
        let mut cursor = Cursor(payload);
        let mut keys = BTreeMap::new();
        while !cursor.0.is_empty() {
            let officer = OfficerId(Uuid::from_bytes(cursor.array()?));
            let key = self.wrapper.open(&context(month, officer), cursor.bytes(WRAPPED_LEN)?)?;
            keys.insert(officer, MonthKey(key.try_into().ok()?));
        }
        Some(keys)
    }

    fn pack(&self, month: &Month, keys: &BTreeMap<OfficerId, MonthKey>) -> Vec<u8> {
        let mut payload = Vec::with_capacity(keys.len() * (16 + WRAPPED_LEN));
        for (officer, key) in keys {
            payload.extend(officer.0.as_bytes());
            payload.extend(self.wrapper.seal(&context(month, *officer), &key.0));
        }
        let mut out = MAGIC.to_vec();
        frame::put(&mut out, &payload);
        out
    }

    /// The key, if there is one.
    pub(super) fn find(
        &mut self,
        court: &CourtId,
        month: &str,
        officer: OfficerId,
    ) -> io::Result<Option<MonthKey>> {
        Ok(self.month(&(court.clone(), month.to_owned()))?.get(&officer).copied())
    }

    /// The key, made when there is none. Not to be used before [`Self::save`].
    pub(super) fn need(
        &mut self,
        court: &CourtId,
        month: &str,
        officer: OfficerId,
    ) -> io::Result<MonthKey> {
        let month = (court.clone(), month.to_owned());
        let keys = self.month(&month)?;
        if let Some(key) = keys.get(&officer) {
            return Ok(*key);
        }
        let key = MonthKey(random());
        keys.insert(officer, key);
        self.unsaved.insert(month);
        Ok(key)
    }

    /// Makes all new keys durable.
    pub(super) fn save(&mut self, medium: &Medium) -> io::Result<()> {
        while let Some(month) = self.unsaved.first().cloned() {
            if let Some(keys) = self.months.get(&month) {
                medium.folder(&self.folder.join(month.0.as_str()))?;
                medium.replace(&self.path(&month), &self.pack(&month, keys))?;
            }
            self.unsaved.remove(&month);
        }
        Ok(())
    }

    /// Destroys a key; true when there was one. When this fails it is not known whether it is gone.
    pub(super) fn destroy(
        &mut self,
        court: &CourtId,
        month: &str,
        officer: OfficerId,
        medium: &Medium,
    ) -> io::Result<bool> {
        let month = (court.clone(), month.to_owned());
        let mut keys = self.month(&month)?.clone();
        if keys.remove(&officer).is_none() {
            return Ok(false);
        }
        if let Err(fault) = medium.replace(&self.path(&month), &self.pack(&month, &keys)) {
            // The disk has the one or the other: whoever needs the month next reads which.
            if !self.unsaved.contains(&month) {
                self.months.remove(&month);
            }
            return Err(fault);
        }
        self.months.insert(month, keys);
        Ok(true)
    }

    /// Lets go of months whose file is removed.
    pub(super) fn drop_before(&mut self, month: &str) {
        self.months.retain(|(_, of), _| of.as_str() >= month);
    }
}

/// Binds a wrapped key to its place.
fn context(month: &Month, officer: OfficerId) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64);
    frame::put_text(&mut bytes, month.0.as_str());
    frame::put_text(&mut bytes, &month.1);
    bytes.extend(officer.0.as_bytes());
    bytes
}
