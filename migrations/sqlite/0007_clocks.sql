-- What is known of a case while it sleeps: who handles it, when its clock rings next, what runs, what
-- was escalated, what the applicant is to be told. Written with the decision that changes it; dates are
-- computed by the program with its procedure and calendar, and computed anew when the calendar changes.
ALTER TABLE case_file ADD COLUMN handler TEXT;

CREATE TABLE case_clock (
    case_id TEXT    NOT NULL PRIMARY KEY,
    court   TEXT    NOT NULL,
    next_ms INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX case_clock_by_time ON case_clock (court, next_ms, case_id);

CREATE TABLE running_node (
    case_id     TEXT    NOT NULL,
    node        TEXT    NOT NULL,
    round       INTEGER NOT NULL,
    court       TEXT    NOT NULL,
    -- Null while it stands still.
    due_ms      INTEGER,
    warned      INTEGER NOT NULL CHECK (warned IN (0, 1)),
    overdue     INTEGER NOT NULL CHECK (overdue IN (0, 1)),
    provisional INTEGER NOT NULL CHECK (provisional IN (0, 1)),
    -- The calendar that the date is computed with: name and version.
    calendar    TEXT    NOT NULL,
    PRIMARY KEY (case_id, node, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX running_node_by_due ON running_node (court, due_ms) WHERE due_ms IS NOT NULL;
-- Dates of another calendar than today's.
CREATE INDEX running_node_by_calendar ON running_node (court, calendar, case_id);

CREATE TABLE escalation (
    case_id         TEXT    NOT NULL,
    node            TEXT    NOT NULL,
    round           INTEGER NOT NULL,
    court           TEXT    NOT NULL,
    -- The whole of it, JSON.
    body            TEXT    NOT NULL,
    -- Whom it has reached, each name between blanks.
    offices         TEXT    NOT NULL,
    raised_ms       INTEGER NOT NULL,
    ended_ms        INTEGER,
    PRIMARY KEY (case_id, node, round)
) STRICT, WITHOUT ROWID;
CREATE INDEX escalation_open ON escalation (court, raised_ms) WHERE ended_ms IS NULL;

CREATE TABLE party_notice (
    case_id     TEXT    NOT NULL,
    -- Of what, which, and which of several: a node's code and opening, a paper's template and number …
    topic       TEXT    NOT NULL,
    code        TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    -- Number of the party; 0: all applicants.
    party       INTEGER NOT NULL,
    court       TEXT    NOT NULL,
    -- The emergency whose step it is; else empty.
    incident    TEXT    NOT NULL DEFAULT '',
    reached_ms  INTEGER NOT NULL,
    telling     TEXT    NOT NULL CHECK (telling IN ('full', 'summary')),
    documents   TEXT    NOT NULL,
    -- Null while a judge holds it back.
    released_ms INTEGER,
    PRIMARY KEY (case_id, topic, code, number, party, incident, reached_ms)
) STRICT, WITHOUT ROWID;
CREATE INDEX party_notice_held ON party_notice (case_id) WHERE released_ms IS NULL;

-- Alarms may be the president's, and about a node: a clock of an emergency. A check cannot be changed in place.
CREATE TABLE outbox_new (
    id              TEXT    NOT NULL PRIMARY KEY,
    position        INTEGER NOT NULL,
    court           TEXT    NOT NULL,
    audience        TEXT    NOT NULL CHECK (audience IN ('centre', 'director', 'president')),
    kind            TEXT    NOT NULL,
    incident        TEXT,
    officer         TEXT,
    node            TEXT,
    raised_ms       INTEGER NOT NULL,
    acknowledged_by TEXT,
    acknowledged_ms INTEGER,
    settled_ms      INTEGER
) STRICT, WITHOUT ROWID;
INSERT INTO outbox_new (id, position, court, audience, kind, incident, officer, raised_ms,
    acknowledged_by, acknowledged_ms, settled_ms)
    SELECT id, position, court, audience, kind, incident, officer, raised_ms,
        acknowledged_by, acknowledged_ms, settled_ms FROM outbox;
DROP TABLE outbox;
ALTER TABLE outbox_new RENAME TO outbox;
CREATE INDEX outbox_open ON outbox (court, raised_ms, id)
    WHERE acknowledged_ms IS NULL AND settled_ms IS NULL;
CREATE INDEX outbox_by_incident ON outbox (incident)
    WHERE settled_ms IS NULL AND incident IS NOT NULL;
