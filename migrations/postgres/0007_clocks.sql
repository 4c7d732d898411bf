-- What is known of a case while it sleeps: who handles it, when its clock rings next, what runs, what
-- was escalated, what the applicant is to be told. Written with the decision that changes it; dates are
-- computed by the program with its procedure and calendar, and computed anew when the calendar changes.
ALTER TABLE case_file ADD COLUMN handler text COLLATE "C";

CREATE TABLE case_clock (
    case_id text COLLATE "C" NOT NULL PRIMARY KEY,
    court   text COLLATE "C" NOT NULL,
    next_ms bigint NOT NULL
);
CREATE INDEX case_clock_by_time ON case_clock (court, next_ms, case_id);

CREATE TABLE running_node (
    case_id     text COLLATE "C" NOT NULL,
    node        text COLLATE "C" NOT NULL,
    round       bigint NOT NULL,
    court       text COLLATE "C" NOT NULL,
    -- Null while it stands still.
    due_ms      bigint,
    warned      bigint NOT NULL CHECK (warned IN (0, 1)),
    overdue     bigint NOT NULL CHECK (overdue IN (0, 1)),
    provisional bigint NOT NULL CHECK (provisional IN (0, 1)),
    -- The calendar that the date is computed with: name and version.
    calendar    text COLLATE "C" NOT NULL,
    PRIMARY KEY (case_id, node, round)
);
CREATE INDEX running_node_by_due ON running_node (court, due_ms) WHERE due_ms IS NOT NULL;
-- Dates of another calendar than today's.
CREATE INDEX running_node_by_calendar ON running_node (court, calendar, case_id);

CREATE TABLE escalation (
    case_id         text COLLATE "C" NOT NULL,
    node            text COLLATE "C" NOT NULL,
    round           bigint NOT NULL,
    court           text COLLATE "C" NOT NULL,
    -- The whole of it, JSON.
    body            text COLLATE "C" NOT NULL,
    -- Whom it has reached, each name between blanks.
    offices         text COLLATE "C" NOT NULL,
    raised_ms       bigint NOT NULL,
    ended_ms        bigint,
    PRIMARY KEY (case_id, node, round)
);
CREATE INDEX escalation_open ON escalation (court, raised_ms) WHERE ended_ms IS NULL;

CREATE TABLE party_notice (
    case_id     text COLLATE "C" NOT NULL,
    -- Of what, which, and which of several: a node's code and opening, a paper's template and number …
    topic       text COLLATE "C" NOT NULL,
    code        text COLLATE "C" NOT NULL,
    number      bigint NOT NULL,
    -- Number of the party; 0: all applicants.
    party       bigint NOT NULL,
    court       text COLLATE "C" NOT NULL,
    -- The emergency whose step it is; else empty.
    incident    text COLLATE "C" NOT NULL DEFAULT '',
    reached_ms  bigint NOT NULL,
    telling     text COLLATE "C" NOT NULL CHECK (telling IN ('full', 'summary')),
    documents   text COLLATE "C" NOT NULL,
    -- Null while a judge holds it back.
    released_ms bigint,
    PRIMARY KEY (case_id, topic, code, number, party, incident, reached_ms)
);
CREATE INDEX party_notice_held ON party_notice (case_id) WHERE released_ms IS NULL;

-- Alarms may be the president's, and about a node: a clock of an emergency.
ALTER TABLE outbox DROP CONSTRAINT outbox_audience_check;
ALTER TABLE outbox ADD CONSTRAINT outbox_audience_check
    CHECK (audience IN ('centre', 'director', 'president'));
ALTER TABLE outbox ADD COLUMN node text COLLATE "C";
