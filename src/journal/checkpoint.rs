//! Signed checkpoints: the journal's head, signed, in a file outside the database.
//!
//! The chain alone shows any change in its middle. It cannot show that its end was cut off, or that
//! all of it was written anew: for that somebody must have kept an older head. One checkpoint is one
//! JSON line; copies of the file on other machines are what makes it strong.
//!
//! **Not here:** when to sign (the writer decides) and walking the chain (`verify`).

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use serde::{Deserialize, Serialize};

use super::envelope::HashAlg;
use crate::fault;
use crate::keys::{KeyFault, load_or_create};

/// Stands in each line and in front of what is signed.
const FORMAT: &str = "tiande-checkpoint-v1";

/// The default file, in the data folder.
#[must_use]
pub fn default_file(data_dir: &Path) -> PathBuf {
    data_dir.join("checkpoints").join("journal.checkpoints")
}

/// The default public key, in the data folder.
#[must_use]
pub fn default_public_key(data_dir: &Path) -> PathBuf {
    data_dir.join("keys").join("checkpoint.pub")
}

/// The key that signs, made if there is none; its public part is written beside it.
///
/// # Errors
/// [`KeyFault`].
pub fn signing_key(data_dir: &Path) -> Result<SigningKey, KeyFault> {
    let key = load_or_create(&data_dir.join("keys").join("checkpoint.key"), true)?;
    let key = SigningKey::from_bytes(&key);
    let public = default_public_key(data_dir);
    let text = format!("{}\n", hex::encode(key.verifying_key().to_bytes()));
    if fs::read_to_string(&public).ok().as_deref() != Some(&text) {
        fs::write(&public, text).map_err(|source| KeyFault::File { path: public, source })?;
    }
    Ok(key)
}

/// Reads a public key: 64 digits of hex in a file.
///
/// # Errors
/// [`KeyFault`].
pub fn read_public_key(path: &Path) -> Result<VerifyingKey, KeyFault> {
    let fault = |source| KeyFault::File { path: path.to_owned(), source };
    let text = fs::read_to_string(path).map_err(fault)?;
    let mut bytes = [0; 32];
    let unusable = || KeyFault::Length { path: path.to_owned(), length: text.trim().len() / 2 };
    hex::decode_to_slice(text.trim(), &mut bytes).map_err(|_| unusable())?;
    VerifyingKey::from_bytes(&bytes).map_err(|_| unusable())
}

/// A head of the chain at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// Position of the newest record.
    pub position: u64,
    /// Its hash.
    pub hash: [u8; 32],
    /// Hash function of the chain.
    pub hash_alg: HashAlg,
    /// When it was signed, Unix milliseconds.
    pub at_ms: i64,
    /// Ownership epoch of who signed.
    pub epoch: u64,
}

/// One line of the file.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    format: String,
    position: u64,
    hash: String,
    hash_alg: String,
    at_ms: i64,
    epoch: u64,
    signature: String,
}

impl Checkpoint {
    /// What is signed: the fields in fixed order, each with its length (u32, big-endian) in front.
    fn message(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(128);
        let fields: [&[u8]; 6] = [
            FORMAT.as_bytes(),
            &self.position.to_be_bytes(),
            &self.hash,
            self.hash_alg.name().as_bytes(),
            &self.at_ms.to_be_bytes(),
            &self.epoch.to_be_bytes(),
        ];
        for field in fields {
            bytes.extend_from_slice(&u32::try_from(field.len()).unwrap_or(u32::MAX).to_be_bytes());
            bytes.extend_from_slice(field);
        }
        bytes
    }

    fn line(&self, key: &SigningKey) -> String {
        let line = Line {
            format: FORMAT.to_owned(),
            position: self.position,
            hash: hex::encode(self.hash),
            hash_alg: self.hash_alg.name().to_owned(),
            at_ms: self.at_ms,
            epoch: self.epoch,
            signature: hex::encode(key.sign(&self.message()).to_bytes()),
        };
        let mut text = serde_json::to_string(&line).expect("plain data always serialises");
        text.push('\n');
        text
    }

    /// Reads a line and checks its signature.
    fn parse(text: &str, key: &VerifyingKey) -> Result<Self, &'static str> {
        let line: Line = serde_json::from_str(text).map_err(|_| "is unreadable")?;
        if line.format != FORMAT {
            return Err("has another format");
        }
        let mut checkpoint = Self {
            position: line.position,
            hash: [0; 32],
            hash_alg: HashAlg::from_name(&line.hash_alg).ok_or("names an unknown hash")?,
            at_ms: line.at_ms,
            epoch: line.epoch,
        };
        hex::decode_to_slice(&line.hash, &mut checkpoint.hash).map_err(|_| "is unreadable")?;
        let mut signature = [0; 64];
        hex::decode_to_slice(&line.signature, &mut signature).map_err(|_| "is unreadable")?;
        key.verify_strict(&checkpoint.message(), &Signature::from_bytes(&signature))
            .map_err(|_| "has a wrong signature")?;
        Ok(checkpoint)
    }
}

/// Appends signed checkpoints to the file.
#[derive(Debug)]
pub struct CheckpointWriter {
    key: SigningKey,
    file: File,
}

impl CheckpointWriter {
    /// Opens key and file, making what is not there. The public key is written beside the key.
    ///
    /// # Errors
    /// [`KeyFault`] for the key and for the file.
    pub fn open(data_dir: &Path) -> Result<Self, KeyFault> {
        let key = signing_key(data_dir)?;
        let path = default_file(data_dir);
        let file = open_for_lines(&path).map_err(|source| KeyFault::File { path, source })?;
        Ok(Self { key, file })
    }

    /// Signs a head and appends it; with `durable` it is on the disk on return.
    ///
    /// # Errors
    /// What the file says.
    pub fn append(&mut self, checkpoint: &Checkpoint, durable: bool) -> io::Result<()> {
        let line = checkpoint.line(&self.key);
        let (first, rest) = line.split_at(fault::cut("checkpoint.mid_append", line.len()));
        if !first.is_empty() {
            self.file.write_all(first.as_bytes())?;
            fault::point("checkpoint.mid_append");
        }
        self.file.write_all(rest.as_bytes())?;
        if durable { self.file.sync_data() } else { Ok(()) }
    }
}

/// Opens for appending. A line that a crash cut short is ended, so that the next one stands alone.
fn open_for_lines(path: &Path) -> io::Result<File> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new().create(true).append(true).read(true).open(path)?;
    if file.metadata()?.len() > 0 {
        let mut last = [0];
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            file.write_all(b"\n")?;
        }
    }
    Ok(file)
}

/// What a file of checkpoints holds.
#[derive(Debug, Default)]
pub struct CheckpointFile {
    /// Good ones, in the file's order.
    pub good: Vec<Checkpoint>,
    /// Numbers of bad lines, from 1, and what is wrong with them.
    pub bad: Vec<(usize, &'static str)>,
}

/// Reads a file of checkpoints and checks every signature.
///
/// # Errors
/// [`KeyFault`] when file or public key cannot be read.
pub fn read_file(path: &Path, public_key: &Path) -> Result<CheckpointFile, KeyFault> {
    let key = read_public_key(public_key)?;
    let fault = |source| KeyFault::File { path: path.to_owned(), source };
    let lines = fs::read(path).map_err(fault)?;
    let mut found = CheckpointFile::default();
    for (number, line) in (1..).zip(String::from_utf8_lossy(&lines).lines()) {
        match Checkpoint::parse(line, &key) {
            Ok(checkpoint) => found.good.push(checkpoint),
            Err(what) => found.bad.push((number, what)),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Checkpoint {
        let hash_alg = HashAlg::Sha256;
        Checkpoint { position: 5, hash: [3; 32], hash_alg, at_ms: 1_764_000_000_000, epoch: 2 }
    }

    #[test]
    fn a_changed_line_is_refused() {
        let key = SigningKey::from_bytes(&[4; 32]);
        let line = sample().line(&key);
        assert_eq!(Checkpoint::parse(&line, &key.verifying_key()), Ok(sample()));
        let moved = line.replace("\"position\":5", "\"position\":6");
        assert_eq!(Checkpoint::parse(&moved, &key.verifying_key()), Err("has a wrong signature"));
        let other = SigningKey::from_bytes(&[5; 32]);
        assert_eq!(Checkpoint::parse(&line, &other.verifying_key()), Err("has a wrong signature"));
        assert_eq!(Checkpoint::parse("{}", &key.verifying_key()), Err("is unreadable"));
    }

    #[test]
    fn a_line_cut_short_by_a_crash_spoils_no_other() {
        let folder = std::env::temp_dir()
            .join(format!("tiande-checkpoint-{}", hex::encode(crate::keys::random::<8>())));
        let mut writer = CheckpointWriter::open(&folder).expect("opens");
        writer.append(&sample(), true).expect("written");
        writer.file.write_all(b"{\"format\":\"tian").expect("written");
        let mut writer = CheckpointWriter::open(&folder).expect("opens again");
        writer.append(&sample(), false).expect("written");
        let read = read_file(&default_file(&folder), &default_public_key(&folder)).expect("read");
        assert_eq!(read.good, [sample(), sample()]);
        assert_eq!(read.bad, [(2, "is unreadable")]);
    }
}
