//! Sealing of personal parts: one data key per subject, wrapped by the master key.
//!
//! A sealed part is: 8 bytes that tell which data key it was, then nonce, ciphertext and tag. The
//! key's mark is there so that a part whose key was destroyed (and perhaps replaced by a new one for
//! the same subject) reads as "forgotten", and a damaged one as a fault.
//!
//! **Not here:** where wrapped keys are stored. The cache holds keys only of this process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sha2::{Digest, Sha256};
use tiande_core::journal::Subject;

use super::cache::BoundedCache;
use crate::keys::{KEY_LEN, MasterKey, Sealer};

/// Unwrapped keys kept in memory. 32 bytes each and its map's overhead: about 3 MB.
const CACHE_MAX: usize = 32_768;
/// Length of a data key's mark in front of what it sealed.
const MARK_LEN: usize = 8;

/// A subject's data key, and its mark: worked out once, for it stands in front of each sealed part.
#[derive(Clone, Copy)]
pub struct DataKey {
    key: [u8; KEY_LEN],
    mark: [u8; MARK_LEN],
}

impl std::fmt::Debug for DataKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("DataKey(…)")
    }
}

/// What became of a sealed part.
#[derive(Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is this.
    Plain(Vec<u8>),
    /// Its key was destroyed.
    Forgotten,
    /// It is not what was sealed there.
    Damaged,
}

impl DataKey {
    fn of(key: [u8; KEY_LEN]) -> Self {
        let digest = Sha256::new().chain_update(b"tiande-data-key-v1").chain_update(key).finalize();
        let mut mark = [0; MARK_LEN];
        mark.copy_from_slice(&digest[..MARK_LEN]);
        Self { key, mark }
    }

    /// Opens what [`SubjectKeys::seal`] made for the same place.
    #[must_use]
    pub fn open(&self, stream: &str, seq: u64, kind: &str, sealed: &[u8]) -> Opened {
        let Some((mark, sealed)) = sealed.split_first_chunk::<MARK_LEN>() else {
            return Opened::Damaged;
        };
        if *mark != self.mark {
            return Opened::Forgotten;
        }
        Sealer::new(&self.key)
            .open(&place(stream, seq, kind), sealed)
            .map_or(Opened::Damaged, Opened::Plain)
    }
}

/// Binds a ciphertext to its place, so that it cannot be moved to another record.
fn place(stream: &str, seq: u64, kind: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(stream.len() + kind.len() + 16);
    for part in [stream.as_bytes(), &seq.to_be_bytes(), kind.as_bytes()] {
        bytes.extend_from_slice(&u32::try_from(part.len()).unwrap_or(u32::MAX).to_be_bytes());
        bytes.extend_from_slice(part);
    }
    bytes
}

/// Where random bytes come from: the operating system, but for a test that wants the same bytes
/// twice. Two different parts under one key and one nonce would lay both open, so nothing else may.
#[derive(Clone)]
pub struct Randomness(Arc<Fill>);

type Fill = dyn Fn(&mut [u8]) + Send + Sync;

impl Default for Randomness {
    fn default() -> Self {
        let system = |bytes: &mut [u8]| {
            getrandom::fill(bytes).expect("the operating system always has random bytes");
        };
        Self(Arc::new(system))
    }
}

impl std::fmt::Debug for Randomness {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Randomness(…)")
    }
}

impl Randomness {
    /// Random bytes of a test's own.
    #[must_use]
    pub fn of_test(fill: impl Fn(&mut [u8]) + Send + Sync + 'static) -> Self {
        Self(Arc::new(fill))
    }

    fn bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        (self.0)(&mut bytes);
        bytes
    }
}

/// Makes, wraps and remembers data keys.
#[derive(Debug)]
pub struct SubjectKeys {
    wrapper: Sealer,
    randomness: Randomness,
    cache: Mutex<Cache>,
}

#[derive(Debug)]
struct Cache {
    keys: BoundedCache<Subject, DataKey>,
    /// Grows with each forgetting. A reader that fetched a wrapped key before must not put it back.
    generation: u64,
}

impl SubjectKeys {
    /// Keys under that master key.
    #[must_use]
    pub fn new(master: &MasterKey, randomness: Randomness) -> Self {
        let cache = Cache { keys: BoundedCache::new(CACHE_MAX), generation: 0 };
        Self {
            wrapper: Sealer::new(&master.derive("wrapping of subject keys")),
            randomness,
            cache: Mutex::new(cache),
        }
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        // Every change of the cache is one call; a panic elsewhere cannot leave it half done.
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A new key and its wrapped form. Not remembered yet: its row is not durable yet.
    #[must_use]
    pub fn create(&self, subject: Subject) -> (DataKey, Vec<u8>) {
        let key = DataKey::of(self.randomness.bytes());
        let nonce = self.randomness.bytes();
        (key, self.wrapper.seal_with(nonce, subject.0.as_bytes(), &key.key))
    }

    /// Seals a personal part for one place in the journal.
    #[must_use]
    pub fn seal(&self, key: DataKey, stream: &str, seq: u64, kind: &str, plain: &[u8]) -> Vec<u8> {
        let mut out = key.mark.to_vec();
        let sealer = Sealer::new(&key.key);
        out.extend(sealer.seal_with(self.randomness.bytes(), &place(stream, seq, kind), plain));
        out
    }

    /// Unwraps a stored key; `None` when it was not wrapped for that subject under this master key.
    #[must_use]
    pub fn unwrap_stored(&self, subject: Subject, wrapped: &[u8]) -> Option<DataKey> {
        let bytes = self.wrapper.open(subject.0.as_bytes(), wrapped)?;
        bytes.try_into().ok().map(DataKey::of)
    }

    /// The key, if it is remembered.
    #[must_use]
    pub fn cached(&self, subject: Subject) -> Option<DataKey> {
        self.cache().keys.get(&subject)
    }

    /// Number of forgettings so far; ask before reading wrapped keys.
    #[must_use]
    pub fn generation(&self) -> u64 {
        self.cache().generation
    }

    /// Remembers a key that was read in that generation.
    pub fn remember(&self, subject: Subject, key: DataKey, generation: u64) {
        let mut cache = self.cache();
        if cache.generation == generation {
            cache.keys.insert(subject, key);
        }
    }

    /// Forgets a key whose row is gone.
    pub fn forget(&self, subject: Subject) {
        let mut cache = self.cache();
        cache.generation += 1;
        cache.keys.remove(&subject);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_sealed_part_opens_only_in_its_place() {
        let keys = SubjectKeys::new(&MasterKey::from_bytes([1; 32]), Randomness::default());
        let (key, _) = keys.create(Subject(Uuid::from_u128(1)));
        let sealed = keys.seal(key, "tip/a", 1, "tip.received", b"secret");
        assert_eq!(
            key.open("tip/a", 1, "tip.received", &sealed),
            Opened::Plain(b"secret".to_vec())
        );
        assert_eq!(key.open("tip/b", 1, "tip.received", &sealed), Opened::Damaged);
        assert_eq!(key.open("tip/a", 2, "tip.received", &sealed), Opened::Damaged);
        assert_eq!(key.open("tip/a", 1, "tip.linked", &sealed), Opened::Damaged);
    }

    #[test]
    fn another_key_of_the_same_subject_means_forgotten() {
        let keys = SubjectKeys::new(&MasterKey::from_bytes([1; 32]), Randomness::default());
        let (old, _) = keys.create(Subject(Uuid::from_u128(1)));
        let (new, _) = keys.create(Subject(Uuid::from_u128(1)));
        let sealed = keys.seal(old, "tip/a", 1, "tip.received", b"secret");
        assert_eq!(new.open("tip/a", 1, "tip.received", &sealed), Opened::Forgotten);
        assert_eq!(new.open("tip/a", 1, "tip.received", b"short"), Opened::Damaged);
    }

    #[test]
    fn a_wrapped_key_belongs_to_its_subject_and_master() {
        let keys = SubjectKeys::new(&MasterKey::from_bytes([1; 32]), Randomness::default());
        let (one, two) = (Subject(Uuid::from_u128(1)), Subject(Uuid::from_u128(2)));
        let (key, wrapped) = keys.create(one);
        assert_eq!(keys.unwrap_stored(one, &wrapped).map(|k| k.key), Some(key.key));
        assert!(keys.unwrap_stored(two, &wrapped).is_none());
        let other = SubjectKeys::new(&MasterKey::from_bytes([2; 32]), Randomness::default());
        assert!(other.unwrap_stored(one, &wrapped).is_none());
    }

    #[test]
    fn a_late_reader_cannot_bring_a_forgotten_key_back() {
        let keys = SubjectKeys::new(&MasterKey::from_bytes([1; 32]), Randomness::default());
        let subject = Subject(Uuid::from_u128(1));
        let (key, _) = keys.create(subject);
        let generation = keys.generation();
        keys.forget(subject);
        keys.remember(subject, key, generation);
        assert!(keys.cached(subject).is_none());
        keys.remember(subject, key, keys.generation());
        assert!(keys.cached(subject).is_some());
    }
}
