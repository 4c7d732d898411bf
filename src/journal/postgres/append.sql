-- Writes one group of decisions: one call, one transaction, one answer. Made anew in each session of
-- the writer (`session.rs`), so it is always the program's own and no migration changes it.
--
-- The journal's rows, and those of the tables that nearly every group changes, come as arrays, a
-- column each. Rows of the other tables come as JSON by table, because they are few and of many kinds.
-- What was there before the group is changed first, then rows are added; see `projection::Changes`.
CREATE FUNCTION pg_temp.tiande_append(
    own_epoch bigint, own_commit bigint,
    positions bigint[], courts text[], streams text[], seqs bigint[], kinds text[],
    versions bigint[], times bigint[], bys text[], whys text[], alg text, prev_hashes bytea[],
    hashes bytea[], subjects bytea[], bodies bytea[], sealeds bytea[],
    key_subjects bytea[], key_wraps bytea[], key_times bigint[],
    delivery_sources text[], delivery_ids text[], delivery_bodies bytea[], delivery_tips text[],
    delivery_incidents text[], delivery_times bigint[],
    touched text[], touched_times bigint[], touched_statuses text[], touched_closings bigint[],
    touched_outcomes text[],
    ended_officers text[], ended_incidents text[],
    incidents text[], incident_courts text[], incident_years bigint[], incident_numbers bigint[],
    incident_kinds text[], incident_urgencies text[], incident_statuses text[],
    incident_openings bigint[], incident_updates bigint[], incident_closings bigint[],
    incident_outcomes text[], incident_exercises bigint[], incident_tips text[],
    tips text[], tip_courts text[], tip_sources text[], tip_times bigint[], tip_kinds text[],
    tip_urgencies text[],
    linked_tips text[], linked_incidents text[],
    bound_officers text[], bound_incidents text[], bound_offers text[], bound_stacked bigint[],
    bound_times bigint[],
    changes jsonb
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    -- Fence and receipt. Primary key of `owner`.
    UPDATE owner SET commits = own_commit
        WHERE id = 1 AND epoch = own_epoch AND commits = own_commit - 1;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'another server has taken the journal over' USING ERRCODE = 'TDE01';
    END IF;

    -- First, so that a repeated delivery is refused as that, whatever else it repeats.
    IF cardinality(delivery_ids) > 0 THEN
        INSERT INTO delivery (source_key, webhook_id, body_sha256, tip, incident, received_ms)
        SELECT * FROM unnest(delivery_sources, delivery_ids, delivery_bodies, delivery_tips,
            delivery_incidents, delivery_times);
    END IF;

    IF cardinality(touched) > 0 THEN
        -- By primary key. What is closed stays closed as it was.
        UPDATE incident SET updated_ms = v.updated_ms, status = COALESCE(v.status, incident.status),
            closed_ms = COALESCE(v.closed_ms, incident.closed_ms),
            outcome = COALESCE(v.outcome, incident.outcome)
        FROM unnest(touched, touched_times, touched_statuses, touched_closings, touched_outcomes)
            AS v (id, updated_ms, status, closed_ms, outcome)
        WHERE incident.id = v.id;
    END IF;
    IF changes ? 'duty' THEN
        -- By primary key.
        UPDATE officer SET duty = v.duty
        FROM jsonb_populate_recordset(NULL::officer, changes -> 'duty') AS v
        WHERE officer.id = v.id;
    END IF;
    IF cardinality(ended_officers) > 0 THEN
        -- By primary key.
        DELETE FROM commitment
        USING unnest(ended_officers, ended_incidents) AS v (officer, incident)
        WHERE commitment.officer = v.officer AND commitment.incident = v.incident;
    END IF;
    IF changes ? 'tip_forward' THEN
        -- By primary key. Of two moves in one group the later counts. One that was linked in this very
        -- group is not there yet and is inserted as it ends.
        UPDATE tip_incident SET incident = v.to_incident
        FROM (
            SELECT DISTINCT ON (r.tip) r.tip, r.to_incident
            FROM jsonb_populate_recordset(NULL::tip_forward, changes -> 'tip_forward')
                WITH ORDINALITY AS r
            ORDER BY r.tip, r.ordinality DESC
        ) AS v
        WHERE tip_incident.tip = v.tip;
    END IF;
    IF changes ? 'acknowledgement' THEN
        -- By primary key; who was first stays, also among those of one group.
        UPDATE outbox SET acknowledged_by = v.acknowledged_by, acknowledged_ms = v.acknowledged_ms
        FROM (
            SELECT DISTINCT ON (r.id, r.court) r.id, r.court, r.acknowledged_by, r.acknowledged_ms
            FROM jsonb_populate_recordset(NULL::outbox, changes -> 'acknowledgement')
                WITH ORDINALITY AS r
            ORDER BY r.id, r.court, r.ordinality
        ) AS v
        WHERE outbox.id = v.id AND outbox.court = v.court AND outbox.acknowledged_ms IS NULL;
    END IF;
    IF changes ? 'settlement' THEN
        -- Index outbox_by_incident. Of two in one group the earlier stays.
        UPDATE outbox SET settled_ms = v.settled_ms
        FROM (
            SELECT DISTINCT ON (r.incident, r.court) r.incident, r.court, r.settled_ms
            FROM jsonb_populate_recordset(NULL::outbox, changes -> 'settlement')
                WITH ORDINALITY AS r
            ORDER BY r.incident, r.court, r.ordinality
        ) AS v
        WHERE outbox.incident = v.incident AND outbox.court = v.court
            AND outbox.settled_ms IS NULL;
    END IF;

    IF cardinality(key_subjects) > 0 THEN
        INSERT INTO subject_key (subject, wrapped, created_ms)
        SELECT * FROM unnest(key_subjects, key_wraps, key_times);
    END IF;
    INSERT INTO journal (position, court, stream, seq, epoch, kind, schema_version, at_ms, by_json,
        why, hash_alg, prev_hash, hash, subject, body, sealed)
    SELECT position, court, stream, seq, own_epoch, kind, schema_version, at_ms, by_json,
        why, alg, prev_hash, hash, subject, body, sealed
    FROM unnest(positions, courts, streams, seqs, kinds, versions, times, bys, whys, prev_hashes,
        hashes, subjects, bodies, sealeds)
        AS r (position, court, stream, seq, kind, schema_version, at_ms, by_json, why, prev_hash,
            hash, subject, body, sealed);

    IF cardinality(incidents) > 0 THEN
        INSERT INTO incident (id, court, year, number, kind, urgency, status, opened_ms, updated_ms,
            closed_ms, outcome, exercise, tip)
        SELECT * FROM unnest(incidents, incident_courts, incident_years, incident_numbers,
            incident_kinds, incident_urgencies, incident_statuses, incident_openings,
            incident_updates, incident_closings, incident_outcomes, incident_exercises,
            incident_tips);
    END IF;
    IF cardinality(tips) > 0 THEN
        INSERT INTO tip (id, court, source, received_ms, kind, urgency)
        SELECT * FROM unnest(tips, tip_courts, tip_sources, tip_times, tip_kinds, tip_urgencies);
    END IF;
    IF cardinality(linked_tips) > 0 THEN
        INSERT INTO tip_incident (tip, incident) SELECT * FROM unnest(linked_tips, linked_incidents);
    END IF;
    IF changes ? 'tip_forward' THEN
        INSERT INTO tip_forward (tip, from_incident, to_incident, moved_ms)
        SELECT tip, from_incident, to_incident, moved_ms
        FROM jsonb_populate_recordset(NULL::tip_forward, changes -> 'tip_forward');
    END IF;
    IF changes ? 'officer' THEN
        INSERT INTO officer (id, court, registered_ms, duty)
        SELECT id, court, registered_ms, duty
        FROM jsonb_populate_recordset(NULL::officer, changes -> 'officer');
    END IF;
    IF cardinality(bound_officers) > 0 THEN
        INSERT INTO commitment (officer, incident, offer, stacked, since_ms)
        SELECT * FROM unnest(bound_officers, bound_incidents, bound_offers, bound_stacked,
            bound_times);
    END IF;
    IF changes ? 'case_file' THEN
        INSERT INTO case_file (id, court, number, handler)
        SELECT id, court, number, handler
        FROM jsonb_populate_recordset(NULL::case_file, changes -> 'case_file');
    END IF;

    -- What is known of cases while they sleep; all by primary key.
    IF changes ? 'case_handler' THEN
        UPDATE case_file SET handler = v.handler
        FROM jsonb_populate_recordset(NULL::case_file, changes -> 'case_handler') AS v
        WHERE case_file.id = v.id;
    END IF;
    IF changes ? 'case_clock' THEN
        INSERT INTO case_clock (case_id, court, next_ms)
        SELECT case_id, court, next_ms
        FROM jsonb_populate_recordset(NULL::case_clock, changes -> 'case_clock')
        ON CONFLICT (case_id) DO UPDATE SET next_ms = excluded.next_ms;
    END IF;
    IF changes ? 'case_clock_stopped' THEN
        DELETE FROM case_clock
        USING jsonb_array_elements_text(changes -> 'case_clock_stopped') AS v (id)
        WHERE case_clock.case_id = v.id;
    END IF;
    IF changes ? 'running_node' THEN
        INSERT INTO running_node (case_id, node, round, court, due_ms, warned, overdue, provisional,
            calendar)
        SELECT case_id, node, round, court, due_ms, warned, overdue, provisional, calendar
        FROM jsonb_populate_recordset(NULL::running_node, changes -> 'running_node')
        ON CONFLICT (case_id, node, round) DO UPDATE SET due_ms = excluded.due_ms,
            warned = excluded.warned, overdue = excluded.overdue,
            provisional = excluded.provisional, calendar = excluded.calendar;
    END IF;
    IF changes ? 'running_node_ended' THEN
        DELETE FROM running_node
        USING jsonb_populate_recordset(NULL::running_node, changes -> 'running_node_ended') AS v
        WHERE running_node.case_id = v.case_id AND running_node.node = v.node
            AND running_node.round = v.round;
    END IF;
    IF changes ? 'escalation' THEN
        INSERT INTO escalation (case_id, node, round, court, body, offices, raised_ms, ended_ms)
        SELECT case_id, node, round, court, body, offices, raised_ms, ended_ms
        FROM jsonb_populate_recordset(NULL::escalation, changes -> 'escalation')
        ON CONFLICT (case_id, node, round) DO UPDATE SET body = excluded.body,
            offices = excluded.offices, raised_ms = excluded.raised_ms,
            ended_ms = excluded.ended_ms;
    END IF;
    IF changes ? 'case_standing' THEN
        INSERT INTO case_standing (case_id, court, docketed_ms, closed_ms, waiting_ms, meeting_ms, body)
        SELECT case_id, court, docketed_ms, closed_ms, waiting_ms, meeting_ms, body
        FROM jsonb_populate_recordset(NULL::case_standing, changes -> 'case_standing')
        ON CONFLICT (case_id) DO UPDATE SET docketed_ms = excluded.docketed_ms,
            closed_ms = excluded.closed_ms, waiting_ms = excluded.waiting_ms,
            meeting_ms = excluded.meeting_ms, body = excluded.body;
    END IF;
    IF changes ? 'party_release' THEN
        -- Index party_notice_held; before what is new. Of two in one group the earlier stays.
        UPDATE party_notice SET released_ms = v.released_ms
        FROM (
            SELECT DISTINCT ON (r.case_id) r.case_id, r.released_ms
            FROM jsonb_populate_recordset(NULL::party_notice, changes -> 'party_release')
                WITH ORDINALITY AS r
            ORDER BY r.case_id, r.ordinality
        ) AS v
        WHERE party_notice.case_id = v.case_id AND party_notice.released_ms IS NULL;
    END IF;
    IF changes ? 'party_notice' THEN
        INSERT INTO party_notice (case_id, topic, code, number, party, incident, court, reached_ms,
            telling, documents, released_ms)
        SELECT case_id, topic, code, number, party, incident, court, reached_ms, telling, documents,
            released_ms
        FROM jsonb_populate_recordset(NULL::party_notice, changes -> 'party_notice');
    END IF;
    IF changes ? 'outbox' THEN
        INSERT INTO outbox (id, position, court, audience, kind, incident, officer, node,
            raised_ms, acknowledged_by, acknowledged_ms, settled_ms)
        SELECT id, position, court, audience, kind, incident, officer, node, raised_ms,
            acknowledged_by, acknowledged_ms, settled_ms
        FROM jsonb_populate_recordset(NULL::outbox, changes -> 'outbox');
    END IF;
END
$$
