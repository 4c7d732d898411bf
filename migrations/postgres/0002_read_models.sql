-- Read models, derived from the events in the transaction that writes them. They can be thrown away
-- and built again from the journal; nothing is decided by them but uniqueness.

-- What the list of incidents and the waking of a court need. `status` is coarse on purpose: the
-- fine one is a fold of the incident's stream.
CREATE TABLE incident (
    id         text COLLATE "C" NOT NULL PRIMARY KEY,
    court      text COLLATE "C" NOT NULL,
    year       bigint NOT NULL,
    number     bigint NOT NULL,
    kind       text COLLATE "C" NOT NULL,
    urgency    text COLLATE "C" NOT NULL,
    status     text COLLATE "C" NOT NULL CHECK (status IN ('open', 'finished', 'cancelled')),
    opened_ms  bigint NOT NULL,
    updated_ms bigint NOT NULL,
    closed_ms  bigint,
    outcome    text COLLATE "C",
    exercise   bigint NOT NULL CHECK (exercise IN (0, 1)),
    tip        text COLLATE "C",
    -- Index of "the last number of this court and year".
    UNIQUE (court, year, number)
);
-- Newest incidents of a court.
CREATE INDEX incident_by_opening ON incident (court, opened_ms, id);
-- Open incidents of a court, both ways round; small, whatever the history.
CREATE INDEX incident_open ON incident (court, opened_ms, id) WHERE closed_ms IS NULL;

-- Looked up by primary key only.
CREATE TABLE tip (
    id          text COLLATE "C" NOT NULL PRIMARY KEY,
    court       text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    received_ms bigint NOT NULL,
    kind        text COLLATE "C" NOT NULL,
    urgency     text COLLATE "C" NOT NULL
);

-- I02: a tip belongs to exactly one incident. Looked up by primary key only.
CREATE TABLE tip_incident (
    tip      text COLLATE "C" NOT NULL PRIMARY KEY,
    incident text COLLATE "C" NOT NULL
);

CREATE TABLE officer (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    court         text COLLATE "C" NOT NULL,
    registered_ms bigint NOT NULL,
    duty          text COLLATE "C" NOT NULL CHECK (duty IN ('off', 'on', 'break'))
);
-- All officers of a court.
CREATE INDEX officer_by_court ON officer (court, id);

-- Only what binds an officer now; a release deletes the row.
CREATE TABLE commitment (
    officer  text COLLATE "C" NOT NULL,
    incident text COLLATE "C" NOT NULL,
    offer    text COLLATE "C" NOT NULL,
    stacked  bigint NOT NULL CHECK (stacked IN (0, 1)),
    since_ms bigint NOT NULL,
    PRIMARY KEY (officer, incident)
);
-- I05: at most one commitment of an officer that is not stacked by explicit order.
CREATE UNIQUE INDEX commitment_single ON commitment (officer) WHERE stacked = 0;

CREATE TABLE case_file (
    id     text COLLATE "C" NOT NULL PRIMARY KEY,
    court  text COLLATE "C" NOT NULL,
    number text COLLATE "C" NOT NULL,
    -- Index of the look-up by number, and of all cases of a court (it holds the id as well).
    UNIQUE (court, number)
);

-- I03: the same delivery of a webhook gets the same answer. `source_key` is `court/source`.
CREATE TABLE delivery (
    source_key  text COLLATE "C" NOT NULL,
    webhook_id  text COLLATE "C" NOT NULL,
    body_sha256 bytea NOT NULL CHECK (octet_length(body_sha256) = 32),
    tip         text COLLATE "C" NOT NULL,
    incident    text COLLATE "C" NOT NULL,
    received_ms bigint NOT NULL,
    PRIMARY KEY (source_key, webhook_id)
);

-- Durable notices: what somebody must be told of until it is acknowledged or settled.
CREATE TABLE outbox (
    id              text COLLATE "C" NOT NULL PRIMARY KEY,
    position        bigint NOT NULL,
    court           text COLLATE "C" NOT NULL,
    audience        text COLLATE "C" NOT NULL CHECK (audience IN ('centre', 'director')),
    kind            text COLLATE "C" NOT NULL,
    incident        text COLLATE "C",
    officer         text COLLATE "C",
    raised_ms       bigint NOT NULL,
    acknowledged_by text COLLATE "C",
    acknowledged_ms bigint,
    settled_ms      bigint
);
-- Open alarms of a court, oldest first.
CREATE INDEX outbox_open ON outbox (court, raised_ms, id)
    WHERE acknowledged_ms IS NULL AND settled_ms IS NULL;
-- Settling all alarms of an incident.
CREATE INDEX outbox_by_incident ON outbox (incident)
    WHERE settled_ms IS NULL AND incident IS NOT NULL;
