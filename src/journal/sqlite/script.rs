//! A plan as one SQL script: the whole group goes to the database thread in one message.
//!
//! Statements are multi-row, so that a group of a hundred decisions is a dozen statements. Updates of
//! rows that were there before come first, then inserts; see `projection::Changes`. The text holds
//! only constants and question marks; every value is bound.
//!
//! **Not here:** running it, and any decision.

use sqlx::Arguments;
use sqlx::sqlite::SqliteArguments;
use tiande_core::time::UnixMillis;

use super::plan::{JournalRow, Plan};
use crate::journal::envelope::HashAlg;
use crate::journal::projection::{Changes, Closing, IncidentPatch, audience_name};

/// Rows in one INSERT. SQLite takes 32,766 values a statement, and a journal row has 16.
const ROWS_MAX: usize = 1_000;

/// A script and its values.
#[derive(Debug)]
pub struct Script {
    pub sql: String,
    pub values: SqliteArguments,
}

/// Positions, sequences and numbers as SQLite keeps integers.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

impl Script {
    /// The script of a plan, transaction included.
    pub fn of(plan: &Plan, epoch: u64, hash_alg: HashAlg) -> Self {
        let mut script =
            Self { sql: String::with_capacity(2_048), values: SqliteArguments::default() };
        script.sql.push_str("BEGIN IMMEDIATE;");
        // First, so that a repeated delivery is refused as that, whatever else it repeats.
        script.deliveries(&plan.changes);
        script.updates(&plan.changes);
        script.rows(
            "INSERT INTO subject_key (subject, wrapped, created_ms) VALUES ",
            "(?,?,?)",
            &plan.new_keys,
            |s, (subject, wrapped, at)| {
                s.bytes(subject.0.as_bytes().to_vec());
                s.bytes(wrapped.clone());
                s.int(at.0);
            },
        );
        script.rows(
            "INSERT INTO journal (position, court, stream, seq, epoch, kind, schema_version, at_ms, \
             by_json, why, hash_alg, prev_hash, hash, subject, body, sealed) VALUES ",
            "(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
            &plan.rows,
            |s, row| s.journal_row(row, epoch, hash_alg),
        );
        script.inserts(&plan.changes);
        script.sql.push_str("COMMIT;");
        script
    }

    fn journal_row(&mut self, row: &JournalRow, epoch: u64, hash_alg: HashAlg) {
        self.int(signed(row.position));
        self.value(row.court.clone());
        self.value(row.stream.clone());
        self.int(signed(row.seq));
        self.int(signed(epoch));
        self.value(row.kind.clone());
        self.int(i64::from(row.schema_version));
        self.int(row.at.0);
        self.value(row.by_json.clone());
        self.value(row.why.clone());
        self.value(hash_alg.name());
        self.bytes(row.prev_hash.to_vec());
        self.bytes(row.hash.to_vec());
        self.value(row.subject.map(|s| s.0.as_bytes().to_vec()));
        self.bytes(row.body.clone());
        self.value(row.sealed.clone());
    }

    /// Changes of rows that were there before the group.
    fn updates(&mut self, changes: &Changes) {
        let patches: Vec<_> = changes.incident_patches.iter().collect();
        for chunk in patches.chunks(ROWS_MAX) {
            // By primary key. What is closed stays closed as it was.
            self.sql.push_str(
                "UPDATE incident SET updated_ms = v.column2, \
                 status = COALESCE(v.column3, status), closed_ms = COALESCE(v.column4, closed_ms), \
                 outcome = COALESCE(v.column5, outcome) FROM (VALUES ",
            );
            self.repeat("(?,?,?,?,?)", chunk.len());
            self.sql.push_str(") AS v WHERE incident.id = v.column1;");
            for (id, IncidentPatch { updated, closing }) in chunk {
                self.value(id.to_string());
                self.int(updated.0);
                self.closing(*closing);
            }
        }
        for (officer, duty) in &changes.duties {
            self.sql.push_str("UPDATE officer SET duty = ? WHERE id = ?;");
            self.value(*duty);
            self.value(officer.to_string());
        }
        for (officer, incident) in changes.commitments.keys() {
            self.sql.push_str("DELETE FROM commitment WHERE officer = ? AND incident = ?;");
            self.value(officer.to_string());
            self.value(incident.to_string());
        }
        for (tip, moved) in &changes.tip_moves {
            // Primary key of `tip_incident`. One that was linked in this very group is not there yet
            // and is inserted as it ends.
            self.sql.push_str("UPDATE tip_incident SET incident = ? WHERE tip = ?;");
            self.value(moved.to.to_string());
            self.value(tip.to_string());
        }
        for (court, alarm, by, at) in &changes.acknowledgements {
            // By primary key; who was first stays.
            self.sql.push_str(
                "UPDATE outbox SET acknowledged_by = ?, acknowledged_ms = ? \
                 WHERE id = ? AND court = ? AND acknowledged_ms IS NULL;",
            );
            self.value(by.clone());
            self.int(at.0);
            self.value(alarm.to_string());
            self.value(court.to_string());
        }
        for (court, incident, at) in &changes.settlements {
            // Index outbox_by_incident.
            self.sql.push_str(
                "UPDATE outbox SET settled_ms = ? \
                 WHERE incident = ? AND court = ? AND settled_ms IS NULL;",
            );
            self.int(at.0);
            self.value(incident.to_string());
            self.value(court.to_string());
        }
    }

    fn inserts(&mut self, changes: &Changes) {
        self.rows(
            "INSERT INTO incident (id, court, year, number, kind, urgency, opened_ms, updated_ms, \
             exercise, tip, status, closed_ms, outcome) VALUES ",
            "(?,?,?,?,?,?,?,?,?,?,COALESCE(?,'open'),?,?)",
            &changes.incidents,
            |s, row| {
                s.value(row.id.to_string());
                s.value(row.court.to_string());
                s.int(i64::from(row.year));
                s.int(signed(row.number));
                s.value(row.kind);
                s.value(row.urgency);
                s.int(row.opened.0);
                s.int(row.updated.0);
                s.int(i64::from(row.exercise));
                s.value(row.tip.map(|id| id.to_string()));
                s.closing(row.closing);
            },
        );
        self.rows(
            "INSERT INTO tip (id, court, source, received_ms, kind, urgency) VALUES ",
            "(?,?,?,?,?,?)",
            &changes.tips,
            |s, row| {
                s.value(row.id.to_string());
                s.value(row.court.to_string());
                s.value(row.source.clone());
                s.int(row.received.0);
                s.value(row.kind);
                s.value(row.urgency);
            },
        );
        self.rows(
            "INSERT INTO tip_incident (tip, incident) VALUES ",
            "(?,?)",
            &changes.tip_links,
            |s, (tip, incident)| {
                s.value(tip.to_string());
                s.value(incident.to_string());
            },
        );
        self.rows(
            "INSERT INTO tip_forward (tip, from_incident, to_incident, moved_ms) VALUES ",
            "(?,?,?,?)",
            &changes.tip_moves,
            |s, (tip, moved)| {
                s.value(tip.to_string());
                s.value(moved.from.to_string());
                s.value(moved.to.to_string());
                s.int(moved.at.0);
            },
        );
        self.rows(
            "INSERT INTO officer (id, court, registered_ms, duty) VALUES ",
            "(?,?,?,?)",
            &changes.officers,
            |s, row| {
                s.value(row.id.to_string());
                s.value(row.court.to_string());
                s.int(row.registered.0);
                s.value(row.duty);
            },
        );
        let commitments: Vec<_> =
            changes.commitments.iter().filter_map(|(key, row)| row.map(|row| (key, row))).collect();
        self.rows(
            "INSERT INTO commitment (officer, incident, offer, stacked, since_ms) VALUES ",
            "(?,?,?,?,?)",
            &commitments,
            |s, ((officer, incident), row)| {
                s.value(officer.to_string());
                s.value(incident.to_string());
                s.value(row.offer.to_string());
                s.int(i64::from(row.stacked));
                s.int(row.since.0);
            },
        );
        self.rows(
            "INSERT INTO case_file (id, court, number) VALUES ",
            "(?,?,?)",
            &changes.cases,
            |s, row| {
                s.value(row.id.to_string());
                s.value(row.court.to_string());
                s.value(row.number.clone());
            },
        );
        self.alarms(changes);
    }

    fn deliveries(&mut self, changes: &Changes) {
        self.rows(
            "INSERT INTO delivery (source_key, webhook_id, body_sha256, tip, incident, received_ms) \
             VALUES ",
            "(?,?,?,?,?,?)",
            &changes.deliveries,
            |s, (delivery, at)| {
                s.value(delivery.source.clone());
                s.value(delivery.webhook_id.clone());
                s.bytes(delivery.body_sha256.to_vec());
                s.value(delivery.tip.to_string());
                s.value(delivery.incident.to_string());
                s.int(at.0);
            },
        );
    }

    fn alarms(&mut self, changes: &Changes) {
        self.rows(
            "INSERT INTO outbox (id, position, court, audience, kind, incident, officer, raised_ms, \
             acknowledged_by, acknowledged_ms, settled_ms) VALUES ",
            "(?,?,?,?,?,?,?,?,?,?,?)",
            &changes.alarms,
            |s, row| {
                s.value(row.id.to_string());
                s.int(signed(row.position));
                s.value(row.court.to_string());
                s.value(audience_name(row.audience));
                s.value(row.kind.clone());
                s.value(row.incident.map(|id| id.to_string()));
                s.value(row.officer.map(|id| id.to_string()));
                s.int(row.raised.0);
                s.value(row.acknowledged.as_ref().map(|(by, _)| by.clone()));
                s.moment(row.acknowledged.as_ref().map(|(_, at)| *at));
                s.moment(row.settled);
            },
        );
    }

    /// One INSERT for each thousand rows; nothing for none.
    fn rows<T>(
        &mut self,
        head: &str,
        row_text: &str,
        rows: &[T],
        mut bind: impl FnMut(&mut Self, &T),
    ) {
        for chunk in rows.chunks(ROWS_MAX) {
            self.sql.push_str(head);
            self.repeat(row_text, chunk.len());
            self.sql.push(';');
            chunk.iter().for_each(|row| bind(self, row));
        }
    }

    fn repeat(&mut self, row_text: &str, times: usize) {
        for n in 0..times {
            if n > 0 {
                self.sql.push(',');
            }
            self.sql.push_str(row_text);
        }
    }

    /// Status, moment and outcome: three values, all null for what is open.
    fn closing(&mut self, closing: Option<Closing>) {
        self.value(closing.map(|c| c.status));
        self.moment(closing.map(|c| c.at));
        self.value(closing.and_then(|c| c.outcome).map(|outcome| outcome.name()));
    }

    fn moment(&mut self, at: Option<UnixMillis>) {
        self.value(at.map(|at| at.0));
    }

    fn int(&mut self, value: i64) {
        self.value(value);
    }

    fn bytes(&mut self, value: Vec<u8>) {
        self.value(value);
    }

    fn value<'t, T>(&mut self, value: T)
    where
        T: sqlx::Encode<'t, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.values.add(value).expect("integers, texts and blobs always encode");
    }
}
