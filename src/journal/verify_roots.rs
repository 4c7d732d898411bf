//! Counts the day roots of all courts again while the journal is walked, and holds them against what
//! was signed, in the database and in the files beside it.
//!
//! **Not here:** the walk (`verify`).

use std::collections::{BTreeMap, VecDeque};
use std::fs;
use std::path::Path;

use ed25519_dalek::{Signature, VerifyingKey};
use tiande_core::ids::CourtId;
use tiande_core::proof::{Growing, Log, leaf_hash};

use super::day_roots::{SignedRoot, roots_of};
use super::sql::Readers;
use crate::proof::wire::RootShape;

/// What is wrong, and at which position of the journal.
type Found = Vec<(i64, String)>;

/// The roots of one court that are still to come in the walk.
#[derive(Default)]
struct Ahead {
    roots: VecDeque<SignedRoot>,
    growing: Growing,
}

impl Ahead {
    /// Closes every root that ends before that position; how many were as they should.
    fn close_before(&mut self, position: u64, court: &str, found: &mut Found) -> usize {
        let mut good = 0;
        while let Some(signed) = self.roots.pop_front_if(|signed| signed.root.last < position) {
            let counted = std::mem::take(&mut self.growing).finish();
            let root = &signed.root;
            if (counted.size(), counted.root()) == (root.size, root.root) {
                good += 1;
            } else {
                let what = format!("root {} of {court} is not over these records", root.number);
                found.push((place(root.last), what));
            }
        }
        good
    }
}

/// The roots of all courts.
#[derive(Default)]
pub struct RootWalk {
    courts: BTreeMap<String, Ahead>,
    good: usize,
}

/// The files of roots, by court.
fn files(data_dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(data_dir.join("checkpoints")).into_iter().flatten().flatten();
    let read = |entry: fs::DirEntry| {
        let court = entry.file_name().to_str()?.strip_suffix(".roots")?.to_owned();
        Some((court, fs::read_to_string(entry.path()).ok()?))
    };
    entries.filter_map(read).collect()
}

fn place(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX)
}

impl RootWalk {
    /// Reads all roots, and says which are not signed, are no history, or stand differently in a
    /// court's file. A database from before there were roots has none.
    pub async fn read(
        readers: &Readers,
        key: Option<&VerifyingKey>,
        data_dir: &Path,
    ) -> (Self, Found) {
        let (mut walk, mut found) = (Self::default(), Found::new());
        // Before the rows: a root that is made meanwhile has its row first.
        let files = files(data_dir);
        let Ok(roots) = roots_of(readers).await else { return (walk, found) };
        let mut logs: BTreeMap<CourtId, Log> = BTreeMap::new();
        let mut lines: BTreeMap<String, Vec<RootShape>> = BTreeMap::new();
        for signed in roots {
            let root = &signed.root;
            let at = place(root.last);
            let named = format!("root {} of {}", root.number, root.court);
            if let Err(fault) = logs.entry(root.court.clone()).or_default().check(root) {
                found.push((at, format!("{named} {fault}")));
            }
            let signature = Signature::from_bytes(&signed.signature);
            if key.is_some_and(|key| key.verify_strict(&root.message(), &signature).is_err()) {
                found.push((at, format!("{named} is not signed with the key")));
            }
            lines.entry(root.court.to_string()).or_default().push(RootShape::from(&signed));
            let ahead = walk.courts.entry(root.court.to_string()).or_default();
            ahead.roots.push_back(signed);
        }
        for (court, text) in files {
            // The end may be missing, or be cut short by a crash: the server mends that by itself.
            let whole = text.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let known = lines.remove(&court).unwrap_or_default();
            let same = |(line, root): (&str, &RootShape)| {
                RootShape::from_line(line).as_ref() == Some(root)
            };
            let count = whole.lines().count();
            if count > known.len() || !whole.lines().zip(&known).all(same) {
                found.push((0, format!("{court}.roots holds roots that the database does not")));
            }
        }
        (walk, found)
    }

    /// Takes the next record of the journal in.
    pub fn record(&mut self, position: i64, court: &str, hash: &[u8; 32], found: &mut Found) {
        let Ok(position) = u64::try_from(position) else { return };
        let Some(ahead) = self.courts.get_mut(court) else { return };
        self.good += ahead.close_before(position, court, found);
        if !ahead.roots.is_empty() {
            ahead.growing.push(position, leaf_hash(hash));
        }
    }

    /// The end of the journal; how many roots are over what they were signed over.
    pub fn finish(mut self, found: &mut Found) -> usize {
        for (court, ahead) in &mut self.courts {
            self.good += ahead.close_before(u64::MAX, court, found);
        }
        self.good
    }
}
