-- The file of a case, as far as lists need it while the case sleeps; how judges are drawn; who looks in from the
-- portal.

CREATE TABLE case_standing (
    case_id     TEXT    NOT NULL PRIMARY KEY,
    court       TEXT    NOT NULL,
    docketed_ms INTEGER,
    closed_ms   INTEGER,
    -- A party waits for an answer since.
    waiting_ms  INTEGER,
    -- The next appointment.
    meeting_ms  INTEGER,
    -- The whole of it, JSON.
    body        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;
-- Indicators of a span of time.
CREATE INDEX case_standing_closed ON case_standing (court, closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX case_standing_docketed ON case_standing (court, docketed_ms) WHERE docketed_ms IS NOT NULL;
-- Who waits, and who comes.
CREATE INDEX case_standing_waiting ON case_standing (court, waiting_ms) WHERE waiting_ms IS NOT NULL;
CREATE INDEX case_standing_meeting ON case_standing (court, meeting_ms) WHERE meeting_ms IS NOT NULL;

-- A chain of seeds: its secret beginning, sealed, and its end, which is published.
CREATE TABLE draw_chain (
    court        TEXT    NOT NULL REFERENCES court (id),
    chain        INTEGER NOT NULL,
    first_sealed BLOB    NOT NULL,
    length       INTEGER NOT NULL,
    published    TEXT    NOT NULL,
    made_ms      INTEGER NOT NULL,
    PRIMARY KEY (court, chain)
) STRICT, WITHOUT ROWID;

-- Each link is set aside for one case before the case uses it, and never for another.
CREATE TABLE draw (
    court       TEXT    NOT NULL,
    chain       INTEGER NOT NULL,
    nth         INTEGER NOT NULL,
    case_id     TEXT    NOT NULL,
    reserved_ms INTEGER NOT NULL,
    -- What was drawn, JSON; null while the link is only set aside.
    record      TEXT,
    PRIMARY KEY (court, chain, nth)
) STRICT, WITHOUT ROWID;
-- The links of a case.
CREATE INDEX draw_by_case ON draw (case_id);

-- Somebody who came in by an access link; dies with idleness, with age, and with the link.
CREATE TABLE portal_session (
    token_sha256 BLOB    NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 32),
    court        TEXT    NOT NULL REFERENCES court (id),
    case_id      TEXT    NOT NULL,
    link         INTEGER NOT NULL,
    created_ms   INTEGER NOT NULL,
    seen_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Sweeping out the dead ones.
CREATE INDEX portal_session_by_age ON portal_session (created_ms);
