-- The file of a case, as far as lists need it while the case sleeps; how judges are drawn; who looks in from the
-- portal.

CREATE TABLE case_standing (
    case_id      text COLLATE "C" NOT NULL PRIMARY KEY,
    court        text COLLATE "C" NOT NULL,
    docketed_ms bigint,
    closed_ms   bigint,
    -- A party waits for an answer since.
    waiting_ms  bigint,
    -- The next appointment.
    meeting_ms  bigint,
    -- The whole of it, JSON.
    body         text COLLATE "C" NOT NULL
);
-- Indicators of a span of time.
CREATE INDEX case_standing_closed ON case_standing (court, closed_ms) WHERE closed_ms IS NOT NULL;
CREATE INDEX case_standing_docketed ON case_standing (court, docketed_ms) WHERE docketed_ms IS NOT NULL;
-- Who waits, and who comes.
CREATE INDEX case_standing_waiting ON case_standing (court, waiting_ms) WHERE waiting_ms IS NOT NULL;
CREATE INDEX case_standing_meeting ON case_standing (court, meeting_ms) WHERE meeting_ms IS NOT NULL;

-- A chain of seeds: its secret beginning, sealed, and its end, which is published.
CREATE TABLE draw_chain (
    court         text COLLATE "C" NOT NULL REFERENCES court (id),
    chain        bigint NOT NULL,
    first_sealed bytea    NOT NULL,
    length       bigint NOT NULL,
    published     text COLLATE "C" NOT NULL,
    made_ms      bigint NOT NULL,
    PRIMARY KEY (court, chain)
);

-- Each link is set aside for one case before the case uses it, and never for another.
CREATE TABLE draw (
    court        text COLLATE "C" NOT NULL,
    chain       bigint NOT NULL,
    nth         bigint NOT NULL,
    case_id      text COLLATE "C" NOT NULL,
    reserved_ms bigint NOT NULL,
    -- What was drawn, JSON; null while the link is only set aside.
    record      text COLLATE "C",
    PRIMARY KEY (court, chain, nth)
);
-- The links of a case.
CREATE INDEX draw_by_case ON draw (case_id);

-- Somebody who came in by an access link; dies with idleness, with age, and with the link.
CREATE TABLE portal_session (
    token_sha256 bytea    NOT NULL PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    court         text COLLATE "C" NOT NULL REFERENCES court (id),
    case_id       text COLLATE "C" NOT NULL,
    link         bigint NOT NULL,
    created_ms   bigint NOT NULL,
    seen_ms      bigint NOT NULL
);
-- Sweeping out the dead ones.
CREATE INDEX portal_session_by_age ON portal_session (created_ms);
