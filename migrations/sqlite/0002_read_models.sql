-- Read models, derived from the events in the transaction that writes them. They can be thrown away
-- and built again from the journal; nothing is decided by them but uniqueness.

-- What the list of incidents and the waking of a court need. `status` is coarse on purpose: the
-- fine one is a fold of the incident's stream.
CREATE TABLE incident (
    id         TEXT    NOT NULL PRIMARY KEY,
    court      TEXT    NOT NULL,
    year       INTEGER NOT NULL,
    number     INTEGER NOT NULL,
    kind       TEXT    NOT NULL,
    urgency    TEXT    NOT NULL,
    status     TEXT    NOT NULL CHECK (status IN ('open', 'finished', 'cancelled')),
    opened_ms  INTEGER NOT NULL,
    updated_ms INTEGER NOT NULL,
    closed_ms  INTEGER,
    outcome    TEXT,
    exercise   INTEGER NOT NULL CHECK (exercise IN (0, 1)),
    tip        TEXT,
    -- Index of "the last number of this court and year".
    UNIQUE (court, year, number)
) STRICT, WITHOUT ROWID;
-- Newest incidents of a court.
CREATE INDEX incident_by_opening ON incident (court, opened_ms, id);
-- Open incidents of a court, both ways round; small, whatever the history.
CREATE INDEX incident_open ON incident (court, opened_ms, id) WHERE closed_ms IS NULL;

-- Looked up by primary key only.
CREATE TABLE tip (
    id          TEXT    NOT NULL PRIMARY KEY,
    court       TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    received_ms INTEGER NOT NULL,
    kind        TEXT    NOT NULL,
    urgency     TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- I02: a tip belongs to exactly one incident. Looked up by primary key only.
CREATE TABLE tip_incident (
    tip      TEXT NOT NULL PRIMARY KEY,
    incident TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE officer (
    id            TEXT    NOT NULL PRIMARY KEY,
    court         TEXT    NOT NULL,
    registered_ms INTEGER NOT NULL,
    duty          TEXT    NOT NULL CHECK (duty IN ('off', 'on', 'break'))
) STRICT, WITHOUT ROWID;
-- All officers of a court.
CREATE INDEX officer_by_court ON officer (court, id);

-- Only what binds an officer now; a release deletes the row.
CREATE TABLE commitment (
    officer  TEXT    NOT NULL,
    incident TEXT    NOT NULL,
    offer    TEXT    NOT NULL,
    stacked  INTEGER NOT NULL CHECK (stacked IN (0, 1)),
    since_ms INTEGER NOT NULL,
    PRIMARY KEY (officer, incident)
) STRICT, WITHOUT ROWID;
-- I05: at most one commitment of an officer that is not stacked by explicit order.
CREATE UNIQUE INDEX commitment_single ON commitment (officer) WHERE stacked = 0;

CREATE TABLE case_file (
    id     TEXT NOT NULL PRIMARY KEY,
    court  TEXT NOT NULL,
    number TEXT NOT NULL,
    -- Index of the look-up by number, and of all cases of a court (it holds the id as well).
    UNIQUE (court, number)
) STRICT, WITHOUT ROWID;

-- I03: the same delivery of a webhook gets the same answer. `source_key` is `court/source`.
CREATE TABLE delivery (
    source_key  TEXT    NOT NULL,
    webhook_id  TEXT    NOT NULL,
    body_sha256 BLOB    NOT NULL CHECK (length(body_sha256) = 32),
    tip         TEXT    NOT NULL,
    incident    TEXT    NOT NULL,
    received_ms INTEGER NOT NULL,
    PRIMARY KEY (source_key, webhook_id)
) STRICT, WITHOUT ROWID;

-- Durable notices: what somebody must be told of until it is acknowledged or settled.
CREATE TABLE outbox (
    id              TEXT    NOT NULL PRIMARY KEY,
    position        INTEGER NOT NULL,
    court           TEXT    NOT NULL,
    audience        TEXT    NOT NULL CHECK (audience IN ('centre', 'director')),
    kind            TEXT    NOT NULL,
    incident        TEXT,
    officer         TEXT,
    raised_ms       INTEGER NOT NULL,
    acknowledged_by TEXT,
    acknowledged_ms INTEGER,
    settled_ms      INTEGER
) STRICT, WITHOUT ROWID;
-- Open alarms of a court, oldest first.
CREATE INDEX outbox_open ON outbox (court, raised_ms, id)
    WHERE acknowledged_ms IS NULL AND settled_ms IS NULL;
-- Settling all alarms of an incident.
CREATE INDEX outbox_by_incident ON outbox (incident)
    WHERE settled_ms IS NULL AND incident IS NOT NULL;
