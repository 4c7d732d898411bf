//! Counts of a run, kept in a file so that a soak can go on where it was.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use serde_json::{Value, json};

/// What happened, by store and by kind of fault.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Faults that came.
    pub faults: u32,
    /// Tips that were answered with 202 before their fault.
    pub acked: u32,
    /// Tips of which the fault took the answer.
    pub unknown: u32,
    /// Answered, and another answer or none afterwards.
    pub lost: u32,
    /// There twice, or there without a tip.
    pub doubled: u32,
    /// The journal was not whole.
    pub broken: u32,
    /// Longest start until ready, milliseconds.
    pub ready_ms: u32,
}

impl Counts {
    pub fn add(&mut self, other: Self) {
        self.faults += other.faults;
        self.acked += other.acked;
        self.unknown += other.unknown;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.broken += other.broken;
        self.ready_ms = self.ready_ms.max(other.ready_ms);
    }

    /// True when nothing went wrong.
    pub fn is_clean(&self) -> bool {
        (self.lost, self.doubled, self.broken) == (0, 0, 0)
    }

    fn json(&self) -> Value {
        json!([
            self.faults,
            self.acked,
            self.unknown,
            self.lost,
            self.doubled,
            self.broken,
            self.ready_ms
        ])
    }

    fn read(value: &Value) -> Self {
        let at = |n: usize| value[n].as_u64().and_then(|n| u32::try_from(n).ok()).unwrap_or(0);
        Self {
            faults: at(0),
            acked: at(1),
            unknown: at(2),
            lost: at(3),
            doubled: at(4),
            broken: at(5),
            ready_ms: at(6),
        }
    }
}

/// Counts by fault.
#[derive(Debug, Default)]
pub struct Table(pub BTreeMap<String, Counts>);

impl Table {
    /// That of an earlier run, or an empty one.
    pub fn load(file: Option<&Path>) -> Self {
        let text = file.and_then(|file| fs::read_to_string(file).ok()).unwrap_or_default();
        let value: Value = serde_json::from_str(&text).unwrap_or_default();
        let rows = value.as_object().into_iter().flatten();
        Self(rows.map(|(name, counts)| (name.clone(), Counts::read(counts))).collect())
    }

    /// Keeps it for the next run.
    pub fn save(&self, file: Option<&Path>) {
        let Some(file) = file else { return };
        let rows: serde_json::Map<String, Value> =
            self.0.iter().map(|(name, counts)| (name.clone(), counts.json())).collect();
        let draft = file.with_extension("new");
        fs::write(&draft, Value::Object(rows).to_string()).expect("the table is kept");
        fs::rename(&draft, file).expect("the table is kept");
    }

    pub fn add(&mut self, name: &str, counts: Counts) {
        self.0.entry(name.to_owned()).or_default().add(counts);
    }

    pub fn total(&self) -> Counts {
        self.0.values().fold(Counts::default(), |mut all, one| {
            all.add(*one);
            all
        })
    }

    /// For people.
    pub fn print(&self, title: &str) {
        eprintln!(
            "{title:<34} {:>7} {:>8} {:>8} {:>6} {:>8} {:>7} {:>9}",
            "faults", "acked", "unknown", "lost", "doubled", "broken", "ready ms"
        );
        let total = ("all".to_owned(), self.total());
        for (name, c) in self.0.iter().map(|(n, c)| (n.clone(), *c)).chain([total]) {
            eprintln!(
                "{name:<34} {:>7} {:>8} {:>8} {:>6} {:>8} {:>7} {:>9}",
                c.faults, c.acked, c.unknown, c.lost, c.doubled, c.broken, c.ready_ms
            );
        }
    }
}
