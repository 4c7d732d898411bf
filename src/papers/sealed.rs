//! The form of a sealed paper on the disk: pieces that are sealed each by itself, so that nobody has to hold a whole
//! paper, and an end that binds them to the paper's name.
//!
//! | part | bytes | bound to |
//! |---|---|---|
//! | identity of the file, at random | 16 | |
//! | pieces of [`PIECE`] bytes, the last one shorter | each 40 more | case, identity, number of the piece |
//! | the end: the paper's length | 48 | case, identity, SHA-256 of the paper |
//!
//! A piece of another file, in another place, or one missing does not open; a file under another name has an end that
//! does not open. That the SHA-256 is the pieces' own was seen by whoever wrote the end.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tiande_core::ids::CaseId;

use crate::keys::{Sealer, random};

/// Bytes of a paper that are sealed together.
pub(super) const PIECE: usize = 256 * 1024;
/// What sealing adds to a piece: nonce and tag.
const SEAL: u64 = 24 + 16;
const IDENTITY: u64 = 16;
const END: u64 = 8 + SEAL;

fn piece_context(case: CaseId, identity: [u8; 16], nth: u32) -> Vec<u8> {
    [case.0.as_bytes().as_slice(), &identity, &nth.to_be_bytes()].concat()
}

fn end_context(case: CaseId, identity: [u8; 16], sha256: [u8; 32]) -> Vec<u8> {
    [case.0.as_bytes().as_slice(), &identity, b"end", &sha256].concat()
}

fn damaged() -> io::Error {
    io::Error::from(ErrorKind::InvalidData)
}

/// Seals a paper as it comes.
#[derive(Debug)]
pub(super) struct Writing {
    file: File,
    sealer: Arc<Sealer>,
    case: CaseId,
    identity: [u8; 16],
    nth: u32,
    open: Vec<u8>,
    hasher: Sha256,
    bytes: u64,
}

impl Writing {
    /// Into an empty file.
    pub(super) fn new(mut file: File, sealer: Arc<Sealer>, case: CaseId) -> io::Result<Self> {
        let identity = random();
        file.write_all(&identity)?;
        let (open, hasher) = (Vec::with_capacity(PIECE), Sha256::new());
        Ok(Self { file, sealer, case, identity, nth: 0, open, hasher, bytes: 0 })
    }

    /// Some more of it.
    pub(super) fn write(&mut self, mut bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.bytes += bytes.len() as u64;
        while !bytes.is_empty() {
            let room = PIECE - self.open.len();
            let (now, later) = bytes.split_at(room.min(bytes.len()));
            self.open.extend_from_slice(now);
            bytes = later;
            if self.open.len() == PIECE {
                self.seal()?;
            }
        }
        Ok(())
    }

    fn seal(&mut self) -> io::Result<()> {
        let context = piece_context(self.case, self.identity, self.nth);
        self.file.write_all(&self.sealer.seal(&context, &self.open))?;
        self.nth += 1;
        self.open.clear();
        Ok(())
    }

    /// That was all. Durable on return, under whatever name the file has. Its SHA-256 and length.
    pub(super) fn finish(mut self) -> io::Result<([u8; 32], u64)> {
        if !self.open.is_empty() {
            self.seal()?;
        }
        let sha256 = <[u8; 32]>::from(self.hasher.finalize());
        let context = end_context(self.case, self.identity, sha256);
        self.file.write_all(&self.sealer.seal(&context, &self.bytes.to_be_bytes()))?;
        self.file.sync_all()?;
        Ok((sha256, self.bytes))
    }
}

/// Opens a sealed paper piece by piece.
#[derive(Debug)]
pub struct Reading {
    file: File,
    sealer: Arc<Sealer>,
    case: CaseId,
    identity: [u8; 16],
    nth: u32,
    left: u64,
    bytes: u64,
}

impl Reading {
    /// Of a file that has to be that paper.
    pub(super) fn new(
        mut file: File,
        sealer: Arc<Sealer>,
        case: CaseId,
        sha256: [u8; 32],
    ) -> io::Result<Self> {
        let length = file.metadata()?.len();
        let end = length.checked_sub(END).filter(|end| *end >= IDENTITY).ok_or_else(damaged)?;
        let mut identity = [0; 16];
        file.read_exact(&mut identity)?;
        file.seek(SeekFrom::Start(end))?;
        let mut sealed = Vec::new();
        (&mut file).take(END).read_to_end(&mut sealed)?;
        let opened = sealer.open(&end_context(case, identity, sha256), &sealed);
        let bytes = opened.and_then(|opened| opened.try_into().ok()).ok_or_else(damaged)?;
        let bytes = u64::from_be_bytes(bytes);
        let pieces = bytes.div_ceil(PIECE as u64);
        if IDENTITY + bytes + pieces * SEAL != end {
            return Err(damaged());
        }
        file.seek(SeekFrom::Start(IDENTITY))?;
        Ok(Self { file, sealer, case, identity, nth: 0, left: bytes, bytes })
    }

    /// Length of the paper.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The next piece; `None` after the last.
    pub(super) fn next(&mut self) -> io::Result<Option<Vec<u8>>> {
        if self.left == 0 {
            return Ok(None);
        }
        let length = self.left.min(PIECE as u64);
        let mut sealed = Vec::with_capacity(PIECE + 64);
        (&mut self.file).take(length + SEAL).read_to_end(&mut sealed)?;
        let context = piece_context(self.case, self.identity, self.nth);
        let piece = self.sealer.open(&context, &sealed).ok_or_else(damaged)?;
        self.nth += 1;
        self.left -= length;
        Ok(Some(piece))
    }
}
