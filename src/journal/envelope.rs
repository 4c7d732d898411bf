//! The envelope around an event, its canonical bytes and their hash.
//!
//! The hash covers every column of a row but itself, the ciphertext and never the plaintext, so that
//! the chain stays whole when a person is forgotten. The format is frozen: golden vectors below.
//!
//! **Not here:** reading and writing rows, and anything about what an event means.

use sha2::{Digest, Sha256};
use sm3::Sm3;

/// What the first record has in place of a previous hash.
pub const GENESIS: [u8; 32] = [0; 32];

/// Goes into every hash first, so that a hash of this journal is a hash of nothing else.
const DOMAIN: &[u8] = b"tiande-journal-v1";

/// Which hash function chains the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HashAlg {
    /// SHA-256 (FIPS 180-4).
    #[default]
    Sha256,
    /// SM3 (GB/T 32905), for courts that must use national algorithms.
    Sm3,
}

impl HashAlg {
    /// Its name in rows, checkpoints and configuration.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sm3 => "sm3",
        }
    }

    /// The algorithm of that name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "sha256" => Some(Self::Sha256),
            "sm3" => Some(Self::Sm3),
            _ => None,
        }
    }
}

/// One record without its own hash, borrowed from wherever it is.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Place in the whole journal, from 1.
    pub position: u64,
    /// Court.
    pub court: &'a str,
    /// Stream, in its text form.
    pub stream: &'a str,
    /// Number in the stream, from 1.
    pub seq: u64,
    /// Ownership epoch of the writer.
    pub epoch: u64,
    /// Kind of the event.
    pub kind: &'a str,
    /// Schema version of the body.
    pub schema_version: u16,
    /// When it was decided, Unix milliseconds.
    pub at_ms: i64,
    /// Who caused it, JSON.
    pub by_json: &'a str,
    /// Why, in a person's words.
    pub why: Option<&'a str>,
    /// Hash function of this record.
    pub hash_alg: HashAlg,
    /// Hash of the record before.
    pub prev_hash: &'a [u8],
    /// Whose key seals the personal part.
    pub subject: Option<&'a [u8]>,
    /// The body in clear, JSON.
    pub body: &'a [u8],
    /// The personal part, sealed.
    pub sealed: Option<&'a [u8]>,
}

impl Envelope<'_> {
    /// Hands the canonical bytes to `take`, in pieces: fields in fixed order, each with its length
    /// (u32, big-endian) in front. A field that may be absent starts with 1 when it is there and is
    /// empty when it is not, so that "absent" and "empty" differ.
    fn canonical_pieces(&self, mut take: impl FnMut(&[u8])) {
        let mut field = |present: Option<u8>, bytes: &[u8]| {
            let length = bytes.len() + usize::from(present.is_some());
            let length = u32::try_from(length).expect("no field of a record is 4 GiB long");
            take(&length.to_be_bytes());
            if let Some(mark) = present {
                take(&[mark]);
            }
            take(bytes);
        };
        field(None, &self.position.to_be_bytes());
        field(None, self.court.as_bytes());
        field(None, self.stream.as_bytes());
        field(None, &self.seq.to_be_bytes());
        field(None, &self.epoch.to_be_bytes());
        field(None, self.kind.as_bytes());
        field(None, &self.schema_version.to_be_bytes());
        field(None, &self.at_ms.to_be_bytes());
        field(None, self.by_json.as_bytes());
        field(self.why.map(|_| 1), self.why.unwrap_or_default().as_bytes());
        field(None, self.hash_alg.name().as_bytes());
        field(None, self.prev_hash);
        field(self.subject.map(|_| 1), self.subject.unwrap_or_default());
        field(None, self.body);
        field(self.sealed.map(|_| 1), self.sealed.unwrap_or_default());
    }

    /// The canonical bytes in one piece.
    #[must_use]
    pub fn canonical(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(256 + self.body.len());
        self.canonical_pieces(|piece| bytes.extend_from_slice(piece));
        bytes
    }

    /// The record's hash.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        match self.hash_alg {
            HashAlg::Sha256 => self.hash_with::<Sha256>(),
            HashAlg::Sm3 => self.hash_with::<Sm3>(),
        }
    }

    fn hash_with<D: Digest>(&self) -> [u8; 32] {
        let mut digest = D::new();
        digest.update(DOMAIN);
        self.canonical_pieces(|piece| digest.update(piece));
        let mut hash = [0; 32];
        hash.copy_from_slice(&digest.finalize());
        hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(hash_alg: HashAlg) -> Envelope<'static> {
        Envelope {
            position: 7,
            court: "changyuan",
            stream: "officer/0192d3a4-0000-7000-8000-000000000001",
            seq: 3,
            epoch: 2,
            kind: "officer.went_on_duty",
            schema_version: 1,
            at_ms: 1_764_000_000_123,
            by_json: r#"{"type":"system"}"#,
            why: Some("换班"),
            hash_alg,
            prev_hash: &[0xAB; 32],
            subject: None,
            body: br#"{"how":"reported"}"#,
            sealed: None,
        }
    }

    #[test]
    fn the_hash_functions_are_the_published_ones() {
        // FIPS 180-4 and GB/T 32905-2016 appendix A.1, both of "abc".
        assert_eq!(
            hex::encode(Sha256::digest(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(
            hex::encode(Sm3::digest(b"abc")),
            "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
        );
    }

    // Computed by other programs (Python's hashlib, OpenSSL's SM3) from the format's description.
    #[test]
    fn golden_hashes_never_change() {
        assert_eq!(
            hex::encode(sample(HashAlg::Sha256).hash()),
            "69fc3e618ddee5a099ca3b03bc47a2efc604b40b44ad560f2b72ed6fcb3c5413"
        );
        assert_eq!(
            hex::encode(sample(HashAlg::Sm3).hash()),
            "926aceb07cc217d3c2a3bd67231cde55fa2971e4261fd0e5d8bc00729fc881bc"
        );
    }

    #[test]
    fn canonical_bytes_are_what_the_format_says() {
        let mut bytes = DOMAIN.to_vec();
        bytes.extend(sample(HashAlg::Sha256).canonical());
        assert_eq!(<[u8; 32]>::from(Sha256::digest(&bytes)), sample(HashAlg::Sha256).hash());
        assert_eq!(bytes[17..33], [0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 9]);
    }

    #[test]
    fn absent_and_empty_differ() {
        let mut empty = sample(HashAlg::Sha256);
        empty.why = Some("");
        let mut absent = empty;
        absent.why = None;
        assert_ne!(empty.hash(), absent.hash());
    }

    #[test]
    fn no_field_can_change_unseen() {
        let base = sample(HashAlg::Sha256);
        let changed = [
            Envelope { position: 8, ..base },
            Envelope { court: "changyuam", ..base },
            Envelope { stream: "x", ..base },
            Envelope { seq: 4, ..base },
            Envelope { epoch: 3, ..base },
            Envelope { kind: "x", ..base },
            Envelope { schema_version: 2, ..base },
            Envelope { at_ms: 0, ..base },
            Envelope { by_json: "{}", ..base },
            Envelope { why: None, ..base },
            Envelope { hash_alg: HashAlg::Sm3, ..base },
            Envelope { prev_hash: &GENESIS, ..base },
            Envelope { subject: Some(&[1; 16]), ..base },
            Envelope { body: b"{}", ..base },
            Envelope { sealed: Some(b"x"), ..base },
        ];
        for other in changed {
            assert_ne!(other.hash(), base.hash(), "{other:?}");
        }
    }
}
