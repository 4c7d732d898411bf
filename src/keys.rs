//! The master key and what is made of it.
//!
//! The master key is 32 random bytes in a file that only the server's user may read. It is never used
//! itself: each purpose derives its own key by name, so that two purposes can never share one. Who
//! loses the file loses all personal data; who steals it without the database has nothing.
//!
//! **Not here:** which data is sealed (see `journal::seal` and `access::store`), and no logging of any
//! key, ever: no type here shows its bytes in `Debug`.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// Length of every key here, bytes.
pub const KEY_LEN: usize = 32;
/// Length of XChaCha20-Poly1305's nonce, bytes; long enough to be drawn at random for ever.
pub const NONCE_LEN: usize = 24;

/// A key file could not be used.
#[derive(Debug, thiserror::Error)]
pub enum KeyFault {
    /// Reading or writing it failed.
    #[error("cannot use the key file {path}")]
    File {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Others than the owner may read it.
    #[error("the key file {path} can be read by others (mode {mode:o}); it must be 0600")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// It is not 32 bytes long.
    #[error("the key file {path} has {length} bytes instead of 32")]
    Length {
        /// Which file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// It is missing beside a database that was written with it.
    #[error("the key file {path} is missing, and the database beside it needs it")]
    Missing {
        /// Which file.
        path: PathBuf,
    },
}

/// Fills an array with random bytes of the operating system.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system always has random bytes once it runs");
    bytes
}

/// HMAC-SHA256 over parts; each part's length goes in, so that their borders cannot move.
#[must_use]
pub fn keyed_hash(key: &[u8; KEY_LEN], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac =
        <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes any key length");
    for part in parts {
        let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
        mac.update(&length.to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Reads a 32-byte key file, or makes it when `may_create` and there is none.
///
/// # Errors
/// [`KeyFault`] when it cannot be read or made, is readable by others, has another length, or is
/// missing though it must be there.
pub fn load_or_create(path: &Path, may_create: bool) -> Result<[u8; KEY_LEN], KeyFault> {
    let fault = |source| KeyFault::File { path: path.to_owned(), source };
    match File::open(path) {
        Ok(mut file) => {
            let mode = file.metadata().map_err(fault)?.permissions().mode() & 0o777;
            if mode & 0o077 != 0 {
                return Err(KeyFault::Open { path: path.to_owned(), mode });
            }
            let mut bytes = Vec::with_capacity(KEY_LEN);
            file.read_to_end(&mut bytes).map_err(fault)?;
            let length = bytes.len();
            bytes.try_into().map_err(|_wrong| KeyFault::Length { path: path.to_owned(), length })
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound && may_create => {
            let key = random::<KEY_LEN>();
            write_private(path, &key).map_err(fault)?;
            Ok(key)
        }
        Err(missing) if missing.kind() == io::ErrorKind::NotFound => {
            Err(KeyFault::Missing { path: path.to_owned() })
        }
        Err(other) => Err(fault(other)),
    }
}

/// Writes a file that only its owner may read, whole or not at all, durable on return.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    let draft = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    File::open(folder)?.sync_all()
}

/// The key all others come from.
#[derive(Clone)]
pub struct MasterKey([u8; KEY_LEN]);

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(…)")
    }
}

impl MasterKey {
    /// Takes the key from its file; see [`load_or_create`].
    ///
    /// # Errors
    /// [`KeyFault`].
    pub fn load(path: &Path, may_create: bool) -> Result<Self, KeyFault> {
        load_or_create(path, may_create).map(Self)
    }

    /// A key from bytes, for tests.
    #[must_use]
    pub fn from_bytes(bytes: [u8; KEY_LEN]) -> Self {
        Self(bytes)
    }

    /// The key of one purpose.
    #[must_use]
    pub fn derive(&self, purpose: &str) -> [u8; KEY_LEN] {
        keyed_hash(&self.0, &[b"tiande-derive-v1", purpose.as_bytes()])
    }

    /// Tells this key from others without telling anything about it.
    #[must_use]
    pub fn id(&self) -> [u8; 32] {
        self.derive("identity of the master key")
    }
}

/// Seals bytes under one key with XChaCha20-Poly1305. The sealed form is nonce, ciphertext, tag.
pub struct Sealer(XChaCha20Poly1305);

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(…)")
    }
}

impl Sealer {
    /// A sealer of that key.
    #[must_use]
    pub fn new(key: &[u8; KEY_LEN]) -> Self {
        Self(XChaCha20Poly1305::new(key.into()))
    }

    /// Seals `plain`; only the same `context` opens it again.
    #[must_use]
    pub fn seal(&self, context: &[u8], plain: &[u8]) -> Vec<u8> {
        self.seal_with(random(), context, plain)
    }

    /// Like [`Self::seal`], with a nonce that was never used before under this key.
    #[must_use]
    pub fn seal_with(&self, nonce: [u8; NONCE_LEN], context: &[u8], plain: &[u8]) -> Vec<u8> {
        let payload = Payload { msg: plain, aad: context };
        let sealed = self
            .0
            .encrypt(&XNonce::from(nonce), payload)
            .expect("sealing fails only beyond 256 GiB");
        let mut out = Vec::with_capacity(NONCE_LEN + sealed.len());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        out
    }

    /// Opens what [`Self::seal`] made; `None` when key, context or bytes are not the same.
    #[must_use]
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Vec<u8>> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE_LEN>()?;
        self.0.decrypt(&XNonce::from(*nonce), Payload { msg: sealed, aad: context }).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(name: &str) -> PathBuf {
        let path =
            std::env::temp_dir().join(format!("tiande-keys-{name}-{}", hex::encode(random::<8>())));
        fs::create_dir_all(&path).expect("a temporary folder");
        path
    }

    #[test]
    fn a_key_is_made_once_and_private() {
        let path = folder("made").join("keys/master.key");
        let first = load_or_create(&path, true).expect("made");
        assert_eq!(load_or_create(&path, false).expect("read"), first);
        let mode = fs::metadata(&path).expect("there").permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
    }

    #[test]
    fn a_key_that_others_can_read_is_refused() {
        let path = folder("open").join("master.key");
        load_or_create(&path, true).expect("made");
        for mode in [0o640, 0o604, 0o660] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).expect("changed");
            assert!(matches!(load_or_create(&path, true), Err(KeyFault::Open { .. })), "{mode:o}");
        }
    }

    #[test]
    fn a_short_or_missing_key_is_refused() {
        let path = folder("short").join("master.key");
        assert!(matches!(load_or_create(&path, false), Err(KeyFault::Missing { .. })));
        write_private(&path, &[1; 31]).expect("written");
        assert!(matches!(load_or_create(&path, true), Err(KeyFault::Length { length: 31, .. })));
    }

    #[test]
    fn purposes_have_different_keys() {
        let master = MasterKey::from_bytes([7; 32]);
        assert_ne!(master.derive("a"), master.derive("b"));
        assert_eq!(master.derive("a"), master.derive("a"));
        assert_eq!(format!("{master:?}"), "MasterKey(…)");
    }

    #[test]
    fn sealed_bytes_open_only_in_their_context() {
        let sealer = Sealer::new(&[9; 32]);
        let sealed = sealer.seal(b"here", b"secret");
        assert_eq!(sealer.open(b"here", &sealed).as_deref(), Some(&b"secret"[..]));
        assert_eq!(sealer.open(b"there", &sealed), None);
        assert_eq!(Sealer::new(&[8; 32]).open(b"here", &sealed), None);
        assert_eq!(sealer.open(b"here", &sealed[..10]), None);
    }

    #[test]
    fn borders_of_parts_count() {
        assert_ne!(keyed_hash(&[0; 32], &[b"ab", b"c"]), keyed_hash(&[0; 32], &[b"a", b"bc"]));
    }
}
