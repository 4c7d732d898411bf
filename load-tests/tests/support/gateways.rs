//! The fake's gateways: batches are answered honestly, or not, as its mode says.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::dispatch::Mode;

/// Records begin after so many bytes of a frame, and have so many.
const HEAD: usize = 16;
const RECORD: usize = 24;

/// Everything the fake knows of trackers.
#[derive(Default)]
pub struct Trackers {
    /// Courts of the tracked officers, by their number.
    courts: Vec<String>,
    /// The oldest position of an officer that was turned away and has not come again.
    missing: HashMap<u32, u32>,
}

impl Trackers {
    /// Takes officers of a court in; their ids.
    pub fn add(&mut self, court: &str, count: usize) -> Vec<String> {
        let first = self.courts.len();
        self.courts.resize(first + count, court.to_owned());
        (first..first + count).map(|n| format!("t{n}")).collect()
    }

    /// The officers of a court as a welcome lists them.
    pub fn listed(&self, court: &str) -> Vec<Value> {
        let ours = self.courts.iter().enumerate().filter(|(_, theirs)| *theirs == court);
        ours.map(|(n, _)| json!({ "n": n, "id": format!("t{n}") })).collect()
    }

    /// The answer to the batch of that number on its socket, if one comes.
    pub fn batch(&mut self, mode: Mode, number: u64, payload: &[u8]) -> Option<Value> {
        let word =
            |record: &[u8], at: usize| u32::from_le_bytes(record[at..at + 4].try_into().unwrap());
        let records: Vec<(u32, u32)> = payload[HEAD..]
            .chunks_exact(RECORD)
            .map(|record| (word(record, 0), word(record, 4)))
            .collect();
        let third = number.is_multiple_of(3);
        let turns_away = mode == Mode::TurnsAway;
        if mode == Mode::LosesBatches && third {
            return None;
        }
        if turns_away && number.is_multiple_of(4) {
            for (officer, seq) in records {
                let missing = self.missing.entry(officer).or_insert(seq);
                *missing = seq.min(*missing);
            }
            return Some(json!({ "type": "batch", "batch": number, "code": "overloaded" }));
        }
        let mut refused = Vec::new();
        for (at, (officer, seq)) in records.iter().enumerate() {
            if (mode == Mode::NeverHasRoom && *officer == 0) || (turns_away && third && at == 0) {
                let missing = self.missing.entry(*officer).or_insert(*seq);
                *missing = (*seq).min(*missing);
            }
            match self.missing.get(officer) {
                Some(missing) if seq > missing => refused.push(json!([at, "overloaded"])),
                Some(missing) if seq == missing && (at > 0 || !third) && turns_away => {
                    self.missing.remove(officer);
                }
                Some(missing) if seq == missing => refused.push(json!([at, "overloaded"])),
                _ => {}
            }
        }
        let left_out = usize::from(mode == Mode::Miscounts && third);
        let taken = records.len() - refused.len() - left_out;
        Some(json!({ "type": "batch", "batch": number, "taken": taken, "refused": refused }))
    }
}
