-- Who may come in, and by which door: courts, tip sources, handhelds, staff. Secrets are kept
-- hashed, or (where the server needs them in clear) sealed under the master key.

CREATE TABLE court (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    profile_json text COLLATE "C" NOT NULL,
    added_ms     bigint NOT NULL
);

CREATE TABLE source (
    court         text COLLATE "C" NOT NULL REFERENCES court (id),
    name          text COLLATE "C" NOT NULL,
    secret_sealed bytea NOT NULL,
    trusted       bigint NOT NULL CHECK (trusted IN (0, 1)),
    added_ms      bigint NOT NULL,
    revoked_ms    bigint,
    PRIMARY KEY (court, name)
);
-- A webhook's address names the source and not its court, so a name is one source on this server.
CREATE UNIQUE INDEX source_by_name ON source (name);

-- Names of officers are personal: only a keyed hash of court and name is kept, for the look-up.
CREATE TABLE officer_name (
    name_key bytea NOT NULL PRIMARY KEY CHECK (octet_length(name_key) = 32),
    court    text COLLATE "C" NOT NULL REFERENCES court (id),
    officer  text COLLATE "C" NOT NULL
);
-- Forgetting an officer.
CREATE INDEX officer_name_by_officer ON officer_name (officer);

CREATE TABLE device (
    id           text COLLATE "C" NOT NULL PRIMARY KEY,
    court        text COLLATE "C" NOT NULL REFERENCES court (id),
    officer      text COLLATE "C" NOT NULL,
    -- Index of "whose token is this".
    token_sha256 bytea NOT NULL UNIQUE CHECK (octet_length(token_sha256) = 32),
    enrolled_ms  bigint NOT NULL,
    revoked_ms   bigint
);

CREATE TABLE enrolment (
    code_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(code_sha256) = 32),
    court       text COLLATE "C" NOT NULL REFERENCES court (id),
    officer     text COLLATE "C" NOT NULL,
    expires_ms  bigint NOT NULL,
    used_ms     bigint
);
-- Sweeping out codes that nobody can use any more.
CREATE INDEX enrolment_by_expiry ON enrolment (expires_ms);

CREATE TABLE staff (
    id            text COLLATE "C" NOT NULL PRIMARY KEY,
    court         text COLLATE "C" NOT NULL REFERENCES court (id),
    -- Sign-in names no court, so a name is one person on the whole server.
    username      text COLLATE "C" NOT NULL UNIQUE,
    name          text COLLATE "C" NOT NULL,
    roles_json    text COLLATE "C" NOT NULL,
    password_hash text COLLATE "C" NOT NULL,
    added_ms      bigint NOT NULL,
    disabled_ms   bigint
);

-- `user` means `staff.id`; a session dies with idleness, with age, or by deletion.
CREATE TABLE session (
    token_sha256 bytea NOT NULL PRIMARY KEY CHECK (octet_length(token_sha256) = 32),
    "user"       text COLLATE "C" NOT NULL REFERENCES staff (id),
    created_ms   bigint NOT NULL,
    seen_ms      bigint NOT NULL
);
-- Ending all sessions of one person.
CREATE INDEX session_by_user ON session ("user");
-- Sweeping out the dead ones.
CREATE INDEX session_by_age ON session (created_ms);

-- Wrong passwords lately, by keyed hash of the name as typed, so that names nobody has are counted
-- (and locked) exactly like real ones, and a password typed into the wrong field is not kept.
CREATE TABLE sign_in_failure (
    name_key        bytea NOT NULL PRIMARY KEY CHECK (octet_length(name_key) = 32),
    first_ms        bigint NOT NULL,
    failures        bigint NOT NULL,
    locked_until_ms bigint
);
-- Sweeping out what is over.
CREATE INDEX sign_in_failure_by_age ON sign_in_failure (first_ms);
