//! Roots, receipts and promises as JSON. Read strictly: an unknown field, a capital digit of hex, a
//! key that is there twice are refused, so that there is one way to write each thing and every
//! change shows.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use tiande_core::ids::CourtId;
use tiande_core::proof::{DayRoot, Inclusion, Promise};
use tiande_core::time::UnixMillis;

use crate::journal::HashAlg;
use crate::journal::day_roots::SignedRoot;
use crate::journal::evidence::Record;

/// Format of a root.
pub const ROOT: &str = "tiande-root-v1";
/// Format of a receipt.
pub const RECEIPT: &str = "tiande-receipt-v1";
/// What the text of a root's QR code begins with.
const QR: &str = "TIANDE:ROOT:1";

/// Bytes as small digits of hex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hex<const N: usize>(pub [u8; N]);

/// As many bytes as there are, as small digits of hex.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HexBytes(pub Vec<u8>);

fn small_digits<'de, D: Deserializer<'de>>(from: D) -> Result<Vec<u8>, D::Error> {
    let text = String::deserialize(from)?;
    let small = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let bytes = small.then(|| hex::decode(&text).ok()).flatten();
    bytes.ok_or_else(|| de::Error::custom("not small digits of hex"))
}

impl<const N: usize> Serialize for Hex<N> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(self.0))
    }
}

impl<'de, const N: usize> Deserialize<'de> for Hex<N> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let bytes = small_digits(from)?.try_into();
        bytes.map(Self).map_err(|_length| de::Error::custom("of another length"))
    }
}

impl Serialize for HexBytes {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&hex::encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for HexBytes {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        small_digits(from).map(Self)
    }
}

/// A signed root: a line of `<court>.roots`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RootShape {
    /// [`ROOT`].
    pub format: String,
    /// Court.
    pub court: String,
    /// Number among the court's roots, from 1.
    pub number: u64,
    /// For which day.
    pub day: String,
    /// First position covered.
    pub first: u64,
    /// Last position covered.
    pub last: u64,
    /// How many of the court's records.
    pub size: u64,
    /// Root of the tree over them.
    pub root: Hex<32>,
    /// When it was made.
    pub at_ms: i64,
    /// Root of the tree over all roots so far.
    pub log_root: Hex<32>,
    /// Ed25519 over all of it.
    pub signature: Hex<64>,
}

impl From<&SignedRoot> for RootShape {
    fn from(signed: &SignedRoot) -> Self {
        let root = &signed.root;
        Self {
            format: ROOT.to_owned(),
            court: root.court.to_string(),
            number: root.number,
            day: root.day.to_string(),
            first: root.first,
            last: root.last,
            size: root.size,
            root: Hex(root.root),
            at_ms: root.at.0,
            log_root: Hex(root.log_root),
            signature: Hex(signed.signature),
        }
    }
}

impl RootShape {
    /// The root; `None` when a field is none. Whether it is signed is another question.
    #[must_use]
    pub fn signed(&self) -> Option<SignedRoot> {
        if self.format != ROOT {
            return None;
        }
        let root = DayRoot {
            court: CourtId::parse(&self.court).ok()?,
            number: self.number,
            day: self.day.parse().ok()?,
            first: self.first,
            last: self.last,
            size: self.size,
            root: self.root.0,
            at: UnixMillis(self.at_ms),
            log_root: self.log_root.0,
        };
        // A day that is written in another way would be another text with the same meaning.
        let canonical = root.day.to_string() == self.day;
        canonical.then_some(SignedRoot { root, signature: self.signature.0 })
    }

    /// The text of its QR code: only characters that a QR code packs well.
    #[must_use]
    pub fn to_qr(&self) -> String {
        let fields = [
            QR.to_owned(),
            self.court.clone(),
            self.number.to_string(),
            self.day.clone(),
            self.first.to_string(),
            self.last.to_string(),
            self.size.to_string(),
            hex::encode(self.root.0),
            self.at_ms.to_string(),
            hex::encode(self.log_root.0),
            hex::encode(self.signature.0),
        ];
        fields.join(":").to_uppercase()
    }

    /// A root from a line: JSON, or the text of a QR code.
    #[must_use]
    pub fn from_line(line: &str) -> Option<Self> {
        let Some(rest) = line.strip_prefix(QR) else {
            let value = crate::strict_json::parse(line.as_bytes()).ok()?;
            return serde_json::from_value(value).ok();
        };
        let small = rest.strip_prefix(':')?.to_lowercase();
        let fields: Vec<&str> = small.split(':').collect();
        let [court, number, day, first, last, size, root, at, log_root, signature] =
            fields.as_slice()
        else {
            return None;
        };
        let mut read = Self {
            format: ROOT.to_owned(),
            court: (*court).to_owned(),
            number: number.parse().ok()?,
            day: (*day).to_owned(),
            first: first.parse().ok()?,
            last: last.parse().ok()?,
            size: size.parse().ok()?,
            root: Hex([0; 32]),
            at_ms: at.parse().ok()?,
            log_root: Hex([0; 32]),
            signature: Hex([0; 64]),
        };
        hex::decode_to_slice(root, &mut read.root.0).ok()?;
        hex::decode_to_slice(log_root, &mut read.log_root.0).ok()?;
        hex::decode_to_slice(signature, &mut read.signature.0).ok()?;
        (read.to_qr() == line).then_some(read)
    }
}

/// A record with everything that its hash covers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RecordShape {
    /// Place in the whole journal.
    pub position: u64,
    /// Court.
    pub court: String,
    /// Stream.
    pub stream: String,
    /// Number in the stream.
    pub seq: u64,
    /// Ownership epoch of the writer.
    pub epoch: u64,
    /// Kind of the event.
    pub kind: String,
    /// Schema version of the body.
    pub schema_version: u16,
    /// When it was decided.
    pub at_ms: i64,
    /// Who caused it: the text that was hashed, which is JSON.
    pub by: String,
    /// Why.
    pub why: Option<String>,
    /// Hash function.
    pub hash_alg: String,
    /// Hash of the record before.
    pub prev_hash: Hex<32>,
    /// Whose key seals the personal part.
    pub subject: Option<HexBytes>,
    /// The body: the text that was hashed, which is JSON.
    pub body: String,
    /// The personal part, sealed.
    pub sealed: Option<HexBytes>,
}

impl From<Record> for RecordShape {
    fn from(record: Record) -> Self {
        Self {
            position: record.position,
            court: record.court,
            stream: record.stream,
            seq: record.seq,
            epoch: record.epoch,
            kind: record.kind,
            schema_version: record.schema_version,
            at_ms: record.at_ms,
            by: record.by_json,
            why: record.why,
            hash_alg: record.hash_alg.name().to_owned(),
            prev_hash: Hex(record.prev_hash),
            subject: record.subject.map(HexBytes),
            body: record.body,
            sealed: record.sealed.map(HexBytes),
        }
    }
}

impl RecordShape {
    /// Its hash; `None` when it names a hash function that is none.
    #[must_use]
    pub fn hash(&self) -> Option<[u8; 32]> {
        let record = Record {
            position: self.position,
            court: self.court.clone(),
            stream: self.stream.clone(),
            seq: self.seq,
            epoch: self.epoch,
            kind: self.kind.clone(),
            schema_version: self.schema_version,
            at_ms: self.at_ms,
            by_json: self.by.clone(),
            why: self.why.clone(),
            hash_alg: HashAlg::from_name(&self.hash_alg)?,
            prev_hash: self.prev_hash.0,
            subject: self.subject.as_ref().map(|bytes| bytes.0.clone()),
            body: self.body.clone(),
            sealed: self.sealed.as_ref().map(|bytes| bytes.0.clone()),
        };
        Some(record.envelope().hash())
    }

    /// SHA-256 of the papers and pictures that the body names: what stands under `sha256` in it,
    /// wherever.
    #[must_use]
    pub fn papers(&self) -> Vec<[u8; 32]> {
        let mut found = Vec::new();
        if let Ok(body) = serde_json::from_str(&self.body) {
            named_hashes(&body, &mut found);
        }
        found
    }
}

fn named_hashes(value: &serde_json::Value, found: &mut Vec<[u8; 32]>) {
    use serde_json::Value;
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let mut hash = [0; 32];
                let text = value.as_str().filter(|_| name == "sha256");
                if text.is_some_and(|text| hex::decode_to_slice(text, &mut hash).is_ok()) {
                    found.push(hash);
                }
                named_hashes(value, found);
            }
        }
        Value::Array(values) => values.iter().for_each(|value| named_hashes(value, found)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The way from a leaf to its root.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InclusionShape {
    /// Place of the leaf, from 0.
    pub index: u64,
    /// How many leaves the tree has.
    pub size: u64,
    /// Hashes beside the way, from below.
    pub path: Vec<Hex<32>>,
}

impl From<Inclusion> for InclusionShape {
    fn from(proof: Inclusion) -> Self {
        let path = proof.path.into_iter().map(Hex).collect();
        Self { index: proof.index, size: proof.size, path }
    }
}

impl InclusionShape {
    /// As the core has it.
    #[must_use]
    pub fn inclusion(&self) -> Inclusion {
        let path = self.path.iter().map(|hash| hash.0).collect();
        Inclusion { index: self.index, size: self.size, path }
    }
}

/// A court's signed word that a record will be under one of its roots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PromiseShape {
    /// Whose.
    pub court: String,
    /// Hash of the record.
    pub hash: Hex<32>,
    /// When it was given.
    pub at_ms: i64,
    /// By when a root is there.
    pub due_ms: i64,
    /// Ed25519 over all of it.
    pub signature: Hex<64>,
}

impl PromiseShape {
    /// A promise with its signature.
    #[must_use]
    pub fn new(promise: &Promise, signature: [u8; 64]) -> Self {
        Self {
            court: promise.court.to_string(),
            hash: Hex(promise.hash),
            at_ms: promise.at.0,
            due_ms: promise.due.0,
            signature: Hex(signature),
        }
    }

    /// What was signed; `None` when the court is none.
    #[must_use]
    pub fn promise(&self) -> Option<Promise> {
        Some(Promise {
            court: CourtId::parse(&self.court).ok()?,
            hash: self.hash.0,
            at: UnixMillis(self.at_ms),
            due: UnixMillis(self.due_ms),
        })
    }
}

/// What shows a record to be under a root: the root and the way to it, or the word that there will
/// be one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// [`RECEIPT`].
    pub format: String,
    /// The record.
    pub record: RecordShape,
    /// Its hash.
    pub hash: Hex<32>,
    /// The root it is under.
    pub root: Option<RootShape>,
    /// The way there.
    pub inclusion: Option<InclusionShape>,
    /// Instead of these two, as long as the day is not over.
    pub promise: Option<PromiseShape>,
    /// The key that signs, in the receipt's own words.
    pub public_key: Hex<32>,
}
