//! A plan as statements: one transaction for the whole group, each statement prepared once for the
//! life of the writer and run once a row.
//!
//! Updates of rows that were there before come first, then inserts; see `projection::Changes`.
//!
//! **Not here:** any decision, and what a failure means (`trouble`).

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, Result, ToSql, params};
use tiande_core::procedure::NodeCode;
use tiande_core::time::UnixMillis;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

use super::plan::{JournalRow, Plan};
use crate::journal::envelope::HashAlg;
use crate::journal::projection::{
    Changes, Closing, IncidentPatch, RunningRow, audience_name, escalation_body,
    escalation_offices, of_incident, standing_body,
};

/// Positions, sequences and numbers as SQLite keeps integers.
pub fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// An identity as the read models keep it, written where it stands: a text on the heap for each of
/// them is what a group of a hundred decisions would spend much of its time on.
struct Id([u8; Hyphenated::LENGTH]);

fn id(uuid: Uuid) -> Id {
    let mut text = [0; Hyphenated::LENGTH];
    uuid.hyphenated().encode_lower(&mut text);
    Id(text)
}

impl ToSql for Id {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(ValueRef::Text(&self.0)))
    }
}

fn moment(at: Option<UnixMillis>) -> Option<i64> {
    at.map(|at| at.0)
}

/// Status, moment and outcome: all null for what is open.
fn closing(closing: Option<Closing>) -> (Option<&'static str>, Option<i64>, Option<&'static str>) {
    let outcome = closing.and_then(|c| c.outcome).map(|outcome| outcome.name());
    (closing.map(|c| c.status), moment(closing.map(|c| c.at)), outcome)
}

/// Runs the plan as one transaction. On an error it is still open, unless SQLite has ended it.
pub fn run(conn: &Connection, plan: &Plan, epoch: u64, hash_alg: HashAlg) -> Result<()> {
    each(conn, "BEGIN IMMEDIATE", [()], |s, ()| s.execute([]))?;
    // First, so that a repeated delivery is refused as that, whatever else it repeats.
    deliveries(conn, &plan.changes)?;
    updates(conn, &plan.changes)?;
    each(
        conn,
        "INSERT INTO subject_key (subject, wrapped, created_ms) VALUES (?,?,?)",
        &plan.new_keys,
        |s, (subject, wrapped, at)| s.execute(params![subject.0.as_bytes(), wrapped, at.0]),
    )?;
    journal(conn, &plan.rows, epoch, hash_alg)?;
    inserts(conn, &plan.changes)?;
    cases(conn, &plan.changes)?;
    alarms(conn, &plan.changes)?;
    each(conn, "COMMIT", [()], |s, ()| s.execute([]))
}

/// Runs a statement once for each row; does not even look at it when there is none.
fn each<T>(
    conn: &Connection,
    text: &str,
    rows: impl IntoIterator<Item = T>,
    run: impl Fn(&mut rusqlite::Statement<'_>, T) -> Result<usize>,
) -> Result<()> {
    let mut rows = rows.into_iter().peekable();
    if rows.peek().is_none() {
        return Ok(());
    }
    let mut statement = conn.prepare_cached(text)?;
    rows.try_for_each(|row| run(&mut statement, row).map(drop))
}

fn journal(conn: &Connection, rows: &[JournalRow], epoch: u64, hash_alg: HashAlg) -> Result<()> {
    let insert = "INSERT INTO journal (position, court, stream, seq, epoch, kind, schema_version, \
         at_ms, by_json, why, hash_alg, prev_hash, hash, subject, body, sealed) \
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)";
    let (epoch, hash_alg) = (signed(epoch), hash_alg.name());
    each(conn, insert, rows, |s, row| {
        s.execute(params![
            signed(row.position),
            &*row.court,
            &*row.stream,
            signed(row.seq),
            epoch,
            row.kind,
            row.schema_version,
            row.at.0,
            &*row.by_json,
            row.why.as_deref(),
            hash_alg,
            row.prev_hash,
            row.hash,
            row.subject.as_ref().map(|s| s.0.as_bytes().as_slice()),
            row.body,
            row.sealed,
        ])
    })
}

fn deliveries(conn: &Connection, changes: &Changes) -> Result<()> {
    let insert = "INSERT INTO delivery (source_key, webhook_id, body_sha256, tip, incident, \
         received_ms) VALUES (?,?,?,?,?,?)";
    each(conn, insert, &changes.deliveries, |s, (delivery, at)| {
        s.execute(params![
            delivery.source,
            delivery.webhook_id,
            delivery.body_sha256,
            id(delivery.tip.0),
            id(delivery.incident.0),
            at.0,
        ])
    })
}

/// Changes of rows that were there before the group.
fn updates(conn: &Connection, changes: &Changes) -> Result<()> {
    // By primary key. What is closed stays closed as it was.
    let patch = "UPDATE incident SET updated_ms = ?, status = COALESCE(?, status), \
         closed_ms = COALESCE(?, closed_ms), outcome = COALESCE(?, outcome) WHERE id = ?";
    // Most changes close nothing, and then the indexes of what is open need not be looked at.
    let touch = "UPDATE incident SET updated_ms = ? WHERE id = ?";
    let (closed, touched): (Vec<_>, Vec<_>) =
        changes.incident_patches.iter().partition(|(_, patch)| patch.closing.is_some());
    each(conn, touch, touched, |s, (incident, IncidentPatch { updated, .. })| {
        s.execute(params![updated.0, id(incident.0)])
    })?;
    each(conn, patch, closed, |s, (incident, patch)| {
        let (status, at, outcome) = closing(patch.closing);
        s.execute(params![patch.updated.0, status, at, outcome, id(incident.0)])
    })?;
    let duty = "UPDATE officer SET duty = ? WHERE id = ?";
    each(conn, duty, &changes.duties, |s, (officer, duty)| {
        s.execute(params![duty, id(officer.0)])
    })?;
    let release = "DELETE FROM commitment WHERE officer = ? AND incident = ?";
    each(conn, release, changes.commitments.keys(), |s, (officer, incident)| {
        s.execute(params![id(officer.0), id(incident.0)])
    })?;
    // Primary key of `tip_incident`. One that was linked in this very group is not there yet and is
    // inserted as it ends.
    let relink = "UPDATE tip_incident SET incident = ? WHERE tip = ?";
    each(conn, relink, &changes.tip_moves, |s, (tip, moved)| {
        s.execute(params![id(moved.to.0), id(tip.0)])
    })?;
    // By primary key; who was first stays.
    let acknowledge = "UPDATE outbox SET acknowledged_by = ?, acknowledged_ms = ? \
         WHERE id = ? AND court = ? AND acknowledged_ms IS NULL";
    each(conn, acknowledge, &changes.acknowledgements, |s, (court, alarm, by, at)| {
        s.execute(params![by, at.0, id(alarm.0), court.as_str()])
    })?;
    // Index outbox_by_incident.
    let settle = "UPDATE outbox SET settled_ms = ? \
         WHERE incident = ? AND court = ? AND settled_ms IS NULL";
    each(conn, settle, &changes.settlements, |s, (court, incident, at)| {
        s.execute(params![at.0, id(incident.0), court.as_str()])
    })
}

fn inserts(conn: &Connection, changes: &Changes) -> Result<()> {
    let incident = "INSERT INTO incident (id, court, year, number, kind, urgency, opened_ms, \
         updated_ms, exercise, tip, status, closed_ms, outcome) \
         VALUES (?,?,?,?,?,?,?,?,?,?,COALESCE(?,'open'),?,?)";
    each(conn, incident, &changes.incidents, |s, row| {
        let (status, at, outcome) = closing(row.closing);
        s.execute(params![
            id(row.id.0),
            row.court.as_str(),
            row.year,
            signed(row.number),
            row.kind,
            row.urgency,
            row.opened.0,
            row.updated.0,
            row.exercise,
            row.tip.map(|tip| id(tip.0)),
            status,
            at,
            outcome,
        ])
    })?;
    let tip =
        "INSERT INTO tip (id, court, source, received_ms, kind, urgency) VALUES (?,?,?,?,?,?)";
    each(conn, tip, &changes.tips, |s, row| {
        s.execute(params![
            id(row.id.0),
            row.court.as_str(),
            row.source,
            row.received.0,
            row.kind,
            row.urgency,
        ])
    })?;
    let link = "INSERT INTO tip_incident (tip, incident) VALUES (?,?)";
    each(conn, link, &changes.tip_links, |s, (tip, incident)| {
        s.execute(params![id(tip.0), id(incident.0)])
    })?;
    let forward =
        "INSERT INTO tip_forward (tip, from_incident, to_incident, moved_ms) VALUES (?,?,?,?)";
    each(conn, forward, &changes.tip_moves, |s, (tip, moved)| {
        s.execute(params![id(tip.0), id(moved.from.0), id(moved.to.0), moved.at.0])
    })?;
    let officer = "INSERT INTO officer (id, court, registered_ms, duty) VALUES (?,?,?,?)";
    each(conn, officer, &changes.officers, |s, row| {
        s.execute(params![id(row.id.0), row.court.as_str(), row.registered.0, row.duty])
    })?;
    let commit = "INSERT INTO commitment (officer, incident, offer, stacked, since_ms) \
         VALUES (?,?,?,?,?)";
    let bound = changes.commitments.iter().filter_map(|(key, row)| row.map(|row| (key, row)));
    each(conn, commit, bound, |s, ((officer, incident), row)| {
        s.execute(params![id(officer.0), id(incident.0), id(row.offer.0), row.stacked, row.since.0])
    })?;
    let case = "INSERT INTO case_file (id, court, number, handler) VALUES (?,?,?,?)";
    each(conn, case, &changes.cases, |s, row| {
        let handler = row.handler.map(|handler| id(handler.0));
        s.execute(params![id(row.id.0), row.court.as_str(), row.number, handler])
    })
}

/// What is known of cases while they sleep; all by primary key.
fn cases(conn: &Connection, changes: &Changes) -> Result<()> {
    let handler = "UPDATE case_file SET handler = ? WHERE id = ?";
    each(conn, handler, &changes.handlers, |s, (case, handler)| {
        s.execute(params![id(handler.0), id(case.0)])
    })?;
    let (set, stopped): (Vec<_>, Vec<_>) =
        changes.clocks.iter().partition(|(_, (_, next))| next.is_some());
    let clock = "INSERT INTO case_clock (case_id, court, next_ms) VALUES (?,?,?) \
         ON CONFLICT (case_id) DO UPDATE SET next_ms = excluded.next_ms";
    each(conn, clock, set, |s, (case, (court, next))| {
        s.execute(params![id(case.0), court.as_str(), moment(*next)])
    })?;
    each(conn, "DELETE FROM case_clock WHERE case_id = ?", stopped, |s, (case, _)| {
        s.execute(params![id(case.0)])
    })?;
    let running = "INSERT INTO running_node (case_id, node, round, court, due_ms, warned, overdue, \
         provisional, calendar) VALUES (?,?,?,?,?,?,?,?,?) ON CONFLICT (case_id, node, round) DO \
         UPDATE SET due_ms = excluded.due_ms, warned = excluded.warned, overdue = excluded.overdue, \
         provisional = excluded.provisional, calendar = excluded.calendar";
    let runs = changes.running.iter();
    let runs = runs.filter_map(|(key, (court, row))| Some((key, court, row.as_ref()?)));
    each(
        conn,
        running,
        runs,
        |s, ((case, node, round), court, RunningRow { node: row, calendar })| {
            s.execute(params![
                id(case.0),
                node.as_str(),
                round,
                court.as_str(),
                moment(row.due),
                row.warned,
                row.overdue,
                row.provisional,
                calendar,
            ])
        },
    )?;
    let ended = "DELETE FROM running_node WHERE case_id = ? AND node = ? AND round = ?";
    let ends = changes.running.iter().filter(|(_, (_, row))| row.is_none());
    each(conn, ended, ends, |s, ((case, node, round), _)| {
        s.execute(params![id(case.0), node.as_str(), round])
    })?;
    let escalation = "INSERT INTO escalation (case_id, node, round, court, body, offices, raised_ms, \
         ended_ms) VALUES (?,?,?,?,?,?,?,?) ON CONFLICT (case_id, node, round) DO UPDATE SET \
         body = excluded.body, offices = excluded.offices, raised_ms = excluded.raised_ms, \
         ended_ms = excluded.ended_ms";
    each(conn, escalation, &changes.escalations, |s, ((case, node, round), (court, known))| {
        s.execute(params![
            id(case.0),
            node.as_str(),
            round,
            court.as_str(),
            escalation_body(known),
            escalation_offices(known),
            known.raised.0,
            moment(known.ended.map(|ended| ended.at)),
        ])
    })?;
    let standing = "INSERT INTO case_standing (case_id, court, docketed_ms, closed_ms, waiting_ms, \
         meeting_ms, body) VALUES (?,?,?,?,?,?,?) ON CONFLICT (case_id) DO UPDATE SET \
         docketed_ms = excluded.docketed_ms, closed_ms = excluded.closed_ms, \
         waiting_ms = excluded.waiting_ms, meeting_ms = excluded.meeting_ms, body = excluded.body";
    each(conn, standing, &changes.standings, |s, (case, (court, known))| {
        s.execute(params![
            id(case.0),
            court.as_str(),
            moment(known.docketed),
            moment(known.closed.map(|(_, at)| at)),
            moment(known.waits_since),
            moment(known.appointment),
            standing_body(known),
        ])
    })?;
    // Index party_notice_held; before what is new.
    let release =
        "UPDATE party_notice SET released_ms = ? WHERE case_id = ? AND released_ms IS NULL";
    each(conn, release, &changes.releases, |s, (case, at)| s.execute(params![at.0, id(case.0)]))?;
    let notice = "INSERT INTO party_notice (case_id, topic, code, number, party, incident, court, \
         reached_ms, telling, documents, released_ms) VALUES (?,?,?,?,?,?,?,?,?,?,?)";
    each(conn, notice, &changes.party_notices, |s, (court, case, notice, released)| {
        s.execute(params![
            id(case.0),
            notice.topic.name(),
            notice.code,
            notice.number,
            notice.party,
            of_incident(notice.incident),
            court.as_str(),
            notice.reached.0,
            notice.telling.name(),
            notice.documents.join(" "),
            moment(*released),
        ])
    })
}

fn alarms(conn: &Connection, changes: &Changes) -> Result<()> {
    let insert = "INSERT INTO outbox (id, position, court, audience, kind, incident, officer, \
         node, raised_ms, acknowledged_by, acknowledged_ms, settled_ms) \
         VALUES (?,?,?,?,?,?,?,?,?,?,?,?)";
    each(conn, insert, &changes.alarms, |s, row| {
        s.execute(params![
            id(row.id.0),
            signed(row.position),
            row.court.as_str(),
            audience_name(row.audience),
            row.kind,
            row.incident.map(|incident| id(incident.0)),
            row.officer.map(|officer| id(officer.0)),
            row.node.as_ref().map(NodeCode::as_str),
            row.raised.0,
            row.acknowledged.as_ref().map(|(by, _)| by),
            moment(row.acknowledged.as_ref().map(|(_, at)| *at)),
            moment(row.settled),
        ])
    })
}
