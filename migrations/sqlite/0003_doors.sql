-- Who may come in, and by which door: courts, tip sources, handhelds, staff. Secrets are kept
-- hashed, or (where the server needs them in clear) sealed under the master key.

CREATE TABLE court (
    id           TEXT    NOT NULL PRIMARY KEY,
    profile_json TEXT    NOT NULL,
    added_ms     INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE source (
    court         TEXT    NOT NULL REFERENCES court (id),
    name          TEXT    NOT NULL,
    secret_sealed BLOB    NOT NULL,
    trusted       INTEGER NOT NULL CHECK (trusted IN (0, 1)),
    added_ms      INTEGER NOT NULL,
    revoked_ms    INTEGER,
    PRIMARY KEY (court, name)
) STRICT, WITHOUT ROWID;
-- A webhook's address names the source and not its court, so a name is one source on this server.
CREATE UNIQUE INDEX source_by_name ON source (name);

-- Names of officers are personal: only a keyed hash of court and name is kept, for the look-up.
CREATE TABLE officer_name (
    name_key BLOB NOT NULL PRIMARY KEY CHECK (length(name_key) = 32),
    court    TEXT NOT NULL REFERENCES court (id),
    officer  TEXT NOT NULL
) STRICT, WITHOUT ROWID;
-- Forgetting an officer.
CREATE INDEX officer_name_by_officer ON officer_name (officer);

CREATE TABLE device (
    id           TEXT    NOT NULL PRIMARY KEY,
    court        TEXT    NOT NULL REFERENCES court (id),
    officer      TEXT    NOT NULL,
    -- Index of "whose token is this".
    token_sha256 BLOB    NOT NULL UNIQUE CHECK (length(token_sha256) = 32),
    enrolled_ms  INTEGER NOT NULL,
    revoked_ms   INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE enrolment (
    code_sha256 BLOB    NOT NULL PRIMARY KEY CHECK (length(code_sha256) = 32),
    court       TEXT    NOT NULL REFERENCES court (id),
    officer     TEXT    NOT NULL,
    expires_ms  INTEGER NOT NULL,
    used_ms     INTEGER
) STRICT, WITHOUT ROWID;
-- Sweeping out codes that nobody can use any more.
CREATE INDEX enrolment_by_expiry ON enrolment (expires_ms);

CREATE TABLE staff (
    id            TEXT    NOT NULL PRIMARY KEY,
    court         TEXT    NOT NULL REFERENCES court (id),
    -- Sign-in names no court, so a name is one person on the whole server.
    username      TEXT    NOT NULL UNIQUE,
    name          TEXT    NOT NULL,
    roles_json    TEXT    NOT NULL,
    password_hash TEXT    NOT NULL,
    added_ms      INTEGER NOT NULL,
    disabled_ms   INTEGER
) STRICT, WITHOUT ROWID;

-- `user` means `staff.id`; a session dies with idleness, with age, or by deletion.
CREATE TABLE session (
    token_sha256 BLOB    NOT NULL PRIMARY KEY CHECK (length(token_sha256) = 32),
    user         TEXT    NOT NULL REFERENCES staff (id),
    created_ms   INTEGER NOT NULL,
    seen_ms      INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- Ending all sessions of one person.
CREATE INDEX session_by_user ON session (user);
-- Sweeping out the dead ones.
CREATE INDEX session_by_age ON session (created_ms);

-- Wrong passwords lately, by keyed hash of the name as typed, so that names nobody has are counted
-- (and locked) exactly like real ones, and a password typed into the wrong field is not kept.
CREATE TABLE sign_in_failure (
    name_key        BLOB    NOT NULL PRIMARY KEY CHECK (length(name_key) = 32),
    first_ms        INTEGER NOT NULL,
    failures        INTEGER NOT NULL,
    locked_until_ms INTEGER
) STRICT, WITHOUT ROWID;
-- Sweeping out what is over.
CREATE INDEX sign_in_failure_by_age ON sign_in_failure (first_ms);
